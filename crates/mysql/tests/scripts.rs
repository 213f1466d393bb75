//! What scripts do to a session, and what a session says of scripts, on a real server.

mod common;

use std::time::Duration;

use common::{TIMEOUTS, TestDatabase, execute, history_row, is_mariadb, journal_row, value};
use driftlock_database::{ConnectOptions, Engine, Error, Holder, JournalState, OwnTables, Records, Timeouts};
use driftlock_mysql::MySql;

#[tokio::test]
async fn what_a_script_sets_reaches_neither_the_records_nor_the_next_file() {
    let mut database = TestDatabase::new("leak").await;
    let mut other = TestDatabase::new("other").await;
    let tables = OwnTables::default();
    let (mut session, token) = database.holder().await;
    session.reset(&TIMEOUTS).await.unwrap();
    let mariadb = is_mariadb(&*session);
    let settings = [
        "@@sql_mode",
        "@@foreign_key_checks",
        "@@unique_checks",
        "@@autocommit",
        "@@character_set_client",
        "@@character_set_results",
        "@@collation_connection",
        "@@time_zone",
        "@@sql_safe_updates",
        "@@sql_select_limit",
        if mariadb { "@@max_statement_time" } else { "@@max_execution_time" },
        "@@lock_wait_timeout",
        "@@innodb_lock_wait_timeout",
        if mariadb { "@@tx_isolation" } else { "@@transaction_isolation" },
        if mariadb { "@@tx_read_only" } else { "@@transaction_read_only" },
        "@@sql_log_bin",
        "@@default_storage_engine",
        "@@sql_quote_show_create",
        "DATABASE()",
        "COALESCE(CURRENT_ROLE(), 'none')",
        "COALESCE(@leaked, 'unset')",
    ];
    let mut before = Vec::new();
    for setting in settings {
        before.push(value(&mut *session, &mut database, setting).await);
    }
    assert_eq!(before[11], "5");
    assert_eq!(before[10], if mariadb { "60.000000" } else { "60000" });
    let scripts = [
        "SET SESSION sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT'",
        "SET foreign_key_checks = 0, unique_checks = 0",
        if mariadb { "SET sql_mode = 'ORACLE'" } else { "SET sql_mode = 'ANSI'" },
        "SET autocommit = 0",
        "SET NAMES latin1",
        // MySQL warns that `ucs2` is old, and its warning then comes in it.
        if mariadb { "SET character_set_results = ucs2" } else { "SET character_set_results = koi8r" },
        "SET time_zone = '+05:00'",
        "SET sql_safe_updates = 1",
        "SET sql_select_limit = 1",
        "SET sql_select_limit = 0",
        if mariadb { "SET max_statement_time = 0.000001" } else { "SET max_execution_time = 1" },
        "SET lock_wait_timeout = 77, innodb_lock_wait_timeout = 77",
        "SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED",
        "SET SESSION TRANSACTION READ ONLY",
        "SET sql_log_bin = 0",
        "SET default_storage_engine = MyISAM, sql_quote_show_create = 0",
        "SET @leaked = 'x'",
        "SELECT 'x' INTO @leaked",
        &format!("USE `{}`", other.name),
        "PREPARE leaked FROM 'SELECT 1'",
        "CREATE TEMPORARY TABLE leaked (a int)",
    ];
    for (sequence, script) in (1..).zip(scripts) {
        session.reset(&TIMEOUTS).await.unwrap_or_else(|error| panic!("before {script}: {error}"));
        execute(&mut *session, &[script]).await.unwrap_or_else(|error| panic!("{script}: {error}"));
        let rows = [history_row(sequence, script)];
        let journal = [journal_row(sequence, JournalState::Done, sequence)];
        if sequence % 2 == 0 {
            session.begin().await.unwrap_or_else(|error| panic!("{script}: {error}"));
        }
        let records = Records { token, history: &rows, journal: &journal };
        session.commit(&tables, &records).await.unwrap_or_else(|error| panic!("{script}: {error}"));
        session.reset(&TIMEOUTS).await.unwrap_or_else(|error| panic!("after {script}: {error}"));
        for (setting, before) in settings.iter().zip(&before) {
            let after = value(&mut *session, &mut database, setting).await;
            assert_eq!(&after, before, "{setting} after {script}");
        }
    }
    let gone = execute(&mut *session, &["EXECUTE leaked"]).await.err().unwrap();
    assert!(gone.to_string().contains("1243"), "{gone}");
    let gone = execute(&mut *session, &["SELECT * FROM leaked"]).await.err().unwrap();
    assert!(gone.to_string().contains("1146"), "{gone}");
    session.reset(&TIMEOUTS).await.unwrap();
    let written = session.history(&tables).await.unwrap();
    let expected: Vec<_> = (1..).zip(scripts).map(|(sequence, script)| history_row(sequence, script)).collect();
    assert_eq!(written, expected);
    assert_eq!(other.number("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()").await, 0);
    session.close().await;
    other.drop().await;
    database.drop().await;
}

