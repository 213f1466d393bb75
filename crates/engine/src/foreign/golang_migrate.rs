//! golang-migrate's `schema_migrations (version, dirty)`: one row with the version that the database is at (-1 for none), and
//! whether its script failed. Which older versions ran is not kept: all of them, by its rule.

use driftlock_database::ForeignRows;

use super::{Taken, TakenEntry, Which, each};

pub(super) fn read(rows: &ForeignRows) -> Result<Taken, String> {
    let mut taken = Taken::default();
    let mut versions = Vec::new();
    for row in each(rows) {
        let version = row.text("version")?;
        if row.flag("dirty")? {
            taken.unfinished.push(format!(
                "version {version} is dirty: its script failed, and golang-migrate doesn't know how much of it ran; look at the database, \
                 finish or undo that script by hand, and say which version it is at with `migrate force VERSION`"
            ));
        } else if row.number("version").is_ok_and(|number| number < 0) {
            taken.notes.push("golang-migrate's table says that nothing is applied".to_owned());
        } else {
            versions.push(version);
        }
    }
    match versions.as_slice() {
        [] => {}
        [version] => taken.entries.push(TakenEntry::of(Which::UpTo((*version).to_owned()))),
        several => return Err(format!("it has {} rows, and golang-migrate keeps one", several.len())),
    }
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foreign::rows;

    #[test]
    fn takes_all_up_to_its_one_version() {
        let read = |of: &[&[Option<&str>]]| read(&rows(&["version", "dirty"], of));
        let taken = read(&[&[Some("7"), Some("f")]]).unwrap();
        assert_eq!(taken.entries, [TakenEntry::of(Which::UpTo("7".to_owned()))]);
        assert!(read(&[&[Some("7"), Some("1")]]).unwrap().unfinished[0].contains("version 7 is dirty"));
        assert_eq!(read(&[]), Ok(Taken::default()));
        assert!(read(&[&[Some("-1"), Some("0")]]).unwrap().entries.is_empty());
        assert!(read(&[&[Some("1"), Some("0")], &[Some("2"), Some("0")]]).is_err());
    }
}
