//! What happens during a run, as it happens.

use std::time::Duration;

use driftlock_database::{Direction, Holder};
use driftlock_script::{HookEvent, Version};

/// Something happened. Names and places are as people see them; nothing here holds a password.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Progress {
    /// Somebody else holds the lock; asked again until `until` has passed.
    Waiting {
        /// Who holds it, where the engine can say.
        holder: Holder,
        /// How long it has been waited.
        waited: Duration,
        /// How long it will be waited.
        until: Duration,
    },
    /// The lock is ours, but the server still runs a statement of an earlier run of this file, whose client is gone; asked again until
    /// `until` has passed.
    Orphan {
        /// The file.
        file: String,
        /// The statement's line then.
        line: i64,
        /// The connection, and what it runs.
        holder: Holder,
        /// How long it has been waited.
        waited: Duration,
        /// How long it will be waited.
        until: Duration,
    },
    /// A migration begins.
    Started {
        /// Its version.
        version: String,
        /// Its name.
        name: String,
        /// The file that runs.
        file: String,
        /// Which way.
        direction: Direction,
        /// Which one of this run, from 1.
        number: usize,
        /// How many there are in this run.
        of: usize,
        /// How many statements it has.
        statements: usize,
        /// How many of them were done by an earlier attempt.
        done_before: usize,
    },
    /// A statement was done; it is committed with its migration, or its group, later.
    Statement {
        /// Its number in its file, from 1.
        number: usize,
        /// The line on which it begins.
        line: u32,
        /// Rows changed or returned, where the server says.
        rows: Option<u64>,
        /// How long it took.
        duration: Duration,
    },
    /// The server had something to say of a statement.
    Notice {
        /// The file.
        file: String,
        /// The statement's line.
        line: u32,
        /// `NOTICE`, `WARNING`, `Note`, …
        severity: String,
        /// The server's words.
        message: String,
    },
    /// A transaction waited too long for a lock of the database's and is tried again.
    Retrying {
        /// The file.
        file: String,
        /// The server's words.
        reason: String,
        /// Which try comes now, from 2.
        attempt: u32,
        /// How many there are.
        of: u32,
        /// When it comes.
        after: Duration,
    },
    /// A hook begins.
    HookStarted {
        /// When in a run.
        event: HookEvent,
        /// The hook: its file, its command's name, or the name that it was given.
        hook: String,
        /// The migration's version, where it is about one.
        version: Option<Version>,
    },
    /// A hook's command wrote a line, on its standard output or its standard error.
    HookOutput {
        /// When in a run.
        event: HookEvent,
        /// The command's name.
        hook: String,
        /// The line, without secrets and control characters.
        line: String,
    },
    /// A hook is done. Of `before_each` and `after_each` a SQL file's is committed with its migration, later.
    HookDone(crate::HookRun),
    /// A migration is done and committed.
    Applied(crate::Applied),
    /// Something that a person should know and that stops nothing.
    Note(String),
}

/// Takes [`Progress`] as it happens. Called from the task that runs the migration: it should return soon.
pub type OnProgress = std::sync::Arc<dyn Fn(&Progress) + Send + Sync>;
