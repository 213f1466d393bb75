//! Flyway's library: `V1__name.sql`, `R__name.sql`, `B1__name.sql`, each with a `.conf` where it wants one; a row for each
//! attempt that counts, with a CRC-32 over the lines. It has no command that makes a file.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use crate::fail::{Context, Result};

use super::engine::{Database, Engine};
use super::recorder::{Recorder, State, append, replace};
use super::story::{APPLIED, Step, story};

const TABLE: &str = "flyway_schema_history";
const VERSIONS: [&str; 6] = ["1", "1.1", "2", "3", "4", "5"];
/// A file may write a dot as an underscore.
const PREFIXES: [&str; 6] = ["V1", "V1_1", "V2", "V3", "V4", "V5"];
const OWNER: (&str, &str) = ("owner", "ada");
const REPEATABLE: &str = "R__customer_names.sql";
const ALONE: &str = "executeInTransaction=false\n";

pub(super) fn record(recorder: &mut Recorder<'_>) -> Result<()> {
    let engine = recorder.engine;
    let folder = recorder.path("migrations");
    std::fs::create_dir_all(&folder).context(folder.display())?;
    for (step, prefix) in story(engine).into_iter().zip(PREFIXES) {
        let file = folder.join(format!("{prefix}__{}.sql", step.name));
        write(&file, &text(step, engine))?;
        if step.alone {
            write(&folder.join(format!("{prefix}__{}.sql.conf", step.name)), ALONE)?;
        }
    }
    write(&folder.join(REPEATABLE), repeatable(engine))?;
    recorder.value(OWNER.0, OWNER.1);
    recorder.keep("migrations")?;

    let versions = VERSIONS.map(str::to_owned);
    let (applied, pending) = versions.split_at(APPLIED);
    let to_applied = format!("target={}", applied[APPLIED - 1]);
    let to_applied = to_applied.as_str();
    let state = || State { table: TABLE, order: "installed_rank", applied, pending, more: json!({}) };
    let database = recorder.database()?;
    flyway(recorder, &database, "migrations", &["migrate", to_applied])?;
    recorder.record("applied", &database, state())?;
    flyway(recorder, &database, "migrations", &["migrate"])?;
    recorder.record("complete", &database, State { applied: &versions, pending: &[], ..state() })?;
    // A repeatable that changed has a row for each time that it ran.
    recorder.copy("migrations", "repeated")?;
    append(&recorder.path("repeated").join(REPEATABLE), "-- once more\n")?;
    recorder.keep_difference("repeated", "migrations")?;
    flyway(recorder, &database, "repeated", &["migrate"])?;
    let more = json!({ "overlay": "repeated" });
    recorder.record("repeated", &database, State { applied: &versions, pending: &[], more, ..state() })?;

    let table = "shop_history";
    let database = recorder.database()?;
    flyway(recorder, &database, "migrations", &["migrate", to_applied, "table=shop_history"])?;
    recorder.record("custom-table", &database, State { table, ..state() })?;

    // A database that was there before its history.
    let database = recorder.database()?;
    for step in &story(engine)[..2] {
        database.execute(&step.up())?;
    }
    flyway(recorder, &database, "migrations", &["baseline", "baselineVersion=1.1"])?;
    flyway(recorder, &database, "migrations", &["migrate", to_applied])?;
    let more = json!({ "baseline": VERSIONS[1] });
    recorder.record("baseline", &database, State { more, ..state() })?;

    // A file that stands for all before it, in a database that is new.
    recorder.copy("migrations", "with-baseline")?;
    let first = story(engine)[..3].iter().map(|step| text(*step, engine)).collect::<Vec<_>>().join("\n");
    write(&recorder.path("with-baseline/B2__shop.sql"), &first)?;
    recorder.keep_difference("with-baseline", "migrations")?;
    let database = recorder.database()?;
    flyway(recorder, &database, "with-baseline", &["migrate", to_applied])?;
    let more = json!({ "overlay": "with-baseline", "baseline": VERSIONS[2] });
    recorder.record("baseline-file", &database, State { more, ..state() })?;

    if engine == Engine::Postgres {
        let database = recorder.database()?;
        flyway(recorder, &database, "migrations", &["migrate", to_applied, "schemas=shop"])?;
        recorder.record("own-schema", &database, State { table: "shop.flyway_schema_history", ..state() })?;
    }
    record_dirty(recorder, applied, pending)
}

/// Inside a transaction a failed file leaves no row; outside of one it does.
fn record_dirty(recorder: &mut Recorder<'_>, applied: &[String], pending: &[String]) -> Result<()> {
    let engine = recorder.engine;
    recorder.copy("migrations", "dirty")?;
    let step = story(engine)[APPLIED];
    let file = recorder.path(&format!("dirty/{}__{}.sql", PREFIXES[APPLIED], step.name));
    replace(&file, &step.up(), &step.broken().up())?;
    if engine != Engine::MariaDb {
        write(&file.with_extension("sql.conf"), ALONE)?;
    }
    recorder.keep_difference("dirty", "migrations")?;
    let database = recorder.database()?;
    let error = recorder.run_to_fail(&mut command(recorder, &database, "dirty", &["migrate"]))?;
    let more = json!({ "overlay": "dirty", "failed": VERSIONS[APPLIED], "said": error });
    recorder.record("dirty", &database, State { table: TABLE, order: "installed_rank", applied, pending, more })
}

/// A step as Flyway reads it: with a placeholder, and with the MySQL client's delimiters.
fn text(step: Step, engine: Engine) -> String {
    let text = match engine == Engine::MariaDb && step.up().contains("BEGIN") {
        true => format!("DELIMITER $$\n{}$$\nDELIMITER ;", step.up().trim_end_matches(';')),
        false => step.up(),
    };
    let name = format!("${{{}}}", OWNER.0);
    text.replacen(&format!("'{}@", OWNER.1), &format!("'{name}@"), 1) + "\n"
}

/// Its checksum is over what the placeholder stands for, that of a version over the placeholder.
fn repeatable(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres | Engine::MariaDb => {
            "CREATE OR REPLACE VIEW customer_names AS SELECT id, name, '${owner}' AS owner FROM customers;\n"
        }
        Engine::Sqlite => {
            "DROP VIEW IF EXISTS customer_names;\n\
             CREATE VIEW customer_names AS SELECT id, name, '${owner}' AS owner FROM customers;\n"
        }
    }
}

fn write(file: &PathBuf, text: &str) -> Result<()> {
    std::fs::write(file, text).context(file.display())
}

fn flyway(recorder: &Recorder<'_>, database: &Database<'_>, folder: &str, words: &[&str]) -> Result<()> {
    recorder.run(&mut command(recorder, database, folder, words)).map(|_| ())
}

fn command(recorder: &Recorder<'_>, database: &Database<'_>, folder: &str, words: &[&str]) -> Command {
    let classes = recorder.program.display();
    let mut command = Command::new("java");
    command.args(["-cp", &format!("{classes}:{classes}/*"), "Main"]).args(database.jdbc()).arg(folder);
    command.args(words).arg(format!("placeholders.{}={}", OWNER.0, OWNER.1));
    command
}
