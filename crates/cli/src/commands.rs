//! The commands: one file each.

mod accept;
mod adopt;
mod audit;
mod baseline;
mod check;
mod completions;
mod diff;
mod doctor;
mod down;
mod generate;
mod init;
mod inspect;
mod lock;
mod manifest;
mod new;
mod plan;
mod redo;
mod status;
mod sync;
mod up;
mod validate;

use std::sync::Arc;

use clap::Subcommand;

use crate::arguments::Cli;
use crate::error::CommandError;
use crate::output::Output;

/// What can be asked for.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(init::Arguments),
    New(new::Arguments),
    Validate(validate::Arguments),
    Manifest(manifest::Arguments),
    Status(status::Arguments),
    Plan(plan::Arguments),
    Up(up::Arguments),
    Down(down::Arguments),
    Redo(redo::Arguments),
    Baseline(baseline::Arguments),
    Accept(accept::Arguments),
    Adopt(adopt::Arguments),
    Audit(audit::Arguments),
    Doctor(doctor::Arguments),
    Lock(lock::Arguments),
    Check(check::Arguments),
    Diff(diff::Arguments),
    Generate(generate::Arguments),
    Sync(sync::Arguments),
    Inspect(inspect::Arguments),
    Completions(completions::Arguments),
}

/// How a command that didn't fail ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    /// Done, or in agreement.
    Well,
    /// A difference was found, and printed.
    Different,
    /// It may not be done, which was printed, with what it would have been.
    Refused,
    /// Files, manifest and history disagree, which was printed.
    Disagreeing,
}

impl Done {
    pub(crate) fn exit_code(self) -> i32 {
        match self {
            Done::Well => 0,
            Done::Different => 3,
            Done::Refused => 4,
            Done::Disagreeing => 6,
        }
    }
}

pub(crate) fn run(cli: &Cli, output: &Arc<Output>) -> Result<Done, CommandError> {
    let global = &cli.global;
    match &cli.command {
        Command::Init(arguments) => init::run(arguments, global, output),
        Command::New(arguments) => new::run(arguments, global, output),
        Command::Validate(arguments) => validate::run(arguments, global, output),
        Command::Manifest(arguments) => manifest::run(arguments, global, output),
        Command::Status(arguments) => status::run(arguments, global, output),
        Command::Plan(arguments) => plan::run(arguments, global, output),
        Command::Up(arguments) => up::run(arguments, global, output),
        Command::Down(arguments) => down::run(arguments, global, output),
        Command::Redo(arguments) => redo::run(arguments, global, output),
        Command::Baseline(arguments) => baseline::run(arguments, global, output),
        Command::Accept(arguments) => accept::run(arguments, global, output),
        Command::Adopt(arguments) => adopt::run(arguments, global, output),
        Command::Audit(arguments) => audit::run(arguments, global, output),
        Command::Lock(arguments) => lock::run(arguments, global, output),
        Command::Check(arguments) => check::run(arguments, global, output),
        Command::Doctor(arguments) => doctor::run(arguments, global, output),
        Command::Diff(arguments) => diff::run(arguments, global, output),
        Command::Generate(arguments) => generate::run(arguments, global, output),
        Command::Sync(arguments) => sync::run(arguments, global, output),
        Command::Inspect(arguments) => inspect::run(arguments, global, output),
        Command::Completions(arguments) => completions::run(arguments, output),
    }
}
