//! What is in a database that driftlock has never migrated.

use std::collections::BTreeMap;

use driftlock_database::{Error, ForeignHistory, ForeignRows, OwnTables, Surroundings, foreign_tables, foreign_tool};

use crate::parse::quote;
use crate::tables::literal;
use crate::wire::{Wire, text};

/// Looks at the catalog.
pub(crate) async fn look(wire: &mut Wire, database: &str, tables: &OwnTables) -> Result<Surroundings, Error> {
    let here = literal(database);
    let suspects: Vec<String> = foreign_tables().map(literal).collect();
    // Atlas keeps its history in a database of that name, if the connection isn't bound to one.
    let sql = format!(
        "SELECT TABLE_SCHEMA = {here}, TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS \
         WHERE (TABLE_SCHEMA = {here} AND LOWER(TABLE_NAME) IN ({})) \
         OR (TABLE_SCHEMA = 'atlas_schema_revisions' AND TABLE_NAME = 'atlas_schema_revisions') \
         ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION",
        suspects.join(", ")
    );
    let mut columns: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    for row in wire.rows(&sql).await? {
        let table = text(&row, 2);
        let shown = if text(&row, 0) == "1" { table.to_owned() } else { format!("{}.{table}", text(&row, 1)) };
        let entry = columns.entry(shown).or_insert_with(|| (table.to_ascii_lowercase(), Vec::new()));
        entry.1.push(text(&row, 3).to_ascii_lowercase());
    }
    let known =
        |table: &str, columns: &[String]| foreign_tool(table, &columns.iter().map(String::as_str).collect::<Vec<_>>());
    let foreign_histories = columns
        .into_iter()
        .filter_map(|(shown, (table, columns))| Some(ForeignHistory { tool: known(&table, &columns)?, table: shown }))
        .collect();

    let own = [tables.history(), tables.journal(), tables.fence()].map(|name| literal(&name)).join(", ");
    let sql = format!(
        "SELECT (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = {here} AND TABLE_NAME NOT IN ({own})) \
         + (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {here}) LIMIT 1"
    );
    let row = wire.row(&sql).await?.unwrap_or_default();
    let objects = text(&row, 0)
        .parse()
        .map_err(|_| Error::Protocol(format!("the server couldn't count what is in {}", quote(database))))?;
    Ok(Surroundings { foreign_histories, objects })
}

/// The databases whose names begin so and to which nobody is connected, as far as this login sees connections.
pub(crate) async fn unused_databases(wire: &mut Wire, prefix: &str) -> Result<Vec<String>, Error> {
    let sql = format!(
        "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE LEFT(SCHEMA_NAME, {}) = {} AND NOT EXISTS \
         (SELECT 1 FROM {} WHERE DB = SCHEMA_NAME) ORDER BY 1",
        prefix.chars().count(),
        literal(prefix),
        wire.processes
    );
    Ok(wire.rows(&sql).await?.iter().map(|row| text(row, 0).to_owned()).collect())
}

/// The rows of another tool's table, with times as UTC.
pub(crate) async fn foreign_rows(wire: &mut Wire, database: &str, table: &str) -> Result<ForeignRows, Error> {
    let (database, table) = table.split_once('.').unwrap_or((database, table));
    let sql = format!(
        "SELECT COLUMN_NAME, DATA_TYPE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {} \
         ORDER BY ORDINAL_POSITION",
        literal(database),
        literal(table)
    );
    let mut columns = Vec::new();
    let mut wanted = Vec::new();
    for row in wire.rows(&sql).await? {
        let (name, kind) = (text(&row, 0), text(&row, 1).to_ascii_lowercase());
        let quoted = quote(name);
        wanted.push(match kind.as_str() {
            // The session's time zone is somebody's choice.
            "timestamp" => format!("CONVERT_TZ({quoted}, @@session.time_zone, '+00:00')"),
            kind if kind.ends_with("blob") || kind.ends_with("binary") => {
                format!("CONCAT('\\\\x', LOWER(HEX({quoted})))")
            }
            _ => quoted,
        });
        columns.push(name.to_lowercase());
    }
    if columns.is_empty() {
        wanted.push("*".to_owned());
    }
    let sql = format!("SELECT {} FROM {}.{}", wanted.join(", "), quote(database), quote(table));
    let rows = wire.rows(&sql).await?;
    Ok(ForeignRows { columns, rows })
}
