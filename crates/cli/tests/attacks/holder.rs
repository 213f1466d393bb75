//! The one who holds the lock: waited for, named, overtaken, killed, interrupted.

use std::process::Child;
use std::time::{Duration, Instant};

use crate::target::{ALL, Engine, Ran, Target, until};

/// A statement that takes a while.
fn slow(engine: Engine, seconds: u32) -> String {
    match engine {
        Engine::Postgres => format!("SELECT pg_sleep({seconds})"),
        Engine::MySql => format!("DO SLEEP({seconds})"),
        // Some ten million steps a second in a debug build; long enough, and ended by the interrupt or by the kill.
        Engine::Sqlite => format!(
            "INSERT INTO a SELECT max(n) FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {}) SELECT n FROM c)",
            u64::from(seconds) * 4_000_000
        ),
    }
}

/// A runner that is inside the slow statement of its second migration.
fn slow_runner(target: &Target, seconds: u32) -> Child {
    target.migration(1, "CREATE TABLE a (id integer);");
    target.migration(
        2,
        &format!("INSERT INTO a VALUES (1);\n{};\nINSERT INTO a VALUES (2);\n", slow(target.engine, seconds)),
    );
    let child = target.start(&["up"]);
    until("the slow statement runs", || running(target));
    child
}

fn running(target: &Target) -> bool {
    match target.engine {
        Engine::Postgres => {
            target.value("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%' AND state = 'active'") == "1"
        }
        Engine::MySql => {
            let sql = format!(
                "SELECT count(*) FROM information_schema.processlist WHERE db = '{}' AND info LIKE 'DO SLEEP%'",
                target.database()
            );
            target.value(&sql) == "1"
        }
        Engine::Sqlite => {
            // It holds the write lock from BEGIN IMMEDIATE on, and the first migration is committed.
            let run = |sql: &str| {
                let path = target.path().join("test.db");
                std::process::Command::new("sqlite3").arg("-batch").arg(path).arg(sql).output().expect("sqlite3 starts")
            };
            let applied = run("SELECT count(*) FROM driftlock_history");
            applied.stdout == b"1\n" && !run("BEGIN IMMEDIATE; ROLLBACK").status.success()
        }
    }
}

fn signal(child: &Child, name: &str) {
    let status = std::process::Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(status.expect("kill runs").success());
}

#[test]
fn a_waiter_says_who_holds_the_lock_and_gives_up_in_time() {
    for engine in ALL {
        let target = Target::new(engine);
        let mut holder = slow_runner(&target, 30);
        let began = Instant::now();
        let ran = target.run(&["up", "--lock-wait", "1s"]).expect(5);
        assert!(began.elapsed() < Duration::from_secs(10), "{engine:?}");
        if engine != Engine::MySql {
            // MySQL tells the connection, not the process, unless its performance schema is on.
            assert!(ran.stderr.contains(&format!("pid {}", holder.id())), "{engine:?}\n{}", ran.stderr);
        } else {
            assert!(ran.stderr.contains("connection "), "{}", ran.stderr);
        }
        holder.kill().unwrap();
        holder.wait().unwrap();
    }
}

#[test]
fn a_killed_runner_leaves_nothing_that_a_human_must_mend() {
    for engine in ALL {
        let target = Target::new(engine);
        let mut holder = slow_runner(&target, 3);
        holder.kill().unwrap();
        holder.wait().unwrap();
        target.run(&["up", "--lock-wait", "60s"]).expect(0);
        let ids = target.value("SELECT count(*) FROM a WHERE id IN (1, 2)");
        assert_eq!(ids, "2", "{engine:?}: each row once");
        assert_eq!(target.history("state = 'done'"), "2", "{engine:?}");
        target.run(&["up"]).expect(0);
    }
}

#[test]
fn signals_cancel_roll_back_record_and_release() {
    for engine in ALL {
        for (name, code) in [("INT", 130), ("TERM", 143)] {
            let target = Target::new(engine);
            let holder = slow_runner(&target, 60);
            let began = Instant::now();
            signal(&holder, name);
            Ran::new(holder.wait_with_output().unwrap()).expect(code);
            assert!(began.elapsed() < Duration::from_secs(10), "{engine:?}: it was cancelled on the server");
            assert!(!running(&target), "{engine:?}: nothing runs on");
            assert_eq!(target.value("SELECT count(*) FROM a"), "0", "{engine:?}");
            assert_eq!(target.history("state = 'failed'"), "1", "{engine:?}: the attempt is on record");
            // The lock is free: this one fails by its statement timeout or runs, but doesn't wait.
            let ran = target.run(&["status"]).expect(0);
            assert!(ran.stdout.contains("pending"), "{}", ran.stdout);
            target.run(&["up", "--lock-wait", "1s", "--to", "20260101-000001"]).expect(0);
        }
    }
}

