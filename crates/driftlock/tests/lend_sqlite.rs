//! A connection of rusqlite's, lent and given back as it was.
#![allow(clippy::unwrap_used)]
#![cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]

mod common;

use std::time::Duration;

use common::{TestDatabase, migrations};
use driftlock::lend::rusqlite::Connection;
use driftlock::{Cancellation, ConnectOptions, Kind, Migrator, OwnTables, blocking, lend};

/// A connection with a state of its own.
fn connection(database: &TestDatabase) -> Connection {
    let connection = Connection::open(database.path()).unwrap();
    connection.busy_timeout(Duration::from_millis(1234)).unwrap();
    connection
        .execute_batch(
            "PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON; PRAGMA cache_size = -321;
             CREATE TABLE IF NOT EXISTS mine (id integer PRIMARY KEY);
             CREATE TEMP TABLE kept (a); INSERT INTO kept VALUES (7); CREATE TEMP VIEW seen AS SELECT a FROM kept;
             ATTACH ':memory:' AS other; CREATE TABLE other.t (a); PRAGMA case_sensitive_like = ON;",
        )
        .unwrap();
    connection.prepare_cached("SELECT a + ?1 FROM kept").unwrap().query_row([1], |row| row.get::<_, i64>(0)).unwrap();
    connection
}

/// All of it that can be seen.
fn state(connection: &Connection) -> Vec<String> {
    let pragmas = ["foreign_keys", "recursive_triggers", "cache_size", "busy_timeout", "synchronous", "query_only"];
    let mut state: Vec<String> = pragmas
        .iter()
        .map(|name| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0)).unwrap())
        .map(|value| value.to_string())
        .collect();
    let texts = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    state.extend(texts("SELECT type || ' ' || name FROM sqlite_temp_master ORDER BY 1"));
    state.extend(texts(
        "SELECT name || ' ' || file FROM pragma_database_list WHERE name NOT IN ('main', 'temp') ORDER BY 1",
    ));
    state.extend(texts("SELECT CAST('A' LIKE 'a' AS text)"));
    state.extend(texts("SELECT CAST(a AS text) FROM kept"));
    state.extend(texts("SELECT CAST(count(*) AS text) FROM other.sqlite_master"));
    assert!(connection.is_autocommit());
    let mut kept = connection.prepare_cached("SELECT a + ?1 FROM kept").unwrap();
    assert_eq!(kept.query_row([1], |row| row.get::<_, i64>(0)).unwrap(), 8);
    state
}

/// Files that leave nothing of a session as it was.
fn untidy() -> Vec<(&'static str, &'static str)> {
    vec![
        (
            "1_a.up.sql",
            "-- driftlock: no-transaction
             PRAGMA recursive_triggers = OFF; PRAGMA cache_size = -1; PRAGMA case_sensitive_like = OFF;
             CREATE TEMP TABLE left_over (a); ATTACH ':memory:' AS leftover; PRAGMA synchronous = OFF;
             CREATE TABLE a (id integer); PRAGMA query_only = ON;",
        ),
        ("1_a.down.sql", "DROP TABLE a;"),
    ]
}

#[tokio::test(flavor = "current_thread")]
async fn it_comes_back_as_it_was() {
    let database = TestDatabase::new("sqlite");
    let connection = connection(&database);
    let before = state(&connection);
    let db = lend::sqlite(connection).unwrap();
    let migrator = Migrator::new(&migrations(&untidy()));
    assert_eq!(migrator.up(&db).await.unwrap().applied.len(), 1);
    assert_eq!(migrator.redo(&db).await.unwrap().applied.len(), 2);
    let connection = db.give_back().await.unwrap();
    assert_eq!(state(&connection), before);
    // It isn't interrupted by what was, and nothing of the lock is left.
    connection.execute_batch("INSERT INTO a VALUES (1); DROP TABLE other.t;").unwrap();
    assert!(!std::path::Path::new(&format!("{}-driftlock-lock", database.path().display())).exists());
}

#[tokio::test(flavor = "current_thread")]
async fn it_comes_back_as_it_was_after_a_failure_too() {
    let database = TestDatabase::new("sqlite");
    let connection = connection(&database);
    let before = state(&connection);
    let db = lend::sqlite(connection).unwrap();
    let mut files = untidy();
    files.push(("2_b.up.sql", "CREATE TABLE b (id integer);\nINSERT INTO nowhere VALUES (1);"));
    assert_eq!(Migrator::new(&migrations(&files)).up(&db).await.unwrap_err().kind(), Kind::Failed);
    let connection = db.give_back().await.unwrap();
    assert_eq!(state(&connection), before);
    connection.execute_batch("CREATE TABLE b (id integer)").unwrap();
}

/// A statement without an end.
const ENDLESS: &str =
    "CREATE TABLE b AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c;";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_comes_back_as_it_was_after_a_token_and_after_a_drop() {
    for dropped in [false, true] {
        let database = TestDatabase::new("sqlite");
        let connection = connection(&database);
        let before = state(&connection);
        let db = lend::sqlite(connection).unwrap();
        let mut files = untidy();
        files.push(("2_b.up.sql", ENDLESS));
        let cancellation = Cancellation::new();
        let migrator = Migrator::new(&migrations(&files)).cancellation(cancellation.clone());
        let later = tokio::time::sleep(Duration::from_millis(300));
        if dropped {
            assert!(tokio::time::timeout(Duration::from_millis(300), migrator.up(&db)).await.is_err());
        } else {
            let stop = async {
                later.await;
                cancellation.cancel();
            };
            let (result, ()) = tokio::join!(migrator.up(&db), stop);
            assert_eq!(result.unwrap_err().kind(), Kind::Interrupted);
        }
        let connection = db.give_back().await.unwrap();
        assert_eq!(state(&connection), before, "dropped: {dropped}");
        connection.execute_batch("CREATE TABLE b (id integer); INSERT INTO mine VALUES (1)").unwrap();
    }
}

#[tokio::test(flavor = "current_thread")]
async fn one_in_a_transaction_is_refused() {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("BEGIN").unwrap();
    let error = lend::sqlite(connection).unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.to_string().contains("transaction open"), "{error}");
    let role = ConnectOptions { set_role: Some("owner".to_owned()), ..ConnectOptions::default() };
    let connection = Connection::open_in_memory().unwrap();
    assert_eq!(lend::sqlite_with(connection, role, OwnTables::default()).unwrap_err().kind(), Kind::Usage);
}

#[test]
fn it_can_be_waited_for() {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    let db = blocking::Lent::new(lend::sqlite(connection).unwrap()).unwrap();
    assert_eq!(db.up(&Migrator::new(&common::tables(2))).unwrap().applied.len(), 2);
    let connection = db.give_back().unwrap();
    connection.execute_batch("INSERT INTO t2 VALUES (1)").unwrap();
    assert_eq!(connection.query_row("PRAGMA foreign_keys", [], |row| row.get::<_, i64>(0)).unwrap(), 1);
}
