//! How lines of the log look, and where they go.

use std::fs::File;
use std::process::Stdio;

use crate::target::{Engine, Ran, Target};
use crate::{events, logged, name};

fn two_tables(engine: Engine) -> Target {
    let target = Target::new(engine).without_log();
    target.migration(1, "CREATE TABLE a (id integer);\nINSERT INTO a VALUES (1), (2);");
    target.migration(2, "CREATE TABLE b (id integer);");
    target
}

#[test]
fn nothing_is_logged_that_nobody_asked_for() {
    let target = two_tables(Engine::Sqlite);
    let ran = target.run(&["up"]).expect(0);
    assert_eq!(ran.stderr, "");
    let silent = two_tables(Engine::Sqlite);
    let ran = silent.run(&["up", "--log-level", "silent", "--log-file", "run.log", "--slow", "0s"]).expect(0);
    assert_eq!(ran.stderr, "");
    assert!(!silent.path().join("run.log").exists());
}

#[test]
fn a_line_of_json_is_an_object_with_time_level_event_message_and_run() {
    let target = two_tables(Engine::Sqlite);
    let ran = target.run(&["up", "--log-format", "json", "--format", "json", "--quiet"]).expect(0);
    let result: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(result["applied"].as_array().unwrap().len(), 2);
    let events = events(&ran.stderr);
    let run = events[0]["run"].as_str().unwrap();
    assert_eq!(run.len(), 32);
    for event in &events {
        let keys: Vec<&str> = event.keys().map(String::as_str).take(5).collect();
        assert_eq!(keys, ["timestamp", "level", "event", "message", "run"]);
        assert_eq!(event["run"], run);
        let time = event["timestamp"].as_str().unwrap();
        assert!(time.len() == 27 && time.ends_with('Z') && &time[10..11] == "T", "{time}");
        assert!(event["level"] != "debug", "without a level it is info");
    }
    let done =
        events.iter().find(|event| name(event) == "driftlock.statement.done" && event["statement"] == 2).unwrap();
    assert_eq!(done["sql"], "INSERT INTO a VALUES (1), (2)");
    assert_eq!((&done["line"], &done["rows"], &done["attempt"]), (&2.into(), &2.into(), &1.into()));
    assert!(done["duration_ms"].is_number() && done["slow"] == false);
    let row = events.iter().find(|event| name(event) == "driftlock.history.written").unwrap();
    assert_eq!(
        (&row["version"], &row["state"], &row["direction"]),
        (&"20260101-000001".into(), &"done".into(), &"up".into())
    );
}

