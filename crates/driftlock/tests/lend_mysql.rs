//! A connection of mysql_async's, lent and given back as it was.
#![allow(clippy::unwrap_used)]
#![cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql_async"))]

mod common;

use common::{TestDatabase, eventually, migrations};
use driftlock::lend::mysql_async::prelude::Queryable;
use driftlock::lend::mysql_async::{Conn, Opts, OptsBuilder, Pool, Row, Statement, Value};
use driftlock::{Cancellation, Error, Kind, Migrator, blocking, lend};

/// A connection with a state of its own, and a statement that it has prepared.
async fn conn(database: &TestDatabase) -> (Conn, Statement) {
    let mut conn = common::mysql(&database.url).await;
    for sql in [
        "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT', lock_wait_timeout = 77, group_concat_max_len = 4321",
        "SET SESSION foreign_key_checks = 0, autocommit = 0, sql_select_limit = 1000",
        "SET NAMES latin1",
        "SET @mine = 'x', @number = 7, @untouched = 1.5",
        "CREATE TEMPORARY TABLE kept (a int)",
        "INSERT INTO kept VALUES (7)",
        "COMMIT",
        "PREPARE plan FROM 'SELECT a FROM kept'",
        "DO GET_LOCK(CONCAT('mine in ', DATABASE()), 0)",
    ] {
        conn.query_drop(sql).await.unwrap();
    }
    let prepared = conn.prep("SELECT a + ? FROM kept").await.unwrap();
    conn.query_drop("COMMIT").await.unwrap();
    (conn, prepared)
}

/// All of it that can be seen.
async fn state(conn: &mut Conn, prepared: &Statement) -> Vec<String> {
    let mut state = Vec::new();
    for question in [
        "SHOW SESSION VARIABLES WHERE Variable_name NOT IN ('timestamp', 'last_insert_id', 'identity', 'pseudo_thread_id', 'rand_seed1', \
         'rand_seed2', 'error_count', 'warning_count', 'in_transaction', 'last_gtid', 'insert_id', 'gtid_seq_no', 'gtid_executed', 'statement_id')",
        "SELECT DATABASE(), CURRENT_USER(), CURRENT_ROLE(), @mine, @number, @untouched, @`left`, @driftlock_sql_mode",
        "SELECT IS_USED_LOCK(CONCAT('mine in ', DATABASE())) = CONNECTION_ID()",
        "EXECUTE plan",
    ] {
        let rows: Vec<Row> = conn.query(question).await.unwrap();
        let text = |value: Value| value.as_sql(true);
        state.extend(rows.into_iter().map(|row| row.unwrap().into_iter().map(text).collect::<Vec<_>>().join(" = ")));
    }
    let sum: i64 = conn.exec_first(prepared, (1,)).await.unwrap().unwrap();
    state.push(sum.to_string());
    conn.query_drop("COMMIT").await.unwrap();
    state
}

/// That both say the same.
fn assert_same(after: &[String], before: &[String], what: &str) {
    let differing: Vec<_> = after.iter().zip(before).filter(|(after, before)| after != before).collect();
    assert!(differing.is_empty() && after.len() == before.len(), "{what}: {differing:?}");
}

/// Files that leave nothing of a session as it was.
const UNTIDY: [(&str, &str); 2] = [
    (
        "1_a.up.sql",
        "SET SESSION sql_mode = '', group_concat_max_len = 5000, foreign_key_checks = 1, lock_wait_timeout = 3;
         SET @mine = 'theirs', @number = @number + 1, @`left` = 1; SET NAMES utf8mb4; SET autocommit = 1;
         CREATE TEMPORARY TABLE left_over (a int); PREPARE left_plan FROM 'SELECT 1';
         CREATE TABLE a (id integer); INSERT INTO a VALUES (1), (2);",
    ),
    ("1_a.down.sql", "DROP TABLE a;"),
];

#[tokio::test(flavor = "current_thread")]
async fn it_comes_back_as_it_was() {
    let database = TestDatabase::new("mysql");
    let (mut conn, prepared) = conn(&database).await;
    let before = state(&mut conn, &prepared).await;
    let db = lend::mysql(conn).await.unwrap();
    let files = [
        &UNTIDY[..1],
        &[("2_b.up.sql", "CREATE TABLE b (t text) CHARACTER SET utf8mb4; INSERT INTO b VALUES ('žlutý');")],
    ]
    .concat();
    let migrator = Migrator::new(&migrations(&files));
    assert_eq!(migrator.up(&db).await.unwrap().applied.len(), 2);
    assert_eq!(migrator.status(&db).await.unwrap().pending(), 0);
    assert_eq!(migrator.verify(&db).await.unwrap().findings.len(), 0);
    let mut conn = db.give_back().await.unwrap();
    assert_same(&state(&mut conn, &prepared).await, &before, "done");
    // It was read and sent as what it is, whatever the lender's characters are.
    assert_eq!(database.look("SELECT HEX(t) FROM b").await.as_deref(), Some("C5BE6C7574C3BD"));
    conn.query_drop("INSERT INTO a VALUES (3)").await.unwrap();
    conn.query_drop("ROLLBACK").await.unwrap();
    assert_eq!(database.look("SELECT CAST(count(*) AS char) FROM a").await.as_deref(), Some("2"));
    conn.disconnect().await.unwrap();
}

