//! `lock`, and what becomes of a lock file that isn't as it was written.

use std::process::Stdio;

use crate::target::{ALL, Engine, Target};
use crate::{json, lock, lock_text, shop, with_shadow};

#[test]
fn the_lock_says_what_each_version_changed_and_is_the_same_again() {
    for engine in ALL {
        let target = shop(engine);
        lock(&target).expect(0).says(&["migrations/schema.lock written: 3 migrations"]);
        let text = lock_text(&target);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let changed = |at: usize| -> Vec<String> {
            let changed = value["migrations"][at]["changed"].as_object().unwrap();
            changed.keys().map(|id| id.rsplit(['.', ':']).next().unwrap().to_owned()).collect()
        };
        assert_eq!([changed(0), changed(1), changed(2)], [["customer"], ["orders"], ["customer"]], "{engine:?}");
        assert_ne!(value["migrations"][1]["fingerprint"], value["migrations"][2]["fingerprint"]);
        assert_eq!(value["fingerprint"], value["migrations"][2]["fingerprint"]);
        assert!(!text.contains("driftlock_history"), "the own tables are no part of it");
        let line = text.lines().find(|line| line.contains("\"name\": \"email\"")).unwrap();
        assert!(
            line.trim().starts_with("{\"kind\": \"column\"")
                && line.contains("varchar(40)") | line.contains("character"),
            "{line}"
        );
        lock(&target).expect(0).says(&["migrations/schema.lock is as it was"]);
        assert_eq!(lock_text(&target), text);
    }
}

/// The text of a migration that only inserts gives no hint of it, so what reads in parts is wrong, is found out, and everything is read again.
#[test]
fn what_a_trigger_alters_while_rows_are_inserted_is_the_version_that_inserts() {
    let target = Target::new(Engine::Postgres);
    target.migration(1, "CREATE TABLE tenant (id integer);\nCREATE TABLE ledger (id integer);\n");
    let function = "CREATE FUNCTION widen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ALTER TABLE ledger ADD COLUMN more text; RETURN NULL; END $$;\n";
    let trigger = "CREATE TRIGGER widen AFTER INSERT ON tenant FOR EACH STATEMENT EXECUTE FUNCTION widen();\n";
    target.migration(2, &format!("{function}{trigger}"));
    target.migration(3, "INSERT INTO tenant VALUES (1);\n");
    target.migration(4, "CREATE TABLE last (id integer);\n");
    lock(&target).expect(0);
    let value: serde_json::Value = serde_json::from_str(&lock_text(&target)).unwrap();
    let changed =
        |at: usize| -> Vec<&String> { value["migrations"][at]["changed"].as_object().unwrap().keys().collect() };
    assert_eq!([changed(2), changed(3)], [["table:public.ledger"], ["table:public.last"]]);
}

#[test]
fn the_lock_says_what_is_another_than_before() {
    for engine in ALL {
        let target = shop(engine);
        lock(&target).expect(0);
        target.migration(
            4,
            "CREATE TABLE more (id integer);\nALTER TABLE customer ADD COLUMN age integer;\nDROP TABLE orders;\n",
        );
        let ran = lock(&target).expect(0).says(&[
            "customer, column age: is new",
            "more: is new",
            "orders: is gone",
            "written anew",
        ]);
        assert!(!ran.stdout.contains("applied"), "{}", ran.stdout);
        let ran = with_shadow(&target, &["lock", "--format", "json"]).expect(0);
        assert_eq!((json(&ran)["written"].as_bool(), json(&ran)["migrations"].as_u64()), (Some(false), Some(4)));
    }
}

#[test]
fn a_migration_that_fails_writes_no_lock() {
    for engine in ALL {
        let target = shop(engine);
        lock(&target).expect(0);
        let text = lock_text(&target);
        target.migration(4, "CREATE TABLE more (id integer);\nINSERT INTO nowhere VALUES (1);\n");
        lock(&target).expect(1).says(&["20260101-000004_shop_step_v1.up.sql:2", "nowhere"]);
        assert_eq!(lock_text(&target), text);
    }
}

#[test]
fn a_lock_that_was_edited_stops_whoever_reads_it() {
    let target = shop(Engine::Sqlite);
    lock(&target).expect(0);
    let text = lock_text(&target);
    let path = target.migrations().join("schema.lock");
    for (from, to, code) in
        [("varchar(40)", "varchar(41)", "DL0822"), ("\"fingerprint\"", "<<<<<<< ours\n\"fingerprint\"", "DL0821")]
    {
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
        for arguments in [&["up"][..], &["check", "--database"], &["check", "--migrations"]] {
            let ran = target.run(arguments).expect(6).says(&["migrations/schema.lock:", "driftlock lock"]);
            assert!(!ran.stdout.contains("applied"), "{}", ran.stdout);
        }
        let value = json(&target.run(&["check", "--database", "--format", "json"]).expect(6));
        assert_eq!(value["error"]["code"], code);
    }
    std::fs::write(&path, text.replacen("\"format\": 1", "\"format\": 9", 1)).unwrap();
    target.run(&["up"]).expect(4).says(&["it has format 9"]);
    lock(&target).expect(4);
    std::fs::write(&path, text.replacen("varchar(40)", "varchar(41)", 1)).unwrap();
    lock(&target).expect(0).says(&["the old one is replaced"]);
    assert_eq!(lock_text(&target), text);
}

#[test]
fn killed_while_writing_the_lock_is_the_old_one_or_the_new_one() {
    let target = shop(Engine::Sqlite);
    for number in 4..60 {
        target.migration(number, &format!("CREATE TABLE t{number} (id integer, a text, b text, c text);\n"));
    }
    lock(&target).expect(0);
    let old = lock_text(&target);
    target.migration(60, "CREATE TABLE last (id integer);\n");
    lock(&target).expect(0);
    let new = lock_text(&target);
    let path = target.migrations().join("schema.lock");
    let mut seen = [0, 0];
    for pause in 0..30 {
        std::fs::write(&path, &old).unwrap();
        let mut child = target.driftlock(&["lock"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(pause * 25));
        let _ = child.kill();
        child.wait().unwrap();
        let now = lock_text(&target);
        assert!(now == old || now == new, "after {pause}: neither the old nor the new one");
        seen[usize::from(now == new)] += 1;
    }
    assert!(seen[0] > 0, "it was always done before it was killed");
    target.run(&["check", "--migrations"]).says(&["schema.lock"]);
}

#[test]
fn what_works_on_more_than_its_database_is_not_replayed_where_others_are() {
    let target = Target::new(Engine::Sqlite);
    target.migration(1, "ATTACH 'other.db' AS other;\nCREATE TABLE a (i integer);\n");
    let ran = lock(&target);
    assert!(ran.code != 0 && !target.path().join("other.db").exists(), "{ran:?}");
    let target = Target::new(Engine::Postgres);
    target.migration(1, "CREATE ROLE driftlock_never;\n");
    let ran = lock(&target);
    assert_eq!(target.value("SELECT count(*) FROM pg_roles WHERE rolname = 'driftlock_never'"), "0", "{ran:?}");
}
