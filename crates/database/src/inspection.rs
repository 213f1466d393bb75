//! What was read of a database.

use driftlock_schema::{Id, Schema};
use serde::{Deserialize, Serialize};

/// A database's schema, and what of the database is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The schema.
    pub schema: Schema,
    /// What is there and has no place in the schema. Nothing is left out in silence.
    pub unmodelled: Vec<Unmodelled>,
    /// Why the reading isn't whole: what this login may not see. Nothing may be concluded from what such a reading lacks.
    pub incomplete: Vec<String>,
}

/// Something in a database that a schema has no place for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unmodelled {
    /// What it is, by the engine's own name for its kind.
    pub object: Id,
    /// Why.
    pub reason: String,
}

/// What statements that ran can have changed, as their text tells. Tables are named as catalogs name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach<'a> {
    /// The text doesn't tell.
    Anything,
    /// No more than these tables, their parts and what hangs on them.
    Tables(&'a [String]),
    /// The same, and nothing of a table or view that was there is another or gone: what came are new ones, and indexes, triggers and policies of
    /// these.
    Additions(&'a [String]),
}

impl<'a> Reach<'a> {
    /// The names of the tables, where the text tells them.
    #[must_use]
    pub fn tables(self) -> Option<&'a [String]> {
        match self {
            Reach::Anything => None,
            Reach::Tables(tables) | Reach::Additions(tables) => Some(tables),
        }
    }
}

/// What a database has of its own that shows in what scripts make in it, by the engine's names for it: on MySQL and MariaDB its `collation`.
pub type Likeness = std::collections::BTreeMap<String, String>;

/// What an engine itself changes whenever a schema changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeMarks {
    /// Which database it is, told from every other one on every server and from its own restored backup, as far as the engine tells.
    pub database: String,
    /// The marks. As long as they are the same, so is the schema.
    pub marks: String,
}
