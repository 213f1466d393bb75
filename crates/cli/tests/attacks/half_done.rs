//! Files that can't be one transaction and end half-way: what is done is said, and the next run goes on behind it.

use crate::target::{ALL, Engine, Ran, Target, until};

#[test]
fn a_mysql_file_that_fails_at_its_third_statement_resumes_there() {
    let target = Target::new(Engine::MySql);
    let file = target.migration(
        1,
        "CREATE TABLE a (id int PRIMARY KEY);\nINSERT INTO a VALUES (1), (2);\nALTER TABLE a ADD COLUMN b nonsense;\nINSERT INTO a VALUES (3, 3);\n",
    );
    target.run(&["up"]).expect(1).says(&[
        "migrations/20260101-000001_shop_step_v1.up.sql:3:",
        "nonsense",
        "of its 4 statements 1, 2 are done and stay",
    ]);
    target.run(&["status"]).expect(0).says(&["failed after 2 statements"]);
    // Nothing else may go before it, and nothing of it is done twice.
    std::fs::write(
        &file,
        "CREATE TABLE a (id int PRIMARY KEY);\nINSERT INTO a VALUES (1), (2);\nALTER TABLE a ADD COLUMN b int;\nINSERT INTO a VALUES (3, 3);\n",
    )
    .unwrap();
    target.run(&["up"]).expect(0).says(&["goes on behind"]);
    assert_eq!(target.query("SELECT id, b FROM a ORDER BY id"), ["1|NULL", "2|NULL", "3|3"]);
    target.run(&["up"]).expect(0);
    assert_eq!(target.history("state = 'done'"), "1");
    assert_eq!(target.history("state = 'failed'"), "1");
    assert_eq!(target.history("state = 'started'"), "2");
}

#[test]
fn a_changed_prefix_is_refused_on_every_engine() {
    for engine in ALL {
        let target = Target::new(engine);
        let (head, tail) =
            ("-- driftlock: no-transaction\nCREATE TABLE a (id int);\n", "INSERT INTO nowhere VALUES (1);\n");
        let file = target.migration(1, &format!("{head}INSERT INTO a VALUES (1);\n{tail}"));
        target.run(&["up"]).expect(1).says(&["of its 3 statements 1, 2 are done"]);
        for changed in [
            format!("{head}INSERT INTO a VALUES (2);\n"),
            format!("{head}INSERT INTO a VALUES (0);\nINSERT INTO a VALUES (1);\n"),
            head.to_owned(),
        ] {
            std::fs::write(&file, changed).unwrap();
            target.run(&["up"]).expect(6).says(&["an earlier attempt did a part of this file"]);
        }
        // A comment between statements is no change of a statement.
        std::fs::write(
            &file,
            format!("{head}-- the first row\nINSERT INTO a VALUES (1);\nINSERT INTO a VALUES (2);\n"),
        )
        .unwrap();
        target.run(&["up"]).expect(0);
        assert_eq!(target.value("SELECT count(*) FROM a"), "2", "{engine:?}");
    }
}

#[test]
fn a_half_done_migration_can_fail_again_and_keeps_its_place() {
    let target = Target::new(Engine::MySql);
    let text = |third: &str| {
        format!("CREATE TABLE a (id int);\nINSERT INTO a VALUES (1);\n{third};\nCREATE TABLE b (id int);\n")
    };
    let file = target.migration(1, &text("ALTER TABLE a ADD COLUMN x nonsense"));
    for third in
        ["ALTER TABLE a ADD COLUMN x nonsense", "ALTER TABLE nowhere ADD COLUMN x int", "ALTER TABLE a DROP COLUMN y"]
    {
        std::fs::write(&file, text(third)).unwrap();
        target.run(&["up"]).expect(1).says(&["of its 4 statements 1, 2 are done"]);
    }
    std::fs::write(&file, text("ALTER TABLE a ADD COLUMN x int")).unwrap();
    target.run(&["up"]).expect(0);
    assert_eq!(target.value("SELECT count(*) FROM a"), "1");
    assert_eq!(target.value("SELECT count(*) FROM b"), "0");
}

