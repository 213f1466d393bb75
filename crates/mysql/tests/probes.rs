//! What a probe says of every kind of statement that stands alone: before it ran, after it ran, and, where a server that crashed
//! in the midst of it leaves a part, of that part made by hand.

mod common;
#[allow(unreachable_pub)]
#[path = "common/kinds.rs"]
mod kinds;

use common::{TIMEOUTS, TestDatabase, execute};
use driftlock_database::{ConnectOptions, Engine, Probe, Session};
use driftlock_mysql::MySql;
use kinds::After::{Again, Done, Unknown};
use kinds::KINDS;

/// What one kind needs is made, and gone before the next.
async fn clear(database: &mut TestDatabase, user: &str) {
    let name = database.name.clone();
    for sql in [
        format!("DROP DATABASE {name}"),
        format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"),
        format!("USE {name}"),
        format!("DROP DATABASE IF EXISTS {user}_d"),
        format!("DROP SERVER IF EXISTS {user}_s"),
        format!("DROP USER IF EXISTS '{user}1', '{user}2', '{user}3'"),
        format!("DROP ROLE IF EXISTS '{user}r'"),
    ] {
        database.run(&sql).await;
    }
}

fn product(session: &dyn Session) -> &'static str {
    if session.server().version.starts_with("MariaDB") { "MariaDB" } else { "MySQL" }
}

