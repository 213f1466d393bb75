//! What SQLite changes whenever a schema changes.

use std::path::Path;
use std::time::SystemTime;

use driftlock_database::ChangeMarks;
use rusqlite::Connection;

use crate::error::Fault;

/// The schema's number, which SQLite raises with each change of it, and which file it is that has it.
///
/// Alone it could mislead: a copy that was put in the file's place has a number of its own past. So it counts together with the time at which the
/// file was last changed in any way, which nobody can set back; a file that only had rows written is read once more for that.
pub(crate) fn read(connection: &Connection, path: &Path) -> Result<Option<ChangeMarks>, Fault> {
    let version: i64 = connection.query_row("PRAGMA main.schema_version", [], |row| row.get(0))?;
    let Ok(found) = std::fs::metadata(path) else { return Ok(None) };
    let made = found.created().map_or_else(|_| "-".to_owned(), since_epoch);
    let (file, changed) = identity(&found);
    Ok(Some(ChangeMarks {
        database: format!("{} {file} {made}", path.display()),
        marks: format!("schema_version {version}, changed {changed}, {} bytes", found.len()),
    }))
}

/// Which file it is, and when it was last changed.
#[cfg(unix)]
fn identity(found: &std::fs::Metadata) -> (String, String) {
    use std::os::unix::fs::MetadataExt as _;
    (format!("{}:{}", found.dev(), found.ino()), format!("{}.{:09}", found.ctime(), found.ctime_nsec()))
}

/// The same, as far as the standard library tells.
#[cfg(not(unix))]
fn identity(found: &std::fs::Metadata) -> (String, String) {
    ("-".to_owned(), found.modified().map_or_else(|_| "-".to_owned(), since_epoch))
}

fn since_epoch(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{}.{:09}", since.as_secs(), since.subsec_nanos())
}
