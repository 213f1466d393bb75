//! refinery's `refinery_schema_history (version, name, applied_on, checksum)`: times as RFC 3339 text, the checksum as the text of an
//! unsigned 64-bit number.

use driftlock_database::ForeignRows;

use super::{Checksum, Taken, TakenEntry, Which, each};

pub(super) fn read(rows: &ForeignRows) -> Result<Taken, String> {
    let mut taken = Taken::default();
    for row in each(rows) {
        let checksum = row.text("checksum")?;
        let number = checksum.parse().map_err(|_| format!("`{checksum}` in the column `checksum` is no number"))?;
        taken.entries.push(TakenEntry {
            name: row.get("name").map(str::to_owned),
            at: row.time("applied_on"),
            checksum: Some(Checksum::Refinery(number)),
            ..TakenEntry::of(Which::version(row.text("version")?))
        });
    }
    taken.entries.sort_by_key(|entry| entry.at);
    Ok(taken)
}
