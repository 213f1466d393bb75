//! A run that is stopped in the midst of a statement: by its token, and by its future being dropped.
#![allow(clippy::unwrap_used)]
#![cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{ENGINES, TestDatabase, eventually, migrations};
use driftlock::{Cancellation, Database, Error, Kind, Migrations, Migrator, Progress};
use tokio::sync::Notify;

/// A statement that takes as long as a table says, which another connection writes. On PostgreSQL the server doesn't look whether its
/// client is there: only being asked ends it.
fn slow(engine: &str) -> Migrations {
    let sql = match engine {
        "sqlite" => {
            "INSERT INTO done WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < (SELECT n FROM wait_for)) \
             SELECT count(*) FROM c;"
        }
        "postgres" => "SET client_connection_check_interval = 0; INSERT INTO done SELECT n FROM wait_for, pg_sleep(n);",
        _ => "INSERT INTO done SELECT SLEEP(n) FROM wait_for;",
    };
    migrations(&[
        ("1_a.up.sql", "CREATE TABLE done (id bigint);"),
        ("2_slow.up.sql", &format!("CREATE TABLE beside (id integer);\n{sql}")),
        ("3_c.up.sql", "CREATE TABLE c (id integer);"),
    ])
}

/// Makes the statement slow, or quick again.
async fn set(database: &TestDatabase, slow: bool) {
    let n: u64 = match (slow, database.engine) {
        (false, _) => 0,
        (true, "sqlite") => 1 << 40,
        (true, _) => 600,
    };
    let run = async |sql: String| match database.engine {
        "sqlite" => rusqlite::Connection::open(database.path()).unwrap().execute_batch(&sql).unwrap(),
        "postgres" => common::postgres(&database.url).await.batch_execute(&sql).await.unwrap(),
        _ => {
            use mysql_async::prelude::Queryable;
            common::mysql(&database.url).await.query_drop(sql).await.unwrap();
        }
    };
    run("CREATE TABLE IF NOT EXISTS wait_for (n bigint)".to_owned()).await;
    run("DELETE FROM wait_for".to_owned()).await;
    run(format!("INSERT INTO wait_for VALUES ({n})")).await;
}

/// A migrator whose second file doesn't come to its end, and what tells that it has come to the slow statement.
async fn never_ending(database: &TestDatabase) -> (Migrator, Arc<Notify>) {
    set(database, true).await;
    let began = Arc::new(Notify::new());
    let tell = Arc::clone(&began);
    let migrator = Migrator::new(&slow(database.engine)).on_progress(Arc::new(move |progress| {
        // The one before it is done.
        if matches!(progress, Progress::Statement { number: 1, line: 1, .. }) {
            tell.notify_one();
        }
    }));
    (migrator, began)
}

/// Until the server is seen to run it; SQLite has none that could be asked.
async fn is_running(database: &TestDatabase, began: &Notify) {
    // That of the first file.
    began.notified().await;
    match database.engine {
        "sqlite" => {
            began.notified().await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        _ => eventually("the slow statement runs", || database.runs("INSERT INTO done")).await,
    }
}

/// That what is left can be done by whoever comes next.
async fn the_next_one_ends_right(database: &TestDatabase) {
    set(database, false).await;
    let db = driftlock::connect(&database.url).await.unwrap();
    let migrator = Migrator::new(&slow(database.engine)).lock_wait(Duration::from_secs(30));
    let report = migrator.up(&db).await.unwrap();
    assert_eq!(report.applied.iter().map(|it| it.version.as_str()).collect::<Vec<_>>(), ["2", "3"]);
    let found = migrator.verify(&db).await.unwrap();
    assert!(found.findings.is_empty(), "{:?}", found.findings);
    db.close().await;
    let cast = if database.engine == "mysql" { "char" } else { "text" };
    assert_eq!(database.look(&format!("SELECT CAST(count(*) AS {cast}) FROM done")).await.as_deref(), Some("1"));
}

async fn ends_on_the_server(database: &TestDatabase) {
    if database.engine != "sqlite" {
        eventually("the statement ends on the server", || async { !database.runs("INSERT INTO done").await }).await;
        eventually("its connection ends", || async { database.connections().await == 0 }).await;
    }
}

fn is_lost(result: Result<impl std::fmt::Debug, Error>) -> bool {
    matches!(result, Err(Error::Database(driftlock::database::Error::ConnectionLost(_))))
}

async fn loses_a_race(engine: &'static str) {
    let database = TestDatabase::new(engine);
    let (migrator, began) = never_ending(&database).await;
    let db = driftlock::connect(&database.url).await.unwrap();
    tokio::select! {
        result = migrator.up(&db) => panic!("{engine}: {result:?}"),
        () = is_running(&database, &began) => {}
    }
    // The value is still there, and the connection isn't: half of a transaction must not be anybody's.
    assert_eq!(is_lost(migrator.status(&db).await), engine != "sqlite", "{engine}");
    ends_on_the_server(&database).await;
    the_next_one_ends_right(&database).await;
    drop(db);
}

async fn is_aborted(engine: &'static str) {
    let database = TestDatabase::new(engine);
    let (migrator, began) = never_ending(&database).await;
    let db: Database = driftlock::connect(&database.url).await.unwrap();
    let task = tokio::spawn(async move { migrator.up(&db).await.map(drop) });
    is_running(&database, &began).await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled(), "{engine}");
    ends_on_the_server(&database).await;
    the_next_one_ends_right(&database).await;
}

async fn is_told(engine: &'static str) {
    let database = TestDatabase::new(engine);
    let (migrator, began) = never_ending(&database).await;
    let db = driftlock::connect(&database.url).await.unwrap();
    let cancellation = Cancellation::new();
    let migrator = migrator.cancellation(cancellation.clone());
    let stop = async {
        is_running(&database, &began).await;
        cancellation.cancel();
    };
    let (result, ()) = tokio::join!(migrator.up(&db), stop);
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.applied().len()), (Kind::Interrupted, 1), "{engine}: {error}");
    // The connection is as it was: it can be used at once.
    set(&database, false).await;
    let report = Migrator::new(&slow(engine)).up(&db).await.unwrap();
    assert_eq!(report.applied.len(), 2, "{engine}");
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_loser_of_a_race_ends_on_the_server_too() {
    for engine in ENGINES {
        loses_a_race(engine).await;
    }
}

#[tokio::test(flavor = "current_thread")]
async fn an_aborted_task_ends_on_the_server_too() {
    for engine in ENGINES {
        is_aborted(engine).await;
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_token_stops_it_and_leaves_the_connection_usable() {
    for engine in ENGINES {
        is_told(engine).await;
    }
}

/// A program that stops its whole runtime: nothing of it can do anything for the connection any more.
#[test]
fn a_runtime_that_ends_ends_it_too() {
    for engine in ENGINES {
        let database = TestDatabase::new(engine);
        let first = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let second = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (migrator, began) = second.block_on(never_ending(&database));
        let url = database.url.clone();
        first.spawn(async move {
            let db = driftlock::connect(&url).await.unwrap();
            migrator.up(&db).await.map(drop)
        });
        second.block_on(is_running(&database, &began));
        first.shutdown_background();
        second.block_on(async {
            ends_on_the_server(&database).await;
            the_next_one_ends_right(&database).await;
        });
    }
}
