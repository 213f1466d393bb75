//! By which versions another tool knows migrations.

use std::collections::BTreeMap;

use crate::body::directive_error;
use crate::{Dialect, Directives, Layout, LoadError, Migration, Migrations, Version};

/// By which versions another tool knows migrations: in the tool's own layout by theirs. Files in driftlock's may say it (`-- driftlock:
/// was=1.2`); those that don't have the same digits, in a timestamp's form.
#[derive(Debug)]
pub struct Origins<'a> {
    migrations: &'a Migrations,
    /// By what the file says.
    said: BTreeMap<String, Version>,
    /// What the files say, by their versions.
    was: BTreeMap<Version, String>,
}

impl Migrations {
    /// By which versions another tool knows these migrations.
    ///
    /// # Errors
    /// As [`text`](Self::text), where files say it themselves; for directives that can't be followed.
    pub fn origins(&self, dialect: Dialect) -> Result<Origins<'_>, LoadError> {
        Origins::of(self, dialect)
    }
}

impl<'a> Origins<'a> {
    pub(crate) fn of(migrations: &'a Migrations, dialect: Dialect) -> Result<Self, LoadError> {
        let mut said = BTreeMap::new();
        if migrations.layout() == Layout::Driftlock {
            for migration in migrations.list() {
                let body = migrations.body(&migration.up, dialect)?;
                let directives = Directives::read(body.head(), dialect).map_err(|error| LoadError::Body {
                    file: migrations.display(&migration.up),
                    line: body.line(error.line).to_owned(),
                    error: directive_error(error),
                })?;
                if let Some(was) = directives.was {
                    said.insert(was, migration.version.clone());
                }
            }
        }
        let was = said.iter().map(|(was, version)| (version.clone(), was.clone())).collect();
        Ok(Origins { migrations, said, was })
    }

    /// The migration that the tool knows as this version.
    #[must_use]
    pub fn find(&self, version: &str) -> Option<&'a Migration> {
        if let Some(said) = self.said.get(version) {
            return self.migrations.find(said);
        }
        let version = self.by_digits(version).unwrap_or_else(|| self.migrations.layout().version(version));
        // What says that it was another one isn't this one, whatever its digits.
        self.migrations.find(&version).filter(|_| !self.was.contains_key(&version))
    }

    /// The version under which the tool's is kept: that of the migration, or one that none of these has.
    #[must_use]
    pub fn version(&self, version: &str) -> Version {
        if let Some(found) = self.find(version) {
            return found.version.clone();
        }
        let by_digits = self.by_digits(version).filter(|by_digits| self.migrations.find(by_digits).is_none());
        by_digits.unwrap_or_else(|| self.migrations.layout().version(version))
    }

    /// The migrations that the tool has up to this version, and with it.
    #[must_use]
    pub fn up_to(&self, version: &str) -> Vec<&'a Migration> {
        let list = self.migrations.list().iter();
        if self.said.is_empty() || self.find(version).is_some() {
            let last = self.version(version);
            return list.filter(|migration| migration.version <= last).collect();
        }
        // Where it stood among the others, the other versions tell.
        let key = |version: &str| Version::numbers(version, false);
        let was = |migration: &Migration| {
            let was = self.was.get(&migration.version).cloned();
            was.unwrap_or_else(|| migration.version.as_str().replace('-', ""))
        };
        let is_before = |migration: &&Migration| match (key(&was(migration)), key(version)) {
            (Some(was), Some(last)) => was <= last,
            _ => was(migration).as_str() <= version,
        };
        list.filter(is_before).collect()
    }

    /// In driftlock's own layout: the version that has the same digits.
    fn by_digits(&self, version: &str) -> Option<Version> {
        if self.migrations.layout() == Layout::Driftlock { stamp(version).map(Version::text) } else { None }
    }
}

/// The digits of a version as the timestamp of driftlock's own names: `20240520143022` is `20240520-143022`, `3` is
/// `00000000-000003`. `None` where it is anything but digits, or more of them.
pub(crate) fn stamp(version: &str) -> Option<String> {
    let is_number = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = if is_number { version.parse().ok()? } else { return None };
    let digits = format!("{number:014}");
    (digits.len() == 14).then(|| format!("{}-{}", &digits[..8], &digits[8..]))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Memory;

    fn found(files: &[(&str, &str)], version: &str) -> Option<String> {
        let files = files.iter().fold(Memory::new(), |files, (name, text)| files.with(*name, *text));
        let migrations = Migrations::load(Arc::new(files), None).unwrap();
        let origins = migrations.origins(Dialect::Sqlite).unwrap();
        origins.find(version).map(|migration| migration.name.clone())
    }

    #[test]
    fn finds_by_digits_and_by_what_the_file_says() {
        let ours = [
            ("00000000-000001_a.sql", ""),
            ("00000000-000002_b.sql", "-- driftlock: was=1.2\nSELECT 1;"),
            ("20240520-143022_c.sql", ""),
        ];
        let cases = [
            ("1", Some("a")),
            ("001", Some("a")),
            ("1.2", Some("b")),
            ("2", None),
            ("20240520143022", Some("c")),
            ("20240520-143022", Some("c")),
            ("202405201430220", None),
            ("", None),
        ];
        for (version, expected) in cases {
            assert_eq!(found(&ours, version).as_deref(), expected, "{version}");
        }
        // A version whose file is gone is none of those that are there.
        let origins = |files: &[(&str, &str)]| {
            let files = files.iter().fold(Memory::new(), |files, (name, text)| files.with(*name, *text));
            Migrations::load(Arc::new(files), None).unwrap()
        };
        let migrations = origins(&ours);
        let origins = migrations.origins(Dialect::Sqlite).unwrap();
        assert_eq!(origins.version("2").as_str(), "2");
        assert_eq!(origins.version("3").as_str(), "00000000-000003");
        for (last, count) in [("0", 0), ("1", 1), ("1.1", 1), ("1.2", 2), ("1.10", 2), ("2", 2), ("20240520143022", 3)]
        {
            assert_eq!(origins.up_to(last).len(), count, "{last}");
        }
        let theirs = [("V1__a.sql", ""), ("V1.2__b.sql", "")];
        assert_eq!(found(&theirs, "1.2").as_deref(), Some("b"));
        assert_eq!(found(&theirs, "1.02.0").as_deref(), Some("b"));
    }
}
