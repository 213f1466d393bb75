//! How files, manifest and history stand to each other: pure, without a connection.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use driftlock_database::{Direction, Entry, Fence, State};
use driftlock_script::{Layout, Manifest, Migration, Migrations, Role, Version};

/// A disagreement that stops everything; exit code 6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The version it is about, where it is about one.
    pub version: Option<Version>,
    /// The sequence of the history row it is about, where it is about one.
    pub row: Option<i64>,
    /// The file, as people see it, where there is one.
    pub file: Option<String>,
    /// What kind it is.
    pub problem: Problem,
    /// What differs, and what to do.
    pub message: String,
    /// The change of an edited file as a unified diff, where git still knows the text that was applied.
    pub difference: Option<String>,
}

impl Finding {
    /// The history isn't as driftlock wrote it.
    pub(crate) fn tampered(row: Option<i64>, version: Option<&str>, what: &str) -> Self {
        Finding {
            version: version.map(Version::text),
            row,
            file: None,
            problem: Problem::Tampered,
            message: format!(
                "the history was changed behind driftlock's back: {what}; find out who writes to its tables, and restore them from a backup"
            ),
            difference: None,
        }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        for line in self.difference.iter().flat_map(|difference| difference.lines()) {
            write!(f, "\n  {line}")?;
        }
        Ok(())
    }
}

/// Kinds of [`Finding`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Problem {
    /// An applied file isn't what was applied.
    Edited,
    /// An applied file is there under another name.
    Renamed,
    /// An applied file is gone.
    Missing,
    /// The two checksums of a history row disagree with each other.
    Damaged,
    /// Rows of the history were edited, removed or inserted.
    Tampered,
    /// The manifest and the files disagree.
    Manifest,
    /// The done statements of a half-done migration aren't what they were.
    PrefixChanged,
}

impl Problem {
    /// As JSON names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Problem::Edited => "edited",
            Problem::Renamed => "renamed",
            Problem::Missing => "missing",
            Problem::Damaged => "damaged",
            Problem::Tampered => "tampered",
            Problem::Manifest => "manifest",
            Problem::PrefixChanged => "prefix_changed",
        }
    }

    /// A stable code for scripts and searches.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Problem::Edited => "DL0401",
            Problem::Renamed => "DL0402",
            Problem::Missing => "DL0403",
            Problem::Damaged => "DL0404",
            Problem::Tampered => "DL0405",
            Problem::Manifest => "DL0406",
            Problem::PrefixChanged => "DL0407",
        }
    }
}

/// What the history says of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) version: Version,
    pub(crate) name: String,
    /// The sequence of the row that applied it, while it is applied.
    pub(crate) applied: Option<i64>,
    /// The checksums that the file must have: of the row that applied it, or of a later `accept`.
    pub(crate) sha256: Option<String>,
    pub(crate) crc32: Option<String>,
    /// An attempt that began and has no end, or failed half-way.
    pub(crate) unfinished: Option<Unfinished>,
}

/// An attempt with a journal that didn't come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfinished {
    pub(crate) attempt: String,
    pub(crate) direction: Direction,
    /// The server said so; else nobody knows what became of its last statement.
    pub(crate) failed: bool,
}

/// How everything stands.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    /// By version.
    pub(crate) recorded: BTreeMap<Version, Recorded>,
    /// Versions of files that are not applied, rising. Half-done ones among them.
    pub(crate) pending: Vec<Version>,
    /// Versions of files that never run here: a baseline stands for them, or they are a baseline and the database was past it.
    pub(crate) not_needed: Vec<Version>,
    /// Pending versions below the highest applied one.
    pub(crate) out_of_order: Vec<Version>,
    /// Applied versions newer than all that files and manifest know.
    pub(crate) ahead: Vec<Version>,
    pub(crate) findings: Vec<Finding>,
}

