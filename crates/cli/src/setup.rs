//! From arguments to settings: what the configuration is, which database, which directory.

use std::path::PathBuf;

use driftlock::engine::{ConfigError, Provenance, ProvenanceOverrides, Secret};
use driftlock::script::{Directory, Layout};
use driftlock::{Config, DatabaseUrl, Engine, Overrides, Settings, Variables};

use crate::arguments::Global;
use crate::error::CommandError;

/// Reads the configuration.
pub(crate) fn configure(global: &Global) -> Result<Config, CommandError> {
    configure_with(global, |_| {})
}

/// The same, with what a command's own options say.
pub(crate) fn configure_with(global: &Global, options: impl FnOnce(&mut Overrides)) -> Result<Config, CommandError> {
    let mut overrides = overrides(global);
    options(&mut overrides);
    Ok(Config::load(&working_directory()?, Variables::of_process(), &overrides)?)
}

/// The same, with what is wrong in it as a value.
pub(crate) fn load(global: &Global) -> Result<Result<Config, ConfigError>, CommandError> {
    Ok(Config::load(&working_directory()?, Variables::of_process(), &overrides(global)))
}

fn working_directory() -> Result<PathBuf, CommandError> {
    std::env::current_dir()
        .map_err(|error| CommandError::usage(format!("the working directory can't be found out: {error}")))
}

fn overrides(global: &Global) -> Overrides {
    let mut overrides = Overrides::default();
    overrides.config.clone_from(&global.config);
    overrides.environment.clone_from(&global.env);
    let texts = [
        ("url", "--url", &global.url),
        ("migrations", "--dir", &global.dir),
        ("layout", "--layout", &global.layout),
        ("lock_wait", "--lock-wait", &global.lock_wait),
        ("lock_timeout", "--lock-timeout", &global.lock_timeout),
        ("concurrent_timeout", "--concurrent-timeout", &global.concurrent_timeout),
        ("statement_timeout", "--statement-timeout", &global.statement_timeout),
        ("connect_timeout", "--connect-timeout", &global.connect_timeout),
        ("attempts", "--attempts", &global.attempts),
        ("set_role", "--set-role", &global.set_role),
        ("pooler", "--pooler", &global.pooler),
        ("tables.schema", "--tables-schema", &global.tables_schema),
        ("tables.prefix", "--tables-prefix", &global.tables_prefix),
        ("log_level", "--log-level", &global.log_level),
        ("log_format", "--log-format", &global.log_format),
        ("log_file", "--log-file", &global.log_file),
        ("slow", "--slow", &global.slow),
    ];
    for (key, flag, text) in texts {
        if let Some(text) = text {
            overrides.set(key, flag, text);
        }
    }
    for text in &global.placeholders {
        overrides.set("placeholders", "--placeholder", text);
    }
    for (key, flag, on) in [
        ("out_of_order", "--out-of-order", global.out_of_order),
        ("comment_statements", "--comment-statements", global.comment_statements),
    ] {
        if on {
            overrides.set(key, flag, "true");
        }
    }
    overrides
}

/// A database to work on, and the files for it. Nothing is connected to yet.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) settings: Settings,
    pub(crate) provenance: Provenance,
    pub(crate) url: DatabaseUrl,
    pub(crate) engine: &'static dyn Engine,
    pub(crate) directory: Directory,
    pub(crate) layout: Option<Layout>,
    /// Where the manifest's paths are from.
    pub(crate) root: PathBuf,
}

impl Target {
    pub(crate) fn new(global: &Global) -> Result<Self, CommandError> {
        Self::with(global, |_| {})
    }

    /// The same, with what a command's own options say.
    pub(crate) fn with(global: &Global, options: impl FnOnce(&mut Overrides)) -> Result<Self, CommandError> {
        let config = configure_with(global, options)?;
        let settings = config.target()?;
        Self::of(global, &config, settings)
    }

    /// By these settings of this configuration.
    pub(crate) fn of(global: &Global, config: &Config, settings: Settings) -> Result<Self, CommandError> {
        let url = settings.database_url()?.ok_or_else(|| no_database(config, &settings))?;
        let engine = driftlock::engine_of(&url).map_err(|error| {
            let origin = settings.url.as_ref().map(|url| format!("{}: ", url.origin)).unwrap_or_default();
            CommandError::usage(format!("{origin}{error}"))
        })?;
        let directory = settings.directory(engine.name())?;
        let directory = Directory::new(&directory.path).shown_as(&directory.shown);
        let provenance = provenance(global, config, &settings);
        let layout = settings.layout.as_ref().map(|layout| layout.value);
        Ok(Target { provenance, url, engine, directory, layout, root: config.root().to_owned(), settings })
    }
}

/// Who does it, and where.
pub(crate) fn provenance(global: &Global, config: &Config, settings: &Settings) -> Provenance {
    let name = settings.environment.as_ref().map(|name| name.value.as_str());
    let overrides = ProvenanceOverrides {
        git_commit: global.git_commit.clone(),
        git_author: global.git_author.clone(),
        ci_job: global.ci_job.clone(),
        ci_url: global.ci_url.clone(),
        route: global.route.clone(),
    };
    Provenance::detect(name, &overrides, config.variables())
}

pub(crate) fn no_database(config: &Config, settings: &Settings) -> CommandError {
    match (config.file(), &settings.environment) {
        (None, _) => {
            CommandError::usage("no database is named: there is no driftlock.toml here or above, and no `--url`")
                .hint("`driftlock init` begins a project; `--url URL --dir DIR` works without one")
        }
        (Some(_), Some(name)) => {
            CommandError::usage(format!("the environment `{}` has no `url`, and there is no `--url`", name.value))
        }
        (Some(file), None) => CommandError::usage(format!(
            "no database is named: {} has no environment, and there is no `--url`",
            file.display()
        ))
        .hint("add `[env.dev]` with `url = \"sqlite://dev.db\"`"),
    }
}

/// The engine of this name.
pub(crate) fn engine_named(name: &str) -> Result<&'static dyn Engine, CommandError> {
    let found = driftlock::ENGINES.iter().copied().find(|engine| engine.name() == name);
    let known = driftlock::ENGINES.iter().map(|engine| engine.name());
    found.ok_or_else(|| {
        CommandError::usage(format!("there is no engine `{name}`; {}", driftlock::engine::meant(name, known)))
    })
}

/// The engine whose dialect files have, without a database: the one that is named, or that of the URL's scheme.
pub(crate) fn engine_without_database(
    name: Option<&str>,
    settings: &Settings,
) -> Result<Option<&'static dyn Engine>, CommandError> {
    if let Some(name) = name {
        return engine_named(name).map(Some);
    }
    // A secret isn't fetched to look at its scheme.
    match &settings.url {
        Some(url) if matches!(url.value, Secret::Plain(_)) => {
            settings.database_url()?.map(|url| driftlock::engine_of(&url)).transpose().map_err(CommandError::from)
        }
        _ => Ok(None),
    }
}
