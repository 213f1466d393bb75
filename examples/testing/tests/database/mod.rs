//! A database of its own for a test, on the server of `TEST_POSTGRES_URL`.
// Each test program uses its own part of this.
#![allow(dead_code, clippy::unwrap_used)]

use std::sync::atomic::{AtomicU32, Ordering};

use driftlock::{Migrations, Migrator};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};

/// A database that nobody else uses. It is dropped with this, when the test fails too.
pub(crate) struct TestDatabase {
    pub(crate) url: String,
    name: String,
}

impl TestDatabase {
    /// An empty one.
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("dl_example_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        on_the_server(&format!("CREATE DATABASE {name}"));
        let url = server().rsplit_once('/').map(|(server, _)| format!("{server}/{name}")).unwrap();
        TestDatabase { url, name }
    }

    /// One that has all migrations, and a pool for it.
    pub(crate) async fn migrated(migrations: &Migrations) -> (Self, PgPool) {
        let database = TestDatabase::new();
        let db = driftlock::connect(&database.url).await.unwrap();
        Migrator::new(migrations).up(&db).await.unwrap();
        db.close().await;
        let pool = PgPool::connect(&database.url).await.unwrap();
        (database, pool)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        on_the_server(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

fn server() -> String {
    std::env::var("TEST_POSTGRES_URL").expect("TEST_POSTGRES_URL is not set: run `cargo xtask test`")
}

/// On a thread of its own: a test may be inside of a runtime, and `drop` can't wait there.
fn on_the_server(sql: &str) {
    let run = async {
        let mut server = PgConnection::connect(&server()).await?;
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut server).await?;
        server.close().await
    };
    std::thread::scope(|scope| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        scope.spawn(move || runtime.block_on(run)).join().unwrap().unwrap();
    });
}
