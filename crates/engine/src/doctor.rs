//! What driftlock sees of a project and its database, each with what to do about it.
//!
//! A check is a fact with a judgement. Facts come from the files, from the configuration and from the database itself
//! ([`Examination`](driftlock_database::Examination)); what they mean is decided in `judge`, without a connection.

mod database;
mod files;
mod judge;

pub use database::{examine, unreachable};
pub use files::{configuration, files};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What it is about, a stable name: `configuration`, `directory`, `connection`, `rights`, …
    pub name: &'static str,
    /// How it is.
    pub state: Health,
    /// What was found.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// As it should be.
    Ok,
    /// Migrating works, and this should be known.
    Warning,
    /// Migrating doesn't work, or must not be done, before this is put right.
    Problem,
}

impl Health {
    /// As output names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Health::Ok => "ok",
            Health::Warning => "warning",
            Health::Problem => "problem",
        }
    }
}

impl Check {
    /// It is well.
    #[must_use]
    pub fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Check { name, state: Health::Ok, message: message.into(), hint: None }
    }

    /// It should be known.
    #[must_use]
    pub fn warning(name: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Check { name, state: Health::Warning, message: message.into(), hint: Some(hint.into()) }
    }

    /// It is in the way.
    #[must_use]
    pub fn problem(name: &'static str, message: impl Into<String>, hint: Option<String>) -> Self {
        Check { name, state: Health::Problem, message: message.into(), hint }
    }
}

/// `1 file`, `2 files`.
fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}