impl Standing {
    /// Applied versions in the order in which they were applied.
    pub(crate) fn applied_in_order(&self) -> Vec<&Recorded> {
        let mut applied: Vec<&Recorded> = self.recorded.values().filter(|record| record.applied.is_some()).collect();
        applied.sort_by_key(|record| record.applied);
        applied
    }
}

/// Holds files and manifest against the history. With `upto`, no baseline behind that version is thought of.
pub(crate) fn assess(
    migrations: &Migrations,
    manifest: Option<&Manifest>,
    fence: Option<&Fence>,
    entries: Vec<Entry>,
    upto: Option<&Version>,
) -> Standing {
    let layout = migrations.layout();
    let mut findings: Vec<Finding> = fence.and_then(|fence| head(fence, &entries)).into_iter().collect();
    let recorded = record(layout, entries);

    let with_version = migrations.list().iter().filter(|migration| migration.role != Role::Repeatable);
    let newest_known = with_version.map(|migration| &migration.version).max();
    let newest_known =
        newest_known.cloned().into_iter().chain(manifest.and_then(|manifest| newest_in(layout, manifest))).max();
    let mut ahead = Vec::new();
    let mut changed = BTreeSet::new();
    for record in recorded.values() {
        let file = migrations.find(&record.version);
        if record.applied.is_none() {
            if record.unfinished.is_some() && file.is_none() {
                findings.push(missing(migrations, record, &recorded));
            }
            continue;
        }
        match file {
            Some(migration) => match compare(migrations, migration, record) {
                // It runs again: that is what it is for.
                Some(Finding { problem: Problem::Edited, .. }) if migration.role == Role::Repeatable => {
                    changed.insert(record.version.clone());
                }
                finding => findings.extend(finding),
            },
            // It was taken over by name alone.
            None if record.sha256.is_none() && record.crc32.is_none() => {}
            None if newest_known.as_ref().is_none_or(|newest| record.version > *newest) => {
                ahead.push(record.version.clone());
            }
            None => findings.push(missing(migrations, record, &recorded)),
        }
    }

    let is_applied = |version: &Version| recorded.get(version).is_some_and(|record| record.applied.is_some());
    let is_repeatable =
        |version: &Version| migrations.find(version).is_some_and(|migration| migration.role == Role::Repeatable);
    let highest = recorded
        .values()
        .filter(|record| record.applied.is_some() && !is_repeatable(&record.version))
        .map(|record| &record.version)
        .max();
    let baseline = baseline(migrations, &recorded, highest.is_some(), upto);
    let is_needed = |migration: &Migration| match migration.role {
        Role::Repeatable => true,
        Role::Baseline => baseline == Some(&migration.version) || recorded.contains_key(&migration.version),
        Role::Versioned | Role::Unordered | Role::Code(_) => {
            baseline.is_none_or(|baseline| migration.version > *baseline)
        }
    };
    let mut pending = Vec::new();
    let mut not_needed = Vec::new();
    for migration in migrations.list() {
        let version = &migration.version;
        if is_applied(version) && !changed.contains(version) {
            continue;
        }
        if is_needed(migration) { pending.push(version.clone()) } else { not_needed.push(version.clone()) }
    }
    let is_ordered = |version: &&Version| {
        let role = migrations.find(version).map(|migration| migration.role);
        !matches!(role, Some(Role::Repeatable | Role::Unordered))
    };
    let out_of_order = pending
        .iter()
        .filter(|version| is_ordered(version) && highest.is_some_and(|highest| *version < highest))
        .cloned()
        .collect();
    Standing { pending, not_needed, out_of_order, ahead, findings, recorded }
}

