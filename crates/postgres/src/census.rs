//! The server's own account of a database: every column of every catalog that makes a schema, names instead of numbers. It shares nothing with
//! the reading that it judges, and which columns there are the server says itself: one that a newer major brings is in it by itself.

mod catalogs;
mod columns;
mod places;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write;

use driftlock_database::{Census, CensusKey, Error};
use driftlock_schema::{Facet, Id, Name};
use tokio_postgres::SimpleQueryRow;

use crate::patience::{NO_WAITING, Patience};
use crate::session::{PostgresSession, only_row};
use crate::spelling::{normal_body, settled_account};
use crate::sql::Values;
use catalogs::{CATALOGS, Catalog, LEFT_OUT_CATALOGS, is_left_out};
use columns::{Column, Speaker};
use places::{Places, join};

/// One snapshot, and everything printed in one way whoever asks.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
    SET LOCAL search_path = pg_catalog; SET LOCAL quote_all_identifiers = off; SET LOCAL standard_conforming_strings = on; \
    SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'postgres'; SET LOCAL TimeZone = 'UTC'; SET LOCAL bytea_output = 'hex'; \
    SET LOCAL extra_float_digits = 1; SET LOCAL lc_monetary = 'C'; SET LOCAL xmlbinary = 'base64'; SET LOCAL jit = off";

/// The roles that the database belongs to: its owner, and who owns driftlock's history in it.
const SELVES: &str = "SELECT d.datdba FROM pg_database d WHERE d.datname = current_database() \
    UNION SELECT r.oid FROM pg_roles r WHERE r.rolname = 'pg_database_owner' \
    UNION SELECT c.relowner FROM pg_class c WHERE c.relkind = 'r' AND c.relname LIKE '%history' AND 5 = (SELECT count(*) \
    FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname IN ('attempt', 'rollback_sql', 'expected', 'git_commit', 'chain'))";

/// The columns of the catalogs.
const COLUMNS: &str = "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_class c \
    JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'pg_catalog'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped \
    AND c.relname IN ({catalogs}) ORDER BY c.relname, a.attnum";

/// Which catalog a column's numbers are of.
const REFERENCES: &str = "SELECT f.fktable, f.fkcols[1], f.pktable FROM pg_get_catalog_foreign_keys() f \
    WHERE array_length(f.fkcols, 1) = 1";

/// Catalogs that are in neither of the lists.
const UNKNOWN: &str = "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'oid' \
    WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND c.relname NOT IN ({catalogs}) \
    AND has_table_privilege(c.oid, 'SELECT')";

const TABLES: &str = "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
    WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1";

/// See [`Session::census`](driftlock_database::Session::census).
pub(crate) async fn take(session: &mut PostgresSession) -> Result<Census, Error> {
    let mut patience = Patience::new();
    loop {
        let taken = account(session).await;
        // Nothing was written; what is open must not stay so.
        let ended = session.ask("ROLLBACK").await;
        match taken {
            Ok(census) => return ended.map(|_| census),
            Err(error) if patience.lasts(&error).await => {}
            Err(error) => return Err(Patience::at_its_end(session, error).await),
        }
    }
}

