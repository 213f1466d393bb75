//! `driftlock diff`

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::Args;
use driftlock::database::Step;
use driftlock::engine::{Differing, Source, Sources, step_to_script};
use driftlock::schema::Id;
use serde_json::{Value, json};

use super::Done;
use crate::arguments::{Format, Global};
use crate::changes;
use crate::error::CommandError;
use crate::output::{Output, count, printable};
use crate::schema_options::{SchemaOptions, WayOptions};
use crate::session;
use crate::setup::provenance;
use crate::table::{self, Column};
use crate::width;

/// Show what differs between two schemas, and the way from one to the other
///
/// The statements are run on a scratch database that holds the first, and what comes of it is compared with the second by the
/// engine's own account, before they are shown. Reads only; with `--exit-code`, exit code 3 where something differs.
#[derive(Debug, Args)]
#[command(
    after_help = "\
Examples:
  driftlock diff --from sqlite://shop.db --to dir:migrations
  driftlock diff --from lock:migrations/schema.lock --to sql:wanted.sql --format sql",
    after_long_help = "\
Examples:
  driftlock diff --from sqlite://shop.db --to dir:migrations
  driftlock diff --from dir:migrations --to sql:wanted.sql --format sql
  driftlock diff --from git:main:migrations --to dir:migrations --engine sqlite
  driftlock diff --from sqlite://a.db --to sqlite://b.db --exit-code
  driftlock diff --from lock:a.lock --to sql:b.sql --rename table:t.mail=email

Sources are those of `driftlock inspect`. Statements that may lose data, or do
something else that one should know, say so.

In statements of a source, `-- driftlock: renamed-from mail` before a column, a
constraint, an index or a CREATE says what it was called before."
)]
pub(crate) struct Arguments {
    /// What there is
    #[arg(long, value_name = "SOURCE")]
    from: String,
    /// What there should be
    #[arg(long, value_name = "SOURCE")]
    to: String,
    /// Show the statements without proving that they lead there
    #[arg(long)]
    offline: bool,
    /// Exit with 3 where something differs
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    way: WayOptions,
    #[command(flatten)]
    schema: SchemaOptions,
    /// How to print results
    #[arg(
        long,
        value_parser = Format::among(&["text", "table", "json", "sql"]),
        default_value = "text",
        help_heading = "Output",
        hide_possible_values = true,
        value_name = "text|table|json|sql"
    )]
    format: Format,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Arc<Output>) -> Result<Done, CommandError> {
    let config = arguments.schema.config(global)?;
    let settings = config.project()?;
    let (from, to) = (arguments.from.parse::<Source>()?, arguments.to.parse::<Source>()?);
    let filter = arguments.schema.filter.filter(&settings)?;
    let who = provenance(global, &config, &settings);
    let mut sources = arguments.way.set(Sources::new(driftlock::ENGINES, settings.clone(), who).filter(filter))?;
    if let Some(engine) = arguments.schema.engine.engine()? {
        sources = sources.engine(engine);
    }
    let differing = session::apart(&settings, output, |cancellation| async move {
        let sources = sources.cancellation(cancellation);
        let found =
            if arguments.offline { sources.diff_unproved(&from, &to).await } else { sources.diff(&from, &to).await };
        Ok(found?)
    })?;
    match arguments.format {
        Format::Json => output.json(&as_json(&differing)),
        Format::Sql => {
            let dialect = differing.from.engine.dialect();
            for step in &differing.diff.steps {
                output.data(step_to_script(step, dialect).trim_end());
            }
        }
        Format::Table => table(&differing, output),
        Format::Text | Format::Csv | Format::Mermaid => text(&differing, output),
    }
    tell(&differing, arguments, output);
    let is_different = !differing.diff.is_empty();
    Ok(if arguments.exit_code && is_different { Done::Different } else { Done::Well })
}

