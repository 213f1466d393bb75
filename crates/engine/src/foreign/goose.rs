//! goose's `goose_db_version (id, version_id, is_applied, tstamp)`: a row each time a version is applied; older versions of goose
//! add one with `is_applied` false when it is undone, newer ones delete it. Version 0 is the table's own mark.

use driftlock_database::ForeignRows;

use super::{Taken, TakenEntry, Which, each};

pub(super) fn read(rows: &ForeignRows) -> Result<Taken, String> {
    let mut all = Vec::new();
    for row in each(rows) {
        all.push((row.number("id")?, row.text("version_id")?, row.flag("is_applied")?, row.time("tstamp")));
    }
    all.sort_by_key(|(id, ..)| *id);
    let mut taken = Taken::default();
    for (_, version, is_applied, at) in all {
        if version == "0" {
            continue;
        }
        // The last row of a version counts.
        taken.entries.retain(|entry| entry.which != Which::version(version));
        if is_applied {
            taken.entries.push(TakenEntry { at, ..TakenEntry::of(Which::version(version)) });
        }
    }
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foreign::rows;

    #[test]
    fn the_last_row_of_a_version_counts() {
        let table = rows(
            &["id", "version_id", "is_applied", "tstamp"],
            &[
                &[Some("1"), Some("0"), Some("t"), Some("2024-05-01 09:00:00")],
                &[Some("4"), Some("2"), Some("f"), Some("2024-05-01 09:03:00")],
                &[Some("2"), Some("1"), Some("t"), Some("2024-05-01 09:01:00")],
                &[Some("3"), Some("2"), Some("t"), Some("2024-05-01 09:02:00")],
                &[Some("10"), Some("3"), Some("t"), None],
            ],
        );
        let taken = read(&table).unwrap();
        let versions: Vec<&Which> = taken.entries.iter().map(|entry| &entry.which).collect();
        assert_eq!(versions, [&Which::version("1"), &Which::version("3")]);
        assert!(taken.entries[0].at.is_some() && taken.entries[1].at.is_none());
    }
}
