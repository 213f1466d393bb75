//! `driftlock validate`

use clap::Args;
use driftlock::engine::{Flaw, Place, Validation, validate};
use driftlock::script::{Directory, Whereabouts};
use driftlock::{Config, Engine, Files, Manifest, Settings};
use serde_json::json;

use super::Done;
use crate::arguments::Global;
use crate::error::CommandError;
use crate::output::{Output, count};
use crate::setup::{configure, engine_without_database};

/// Say all that's wrong with the files, without a database
///
/// Exit code 3 when something is wrong.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock validate
  driftlock validate --dir migrations --engine postgres")]
pub(crate) struct Arguments {
    /// By whose rules, where directory and URL don't tell: sqlite, postgres or mysql
    #[arg(long, value_name = "ENGINE")]
    engine: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<Done, CommandError> {
    let config = configure(global)?;
    let settings = config.project()?;
    let layout = settings.layout.as_ref().map(|layout| layout.value);
    let mut whole: Option<Validation> = None;
    for (directory, engine) in directories(arguments, &settings)? {
        let found =
            validate(engine, &directory, layout, settings.plain_values().with_flyways_own(&Whereabouts::default()))?;
        if let (files @ 1.., 0) = found.files {
            let message =
                format!("none of the {} in {} has a name of any layout", count(files, "file"), directory.root());
            return Err(CommandError::usage(message).hint(format!("a name is such as `{}`", found.layout.example())));
        }
        whole = Some(match whole {
            None => found,
            Some(mut whole) => {
                whole.migrations += found.migrations;
                whole.files = (whole.files.0 + found.files.0, whole.files.1 + found.files.1);
                whole.flaws.extend(found.flaws);
                whole.notes.extend(found.notes);
                whole
            }
        });
    }
    let Some(mut whole) = whole else { return Err(CommandError::usage("there is no migration directory")) };
    whole.flaws.extend(manifest(&config)?);
    print(&whole, output);
    Ok(if whole.flaws.is_empty() { Done::Well } else { Done::Different })
}

/// The directories, each with the engine whose rules it follows.
fn directories(
    arguments: &Arguments,
    settings: &Settings,
) -> Result<Vec<(Directory, &'static dyn Engine)>, CommandError> {
    let given = engine_without_database(arguments.engine.as_deref(), settings)?;
    if let (Some(_), Some(engine)) = (&arguments.engine, given) {
        let place = settings.directory(engine.name())?;
        return Ok(vec![(Directory::new(&place.path).shown_as(&place.shown), engine)]);
    }
    let mut directories = Vec::new();
    for place in &settings.migrations {
        let engine = match place.engine {
            Some(name) => engine_without_database(Some(name), settings)?,
            None => given,
        };
        let engine = engine.ok_or_else(|| {
            CommandError::usage(format!("it isn't known which engine the files in {} are for", place.shown)).hint(
                "name it with `--engine sqlite`, `--engine postgres` or `--engine mysql`, or give a URL with `--url`",
            )
        })?;
        directories.push((Directory::new(&place.path).shown_as(&place.shown), engine));
    }
    Ok(directories)
}

/// How the files differ from the manifest, where there is one.
fn manifest(config: &Config) -> Result<Vec<Flaw>, CommandError> {
    let Some(manifest) = Manifest::read(config.root())? else { return Ok(Vec::new()) };
    let places = config.directories();
    let directories: Vec<Directory> = places
        .iter()
        .filter(|place| place.path.is_dir())
        .map(|place| Directory::new(&place.path).shown_as(&place.shown))
        .collect();
    let differences = manifest.compare(config.root(), &directories.iter().collect::<Vec<_>>())?;
    Ok(differences
        .into_iter()
        .map(|(file, difference)| {
            let message = format!("it {difference}; if that is meant, `driftlock manifest write` writes it anew");
            Flaw { code: "DL0406", place: Place { file, line: 0, column: 0, text: String::new(), message } }
        })
        .collect())
}

fn print(whole: &Validation, output: &Output) {
    if output.is_json() {
        let flaws: Vec<_> = whole
            .flaws
            .iter()
            .map(|Flaw { code, place }| {
                let at = |number: u32| (number > 0).then_some(number);
                json!({ "code": code, "file": place.file, "line": at(place.line), "column": at(place.column), "message": place.message })
            })
            .collect();
        output.json(&json!({
            "layout": whole.layout.name(),
            "migrations": whole.migrations,
            "findings": flaws,
            "notes": whole.notes,
        }));
        return;
    }
    for flaw in &whole.flaws {
        output.data(&flaw.to_string());
    }
    for note in &whole.notes {
        output.note(note);
    }
    if !output.quiet {
        let (migrations, flaws) = (count(whole.migrations, "migration"), whole.flaws.len());
        output.data(&match flaws {
            0 => format!("{migrations} in {}: nothing is wrong", count(whole.files.0, "file")),
            _ => format!("{migrations} in {}: {} found", count(whole.files.0, "file"), count(flaws, "problem")),
        });
    }
}
