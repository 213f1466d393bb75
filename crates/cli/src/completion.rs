//! What a shell may offer for the word that is being typed: commands, options, and what the project has of environments and
//! versions. No database is asked, no secret fetched, and nothing that is wrong is said: a shell has no place for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::{Arg, Command, ValueHint};
use driftlock::engine::Secret;
use driftlock::script::Directory;
use driftlock::{Config, DatabaseUrl, Layout, Migrations, Overrides, Settings, Variables};

/// What to offer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Offer {
    Words(Vec<Candidate>),
    /// The shell completes paths better than we could.
    Files,
    Directories,
}

/// A word, and what to say of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) word: String,
    pub(crate) help: String,
}

impl Candidate {
    fn new(word: impl Into<String>, help: impl Into<String>) -> Self {
        Candidate { word: word.into(), help: help.into() }
    }
}

/// What fits the last of these words; the first is the program.
pub(crate) fn offer(mut program: Command, words: &[String]) -> Offer {
    program.build();
    let Some(([_, before @ ..], current)) = words.split_last().map(|(current, before)| (before, current)) else {
        return Offer::Words(Vec::new());
    };
    let line = Line::read(&program, before);
    if let Some(option) = line.waiting {
        return starting_with(current, "", line.values(option));
    }
    if line.options_ended || !current.starts_with('-') {
        return match (line.command.get_subcommands().next(), line.command.get_positionals().nth(line.positionals)) {
            (Some(_), _) => starting_with(current, "", Offer::Words(commands(line.command))),
            (None, Some(positional)) => starting_with(current, "", line.values(positional)),
            // Where nothing but options can follow, those of the command alone: the shared ones are many.
            (None, None) if current.is_empty() && !line.options_ended => {
                let own = line.options(|option| !option.is_global_set());
                Offer::Words(own)
            }
            (None, None) => Offer::Words(Vec::new()),
        };
    }
    match current.split_once('=') {
        Some((name, value)) => match line.option(name).filter(|option| takes_value(option)) {
            Some(option) => starting_with(value, &format!("{name}="), line.values(option)),
            None => Offer::Words(Vec::new()),
        },
        None => starting_with(current, "", Offer::Words(line.options(|_| true))),
    }
}

/// Those that begin with this, with something put before each.
fn starting_with(start: &str, before: &str, offer: Offer) -> Offer {
    let Offer::Words(mut words) = offer else { return offer };
    words.retain(|candidate| candidate.word.starts_with(start));
    words.iter_mut().for_each(|candidate| candidate.word.insert_str(0, before));
    Offer::Words(words)
}

/// The words before the one that is being typed, as far as they can be understood.
struct Line<'a> {
    command: &'a Command,
    /// Options that were given, with their values.
    given: Vec<(&'a str, &'a str)>,
    /// An option whose value comes next.
    waiting: Option<&'a Arg>,
    /// How many words were values of the command's own.
    positionals: usize,
    /// `--` was there.
    options_ended: bool,
}

impl<'a> Line<'a> {
    fn read(program: &'a Command, words: &'a [String]) -> Self {
        let mut line =
            Line { command: program, given: Vec::new(), waiting: None, positionals: 0, options_ended: false };
        for word in words {
            if let Some(option) = line.waiting.take() {
                line.given.push((option.get_id().as_str(), word));
            } else if line.options_ended {
                line.positionals += 1;
            } else if word == "--" {
                line.options_ended = true;
            } else if word.starts_with('-') {
                let (name, value) = word.split_once('=').map_or((word.as_str(), None), |(name, it)| (name, Some(it)));
                if let Some(option) = line.option(name) {
                    match value {
                        None if takes_value(option) => line.waiting = Some(option),
                        value => line.given.push((option.get_id().as_str(), value.unwrap_or_default())),
                    }
                }
            } else if let Some(command) = line.command.find_subcommand(word) {
                line.command = command;
                line.positionals = 0;
            } else {
                line.positionals += 1;
            }
        }
        line
    }

