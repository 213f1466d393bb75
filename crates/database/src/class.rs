//! What a statement is to a runner: may it share a transaction, must it stand alone, does it only change the session?

/// How a statement may be run. Decided by the adapter from the statement's text alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    /// May share a transaction with its neighbours and is undone by its rollback.
    Transactional,
    /// Can't run in a transaction, or commits by itself (`CREATE INDEX CONCURRENTLY`, MySQL's DDL).
    Alone,
    /// Changes the session only (`SET`, `USE`, `PREPARE`): not journalled, run again before a resume.
    Session,
    /// `COPY … FROM stdin`, followed by its data. Transactional.
    Copy,
    /// What it does can't be known (`CALL` on MySQL). Stands alone; if it is interrupted, nobody can tell how far it came.
    Opaque,
    /// Opens a transaction (`BEGIN`, `START TRANSACTION`).
    Begin,
    /// Commits the open transaction (`COMMIT`, `END`).
    Commit,
    /// Not sent to the server; the text says why (`PRAGMA foreign_keys`, `LOCK TABLES`).
    TakenOut(&'static str),
    /// Makes, drops or chooses a whole database by its name, as the head of a dump does (`CREATE DATABASE`, `USE`, `\connect`).
    /// Where that is the database in hand it isn't sent; any other is refused, since a migration runs on the one that the URL names.
    Database {
        /// The name, as the catalogs have it.
        name: String,
        /// What is done.
        act: DatabaseAct,
    },
    /// Refused before anything runs; the text says why and what to do instead.
    Forbidden(String),
}

/// What a statement does with a whole database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DatabaseAct {
    /// `CREATE DATABASE`.
    Create,
    /// `DROP DATABASE`, and what replaces one.
    Drop,
    /// `USE`, psql's `\connect`: what follows is meant for it.
    Choose,
}

impl Class {
    /// Whether the statement can be a member of a transaction that driftlock opens.
    #[must_use]
    pub fn is_transactional(&self) -> bool {
        matches!(self, Class::Transactional | Class::Copy)
    }
}

/// A statement's class, and what else a runner must know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classified {
    /// How it may be run.
    pub class: Class,
    /// It leaves something in the session that a new connection can't be given again
    /// (`SET @x = (SELECT …)`, a temporary table), so that a resume behind it can't be right.
    pub leaves_state: bool,
    /// It reads such a thing (`LAST_INSERT_ID()`), so that a resume just before it can't be right.
    pub reads_state: bool,
    /// Running it can lose rows or columns (`DROP TABLE`, `DELETE`, and whatever can't be known).
    pub loses_data: bool,
    /// It turns on or off that every statement commits by itself (`SET autocommit = 0`): while that is off, a COMMIT needs no BEGIN.
    pub autocommit: Option<bool>,
}

impl Classified {
    /// A statement of this class without further traits.
    #[must_use]
    pub fn plain(class: Class) -> Self {
        Classified { class, leaves_state: false, reads_state: false, loses_data: false, autocommit: None }
    }
}
