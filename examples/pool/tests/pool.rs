//! The program, twice on one database.
#![allow(clippy::unwrap_used)]

#[path = "../../testing/tests/database/mod.rs"]
mod database;

use std::process::Command;

use database::TestDatabase;

fn run(database: &TestDatabase) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_example-pool"));
    let output = command.env("DATABASE_URL", &database.url).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_pool_finds_what_driftlock_made() {
    let database = TestDatabase::new();
    assert_eq!(run(&database), "1 applied\nvisit 1\n");
    assert_eq!(run(&database), "0 applied\nvisit 2\n");
}
