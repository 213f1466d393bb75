//! `driftlock up`

use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use driftlock::Report;

use super::{Done, plan};
use crate::arguments::{Global, Range};
use crate::error::CommandError;
use crate::output::{Output, count, time};
use crate::session::{self, Look};

/// Apply what is pending
///
/// Any number of them may run at once: one works, the others wait and find nothing left to do.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock up
  driftlock up --env staging --to 20240520-143022
  driftlock up --dry-run
  driftlock up --url sqlite://shop.db --dir migrations")]
pub(crate) struct Arguments {
    /// Up to this version
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,
    #[command(flatten)]
    range: Range,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Arc<Output>) -> Result<Done, CommandError> {
    let (to, steps) = (arguments.to.as_deref(), arguments.range.steps);
    if arguments.range.dry_run {
        plan::of_up(global, output, to, steps)?;
        return Ok(Done::Well);
    }
    let adjust = |options: &mut driftlock::Options| {
        options.to = to.map(str::to_owned);
        options.steps = steps;
    };
    let start = Instant::now();
    session::run(global, output, Look::Ahead, adjust, |session| async move {
        let result = session.migrator.up(&session.database).await;
        let files = session.migrations.list().len();
        let report = session.conclude(output, result).await?;
        if !output.is_json() {
            output.report(&summary(&report, files, start.elapsed()));
        }
        Ok(())
    })?;
    Ok(Done::Well)
}

fn summary(report: &Report, files: usize, took: std::time::Duration) -> String {
    let pending = match report.pending.len() {
        0 => "nothing is pending".to_owned(),
        1 => "1 is pending".to_owned(),
        more => format!("{more} are pending"),
    };
    match report.applied.len() {
        0 => {
            let applied = files - report.pending.len().min(files);
            let pending = if report.pending.is_empty() { "none is pending".to_owned() } else { pending };
            let are = if applied == 1 { "is" } else { "are" };
            format!("nothing to do: {} {are} applied, {pending}", count(applied, "migration"))
        }
        done => format!("{} applied in {}, {pending}", count(done, "migration"), time(took)),
    }
}
