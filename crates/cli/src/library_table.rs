//! That the library's documentation has a place for every option of the commands that work on a database.

use std::collections::BTreeSet;

use clap::CommandFactory;

use crate::arguments::Cli;

/// The commands that the library has as calls.
const COMMANDS: [&str; 12] =
    ["up", "down", "redo", "plan", "status", "audit", "baseline", "accept", "adopt", "inspect", "lock", "check"];

/// How results are printed, and where events are written to, is the command line's own.
const PRINTING: [&str; 9] =
    ["log-level", "log-format", "log-file", "format", "quiet", "no-progress", "color", "help", "version"];

#[test]
fn every_option_has_its_place_in_the_library() {
    let cli = Cli::command();
    let long = |command: &clap::Command| -> Vec<String> {
        command.get_arguments().filter_map(|it| it.get_long().map(str::to_owned)).collect()
    };
    let printing = |option: &String| !PRINTING.contains(&option.as_str());
    let mut options: BTreeSet<String> = long(&cli).into_iter().filter(printing).collect();
    for name in COMMANDS {
        let command = cli.find_subcommand(name).unwrap();
        // `audit --version` is another one than the program's own.
        options.extend(long(command).into_iter().filter(|it| printing(it) || (name == "audit" && it == "version")));
    }
    let page = include_str!("../../../docs/library-connections.md");
    let listed: BTreeSet<String> =
        page.lines().filter_map(|line| line.strip_prefix("| `--")?.split('`').next()).map(str::to_owned).collect();
    assert_eq!(options, listed, "docs/library-connections.md: left the options there are, right those that it lists");
}
