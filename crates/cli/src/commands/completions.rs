//! `driftlock completions`

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Done;
use crate::arguments::Cli;
use crate::error::CommandError;
use crate::output::Output;

/// Print the script that lets a shell complete driftlock
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  driftlock completions bash > /etc/bash_completion.d/driftlock")]
pub(crate) struct Arguments {
    /// bash, zsh, fish, elvish or powershell
    #[arg(hide_possible_values = true)]
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments, output: &Output) -> Result<Done, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "driftlock", &mut script);
    output.data(String::from_utf8_lossy(&script).trim_end());
    Ok(Done::Well)
}
