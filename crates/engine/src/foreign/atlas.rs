//! Atlas's `atlas_schema_revisions`: a row a file, with how many of its statements were applied (`applied`, `total`), the error if one
//! failed, and the file's hash out of `atlas.sum`. `type` has 1 for a baseline, 2 for what ran, 4 for what was set by hand. Rows whose
//! version begins with `.` are its own.

use driftlock_database::ForeignRows;

use super::{Checksum, Taken, TakenEntry, Which, each};

/// The bit of `type` that marks a baseline.
const BASELINE: i64 = 1;

pub(super) fn read(rows: &ForeignRows) -> Result<Taken, String> {
    let mut taken = Taken::default();
    for row in each(rows) {
        let version = row.text("version")?;
        if version.starts_with('.') {
            continue;
        }
        let (applied, total) = (row.number("applied")?, row.number("total")?);
        let error = row.get("error").filter(|error| !error.is_empty());
        if applied < total || error.is_some() {
            let why = error.map(|error| format!(" ({error})")).unwrap_or_default();
            taken.unfinished.push(format!(
                "of version {version} {applied} of {total} statements were applied{why}: correct the file and let `atlas migrate apply` \
                 finish it, or finish it by hand and say so with `atlas migrate set`"
            ));
            continue;
        }
        let is_baseline = row.number("type").is_ok_and(|kind| kind & BASELINE != 0);
        let which = if is_baseline { Which::UpTo(version.to_owned()) } else { Which::version(version) };
        taken.entries.push(TakenEntry {
            name: row.get("description").map(str::to_owned),
            at: row.time("executed_at"),
            duration: row.nanoseconds("execution_time"),
            checksum: row
                .get("hash")
                .filter(|hash| !hash.is_empty() && !is_baseline)
                .map(|hash| Checksum::Atlas(hash.to_owned())),
            ..TakenEntry::of(which)
        });
    }
    taken.entries.sort_by_key(|entry| entry.at);
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foreign::rows;

    #[test]
    fn tells_done_from_half_done() {
        let columns = ["version", "type", "applied", "total", "executed_at", "error", "hash"];
        let table = rows(
            &columns,
            &[
                &[Some(".atlas_cloud_identifier"), Some("2"), Some("0"), Some("0"), None, None, None],
                &[Some("1"), Some("1"), Some("0"), Some("0"), Some("2024-05-01 09:01:00"), None, Some("")],
                &[Some("2"), Some("2"), Some("1"), Some("1"), Some("2024-05-01 09:02:00"), Some(""), Some("aGFzaA==")],
                &[Some("3"), Some("2"), Some("1"), Some("2"), Some("2024-05-01 09:03:00"), Some("no such table"), None],
            ],
        );
        let taken = read(&table).unwrap();
        assert_eq!(taken.entries[0].which, Which::UpTo("1".to_owned()));
        assert_eq!(taken.entries[1].checksum, Some(Checksum::Atlas("aGFzaA==".to_owned())));
        assert!(taken.unfinished[0].contains("1 of 2 statements were applied (no such table)"));
    }
}
