//! `driftlock audit`

use std::sync::Arc;

use clap::Args;
use driftlock::database::Timestamp;
use driftlock::engine::{Attempted, Problem};
use driftlock::{Audit, AuditFilter, Verification};

use super::Done;
use crate::arguments::{Format, Global};
use crate::error::CommandError;
use crate::output::{Output, count, printable, time};
use crate::session::{self, Look};
use crate::table::{self, Column};
use crate::width;
use crate::{csv, json};

/// List who changed what and when, or verify that record
///
/// Reads driftlock's own tables, writes nothing. With `--verify`, exit code 6 when a row was edited, removed or put in, or
/// when files or manifest aren't what was applied.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock audit --env prod --limit 20
  driftlock audit --version 20240520-143022 --format json
  driftlock audit --since 2026-01-01 --format csv > changes.csv
  driftlock audit --verify")]
pub(crate) struct Arguments {
    /// Verify that nobody changed the record
    #[arg(long, conflicts_with_all = ["version", "since", "limit"])]
    verify: bool,
    /// Only this version
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Only from then on: 2026-01-31, 2026-01-31T09:30:00Z
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// Only the last so many attempts
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// How to print results
    #[arg(
        long,
        value_parser = Format::among(&["text", "json", "csv"]),
        default_value = "text",
        help_heading = "Output",
        hide_possible_values = true,
        value_name = "text|json|csv"
    )]
    format: Format,
}

fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_with_offset(text)
        .or_else(|| Timestamp::parse(text))
        .or_else(|| Timestamp::parse(&format!("{text}T00:00:00")))
        .ok_or_else(|| "write a day or a moment in UTC: 2026-01-31, 2026-01-31T09:30:00Z".to_owned())
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Arc<Output>) -> Result<Done, CommandError> {
    if arguments.verify { verify(arguments, global, output) } else { list(arguments, global, output) }
}

fn list(arguments: &Arguments, global: &Global, output: &Arc<Output>) -> Result<Done, CommandError> {
    let filter = AuditFilter { version: arguments.version.clone(), since: arguments.since, limit: arguments.limit };
    let (audit, dialect) = session::run(
        global,
        output,
        Look::Record,
        |_| {},
        |session| async move {
            let audit = session.look(session.migrator.audit(&session.database, &filter)).await;
            let dialect = session.database.engine().dialect();
            session.database.close().await;
            Ok((audit?, dialect))
        },
    )?;
    match arguments.format {
        Format::Text | Format::Table | Format::Sql | Format::Mermaid => print(&audit, output),
        Format::Json => output.json(&json::audit(&audit, dialect)),
        Format::Csv => csv::audit(&audit, dialect).iter().for_each(|record| output.data(record)),
    }
    Ok(Done::Well)
}

fn verify(arguments: &Arguments, global: &Global, output: &Arc<Output>) -> Result<Done, CommandError> {
    if arguments.format == Format::Csv {
        return Err(CommandError::usage("`--verify` says what it found as text or JSON: take `--format csv` away"));
    }
    let (found, (directory, compared)) = session::run(
        global,
        output,
        Look::RecordAndFiles,
        |_| {},
        |session| async move {
            let found = session.look(session.migrator.verify(&session.database)).await;
            session.database.close().await;
            Ok((found?, session.directory))
        },
    )?;
    let Verification { rows, findings, notes, .. } = &found;
    let whole = findings.iter().all(|finding| finding.problem != Problem::Tampered);
    if output.is_json() {
        output.json(&json::verification(&found, whole, compared));
    } else {
        let files = if compared {
            String::new()
        } else {
            format!("; files were not compared, there is no directory `{directory}`")
        };
        output.data(&match (*rows, whole) {
            (0, true) => format!("nothing recorded{files}"),
            (rows, true) => format!("{}, chain whole{files}", count(rows, "row")),
            (rows, false) => format!("{}, not as driftlock wrote them{files}", count(rows, "row")),
        });
    }
    if compared {
        notes.iter().for_each(|note| output.note(note));
    }
    for finding in findings {
        output.tell(&format!("{0}error:{0:#} {finding}", crate::output::ERROR));
    }
    Ok(if findings.is_empty() { Done::Well } else { Done::Disagreeing })
}

