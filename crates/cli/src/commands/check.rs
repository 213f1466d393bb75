//! `driftlock check`

use std::sync::Arc;

use clap::Args;
use driftlock::database::Unmodelled;
use driftlock::engine::{Check, Drift, Drifted, LockCheck, OtherMajor};
use driftlock::schema::Id;
use driftlock::{Config, Error, Kind, Migrator, Settings};
use serde_json::{Value, json};

use super::Done;
use super::lock::Place;
use crate::arguments::Global;
use crate::error::CommandError;
use crate::output::{Output, count, printable};
use crate::progress::Teller;
use crate::schema_options::SchemaOptions;
use crate::session::{self, Look};
use crate::setup::{Target, provenance};

/// Hold migrations, schema.lock and the database against each other
///
/// The migrations are replayed and held against schema.lock; the database is held against what is expected at its version,
/// by schema.lock or by a replay, never by an earlier look at it. Without an option, all of it that can be had. Writes
/// nothing. Exit code 3 when something differs.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock check
  driftlock check --migrations
  driftlock check --database --env prod --format json")]
pub(crate) struct Arguments {
    /// Replay the migrations, and hold what they make against schema.lock
    #[arg(long)]
    migrations: bool,
    /// Hold the database against what is expected of it
    #[arg(long)]
    database: bool,
    #[command(flatten)]
    schema: SchemaOptions,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Arc<Output>) -> Result<Done, CommandError> {
    let config = arguments.schema.config(global)?;
    let settings = config.project()?;
    let any = !arguments.migrations && !arguments.database;
    let mut not_had = Vec::new();
    // What `--migrations` or `--database` asks for has to be had; what nobody asked for is told.
    let migrations = if arguments.migrations || any {
        match of_migrations(arguments, global, &config, &settings, output) {
            Err(error) if any && is_not_had(&error) => {
                not_had.push(format!("the migrations were not replayed: {}", error.messages()));
                None
            }
            checked => Some(checked?),
        }
    } else {
        None
    };
    let database = if arguments.database || (any && settings.url.is_some()) {
        Some(of_database(arguments, global, output)?)
    } else {
        None
    };
    let compared = migrations.is_some() || database.as_ref().is_some_and(|it| it.against.is_some());
    let why_not = database.as_ref().and_then(|it| it.why_not.clone());
    not_had.extend(why_not.map(|why| format!("the database was not compared: {why}")));
    print(migrations.as_ref(), database.as_ref(), &not_had, output);
    if !compared {
        // A stale lock file is a difference by itself.
        if database.as_ref().is_some_and(|it| it.stale.is_some()) {
            return Ok(Done::Different);
        }
        let is_ahead = database.as_ref().is_some_and(|it| it.ahead);
        if is_ahead {
            return Ok(Done::Well);
        }
        return Err(CommandError::new(Kind::Refused, "DL0830", "nothing could be compared")
            .hint("`driftlock lock` writes schema.lock, by which a database can be held against its migrations"));
    }
    let agrees = migrations.as_ref().is_none_or(LockCheck::agrees) && database.as_ref().is_none_or(Check::agrees);
    if agrees && let Some(lacking) = database.as_ref().filter(|it| !it.lacking.is_empty()) {
        let what = count(lacking.lacking.len(), "difference");
        let message = format!(
            "nothing can be concluded: this login may not see all of the database ({}), and {what} may come of that alone",
            lacking.incomplete.join("; ")
        );
        return Err(CommandError::new(Kind::Failed, "DL0829", message).hint(
            "use a login that may see everything, or leave out what it may not see with `--exclude` or `ignore`",
        ));
    }
    Ok(if agrees { Done::Well } else { Done::Different })
}

/// Whether it is only that there is nothing to compare with.
fn is_not_had(error: &CommandError) -> bool {
    matches!(error.code(), "DL0305" | "DL0827") || error.code() == NO_SHADOW
}

/// The code of [`Error::NoShadow`].
const NO_SHADOW: &str = "DL0803";