#[tokio::test(flavor = "current_thread")]
async fn it_comes_back_as_it_was_after_a_failure_too() {
    let database = TestDatabase::new("mysql");
    let (mut conn, prepared) = conn(&database).await;
    for bad in
        ["INSERT INTO a VALUES (3);\nINSERT INTO nowhere VALUES (1);", "CREATE TABLE c (id integer);\nSELECT nothing;"]
    {
        let before = state(&mut conn, &prepared).await;
        let db = lend::mysql(conn).await.unwrap();
        let files = [UNTIDY.as_slice(), &[("3_c.up.sql", bad)]].concat();
        let error = Migrator::new(&migrations(&files)).up(&db).await.unwrap_err();
        conn = db.give_back().await.unwrap();
        assert_same(&state(&mut conn, &prepared).await, &before, &format!("{bad}: {error}"));
        conn.query_drop("DROP TABLE IF EXISTS c").await.unwrap();
    }
    conn.disconnect().await.unwrap();
}

#[tokio::test(flavor = "current_thread")]
async fn it_comes_back_as_it_was_after_a_token() {
    let database = TestDatabase::new("mysql");
    let (mut conn, prepared) = conn(&database).await;
    let before = state(&mut conn, &prepared).await;
    let db = lend::mysql(conn).await.unwrap();
    let files = [UNTIDY.as_slice(), &[("2_c.up.sql", "INSERT INTO a SELECT SLEEP(600);")]].concat();
    let cancellation = Cancellation::new();
    let migrator = Migrator::new(&migrations(&files)).cancellation(cancellation.clone());
    let stop = async {
        eventually("it runs", || database.runs("SLEEP(600)")).await;
        cancellation.cancel();
    };
    let (result, ()) = tokio::join!(migrator.up(&db), stop);
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.applied().len()), (Kind::Interrupted, 1), "{error}");
    let mut conn = db.give_back().await.unwrap();
    assert_same(&state(&mut conn, &prepared).await, &before, "interrupted");
    conn.disconnect().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_dropped_in_the_midst_is_closed() {
    let database = TestDatabase::new("mysql");
    let db = lend::mysql(common::mysql(&database.url).await).await.unwrap();
    let migrator =
        Migrator::new(&migrations(&[("1_a.up.sql", "CREATE TABLE a (id int);\nINSERT INTO a SELECT SLEEP(600);")]));
    tokio::select! {
        result = migrator.up(&db) => panic!("{result:?}"),
        () = eventually("it runs", || database.runs("SLEEP(600)")) => {}
    }
    let error = db.give_back().await.map(drop).unwrap_err();
    assert!(matches!(&error, Error::Database(driftlock::database::Error::ConnectionLost(_))), "{error}");
    eventually("it ends on the server", || async { database.connections().await == 0 }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_a_pool_goes_back_to_it() {
    let database = TestDatabase::new("mysql");
    let pool = Pool::new(Opts::from_url(&database.url).unwrap());
    let db = lend::mysql(pool.get_conn().await.unwrap()).await.unwrap();
    assert_eq!(Migrator::new(&common::tables(3)).up(&db).await.unwrap().applied.len(), 3);
    let mut conn = db.give_back().await.unwrap();
    conn.query_drop("INSERT INTO t3 VALUES (1)").await.unwrap();
    drop(conn);
    let mut conn = pool.get_conn().await.unwrap();
    assert_eq!(conn.query_first::<i64, _>("SELECT count(*) FROM t3").await.unwrap(), Some(1));
    drop(conn);
    pool.disconnect().await.unwrap();
}

#[tokio::test(flavor = "current_thread")]
async fn one_in_a_transaction_or_without_a_database_is_refused() {
    let database = TestDatabase::new("mysql");
    let mut conn = common::mysql(&database.url).await;
    conn.query_drop("START TRANSACTION").await.unwrap();
    let error = lend::mysql(conn).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.to_string().contains("transaction open"), "{error}");
    let opts = OptsBuilder::from_opts(Opts::from_url(&database.url).unwrap()).db_name(None::<String>);
    let error = lend::mysql(Conn::new(opts).await.unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("no database is selected"), "{error}");
}

#[test]
fn it_can_be_waited_for() {
    let database = TestDatabase::new("mysql");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let db = runtime.block_on(async { lend::mysql(common::mysql(&database.url).await).await.unwrap() });
    let db = blocking::Lent::new(db).unwrap();
    assert_eq!(db.up(&Migrator::new(&common::tables(2))).unwrap().applied.len(), 2);
    let mut conn = db.give_back().unwrap();
    runtime.block_on(conn.query_drop("INSERT INTO t2 VALUES (1)")).unwrap();
    runtime.block_on(conn.disconnect()).unwrap();
}
