//! The lock file: the schema that a directory's migrations make, and what each of them changed of it, in git beside them.
//!
//! It is written by replaying the directory, and read wherever somebody wants to know what a database should be: at the last version object by
//! object with every attribute, at any earlier one object by object by fingerprint. A checksum over all of it tells when a hand or a merge has
//! changed it.

mod printed;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use driftlock_schema::{Filter, Fingerprint, Id, Schema};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::files::{is_settings, is_sql};
use crate::{Directory, Files, FilesError, Migrations};

/// What it is called, in the directory of the migrations.
pub const LOCK_FILE: &str = "schema.lock";

/// How it is written.
const FORMAT: u64 = 1;

/// What the migrations of a directory make. The schema itself, which is most of it, is read when somebody asks for it.
#[derive(Debug, Clone)]
pub struct LockFile {
    /// The engine that it is of.
    pub engine: String,
    /// The product and version of the server that they were replayed on.
    pub version: String,
    /// What the database was like that they were replayed in, by the engine's own names for it.
    pub database: BTreeMap<String, String>,
    /// The digest of the files that were replayed; see [`Migrations::digest`].
    pub files: Fingerprint,
    /// What was looked at.
    pub filter: Filter,
    /// The values that were put into scripts, by name. Nothing where one may not be written down.
    pub values: BTreeMap<String, Option<String>>,
    /// The fingerprint of the schema, by the facets of the filter.
    pub fingerprint: Fingerprint,
    /// The objects that an empty database has already.
    pub empty: BTreeMap<Id, Fingerprint>,
    /// The migrations, in the order in which they ran.
    pub migrations: Vec<LockedMigration>,
    /// The schema that they make.
    pub schema: LockedSchema,
}

/// A lock file's schema: [`LockFile::schema`] gives it.
#[derive(Debug, Clone)]
pub struct LockedSchema(Stored);

#[derive(Debug, Clone)]
enum Stored {
    Read(Box<Schema>),
    /// The text of the whole file, as it was printed, with what messages call it.
    Printed {
        text: String,
        file: String,
        read: OnceLock<Box<Schema>>,
    },
}

impl From<Schema> for LockedSchema {
    fn from(schema: Schema) -> Self {
        LockedSchema(Stored::Read(Box::new(schema)))
    }
}

/// What a migration changed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedMigration {
    /// Its version.
    pub version: String,
    /// The fingerprint of the whole schema after it.
    pub fingerprint: Fingerprint,
    /// The objects that it changed, with their fingerprints after it; nothing for what it dropped.
    pub changed: BTreeMap<Id, Option<Fingerprint>>,
}

/// Why a lock file says nothing of the files that are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stale {
    /// They are others than those that were replayed.
    Files,
    /// Another value is put into them now.
    Value {
        /// By this name.
        name: String,
        /// What was put in when they were replayed.
        then: String,
    },
}

impl std::fmt::Display for Stale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Stale::Files => f.write_str("the migration files have changed since it was written"),
            Stale::Value { name, then } => {
                write!(f, "it was written with `{then}` as the value of `{name}`, which is another one here")
            }
        }
    }
}

/// A lock file that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LockFileError {
    /// The file itself.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// It isn't what a lock file is.
    #[error("{file}:{line}:{column}: {reason}; `driftlock lock` writes it anew")]
    Content {
        /// The file, as people see it.
        file: String,
        /// The line, from 1.
        line: u32,
        /// The column, from 1.
        column: u32,
        /// What is wrong.
        reason: String,
    },
    /// It isn't as it was written.
    #[error(
        "{file}:{line}:{column}: {reason}; nobody writes it but `driftlock lock`, which makes it from the migrations"
    )]
    Edited {
        /// The file, as people see it.
        file: String,
        /// The line, from 1.
        line: u32,
        /// The column, from 1.
        column: u32,
        /// What gives it away.
        reason: String,
    },
    /// A newer driftlock wrote it.
    #[error("{file}: it has format {found}, and this driftlock knows formats up to {FORMAT}: use a newer one")]
    Format {
        /// The file, as people see it.
        file: String,
        /// Its format.
        found: u64,
    },
}