fn of_migrations(
    arguments: &Arguments,
    global: &Global,
    config: &Config,
    settings: &Settings,
    output: &Arc<Output>,
) -> Result<LockCheck, CommandError> {
    let place = Place::of(settings, arguments.schema.engine.engine()?)?;
    let search = settings.shadow(place.engine, &provenance(global, config, settings))?.scripts(&place.migrations)?;
    session::apart(settings, output, |cancellation| async move {
        if place.migrations.lock_file().map_err(Error::from)?.is_none() {
            return Err(
                CommandError::usage("there is no schema.lock beside the migrations").hint("`driftlock lock` writes it")
            );
        }
        let shadow = search.cancellation(cancellation.clone()).find().await?;
        let teller = Arc::new(Teller::new(Arc::clone(output)));
        let migrator =
            Migrator::new(&place.migrations).on_progress(Teller::callback(&teller)).cancellation(cancellation);
        Ok(migrator.check_lock(&shadow).await?)
    })
}

fn of_database(arguments: &Arguments, global: &Global, output: &Arc<Output>) -> Result<Check, CommandError> {
    let target = Target::with(global, |overrides| arguments.schema.shadow.set(overrides))?;
    let filter = arguments.schema.filter.filter(&target.settings)?;
    let adjust = |options: &mut driftlock::Options| options.filter = filter;
    session::on(target, global, output, Look::Later, adjust, |session| async move {
        let session = session.with_shadow()?;
        let check = session.look(session.migrator.check(&session.database)).await;
        session.database.close().await;
        check
    })
}

fn print(migrations: Option<&LockCheck>, database: Option<&Check>, not_had: &[String], output: &Output) {
    if output.is_json() {
        output.json(&json!({
            "migrations": migrations.map(migrations_json),
            "database": database.map(database_json),
            "notes": not_had.iter().chain(database.iter().flat_map(|it| &it.notes)).collect::<Vec<_>>(),
        }));
        return;
    }
    if let Some(it) = migrations {
        print_migrations(it, output);
    }
    if let Some(it) = database {
        print_database(it, output);
    }
    not_had.iter().for_each(|why| output.note(why));
}

fn print_migrations(it: &LockCheck, output: &Output) {
    let lock = &it.replayed.lock;
    drifted(&it.drift, output);
    for (version, objects) in &it.versions {
        let objects: Vec<String> = objects.iter().map(named).collect();
        output.data(&printable(&format!(
            "version {version}: changes otherwise than schema.lock says: {}",
            objects.join(", ")
        )));
    }
    if it.agrees() {
        let (migrations, objects) = (
            count(lock.migrations.len(), "migration"),
            count(lock.expected_after(lock.migrations.len()).len(), "object"),
        );
        output.report(&format!("the migrations make what schema.lock says: {migrations}, {objects}, on {}", it.server));
    } else {
        let differences = it.drift.len() + it.versions.len();
        let what = match &it.stale {
            Some(why) if differences == 0 => {
                format!("schema.lock is stale: {why}, and make the same; `driftlock lock` writes it anew")
            }
            Some(why) => format!(
                "schema.lock is stale: {why}; {} in what they make; `driftlock lock` writes it anew",
                count(differences, "difference")
            ),
            None => format!(
                "the migrations don't make what schema.lock says: {}, on {} (schema.lock is of {})",
                count(differences, "difference"),
                it.server,
                it.locked_server
            ),
        };
        output.data(&what);
    }
    if it.other_major == Some(OtherMajor::MadeAgain) {
        output.note(&format!(
            "schema.lock is of {}: its schema was made again on {} to be compared; what each version changes was not",
            it.locked_server, it.server
        ));
    }
    left_out(&it.expressions, it.other_major.as_ref(), &it.locked_server, output);
}