/// `data loss, not reversible`
fn hazards(step: &Step) -> Option<String> {
    let words: Vec<String> = step.hazards.iter().map(|hazard| hazard.words()).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

pub(super) fn text(differing: &Differing, output: &Output) {
    let diff = &differing.diff;
    differing.renames.iter().for_each(|rename| output.data(&printable(&format!("{rename} there"))));
    changes::lines(&diff.changes, "there").iter().for_each(|line| output.data(line));
    if !diff.steps.is_empty() {
        output.data("");
    }
    for (at, step) in diff.steps.iter().enumerate() {
        let mut lines = step.sql.lines();
        output.data(&format!("{:>3}. {}", at + 1, printable(lines.next().unwrap_or_default())));
        lines.for_each(|line| output.data(&format!("     {}", printable(line))));
        if let Some(words) = hazards(step) {
            output.data(&format!("     -- {words}"));
        }
        if let Some(query) = &step.offenders {
            output.data(&format!("     -- fails on what this finds: {}", printable(&query.replace('\n', " "))));
        }
    }
}

/// Every object of either, a line each.
fn table(differing: &Differing, output: &Output) {
    let [from, to] = [&differing.from, &differing.to].map(|reading| &reading.inspection.schema);
    let changed: BTreeSet<&Id> = differing.diff.changes.iter().map(|change| &change.object).collect();
    let ids: BTreeSet<&Id> = from.iter().chain(to.iter()).map(|(id, _)| id).collect();
    let said = |is_there: bool| if is_there { "there" } else { "-" }.to_owned();
    let rows: Vec<[String; 5]> = ids
        .into_iter()
        .map(|id| {
            let (one, other) = (from.get(id).is_some(), to.get(id).is_some());
            let same = if !changed.contains(id) {
                "same"
            } else if one && other {
                "differs"
            } else {
                "-"
            };
            [id.kind.words(), printable(&id.name.to_string()), said(one), said(other), same.to_owned()]
        })
        .collect();
    let columns =
        [Column::text("kind"), Column::long("name"), Column::text("from"), Column::text("to"), Column::text("state")];
    table::lines(columns, &rows, width::of_stdout()).iter().for_each(|line| output.data(line));
}

pub(super) fn as_json(differing: &Differing) -> Value {
    let diff = &differing.diff;
    let unmodelled = [&differing.from, &differing.to].map(|reading| &reading.inspection.unmodelled);
    json!({
        "engine": diff.engine,
        "from": diff.from,
        "to": diff.to,
        "renames": differing.renames,
        "changes": diff.changes,
        "steps": diff.steps,
        "proved": diff.is_proved,
        "digest": diff.digest(),
        "unmodelled": { "from": unmodelled[0], "to": unmodelled[1] },
    })
}

fn tell(differing: &Differing, arguments: &Arguments, output: &Output) {
    let diff = &differing.diff;
    tell_what_is_left(differing, [&arguments.from, &arguments.to], output);
    if diff.is_empty() {
        output.note("no difference");
        return;
    }
    if diff.steps.is_empty() {
        return;
    }
    let steps = count(diff.steps.len(), "statement");
    output.note(&if diff.is_proved {
        format!("{steps}, proved: run on a scratch database, they lead from the first to the second by the engine's own account")
    } else {
        format!("{steps}, not proved: they were run nowhere yet")
    });
}

/// What no step does anything about, and what could be kept: by what the two sources are called.
pub(super) fn tell_what_is_left(differing: &Differing, names: [&str; 2], output: &Output) {
    for (which, reading) in names.into_iter().zip([&differing.from, &differing.to]) {
        for it in &reading.inspection.unmodelled {
            let object = printable(&it.object.to_string());
            output.note(&format!("{object} of {} is left out: {}", printable(which), it.reason));
        }
    }
    let reordered: Vec<String> = differing.diff.reordered().map(|id| printable(&id.to_string())).collect();
    if !reordered.is_empty() {
        let asked = if differing.diff.engine == "sqlite" { " (with `--column-order` one does)" } else { "" };
        output.note(&format!("columns come in another order, which no step changes{asked}: {}", reordered.join(", ")));
    }
    for proposal in &differing.proposals {
        output.note(&format!(
            "the one goes and the other comes; if it is the same under another name, say so: --rename '{}'",
            printable(proposal)
        ));
    }
}
