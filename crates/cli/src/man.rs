//! The manual pages in `docs/man`, made of what help says. They are files of the repository, for packages to bring: `cargo xtask pages`
//! writes them, and this test holds them against the program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Arg, Command, CommandFactory};

use crate::arguments::Cli;

/// When what they say was last looked through as a whole.
const DATE: &str = "2026-11-22";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/man")
}

/// A page for each command, by its file's name.
fn pages() -> BTreeMap<String, String> {
    let mut program = Cli::command();
    program.build();
    let mut pages = BTreeMap::new();
    add(&program, &mut pages);
    pages
}

fn add(command: &Command, pages: &mut BTreeMap<String, String>) {
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    pages.insert(format!("{name}.1"), page(&name, command));
    command.get_subcommands().filter(|it| !it.is_hide_set()).for_each(|it| add(it, pages));
}

fn page(name: &str, command: &Command) -> String {
    let mut roff = Roff::default();
    let version = format!("driftlock {}", env!("CARGO_PKG_VERSION"));
    let title = name.to_uppercase();
    roff.request(&format!(".TH {title} 1 \"{DATE}\" \"{version}\" \"driftlock\""));
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    roff.section("NAME");
    roff.line(&format!("{} \\- {}", escaped(name), escaped(&about)));
    roff.section("SYNOPSIS");
    let usage = command.clone().render_usage().to_string();
    roff.line(&escaped(usage.trim_start_matches("Usage: ")));
    roff.section("DESCRIPTION");
    let long = command.get_long_about().map_or(about, ToString::to_string);
    for (at, paragraph) in long.split("\n\n").enumerate() {
        if at > 0 {
            roff.request(".PP");
        }
        let end = if paragraph.ends_with('.') { "" } else { "." };
        roff.text(&format!("{paragraph}{end}"));
    }
    commands(command, &mut roff);
    options(command, &mut roff);
    for help in [command.get_after_long_help().or(command.get_after_help())].into_iter().flatten() {
        rest(&help.to_string(), &mut roff);
    }
    roff.section("SEE ALSO");
    roff.line(&see_also(name, command));
    roff.0
}

fn commands(command: &Command, roff: &mut Roff) {
    let shown: Vec<&Command> = command.get_subcommands().filter(|it| !it.is_hide_set()).collect();
    if !shown.is_empty() {
        roff.section("COMMANDS");
    }
    for it in shown {
        roff.request(".TP");
        roff.line(&format!("\\fB{}\\fR(1)", escaped(it.get_display_name().unwrap_or(it.get_name()))));
        roff.text(&it.get_about().map(ToString::to_string).unwrap_or_default());
    }
}

/// What belongs to the command alone, then what all share, by heading.
fn options(command: &Command, roff: &mut Roff) {
    let shown: Vec<&Arg> = command.get_arguments().filter(|it| !it.is_hide_set()).collect();
    let (values, options): (Vec<&Arg>, Vec<&Arg>) = shown.into_iter().partition(|it| it.is_positional());
    if !values.is_empty() {
        roff.section("ARGUMENTS");
        values.iter().for_each(|it| option(it, roff));
    }
    let mut headings: Vec<&str> = vec!["Options"];
    for it in options.iter().filter_map(|it| it.get_help_heading()) {
        if !headings.contains(&it) {
            headings.push(it);
        }
    }
    roff.section("OPTIONS");
    for heading in headings {
        if heading != "Options" {
            roff.request(&format!(".SS {heading}"));
        }
        let under = |it: &&&Arg| it.get_help_heading().unwrap_or("Options") == heading;
        options.iter().filter(under).for_each(|it| option(it, roff));
    }
}

fn option(it: &Arg, roff: &mut Roff) {
    let names: Vec<String> = it
        .get_short()
        .map(|short| format!("-{short}"))
        .into_iter()
        .chain(it.get_long().map(|long| format!("--{long}")))
        .map(|name| format!("\\fB{}\\fR", escaped(&name)))
        .collect();
    let takes_value = it.get_num_args().is_some_and(|number| number.takes_values());
    let value = it.get_value_names().unwrap_or_default().join(" ");
    let value = if takes_value { format!(" \\fI{}\\fR", escaped(&value)) } else { String::new() };
    roff.request(".TP");
    roff.line(format!("{}{value}", names.join(", ")).trim_start());
    let defaults: Vec<_> = it.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    let default =
        if defaults.is_empty() || !takes_value { String::new() } else { format!(" [default: {}]", defaults.join(" ")) };
    let help = it.get_long_help().or(it.get_help()).map(ToString::to_string).unwrap_or_default();
    // `-h` and `--help` speak of each other; here both are the same.
    let help = if it.get_id() == "help" { "Print help".to_owned() } else { help };
    roff.text(&format!("{help}{default}"));
}

