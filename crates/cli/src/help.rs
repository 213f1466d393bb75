//! Help that fits a screen: the commands in groups, `-h` with what is asked for most, `--help` with everything.

use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory};

use crate::arguments::{Cli, Color};

/// The commands as people look for them.
const GROUPS: [(&str, &[&str]); 6] = [
    ("Begin", &["init", "new, generate"]),
    ("Look", &["status", "plan", "validate", "manifest", "audit, doctor"]),
    ("Schema", &["inspect, diff", "lock, check"]),
    ("Run", &["up", "down, redo", "sync"]),
    ("Take over", &["adopt", "baseline", "accept"]),
    ("Shell", &["completions"]),
];

/// What is said of commands that share a line: a screen has 24.
const TOGETHER: [(&str, &str); 5] = [
    ("new, generate", "Make a migration's files, empty or of a difference"),
    ("audit, doctor", "List who changed what and when; say what to mend"),
    ("inspect, diff", "Show what a database is; the way from one to another"),
    ("lock, check", "Write schema.lock; compare files, lock and database"),
    ("down, redo", "Undo what was applied last; undo it and apply it again"),
];

/// The commands that are listed.
fn listed() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().flat_map(|(_, lines)| lines.iter().flat_map(|line| line.split(", ")))
}

/// The command line, ready to read these arguments: what its help says and whether that is coloured depends on them, and help is
/// printed before anything is parsed to the end.
pub(crate) fn command(arguments: &[String]) -> Command {
    let before_files = || arguments.iter().take_while(|argument| *argument != "--");
    let long = before_files().any(|argument| argument == "--help");
    let command = with_groups(Cli::command(), long);
    let command = if long { in_full(command) } else { command };
    match color(&before_files().map(String::as_str).collect::<Vec<_>>()) {
        Some(Color::Always) => command.color(clap::ColorChoice::Always),
        Some(Color::Never) => command.color(clap::ColorChoice::Never),
        Some(Color::Auto) | None => command,
    }
}

/// The last `--color`, as far as it can be told without parsing.
fn color(arguments: &[&str]) -> Option<Color> {
    let parse = |text: &str| <Color as clap::ValueEnum>::from_str(text, false).ok();
    let joined = arguments.iter().filter_map(|argument| argument.strip_prefix("--color="));
    let apart = arguments.windows(2).filter(|pair| pair[0] == "--color").map(|pair| pair[1]);
    joined.chain(apart).filter_map(parse).next_back()
}

/// With the commands in groups, a line each. The short help has room for nothing else, and its last lines name the options.
fn with_groups(command: Command, long: bool) -> Command {
    let header = *clap::builder::Styles::styled().get_header();
    let literal = *clap::builder::Styles::styled().get_literal();
    let about = |name: &str| {
        if let Some((_, about)) = TOGETHER.iter().find(|(names, _)| *names == name) {
            return Some((*about).to_owned());
        }
        let found = command.get_subcommands().find(|it| it.get_name() == name && !it.is_hide_set());
        Some(found?.get_about()?.to_string())
    };
    // Those of no group, so that none is missing here: a test wants that there are none.
    let listed: Vec<&str> = listed().collect();
    let others: Vec<&str> =
        command.get_subcommands().map(Command::get_name).filter(|name| !listed.contains(name)).collect();
    let groups = GROUPS.iter().copied().chain([("More", others.as_slice())]);
    let mut text = String::new();
    for (title, names) in groups {
        let mut title = title;
        for (name, about) in names.iter().filter_map(|name| Some((*name, about(name)?))) {
            let header = if title.is_empty() { anstyle::Style::new() } else { header };
            let (left, right) = (" ".repeat(10 - title.len()), " ".repeat(15 - name.len().min(14)));
            text.push_str(&format!("{header}{title}{header:#}{left}{literal}{name}{literal:#}{right}{about}\n"));
            title = "";
        }
    }
    let options = if long { "\n\n{all-args}" } else { "" };
    let text = text.trim_end();
    let template = format!("{{about}}\n\n{{usage-heading}} {{usage}}\n\n{text}{options}{{after-help}}");
    let command = command.help_template(StyledStr::from(template));
    // They are listed already.
    command.mut_subcommands(|it| it.hide(true))
}

/// With every option and all that there is to say, as compact as `-h` is.
fn in_full(command: Command) -> Command {
    let everything = |command: Command| {
        let about = command.get_long_about().cloned();
        let after = command.get_after_long_help().cloned();
        let command = match about {
            Some(about) => command.about(about).long_about(None),
            None => command,
        };
        let command = match after {
            Some(after) => command.after_help(after).after_long_help(None),
            None => command,
        };
        command.mut_args(shown)
    };
    fn each(command: Command, change: &dyn Fn(Command) -> Command) -> Command {
        change(command).mut_subcommands(|command| each(command, change))
    }
    each(command, &everything)
}

fn shown(option: Arg) -> Arg {
    let help = option.get_long_help().cloned();
    let option = option.hide_short_help(false);
    match help {
        Some(help) => option.help(help).long_help(None),
        None => option,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_a_group() {
        let command = Cli::command();
        let listed: Vec<&str> = listed().collect();
        for it in command.get_subcommands().filter(|it| !it.is_hide_set()) {
            assert!(listed.contains(&it.get_name()), "{} is in no group of the help", it.get_name());
        }
        for name in listed {
            assert!(command.find_subcommand(name).is_some(), "there is no command {name}");
        }
    }

    #[test]
    fn the_last_colour_counts() {
        assert_eq!(color(&["up", "--color=always", "--color", "never"]), Some(Color::Never));
        assert_eq!(color(&["up", "--color", "mauve"]), None);
    }
}
