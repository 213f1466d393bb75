//! SQLite for driftlock.
//!
//! ```text
//! let url = DatabaseUrl::parse("sqlite://shop.db")?;
//! let mut session = Sqlite.connect(&url, &ConnectOptions::default()).await?;
//! ```
//!
//! * A database file that is missing is made by the first write, never by looking.
//! * Foreign keys are off while scripts run, as in SQLite's own client and in its documented procedure for rebuilding a
//!   table; before each commit they are checked, and a violation that was not there before refuses it.
//! * The lock between runners is a lock on a file beside the database; it ends with its process and follows symbolic
//!   links. A file with several names that keep journals apart (hard links, a mount of the file alone) is refused.
//! * There is no server: the clock is this machine's, and `applied_by` is nobody.
//!
//! Without the feature `bundled` the system's SQLite is linked. The version of `rusqlite` is a range, so that it can
//! stand beside other crates that pin `libsqlite3-sys`.

mod census;
mod classify;
mod codes;
mod control;
mod create;
mod doctor;
mod error;
mod foreign_keys;
mod inspect;
mod lock;
mod marks;
mod names;
mod objects;
mod plan;
mod rename;
mod session;
mod settings;
mod surroundings;
mod tables;
mod url;
mod words;
mod worker;

pub use rusqlite;

use async_trait::async_trait;
use driftlock_database::{
    Classified, ColumnOrder, ConnectOptions, CreateError, Creation, DatabaseUrl, Engine, Error, Lender, PlanError,
    Rename, Session, Step,
};
use driftlock_schema::Schema;
use driftlock_script::Dialect;

/// A session on a connection that the caller lends, which must not be in a transaction. Its lender gets it back when the session is closed: with
/// its settings, its own temporary objects and attached databases as they were. Its progress handler and its busy handler (other than a
/// time-out) are replaced and can't be put back.
///
/// # Errors
/// [`Error::Unfit`] for a connection with an open transaction.
pub fn lend(connection: rusqlite::Connection) -> Result<(Box<dyn Session>, Lender<rusqlite::Connection>), Error> {
    let (session, lender) = session::SqliteSession::lent(connection)?;
    Ok((Box::new(session), lender))
}

/// That no role is wanted.
///
/// # Errors
/// [`Error::Url`] where one is.
pub fn no_roles(options: &ConnectOptions) -> Result<(), Error> {
    if options.set_role.is_some() {
        return Err(Error::Url("SQLite has no roles: take `set_role` out of this environment".to_owned()));
    }
    Ok(())
}

/// SQLite.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sqlite;

#[async_trait]
impl Engine for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["sqlite", "sqlite3", "file"]
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn classify(&self, sql: &str) -> Classified {
        classify::classify(sql)
    }

    fn session_in_transaction(&self) -> bool {
        // ATTACH, foreign keys, `synchronous`, `temp_store`: refused there, or without effect.
        false
    }

    fn scratch(&self) -> Option<DatabaseUrl> {
        DatabaseUrl::parse("sqlite::memory:").ok()
    }

    fn create(&self, schema: &Schema) -> Result<Vec<Creation>, CreateError> {
        create::statements(schema)
    }

    fn rename(&self, rename: &Rename) -> Option<String> {
        rename::statement(rename)
    }

    fn plan(&self, from: &Schema, to: &Schema, order: ColumnOrder) -> Result<Vec<Step>, PlanError> {
        plan::steps(from, to, order)
    }

    async fn connect(&self, url: &DatabaseUrl, options: &ConnectOptions) -> Result<Box<dyn Session>, Error> {
        no_roles(options)?;
        Ok(Box::new(session::SqliteSession::open(url::place(url)?)?))
    }
}