/// How wide a terminal is at least.
const WIDTH: usize = 80;

const COLUMNS: [Column; 6] = [
    Column::number("row"),
    Column::text("when (UTC)"),
    Column::text("what"),
    Column::text("version"),
    Column::text("result"),
    Column::long("by"),
];

/// A line each attempt, and under it what else is known.
fn print(audit: &Audit, output: &Output) {
    let stamp = audit.stamped.as_ref().map(|name| format!(", environment {name}")).unwrap_or_default();
    output.data(&format!("{}{stamp}", audit.database));
    if audit.attempts.is_empty() {
        output.data("nothing recorded");
        return;
    }
    let rows: Vec<[String; 6]> = audit.attempts.iter().filter_map(cells).collect();
    let lines = table::lines(COLUMNS, &rows, width::of_stdout());
    let (head, lines) = lines.split_first().map_or(("", &[][..]), |(head, lines)| (head.as_str(), lines));
    output.data(head);
    for (line, attempt) in lines.iter().zip(&audit.attempts) {
        output.data(line);
        for detail in details(attempt) {
            output.data(&format!("    {detail}"));
        }
    }
}

fn cells(attempt: &Attempted) -> Option<[String; 6]> {
    let (first, last) = (attempt.rows.first()?, attempt.last()?);
    let row = match (first.sequence, last.sequence) {
        (first, last) if first == last => last.to_string(),
        (first, last) => format!("{first}-{last}"),
    };
    let at = last.ended_at.unwrap_or(last.started_at).to_string();
    // To the second: the rest is in the JSON.
    let when = at.split_once('.').map_or(at.as_str(), |(seconds, _)| seconds).replace('T', " ");
    let by = if last.applied_by.is_empty() { &last.os_user } else { &last.applied_by };
    let by = printable(&format!("{by}@{}", last.host));
    let state = if last.state.as_str() == "started" { "unfinished" } else { last.state.as_str() };
    Some([row, when, last.direction.as_str().to_owned(), printable(&last.version), state.to_owned(), by])
}

/// All that is known beside the line, in lines that fit.
fn details(attempt: &Attempted) -> Vec<String> {
    let Some(row) = attempt.last() else { return Vec::new() };
    let known = |text: &str| text != "unknown";
    let mut items = vec![printable(&row.name)];
    if let Some(statements) = attempt.statements {
        items.push(format!("{} done", count(statements, "statement")));
    }
    if let Some(millis) = row.duration_ms {
        items.push(time(std::time::Duration::from_millis(millis.max(0).unsigned_abs())));
    }
    if known(&row.environment) {
        items.push(format!("environment {}", printable(&row.environment)));
    }
    if known(&row.git_commit) {
        items.push(format!("commit {} by {}", printable(&row.git_commit), printable(&row.git_author)));
    }
    let usual = format!("{}_{}", row.git_commit, row.environment);
    if let Some(route) = row.route.as_ref().filter(|route| **route != usual) {
        items.push(format!("route {}", printable(route)));
    }
    if known(&row.ci_job) {
        items.push(format!("CI job {}", printable(&row.ci_job)));
    }
    items.extend(row.ci_url.as_deref().map(printable));
    if row.os_user != row.applied_by && !row.applied_by.is_empty() {
        items.push(format!("run by {}", printable(&row.os_user)));
    }
    items.push(format!("driftlock {}", printable(&row.tool_version)));
    let last = items.len() - 1;
    items.iter_mut().take(last).for_each(|item| item.push(','));
    let mut lines = fill(items.iter().map(String::as_str));
    for (label, text) in [("reason", &row.reason), ("error", &row.error)] {
        for (at, line) in text.iter().flat_map(|text| text.lines()).enumerate() {
            let line = if at == 0 { format!("{label}: {line}") } else { line.to_owned() };
            let line = printable(&line);
            lines.extend(fill(line.split_whitespace()));
        }
    }
    lines
}

/// Puts as many of these into each line as it has room for. What is longer than a line stays whole.
fn fill<'a>(items: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for item in items {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + item.chars().count() <= WIDTH - 4 => {
                line.push(' ');
                line.push_str(item);
            }
            _ => lines.push(item.to_owned()),
        }
    }
    lines
}
