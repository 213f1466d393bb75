//! Who may write to driftlock's own tables is seen: `audit --verify` names the row, and `up` refuses.

use serde_json::Value;

use crate::target::{ALL, Engine, Ran, Target};

/// Four versions, each of which can't be one transaction, and a fifth that waits. So every engine's history has eight rows: two a version.
fn target(engine: Engine) -> Target {
    let target = Target::new(engine);
    for number in [10, 20, 30, 40] {
        target.migration(
            number,
            &format!(
                "-- driftlock: no-transaction\nCREATE TABLE t{number} (id int);\nINSERT INTO t{number} VALUES (1);\n"
            ),
        );
        target.down(number, &format!("DROP TABLE t{number};"));
    }
    target.run(&["up", "--reason", "release 7"]).expect(0);
    target.migration(50, "CREATE TABLE t50 (id int);");
    assert_eq!(target.history("true"), "8");
    target
}

/// The own tables as they are, to put them back after each attack.
fn keep(target: &Target) {
    for table in ["history", "journal", "fence"] {
        target.query(&format!("CREATE TABLE keep_{table} AS SELECT * FROM driftlock_{table}"));
    }
}

fn restore(target: &Target) {
    let put_back =
        |table| format!("DELETE FROM driftlock_{table}; INSERT INTO driftlock_{table} SELECT * FROM keep_{table};");
    target.query(&["history", "journal", "fence"].map(put_back).concat());
}

fn verified(target: &Target) -> (i32, Value) {
    let ran = target.run(&["audit", "--verify", "--format", "json"]);
    (ran.code, serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}")))
}

/// That an attack is seen by both, at this row, and said so.
#[track_caller]
fn seen(target: &Target, sql: &str, row: Option<i64>, part: &str) {
    let engine = target.engine;
    target.query(sql);
    let (code, found) = verified(target);
    assert_eq!(code, 6, "{engine:?}: {sql}\n{found:#}");
    let first = &found["findings"][0];
    assert_eq!(
        (&first["problem"], &found["whole"]),
        (&"tampered".into(), &false.into()),
        "{engine:?}: {sql}\n{found:#}"
    );
    assert_eq!(first["row"].as_i64(), row, "{engine:?}: {sql}\n{found:#}");
    let message = first["message"].as_str().unwrap();
    assert!(message.contains(part), "{engine:?}: {sql}\n{message}");
    assert!(message.contains("restore them from a backup"), "{engine:?}: what to do next\n{message}");
    target.run(&["up"]).expect(6).says(&[part]);
    restore(target);
}

/// All columns but `sequence`, each with a value that no row here has.
fn edits(engine: Engine) -> Vec<(&'static str, &'static str)> {
    let time = if engine == Engine::Sqlite { "'2001-01-01T00:00:00.000000Z'" } else { "'2001-01-01 00:00:00'" };
    vec![
        ("attempt", "'x'"),
        ("version", "'20260101-000099'"),
        ("name", "'x'"),
        ("direction", "'down'"),
        ("state", "'failed'"),
        ("sha256", "'x'"),
        ("crc32", "'x'"),
        ("rollback_sql", "'x'"),
        ("expected", "'x'"),
        ("started_at", time),
        ("ended_at", time),
        ("duration_ms", "987654"),
        ("applied_by", "'x'"),
        ("os_user", "'x'"),
        ("host", "'x'"),
        ("environment", "'x'"),
        ("route", "'x'"),
        ("git_commit", "'x'"),
        ("git_author", "'x'"),
        ("ci_job", "'x'"),
        ("ci_url", "'x'"),
        ("tool_version", "'x'"),
        ("reason", "NULL"),
        ("error", "'x'"),
    ]
}

