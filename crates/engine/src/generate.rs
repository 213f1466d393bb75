//! The next migration, written from the difference between what the migrations make and what there should be.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use driftlock_database::{Engine, Likeness, Rename, Step, Timestamp};
use driftlock_schema::{Change, Difference, compare};
use driftlock_script::{
    ATLAS_SUM, Dialect, Directory, Files, FilesError, Layout, LoadError, LockFile, Migrations, NewScript, NewScripts,
};

use crate::scaffold::Next;
use crate::script_of::{remarks, step_to_script};
use crate::{Diff, Differing, Error, Migrator, NewMigration, Source, Sources};

/// What is to be written, and where.
#[derive(Debug, Clone)]
pub struct Making<'m> {
    /// The folder that the manifest is in.
    pub root: &'m Path,
    /// The directory that gets the migration.
    pub directory: &'m Directory,
    /// What it is about, and what it does, as for `new`.
    pub words: (&'m str, &'m str),
    /// The time that it is named by.
    pub now: Timestamp,
    /// What the database is like that the migrations are for, where that isn't the usual.
    pub likeness: Likeness,
    /// What becomes of it.
    pub writing: Writing,
}

/// Whether a migration that was made is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writing {
    /// It is.
    Yes,
    /// Everything is done but that.
    No,
    /// It is where nothing could be the same under another name but what these say, of [`Differing::proposals`]: a person was asked, and said no.
    UnlessAskedAbout(BTreeSet<String>),
}

impl Writing {
    fn is_for(&self, up: &Differing) -> bool {
        match self {
            Writing::Yes => true,
            Writing::No => false,
            Writing::UnlessAskedAbout(answered) => up.proposals.iter().all(|it| answered.contains(it)),
        }
    }
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Generated {
    /// From what the migrations make to what there should be.
    pub up: Differing,
    /// The way back, or why there is none.
    pub down: Result<Diff, String>,
    /// The files, as people see them, with what they hold; nothing where there is nothing to do.
    pub files: Vec<(String, String)>,
    /// The migration, where it was written.
    pub migration: Option<NewMigration>,
    /// What a person should know.
    pub notes: Vec<String>,
}

impl Sources {
    /// Writes the next migration of a directory: the proved steps from what its migrations make to a source, and back. It is replayed with all
    /// others before a file is written, and must make what the source says; the manifest and the lock file are written with it. Where nothing
    /// differs, nothing is written.
    ///
    /// # Errors
    /// Those of [`diff`](Sources::diff), [`new_migration`](crate::new_migration) and [`Migrator::replay`]; nothing is written then.
    pub async fn generate(&self, making: &Making<'_>, to: &Source) -> Result<Generated, Error> {
        let was_there = making.directory.path().exists();
        let generated = Box::pin(self.made(making, to)).await;
        if !was_there && !generated.as_ref().is_ok_and(|it| it.migration.is_some()) {
            // It was made for nothing. One that isn't empty stays.
            let _ = std::fs::remove_dir(making.directory.path());
        }
        generated
    }

