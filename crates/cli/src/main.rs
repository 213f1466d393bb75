//! The command line of driftlock: arguments and output. What is done is the library's.

mod arguments;
mod changes;
mod commands;
mod completion;
mod confirm;
mod csv;
mod error;
mod help;
mod json;
#[cfg(test)]
mod library_table;
mod log;
#[cfg(test)]
mod man;
mod output;
mod progress;
mod prompt;
mod quick;
mod schema_options;
mod session;
mod setup;
mod snippet;
mod table;
mod width;

use clap::FromArgMatches;

use arguments::Cli;
use output::Output;

fn main() {
    let arguments: Vec<_> = std::env::args_os().collect();
    let cli = quick::read(&arguments).unwrap_or_else(|| read(&arguments));
    cli.global.color.write_global();
    let output = std::sync::Arc::new(Output::new(&cli.global));
    let code = match commands::run(&cli, &output) {
        Ok(done) => done.exit_code(),
        Err(error) => {
            error.print(&output);
            error.exit_code()
        }
    };
    // Not by a return: a prompt that nobody answered may still be waiting in a thread.
    std::process::exit(if code == 0 { output.exit_code() } else { code });
}

/// Reads the arguments as all commands do. What is wrong with them, and help, ends here.
fn read(arguments: &[std::ffi::OsString]) -> Cli {
    let texts: Vec<String> = arguments.iter().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let mut command = help::command(&texts);
    Cli::from_arg_matches(&command.get_matches_mut()).unwrap_or_else(|error| error.format(&mut command).exit())
}
