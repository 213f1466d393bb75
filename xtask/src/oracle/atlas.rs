//! Atlas: `VERSION_name.sql` beside `atlas.sum`; a row for each version with its hash, what of it was applied, and what failed.

use std::process::Command;

use serde_json::json;

use crate::fail::Result;

use super::engine::{Database, Engine};
use super::recorder::{Recorder, State, append, replace, restamp, stamp};
use super::story::{APPLIED, Step, story};

/// Outside a connection that is bound to a schema it is in one of its own, of the same name.
const TABLE: &str = "atlas_schema_revisions";

/// In a file that opts out of its transaction. An empty line parts it from the first statement.
const ALONE: &str = "-- atlas:txmode none\n\n";

pub(super) fn record(recorder: &mut Recorder<'_>) -> Result<()> {
    let engine = recorder.engine;
    let versions: Vec<String> = (0..story(engine).len()).map(stamp).collect();
    let (applied, pending) = versions.split_at(APPLIED);
    for (number, step) in story(engine).into_iter().enumerate() {
        let mut new = recorder.runner(&["migrate", "new", step.name, "--dir", "file://migrations"]);
        for file in recorder.made_by(&mut new, "migrations")? {
            if file.ends_with("atlas.sum") {
                continue;
            }
            append(&restamp(&file, number)?, &text(step, engine))?;
        }
        // It makes no further file in a directory that its sum doesn't fit.
        recorder.run(&mut recorder.runner(&["migrate", "hash", "--dir", "file://migrations"]))?;
    }
    recorder.keep("migrations")?;

    let table = if engine == Engine::Postgres { "atlas_schema_revisions.atlas_schema_revisions" } else { TABLE };
    let state = || State { table, order: "version", applied, pending, more: json!({}) };
    let some = APPLIED.to_string();
    let database = recorder.database()?;
    recorder.run(apply(recorder, &url(&database, engine), "migrations").arg(&some))?;
    recorder.record("applied", &database, state())?;
    recorder.run(&mut apply(recorder, &url(&database, engine), "migrations"))?;
    recorder.record("complete", &database, State { applied: &versions, pending: &[], ..state() })?;

    if engine == Engine::Postgres {
        let database = recorder.database()?;
        let bound = url(&database, engine) + "&search_path=public";
        recorder.run(apply(recorder, &bound, "migrations").arg(&some))?;
        recorder.record("in-public", &database, State { table: TABLE, ..state() })?;
    }

    // A database that was there before its history: only what comes after the baseline is run.
    let database = recorder.database()?;
    let (old, new) = applied.split_at(2);
    for step in &story(engine)[..old.len()] {
        database.execute(&step.up())?;
    }
    let mut baseline = apply(recorder, &url(&database, engine), "migrations");
    recorder.run(baseline.args(["--baseline", &old[old.len() - 1], &new.len().to_string()]))?;
    let more = json!({ "baseline": old[old.len() - 1] });
    recorder.record("baseline", &database, State { more, ..state() })?;

    // Without a transaction the statements before the one that failed stay, and the row counts them.
    recorder.copy("migrations", "dirty")?;
    let step = story(engine)[APPLIED];
    let file = recorder.path(&format!("dirty/{}_{}.sql", versions[APPLIED], step.name));
    replace(&file, &step.up(), &(ALONE.to_owned() + &step.broken().up()))?;
    recorder.run(&mut recorder.runner(&["migrate", "hash", "--dir", "file://dirty"]))?;
    recorder.keep_difference("dirty", "migrations")?;
    let database = recorder.database()?;
    let error = recorder.run_to_fail(&mut apply(recorder, &url(&database, engine), "dirty"))?;
    let more = json!({ "overlay": "dirty", "failed": versions[APPLIED], "said": error });
    recorder.record("dirty", &database, State { more, ..state() })
}

/// A step as Atlas reads it: a body with semicolons wants another delimiter.
fn text(step: Step, engine: Engine) -> String {
    let wants_delimiter = engine != Engine::Postgres && step.up.iter().any(|sql| sql.contains("BEGIN"));
    match (wants_delimiter, step.alone) {
        (true, _) => format!("-- atlas:delimiter \\n\\n\\n\n{}", step.up.join("\n\n\n")),
        (false, true) => ALONE.to_owned() + &step.up(),
        (false, false) => step.up(),
    }
}

fn url(database: &Database<'_>, engine: Engine) -> String {
    match engine {
        Engine::Postgres => format!("{}?sslmode=disable", database.url()),
        Engine::MariaDb => database.url().replacen("mysql:", "mariadb:", 1),
        Engine::Sqlite => format!("sqlite://{}?_fk=1", database.url()),
    }
}

fn apply(recorder: &Recorder<'_>, url: &str, folder: &str) -> Command {
    let mut command = recorder.runner(&["migrate", "apply", "--dir", &format!("file://{folder}"), "--url", url]);
    command.env("ATLAS_NO_UPDATE_NOTIFIER", "1");
    command
}
