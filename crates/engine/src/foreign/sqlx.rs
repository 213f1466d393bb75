//! sqlx's `_sqlx_migrations (version, description, installed_on, success, checksum, execution_time)`: the checksum is SHA-384 of the
//! file, the time that it took in nanoseconds. `success` is false while a script runs that is no transaction, and stays so when it fails.

use driftlock_database::ForeignRows;

use super::{Checksum, Taken, TakenEntry, Which, each};

pub(super) fn read(rows: &ForeignRows) -> Result<Taken, String> {
    let mut taken = Taken::default();
    for row in each(rows) {
        let version = row.text("version")?;
        if !row.flag("success")? {
            taken.unfinished.push(format!(
                "version {version} failed half-way (`success` is false): look at what of it is there, finish or undo it by hand, and then \
                 set `success` in its row, or delete the row"
            ));
            continue;
        }
        let checksum = row.text("checksum")?;
        taken.entries.push(TakenEntry {
            name: row.get("description").map(str::to_owned),
            at: row.time("installed_on"),
            duration: row.nanoseconds("execution_time"),
            checksum: Some(Checksum::Sqlx(checksum.strip_prefix("\\x").unwrap_or(checksum).to_lowercase())),
            ..TakenEntry::of(Which::version(version))
        });
    }
    taken.entries.sort_by_key(|entry| entry.at);
    Ok(taken)
}
