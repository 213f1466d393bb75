//! What a database should be at its version: by the lock file, never by reading that database.

use std::collections::{BTreeMap, BTreeSet};

use driftlock_schema::{Fingerprint, Id, Schema};
use driftlock_script::{LockFile, LockFileError, Migrations, Version};

use crate::standing::Standing;

/// What is expected of a database.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    /// The last version that counts.
    pub(crate) version: Option<Version>,
    /// Every object, by its fingerprint.
    pub(crate) objects: BTreeMap<Id, Fingerprint>,
    /// All that they are.
    pub(crate) whole: Whole,
    /// Objects of which nothing is known: something beyond the version has begun to change them.
    pub(crate) unknown: BTreeSet<Id>,
    /// The product and version of the server that it is known from.
    pub(crate) server: String,
}

/// Every object with all that it is.
#[derive(Debug, Clone)]
pub(crate) enum Whole {
    /// Nothing but fingerprints is known.
    Unknown,
    /// As the lock file has it, of which that is read when it is needed.
    Locked,
    /// This.
    Is(Schema),
}

/// How far a database has come in a lock file's order.
pub(crate) struct Position {
    /// So many of its migrations are applied, one after the other.
    pub(crate) count: usize,
    /// Something behind them was applied, or begun.
    pub(crate) is_beyond: bool,
    /// The versions that make the database what it is, as far as the lock file knows them.
    pub(crate) applied: BTreeSet<Version>,
}

impl Position {
    /// By what the history says, and with versions that are about to be declared as applied.
    ///
    /// # Errors
    /// Why a lock file can't know what such a database should be.
    pub(crate) fn of(
        lock: &LockFile,
        migrations: &Migrations,
        standing: &Standing,
        declared: &BTreeSet<Version>,
    ) -> Result<Self, String> {
        if !standing.ahead.is_empty() {
            let versions: Vec<&str> = standing.ahead.iter().map(Version::as_str).collect();
            return Err(format!("the database has {}, which these files don't know", versions.join(", ")));
        }
        let layout = migrations.layout();
        let versions: Vec<Version> = lock.migrations.iter().map(|it| layout.version(&it.version)).collect();
        let is_pending =
            |version: &Version| standing.pending.binary_search(version).is_ok() && !declared.contains(version);
        let is_applied = |version: &Version| {
            declared.contains(version) || standing.recorded.get(version).is_some_and(|it| it.applied.is_some())
        };
        let is_begun = |version: &Version| {
            standing.recorded.get(version).is_some_and(|it| it.unfinished.is_some()) && !declared.contains(version)
        };
        let unknown = standing.recorded.values().map(|it| &it.version).chain(declared);
        if let Some(unknown) =
            unknown.into_iter().find(|it| is_applied(it) && migrations.find(it).is_none() && !versions.contains(it))
        {
            return Err(format!("version {unknown} is applied, and there is no file that says what it made"));
        }
        // What stands for others is there as soon as they are.
        let stands = |version: &Version| {
            standing.not_needed.binary_search(version).is_ok()
                && !standing.pending.iter().any(|pending| pending < version && !declared.contains(pending))
        };
        let is_there =
            |version: &Version| (is_applied(version) || stands(version)) && !is_pending(version) && !is_begun(version);
        let count = versions.iter().take_while(|version| is_there(version)).count();
        let is_beyond = versions[count..].iter().any(|version| is_applied(version) || is_begun(version));
        let applied = versions.into_iter().filter(|version| is_there(version)).collect();
        Ok(Position { count, is_beyond, applied })
    }
}

impl Expected {
    /// What a lock file says of a database that has come so far.
    pub(crate) fn by_lock(lock: &LockFile, migrations: &Migrations, position: &Position) -> Self {
        let Position { count, is_beyond, .. } = *position;
        let objects = lock.expected_after(count).into_iter().map(|(id, it)| (id.clone(), *it)).collect();
        let later = lock.migrations[count..].iter().flat_map(|it| it.changed.keys().cloned());
        let last = count.checked_sub(1).and_then(|last| lock.migrations.get(last));
        Expected {
            version: last.map(|last| migrations.layout().version(&last.version)),
            objects,
            whole: if count == lock.migrations.len() { Whole::Locked } else { Whole::Unknown },
            unknown: if is_beyond { later.collect() } else { BTreeSet::new() },
            server: lock.version.clone(),
        }
    }

    /// What a replay of exactly what the database has came to.
    pub(crate) fn by_replay(lock: LockFile, migrations: &Migrations) -> Result<Self, LockFileError> {
        let version = lock.migrations.last().map(|last| migrations.layout().version(&last.version));
        let objects = lock
            .schema()?
            .iter()
            .map(|(id, it)| (id.clone(), Fingerprint::of_object(it, lock.filter.facets())))
            .collect();
        let server = lock.version.clone();
        Ok(Expected { version, objects, unknown: BTreeSet::new(), server, whole: Whole::Is(lock.into_schema()?) })
    }

    /// Without what isn't looked at.
    pub(crate) fn retain(&mut self, keep: impl Fn(&Id) -> bool) {
        let unknown = &self.unknown;
        self.objects.retain(|id, _| keep(id) && !unknown.contains(id));
    }

    /// The fingerprint of all that is expected.
    pub(crate) fn fingerprint(&self, engine: &str) -> Fingerprint {
        Fingerprint::of_objects(engine, self.objects.values().copied())
    }
}

/// What tells servers apart that may write the same expression in different ways: the product and its major.
pub(crate) fn major(version: &str) -> String {
    let Some(at) = version.find(|c: char| c.is_ascii_digit()) else { return version.to_owned() };
    let (product, rest) = version.split_at(at);
    let product = product.trim();
    let number: Vec<&str> =
        rest.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or("").split('.').collect();
    let most = match product {
        // It keeps what users write.
        "SQLite" => 0,
        "PostgreSQL" => 1,
        _ => 2,
    };
    let number: Vec<&str> = number.into_iter().take(most).collect();
    format!("{product} {}", number.join(".")).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn majors_are_told_apart_by_product() {
        for (version, expected) in [
            ("PostgreSQL 15.13 (Debian 15.13-0+deb12u1)", "PostgreSQL 15"),
            ("MariaDB 10.11.14", "MariaDB 10.11"),
            ("MySQL 8.4.1", "MySQL 8.4"),
            ("SQLite 3.46.1", "SQLite"),
            ("Something", "Something"),
        ] {
            assert_eq!(major(version), expected);
        }
    }
}
