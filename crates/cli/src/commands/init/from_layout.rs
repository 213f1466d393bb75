//! `driftlock init --from-layout`

use std::path::Path;
use std::sync::Arc;

use driftlock::engine::{CONFIG, Replay, ShadowSearch, write_conversion};
use driftlock::script::Conversion;
use driftlock::{Cancellation, Config, Directory, Error, Files, Kind, Layout, Migrations};
use serde_json::{Value, json};

use super::{Arguments, may_be_written, write_config};
use crate::arguments::Global;
use crate::commands::Done;
use crate::error::CommandError;
use crate::output::{Output, count};
use crate::session;
use crate::setup::{configure_with, engine_without_database, provenance};

/// Whether both directories were replayed.
enum Replayed {
    Yes(Replay),
    /// Why not.
    No(String),
}

pub(super) fn run(arguments: &Arguments, layout: &str, global: &Global, output: &Output) -> Result<Done, CommandError> {
    let layout = foreign(layout)?;
    let config = configure_with(global, |overrides| {
        overrides.set("layout", "--from-layout", layout.name());
        if let Some(url) = &arguments.shadow_url {
            overrides.set("shadow_url", "--shadow-url", url);
        }
    })?;
    let settings = config.project()?;
    let engine = engine_without_database(arguments.engine.as_deref(), &settings)?.ok_or_else(|| {
        CommandError::usage("it isn't known which engine the files are for")
            .hint("give a URL with `--url`, or name it with `--engine sqlite`, `--engine postgres` or `--engine mysql`")
    })?;
    let place = settings.directory(engine.name())?;
    let from = Directory::new(&place.path).shown_as(&place.shown);
    let into = arguments.into.as_deref().unwrap_or("migrations");
    let into = Directory::new(into).shown_as(into.trim_end_matches('/'));
    if is_same(from.path(), into.path()) {
        return Err(CommandError::usage(format!("{}: the new files don't go where the old ones are", into.root()))
            .hint("name a new directory with `--into PATH`"));
    }
    let is_new_project = config.file().is_none() && !Path::new(CONFIG).exists();
    if let Some(url) = global.url.as_deref().filter(|_| is_new_project) {
        may_be_written(url)?;
    }
    let migrations = Migrations::load(Arc::new(from.clone()), Some(layout))?.with_values(settings.plain_values());
    let conversion = migrations.converted(engine.dialect())?;
    let search = settings.shadow(engine, &provenance(global, &config, &settings))?;
    let replayed = replay(search, &migrations, &conversion)?;
    if let Replayed::Yes(Replay { differences, .. }) = &replayed
        && !differences.is_empty()
    {
        let shown = differences.iter().take(10).map(String::as_str).collect::<Vec<_>>().join(", ");
        let message = format!(
            "a database that the new files make isn't what the old ones make: {} in {} ({shown}); nothing was written",
            if differences.len() == 1 { "it differs" } else { "they differ" },
            count(differences.len(), "thing"),
        );
        return Err(CommandError::new(Kind::Refused, "DL0515", message));
    }
    let mut files = write_conversion(&into, &conversion)
        .map_err(|error| CommandError::from(error).hint("name a new directory with `--into PATH`"))?;
    if let (true, Some(url)) = (is_new_project, &global.url) {
        write_config(url, into.root())?;
        files.insert(0, CONFIG.to_owned());
    }
    print(&conversion, &replayed, &files, output);
    if !output.is_json() {
        next_steps(&config, is_new_project && global.url.is_some(), &from, &into, output);
    }
    Ok(Done::Well)
}

fn foreign(name: &str) -> Result<Layout, CommandError> {
    Layout::parse(name).filter(|layout| *layout != Layout::Driftlock).ok_or_else(|| {
        let others = Layout::ALL.iter().filter(|layout| **layout != Layout::Driftlock);
        let meant = driftlock::engine::meant(name, others.map(|layout| layout.name()));
        CommandError::usage(format!("--from-layout: there is no other layout `{name}`; {meant}"))
    })
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

fn replay(search: ShadowSearch, old: &Migrations, new: &Conversion) -> Result<Replayed, CommandError> {
    let new = new.load()?;
    let search = search.scripts(old)?;
    let cancellation = Cancellation::new();
    let runtime = session::runtime()?;
    let replay = runtime.block_on(async {
        session::listen(&cancellation)?;
        match search.cancellation(cancellation).find().await {
            Ok(shadow) => Ok(Replayed::Yes(shadow.compare(old, &new).await?)),
            Err(Error::NoShadow(why)) => Ok(Replayed::No(why)),
            Err(error) => Err(error.into()),
        }
    });
    replay.map_err(|error: CommandError| {
        error
            .hint("this was in a scratch database, where the files are replayed; nothing was written")
            .after_signal(session::signal())
    })
}

fn print(conversion: &Conversion, replayed: &Replayed, files: &[String], output: &Output) {
    if output.is_json() {
        let migrations: Vec<Value> = conversion
            .migrations
            .iter()
            .map(|it| {
                let files: Vec<&String> = it.files.iter().map(|(name, _)| name).collect();
                json!({ "was": it.was.as_str(), "from": it.from, "version": it.version.as_str(), "files": files })
            })
            .collect();
        let (replay, why) = match replayed {
            Replayed::Yes(replay) => (
                json!({
                    "server": replay.server,
                    "objects": replay.objects,
                    "tables": replay.tables,
                    "unsteady": replay.unsteady,
                }),
                None,
            ),
            Replayed::No(why) => (Value::Null, Some(why)),
        };
        output.json(&json!({
            "files": files,
            "migrations": migrations,
            "statements": conversion.statements,
            "replayed": replay,
            "not_replayed": why,
            "notes": conversion.notes,
        }));
        return;
    }
    files.iter().for_each(|file| output.data(file));
    conversion.notes.iter().for_each(|note| output.note(note));
    let (migrations, statements) =
        (count(conversion.migrations.len(), "migration"), count(conversion.statements, "statement"));
    output.note(&format!(
        "{migrations}: {statements} were read back from the new files and are the same, in the same order"
    ));
    match replayed {
        Replayed::Yes(replay) => {
            output.note(&format!(
                "both directories were replayed on {}: {} and the rows of {} are the same",
                replay.server,
                count(replay.objects, "object"),
                count(replay.tables, "table")
            ));
            if !replay.unsteady.is_empty() {
                output.note(&format!(
                    "the rows of {} were not compared: two replays of the old files differ in them too",
                    replay.unsteady.join(", ")
                ));
            }
        }
        Replayed::No(why) => output.note(&format!("neither directory was replayed: {why}")),
    }
}

fn next_steps(config: &Config, has_config: bool, from: &Directory, into: &Directory, output: &Output) {
    match config.file() {
        Some(file) => output.note(&format!("write `migrations = \"{}\"` into {}", into.root(), file.display())),
        None if has_config => {}
        None => output.note(&format!("`--dir {}` names the new files", into.root())),
    }
    output.note(&format!(
        "{} stays as it is; where its tool has migrated a database, `driftlock adopt` takes that over for the new files",
        from.root()
    ));
}
