//! The database: what it says of itself, and how files and history stand to each other.

use std::time::{SystemTime, UNIX_EPOCH};

use driftlock_database::{FORMAT, ForeignHistory, Pooler, Timestamp};

use super::judge::{LONG, Seen, judge};
use super::{Check, Health, count};
use crate::foreign::Tool;
use crate::report::MigrationState;
use crate::{Database, Error, Migrator, Options};

/// How a connected database is, and how it stands to the migrations, where they could be read. `pooler` is what the configuration says
/// of one. Writes nothing, and goes on behind what fails.
pub async fn examine(db: &Database, migrator: Option<&Migrator>, options: &Options, pooler: Pooler) -> Vec<Check> {
    let mut checks = itself(db, pooler).await;
    let begun = checks.len();
    let tables = own_tables(db, options).await;
    checks.extend(tables);
    // Where the own tables can't be read, `status` fails by the same error.
    let readable = checks[begun..].iter().all(|check| check.state != Health::Problem || check.name != "own_tables");
    if let Some(migrator) = migrator.filter(|_| readable) {
        checks.extend(standing(db, migrator).await);
    }
    checks
}

/// A database that couldn't be connected to.
#[must_use]
pub fn unreachable(error: &Error) -> Check {
    Check::problem("connection", error.to_string(), error.hint().map(str::to_owned))
}

async fn itself(db: &Database, pooler: Pooler) -> Vec<Check> {
    let mut inner = db.in_use().await;
    let before = now();
    let found = match inner.session.examine(&db.tables, LONG).await {
        Ok(found) => found,
        Err(error) => {
            let hint = "what is below may be wrong for the same reason".to_owned();
            return vec![Check::problem("server", format!("it can't be asked how it is: {error}"), Some(hint))];
        }
    };
    let after = now();
    let fit = inner.session.ensure_fit().await.map_err(|error| error.to_string());
    judge(&found, &Seen { server: inner.session.server(), asked: (before, after), pooler, fit })
}

fn now() -> Timestamp {
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

/// The own tables, and where there are none, who else was here.
async fn own_tables(db: &Database, options: &Options) -> Vec<Check> {
    let mut inner = db.in_use().await;
    inner.ahead = None;
    let place = match &db.tables.schema {
        Some(schema) => format!("`{schema}.{}`", db.tables.history()),
        None => format!("`{}`", db.tables.history()),
    };
    let glance = match inner.session.glance(&db.tables).await {
        Ok(glance) => glance,
        Err(error) => return vec![Check::problem("own_tables", error.to_string(), None)],
    };
    if let Some(glance) = glance {
        let stamped = glance.fence.environment.as_deref();
        let stamp = stamped.map_or_else(|| "no environment".to_owned(), |name| format!("environment `{name}`"));
        let rows = count(glance.entries.len(), "row");
        let message = format!("{place}: {rows}, format {}, stamped with {stamp}", glance.fence.format);
        let named = options.environment.as_deref();
        return vec![match (stamped, named) {
            (Some(stamped), Some(named)) if stamped != named => Check::problem(
                "own_tables",
                format!("this database belongs to the environment `{stamped}`, and this is `{named}`"),
                Some(format!("say `--env {stamped}`, or give `{named}` the URL of its own database")),
            ),
            _ if glance.fence.format < FORMAT => {
                Check::warning("own_tables", message, format!("the next `up` brings them to format {FORMAT}"))
            }
            _ => Check::ok("own_tables", message),
        }];
    }
    let mut checks = vec![Check::ok("own_tables", format!("none yet: the first `up` makes {place} and two more"))];
    match inner.session.surroundings(&db.tables).await {
        Err(error) => {
            checks.push(Check::problem("history", format!("what is in the database can't be seen: {error}"), None));
        }
        Ok(around) => {
            checks.extend(around.foreign_histories.iter().map(another));
            if around.foreign_histories.is_empty() && around.objects > 0 {
                let message = format!("{} objects and no history of driftlock", around.objects);
                let hint = "say which version it is at: `driftlock baseline VERSION`";
                checks.push(if options.protected {
                    Check::problem("history", message, Some(format!("{hint}; before that `up` refuses")))
                } else {
                    Check::warning("history", message, format!("{hint}; else `up` runs every version"))
                });
            }
        }
    }
    checks
}

/// Another tool was here.
fn another(history: &ForeignHistory) -> Check {
    let ForeignHistory { tool, table } = history;
    let hint = match Tool::parse(tool) {
        Some(_) => "take its history over with `driftlock adopt`; before that `up` refuses",
        None => "say what is applied with `driftlock baseline VERSION`; before that `up` refuses",
    };
    Check::problem(
        "history",
        format!("{tool} has migrated this database: its table `{table}` is here"),
        Some(hint.to_owned()),
    )
}

/// Files, manifest and history.
async fn standing(db: &Database, migrator: &Migrator) -> Vec<Check> {
    let status = match migrator.status(db).await {
        Ok(status) => status,
        Err(error) => return vec![Check::problem("migrations", error.to_string(), None)],
    };
    let mut checks = Vec::new();
    for migration in &status.migrations {
        let MigrationState::Partial { direction, done, error } = &migration.state else { continue };
        let (how, done) = (if error.is_some() { "failed" } else { "was interrupted" }, count(*done, "statement"));
        let again = if direction.as_str() == "up" { "`up`" } else { "`down`" };
        checks.push(Check::warning(
            "unfinished",
            format!("{} {} {how} after {done}", migration.version, direction.as_str()),
            match error {
                Some(error) => format!("{error}; put right what is behind the statements that are done, and the next {again} goes on behind them"),
                None => format!("the next {again} finds out what became of the last statement, and goes on behind it"),
            },
        ));
    }
    for finding in &status.findings {
        checks.push(Check::problem(
            "agreement",
            finding.to_string(),
            Some("nothing runs before that is put right (exit code 6)".to_owned()),
        ));
    }
    if status.findings.is_empty() {
        let ahead = match status.ahead.len() {
            0 => String::new(),
            some => format!(", {some} newer than all files"),
        };
        let message = match (status.pending(), count(status.migrations.len(), "migration")) {
            (0, all) => format!("{all}, none pending{ahead}"),
            (pending, all) => format!("{all}, {pending} pending{ahead}"),
        };
        checks.push(Check::ok("migrations", message));
    }
    checks
}
