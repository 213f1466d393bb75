//! What became of a statement that nobody saw the end of, from SQLite's own account of the schema.
//!
//! Each statement of SQLite is atomic: its objects are as before, or as after it.

use driftlock_database::Probe;
use driftlock_script::{Dialect, raw_sha256, significant};
use rusqlite::Connection;

use crate::classify::{head, vacuum_target};
use crate::error::{Fault, identifier};

/// The digest of the catalog's rows on every object that a statement names, present or not. `None` for statements that make,
/// change or drop none.
pub(crate) fn digest(connection: Option<&Connection>, sql: &str) -> Result<Option<String>, Fault> {
    if !is_definition(sql) {
        return Ok(None);
    }
    let mut account = String::new();
    if let Some(connection) = connection {
        let named: std::collections::BTreeSet<String> = significant(sql, Dialect::Sqlite)
            .filter_map(|token| identifier(&token))
            .map(|name| name.to_ascii_lowercase())
            .collect();
        let mut catalog = connection
            .prepare("SELECT type, name, tbl_name, coalesce(sql, '') FROM main.sqlite_master ORDER BY type, name")?;
        let mut rows = catalog.raw_query();
        while let Some(row) = rows.next()? {
            let (kind, name, table, text): (String, String, String, String) =
                (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            if [&name, &table].into_iter().any(|name| named.contains(&name.to_ascii_lowercase())) {
                // Lengths keep two different accounts from being one text.
                for part in [kind, name, table, text] {
                    account.push_str(&format!("{}:{part}", part.len()));
                }
            }
        }
    }
    Ok(Some(raw_sha256(account.as_bytes())))
}

/// See [`driftlock_database::Session::probe`].
pub(crate) fn probe(connection: Option<&Connection>, sql: &str, before: Option<&str>) -> Result<Probe, Fault> {
    if let Some(now) = digest(connection, sql)? {
        return Ok(match before {
            Some(before) if before == now => Probe::NotRun,
            Some(_) => Probe::Done,
            None => Probe::Unknown("how its objects looked before it ran was not recorded".to_owned()),
        });
    }
    if let Some(path) = vacuum_target(sql)
        && std::path::Path::new(&path).exists()
    {
        return Ok(Probe::Unknown(format!(
            "the file {path} is there, and whether it is whole can't be seen: delete it, and run again"
        )));
    }
    let writes_rows = ["INSERT", "REPLACE", "UPDATE", "DELETE", "WITH"];
    Ok(match head(sql).first() {
        Some(first) if writes_rows.iter().any(|word| first.is(word)) => {
            Probe::Unknown("it changes rows, and whether it did can't be seen from them".to_owned())
        }
        // VACUUM, PRAGMA, ATTACH, ANALYZE, REINDEX: running it twice is running it once.
        _ => Probe::NotRun,
    })
}

fn is_definition(sql: &str) -> bool {
    head(sql).first().is_some_and(|first| ["CREATE", "DROP", "ALTER"].iter().any(|word| first.is(word)))
}