#[test]
fn a_kill_between_mysql_statements_runs_none_twice() {
    let target = Target::new(Engine::MySql);
    target.migration(
        1,
        "CREATE TABLE a (id int);\nINSERT INTO a VALUES (1);\nCREATE TABLE b (id int);\nDO SLEEP(3);\nINSERT INTO a VALUES (2);\nCREATE TABLE c (id int);\n",
    );
    let mut child = target.start(&["up"]);
    let sql = format!(
        "SELECT count(*) FROM information_schema.processlist WHERE db = '{}' AND info LIKE 'DO SLEEP%'",
        target.database()
    );
    until("it sleeps", || target.value(&sql) == "1");
    child.kill().unwrap();
    child.wait().unwrap();
    target.run(&["up", "--lock-wait", "30s"]).expect(0).says(&["goes on behind"]);
    assert_eq!(target.query("SELECT id FROM a ORDER BY id"), ["1", "2"]);
    assert_eq!(target.value("SELECT count(*) FROM c"), "0");
}

#[test]
fn a_concurrent_index_over_duplicates_leaves_no_invalid_index() {
    let target = Target::new(Engine::Postgres);
    target.migration(1, "CREATE TABLE a (id int);\nINSERT INTO a VALUES (1), (1);");
    target.migration(2, "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS a_id ON a (id);");
    for _ in 0..2 {
        target.run(&["up"]).expect(1).says(&["could not create unique index", "Key (id)=(1) is duplicated"]);
        assert_eq!(target.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
    }
    target.query("DELETE FROM a WHERE ctid = (SELECT min(ctid) FROM a)");
    target.run(&["up"]).expect(0);
    assert_eq!(target.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_id'::regclass"), "t");
}

#[test]
fn an_invalid_index_is_never_taken_for_the_one_that_is_wanted() {
    let target = Target::new(Engine::Postgres);
    target.query("CREATE TABLE a (id int); INSERT INTO a VALUES (1), (1)");
    let failed =
        target.client_command(target.database(), "CREATE UNIQUE INDEX CONCURRENTLY a_id ON a (id)").output().unwrap();
    assert!(!failed.status.success());
    assert_eq!(target.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "1");
    target.migration(1, "DELETE FROM a WHERE ctid = (SELECT min(ctid) FROM a);");
    target.migration(2, "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS a_id ON a (id);");
    let ran = target.run(&["up"]);
    if ran.code != 0 {
        target.run(&["up"]).expect(0);
    }
    assert_eq!(target.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_id'::regclass"), "t");
}

#[test]
fn a_kill_inside_concurrently_is_settled_by_the_next_run() {
    let target = Target::new(Engine::Postgres);
    target.migration(1, "CREATE TABLE a (id int);\nINSERT INTO a SELECT generate_series(1, 1000);");
    target.migration(2, "CREATE INDEX CONCURRENTLY a_id ON a (id);\nCREATE INDEX CONCURRENTLY a_id2 ON a (id, id);");
    target.run(&["up", "--steps", "1"]).expect(0);
    // An open snapshot keeps CONCURRENTLY waiting.
    let mut reader = target
        .client_command(
            target.database(),
            "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM a; SELECT pg_sleep(4); COMMIT",
        )
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    until("the reader reads", || {
        target.value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'BEGIN ISOLATION%' AND wait_event = 'PgSleep' AND datname = current_database()") == "1"
    });
    let mut child = target.start(&["up"]);
    until("the index is being built", || {
        target.value("SELECT count(*) FROM pg_stat_progress_create_index WHERE datname = current_database()") == "1"
    });
    child.kill().unwrap();
    child.wait().unwrap();
    target.run(&["up", "--lock-wait", "30s"]).expect(0);
    reader.wait().unwrap();
    assert_eq!(target.value("SELECT count(*) FROM pg_index WHERE indrelid = 'a'::regclass AND indisvalid"), "2");
    assert_eq!(target.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
}

#[test]
fn a_transactional_failure_leaves_nothing_but_its_record() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let target = Target::new(engine);
        let file = target
            .migration(1, "CREATE TABLE a (id int);\nINSERT INTO a VALUES (1);\nINSERT INTO nowhere VALUES (1);\n");
        target.run(&["up"]).expect(1).says(&["rolled back"]);
        assert_eq!(target.history("state = 'failed'"), "1", "{engine:?}");
        std::fs::write(file, "CREATE TABLE a (id int);\n").unwrap();
        target.run(&["up"]).expect(0);
        assert_eq!(target.value("SELECT count(*) FROM a"), "0", "{engine:?}");
    }
}

#[test]
fn down_undoes_in_reverse_and_resumes_too() {
    for engine in ALL {
        let target = Target::new(engine);
        for number in 1..=3 {
            target.migration(number, &format!("CREATE TABLE t{number} (id int);"));
            target.down(number, &format!("DROP TABLE t{number};"));
        }
        target.run(&["up"]).expect(0);
        target.run(&["down"]).expect(2).says(&["--yes"]);
        target.run(&["down", "--yes"]).expect(0).says(&["20260101-000003"]);
        target.run(&["redo", "--yes"]).expect(0);
        target.run(&["down", "--to", "20260101-000001", "--yes"]).expect(0);
        assert_eq!(target.value("SELECT count(*) FROM t1"), "0", "{engine:?}");
        target.run(&["up"]).expect(0);
        // The file is gone: the history kept its down script.
        for kind in ["up", "down"] {
            std::fs::remove_file(target.migrations().join(format!("20260101-000003_shop_step_v1.{kind}.sql"))).unwrap();
        }
        target.run(&["down", "--yes"]).expect(0);
        target.run(&["down", "--all", "--yes"]).expect(0);
        target.run(&["down", "--yes"]).expect(0);
        let left = Ran::new(target.driftlock(&["status", "--format", "json"]).output().unwrap()).expect(0);
        assert!(!left.stdout.contains("\"applied_at\""), "{engine:?}\n{}", left.stdout);
    }
}

#[test]
fn a_procedure_that_commits_runs_where_it_may() {
    let target = Target::new(Engine::Postgres);
    target.migration(
        1,
        "CREATE TABLE a (id int);\nCREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO a VALUES (1); COMMIT; INSERT INTO a VALUES (2); END $$;",
    );
    let file = target.migration(2, "CALL fill();");
    target.run(&["up"]).expect(1).says(&["invalid transaction termination"]);
    std::fs::write(file, "-- driftlock: no-transaction\nCALL fill();").unwrap();
    target.run(&["up"]).expect(0);
    assert_eq!(target.value("SELECT count(*) FROM a"), "2");
}

#[test]
fn rows_of_a_table_without_transactions_are_not_called_rolled_back() {
    let target = Target::new(Engine::MySql);
    target.migration(1, "CREATE TABLE m (id int PRIMARY KEY) ENGINE=MyISAM;");
    target.run(&["up"]).expect(0);
    let file = target.migration(2, "INSERT INTO m VALUES (1);\nINSERT INTO m VALUES (2), (1);\n");
    // Of the statement that failed one row stays, which the server says to nobody: it isn't asked to undo anything.
    target.run(&["up"]).expect(1).says(&["Duplicate entry", "of its 2 statements 1 is done and stay"]);
    std::fs::write(file, "INSERT INTO m VALUES (1);\nINSERT IGNORE INTO m VALUES (2), (3);\n").unwrap();
    target.run(&["up"]).expect(0).says(&["goes on behind"]);
    assert_eq!(target.query("SELECT id FROM m ORDER BY id"), ["1", "2", "3"]);
}

#[test]
fn a_statement_that_fails_halfway_on_a_table_without_transactions_is_not_called_rolled_back() {
    let target = Target::new(Engine::MySql);
    target.query("CREATE TABLE m (id int PRIMARY KEY) ENGINE=MyISAM");
    target.migration(1, "INSERT INTO m VALUES (7), (7);\n");
    let ran = target.run(&["up"]).expect(1).says(&["Duplicate entry", "what it wrote before it failed stays"]);
    assert!(!ran.stderr.contains("rolled back"), "{}", ran.stderr);
    assert_eq!(target.query("SELECT id FROM m"), ["7"]);
}

#[test]
fn a_kill_in_an_insert_without_transactions_brings_no_row_twice() {
    let target = Target::new(Engine::MySql);
    target.migration(
        1,
        "CREATE TABLE m (id int) ENGINE=MyISAM;\nINSERT INTO m VALUES (5);\nINSERT INTO m VALUES (SLEEP(2)), (1);\nINSERT INTO m VALUES (2);\n",
    );
    let mut child = target.start(&["up"]);
    let sql = format!(
        "SELECT count(*) FROM information_schema.processlist WHERE db = '{}' AND info LIKE 'INSERT%SLEEP%'",
        target.database()
    );
    until("it sleeps", || target.value(&sql) == "1");
    child.kill().unwrap();
    child.wait().unwrap();
    target.run(&["up", "--lock-wait", "30s"]).expect(0).says(&["goes on behind"]);
    assert_eq!(target.query("SELECT id FROM m ORDER BY id"), ["0", "1", "2", "5"]);
}
