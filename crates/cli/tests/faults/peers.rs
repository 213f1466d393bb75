//! What other runners do wrong, seen when the published programs were run (dbmate 2.36, golang-migrate 4.20, goose 3.29, sqlx 0.9, refinery 0.10,
//! Flyway 11.8, Liquibase 4.28): each failure has a test of its name.

use std::path::Path;

use crate::bed::Halted;
use crate::target::{ALL, Engine, Target};

/// The failures, and the tests that show that we don't have them: here, or where their subject is.
const FAILURES: [(&str, &str, &str); 24] = [
    (
        "a file is applied though its second statement failed",
        "faults/peers.rs",
        "a_later_statement_that_fails_is_never_recorded_as_applied",
    ),
    (
        "after a typo is mended, the file's first table exists already",
        "faults/peers.rs",
        "a_later_statement_that_fails_is_never_recorded_as_applied",
    ),
    (
        "an INVALID index is applied at the second try",
        "attacks/half_done.rs",
        "a_concurrent_index_over_duplicates_leaves_no_invalid_index",
    ),
    (
        "an INVALID index of somebody else is taken for the wanted one",
        "attacks/half_done.rs",
        "an_invalid_index_is_never_taken_for_the_one_that_is_wanted",
    ),
    (
        "files written to be run again apply an UPDATE twice",
        "faults/peers.rs",
        "an_update_in_files_written_to_be_run_again_is_applied_once",
    ),
    (
        "a whole file goes on in the server after its client's death",
        "faults/orphan.rs",
        "an_orphan_is_waited_for_and_its_work_counts",
    ),
    ("a killed run on MariaDB needs a human", "faults/random.rs", "whenever_it_is_killed_the_next_run_ends_right"),
    (
        "a transaction that was rolled back leaves a dirty mark",
        "faults/peers.rs",
        "a_killed_transaction_needs_no_human",
    ),
    ("a file and its history row are two transactions", "faults/peers.rs", "a_killed_transaction_needs_no_human"),
    (
        "an index that was finished, and whose row wasn't, exists already",
        "faults/peers.rs",
        "an_index_whose_row_was_never_written_is_marked_done",
    ),
    (
        "a kill within CONCURRENTLY needs a human",
        "attacks/half_done.rs",
        "a_kill_inside_concurrently_is_settled_by_the_next_run",
    ),
    ("of eight at once seven fail", "attacks/race.rs", "eight_at_once_five_rounds"),
    (
        "waiting runners and CONCURRENTLY wait for each other",
        "attacks/race.rs",
        "indexes_built_concurrently_beside_waiting_runners",
    ),
    ("two CONCURRENTLY in one file", "attacks/race.rs", "indexes_built_concurrently_beside_waiting_runners"),
    ("the lock of a killed run stays", "faults/peers.rs", "a_lock_dies_with_its_session"),
    (
        "a first run that was killed before its first row can't be begun again",
        "faults/peers.rs",
        "a_first_run_killed_before_its_first_row_is_begun_again",
    ),
    (
        "edited and deleted files go unnoticed",
        "attacks/files_and_history.rs",
        "edited_renamed_and_missing_files_are_found_on_every_run",
    ),
    (
        "a file out of order is skipped in silence",
        "attacks/files_and_history.rs",
        "files_out_of_order_are_refused_and_never_skipped",
    ),
    ("two files of one version", "attacks/bad_input.rs", "names_and_directories"),
    (
        "1, 2 and 10 are applied as 1, 10, 2",
        "attacks/bad_input.rs",
        "golang_migrates_pairs_run_in_the_order_of_numbers",
    ),
    ("an error names neither file nor line", "attacks/errors.rs", "a_wrong_name_is_shown_where_it_stands"),
    ("applied is printed before the error", "attacks/holder.rs", "nothing_is_printed_as_applied_before_its_commit"),
    ("the second block of a file never runs", "faults/peers.rs", "both_blocks_of_a_dbmate_file_run"),
    (
        "a statement that a moved line break turns into a comment keeps its checksum",
        "faults/peers.rs",
        "a_moved_line_break_is_an_edit",
    ),
];

#[test]
fn every_failure_of_a_peer_has_its_test() {
    for (failure, file, test) in FAILURES {
        let text = std::fs::read_to_string(Path::new("tests").join(file)).unwrap();
        assert!(text.contains(&format!("#[test]\nfn {test}()")), "{failure}: {file} has no test {test}");
    }
}

/// Kills a run at a point, the `time`th time that it comes there. `false`: it doesn't so often, and was left to end.
fn kill_at(target: &Target, point: &str, time: u32) -> bool {
    let mut run = Halted::start(target, &target.url, point, time, &format!("{point}-{time}"));
    let stands = run.stands();
    // One that has ended needs no kill.
    let _ = run.child.kill();
    run.child.wait().unwrap();
    stands
}

#[test]
fn a_later_statement_that_fails_is_never_recorded_as_applied() {
    for engine in ALL {
        let target = Target::new(engine);
        let text = |second: &str| {
            format!(
                "CREATE TABLE a (id integer);\n{second};\nINSERT INTO a VALUES (2);\nCREATE TABLE b (id integer);\n"
            )
        };
        let file = target.migration(1, &text("INSERT INTO a (nope) VALUES (1)"));
        for _ in 0..2 {
            target.run(&["up"]).expect(1).says(&["nope", "20260101-000001_shop_step_v1.up.sql:2:"]);
            assert_eq!(target.history("state = 'done'"), "0", "{engine:?}");
        }
        std::fs::write(&file, text("INSERT INTO a (id) VALUES (1)")).unwrap();
        target.run(&["up"]).expect(0);
        assert_eq!(target.query("SELECT id FROM a ORDER BY id"), ["1", "2"], "{engine:?}");
        assert_eq!(target.value("SELECT count(*) FROM b"), "0", "{engine:?}");
        assert_eq!(target.history("state = 'done'"), "1", "{engine:?}");
    }
}

