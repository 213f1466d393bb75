//! dbmate: one file with `-- migrate:up` and `-- migrate:down`; a row with the digits of each version.

use std::process::Command;

use serde_json::json;

use crate::fail::Result;

use super::engine::{Database, Engine};
use super::recorder::{Recorder, State, replace, restamp, stamp};
use super::story::{APPLIED, Step, story};

const TABLE: &str = "schema_migrations";

pub(super) fn record(recorder: &mut Recorder<'_>) -> Result<()> {
    let engine = recorder.engine;
    let versions: Vec<String> = (0..story(engine).len()).map(stamp).collect();
    let (applied, pending) = versions.split_at(APPLIED);
    for (number, step) in story(engine).into_iter().enumerate() {
        // It has no command that applies only some; it is run before the others are made.
        let mut new = recorder.runner(&["--migrations-dir", "migrations", "new", step.name]);
        for file in recorder.made_by(&mut new, "migrations")? {
            fill(&restamp(&file, number)?, step)?;
        }
        if number + 1 == APPLIED {
            recorder.copy("migrations", "first")?;
        }
    }
    recorder.keep("migrations")?;

    let state = || State { table: TABLE, order: "version", applied, pending, more: json!({}) };
    let database = recorder.database()?;
    recorder.run(up(recorder, &database, "first", TABLE).arg("up"))?;
    recorder.record("applied", &database, state())?;
    recorder.run(up(recorder, &database, "migrations", TABLE).arg("up"))?;
    recorder.record("complete", &database, State { applied: &versions, pending: &[], ..state() })?;

    let table = match engine {
        Engine::Postgres => "tools.shop_migrations",
        Engine::MariaDb | Engine::Sqlite => "shop_migrations",
    };
    let database = recorder.database()?;
    recorder.run(up(recorder, &database, "first", table).arg("up"))?;
    recorder.record("custom-table", &database, State { table, ..state() })?;

    if engine == Engine::MariaDb {
        // Where DDL commits, a failed file leaves what it had done, and no mark.
        recorder.copy("migrations", "dirty")?;
        let step = story(engine)[APPLIED];
        let file = recorder.path(&format!("dirty/{}_{}.sql", versions[APPLIED], step.name));
        replace(&file, &step.up(), &step.broken().up())?;
        recorder.keep_difference("dirty", "migrations")?;
        let database = recorder.database()?;
        let error = recorder.run_to_fail(up(recorder, &database, "dirty", TABLE).arg("up"))?;
        let more = json!({ "overlay": "dirty", "failed": versions[APPLIED], "said": error });
        recorder.record("dirty", &database, State { more, ..state() })?;
    }
    Ok(())
}

/// Puts a step into the file that `new` made.
fn fill(file: &std::path::Path, step: Step) -> Result<()> {
    let option = if step.alone { " transaction:false" } else { "" };
    replace(file, "-- migrate:up\n\n", &format!("-- migrate:up{option}\n{}\n", step.up()))?;
    replace(file, "-- migrate:down\n", &format!("-- migrate:down{option}\n{}\n", step.down()))
}

fn up(recorder: &Recorder<'_>, database: &Database<'_>, folder: &str, table: &str) -> Command {
    let url = match recorder.engine {
        Engine::Postgres => format!("{}?sslmode=disable", database.url()),
        Engine::MariaDb => database.url(),
        Engine::Sqlite => format!("sqlite:{}", database.url()),
    };
    recorder.runner(&["--no-dump-schema", "--migrations-dir", folder, "--migrations-table", table, "--url", &url])
}
