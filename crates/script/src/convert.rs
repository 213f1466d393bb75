//! Migrations of another layout, written as driftlock's own files: the same statements in the same order, with nothing left to be read
//! by another tool's rules.
//!
//! What is written is read back, and goes out only where it gives the same statements.

mod plan;
mod script;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::{Dialect, Layout, LoadError, Memory, Migration, Migrations, Role, Script, Version, to_bytes};
use plan::{Place, places};
use script::Written;

/// Migrations as files of driftlock's own layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversion {
    /// The migrations, in the order in which they run.
    pub migrations: Vec<Converted>,
    /// How many statements there are on the ways up and down: each was read back and is the same.
    pub statements: usize,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// One migration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// The version that it had.
    pub was: Version,
    /// The file that it was, as people see it.
    pub from: String,
    /// The version that it has now.
    pub version: Version,
    /// Its files' names and contents: the way up, and the way down where there is one.
    pub files: Vec<(String, Vec<u8>)>,
}

/// Migrations that can't be written as driftlock's own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// A file can't be read, or its marks can't be followed.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// They are driftlock's own already.
    #[error("the files have driftlock's own layout already: there is nothing to convert")]
    Ours,
    /// There are none.
    #[error("there are no migrations to convert")]
    Nothing,
    /// Several files stand for all versions up to their own, and none of these is there.
    #[error("{} each stand for all versions up to their own, none of which is there: keep the one that new databases begin with", names(.0))]
    Baselines(Vec<String>),
    /// A version that a directive can't hold.
    #[error(
        "{file}: its version `{version}` has blanks or commas in it, which a file of driftlock's can't name: rename the file, where no database knows it yet"
    )]
    Version {
        /// The file.
        file: String,
        /// Its version.
        version: String,
    },
    /// A value that is a secret would stand in a file.
    #[error(
        "{file}: the value of `{name}` is a secret, which doesn't belong into the new file: do what needs it outside of migrations, or give it a value that may be read"
    )]
    Secret {
        /// The file.
        file: String,
        /// The placeholder.
        name: String,
    },
    /// No way of writing it gives the same statements when it is read back.
    #[error(
        "{file}:{line}:1: the statement that begins here can't be written so that it ends where it ends now: move it to a file of its own"
    )]
    NotTheSame {
        /// The file.
        file: String,
        /// The first statement that would be another.
        line: u32,
    },
}

fn names(files: &[String]) -> String {
    files.iter().map(|file| format!("`{file}`")).collect::<Vec<_>>().join(" and ")
}

impl Migrations {
    /// These migrations as files of driftlock's own layout, with the values put in that their layout puts in.
    ///
    /// # Errors
    /// See [`ConvertError`]. Migrations in a programming language are [`LoadError::Code`].
    pub fn converted(&self, dialect: Dialect) -> Result<Conversion, ConvertError> {
        if self.layout() == Layout::Driftlock {
            return Err(ConvertError::Ours);
        }
        if self.list().is_empty() {
            return Err(ConvertError::Nothing);
        }
        let (places, mut notes) = places(self)?;
        let mut conversion = Conversion { migrations: Vec::new(), statements: 0, notes: Vec::new() };
        let mut values = BTreeSet::new();
        for Place { migration, version, was } in places {
            let mut files = Vec::new();
            let ways = [(Some(&migration.up), "up", was.as_deref()), (migration.down.as_ref(), "down", None)];
            for (script, way, was) in ways {
                let Some(script) = script else { continue };
                let written = self.written(script, dialect, was)?;
                let is_secret = |name: &&String| self.values().secrets.iter().any(|it| it.eq_ignore_ascii_case(name));
                if let Some(name) = written.values.iter().find(is_secret) {
                    return Err(ConvertError::Secret { file: self.display(script), name: name.clone() });
                }
                conversion.statements += written.statements;
                values.extend(written.values);
                if written.alone_by_others {
                    notes.push(format!(
                        "{}: a part of its way {way} is without a transaction; now each of its statements is committed on its own",
                        self.display(script)
                    ));
                }
                let name = if migration.name.is_empty() { "migration" } else { &migration.name };
                files.push((format!("{version}_{name}.{way}.sql"), to_bytes(&written.text).into_owned()));
            }
            conversion.migrations.push(Converted {
                was: migration.version.clone(),
                from: self.display(&migration.up),
                version,
                files,
            });
        }
        if !values.is_empty() {
            let names: Vec<String> = values.into_iter().map(|name| format!("`{name}`")).collect();
            notes.push(format!(
                "the values of {} stand in the new files as they are now: look that none of them is a secret, or differs between databases",
                names.join(", ")
            ));
        }
        conversion.notes = notes;
        Ok(conversion)
    }

    fn written(&self, script: &Script, dialect: Dialect, was: Option<&str>) -> Result<Written, ConvertError> {
        let body = self.body(script, dialect)?;
        let wrong = |error: crate::SplitError| LoadError::Body {
            file: self.display(script),
            line: body.line(error.line).to_owned(),
            error,
        };
        match script::write(&body, self.layout(), dialect, was).map_err(wrong)? {
            Ok(written) => Ok(written),
            Err(line) => Err(ConvertError::NotTheSame { file: self.display(script), line }),
        }
    }
}

impl Conversion {
    /// The new files as migrations.
    ///
    /// # Errors
    /// As [`Migrations::load`]: of what was made here there is none.
    pub fn load(&self) -> Result<Migrations, LoadError> {
        let files = self.migrations.iter().flat_map(|migration| &migration.files);
        let memory = files.fold(Memory::new(), |memory, (name, bytes)| memory.with(name, bytes.clone()));
        Migrations::load(Arc::new(memory), Some(Layout::Driftlock))
    }
}

/// Whether it is one of the versions that run one after the other.
fn is_version(migration: &Migration) -> bool {
    !matches!(migration.role, Role::Baseline | Role::Repeatable)
}

#[cfg(test)]
mod tests;
