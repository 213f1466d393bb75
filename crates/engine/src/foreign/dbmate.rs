//! dbmate's `schema_migrations (version)`: the versions that are applied, and nothing else.

use driftlock_database::ForeignRows;

use super::{Taken, TakenEntry, Which, each};

pub(super) fn read(rows: &ForeignRows) -> Result<Taken, String> {
    let mut versions: Vec<&str> = each(rows).map(|row| row.text("version")).collect::<Result<_, _>>()?;
    versions.sort_unstable();
    let entries = versions.into_iter().map(|version| TakenEntry::of(Which::version(version))).collect();
    Ok(Taken { entries, ..Taken::default() })
}