/// The version that stands for all up to it: one that was applied as such, or, where nothing was applied yet, the newest there is.
fn baseline<'a>(
    migrations: &'a Migrations,
    recorded: &'a BTreeMap<Version, Recorded>,
    has_begun: bool,
    upto: Option<&Version>,
) -> Option<&'a Version> {
    let baselines = migrations.list().iter().filter(|migration| migration.role == Role::Baseline);
    let begun = |version: &Version| {
        recorded.get(version).is_some_and(|record| record.applied.is_some() || record.unfinished.is_some())
    };
    let candidates: Vec<&Version> = baselines.map(|migration| &migration.version).collect();
    let taken = candidates.iter().rev().find(|version| begun(version));
    let offered = candidates.iter().rev().find(|version| upto.is_none_or(|upto| **version <= upto));
    taken.or(offered.filter(|_| !has_begun)).copied()
}

/// Reads the history forward: what each version came to.
fn record(layout: Layout, entries: Vec<Entry>) -> BTreeMap<Version, Recorded> {
    let mut recorded: BTreeMap<Version, Recorded> = BTreeMap::new();
    for entry in entries {
        let Entry { sequence, attempt, version, name, direction, state, sha256, crc32 } = entry;
        let version = layout.version(&version);
        if let (State::Failed, None) = (state, recorded.get(&version)) {
            // It was rolled back whole and left nothing, not even a name.
            continue;
        }
        let record = recorded.entry(version.clone()).or_insert_with(|| Recorded {
            version,
            name: String::new(),
            applied: None,
            sha256: None,
            crc32: None,
            unfinished: None,
        });
        match (state, direction) {
            (State::Started, direction) => {
                if record.name.is_empty() {
                    record.name = name;
                }
                record.unfinished = Some(Unfinished { attempt, direction, failed: false });
            }
            (State::Failed, _) => {
                // A failed attempt that never started a journal was rolled back whole and left nothing.
                if let Some(unfinished) = record.unfinished.as_mut().filter(|it| it.attempt == attempt) {
                    unfinished.failed = true;
                }
            }
            (State::Done, Direction::Down) => {
                record.applied = None;
                record.unfinished = None;
            }
            (State::Done, direction) => {
                if direction != Direction::Accept {
                    record.applied = Some(sequence);
                    record.unfinished = None;
                }
                record.name = name;
                record.sha256 = sha256;
                record.crc32 = crc32;
            }
        }
    }
    recorded
}

/// The fence knows how many rows there are: a removed or inserted one shows without reading them all.
fn head(fence: &Fence, entries: &[Entry]) -> Option<Finding> {
    let last = entries.last().map_or(0, |entry| entry.sequence);
    let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
    let gap = entries.iter().zip(1..).find(|(entry, expected)| entry.sequence != *expected);
    if last == fence.head && count == fence.head && gap.is_none() {
        return None;
    }
    let (row, what) = match gap {
        Some((_, expected)) => (Some(expected), format!("row {expected} is missing")),
        None => (None, format!("it has {count} rows and the fence counts {}", fence.head)),
    };
    Some(Finding::tampered(row, None, &what))
}

fn newest_in(layout: Layout, manifest: &Manifest) -> Option<Version> {
    // A script's name is its file's, or its folder's and its file's (Diesel).
    let tail =
        |path: &str, parts: usize| path.rsplitn(parts + 1, '/').take(parts).map(str::to_owned).collect::<Vec<_>>();
    let name = |path: &str| {
        let mut parts = tail(path, if layout == Layout::Diesel { 2 } else { 1 });
        parts.reverse();
        layout.read_name(&parts.join("/")).ok()
    };
    manifest
        .entries()
        .filter_map(|(path, _)| name(path))
        .filter(|name| name.role != Role::Repeatable)
        .map(|name| name.version)
        .max()
}