#[test]
fn an_update_in_files_written_to_be_run_again_is_applied_once() {
    for engine in ALL {
        let insert = match engine {
            Engine::MySql => "INSERT IGNORE INTO a VALUES (1, 0)",
            _ => "INSERT INTO a VALUES (1, 0) ON CONFLICT DO NOTHING",
        };
        let text = format!(
            "-- driftlock: no-transaction\nCREATE TABLE IF NOT EXISTS a (id integer PRIMARY KEY, n integer);\n{insert};\n\
             UPDATE a SET n = n + 1;\nCREATE INDEX {} a_n ON a (n);\nUPDATE a SET n = n + 1;\nUPDATE a SET n = n + 1;\n",
            if engine == Engine::MySql { "" } else { "IF NOT EXISTS" },
        );
        for point in ["after-intent", "before-journal", "between-statements", "before-history", "after-commit"] {
            for time in 1.. {
                let target = Target::new(engine);
                target.migration(1, &text);
                let killed = kill_at(&target, point, time);
                target.run(&["up"]).expect(0);
                assert_eq!(target.value("SELECT n FROM a"), "3", "{engine:?}, killed at {point}, time {time}");
                if !killed {
                    break;
                }
            }
        }
    }
}

#[test]
fn a_killed_transaction_needs_no_human() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        for point in ["before-migration", "before-history", "after-commit"] {
            let target = Target::new(engine);
            target.migration(1, "CREATE TABLE a (id integer);\nINSERT INTO a VALUES (1);\n");
            assert!(kill_at(&target, point, 1));
            let ran = target.run(&["up"]).expect(0);
            assert!(ran.stderr.is_empty() || !ran.stderr.contains("error"), "{}", ran.stderr);
            assert_eq!(target.value("SELECT count(*) FROM a"), "1", "{engine:?}, {point}");
            assert_eq!(
                target.history("version IS NOT NULL"),
                "1",
                "{engine:?}, {point}: what was rolled back left no mark"
            );
        }
    }
}

#[test]
fn an_index_whose_row_was_never_written_is_marked_done() {
    let target = Target::new(Engine::Postgres);
    target.query("CREATE TABLE a (id integer)");
    target.migration(1, "CREATE INDEX CONCURRENTLY a_id ON a (id);\n");
    assert!(kill_at(&target, "before-journal", 1));
    let made = target.value("SELECT oid FROM pg_class WHERE relname = 'a_id'");
    target.run(&["up"]).expect(0);
    assert_eq!(target.value("SELECT oid FROM pg_class WHERE relname = 'a_id'"), made, "it was not built again");
    assert_eq!(target.history("state = 'done'"), "1");
}

#[test]
fn a_lock_dies_with_its_session() {
    for engine in ALL {
        let target = Target::new(engine);
        target.migration(1, "CREATE TABLE a (id integer);\n");
        assert!(kill_at(&target, "before-migration", 1));
        target.run(&["up", "--lock-wait", "5s"]).expect(0);
        assert_eq!(target.value("SELECT count(*) FROM a"), "0", "{engine:?}");
    }
}

#[test]
fn a_first_run_killed_before_its_first_row_is_begun_again() {
    for engine in ALL {
        for (point, time) in [
            ("before-own-tables", 1),
            ("between-own-tables", 1),
            ("between-own-tables", 2),
            ("between-own-tables", 3),
            ("between-own-tables", 4),
            ("before-fence", 1),
            ("before-migration", 1),
        ] {
            let target = Target::new(engine);
            target.migration(1, "CREATE TABLE a (id integer);\n");
            let killed = kill_at(&target, point, time);
            assert!(killed || (point == "between-own-tables" && engine != Engine::MySql), "{engine:?}: {point}");
            target.run(&["status"]).expect(0);
            target.run(&["up"]).expect(0);
            assert_eq!(target.history("state = 'done'"), "1", "{engine:?}, killed at {point}");
        }
    }
}

#[test]
fn both_blocks_of_a_dbmate_file_run() {
    let target = Target::new(Engine::Sqlite);
    target.file(
        "20240101000001_blocks.sql",
        "-- migrate:up\nCREATE TABLE a (id integer);\n-- migrate:down\nDROP TABLE a;\n-- migrate:up\nCREATE TABLE b (id integer);\n-- migrate:down\nDROP TABLE b;\n",
    );
    target.run(&["up"]).expect(0);
    assert_eq!(target.value("SELECT count(*) FROM sqlite_schema WHERE name IN ('a', 'b')"), "2");
}

#[test]
fn a_moved_line_break_is_an_edit() {
    let target = Target::new(Engine::Sqlite);
    let file =
        target.migration(1, "CREATE TABLE audit_log (id integer);\n-- remove after release\nDROP TABLE audit_log;\n");
    target.run(&["up"]).expect(0);
    std::fs::write(&file, "CREATE TABLE audit_log (id integer);\n-- remove after releaseDROP TABLE audit_log;\n")
        .unwrap();
    target.run(&["up"]).expect(6);
    target.run(&["status"]).says(&["20260101-000001"]);
}
