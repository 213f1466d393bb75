//! refinery_cli: `V1__name.sql`; a row for each version with a SipHash over name, version and text.
//!
//! Versions are 32 bits wide, or 64 where the crate's feature `int8-versions` is on: the hash is over as many, so that
//! the same file has two. The runner has no command that makes a file.

use std::process::Command;

use serde_json::json;

use crate::fail::{Context, Result};

use super::engine::{Database, Engine};
use super::recorder::{Recorder, State, replace, stamp};
use super::story::{APPLIED, story, tame};

const TABLE: &str = "refinery_schema_history";

pub(super) fn record(recorder: &mut Recorder<'_>) -> Result<()> {
    let names = |number: usize| (format!("V{}", number + 1), (number + 1).to_string());
    record_named(recorder, names)
}

/// With the feature `int8-versions`, and a file that may be applied late, which is what its `U` says.
pub(super) fn record_int8(recorder: &mut Recorder<'_>) -> Result<()> {
    let names = |number: usize| {
        let kind = if number == APPLIED { 'U' } else { 'V' };
        (format!("{kind}{}", stamp(number)), stamp(number))
    };
    record_named(recorder, names)
}

fn record_named(recorder: &mut Recorder<'_>, names: impl Fn(usize) -> (String, String)) -> Result<()> {
    let engine = recorder.engine;
    let mut versions = Vec::new();
    let folder = recorder.path("migrations");
    std::fs::create_dir_all(&folder).context(folder.display())?;
    let steps = story(engine).map(|step| tame(step, engine));
    let file_name = |number: usize| format!("{}__{}.sql", names(number).0, steps[number].name);
    for (number, step) in steps.iter().enumerate() {
        let file = folder.join(file_name(number));
        std::fs::write(&file, step.up() + "\n").context(file.display())?;
        versions.push(names(number).1);
    }
    recorder.keep("migrations")?;

    let (applied, pending) = versions.split_at(APPLIED);
    let state = || State { table: TABLE, order: "version", applied, pending, more: json!({}) };
    let database = recorder.database()?;
    recorder.run(migrate(recorder, &database, "migrations").args(["-t", &applied[APPLIED - 1]]))?;
    recorder.record("applied", &database, state())?;
    recorder.run(&mut migrate(recorder, &database, "migrations"))?;
    recorder.record("complete", &database, State { applied: &versions, pending: &[], ..state() })?;

    let database = recorder.database()?;
    let table = "shop_history";
    let mut custom = migrate(recorder, &database, "migrations");
    recorder.run(custom.args(["-t", &applied[APPLIED - 1], "--table-name", table]))?;
    recorder.record("custom-table", &database, State { table, ..state() })?;

    if engine == Engine::MariaDb {
        // Only a file's first statement can fail here: an error of a later one is never read, and the version counts as applied.
        recorder.copy("migrations", "swallowed")?;
        let step = steps[APPLIED];
        let file = recorder.path("swallowed").join(file_name(APPLIED));
        replace(&file, &step.up(), &step.broken().up())?;
        recorder.keep_difference("swallowed", "migrations")?;
        let database = recorder.database()?;
        recorder.run(&mut migrate(recorder, &database, "swallowed"))?;
        let more = json!({ "overlay": "swallowed", "failed": versions[APPLIED] });
        recorder.record("swallowed", &database, State { applied: &versions, pending: &[], more, ..state() })?;
    }
    Ok(())
}

fn migrate(recorder: &Recorder<'_>, database: &Database<'_>, folder: &str) -> Command {
    let url = match recorder.engine {
        Engine::Postgres | Engine::MariaDb => database.url(),
        Engine::Sqlite => format!("sqlite://{}", database.url()),
    };
    let mut command = recorder.runner(&["migrate", "-e", "DATABASE_URL", "-p", folder, "-d", "-m"]);
    command.env("DATABASE_URL", url);
    command
}
