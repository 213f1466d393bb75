//! The example's migrations on each engine: every way to the schema they make says the same.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::target::{Engine, Ran, Target};

/// The server of a target, as one on which scratch databases may be made. SQLite has memory.
pub(crate) fn shadow(target: &Target) -> Vec<String> {
    match target.engine {
        Engine::Sqlite => Vec::new(),
        _ => vec!["--shadow-url".to_owned(), format!("{}/", target.url.rsplit_once('/').unwrap().0)],
    }
}

pub(crate) fn name(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
        Engine::MySql => "mysql",
    }
}

/// What `inspect` says of a source, as JSON.
pub(crate) fn inspected(target: &Target, source: &str) -> Value {
    let shadow = shadow(target);
    let mut arguments = vec!["inspect", source, "--engine", name(target.engine), "--format", "json"];
    arguments.extend(shadow.iter().map(String::as_str));
    let ran = Ran::new(target.command(&arguments).output().unwrap()).expect(0);
    serde_json::from_str(&ran.stdout).unwrap()
}

/// A database with the example's migrations beside it.
fn shop(engine: Engine) -> Target {
    let target = Target::new(engine);
    let from =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop/migrations").join(name(engine));
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_file() {
            std::fs::copy(entry.path(), target.migrations().join(entry.file_name())).unwrap();
        }
    }
    target
}

/// Runs statements as the engine's own client does.
pub(crate) fn load(target: &Target, sql: &str) {
    let mut command = match target.engine {
        Engine::Sqlite => {
            let mut command = target.tool("sqlite3", &["-batch", "-bail"]);
            command.arg(target.path().join("test.db"));
            command
        }
        Engine::Postgres => target.tool("psql", &["-Xq", "-v", "ON_ERROR_STOP=1", "-d", target.database()]),
        Engine::MySql => {
            let mut command = target.tool("mariadb", &["--no-defaults", "--default-character-set=utf8mb4"]);
            command.arg(target.database());
            command
        }
    };
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}\n{sql}", String::from_utf8_lossy(&output.stderr));
}

fn every_way_says_the_same(engine: Engine) {
    let target = shop(engine);
    target.run(&["up", "-q"]).expect(0);
    let live = inspected(&target, &target.url);
    assert_eq!(live["engine"], name(engine));
    assert_eq!(live["unmodelled"], serde_json::json!([]));
    let tables = live["schema"]["objects"].as_array().unwrap().iter().filter(|it| it["kind"] == "table").count();
    assert_eq!(tables, 8, "{live:#}");

    // Replayed, and proved.
    assert_eq!(inspected(&target, "dir:migrations")["fingerprint"], live["fingerprint"], "the directory");
    let mut arguments = vec!["inspect", "--prove", "--url", &target.url];
    let shadow = shadow(&target);
    arguments.extend(shadow.iter().map(String::as_str));
    Ran::new(target.command(&arguments).output().unwrap()).expect(0).says(&["proved: "]);

    // As statements, by the engine's own client and by driftlock.
    let sql = Ran::new(target.command(&["inspect", &target.url, "--format", "sql"]).output().unwrap()).expect(0).stdout;
    let other = Target::new(engine);
    load(&other, &sql);
    assert_eq!(inspected(&other, &other.url)["fingerprint"], live["fingerprint"], "loaded by the client:\n{sql}");
    std::fs::write(target.path().join("schema.sql"), &sql).unwrap();
    assert_eq!(inspected(&target, "sql:schema.sql")["fingerprint"], live["fingerprint"], "realised:\n{sql}");
    assert_eq!(inspected(&target, "cmd:cat schema.sql")["fingerprint"], live["fingerprint"], "printed by a command");

    // As the lock file has it.
    let mut arguments = vec!["lock"];
    arguments.extend(shadow.iter().map(String::as_str));
    Ran::new(target.driftlock(&arguments).output().unwrap()).expect(0);
    assert_eq!(inspected(&target, "lock:migrations/schema.lock")["fingerprint"], live["fingerprint"], "the lock file");
}

#[test]
fn every_way_to_the_schema_says_the_same_on_sqlite() {
    every_way_says_the_same(Engine::Sqlite);
}

#[test]
fn every_way_to_the_schema_says_the_same_on_postgres() {
    every_way_says_the_same(Engine::Postgres);
}

#[test]
fn every_way_to_the_schema_says_the_same_on_mysql() {
    every_way_says_the_same(Engine::MySql);
}

/// Text, statements and diagram of the example, without the server's version and the fingerprint, which is of its spelling.
#[test]
fn the_example_in_every_format() {
    let target = shop(Engine::Sqlite);
    for format in ["text", "sql", "mermaid"] {
        let arguments = ["inspect", "dir:migrations", "--engine", "sqlite", "--format", format];
        let said = Ran::new(target.command(&arguments).output().unwrap()).expect(0).stdout;
        let lines = said.lines().filter(|line| !line.starts_with("SQLite ") && !line.starts_with("fingerprint "));
        insta::assert_snapshot!(format!("shop-{format}"), lines.collect::<Vec<_>>().join("\n"));
    }
}
