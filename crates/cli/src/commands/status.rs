//! `driftlock status`

use std::sync::Arc;

use clap::Args;
use driftlock::Status;
use driftlock::engine::{MigrationState, MigrationStatus};

use super::Done;
use crate::arguments::Global;
use crate::error::CommandError;
use crate::json;
use crate::output::{Output, count};
use crate::session::{self, Look};
use crate::table::{self, Column};
use crate::width;

/// Show what is applied, what is pending and what is wrong
///
/// Writes nothing. Exit code 6 when files, manifest and history disagree.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock status
  driftlock status --env staging --format json
  driftlock status --exit-code || echo 'something is pending'")]
pub(crate) struct Arguments {
    /// End with 3 when something is pending
    #[arg(long)]
    exit_code: bool,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Arc<Output>) -> Result<Done, CommandError> {
    let status = session::run(
        global,
        output,
        Look::Later,
        |_| {},
        |session| async move {
            let status = session.look(session.migrator.status(&session.database)).await;
            session.database.close().await;
            status
        },
    )?;
    print(&status, output);
    Ok(match (status.findings.is_empty(), status.pending()) {
        (false, _) => Done::Disagreeing,
        (true, 1..) if arguments.exit_code => Done::Different,
        _ => Done::Well,
    })
}

const COLUMNS: [Column; 5] = [
    Column::text("version"),
    Column::long("name"),
    Column::text("state"),
    Column::text("when (UTC)"),
    Column::long("by"),
];

fn print(status: &Status, output: &Output) {
    if output.is_json() {
        output.json(&json::status(status));
        return;
    }
    let stamp = status.stamped.as_ref().map(|name| format!(", environment {name}")).unwrap_or_default();
    output.data(&format!("{} ({}){stamp}", status.database, status.server));
    let rows: Vec<[String; 5]> = status.migrations.iter().map(row).collect();
    if !rows.is_empty() {
        table::lines(COLUMNS, &rows, width::of_stdout()).iter().for_each(|line| output.data(line));
    }
    output.data(&match (status.migrations.len(), status.pending()) {
        (0, _) => "there are no migrations".to_owned(),
        (_, 0) => "nothing is pending".to_owned(),
        (_, 1) => "1 is pending".to_owned(),
        (_, pending) => format!("{pending} are pending"),
    });
    for note in &status.notes {
        output.note(note);
    }
    for finding in &status.findings {
        output.tell(&format!("{0}error:{0:#} {finding}", crate::output::ERROR));
    }
    if !status.findings.is_empty() {
        output.tell(&format!("{}: nothing runs before that is put right", count(status.findings.len(), "finding")));
    }
}

fn row(migration: &MigrationStatus) -> [String; 5] {
    let no_down = if migration.has_down { "" } else { ", no down" };
    let (state, when, by) = match &migration.state {
        MigrationState::Pending => ("pending".to_owned(), String::new(), String::new()),
        MigrationState::NotNeeded => ("not needed".to_owned(), String::new(), String::new()),
        MigrationState::Partial { direction, done, error } => {
            let why = if error.is_some() { "failed" } else { "interrupted" };
            (format!("{} {why} after {}", direction.as_str(), count(*done, "statement")), String::new(), String::new())
        }
        MigrationState::Applied { how, at, by, os_user, host, .. } => {
            let how = if how.as_str() == "up" { "applied".to_owned() } else { format!("applied ({})", how.as_str()) };
            let by = if by.is_empty() { os_user } else { by };
            // To the second: the rest is in the JSON.
            let at = at.to_string();
            let when = at.split_once('.').map_or(at.as_str(), |(seconds, _)| seconds).replace('T', " ");
            (how, when, format!("{by}@{host}"))
        }
    };
    [migration.version.to_string(), migration.name.clone(), format!("{state}{no_down}"), when, by]
}
