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
mod doctor;
mod encryption;
mod error;
mod execute;
mod fit;
mod link;
mod lock;
mod objects;
mod pgpass;
mod records;
mod session;
mod settings;
mod sql;
mod subject;
mod surroundings;
mod tables;
mod tap;
mod url;
mod wire;

use async_trait::async_trait;
use driftlock_database::{Classified, ConnectOptions, DatabaseUrl, Engine, Error, Session};
use driftlock_script::{Dialect, significant};

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

    async fn connect(&self, url: &DatabaseUrl, options: &ConnectOptions) -> Result<Box<dyn Session>, Error> {
        let target = url::Target::read(url, &url::Environment::of_process())?;
        Ok(Box::new(session::PostgresSession::open(target, options.clone()).await?))
    }
}
