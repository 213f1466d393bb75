//! Files, manifest and history that don't agree, and databases that are somebody else's.

use crate::target::{ALL, Engine, Target};

fn two(engine: Engine) -> Target {
    let target = Target::new(engine);
    target.migration(10, "CREATE TABLE a (id int);");
    target.migration(20, "CREATE TABLE b (id int);");
    target.run(&["up"]).expect(0);
    target
}

#[test]
fn edited_renamed_and_missing_files_are_found_on_every_run() {
    for engine in ALL {
        let target = two(engine);
        let file = target.migration(10, "CREATE TABLE a (id bigint);");
        for command in [&["up"][..], &["plan"], &["down", "--yes"], &["up", "--dry-run"]] {
            target.run(command).expect(6).says(&["edited after it was applied", "20260101-000010_shop_step_v1.up.sql"]);
        }
        target.run(&["status"]).expect(6).says(&["edited after it was applied"]);
        target.run(&["accept", "20260101-000010"]).expect(2).says(&["reason"]);
        target.run(&["accept", "20260101-000010", "--reason", "bigint was applied by hand"]).expect(0);
        target.run(&["up"]).expect(0);
        assert_eq!(target.history("direction = 'accept' AND reason = 'bigint was applied by hand'"), "1");

        let renamed = file.with_file_name("20260101-000010_shop_other_v1.up.sql");
        std::fs::rename(&file, &renamed).unwrap();
        target.run(&["up"]).expect(6).says(&["applied as `shop_step_v1`"]);
        std::fs::rename(&renamed, file.with_file_name("20260101-000015_shop_step_v1.up.sql")).unwrap();
        target.run(&["up"]).expect(6).says(&["20260101-000010"]);
        std::fs::remove_file(file.with_file_name("20260101-000015_shop_step_v1.up.sql")).unwrap();
        target.run(&["up"]).expect(6).says(&["20260101-000010", "missing"]);
    }
}

#[test]
fn an_edit_is_shown_where_git_knows_what_was_applied() {
    let target = two(Engine::Sqlite);
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
        let status =
            std::process::Command::new("git").args(identity).args(arguments).current_dir(target.path()).status();
        assert!(status.unwrap().success());
    };
    git(&["init", "-q"]);
    git(&["add", "migrations"]);
    git(&["commit", "-qm", "two tables"]);
    target.migration(10, "CREATE TABLE a (id bigint);");
    target.run(&["up"]).expect(6).says(&["-CREATE TABLE a (id int);", "+CREATE TABLE a (id bigint);"]);
}

#[test]
fn line_endings_are_no_edit() {
    let target = two(Engine::Sqlite);
    target.migration(10, "\u{feff}CREATE TABLE a (id int);");
    target.run(&["up"]).expect(0);
}

#[test]
fn files_out_of_order_are_refused_and_never_skipped() {
    for engine in ALL {
        let target = two(engine);
        target.migration(15, "CREATE TABLE c (id int);");
        target.run(&["up"]).expect(4).says(&["out of order", "20260101-000015_shop_step_v1.up.sql", "--out-of-order"]);
        target.run(&["up", "--out-of-order"]).expect(0);
        assert_eq!(target.value("SELECT count(*) FROM c"), "0", "{engine:?}");
        // What was applied last goes first.
        target.down(15, "DROP TABLE c;");
        target.run(&["down", "--yes"]).expect(0).says(&["20260101-000015"]);
    }
}

#[test]
fn a_database_that_is_ahead_is_said_and_no_error() {
    for engine in ALL {
        let target = two(engine);
        std::fs::remove_file(target.migrations().join("20260101-000020_shop_step_v1.up.sql")).unwrap();
        target.run(&["up"]).expect(0).says(&["ahead", "20260101-000020"]);
        target.run(&["status"]).expect(0).says(&["ahead"]);
        // With a line in the manifest, the file is known and missing.
        target.migration(20, "CREATE TABLE b (id int);");
        target.run(&["manifest", "write"]).expect(0);
        std::fs::remove_file(target.migrations().join("20260101-000020_shop_step_v1.up.sql")).unwrap();
        target.run(&["up"]).expect(6).says(&["20260101-000020"]);
    }
}

