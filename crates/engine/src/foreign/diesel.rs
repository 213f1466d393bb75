//! Diesel's `__diesel_schema_migrations (version, run_on)`: the versions that are applied, without dashes, and when.

use driftlock_database::ForeignRows;

use super::{Taken, TakenEntry, Which, each};

pub(super) fn read(rows: &ForeignRows) -> Result<Taken, String> {
    let mut entries = Vec::new();
    for row in each(rows) {
        entries.push((row.text("version")?, row.time("run_on")));
    }
    entries.sort_by_key(|(version, at)| (*at, *version));
    let entry = |(version, at)| TakenEntry { at, ..TakenEntry::of(Which::version(version)) };
    Ok(Taken { entries: entries.into_iter().map(entry).collect(), ..Taken::default() })
}
