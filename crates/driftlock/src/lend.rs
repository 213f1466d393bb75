//! Connections of the caller's own, lent for a while.
//!
//! A connection is given away, and given back by [`Lent::give_back`] in the state in which it came: its settings, role and current
//! database, its temporary tables and prepared statements, no transaction open, the lock released. So it is after a failure and after
//! a [`Cancellation`](crate::Cancellation) too. One in a transaction is refused.
//!
//! ```
//! use driftlock::{Memory, Migrations, Migrator, lend};
//!
//! # #[cfg(feature = "sqlite")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use driftlock::lend::rusqlite;
//! let connection = rusqlite::Connection::open_in_memory()?;
//! let files = Memory::new().with("1_users.up.sql", "CREATE TABLE users (id integer PRIMARY KEY);");
//! let migrations = Migrations::load(std::sync::Arc::new(files), None)?;
//!
//! let db = lend::sqlite(connection)?;
//! Migrator::new(&migrations).up(&db).await?;
//! let connection = db.give_back().await?;
//! connection.execute("INSERT INTO users VALUES (1)", [])?;
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "sqlite"))]
//! # fn main() {}
//! ```
//!
//! It is given away and not borrowed, since a command whose future is dropped in the midst leaves a connection that nobody can put
//! right any more: then it is closed, and `give_back` says so. Of a borrowed one nobody would notice.

use std::ops::Deref;

use driftlock_database::Lender;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql_async"))]
use driftlock_database::{ConnectOptions, OwnTables, Session};
use driftlock_engine::{Database, Error};

#[cfg(feature = "mysql_async")]
pub use driftlock_mysql::mysql_async;
#[cfg(feature = "postgres")]
pub use driftlock_postgres::tokio_postgres;
#[cfg(feature = "sqlite")]
pub use driftlock_sqlite::rusqlite;
#[cfg(feature = "postgres")]
use tokio_postgres::{
    Socket,
    tls::{MakeTlsConnect, TlsConnect},
};

/// A [`Database`] on a connection that its owner lends.
///
/// Dropped instead of given back, it closes the connection.
#[derive(Debug)]
pub struct Lent<C> {
    database: Database,
    lender: Lender<C>,
}

impl<C> Lent<C> {
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql_async"))]
    fn new(
        engine: &'static dyn crate::Engine,
        (session, lender): (Box<dyn Session>, Lender<C>),
        options: ConnectOptions,
        tables: OwnTables,
    ) -> Self {
        Lent { database: Database::over(engine, session, options.holder, tables), lender }
    }

    /// Gives the connection back, in the state in which it came.
    ///
    /// # Errors
    /// When it was closed: the server ended it, a command on it was dropped in the midst, or its state can't be put back.
    pub async fn give_back(self) -> Result<C, Error> {
        self.database.close().await;
        Ok(self.lender.take()?)
    }

    pub(crate) fn into_parts(self) -> (Database, Lender<C>) {
        (self.database, self.lender)
    }
}

impl<C> Deref for Lent<C> {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.database
    }
}

/// Lends a connection of rusqlite's; it has to be of the version that is here as [`rusqlite`].
///
/// Functions, collations and hooks of it are in force while the migrations run. Its progress handler, and a busy handler that is more
/// than a time-out, are replaced and can't be put back.
///
/// # Errors
/// When a transaction is open on it.
#[cfg(feature = "sqlite")]
pub fn sqlite(connection: rusqlite::Connection) -> Result<Lent<rusqlite::Connection>, Error> {
    sqlite_with(connection, ConnectOptions::default(), OwnTables::default())
}

/// The same, with options. Of [`ConnectOptions`] only the holder counts: the rest is about connecting, and about roles.
///
/// # Errors
/// Those of [`sqlite`], and a role, which SQLite has none of.
#[cfg(feature = "sqlite")]
pub fn sqlite_with(
    connection: rusqlite::Connection,
    options: ConnectOptions,
    tables: OwnTables,
) -> Result<Lent<rusqlite::Connection>, Error> {
    driftlock_sqlite::no_roles(&options)?;
    let lent = driftlock_sqlite::lend(connection)?;
    Ok(Lent::new(&driftlock_sqlite::Sqlite, lent, crate::with_holder(options), tables))
}

/// Lends a client of tokio-postgres; its connection goes on being driven by whoever drives it, and hears what the server says beside its
/// answers: of these notices nobody is told here.
///
/// A connection that is encrypted wants [`postgres_with`]: cancelling takes another connection, and without what encrypts it a
/// [`Cancellation`](crate::Cancellation) waits for the end of the statement that runs.
///
/// # Errors
/// When a transaction is open on it, and what the server says.
#[cfg(feature = "postgres")]
pub async fn postgres(client: tokio_postgres::Client) -> Result<Lent<tokio_postgres::Client>, Error> {
    lend_postgres(client, None::<tokio_postgres::NoTls>, ConnectOptions::default(), OwnTables::default()).await
}

/// The same, with what encrypts the connection, and with options. Of [`ConnectOptions`] the role and the holder count; a pooler in the way
/// is refused whatever they say, since whether it keeps a server process for each session can't be tried without another session.
///
/// # Errors
/// Those of [`postgres`].
#[cfg(feature = "postgres")]
pub async fn postgres_with<T>(
    client: tokio_postgres::Client,
    tls: T,
    options: ConnectOptions,
    tables: OwnTables,
) -> Result<Lent<tokio_postgres::Client>, Error>
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    lend_postgres(client, Some(tls), options, tables).await
}

#[cfg(feature = "postgres")]
async fn lend_postgres<T>(
    client: tokio_postgres::Client,
    tls: Option<T>,
    options: ConnectOptions,
    tables: OwnTables,
) -> Result<Lent<tokio_postgres::Client>, Error>
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let options = crate::with_holder(options);
    let lent = driftlock_postgres::lend(client, tls, options.clone()).await?;
    Ok(Lent::new(&driftlock_postgres::Postgres, lent, options, tables))
}

/// Lends a connection of mysql_async's, which may be one of a pool. Another one is opened beside it, with the same options, while the lock is
/// held, and one to cancel.
///
/// # Errors
/// When a transaction is open on it, when no database is selected, and what the server says.
#[cfg(feature = "mysql_async")]
pub async fn mysql(conn: mysql_async::Conn) -> Result<Lent<mysql_async::Conn>, Error> {
    mysql_with(conn, ConnectOptions::default(), OwnTables::default()).await
}

/// The same, with options. Of [`ConnectOptions`] the role and the pooler count: the rest is about connecting.
///
/// # Errors
/// Those of [`mysql`].
#[cfg(feature = "mysql_async")]
pub async fn mysql_with(
    conn: mysql_async::Conn,
    options: ConnectOptions,
    tables: OwnTables,
) -> Result<Lent<mysql_async::Conn>, Error> {
    let options = crate::with_holder(options);
    let lent = driftlock_mysql::lend(conn, &options).await?;
    Ok(Lent::new(&driftlock_mysql::MySql, lent, options, tables))
}
