//! `driftlock redo`

use std::sync::Arc;

use clap::Args;

use super::Done;
use super::down::{Undo, undo};
use crate::arguments::{Global, Range};
use crate::error::CommandError;
use crate::output::Output;

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
    let what = Undo { again: true, dry_run: arguments.range.dry_run, yes: arguments.yes };
    undo(what, adjust, global, output)
}
