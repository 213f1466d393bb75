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
    /// Refused before anything runs; the text says why and what to do instead.
    Forbidden(String),
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
}

impl Classified {
    /// A statement of this class without further traits.
    #[must_use]
    pub fn plain(class: Class) -> Self {
        Classified { class, leaves_state: false, reads_state: false, loses_data: false }
    }
}