    /// The option that is written so.
    fn option(&self, name: &str) -> Option<&'a Arg> {
        self.command.get_arguments().find(|option| match name.strip_prefix("--") {
            Some(long) => option.get_long() == Some(long),
            None => option.get_short().is_some_and(|short| name.strip_prefix('-') == Some(&short.to_string())),
        })
    }

    /// The options that can still be given.
    fn options(&self, wanted: impl Fn(&Arg) -> bool) -> Vec<Candidate> {
        let given = |option: &Arg| self.given.iter().any(|(id, _)| *id == option.get_id().as_str());
        let repeats = |option: &Arg| matches!(option.get_action(), clap::ArgAction::Append);
        let (shared, own): (Vec<&Arg>, Vec<&Arg>) =
            self.command.get_arguments().partition(|option| option.is_global_set());
        own.into_iter()
            .chain(shared)
            .filter(|option| !option.is_hide_set() && wanted(option) && (repeats(option) || !given(option)))
            .filter_map(|option| Some(Candidate::new(format!("--{}", option.get_long()?), help(option))))
            .collect()
    }

    fn last(&self, option: &str) -> Option<&'a str> {
        self.given.iter().rev().find(|(id, _)| *id == option).map(|(_, value)| *value)
    }

    /// What an option, or a value of the command's own, can be.
    fn values(&self, argument: &Arg) -> Offer {
        let plain = |words: Vec<&str>| words.into_iter().map(|word| Candidate::new(word, "")).collect();
        let layouts = || Layout::ALL.iter().map(|layout| layout.name());
        Offer::Words(match argument.get_id().as_str() {
            "env" => self.environments(),
            "to" | "version" => self.versions(),
            "layout" => plain(layouts().collect()),
            "from_layout" => plain(layouts().filter(|name| *name != "driftlock").collect()),
            "from" => plain(layouts().skip(1).chain(["gormigrate"]).collect()),
            "engine" => plain(driftlock::ENGINES.iter().map(|engine| engine.name()).collect()),
            "pooler" => plain(vec!["session"]),
            _ => match (argument.get_value_hint(), argument.get_value_parser().possible_values()) {
                (ValueHint::FilePath | ValueHint::AnyPath, _) => return Offer::Files,
                (ValueHint::DirPath, _) => return Offer::Directories,
                (_, Some(values)) => values
                    .filter(|value| !value.is_hide_set())
                    .map(|value| {
                        Candidate::new(value.get_name(), value.get_help().map(ToString::to_string).unwrap_or_default())
                    })
                    .collect(),
                (_, None) => Vec::new(),
            },
        })
    }

    /// What is configured, with the options that say where.
    fn config(&self) -> Option<Config> {
        let mut overrides = Overrides::default();
        overrides.config = self.last("config").map(Into::into);
        overrides.environment = self.last("env").map(str::to_owned);
        for (key, flag, option) in
            [("migrations", "--dir", "dir"), ("layout", "--layout", "layout"), ("url", "--url", "url")]
        {
            if let Some(value) = self.last(option) {
                overrides.set(key, flag, value);
            }
        }
        Config::load(&std::env::current_dir().ok()?, Variables::of_process(), &overrides).ok()
    }

    fn environments(&self) -> Vec<Candidate> {
        let Some(config) = self.config() else { return Vec::new() };
        config.environments().map(|name| Candidate::new(name, "")).collect()
    }

    /// The versions of the files, with their names.
    fn versions(&self) -> Vec<Candidate> {
        let Some(settings) = self.config().and_then(|config| config.project().ok()) else { return Vec::new() };
        let engine = plain_engine(&settings);
        let wanted = |of: Option<&str>| engine.is_none() || of.is_none() || of == engine;
        let layout = settings.layout.as_ref().map(|layout| layout.value);
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        for place in settings.migrations.iter().filter(|place| wanted(place.engine)) {
            let Ok(survey) = Migrations::survey(Arc::new(Directory::new(&place.path)), layout) else { continue };
            for it in survey.migrations.list() {
                if seen.insert(it.version.as_str().to_owned()) {
                    all.push(Candidate::new(it.version.as_str(), it.name.clone()));
                }
            }
        }
        all
    }
}

/// The engine of the URL, where that is no secret: those aren't fetched for this.
fn plain_engine(settings: &Settings) -> Option<&'static str> {
    let Secret::Plain(text) = &settings.url.as_ref()?.value else { return None };
    Some(driftlock::engine_of(&DatabaseUrl::parse(text).ok()?).ok()?.name())
}

fn takes_value(option: &Arg) -> bool {
    option.get_num_args().is_some_and(|number| number.takes_values())
}

fn commands(command: &Command) -> Vec<Candidate> {
    let shown = command.get_subcommands().filter(|it| !it.is_hide_set());
    shown.map(|it| Candidate::new(it.get_name(), it.get_about().map(ToString::to_string).unwrap_or_default())).collect()
}

fn help(option: &Arg) -> String {
    option.get_help().map(ToString::to_string).unwrap_or_default()
}
