//! What ties together all that one run tells.

use std::fmt;

/// The id of a run: one call of [`Migrator::up`](crate::Migrator::up) and its like, with all that belongs to it. Every event of the run
/// is inside a span that has it as its field `run`; ids rise with time (UUID version 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(uuid::Uuid);

impl RunId {
    /// A new one.
    #[must_use]
    #[allow(clippy::new_without_default)] // Two are never equal.
    pub fn new() -> Self {
        RunId(uuid::Uuid::now_v7())
    }

    /// A span with the id, for what belongs to the run and isn't done by a [`Migrator`](crate::Migrator): connecting, say. It is there
    /// whatever level is asked for, so that errors have it too.
    #[must_use]
    pub fn span(&self) -> tracing::Span {
        tracing::error_span!(target: "driftlock", "driftlock.run", run = %self)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}