#[test]
fn an_edit_of_any_column_of_a_row_names_it() {
    for engine in ALL {
        let target = target(engine);
        keep(&target);
        for (column, value) in edits(engine) {
            let sql = format!("UPDATE driftlock_history SET {column} = {value} WHERE sequence = 4");
            seen(&target, &sql, Some(4), "row 4 (version ");
        }
        seen(
            &target,
            "UPDATE driftlock_history SET chain = 'x' WHERE sequence = 4",
            Some(4),
            "the chain of row 4 (version 20260101-000020, up done) was edited",
        );
        seen(
            &target,
            "UPDATE driftlock_history SET sequence = 99 WHERE sequence = 4",
            Some(99),
            "was renumbered: it was row 4",
        );
        assert_eq!(verified(&target).0, 0, "{engine:?}: as it was");
        target.run(&["audit", "--verify"]).expect(0).says(&["8 rows, chain whole"]);
    }
}

#[test]
fn removed_and_inserted_rows_are_named() {
    for engine in ALL {
        let target = target(engine);
        keep(&target);
        let history = "driftlock_history";
        // No engine promises an order in which an UPDATE meets the rows: past all of them, and back.
        let renumber = |from: i64, by: i64| {
            format!(
                "UPDATE {history} SET sequence = sequence + 1000 WHERE sequence >= {from}; \
                 UPDATE {history} SET sequence = sequence - 1000 + {by} WHERE sequence >= 1000"
            )
        };
        let columns = "attempt, version, name, direction, state, sha256, crc32, rollback_sql, expected, started_at, ended_at, \
                       duration_ms, applied_by, os_user, host, environment, route, git_commit, git_author, ci_job, ci_url, \
                       tool_version, reason, error, chain";
        let copy = |of: i64, to: i64| {
            format!(
                "INSERT INTO {history} (sequence, {columns}) SELECT {to}, {columns} FROM keep_history WHERE sequence = {of}"
            )
        };
        let attacks: Vec<(String, Option<i64>, &str)> = vec![
            (format!("DELETE FROM {history} WHERE sequence = 1"), Some(1), "row 1 was removed"),
            (format!("DELETE FROM {history} WHERE sequence = 4"), Some(4), "row 4 was removed behind row 3"),
            (format!("DELETE FROM {history} WHERE sequence = 8"), Some(8), "row 8 was removed behind row 7"),
            (format!("DELETE FROM {history} WHERE sequence > 3"), Some(4), "row 4 was removed behind row 3"),
            (format!("DELETE FROM {history}"), Some(1), "row 1 was removed"),
            (
                format!("DELETE FROM {history} WHERE sequence = 4; {}", renumber(5, -1)),
                Some(4),
                "row 4 was removed, and the rows behind it were renumbered",
            ),
            (
                format!("{}; {}", renumber(4, 1), copy(2, 4)),
                Some(4),
                "row 4 (version 20260101-000010, up done) was put in",
            ),
            (copy(2, 9), Some(9), "was put in: the last that the fence knows is row 8"),
            (
                format!(
                    "UPDATE {history} SET sequence = 99 WHERE sequence = 4; UPDATE {history} SET sequence = 4 WHERE sequence = 6; \
                     UPDATE {history} SET sequence = 6 WHERE sequence = 99"
                ),
                Some(4),
                "row 4 (version 20260101-000030, up done) and row 6 were exchanged",
            ),
            ("UPDATE driftlock_fence SET head = 7".to_owned(), None, "the fence's head was edited: it says 7"),
            ("UPDATE driftlock_fence SET head = 9".to_owned(), None, "the fence's head was edited: it says 9"),
            ("UPDATE driftlock_fence SET head_chain = 'x'".to_owned(), Some(8), "head_chain was edited"),
            ("DELETE FROM driftlock_fence".to_owned(), None, "the fence's row was removed"),
        ];
        for (sql, row, part) in attacks {
            seen(&target, &sql, row, part);
        }
        assert_eq!(verified(&target).0, 0, "{engine:?}: as it was");
    }
}

