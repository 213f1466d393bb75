//! The command line of driftlock: arguments and output. What is done is the library's.

mod arguments;
mod commands;
mod confirm;
mod csv;
mod error;
mod json;
#[cfg(test)]
mod library_table;
mod log;
mod output;
mod progress;
mod session;
mod setup;
mod snippet;

use clap::Parser;

use arguments::Cli;
use output::Output;

fn main() {
    let cli = Cli::parse();
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