#[tokio::test]
async fn every_kind_is_told_before_it_ran_and_after() {
    let mut database = TestDatabase::new("kinds").await;
    let name = database.name.clone();
    let user = format!("u{}", std::process::id());
    let mut counted = 0;
    let session = database.session().await;
    let server = product(&*session);
    session.close().await;
    for kind in KINDS.iter().filter(|kind| kind.on.contains(&server)) {
        counted += 1;
        clear(&mut database, &user).await;
        let password = if server == "MariaDB" { "PASSWORD('Pw-3-long')" } else { "'Pw-3-long'" };
        let fill = |sql: &str| sql.replace("{u}", &user).replace("{d}", &name).replace("{password}", password);
        let mut session = database.session().await;
        session.reset(&TIMEOUTS).await.unwrap();
        for sql in kind.needs {
            database.run(&fill(sql)).await;
        }
        let sql = fill(kind.sql);
        let before = session.object_digest(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let never_run = session.probe(&sql, before.as_deref()).await.unwrap();
        match kind.after {
            Unknown(words) if before.is_none() => {
                assert!(
                    matches!(&never_run, Probe::Unknown(why) if why.contains(words)),
                    "before {sql}: {never_run:?}"
                );
            }
            _ => assert_eq!(never_run, Probe::NotRun, "before {sql}"),
        }
        execute(&mut *session, &[&sql]).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let ran = session.probe(&sql, before.as_deref()).await.unwrap();
        match kind.after {
            Done => assert_eq!(ran, Probe::Done, "after {sql}"),
            Again => {
                assert_eq!(ran, Probe::NotRun, "after {sql}");
                execute(&mut *session, &[&sql]).await.unwrap_or_else(|error| panic!("again {sql}: {error}"));
            }
            Unknown(words) => {
                assert!(matches!(&ran, Probe::Unknown(why) if why.contains(words)), "after {sql}: {ran:?}");
            }
        }
        session.close().await;
    }
    assert!(counted > 60, "{counted}");
    clear(&mut database, &user).await;
    database.drop().await;
}

/// A session that logs in as somebody with these rights.
async fn session_with(database: &mut TestDatabase, login: &str, rights: &[&str]) -> Box<dyn Session> {
    database.run(&format!("CREATE USER {login} IDENTIFIED BY 'Pw-5-long'")).await;
    for right in rights {
        database.run(&format!("GRANT {right} TO {login}")).await;
    }
    let mut url = database.url();
    (url.user, url.password) = (Some(login.to_owned()), Some("Pw-5-long".to_owned()));
    MySql.connect(&url, &ConnectOptions::default()).await.expect("a session")
}

#[tokio::test]
async fn what_a_crashed_server_leaves_of_several_is_finished() {
    let mut database = TestDatabase::new("half").await;
    let user = format!("h{}", std::process::id());
    let mut session = database.session().await;
    session.reset(&TIMEOUTS).await.unwrap();
    for sql in [
        "CREATE TABLE a (x int)",
        "CREATE TABLE b (x int)",
        "CREATE TABLE c (x int)",
        "CREATE VIEW v AS SELECT 1",
        "CREATE VIEW w AS SELECT 1",
    ] {
        database.run(sql).await;
    }
    let (first, second) = (format!("'{user}1'@'%'"), format!("'{user}2'@'%'"));
    let cases = [
        ("DROP TABLE a, b, c".to_owned(), "DROP TABLE a".to_owned(), "DROP TABLE b"),
        ("DROP VIEW v, w".to_owned(), "DROP VIEW v".to_owned(), "DROP VIEW w"),
        (
            format!("CREATE USER {first} IDENTIFIED BY 'Pw-6-long', {second} IDENTIFIED BY 'Pw-7-long'"),
            format!("CREATE USER {first} IDENTIFIED BY 'Pw-6-long'"),
            "",
        ),
        (format!("DROP USER {first}, {second}"), format!("DROP USER {first}"), ""),
    ];
    for (sql, half, gone) in cases {
        let before = session.object_digest(&sql).await.unwrap();
        database.run(&half).await;
        assert_eq!(session.probe(&sql, before.as_deref()).await.unwrap(), Probe::Done, "{sql}");
        // All of it is there now: nothing is left to drop, both accounts are.
        if !gone.is_empty() {
            assert!(execute(&mut *session, &[gone]).await.is_err(), "{gone}");
        } else if sql.starts_with("CREATE") {
            execute(&mut *session, &[&format!("SHOW GRANTS FOR {second}")]).await.unwrap();
        }
    }
    session.close().await;
    database.drop().await;
}

#[tokio::test]
async fn what_others_did_since_is_not_undone_and_not_taken_for_ours() {
    let mut database = TestDatabase::new("others").await;
    let mut session = database.session().await;
    session.reset(&TIMEOUTS).await.unwrap();
    for sql in ["CREATE TABLE a (x int)", "CREATE TABLE b (x int)", "CREATE TABLE m (x int) ENGINE=MyISAM"] {
        database.run(sql).await;
    }
    // Somebody alters the table before the statement ran: it still runs.
    let add = "ALTER TABLE a ADD y int";
    let before = session.object_digest(add).await.unwrap();
    database.run("ALTER TABLE a ADD z int").await;
    assert_eq!(session.probe(add, before.as_deref()).await.unwrap(), Probe::NotRun);
    // A table that came back as another one isn't dropped, IF EXISTS or not.
    for drop in ["DROP TABLE a, b", "DROP TABLE IF EXISTS a, b"] {
        let before = session.object_digest(drop).await.unwrap();
        database.run("DROP TABLE a").await;
        database.run("DROP TABLE b").await;
        database.run("CREATE TABLE b (other int)").await;
        let probe = session.probe(drop, before.as_deref()).await.unwrap();
        assert!(matches!(&probe, Probe::Unknown(why) if why.contains("table `b` is still there")), "{probe:?}");
        database.run("CREATE TABLE a (x int)").await;
        database.run("DROP TABLE b").await;
        database.run("CREATE TABLE b (x int)").await;
    }
    // Rows that came after a TRUNCATE stay.
    for (table, seen) in [("a", true), ("m", false)] {
        database.run(&format!("INSERT INTO {table} (x) VALUES (1)")).await;
        let truncate = format!("TRUNCATE {table}");
        let before = session.object_digest(&truncate).await.unwrap();
        database.run(&truncate).await;
        database.run(&format!("INSERT INTO {table} (x) VALUES (2)")).await;
        match session.probe(&truncate, before.as_deref()).await.unwrap() {
            Probe::Done => assert!(seen, "{table}"),
            Probe::Unknown(why) => assert!(!seen && why.contains("emptied it and others filled it"), "{table}: {why}"),
            Probe::NotRun => panic!("{table} would be emptied again"),
        }
    }
    // An event that runs once is gone when it has run, as if it had never been.
    let once = "CREATE EVENT e ON SCHEDULE AT CURRENT_TIMESTAMP DO INSERT INTO a (x) VALUES (3)";
    let before = session.object_digest(once).await.unwrap();
    let probe = session.probe(once, before.as_deref()).await.unwrap();
    assert!(matches!(&probe, Probe::Unknown(why) if why.contains("runs once")), "{probe:?}");
    session.close().await;
    database.drop().await;
}

#[tokio::test]
async fn what_these_rights_hide_is_said_with_the_right_that_shows_it() {
    let mut database = TestDatabase::new("rights").await;
    let name = database.name.clone();
    for sql in [
        "CREATE TABLE t (x int)",
        "INSERT INTO t VALUES (1)",
        "CREATE TABLE w (x int)",
        "CREATE VIEW v AS SELECT 1",
        "CREATE PROCEDURE p() SELECT 1",
    ] {
        database.run(sql).await;
    }
    let rights = [
        format!("CREATE, DROP, ALTER, CREATE VIEW, CREATE ROUTINE, ALTER ROUTINE ON {name}.*"),
        "CREATE USER ON *.*".to_owned(),
    ];
    let login = format!("r{}", std::process::id());
    let rights: Vec<&str> = rights.iter().map(String::as_str).collect();
    let mut session = session_with(&mut database, &login, &rights).await;
    // That they are there is enough to know of what is made and dropped.
    for (sql, undo) in
        [("DROP VIEW v", "CREATE VIEW v AS SELECT 1"), ("DROP PROCEDURE p", "CREATE PROCEDURE p() SELECT 1")]
    {
        let before = session.object_digest(sql).await.unwrap();
        assert_eq!(session.probe(sql, before.as_deref()).await.unwrap(), Probe::NotRun, "{sql}");
        database.run(sql).await;
        assert_eq!(session.probe(sql, before.as_deref()).await.unwrap(), Probe::Done, "{sql}");
        database.run(undo).await;
    }
    for (sql, right) in [
        ("TRUNCATE t", "the right PROCESS"),
        ("RENAME TABLE t TO x, w TO t, x TO w", "the right PROCESS"),
        ("REVOKE CREATE ON *.* FROM root@nowhere", "SELECT on `mysql`.*"),
        ("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1", "EVENT on its database"),
    ] {
        let before = session.object_digest(sql).await.unwrap();
        let probe = session.probe(sql, before.as_deref()).await.unwrap();
        assert!(matches!(&probe, Probe::Unknown(why) if why.contains(right)), "{sql}: {probe:?}");
    }
    database.run("DELETE FROM t").await;
    session.close().await;
    database.run(&format!("DROP USER {login}")).await;
    database.drop().await;
}
