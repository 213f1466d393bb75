//! SIGINT and SIGTERM: cleaned up, and said by the exit code.
#![cfg(unix)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::environment::TestEnvironment;

/// Counts for minutes, if nobody stops it.
const LONG: &str = "CREATE TABLE numbers AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000000) SELECT count(*) FROM n;";

#[test]
fn a_signal_stops_the_run_and_leaves_nothing_behind() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
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
        assert!(Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
        let said = it.said(&child.wait_with_output().unwrap());
        assert_eq!(said.code, Some(code), "{said}");
        assert!(start.elapsed() < Duration::from_secs(40));
        let (_, status) = it.json(&["status"]);
        assert_eq!(status["pending"], 1);
        it.migration("20240301-000000_long_v1", "CREATE TABLE numbers (n integer);", "DROP TABLE numbers;");
        let said = it.run(&["up"]);
        assert_eq!(said.code, Some(0), "the lock was given back: {said}");
    }
}