#[tokio::test]
async fn a_script_keeps_its_own_settings_between_its_statements() {
    let mut database = TestDatabase::new("keep").await;
    let tables = OwnTables::default();
    let (mut session, token) = database.holder().await;
    session.reset(&TIMEOUTS).await.unwrap();
    execute(&mut *session, &["SET sql_mode = 'ANSI_QUOTES', lock_wait_timeout = 33", "SET NAMES latin1"])
        .await
        .unwrap();
    let journal = [journal_row(1, JournalState::Intent, 1)];
    session.commit(&tables, &Records { token, history: &[], journal: &journal }).await.unwrap();
    session.object_digest("CREATE TABLE t (a int)").await.unwrap();
    assert_eq!(value(&mut *session, &mut database, "@@sql_mode").await, "ANSI_QUOTES");
    assert_eq!(value(&mut *session, &mut database, "@@lock_wait_timeout").await, "33");
    assert_eq!(value(&mut *session, &mut database, "@@character_set_client").await, "latin1");
    session.close().await;
    database.drop().await;
}

#[tokio::test]
async fn roles_are_taken_and_given_back() {
    let mut database = TestDatabase::new("role").await;
    let (role, login) = (format!("{}_role", database.name), format!("{}_u", database.name));
    database.run(&format!("CREATE ROLE `{role}`")).await;
    database.run(&format!("CREATE USER `{login}` IDENTIFIED BY 'pw'")).await;
    database.run(&format!("GRANT ALL ON `{}`.* TO `{role}`", database.name)).await;
    database.run(&format!("GRANT `{role}` TO `{login}`")).await;
    let mut url = database.url();
    (url.user, url.password) = (Some(login.clone()), Some("pw".to_owned()));
    let without = MySql.connect(&url, &ConnectOptions::default()).await.err().unwrap();
    assert!(matches!(without, Error::Login { .. }), "{without}");
    // The role is what lets it in: it needs one database to land in first.
    database.run(&format!("GRANT CREATE TEMPORARY TABLES ON `{}`.* TO `{login}`", database.name)).await;
    let options = ConnectOptions { set_role: Some(role.clone()), ..ConnectOptions::default() };
    let mut session = MySql.connect(&url, &options).await.unwrap();
    let tables = OwnTables::default();
    session.try_lock(&tables, &Holder::default()).await.unwrap();
    session.prepare_tables(&tables).await.unwrap();
    let (fence, _) = session.take_fence(&tables, None).await.unwrap();
    session.reset(&TIMEOUTS).await.unwrap();
    execute(&mut *session, &["CREATE TABLE t (a int)", "SET ROLE NONE"]).await.unwrap();
    let records = Records { token: fence.token, history: &[history_row(1, "1")], journal: &[] };
    session.commit(&tables, &records).await.unwrap();
    let denied = execute(&mut *session, &["INSERT INTO t VALUES (1)"]).await.err().unwrap();
    assert!(denied.to_string().contains("1142"), "{denied}");
    session.reset(&TIMEOUTS).await.unwrap();
    execute(&mut *session, &["INSERT INTO t VALUES (1)"]).await.unwrap();
    session.close().await;
    let options = ConnectOptions { set_role: Some("no_such_role".to_owned()), ..ConnectOptions::default() };
    let error = MySql.connect(&url, &options).await.err().unwrap();
    assert!(matches!(&error, Error::Login { reason, .. } if reason.contains("no_such_role")), "{error}");
    database.run(&format!("DROP USER `{login}`")).await;
    database.run(&format!("DROP ROLE `{role}`")).await;
    database.drop().await;
}

