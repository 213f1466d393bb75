//! `adopt` on databases that the real runners made: recordings, a folder a tool and engine beside this file. `notes.json` says what is in
//! them; `cargo xtask oracle adopt` makes them anew.

#![allow(clippy::unwrap_used)]

#[allow(dead_code)]
#[path = "../clients/client.rs"]
mod client;
mod convert;
// The attacks' helper; not all of it is needed here.
#[allow(dead_code)]
#[path = "../attacks/target.rs"]
mod target;

use std::path::{Path, PathBuf};
use std::process::Command;

use client::difference;
use serde_json::Value;
use target::{Engine, Ran, Target};

/// One state of one tool's database on one engine.
struct Recording {
    folder: PathBuf,
    tool: String,
    /// Values that its scripts want.
    values: Value,
    is: Value,
}

fn recordings(engine: Engine) -> Vec<Recording> {
    let name = match engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
        Engine::MySql => "mariadb",
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/adopt");
    let mut tools: Vec<PathBuf> =
        std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    tools.sort();
    let mut all = Vec::new();
    for folder in tools.into_iter().map(|tool| tool.join(name)).filter(|folder| folder.is_dir()) {
        let notes: Value = serde_json::from_slice(&std::fs::read(folder.join("notes.json")).unwrap()).unwrap();
        for is in notes["recordings"].as_array().unwrap() {
            all.push(Recording {
                folder: folder.clone(),
                tool: notes["tool"].as_str().unwrap().to_owned(),
                values: notes["values"].clone(),
                is: is.clone(),
            });
        }
    }
    assert!(all.len() > 20, "only {} recordings for {name}", all.len());
    all
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect()
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

impl Recording {
    fn text(&self, key: &str) -> Option<&str> {
        self.is[key].as_str()
    }

    fn name(&self) -> String {
        format!("{} {}", self.folder.display(), self.text("file").unwrap())
    }

    /// A database as the runner left it, with the runner's directory.
    fn target(&self, engine: Engine) -> Target {
        let target = Target::new(engine);
        if engine == Engine::MySql {
            // As it was where the recordings were made.
            target.query("ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci");
        }
        target
            .load(&self.folder.join(self.text("file").unwrap()))
            .unwrap_or_else(|error| panic!("{}: {error}", self.name()));
        copy(&self.folder.join("migrations"), &target.migrations());
        if let Some(overlay) = self.text("overlay") {
            copy(&self.folder.join(overlay), &target.migrations());
        }
        target
    }

    /// The program, with the values that the runner had.
    fn run(&self, target: &Target, arguments: &[&str]) -> Ran {
        Ran::new(self.with_values(target.with_shadow(target.driftlock(arguments))).output().unwrap())
    }

    fn with_values(&self, mut command: Command) -> Command {
        for (name, value) in self.values.as_object().unwrap() {
            command.env(name, value.as_str().unwrap());
            command.env(format!("FLYWAY_PLACEHOLDERS_{}", name.to_uppercase()), value.as_str().unwrap());
        }
        command
    }

    /// Whether the tool's table shows that something failed half-way: it has a row of it.
    fn is_marked(&self) -> bool {
        let is_it = |value: &Value| {
            value.as_str().map_or_else(|| value.to_string(), str::to_owned) == self.text("failed").unwrap_or("-")
        };
        // One that a runner took for done is done to whoever reads its table.
        self.text("file") == Some("dirty.sql")
            && self.is["rows"].as_array().unwrap().iter().any(|row| row.as_object().unwrap().values().any(is_it))
    }

    fn adopt(&self, target: &Target) -> Ran {
        let table = self.text("table").unwrap();
        let usual = self.folder.join("notes.json");
        let usual: Value = serde_json::from_slice(&std::fs::read(usual).unwrap()).unwrap();
        let usual = usual["table"].as_str().unwrap();
        let mut arguments = vec!["adopt", "--format", "json"];
        if table != usual && !table.ends_with(usual.rsplit('.').next().unwrap()) {
            arguments.extend(["--table", table]);
        }
        arguments.extend(self.accepted());
        self.run(target, &arguments)
    }

    /// Flyway's driver has a SQL mode of its own, which triggers and routines keep; and a recording has its objects in a schema that only Flyway's
    /// settings name.
    fn accepted(&self) -> &'static [&'static str] {
        if self.tool == "flyway" { &["--accept-difference", "--reason", "as Flyway left it"] } else { &[] }
    }

    /// The runner's own rows, in which there are digests as bytes.
    fn own_rows(&self, target: &Target) -> Vec<u8> {
        let sql = format!("SELECT * FROM {}", self.text("table").unwrap());
        client::succeed(&mut target.client_command(target.database(), &sql)).unwrap()
    }

    /// Takes the runner's table away: what is left are the users' objects.
    fn users_dump(&self, target: &Target) -> String {
        let table = self.text("table").unwrap();
        target.query(&match (target.engine, table.split_once('.')) {
            (Engine::Postgres, Some((schema, _))) => format!("DROP SCHEMA {schema} CASCADE"),
            _ => format!("DROP TABLE {table}"),
        });
        target.nameless_dump()
    }
}