#[test]
fn tampering_with_the_history_shows() {
    for engine in ALL {
        for (sql, parts) in [
            ("DELETE FROM driftlock_history WHERE sequence = 1", &["history was changed"][..]),
            ("DELETE FROM driftlock_history WHERE sequence = 2", &["history was changed"]),
            (
                "UPDATE driftlock_history SET sha256 = repeat('0', 64) WHERE state = 'done' AND version = '20260101-000010'",
                &["damaged"],
            ),
            ("UPDATE driftlock_history SET git_author = 'somebody else' WHERE sequence = 1", &["row 1", "edited"]),
            ("UPDATE driftlock_fence SET head_chain = 'x'", &["history was changed"]),
        ] {
            let target = two(engine);
            let sql = if engine == Engine::Sqlite {
                sql.replace("repeat('0', 64)", "printf('%064d', 0)")
            } else {
                sql.to_owned()
            };
            target.query(&sql);
            target.migration(30, "CREATE TABLE c (id int);");
            target.run(&["up"]).expect(6).says(parts);
            target.run(&["status"]).expect(6);
            let made = match engine {
                Engine::Sqlite => "SELECT count(*) FROM sqlite_schema WHERE name = 'c'".to_owned(),
                _ => format!(
                    "SELECT count(*) FROM information_schema.tables WHERE table_name = 'c' AND '{}' IN (table_schema, table_catalog)",
                    target.database()
                ),
            };
            assert_eq!(target.value(&made), "0", "{engine:?}: {sql}");
        }
    }
}

#[test]
fn a_database_of_another_tool_is_refused_and_named() {
    for engine in ALL {
        let target = Target::new(engine);
        target.query("CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)");
        target.migration(1, "CREATE TABLE a (id int);");
        target.run(&["up"]).expect(4).says(&["golang-migrate", "schema_migrations", "adopt"]);
        target.run(&["status"]).expect(0).says(&["golang-migrate"]);
    }
}

#[test]
fn a_database_of_another_environment_is_refused() {
    for engine in ALL {
        let target = Target::new(engine);
        target.migration(1, "CREATE TABLE a (id int);");
        let up = |environment: &str| {
            let output = target.driftlock(&["up"]).env("CI_ENV", environment).output().unwrap();
            crate::target::Ran::new(output)
        };
        up("staging").expect(0);
        assert_eq!(target.value("SELECT environment FROM driftlock_fence"), "staging", "{engine:?}");
        target.migration(2, "CREATE TABLE b (id int);");
        up("prod").expect(4).says(&["`staging`", "`prod`"]);
        up("staging").expect(0);
    }
}

#[test]
fn objects_without_a_history_stop_a_protected_environment() {
    for engine in ALL {
        let target = Target::new(engine);
        target.query("CREATE TABLE legacy (id int)");
        target.migration(1, "CREATE TABLE legacy (id int);");
        target.migration(2, "CREATE TABLE a (id int);");
        let config = format!("[env.live]\nurl = \"{}\"\nprotected = true\n", target.url);
        std::fs::write(target.path().join("driftlock.toml"), config).unwrap();
        let run = |arguments: &[&str]| crate::target::Ran::new(target.command(arguments).output().unwrap());
        run(&["up"]).expect(2).says(&["--env"]);
        run(&["up", "--env", "live"]).expect(4).says(&["baseline"]);
        run(&["baseline", "20260101-000001", "--env", "live"]).expect(0);
        run(&["up", "--env", "live"]).expect(0).says(&["20260101-000002"]);
        assert_eq!(target.history("direction = 'baseline'"), "1", "{engine:?}");
        run(&["down", "--env", "live", "--yes"]).expect(4).says(&["approval"]);
    }
}

