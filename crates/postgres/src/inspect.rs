//! Reads the schema of a database: a fixed number of catalog queries, in one transaction that sees one moment.
//!
//! A kind of object is a file in `inspect/` with a [`Source`]: one query of the catalogs, and what becomes of a row of its answer. It is named in
//! [`SOURCES`], after the kinds that its objects are parts of. A row becomes an [`Object`](driftlock_schema::Object) or a part of one, and is put
//! into the [`Reading`] with its [`Address`] in the catalogs. From the address follow, for every kind alike and without a word of its own:
//!
//! - its comment, and the comments on its parts,
//! - what it requires (`pg_depend`); rows of other catalogs that stand for the same object are made known by [`Reading::alias`],
//! - that it isn't there at all, where it is a member of an extension.
//!
//! Owners and grants are a kind's own to read, by [`Reading::owner`] and [`Reading::grants`]. What has no place in the schema goes to
//! [`Reading::unmodelled`]. How it is made again stands in `create/`.
//!
//! The rules for a query: catalogs alone, nothing that runs once a row but the catalogs' own functions, no column that an older major than
//! the session's doesn't have ([`since`] puts something in its place), `{users}` for "the schema `n` isn't the system's", and in those of
//! relations and their parts what `again` puts in to read some of them alone.

mod again;
mod behaviour;
mod collations;
mod columns;
mod constraints;
mod context;
mod extensions;
mod foreign;
mod grants;
mod indexes;
mod inheritance;
mod languages;
mod moment;
mod numbered;
mod operators;
mod privileges;
mod publications;
mod reading;
mod relations;
mod routines;
mod schemas;
mod sequences;
mod shared;
mod statistics;
mod text_search;
mod types;

use driftlock_database::{Error, Inspection, Session};

pub(crate) use self::again::{Reader, take as take_again};
pub(crate) use self::grants::PUBLIC;
pub(crate) use self::inheritance::resolved;
use self::moment::Moment;
pub(crate) use self::reading::{Address, Reading, catalog};
use crate::patience::{NO_WAITING, Patience};
use crate::session::{PostgresSession, only_row};
use crate::sql::Values;
use crate::wire::ResultSet;

/// One query of the catalogs, and what becomes of its answer.
pub(crate) struct Source {
    /// The query, for a major version.
    pub(crate) sql: fn(u32) -> String,
    /// Puts a row into the reading.
    pub(crate) read: fn(&mut Reading, Values<'_>) -> Result<(), Error>,
}

/// All, in the order in which their answers are read.
const SOURCES: &[Source] = &[
    context::ROLES,
    context::DEFAULT_GRANTS,
    context::MEMBERS,
    inheritance::INHERITANCE,
    schemas::SCHEMAS,
    relations::RELATIONS,
    columns::COLUMNS,
    sequences::SEQUENCES,
    constraints::CONSTRAINTS,
    indexes::CLASSES,
    indexes::COLLATIONS,
    indexes::DETAILS,
    indexes::INDEXES,
    behaviour::TRIGGERS,
    behaviour::RULES,
    behaviour::POLICIES,
    statistics::STATISTICS,
    extensions::EXTENSIONS,
    extensions::MEMBERS,
    extensions::MEMBER_GRANTS,
    types::TYPES,
    types::FIELDS,
    types::CONSTRUCTORS,
    types::DOMAIN_CONSTRAINTS,
    collations::COLLATIONS,
    collations::CONVERSIONS,
    collations::CASTS,
    routines::ROUTINES,
    routines::AGGREGATES,
    operators::ACCESS_METHODS,
    operators::OPERATORS,
    operators::FAMILIES,
    operators::CLASSES,
    operators::MEMBER_OPERATORS,
    operators::MEMBER_FUNCTIONS,
    languages::LANGUAGES,
    languages::TRANSFORMS,
    languages::EVENT_TRIGGERS,
    foreign::WRAPPERS,
    foreign::SERVERS,
    foreign::USER_MAPPINGS,
    foreign::FOREIGN_TABLES,
    text_search::TEMPLATES,
    text_search::PARSERS,
    text_search::DICTIONARIES,
    text_search::CONFIGURATIONS,
    text_search::MAPPINGS,
    publications::PUBLICATIONS,
    publications::PUBLISHED_TABLES,
    publications::PUBLISHED_SCHEMAS,
    publications::SUBSCRIPTIONS,
    privileges::DEFAULT_PRIVILEGES,
    privileges::SECURITY_LABELS,
    // Of everything that was read: these are last.
    shared::COMMENTS,
    shared::DEPENDENCIES,
];

/// Which schemas aren't the system's.
const USERS: &str = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'";

/// How everything is printed, whoever asks. Put back when the transaction ends. Tables are joined in the order in which a query names them: to
/// think of a better one takes longer than there is to win by it, and sorted in memory.
const SETTINGS: &str = "SET LOCAL search_path = ''; SET LOCAL quote_all_identifiers = off; SET LOCAL DateStyle = 'ISO'; \
     SET LOCAL IntervalStyle = 'postgres'; SET LOCAL TimeZone = 'UTC'; SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'; \
     SET LOCAL xmlbinary = 'base64'; SET LOCAL lc_monetary = 'C'; SET LOCAL standard_conforming_strings = on; SET LOCAL jit = off; SET LOCAL work_mem = '64MB'; SET LOCAL join_collapse_limit = 1";

/// A column that came with a major version, or what stands for it before.
pub(crate) fn since(major: u32, first: u32, column: &'static str, before: &'static str) -> &'static str {
    if major >= first { column } else { before }
}

