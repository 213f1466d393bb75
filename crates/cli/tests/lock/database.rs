//! `check --database`, and drift before `up`.

use crate::target::{ALL, Engine, Target};
use crate::{by_hand, json, lock, shop, with_shadow};

fn widen(target: &Target) {
    by_hand(target, "CREATE TABLE stray (id integer)");
    by_hand(
        target,
        match target.engine {
            Engine::Postgres => "ALTER TABLE customer ALTER COLUMN email TYPE varchar(60)",
            Engine::MySql => "ALTER TABLE customer MODIFY email varchar(60) NOT NULL",
            Engine::Sqlite => "ALTER TABLE customer ADD COLUMN email2 varchar(60)",
        },
    );
}

#[test]
fn a_database_is_as_expected_at_each_version_on_its_way_up_and_down() {
    for engine in ALL {
        let target = shop(engine);
        lock(&target).expect(0);
        for number in 1..=3 {
            target.run(&["up", "--steps", "1"]).expect(0);
            let ran = target.run(&["check", "--database"]).expect(0);
            ran.says(&["is as schema.lock expects", &format!("20260101-00000{number}")]);
        }
        for _ in 0..3 {
            target.run(&["down", "--yes"]).expect(0);
            target.run(&["check", "--database"]).expect(0).says(&["is as schema.lock expects"]);
        }
    }
}

#[test]
fn drift_at_the_head_is_named_with_both_sides_and_needs_no_shadow() {
    for engine in ALL {
        let target = shop(engine);
        lock(&target).expect(0);
        target.run(&["up"]).expect(0);
        widen(&target);
        let ran = target.run(&["check", "--database"]).expect(3).says(&["stray: is there, and no migration makes it"]);
        let column = if engine == Engine::Sqlite { "email2: is there" } else { "email: type is" };
        ran.says(&[column, "2 differences"]);
        let value = json(&target.run(&["check", "--database", "--format", "json"]).expect(3));
        assert_eq!(
            (value["database"]["against"].as_str(), value["database"]["agrees"].as_bool()),
            (Some("lock"), Some(false))
        );
        assert_eq!(value["database"]["drift"].as_array().unwrap().len(), 2, "{value:#}");
    }
}

#[test]
fn drift_at_an_older_version_is_named_by_object_and_in_full_with_a_shadow() {
    for engine in ALL {
        let target = shop(engine);
        lock(&target).expect(0);
        target.run(&["up", "--steps", "2"]).expect(0);
        widen(&target);
        let ran = with_shadow(&target, &["check", "--database"]).expect(3);
        let column = if engine == Engine::Sqlite { "email2: is there" } else { "email: type is" };
        ran.says(&[column, "stray: is there", "isn't as a replay makes it at version 20260101-000002"]);
        if engine != Engine::Sqlite {
            let ran = target.run(&["check", "--database"]);
            // Whoever has the engine's binaries at hand has a shadow too.
            let by_lock = ran.stdout.contains("customer: isn't as the migrations make it");
            assert!(ran.code == 3 && (by_lock || ran.stdout.contains("email: type is")), "{ran:?}");
        }
    }
}

#[test]
fn a_hand_edit_before_up_is_told_by_up_and_is_drift_after_it() {
    for engine in ALL {
        let target = shop(engine);
        lock(&target).expect(0);
        target.run(&["up", "--steps", "2"]).expect(0);
        target.run(&["check", "--database"]).expect(0);
        widen(&target);
        let ran = target.run(&["up"]).expect(0);
        ran.says(&["the database isn't as its migrations make it", "stray: is there", "1 migration applied"]);
        let ran = target.run(&["up"]).expect(0);
        assert!(!ran.stderr.contains("stray"), "nothing pending looks for none: {}", ran.stderr);
        target.run(&["check", "--database"]).expect(3).says(&["stray: is there", "2 differences"]);
    }
}

#[test]
fn under_abort_nothing_runs_on_drift_and_it_is_looked_for_always() {
    for engine in ALL {
        let target = shop(engine);
        lock(&target).expect(0);
        for policy in ["abort", "auto-repair"] {
            let config = format!("[env.dev]\nurl = \"{}\"\non_drift = \"{policy}\"\n", target.url);
            std::fs::write(target.path().join("driftlock.toml"), config).unwrap();
            let run = |arguments: &[&str]| crate::Ran::new(target.command(arguments).output().unwrap());
            run(&["up", "--to", "20260101-000002"]).expect(0);
            by_hand(&target, "CREATE TABLE stray (id integer)");
            let ran = run(&["up"]).expect(4).says(&["nothing runs on drift here", "stray: is there"]);
            assert_eq!(ran.stderr.contains("auto-repair"), policy == "auto-repair", "{}", ran.stderr);
            assert_eq!(json(&run(&["up", "--format", "json"]).expect(4))["error"]["code"], "DL0825");
            by_hand(&target, "DROP TABLE stray");
            run(&["up"]).expect(0).says(&["1 migration applied"]);
            run(&["up"]).expect(0);
            by_hand(&target, "CREATE TABLE stray (id integer)");
            run(&["up"]).expect(4).says(&["stray: is there"]);
            by_hand(&target, "DROP TABLE stray");
            run(&["down", "--yes"]).expect(0);
        }
    }
}

