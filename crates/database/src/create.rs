//! What makes a schema.

use driftlock_schema::Id;

use crate::DatabaseUrl;

/// One statement that makes a part of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    /// The statement, without terminator, as a driver runs it.
    pub sql: String,
    /// The object that it makes, or makes a part of.
    pub object: Id,
    /// Whether it can run in a transaction with others.
    pub transactional: bool,
}

impl Creation {
    /// A statement that can run in a transaction with others.
    pub fn new(object: Id, sql: impl Into<String>) -> Self {
        Creation { sql: sql.into(), object, transactional: true }
    }
}

/// Why an object can't be made from its value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{object} can't be made from what is known of it: {reason}")]
pub struct CreateError {
    /// The object.
    pub object: Id,
    /// What is missing or makes no sense.
    pub reason: String,
}

impl CreateError {
    /// For an object, with the reason.
    pub fn new(object: Id, reason: impl Into<String>) -> Self {
        CreateError { object, reason: reason.into() }
    }
}

/// A server that was started for scratch work. It is stopped, and its folder removed, when this is dropped.
pub struct Throwaway {
    /// Where it is, with a login that may make databases.
    pub url: DatabaseUrl,
    /// What keeps it alive.
    pub guard: Box<dyn std::any::Any + Send + Sync>,
}

impl std::fmt::Debug for Throwaway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Throwaway").finish_non_exhaustive()
    }
}
