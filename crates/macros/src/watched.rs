//! Whether cargo looks at the directory again when a file in it is added, changed or removed.
//!
//! A macro can't ask for that, a build script can. What it said stands in the file `output` beside its `OUT_DIR`, so it makes no difference how
//! the script came to say it.

use std::path::{Path, PathBuf};

/// # Errors
/// What to write where the build script is missing, or doesn't say it.
pub(crate) fn check(package: &Path, path: &str) -> Result<(), String> {
    let out = std::env::var_os("OUT_DIR").map(PathBuf::from);
    let Some(out) = out else { return Err(missing(path, package.join("build.rs").is_file())) };
    let said = out.parent().map(|folder| folder.join("output")).and_then(|file| std::fs::read_to_string(file).ok());
    let is_watched = match said {
        Some(said) => said.lines().any(|line| is_for(line, package, path)),
        // Other build tools than cargo keep no such file, nor do they need to be told.
        None => true,
    };
    if is_watched { Ok(()) } else { Err(missing(path, true)) }
}

/// Whether a line of a build script's output names the directory or a folder that it is in.
fn is_for(line: &str, package: &Path, path: &str) -> bool {
    let line = line.trim();
    let Some(watched) = ["cargo::", "cargo:"].iter().find_map(|start| line.strip_prefix(start)) else { return false };
    let Some(watched) = watched.strip_prefix("rerun-if-changed=") else { return false };
    let place = |path: &str| {
        let path = package.join(path);
        path.canonicalize().unwrap_or(path)
    };
    place(path).starts_with(place(watched))
}

fn missing(path: &str, has_script: bool) -> String {
    let line = format!("println!(\"cargo::rerun-if-changed={path}\");");
    let what =
        "cargo doesn't know that this crate is to be compiled again when a migration is added, changed or removed";
    if has_script {
        format!("{what}: put this line into `main` of the build script\n\n    {line}\n")
    } else {
        format!("{what}: put this into `build.rs`, beside Cargo.toml\n\n    fn main() {{\n        {line}\n    }}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_for_the_directory_or_what_it_is_in() {
        let package = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(package.path().join("db/migrations")).unwrap();
        let is_for = |line: &str| is_for(line, package.path(), "db/migrations");
        for line in [
            "cargo::rerun-if-changed=db/migrations",
            "cargo:rerun-if-changed=db",
            "cargo::rerun-if-changed=./db/../db/migrations/",
        ] {
            assert!(is_for(line), "{line}");
        }
        assert!(is_for(&format!("cargo::rerun-if-changed={}", package.path().join("db").display())));
        for line in [
            "cargo::rerun-if-changed=db/migrations/1_a.sql",
            "cargo::rerun-if-changed=build.rs",
            "cargo::rerun-if-env-changed=db",
            "rerun-if-changed=db",
        ] {
            assert!(!is_for(line), "{line}");
        }
    }
}
