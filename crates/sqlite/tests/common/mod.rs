//! A database in a directory of its own, and sessions on it.
#![allow(dead_code, unreachable_pub)] // each test binary has its own copy and uses a part of it

use std::path::{Path, PathBuf};
use std::time::Duration;

use driftlock_database::{
    ConnectOptions, DatabaseUrl, Direction, Engine, Error, Event, ExecuteError, HistoryRow, Holder, Observer,
    OwnTables, Records, Runnable, Session, State, Timeouts, Timestamp,
};
use driftlock_sqlite::Sqlite;

pub struct Place {
    pub dir: tempfile::TempDir,
    pub file: PathBuf,
}

impl Place {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().canonicalize().unwrap().join("shop.db");
        Place { dir, file }
    }

    pub async fn session(&self) -> Box<dyn Session> {
        connect(&format!("sqlite://{}", self.file.display())).await.unwrap()
    }

    /// A connection that knows nothing of driftlock.
    pub fn raw(&self) -> rusqlite::Connection {
        let raw = rusqlite::Connection::open(&self.file).unwrap();
        raw.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        raw
    }

    pub fn count(&self, query: &str) -> i64 {
        self.raw().query_row(query, [], |row| row.get(0)).unwrap()
    }

    pub fn lock_file(&self) -> PathBuf {
        lock_file(&self.file)
    }
}

pub fn lock_file(database: &Path) -> PathBuf {
    PathBuf::from(format!("{}-driftlock-lock", database.display()))
}

pub async fn connect(url: &str) -> Result<Box<dyn Session>, Error> {
    Sqlite.connect(&DatabaseUrl::parse(url).unwrap(), &ConnectOptions::default()).await
}

pub fn tables() -> OwnTables {
    OwnTables::default()
}

pub fn me() -> Holder {
    Holder { pid: Some(std::process::id()), host: Some("here".into()), user: Some("me".into()), ..Holder::default() }
}

pub fn timeouts(lock: u64, statement: u64) -> Timeouts {
    Timeouts {
        lock: Duration::from_millis(lock),
        concurrent: Duration::from_millis(lock),
        statement: Duration::from_millis(statement),
    }
}

#[derive(Default)]
pub struct Events(pub Vec<Event>);

impl Observer for Events {
    fn event(&mut self, event: Event) {
        self.0.push(event);
    }
}

impl Events {
    pub fn rows(&self) -> Vec<Option<u64>> {
        self.0
            .iter()
            .map(|event| match event {
                Event::Done { rows, .. } => *rows,
                Event::Notice { .. } => panic!("SQLite has no notices"),
            })
            .collect()
    }
}

pub async fn run(session: &mut dyn Session, statements: &[&str]) -> Result<Events, ExecuteError> {
    let runnables: Vec<_> = statements.iter().map(|sql| Runnable { sql, copy_data: None }).collect();
    let mut events = Events::default();
    session.execute(&runnables, &mut events).await?;
    Ok(events)
}

pub fn row(sequence: i64) -> HistoryRow {
    HistoryRow {
        sequence,
        attempt: format!("attempt-{sequence}"),
        version: format!("20240520-1430{sequence:02}"),
        name: "user_schema_add_index_v1".into(),
        direction: Direction::Up,
        state: State::Done,
        sha256: Some("ab".repeat(32)),
        crc32: Some("cafebabe".into()),
        rollback_sql: Some("DROP TABLE größe;".into()),
        expected: None,
        started_at: Timestamp::from_micros(1_700_000_000_123_456),
        ended_at: Some(Timestamp::from_micros(1_700_000_001_000_000)),
        duration_ms: Some(876),
        applied_by: String::new(),
        os_user: "me".into(),
        host: "here".into(),
        environment: "dev".into(),
        route: None,
        git_commit: "unknown".into(),
        git_author: "unknown".into(),
        ci_job: "unknown".into(),
        ci_url: None,
        tool_version: "0.1.0".into(),
        reason: None,
        error: None,
        chain: format!("chain-{sequence}"),
    }
}

/// Locked, with tables and a token: ready to migrate.
pub async fn ready(session: &mut dyn Session) -> i64 {
    session.ensure_fit().await.unwrap();
    assert_eq!(session.try_lock(&tables(), &me()).await.unwrap(), driftlock_database::LockAttempt::Held);
    session.prepare_tables(&tables()).await.unwrap();
    let (fence, _) = session.take_fence(&tables(), None).await.unwrap();
    session.reset(&timeouts(5000, 0)).await.unwrap();
    fence.token
}

/// One migration, whole: as the engine does it.
pub async fn migrate(session: &mut dyn Session, token: i64, sequence: i64, statements: &[&str]) -> Result<(), Error> {
    session.reset(&timeouts(5000, 0)).await?;
    session.begin().await?;
    let result = match run(session, statements).await {
        Ok(_) => session.commit(&tables(), &Records { token, history: &[row(sequence)], journal: &[] }).await,
        Err(error) => Err(error.error),
    };
    session.rollback().await?;
    result
}
