//! sqlx-cli: `VERSION_name.sql`, or pairs of `.up.sql` and `.down.sql`; a row for each version with the SHA-384 of its up script.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::fail::Result;

use super::engine::{Database, Engine};
use super::recorder::{Recorder, State, append, replace, restamp, stamp};
use super::story::{APPLIED, Step, story};

const TABLE: &str = "_sqlx_migrations";
/// Only at the very start of a file is it read.
const ALONE: &str = "-- no-transaction\n";

pub(super) fn record(recorder: &mut Recorder<'_>) -> Result<()> {
    let engine = recorder.engine;
    let versions: Vec<String> = (0..story(engine).len()).map(stamp).collect();
    let (applied, pending) = versions.split_at(APPLIED);
    for (number, step) in story(engine).into_iter().enumerate() {
        // Its other way to name files; three engines show both.
        let kind = if engine == Engine::MariaDb { "--simple" } else { "-r" };
        let mut add = recorder.runner(&["migrate", "add", "--timestamp", "--source", "migrations", kind, step.name]);
        for file in recorder.made_by(&mut add, "migrations")? {
            fill(&restamp(&file, number)?, step)?;
        }
    }
    recorder.keep("migrations")?;

    let state = || State { table: TABLE, order: "version", applied, pending, more: json!({}) };
    let database = recorder.database()?;
    recorder.run(run(recorder, &database, "migrations").args(["--target-version", &applied[APPLIED - 1]]))?;
    recorder.record("applied", &database, state())?;
    recorder.run(&mut run(recorder, &database, "migrations"))?;
    recorder.record("complete", &database, State { applied: &versions, pending: &[], ..state() })?;

    // PostgreSQL keeps nothing of a failed file; MariaDB's DDL commits the row before it is true, and SQLite's
    // statements stand for themselves where the file has opted out.
    if engine != Engine::Postgres {
        recorder.copy("migrations", "dirty")?;
        let step = story(engine)[APPLIED];
        let end = if engine == Engine::MariaDb { "sql" } else { "up.sql" };
        let file = recorder.path(&format!("dirty/{}_{}.{end}", versions[APPLIED], step.name));
        replace(&file, &step.up(), &step.broken().up())?;
        if engine == Engine::Sqlite {
            replace(&file, "", ALONE)?;
        }
        recorder.keep_difference("dirty", "migrations")?;
        let database = recorder.database()?;
        let error = recorder.run_to_fail(&mut run(recorder, &database, "dirty"))?;
        let more = json!({ "overlay": "dirty", "failed": versions[APPLIED], "said": error });
        recorder.record("dirty", &database, State { more, ..state() })?;
    }
    Ok(())
}

/// Puts a step into a file that `migrate add` made.
fn fill(file: &Path, step: Step) -> Result<()> {
    let is_down = file.to_string_lossy().ends_with(".down.sql");
    append(file, &if is_down { step.down() } else { step.up() })?;
    match step.alone {
        true => replace(file, "", ALONE),
        false => Ok(()),
    }
}

fn run(recorder: &Recorder<'_>, database: &Database<'_>, folder: &str) -> Command {
    let url = match recorder.engine {
        Engine::Postgres | Engine::MariaDb => database.url(),
        Engine::Sqlite => format!("sqlite://{}", database.url()),
    };
    recorder.runner(&["migrate", "run", "--no-dotenv", "--source", folder, "--database-url", &url])
}
