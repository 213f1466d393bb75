//! SIGINT and SIGTERM: cleaned up, and said by the exit code.
#![cfg(unix)]

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::environment::TestEnvironment;

/// Counts for minutes, if nobody stops it.
const LONG: &str = "CREATE TABLE numbers AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000000) SELECT count(*) FROM n;";

/// A run whose third migration doesn't end by itself.
fn long_run() -> (TestEnvironment, Child) {
    let it = TestEnvironment::with_two_migrations();
    it.migration("20240301-000000_long_v1", LONG, "DROP TABLE numbers;");
    let child = it.command(&["up"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    // The third begins when the second is committed.
    while it.json(&["status"]).1["pending"] != 1 {
        assert!(start.elapsed() < Duration::from_secs(30), "the first two were not applied");
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_millis(300));
    (it, child)
}

fn send(signal: &str, child: &Child) {
    assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_signal_stops_the_run_and_leaves_nothing_behind() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let (it, child) = long_run();
        send(signal, &child);
        let said = it.said(&child.wait_with_output().unwrap());
        assert_eq!(said.code, Some(code), "{said}");
        assert!(said.stderr.contains("20240301-000000_long_v1.up.sql"), "{said}");
        let (_, status) = it.json(&["status"]);
        assert_eq!(status["pending"], 1);
        it.migration("20240301-000000_long_v1", "CREATE TABLE numbers (n integer);", "DROP TABLE numbers;");
        let said = it.run(&["up"]);
        assert_eq!(said.code, Some(0), "the lock was given back: {said}");
    }
}

#[test]
fn a_run_that_waits_says_for_whom_and_gives_up_in_time_or_when_told() {
    let (it, first) = long_run();
    let said = it.run(&["up", "--lock-wait", "500ms"]);
    assert_eq!(said.code, Some(5), "{said}");
    assert!(said.stderr.contains(&format!("pid {}", first.id())), "{said}");
    assert!(said.stderr.contains("note: waiting for the lock: ") && said.stderr.contains("--lock-wait"), "{said}");

    let waiting = it.command(&["up"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    send("TERM", &waiting);
    let said = it.said(&waiting.wait_with_output().unwrap());
    assert_eq!(said.code, Some(143), "{said}");
    send("INT", &first);
    assert_eq!(it.said(&first.wait_with_output().unwrap()).code, Some(130));
}
