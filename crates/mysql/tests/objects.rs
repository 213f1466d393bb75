//! What the server tells of objects, and of what other tools left, on a real server.

mod common;

use common::{TIMEOUTS, TestDatabase, execute, is_mariadb};
use driftlock_database::{OwnTables, Probe};

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
        if is_mariadb(&*session) { "SET sql_mode = 'ORACLE'" } else { "SET sql_mode = 'ANSI'" },
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
    for sql in ["ANALYZE TABLE t", "CALL p()", "FLUSH TABLES", "SET GLOBAL max_connections = 100"] {
        assert_eq!(session.object_digest(sql).await.unwrap(), None, "{sql}");
    }
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
