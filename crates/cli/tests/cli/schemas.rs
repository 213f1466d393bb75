//! What `--format json` prints is what the schemas in `docs/json` say, all of it and nothing more.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use boon::{Compiler, Schemas};
use serde_json::Value;

use crate::environment::TestEnvironment;
use crate::help::commands;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/json")
}

fn schema(name: &str) -> Value {
    let path = folder().join(format!("{name}.schema.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// What the program printed, by the name of the schema that it must fit.
#[derive(Default)]
struct Printed(BTreeMap<String, Vec<(String, Value)>>);

impl Printed {
    /// Runs a command, which must end so. What fails prints an error, whatever the command.
    fn run(&mut self, it: &TestEnvironment, arguments: &[&str], code: i32) -> &Value {
        let (ended, value) = it.json(arguments);
        assert_eq!(ended, Some(code), "driftlock {}: {value:#}", arguments.join(" "));
        let name = match (value.get("error").filter(|error| error.is_object()), arguments) {
            (Some(_), _) => "error".to_owned(),
            (None, ["manifest", action, ..]) => format!("manifest-{action}"),
            (None, [command, ..]) => (*command).to_owned(),
            (None, []) => unreachable!("a command is run"),
        };
        let all = self.0.entry(name).or_default();
        all.push((arguments.join(" "), value));
        &all.last().unwrap().1
    }
}

/// A virtual table of a module that nobody has.
const UNREADABLE: &str = "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema VALUES \
    ('table', 'odd', 'odd', 0, 'CREATE VIRTUAL TABLE odd USING nobodys(a)')";

fn sqlite3(it: &TestEnvironment, sql: &str) {
    let mut command = std::process::Command::new("sqlite3");
    let output = command.args(["shop.db", sql]).current_dir(it.project()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Everything that the commands print, at least once.
fn print_all() -> Printed {
    let mut printed = Printed::default();
    let it = TestEnvironment::with_the_example();
    it.write("old.sql", "CREATE TABLE a (b text, d text NOT NULL);\n");
    it.write("new.sql", "CREATE TABLE a (c text NOT NULL, e text);\n");
    it.write("empty/README", "");
    it.write("made/20240101-000000_a_create_v1.up.sql", "CREATE TABLE a (b text, d text NOT NULL);\n");
    for (arguments, code) in [
        (&["status"][..], 0),
        (&["plan"], 0),
        (&["up", "--dry-run"], 0),
        (&["validate"], 0),
        (&["up", "--steps", "2"], 0),
        (&["status"], 0),
        (&["up"], 0),
        (&["up"], 0),
        (&["audit"], 0),
        (&["audit", "--verify"], 0),
        (&["down", "--dry-run"], 0),
        (&["down", "--steps", "2", "--yes"], 0),
        (&["up"], 0),
        (&["redo", "--dry-run"], 0),
        (&["redo", "--yes"], 0),
        (&["manifest", "write"], 0),
        (&["manifest", "verify"], 0),
        (&["new", "customer", "add phone"], 0),
        (&["completions", "bash"], 0),
        (&["inspect"], 0),
        (&["inspect", "dir:migrations/sqlite"], 0),
        (&["inspect", "nonsense"], 2),
        (&["diff", "--from", "sqlite://shop.db", "--to", "dir:migrations/sqlite@20240122-093000"], 0),
        (&["diff", "--from", "sql:old.sql", "--to", "sql:new.sql", "--rename", "table:a.b=c"], 0),
        (&["generate", "note", "create", "--to", "sql:new.sql", "--dir", "empty"], 0),
        (&["generate", "a", "change", "--to", "sql:new.sql", "--dir", "made", "--rename", "table:a.b=c"], 0),
        (&["sync", "--to", "sql:old.sql", "--url", "sqlite://try.db"], 0),
        (&["sync", "--to", "sql:new.sql", "--url", "sqlite://try.db", "--rename", "table:a.b=c"], 4),
        (&["down"], 2),
        (&["up", "--to", "nonsense"], 2),
        (&["up", "--env", "prod"], 1),
    ] {
        printed.run(&it, arguments, code);
    }

    let it = TestEnvironment::with_two_migrations();
    printed.run(&it, &["up"], 0);
    printed.run(&it, &["manifest", "write"], 0);
    it.write("migrations/20240122-093000_order_create_v1.up.sql", "SELECT 1;\n");
    for (arguments, code) in [
        (&["status"][..], 6),
        (&["up"], 6),
        (&["audit", "--verify"], 6),
        (&["manifest", "verify"], 6),
        (&["accept", "20240122-093000", "--reason", "a test"], 0),
    ] {
        printed.run(&it, arguments, code);
    }
    sqlite3(&it, "UPDATE driftlock_history SET os_user = 'mallory' WHERE sequence = 1");
    printed.run(&it, &["audit", "--verify"], 6);

    let it = TestEnvironment::with_two_migrations();
    for (arguments, code) in [(&["check"][..], 0), (&["lock"], 0), (&["up"], 0), (&["check"], 0)] {
        printed.run(&it, arguments, code);
    }
    sqlite3(&it, "ALTER TABLE customer ADD COLUMN stray text");
    printed.run(&it, &["check", "--database"], 3);
    it.write(
        "migrations/20240108-090000_customer_create_v1.up.sql",
        "CREATE TABLE customer (id integer PRIMARY KEY, name text);\n",
    );
    printed.run(&it, &["check", "--migrations"], 3);
    printed.run(&it, &["lock"], 0);
    printed.run(&it, &["check", "--database"], 6);

    let it = TestEnvironment::with_two_migrations();
    it.migration(
        "20240201-000000_half_v1",
        "-- driftlock: no-transaction\nCREATE TABLE a (i);\nCREATE TABLE a (i);\n",
        "",
    );
    printed.run(&it, &["up"], 1);
    printed.run(&it, &["status"], 0);
    printed.run(&it, &["audit"], 0);
    it.write("migrations/20240201-000001_flawed_v1.up.sql", "SELECT 'open;\n");
    printed.run(&it, &["validate"], 3);

    let it = TestEnvironment::with_two_migrations();
    for event in ["before_migrate", "after_each"] {
        it.write(&format!("migrations/hooks/{event}.sql"), "SELECT 1;\n");
    }
    for arguments in [
        &["plan"][..],
        &["up", "--dry-run"],
        &["up"],
        &["redo", "--dry-run"],
        &["redo", "--yes"],
        &["down", "--dry-run"],
        &["down", "--yes"],
    ] {
        printed.run(&it, arguments, 0);
    }

    // A database that knows more than the files.
    let it = TestEnvironment::with_two_migrations();
    printed.run(&it, &["up"], 0);
    for part in ["up", "down"] {
        std::fs::remove_file(it.project().join(format!("migrations/20240122-093000_order_create_v1.{part}.sql")))
            .unwrap();
    }
    printed.run(&it, &["up"], 0);
    printed.run(&it, &["status"], 0);

    let it = TestEnvironment::with_two_migrations();
    sqlite3(&it, "CREATE TABLE customer (id integer PRIMARY KEY)");
    printed.run(&it, &["baseline", "20240108-090000", "--reason", "a test"], 0);

    let it = TestEnvironment::new();
    it.write(".env", "DATABASE_URL=sqlite:shop.db\n");
    it.write(
        "db/migrations/20240108090000_a.sql",
        "-- migrate:up\nCREATE TABLE a (i);\n-- migrate:down\nDROP TABLE a;\n",
    );
    printed.run(&it, &["init", "--yes"], 0);
    printed.run(&it, &["doctor"], 3);
    printed.run(&it, &["init"], 2);

    let it = TestEnvironment::new();
    it.write("driftlock.toml", "[env.dev]\nurl = 'sqlite://shop.db'\n");
    std::fs::create_dir(it.project().join("migrations")).unwrap();
    for command in ["status", "plan", "up", "down", "redo", "audit"] {
        printed.run(&it, &[command], 0);
    }

    let it = TestEnvironment::new();
    it.write("sql/00001_a.sql", "-- +goose Up\nCREATE TABLE a (i integer);\n-- +goose Down\nDROP TABLE a;\n");
    sqlite3(
        &it,
        "CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL, \
         is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now'))); CREATE TABLE a (i integer); \
         INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1), (1, 1);",
    );
    printed.run(&it, &["adopt", "--url", "sqlite://shop.db", "--dir", "sql"], 0);
    printed.run(&it, &["init", "--from-layout", "goose", "--dir", "sql", "--into", "new", "--engine", "sqlite"], 0);

    // What has no place in a schema, another tool's table, and a database beside it.
    sqlite3(&it, UNREADABLE);
    let odd = TestEnvironment::new();
    sqlite3(&odd, UNREADABLE);
    printed.run(&odd, &["sync", "--to", "sqlite://shop.db", "--url", "sqlite://shop.db"], 0);
    let beside = format!("sqlite://{}", it.project().join("beside.db").display());
    let mut command = std::process::Command::new("sqlite3");
    let made = command.args(["beside.db", "CREATE TABLE a (i text); CREATE TABLE c (i)"]).current_dir(it.project());
    assert!(made.status().unwrap().success());
    printed.run(&it, &["inspect", "sqlite://shop.db"], 0);
    printed.run(&it, &["diff", "--from", "sqlite://shop.db", "--to", "sqlite://shop.db"], 0);
    let from = ["init", "--from", "sqlite://shop.db", "--dir", "begun", "--beside", &beside];
    printed.run(&it, &from, 0);
    printed
}

#[test]
fn every_output_fits_its_schema_and_every_property_was_seen() {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    for (name, all) in print_all().0 {
        let path = folder().canonicalize().unwrap().join(format!("{name}.schema.json"));
        let index = compiler
            .compile(path.to_str().unwrap(), &mut schemas)
            .unwrap_or_else(|error| panic!("{name}: no schema, or none that can be read: {error:#}"));
        let mut seen = BTreeSet::new();
        for (arguments, value) in &all {
            if let Err(error) = schemas.validate(value, index) {
                panic!("driftlock {arguments} --format json is not as {name}.schema.json says: {error:#}\n{value:#}");
            }
            paths(value, String::new(), &mut seen);
        }
        let mut declared = BTreeSet::new();
        declarations(&schema(&name), String::new(), &mut declared);
        let unseen: Vec<&String> = declared.difference(&seen).collect();
        assert!(unseen.is_empty(), "{name}.schema.json has what was never printed: {unseen:?}");
    }
}

/// Those whose schema nobody looked at would pass the other test.
#[test]
fn every_command_has_a_schema_and_every_schema_a_command() {
    let it = TestEnvironment::new();
    let all = commands(&it);
    let has_more = |command: &[String]| all.iter().any(|it| it.len() > command.len() && it.starts_with(command));
    let commands = all.iter().filter(|command| !command.is_empty() && !has_more(command));
    let mut wanted: BTreeSet<String> = commands.map(|command| command.join("-")).collect();
    wanted.extend(["error", "shared"].map(str::to_owned));
    let there: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap().replace(".schema.json", ""))
        .collect();
    assert_eq!(there, wanted);
    let printed: BTreeSet<String> = print_all().0.into_keys().collect();
    wanted.remove("shared");
    assert_eq!(printed, wanted, "each is printed in this test");
}

/// Without this the schemas could say less than they seem to.
#[test]
fn every_object_is_closed() {
    fn check(name: &str, value: &Value) {
        if let Some(object) = value.as_object() {
            if object.get("type") == Some(&"object".into()) {
                assert!(object.contains_key("additionalProperties"), "{name}: {value:#}");
            }
            object.values().for_each(|value| check(name, value));
        }
        value.as_array().into_iter().flatten().for_each(|value| check(name, value));
    }
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap().replace(".schema.json", "");
        check(&name, &schema(&name));
    }
}

/// The paths of all properties in a document: `applied[].version`.
fn paths(value: &Value, path: String, seen: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let path = format!("{path}.{key}");
                seen.insert(path.clone());
                paths(value, path, seen);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| paths(item, format!("{path}[]"), seen)),
        _ => {}
    }
}

/// The paths of all properties that a schema names.
fn declarations(of: &Value, path: String, declared: &mut BTreeSet<String>) {
    if let Some(reference) = of["$ref"].as_str() {
        let (file, pointer) = reference.split_once('#').unwrap();
        let shared = schema(file.strip_suffix(".schema.json").unwrap_or("shared"));
        declarations(shared.pointer(pointer).unwrap(), path.clone(), declared);
    }
    for choice in ["oneOf", "anyOf"].iter().filter_map(|key| of[*key].as_array()).flatten() {
        declarations(choice, path.clone(), declared);
    }
    for (key, value) in of["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{key}");
        declared.insert(path.clone());
        declarations(value, path, declared);
    }
    if of["items"].is_object() {
        declarations(&of["items"], format!("{path}[]"), declared);
    }
}