#[test]
fn what_no_driftlock_writes_is_an_integrity_error() {
    for engine in ALL {
        let target = target(engine);
        let (free, never) = match engine {
            Engine::Sqlite => ("SELECT 1", "'never'"),
            Engine::Postgres => {
                ("ALTER TABLE driftlock_history DROP CONSTRAINT driftlock_history_state_check", "'infinity'")
            }
            Engine::MySql => ("SELECT 1", "'0000-00-00'"),
        };
        target.query(free);
        keep(&target);
        for (column, value) in [("state", "'almost'"), ("started_at", never)] {
            let mode = if engine == Engine::MySql { "SET sql_mode = ''; " } else { "" };
            target.query(&format!("{mode}UPDATE driftlock_history SET {column} = {value} WHERE sequence = 4"));
            target.run(&["audit", "--verify"]).expect(6).says(&["row 4", "restore them from a backup"]);
            target.run(&["up"]).expect(6).says(&["row 4"]);
            restore(&target);
        }
        for table in ["history", "fence"] {
            target.query(&format!("ALTER TABLE driftlock_{table} RENAME TO gone"));
            for command in [&["audit", "--verify"][..], &["up"], &["status"]] {
                target.run(command).expect(6).says(&[table, "restore"]);
            }
            target.query(&format!("ALTER TABLE gone RENAME TO driftlock_{table}"));
        }
        target.run(&["up"]).expect(0);
    }
}

#[test]
fn a_changed_history_is_told_before_what_it_seems_to_forbid() {
    for engine in ALL {
        let target = target(engine);
        keep(&target);
        // By its word version 20 is half undone, and `up` would say so.
        target.query("UPDATE driftlock_history SET direction = 'down', state = 'started' WHERE sequence = 4");
        target.run(&["up"]).expect(6).says(&["row 4"]);
        target.run(&["plan"]).expect(6).says(&["row 4"]);
        target.run(&["down", "--yes"]).expect(6).says(&["row 4"]);
        target.run(&["baseline", "20260101-000050"]).expect(6).says(&["row 4"]);
        restore(&target);
        // By its word version 20 is not applied, and accepting it a mistake.
        target.query("UPDATE driftlock_history SET version = '20260101-000021' WHERE sequence = 4");
        target.run(&["accept", "20260101-000020", "--reason", "x"]).expect(6).says(&["row 4"]);
        target.run(&["up"]).expect(6).says(&["row 4"]);
    }
}

#[test]
fn the_journal_is_held_against_history_and_files() {
    for engine in ALL {
        let target = target(engine);
        let attempt = target.value("SELECT attempt FROM driftlock_history WHERE sequence = 3");
        keep(&target);
        for (sql, row, part) in [
            (
                format!("UPDATE driftlock_journal SET sha256 = 'x' WHERE attempt = '{attempt}' AND statement = 2"),
                Some(3),
                "says of statement 2 what its file doesn't",
            ),
            (
                format!("UPDATE driftlock_journal SET statement = 7 WHERE attempt = '{attempt}' AND statement = 2"),
                Some(3),
                "says of statement 7 what its file doesn't",
            ),
            (
                format!(
                    "DELETE FROM driftlock_journal WHERE attempt = '{attempt}' AND statement = 2 AND state = 'done'"
                ),
                Some(3),
                "lacks that statement 2 was done",
            ),
            (
                format!("UPDATE driftlock_journal SET attempt = 'x' WHERE attempt = '{attempt}'"),
                None,
                "an attempt `x` that the history doesn't know",
            ),
        ] {
            target.query(&sql);
            let (code, found) = verified(&target);
            assert_eq!(code, 6, "{engine:?}: {sql}");
            let first = &found["findings"][0];
            assert!(first["message"].as_str().unwrap().contains(part), "{engine:?}: {sql}\n{found:#}");
            assert_eq!(first["row"].as_i64(), row, "{engine:?}: {sql}\n{found:#}");
            restore(&target);
        }
        assert_eq!(verified(&target).0, 0, "{engine:?}: as it was");
    }
}

