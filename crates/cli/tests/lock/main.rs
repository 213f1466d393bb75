//! The lock file and what is held against it, on the three engines: by whoever edits a database, a migration, the lock or the cache behind
//! driftlock's back.

#![allow(clippy::unwrap_used)]

#[allow(dead_code)]
#[path = "../attacks/target.rs"]
mod target;

mod cache;
mod database;
mod declared;
mod files;
mod likeness;
mod majors;
mod migrations;
mod throwaway;

use serde_json::Value;
use target::{Engine, Ran, Target};

/// A folder with three migrations.
fn shop(engine: Engine) -> Target {
    let target = Target::new(engine);
    target.migration(1, "CREATE TABLE customer (id integer NOT NULL PRIMARY KEY, email varchar(40) NOT NULL);\n");
    target.migration(2, "CREATE TABLE orders (id integer NOT NULL PRIMARY KEY, total integer);\nINSERT INTO customer VALUES (1, 'a');\n");
    target.migration(3, "ALTER TABLE customer ADD COLUMN name varchar(20);\n");
    for number in 1..=3 {
        let sql = match number {
            1 => "DROP TABLE customer;\n",
            2 => "DROP TABLE orders;\n",
            _ => "ALTER TABLE customer DROP COLUMN name;\n",
        };
        target.down(number, sql);
    }
    target
}

/// The server that scratch databases may be made on: the one of the tests.
fn shadow(target: &Target) -> Vec<String> {
    match target.engine {
        Engine::Sqlite => Vec::new(),
        _ => {
            let (server, _) = target.url.rsplit_once('/').unwrap();
            let database = if target.engine == Engine::Postgres { "postgres" } else { "" };
            vec!["--shadow-url".to_owned(), format!("{server}/{database}")]
        }
    }
}

fn with_shadow(target: &Target, arguments: &[&str]) -> Ran {
    let shadow = shadow(target);
    let all: Vec<&str> = arguments.iter().copied().chain(shadow.iter().map(String::as_str)).collect();
    target.run(&all)
}

fn lock(target: &Target) -> Ran {
    with_shadow(target, &["lock"])
}

fn lock_text(target: &Target) -> String {
    std::fs::read_to_string(target.migrations().join("schema.lock")).unwrap()
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stdout))
}

/// Somebody's change, by the engine's own client.
fn by_hand(target: &Target, sql: &str) {
    let output = target.client_command(target.database(), sql).output().unwrap();
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
}
