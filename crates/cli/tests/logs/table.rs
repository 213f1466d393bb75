//! The table in `docs/logs.md` against what runs on three engines tell.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Child;

use crate::target::{ALL, Engine, Ran, Target, until};
use crate::{events, log_file, logged, name};

/// What these runs can't bring about, and why.
const NOT_HERE: &[(&str, &str)] = &[
    ("driftlock.lock.release_failed", "the connection has to fail between the last commit and the end"),
    (
        "driftlock.orphan.waiting",
        "the lock mostly ends with the session that ran the orphan; the faults bring it about",
    ),
];

/// By name: the levels and the fields that an event may have.
type Documented = BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>;

fn documented() -> Documented {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/logs.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, table) = page.split_once("## The events").unwrap();
    let words = |cell: &str| cell.split(',').map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect();
    let rows = table.lines().filter(|line| line.starts_with("| `driftlock."));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        (cells[1].trim_matches('`').to_owned(), (words(cells[2]), words(cells[3])))
    })
    .collect()
}

/// Holds a log against the table; says which events it has.
fn hold(documented: &Documented, log: &str, whose: &str, seen: &mut BTreeSet<String>) {
    for event in events(log) {
        let name = name(&event);
        let Some((levels, fields)) = documented.get(name) else { panic!("{whose}: docs/logs.md has no {name}") };
        let level = event["level"].as_str().unwrap();
        assert!(levels.contains(level), "{whose}: {name} is told at {level}");
        for field in event.keys() {
            let is_common = ["timestamp", "level", "event", "message", "run"].contains(&field.as_str());
            assert!(is_common || fields.contains(field), "{whose}: docs/logs.md has no {field} of {name}");
        }
        assert!(event["run"].is_string(), "{whose}: {name} is of no run");
        seen.insert(name.to_owned());
    }
}

#[test]
fn the_docs_name_every_event_and_no_other() {
    let documented = documented();
    let mut seen = BTreeSet::new();
    for engine in ALL {
        let mut here = BTreeSet::new();
        for log in [well(engine), badly(engine), together(engine), killed(engine)].into_iter().flatten() {
            hold(&documented, &log, &format!("{engine:?}"), &mut here);
        }
        for always in ["driftlock.connected", "driftlock.statement.failed", "driftlock.resume.decided", "driftlock.sql"]
        {
            assert!(here.contains(always), "{engine:?} never told {always}");
        }
        seen.extend(here);
    }
    let unseen: Vec<&String> = documented.keys().filter(|name| !seen.contains(*name)).collect();
    let explained: Vec<&str> = NOT_HERE.iter().map(|(name, _)| *name).collect();
    assert_eq!(unseen, explained);
}

fn log_of(target: &Target) -> Option<String> {
    std::fs::read_to_string(log_file(target)).ok()
}

/// Everything goes well, and everything is looked at.
fn well(engine: Engine) -> Option<String> {
    let target = Target::new(engine);
    target.migration(1, "CREATE TABLE a (id integer);\nINSERT INTO a VALUES (1);\nDROP TABLE IF EXISTS not_there;");
    target.down(1, "DROP TABLE a;");
    for command in [
        &["plan"][..],
        &["up"],
        &["up"],
        &["status"],
        &["audit"],
        &["audit", "--verify"],
        &["redo", "--yes"],
        &["down", "--yes"],
        &["baseline", "20260101-000001", "--accept-difference", "--reason", "to see what is told"],
    ] {
        Ran::new(target.with_shadow(target.driftlock(&logged(command))).output().unwrap()).expect(0);
    }
    std::fs::write(target.path().join("wanted.sql"), "CREATE TABLE wanted (id integer);").unwrap();
    let diff = ["diff", "--from", &target.url, "--to", "sql:wanted.sql"];
    Ran::new(target.with_shadow(target.driftlock(&logged(&diff))).output().unwrap()).expect(0);
    // Somebody's tables are there before the first run.
    let found = Target::new(engine);
    found.query("CREATE TABLE theirs (id integer)");
    found.migration(1, "CREATE TABLE a (id integer);");
    found.run(&logged(&["up"])).expect(0);
    // Hooks: a file, and a command that says something.
    let hooked = Target::new(engine);
    hooked.migration(1, "CREATE TABLE a (id integer);");
    std::fs::create_dir(hooked.migrations().join("hooks")).unwrap();
    hooked.file("hooks/after_each.sql", "SELECT 1;");
    let text = format!(
        "[[hook]]\non = \"before_migrate\"\ncommand = [\"echo\", \"a line\"]\n[env.dev]\nurl = \"{}\"\n",
        hooked.url
    );
    std::fs::write(hooked.path().join("driftlock.toml"), text).unwrap();
    Ran::new(hooked.command(&logged(&["up"])).output().unwrap()).expect(0);
    Some(log_of(&target)? + &log_of(&found)? + &log_of(&hooked)?)
}

