//! Every test is a test that no password is said: all that the program says in any of them passes here, with a log of everything that
//! nobody asked for.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// A part of every password that a migration or a URL of the tests holds. Nothing that the program says may hold it.
#[allow(dead_code)]
pub(crate) const CANARY: &str = "c4nary";

/// The passwords of the servers.
static PASSWORDS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// From now on nothing may hold this password, either.
#[allow(dead_code)]
pub(crate) fn nobody_says(password: &str) {
    // One that is a word may be said by somebody who means the word.
    let told = if password.len() >= 12 { password.to_owned() } else { format!(":{password}@") };
    PASSWORDS.lock().unwrap().insert(told);
}

/// That what was said holds no password; not even in hexadecimal digits, which is how some drivers write texts.
#[track_caller]
pub(crate) fn holds_none(said: &[u8], whose: &str) {
    let said = String::from_utf8_lossy(said);
    let lower = said.to_lowercase();
    let hexadecimal: String = CANARY.bytes().map(|byte| format!("{byte:02x}")).collect();
    let passwords = PASSWORDS.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
    let found = lower.contains(CANARY) || lower.contains(&hexadecimal) || passwords.iter().any(|it| said.contains(it));
    assert!(!found, "{whose} holds a password:\n{said}");
}

/// A log beside what a test does, in JSON and in text in turn.
pub(crate) struct Log {
    folder: tempfile::TempDir,
    format: &'static str,
}

impl Log {
    pub(crate) fn new() -> Self {
        static JSON: AtomicBool = AtomicBool::new(false);
        let format = if JSON.fetch_xor(true, Ordering::Relaxed) { "json" } else { "text" };
        Log { folder: tempfile::tempdir().unwrap(), format }
    }

    /// Has the program write it. What the test itself says of logs goes before it.
    pub(crate) fn of(&self, command: &mut Command) {
        command.env("DRIFTLOCK_LOG", "debug").env("DRIFTLOCK_LOG_FORMAT", self.format);
        command.env("DRIFTLOCK_LOG_FILE", self.file());
    }

    /// Has it write none.
    #[allow(dead_code)]
    pub(crate) fn none(command: &mut Command) {
        for variable in ["DRIFTLOCK_LOG", "DRIFTLOCK_LOG_FORMAT", "DRIFTLOCK_LOG_FILE"] {
            command.env_remove(variable);
        }
    }

    pub(crate) fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("run.log")
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            check(&self.file());
        }
    }
}

/// That a file holds none, where there is one.
pub(crate) fn check(file: &Path) {
    if let Ok(log) = std::fs::read(file) {
        holds_none(&log, &file.display().to_string());
    }
}
