//! From options, answers and proposals to what a project begins with.

use std::path::Path;

use driftlock::Layout;
use driftlock::engine::{Ci, NewProject, Origin, Proposal, Secret, variable_of};

use super::{Arguments, may_be_written, tidy};
use crate::arguments::Global;
use crate::error::CommandError;
use crate::setup;

/// What was said, by options or on being asked. `None` is what nobody said.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) engine: Option<&'static str>,
    pub(super) url: Option<Secret>,
    pub(super) directory: Option<String>,
    pub(super) layout: Option<Layout>,
    pub(super) environments: Option<Vec<String>>,
    /// `Some(None)`: none is wanted.
    pub(super) ci: Option<Option<Ci>>,
}

impl Answers {
    /// What the options say.
    pub(super) fn given(arguments: &Arguments, global: &Global) -> Result<Self, CommandError> {
        let mut given = Answers {
            engine: arguments.engine.as_deref().map(engine).transpose()?,
            directory: global.dir.as_deref().map(tidy),
            ci: arguments.ci.as_deref().map(ci).transpose()?,
            ..Answers::default()
        };
        if let Some(name) = &global.layout {
            let known = || Layout::ALL.iter().map(|layout| layout.name()).collect::<Vec<_>>().join(", ");
            let layout = Layout::parse(name).ok_or_else(|| {
                CommandError::usage(format!("--layout: there is no layout `{name}`; there are {}", known()))
            })?;
            given.layout = Some(layout);
        }
        if let Some(url) = &global.url {
            given.set_url(url)?;
        } else if let Some(name) = &arguments.url_env {
            given.set_url(&format!("${name}"))?;
        }
        let one = global.env.iter().cloned().collect();
        let environments = if arguments.environments.is_empty() { one } else { arguments.environments.clone() };
        if !environments.is_empty() {
            given.environments = Some(names(&environments)?);
        }
        if global.config.is_some() {
            return Err(CommandError::usage(
                "--config: a project begins with a driftlock.toml in the working directory; leave it out",
            ));
        }
        Ok(given)
    }

    /// A URL, or `$NAME` for a variable that holds it.
    pub(super) fn set_url(&mut self, text: &str) -> Result<(), CommandError> {
        if let Some(name) = text.strip_prefix('$') {
            let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !is_name {
                // Somebody may have given the URL itself.
                return Err(CommandError::usage("--url-env: the name of a variable is wanted, such as DATABASE_URL"));
            }
            self.url = Some(Secret::Variable(name.to_owned()));
            return Ok(());
        }
        let found = may_be_written(text)?;
        if let Some(engine) = self.engine.filter(|engine| *engine != found) {
            return Err(CommandError::usage(format!("--engine says {engine}, and --url is of {found}")));
        }
        self.engine = Some(found);
        self.url = Some(Secret::Plain(text.to_owned()));
        Ok(())
    }

    /// The engine, where it is known.
    pub(super) fn engine(&self, proposal: &Proposal) -> Option<&'static str> {
        let by_url = self.url.is_none().then_some(proposal.engine).flatten();
        self.engine.or(by_url)
    }

    /// Where the database of daily work is.
    pub(super) fn url(&self, proposal: &Proposal, environment: &str) -> Secret {
        let proposed = || {
            let same = proposal.environments.iter().find(|it| it.name == environment);
            same.or(proposal.environments.first()).map(|it| it.url.value.clone())
        };
        // A proposal is of its own engine.
        let fits = self.engine.is_none() || proposal.engine.is_none() || self.engine == proposal.engine;
        self.url.clone().or_else(|| fits.then(proposed).flatten()).unwrap_or_else(|| {
            match self.engine(proposal).unwrap_or("sqlite") {
                "sqlite" => Secret::Plain(format!("sqlite://{}.db", environment.replace(['/', ' '], "_"))),
                _ => Secret::Variable(variable_of(environment)),
            }
        })
    }

    pub(super) fn environments(&self, proposal: &Proposal) -> Vec<String> {
        let proposed: Vec<String> = proposal.environments.iter().map(|it| it.name.clone()).collect();
        self.environments.clone().unwrap_or(if proposed.is_empty() { vec!["dev".to_owned()] } else { proposed })
    }

    /// Everything together, proposals where nobody said another.
    pub(super) fn project(&self, proposal: &Proposal) -> Result<(NewProject, Option<Ci>), CommandError> {
        let names = self.environments(proposal);
        let mut environments = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let proposed = proposal.environments.iter().find(|it| it.name == *name).map(|it| it.url.value.clone());
            let url = match at {
                0 => self.url(proposal, name),
                _ => proposed.unwrap_or_else(|| Secret::Variable(variable_of(name))),
            };
            environments.push((name.clone(), url));
        }
        let is_plain = matches!(environments.first(), Some((_, Secret::Plain(_))));
        let engine = self.engine(proposal);
        let engine = engine.or_else(|| match environments.first() {
            Some((_, Secret::Plain(url))) if is_plain => may_be_written(url).ok(),
            _ => None,
        });
        let proposed_directory = proposal.directory.as_ref().map(|it| it.value.clone());
        let mut project = NewProject {
            directory: self.directory.clone().or(proposed_directory).unwrap_or_else(|| "migrations".to_owned()),
            layout: self.layout.or(proposal.layout.as_ref().map(|it| it.value)).filter(|it| *it != Layout::Driftlock),
            engine,
            environments,
            placeholders: proposal.placeholders.iter().map(|(name, it)| (name.clone(), it.value.clone())).collect(),
            ignore: Vec::new(),
            origins: Vec::new(),
        };
        project.origins = origins(&project, proposal);
        Ok((project, self.ci.flatten()))
    }
}