async fn account(session: &mut PostgresSession) -> Result<Census, Error> {
    session.ask(&format!("{BEGIN}; {NO_WAITING}")).await?;
    let quoted = |names: Vec<&str>| names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ");
    let looked_at: Vec<&str> = CATALOGS.iter().map(|catalog| catalog.name).collect();
    let known: Vec<&str> = looked_at.iter().copied().chain(LEFT_OUT_CATALOGS.iter().map(|(name, _)| *name)).collect();
    let mut questions = vec![
        SELVES.to_owned(),
        COLUMNS.replace("{catalogs}", &quoted(looked_at)),
        UNKNOWN.replace("{catalogs}", &quoted(known)),
        TABLES.to_owned(),
    ];
    if session.major >= 14 {
        questions.push(REFERENCES.to_owned());
    }
    let answers = session.ask(&questions.join("; ")).await?;
    let rows = |at: usize| answers.get(at).map(|answer| answer.rows.as_slice()).unwrap_or_default();
    let selves = rows(0).iter().map(|row| Values(row).text(0)).collect::<Result<Vec<_>, _>>()?;
    let columns = rows(1).iter().map(column).collect::<Result<Vec<_>, _>>()?;
    let unknown = rows(2).iter().map(|row| Values(row).text(0)).collect::<Result<Vec<_>, _>>()?;
    let tables = rows(3).iter().map(|row| Values(row).text(0)).collect::<Result<Vec<_>, _>>()?;
    let references: HashMap<(String, String), String> = rows(4)
        .iter()
        .map(Values)
        .map(|row| Ok(((row.text(0)?, row.text(1)?), row.text(2)?)))
        .collect::<Result<_, Error>>()?;

    let speaker = Speaker::new(selves.join(","), references);
    // Planning a question takes longer than answering one of which there is nothing to say.
    let is_here = |catalog: &&Catalog| columns.iter().any(|column| column.catalog == catalog.name);
    let here: Vec<&Catalog> = CATALOGS.iter().filter(is_here).collect();
    let said = session.ask(&with_something(&here)).await?;
    let said = only_row(&said).map(|row| row.text(0)).transpose()?.unwrap_or_default();
    let with_something: HashSet<&str> = said.split(' ').collect();
    let questions = Places::questions(session.major, &with_something, |number| speaker.role(number));
    let places = Places::read(&session.ask(&questions.join("; ")).await?)?;

    let mut entries: BTreeMap<CensusKey, Vec<String>> = BTreeMap::new();
    for catalog in here.into_iter().filter(|catalog| with_something.contains(catalog.name)) {
        let columns: Vec<&Column> = columns.iter().filter(|column| column.catalog == catalog.name).collect();
        let answers = session.ask(&question(catalog, &columns, &speaker)).await?;
        for row in answers.iter().flat_map(|answer| &answer.rows) {
            enter(catalog.name, row, &places, &mut entries)?;
        }
    }
    for catalog in unknown {
        let sql = format!("SELECT r.oid FROM {catalog} r WHERE r.oid >= 16384");
        let count = session.ask(&sql).await?.iter().map(|answer| answer.rows.len()).sum::<usize>();
        if count > 0 {
            let key = CensusKey::new(Id::new("catalog", Name::within("pg_catalog", catalog)), "");
            entries.entry(key).or_default().push(format!("{count} rows"));
        }
    }
    let mut census = Census { tables, ..Census::default() };
    for (key, mut said) in entries {
        said.sort();
        census.entries.insert(key, settled_account(&said.join("\n")).into_owned());
    }
    Ok(census)
}

fn column(row: &SimpleQueryRow) -> Result<Column, Error> {
    let row = Values(row);
    Ok(Column { catalog: row.text(0)?, name: row.text(1)?, kind: row.text(2)? })
}

/// How many columns stand before what is said: the catalog and number of what a row belongs to, what of it, its owner, its grants.
const HEAD: usize = 5;

/// The question which of the catalogs have rows that count: their names.
fn with_something(catalogs: &[&Catalog]) -> String {
    let has = |catalog: &&Catalog| {
        let name = catalog.name;
        format!("CASE WHEN EXISTS (SELECT FROM {name} r WHERE {}) THEN '{name}' END", catalog.rows)
    };
    format!("SELECT concat_ws(' ', {})", catalogs.iter().map(has).collect::<Vec<_>>().join(", "))
}