impl LockFileError {
    /// A stable code for scripts and searches.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            LockFileError::Files(_) => "DL0101",
            LockFileError::Content { .. } => "DL0821",
            LockFileError::Edited { .. } => "DL0822",
            LockFileError::Format { .. } => "DL0823",
        }
    }

    /// Line and column, where they are known, and what is wrong there.
    #[must_use]
    pub fn place(&self) -> Option<(u32, u32, &str)> {
        match self {
            LockFileError::Content { line, column, reason, .. }
            | LockFileError::Edited { line, column, reason, .. } => Some((*line, *column, reason)),
            LockFileError::Files(_) | LockFileError::Format { .. } => None,
        }
    }
}

/// As it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written<S> {
    format: u64,
    engine: String,
    version: String,
    #[serde(default)]
    database: BTreeMap<String, String>,
    files: Fingerprint,
    include: Vec<String>,
    exclude: Vec<String>,
    values: BTreeMap<String, Option<String>>,
    fingerprint: Fingerprint,
    empty: BTreeMap<Id, Fingerprint>,
    migrations: Vec<LockedMigration>,
    schema: S,
    checksum: Fingerprint,
}

/// What stands behind that of which the checksum is.
fn last_line(checksum: &Fingerprint) -> String {
    format!("  \"checksum\": \"{checksum}\"\n}}\n")
}

/// What every format has.
#[derive(Deserialize)]
struct AnyFormat {
    format: u64,
}

/// Two are the same where they are written alike.
impl PartialEq for LockFile {
    fn eq(&self, other: &Self) -> bool {
        self.to_text() == other.to_text()
    }
}