/// An applied version and its file.
fn compare(migrations: &Migrations, migration: &Migration, record: &Recorded) -> Option<Finding> {
    let digest = &migration.up.digest;
    let file = LazyCell::new(|| migrations.display(&migration.up));
    let finding = |problem, message| {
        Some(Finding {
            version: Some(record.version.clone()),
            row: None,
            file: Some(file.to_string()),
            problem,
            message,
            difference: None,
        })
    };
    if migration.name != record.name {
        return finding(
            Problem::Renamed,
            format!(
                "{}: version {} was applied as `{}`; give the file its name back",
                *file, record.version, record.name
            ),
        );
    }
    let sha256_fits = record.sha256.as_ref().map(|recorded| digest.is_sha256(recorded));
    let crc32_fits = record.crc32.as_ref().map(|recorded| digest.is_crc32(recorded));
    match (sha256_fits, crc32_fits) {
        // Declared as applied while no file was known: there is nothing to compare with.
        (None, None) | (Some(true), Some(true) | None) | (None, Some(true)) => None,
        (Some(false), Some(false) | None) | (None, Some(false)) => finding(
            Problem::Edited,
            format!(
                "{}: edited after it was applied: it was applied with SHA-256 {} and CRC-32 {}, the file has {} and {}; \
                 put the file back as it was and write the change as a new migration, or, if the database is as the edited file says, \
                 `driftlock accept {} --reason TEXT`",
                *file,
                record.sha256.as_deref().unwrap_or("(not recorded)"),
                record.crc32.as_deref().unwrap_or("(not recorded)"),
                digest.sha256(),
                digest.crc32(),
                record.version
            ),
        ),
        (Some(sha256_fits), Some(_)) => finding(
            Problem::Damaged,
            format!(
                "{}: the history's record of version {} is damaged: its {} fits the file and its {} doesn't; \
                 find out who writes to driftlock's tables, and restore them from a backup",
                *file,
                record.version,
                if sha256_fits { "SHA-256" } else { "CRC-32" },
                if sha256_fits { "CRC-32" } else { "SHA-256" },
            ),
        ),
    }
}

