//! The session in which what is kept as a text is made: some of its settings go into what it makes.

use std::collections::BTreeMap;

use driftlock_schema::{Attributes, Id};

use super::stored::spoken;
use crate::inspect::text::string;

/// The settings that go into what a session makes, as far as they are known.
pub(crate) struct Session {
    /// The database's collation, where it is known.
    collation: Option<String>,
    /// What it is now: a routine keeps it.
    collation_now: Option<String>,
    now: BTreeMap<&'static str, String>,
}

/// What nothing is said of was made with these.
const USUAL: [(&str, &str); 4] = [
    ("sql_mode", "NO_ENGINE_SUBSTITUTION"),
    ("character_set_client", "utf8mb4"),
    ("collation_connection", "utf8mb4_general_ci"),
    ("time_zone", "SYSTEM"),
];

impl Session {
    /// One of which these settings are known.
    pub(crate) fn new(collation: Option<&str>, known: &[(&'static str, &str)]) -> Self {
        let collation = collation.map(str::to_owned);
        let now = known.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Session { collation_now: collation.clone(), collation, now }
    }

    /// The statement that makes these settings, where they aren't made.
    pub(crate) fn set(&mut self, wanted: &[(&'static str, &str)]) -> Option<String> {
        let mut assignments = Vec::new();
        for (name, value) in wanted {
            if self.now.get(name).is_none_or(|now| now != value) {
                assignments.push(format!("SESSION {name} = {}", string(value)));
                self.now.insert(name, (*value).to_owned());
            }
        }
        (!assignments.is_empty()).then(|| format!("SET {}", assignments.join(", ")))
    }

    /// A statement in the session that it was first made in.
    pub(crate) fn make(&mut self, object: &Id, said: &Attributes, sql: String, add: &mut impl FnMut(&Id, String)) {
        let charset = said.text("character_set_client").unwrap_or("utf8mb4");
        let sql = if charset.starts_with("utf8") || sql.is_ascii() { sql } else { spoken(&sql) };
        // A time zone is an event's alone.
        let names = if object.kind == "event" { &USUAL[..] } else { &USUAL[..3] };
        let wanted: Vec<_> = names.iter().map(|(name, usual)| (*name, said.text(name).unwrap_or(usual))).collect();
        if let Some(set) = self.set(&wanted) {
            add(object, set);
        }
        if let Some(own) = &self.collation {
            let wanted = said.text("database_collation").unwrap_or(own).to_owned();
            if self.collation_now.as_ref() != Some(&wanted) {
                add(object, format!("ALTER DATABASE COLLATE {wanted}"));
                self.collation_now = Some(wanted);
            }
        }
        add(object, sql);
    }

    /// Puts back what outlives the session, or would make it misread what comes.
    pub(crate) fn end(mut self, database: &Id, add: &mut impl FnMut(&Id, String)) {
        if let Some(own) = self.collation.take().filter(|own| self.collation_now.as_ref() != Some(own)) {
            add(database, format!("ALTER DATABASE COLLATE {own}"));
        }
        let client = self.now.get("character_set_client");
        if client.is_some_and(|client| client != "utf8mb4")
            && let Some(set) = self.set(&[("character_set_client", "utf8mb4")])
        {
            add(database, set);
        }
    }
}
