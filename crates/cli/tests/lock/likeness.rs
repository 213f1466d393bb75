//! What the scratch database is like: on MySQL and MariaDB a table that names no collation has its database's.

use crate::target::{Engine, Ran, Target};
use crate::{by_hand, json, lock, lock_text, shop, with_shadow};

/// The collation that the lock file says of the database that it was written in.
fn locked(target: &Target) -> String {
    let lock: serde_json::Value = serde_json::from_str(&lock_text(target)).unwrap();
    lock["database"]["collation"].as_str().unwrap().to_owned()
}

/// With a shadow and no database: as somebody runs it who has none at hand.
fn apart(target: &Target, command: &[&str]) -> Ran {
    let server = target.url.rsplit_once('/').unwrap().0;
    let server = format!("{server}/");
    let shadow = ["--engine", "mysql", "--shadow-url", &server, "--dir", "migrations"];
    let arguments: Vec<&str> = command.iter().copied().chain(shadow).collect();
    Ran::new(target.command(&arguments).output().unwrap())
}

#[test]
fn a_first_lock_without_a_database_is_of_utf8mb4_whatever_the_servers_default_is() {
    let target = shop(Engine::MySql);
    apart(&target, &["lock"]).expect(0);
    assert!(locked(&target).starts_with("utf8mb4_"), "{}", locked(&target));
}

#[test]
fn a_lock_is_written_in_a_database_like_the_one_that_is_named() {
    let target = shop(Engine::MySql);
    by_hand(&target, "ALTER DATABASE COLLATE latin2_czech_cs");
    target.run(&["up"]).expect(0);
    lock(&target).expect(0);
    assert_eq!(locked(&target), "latin2_czech_cs");
    with_shadow(&target, &["check"]).expect(0);
    // Nobody who writes it anew without that database changes it.
    let before = lock_text(&target);
    apart(&target, &["lock"]).expect(0).says(&["is as it was"]);
    apart(&target, &["check", "--migrations"]).expect(0);
    assert_eq!(lock_text(&target), before);
}

#[test]
fn a_database_of_another_collation_than_the_locks_differs_and_is_told_why() {
    let target = shop(Engine::MySql);
    apart(&target, &["lock"]).expect(0);
    by_hand(&target, "ALTER DATABASE COLLATE latin2_czech_cs");
    target.run(&["up"]).expect(0);
    let ran = with_shadow(&target, &["check", "--database"]).expect(3);
    ran.says(&[
        "this database's collation by default is latin2_czech_cs, and schema.lock was written in one of utf8mb4_",
    ]);
    let value = json(&with_shadow(&target, &["check", "--database", "--format", "json"]).expect(3));
    assert!(value["notes"][0].as_str().unwrap().contains("driftlock lock"), "{value}");
    // What it names is as it says.
    lock(&target).expect(0).says(&["collation was utf8mb4_"]);
    with_shadow(&target, &["check", "--database"]).expect(0);
}