#[test]
fn who_and_where_are_in_the_history() {
    for engine in ALL {
        let target = Target::new(engine);
        target.migration(1, "CREATE TABLE a (id int);");
        let output = target
            .driftlock(&["up", "--reason", "release 7"])
            .envs([
                ("CI_ENV", "staging"),
                ("GIT_COMMIT", "abc123"),
                ("CI_JOB_ID", "77"),
                ("GIT_AUTHOR_NAME", "Zoë"),
                ("USER", "deploy"),
            ])
            .output()
            .unwrap();
        crate::target::Ran::new(output).expect(0);
        let columns = "environment, route, git_commit, git_author, ci_job, reason";
        assert_eq!(
            target.value(&format!("SELECT {columns} FROM driftlock_history WHERE state = 'done'")),
            "staging|abc123_staging|abc123|Zoë|77|release 7"
        );
        target.migration(2, "CREATE TABLE b (id int);");
        target.run(&["up"]).expect(0);
        let unknown = target.value("SELECT environment, git_commit, git_author, ci_job FROM driftlock_history WHERE state = 'done' AND version = '20260101-000002'");
        assert_eq!(unknown, "unknown|unknown|ci-runner|unknown", "{engine:?}");
    }
}

#[test]
fn looking_writes_nothing() {
    for engine in ALL {
        let target = Target::new(engine);
        target.migration(1, "CREATE TABLE a (id int);");
        for command in [&["status"][..], &["plan"], &["up", "--dry-run"], &["validate"]] {
            target.run(command).expect(0);
        }
        let tables = match engine {
            Engine::Sqlite => {
                assert!(!target.path().join("test.db").exists(), "looking made the file");
                continue;
            }
            _ => format!(
                "SELECT count(*) FROM information_schema.tables WHERE '{}' IN (table_schema, table_catalog) AND table_schema NOT IN ('pg_catalog', 'information_schema')",
                target.database()
            ),
        };
        assert_eq!(target.value(&tables), "0", "{engine:?}");
    }
}

#[test]
fn who_and_where_follow_each_statement_if_asked() {
    let target = Target::new(Engine::Postgres);
    target.migration(1, "CREATE TABLE a AS SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid();");
    let output = target.driftlock(&["up", "--comment-statements"]).env("GIT_COMMIT", "abc*/123").output().unwrap();
    crate::target::Ran::new(output).expect(0);
    let query = target.value("SELECT query FROM a");
    assert!(query.ends_with("*/") && query.contains("/* driftlock version=20260101-000001"), "{query}");
    assert!(query.contains("commit=abc/123"), "nothing from outside ends the comment: {query}");
}

#[test]
fn objects_belong_to_the_role_and_not_to_the_login() {
    let target = Target::new(Engine::Postgres);
    let owner = format!("{}_owner", target.database());
    target.query(&format!(
        "CREATE ROLE {owner}; GRANT CREATE ON SCHEMA public TO {owner}; GRANT CREATE ON DATABASE {} TO {owner}",
        target.database()
    ));
    target.migration(1, "CREATE TABLE a (id int);\nSET ROLE NONE;");
    target.migration(2, "CREATE TABLE b (id int);");
    target.migration(3, "CREATE INDEX CONCURRENTLY b_id ON b (id);");
    target.run(&["up", "--set-role", &owner]).expect(0);
    let owners = target.query("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'");
    assert_eq!(owners, std::slice::from_ref(&owner));
    assert_eq!(
        target.value("SELECT DISTINCT applied_by FROM driftlock_history"),
        "driftlock",
        "the login is on record"
    );
    target.query(&format!("DROP OWNED BY {owner}; DROP ROLE {owner}"));
}

#[test]
fn copy_data_streams_into_its_table() {
    let target = Target::new(Engine::Postgres);
    let rows: String = (1..=5000).map(|number| format!("{number}\trow \\\\ {number}; 'x'\n")).collect();
    target.migration(
        1,
        &format!("CREATE TABLE a (id int PRIMARY KEY, note text);\nCOPY a (id, note) FROM stdin;\n{rows}\\.\n\nINSERT INTO a VALUES (0, 'after');\n"),
    );
    target.run(&["up"]).expect(0);
    assert_eq!(target.value("SELECT count(*), max(note) FILTER (WHERE id = 7) FROM a"), "5001|row \\ 7; 'x'");
    target.migration(2, "COPY a (id, note) FROM stdin;\n6000\tfine\nnonsense\tx\n\\.\n");
    target.run(&["up"]).expect(1).says(&["invalid input syntax", "line 2"]);
    assert_eq!(target.value("SELECT count(*) FROM a"), "5001");
}
