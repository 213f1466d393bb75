//! What is in a database that driftlock has not migrated yet.

use driftlock_database::{ForeignHistory, ForeignRows, Surroundings, foreign_tables, foreign_tool};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::error::Fault;
use crate::settings::quote;
use crate::tables::Tables;

/// Looks at the names of tables, and at the columns of those that may be a history.
pub(crate) fn look(connection: &Connection, tables: &Tables) -> Result<Surroundings, Fault> {
    let own = tables.plain_names();
    let mut objects = connection.prepare(
        "SELECT type, name FROM main.sqlite_master \
         WHERE type IN ('table', 'view', 'trigger') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )?;
    let mut rows = objects.raw_query();
    let mut found = Surroundings::default();
    while let Some(row) = rows.next()? {
        let (kind, name): (String, String) = (row.get(0)?, row.get(1)?);
        if own.iter().any(|own| own.eq_ignore_ascii_case(&name)) {
            continue;
        }
        found.objects += 1;
        if kind != "table" || !foreign_tables().any(|table| table.eq_ignore_ascii_case(&name)) {
            continue;
        }
        let columns: Vec<String> = connection
            .prepare("SELECT name FROM pragma_table_info(?1, 'main')")?
            .query_map([&name], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        if let Some(tool) = foreign_tool(&name, &columns) {
            found.foreign_histories.push(ForeignHistory { tool, table: name });
        }
    }
    Ok(found)
}

/// The rows of another tool's table.
pub(crate) fn foreign_rows(connection: &Connection, table: &str) -> Result<ForeignRows, Fault> {
    let mut select = connection.prepare(&format!("SELECT * FROM main.{}", quote(table)))?;
    let columns: Vec<String> = select.column_names().map(str::to_lowercase).collect();
    let value = |value: ValueRef<'_>| match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Some(bytes.iter().fold("\\x".to_owned(), |text, byte| text + &format!("{byte:02x}"))),
    };
    let mut found = select.raw_query();
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        rows.push((0..columns.len()).map(|at| Ok(value(row.get_ref(at)?))).collect::<Result<_, rusqlite::Error>>()?);
    }
    Ok(ForeignRows { columns, rows })
}
