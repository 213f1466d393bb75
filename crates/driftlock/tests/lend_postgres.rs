//! A client of tokio-postgres, lent and given back as it was.
#![allow(clippy::unwrap_used)]
#![cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]

mod common;

use std::time::Duration;

use common::{TestDatabase, eventually, migrations};
use driftlock::lend::tokio_postgres::{Client, NoTls, SimpleQueryMessage, Statement};
use driftlock::{Cancellation, ConnectOptions, Error, Kind, Migrator, OwnTables, blocking, lend};

/// A client with a state of its own, and a statement that it has prepared.
async fn client(database: &TestDatabase) -> (Client, Statement) {
    let client = common::postgres(&database.url).await;
    client
        .batch_execute(&format!(
            "CREATE SCHEMA IF NOT EXISTS mine; DROP ROLE IF EXISTS {name}_role; CREATE ROLE {name}_role; \
             GRANT ALL ON SCHEMA mine, public TO {name}_role; GRANT ALL ON DATABASE {name} TO {name}_role; \
             GRANT {name}_role TO CURRENT_USER; \
             SET application_name = 'shop'; SET search_path = mine, public; SET work_mem = '3MB'; SET lock_timeout = '7s'; \
             SET app.tenant = 'ann'; SET standard_conforming_strings = off; \
             SELECT pg_advisory_lock(4711), pg_advisory_lock_shared(1, 2); LISTEN news; \
             CREATE TEMP TABLE kept (a int); INSERT INTO kept VALUES (7); CREATE TEMP VIEW seen AS SELECT a FROM kept; \
             PREPARE plan AS SELECT a FROM kept; \
             BEGIN; DECLARE held CURSOR WITH HOLD FOR SELECT a FROM kept; COMMIT; \
             GRANT ALL ON kept, seen TO {name}_role; SET ROLE {name}_role",
            name = database.name
        ))
        .await
        .unwrap();
    let prepared = client.prepare("SELECT a + $1 FROM kept").await.unwrap();
    (client, prepared)
}

/// All of it that can be seen.
async fn state(client: &Client, prepared: &Statement) -> Vec<String> {
    let questions = "SELECT name, current_setting(name), source FROM pg_settings WHERE source IN ('session', 'client') ORDER BY 1; \
        SELECT current_user, session_user, current_setting('role'), current_setting('app.tenant', true); \
        SELECT c.relkind, c.relname FROM pg_class c WHERE relnamespace = pg_my_temp_schema() ORDER BY 2; \
        SELECT name FROM pg_prepared_statements ORDER BY 1; \
        SELECT name FROM pg_cursors ORDER BY 1; \
        SELECT pg_listening_channels() ORDER BY 1; \
        SELECT classid, objid, objsubid, mode FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() ORDER BY 1, 2; \
        EXECUTE plan";
    let mut state = Vec::new();
    for question in questions.split("; ") {
        for message in client.simple_query(question).await.unwrap() {
            if let SimpleQueryMessage::Row(row) = message {
                state.push((0..row.len()).map(|at| row.get(at).unwrap_or("NULL")).collect::<Vec<_>>().join("|"));
            }
        }
    }
    let sum: i32 = client.query_one(prepared, &[&1]).await.unwrap().get(0);
    state.push(sum.to_string());
    state
}

/// Files that leave nothing of a session as it was.
const UNTIDY: [(&str, &str); 3] = [
    (
        "1_a.up.sql",
        "SET search_path = public; SET work_mem = '9MB'; RESET ROLE; SET app.tenant = 'bob'; SET app.other = 'x'; SET row_security = off;
         SET standard_conforming_strings = on; CREATE TEMP TABLE left_over (a serial); CREATE TEMP VIEW left_view AS SELECT 1;
         PREPARE left_plan AS SELECT 1; LISTEN left_channel; SELECT set_config('app.third', 'y', false);
         CREATE TABLE a (id integer); INSERT INTO a VALUES (1);",
    ),
    ("1_a.down.sql", "DROP TABLE public.a;"),
    (
        "2_b.up.sql",
        "-- driftlock: no-transaction
         CREATE TABLE public.b (id integer);
         CREATE INDEX CONCURRENTLY b_id ON public.b (id);
         DO $$BEGIN PERFORM pg_advisory_lock(99); PERFORM pg_advisory_lock(99); END$$;
         SET ROLE NONE;",
    ),
];

