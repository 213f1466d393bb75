//! `driftlock lock`

use std::sync::Arc;

use clap::Args;
use driftlock::database::{Likeness, Unmodelled};
use driftlock::engine::{Origin, Replayed};
use driftlock::schema::{Change, Difference, compare};
use driftlock::script::{Directory, LOCK_FILE, LockFile, LockFileError};
use driftlock::{Engine, Error, Files, Kind, Migrations, Migrator, Provenance, Settings};
use serde_json::{Value, json};

use super::Done;
use crate::arguments::Global;
use crate::error::CommandError;
use crate::output::{Output, count, printable};
use crate::progress::Teller;
use crate::schema_options::SchemaOptions;
use crate::session;
use crate::setup::{engine_without_database, provenance};

/// Write schema.lock: what the migrations make, version by version
///
/// Replays the directory in a scratch database and writes schema.lock into it, to be committed beside the migrations. Without
/// a change nothing is written.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock lock && git add migrations/schema.lock
  driftlock lock --env staging
  driftlock lock --engine postgres --shadow-url postgres://me@localhost/
  driftlock lock --exclude 'table:partman_*'")]
pub(crate) struct Arguments {
    #[command(flatten)]
    schema: SchemaOptions,
}

/// A directory of migrations, and the engine that they are for.
pub(super) struct Place {
    pub(super) engine: &'static dyn Engine,
    pub(super) directory: Directory,
    pub(super) migrations: Migrations,
}

impl Place {
    /// By these settings: of the engine that is named, else of the URL, the shadow's URL, or the only one that has a directory.
    pub(super) fn of(settings: &Settings, named: Option<&'static dyn Engine>) -> Result<Self, CommandError> {
        let engine = match named {
            Some(engine) => engine,
            None => engine_of(settings)?,
        };
        let place = settings.directory(engine.name())?;
        let directory = Directory::new(&place.path).shown_as(&place.shown);
        let layout = settings.layout.as_ref().map(|layout| layout.value);
        let migrations = Migrations::load(Arc::new(directory.clone()), layout)?.with_values(settings.values()?);
        Ok(Place { engine, directory, migrations })
    }
}

pub(super) fn engine_of(settings: &Settings) -> Result<&'static dyn Engine, CommandError> {
    if let Some(engine) = engine_without_database(None, settings)? {
        return Ok(engine);
    }
    let url = match settings.shadow_database_url()? {
        Some(url) => Some(url),
        None => settings.database_url()?,
    };
    if let Some(url) = url {
        return Ok(driftlock::engine_of(&url)?);
    }
    if let [only] = settings.migrations.as_slice()
        && let Some(name) = only.engine
        && let Some(engine) = engine_without_database(Some(name), settings)?
    {
        return Ok(engine);
    }
    Err(CommandError::usage("it isn't known which engine the migrations are for").hint(
        "name it with `--engine sqlite`, `--engine postgres` or `--engine mysql`, or an environment with `--env`",
    ))
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Arc<Output>) -> Result<Done, CommandError> {
    let config = arguments.schema.config(global)?;
    let settings = config.project()?;
    let filter = arguments.schema.filter.filter(&settings)?;
    let place = Place::of(&settings, arguments.schema.engine.engine()?)?;
    let old = match place.migrations.lock_file() {
        Ok(old) => old,
        Err(error @ (LockFileError::Files(_) | LockFileError::Format { .. })) => {
            return Err(driftlock::Error::from(error).into());
        }
        Err(error) => {
            output.note(&format!("the old one is replaced: {error}"));
            None
        }
    };
    let provenance = provenance(global, &config, &settings);
    let search = settings.shadow(place.engine, &provenance)?.scripts(&place.migrations)?;
    let former = old.as_ref().map(|old| old.database.clone()).unwrap_or_default();
    let replayed = session::apart(&settings, output, |cancellation| async {
        let likeness = likeness(place.engine, &settings, &provenance, former, output).await?;
        let shadow = search.cancellation(cancellation.clone()).find().await?.like(likeness);
        let teller = Arc::new(Teller::new(Arc::clone(output)));
        let migrator = Migrator::new(&place.migrations)
            .filter(filter)
            .on_progress(Teller::callback(&teller))
            .cancellation(cancellation);
        Ok(migrator.replay(&shadow, None).await?)
    })?;
    let Replayed { lock, unmodelled, incomplete } = replayed;
    if !incomplete.is_empty() {
        let message =
            format!("the scratch database can't be read as a whole: {}; nothing was written", incomplete.join("; "));
        return Err(CommandError::new(Kind::Failed, "DL0829", message));
    }
    let is_written = old.as_ref() != Some(&lock) || !is_as_written(&place.directory, &lock);
    if is_written {
        lock.write(&place.directory).map_err(Error::from)?;
    }
    print(&lock, old.as_ref(), &unmodelled, &place.directory.display(LOCK_FILE), is_written, output)
        .map_err(Error::from)?;
    Ok(Done::Well)
}