#[test]
fn a_stale_lock_gives_no_expectation_and_a_protected_environment_refuses_it() {
    for engine in ALL {
        let target = shop(engine);
        lock(&target).expect(0);
        target.run(&["up", "--steps", "2"]).expect(0);
        target.migration(4, "CREATE TABLE more (id integer);\n");
        target.run(&["check", "--database"]).expect(3).says(&["schema.lock is stale"]);
        let config = format!("[env.prod]\nurl = \"{}\"\n", target.url);
        std::fs::write(target.path().join("driftlock.toml"), config).unwrap();
        let run = |arguments: &[&str]| crate::Ran::new(target.command(arguments).output().unwrap());
        for arguments in [&["check", "--database", "--env", "prod"][..], &["up", "--env", "prod"]] {
            run(arguments).expect(4).says(&["schema.lock is stale", "protected"]);
        }
        std::fs::remove_file(target.path().join("driftlock.toml")).unwrap();
        target.run(&["up"]).expect(0).says(&["drift was not looked for: schema.lock is stale"]);
        assert_eq!(target.history("expected IS NOT NULL AND state = 'done'"), "2");
    }
}

#[test]
fn the_history_keeps_the_fingerprint_that_the_lock_expects() {
    for engine in ALL {
        let target = shop(engine);
        lock(&target).expect(0);
        target.run(&["up"]).expect(0);
        target.run(&["down", "--yes"]).expect(0);
        let lock: serde_json::Value = serde_json::from_str(&crate::lock_text(&target)).unwrap();
        let expected = |at: usize| lock["migrations"][at]["fingerprint"].as_str().unwrap().to_owned();
        let rows = target.query("SELECT expected FROM driftlock_history WHERE state = 'done' ORDER BY sequence");
        assert_eq!(rows, [expected(0), expected(1), expected(2), expected(1)], "{engine:?}");
        target.run(&["audit", "--verify"]).expect(0);
    }
}

#[test]
fn without_a_lock_a_replay_says_what_is_expected() {
    for engine in ALL {
        let target = shop(engine);
        target.run(&["up", "--steps", "2"]).expect(0);
        let ran = with_shadow(&target, &["check", "--database"]).expect(0);
        ran.says(&["is as a replay makes it at version 20260101-000002"]);
        widen(&target);
        with_shadow(&target, &["check", "--database"]).expect(3).says(&["stray: is there"]);
    }
}

#[test]
fn what_is_ignored_is_no_drift_and_other_rules_than_the_locks_only_narrow() {
    for engine in ALL {
        let target = shop(engine);
        lock(&target).expect(0);
        target.run(&["up"]).expect(0);
        by_hand(&target, "CREATE TABLE stray (id integer)");
        target.run(&["check", "--database"]).expect(3);
        target.run(&["check", "--database", "--exclude", "table:stray"]).expect(0);
        target.run(&["check", "--database", "--include", "table:customer"]).expect(0);
        target.run(&["check", "--database", "--exclude", "table:other"]).expect(3).says(&["stray"]);
    }
}

#[test]
fn a_database_that_is_ahead_is_said_to_be_and_is_no_failure() {
    for engine in ALL {
        let target = shop(engine);
        target.run(&["up"]).expect(0);
        for part in ["up", "down"] {
            std::fs::remove_file(target.migrations().join(format!("20260101-000003_shop_step_v1.{part}.sql"))).unwrap();
        }
        lock(&target).expect(0);
        target.run(&["check", "--database"]).expect(0).says(&["20260101-000003", "was not compared"]);
        target.run(&["up"]).expect(0);
    }
}

#[test]
fn what_ran_out_of_order_is_compared_as_far_as_the_lock_knows_it() {
    for engine in ALL {
        let target = shop(engine);
        let late = target.migrations().join("20260101-000002_shop_step_v1.up.sql");
        let text = std::fs::read_to_string(&late).unwrap();
        std::fs::rename(&late, target.path().join("kept.sql")).unwrap();
        std::fs::remove_file(target.migrations().join("20260101-000002_shop_step_v1.down.sql")).unwrap();
        target.run(&["up"]).expect(0);
        std::fs::write(&late, text).unwrap();
        lock(&target).expect(0);
        let ran = with_shadow(&target, &["check", "--database"]).expect(0);
        ran.says(&["is as a replay makes it"]);
        by_hand(&target, "CREATE TABLE stray (id integer)");
        with_shadow(&target, &["check", "--database"]).expect(3).says(&["stray"]);
    }
}

#[test]
fn nothing_to_compare_with_is_said_and_not_taken_for_agreement() {
    let target = shop(Engine::Sqlite);
    target.migration(1, "ATTACH ':memory:' AS other;\nCREATE TABLE customer (id integer);\n");
    target.migration(2, "SELECT 1;\n");
    target.migration(3, "SELECT 1;\n");
    target.run(&["up"]).expect(0);
    target.run(&["check"]).expect(4).says(&["nothing could be compared", "driftlock lock"]);
}
