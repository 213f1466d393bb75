//! The MySQL and MariaDB adapter: statements go out one at a time over the text protocol, every result of each is read,
//! and the lock is a `GET_LOCK` that lives and dies with the session.
//!
//! ```text
//! let url = DatabaseUrl::parse("mysql://shop@db.example/shop")?;
//! let mut session = MySql.connect(&url, &ConnectOptions::default()).await?;
//! let glance = session.glance(&OwnTables::default()).await?;
//! ```
//!
//! # Limitations
//! - DDL commits by itself on these servers: it can be locked and journalled, never fenced.
//! - `GET_LOCK` belongs to one server. In a multi-primary cluster all runners must reach the same node.
//! - Passwords are proved by `mysql_native_password`, `caching_sha2_password`, `sha256_password` (over TLS) and `ed25519`.
//!
//! The protocol is spoken here, over `mysql_common`'s arithmetic for passwords: the drivers at hand open their sockets themselves and
//! judge a server's certificate their own way, which can't tell "any name" from "no name", the certificates that MySQL makes for itself.

mod accounts;
mod alter;
mod beside;
mod cancel;
mod census;
mod classify;
mod conn;
mod connect;
mod create;
mod definer;
mod doctor;
mod effect;
mod encryption;
mod error;
mod grants;
mod inspect;
mod judge;
#[cfg(feature = "mysql_async")]
mod lent;
mod like;
mod lock;
mod login;
mod normal;
mod objects;
mod packets;
mod parse;
mod plan;
mod position;
mod pulse;
mod rename;
mod route;
mod rows;
mod session;
mod state;
mod surroundings;
mod tables;
#[cfg(unix)]
mod throwaway;
mod traces;
mod url;
mod wire;

#[cfg(feature = "mysql_async")]
pub use mysql_async;

use async_trait::async_trait;
use driftlock_database::{
    Classified, ColumnOrder, ConnectOptions, CreateError, Creation, DatabaseUrl, Engine, Error, PlanError, Rename,
    Session, Step, Throwaway,
};
use driftlock_schema::Schema;
use driftlock_script::Dialect;

/// A session on a connection that the caller lends, which must not be in a transaction. Its lender gets it back when the session is closed: with its
/// settings, role, current database and user variables as they were.
///
/// # Errors
/// [`Error::Unfit`] for a connection with an open transaction or without a current database; what the server says of questions about the
/// session.
#[cfg(feature = "mysql_async")]
pub async fn lend(
    conn: mysql_async::Conn,
    options: &ConnectOptions,
) -> Result<(Box<dyn Session>, driftlock_database::Lender<mysql_async::Conn>), Error> {
    let (session, lender) = lent::open(conn, options).await?;
    Ok((Box::new(session), lender))
}

/// MySQL and MariaDB.
#[derive(Debug, Clone, Copy, Default)]
pub struct MySql;

#[async_trait]
impl Engine for MySql {
    fn name(&self) -> &'static str {
        "mysql"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["mysql", "mariadb"]
    }

    fn dialect(&self) -> Dialect {
        Dialect::MySql
    }

    fn classify(&self, sql: &str) -> Classified {
        classify::classify(sql)
    }

    fn maintenance_database(&self) -> Option<&'static str> {
        Some("information_schema")
    }

    fn create(&self, schema: &Schema) -> Result<Vec<Creation>, CreateError> {
        create::statements(schema)
    }

    fn plan(&self, from: &Schema, to: &Schema, _order: ColumnOrder) -> Result<Vec<Step>, PlanError> {
        plan::steps(from, to)
    }

    fn rename(&self, rename: &Rename) -> Option<String> {
        rename::statement(rename)
    }

    fn has_likeness(&self) -> bool {
        true
    }

    async fn throwaway(&self) -> Result<Option<Throwaway>, Error> {
        #[cfg(unix)]
        return throwaway::start(self).await;
        #[cfg(not(unix))]
        Ok(None)
    }

    async fn connect(&self, url: &DatabaseUrl, options: &ConnectOptions) -> Result<Box<dyn Session>, Error> {
        let target = url::Target::read(url, options, |name| std::env::var(name).ok())?;
        Ok(Box::new(connect::connect(&target, options).await?))
    }
}
