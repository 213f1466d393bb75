//! `driftlock down`

use std::io::{BufRead, IsTerminal};
use std::sync::Arc;

use clap::Args;
use driftlock::Plan;
use driftlock::script::Dialect;

use super::{Done, plan};
use crate::arguments::{Global, Range};
use crate::error::CommandError;
use crate::output::{Output, count};
use crate::session::{self, Look, Session};

/// Undo what was applied last
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock down                        undo one migration
  driftlock down --to 20240520-143022   undo all behind this one, which stays
  driftlock down --all --dry-run        show how everything would be undone")]
pub(crate) struct Arguments {
    /// Undo all behind this version, which stays applied
    #[arg(long, value_name = "VERSION", conflicts_with = "all")]
    to: Option<String>,
    /// Undo everything
    #[arg(long, conflicts_with = "steps")]
    all: bool,
    #[command(flatten)]
    range: Range,
    /// Go on where data can be lost
    #[arg(long, short)]
    yes: bool,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Arc<Output>) -> Result<Done, CommandError> {
    let adjust = |options: &mut driftlock::Options| {
        options.to.clone_from(&arguments.to);
        options.steps = arguments.range.steps;
        options.all = arguments.all;
    };
    undo(Undo { again: false, dry_run: arguments.range.dry_run, yes: arguments.yes }, adjust, global, output)
}

/// What `down` and `redo` have in common.
pub(super) struct Undo {
    /// Whether it is applied again.
    pub(super) again: bool,
    pub(super) dry_run: bool,
    pub(super) yes: bool,
}

/// Undoes what was looked at and, where data can be lost, agreed to.
pub(super) fn undo(
    what: Undo,
    adjust: impl FnOnce(&mut driftlock::Options),
    global: &Global,
    output: &Arc<Output>,
) -> Result<Done, CommandError> {
    session::run(global, output, Look::Later, adjust, |mut session| async move {
        let planned = match what.again {
            true => session.look(session.migrator.plan_redo(&session.database)).await?,
            false => session.look(session.migrator.plan_down(&session.database)).await?,
        };
        let dialect = session.database.engine().dialect();
        if what.dry_run {
            session.database.close().await;
            plan::print(&planned, dialect, output)?;
            return Ok(());
        }
        confirm(&planned, dialect, what.yes, &session, output).await?;
        session.migrator = session.migrator.agreed(&planned);
        let result = match what.again {
            true => session.migrator.redo(&session.database).await,
            false => session.migrator.down(&session.database).await,
        };
        let report = session.conclude(output, result).await?;
        if !output.is_json() && report.applied.is_empty() {
            let does = if what.again { "do again" } else { "undo" };
            output.report(&format!("nothing to do: no migration is applied that this would {does}"));
        }
        Ok(())
    })?;
    Ok(Done::Well)
}

/// Asks on a terminal, and wants `--yes` elsewhere, when rows or columns can be lost.
pub(super) async fn confirm(
    planned: &Plan,
    dialect: Dialect,
    yes: bool,
    session: &Session,
    output: &Output,
) -> Result<(), CommandError> {
    if yes || !planned.pending.iter().any(driftlock::engine::PlannedMigration::loses_data) {
        return Ok(());
    }
    let losing: Vec<String> = planned
        .pending
        .iter()
        .flat_map(|it| {
            it.running().filter(|(_, planned)| planned.classified.loses_data).map(move |(_, planned)| (it, planned))
        })
        .map(|(it, planned)| {
            format!("  {}:{}: {}", it.file, planned.statement.line, first_line(&it.shown(planned, dialect)))
        })
        .collect();
    let what = format!("this can lose data:\n{}", losing.join("\n"));
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(
            CommandError::usage(what).hint("look at it with `--dry-run`; with `--yes` it is done; nothing was changed")
        );
    }
    output.tell(&format!("{what}\nUndo {}? Type `yes` to go on.", count(planned.pending.len(), "migration")));
    let read = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer).map(|_| answer)
    });
    let answer = tokio::select! {
        answer = read => answer.ok().and_then(Result::ok).unwrap_or_default(),
        () = session.cancellation.cancelled() => return Err(session::interrupted()),
    };
    if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(CommandError::usage("that was no `yes`; nothing was changed"))
}

fn first_line(sql: &str) -> String {
    let mut lines = sql.lines();
    let first = lines.next().unwrap_or_default().trim_end();
    if lines.next().is_some() { format!("{first} …") } else { first.to_owned() }
}
