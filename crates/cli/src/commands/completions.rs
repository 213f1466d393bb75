//! `driftlock completions`

use clap::{Args, CommandFactory, ValueEnum};
use serde_json::json;

use super::Done;
use crate::arguments::Cli;
use crate::completion::{self, Offer};
use crate::error::CommandError;
use crate::output::Output;

/// Print the script that lets a shell complete driftlock
///
/// The script asks driftlock itself: what it offers are the commands and options of the version that is installed, and the
/// environments and versions of the project in the working directory. No database is contacted.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock completions bash > ~/.local/share/bash-completion/completions/driftlock
  driftlock completions zsh > ~/.zfunc/_driftlock
  driftlock completions fish > ~/.config/fish/completions/driftlock.fish
  driftlock completions powershell >> $PROFILE")]
pub(crate) struct Arguments {
    /// bash, zsh, fish or powershell
    #[arg(hide_possible_values = true)]
    shell: Shell,
    /// The words of a command line up to the cursor: what to offer for the last one is printed
    #[arg(last = true, hide = true)]
    words: Vec<std::ffi::OsString>,
}

/// A shell that can be taught.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

pub(crate) fn run(arguments: &Arguments, output: &Output) -> Result<Done, CommandError> {
    let shell = arguments.shell;
    if arguments.words.is_empty() {
        let script = shell.script().trim_end();
        if output.is_json() {
            output.json(
                &json!({ "shell": shell.to_possible_value().map(|it| it.get_name().to_owned()), "script": script }),
            );
        } else {
            output.data(script);
        }
        return Ok(Done::Well);
    }
    let words = arguments.words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    match completion::offer(Cli::command(), &shell.words(words)) {
        Offer::Files => shell.asks_for_paths(":files", output),
        Offer::Directories => shell.asks_for_paths(":directories", output),
        Offer::Words(candidates) => {
            for it in candidates {
                let help = it.help.lines().next().unwrap_or_default();
                output.data(&shell.line(&it.word, help));
            }
        }
    }
    Ok(Done::Well)
}

impl Shell {
    fn script(self) -> &'static str {
        match self {
            Shell::Bash => include_str!("completions/driftlock.bash"),
            Shell::Zsh => include_str!("completions/driftlock.zsh"),
            Shell::Fish => include_str!("completions/driftlock.fish"),
            Shell::Powershell => include_str!("completions/driftlock.ps1"),
        }
    }

    /// The words as the program would get them.
    fn words(self, words: Vec<String>) -> Vec<String> {
        match self {
            Shell::Bash => joined_at_equals_signs(words),
            // Older ones drop an empty argument, so the script puts a dot behind the last.
            Shell::Powershell => {
                let mut words = words;
                if let Some(last) = words.last_mut().filter(|last| last.ends_with('.')) {
                    last.pop();
                }
                words
            }
            Shell::Zsh | Shell::Fish => words,
        }
    }

    fn asks_for_paths(self, what: &str, output: &Output) {
        // PowerShell offers them by itself where there is nothing else.
        if self != Shell::Powershell {
            output.data(what);
        }
    }

    fn line(self, word: &str, help: &str) -> String {
        match (self, help) {
            // It replaces what is behind the equals sign.
            (Shell::Bash, _) => match word.strip_prefix("--").and_then(|rest| rest.split_once('=')) {
                Some((_, value)) => value.to_owned(),
                None => word.to_owned(),
            },
            (_, "") if self != Shell::Zsh => word.to_owned(),
            (Shell::Zsh, help) => {
                let word = word.replace('\\', "\\\\").replace(':', "\\:");
                if help.is_empty() { word } else { format!("{word}:{help}") }
            }
            (Shell::Fish | Shell::Powershell, help) => format!("{word}\t{help}"),
        }
    }
}

/// Bash makes three words of `--env=dev`.
fn joined_at_equals_signs(words: Vec<String>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    let mut behind_equals = false;
    for word in words {
        match joined.last_mut() {
            Some(last) if word == "=" && last.starts_with("--") && !last.contains('=') => {
                last.push('=');
                behind_equals = true;
                continue;
            }
            Some(last) if behind_equals => last.push_str(&word),
            _ => joined.push(word),
        }
        behind_equals = false;
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bash_splits_at_equals_signs() {
        let joined = |line: &str| joined_at_equals_signs(line.split('|').map(str::to_owned).collect()).join("|");
        assert_eq!(joined("driftlock|up|--env|=|st"), "driftlock|up|--env=st");
        assert_eq!(joined("driftlock|up|--env|=|"), "driftlock|up|--env=");
        assert_eq!(joined("driftlock|up|--env|=|dev|--to|"), "driftlock|up|--env=dev|--to|");
        assert_eq!(joined("driftlock|new|a|=|b"), "driftlock|new|a|=|b");
    }
}
