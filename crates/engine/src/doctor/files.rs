//! The configuration and the files.

use driftlock_database::Engine;
use driftlock_script::{Directory, Files, Layout, LoadError, Manifest, Whereabouts};

use super::{Check, count};
use crate::{Config, ConfigError, Flaw, Settings, validate};

/// How the configuration is: which file, which environment.
#[must_use]
pub fn configuration(config: Result<&Config, &ConfigError>, settings: Option<&Settings>) -> Check {
    let config = match config {
        Ok(config) => config,
        Err(error) => return Check::problem("configuration", error.to_string(), None),
    };
    let file = config.shown_file().unwrap_or("no driftlock.toml is used");
    let environment = settings.and_then(|settings| settings.environment.as_ref());
    Check::ok(
        "configuration",
        match environment {
            Some(name) => {
                let protected = settings.is_some_and(|settings| settings.protected.value);
                let protected = if protected { ", which is protected" } else { "" };
                format!("{file}, environment `{}` ({}){protected}", name.value, name.origin)
            }
            None => format!("{file}, no environment is named"),
        },
    )
}

/// How the migration files are: the directory, what is wrong in it, its manifest. `engine` is the one whose rules they follow, where it
/// is known; else that of each directory is looked for among `engines`.
#[must_use]
pub fn files(
    config: &Config,
    settings: &Settings,
    engine: Option<&'static dyn Engine>,
    engines: &[&'static dyn Engine],
) -> Vec<Check> {
    let mut checks = Vec::new();
    for place in &settings.migrations {
        // Of several directories, the one for this database counts.
        let fits = match (place.engine, engine) {
            (Some(name), Some(engine)) => name == engine.name(),
            _ => true,
        };
        if !fits {
            continue;
        }
        let engine = engine.or_else(|| engines.iter().copied().find(|engine| Some(engine.name()) == place.engine));
        let directory = Directory::new(&place.path).shown_as(&place.shown);
        let layout = settings.layout.as_ref().map(|layout| layout.value);
        checks.extend(directory_checks(&directory, &place.origin.to_string(), layout, settings, engine));
    }
    if checks.is_empty() {
        let name = engine.map_or("this engine", Engine::name);
        let hint = format!("add `{name} = \"…\"` to `migrations`, or name one with `--dir`");
        checks.push(Check::problem("directory", format!("`migrations` names no directory for {name}"), Some(hint)));
    }
    checks.push(manifest(config));
    checks
}

fn directory_checks(
    directory: &Directory,
    origin: &str,
    layout: Option<Layout>,
    settings: &Settings,
    engine: Option<&dyn Engine>,
) -> Vec<Check> {
    let shown = directory.root();
    if !directory.path().exists() {
        let hint = "`driftlock init` makes one, `--dir PATH` names another".to_owned();
        return vec![Check::problem("directory", format!("{shown} ({origin}) isn't there"), Some(hint))];
    }
    let Some(engine) = engine else {
        return match directory.list() {
            Ok(files) => vec![Check::ok(
                "directory",
                format!(
                    "{shown} ({origin}): {}; which engine they are for isn't known, so nothing in them was looked at",
                    count(files.len(), "file")
                ),
            )],
            Err(error) => vec![Check::problem("directory", error.to_string(), None)],
        };
    };
    let found =
        match validate(engine, directory, layout, settings.plain_values().with_flyways_own(&Whereabouts::default())) {
            Ok(found) => found,
            // The history table in the database may tell which it is.
            Err(error @ LoadError::Ambiguous { .. }) => {
                return vec![Check::warning("directory", error.to_string(), "name it with `layout` or `--layout`")];
            }
            Err(error) => return vec![Check::problem("directory", error.to_string(), None)],
        };
    if let (files @ 1.., 0) = found.files {
        let message = format!("{shown} ({origin}): none of its {} has a name of any layout", count(files, "file"));
        let hint = format!("a name is such as `{}`; `--dir PATH` names another directory", found.layout.example());
        return vec![Check::problem("directory", message, Some(hint))];
    }
    let migrations = count(found.migrations, "migration");
    let mut checks =
        vec![Check::ok("directory", format!("{shown} ({origin}): {migrations} in the layout {}", found.layout))];
    if let [first, rest @ ..] = &found.flaws[..] {
        checks.push(Check::problem(
            "files",
            flaw(first, rest.len()),
            Some("`driftlock validate` says all that is wrong".to_owned()),
        ));
    }
    checks
}

fn flaw(first: &Flaw, more: usize) -> String {
    let first = first.to_string();
    let first = first.lines().next().unwrap_or_default().to_owned();
    if more == 0 { first } else { format!("{first} (and {more} more)") }
}

fn manifest(config: &Config) -> Check {
    let compare = || {
        let Some(manifest) = Manifest::read(config.root()).map_err(|error| error.to_string())? else { return Ok(None) };
        let directories: Vec<Directory> = config
            .directories()
            .iter()
            .filter(|place| place.path.is_dir())
            .map(|place| Directory::new(&place.path).shown_as(&place.shown))
            .collect();
        let lines = manifest.entries().count();
        let differences = manifest.compare(config.root(), &directories.iter().collect::<Vec<_>>());
        Ok::<_, String>(Some((lines, differences.map_err(|error| error.to_string())?)))
    };
    match compare() {
        Err(error) => Check::problem("manifest", error, None),
        Ok(None) => Check::ok(
            "manifest",
            "there is none; `driftlock manifest write` makes one, which shows edited files in a review",
        ),
        Ok(Some((lines, differences))) => match differences.first() {
            None => Check::ok(
                "manifest",
                format!(
                    "{} as the manifest says",
                    if lines == 1 { "1 file is".to_owned() } else { format!("{lines} files are") }
                ),
            ),
            Some((file, difference)) => {
                let more = match differences.len() - 1 {
                    0 => String::new(),
                    more => format!(" (and {more} more)"),
                };
                Check::problem(
                    "manifest",
                    format!("{file}: it {difference}{more}"),
                    Some("if that is meant, `driftlock manifest write` writes it anew; `driftlock manifest verify` lists all".to_owned()),
                )
            }
        },
    }
}
