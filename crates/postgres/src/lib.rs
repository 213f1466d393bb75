//! The PostgreSQL adapter.
//!
//! ```no_run
//! use driftlock_database::{ConnectOptions, DatabaseUrl, Engine, OwnTables};
//! use driftlock_postgres::Postgres;
//!
//! # async fn example() -> Result<(), driftlock_database::Error> {
//! let url = DatabaseUrl::parse("postgres://ann@db.example/shop").expect("a URL");
//! let mut session = Postgres.connect(&url, &ConnectOptions::default()).await?;
//! let applied = session.glance(&OwnTables::default()).await?; // one round trip after the login
//! # Ok(())
//! # }
//! ```
//!
//! What a URL leaves out comes from the `PG*` variables that psql reads and from `~/.pgpass`; `PGSERVICE` and
//! `pg_service.conf` are not looked at.
//!
//! Everything goes over the simple protocol, one message a statement, sent ahead of the answers inside a transaction; a
//! migration in one transaction costs three round trips: [`begin`](driftlock_database::Session::begin) with all that has to be
//! put back, [`execute`](driftlock_database::Session::execute), and [`commit`](driftlock_database::Session::commit) with its records.

mod census;
mod classify;
mod connect;
mod create;
mod doctor;
mod encryption;
mod error;
mod execute;
mod fit;
mod inspect;
mod lent;
mod likeness;
mod link;
mod lock;
mod marks;
mod names;
mod objects;
mod patience;
mod pgpass;
mod plan;
mod records;
mod rename;
mod session;
mod settings;
mod spelling;
mod sql;
mod storage;
mod subject;
mod surroundings;
mod tables;
mod tap;
#[cfg(unix)]
mod throwaway;
mod url;
mod wire;

pub use tokio_postgres;

use async_trait::async_trait;
use driftlock_database::{
    Classified, ColumnOrder, ConnectOptions, CreateError, Creation, DatabaseUrl, Engine, Error, Lender, PlanError,
    Rename, Session, Step, Throwaway,
};
use driftlock_schema::Schema;
use driftlock_script::{Dialect, significant};
use tokio_postgres::Socket;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};

/// A session on a connection that the caller lends, which must not be in a transaction. Its lender gets it back when the session is closed: with
/// its settings, role, temporary tables, prepared statements, cursors, channels and advisory locks as they were. What
/// the server says beside its answers (notices) goes to whoever drives the connection. `tls` is how the driver encrypts another connection, which
/// cancelling wants where this one is encrypted; without it nothing is cancelled there.
///
/// # Errors
/// [`Error::Unfit`] for a connection with an open transaction; what the server says of questions about the session.
pub async fn lend<T>(
    client: tokio_postgres::Client,
    tls: Option<T>,
    options: ConnectOptions,
) -> Result<(Box<dyn Session>, Lender<tokio_postgres::Client>), Error>
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    let (session, lender) = lent::open(client, tls, options).await?;
    Ok((Box::new(session), lender))
}

/// The engine for `postgres://` URLs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Postgres;

#[async_trait]
impl Engine for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn schemes(&self) -> &'static [&'static str] {
        &["postgres", "postgresql"]
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn classify(&self, sql: &str) -> Classified {
        classify::classify(sql)
    }

    fn may_commit(&self, sql: &str) -> bool {
        // A procedure, and a block, may say COMMIT outside of a transaction; REINDEX and CLUSTER do so on a partitioned table.
        let first = significant(sql, Dialect::Postgres).next();
        first.is_some_and(|first| ["CALL", "DO", "REINDEX", "CLUSTER"].iter().any(|word| first.is(word)))
    }

    fn maintenance_database(&self) -> Option<&'static str> {
        Some("postgres")
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

    async fn throwaway(&self) -> Result<Option<Throwaway>, Error> {
        #[cfg(unix)]
        return throwaway::start().await;
        #[cfg(not(unix))]
        Ok(None)
    }

    async fn connect(&self, url: &DatabaseUrl, options: &ConnectOptions) -> Result<Box<dyn Session>, Error> {
        let target = url::Target::read(url, &url::Environment::of_process())?;
        Ok(Box::new(session::PostgresSession::open(target, options.clone()).await?))
    }
}
