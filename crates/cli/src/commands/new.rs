//! `driftlock new`

use std::time::SystemTime;

use clap::Args;
use driftlock::database::Timestamp;
use driftlock::engine::new_migration;
use driftlock::script::Directory;
use serde_json::json;

use super::Done;
use crate::arguments::Global;
use crate::error::CommandError;
use crate::output::Output;
use crate::setup::{configure, engine_without_database};

/// Make the files of a new migration
///
/// The names are `<UTC time>_<domain>_<operation>_v<N>.up.sql` and `.down.sql`; in a directory of another layout they are
/// as its own tool makes them, and counted on where the directory counts.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock new user_schema add_email
  driftlock new order backfill_total --engine postgres")]
pub(crate) struct Arguments {
    /// What it is about, such as user_schema
    domain: String,
    /// What it does, such as add_email
    operation: String,
    /// Only in this engine's directory: sqlite, postgres or mysql
    #[arg(long, value_name = "ENGINE")]
    engine: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<Done, CommandError> {
    let config = configure(global)?;
    let settings = config.project()?;
    let places = match &arguments.engine {
        None => settings.migrations.iter().collect(),
        Some(name) => {
            let engine = engine_without_database(Some(name), &settings)?;
            vec![settings.directory(engine.map_or(name.as_str(), |engine| engine.name()))?]
        }
    };
    let directories: Vec<Directory> =
        places.iter().map(|place| Directory::new(&place.path).shown_as(&place.shown)).collect();
    let layout = settings.layout.as_ref().map(|layout| layout.value);
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp::from_micros(0).after(since);
    let made = new_migration(config.root(), &directories, layout, (&arguments.domain, &arguments.operation), now)?;
    if output.is_json() {
        output.json(&json!({
            "version": made.version.as_str(),
            "name": made.name,
            "files": made.files,
            "notes": made.notes,
        }));
    } else {
        made.files.iter().for_each(|file| output.data(file));
        made.notes.iter().for_each(|note| output.note(note));
    }
    Ok(Done::Well)
}