fn print_database(it: &Check, output: &Output) {
    drifted(&it.drift, output);
    let at = it.version.as_ref().map(|version| format!(" at version {version}")).unwrap_or_default();
    let by = it
        .against
        .map_or("", |against| if against.as_str() == "lock" { "schema.lock expects" } else { "a replay makes it" });
    let database = printable(&format!("{} ({})", it.database, it.server));
    if it.against.is_some() {
        if it.drift.is_empty() {
            output.report(&format!("{database} is as {by}{at}"));
        } else {
            output.data(&format!("{database} isn't as {by}{at}: {}", count(it.drift.len(), "difference")));
        }
    }
    if let Some(why) = &it.stale {
        output.data(&format!("schema.lock is stale: {why}; `driftlock lock` writes it anew"));
    }
    if !it.uncompared.is_empty() {
        let names: Vec<String> = it.uncompared.iter().map(named).collect();
        output.note(&printable(&format!(
            "not compared, as later versions have begun to change them: {}",
            names.join(", ")
        )));
    }
    if it.other_major == Some(OtherMajor::MadeAgain) {
        output.note(&format!(
            "schema.lock is of another major: its schema was made again on a shadow of {} to be compared",
            it.server
        ));
    }
    left_out(&it.expressions, it.other_major.as_ref(), "another major", output);
    for why in &it.incomplete {
        output.note(&printable(&format!("the reading isn't whole: {why}")));
    }
    for drift in &it.lacking {
        output.note(&printable(&format!("{drift}, or can't be seen")));
    }
    for unmodelled in &it.unmodelled {
        output.note(&printable(&format!("{} was not compared: {}", named(&unmodelled.object), unmodelled.reason)));
    }
    it.notes.iter().for_each(|note| output.note(note));
}

fn left_out(expressions: &[Drift], how: Option<&OtherMajor>, locked: &str, output: &Output) {
    if expressions.is_empty() {
        return;
    }
    let why = match how {
        Some(OtherMajor::LeftOut(why)) => format!(", and its schema can't be made again on this one: {why}"),
        _ => String::new(),
    };
    output.note(&printable(&format!(
        "{} written otherwise, and not compared: schema.lock is of {locked}, and this server prints some expressions in its own way{why}",
        count(expressions.len(), "expression")
    )));
}

fn drifted(drift: &[Drift], output: &Output) {
    for it in drift {
        output.data(&printable(&it.to_string()));
        for line in it.difference().iter().flat_map(|difference| difference.lines()) {
            output.data(&format!("  {}", printable(line)));
        }
    }
}

fn named(id: &Id) -> String {
    format!("{} {}", id.kind.words(), id.name)
}

fn migrations_json(it: &LockCheck) -> Value {
    json!({
        "agrees": it.agrees(),
        "server": it.server,
        "locked_server": it.locked_server,
        "stale": it.stale,
        "drift": it.drift.iter().map(drift_json).collect::<Vec<_>>(),
        "versions": it.versions.iter().map(|(version, objects)| json!({ "version": version, "objects": objects })).collect::<Vec<_>>(),
        "other_major": it.other_major.as_ref().map(OtherMajor::as_str),
        "expressions": it.expressions.len(),
        "unmodelled": unmodelled_json(&it.replayed.unmodelled),
    })
}

fn database_json(it: &Check) -> Value {
    json!({
        "agrees": it.against.is_some() && it.agrees() && it.lacking.is_empty(),
        "engine": it.engine,
        "server": it.server,
        "database": it.database,
        "version": it.version.as_ref().map(driftlock::Version::as_str),
        "against": it.against.map(driftlock::engine::Against::as_str),
        "why_not": it.why_not,
        "stale": it.stale,
        "expected": it.expected,
        "drift": it.drift.iter().map(drift_json).collect::<Vec<_>>(),
        "lacking": it.lacking.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "uncompared": it.uncompared,
        "other_major": it.other_major.as_ref().map(OtherMajor::as_str),
        "expressions": it.expressions.len(),
        "unmodelled": unmodelled_json(&it.unmodelled),
        "incomplete": it.incomplete,
    })
}

pub(super) fn unmodelled_json(all: &[Unmodelled]) -> Vec<String> {
    all.iter().map(|it| format!("{}: {}", named(&it.object), it.reason)).collect()
}

fn drift_json(it: &Drift) -> Value {
    let (attribute, expected, found) = match &it.what {
        Drifted::Altered { attribute, expected, found } => (Some(attribute.as_str()), json!(expected), json!(found)),
        Drifted::Reordered { expected, found } => (None, json!(expected), json!(found)),
        _ => (None, Value::Null, Value::Null),
    };
    json!({
        "object": it.object,
        "part": it.part.as_ref().map(|(kind, name)| json!({ "kind": kind, "name": name })),
        "difference": it.what.as_str(),
        "attribute": attribute,
        "expected": expected,
        "found": found,
        "message": it.to_string(),
    })
}
