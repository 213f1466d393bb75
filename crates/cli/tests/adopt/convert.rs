//! `init --from-layout` on the directories that the real runners ran: the new files make the database that the old ones make, and take
//! over what the runner applied.

use std::collections::BTreeSet;

use crate::client::difference;
use crate::target::{Engine, Ran, Target};
use crate::{Recording, recordings};

/// The folder of the new files.
const INTO: &str = "converted";

impl Recording {
    /// The layout that the runner's files have; `None` for those that are driftlock's own.
    fn layout(&self) -> Option<&str> {
        let tool = self.tool.as_str();
        let known = ["golang-migrate", "goose", "flyway", "dbmate", "sqlx", "refinery", "diesel", "atlas"];
        known.into_iter().find(|layout| tool.eq_ignore_ascii_case(layout) || tool.starts_with(&format!("{layout}-")))
    }

    fn convert(&self, target: &Target) -> Ran {
        let mut arguments = vec!["init", "--from-layout", self.layout().unwrap(), "--into", INTO];
        let shadow = match target.engine {
            Engine::Sqlite => None,
            Engine::Postgres => std::env::var("TEST_POSTGRES_URL").ok(),
            Engine::MySql => std::env::var("TEST_MYSQL_URL").ok(),
        };
        if let Some(shadow) = &shadow {
            arguments.extend(["--shadow-url", shadow]);
        }
        arguments.extend(["--format", "json"]);
        // Without a file of settings, which holds no password.
        let mut command = self.with_values(target.command(&arguments));
        command.args(["--dir", "migrations", "--engine", engine_name(target.engine)]);
        Ran::new(command.output().unwrap())
    }

    fn on_converted(&self, target: &Target, arguments: &[&str]) -> Ran {
        let mut all = arguments.to_vec();
        all.extend(["--url", &target.url, "--dir", INTO]);
        Ran::new(target.with_shadow(target.command(&all)).output().unwrap())
    }
}

fn engine_name(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
        Engine::MySql => "mysql",
    }
}

/// Each directory once.
fn converts(engine: Engine, recording: &Recording) -> Result<(), String> {
    let old = Target::new(engine);
    crate::copy(&recording.folder.join("migrations"), &old.migrations());
    let ran = recording.convert(&old);
    if ran.code != 0 {
        return Err(format!("{ran:?}"));
    }
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).map_err(|error| error.to_string())?;
    // Two tables and the view; what belongs to a table, as a trigger and an index do, is counted with it.
    if report["replayed"]["objects"].as_u64().unwrap_or(0) < 3 || report["replayed"]["tables"].as_u64() != Some(2) {
        return Err(format!("it wasn't replayed: {ran:?}"));
    }
    let layout = recording.layout().unwrap();
    let up = Ran::new(recording.with_values(old.driftlock(&["up", "--layout", layout])).output().unwrap());
    let new = Target::new(engine);
    crate::copy(&old.path().join(INTO), &new.path().join(INTO));
    let again = recording.on_converted(&new, &["up"]);
    if (up.code, again.code) != (0, 0) {
        return Err(format!("{up:?}\n{again:?}"));
    }
    if let Some(difference) = difference(&old.nameless_dump(), &new.nameless_dump()) {
        return Err(format!("the new files make something else: {difference}"));
    }
    let down = recording.on_converted(&new, &["down", "--steps", "1", "--yes"]);
    let has_down = old
        .path()
        .join(INTO)
        .read_dir()
        .unwrap()
        .any(|entry| entry.unwrap().file_name().to_string_lossy().contains("index_order_amounts.down.sql"));
    let is_last = layout != "flyway";
    if has_down && is_last && down.code != 0 {
        return Err(format!("{down:?}"));
    }
    Ok(())
}

/// The runner's database, and the new files.
fn adopts(engine: Engine, recording: &Recording) -> Result<(), String> {
    let target = recording.target(engine);
    let ran = recording.convert(&target);
    let adopt = [&["adopt", "--format", "json"], recording.accepted()].concat();
    let adopted = recording.on_converted(&target, &adopt);
    let up = recording.on_converted(&target, &["up"]);
    if (ran.code, adopted.code, up.code) != (0, 0, 0) {
        return Err(format!("{ran:?}\n{adopted:?}\n{up:?}"));
    }
    let report: serde_json::Value = serde_json::from_str(&adopted.stdout).map_err(|error| error.to_string())?;
    let files: BTreeSet<&str> =
        report["applied"].as_array().unwrap().iter().filter_map(|applied| applied["file"].as_str()).collect();
    let is_repeatable = |version: &&String| version.starts_with("R__");
    let applied = crate::texts(&recording.is["applied"]);
    let wanted = applied.iter().filter(|version| !is_repeatable(version)).count();
    if files.len() != wanted || files.contains("") {
        return Err(format!("{wanted} versions were applied, and these files were found for them: {files:?}"));
    }
    let complete = Target::new(engine);
    complete.load(&recording.folder.join("complete.sql")).unwrap();
    let mut dumps = [recording.users_dump(&complete), recording.users_dump(&target)];
    if recording.layout() == Some("flyway") {
        // What Flyway has run already runs once more, as it was written to: SQLite's dump has it last then.
        for dump in &mut dumps {
            let mut lines: Vec<&str> = dump.lines().collect();
            lines.sort_unstable();
            *dump = lines.join("\n");
        }
    }
    match difference(&dumps[0], &dumps[1]) {
        Some(difference) => Err(format!("the end isn't what the runner's is: {difference}")),
        None => Ok(()),
    }
}

fn all(engine: Engine) {
    let recordings = recordings(engine);
    let applied: Vec<&Recording> = recordings
        .iter()
        .filter(|recording| recording.text("file") == Some("applied.sql") && recording.layout().is_some())
        .collect();
    assert!(applied.len() > 8, "only {} directories", applied.len());
    let mut failures = Vec::new();
    for recording in applied {
        let failed = |error| failures.push(format!("{}: {error}", recording.name()));
        converts(engine, recording).and_then(|()| adopts(engine, recording)).unwrap_or_else(failed);
    }
    assert!(failures.is_empty(), "{} failures\n\n{}", failures.len(), failures.join("\n\n"));
}

#[test]
fn converts_what_runners_ran_on_sqlite() {
    all(Engine::Sqlite);
}

#[test]
fn converts_what_runners_ran_on_postgresql() {
    all(Engine::Postgres);
}

#[test]
fn converts_what_runners_ran_on_mariadb() {
    all(Engine::MySql);
}
