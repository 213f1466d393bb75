//! What a probe says of every kind of statement that stands alone: before it ran, after it ran, and, where a server that crashed
//! in the midst of it leaves a part, of that part made by hand.

mod common;

use common::{TIMEOUTS, TestDatabase, execute};
use driftlock_database::{ConnectOptions, Engine, Probe, Session};
use driftlock_mysql::MySql;

/// What is expected after a statement ran.
#[derive(Clone, Copy, PartialEq)]
enum After {
    /// Seen to be done.
    Done,
    /// Run again, which is no error and changes nothing.
    Again,
    /// Exit code 7, with these words.
    Unknown(&'static str),
}
use After::{Again, Done, Unknown};

const SERVERS: [&str; 2] = ["MariaDB", "MySQL"];

/// A kind of statement: on which servers, what it needs, itself, and what is said of it after it ran.
struct Kind {
    on: &'static [&'static str],
    needs: &'static [&'static str],
    sql: &'static str,
    after: After,
}

const fn kind(needs: &'static [&'static str], sql: &'static str, after: After) -> Kind {
    Kind { on: &SERVERS, needs, sql, after }
}

const fn mariadb(needs: &'static [&'static str], sql: &'static str, after: After) -> Kind {
    Kind { on: &["MariaDB"], needs, sql, after }
}

const T: &[&str] = &["CREATE TABLE t (a int NOT NULL, b int) ENGINE=InnoDB", "INSERT INTO t VALUES (1, 1), (2, 2)"];
const TWO: &[&str] = &["CREATE TABLE t (a int)", "CREATE TABLE u (a int)", "INSERT INTO t VALUES (1)"];
const PARTITIONS: &[&str] = &[
    "CREATE TABLE p (a int) PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20))",
    "INSERT INTO p VALUES (1), (11)",
    "CREATE TABLE x (a int)",
];
const MYISAM: &[&str] =
    &["CREATE TABLE m (a int, b int, UNIQUE (a)) ENGINE=MyISAM", "INSERT INTO m VALUES (1, 1), (2, 2)"];
const ACCOUNTS: &[&str] = &["CREATE USER '{u}1', '{u}2'"];