/// Of what comes from a proposal, the file and line.
fn origins(project: &NewProject, proposal: &Proposal) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut add = |key: String, origin: &Origin| {
        if let Origin::File { .. } = origin {
            all.push((key, origin.to_string()));
        }
    };
    if let Some(it) = proposal.directory.as_ref().filter(|it| it.value == project.directory) {
        add("migrations".to_owned(), &it.origin);
    }
    if let Some(it) = proposal.layout.as_ref().filter(|it| Some(it.value) == project.layout) {
        add("layout".to_owned(), &it.origin);
    }
    for (name, url) in &project.environments {
        for it in proposal.environments.iter().filter(|it| it.url.value == *url) {
            add(format!("env.{name}"), &it.url.origin);
        }
    }
    for (name, it) in &proposal.placeholders {
        add(format!("placeholders.{name}"), &it.origin);
    }
    all
}

/// What is proposed, as people read it: key, value, where it comes from.
pub(super) fn proposals(proposal: &Proposal) -> Vec<(String, String, String)> {
    let origin = |origin: &Origin| match origin {
        Origin::Default => "by the names of its files".to_owned(),
        other => other.to_string(),
    };
    let mut all = Vec::new();
    for it in proposal.directory.iter().filter(|it| !matches!(it.origin, Origin::Flag(_))) {
        all.push(("migrations".to_owned(), it.value.clone(), origin(&it.origin)));
    }
    if let Some(it) = &proposal.layout {
        all.push(("layout".to_owned(), it.value.to_string(), origin(&it.origin)));
    }
    for it in &proposal.environments {
        let value = match &it.url.value {
            Secret::Plain(url) => url.clone(),
            elsewhere => format!("{elsewhere:?}"),
        };
        all.push((format!("env.{}.url", it.name), value, origin(&it.url.origin)));
    }
    for (name, it) in &proposal.placeholders {
        all.push((format!("placeholders.{name}"), format!("{:?}", it.value), origin(&it.origin)));
    }
    all
}

/// The project that is there.
pub(super) fn of_config(given: &Answers, global: &Global, root: &Path) -> Result<NewProject, CommandError> {
    let settings = setup::configure(global)?.project()?;
    let known = setup::engine_without_database(given.engine, &settings)?.map(driftlock::Engine::name);
    let engine = known.ok_or_else(|| {
        CommandError::usage("it isn't known which engine the migrations are for")
            .hint("name it with `--engine sqlite`, `--engine postgres` or `--engine mysql`")
    })?;
    let place = settings.directory(engine)?;
    let directory = place.path.strip_prefix(root).unwrap_or(&place.path);
    Ok(NewProject {
        directory: tidy(&directory.display().to_string()),
        layout: settings.layout.as_ref().map(|layout| layout.value),
        engine: Some(engine),
        environments: Vec::new(),
        placeholders: Vec::new(),
        ignore: Vec::new(),
        origins: Vec::new(),
    })
}

pub(super) fn engine(name: &str) -> Result<&'static str, CommandError> {
    let known = driftlock::ENGINES.iter().map(|engine| engine.name());
    known.clone().find(|known| *known == name).ok_or_else(|| {
        CommandError::usage(format!(
            "--engine: there is no engine `{name}`; there are {}",
            known.collect::<Vec<_>>().join(", ")
        ))
    })
}

pub(super) fn ci(name: &str) -> Result<Option<Ci>, CommandError> {
    if name == "none" {
        return Ok(None);
    }
    Ci::parse(name).map(Some).ok_or_else(|| {
        CommandError::usage(format!("--ci: there is no file for `{name}`; there are github and gitlab, and none"))
    })
}

/// Names of environments, each once.
pub(super) fn names(given: &[String]) -> Result<Vec<String>, CommandError> {
    let mut names: Vec<String> = Vec::new();
    for name in given.iter().map(|name| name.trim()) {
        if name.is_empty() || name == "unknown" || name.contains(['\n', '"', '\\']) {
            return Err(CommandError::usage(format!(
                "--environments: `{name}` can't be an environment's name; give it another"
            )));
        }
        if names.iter().any(|other| other == name) {
            return Err(CommandError::usage(format!("--environments: `{name}` is there twice")));
        }
        names.push(name.to_owned());
    }
    Ok(names)
}
