//! `driftlock down`

use std::sync::Arc;

use super::{Done, plan};
use crate::arguments::{Global, Range};
use crate::confirm::Confirm;
use crate::error::CommandError;
use crate::output::Output;
use crate::session::{self, Look};
use clap::Args;

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

/// Undoes what, where data can be lost, was agreed to.
pub(super) fn undo(
    what: Undo,
    adjust: impl FnOnce(&mut driftlock::Options),
    global: &Global,
    output: &Arc<Output>,
) -> Result<Done, CommandError> {
    session::run(global, output, Look::Later, adjust, |mut session| async move {
        if what.dry_run {
            let planned = match what.again {
                true => session.look(session.migrator.plan_redo(&session.database)).await?,
                false => session.look(session.migrator.plan_down(&session.database)).await?,
            };
            let dialect = session.database.engine().dialect();
            session.database.close().await;
            plan::print(&planned, dialect, output)?;
            return Ok(());
        }
        let confirm = Confirm::new(what.yes, output);
        session.migrator = confirm.on(session.migrator);
        let result = match what.again {
            true => session.migrator.redo(&session.database).await,
            false => session.migrator.down(&session.database).await,
        };
        let report = session.conclude(output, result).await.map_err(|error| confirm.explain(error))?;
        if !output.is_json() && report.applied.is_empty() {
            let does = if what.again { "do again" } else { "undo" };
            output.report(&format!("nothing to do: no migration is applied that this would {does}"));
        }
        Ok(())
    })?;
    Ok(Done::Well)
}