/// The question for all of a catalog.
fn question(catalog: &Catalog, columns: &[&Column], speaker: &Speaker) -> String {
    let owner = columns.iter().find(|column| is_owner(column)).map(|column| column.name.as_str());
    let owned = owner.map_or_else(
        || "NULL".to_owned(),
        |owner| {
            let role = speaker.role(&format!("r.{owner}"));
            // Before 15 the schema public belongs to whoever set the server up.
            if catalog.name == "pg_namespace" {
                format!("CASE WHEN r.oid = 2200 AND r.{owner} = 10 THEN '$self' ELSE {role} END")
            } else {
                role
            }
        },
    );
    let granted = columns.iter().find(|column| column.kind == "aclitem[]");
    let granted = granted.map_or_else(|| "NULL".to_owned(), |column| speaker.grants(column, owner));
    let of = if catalog.subject.0.is_empty() { format!("'{}'", catalog.name) } else { catalog.subject.0.to_owned() };
    let mut sql =
        format!("SELECT {of}, {}, {}, {owned}, {granted}", catalog.subject.1, catalog.label.unwrap_or("NULL"));
    for column in columns.iter().filter(|column| !is_left_out(&column.catalog, &column.name)) {
        if !is_owner(column) && column.kind != "aclitem[]" {
            let _ = write!(sql, ", {} AS {}", speaker.said(column), column.name);
        }
    }
    let _ = write!(sql, " FROM {} r WHERE {}", catalog.name, catalog.rows);
    sql
}

fn is_owner(column: &Column) -> bool {
    column.kind == "oid" && column.name.ends_with("owner")
}

/// Enters a row, with its owner, its grants and its notes by themselves.
fn enter(
    catalog: &str,
    row: &SimpleQueryRow,
    places: &Places,
    entries: &mut BTreeMap<CensusKey, Vec<String>>,
) -> Result<(), Error> {
    let values = Values(row);
    let Some(place) = places.of(&values.text(0)?, values.parsed(1, |text| text.parse().ok())?) else { return Ok(()) };
    let label = values.optional(2)?.unwrap_or_default();
    if catalog == "pg_seclabel" {
        // A label is something of its own: it can't be given where its security module isn't loaded.
        let name = Name::new(join([label, "on", &place.object.to_string(), place.part.as_str()]));
        let said = values.text(row.columns().len() - 1)?;
        entries.entry(CensusKey::new(Id::new("security_label", name), "")).or_default().push(said);
        return Ok(());
    }
    let about = |of: &str| CensusKey::new(place.object.clone(), join([place.part.as_str(), label, of]));
    let mut enter = |key: CensusKey, said: String| entries.entry(key).or_default().push(said);
    // A part belongs to whom its object does.
    if let Some(owner) = values.maybe(3)?.filter(|_| place.part.is_empty()) {
        enter(about("").facet(Facet::Ownership), owner);
    }
    if let Some(grants) = values.maybe(4)? {
        enter(about("").facet(Facet::Grants), grants);
    }
    let mut said = String::new();
    let mut is_code = false;
    for (at, column) in row.columns().iter().enumerate().skip(HEAD) {
        let Some(value) = values.optional(at)? else { continue };
        is_code |= catalog == "pg_proc" && column.name() == "prolang" && matches!(value, "sql" | "plpgsql");
        let body = (is_code && column.name() == "prosrc").then(|| normal_body(value));
        let value = body.as_deref().unwrap_or(value);
        if catalog == "pg_attribute" && column.name() == "attnum" && !label.starts_with("key ") {
            // In which order the columns come is said by itself.
            let key = CensusKey::new(place.object.clone(), CensusKey::COLUMN_ORDER);
            enter(key, format!("{value:0>4} {label}"));
            continue;
        }
        let separator = if said.is_empty() { "" } else { " " };
        let plain = !value.is_empty() && !value.contains([' ', '"', '\n', '\\']);
        let _ = match plain {
            true => write!(said, "{separator}{}={value}", column.name()),
            false => write!(said, "{separator}{}={value:?}", column.name()),
        };
    }
    // What large values are kept in says nothing but its options.
    if place.part == "toast" {
        let options = row.columns().iter().position(|column| column.name() == "reloptions");
        if let Some(options) = options.map(|at| values.maybe(at)).transpose()?.flatten() {
            enter(about(catalog), options);
        }
        return Ok(());
    }
    match catalog {
        "pg_description" => enter(about("").facet(Facet::Comments), said),
        _ => enter(about(catalog), said),
    }
    Ok(())
}
