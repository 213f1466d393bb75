//! A database of its own for each test, on SQLite and on the servers of `TEST_POSTGRES_URL` and `TEST_MYSQL_URL`.
// Each test program uses its own part of this.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used)]

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use driftlock::{Memory, Migrations};
use mysql_async::prelude::Queryable;

pub mod crossing;
pub mod planning;
pub mod proving;
pub mod random;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// The engines that are tested.
pub const ENGINES: [&str; 3] = ["sqlite", "postgres", "mysql"];

/// Files by name, as migrations.
pub fn migrations(files: &[(&str, &str)]) -> Migrations {
    let files = files.iter().fold(Memory::new(), |memory, (name, sql)| memory.with(*name, *sql));
    Migrations::load(Arc::new(files), None).unwrap()
}

/// `count` files, a table each.
pub fn tables(count: u32) -> Migrations {
    let files = (1..=count).fold(Memory::new(), |files, number| {
        files
            .with(format!("{number}_t.up.sql"), format!("CREATE TABLE t{number} (id integer);"))
            .with(format!("{number}_t.down.sql"), format!("DROP TABLE t{number};"))
    });
    Migrations::load(Arc::new(files), None).unwrap()
}

/// A database for one test, dropped with this.
pub struct TestDatabase {
    pub engine: &'static str,
    pub name: String,
    /// As driftlock takes it.
    pub url: String,
    folder: tempfile::TempDir,
}

pub fn server(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run `cargo xtask test`"))
}

/// The URL of a server, with this database.
fn with_database(url: &str, database: &str) -> String {
    let (head, _) = url.rsplit_once('/').unwrap();
    format!("{head}/{database}")
}

/// Whether the PostgreSQL server can be told to copy a new database's files instead of logging them: it is asked once.
fn copies_files() -> bool {
    static CAN: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    *CAN.get_or_init(|| {
        apart(async {
            let client = postgres(&server("TEST_POSTGRES_URL")).await;
            let sql =
                "SELECT current_setting('server_version_num')::int >= 150000 AND NOT current_setting('fsync')::bool";
            client.query_one(sql, &[]).await.unwrap().get(0)
        })
    })
}

/// Runs on a thread and a runtime of its own, so that it can be called from anywhere.
fn apart<T: Send>(work: impl Future<Output = T> + Send) -> T {
    std::thread::scope(|scope| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        scope.spawn(move || runtime.block_on(work)).join().unwrap()
    })
}

impl TestDatabase {
    pub fn new(engine: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("dl_lib_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let url = match engine {
            "sqlite" => format!("sqlite://{}/{name}.db", folder.path().display()),
            "postgres" => with_database(&server("TEST_POSTGRES_URL"), &name),
            _ => with_database(&server("TEST_MYSQL_URL"), &name),
        };
        let it = TestDatabase { engine, name, url, folder };
        let how = match engine {
            "mysql" => " CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
            // A fifth of the work, where nothing is flushed.
            "postgres" if copies_files() => " STRATEGY file_copy",
            _ => "",
        };
        it.on_the_server(&format!("CREATE DATABASE {}{how}", it.name));
        it
    }

    fn on_the_server(&self, sql: &str) {
        match self.engine {
            "sqlite" => {}
            "postgres" => apart(async {
                let client = postgres(&server("TEST_POSTGRES_URL")).await;
                client.batch_execute(sql).await.unwrap();
            }),
            _ => apart(async {
                let mut conn = mysql(&server("TEST_MYSQL_URL")).await;
                conn.query_drop(sql).await.unwrap();
                conn.disconnect().await.unwrap();
            }),
        }
    }

    pub fn path(&self) -> std::path::PathBuf {
        self.folder.path().join(format!("{}.db", self.name))
    }

    /// One value of another connection's.
    pub async fn look(&self, sql: &str) -> Option<String> {
        match self.engine {
            "sqlite" => {
                let connection = rusqlite::Connection::open(self.path()).unwrap();
                connection.query_row(sql, [], |row| row.get(0)).unwrap()
            }
            "postgres" => {
                let client = postgres(&self.url).await;
                let messages = client.simple_query(sql).await.unwrap();
                messages.into_iter().find_map(|message| match message {
                    tokio_postgres::SimpleQueryMessage::Row(row) => Some(row.get(0).map(str::to_owned)),
                    _ => None,
                })?
            }
            _ => {
                let mut conn = mysql(&self.url).await;
                let value = conn.query_first::<Option<String>, _>(sql).await.unwrap();
                conn.disconnect().await.unwrap();
                value.flatten()
            }
        }
    }

    /// Whether the server runs a statement that has this in it, of another connection's.
    pub async fn runs(&self, words: &str) -> bool {
        let sql = match self.engine {
            "postgres" => format!(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                 AND state <> 'idle' AND query LIKE '%{words}%'"
            ),
            _ => format!(
                "SELECT CAST(count(*) AS char) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() \
                 AND ID <> CONNECTION_ID() AND INFO LIKE '%{words}%'"
            ),
        };
        self.look(&sql).await.as_deref() != Some("0")
    }

    /// How many connections to it there are, beside the one that asks.
    pub async fn connections(&self) -> usize {
        let sql = match self.engine {
            "postgres" => {
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                 AND backend_type = 'client backend'"
            }
            _ => {
                "SELECT CAST(count(*) AS char) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()"
            }
        };
        self.look(sql).await.unwrap().parse().unwrap()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        match self.engine {
            "sqlite" => {}
            "postgres" => {
                let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
                apart(async {
                    let server = postgres(&server("TEST_POSTGRES_URL")).await;
                    if server.batch_execute(&sql).await.is_err() {
                        // One that has subscriptions isn't dropped.
                        without_subscriptions(&postgres(&self.url).await).await;
                        server.batch_execute(&sql).await.unwrap();
                    }
                });
            }
            _ => self.on_the_server(&format!("DROP DATABASE IF EXISTS {}", self.name)),
        }
    }
}

async fn without_subscriptions(client: &tokio_postgres::Client) {
    let of_here = "SELECT pg_catalog.quote_ident(s.subname) FROM pg_catalog.pg_subscription s \
                   JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE d.datname = pg_catalog.current_database()";
    for row in client.query(of_here, &[]).await.unwrap() {
        let name: String = row.get(0);
        for what in
            [format!("ALTER {name} DISABLE"), format!("ALTER {name} SET (slot_name = NONE)"), format!("DROP {name}")]
        {
            client.batch_execute(&what.replacen(' ', " SUBSCRIPTION ", 1)).await.unwrap();
        }
    }
}

/// A plain connection of the driver's.
pub async fn postgres(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A plain connection of the driver's.
pub async fn mysql(url: &str) -> mysql_async::Conn {
    mysql_async::Conn::new(mysql_async::Opts::from_url(url).unwrap()).await.unwrap()
}

/// Waits until it is so.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < Duration::from_secs(60), "not within a minute: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
