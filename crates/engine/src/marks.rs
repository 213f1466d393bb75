//! What a database's own change marks stood for when it was last read, kept on this machine.
//!
//! An engine changes its marks whenever a schema changes. Marks that are as they were stand for the reading that they stood for; any other, none, or
//! a file that can't be read cost a full reading and nothing else. A file of the cache is written whole or not at all, and bears a checksum.
//! Whoever may write the cache may lie to its owner, as with every file of theirs.

use std::path::{Path, PathBuf};

use driftlock_database::{ChangeMarks, Unmodelled};
use driftlock_schema::{Filter, Fingerprint};
use serde::{Deserialize, Serialize};

use crate::Variables;

/// Where readings are remembered on this machine: `$XDG_CACHE_HOME/driftlock`, else `~/.cache/driftlock`; on Windows `%LOCALAPPDATA%\driftlock`.
#[must_use]
pub fn cache_folder(variables: &Variables) -> Option<PathBuf> {
    let folder = |name: &str| variables.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = folder("XDG_CACHE_HOME")
        .or_else(|| folder("HOME").map(|home| home.join(".cache")))
        .or_else(|| folder("LOCALAPPDATA"));
    cache.map(|cache| cache.join("driftlock"))
}

/// What was read when the marks were these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Remembered {
    /// The fingerprint of what the filter takes.
    pub(crate) fingerprint: Fingerprint,
    /// What has no place in a schema.
    pub(crate) unmodelled: Vec<Unmodelled>,
}

/// The file of one database, looked at through one filter by one version of this program.
#[derive(Debug)]
pub(crate) struct Memory {
    path: PathBuf,
    key: Fingerprint,
}

/// As it stands in the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    key: Fingerprint,
    marks: String,
    read: Remembered,
    checksum: Fingerprint,
}

impl Memory {
    /// For a database as it names itself. `filters` are all that stand between it and what is read.
    pub(crate) fn new(folder: &Path, engine: &str, database: &str, filters: &[&Filter]) -> Self {
        let mut said = Vec::new();
        let mut say = |text: &str| {
            said.extend_from_slice(&(text.len() as u64).to_le_bytes());
            said.extend_from_slice(text.as_bytes());
        };
        for text in [env!("CARGO_PKG_VERSION"), engine, database] {
            say(text);
        }
        for filter in filters {
            for rules in [filter.included(), filter.excluded()] {
                say(&rules.len().to_string());
                rules.iter().for_each(|rule| say(rule));
            }
        }
        let key = Fingerprint::of(&said);
        Memory { path: folder.join(format!("{key}.json")), key }
    }

    /// What was read when the marks were these, where that is known.
    pub(crate) fn recall(&self, marks: &ChangeMarks) -> Option<Remembered> {
        let text = std::fs::read(&self.path).ok()?;
        let written: Written = serde_json::from_slice(&text).ok()?;
        let is_ours = written.key == self.key && written.marks == marks.marks;
        (is_ours && written.checksum == self.checksum(&written.marks, &written.read)).then_some(written.read)
    }

    /// Keeps what was read while the marks were these. A machine that can't keep it reads again.
    pub(crate) fn remember(&self, marks: &ChangeMarks, read: Remembered) {
        let checksum = self.checksum(&marks.marks, &read);
        let written = Written { key: self.key, marks: marks.marks.clone(), read, checksum };
        let (Ok(text), Some(folder)) = (serde_json::to_vec(&written), self.path.parent()) else { return };
        let beside = self.path.with_extension(format!("{}.{}", std::process::id(), fastrand::u64(..)));
        let kept = std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&beside, text))
            .and_then(|()| std::fs::rename(&beside, &self.path));
        if kept.is_err() {
            let _ = std::fs::remove_file(&beside);
        }
    }

    fn checksum(&self, marks: &str, read: &Remembered) -> Fingerprint {
        let read = serde_json::to_string(read).unwrap_or_default();
        Fingerprint::of(format!("{} {} {marks} {read}", self.key, marks.len()).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(marks: &str) -> ChangeMarks {
        ChangeMarks { database: "a".to_owned(), marks: marks.to_owned() }
    }

    fn read(text: &str) -> Remembered {
        let unmodelled = vec![Unmodelled { object: "view:v".parse().unwrap(), reason: "broken".to_owned() }];
        Remembered { fingerprint: Fingerprint::of(text.as_bytes()), unmodelled }
    }

    #[test]
    fn other_marks_databases_filters_and_files_are_never_taken_for_these() {
        let folder = tempfile::tempdir().unwrap();
        let (all, less) = (Filter::new(), Filter::new().exclude("a".parse().unwrap()));
        let memory = |database: &str, filters: &[&Filter]| Memory::new(folder.path(), "sqlite", database, filters);
        let one = memory("a", &[&all]);
        assert_eq!(one.recall(&marks("1")), None);
        one.remember(&marks("1"), read("x"));
        assert_eq!(one.recall(&marks("1")), Some(read("x")));
        assert_eq!(one.recall(&marks("2")), None);
        for other in [memory("b", &[&all]), memory("a", &[&less]), memory("a", &[&all, &less]), memory("a", &[])] {
            assert_eq!(other.recall(&marks("1")), None);
            // A file that was put in its place is another database's.
            std::fs::copy(&one.path, &other.path).unwrap();
            assert_eq!(other.recall(&marks("1")), None);
        }
        one.remember(&marks("2"), read("y"));
        assert_eq!((one.recall(&marks("1")), one.recall(&marks("2"))), (None, Some(read("y"))));
    }

    #[test]
    fn damage_costs_a_reading_and_never_gives_another_answer() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::new(folder.path(), "sqlite", "a", &[]);
        memory.remember(&marks("1"), read("x"));
        let whole = std::fs::read(&memory.path).unwrap();
        for at in 0..whole.len() {
            std::fs::write(&memory.path, &whole[..at]).unwrap();
            assert_eq!(memory.recall(&marks("1")), None, "cut at {at}");
            let mut bytes = whole.clone();
            bytes[at] = bytes[at].wrapping_add(1);
            std::fs::write(&memory.path, &bytes).unwrap();
            assert!(memory.recall(&marks("1")).is_none_or(|it| it == read("x")), "byte {at}");
        }
        std::fs::remove_file(&memory.path).unwrap();
        std::fs::create_dir(&memory.path).unwrap();
        memory.remember(&marks("1"), read("x"));
        assert_eq!(memory.recall(&marks("1")), None);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside");
    }

    #[test]
    fn many_at_once_leave_one_that_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for n in 0..4 {
                let folder = folder.path();
                scope.spawn(move || {
                    let memory = Memory::new(folder, "sqlite", "a", &[]);
                    for at in 0..200 {
                        let text = format!("{n} {at}");
                        memory.remember(&marks(&text), read(&text));
                        if let Some(found) = memory.recall(&marks(&text)) {
                            assert_eq!(found, read(&text));
                        }
                    }
                });
            }
        });
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_folder_is_where_caches_are() {
        let at = |pairs: &[(&str, &str)]| cache_folder(&pairs.iter().copied().collect());
        assert_eq!(at(&[("HOME", "/home/a")]), Some(PathBuf::from("/home/a/.cache/driftlock")));
        assert_eq!(at(&[("HOME", "/home/a"), ("XDG_CACHE_HOME", "/c")]), Some(PathBuf::from("/c/driftlock")));
        assert_eq!(at(&[("HOME", "/h"), ("XDG_CACHE_HOME", "relative")]), Some(PathBuf::from("/h/.cache/driftlock")));
        assert_eq!(at(&[]), None);
    }
}
