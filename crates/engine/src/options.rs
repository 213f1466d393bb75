//! How to run.

use std::time::Duration;

use driftlock_schema::Filter;

use crate::OnDrift;

/// What an environment says of undoing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rollback {
    /// It may be done.
    #[default]
    Allow,
    /// It needs an approval.
    Approved,
    /// It is never done there.
    Deny,
}

/// How to run. Every field has a sensible default.
#[derive(Debug, Clone)]
pub struct Options {
    /// The environment, where it is a named one: the database is stamped with it, and one of another environment is refused.
    pub environment: Option<String>,
    /// Whether the environment is protected.
    pub protected: bool,
    /// Whether migrations may be undone there.
    pub rollback: Rollback,
    /// Apply pending versions below the highest applied one.
    pub out_of_order: bool,
    /// Stop behind this version (`up`), leave it applied (`down`). As a person writes it.
    pub to: Option<String>,
    /// At most so many.
    pub steps: Option<usize>,
    /// `down`: all of them.
    pub all: bool,
    /// How long to wait for the lock, and for what an interrupted run left running on the server.
    pub lock_wait: Duration,
    /// End what a run whose client is gone left running on the server, instead of waiting for its end. A run whose client may be alive
    /// is never ended. SQLite needs none: what runs there ends with its client.
    pub take_over: bool,
    /// How long a statement may wait for a lock of the database's own; a file's directive goes before it. Zero is for ever.
    pub lock_timeout: Duration,
    /// The same for a statement that waits without holding anybody up and is costly to begin again
    /// (`CREATE INDEX CONCURRENTLY`).
    pub concurrent_timeout: Duration,
    /// How long a statement may run; a file's directive goes before it. Zero is for ever.
    pub statement_timeout: Duration,
    /// How often a transaction is tried that waited too long for a lock.
    pub attempts: u32,
    /// Why, in a person's words; kept in the history.
    pub reason: Option<String>,
    /// Put who and where as a comment behind each statement.
    pub comment_statements: bool,
    /// From how long on a statement is slow: then its event is a warning.
    pub slow: Option<Duration>,
    /// What of the database is looked at where schemas are compared.
    pub filter: Filter,
    /// What happens when the database isn't what its migrations make, before something runs.
    pub on_drift: OnDrift,
    /// Declare versions as applied on a database that isn't what they make. Wants a reason.
    pub accept_difference: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            environment: None,
            protected: false,
            rollback: Rollback::Allow,
            out_of_order: false,
            to: None,
            steps: None,
            all: false,
            lock_wait: Duration::from_secs(300),
            take_over: false,
            lock_timeout: Duration::from_secs(5),
            concurrent_timeout: Duration::from_secs(30 * 60),
            statement_timeout: Duration::ZERO,
            attempts: 10,
            reason: None,
            comment_statements: false,
            slow: None,
            filter: Filter::new(),
            on_drift: OnDrift::WarnOnly,
            accept_difference: false,
        }
    }
}