/// An applied version without a file, although the files know newer ones.
fn missing(migrations: &Migrations, record: &Recorded, recorded: &BTreeMap<Version, Recorded>) -> Finding {
    let renamed = migrations.list().iter().find(|migration| {
        record.sha256.as_ref().is_some_and(|sha256| migration.up.digest.is_sha256(sha256))
            && recorded.get(&migration.version).is_none_or(|other| other.applied.is_none())
    });
    let (problem, message) = match renamed {
        Some(migration) => (
            Problem::Renamed,
            format!(
                "{}: has the text that was applied as version {} (`{}`); give the file its old version back",
                migrations.display(&migration.up),
                record.version,
                record.name
            ),
        ),
        None => (
            Problem::Missing,
            format!(
                "version {} (`{}`) was {} and its file is missing from {}; restore it from git{}",
                record.version,
                record.name,
                if record.applied.is_some() { "applied" } else { "half applied" },
                match migrations.files().root() {
                    "" => "the migrations",
                    root => root,
                },
                if record.applied.is_some() { ", or undo it with `driftlock down` first" } else { "" },
            ),
        ),
    };
    Finding { version: Some(record.version.clone()), row: None, file: None, problem, message, difference: None }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use driftlock_database::Glance;
    use driftlock_script::Memory;

    use super::*;

    fn files(names: &[&str]) -> Migrations {
        let files = names.iter().fold(Memory::new(), |files, name| files.with(*name, *name));
        Migrations::load(Arc::new(files), None).unwrap()
    }

    fn glance(migrations: &Migrations, rows: &[(&str, Direction, State)]) -> Glance {
        let entries: Vec<Entry> = rows
            .iter()
            .zip(1..)
            .map(|((file, direction, state), sequence)| {
                let name = migrations.layout().read_name(file).unwrap();
                let digest = driftlock_script::Digest::of(file.as_bytes());
                Entry {
                    sequence,
                    attempt: format!("attempt of {file}"),
                    version: name.version.to_string(),
                    name: name.name,
                    direction: *direction,
                    state: *state,
                    sha256: Some(digest.sha256()),
                    crc32: Some(digest.crc32()),
                }
            })
            .collect();
        let head = i64::try_from(entries.len()).unwrap();
        Glance { fence: Fence { token: 1, head, head_chain: String::new(), environment: None, format: 1 }, entries }
    }

    fn look(migrations: &Migrations, manifest: Option<&Manifest>, glance: &Glance) -> Standing {
        assess(migrations, manifest, Some(&glance.fence), glance.entries.clone(), None)
    }

    fn texts(versions: &[Version]) -> Vec<&str> {
        versions.iter().map(Version::as_str).collect()
    }

    const UP: (Direction, State) = (Direction::Up, State::Done);

    #[test]
    fn what_is_applied_pending_and_ahead() {
        let migrations = files(&["1_a.up.sql", "2_b.up.sql", "3_c.up.sql"]);
        let rows = glance(
            &migrations,
            &[
                ("1_a.up.sql", UP.0, UP.1),
                ("3_c.up.sql", UP.0, UP.1),
                ("3_c.up.sql", Direction::Down, State::Done),
                ("2_b.up.sql", UP.0, State::Started),
                ("9_z.up.sql", UP.0, UP.1),
            ],
        );
        let standing = look(&migrations, None, &rows);
        assert_eq!(texts(&standing.pending), ["2", "3"]);
        assert_eq!(texts(&standing.ahead), ["9"]);
        assert_eq!(texts(&standing.out_of_order), ["2", "3"]);
        assert_eq!(standing.findings, []);
        let unfinished = standing.recorded[&Version::number(2)].unfinished.as_ref().unwrap();
        assert!(!unfinished.failed);
    }

    #[test]
    fn what_may_come_late_is_not_out_of_order() {
        let migrations = files(&["V1__a.sql", "U2__late.sql", "V3__c.sql", "U4__d.rs"]);
        assert_eq!(migrations.layout(), Layout::Refinery);
        let rows = glance(&migrations, &[("V1__a.sql", UP.0, UP.1), ("V3__c.sql", UP.0, UP.1)]);
        let standing = look(&migrations, None, &rows);
        assert_eq!((texts(&standing.pending), texts(&standing.out_of_order)), (vec!["2", "4"], vec![]));
    }

    #[test]
    fn findings_name_what_differs() {
        let migrations = files(&["1_a.up.sql", "2_b.up.sql", "4_d.up.sql"]);
        let mut rows =
            glance(&migrations, &[("1_a.up.sql", UP.0, UP.1), ("2_b.up.sql", UP.0, UP.1), ("3_c.up.sql", UP.0, UP.1)]);
        rows.entries[0].sha256 = Some("0".repeat(64));
        rows.entries[1].sha256 = Some("0".repeat(64));
        rows.entries[1].crc32 = Some("0".repeat(8));
        let problems = |rows: &Glance| -> Vec<Problem> {
            look(&migrations, None, rows).findings.iter().map(|finding| finding.problem).collect()
        };
        assert_eq!(problems(&rows), [Problem::Damaged, Problem::Edited, Problem::Missing]);
        rows.entries[2].sha256 = Some(migrations.list()[2].up.digest.sha256());
        assert_eq!(problems(&rows)[2], Problem::Renamed);
        rows.entries[0].name = "other".to_owned();
        assert_eq!(problems(&rows)[0], Problem::Renamed);
        rows.entries.remove(1);
        assert_eq!(problems(&rows)[0], Problem::Tampered);
    }

    #[test]
    fn a_manifest_line_makes_a_lost_file_missing_and_not_ahead() {
        let migrations = files(&["1_a.up.sql"]);
        let rows = glance(&migrations, &[("1_a.up.sql", UP.0, UP.1), ("2_b.up.sql", UP.0, UP.1)]);
        assert_eq!(texts(&look(&migrations, None, &rows).ahead), ["2"]);
        let line = format!(r#"[{{"file": "migrations/2_b.up.sql", "sha256": "{}"}}]"#, "0".repeat(64));
        let manifest = Manifest::parse(&line).unwrap();
        let standing = look(&migrations, Some(&manifest), &rows);
        assert_eq!(standing.findings[0].problem, Problem::Missing);
    }

    #[test]
    fn what_changes_and_is_repeatable_runs_again_behind_everything() {
        let migrations = files(&["V1__a.sql", "V3__c.sql", "R__views.sql"]);
        let rows = |of: &[&str]| glance(&migrations, &of.iter().map(|file| (*file, UP.0, UP.1)).collect::<Vec<_>>());
        let mut all = rows(&["V1__a.sql", "R__views.sql", "V3__c.sql"]);
        assert!(look(&migrations, None, &all).pending.is_empty());
        all.entries[1].sha256 = Some("0".repeat(64));
        assert_eq!(look(&migrations, None, &all).findings[0].problem, Problem::Damaged, "one checksum of two");
        all.entries[1].crc32 = Some("0".repeat(8));
        let standing = look(&migrations, None, &all);
        assert_eq!(
            (texts(&standing.pending), &*standing.findings, &*standing.out_of_order),
            (vec!["R__views"], &[][..], &[][..])
        );
        let standing = look(&migrations, None, &rows(&["V1__a.sql", "R__views.sql"]));
        assert_eq!((texts(&standing.pending), texts(&standing.out_of_order)), (vec!["3"], vec![]));
        let standing = look(&migrations, None, &rows(&["V1__a.sql", "V4__newer.sql", "R__newer.sql"]));
        assert_eq!(texts(&standing.ahead), ["4", "R__newer"], "a newer release brought both");
        let standing =
            look(&files(&["V1__a.sql", "V3__c.sql"]), None, &rows(&["V1__a.sql", "V2__gone.sql", "V3__c.sql"]));
        assert_eq!(standing.findings[0].problem, Problem::Missing);
    }

    #[test]
    fn a_baseline_stands_for_what_is_before_it_on_a_new_database_only() {
        let migrations = files(&["V1__a.sql", "V2__b.sql", "B2__all.sql", "V3__c.sql", "B1__old.sql"]);
        let pending = |rows: &[&str], upto: Option<&str>| {
            let rows = glance(&migrations, &rows.iter().map(|file| (*file, UP.0, UP.1)).collect::<Vec<_>>());
            let upto = upto.map(|upto| migrations.layout().version(upto));
            let standing = assess(&migrations, None, Some(&rows.fence), rows.entries.clone(), upto.as_ref());
            let texts = |versions: &[Version]| versions.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            (texts(&standing.pending), texts(&standing.not_needed), texts(&standing.out_of_order))
        };
        let is = |pending: &str, not_needed: &str| (pending.to_owned(), not_needed.to_owned(), String::new());
        assert_eq!(pending(&[], None), is("B2 3", "1 B1 2"));
        assert_eq!(pending(&[], Some("1")), is("1 2 3", "B1 B2"), "no baseline is as old as that: B1 comes behind 1");
        assert_eq!(pending(&["B2__all.sql"], None), is("3", "1 B1 2"));
        assert_eq!(pending(&["V1__a.sql"], None), is("2 3", "B1 B2"));
        assert_eq!(pending(&["B2__all.sql", "V3__c.sql"], None), is("", "1 B1 2"));
    }

    #[test]
    fn an_accepted_edit_is_the_new_truth() {
        let migrations = files(&["1_a.up.sql"]);
        let mut rows =
            glance(&migrations, &[("1_a.up.sql", UP.0, UP.1), ("1_a.up.sql", Direction::Accept, State::Done)]);
        rows.entries[0].sha256 = Some("0".repeat(64));
        rows.entries[0].crc32 = Some("0".repeat(8));
        assert_eq!(look(&migrations, None, &rows).findings, []);
    }
}
