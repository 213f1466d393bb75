//! golang-migrate: `VERSION_name.up.sql` and `.down.sql`; one row with the highest version and whether it is dirty.

use serde_json::json;

use crate::fail::Result;

use super::engine::{Database, Engine};
use super::recorder::{Recorder, State, append, replace, restamp, stamp};
use super::story::{APPLIED, story};

const TABLE: &str = "schema_migrations";

pub(super) fn record(recorder: &mut Recorder<'_>) -> Result<()> {
    let engine = recorder.engine;
    // Its other way to number files; three engines show both.
    let sequential = engine == Engine::MariaDb;
    let mut versions = Vec::new();
    for (number, step) in story(engine).into_iter().enumerate() {
        let mut create = recorder.runner(&["create", "-ext", "sql", "-dir", "migrations"]);
        create.args(sequential.then_some("-seq")).arg(step.name);
        for file in recorder.made_by(&mut create, "migrations")? {
            let file = if sequential { file } else { restamp(&file, number)? };
            let is_down = file.to_string_lossy().ends_with(".down.sql");
            append(&file, &if is_down { step.down() } else { step.up() })?;
        }
        versions.push(if sequential { (number + 1).to_string() } else { stamp(number) });
    }
    recorder.keep("migrations")?;

    let (applied, pending) = versions.split_at(APPLIED);
    let state = || State { table: TABLE, order: "version", applied, pending, more: json!({}) };
    let database = recorder.database()?;
    migrate(recorder, &database, "migrations", &["goto", &applied[APPLIED - 1]])?;
    recorder.record("applied", &database, state())?;
    // The last step can't be in a transaction; the two drivers that run a file in none need no opt-out.
    migrate(recorder, &database, "migrations", &["up"])?;
    recorder.record("complete", &database, State { applied: &versions, pending: &[], ..state() })?;

    recorder.copy("migrations", "dirty")?;
    let broken = story(engine)[APPLIED].broken();
    let name = if sequential { format!("{:06}", APPLIED + 1) } else { stamp(APPLIED) };
    let file = recorder.path(&format!("dirty/{name}_{}.up.sql", broken.name));
    replace(&file, &story(engine)[APPLIED].up(), &broken.up())?;
    recorder.keep_difference("dirty", "migrations")?;
    let database = recorder.database()?;
    migrate(recorder, &database, "dirty", &["goto", &applied[APPLIED - 1]])?;
    let mut command = recorder.runner(&["-path", "dirty", "-database", &url(&database, engine), "up"]);
    let error = recorder.run_to_fail(&mut command)?;
    let more = json!({ "overlay": "dirty", "failed": versions[APPLIED], "said": error });
    recorder.record("dirty", &database, State { more, ..state() })?;
    // What people do then, whether or not the database is what they say it is.
    migrate(recorder, &database, "dirty", &["force", &applied[APPLIED - 1]])?;
    let more = json!({ "overlay": "dirty", "forced": applied[APPLIED - 1] });
    recorder.record("forced", &database, State { more, ..state() })
}

fn migrate(recorder: &Recorder<'_>, database: &Database<'_>, folder: &str, command: &[&str]) -> Result<()> {
    let url = url(database, recorder.engine);
    let mut runner = recorder.runner(&["-path", folder, "-database", &url]);
    recorder.run(runner.args(command)).map(|_| ())
}

fn url(database: &Database<'_>, engine: Engine) -> String {
    match engine {
        Engine::Postgres => format!("{}?sslmode=disable", database.url()),
        Engine::MariaDb => format!("mysql://{}?multiStatements=true", database.go_mysql()),
        // Else each file is wrapped in a transaction, and there is no opt-out in the file.
        Engine::Sqlite => format!("sqlite://{}?x-no-tx-wrap=true", database.url()),
    }
}