/// Without its journal, a half-done file would be run from its beginning.
#[test]
fn an_unfinished_attempt_without_its_journal_is_not_begun_anew() {
    for engine in ALL {
        let target = Target::new(engine);
        let file = target.migration(
            1,
            "-- driftlock: no-transaction\nCREATE TABLE log (id int);\nINSERT INTO log VALUES (1);\nINSERT INTO lgo VALUES (2);\n",
        );
        target.run(&["up"]).expect(1);
        assert_eq!(verified(&target).0, 0, "{engine:?}");
        let text = std::fs::read_to_string(&file).unwrap().replace("lgo", "log");
        std::fs::write(&file, text).unwrap();
        target.query("DELETE FROM driftlock_journal");
        target.run(&["up"]).expect(6).says(&["the journal has no row of the attempt"]);
        target.run(&["audit", "--verify"]).expect(6).says(&["the journal has no row of the attempt that row 1"]);
        assert_eq!(target.value("SELECT count(*) FROM log"), "1", "{engine:?}");
    }
}

#[test]
fn verifying_looks_at_files_and_manifest_too() {
    for engine in ALL {
        let target = target(engine);
        target.migration(20, "CREATE TABLE t20 (id bigint);");
        let (code, found) = verified(&target);
        assert_eq!((code, &found["whole"]), (6, &true.into()), "{engine:?}\n{found:#}");
        assert_eq!(found["findings"][0]["problem"], "edited", "{engine:?}\n{found:#}");
        target.run(&["audit", "--verify"]).expect(6).says(&["8 rows, chain whole", "edited after it was applied"]);
        std::fs::rename(target.migrations(), target.path().join("elsewhere")).unwrap();
        target.run(&["audit", "--verify"]).expect(0).says(&["8 rows, chain whole; files were not compared"]);
    }
}

#[test]
fn the_record_is_listed_with_all_that_is_known() {
    for engine in ALL {
        let target = Target::new(engine);
        target.run(&["audit"]).expect(0).says(&["nothing recorded"]);
        target.run(&["audit", "--verify"]).expect(0).says(&["nothing recorded"]);
        target.migration(1, "-- driftlock: no-transaction\nCREATE TABLE a (id int);\nINSERT INTO a VALUES (1);\n");
        let mut command = target.driftlock(&["up", "--reason", "release 7, \"the big one\"\nsecond line"]);
        command.envs([
            ("CI_ENV", "staging"),
            ("GIT_COMMIT", "abc123"),
            ("GIT_AUTHOR_NAME", "=HYPERLINK(\"http://x\")"),
            ("CI_JOB_ID", "77"),
            ("USER", "deploy"),
        ]);
        Ran::new(command.output().unwrap()).expect(0);
        target.migration(2, "SELECT nonsense FROM nowhere;");
        target.run(&["up"]).expect(1);

        let ran = target.run(&["audit"]).expect(0);
        for part in [
            "1-2",
            "up",
            "20260101-000001",
            "done",
            "2 statements done",
            "environment staging",
            "commit abc123",
            "CI job 77",
            "reason: release 7, \"the big one\"",
            "second line",
            "20260101-000002",
            "failed",
            "error: ",
            "nowhere",
        ] {
            assert!(ran.stdout.contains(part), "{engine:?}: `{part}` is missing in\n{}", ran.stdout);
        }
        let widest = ran.stdout.lines().skip(1).map(|line| line.chars().count()).max();
        assert!(widest <= Some(100), "{engine:?}\n{}", ran.stdout);

        let json: Value = serde_json::from_str(&target.run(&["audit", "--format", "json"]).expect(0).stdout).unwrap();
        let rows = json["rows"].as_array().unwrap();
        let states: Vec<&str> = rows.iter().filter_map(|row| row["state"].as_str()).take(2).collect();
        assert_eq!(states, ["started", "done"], "{engine:?}\n{json:#}");
        assert_eq!((&rows[1]["statements"], &rows[1]["git_commit"]), (&2.into(), &"abc123".into()), "{engine:?}");
        let columns = target.query(match engine {
            Engine::Sqlite => "SELECT name FROM pragma_table_info('driftlock_history') ORDER BY cid",
            Engine::Postgres => {
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'driftlock_history' ORDER BY ordinal_position"
            }
            Engine::MySql => {
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'driftlock_history' AND table_schema = DATABASE() ORDER BY ordinal_position"
            }
        });
        let mut named: Vec<&String> = rows[0].as_object().unwrap().keys().collect();
        assert_eq!(named.pop().map(String::as_str), Some("statements"));
        assert_eq!(named, columns.iter().collect::<Vec<_>>(), "{engine:?}: a field is called as its column is");

        let csv = target.run(&["audit", "--format", "csv"]).expect(0).stdout;
        assert!(csv.starts_with(&format!("{},statements\r\n", columns.join(","))), "{engine:?}\n{csv}");
        assert!(csv.contains(",\"'=HYPERLINK(\"\"http://x\"\")\","), "{engine:?}: a formula is a text\n{csv}");
        assert!(csv.contains(",\"release 7, \"\"the big one\"\"\nsecond line\","), "{engine:?}\n{csv}");

        let count = |arguments: &[&str]| {
            let mut all = vec!["audit", "--format", "json"];
            all.extend(arguments);
            let found: Value = serde_json::from_str(&target.run(&all).expect(0).stdout).unwrap();
            found["rows"].as_array().unwrap().len()
        };
        assert_eq!(count(&["--version", "20260101-000001"]), 2, "{engine:?}");
        assert_eq!(count(&["--version", "20260101-000009"]), 0, "{engine:?}");
        assert_eq!(count(&["--limit", "0"]), 0, "{engine:?}");
        assert_eq!(count(&["--limit", "9"]), rows.len(), "{engine:?}");
        assert!((1..=2).contains(&count(&["--limit", "1"])), "{engine:?}: the last attempt alone");
        assert_eq!(count(&["--since", "2999-01-01"]), 0, "{engine:?}");
        assert_eq!(count(&["--since", "2020-01-01T00:00:00+02:00"]), rows.len(), "{engine:?}");
    }
}