fn holds(engine: Engine, recording: &Recording) -> Result<(), String> {
    let target = recording.target(engine);
    let before = recording.own_rows(&target);
    let ran = recording.adopt(&target);
    if recording.is_marked() {
        let nothing = target.run(&["status", "--format", "json"]);
        return match (ran.code, nothing.stdout.contains("\"applied_at\"")) {
            (4, false) if ran.stderr.contains("half-done") || ran.stdout.contains("half-done") => Ok(()),
            _ => Err(format!("a half-done version was taken over: {ran:?}")),
        };
    }
    if ran.code != 0 {
        return Err(format!("{ran:?}"));
    }
    let report: Value = serde_json::from_str(&ran.stdout).map_err(|error| format!("{error}: {}", ran.stdout))?;
    let versions = |key: &str| -> Vec<String> {
        report[key]
            .as_array()
            .unwrap()
            .iter()
            // What repeats has no version, and a baseline is one of its own here.
            .map(|it| {
                it["version"].as_str().or(it.as_str()).unwrap().replace('-', "").trim_start_matches('B').to_owned()
            })
            .filter(|version| !version.starts_with("R__"))
            .collect()
    };
    let mut wanted = (texts(&recording.is["applied"]), texts(&recording.is["pending"]));
    if recording.text("file") == Some("baseline-file.sql") {
        // The baseline stands for what is before it.
        wanted.0.retain(|version| !version.starts_with('1'));
    }
    if (versions("applied"), versions("pending")) != wanted {
        return Err(format!("wanted {wanted:?}, got {:?} and {:?}", versions("applied"), versions("pending")));
    }
    if recording.own_rows(&target) != before {
        return Err("the runner's table was changed".to_owned());
    }
    let again = recording.adopt(&target);
    if again.code != 0 || target.history("direction = 'adopt' AND version NOT LIKE 'R%'") != wanted.0.len().to_string()
    {
        return Err(format!("a second time it isn't the same: {again:?}"));
    }
    if recording.text("overlay").is_some() {
        return Ok(());
    }
    if recording.text("file") == Some("own-schema.sql") {
        // What was made in a schema that Flyway's settings name is looked for there: the URL has to name it.
        return Ok(());
    }
    let mut arguments = vec!["up"];
    if up_is_ambiguous(&target) {
        // The table that told is called as nobody else calls it.
        arguments.extend(["--layout", recording.tool.split("-int8").next().unwrap()]);
    }
    let up = recording.run(&target, &arguments);
    if up.code != 0 {
        return Err(format!("{up:?}"));
    }
    if target.history("direction = 'up' AND state = 'done' AND version NOT LIKE 'R%'") != wanted.1.len().to_string() {
        return Err(format!("up ran something else: {up:?}"));
    }
    if recording.is.get("undone").is_some() {
        // What ran, was undone and runs again counts more than what ran once.
        return Ok(());
    }
    let complete = Target::new(engine);
    complete.load(&recording.folder.join("complete.sql")).unwrap();
    let end = Recording {
        folder: recording.folder.clone(),
        tool: recording.tool.clone(),
        values: Value::Null,
        is: serde_json::from_slice::<Value>(&std::fs::read(recording.folder.join("notes.json")).unwrap()).unwrap(),
    };
    match difference(&end.users_dump(&complete), &recording.users_dump(&target)) {
        Some(difference) => Err(format!("the end isn't what the runner's is: {difference}")),
        None => Ok(()),
    }
}