/// What stands below the options: `Examples:` with indented lines, and paragraphs.
fn rest(text: &str, roff: &mut Roff) {
    for paragraph in text.split("\n\n") {
        let (title, body) = paragraph.split_once('\n').unwrap_or((paragraph, ""));
        let section = match title {
            "Example:" | "Examples:" => "EXAMPLES",
            "Exit codes:" => "EXIT STATUS",
            _ => {
                roff.section("NOTES");
                roff.text(paragraph);
                continue;
            }
        };
        roff.section(section);
        roff.request(".nf");
        body.lines().for_each(|line| roff.line(&escaped(line.strip_prefix("  ").unwrap_or(line))));
        roff.request(".fi");
    }
}

fn see_also(name: &str, command: &Command) -> String {
    let above = name.rsplit_once('-').map(|(above, _)| above.to_owned());
    let below = command.get_subcommands().filter(|it| !it.is_hide_set());
    let below = below.map(|it| it.get_display_name().unwrap_or(it.get_name()).to_owned());
    let pages: Vec<String> =
        above.into_iter().chain(below).map(|page| format!("\\fB{}\\fR(1)", escaped(&page))).collect();
    pages.join(",\n")
}

/// A page in the macros of `man(7)`.
#[derive(Default)]
struct Roff(String);

impl Roff {
    fn request(&mut self, request: &str) {
        self.0.push_str(request);
        self.0.push('\n');
    }

    fn section(&mut self, title: &str) {
        self.request(&format!(".SH {title}"));
    }

    /// A line that is escaped already; what would be read as a request isn't.
    fn line(&mut self, line: &str) {
        if line.starts_with(['.', '\'']) {
            self.0.push_str("\\&");
        }
        self.request(line);
    }

    /// Sentences, which are filled.
    fn text(&mut self, text: &str) {
        text.lines().for_each(|line| self.line(&escaped(line)));
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-").replace('…', "...").replace('\'', "\\(aq")
}

#[test]
fn the_manual_is_what_help_says() {
    let pages = pages();
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::create_dir_all(folder()).unwrap();
        for entry in std::fs::read_dir(folder()).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        for (name, text) in &pages {
            std::fs::write(folder().join(name), text).unwrap();
        }
    }
    let there: Vec<String> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(there.len(), pages.len(), "{there:?}");
    for (name, text) in pages {
        let written = std::fs::read_to_string(folder().join(&name)).unwrap_or_default();
        assert_eq!(written, text, "docs/man/{name} is not what help says: `cargo xtask pages` writes it anew");
    }
}

/// By mandoc, which reads what every `man` reads and says more of it.
#[test]
fn the_manual_is_well_formed() {
    use std::io::Write;
    use std::process::{Command, Stdio};
    for (name, text) in pages() {
        let run = |arguments: &[&str]| {
            let mut mandoc = Command::new("mandoc");
            mandoc.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut mandoc = mandoc.spawn().expect("mandoc is missing: `cargo xtask setup` installs it");
            // A page is smaller than a pipe: nobody waits for anybody.
            mandoc.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
            String::from_utf8(mandoc.wait_with_output().unwrap().stdout).unwrap()
        };
        assert_eq!(run(&["-T", "lint", "-W", "warning"]), "", "{name}");
        let shown = run(&["-T", "ascii", "-O", "width=80"]);
        // Without what overstrikes letters.
        let plain = shown.chars().fold(String::new(), |mut plain, letter| {
            if letter == '\u{8}' {
                plain.pop();
            } else {
                plain.push(letter);
            }
            plain
        });
        assert!(plain.contains("SYNOPSIS") && plain.contains("EXAMPLES"), "{plain}");
        assert!(plain.contains(name.trim_end_matches(".1")), "{plain}");
        assert!(plain.lines().all(|line| line.len() <= 90), "{plain}");
    }
}
