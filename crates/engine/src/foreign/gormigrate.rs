//! gormigrate's `migrations (id)`: the ids of the steps that ran, which are functions in Go and have no files. `SCHEMA_INIT` is its
//! own mark.

use driftlock_database::ForeignRows;

use super::{Taken, TakenEntry, Which, each};

pub(super) fn read(rows: &ForeignRows) -> Result<Taken, String> {
    let mut ids: Vec<&str> = each(rows).map(|row| row.text("id")).collect::<Result<_, _>>()?;
    ids.retain(|id| *id != "SCHEMA_INIT");
    ids.sort_unstable();
    let entries = ids.into_iter().map(|id| TakenEntry::of(Which::Named(id.to_owned()))).collect();
    Ok(Taken { entries, ..Taken::default() })
}