/// What the scratch database is to be like: the database that somebody names now; else the one that the former lock file was written in, so that it
/// doesn't change with who writes it; else the one of the environment that is the default.
pub(super) async fn likeness(
    engine: &'static dyn Engine,
    settings: &Settings,
    provenance: &Provenance,
    former: Likeness,
    output: &Output,
) -> Result<Likeness, CommandError> {
    let origins = [settings.environment.as_ref().map(|it| &it.origin), settings.url.as_ref().map(|it| &it.origin)];
    let is_named = origins.into_iter().flatten().any(|it| matches!(it, Origin::Flag(_) | Origin::Variable(_)));
    if !engine.has_likeness() || !(is_named || former.is_empty()) {
        return Ok(former);
    }
    let url = match settings.database_url() {
        Ok(url) => url.filter(|url| engine.schemes().contains(&url.scheme.as_str())),
        Err(error) if is_named => return Err(error.into()),
        Err(_) => None,
    };
    let Some(url) = url else { return Ok(former) };
    let found = match engine.connect(&url, &settings.connect_options(provenance)).await {
        Ok(mut session) => {
            let found = session.likeness().await;
            session.close().await;
            found
        }
        Err(error) => Err(error),
    };
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Ok(former),
        Err(error) => {
            let instead = match former.values().next() {
                Some(value) => format!("one of {value}, as before"),
                None => "a usual one".to_owned(),
            };
            let database = url.path;
            output.note(&printable(&format!(
                "what the database {database} is like can't be asked ({error}): the migrations are replayed in {instead}"
            )));
            Ok(former)
        }
    }
}

/// Whether the file is letter by letter as it would be written: two texts of the same code are the same schema.
fn is_as_written(directory: &Directory, lock: &LockFile) -> bool {
    directory.read(LOCK_FILE).is_ok_and(|bytes| lock.to_text().is_ok_and(|text| bytes == text.as_bytes()))
}

fn print(
    lock: &LockFile,
    old: Option<&LockFile>,
    unmodelled: &[Unmodelled],
    file: &str,
    is_written: bool,
    output: &Output,
) -> Result<(), LockFileError> {
    let schema = lock.schema()?;
    let old_schema = old.map(LockFile::schema).transpose()?;
    let changes = old_schema.map(|old| compare(old, schema, lock.filter.facets()));
    if output.is_json() {
        output.json(&json!({
            "file": file,
            "written": is_written,
            "engine": lock.engine,
            "version": lock.version,
            "migrations": lock.migrations.len(),
            "objects": schema.len(),
            "fingerprint": lock.fingerprint,
            "changes": changes.map(|changes| changes.iter().map(change).collect::<Vec<_>>()),
            "unmodelled": super::check::unmodelled_json(unmodelled),
        }));
        return Ok(());
    }
    for it in unmodelled {
        output.note(&format!(
            "{} {} has no place in schema.lock: {}",
            it.object.kind.words(),
            it.object.name,
            it.reason
        ));
    }
    for change in changes.iter().flatten() {
        output.report(&printable(&line(change)));
    }
    let what = match (old, is_written) {
        (_, false) => "is as it was",
        (None, true) => "written",
        (Some(_), true) => "written anew",
    };
    let (migrations, objects) = (count(lock.migrations.len(), "migration"), count(schema.len(), "object"));
    output.report(&format!("{file} {what}: {migrations}, {objects}, on {}", lock.version));
    Ok(())
}

/// `table users, column email: type was integer, is bigint`
fn line(change: &Change) -> String {
    let mut subject = format!("{} {}", change.object.kind.words(), change.object.name);
    if let Some((kind, name)) = &change.part {
        subject.push_str(&format!(", {} {name}", kind.words()));
    }
    let side = |value: &Option<driftlock::schema::Value>| match value {
        None => "nothing".to_owned(),
        Some(value) => value.to_string(),
    };
    let what = match &change.difference {
        Difference::Added => "is new".to_owned(),
        Difference::Removed => "is gone".to_owned(),
        Difference::Altered { attribute, from, to } => {
            let (from, to) = (side(from), side(to));
            let attribute = attribute.replace('_', " ");
            if from.contains('\n') || to.contains('\n') {
                format!("{attribute} is another")
            } else {
                format!("{attribute} was {from}, is {to}")
            }
        }
        Difference::Reordered { to, .. } => format!("the columns are in the order {}", to.join(", ")),
    };
    format!("{subject}: {what}")
}

fn change(change: &Change) -> Value {
    json!({
        "object": change.object,
        "part": change.part.as_ref().map(|(kind, name)| json!({ "kind": kind, "name": name })),
        "change": match &change.difference {
            Difference::Added => "added",
            Difference::Removed => "removed",
            Difference::Altered { .. } => "altered",
            Difference::Reordered { .. } => "reordered",
        },
        "attribute": if let Difference::Altered { attribute, .. } = &change.difference { Some(attribute) } else { None },
    })
}
