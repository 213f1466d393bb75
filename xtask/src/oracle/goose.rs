//! goose: one file with `-- +goose Up` and `-- +goose Down`; a row for each version, and one for version 0.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::fail::Result;

use super::engine::{Database, Engine};
use super::recorder::{Recorder, State, append, replace, restamp, stamp};
use super::story::{APPLIED, Step, story};

const TABLE: &str = "goose_db_version";
const OWNER: (&str, &str) = ("SHOP_OWNER", "ada");

pub(super) fn record(recorder: &mut Recorder<'_>) -> Result<()> {
    let engine = recorder.engine;
    // Its other way to number files; three engines show both.
    let sequential = engine == Engine::Sqlite;
    let mut versions = Vec::new();
    for (number, step) in story(engine).into_iter().enumerate() {
        let mut create = recorder.runner(&["-dir", "migrations"]);
        create.args(sequential.then_some("-s")).args(["create", step.name, "sql"]);
        for file in recorder.made_by(&mut create, "migrations")? {
            let file = if sequential { file } else { restamp(&file, number)? };
            fill(&file, step)?;
            versions.push(if sequential { (number + 1).to_string() } else { stamp(number) });
        }
    }
    recorder.value(OWNER.0, OWNER.1);
    recorder.keep("migrations")?;

    let (applied, pending) = versions.split_at(APPLIED);
    let state = || State { table: TABLE, order: "id", applied, pending, more: json!({}) };
    let database = recorder.database()?;
    goose(recorder, &database, "migrations", TABLE, &["up-to", &applied[APPLIED - 1]])?;
    recorder.record("applied", &database, state())?;
    goose(recorder, &database, "migrations", TABLE, &["up"])?;
    recorder.record("complete", &database, State { applied: &versions, pending: &[], ..state() })?;
    // Its rows go, so that the identities have a gap.
    goose(recorder, &database, "migrations", TABLE, &["down-to", &applied[APPLIED - 2]])?;
    goose(recorder, &database, "migrations", TABLE, &["up-by-one"])?;
    let more = json!({ "undone": versions[APPLIED - 1..] });
    recorder.record("undone", &database, State { more, ..state() })?;

    let table = match engine {
        Engine::Postgres => "tools.goose_versions",
        Engine::MariaDb | Engine::Sqlite => "goose_versions",
    };
    let database = recorder.database()?;
    if engine == Engine::Postgres {
        database.execute("CREATE SCHEMA tools")?;
    }
    goose(recorder, &database, "migrations", table, &["up-to", &applied[APPLIED - 1]])?;
    recorder.record("custom-table", &database, State { table, ..state() })?;

    if engine == Engine::MariaDb {
        record_half_done(recorder, &versions)?;
    }
    Ok(())
}

/// An old goose, whose databases live on: it inserts a row for each undoing where today's deletes one.
pub(super) fn record_v2(recorder: &mut Recorder<'_>) -> Result<()> {
    let engine = recorder.engine;
    let anywhere = recorder.database()?;
    let mut versions = Vec::new();
    for (number, step) in story(engine).into_iter().enumerate() {
        let mut create = v2(recorder, &anywhere);
        for file in recorder.made_by(create.args(["create", step.name, "sql"]), "migrations")? {
            let up = "-- SQL in this section is executed when the migration is applied.\n";
            replace(&file, up, &format!("{up}{}\n", marked(step)))?;
            append(&file, &step.down())?;
            if step.alone {
                replace(&file, "-- +goose Up", "-- +goose NO TRANSACTION\n-- +goose Up")?;
            }
            versions.push((number + 1).to_string());
        }
    }
    recorder.keep("migrations")?;

    let (applied, pending) = versions.split_at(APPLIED);
    let state = || State { table: TABLE, order: "id", applied, pending, more: json!({}) };
    let database = recorder.database()?;
    recorder.run(v2(recorder, &database).args(["up-to", &applied[APPLIED - 1]]))?;
    recorder.record("applied", &database, state())?;
    recorder.run(v2(recorder, &database).arg("up"))?;
    recorder.record("complete", &database, State { applied: &versions, pending: &[], ..state() })?;
    recorder.run(v2(recorder, &database).args(["down-to", &applied[APPLIED - 2]]))?;
    recorder.run(v2(recorder, &database).args(["up-to", &applied[APPLIED - 1]]))?;
    let more = json!({ "undone": versions[APPLIED - 1..] });
    recorder.record("undone-rows", &database, State { more, ..state() })
}

fn v2(recorder: &Recorder<'_>, database: &Database<'_>) -> Command {
    let (driver, url) = driver(database, recorder.engine);
    recorder.runner(&["-dir", "migrations", driver, &url])
}

/// Where DDL commits, a failed file leaves what it had done, and no mark.
fn record_half_done(recorder: &mut Recorder<'_>, versions: &[String]) -> Result<()> {
    let (applied, pending) = versions.split_at(APPLIED);
    recorder.copy("migrations", "dirty")?;
    let step = story(recorder.engine)[APPLIED];
    let file = recorder.path(&format!("dirty/{}_{}.sql", versions[APPLIED], step.name));
    replace(&file, &step.up(), &step.broken().up())?;
    recorder.keep_difference("dirty", "migrations")?;
    let database = recorder.database()?;
    let mut command = command(recorder, &database, "dirty", TABLE);
    let error = recorder.run_to_fail(command.arg("up"))?;
    let more = json!({ "overlay": "dirty", "failed": versions[APPLIED], "said": error });
    recorder.record("dirty", &database, State { table: TABLE, order: "id", applied, pending, more })
}

/// Puts a step into the file that `create` made.
fn fill(file: &Path, step: Step) -> Result<()> {
    let mut up = marked(step);
    if step.name == "seed_customers" {
        let with = up.replacen(&format!("'{}@", OWNER.1), &format!("'${{{}}}@", OWNER.0), 1);
        up = format!("-- +goose ENVSUB ON\n{with}\n-- +goose ENVSUB OFF");
    }
    replace(file, "SELECT 'up SQL query';", &up)?;
    replace(file, "SELECT 'down SQL query';", &step.down())?;
    match step.alone {
        true => replace(file, "-- +goose Up", "-- +goose NO TRANSACTION\n-- +goose Up"),
        false => Ok(()),
    }
}

/// Its statements, marked where goose would cut them at a line's last semicolon.
fn marked(step: Step) -> String {
    let marked = step.up.iter().map(|sql| match sql.contains("BEGIN") {
        true => format!("-- +goose StatementBegin\n{sql}\n-- +goose StatementEnd"),
        false => (*sql).to_owned(),
    });
    marked.collect::<Vec<_>>().join("\n")
}

fn goose(recorder: &Recorder<'_>, database: &Database<'_>, folder: &str, table: &str, words: &[&str]) -> Result<()> {
    recorder.run(command(recorder, database, folder, table).args(words)).map(|_| ())
}

fn command(recorder: &Recorder<'_>, database: &Database<'_>, folder: &str, table: &str) -> Command {
    let (driver, url) = driver(database, recorder.engine);
    let mut command = recorder.runner(&["-dir", folder, "-table", table, driver, &url]);
    command.env(OWNER.0, OWNER.1);
    command
}

fn driver(database: &Database<'_>, engine: Engine) -> (&'static str, String) {
    match engine {
        Engine::Postgres => ("postgres", format!("{}?sslmode=disable", database.url())),
        Engine::MariaDb => ("mysql", format!("{}?parseTime=true", database.go_mysql())),
        Engine::Sqlite => ("sqlite3", database.url()),
    }
}
