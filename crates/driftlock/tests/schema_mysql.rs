//! What is read of mysql, proved by the engine's own account.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "mysql")]

mod common;

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use common::{TestDatabase, proving, server};
use driftlock::database::{Event, Inspection, Observer, Reach, Runnable, Session};
use driftlock::schema::Id;
use driftlock::{ConnectOptions, DatabaseUrl, engine_of};

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_and_attribute_of_the_corpus_is_proved_and_needed() {
    proving::hold("mysql", proving::corpus("mysql")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_of_other_tools_are_proved() {
    proving::conform("mysql", "mariadb.jsonl", &[]).await;
}

async fn is_mariadb() -> bool {
    proving::Server::of("mysql").await.product == "MariaDB"
}

/// Something of every kind that both products have.
const SHOP: &[&str] = &[
    "CREATE TABLE customers (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(50) NOT NULL DEFAULT 'é', data json, \
     since datetime DEFAULT current_timestamp, place point, CHECK (name <> 'x'), KEY by_name (name DESC), FULLTEXT KEY (name))",
    "CREATE TABLE orders (id int PRIMARY KEY, customer int, total decimal(8,2), net decimal(8,2) AS (total / 1.2), \
     CONSTRAINT of_customer FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE)",
    "CREATE TABLE log (id int, at date) PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (10), PARTITION b VALUES LESS THAN MAXVALUE)",
    "CREATE FUNCTION twice(x int) RETURNS int DETERMINISTIC RETURN x * 2",
    "CREATE PROCEDURE tidy(IN `from` int) DELETE FROM log WHERE id > `from`",
    "CREATE VIEW totals AS SELECT c.name, twice(sum(o.total)) AS total FROM orders o JOIN customers c ON c.id = o.customer GROUP BY c.name",
    "CREATE TRIGGER written AFTER INSERT ON orders FOR EACH ROW INSERT INTO log VALUES (NEW.id, NULL)",
    "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01 03:00:00' COMMENT 'n' DO CALL tidy(5)",
];

async fn shop() -> TestDatabase {
    let mut statements: Vec<String> = SHOP.iter().map(|&sql| sql.to_owned()).collect();
    if is_mariadb().await {
        statements.push("CREATE SEQUENCE numbers".to_owned());
    }
    proving::database("mysql", &statements).await.unwrap()
}

struct Nobody;

impl Observer for Nobody {
    fn event(&mut self, _: Event) {}
}

async fn execute(session: &mut dyn Session, sql: &str) {
    let runnable = Runnable { sql, copy_data: None };
    session.execute(&[runnable], &mut Nobody).await.map_err(|error| format!("{sql}: {}", error.error)).unwrap();
}

/// The fingerprint by everything but who is connected, and the census likewise.
async fn read(session: &mut dyn Session) -> (String, driftlock::database::Census) {
    let inspection = session.inspect().await.unwrap();
    assert_eq!((&inspection.incomplete[..], &inspection.unmodelled[..]), (&[][..], &[][..]));
    let mut census = session.census().await.unwrap();
    census.apply(&driftlock::schema::Filter::new());
    (inspection.schema.fingerprint().to_string(), census)
}

async fn as_user(url: &str, user: &str) -> Box<dyn Session> {
    let mut url = DatabaseUrl::parse(url).unwrap();
    url.user = Some(user.to_owned());
    url.password = Some("a secret of a test".to_owned());
    engine_of(&url).unwrap().connect(&url, &ConnectOptions::default()).await.unwrap()
}

/// A login of its own, dropped with this.
struct User(String);

impl User {
    async fn new(name: &str, grants: &[String]) -> Self {
        // Two tests may give theirs the same name.
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let user = User(format!("dl_{name}_{}_{number}", std::process::id()));
        let mut statements = vec![
            format!("DROP USER IF EXISTS {}", user.0),
            format!("CREATE USER {} IDENTIFIED BY 'a secret of a test'", user.0),
        ];
        statements.extend(grants.iter().map(|grant| format!("GRANT {grant} TO {}", user.0)));
        proving::run(&format!("{}information_schema", server("TEST_MYSQL_URL")), &statements).await.unwrap();
        user
    }

    async fn drop(self) {
        let url = format!("{}information_schema", server("TEST_MYSQL_URL"));
        proving::run(&url, &[format!("DROP USER {}", self.0)]).await.unwrap();
    }
}

/// MySQL fails to list the connections in `information_schema` while one of them runs such a statement.
#[tokio::test(flavor = "multi_thread")]
async fn a_letter_of_four_bytes_in_a_statement_of_somebody_else_stands_in_nobodys_way() {
    let database = shop().await;
    let expected = read(proving::session(&database.url).await.as_mut()).await;
    let mut other = proving::session(&database.url).await;
    let running = tokio::spawn(async move { execute(other.as_mut(), "DO SLEEP(2), '\u{1F600}?'").await });
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let mut session = proving::session(&database.url).await;
    assert!(read(session.as_mut()).await == expected);
    assert!(!running.is_finished());
    running.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_is_the_same_whatever_the_session_is_set_to_and_leaves_it_so() {
    let database = shop().await;
    let mut session = proving::session(&database.url).await;
    let expected = read(session.as_mut()).await;
    let mariadb = is_mariadb().await;
    let settings = [
        "sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,PAD_CHAR_TO_FULL_LENGTH'",
        "time_zone = '+09:00'",
        "lc_messages = 'de_DE'",
        "lc_time_names = 'de_DE'",
        "character_set_results = latin1",
        "character_set_results = NULL",
        "collation_connection = utf8mb4_bin",
        "sql_quote_show_create = 0",
        "sql_select_limit = 1",
        "sql_safe_updates = 1",
    ];
    let mariadbs_own = ["sql_mode = 'ORACLE'", "old_mode = ''"];
    for setting in settings.into_iter().chain(mariadbs_own.into_iter().filter(|_| mariadb)) {
        execute(session.as_mut(), &format!("SET {setting}")).await;
        assert!(read(session.as_mut()).await == expected, "{setting}");
        let (name, value) = setting.split_once(" = ").unwrap();
        let check = format!(
            "DO (SELECT 1 UNION SELECT IF(@@session.{name} <=> {}, 1, 2))",
            match (name, value) {
                ("character_set_results" | "collation_connection", charset) if charset != "NULL" =>
                    format!("'{charset}'"),
                // The server adds what belongs to it.
                ("sql_mode", _) => "@@session.sql_mode".to_owned(),
                (_, value) => value.to_owned(),
            }
        );
        execute(session.as_mut(), &check).await;
    }
    session.close().await;
}

/// The right to read the bodies of routines that others made.
async fn sees_bodies() -> &'static str {
    if is_mariadb().await { "SELECT ON mysql.proc" } else { "SHOW_ROUTINE ON *.*" }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_login_with_all_rights_reads_the_same() {
    let database = shop().await;
    let mut session = proving::session(&database.url).await;
    let expected = read(session.as_mut()).await;
    session.close().await;
    // One that may ask InnoDB, and one that may not: foreign keys are read by another way.
    for (name, process) in [("all", "ALL PRIVILEGES ON *.*"), ("most", sees_bodies().await)] {
        let grants = [format!("ALL PRIVILEGES ON `{}`.*", database.name), process.to_owned()];
        let user = User::new(name, &grants).await;
        let mut session = as_user(&database.url, &user.0).await;
        assert!(read(session.as_mut()).await == expected, "{name}");
        session.close().await;
        user.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_may_not_see_all_says_so() {
    let database = shop().await;
    let sees_bodies = sees_bodies().await;
    let cases: [(&str, &[&str], &[&str]); 4] = [
        ("one", &["SELECT ON `{}`.orders"], &["SELECT", "TRIGGER", "EVENT", "EXECUTE"]),
        ("select", &["SELECT ON `{}`.*"], &["SHOW VIEW", "TRIGGER", "EVENT", "EXECUTE"]),
        ("view", &["SELECT, SHOW VIEW, TRIGGER, EVENT, EXECUTE ON `{}`.*"], &["the body of function twice"]),
        ("all", &["ALL ON `{}`.*", sees_bodies], &[]),
    ];
    for (name, grants, said) in cases {
        let grants: Vec<String> = grants.iter().map(|grant| grant.replace("{}", &database.name)).collect();
        let user = User::new(name, &grants).await;
        let mut session = as_user(&database.url, &user.0).await;
        let incomplete = session.inspect().await.unwrap().incomplete;
        assert_eq!(incomplete.is_empty(), said.is_empty(), "{name}: {incomplete:?}");
        for words in said {
            assert!(incomplete.iter().any(|reason| reason.contains(words)), "{name}: {words} in {incomplete:?}");
        }
        session.close().await;
        user.drop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_that_is_restored_elsewhere_is_the_same() {
    if !is_mariadb().await {
        eprintln!("left out: MariaDB's dump doesn't know what MySQL prints");
        return;
    }
    let (database, copy) = (shop().await, TestDatabase::new("mysql"));
    let url = DatabaseUrl::parse(&database.url).unwrap();
    let (host, port) = url.authority.split_once(':').unwrap();
    let client = |program: &str| {
        let mut command = Command::new(program);
        command.args(["-h", host, "-P", port, "-u", url.user.as_deref().unwrap()]);
        command.env("MYSQL_PWD", url.password.as_deref().unwrap_or_default()).stdout(Stdio::piped());
        command
    };
    let dump = client("mariadb-dump").args(["--routines", "--events", "--no-data", &database.name]).output().unwrap();
    assert!(dump.status.success() && !dump.stdout.is_empty());
    // A dump has nothing to say of the database itself.
    let mut sql = b"ALTER DATABASE COLLATE utf8mb4_general_ci;\n".to_vec();
    sql.extend(dump.stdout);
    let mut restore = client("mariadb").arg(&copy.name).stdin(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut restore.stdin.take().unwrap(), &sql).unwrap();
    assert!(restore.wait().unwrap().success());
    let mut session = proving::session(&database.url).await;
    execute(session.as_mut(), "ALTER DATABASE COLLATE utf8mb4_general_ci").await;
    let expected = read(session.as_mut()).await;
    session.close().await;
    let mut session = proving::session(&copy.url).await;
    let found = read(session.as_mut()).await;
    session.close().await;
    let differences = expected.1.differences(&found.1);
    assert!(differences.is_empty(), "{differences:?}");
    assert_eq!(found.0, expected.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_view_is_named_and_so_is_what_reads_it() {
    let database = shop().await;
    let mut session = proving::session(&database.url).await;
    for sql in
        ["CREATE VIEW a AS SELECT at FROM log", "CREATE VIEW b AS SELECT at FROM a", "ALTER TABLE log DROP COLUMN at"]
    {
        execute(session.as_mut(), sql).await;
    }
    let inspection = session.inspect().await.unwrap();
    session.close().await;
    let named: Vec<String> = inspection.unmodelled.iter().map(|it| it.object.to_string()).collect();
    assert_eq!(named, ["view:a", "view:b"]);
    let db = driftlock::connect(&database.url).await.unwrap();
    let proof = proving::prove(&db, &proving::shadow("mysql")).await.unwrap();
    assert_eq!(proof.differences, []);
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_catalog_tells_is_named_or_told_by_the_proof() {
    let database = shop().await;
    let mut session = proving::session(&database.url).await;
    let known = session.inspect().await.unwrap();
    assert_eq!(known.unmodelled, []);
    if is_mariadb().await {
        execute(session.as_mut(), "CREATE INDEX k ON orders (net) KEY_BLOCK_SIZE=4").await;
        let db = driftlock::connect(&database.url).await.unwrap();
        let proof = proving::prove(&db, &proving::shadow("mysql")).await.unwrap();
        assert_eq!(proof.differences.len(), 1, "{:?}", proof.differences);
        assert_eq!(proof.differences[0].about, "KEY `k`");
        db.close().await;
        session.close().await;
        return;
    }
    for sql in [
        "CREATE TABLE grows (id int PRIMARY KEY) AUTOEXTEND_SIZE=4M",
        "CREATE TABLE shares (id int PRIMARY KEY) TABLESPACE=innodb_system",
        "ALTER TABLE customers MODIFY name varchar(50) NOT NULL DEFAULT 'é' SECONDARY_ENGINE_ATTRIBUTE='{\"a\": 1}'",
        "ALTER TABLE customers SECONDARY_ENGINE_ATTRIBUTE='{\"b\": 1}'",
    ] {
        execute(session.as_mut(), sql).await;
    }
    execute(session.as_mut(), "ALTER DATABASE READ ONLY = 1").await;
    let inspection = session.inspect().await.unwrap();
    execute(session.as_mut(), "ALTER DATABASE READ ONLY = 0").await;
    let named: Vec<String> = inspection.unmodelled.iter().map(|it| it.object.to_string()).collect();
    assert_eq!(named, ["database:\"\"", "engine_attribute:customers", "tablespace:grows", "tablespace:innodb_system"]);
    let touched = ["customers", "grows", "shares"].map(str::to_owned);
    let again = session.inspect_again(&known, Reach::Tables(&touched)).await.unwrap();
    assert_eq!(again, session.inspect().await.unwrap());
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_again_what_was_touched_says_what_reading_all_does() {
    let database = shop().await;
    let mut session = proving::session(&database.url).await;
    let mut known: Inspection = session.inspect().await.unwrap();
    let steps: [(&str, Option<&[&str]>); 13] = [
        ("ALTER TABLE orders ADD COLUMN note text COMMENT 'n'", Some(&["orders"])),
        ("CREATE TABLE more (id int PRIMARY KEY REFERENCES customers (id))", Some(&[])),
        ("CREATE INDEX by_total ON orders (total)", Some(&["orders"])),
        ("CREATE TRIGGER second AFTER INSERT ON orders FOR EACH ROW DO 0", Some(&["orders"])),
        ("RENAME TABLE customers TO people", Some(&["customers", "people"])),
        ("CREATE VIEW on_more AS SELECT id FROM more", Some(&["more"])),
        ("DROP TABLE more", Some(&["more"])),
        ("DROP VIEW totals", Some(&["totals"])),
        ("CREATE FUNCTION thrice(x int) RETURNS int RETURN x * 3", None),
        ("DROP EVENT nightly", None),
        ("ALTER TABLE log ADD COLUMN level int DEFAULT 0 CHECK (level >= 0)", Some(&["log"])),
        ("DROP TABLE orders, people", Some(&["orders", "people"])),
        ("ALTER DATABASE COLLATE utf8mb4_unicode_ci", None),
    ];
    for (sql, touched) in steps {
        execute(session.as_mut(), sql).await;
        let touched: Option<Vec<String>> = touched.map(|names| names.iter().map(|&name| name.to_owned()).collect());
        known = session.inspect_again(&known, touched.as_deref().map_or(Reach::Anything, Reach::Tables)).await.unwrap();
        assert_eq!(known, session.inspect().await.unwrap(), "{sql}");
    }
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_changes_while_it_is_read_is_never_read_half() {
    let database = shop().await;
    let url = database.url.clone();
    let (stop, mut stopped) = tokio::sync::oneshot::channel::<()>();
    let changing = tokio::spawn(async move {
        let mut session = proving::session(&url).await;
        while stopped.try_recv().is_err() {
            execute(session.as_mut(), "ALTER TABLE log ADD COLUMN extra int, ADD KEY extra (extra)").await;
            tokio::time::sleep(std::time::Duration::from_millis(150)).await;
            execute(session.as_mut(), "ALTER TABLE log DROP KEY extra, DROP COLUMN extra").await;
            tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        }
        session.close().await;
    });
    let mut session = proving::session(&database.url).await;
    for _ in 0..30 {
        // That it changes all the time is an answer too.
        let Ok(inspection) = session.inspect().await else { continue };
        let log: Id = "table:log".parse().unwrap();
        let log = inspection.schema.get(&log).unwrap();
        assert_eq!(log.part("column", "extra").is_some(), log.part("index", "extra").is_some());
    }
    stop.send(()).unwrap();
    changing.await.unwrap();
    session.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_default_of_letters_that_the_catalog_loses_is_read_whole() {
    let sql =
        "CREATE TABLE t (a varchar(9) DEFAULT 'a😀?', b varbinary(4) DEFAULT x'00ff3f', c varchar(9) DEFAULT 'why?')";
    let database = proving::database("mysql", &[sql.to_owned()]).await.unwrap();
    let mut session = proving::session(&database.url).await;
    let inspection = session.inspect().await.unwrap();
    session.close().await;
    let table = inspection.schema.get(&"table:t".parse().unwrap()).unwrap();
    let defaults = ["a", "b", "c"].map(|name| table.part("column", name).unwrap().attributes.text("default").unwrap());
    let bytes = if is_mariadb().await { "x'00ff3f'" } else { "0x00FF3F" };
    assert_eq!(defaults, ["'a😀?'", bytes, "'why?'"]);
}
