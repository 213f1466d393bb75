//! `driftlock generate`

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

use clap::Args;
use driftlock::database::{Hazard, Timestamp};
use driftlock::engine::{Generated, Making, Source, Sources, Writing};
use driftlock::script::{Directory, LOCK_FILE, Renaming};
use driftlock::{Cancellation, Files, Migrations};
use serde_json::json;

use super::Done;
use super::lock::{engine_of, likeness};
use crate::arguments::Global;
use crate::error::CommandError;
use crate::output::{Output, count, printable};
use crate::prompt;
use crate::schema_options::{SchemaOptions, WayOptions};
use crate::session;
use crate::setup::provenance;

/// Write the migration from what the migrations make to another schema
///
/// The statements, up and down, are proved on a scratch database, and the migration is replayed with all others before a file is
/// written. The manifest and schema.lock are written with it. Where nothing differs, nothing is written.
#[derive(Debug, Args)]
#[command(
    after_help = "\
Examples:
  driftlock generate customer add_phone --to sql:schema.sql",
    after_long_help = "\
Examples:
  driftlock generate customer add_phone --to sql:schema.sql
  driftlock generate order from_staging --to postgres://me@staging/shop --dry-run

Sources are those of `driftlock inspect`. What a statement may do (lose data,
block writes, …) is said before it in the file: read it before you commit it."
)]
pub(crate) struct Arguments {
    /// What it is about, such as user_schema
    domain: String,
    /// What it does, such as add_email
    operation: String,
    /// What there should be
    #[arg(long, value_name = "SOURCE")]
    to: String,
    /// Print the files, and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    way: WayOptions,
    #[command(flatten)]
    schema: SchemaOptions,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Arc<Output>) -> Result<Done, CommandError> {
    let config = arguments.schema.config(global)?;
    let settings = config.project()?;
    let to = arguments.to.parse::<Source>()?;
    let filter = arguments.schema.filter.filter(&settings)?;
    let who = provenance(global, &config, &settings);
    let sources = arguments.way.set(Sources::new(driftlock::ENGINES, settings.clone(), who.clone()).filter(filter))?;
    let engine = match (arguments.schema.engine.engine()?, &to) {
        (Some(engine), _) => engine,
        (None, Source::Database(_)) => sources.engine_of(&to)?,
        (None, _) => engine_of(&settings)?,
    };
    let place = settings.directory(engine.name())?;
    let directory = Directory::new(&place.path).shown_as(&place.shown);
    let layout = settings.layout.as_ref().map(|layout| layout.value);
    // What is wrong with the migrations is said when they are replayed.
    let migrations = Migrations::load(Arc::new(directory.clone()), layout).ok();
    let former = migrations.and_then(|it| it.lock_file().ok().flatten()).map(|lock| lock.database).unwrap_or_default();
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let generated = session::apart(&settings, output, |cancellation| {
        let sources = sources.engine(engine).cancellation(cancellation.clone());
        let (settings, who, to, directory, config) = (&settings, &who, &to, &directory, &config);
        async move {
            let making = Making {
                root: config.root(),
                directory,
                words: (&arguments.domain, &arguments.operation),
                now: Timestamp::from_micros(0).after(since),
                likeness: likeness(engine, settings, who, former, output).await?,
                writing: if arguments.dry_run { Writing::No } else { Writing::Yes },
            };
            if arguments.dry_run || !prompt::may_ask(output) {
                return Ok(sources.generate(&making, to).await?);
            }
            asking(sources, making, to, output, &cancellation).await
        }
    })?;
    print(&generated, arguments, &directory, output);
    Ok(Done::Well)
}

/// The same, but a person is asked before it is written about what could be the same under another name.
async fn asking(
    mut sources: Sources,
    mut making: Making<'_>,
    to: &Source,
    output: &Output,
    cancellation: &Cancellation,
) -> Result<Generated, CommandError> {
    let mut declined = BTreeSet::new();
    loop {
        making.writing = Writing::UnlessAskedAbout(declined.clone());
        let mut generated = sources.generate(&making, to).await?;
        generated.up.proposals.retain(|it| !declined.contains(it));
        if generated.files.is_empty() || generated.up.proposals.is_empty() {
            return Ok(generated);
        }
        for proposal in generated.up.proposals {
            match ask(&proposal, output, cancellation).await? {
                Some(renaming) => sources = sources.renames([renaming]),
                None => _ = declined.insert(proposal),
            }
        }
    }
}

/// Asks whether what goes and what comes are the same, under another name.
async fn ask(proposal: &str, output: &Output, cancellation: &Cancellation) -> Result<Option<Renaming>, CommandError> {
    let renaming: Renaming = proposal
        .parse()
        .map_err(|error| CommandError::usage(format!("{proposal} can't be said by `--rename`: {error}")))?;
    let (old, new) = (renaming.path.join("."), &renaming.to);
    output.tell(&printable(&format!("{old} goes, and {new} comes, which is just like it.")));
    output.ask("Rename it, so that nothing is lost? Type `yes`, or Enter to drop the one and add the other:");
    let Some(answer) = prompt::line(cancellation).await? else {
        return Err(CommandError::usage("nobody answers: nothing was written")
            .hint(format!("with `--rename '{proposal}'` it is renamed")));
    };
    output.answered();
    Ok(prompt::is_yes(&answer).then_some(renaming))
}

fn print(generated: &Generated, arguments: &Arguments, directory: &Directory, output: &Output) {
    let diff = &generated.up.diff;
    let hazards: BTreeSet<Hazard> = diff.hazards();
    if output.is_json() {
        let down = generated.down.as_ref().ok();
        output.json(&json!({
            "version": generated.migration.as_ref().map(|it| it.version.as_str()),
            "name": generated.migration.as_ref().map(|it| &it.name),
            "written": generated.migration.is_some(),
            "files": generated.files.iter().map(|(file, text)| json!({ "file": file, "text": text })).collect::<Vec<_>>(),
            "renames": generated.up.renames,
            "changes": diff.changes,
            "up": diff.steps,
            "down": down.map(|it| &it.steps),
            "digest": diff.digest(),
            "notes": generated.notes,
        }));
        return;
    }
    super::diff::tell_what_is_left(&generated.up, ["what the migrations make", &arguments.to], output);
    if generated.files.is_empty() {
        output.note("nothing to do: the migrations make what there should be");
        return;
    }
    for (file, text) in &generated.files {
        if arguments.dry_run {
            output.data(&format!("-- {file}"));
            text.trim_end().lines().for_each(|line| output.data(&printable(line)));
            output.data("");
        } else {
            output.data(file);
        }
    }
    let down = match &generated.down {
        Ok(down) => format!("{} down", count(down.steps.len(), "statement")),
        Err(_) => "none down".to_owned(),
    };
    let written = if arguments.dry_run { "nothing was written" } else { "the manifest has its lines" };
    let mut said = format!("{} up, {down}, proved; {written}", count(diff.steps.len(), "statement"));
    if !arguments.dry_run {
        said.push_str(&format!(", {} is written anew", directory.display(LOCK_FILE)));
    }
    output.report(&said);
    if !hazards.is_empty() {
        let words: Vec<String> = hazards.iter().map(|hazard| hazard.words()).collect();
        output.note(&format!("read it before you commit it: {}", words.join(", ")));
    }
    generated.notes.iter().for_each(|note| output.note(&printable(note)));
}