#[tokio::test]
async fn warnings_and_rows_are_passed_on() {
    let database = TestDatabase::new("warn").await;
    let mut session = database.session().await;
    let events = execute(
        &mut *session,
        &[
            "DROP TABLE IF EXISTS nothing_here",
            "CREATE TABLE t (a tinyint)",
            "SET sql_mode = ''",
            "INSERT INTO t VALUES (1), (300)",
            "SELECT a FROM t",
            "UPDATE t SET a = 5",
        ],
    )
    .await
    .unwrap();
    let notices = events.notices();
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert_eq!((notices[0].0, notices[0].1.as_str()), (0, "Note"));
    assert!(notices[0].2.contains("nothing_here"), "{notices:?}");
    assert_eq!((notices[1].0, notices[1].1.as_str()), (3, "Warning"));
    assert!(notices[1].2.contains("Out of range"), "{notices:?}");
    assert_eq!(events.rows(), [Some(0), Some(0), Some(0), Some(2), Some(2), Some(2)]);

    // Asking for the warnings must not change what the script reads next.
    let events = execute(&mut *session, &["INSERT INTO t VALUES (300)", "CREATE TABLE c SELECT ROW_COUNT() AS n"])
        .await
        .unwrap();
    assert_eq!(events.notices().len(), 1);
    let mut database = database;
    assert_eq!(database.number("SELECT n FROM c").await, 1);
    session.close().await;
    database.drop().await;
}

#[tokio::test]
async fn every_result_is_read_and_a_late_error_is_no_success() {
    let mut database = TestDatabase::new("results").await;
    database.run("CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; SELECT * FROM missing; END").await;
    database.run("CREATE PROCEDURE q() BEGIN SELECT 1; SELECT 2 UNION SELECT 3; END").await;
    let mut session = database.session().await;
    let failed = execute(&mut *session, &["CALL q()", "CALL p()", "SELECT 1"]).await.err().unwrap();
    assert_eq!(failed.index, 1);
    assert!(failed.to_string().contains("1146"), "{failed}");
    execute(&mut *session, &["SELECT 1"]).await.unwrap();
    session.close().await;
    database.drop().await;
}

#[tokio::test]
async fn errors_point_into_the_statement() {
    let database = TestDatabase::new("position").await;
    let mut session = database.session().await;
    execute(&mut *session, &["CREATE TABLE t (a int, `straße` int)"]).await.unwrap();
    let long = format!("SELECT 'äöü'\n  , 2\n  , 3 FRON t WHERE {}", "a = 1 AND ".repeat(30) + "1");
    let cases: [(&str, Option<&str>); 9] = [
        ("CREATE TABLE größe (\n  ä int COMMENT '日本',\n  b intt\n)", Some("intt\n")),
        (&long, Some("t WHERE")),
        ("SELECT (1", Some("")),
        ("INSERT INTO t (a,\n  'ä', nope) VALUES (1)", Some("'ä'")),
        ("SELECT 'ä',\n nope FROM t", Some("nope FROM")),
        ("INSERT INTO t SELECT 1, t.missing FROM t", Some("t.missing")),
        ("SELECT /* nope */ 1 FROM nope", Some("nope")),
        ("CREATE TABLE t (a int)", Some("t (a")),
        ("ALTER TABLE t ADD b int, ADD `STRASSE` int, ADD B int", Some("b int, ADD `")),
    ];
    for (sql, place) in cases {
        let failed = execute(&mut *session, &[sql]).await.err().unwrap();
        let server = failed.error.server().unwrap();
        let expected = place.map(|place| if place.is_empty() { sql.len() } else { sql.rfind(place).unwrap() });
        assert_eq!(server.offset, expected, "{sql}: {server}");
    }
    session.close().await;
    database.drop().await;
}

#[tokio::test]
async fn waits_and_long_statements_end() {
    let mut database = TestDatabase::new("limits").await;
    let mut session = database.session().await;
    let timeouts = Timeouts {
        lock: Duration::from_millis(200),
        concurrent: Duration::from_millis(200),
        statement: Duration::from_millis(1500),
    };
    execute(&mut *session, &["CREATE TABLE t (a int PRIMARY KEY) ENGINE=InnoDB", "INSERT INTO t VALUES (1)"])
        .await
        .unwrap();
    session.reset(&timeouts).await.unwrap();
    database.run("START TRANSACTION").await;
    database.run("UPDATE t SET a = 2").await;
    for sql in ["UPDATE t SET a = 3", "ALTER TABLE t ADD b int"] {
        let failed = execute(&mut *session, &[sql]).await.err().unwrap();
        assert!(matches!(failed.error, Error::LockTimeout(_)), "{sql}: {failed}");
    }
    database.run("ROLLBACK").await;
    let failed = execute(&mut *session, &[common::LONG]).await.err().unwrap();
    let server = failed.error.server().unwrap();
    let code = if is_mariadb(&*session) { "1969" } else { "3024" };
    assert!(matches!(failed.error, Error::Server(_)) && server.code.starts_with(code), "{failed}");
    assert!(server.hint.as_deref().unwrap().contains("statement-timeout"));
    session.close().await;
    database.drop().await;
}

