//! Where the notes are: with PostgreSQL through sqlx's pool, with SQLite through rusqlite. driftlock brings neither along, and minds neither.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::PgPool;

use crate::Error;

/// Notes, each with its author and its stars.
#[derive(Clone)]
pub(crate) enum Store {
    Postgres(PgPool),
    Sqlite(Arc<Mutex<rusqlite::Connection>>),
}

const LIST: &str = "SELECT author || ': ' || body || ' (' || stars || ')' FROM notes ORDER BY author, body";

impl Store {
    /// By the scheme of a URL.
    pub(crate) async fn open(url: &str) -> Result<Self, Error> {
        match url.strip_prefix("sqlite://") {
            None => Ok(Store::Postgres(PgPool::connect(url).await?)),
            Some(path) => {
                let connection = rusqlite::Connection::open(path)?;
                connection.busy_timeout(Duration::from_secs(30))?;
                Ok(Store::Sqlite(Arc::new(Mutex::new(connection))))
            }
        }
    }

    /// All notes, a line each.
    pub(crate) async fn list(self) -> Result<String, Error> {
        match self {
            Store::Postgres(pool) => Ok(sqlx::query_scalar::<_, String>(LIST).fetch_all(&pool).await?.join("\n")),
            Store::Sqlite(connection) => {
                let read = |connection: &rusqlite::Connection| {
                    let mut statement = connection.prepare(LIST)?;
                    let lines = statement.query_map([], |row| row.get::<_, String>(0))?;
                    Ok(lines.collect::<Result<Vec<_>, _>>()?.join("\n"))
                };
                on_file(connection, read).await
            }
        }
    }

    /// One more.
    pub(crate) async fn keep(self, body: String) -> Result<(), Error> {
        match self {
            Store::Postgres(pool) => {
                sqlx::query("INSERT INTO notes (author, body) VALUES ('a guest', $1)")
                    .bind(body)
                    .execute(&pool)
                    .await?;
                Ok(())
            }
            Store::Sqlite(connection) => {
                let write = |connection: &rusqlite::Connection| {
                    connection.execute("INSERT INTO notes (author, body) VALUES ('a guest', ?1)", [body])?;
                    Ok(())
                };
                on_file(connection, write).await
            }
        }
    }
}

/// SQLite waits for the disk, so it does that where nobody else has to wait.
async fn on_file<T: Send + 'static>(
    connection: Arc<Mutex<rusqlite::Connection>>,
    work: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let work = move || work(&connection.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(tokio::task::spawn_blocking(work).await??)
}