/// Every kind, in the order of the page that tells of them.
const KINDS: &[Kind] = &[
    kind(&[], "CREATE TABLE t (a int NOT NULL AUTO_INCREMENT PRIMARY KEY)", Done),
    kind(&[], "CREATE TABLE IF NOT EXISTS t (a int)", Again),
    kind(T, "CREATE TABLE c LIKE t", Done),
    kind(T, "CREATE TABLE c SELECT a FROM t", Done),
    kind(T, "CREATE TABLE IF NOT EXISTS t SELECT 3 AS a, 3 AS b", Again),
    mariadb(T, "CREATE OR REPLACE TABLE t (a int NOT NULL, b int) ENGINE=InnoDB", Done),
    mariadb(T, "CREATE OR REPLACE TABLE t (z int)", Done),
    mariadb(T, "CREATE OR REPLACE TABLE t SELECT 9 AS nine", Done),
    mariadb(MYISAM, "CREATE OR REPLACE TABLE m (z int) ENGINE=MyISAM", Done),
    kind(T, "ALTER TABLE t ADD c int, ADD INDEX i (b), DROP COLUMN a", Done),
    kind(T, "ALTER TABLE t ADD PRIMARY KEY (a)", Done),
    kind(T, "ALTER TABLE t ADD INDEX (b)", Done),
    kind(T, "ALTER TABLE t CHANGE b c bigint, ALGORITHM=COPY", Done),
    kind(T, "ALTER TABLE t RENAME COLUMN b TO c", Done),
    kind(T, "ALTER TABLE t MODIFY b bigint COMMENT 'x'", Again),
    kind(T, "ALTER TABLE t CONVERT TO CHARACTER SET latin1", Again),
    kind(T, "ALTER TABLE t ENGINE=MyISAM", Again),
    kind(T, "ALTER TABLE t FORCE", Again),
    kind(T, "ALTER TABLE t ORDER BY b", Again),
    kind(T, "ALTER TABLE t COMMENT 'x', AUTO_INCREMENT=7", Again),
    mariadb(T, "ALTER TABLE t ADD COLUMN IF NOT EXISTS c int", Again),
    kind(T, "ALTER TABLE t RENAME TO w, ADD c int", Done),
    kind(T, "CREATE INDEX i ON t (b)", Done),
    kind(&["CREATE TABLE t (a int, INDEX i (a))"], "DROP INDEX i ON t", Done),
    kind(PARTITIONS, "ALTER TABLE p ADD PARTITION (PARTITION p2 VALUES LESS THAN (30))", Done),
    kind(PARTITIONS, "ALTER TABLE p DROP PARTITION p0", Done),
    kind(
        PARTITIONS,
        "ALTER TABLE p REORGANIZE PARTITION p0 INTO (PARTITION n0 VALUES LESS THAN (5), PARTITION n1 VALUES LESS THAN (10))",
        Done,
    ),
    kind(PARTITIONS, "ALTER TABLE p REMOVE PARTITIONING", Done),
    kind(PARTITIONS, "ALTER TABLE p ANALYZE PARTITION p0", Again),
    kind(PARTITIONS, "ALTER TABLE p TRUNCATE PARTITION p0", Done),
    kind(PARTITIONS, "ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE x", Done),
    kind(T, "ALTER TABLE t DISCARD TABLESPACE", Done),
    kind(T, "RENAME TABLE t TO w", Done),
    kind(TWO, "RENAME TABLE t TO v, u TO t", Done),
    kind(TWO, "RENAME TABLE t TO w, u TO t, w TO u", Done),
    kind(T, "DROP TABLE t", Done),
    kind(TWO, "DROP TABLE t, u", Done),
    kind(TWO, "DROP TABLE IF EXISTS t, u", Done),
    kind(T, "TRUNCATE t", Again),
    kind(MYISAM, "TRUNCATE TABLE m", Again),
    kind(T, "CREATE VIEW v AS SELECT a FROM t", Done),
    kind(T, "CREATE OR REPLACE VIEW v AS SELECT a FROM t", Again),
    kind(&["CREATE VIEW v AS SELECT 1 AS a"], "ALTER VIEW v AS SELECT 2 AS b", Again),
    kind(&["CREATE VIEW v AS SELECT 1 AS a", "CREATE VIEW w AS SELECT 1 AS a"], "DROP VIEW v, w", Done),
    kind(T, "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.b = 1", Done),
    mariadb(T, "CREATE OR REPLACE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.b = 1", Again),
    kind(
        &["CREATE TABLE t (a int)", "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1"],
        "DROP TRIGGER x",
        Done,
    ),
    kind(&[], "CREATE PROCEDURE f() SELECT 1", Done),
    mariadb(&[], "CREATE OR REPLACE PROCEDURE f() SELECT 1", Again),
    kind(&["CREATE PROCEDURE f() SELECT 1"], "ALTER PROCEDURE f COMMENT 'x'", Again),
    kind(&["CREATE PROCEDURE f() SELECT 1"], "DROP PROCEDURE f", Done),
    kind(&[], "CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1", Done),
    kind(&["CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1"], "DROP FUNCTION f", Done),
    kind(&[], "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1", Done),
    kind(&[], "CREATE EVENT e ON SCHEDULE AT '2037-01-01 00:00:00' DISABLE DO SELECT 1", Done),
    kind(&["CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1"], "ALTER EVENT e COMMENT 'x'", Done),
    kind(&["CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1"], "ALTER EVENT e RENAME TO g", Done),
    kind(&["CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1"], "DROP EVENT e", Done),
    mariadb(&[], "CREATE SEQUENCE s", Done),
    mariadb(&["CREATE SEQUENCE s", "DO NEXTVAL(s)"], "CREATE OR REPLACE SEQUENCE s", Done),
    mariadb(&["CREATE SEQUENCE s"], "ALTER SEQUENCE s INCREMENT BY 5", Again),
    mariadb(&["CREATE SEQUENCE s"], "ALTER SEQUENCE s RESTART 500", Unknown("the next value of sequence `s`")),
    mariadb(&["CREATE SEQUENCE s"], "DROP SEQUENCE s", Done),
    kind(&[], "CREATE DATABASE {u}_d", Done),
    kind(&["CREATE DATABASE {u}_d"], "ALTER DATABASE {u}_d CHARACTER SET latin1", Again),
    kind(&["CREATE DATABASE {u}_d", "CREATE TABLE {u}_d.t (a int)"], "DROP DATABASE {u}_d", Done),
    kind(&[], "CREATE USER '{u}1' IDENTIFIED BY 'Pw-1-long', '{u}2' IDENTIFIED BY 'Pw-2-long'", Done),
    mariadb(ACCOUNTS, "CREATE OR REPLACE USER '{u}1'", Again),
    kind(ACCOUNTS, "ALTER USER '{u}1' IDENTIFIED BY 'Pw-1-long'", Again),
    kind(ACCOUNTS, "SET PASSWORD FOR '{u}1' = {password}", Again),
    kind(ACCOUNTS, "RENAME USER '{u}1' TO '{u}3'", Done),
    kind(ACCOUNTS, "DROP USER '{u}1', '{u}2'", Done),
    kind(&[], "CREATE ROLE '{u}r'", Done),
    kind(&["CREATE ROLE '{u}r'", "CREATE USER '{u}1'"], "GRANT '{u}r' TO '{u}1'", Again),
    kind(&["CREATE ROLE '{u}r'", "CREATE USER '{u}1'", "GRANT '{u}r' TO '{u}1'"], "REVOKE '{u}r' FROM '{u}1'", Done),
    kind(ACCOUNTS, "GRANT SELECT ON {d}.* TO '{u}1', '{u}2'", Again),
    kind(
        &["CREATE USER '{u}1', '{u}2'", "GRANT SELECT ON {d}.* TO '{u}1', '{u}2'"],
        "REVOKE SELECT ON {d}.* FROM '{u}1', '{u}2'",
        Done,
    ),
    kind(&["CREATE ROLE '{u}r'"], "DROP ROLE '{u}r'", Done),
    kind(&[], "CREATE SERVER {u}_s FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1')", Done),
    kind(&["CREATE SERVER {u}_s FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1')"], "DROP SERVER {u}_s", Done),
    kind(MYISAM, "INSERT INTO m VALUES (3, 3), (4, 4)", Done),
    kind(MYISAM, "INSERT INTO m VALUES (1, 1) ON DUPLICATE KEY UPDATE b = b + 1", Unknown("knows no transactions")),
    kind(MYISAM, "INSERT IGNORE INTO m VALUES (2, 2), (3, 3)", Unknown("has now 3 rows")),
    kind(MYISAM, "REPLACE INTO m VALUES (1, 5), (9, 9)", Unknown("knows no transactions")),
    kind(MYISAM, "UPDATE m SET b = b + 1", Unknown("knows no transactions")),
    kind(MYISAM, "DELETE FROM m WHERE a = 1", Unknown("knows no transactions")),
    kind(T, "ANALYZE TABLE t", Again),
    kind(T, "OPTIMIZE TABLE t", Again),
    kind(&[], "FLUSH TABLES", Again),
    kind(&[], "SET GLOBAL max_connect_errors = 1234", Again),
    kind(&["CREATE PROCEDURE f() SELECT 1"], "CALL f()", Unknown("a routine or a prepared statement")),
];

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
