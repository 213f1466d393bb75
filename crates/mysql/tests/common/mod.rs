//! A database of its own for each test, on the server of `TEST_MYSQL_URL`.

// Each test program uses its own part of this.
#![allow(dead_code, missing_docs, unreachable_pub)]

use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use driftlock_database::{
    ConnectOptions, DatabaseUrl, Direction, Engine, Event, ExecuteError, HistoryRow, Holder, JournalRow, JournalState,
    LockAttempt, Observer, OwnTables, Runnable, Session, State, Timeouts, Timestamp,
};
use driftlock_mysql::MySql;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts};

pub const TIMEOUTS: Timeouts =
    Timeouts { lock: Duration::from_secs(5), concurrent: Duration::from_secs(5), statement: Duration::from_secs(60) };

/// The admin URL with this database.
pub fn url(database: &str) -> DatabaseUrl {
    let admin = std::env::var("TEST_MYSQL_URL").expect("TEST_MYSQL_URL is not set: run `cargo xtask test`");
    let mut url = DatabaseUrl::parse(&admin).expect("TEST_MYSQL_URL is a URL");
    url.path = database.to_owned();
    url
}

/// A database with a name of its own.
pub struct TestDatabase {
    pub name: String,
    pub admin: Conn,
}

impl TestDatabase {
    pub async fn new(purpose: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("dl_{purpose}_{}_{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let admin = std::env::var("TEST_MYSQL_URL").expect("TEST_MYSQL_URL is not set: run `cargo xtask test`");
        let mut admin = Conn::new(Opts::from_url(&admin).expect("TEST_MYSQL_URL is a URL")).await.expect("a server");
        admin.query_drop(format!("CREATE DATABASE `{name}` CHARACTER SET utf8mb4")).await.expect("a database");
        admin.query_drop(format!("USE `{name}`")).await.expect("the database");
        TestDatabase { name, admin }
    }

    pub fn url(&self) -> DatabaseUrl {
        url(&self.name)
    }

    pub async fn session(&self) -> Box<dyn Session> {
        MySql.connect(&self.url(), &ConnectOptions::default()).await.expect("a session")
    }

    /// A session that holds the lock, with own tables made and the first token taken.
    pub async fn holder(&self) -> (Box<dyn Session>, i64) {
        let mut session = self.session().await;
        let tables = OwnTables::default();
        // The server takes a moment to see the end of the session before.
        for _ in 0..200 {
            if session.try_lock(&tables, &Holder::default()).await.expect("an answer") == LockAttempt::Held {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        session.prepare_tables(&tables).await.expect("own tables");
        let (fence, _) = session.take_fence(&tables, None).await.expect("the fence");
        (session, fence.token)
    }

    pub async fn run(&mut self, sql: &str) {
        self.admin.query_drop(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    pub async fn text(&mut self, sql: &str) -> Option<String> {
        self.admin
            .query_first::<Option<String>, _>(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
            .flatten()
    }

    pub async fn number(&mut self, sql: &str) -> i64 {
        self.text(sql)
            .await
            .unwrap_or_else(|| panic!("{sql}: nothing"))
            .parse()
            .unwrap_or_else(|_| panic!("{sql}: no number"))
    }

    /// Drops it; a test that failed leaves it for looking at.
    pub async fn drop(mut self) {
        self.run(&format!("DROP DATABASE IF EXISTS `{}`", self.name)).await;
        self.admin.disconnect().await.expect("goodbye");
    }
}

/// Whether the server is a MariaDB, and not a MySQL.
pub fn is_mariadb(session: &dyn Session) -> bool {
    session.server().version.starts_with("MariaDB ")
}

/// Takes twenty seconds. A bare `SELECT SLEEP(20)` that is interrupted is no error to MySQL.
pub const LONG: &str = "SELECT 1 FROM (SELECT 1 AS a UNION SELECT 2) t WHERE SLEEP(10)";

/// Keeps what happened.
#[derive(Default)]
pub struct Events(pub Vec<Event>);

impl Observer for Events {
    fn event(&mut self, event: Event) {
        self.0.push(event);
    }
}

impl Events {
    pub fn notices(&self) -> Vec<(usize, String, String)> {
        self.0
            .iter()
            .filter_map(|event| match event {
                Event::Notice { index, severity, message } => Some((*index, severity.clone(), message.clone())),
                Event::Done { .. } => None,
            })
            .collect()
    }

    pub fn rows(&self) -> Vec<Option<u64>> {
        self.0
            .iter()
            .filter_map(|event| match event {
                Event::Done { rows, .. } => Some(*rows),
                Event::Notice { .. } => None,
            })
            .collect()
    }
}

/// Waits until the server shows a connection as running something, or not: it takes a moment to see either.
pub async fn wait_until_alive(looker: &mut dyn Session, connection: &str, alive: bool) {
    for _ in 0..500 {
        if looker.busy(connection).await.expect("an answer").is_some() == alive {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("connection {connection} should be alive: {alive}");
}

pub async fn execute(session: &mut dyn Session, statements: &[&str]) -> Result<Events, ExecuteError> {
    let runnables: Vec<Runnable<'_>> = statements.iter().map(|sql| Runnable { sql, copy_data: None }).collect();
    let mut events = Events::default();
    session.execute(&runnables, &mut events).await?;
    Ok(events)
}

/// One value of a session, seen through a table that the statement fills.
pub async fn value(session: &mut dyn Session, database: &mut TestDatabase, expression: &str) -> String {
    let seen = format!("`{}`.seen", database.name);
    database.run("CREATE TABLE IF NOT EXISTS seen (value longtext)").await;
    database.run("DELETE FROM seen").await;
    execute(session, &[&format!("INSERT INTO {seen} VALUES (CONCAT({expression}, ''))"), "COMMIT"])
        .await
        .expect(expression);
    database.text("SELECT COALESCE(value, 'NULL') FROM seen").await.expect("a value")
}

pub fn history_row(sequence: i64, version: &str) -> HistoryRow {
    HistoryRow {
        sequence,
        attempt: format!("attempt-{sequence}"),
        version: version.to_owned(),
        name: "ein Näme \\ with 'quotes' \"and\" 日本 🚀".to_owned(),
        direction: Direction::Up,
        state: State::Done,
        sha256: Some("a".repeat(64)),
        crc32: Some("0badcafe".to_owned()),
        rollback_sql: Some("DROP TABLE `a`; -- \\' \n".to_owned()),
        expected: None,
        started_at: Timestamp::from_micros(1_700_000_000_123_456),
        ended_at: Some(Timestamp::from_micros(1_700_000_001_000_001)),
        duration_ms: Some(877),
        applied_by: "driftlock".to_owned(),
        os_user: "unknown".to_owned(),
        host: "h".repeat(300),
        environment: "dev".to_owned(),
        route: None,
        git_commit: "unknown".to_owned(),
        git_author: "Ann Ämpel".to_owned(),
        ci_job: String::new(),
        ci_url: Some("https://ci.example/1?a=b".to_owned()),
        tool_version: "0.1.0".to_owned(),
        reason: Some("x".repeat(70_000)),
        error: None,
        chain: "c".repeat(64),
    }
}

pub fn journal_row(statement: i64, state: JournalState, micros: i64) -> JournalRow {
    JournalRow {
        attempt: "attempt-1".to_owned(),
        statement,
        sha256: "b".repeat(64),
        line: statement * 3,
        state,
        object_before: (statement == 1).then(|| "d".repeat(64)),
        session: "17".to_owned(),
        at: Timestamp::from_micros(1_700_000_000_000_000 + micros),
    }
}