/// How often a database that changes meanwhile is read.
const ATTEMPTS: u32 = 5;

/// Everything that is asked is of one moment.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// See [`Session::inspect`](driftlock_database::Session::inspect).
pub(crate) async fn take(session: &mut PostgresSession) -> Result<Inspection, Error> {
    let (reading, _, changes) = take_noting(session, moment::SNAPSHOT).await?;
    let mut inspection = reading.done();
    inspection.incomplete.extend(changes);
    Ok(inspection)
}

/// Reads everything, with the answer to a question of the same moment. What was read holds when the catalogs are still the same after it; where
/// they never were, that is said.
async fn take_noting(
    session: &mut PostgresSession,
    question: &str,
) -> Result<(Reading, Option<ResultSet>, Option<String>), Error> {
    if session.wire.seen.in_transaction() {
        return Err(Error::Protocol("a schema is read outside of any transaction, and one is open".to_owned()));
    }
    let queries: Vec<String> = (SOURCES.iter())
        .map(|source| again::restricted(&(source.sql)(session.major).replace("{users}", USERS), false))
        .collect();
    // BEGIN and the settings come before the moment, the moment and the question before the sources.
    let first = 2 + SETTINGS.matches("SET LOCAL").count();
    let all = format!(
        "{BEGIN}; {SETTINGS}; {NO_WAITING}; {}; {question}; {}; COMMIT",
        moment::question(session.major),
        queries.join("; ")
    );
    let mut patience = Patience::new();
    let mut attempt = 1;
    loop {
        let mut reading = Ok(Reading::new(session.major));
        let mut take = |message, statement: usize, result: ResultSet| {
            let source = if message == 0 { statement.checked_sub(first + 2) } else { None };
            let Some(source) = source.and_then(|at| SOURCES.get(at)) else { return Some(result) };
            if let Err(error) = reading.as_mut().map_or(Ok(()), |reading| read_rows(reading, source, &result)) {
                reading = Err(error);
            }
            None
        };
        let mut answers = session.ask_taking(&[&all, moment::SNAPSHOT], &mut take).await?.into_iter();
        let read = answers.next().unwrap_or_default();
        let failed = read.failed.is_some();
        if failed {
            session.rollback().await?;
        }
        let cancelled = failed && session.wire.take_cancelled();
        let results = match read.ok(cancelled) {
            Ok(results) => results,
            // A function that was asked about what has just gone.
            Err(error) if attempt < ATTEMPTS && is_gone(&error) => {
                attempt += 1;
                continue;
            }
            Err(error) if patience.lasts(&error).await => continue,
            Err(error) => return Err(Patience::at_its_end(session, error).await),
        };
        let after = answers.next().unwrap_or_default().ok(false)?;
        let moment = Moment::read(results.get(first))?;
        let holds = match only_row(&after) {
            Some(row) if moment.is_still(&row.text(0)?) => true,
            _ => moment.holds(&session.ask(&moment.question_after(session.major)).await?)?,
        };
        if !holds && attempt < ATTEMPTS {
            attempt += 1;
            continue;
        }
        let noted = results.into_iter().nth(first + 1);
        let changes = (!holds).then(|| "the schema was changed while it was read, each time it was tried".to_owned());
        return Ok((reading?, noted, changes));
    }
}

/// Puts the answer of a source into a reading.
fn read_rows(reading: &mut Reading, source: &Source, result: &ResultSet) -> Result<(), Error> {
    result.rows.iter().try_for_each(|row| (source.read)(reading, Values(row)))
}

/// Whether an error says that an object isn't there any more: it was dropped between the transaction's moment and now.
fn is_gone(error: &Error) -> bool {
    let Error::Server(server) = error else { return false };
    // undefined_table, undefined_object, undefined_function, internal_error (`cache lookup failed`).
    matches!(server.code.as_str(), "42P01" | "42704" | "42883" | "XX000")
}