#[tokio::test]
async fn unfit_urls_logins_and_servers_are_refused_with_reasons() {
    let database = TestDatabase::new("fit").await;
    let mut session = database.session().await;
    session.ensure_fit().await.unwrap();
    let version = &session.server().version;
    assert!(version.starts_with("MariaDB 1") || version.starts_with("MySQL "), "{version}");
    assert_eq!((session.server().engine, session.server().database.as_str()), ("mysql", database.name.as_str()));
    session.close().await;

    let options = ConnectOptions { connect_timeout: Duration::from_secs(2), ..ConnectOptions::default() };
    let mut wrong = database.url();
    wrong.password = Some("wr0ng".to_owned());
    let error = MySql.connect(&wrong, &options).await.err().unwrap();
    assert!(matches!(error, Error::Login { .. }) && !error.to_string().contains("wr0ng"), "{error}");
    let mut missing = database.url();
    missing.path = "no_such_database".to_owned();
    let error = MySql.connect(&missing, &options).await.err().unwrap();
    assert!(matches!(error, Error::Login { .. }) && error.to_string().contains("no_such_database"), "{error}");
    let mut closed = database.url();
    closed.authority = "127.0.0.1:1".to_owned();
    let started = std::time::Instant::now();
    let error = MySql.connect(&closed, &options).await.err().unwrap();
    assert!(matches!(error, Error::Connect { .. }) && started.elapsed() < Duration::from_secs(10), "{error}");
    // Something that accepts and never speaks.
    let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    closed.authority = mute.local_addr().unwrap().to_string();
    let error = MySql.connect(&closed, &options).await.err().unwrap();
    assert!(matches!(&error, Error::Connect { reason, .. } if reason.contains("no answer within")), "{error}");
    // The next host is tried.
    let mut several = database.url();
    several.authority = format!("127.0.0.1:1,{}", several.authority);
    MySql.connect(&several, &options).await.unwrap().close().await;
    database.drop().await;
}

#[tokio::test]
async fn a_full_server_is_asked_again() {
    let mut database = TestDatabase::new("full").await;
    let login = format!("{}_u", database.name);
    database.run(&format!("CREATE USER `{login}` IDENTIFIED BY 'pw' WITH MAX_USER_CONNECTIONS 1")).await;
    database.run(&format!("GRANT ALL ON `{}`.* TO `{login}`", database.name)).await;
    let mut url = database.url();
    (url.user, url.password) = (Some(login.clone()), Some("pw".to_owned()));
    let options = ConnectOptions { connect_timeout: Duration::from_millis(400), ..ConnectOptions::default() };
    let first = MySql.connect(&url, &options).await.unwrap();
    let error = MySql.connect(&url, &options).await.err().unwrap();
    assert!(matches!(&error, Error::Connect { reason, .. } if reason.contains("max_user_connections")), "{error}");
    let patient = ConnectOptions { connect_timeout: Duration::from_secs(10), ..ConnectOptions::default() };
    let second = tokio::spawn(async move { MySql.connect(&url, &patient).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    first.close().await;
    second.await.unwrap().unwrap().close().await;
    database.run(&format!("DROP USER `{login}`")).await;
    database.drop().await;
}

#[tokio::test]
async fn a_read_only_server_is_refused() {
    let mut database = TestDatabase::new("readonly").await;
    let mut session = database.session().await;
    // The other tests' login may write all the same; it is set back at once.
    database.run("SET GLOBAL read_only = 1").await;
    let fit = session.ensure_fit().await;
    database.run("SET GLOBAL read_only = 0").await;
    let error = fit.unwrap_err();
    assert!(matches!(&error, Error::Unfit(why) if why.contains("read_only")), "{error}");
    session.close().await;
    database.drop().await;
}