#[test]
fn a_token_raised_behind_the_holder_stops_its_commit() {
    for engine in [Engine::Postgres, Engine::MySql] {
        let target = Target::new(engine);
        let holder = slow_runner(&target, 3);
        target.query("UPDATE driftlock_fence SET token = token + 1");
        Ran::new(holder.wait_with_output().unwrap()).expect(4).says(&["taken over"]);
        assert_eq!(target.value("SELECT count(*) FROM a"), "0", "{engine:?}: the late commit did not land");
        assert_eq!(target.history("state = 'done'"), "1", "{engine:?}");
        target.run(&["up"]).expect(0);
        assert_eq!(target.value("SELECT count(*) FROM a"), "2", "{engine:?}");
    }
}

#[test]
fn a_token_raised_inside_the_transaction_stops_its_commit() {
    for engine in ALL {
        let target = Target::new(engine);
        target.migration(1, "CREATE TABLE a (id integer);");
        target.run(&["up"]).expect(0);
        let file = target.migration(2, "INSERT INTO a VALUES (1);\nUPDATE driftlock_fence SET token = token + 1;\n");
        target.run(&["up"]).expect(4).says(&["taken over"]);
        assert_eq!(target.value("SELECT count(*) FROM a"), "0", "{engine:?}");
        std::fs::write(file, "INSERT INTO a VALUES (1);").unwrap();
        target.run(&["up"]).expect(0);
        assert_eq!(target.value("SELECT count(*) FROM a"), "1", "{engine:?}");
    }
}

#[test]
fn a_waiter_leaves_without_the_lock_when_nothing_is_left() {
    for engine in ALL {
        let target = Target::new(engine);
        let holder = slow_runner(&target, 2);
        let waiter = target.run(&["up", "--format", "json"]).expect(0);
        assert!(
            waiter.stdout.contains("\"applied\": []") || waiter.stdout.contains("\"applied\":[]"),
            "{}",
            waiter.stdout
        );
        Ran::new(holder.wait_with_output().unwrap()).expect(0);
    }
}

#[test]
fn nothing_is_printed_as_applied_before_its_commit() {
    for engine in ALL {
        let target = Target::new(engine);
        target.migration(1, "CREATE TABLE a (id integer);");
        target.migration(2, "INSERT INTO a VALUES (1);\nINSERT INTO nowhere VALUES (1);\n");
        let ran = target.run(&["up"]).expect(1);
        assert!(ran.stdout.contains("20260101-000001"), "{engine:?}\n{}", ran.stdout);
        assert!(!ran.stdout.contains("20260101-000002"), "{engine:?}\n{}", ran.stdout);
    }
}

/// Ends the runner's session on the server.
fn end_session(target: &Target) {
    let sql = match target.engine {
        Engine::Postgres => {
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'SELECT pg_sleep%' AND state = 'active'".to_owned()
        }
        _ => {
            let sql = format!(
                "SELECT id FROM information_schema.processlist WHERE db = '{}' AND info LIKE 'DO SLEEP%'",
                target.database()
            );
            format!("KILL {}", target.value(&sql))
        }
    };
    target.query(&sql);
    until("the session has ended", || !running(target));
}

#[test]
fn a_lost_connection_is_said_and_the_next_run_finds_out() {
    for engine in [Engine::Postgres, Engine::MySql] {
        let target = Target::new(engine);
        let holder = slow_runner(&target, 30);
        end_session(&target);
        let ran = Ran::new(holder.wait_with_output().unwrap()).expect(1);
        assert!(ran.stderr.contains("connection"), "{engine:?}\n{}", ran.stderr);
        std::fs::write(target.migrations().join("20260101-000002_shop_step_v1.up.sql"), "INSERT INTO a VALUES (1);")
            .unwrap();
        target.run(&["up"]).expect(0);
        assert_eq!(target.value("SELECT count(*) FROM a"), "1", "{engine:?}");
    }
}

