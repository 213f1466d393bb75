//! A connection's settings: what a script changed is put back before the next one.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use rusqlite::{Connection, Result};

/// What can be read and set again. `page_size` and its like are the file's, not the session's; `journal_mode` is either, see [`JOURNAL`].
const FLAGS: &[&str] = &[
    "analysis_limit",
    "automatic_index",
    "cache_size",
    "cache_spill",
    "cell_size_check",
    "checkpoint_fullfsync",
    "count_changes",
    "defer_foreign_keys",
    "empty_result_callbacks",
    "foreign_keys",
    "full_column_names",
    "fullfsync",
    "hard_heap_limit",
    "ignore_check_constraints",
    "journal_size_limit",
    "legacy_alter_table",
    "locking_mode",
    "max_page_count",
    "mmap_size",
    "query_only",
    "read_uncommitted",
    "recursive_triggers",
    "reverse_unordered_selects",
    "secure_delete",
    "short_column_names",
    "soft_heap_limit",
    "synchronous",
    "temp_store",
    "threads",
    "trusted_schema",
    "wal_autocheckpoint",
];

/// How the journal is kept: the connection's own, but for `wal`, which is the file's.
const JOURNAL: &str = "journal_mode";

/// How the session was before a script touched it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Baseline {
    settings: BTreeMap<&'static str, String>,
    /// Whether `LIKE` tells cases apart: no setting says it.
    tells_cases: bool,
    /// What lives in the `temp` schema: kind and name.
    temporary: Vec<(String, String)>,
    /// Databases that are attached: file and name.
    attached: Vec<(String, String)>,
}

impl Baseline {
    /// Reads every setting. Works inside a transaction too.
    pub(crate) fn read(connection: &Connection) -> Result<Self> {
        let mut values = BTreeMap::new();
        for name in FLAGS.iter().chain([&JOURNAL]) {
            // A build of SQLite without a setting answers with no row.
            if let Some(value) = get(connection, name)? {
                values.insert(*name, value);
            }
        }
        Ok(Baseline {
            settings: values,
            tells_cases: tells_cases(connection)?,
            temporary: temporary(connection)?,
            attached: attached(connection)?,
        })
    }

    /// Puts back what differs. Outside of a transaction only.
    pub(crate) fn restore(&self, connection: &Connection) -> Result<()> {
        // First what would keep the rest from working. `RESET` reads the schema again, whatever was written into it.
        connection.execute_batch("PRAGMA query_only = OFF; PRAGMA writable_schema = RESET;")?;
        // It would put SQLite's own function in the place of one that a lender may have given.
        if tells_cases(connection)? != self.tells_cases {
            connection.execute_batch(&format!("PRAGMA case_sensitive_like = {}", self.tells_cases))?;
        }
        self.drop_temporary(connection)?;
        self.detach(connection)?;
        for (name, value) in &self.settings {
            let now = get(connection, name)?;
            let is_the_files = *name == JOURNAL && (value == "wal" || now.as_deref() == Some("wal"));
            if now.as_ref() != Some(value) && !is_the_files {
                // Some answer with a row: it is read.
                let mut set = connection.prepare(&format!("PRAGMA {name} = {value}"))?;
                let mut rows = set.raw_query();
                while rows.next()?.is_some() {}
            }
        }
        Ok(())
    }

    /// Drops what a script left in the `temp` schema: triggers first, since they hang on the rest.
    fn drop_temporary(&self, connection: &Connection) -> Result<()> {
        for (kind, name) in temporary(connection)?.iter().filter(|it| !self.temporary.contains(it)) {
            // A virtual table takes its shadow tables with it, so some may be gone already.
            connection.execute_batch(&format!("DROP {kind} IF EXISTS temp.{}", quote(name)))?;
        }
        Ok(())
    }

    /// Detaches what a script attached, and attaches again what it detached.
    fn detach(&self, connection: &Connection) -> Result<()> {
        let now = attached(connection)?;
        for (_, name) in now.iter().filter(|it| !self.attached.contains(it)) {
            connection.execute_batch(&format!("DETACH {}", quote(name)))?;
        }
        for (file, name) in self.attached.iter().filter(|it| !now.contains(it)) {
            connection.execute(&format!("ATTACH ?1 AS {}", quote(name)), [file])?;
        }
        Ok(())
    }
}

fn tells_cases(connection: &Connection) -> Result<bool> {
    connection.query_row("SELECT 'A' NOT LIKE 'a'", [], |row| row.get(0))
}

fn get(connection: &Connection, name: &str) -> Result<Option<String>> {
    let mut statement = connection.prepare(&format!("PRAGMA {name}"))?;
    let mut rows = statement.raw_query();
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(match row.get::<_, Value>(0)? {
        Value::Integer(number) => Some(number.to_string()),
        Value::Text(text) => Some(text),
        Value::Null | Value::Real(_) | Value::Blob(_) => None,
    })
}

/// What lives in the `temp` schema, triggers first: kind and name.
fn temporary(connection: &Connection) -> Result<Vec<(String, String)>> {
    names(
        connection,
        "SELECT upper(type), name FROM sqlite_temp_master \
         WHERE type IN ('trigger', 'view', 'table') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
         ORDER BY CASE type WHEN 'trigger' THEN 1 WHEN 'view' THEN 2 ELSE 3 END",
    )
}

fn attached(connection: &Connection) -> Result<Vec<(String, String)>> {
    names(connection, "SELECT coalesce(file, ''), name FROM pragma_database_list WHERE name NOT IN ('main', 'temp')")
}

fn names(connection: &Connection, query: &str) -> Result<Vec<(String, String)>> {
    connection.prepare(query)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// A name as SQL text.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_back_every_setting_that_can_be_read() {
        let connection = Connection::open_in_memory().unwrap();
        let before = Baseline::read(&connection).unwrap();
        assert!(before.settings.len() > 20, "{before:?}");
        connection
            .execute_batch(
                "PRAGMA legacy_alter_table = ON; PRAGMA recursive_triggers = ON; PRAGMA cache_size = -123;
                 PRAGMA synchronous = OFF; PRAGMA ignore_check_constraints = ON; PRAGMA reverse_unordered_selects = ON;
                 PRAGMA case_sensitive_like = ON; CREATE TEMP TABLE \"t\"\"x\" (a);
                 CREATE TEMP VIEW v AS SELECT 1; ATTACH ':memory:' AS \"other \"\"one\"; PRAGMA query_only = ON;",
            )
            .unwrap();
        assert_ne!(Baseline::read(&connection).unwrap(), before);
        before.restore(&connection).unwrap();
        assert_eq!(Baseline::read(&connection).unwrap(), before);
        let left: i64 = connection.query_row("SELECT count(*) FROM sqlite_temp_master", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0);
        let like: bool = connection.query_row("SELECT 'A' LIKE 'a'", [], |row| row.get(0)).unwrap();
        assert!(like);
        let databases: i64 = connection
            .query_row("SELECT count(*) FROM pragma_database_list WHERE name NOT IN ('main', 'temp')", [], |row| {
                row.get(0)
            })
            .unwrap();
        assert_eq!(databases, 0);
    }
}
