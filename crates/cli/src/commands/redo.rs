//! `driftlock redo`

use std::sync::Arc;

use clap::Args;

use super::{Done, down, plan};
use crate::arguments::{Global, Range};
use crate::error::CommandError;
use crate::json;
use crate::output::Output;
use crate::session::{self, Look};

/// Undo what was applied last and apply it again
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock redo            the last one
  driftlock redo --steps 3  the last three")]
pub(crate) struct Arguments {
    /// All behind this version, which stays applied
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,
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
    };
    session::run(global, output, Look::Later, adjust, |session| async move {
        let planned = session.look(session.migrator.plan_redo(&session.database)).await?;
        let dialect = session.database.engine().dialect();
        if arguments.range.dry_run {
            session.database.close().await;
            plan::print(&planned, dialect, output);
            return Ok(());
        }
        down::confirm(&planned, dialect, arguments.yes, &session, output).await?;
        let result = session.migrator.redo(&session.database).await;
        output.show(None);
        session.database.close().await;
        let report = result?;
        session.teller.notes(&report.notes);
        if output.is_json() {
            output.json(&json::report(&report));
        } else if report.applied.is_empty() {
            output.report("nothing to do: no migration is applied that this would do again");
        }
        Ok(())
    })?;
    Ok(Done::Well)
}