/// With the own tables where that role may make them.
async fn lent(client: Client) -> Result<lend::Lent<Client>, Error> {
    lend::postgres(client).await
}

#[tokio::test(flavor = "current_thread")]
async fn it_comes_back_as_it_was() {
    let database = TestDatabase::new("postgres");
    let (client, prepared) = client(&database).await;
    let before = state(&client, &prepared).await;
    let db = lent(client).await.unwrap();
    let migrator = Migrator::new(&migrations(&UNTIDY));
    assert_eq!(migrator.up(&db).await.unwrap().applied.len(), 2);
    assert_eq!(migrator.status(&db).await.unwrap().pending(), 0);
    assert_eq!(migrator.verify(&db).await.unwrap().findings.len(), 0);
    let client = db.give_back().await.unwrap();
    assert_eq!(state(&client, &prepared).await, before);
    client.batch_execute("CREATE TABLE after_it (id int)").await.unwrap();
    drop(client);
    drop_role(&database).await;
}

async fn drop_role(database: &TestDatabase) {
    let client = common::postgres(&database.url).await;
    let name = &database.name;
    client.batch_execute(&format!("DROP OWNED BY {name}_role; DROP ROLE {name}_role")).await.unwrap();
}

#[tokio::test(flavor = "current_thread")]
async fn it_comes_back_as_it_was_after_a_failure_too() {
    let database = TestDatabase::new("postgres");
    let (mut client, prepared) = client(&database).await;
    for bad in [
        "CREATE TABLE c (id integer);\nINSERT INTO nowhere VALUES (1);",
        "CREATE TABLE c (id integer);\nCOMMIT;\nSELECT 1;",
        "CREATE TABLE c (id integer);\nCOPY c FROM stdin;\nnone\n\\.\n",
        "-- driftlock: no-transaction\nCREATE TABLE c (id integer);\nSELECT 1/0;",
        "DISCARD TEMP;",
        "RESET ALL;",
    ] {
        let before = state(&client, &prepared).await;
        let db = lent(client).await.unwrap();
        let files = [UNTIDY.as_slice(), &[("3_c.up.sql", bad)]].concat();
        let error = Migrator::new(&migrations(&files)).up(&db).await.unwrap_err();
        client = db.give_back().await.unwrap();
        assert_eq!(state(&client, &prepared).await, before, "{bad}: {error}");
        client.batch_execute("DROP TABLE IF EXISTS public.c, mine.c").await.unwrap();
    }
    drop(client);
    drop_role(&database).await;
}

#[tokio::test(flavor = "current_thread")]
async fn it_comes_back_as_it_was_after_a_token() {
    let database = TestDatabase::new("postgres");
    let (client, prepared) = client(&database).await;
    let before = state(&client, &prepared).await;
    let db = lent(client).await.unwrap();
    let files = [UNTIDY.as_slice(), &[("3_c.up.sql", "CREATE TABLE c (id integer);\nSELECT pg_sleep(600);")]].concat();
    let cancellation = Cancellation::new();
    let migrator = Migrator::new(&migrations(&files)).cancellation(cancellation.clone());
    let stop = async {
        eventually("it runs", || database.runs("pg_sleep")).await;
        cancellation.cancel();
    };
    let (result, ()) = tokio::join!(migrator.up(&db), stop);
    let error = result.unwrap_err();
    assert_eq!((error.kind(), error.applied().len()), (Kind::Interrupted, 2));
    let client = db.give_back().await.unwrap();
    assert_eq!(state(&client, &prepared).await, before);
    drop(client);
    drop_role(&database).await;
}