fn up_is_ambiguous(target: &Target) -> bool {
    target.run(&["plan"]).stderr.contains("--layout")
}

fn all(engine: Engine) {
    let failures: Vec<String> = recordings(engine)
        .iter()
        .filter_map(|recording| holds(engine, recording).err().map(|error| format!("{}: {error}", recording.name())))
        .collect();
    assert!(failures.is_empty(), "{} failures\n\n{}", failures.len(), failures.join("\n\n"));
}

/// That a directory which the runner's `new` made goes up, down and up again without the runner, and ends as the runner did.
fn goes_both_ways(engine: Engine, recording: &Recording) -> Result<(), String> {
    let target = Target::new(engine);
    copy(&recording.folder.join("migrations"), &target.migrations());
    match engine {
        // As it was where the recordings were made.
        Engine::MySql => drop(target.query(&format!("ALTER DATABASE {} CHARACTER SET utf8mb4", target.database()))),
        Engine::Sqlite => drop(std::fs::File::create(target.path().join("test.db")).unwrap()),
        Engine::Postgres => {}
    }
    let empty = target.nameless_dump();
    // Only where its files begin with `U` does refinery's directory need its name.
    let tool = recording.tool.split("-int8").next().unwrap();
    let layout: &[&str] = if up_is_ambiguous(&target) { &["--layout", tool] } else { &[] };
    let run = |arguments: &[&str]| recording.run(&target, &[arguments, layout].concat());
    let up = || match run(&["up"]) {
        ran if ran.code == 0 => Ok(target.nameless_dump()),
        ran => Err(format!("{ran:?}")),
    };
    let same = |what: &str, wanted: &str, got: &str| match difference(wanted, got) {
        Some(difference) => Err(format!("{what}: {difference}")),
        None => Ok(()),
    };
    let first = up()?;
    let complete = Target::new(engine);
    complete.load(&recording.folder.join(recording.text("file").unwrap())).unwrap();
    same("not what the runner makes", &essence(&recording.users_dump(&complete)), &essence(&first))?;

    let down = run(&["down", "--all", "--yes"]);
    let has_downs = std::fs::read_dir(target.migrations()).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        let text = || std::fs::read_to_string(&path).unwrap();
        path.join("down.sql").is_file()
            || path.to_string_lossy().ends_with(".down.sql")
            || (path.is_file() && (text().contains("-- migrate:down") || text().contains("-- +goose Down")))
    });
    if !has_downs {
        let refused = down.code == 4 && down.stderr.contains("has no down script");
        same("a refused `down` did something", &first, &target.nameless_dump())?;
        return if refused { Ok(()) } else { Err(format!("there is no way down: {down:?}")) };
    }
    if down.code != 0 {
        return Err(format!("{down:?}"));
    }
    same("something is left behind", &empty, &target.nameless_dump())?;
    same("the second time it isn't the same", &first, &up()?)
}

