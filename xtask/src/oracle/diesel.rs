//! diesel_cli: a folder for each version with `up.sql`, `down.sql` and, where it opts out, `metadata.toml`; a row for each
//! version, written without the dashes of the folder's name.

use std::process::Command;

use serde_json::json;

use crate::fail::{Context, Result};

use super::engine::{Database, Engine};
use super::recorder::{Recorder, State, append, replace, stamp};
use super::story::{APPLIED, story};

const TABLE: &str = "__diesel_schema_migrations";

pub(super) fn record(recorder: &mut Recorder<'_>) -> Result<()> {
    let engine = recorder.engine;
    let versions: Vec<String> = (0..story(engine).len()).map(stamp).collect();
    let (applied, pending) = versions.split_at(APPLIED);
    let mut folders = Vec::new();
    for (number, step) in story(engine).into_iter().enumerate() {
        let time = format!("2024-05-01-09{:02}00", number + 1);
        let mut generate = recorder.runner(&["migration", "--migration-dir", "migrations"]);
        generate.args(["generate", "--version", &time, step.name]);
        for folder in recorder.made_by(&mut generate, "migrations")? {
            append(&folder.join("up.sql"), &step.up())?;
            append(&folder.join("down.sql"), &step.down())?;
            if step.alone {
                let file = folder.join("metadata.toml");
                std::fs::write(&file, "run_in_transaction = false\n").context(file.display())?;
            }
            folders.push(folder.file_name().unwrap_or_default().to_owned());
        }
        // It has no command that applies only some; it is run before the others are made.
        if number + 1 == APPLIED {
            recorder.copy("migrations", "first")?;
        }
    }
    recorder.keep("migrations")?;

    let state = || State { table: TABLE, order: "version", applied, pending, more: json!({}) };
    let database = recorder.database()?;
    recorder.run(&mut run(recorder, &database, "first"))?;
    recorder.record("applied", &database, state())?;
    recorder.run(&mut run(recorder, &database, "migrations"))?;
    recorder.record("complete", &database, State { applied: &versions, pending: &[], ..state() })?;

    if engine == Engine::MariaDb {
        // Where DDL commits, a failed file leaves what it had done, and no mark.
        recorder.copy("migrations", "dirty")?;
        let step = story(engine)[APPLIED];
        let file = recorder.path("dirty").join(&folders[APPLIED]).join("up.sql");
        replace(&file, &step.up(), &step.broken().up())?;
        recorder.keep_difference("dirty", "migrations")?;
        let database = recorder.database()?;
        let error = recorder.run_to_fail(&mut run(recorder, &database, "dirty"))?;
        let more = json!({ "overlay": "dirty", "failed": versions[APPLIED], "said": error });
        recorder.record("dirty", &database, State { more, ..state() })?;
    }
    Ok(())
}

fn run(recorder: &Recorder<'_>, database: &Database<'_>, folder: &str) -> Command {
    let url = match recorder.engine {
        // It knows the engine by the URL.
        Engine::Postgres | Engine::MariaDb => database.url(),
        Engine::Sqlite => format!("sqlite://{}", database.url()),
    };
    recorder.runner(&["migration", "--migration-dir", folder, "--database-url", &url, "run"])
}
