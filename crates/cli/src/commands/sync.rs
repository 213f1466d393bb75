//! `driftlock sync`

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::Args;
use driftlock::database::Hazard;
use driftlock::engine::{Source, Sources, Synced};
use driftlock::{Error, Settings};

use super::{Done, diff};
use crate::arguments::Global;
use crate::changes;
use crate::error::CommandError;
use crate::output::{Output, count, printable};
use crate::schema_options::{FilterOptions, ShadowOption, WayOptions};
use crate::session::{self, Look};
use crate::setup::Target;

/// Make a database without a history what a source says
///
/// The schema is read under the lock; the statements are proved on a scratch database, shown, and run, those in one transaction
/// that can be. Nothing is written down: it is for a database on which somebody develops. One that is migrated by versions, or
/// whose environment is protected, is refused: there the difference is a migration, which `generate` writes.
#[derive(Debug, Args)]
#[command(
    after_help = "\
Examples:
  driftlock sync --to sql:schema.sql
  driftlock sync --to sql:schema.sql --url sqlite://try.db --allow data_loss",
    after_long_help = "\
Examples:
  driftlock sync --to sql:schema.sql
  driftlock sync --to sql:schema.sql --dry-run
  driftlock sync --to sql:schema.sql --url sqlite://try.db --allow data_loss
  driftlock sync --to dir:migrations --rename table:t.mail=email

Sources are those of `driftlock inspect`. A plan that would lose data is shown,
and nothing of it is run without `--allow data_loss`. What else a statement may
do (block writes, fail on rows that are there, …) is said beside it."
)]
pub(crate) struct Arguments {
    /// What there should be
    #[arg(long, value_name = "SOURCE")]
    to: String,
    /// Run it although it may lose data: 'data_loss'
    #[arg(long, value_name = "HAZARD", value_parser = hazard, value_delimiter = ',')]
    allow: Vec<Hazard>,
    /// Show what would be run
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    way: WayOptions,
    #[command(flatten)]
    filter: FilterOptions,
    #[command(flatten)]
    shadow: ShadowOption,
}

/// What has to be allowed by its name, and nothing else: nobody shall think that what is always run needed it.
fn hazard(text: &str) -> Result<Hazard, String> {
    match text.parse::<Hazard>().map_err(|error| error.to_string())? {
        Hazard::DataLoss => Ok(Hazard::DataLoss),
        other => Err(format!(
            "{other} is said beside the statement and stands against nothing: only data_loss has to be allowed"
        )),
    }
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Arc<Output>) -> Result<Done, CommandError> {
    let target = Target::with(global, |overrides| arguments.shadow.set(overrides))?;
    let to = arguments.to.parse::<Source>()?;
    let filter = arguments.filter.filter(&target.settings)?;
    let settings: Settings = target.settings.clone();
    let sources = Sources::new(driftlock::ENGINES, settings, target.provenance.clone()).filter(filter.clone());
    let sources = arguments.way.set(sources)?;
    let allowed: BTreeSet<Hazard> = arguments.allow.iter().copied().collect();
    let adjust = |options: &mut driftlock::Options| options.filter = filter;
    let (synced, not_allowed) = session::on(target, global, output, Look::Record, adjust, |session| async move {
        let sources = sources.cancellation(session.cancellation.clone());
        let synced = if arguments.dry_run {
            session
                .look(session.migrator.plan_sync(&session.database, &sources, &to))
                .await
                .map(|it| (it, BTreeSet::new()))
        } else {
            match session.migrator.sync(&session.database, &sources, &to, &allowed).await {
                Err(Error::NotAllowed { hazards, differing }) => {
                    Ok((Synced { differing: *differing, is_applied: false, left: Vec::new() }, hazards))
                }
                other => other.map(|it| (it, BTreeSet::new())).map_err(CommandError::from),
            }
        };
        session.database.close().await;
        synced
    })?;
    Ok(print(&synced, &not_allowed, arguments, output))
}

fn print(synced: &Synced, not_allowed: &BTreeSet<Hazard>, arguments: &Arguments, output: &Output) -> Done {
    let (differing, to) = (&synced.differing, printable(&arguments.to));
    if output.is_json() {
        let mut value = diff::as_json(differing);
        value["applied"] = synced.is_applied.into();
        value["not_allowed"] = not_allowed.iter().map(|it| it.as_str()).collect();
        value["left"] = changes::lines(&synced.left, "there").into();
        output.json(&value);
    } else {
        diff::text(differing, output);
    }
    diff::tell_what_is_left(differing, ["the database", &arguments.to], output);
    let steps = count(differing.diff.steps.len(), "statement");
    if !not_allowed.is_empty() {
        let hazards: Vec<&str> = not_allowed.iter().map(|it| it.as_str()).collect();
        let message = "this would lose data, and nothing of it was run";
        CommandError::new(driftlock::Kind::Refused, "DL0836", message)
            .hint(format!(
                "with `--allow {}` it is run; with `--rename` what only has another name is kept",
                hazards.join(",")
            ))
            .tell(output);
        return Done::Refused;
    }
    if differing.diff.steps.is_empty() {
        output.note(&format!("nothing to do: the database is what {to} says"));
    } else if synced.is_applied && synced.left.is_empty() {
        output.report(&format!("{steps} run, proved before: the database is what {to} says"));
    } else if synced.is_applied {
        output.report(&format!("{steps} run, proved before: the database isn't what {to} says all the same"));
    } else {
        output.note(&format!("{steps}, proved; nothing was run"));
    }
    if synced.left.is_empty() {
        return Done::Well;
    }
    output.note("somebody else changed the database meanwhile: run it again; what differs from what it should be:");
    changes::lines(&synced.left, "there").iter().for_each(|line| output.tell(line));
    Done::Different
}
