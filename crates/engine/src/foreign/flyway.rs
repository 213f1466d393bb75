//! Flyway's `flyway_schema_history`: a row each time something was applied, by `installed_rank`. `type` tells what: `SQL`, `JDBC`, …;
//! `BASELINE` (all up to its version were there before), `SQL_BASELINE` (a `B` file ran), `UNDO_SQL` (undone), `DELETE` (taken off the
//! record by `repair`), `SCHEMA` (Flyway made the schema). What has no version is repeatable.

use std::time::Duration;

use driftlock_database::ForeignRows;

use super::{Checksum, Taken, TakenEntry, Which, each};

pub(super) fn read(rows: &ForeignRows) -> Result<Taken, String> {
    let mut all = Vec::new();
    for row in each(rows) {
        all.push((row.number("installed_rank")?, row));
    }
    all.sort_by_key(|(rank, _)| *rank);
    let mut taken = Taken::default();
    for (_, row) in all {
        let kind = row.text("type")?;
        let script = row.get("script").unwrap_or_default();
        let name = name_of(script);
        let which = match (row.get("version"), kind) {
            _ if kind == "SCHEMA" => continue,
            (Some(version), "BASELINE") => Which::UpTo(version.to_owned()),
            (Some(version), kind) if kind.ends_with("_BASELINE") => Which::version(format!("B{version}")),
            (Some(version), _) => Which::version(version),
            (None, _) => Which::version(format!("R__{name}")),
        };
        if kind == "DELETE" || kind.starts_with("UNDO") {
            taken.entries.retain(|entry| entry.which != which);
            continue;
        }
        if !row.flag("success")? {
            taken.unfinished.push(format!(
                "`{script}` failed: undo by hand what it left, and take it off Flyway's record with `flyway repair`"
            ));
            continue;
        }
        let checksum = match row.get("checksum") {
            Some(text) => Some(text.parse().map_err(|_| format!("`{text}` in the column `checksum` is no number"))?),
            None => None,
        };
        taken.entries.retain(|entry| entry.which != which);
        taken.entries.push(TakenEntry {
            name: (!name.is_empty()).then(|| name.to_owned()),
            at: row.time("installed_on"),
            duration: row
                .number("execution_time")
                .ok()
                .and_then(|millis| u64::try_from(millis).ok())
                .map(Duration::from_millis),
            checksum: checksum.filter(|_| kind == "SQL" || kind == "SQL_BASELINE").map(Checksum::Flyway),
            by: row.get("installed_by").map(str::to_owned),
            ..TakenEntry::of(which)
        });
    }
    Ok(taken)
}

/// What stands behind `__` in a script's name: `V1__create_users.sql` is in the table with its folder.
fn name_of(script: &str) -> &str {
    let file = script.rsplit('/').next().unwrap_or(script);
    let stem = file.strip_suffix(".sql").unwrap_or(file);
    stem.split_once("__").map_or("", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foreign::rows;

    #[test]
    fn follows_what_was_applied_undone_and_repeated() {
        let columns = ["installed_rank", "version", "type", "script", "checksum", "installed_by", "success"];
        let row = |rank, version, kind, script, checksum, success| {
            [rank, version, kind, script, checksum, Some("ada"), success]
        };
        let table = [
            row(Some("1"), Some("1"), Some("BASELINE"), Some("<< Flyway Baseline >>"), None, Some("1")),
            row(Some("2"), Some("2"), Some("SQL"), Some("sub/V2__a_b.sql"), Some("-5"), Some("t")),
            row(Some("3"), Some("3"), Some("SQL"), Some("V3__c.sql"), Some("6"), Some("1")),
            row(Some("4"), None, Some("SQL"), Some("R__views.sql"), Some("7"), Some("1")),
            row(Some("5"), Some("3"), Some("UNDO_SQL"), Some("U3__c.sql"), Some("8"), Some("1")),
            row(Some("6"), None, Some("SQL"), Some("R__views.sql"), Some("9"), Some("1")),
            row(Some("7"), Some("4"), Some("SQL"), Some("V4__d.sql"), Some("1"), Some("0")),
        ];
        let table: Vec<&[Option<&str>]> = table.iter().map(<[Option<&str>; 7]>::as_slice).collect();
        let taken = read(&rows(&columns, &table)).unwrap();
        let found: Vec<_> = taken.entries.iter().map(|entry| (&entry.which, entry.checksum.clone())).collect();
        assert_eq!(
            found,
            [
                (&Which::UpTo("1".to_owned()), None),
                (&Which::version("2"), Some(Checksum::Flyway(-5))),
                (&Which::version("R__views"), Some(Checksum::Flyway(9))),
            ]
        );
        assert_eq!(taken.entries[1].name.as_deref(), Some("a_b"));
        assert!(taken.unfinished[0].starts_with("`V4__d.sql` failed"));
    }
}
