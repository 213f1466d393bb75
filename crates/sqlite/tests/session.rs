//! A session from connecting to closing: what it shows, what it writes, and what it leaves alone.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::time::{Duration, Instant};

use common::*;
use driftlock_database::{
    ConnectOptions, DatabaseUrl, Engine, Error, FORMAT, JournalRow, JournalState, OwnTables, Probe, Records, Timestamp,
};
use driftlock_sqlite::Sqlite;

#[tokio::test]
async fn looking_at_a_missing_file_makes_nothing() {
    let place = Place::new();
    let mut session = place.session().await;
    assert_eq!(session.server().engine, "sqlite");
    assert_eq!(session.server().database, place.file.display().to_string());
    assert!(session.server().version.starts_with("SQLite 3."), "{:?}", session.server());
    assert_eq!(session.glance(&tables()).await.unwrap(), None);
    assert_eq!(session.surroundings(&tables()).await.unwrap().objects, 0);
    session.ensure_fit().await.unwrap();
    session.reset(&timeouts(0, 0)).await.unwrap();
    assert!(session.history(&tables()).await.unwrap().is_empty());
    session.close().await;
    assert_eq!(std::fs::read_dir(place.dir.path()).unwrap().count(), 0);

    // The first write makes it, and a session that looked before sees what another has made.
    let mut looking = place.session().await;
    assert_eq!(looking.glance(&tables()).await.unwrap(), None);
    let mut session = place.session().await;
    session.prepare_tables(&tables()).await.unwrap();
    let glance = looking.glance(&tables()).await.unwrap().unwrap();
    assert_eq!((glance.fence.token, glance.fence.format), (0, FORMAT));
}

