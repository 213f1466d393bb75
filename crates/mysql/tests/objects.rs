//! What the server tells of objects before and after statements, on a real server.

mod common;

use common::{TIMEOUTS, TestDatabase, execute};
use driftlock_database::{OwnTables, Probe, Session};

/// Runs a statement between two probes: before it `NotRun`, after it what is expected.
async fn goes_from_not_run_to(session: &mut dyn Session, sql: &str, expected: &Probe) {
    let before = session.object_digest(sql).await.expect(sql);
    assert!(before.is_some(), "{sql}");
    assert_eq!(session.probe(sql, before.as_deref()).await.expect(sql), Probe::NotRun, "before {sql}");
    execute(session, &[sql]).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert_eq!(&session.probe(sql, before.as_deref()).await.expect(sql), expected, "after {sql}");
}

#[tokio::test]
async fn a_statement_is_seen_before_and_after() {
    let database = TestDatabase::new("probe").await;
    let mut session = database.session().await;
    session.reset(&TIMEOUTS).await.unwrap();
    let user = format!("{}_u", database.name);
    for sql in [
        "CREATE TABLE t (a int NOT NULL AUTO_INCREMENT PRIMARY KEY, b varchar(20)) ENGINE=InnoDB",
        "ALTER TABLE t ADD COLUMN c int",
        "CREATE INDEX i ON t (c)",
        "DROP INDEX i ON t",
        "CREATE TABLE u AS SELECT 1 AS a",
        "CREATE VIEW v AS SELECT a FROM t",
        "ALTER VIEW v AS SELECT a, c FROM t",
        "CREATE OR REPLACE VIEW v AS SELECT b FROM t",
        "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.c = 1",
        "CREATE PROCEDURE p() SELECT 1",
        "CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM t",
        "ALTER EVENT e RENAME TO e2",
        "CREATE SEQUENCE s",
        "DROP EVENT e2",
        "DROP FUNCTION f",
        "DROP PROCEDURE p",
        "DROP TRIGGER x",
        "DROP VIEW v",
        "DROP SEQUENCE s",
        "RENAME TABLE u TO w",
        "RENAME TABLE w TO u, t TO w, u TO t",
        "ALTER TABLE w RENAME TO z",
        "DROP TABLE t, z",
        &format!("CREATE DATABASE {}_d", database.name),
        &format!("CREATE TABLE {}_d.t (a int)", database.name),
        &format!("DROP DATABASE {}_d", database.name),
        &format!("CREATE USER '{user}'@'%' IDENTIFIED BY 'pw'"),
        &format!("DROP USER '{user}'@'%'"),
    ] {
        goes_from_not_run_to(&mut *session, sql, &Probe::Done).await;
    }
    session.close().await;
    database.drop().await;
}

#[tokio::test]
async fn twins_that_change_places_cannot_be_told_apart() {
    let mut database = TestDatabase::new("twins").await;
    let mut session = database.session().await;
    for table in ["a", "b"] {
        database.run(&format!("CREATE TABLE {table} (x int)")).await;
    }
    let swap = "RENAME TABLE a TO c, b TO a, c TO b";
    let before = session.object_digest(swap).await.unwrap();
    let probe = session.probe(swap, before.as_deref()).await.unwrap();
    assert!(matches!(&probe, Probe::Unknown(why) if why.contains("change places")), "{probe:?}");
    session.close().await;
    database.drop().await;
}

#[tokio::test]
async fn counters_rows_and_sql_modes_change_no_digest() {
    let mut database = TestDatabase::new("digest").await;
    let mut session = database.session().await;
    session.reset(&TIMEOUTS).await.unwrap();
    execute(&mut *session, &["CREATE TABLE t (a int AUTO_INCREMENT PRIMARY KEY, `b c` int) ENGINE=InnoDB"])
        .await
        .unwrap();
    let alter = "ALTER TABLE t ADD d int";
    let before = session.object_digest(alter).await.unwrap();
    execute(&mut *session, &["INSERT INTO t VALUES (NULL, 1), (NULL, 2)"]).await.unwrap();
    assert_eq!(session.object_digest(alter).await.unwrap(), before);
    for setting in [
        "SET sql_mode = 'ANSI_QUOTES'",
        "SET sql_mode = 'ORACLE'",
        "SET sql_quote_show_create = 0",
        "SET character_set_results = latin1",
        "SET sql_select_limit = 0",
    ] {
        session.reset(&TIMEOUTS).await.unwrap();
        execute(&mut *session, &[setting]).await.unwrap();
        assert_eq!(session.object_digest(alter).await.unwrap(), before, "{setting}");
        assert_eq!(session.probe(alter, before.as_deref()).await.unwrap(), Probe::NotRun, "{setting}");
    }
    session.reset(&TIMEOUTS).await.unwrap();
    database.run("ALTER TABLE t ADD e int").await;
    assert_ne!(session.object_digest(alter).await.unwrap(), before);
    // Of an INSERT, which has one only where its table knows no transactions, the rows count.
    let insert = "INSERT INTO t (a) VALUES (9)";
    let before = session.object_digest(insert).await.unwrap();
    database.run(insert).await;
    assert_ne!(session.object_digest(insert).await.unwrap(), before);
    assert_eq!(session.probe(insert, before.as_deref()).await.unwrap(), Probe::Done);
    // Statements that name nothing of which there is an account.
    for sql in ["UPDATE t SET d = 1", "CALL p()", "FLUSH TABLES", "SET GLOBAL max_connections = 100"] {
        assert_eq!(session.object_digest(sql).await.unwrap(), None, "{sql}");
    }
    session.close().await;
    database.drop().await;
}

