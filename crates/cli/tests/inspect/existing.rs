//! `init --from`: a project that begins with a database that exists.

use std::path::Path;

use crate::engines::{inspected, shadow};
use crate::target::{ALL, Engine, Ran, Target};

/// What each engine has of its own, beside a table of another tool's.
fn made(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "CREATE TABLE customer (id integer PRIMARY KEY, email text NOT NULL UNIQUE); CREATE TABLE log (at text); \
             CREATE TRIGGER customer_log AFTER INSERT ON customer BEGIN INSERT INTO log VALUES (NEW.email); DELETE FROM log WHERE at IS NULL; END;"
        }
        Engine::Postgres => {
            "CREATE TABLE customer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE); \
             CREATE VIEW emails AS SELECT email FROM customer; CREATE INDEX ON customer (lower(email));"
        }
        Engine::MySql => {
            "CREATE TABLE customer (id bigint PRIMARY KEY AUTO_INCREMENT, email varchar(100) NOT NULL UNIQUE); CREATE TABLE log (at text); \
             DELIMITER //\nCREATE TRIGGER customer_log AFTER INSERT ON customer FOR EACH ROW BEGIN INSERT INTO log VALUES (NEW.email); \
             DELETE FROM log WHERE at IS NULL; END//\nDELIMITER ;\n"
        }
    }
}

const OTHERS: &str = "CREATE TABLE schema_migrations (version varchar(100) NOT NULL PRIMARY KEY);";

/// A database with all of that, made by driftlock's reading of a file: other clients split otherwise.
fn existing(engine: Engine) -> Target {
    let target = Target::new(engine);
    target.migration(1, &format!("{OTHERS}\n{}", made(engine)));
    target.run(&["up", "-q"]).expect(0);
    // As if driftlock had never been here.
    for table in ["history", "journal", "fence"] {
        target.query(&format!("DROP TABLE driftlock_{table}"));
    }
    std::fs::remove_dir_all(target.migrations()).unwrap();
    target
}

fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with(".cache") {
            // What is remembered of readings is nobody's file.
        } else if path.is_dir() {
            found.extend(files(&path));
        } else if !path.display().to_string().contains("test.db") {
            found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    found
}

fn init(target: &Target, more: &[&str]) -> Ran {
    let shadow = shadow(target);
    let mut arguments = vec!["init", "--from", &target.url];
    arguments.extend(shadow.iter().map(String::as_str));
    arguments.extend(more);
    Ran::new(target.command(&arguments).output().unwrap())
}

#[test]
fn a_project_that_begins_with_a_database_goes_on_with_it() {
    for engine in ALL {
        let target = existing(engine);
        // Seen from a folder without a configuration.
        let elsewhere = Target::new(Engine::Sqlite);
        let look = || inspected(&elsewhere, &target.url);
        let before = look();
        let ran = init(&target, &["--format", "json"]).expect(0);
        let said: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(said["unmodelled"], serde_json::json!([]), "{engine:?}");
        let rule = said["ignored"][0]["rule"].as_str().unwrap();
        assert!(rule.ends_with("schema_migrations") && said["ignored"][0]["reason"] == "dbmate's record", "{said}");
        assert_eq!(look(), before, "{engine:?}: it only reads");

        let written = files(target.path());
        assert_eq!(written.len(), 4, "{written:?}");
        if let Some((_, login)) = target.url.split_once("://").filter(|_| engine != Engine::Sqlite) {
            let password = format!(":{}@", login.split(['@', ':']).nth(1).unwrap());
            assert!(written.iter().all(|(_, text)| !text.contains(&password)), "{engine:?}: a password is in a file");
        }

        let run = |arguments: &[&str]| {
            let mut command = target.command(arguments);
            Ran::new(command.env("DATABASE_URL", &target.url).output().unwrap())
        };
        let version = said["version"].as_str().unwrap();
        run(&["baseline", version, "-q"]).expect(0);
        run(&["up"]).expect(0).says(&["nothing to do: 1 migration is applied"]);
        run(&["check"]).expect(0);
        let shown = run(&["inspect", "--format", "json"]).expect(0).stdout;
        let live: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(live["fingerprint"], inspected(&target, "lock:migrations/schema.lock")["fingerprint"], "{engine:?}");

        // Nothing is written over.
        let again = init(&target, &[]);
        again.expect(2).says(&["driftlock.toml is there already"]);
        assert_eq!(files(target.path()), written);
    }
}

#[test]
fn a_database_beside_it_is_compared() {
    let target = existing(Engine::Sqlite);
    let beside = existing(Engine::Sqlite);
    beside.query("ALTER TABLE customer ADD COLUMN phone text");
    beside.query("CREATE TABLE more (id integer)");
    let ran = init(&target, &["--beside", &beside.url]).expect(0);
    ran.says(&[
        "differs in 2 things:",
        "  table customer, column phone: only there",
        "  table more: only there",
        "table:schema_migrations (dbmate's record)",
    ]);
}

#[test]
fn nothing_is_written_where_something_is_in_the_way() {
    let target = existing(Engine::Sqlite);
    std::fs::create_dir(target.migrations()).unwrap();
    target.migration(1, "SELECT 1;");
    init(&target, &[]).expect(2).says(&["there are migrations in migrations already"]);
    assert!(!target.path().join("driftlock.toml").exists());
    let cases: [(&[&str], &str); 4] = [
        (&["--beside", "postgres://host/shop"], "--beside is of postgres, and --from is of sqlite"),
        (&["--layout", "goose"], "driftlock's own layout"),
        (&["--exclude", ":"], "names nothing"),
        (&["--shadow-url", "mysql://host/"], "the shadow is of mysql"),
    ];
    for (more, part) in cases {
        init(&target, &[&["--dir", "db"], more].concat()).expect(2).says(&[part]);
    }
    assert!(!target.path().join("db").exists());
}