#[tokio::test]
async fn records_come_back_as_they_were_written() {
    let place = Place::new();
    let mut session = place.session().await;
    let token = ready(&mut *session).await;
    assert_eq!(token, 1);
    // Making the tables again changes nothing; a token is taken once more each time, and a stamp stays.
    session.prepare_tables(&tables()).await.unwrap();
    let (fence, clock) = session.take_fence(&tables(), Some("staging")).await.unwrap();
    assert_eq!((fence.token, fence.environment.as_deref(), fence.head), (2, Some("staging"), 0));
    assert!(clock > Timestamp::from_micros(1_700_000_000_000_000));
    let (fence, _) = session.take_fence(&tables(), Some("prod")).await.unwrap();
    assert_eq!((fence.token, fence.environment.as_deref()), (3, Some("staging")));

    let journal = JournalRow {
        attempt: "attempt-2".into(),
        statement: 1,
        sha256: "cd".repeat(32),
        line: 7,
        state: JournalState::Intent,
        object_before: Some("ef".into()),
        session: String::new(),
        at: Timestamp::from_micros(1_700_000_000_000_001),
    };
    let done = JournalRow { state: JournalState::Done, object_before: None, ..journal.clone() };
    let (first, second) = (row(1), row(2));
    session.begin().await.unwrap();
    let events = run(
        &mut *session,
        &[
            "CREATE TABLE t (a)",
            "INSERT INTO t VALUES (1), (2)",
            "SELECT * FROM t",
            "UPDATE t SET a = 3 RETURNING a",
            "",
        ],
    )
    .await
    .unwrap();
    assert_eq!(events.rows(), [None, Some(2), Some(2), Some(2), None]);
    session
        .commit(&tables(), &Records { token: 3, history: std::slice::from_ref(&first), journal: &[] })
        .await
        .unwrap();
    // Without an open transaction the records make one of their own.
    let records =
        Records { token: 3, history: std::slice::from_ref(&second), journal: &[journal.clone(), done.clone()] };
    session.commit(&tables(), &records).await.unwrap();

    assert_eq!(session.history(&tables()).await.unwrap(), [first, second]);
    assert_eq!(session.journal(&tables(), "attempt-2").await.unwrap(), [journal, done]);
    assert!(session.journal(&tables(), "attempt-1").await.unwrap().is_empty());
    let glance = session.glance(&tables()).await.unwrap().unwrap();
    assert_eq!((glance.fence.head, glance.fence.head_chain.as_str()), (2, "chain-2"));
    assert_eq!(glance.entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(
        place.count("SELECT count(*) FROM driftlock_history WHERE started_at = '2023-11-14T22:13:20.123456Z'"),
        2
    );
    session.close().await;
}

#[tokio::test]
async fn an_old_token_commits_nothing() {
    let place = Place::new();
    let mut session = place.session().await;
    let token = ready(&mut *session).await;
    place.raw().execute_batch("UPDATE driftlock_fence SET token = token + 1").unwrap();
    match migrate(&mut *session, token, 1, &["CREATE TABLE t (a)"]).await {
        Err(Error::Fenced { token: 1 }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(place.count("SELECT count(*) FROM sqlite_master WHERE name = 't'"), 0);
    assert_eq!(place.count("SELECT count(*) FROM driftlock_history"), 0);
    // Nor without a transaction of the script's.
    let records = Records { token, history: &[row(1)], journal: &[] };
    assert!(matches!(session.commit(&tables(), &records).await, Err(Error::Fenced { .. })));
    // The session is as good as before.
    let (fence, _) = session.take_fence(&tables(), None).await.unwrap();
    migrate(&mut *session, fence.token, 1, &["CREATE TABLE t (a)"]).await.unwrap();
}

#[tokio::test]
async fn a_newer_format_and_foreign_tables_are_told_apart() {
    let place = Place::new();
    let mut session = place.session().await;
    ready(&mut *session).await;
    place.raw().execute_batch("UPDATE driftlock_fence SET format = 99").unwrap();
    assert!(matches!(session.glance(&tables()).await, Err(Error::Format { found: 99, known: FORMAT, .. })));
    assert!(matches!(session.prepare_tables(&tables()).await, Err(Error::Format { .. })));
    // Also when the newer format has other columns.
    place.raw().execute_batch("ALTER TABLE driftlock_history RENAME COLUMN version TO versions").unwrap();
    assert!(matches!(session.glance(&tables()).await, Err(Error::Format { .. })));
    place.raw().execute_batch("UPDATE driftlock_fence SET format = 1").unwrap();
    assert!(matches!(session.glance(&tables()).await, Err(Error::OwnTables { .. })));
    place.raw().execute_batch("DROP TABLE driftlock_history").unwrap();
    let error = session.glance(&tables()).await.unwrap_err().to_string();
    assert!(error.contains("the table driftlock_history is gone"), "{error}");
    place.raw().execute_batch("CREATE TABLE driftlock_history (id)").unwrap();
    let error = session.prepare_tables(&tables()).await.unwrap_err().to_string();
    assert!(error.contains("tables.prefix"), "{error}");

    let names = OwnTables { schema: Some("ops".into()), ..tables() };
    let error = session.glance(&names).await.unwrap_err();
    assert!(matches!(&error, Error::OwnTables { .. }) && error.to_string().contains("tables.schema"), "{error}");
    let other = OwnTables { prefix: "it's \"ours\" ".into(), ..tables() };
    assert_eq!(session.glance(&other).await.unwrap(), None);
    session.prepare_tables(&other).await.unwrap();
    assert!(session.glance(&other).await.unwrap().is_some());
}

#[tokio::test]
async fn an_edited_history_is_told_by_its_column() {
    let place = Place::new();
    let mut session = place.session().await;
    let token = ready(&mut *session).await;
    migrate(&mut *session, token, 1, &["CREATE TABLE t (a)"]).await.unwrap();
    place.raw().execute_batch("UPDATE driftlock_history SET state = 'perhaps'").unwrap();
    for error in [
        session.glance(&tables()).await.map(|_| ()).unwrap_err(),
        session.history(&tables()).await.map(|_| ()).unwrap_err(),
    ] {
        assert!(matches!(&error, Error::Records { table: "history", row: Some(1), .. }), "{error:?}");
        assert!(error.to_string().contains("state has `perhaps`"), "{error}");
    }
    place.raw().execute_batch("DELETE FROM driftlock_fence").unwrap();
    assert!(session.take_fence(&tables(), None).await.unwrap_err().to_string().contains("0 rows"));
}

#[tokio::test]
async fn a_thousand_rows_are_read_in_order_and_quickly() {
    let place = Place::new();
    let mut session = place.session().await;
    let token = ready(&mut *session).await;
    let rows: Vec<_> = (1..=1000).map(row).collect();
    session.commit(&tables(), &Records { token, history: &rows, journal: &[] }).await.unwrap();
    let start = Instant::now();
    let glance = session.glance(&tables()).await.unwrap().unwrap();
    let elapsed = start.elapsed();
    assert_eq!(glance.entries.len(), 1000);
    assert!(glance.entries.iter().enumerate().all(|(index, entry)| entry.sequence == index as i64 + 1));
    assert!(elapsed < Duration::from_millis(250), "{elapsed:?}");
}

#[tokio::test]
async fn a_script_leaves_nothing_in_the_session() {
    let place = Place::new();
    let mut session = place.session().await;
    let token = ready(&mut *session).await;
    let other = place.file.with_file_name("other.db");
    session.begin().await.unwrap();
    run(
        &mut *session,
        &["CREATE TABLE t (a CHECK (a > 0))", "CREATE TEMP TABLE scratch (a)", "PRAGMA query_only = ON"],
    )
    .await
    .unwrap();
    // The records are written all the same.
    session.commit(&tables(), &Records { token, history: &[row(1)], journal: &[] }).await.unwrap();
    run(
        &mut *session,
        &[
            "PRAGMA ignore_check_constraints = ON",
            "PRAGMA legacy_alter_table = ON",
            "PRAGMA foreign_keys = ON",
            &format!("ATTACH '{}' AS other", other.display()),
        ],
    )
    .await
    .unwrap();
    session.reset(&timeouts(5000, 0)).await.unwrap();
    for sql in ["SELECT * FROM scratch", "SELECT * FROM other.sqlite_master", "INSERT INTO t VALUES (0)"] {
        assert!(run(&mut *session, &[sql]).await.is_err(), "{sql}");
    }
    // Foreign keys are off again: this would fail otherwise.
    run(&mut *session, &["CREATE TABLE c (p REFERENCES nowhere)", "INSERT INTO c VALUES (1)"]).await.unwrap();

    // A transaction that was left open is gone.
    run(&mut *session, &["BEGIN", "CREATE TABLE half (a)"]).await.unwrap();
    session.reset(&timeouts(5000, 0)).await.unwrap();
    assert_eq!(place.count("SELECT count(*) FROM sqlite_master WHERE name = 'half'"), 0);
    session.begin().await.unwrap();
    session.rollback().await.unwrap();
    session.rollback().await.unwrap();
}

#[tokio::test]
async fn the_documented_edit_of_the_schema_is_one_transaction() {
    let place = Place::new();
    let mut session = place.session().await;
    let token = ready(&mut *session).await;
    run(&mut *session, &["CREATE TABLE t (a CHECK (a > 0))"]).await.unwrap();
    let edit = [
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE t (a CHECK (a > 10))' WHERE name = 't'",
        "PRAGMA writable_schema = OFF",
        "CREATE TABLE after (a)",
    ];
    for sql in edit {
        assert!(Sqlite.classify(sql).class.is_transactional(), "{sql}");
    }
    migrate(&mut *session, token, 1, &edit).await.unwrap();
    session.reset(&timeouts(5000, 0)).await.unwrap();
    // The schema was read again, and the switch is off again.
    assert!(run(&mut *session, &["INSERT INTO t VALUES (5)"]).await.is_err());
    assert!(run(&mut *session, &["UPDATE sqlite_schema SET sql = '' WHERE name = 't'"]).await.is_err());
}

#[tokio::test]
async fn a_rollback_by_a_statement_is_noticed() {
    let place = Place::new();
    let mut session = place.session().await;
    let token = ready(&mut *session).await;
    session.begin().await.unwrap();
    run(&mut *session, &["CREATE TABLE t (a UNIQUE)", "INSERT INTO t VALUES (1)"]).await.unwrap();
    run(&mut *session, &["INSERT OR ROLLBACK INTO t VALUES (1)"]).await.map(|_| ()).unwrap_err();
    let records = Records { token, history: &[row(1)], journal: &[] };
    assert!(matches!(session.commit(&tables(), &records).await, Err(Error::Protocol(_))));
    session.rollback().await.unwrap();
    session.begin().await.unwrap();
    let error = run(&mut *session, &["SELECT 1", "COMMIT", "SELECT 2"]).await.map(|_| ()).unwrap_err();
    assert_eq!(error.index, 1);
    assert_eq!(place.count("SELECT count(*) FROM driftlock_history"), 0);
}

#[tokio::test]
async fn says_what_another_tool_left() {
    for (ddl, tool) in [
        ("CREATE TABLE schema_migrations (version uint64, dirty bool)", "golang-migrate"),
        ("CREATE TABLE schema_migrations (version varchar(128) primary key)", "dbmate"),
        ("CREATE TABLE goose_db_version (id INTEGER, version_id INTEGER, is_applied INTEGER, tstamp)", "goose"),
        (
            "CREATE TABLE _sqlx_migrations (version, description, installed_on, success, checksum, execution_time)",
            "sqlx",
        ),
        ("CREATE TABLE migrations (id TEXT)", "gormigrate"),
        ("CREATE TABLE databasechangelog (ID, AUTHOR, FILENAME, MD5SUM)", "Liquibase"),
        (
            "CREATE TABLE atlas_schema_revisions (version, hash BLOB, executed_at TEXT, Operator_Version);
             INSERT INTO atlas_schema_revisions VALUES (7, x'0aff', '2024-01-02 03:04:05', NULL)",
            "Atlas",
        ),
    ] {
        let place = Place::new();
        place.raw().execute_batch(ddl).unwrap();
        let mut session = place.session().await;
        let found = session.surroundings(&tables()).await.unwrap();
        assert_eq!(found.foreign_histories.iter().map(|it| it.tool).collect::<Vec<_>>(), [tool], "{ddl}");
    }
    let place = Place::new();
    place
        .raw()
        .execute_batch(
            "CREATE TABLE \"other's\" (Version, hash); INSERT INTO \"other's\" VALUES (7, x'0aff'), ('1.5', NULL)",
        )
        .unwrap();
    let mut session = place.session().await;
    let rows = session.foreign_rows("other's").await.unwrap();
    assert_eq!(rows.columns, ["version", "hash"]);
    assert_eq!(rows.rows, [[Some("7".to_owned()), Some("\\x0aff".to_owned())], [Some("1.5".to_owned()), None]]);
    assert!(session.foreign_rows("nobody's").await.is_err());
    let place = Place::new();
    place
        .raw()
        .execute_batch(
            "CREATE TABLE migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, bird TEXT); CREATE VIEW v AS SELECT 1;
             CREATE TRIGGER d AFTER INSERT ON migrations BEGIN SELECT 1; END; CREATE INDEX i ON migrations (bird)",
        )
        .unwrap();
    let mut session = place.session().await;
    ready(&mut *session).await;
    let found = session.surroundings(&tables()).await.unwrap();
    assert_eq!((found.objects, found.foreign_histories.len()), (3, 0), "{found:?}");
}

#[tokio::test]
async fn knows_whether_an_interrupted_definition_ran() {
    let place = Place::new();
    let mut session = place.session().await;
    ready(&mut *session).await;
    for sql in ["CREATE TABLE t (a)", "ALTER TABLE t ADD COLUMN b", "CREATE INDEX i ON t (a)", "DROP TABLE t"] {
        let before = session.object_digest(sql).await.unwrap();
        assert!(before.is_some(), "{sql}");
        assert_eq!(session.probe(sql, before.as_deref()).await.unwrap(), Probe::NotRun, "{sql}");
        run(&mut *session, &["CREATE TABLE IF NOT EXISTS unrelated (a)", sql]).await.unwrap();
        assert_eq!(session.probe(sql, before.as_deref()).await.unwrap(), Probe::Done, "{sql}");
    }
    for sql in ["VACUUM", "PRAGMA journal_mode = WAL", "ANALYZE"] {
        assert_eq!(session.object_digest(sql).await.unwrap(), None, "{sql}");
        assert_eq!(session.probe(sql, None).await.unwrap(), Probe::NotRun, "{sql}");
        run(&mut *session, &[sql]).await.unwrap();
        session.settle(sql, true).await.unwrap();
    }
    assert!(matches!(session.probe("DELETE FROM t", None).await.unwrap(), Probe::Unknown(_)));
    let into = format!("VACUUM INTO '{}'", place.file.display());
    assert!(matches!(session.probe(&into, None).await.unwrap(), Probe::Unknown(_)));
    assert!(session.busy("").await.unwrap().is_none());
}

#[tokio::test]
async fn memory_has_everything_but_a_file() {
    let mut session = connect("sqlite::memory:").await.unwrap();
    assert_eq!(session.server().database, ":memory:");
    assert_eq!(session.glance(&tables()).await.unwrap(), None);
    let token = ready(&mut *session).await;
    migrate(&mut *session, token, 1, &["CREATE TABLE t (a)"]).await.unwrap();
    assert_eq!(session.glance(&tables()).await.unwrap().unwrap().entries.len(), 1);
    session.unlock().await.unwrap();
}

#[tokio::test]
async fn places_that_are_no_database_are_named() {
    let place = Place::new();
    std::fs::write(
        &place.file,
        "this is a text and no database, and it is long enough to be read as a page of one. ".repeat(20),
    )
    .unwrap();
    let mut session = place.session().await;
    let error = session.glance(&tables()).await.unwrap_err();
    assert!(matches!(&error, Error::Io { .. }), "{error:?}");
    assert!(error.to_string().contains("shop.db") && error.to_string().contains("not a SQLite database"), "{error}");

    let read_only = Place::new();
    read_only.raw().execute_batch("CREATE TABLE t (a)").unwrap();
    let mut session = connect(&format!("sqlite://{}?mode=ro", read_only.file.display())).await.unwrap();
    assert_eq!(session.glance(&tables()).await.unwrap(), None);
    let error = session.ensure_fit().await.unwrap_err();
    assert!(matches!(&error, Error::Unfit(_)) && error.to_string().contains("mode=ro"), "{error}");
    let error = session.prepare_tables(&tables()).await.unwrap_err();
    assert!(error.to_string().contains("readonly"), "{error}");

    let options = ConnectOptions { set_role: Some("owner".into()), ..ConnectOptions::default() };
    let url = DatabaseUrl::parse("sqlite::memory:").unwrap();
    assert!(matches!(Sqlite.connect(&url, &options).await.err(), Some(Error::Url(_))));
}

#[tokio::test]
async fn a_database_in_wal_mode_stays_one() {
    let place = Place::new();
    place.raw().execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE p (id INTEGER PRIMARY KEY)").unwrap();
    let mut session = place.session().await;
    let token = ready(&mut *session).await;
    // A reader that stays doesn't disturb it.
    let reader = place.raw();
    reader.execute_batch("BEGIN; SELECT * FROM p").unwrap();
    migrate(&mut *session, token, 1, &["CREATE TABLE c (p REFERENCES p)", "INSERT INTO p VALUES (1)"]).await.unwrap();
    assert_eq!(place.count("SELECT count(*) FROM c"), 0);
    drop(reader);
    session.close().await;
    let mode: String = place.raw().query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    assert!(!place.lock_file().exists());
}