#[test]
fn a_line_of_text_is_one_line_whatever_is_in_it() {
    let target = Target::new(Engine::Postgres).without_log();
    target.migration(
        1,
        "DO $$ BEGIN RAISE NOTICE E'two\\nlines \\x1b[31m red'; END $$;\nCREATE TABLE a\n  (id integer);",
    );
    let ran = target.run(&["up", "--log-level", "info"]).expect(0);
    let lines: Vec<&str> = ran.stderr.lines().filter(|line| line.contains(" driftlock.")).collect();
    let notice = lines.iter().find(|line| line.contains("driftlock.server.notice")).unwrap();
    assert!(notice.contains(r#"words="two\nlines \u{1b}[31m red""#), "{notice}");
    let created = lines.iter().find(|line| line.contains("CREATE TABLE")).unwrap();
    assert!(created.contains(r#"sql="CREATE TABLE a\n  (id integer)""#), "{created}");
    assert!(lines.iter().all(|line| line.contains(" run=") && line.starts_with("20")), "{}", ran.stderr);
}

#[test]
fn levels_let_through_what_they_say() {
    let levels = |level: &str| {
        let target = Target::new(Engine::Sqlite).without_log();
        target.migration(1, "CREATE TABLE a (id integer);\nSELECT * FROM nowhere;");
        let ran = target.run(&["up", "--log-format", "json", "--log-level", level, "--log-file", "run.log"]).expect(1);
        assert!(ran.stderr.contains("no such table: nowhere"), "errors are said in any case");
        let log = std::fs::read_to_string(target.path().join("run.log")).unwrap_or_default();
        let mut levels: Vec<String> =
            events(&log).iter().map(|event| event["level"].as_str().unwrap().to_owned()).collect();
        levels.sort();
        levels.dedup();
        levels
    };
    assert_eq!(levels("silent"), [""; 0]);
    assert_eq!(levels("error"), ["error"]);
    assert_eq!(levels("warn"), ["error", "warn"]);
    assert_eq!(levels("info"), ["error", "info", "warn"]);
    assert_eq!(levels("debug"), ["debug", "error", "info", "warn"]);
}

#[test]
fn slow_statements_are_warnings_on_three_engines() {
    for engine in crate::target::ALL {
        let target = two_tables(engine);
        let ran = target.run(&["up", "--slow", "0s", "--log-format", "json", "--log-level", "warn"]).expect(0);
        let events = events(&ran.stderr);
        assert_eq!(events.len(), 3, "{engine:?}: {}", ran.stderr);
        assert!(events.iter().all(|event| event["slow"] == true && event["level"] == "warn"), "{}", ran.stderr);
        // Alone it asks for these, too.
        target.migration(3, "CREATE TABLE c (id integer);");
        let ran = target.run(&["up", "--slow", "0s"]).expect(0).says(&["was slow", "slow=true"]);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        let ran = target.run(&["redo", "--yes", "--slow", "1h"]);
        assert!(!ran.stderr.contains("was slow"), "{}", ran.stderr);
    }
}

#[test]
fn variables_and_the_configuration_say_it_too() {
    let target = two_tables(Engine::Sqlite);
    let text = format!(
        "log_level = \"warn\"\nlog_file = \"logs/all.log\"\nslow = \"0s\"\n[env.dev]\nurl = \"{}\"\n",
        target.url
    );
    std::fs::create_dir_all(target.path().join("logs")).unwrap();
    std::fs::write(target.path().join("driftlock.toml"), text).unwrap();
    // The file is from where the configuration is, not from where one stands.
    let output = target.command(&["up", "--steps", "1"]).current_dir(target.migrations()).output().unwrap();
    Ran::new(output).expect(0);
    let log = || std::fs::read_to_string(target.path().join("logs/all.log")).unwrap();
    assert_eq!(log().lines().filter(|line| line.contains("WARN")).count(), 2, "{}", log());
    let output =
        target.command(&["up"]).env("DRIFTLOCK_LOG", "debug").env("DRIFTLOCK_LOG_FORMAT", "json").output().unwrap();
    Ran::new(output).expect(0);
    assert!(log().lines().any(|line| line.contains(r#""level":"debug""#)), "{}", log());
    let output = target.command(&["up", "--log-level", "loud"]).output().unwrap();
    Ran::new(output).expect(2).says(&["--log-level: `loud` is not what is wanted here: \"silent\" or \"error\""]);
}

#[test]
fn a_log_that_cannot_be_opened_stops_the_command_before_it_does_anything() {
    let target = two_tables(Engine::Sqlite);
    target
        .run(&["up", "--log-file", "none/run.log"])
        .expect(1)
        .says(&["--log-file: the log none/run.log can't be written"]);
    assert!(!target.path().join("test.db").exists());
}

#[test]
fn a_full_disk_under_the_log_is_told_once_and_stops_nothing() {
    let target = two_tables(Engine::Sqlite);
    let ran = target.run(&["up", "--log-file", "/dev/full"]).expect(0);
    let told = "the log /dev/full can't be written any more: No space left on device";
    assert_eq!(ran.stderr.matches(told).count(), 1, "{}", ran.stderr);
    assert_eq!(target.history("state = 'done'"), "2");
    let on_stderr = two_tables(Engine::Sqlite);
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = on_stderr.driftlock(&["up", "--log-level", "debug"]).stderr(Stdio::from(full)).output().unwrap();
    assert!(output.status.success());
}

#[test]
fn nobody_has_to_listen_to_the_log() {
    let target = two_tables(Engine::Sqlite);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = target.driftlock(&["up", "--log-level", "debug"]).stderr(Stdio::from(writer)).output().unwrap();
    Ran::new(output).expect(0).says(&["2 migrations applied"]);
}

#[test]
fn several_runs_append_to_one_file_line_by_line() {
    let target = two_tables(Engine::Sqlite);
    let runs: Vec<_> = (0..4).map(|_| target.start(&logged(&["up"]))).collect();
    for run in runs {
        Ran::new(run.wait_with_output().unwrap()).expect(0);
    }
    let log = std::fs::read_to_string(target.path().join("run.log")).unwrap();
    let mut runs: Vec<String> = events(&log).iter().map(|event| event["run"].as_str().unwrap().to_owned()).collect();
    runs.sort();
    runs.dedup();
    assert_eq!(runs.len(), 4);
}
