//! Reads arguments by what they name alone.
//!
//! Every command takes the options that all share: made ready together they are some seven hundred, which takes longer than a run
//! that has nothing to do. So only the command that is named is made ready first; where that doesn't lead to its end (help, a mistake, a name of no
//! command), all of them are, and say what there is to say.

use clap::{Args, Command as Reader, FromArgMatches, Subcommand};

use crate::arguments::{Cli, Global};
use crate::commands::Command;

/// The arguments, where they are those of one command and nothing is to be said of them. What this reads, [`Cli`] would read alike.
pub(crate) fn read(arguments: &[std::ffi::OsString]) -> Option<Cli> {
    let all = Command::augment_subcommands(Reader::new("driftlock"));
    // An option's value that is named like a command leads nowhere: the command itself is unknown then.
    let named = arguments.iter().skip(1).find_map(|argument| all.find_subcommand(argument))?.clone();
    let reader = Global::augment_args(Reader::new("driftlock")).disable_help_subcommand(true).subcommand(named);
    Cli::from_arg_matches(&reader.try_get_matches_from(arguments).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn words(line: &str) -> Vec<std::ffi::OsString> {
        std::iter::once("driftlock").chain(line.split(' ')).map(Into::into).collect()
    }

    #[test]
    fn reads_what_is_read_by_all_commands_together() {
        for line in [
            "up",
            "up --env prod --steps 2 -q",
            "--env prod --format json status",
            "--url sqlite://a.db --dir m down --to 1 --yes",
            "manifest write --dir m",
            "audit --format csv",
            "new user add_email",
            "completions bash",
        ] {
            let quick = read(&words(line)).unwrap_or_else(|| panic!("{line}"));
            assert_eq!(format!("{quick:?}"), format!("{:?}", Cli::parse_from(words(line))), "{line}");
        }
    }

    #[test]
    fn leaves_the_rest_to_all_of_them() {
        for line in
            ["", "--help", "--version", "up --help", "upp", "up --enf prod", "--env status up", "manifest", "up down"]
        {
            assert!(read(&words(line)).is_none(), "{line}");
        }
        assert!(matches!(Cli::parse_from(words("--env status up")).command, Command::Up(_)));
    }
}