/// A dump without what the runner's own table and driver leave in it: SQLite's counters, since they have such columns; the order in
/// which objects were made, since it stopped on its way; and where a space may stand, which MariaDB's driver for Java says at login.
fn essence(dump: &str) -> String {
    let mut lines: Vec<String> = dump
        .lines()
        .filter(|line| *line != "DELETE FROM sqlite_sequence;")
        .map(|line| line.replace("IGNORE_SPACE,", ""))
        .collect();
    lines.sort();
    lines.join("\n")
}

fn all_both_ways(engine: Engine) {
    let all = recordings(engine);
    // gormigrate's files are Go.
    let complete = all.iter().filter(|it| it.text("file") == Some("complete.sql") && it.tool != "gormigrate");
    let mut tools = 0;
    let failures: Vec<String> = complete
        .inspect(|_| tools += 1)
        .filter_map(|it| goes_both_ways(engine, it).err().map(|error| format!("{}: {error}", it.name())))
        .collect();
    assert!(failures.is_empty(), "{} failures\n\n{}", failures.len(), failures.join("\n\n"));
    assert!(tools >= 8, "only {tools} directories");
}

#[test]
fn runners_directories_go_up_down_and_up_again_on_sqlite() {
    all_both_ways(Engine::Sqlite);
}

#[test]
fn runners_directories_go_up_down_and_up_again_on_postgresql() {
    all_both_ways(Engine::Postgres);
}

#[test]
fn runners_directories_go_up_down_and_up_again_on_mariadb() {
    all_both_ways(Engine::MySql);
}

/// What a script finds when it runs in a layout, and whether it reaches what comes next.
fn session_of(engine: Engine, layout: &str, sees: &str) -> Vec<String> {
    let target = Target::new(engine);
    let (first, second) = match layout {
        "diesel" => ("1_a/up.sql", "2_b/up.sql"),
        "driftlock" => ("20260101-000001_a_v1.up.sql", "20260101-000002_b_v1.up.sql"),
        _ => ("1_a.sql", "2_b.sql"),
    };
    for (number, file) in [first, second].into_iter().enumerate() {
        let file = target.migrations().join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, format!("CREATE TABLE seen{number} AS SELECT {sees} AS it;")).unwrap();
    }
    target.run(&["up", "--layout", layout]).expect(0);
    ["seen0", "seen1"].map(|table| target.value(&format!("SELECT it FROM {table}"))).to_vec()
}

#[test]
fn texts_are_joined_and_times_read_as_sqlx_and_diesel_say_when_they_connect() {
    let mysql = |layout| session_of(Engine::MySql, layout, "CONCAT('1' || '2', ' ', @@session.time_zone)");
    assert_eq!(mysql("sqlx"), ["12 +00:00"; 2]);
    assert_eq!(mysql("diesel"), ["1 +00:00"; 2]);
    assert_eq!(mysql("driftlock"), ["1 SYSTEM"; 2]);
    let postgres = |layout| session_of(Engine::Postgres, layout, "current_setting('TimeZone')");
    assert_eq!(postgres("sqlx"), ["UTC"; 2]);
    assert_eq!(postgres("diesel"), ["UTC"; 2]);
}

#[test]
fn takes_over_what_runners_left_in_sqlite() {
    all(Engine::Sqlite);
}

#[test]
fn takes_over_what_runners_left_in_postgresql() {
    all(Engine::Postgres);
}

#[test]
fn takes_over_what_runners_left_in_mariadb() {
    all(Engine::MySql);
}

/// An application may keep a copy of the table for itself.
#[test]
fn a_copy_of_the_tools_table_in_another_schema_is_left_alone() {
    let all = recordings(Engine::Postgres);
    let recording = all.iter().find(|it| it.tool == "goose" && it.text("file") == Some("applied.sql")).unwrap();
    let target = recording.target(Engine::Postgres);
    target.query("CREATE SCHEMA app; CREATE TABLE app.goose_db_version AS SELECT * FROM goose_db_version LIMIT 2");
    recording.adopt(&target).expect(0);
    assert_eq!(target.history("direction = 'adopt'"), "4");
}