#[tokio::test]
async fn what_can_be_run_again_is_and_what_nobody_knows_is_said() {
    let mut database = TestDatabase::new("unknown").await;
    let mut session = database.session().await;
    for table in ["a", "b"] {
        database.run(&format!("CREATE TABLE {table} (x int)")).await;
    }
    for sql in ["TRUNCATE a", "ANALYZE TABLE a", "OPTIMIZE TABLE a", "FLUSH TABLES", "GRANT SELECT ON *.* TO x"] {
        assert_eq!(session.probe(sql, None).await.unwrap(), Probe::NotRun, "{sql}");
    }
    for sql in ["CALL p()", "EXECUTE s", "INSTALL SONAME 'x'", "ALTER TABLE a ADD y int", "CREATE TABLE a (x int)"] {
        assert!(matches!(session.probe(sql, None).await.unwrap(), Probe::Unknown(_)), "{sql}");
    }
    assert_eq!(session.probe("CREATE TABLE c (x int)", None).await.unwrap(), Probe::NotRun);
    let drop = "DROP TABLE a, b";
    let before = session.object_digest(drop).await.unwrap();
    let either = "DROP TABLE IF EXISTS a, b";
    let before_either = session.object_digest(either).await.unwrap();
    database.run("DROP TABLE a").await;
    assert_eq!(
        session.probe(drop, before.as_deref()).await.unwrap(),
        Probe::Unknown("table `a` is gone and table `b` is still there".to_owned())
    );
    assert_eq!(session.probe(either, before_either.as_deref()).await.unwrap(), Probe::NotRun);
    session.settle(drop, false).await.unwrap();
    session.close().await;
    database.drop().await;
}

#[tokio::test]
async fn other_tools_are_recognised() {
    let mut database = TestDatabase::new("around").await;
    let tables = OwnTables::default();
    let (mut session, _) = database.holder().await;
    let empty = session.surroundings(&tables).await.unwrap();
    assert_eq!((empty.objects, empty.foreign_histories.len()), (0, 0));
    for sql in [
        "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean)",
        "CREATE TABLE goose_db_version (id int, version_id bigint, is_applied boolean)",
        "CREATE TABLE DATABASECHANGELOG (ID int, AUTHOR int, FILENAME int)",
        "CREATE TABLE migrations (id varchar(255))",
        "CREATE TABLE orders (id int)",
        "CREATE VIEW v AS SELECT id FROM orders",
        "CREATE PROCEDURE p() SELECT 1",
    ] {
        database.run(sql).await;
    }
    let found = session.surroundings(&tables).await.unwrap();
    assert_eq!(found.objects, 7);
    let mut histories: Vec<(&str, String)> =
        found.foreign_histories.into_iter().map(|history| (history.tool, history.table)).collect();
    histories.sort();
    let expected = [
        ("Liquibase", "DATABASECHANGELOG"),
        ("golang-migrate", "schema_migrations"),
        ("goose", "goose_db_version"),
        ("gormigrate", "migrations"),
    ];
    assert_eq!(histories, expected.map(|(tool, table)| (tool, table.to_owned())));
    for sql in [
        "CREATE TABLE others (Version BIGINT, sum BLOB, at TIMESTAMP NULL, plain DATETIME(3))",
        "INSERT INTO others VALUES (7, x'0aff', FROM_UNIXTIME(1700000000), '2024-01-02 03:04:05.5'), (8, NULL, NULL, NULL)",
    ] {
        database.run(sql).await;
    }
    let rows = session.foreign_rows("others").await.unwrap();
    assert_eq!(rows.columns, ["version", "sum", "at", "plain"]);
    let first: Vec<Option<&str>> = rows.rows[0].iter().map(Option::as_deref).collect();
    assert_eq!(first, [Some("7"), Some("\\x0aff"), Some("2023-11-14 22:13:20"), Some("2024-01-02 03:04:05.500")]);
    assert_eq!(rows.rows[1], [Some("8".to_owned()), None, None, None]);
    assert!(session.foreign_rows("nobodys").await.is_err());
    session.close().await;
    database.drop().await;
}
