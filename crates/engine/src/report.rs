//! What came of a command, as data.

use std::time::Duration;

use driftlock_database::{Direction, Timestamp};
use driftlock_script::Version;

/// One migration that a run did.
#[derive(Debug, Clone)]
pub struct Applied {
    /// Its version.
    pub version: Version,
    /// Its name.
    pub name: String,
    /// The file that ran, as people see it; of a down script out of the history, what it was called.
    pub file: String,
    /// Which way.
    pub direction: Direction,
    /// How many statements ran.
    pub statements: usize,
    /// How many of its statements had been done by an earlier attempt.
    pub resumed_after: usize,
    /// How long it took.
    pub duration: Duration,
}

/// What `up`, `down`, `redo`, `baseline` and `accept` did.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// What was done, in order.
    pub applied: Vec<Applied>,
    /// The hooks that ran, in order.
    pub hooks: Vec<crate::HookRun>,
    /// Versions that are still pending, rising.
    pub pending: Vec<Version>,
    /// Versions that the database has and that are newer than all that the files know.
    pub ahead: Vec<Version>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// What `status` sees.
#[derive(Debug, Clone)]
pub struct Status {
    /// The engine's name: `postgres`, `mysql`, `sqlite`.
    pub engine: &'static str,
    /// The server's product and version.
    pub server: String,
    /// The database.
    pub database: String,
    /// The environment that the database is stamped with.
    pub stamped: Option<String>,
    /// Every version that files or history know, rising.
    pub migrations: Vec<MigrationStatus>,
    /// Versions that the database has and that are newer than all that the files know.
    pub ahead: Vec<Version>,
    /// What is wrong with files, manifest or history; exit code 6.
    pub findings: Vec<crate::Finding>,
    /// What a person should know.
    pub notes: Vec<String>,
}

impl Status {
    /// How many versions are pending, half-done ones among them.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.migrations
            .iter()
            .filter(|migration| matches!(migration.state, MigrationState::Pending | MigrationState::Partial { .. }))
            .count()
    }
}

/// One line of [`Status`].
#[derive(Debug, Clone)]
pub struct MigrationStatus {
    /// Its version.
    pub version: Version,
    /// Its name.
    pub name: String,
    /// Its file, as people see it; `None` when there is none any more.
    pub file: Option<String>,
    /// Whether it can be undone: a down script is there, or one was kept in the history.
    pub has_down: bool,
    /// How it stands.
    pub state: MigrationState,
}

/// How a version stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MigrationState {
    /// Its up script ran, or it was declared as applied.
    Applied {
        /// How it came there: `up`, `baseline`, `adopt`.
        how: Direction,
        /// When, by the server's clock.
        at: Timestamp,
        /// The database user.
        by: String,
        /// The user of the operating system.
        os_user: String,
        /// The machine.
        host: String,
        /// The environment.
        environment: String,
        /// The commit.
        git_commit: String,
        /// How long it took.
        duration: Duration,
    },
    /// It waits to run, or to run again.
    Pending,
    /// It doesn't run here: a baseline stands for it, or it is a baseline and the database was past it.
    NotNeeded,
    /// An attempt that can't be one transaction ended before its end; the next `up` goes on from there.
    Partial {
        /// Which way the attempt went.
        direction: Direction,
        /// How many statements are done.
        done: usize,
        /// The error, if it failed by one.
        error: Option<String>,
    },
}

impl MigrationState {
    /// As JSON names it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            MigrationState::Applied { .. } => "applied",
            MigrationState::Pending => "pending",
            MigrationState::NotNeeded => "not_needed",
            MigrationState::Partial { .. } => "partial",
        }
    }
}