    async fn made(&self, making: &Making<'_>, to: &Source) -> Result<Generated, Error> {
        let Making { directory, words, now, .. } = making;
        let directories = std::slice::from_ref(*directory);
        let layout = self.layout();
        let next = Next::of(directories, layout, *words, *now)?;
        let mut notes = Vec::new();
        if making.writing != Writing::No {
            std::fs::create_dir_all(directory.path()).map_err(|error| unwritable(directory, &error))?;
        }
        let path = std::path::absolute(directory.path()).map_err(|error| unwritable(directory, &error))?;
        let from = Source::Directory { path, version: None };
        let engine = self.engine_of(&from).or_else(|error| self.engine_of(to).map_err(|_| error))?;
        let sources = self.clone().engine(engine).like(making.likeness.clone());
        let up = Box::pin(sources.diff(&from, to)).await?;
        if up.diff.steps.is_empty() {
            let down = Err("nothing is done".to_owned());
            return Ok(Generated { up, down, files: Vec::new(), migration: None, notes });
        }
        let shadow = sources.shadow_of(engine).await?;
        let down = if next.has_way_down() {
            let (one, other) = (&up.to.inspection.schema, &up.from.inspection.schema);
            let down = async {
                let renames: Vec<Rename> = up.renames.iter().rev().map(Rename::inverse).collect();
                let mut diff = if renames.is_empty() {
                    Diff::of(&up.to, &up.from, self.looked_at(), self.order())?
                } else {
                    let looked_at = self.looked_at();
                    Box::pin(Diff::renaming([&up.to, &up.from], &renames, &shadow, looked_at, self.order())).await?
                };
                Box::pin(diff.prove(one, other, &shadow, self.looked_at())).await?;
                Ok::<_, Error>(diff)
            };
            match down.await {
                Ok(diff) => Ok(diff),
                Err(error @ (Error::Plan(_) | Error::Unproved(_) | Error::Realise { .. } | Error::Refused { .. })) => {
                    let reason = error.to_string();
                    notes.push(format!("it has no way down: {reason}"));
                    Err(reason)
                }
                Err(error) => return Err(error),
            }
        } else {
            let reason = format!("{} has no place for one", next.layout);
            notes.push(format!("it has no way down: {reason}"));
            Err(reason)
        };
        let script = |diff: &Diff| script(&diff.steps, engine, next.layout);
        let scripts = NewScripts { up: script(&up.diff), down: down.as_ref().ok().map(script) };
        if scripts.up.no_transaction && !next.layout.says_no_transaction() {
            notes.push(format!(
                "a statement can't share a transaction with those that come behind it, and files of {} can't say so: split the file before it runs",
                next.layout
            ));
        }
        let new = next.files(Some(&scripts))?;

        let more = new.files.iter().map(|(file, text)| (file.clone(), text.clone().into_bytes())).collect();
        let foreseen = Foreseen { directory: (*directory).clone(), more };
        let migrations = Migrations::load(Arc::new(foreseen), Some(next.layout))?.with_values(self.values()?);
        let shadow = sources.shadow_for(engine, Some(&migrations)).await?;
        let migrator = Migrator::new(&migrations).filter(self.looked_at().clone());
        let migrator = migrator.cancellation(shadow.cancellation.clone());
        let replayed = Box::pin(migrator.replay(&shadow, None)).await?;
        is_as_wanted(&replayed.lock, &up, self)?;

        let shown = |(file, text): &(String, String)| (directory.display(file), text.clone());
        let shown = new.files.iter().map(shown).collect();
        let mut migration = None;
        if making.writing.is_for(&up) {
            migration = Some(next.write(making.root, &new)?);
            replayed.lock.write(directory)?;
        }
        Ok(Generated { up, down, files: shown, migration, notes })
    }
}

/// The statements of a plan as a migration runs them.
fn script(steps: &[Step], engine: &dyn Engine, layout: Layout) -> NewScript {
    let dialect = engine.dialect();
    // A script of SQLite's runs with foreign keys off; that is all that stands outside of a transaction there.
    let steps: Vec<&Step> = steps.iter().filter(|step| dialect != Dialect::Sqlite || step.transactional).collect();
    let statement = |step: &&Step| match (layout, dialect) {
        // It knows no DELIMITER, and marks what has a `;` in it.
        (Layout::Goose, Dialect::MySql) => format!("{}{};\n", remarks(step), step.sql),
        _ => step_to_script(step, dialect),
    };
    NewScript {
        statements: steps.iter().map(statement).collect(),
        // MySQL's are journalled one by one in any case.
        no_transaction: dialect == Dialect::Postgres && steps.iter().any(|step| !step.transactional),
    }
}

/// Run as a migration it must make what the plan was made for.
fn is_as_wanted(lock: &LockFile, up: &Differing, sources: &Sources) -> Result<(), Error> {
    let wanted = &up.to.inspection.schema;
    let is_order = |change: &Change| matches!(change.difference, Difference::Reordered { .. });
    let changes = compare(lock.schema()?, wanted, sources.looked_at().facets());
    let others: Vec<String> =
        changes.iter().filter(|change| !is_order(change)).map(|change| change.object.to_string()).collect();
    if others.is_empty() {
        return Ok(());
    }
    Err(Error::Refused {
        code: "DL0835",
        message: format!(
            "run as a migration, the statements make something else than was asked for ({}); nothing was written",
            others.join(", ")
        ),
    })
}

fn unwritable(directory: &Directory, error: &std::io::Error) -> Error {
    LoadError::from(FilesError { path: directory.root().to_owned(), reason: error.to_string() }).into()
}

/// A directory, with files that aren't there yet.
#[derive(Debug)]
struct Foreseen {
    directory: Directory,
    more: BTreeMap<String, Vec<u8>>,
}

impl Files for Foreseen {
    fn root(&self) -> &str {
        self.directory.root()
    }

    fn list(&self) -> Result<Vec<String>, FilesError> {
        // The sums are of the files that are there, and were looked at.
        Ok(self
            .directory
            .list()?
            .into_iter()
            .filter(|file| file != ATLAS_SUM)
            .chain(self.more.keys().cloned())
            .collect())
    }

    fn hooks(&self) -> Result<Vec<String>, FilesError> {
        self.directory.hooks()
    }

    fn read(&self, name: &str) -> Result<Cow<'_, [u8]>, FilesError> {
        match self.more.get(name) {
            Some(bytes) => Ok(Cow::Borrowed(bytes)),
            None => self.directory.read(name),
        }
    }

    fn exists(&self, name: &str) -> bool {
        self.more.contains_key(name) || (name != ATLAS_SUM && self.directory.exists(name))
    }

    fn display(&self, name: &str) -> String {
        self.directory.display(name)
    }
}