/// What fails, and what is taken up again.
fn badly(engine: Engine) -> Option<String> {
    let target = Target::new(engine);
    target.migration(1, "INSERT INTO a SELECT id FROM nowhere;");
    target.run(&logged(&["up"])).expect(1);
    let head = "-- driftlock: no-transaction\nCREATE TABLE b (id integer);\n";
    target.migration(1, &format!("{head}INSERT INTO b SELECT id FROM nowhere;"));
    target.run(&logged(&["up"])).expect(1);
    target.migration(1, &format!("{head}INSERT INTO b VALUES (1);"));
    target.run(&logged(&["up"])).expect(0);
    let away = match engine {
        Engine::Sqlite => format!("sqlite://{}", target.path().join("none/x.db").display()),
        Engine::Postgres => "postgres://nobody:nothing@127.0.0.1:1/x".to_owned(),
        Engine::MySql => "mysql://nobody:nothing@127.0.0.1:1/x".to_owned(),
    };
    let arguments = ["up", "--dir", "migrations", "--url", &away, "--connect-timeout", "1s"];
    let output = target.command(&logged(&arguments)).output().unwrap();
    assert_ne!(output.status.code(), Some(0));
    log_of(&target)
}

/// A statement that takes about so many seconds, or until somebody ends it.
fn slow(engine: Engine, seconds: u32) -> String {
    match engine {
        Engine::Sqlite => format!(
            "CREATE TABLE b{seconds} AS WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {}) SELECT max(n) FROM c;",
            u64::from(seconds) * 1_000_000
        ),
        Engine::Postgres => format!("SELECT pg_sleep({seconds});"),
        Engine::MySql => format!("DO SLEEP({seconds});"),
    }
}

/// Waits until a statement of a version has begun.
fn until_begun(target: &Target, version: u32) {
    let version = format!("20260101-{version:06}");
    until("the statement begins", || {
        let text = log_of(target).unwrap_or_default();
        // What is written now may not have its end yet.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let is_it = |event: &serde_json::Map<String, serde_json::Value>| {
            name(event) == "driftlock.statement.started" && event["version"] == *version
        };
        events(whole).iter().any(is_it)
    });
}

fn end(child: Child) -> Ran {
    Ran::new(child.wait_with_output().unwrap())
}

fn signal(child: &Child, name: &str) {
    let sent = std::process::Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// Two at once, and one that is stopped.
fn together(engine: Engine) -> Option<String> {
    let target = Target::new(engine);
    target.migration(1, &slow(engine, 3));
    let first = target.start(&logged(&["up", "--slow", "1ms"]));
    until_begun(&target, 1);
    target.run(&logged(&["up"])).expect(0);
    end(first).expect(0);
    target.migration(2, &slow(engine, 60));
    let stopped = target.start(&logged(&["up"]));
    until_begun(&target, 2);
    signal(&stopped, "INT");
    end(stopped).expect(130);
    log_of(&target)
}

/// Somebody is in the way; then a run is killed, and the next one takes up what it left.
fn killed(engine: Engine) -> Option<String> {
    let target = Target::new(engine);
    target.migration(1, "CREATE TABLE a (id integer);\nINSERT INTO a VALUES (1);");
    target.run(&logged(&["up"])).expect(0);
    let (blocker, statement, is_there) = match engine {
        Engine::Sqlite => {
            target.migration(2, &format!("-- driftlock: no-transaction\n{}", slow(engine, 10)));
            let killed = target.start(&logged(&["up"]));
            until_begun(&target, 2);
            signal(&killed, "KILL");
            end(killed);
            target.run(&logged(&["up"])).expect(0);
            return log_of(&target);
        }
        Engine::Postgres => (
            "BEGIN; LOCK TABLE a IN ROW EXCLUSIVE MODE; SELECT pg_sleep(4); COMMIT",
            "CREATE INDEX CONCURRENTLY a_id ON a (id)",
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE ",
        ),
        Engine::MySql => (
            "START TRANSACTION; SELECT * FROM a; DO SLEEP(4); COMMIT",
            "ALTER TABLE a ADD c integer",
            "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND info LIKE ",
        ),
    };
    let runs = |words: &str| target.value(&format!("{is_there}'{words}%'")) == "1";
    let block = || {
        let child = target.client_command(target.database(), blocker).stdout(std::process::Stdio::null()).spawn();
        until("somebody has the table", || runs(if engine == Engine::Postgres { "BEGIN; LOCK" } else { "DO SLEEP" }));
        child.unwrap()
    };
    let mut first = block();
    target.migration(2, "ALTER TABLE a ADD b integer;");
    target.run(&logged(&["up", "--lock-timeout", "200ms", "--attempts", "100"])).expect(0);
    first.wait().unwrap();
    let mut second = block();
    target.migration(3, statement);
    let killed = target.start(&logged(&["up", "--lock-timeout", "1min"]));
    until("the statement waits", || runs(statement));
    signal(&killed, "KILL");
    end(killed);
    target.run(&logged(&["up", "--take-over"])).expect(0);
    second.wait().unwrap();
    log_of(&target)
}