/// Who may only read may look.
#[test]
fn auditing_needs_no_right_to_write() {
    let target = target(Engine::Postgres);
    let reader = format!("{}_reader", target.database());
    target.query(&format!(
        "CREATE ROLE {reader} LOGIN PASSWORD 'c4nary'; GRANT SELECT ON driftlock_history, driftlock_journal, driftlock_fence TO {reader}"
    ));
    let (_, place) = target.url.split_once('@').unwrap();
    let url = format!("postgres://{reader}:c4nary@{place}");
    for arguments in [&["audit"][..], &["audit", "--verify"]] {
        let mut all = arguments.to_vec();
        all.extend(["--url", &url, "--dir", "migrations"]);
        Ran::new(target.command(&all).output().unwrap()).expect(0);
    }
    target.query(&format!("DROP OWNED BY {reader}; DROP ROLE {reader}"));

    let target = self::target(Engine::Sqlite);
    let url = format!("{}?mode=ro", target.url);
    Ran::new(target.command(&["audit", "--verify", "--url", &url, "--dir", "migrations"]).output().unwrap()).expect(0);
}

/// The computation in the docs, by another program and another implementation of everything.
#[test]
fn the_docs_compute_the_same_chain() {
    let docs = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/audit.md")).unwrap();
    let script = docs.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the script");
    let target = target(Engine::Sqlite);
    let mut command = target.driftlock(&["up", "--reason", "größe\nzweite Zeile"]);
    command.envs([("CI_ENV", "staging"), ("GIT_COMMIT", "abc123"), ("GIT_AUTHOR_NAME", "Zoë"), ("CI_JOB_ID", "77")]);
    Ran::new(command.output().unwrap()).expect(0);
    target.migration(60, "SELECT nonsense FROM nowhere;");
    target.run(&["up"]).expect(1);
    target.run(&["down", "--yes", "--steps", "2"]).expect(4);
    let compute = || {
        let mut command = std::process::Command::new("python3");
        let output = command.args(["-c", script]).arg(target.path().join("test.db")).output();
        Ran::new(output.expect("python3 starts: `cargo xtask setup` installs it"))
    };
    compute().expect(0).says(&["10 rows, chain whole"]);
    target.query("UPDATE driftlock_history SET rollback_sql = rollback_sql || ' ' WHERE sequence = 4");
    compute().expect(1).says(&["row 4 is not as it was written"]);
}
