//! `driftlock inspect`

mod entities;
mod text;

use std::sync::Arc;

use clap::Args;
use driftlock::database::Unmodelled;
use driftlock::engine::{Reading, Source, Sources, to_script};
use driftlock::schema::{Fingerprint, Schema};
use serde::Serialize;

use super::Done;
use crate::arguments::{Format, Global};
use crate::error::CommandError;
use crate::output::{Output, count, printable};
use crate::schema_options::SchemaOptions;
use crate::session;
use crate::setup::{no_database, provenance};
use crate::width;

/// Show what a database is, or what migrations make
///
/// Reads only. What is no database is made in a scratch database and read back. With `--prove`, exit code 3 when a database
/// that is made from the reading alone isn't the same.
#[derive(Debug, Args)]
#[command(
    after_help = "\
Examples:
  driftlock inspect --env staging --prove
  driftlock inspect dir:migrations --engine sqlite --format sql",
    after_long_help = "\
Examples:
  driftlock inspect
  driftlock inspect --env staging --prove
  driftlock inspect postgres://me@host/shop --exclude 'table:partman_*'
  driftlock inspect dir:migrations@20240520-143022 --engine sqlite
  driftlock inspect git:main:migrations --format sql
  driftlock inspect sql:schema.sql --engine postgres
  driftlock inspect --format mermaid > schema.mmd

Sources:
  URL                 a database: sqlite://…, postgres://…, mysql://…
  dir:PATH[@VERSION]  a directory of migrations, replayed
  sql:FILE, sql:-     statements of a file, or of standard input
  lock:FILE           a lock file
  git:REV:PATH        one of these three in a revision of git
  cmd:COMMAND         statements that a command prints, without a shell

Without a source it is the database of the environment, or of `--url`.

Rules name objects as KIND:NAME or NAME, with * for any letters:
`table:audit_*`, `reporting.*`, `view:*`, `facet:grants`. `ignore` in
driftlock.toml is a list of such rules, each as `--exclude`."
)]
pub(crate) struct Arguments {
    /// A URL, dir:PATH, sql:FILE, lock:FILE, git:REV:PATH, cmd:COMMAND
    source: Option<String>,
    /// Make a database of it, and compare both
    #[arg(long)]
    prove: bool,
    #[command(flatten)]
    schema: SchemaOptions,
    /// How to print results
    #[arg(
        long,
        value_parser = Format::among(&["text", "json", "sql", "mermaid"]),
        default_value = "text",
        help_heading = "Output",
        hide_possible_values = true,
        value_name = "text|json|sql|mermaid"
    )]
    format: Format,
}

/// What is printed as JSON: written as it is read, since a large schema isn't copied for nothing.
#[derive(Serialize)]
struct Document<'r> {
    engine: &'static str,
    version: &'r str,
    fingerprint: Fingerprint,
    schema: &'r Schema,
    unmodelled: &'r [Unmodelled],
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Arc<Output>) -> Result<Done, CommandError> {
    let config = arguments.schema.config(global)?;
    let (source, settings) = match &arguments.source {
        Some(text) => (text.parse::<Source>()?, config.project()?),
        None => {
            let settings = config.target()?;
            let url = settings.database_url()?.ok_or_else(|| no_database(&config, &settings))?;
            (Source::Database(url), settings)
        }
    };
    let filter = arguments.schema.filter.filter(&settings)?;
    let who = provenance(global, &config, &settings);
    let mut sources = Sources::new(driftlock::ENGINES, settings.clone(), who).filter(filter.clone());
    if let Some(engine) = arguments.schema.engine.engine()? {
        sources = sources.engine(engine);
    }
    let reading = session::apart(&settings, output, |cancellation| async move {
        let sources = sources.cancellation(cancellation);
        let reading = if arguments.prove { sources.prove(&source).await } else { sources.read(&source).await };
        Ok(reading?)
    })?;
    match arguments.format {
        Format::Json => output.json(&Document {
            engine: reading.engine.name(),
            version: &reading.version,
            fingerprint: reading.inspection.schema.fingerprint_of(filter.facets()),
            schema: &reading.inspection.schema,
            unmodelled: &reading.inspection.unmodelled,
        }),
        Format::Sql => {
            let creations = reading.engine.create(&reading.inspection.schema).map_err(driftlock::Error::from)?;
            data(output, to_script(&creations, reading.engine.dialect()).trim_end());
        }
        Format::Mermaid => data(output, &entities::diagram(&reading.inspection.schema)),
        Format::Text | Format::Table | Format::Csv => {
            text::lines(&reading, &filter, width::of_stdout()).iter().for_each(|line| output.data(line));
        }
    }
    tell(&reading, arguments.format, output);
    let done = match &reading.proof {
        Some(differences) if !differences.is_empty() => Done::Different,
        _ => Done::Well,
    };
    // The process ends here: to free a large schema, piece by piece, is of no use to anybody.
    std::mem::forget(reading);
    Ok(done)
}

fn data(output: &Output, text: &str) {
    if !text.is_empty() {
        output.data(text);
    }
}

/// What isn't part of the data: what the reading lacks, and what came of its proof.
fn tell(reading: &Reading, format: Format, output: &Output) {
    for reason in &reading.inspection.incomplete {
        output.note(&format!("the reading isn't whole: {reason}"));
    }
    if !matches!(format, Format::Json | Format::Text) {
        for it in &reading.inspection.unmodelled {
            output.note(&format!("{} is left out: {}", printable(&it.object.to_string()), it.reason));
        }
    }
    let Some(differences) = &reading.proof else { return };
    if differences.is_empty() {
        output.note("proved: a database that was made from this reading alone is the same by the engine's own account");
        return;
    }
    for it in differences {
        let about = if it.about.is_empty() { String::new() } else { format!(" {}", it.about) };
        output.tell(&format!("{0}differs:{0:#} {1}{about}", crate::output::ERROR, printable(&it.object.to_string())));
        for (which, said) in [("is", &it.here), ("made", &it.made)] {
            let said = said.as_deref().unwrap_or("(nothing)");
            let mut lines = said.lines();
            output.tell(&format!("  {which:4}  {}", printable(lines.next().unwrap_or_default())));
            lines.for_each(|line| output.tell(&format!("        {}", printable(line))));
        }
    }
    output.tell(&format!(
        "not proved: a database that was made from this reading alone differs in {}",
        count(differences.len(), "thing")
    ));
}