#[test]
fn nothing_of_a_stopped_holder_lands_when_it_goes_on() {
    for engine in [Engine::Postgres, Engine::MySql] {
        let target = Target::new(engine);
        let holder = slow_runner(&target, 3);
        signal(&holder, "STOP");
        end_session(&target);
        target.run(&["up", "--lock-wait", "30s"]).expect(0);
        signal(&holder, "CONT");
        let late = Ran::new(holder.wait_with_output().unwrap());
        assert_eq!(late.code, 1, "{engine:?}\n{}", late.stderr);
        assert_eq!(target.value("SELECT count(*) FROM a WHERE id IN (1, 2)"), "2", "{engine:?}");
        assert_eq!(target.history("state = 'done'"), "2", "{engine:?}");
        target.run(&["status"]).expect(0);
    }
}

/// Somebody else's transaction that is in the way of any change of `a` for a while.
fn in_the_way(target: &Target, seconds: u32) -> Child {
    let sql = match target.engine {
        Engine::Postgres => format!("BEGIN; LOCK TABLE a; SELECT pg_sleep({seconds}); COMMIT"),
        Engine::MySql => format!("BEGIN; SELECT * FROM a; SELECT SLEEP({seconds}); COMMIT"),
        Engine::Sqlite => format!("BEGIN IMMEDIATE;\n.shell sleep {seconds}\nCOMMIT;\n"),
    };
    let mut command = target.client_command(target.database(), if target.engine == Engine::Sqlite { "" } else { &sql });
    if target.engine == Engine::Sqlite {
        command = std::process::Command::new("sqlite3");
        command.arg("-batch").arg(target.path().join("test.db")).stdin(std::process::Stdio::piped());
    }
    let mut child = command.stdout(std::process::Stdio::null()).spawn().expect("the client starts");
    if let Some(mut stdin) = child.stdin.take() {
        std::io::Write::write_all(&mut stdin, sql.as_bytes()).unwrap();
    }
    until("the other transaction is in the way", || match target.engine {
        Engine::Postgres => {
            target.value(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'",
            ) == "1"
        }
        Engine::MySql => {
            let sql = format!(
                "SELECT count(*) FROM information_schema.processlist WHERE db = '{}' AND info LIKE 'SELECT SLEEP%'",
                target.database()
            );
            target.value(&sql) == "1"
        }
        Engine::Sqlite => {
            let mut probe = std::process::Command::new("sqlite3");
            probe.arg("-batch").arg(target.path().join("test.db")).arg("BEGIN IMMEDIATE; ROLLBACK");
            !probe.output().expect("sqlite3 starts").status.success()
        }
    });
    child
}

#[test]
fn a_busy_table_is_tried_again_and_not_for_ever() {
    for engine in ALL {
        let target = Target::new(engine);
        target.migration(1, "CREATE TABLE a (id integer);");
        target.run(&["up"]).expect(0);
        target.migration(2, "ALTER TABLE a ADD COLUMN b integer;");
        let mut other = in_the_way(&target, 8);
        target.run(&["up", "--lock-timeout", "1s", "--attempts", "1"]).expect(1).says(&["lock"]);
        assert!(other.try_wait().unwrap().is_none(), "{engine:?}: it gave up before the other one was done");
        target.run(&["up", "--lock-timeout", "1s", "--attempts", "20"]).expect(0).says(&["try 2 of 20"]);
        other.wait().unwrap();
        assert_eq!(target.history("state = 'done'"), "2", "{engine:?}");
    }
}

#[test]
fn a_files_own_limit_goes_before_the_options() {
    for engine in ALL {
        let target = Target::new(engine);
        target.migration(1, "CREATE TABLE a (id integer);");
        // MariaDB's DO would end with a warning when its time is over, and MySQL's bare SELECT SLEEP without one.
        let sleep = if engine == Engine::MySql {
            "SELECT 1 FROM (SELECT 1 AS a UNION SELECT 2) t WHERE SLEEP(30)".to_owned()
        } else {
            slow(engine, 30)
        };
        let text = format!("-- driftlock: statement-timeout=1s\n{sleep};\n");
        target.migration(2, &text);
        let began = Instant::now();
        target.run(&["up", "--statement-timeout", "1h"]).expect(1);
        assert!(began.elapsed() < Duration::from_secs(20), "{engine:?}");
        assert_eq!(target.history("state = 'failed'"), "1", "{engine:?}");
    }
}
