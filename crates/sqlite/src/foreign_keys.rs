//! Rows whose foreign keys point nowhere: counted before a commit, since foreign keys are off while scripts run.

use std::collections::BTreeMap;

use driftlock_database::{Error, ServerError};
use rusqlite::{Connection, Result, ffi};

use crate::codes;
use crate::error::extended_code;
use crate::settings::quote;

/// Violations by foreign key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Violations(BTreeMap<Key, Vec<Option<i64>>>);

/// One foreign key. Its number would change when another is added to the table, its columns don't.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    table: String,
    parent: String,
    /// The child's columns, or SQLite's complaint about the whole key (its parent has no such unique columns).
    columns: String,
}

/// Whether there is any violation, or a foreign key that can't be checked.
pub(crate) fn any(connection: &Connection) -> Result<bool> {
    let mut check = connection.prepare("PRAGMA main.foreign_key_check");
    let found = match &mut check {
        Ok(check) => check.raw_query().next().map(|row| row.is_some()),
        Err(_) => return is_mismatch(check.err()).map(|()| true),
    };
    match found {
        Ok(found) => Ok(found),
        Err(error) => is_mismatch(Some(error)).map(|()| true),
    }
}

/// SQLite gives up the whole check at a foreign key whose parent lacks its columns: that is a finding, not a failure.
fn is_mismatch(error: Option<rusqlite::Error>) -> Result<()> {
    match error {
        Some(error) if extended_code(&error) != ffi::SQLITE_ERROR => Err(error),
        _ => Ok(()),
    }
}

/// Every violation, table by table.
pub(crate) fn all(connection: &Connection) -> Result<Violations> {
    let tables: Vec<String> = connection
        .prepare("SELECT name FROM main.sqlite_master WHERE type = 'table' AND instr(upper(sql), 'REFERENCES') > 0")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_>>()?;
    let mut found = Violations::default();
    for table in tables {
        if let Err(error) = check(connection, &table, &mut found) {
            let complaint = error.to_string();
            is_mismatch(Some(error))?;
            let key = Key { table, parent: String::new(), columns: complaint };
            found.0.insert(key, vec![None]);
        }
    }
    Ok(found)
}

fn check(connection: &Connection, table: &str, found: &mut Violations) -> Result<()> {
    let mut columns: BTreeMap<i64, String> = BTreeMap::new();
    let mut check = connection.prepare(&format!("PRAGMA main.foreign_key_check({})", quote(table)))?;
    let mut rows = check.raw_query();
    while let Some(row) = rows.next()? {
        if columns.is_empty() {
            let mut list = connection.prepare(
                "SELECT id, group_concat(\"from\", ', ') FROM \
                 (SELECT id, \"from\" FROM pragma_foreign_key_list(?1, 'main') ORDER BY id, seq) GROUP BY id",
            )?;
            columns = list.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_>>()?;
        }
        let number: i64 = row.get(3)?;
        let key = Key {
            table: row.get(0)?,
            parent: row.get(2)?,
            columns: columns.get(&number).cloned().unwrap_or_else(|| number.to_string()),
        };
        found.0.entry(key).or_default().push(row.get(1)?);
    }
    Ok(())
}

impl Violations {
    /// What is here and was not there before. Rows of tables without row numbers are counted.
    pub(crate) fn since(&self, before: &Violations) -> Violations {
        let mut new = BTreeMap::new();
        for (key, rows) in &self.0 {
            let mut old = before.0.get(key).cloned().unwrap_or_default();
            old.sort_unstable();
            let unnumbered = old.iter().filter(|row| row.is_none()).count();
            let numbered = rows.iter().filter(|row| row.is_some() && old.binary_search(row).is_err());
            let more = rows.iter().filter(|row| row.is_none()).skip(unnumbered);
            let rows: Vec<Option<i64>> = numbered.chain(more).copied().collect();
            if !rows.is_empty() {
                new.insert(key.clone(), rows);
            }
        }
        Violations(new)
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The refusal that these are a reason for.
    pub(crate) fn refusal(&self) -> Error {
        let count: usize = self.0.values().map(Vec::len).sum();
        let mut lines = Vec::new();
        for (key, rows) in &self.0 {
            if key.parent.is_empty() {
                lines.push(key.columns.clone());
                continue;
            }
            let numbers: Vec<String> = rows.iter().flatten().take(5).map(i64::to_string).collect();
            let place = match numbers.as_slice() {
                [] => String::new(),
                [one] => format!(", row {one}"),
                some => format!(", rows {}", some.join(", ")),
            };
            let more = if numbers.len() < rows.len() && !numbers.is_empty() { ", …" } else { "" };
            lines.push(format!(
                "table \"{}\"{place}{more}: {} of column {} without a row in \"{}\"",
                key.table,
                if rows.len() == 1 { "one value".to_owned() } else { format!("{} values", rows.len()) },
                key.columns,
                key.parent
            ));
        }
        let rest = lines.len().saturating_sub(10);
        lines.truncate(10);
        if rest > 0 {
            lines.push(format!("and {rest} more foreign keys"));
        }
        Error::Server(Box::new(ServerError {
            code: codes::named(ffi::SQLITE_CONSTRAINT_FOREIGNKEY),
            message: format!(
                "the script would leave {count} new foreign key violation{}, so it was rolled back: {}",
                if count == 1 { "" } else { "s" },
                lines.join("; ")
            ),
            hint: Some(
                "foreign keys are off while scripts run; `PRAGMA foreign_key_check` lists the rows: add the missing \
                 parents, or delete or correct the rows in the script"
                    .to_owned(),
            ),
            ..ServerError::default()
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_new_violations_from_old_ones() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "PRAGMA foreign_keys = OFF;
                 CREATE TABLE p (id INTEGER PRIMARY KEY, u);
                 CREATE TABLE c (id INTEGER PRIMARY KEY, p REFERENCES p);
                 CREATE TABLE w (a PRIMARY KEY, p REFERENCES p) WITHOUT ROWID;
                 INSERT INTO c VALUES (1, 9); INSERT INTO w VALUES ('x', 9);",
            )
            .unwrap();
        let before = all(&connection).unwrap();
        assert!(any(&connection).unwrap());
        assert!(all(&connection).unwrap().since(&before).is_empty());

        // Another foreign key changes the numbers of the old ones; that is no violation.
        connection.execute_batch("ALTER TABLE c ADD COLUMN other REFERENCES p").unwrap();
        assert!(all(&connection).unwrap().since(&before).is_empty());

        connection.execute_batch("INSERT INTO c VALUES (2, 8, NULL); INSERT INTO w VALUES ('y', 8)").unwrap();
        let new = all(&connection).unwrap().since(&before);
        assert_eq!(new.0.values().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
        let text = new.refusal().to_string();
        assert!(text.contains("2 new") && text.contains("table \"c\", row 2") && text.contains("in \"p\""), "{text}");

        // A key whose parent has no such unique column can't be checked: found, and the others are found beside it.
        connection.execute_batch("CREATE TABLE m (a REFERENCES p (u)); INSERT INTO m VALUES (1)").unwrap();
        assert!(any(&connection).unwrap());
        let with_mismatch = all(&connection).unwrap();
        assert_eq!(with_mismatch.since(&before).0.len(), 3);
        assert!(with_mismatch.since(&before).refusal().to_string().contains("mismatch"));
        assert!(all(&connection).unwrap().since(&with_mismatch).is_empty());
    }
}