#[tokio::test(flavor = "current_thread")]
async fn one_that_was_dropped_in_the_midst_is_closed() {
    let database = TestDatabase::new("postgres");
    let client = common::postgres(&database.url).await;
    let db = lend::postgres_with(client, NoTls, ConnectOptions::default(), OwnTables::default()).await.unwrap();
    let sql = "SET client_connection_check_interval = 0;\nSELECT pg_sleep(600);";
    let migrator = Migrator::new(&migrations(&[("1_a.up.sql", sql)]));
    tokio::select! {
        result = migrator.up(&db) => panic!("{result:?}"),
        () = eventually("it runs", || database.runs("pg_sleep")) => {}
    }
    let error = db.give_back().await.map(drop).unwrap_err();
    assert!(matches!(&error, Error::Database(driftlock::database::Error::ConnectionLost(_))), "{error}");
    eventually("it ends on the server", || async { database.connections().await == 0 }).await;
}

#[tokio::test(flavor = "current_thread")]
async fn one_in_a_transaction_is_refused() {
    let database = TestDatabase::new("postgres");
    for sql in ["BEGIN", "BEGIN; SELECT 1/0"] {
        let client = common::postgres(&database.url).await;
        let _ = client.batch_execute(sql).await;
        let error = lend::postgres(client).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Refused);
        assert!(error.to_string().contains("transaction open"), "{error}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn rows_of_a_dump_go_through_it() {
    let database = TestDatabase::new("postgres");
    let db = lend::postgres(common::postgres(&database.url).await).await.unwrap();
    let sql = "CREATE TABLE a (id integer, t text);\nCOPY a (id, t) FROM stdin;\n1\tone\n2\ttwo\n\\.\n\nINSERT INTO a VALUES (3, 'three');";
    Migrator::new(&migrations(&[("1_a.up.sql", sql)])).up(&db).await.unwrap();
    let client = db.give_back().await.unwrap();
    let sum: i64 = client.query_one("SELECT sum(id) FROM a", &[]).await.unwrap().get(0);
    assert_eq!(sum, 6);
}

/// A refusal before the first row is more than the driver takes; that it is told, and never taken for an answer to something else.
#[tokio::test(flavor = "current_thread")]
async fn a_copy_that_is_refused_before_its_rows_never_mixes_up_answers() {
    let database = TestDatabase::new("postgres");
    let client = common::postgres(&database.url).await;
    client.batch_execute("CREATE TABLE locked (id integer)").await.unwrap();
    let other = common::postgres(&database.url).await;
    other.batch_execute("BEGIN; LOCK TABLE locked").await.unwrap();
    let db = lend::postgres(client).await.unwrap();
    let sql = "COPY locked (id) FROM stdin;\n1\n\\.\n";
    let migrator =
        Migrator::new(&migrations(&[("1_a.up.sql", sql)])).lock_timeout(Duration::from_millis(100)).attempts(1);
    migrator.up(&db).await.unwrap_err();
    match db.give_back().await {
        Ok(client) => {
            other.batch_execute("ROLLBACK").await.unwrap();
            let one: i32 = client.query_one("SELECT 1", &[]).await.unwrap().get(0);
            assert_eq!(one, 1);
        }
        Err(error) => assert_eq!(error.kind(), Kind::Failed),
    }
}

#[test]
fn it_can_be_waited_for() {
    let database = TestDatabase::new("postgres");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let db = runtime.block_on(async { lend::postgres(common::postgres(&database.url).await).await.unwrap() });
    let db = blocking::Lent::new(db).unwrap();
    assert_eq!(db.up(&Migrator::new(&common::tables(2))).unwrap().applied.len(), 2);
    let client = db.give_back().unwrap();
    runtime.block_on(client.batch_execute("INSERT INTO t2 VALUES (1)")).unwrap();
}
