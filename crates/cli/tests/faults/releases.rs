//! Two releases of an application, or of driftlock, on one database.

use std::path::PathBuf;

use crate::target::{ALL, Engine, Ran, Target};

const OWN: [&str; 3] = ["history", "journal", "fence"];

/// A database with one applied version and one that is pending.
fn begun(engine: Engine) -> Target {
    let target = Target::new(engine);
    target.migration(1, "CREATE TABLE a (id integer);\n");
    target.down(1, "DROP TABLE a;\n");
    target.run(&["up"]).expect(0);
    target.migration(2, "CREATE TABLE b (id integer);\n");
    target
}

/// Everything in the own tables, and the names of the others.
fn all_of(target: &Target) -> Vec<String> {
    let mut all: Vec<String> =
        OWN.iter().flat_map(|table| target.query(&format!("SELECT * FROM driftlock_{table}"))).collect();
    all.extend(target.query(match target.engine {
        Engine::Sqlite => "SELECT sql FROM sqlite_schema ORDER BY name",
        Engine::Postgres => "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2",
        Engine::MySql => "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = database() ORDER BY 1, 2",
    }));
    all
}

#[test]
fn an_older_driftlock_refuses_newer_tables_and_names_the_version_needed() {
    for engine in ALL {
        for change in [
            // What a newer one adds.
            "ALTER TABLE driftlock_history ADD COLUMN later varchar(20) DEFAULT 'x'",
            // What it calls differently, so that the first look fails already.
            "ALTER TABLE driftlock_history RENAME COLUMN sha256 TO digest",
            "ALTER TABLE driftlock_fence RENAME COLUMN head TO last",
        ] {
            let target = begun(engine);
            target.query("UPDATE driftlock_history SET tool_version = '9.8.7'");
            target.query(change);
            target.query("UPDATE driftlock_fence SET format = 2");
            let before = all_of(&target);
            for command in [
                &["up"][..],
                &["up", "--dry-run"],
                &["status"],
                &["plan"],
                &["down", "--yes"],
                &["redo", "--yes"],
                &["baseline", "20260101-000002"],
                &["accept", "20260101-000001", "--reason", "why not"],
            ] {
                target.run(command).expect(4).says(&["format 2", "version 9.8.7"]);
                assert_eq!(all_of(&target), before, "{engine:?} {command:?}");
            }
        }
    }
}

#[test]
fn tables_that_no_driftlock_wrote_are_an_error_and_not_a_crash() {
    for engine in ALL {
        for (change, words) in [
            ("UPDATE driftlock_fence SET format = 0", "format 0"),
            ("ALTER TABLE driftlock_fence DROP COLUMN head_chain", "head_chain"),
            ("ALTER TABLE driftlock_history DROP COLUMN crc32", "crc32"),
        ] {
            let target = begun(engine);
            target.query(change);
            let before = all_of(&target);
            for command in ["up", "status", "plan"] {
                target.run(&[command]).expect(1).says(&[words]);
                assert_eq!(all_of(&target), before, "{engine:?} {command}");
            }
        }
    }
}

/// The files of the older release, in a folder of their own beside the newer ones.
fn older_release(target: &Target, versions: u32) -> PathBuf {
    let folder = target.path().join("older");
    std::fs::create_dir(&folder).unwrap();
    for number in 1..=versions {
        let name = format!("20260101-{number:06}_shop_step_v1.up.sql");
        std::fs::copy(target.migrations().join(&name), folder.join(&name)).unwrap();
    }
    folder
}

#[test]
fn two_releases_start_at_once() {
    for engine in ALL {
        let target = Target::new(engine);
        target.migration(1, "CREATE TABLE log (id integer);\nINSERT INTO log VALUES (1);\n");
        for number in 2..=5 {
            target.migration(
                number,
                &format!("CREATE TABLE t{number} (id integer);\nINSERT INTO log VALUES ({number});\n"),
            );
        }
        let older = older_release(&target, 3);
        let runners: Vec<_> = (0..16)
            .map(|number| {
                let folder = if number % 2 == 0 { "migrations" } else { "older" };
                let arguments = ["up", "--url", &target.url, "--dir", folder, "--connect-timeout", "60s"];
                target.command(&arguments).spawn().unwrap()
            })
            .collect();
        for runner in runners {
            Ran::new(runner.wait_with_output().unwrap()).expect(0);
        }
        assert_eq!(target.value("SELECT count(*) FROM log"), "5", "{engine:?}");
        assert_eq!(target.history("state = 'done'"), "5", "{engine:?}");
        assert_eq!(target.history("state <> 'done'"), if engine == Engine::MySql { "5" } else { "0" }, "{engine:?}");
        target.run(&["status", "--exit-code"]).expect(0);

        // The older one starts, and says how it stands.
        let with_older = |command: &str| {
            Ran::new(target.command(&[command, "--url", &target.url, "--dir", "older"]).output().unwrap())
        };
        with_older("up").expect(0).says(&["ahead", "20260101-000004", "20260101-000005"]);
        // Not with a file that isn't what was applied.
        std::fs::write(older.join("20260101-000002_shop_step_v1.up.sql"), "CREATE TABLE other (id integer);\n")
            .unwrap();
        with_older("up").expect(6).says(&["20260101-000002"]);
        assert_eq!(target.history("state = 'done'"), "5", "{engine:?}");
    }
}
