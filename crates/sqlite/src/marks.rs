//! What a SQLite file says its schema is, word for word.

use std::path::Path;

use driftlock_database::ChangeMarks;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use sha2::{Digest, Sha256};

use crate::error::Fault;

/// A digest of the statements that the file keeps, and of the settings that are read beside them.
///
/// SQLite raises `schema_version` with each change, but that number is a file's own: of a copy put in its place, or of one that was changed
/// otherwise as often, it says the same. The statements can't mislead. SQLite has read them anyway when it opens the file, and a digest of them
/// costs a fraction of what it takes to understand them. Rows that are written change nothing of it.
pub(crate) fn read(connection: &Connection, path: &Path) -> Result<Option<ChangeMarks>, Fault> {
    let mut digest = Sha256::new();
    let mut say = |text: &[u8]| {
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text);
    };
    let mut statements =
        connection.prepare("SELECT type, name, tbl_name, sql FROM main.sqlite_schema ORDER BY rowid")?;
    let mut rows = statements.query([])?;
    while let Some(row) = rows.next()? {
        for column in 0..4 {
            match row.get_ref(column)? {
                ValueRef::Text(text) | ValueRef::Blob(text) => say(text),
                ValueRef::Null => say(b"\0null"),
                ValueRef::Integer(number) => say(&number.to_le_bytes()),
                ValueRef::Real(number) => say(&number.to_le_bytes()),
            }
        }
    }
    let encoding: String = connection.query_row("PRAGMA main.encoding", [], |row| row.get(0))?;
    let application: i64 = connection.query_row("PRAGMA main.application_id", [], |row| row.get(0))?;
    let statements: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Some(ChangeMarks {
        database: path.display().to_string(),
        // Another version of the library has other modules.
        marks: format!(
            "SQLite {}, {encoding}, application {application}, statements {statements}",
            rusqlite::version()
        ),
    }))
}