impl LockFile {
    /// Reads a lock file's text. `file` is what messages call it.
    ///
    /// # Errors
    /// When it is none, or isn't as it was written. Of a text that its checksum vouches for the schema is read later.
    pub fn parse(text: &str, file: &str) -> Result<Self, LockFileError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if let Some((at, _)) = text.lines().enumerate().find(|(_, line)| is_conflict_mark(line)) {
            let reason = "a merge has left marks of a conflict in it: settle that of the migrations".to_owned();
            return Err(content(file, at + 1, 1, reason));
        }
        let written: Written<IgnoredAny> = written(text, file)?;
        let is_as_printed = text
            .strip_suffix(&last_line(&written.checksum))
            .is_some_and(|body| Fingerprint::of(body.as_bytes()) == written.checksum);
        if !is_as_printed {
            return LockFile::parse_whole(text, file);
        }
        let printed = Stored::Printed { text: text.to_owned(), file: file.to_owned(), read: OnceLock::new() };
        LockFile::of(written, file, |_| LockedSchema(printed))
    }

    /// Reads the schema too, and holds it against what the rest says of it.
    fn parse_whole(text: &str, file: &str) -> Result<Self, LockFileError> {
        let written: Written<Schema> = written(text, file)?;
        let checksum = written.checksum;
        let lock = LockFile::of(written, file, LockedSchema::from)?;
        let edited = |key: &str, reason: String| {
            let (line, column) = place_of(text, key);
            Err(LockFileError::Edited { file: file.to_owned(), line, column, reason })
        };
        let schema = lock.schema()?;
        if schema.engine() != lock.engine {
            return edited("engine", "it names two engines".to_owned());
        }
        let facets = lock.filter.facets();
        let objects: BTreeMap<&Id, Fingerprint> =
            schema.iter().map(|(id, object)| (id, Fingerprint::of_object(object, facets))).collect();
        if let Some(id) = lock.first_change(&objects) {
            return edited(
                "fingerprint",
                format!("it was changed by hand or by a merge: {id} isn't as its fingerprint says"),
            );
        }
        let fingerprint = Fingerprint::of_objects(schema.engine(), objects.into_values());
        if fingerprint != lock.fingerprint || Fingerprint::of(printed::body(&lock, schema).as_bytes()) != checksum {
            return edited(
                "checksum",
                "it was changed by hand or by a merge: its checksum is of something else".to_owned(),
            );
        }
        Ok(lock)
    }

    /// What was written, with its schema as `schema` has it.
    fn of<S>(written: Written<S>, file: &str, schema: impl FnOnce(S) -> LockedSchema) -> Result<Self, LockFileError> {
        let rule = |text: &String| {
            text.parse().map_err(|error: driftlock_schema::RuleError| content(file, 1, 1, error.to_string()))
        };
        let mut filter = Filter::new();
        for text in &written.include {
            filter = filter.include(rule(text)?);
        }
        for text in &written.exclude {
            filter = filter.exclude(rule(text)?);
        }
        Ok(LockFile {
            engine: written.engine,
            version: written.version,
            database: written.database,
            files: written.files,
            filter,
            values: written.values,
            fingerprint: written.fingerprint,
            empty: written.empty,
            migrations: written.migrations,
            schema: schema(written.schema),
        })
    }

    /// The schema that the migrations make.
    ///
    /// # Errors
    /// When it isn't what the rest of the file says of it, though its checksum is.
    pub fn schema(&self) -> Result<&Schema, LockFileError> {
        match &self.schema.0 {
            Stored::Read(schema) => Ok(schema),
            Stored::Printed { text, file, read } => match read.get() {
                Some(schema) => Ok(schema),
                None => {
                    let schema = LockFile::parse_whole(text, file)?.into_schema()?;
                    Ok(read.get_or_init(|| Box::new(schema)))
                }
            },
        }
    }

    /// The same, where nothing else of it is needed.
    ///
    /// # Errors
    /// See [`schema`](Self::schema).
    pub fn into_schema(self) -> Result<Schema, LockFileError> {
        self.schema()?;
        match self.schema.0 {
            Stored::Read(schema) => Ok(*schema),
            Stored::Printed { read, file, .. } => match read.into_inner() {
                Some(schema) => Ok(*schema),
                None => Err(content(&file, 1, 1, "its schema was never read".to_owned())),
            },
        }
    }

    /// The first of the objects, given with their fingerprints, that isn't as the last migration that changed it left it.
    fn first_change(&self, objects: &BTreeMap<&Id, Fingerprint>) -> Option<Id> {
        let expected = self.expected_after(self.migrations.len());
        let ids: std::collections::BTreeSet<&Id> = expected.keys().chain(objects.keys()).copied().collect();
        ids.into_iter().find(|id| objects.get(id) != expected.get(id).copied()).cloned()
    }

    /// The objects that there are after so many of the migrations, with their fingerprints.
    #[must_use]
    pub fn expected_after(&self, count: usize) -> BTreeMap<&Id, &Fingerprint> {
        let mut expected: BTreeMap<&Id, &Fingerprint> = self.empty.iter().collect();
        for (id, after) in self.migrations.iter().take(count).flat_map(|it| &it.changed) {
            match after {
                Some(after) => expected.insert(id, after),
                None => expected.remove(id),
            };
        }
        expected
    }

    /// The migration of a version.
    #[must_use]
    pub fn migration(&self, version: &str) -> Option<&LockedMigration> {
        self.migrations.iter().find(|it| it.version == version)
    }

    /// As JSON, the same for the same content.
    ///
    /// # Errors
    /// See [`schema`](Self::schema).
    pub fn to_text(&self) -> Result<String, LockFileError> {
        let body = printed::body(self, self.schema()?);
        let last = last_line(&Fingerprint::of(body.as_bytes()));
        Ok(body + &last)
    }

    /// Writes it into a directory, whole or not at all. Returns its path.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&self, directory: &Directory) -> Result<PathBuf, LockFileError> {
        let path = directory.path().join(LOCK_FILE);
        let shown = directory.display(LOCK_FILE);
        write_whole(&path, self.to_text()?.as_bytes())
            .map_err(|error| FilesError { path: shown, reason: error.to_string() })?;
        Ok(path)
    }

    /// Why it says nothing of these migrations, where it doesn't.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn stale(&self, migrations: &Migrations) -> Result<Option<Stale>, FilesError> {
        if migrations.digest()? != self.files {
            return Ok(Some(Stale::Files));
        }
        let now = migrations.values();
        let is_other = |(name, then): (&String, &Option<String>)| {
            let then = then.as_ref()?;
            let is_told = !now.secrets.contains(name) && now.placeholders.contains_key(name);
            let other = is_told && now.placeholders.get(name) != Some(then);
            other.then(|| Stale::Value { name: name.clone(), then: then.clone() })
        };
        Ok(self.values.iter().find_map(is_other))
    }
}

