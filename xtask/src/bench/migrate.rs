//! Rows of `up`: with nothing to do, and with everything.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::bed::{Bed, Database, output, version, write_migrations};
use super::measure::{Judged, Outcome, in_turn, time};
use super::peers;
use crate::fail::{Context, Failure, Result};

/// Whose server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    Postgres,
    MariaDb,
    Sqlite,
}

impl Engine {
    /// As the engine calls itself.
    pub(super) fn product(self) -> &'static str {
        match self {
            Engine::Postgres => "PostgreSQL",
            Engine::MariaDb => "MariaDB",
            Engine::Sqlite => "SQLite",
        }
    }
}

/// Whether an idle run is held against a client that reads as much, and not only logs in.
pub(super) fn reads_history(engine: Engine, files: usize) -> bool {
    engine != Engine::Postgres && files > 100
}

/// `up` where all files are applied, against the client's `select 1`, or its reading of the history.
pub(super) fn idle(bed: &Bed<'_>, engine: Engine, files: usize, bar: f64, pairs: usize) -> Result<Outcome> {
    let folder = bed.new_path("migrations");
    let statements = write_migrations(&folder, files)?;
    let database = bed.database(engine)?;
    output(&mut up(bed, &database, &folder))?;
    check_applied(&database, files)?;
    // On PostgreSQL the history of 1,000 files costs little beside the login, and the bar is that of the login. MariaDB
    // and SQLite are held against a client that reads as much; SQLite must load its schema of 1,000 tables for it.
    let query = if reads_history(engine, files) { "select version, sha256 from driftlock_history" } else { "select 1" };
    let times = in_turn(
        pairs,
        bed.interrupt,
        || time(&mut up(bed, &database, &folder), None),
        || time(&mut database.query(query), None),
        peers::idle(bed, engine, &statements)?,
    )?;
    check_applied(&database, files)?;
    Ok(Outcome::Times { times, judged: Judged::Medians, bar })
}

/// `up` into a new database, against one client session with the same statements, transactions and one insert each.
pub(super) fn fresh(bed: &Bed<'_>, engine: Engine, files: usize, bar: f64, pairs: usize) -> Result<Outcome> {
    let folder = bed.new_path("migrations");
    let statements = write_migrations(&folder, files)?;
    let script = bed.new_path("session");
    fs::write(&script, session(engine, &statements)).context(script.display())?;
    let times = in_turn(
        pairs,
        bed.interrupt,
        || {
            let database = bed.database(engine)?;
            let elapsed = time(&mut up(bed, &database, &folder), None)?;
            check_applied(&database, files)?;
            Ok(elapsed)
        },
        || {
            let database = bed.database(engine)?;
            let elapsed = time(&mut database.client(), Some(&script))?;
            check_count(&database, "select count(*) from bench_log", files)?;
            Ok(elapsed)
        },
        peers::fresh(bed, engine, &statements)?,
    )?;
    Ok(Outcome::Times { times, judged: Judged::Minima, bar })
}

fn up(bed: &Bed<'_>, database: &Database<'_, '_>, folder: &Path) -> Command {
    let mut command = bed.driftlock();
    command.args(["up", "--url", &database.url(), "--dir"]).arg(folder);
    command
}

/// A run that did nothing, or half, must not count as a fast one.
fn check_applied(database: &Database<'_, '_>, files: usize) -> Result<()> {
    check_count(database, "select count(distinct version) from driftlock_history where state = 'done'", files)
}

fn check_count(database: &Database<'_, '_>, query: &str, files: usize) -> Result<()> {
    let count = database.answer(query)?;
    if count == files.to_string() {
        return Ok(());
    }
    Err(Failure::new(format!("{files} files were to be applied, `{query}` says {count}")))
}

/// What a person would type into the client to do the same, with a log that has the history's essential columns.
fn session(engine: Engine, statements: &[String]) -> String {
    let mut script = String::from(
        "CREATE TABLE bench_log (version varchar(20) NOT NULL PRIMARY KEY, sha256 varchar(64) NOT NULL, name varchar(100) NOT NULL, \
         applied_at timestamp NOT NULL);\n",
    );
    // MySQL commits its DDL by itself.
    let (begin, commit) = if engine == Engine::MariaDb { ("", "") } else { ("BEGIN;\n", "COMMIT;\n") };
    for (file, statement) in statements.iter().enumerate() {
        let (version, digest) = (version(file), format!("{file:064x}"));
        script.push_str(&format!(
            "{begin}{statement};\nINSERT INTO bench_log VALUES ('{version}', '{digest}', 'bench_create_{file:05}_v1', \
             CURRENT_TIMESTAMP);\n{commit}"
        ));
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_has_a_transaction_and_an_insert_for_each_statement() {
        let statements = ["CREATE TABLE a (b integer)".to_owned(), "CREATE TABLE c (d integer)".to_owned()];
        let count = |script: &str, text: &str| script.matches(text).count();
        let script = session(Engine::Postgres, &statements);
        assert_eq!((count(&script, "BEGIN;"), count(&script, "INSERT"), count(&script, "COMMIT;")), (2, 2, 2));
        let script = session(Engine::MariaDb, &statements);
        assert_eq!((count(&script, "BEGIN;"), count(&script, "INSERT"), count(&script, "COMMIT;")), (0, 2, 0));
    }
}
