//! gormigrate: migrations are functions with an id, in the program that runs them; a row with each id.
//!
//! There is no directory of its own: ours, whose versions are the ids without their dash, is what such a project would go on with.

use std::process::Command;

use serde_json::json;

use crate::fail::{Context, Result};

use super::engine::{Database, Engine};
use super::recorder::{Recorder, State, replace, stamp};
use super::story::{APPLIED, story, tame};

const TABLE: &str = "migrations";

pub(super) fn record(recorder: &mut Recorder<'_>) -> Result<()> {
    let engine = recorder.engine;
    let versions: Vec<String> = (0..story(engine).len()).map(stamp).collect();
    let (applied, pending) = versions.split_at(APPLIED);
    let folder = recorder.path("migrations");
    std::fs::create_dir_all(&folder).context(folder.display())?;
    let steps = story(engine).map(|step| tame(step, engine));
    let file_name = |number: usize, direction: &str| {
        let time = stamp(number);
        format!("{}-{}_shop_{}_v1.{direction}.sql", &time[..8], &time[8..], steps[number].name)
    };
    for (number, step) in steps.iter().enumerate() {
        for (direction, text) in [("up", step.up()), ("down", step.down())] {
            let file = folder.join(file_name(number, direction));
            std::fs::write(&file, text + "\n").context(file.display())?;
        }
        if number + 1 == APPLIED {
            recorder.copy("migrations", "first")?;
        }
    }
    recorder.keep("migrations")?;

    let state = || State { table: TABLE, order: "id", applied, pending, more: json!({}) };
    let database = recorder.database()?;
    recorder.run(run(recorder, &database, "migrations", "migrate").arg(&applied[APPLIED - 1]))?;
    recorder.record("applied", &database, state())?;
    recorder.run(&mut run(recorder, &database, "migrations", "migrate"))?;
    recorder.record("complete", &database, State { applied: &versions, pending: &[], ..state() })?;

    // A new database is made by one function that stands for all of them; a row says so, beside all their ids.
    let database = recorder.database()?;
    recorder.run(&mut run(recorder, &database, "first", "init"))?;
    recorder.record("schema-init", &database, state())?;

    if engine == Engine::MariaDb {
        // Where DDL commits, a failed migration leaves what it had done, and no mark.
        recorder.copy("migrations", "dirty")?;
        let step = steps[APPLIED];
        let file = recorder.path("dirty").join(file_name(APPLIED, "up"));
        replace(&file, &step.up(), &step.broken().up())?;
        recorder.keep_difference("dirty", "migrations")?;
        let database = recorder.database()?;
        let error = recorder.run_to_fail(&mut run(recorder, &database, "dirty", "migrate"))?;
        let more = json!({ "overlay": "dirty", "failed": versions[APPLIED], "said": error });
        recorder.record("dirty", &database, State { more, ..state() })?;
    }
    Ok(())
}

fn run(recorder: &Recorder<'_>, database: &Database<'_>, folder: &str, command: &str) -> Command {
    let dsn = match recorder.engine {
        Engine::Postgres => format!("{}?sslmode=disable", database.url()),
        Engine::MariaDb => format!("{}?multiStatements=true", database.go_mysql()),
        Engine::Sqlite => database.url(),
    };
    recorder.runner(&[recorder.engine.name(), &dsn, folder, command])
}
