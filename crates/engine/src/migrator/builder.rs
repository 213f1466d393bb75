//! Each of [`Options`](crate::Options), named alone.

use std::path::PathBuf;
use std::time::Duration;

use driftlock_schema::Filter;

use super::Migrator;
use crate::{OnDrift, Options, Rollback, ShadowSearch};

impl Migrator {
    /// How it runs, as it was told so far.
    #[must_use]
    pub fn configured(&self) -> &Options {
        &self.options
    }

    /// Stops behind this version (`up`), or leaves it applied (`down`, `redo`). As a person writes it.
    #[must_use]
    pub fn to(mut self, version: impl Into<String>) -> Self {
        self.options.to = Some(version.into());
        self
    }

    /// At most so many migrations; `down` and `redo` are about one unless told.
    #[must_use]
    pub fn steps(mut self, steps: usize) -> Self {
        self.options.steps = Some(steps);
        self
    }

    /// `down` and `redo` are about all that is applied.
    #[must_use]
    pub fn all(mut self) -> Self {
        self.options.all = true;
        self
    }

    /// Runs pending versions below the highest applied one too.
    #[must_use]
    pub fn out_of_order(mut self, allowed: bool) -> Self {
        self.options.out_of_order = allowed;
        self
    }

    /// Whether the environment is protected: there doubts are refused instead of told.
    #[must_use]
    pub fn protected(mut self, protected: bool) -> Self {
        self.options.protected = protected;
        self
    }

    /// Whether migrations may be undone.
    #[must_use]
    pub fn rollback(mut self, rollback: Rollback) -> Self {
        self.options.rollback = rollback;
        self
    }

    /// How long to wait for another run to end, and for what an interrupted one left running on the server.
    #[must_use]
    pub fn lock_wait(mut self, wait: Duration) -> Self {
        self.options.lock_wait = wait;
        self
    }

    /// Ends what a run whose client is gone left running on the server, instead of waiting for it.
    #[must_use]
    pub fn take_over(mut self, take_over: bool) -> Self {
        self.options.take_over = take_over;
        self
    }

    /// How long a statement may wait for a lock of the database's own. Zero is for ever.
    #[must_use]
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.options.lock_timeout = timeout;
        self
    }

    /// How long `CREATE INDEX CONCURRENTLY` and its like may wait for other transactions. Zero is for ever.
    #[must_use]
    pub fn concurrent_timeout(mut self, timeout: Duration) -> Self {
        self.options.concurrent_timeout = timeout;
        self
    }

    /// How long a statement may run. Zero is for ever.
    #[must_use]
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.options.statement_timeout = timeout;
        self
    }

    /// How often a transaction is tried that waited too long for a lock.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.options.attempts = attempts;
        self
    }

    /// Why, in a person's words; kept in the history.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.options.reason = Some(reason.into());
        self
    }

    /// Puts who and where as a comment behind each statement.
    #[must_use]
    pub fn comment_statements(mut self, comment: bool) -> Self {
        self.options.comment_statements = comment;
        self
    }

    /// What of the database is looked at where schemas are compared.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.options.filter = filter;
        self
    }

    /// What happens when the database isn't what its migrations make, before `up` runs something. Only where it says that nothing may run then
    /// is it looked for where nothing is pending too.
    #[must_use]
    pub fn on_drift(mut self, on_drift: OnDrift) -> Self {
        self.options.on_drift = on_drift;
        self
    }

    /// `baseline` and `adopt` on a database that isn't what the versions make; wants a [`reason`](Self::reason).
    #[must_use]
    pub fn accept_difference(mut self, accept: bool) -> Self {
        self.options.accept_difference = accept;
        self
    }

    /// Where a place is looked for to replay migrations, where the lock file doesn't say what they make. SQLite needs none.
    #[must_use]
    pub fn shadow(mut self, search: ShadowSearch) -> Self {
        self.shadow = Some(search);
        self
    }

    /// The folder where readings are remembered, so that a database whose own change marks are as they were isn't read again.
    #[must_use]
    pub fn cache(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// From how long on a statement is slow: then its event is a warning.
    #[must_use]
    pub fn slow(mut self, from: Duration) -> Self {
        self.options.slow = Some(from);
        self
    }
}
