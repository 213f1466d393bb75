//! Hooks, on the three engines: when they run, in which transaction, what they are told, and what is left when they fail.
//!
//! They need the throwaway servers of `cargo xtask test`.

#![allow(clippy::unwrap_used)]

mod commands;
mod examples;
mod files;
mod sql;
#[allow(dead_code)]
#[path = "../attacks/target.rs"]
mod target;

use target::Target;

/// What a target has beside migrations.
trait Hooked {
    /// Writes `hooks/NAME.sql`.
    fn hook(&self, name: &str, text: &str);
    /// Writes `driftlock.toml` with this database as `dev`, and `more` behind it.
    fn configure(&self, more: &str);
    /// Runs the program with the configuration.
    fn configured(&self, arguments: &[&str]) -> target::Ran;
    /// Writes a program of `sh`, to be named by `./NAME`.
    fn program(&self, name: &str, text: &str);
    /// The lines of a file in the folder, none where there is no such file.
    fn lines(&self, name: &str) -> Vec<String>;
}

impl Hooked for Target {
    fn hook(&self, name: &str, text: &str) {
        std::fs::create_dir_all(self.migrations().join("hooks")).unwrap();
        self.file(&format!("hooks/{name}.sql"), text);
    }

    fn configure(&self, more: &str) {
        let text = format!("migrations = \"migrations\"\n{more}\n[env.dev]\nurl = \"{}\"\n", self.url);
        std::fs::write(self.path().join("driftlock.toml"), text).unwrap();
    }

    fn configured(&self, arguments: &[&str]) -> target::Ran {
        target::Ran::new(self.command(arguments).output().unwrap())
    }

    fn program(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn lines(&self, name: &str) -> Vec<String> {
        let text = std::fs::read_to_string(self.path().join(name)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}
