//! A database of its own for each test, on the server of `TEST_POSTGRES_URL`.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use driftlock_database::{
    ConnectOptions, DatabaseUrl, Direction, Engine, Event, HistoryRow, Holder, JournalRow, JournalState, Observer,
    OwnTables, Runnable, Session, State, Timeouts, Timestamp,
};
use driftlock_postgres::Postgres;
use tokio_postgres::{Client, Config, NoTls};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A database for one test.
#[derive(Clone)]
pub struct Database {
    pub name: String,
    admin: Config,
}

fn admin() -> Config {
    std::env::var("TEST_POSTGRES_URL").expect("run `cargo xtask test`").parse().expect("TEST_POSTGRES_URL is a URL")
}

async fn client(config: &Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.expect("the test server answers");
    tokio::spawn(connection);
    client
}

/// Makes a database, runs the test on it, and drops it, however the test ends.
pub fn with_database<F: Future<Output = ()> + Send + 'static>(test: impl FnOnce(Database) -> F + Send + 'static) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let admin = admin();
        let name = format!("dl_pg_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let control = client(&admin).await;
        control.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        let database = Database { name: name.clone(), admin };
        let outcome =
            tokio::time::timeout(Duration::from_secs(90), tokio::spawn(async move { test(database).await })).await;
        control.batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
        match outcome.expect("the test took too long") {
            Ok(()) => {}
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    });
}

impl Database {
    /// The URL of this database as another user, or as the one of the server.
    pub fn url_as(&self, login: Option<(&str, &str)>, query: &str) -> DatabaseUrl {
        let mut url = DatabaseUrl::parse(&std::env::var("TEST_POSTGRES_URL").unwrap()).unwrap();
        url.path.clone_from(&self.name);
        if let Some((user, password)) = login {
            url.user = Some(user.to_owned());
            url.password = Some(password.to_owned());
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap();
            url.query.push((key.to_owned(), value.to_owned()));
        }
        url
    }

    pub async fn session(&self) -> Box<dyn Session> {
        self.session_with("", ConnectOptions::default()).await
    }

    pub async fn session_with(&self, query: &str, options: ConnectOptions) -> Box<dyn Session> {
        Postgres.connect(&self.url_as(None, query), &options).await.unwrap()
    }

    /// A plain connection, to look from outside.
    pub async fn client(&self) -> Client {
        client(self.admin.clone().dbname(&self.name)).await
    }

    /// The only value of the only row.
    pub async fn value(&self, sql: &str) -> String {
        let messages = self.client().await.simple_query(sql).await.unwrap();
        messages
            .iter()
            .find_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).unwrap_or("NULL").to_owned()),
                _ => None,
            })
            .expect("a row")
    }
}

/// A session that holds the lock, with tables and a fence token, ready for a file.
pub async fn holder(database: &Database, tables: &OwnTables) -> (Box<dyn Session>, i64) {
    let mut session = database.session().await;
    session.ensure_fit().await.unwrap();
    session.try_lock(tables, &Holder::default()).await.unwrap();
    session.prepare_tables(tables).await.unwrap();
    let (fence, _) = session.take_fence(tables, None).await.unwrap();
    session.reset(&timeouts()).await.unwrap();
    (session, fence.token)
}

pub fn timeouts() -> Timeouts {
    Timeouts { lock: Duration::from_secs(3), concurrent: Duration::from_secs(3), statement: Duration::ZERO }
}

/// Keeps what happened.
#[derive(Default)]
pub struct Log(pub Vec<Event>);

impl Observer for Log {
    fn event(&mut self, event: Event) {
        self.0.push(event);
    }
}

pub fn plain(sql: &str) -> Runnable<'_> {
    Runnable { sql, copy_data: None }
}

/// Runs statements and keeps nothing.
pub async fn run(session: &mut dyn Session, statements: &[&str]) -> Result<(), driftlock_database::ExecuteError> {
    let statements: Vec<_> = statements.iter().map(|sql| plain(sql)).collect();
    session.execute(&statements, &mut Log::default()).await
}

pub fn history_row(sequence: i64) -> HistoryRow {
    HistoryRow {
        sequence,
        attempt: format!("attempt-{sequence}"),
        version: format!("2024010{sequence}"),
        name: "it's \\ a \"name\" — žluťoučký".to_owned(),
        direction: Direction::Up,
        state: State::Done,
        sha256: Some("ab".repeat(32)),
        crc32: None,
        rollback_sql: Some("DROP TABLE \"a\\b\";\n-- 'x' \\' $$".to_owned()),
        expected: None,
        started_at: Timestamp::from_micros(1_700_000_000_123_456),
        ended_at: Some(Timestamp::from_micros(1_700_000_001_000_001)),
        duration_ms: Some(876),
        applied_by: "u".to_owned(),
        os_user: "o".to_owned(),
        host: "h".to_owned(),
        environment: "dev".to_owned(),
        route: None,
        git_commit: "c".to_owned(),
        git_author: "a".to_owned(),
        ci_job: "j".to_owned(),
        ci_url: Some(String::new()),
        tool_version: "0".to_owned(),
        reason: None,
        error: None,
        chain: format!("chain-{sequence}"),
    }
}

pub fn journal_row(attempt: &str, statement: i64, state: JournalState) -> JournalRow {
    JournalRow {
        attempt: attempt.to_owned(),
        statement,
        sha256: "cd".repeat(32),
        line: statement * 10,
        state,
        object_before: None,
        session: "1@2".to_owned(),
        at: Timestamp::from_micros(1_700_000_000_000_000),
    }
}