impl Migrations {
    /// The lock file beside them, or that the program carries with them.
    ///
    /// # Errors
    /// When there is one and it can't be read, or isn't as it was written.
    pub fn lock_file(&self) -> Result<Option<LockFile>, LockFileError> {
        let files = self.files();
        if !files.exists(LOCK_FILE) {
            return Ok(None);
        }
        let (bytes, shown) = (files.read(LOCK_FILE)?, files.display(LOCK_FILE));
        let text = std::str::from_utf8(&bytes).map_err(|_| LockFileError::Content {
            file: shown.clone(),
            line: 1,
            column: 1,
            reason: "it is no UTF-8".to_owned(),
        })?;
        LockFile::parse(text, &shown).map(Some)
    }

    /// A digest of their files: the SHA-256 over what `sha256sum` prints of those that the manifest lists of this directory, sorted by name, with
    /// the names that they have in it. Seeds are not among them: no program carries these, and they make no schema.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn digest(&self) -> Result<Fingerprint, FilesError> {
        let files = self.files();
        let scripts = self.list().iter().flat_map(|it| std::iter::once(&it.up).chain(&it.down));
        let scripts = scripts.map(|script| (script.file.as_str(), script.digest));
        let hooks = self.hooks().iter().map(|hook| (hook.file.as_str(), hook.digest));
        let known: BTreeMap<&str, crate::Digest> = scripts.chain(hooks).collect();
        let mut names: Vec<String> =
            files.list()?.into_iter().filter(|name| is_sql(name) || is_settings(name)).chain(files.hooks()?).collect();
        names.sort_unstable();
        names.dedup();
        let mut said = String::new();
        for name in &names {
            let digest = match known.get(name.as_str()) {
                Some(digest) => *digest,
                None => files.digest(name)?,
            };
            said.push_str(&format!("{}  {name}\n", digest.sha256()));
        }
        Ok(Fingerprint::of(said.as_bytes()))
    }
}

fn content(file: &str, line: usize, column: usize, reason: String) -> LockFileError {
    let number = |number: usize| u32::try_from(number.max(1)).unwrap_or(u32::MAX);
    LockFileError::Content { file: file.to_owned(), line: number(line), column: number(column), reason }
}

/// What a text says, of a format that is known here.
fn written<S: DeserializeOwned>(text: &str, file: &str) -> Result<Written<S>, LockFileError> {
    let too_new = |found| LockFileError::Format { file: file.to_owned(), found };
    let written: Written<S> = serde_json::from_str(text).map_err(|error| match serde_json::from_str(text) {
        Ok(AnyFormat { format }) if format > FORMAT => too_new(format),
        _ => {
            let reason = error.to_string();
            let reason = reason.split(" at line ").next().unwrap_or(&reason).to_owned();
            content(file, error.line(), error.column(), format!("it is no lock file: {reason}"))
        }
    })?;
    // One that only means something else by the same words.
    if written.format > FORMAT { Err(too_new(written.format)) } else { Ok(written) }
}

fn is_conflict_mark(line: &str) -> bool {
    line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ") || line == "======="
}

/// Where a key of the outermost object stands in the text, as far as it can be told.
fn place_of(text: &str, key: &str) -> (u32, u32) {
    let Some(at) = text.rfind(&format!("\n  \"{key}\"")) else { return (1, 1) };
    let line = text[..=at].bytes().filter(|byte| *byte == b'\n').count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), 3)
}

/// Writes a file beside and puts it in its place, so that whoever reads it sees the old one or the new one, whatever happens in between.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    let beside = path.with_file_name(format!(".{LOCK_FILE}.{}", std::process::id()));
    let written = std::fs::File::create(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // The error that is told is the one that matters.
        let _ = std::fs::remove_file(&beside);
    }
    written
}
