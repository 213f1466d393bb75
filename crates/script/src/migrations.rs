//! A directory's migrations: which versions there are, with which scripts.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{Dialect, Digest, Files, FilesError, Layout, Part, TextError, Version, decode_script};

/// All migrations of a set of files, in the order of their layout.
///
/// ```
/// use driftlock_script::{Memory, Migrations};
///
/// let files = Memory::new()
///     .with("20240520-143022_user_schema_create_v1.up.sql", "CREATE TABLE users (id integer);")
///     .with("20240520-143022_user_schema_create_v1.down.sql", "DROP TABLE users;");
/// let migrations = Migrations::load(std::sync::Arc::new(files), None)?;
/// let first = &migrations.list()[0];
/// assert_eq!((first.version.as_str(), first.name.as_str()), ("20240520-143022", "user_schema_create_v1"));
/// assert!(first.down.is_some());
/// # Ok::<(), driftlock_script::LoadError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Migrations {
    files: Arc<dyn Files>,
    layout: Layout,
    list: Vec<Migration>,
}

/// One version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its version.
    pub version: Version,
    /// Its name: what the file's name says beside version and direction.
    pub name: String,
    /// The script that makes the change.
    pub up: Script,
    /// The script that undoes it, where there is one.
    pub down: Option<Script>,
}

/// One file, by name and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The file's name, relative to its root.
    pub file: String,
    /// What it held when the migrations were loaded.
    pub digest: Digest,
}

/// Files that make no migrations. Names are as people see them, with their root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// A file or folder can't be read.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// Files whose names fit no layout, or not the one of the others.
    #[error(
        "{} no name of the {layout} layout ({}), such as `{}`; rename or move {}",
        if files.len() == 1 { format!("`{}` has", files[0].0) } else { format!("{} files have", files.len()) },
        files.iter().take(5).map(|(file, why)| format!("`{file}`: {why}")).collect::<Vec<_>>().join("; "),
        layout.example(),
        if files.len() == 1 { "it" } else { "them" }
    )]
    NoLayout {
        /// The layout that was asked for, or that most files have.
        layout: Layout,
        /// The files and why they don't fit.
        files: Vec<(String, &'static str)>,
    },
    /// Two scripts of one version and direction.
    #[error("version {version} is there twice: `{first}` and `{second}`; give one of them another version")]
    Duplicate {
        /// The version.
        version: Version,
        /// One file.
        first: String,
        /// The other.
        second: String,
    },
    /// A down script whose version has no up script.
    #[error("`{file}` has no up script: there is no other file of version {version}; add it or remove this one")]
    DownWithoutUp {
        /// The down script.
        file: String,
        /// Its version.
        version: Version,
    },
    /// Up and down of one version bear different names.
    #[error("`{up}` and `{down}` are of one version but bear different names; rename one of them")]
    NamesDiffer {
        /// The up script.
        up: String,
        /// The down script.
        down: String,
    },
    /// A script is no text.
    #[error("{file}:{}:{}: {error}", error.line, error.column)]
    Text {
        /// The file.
        file: String,
        /// What is wrong with it.
        error: TextError,
    },
    /// A script changed between two looks at it.
    #[error("`{file}` changed while it was being worked with; run the command again")]
    Changed {
        /// The file.
        file: String,
    },
}

impl LoadError {
    /// A stable code for scripts and searches.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            LoadError::Files(_) => "DL0101",
            LoadError::NoLayout { .. } => "DL0102",
            LoadError::Duplicate { .. } => "DL0103",
            LoadError::DownWithoutUp { .. } => "DL0104",
            LoadError::NamesDiffer { .. } => "DL0105",
            LoadError::Text { .. } => "DL0106",
            LoadError::Changed { .. } => "DL0107",
        }
    }
}

impl Migrations {
    /// Reads the names and hashes the contents of all files. Their texts are not kept.
    ///
    /// Without a `layout` it is the one that most files fit.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn load(files: Arc<dyn Files>, layout: Option<Layout>) -> Result<Self, LoadError> {
        let names = files.list()?;
        let layout = layout.unwrap_or_else(|| recognise(&names));
        let read = pair(files.as_ref(), layout, &names)?;
        let scripts: Vec<&str> = read.iter().flat_map(|named| std::iter::once(named.up).chain(named.down)).collect();
        let mut digests = hash(files.as_ref(), &scripts)?.into_iter();
        let mut script = |file: &str| {
            let digest = digests.next().expect("hash returns a digest for every file");
            Script { file: file.to_owned(), digest }
        };
        let list = read
            .into_iter()
            .map(|named| Migration {
                up: script(named.up),
                down: named.down.map(&mut script),
                version: named.version,
                name: named.name,
            })
            .collect();
        Ok(Migrations { files, layout, list })
    }

    /// Every migration, by rising version.
    #[must_use]
    pub fn list(&self) -> &[Migration] {
        &self.list
    }

    /// The migration of a version.
    #[must_use]
    pub fn find(&self, version: &Version) -> Option<&Migration> {
        self.list.binary_search_by(|migration| migration.version.cmp(version)).ok().map(|at| &self.list[at])
    }

    /// The layout that the files have.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// Where the files come from.
    #[must_use]
    pub fn files(&self) -> &dyn Files {
        self.files.as_ref()
    }

    /// A script's name as people see it.
    #[must_use]
    pub fn display(&self, script: &Script) -> String {
        self.files.display(&script.file)
    }

    /// A script's text.
    ///
    /// # Errors
    /// When it can't be read, is no text, or is no longer what it was when it was hashed.
    pub fn text(&self, script: &Script) -> Result<String, LoadError> {
        // Of the dialects that want nothing but text.
        self.text_to_run(script, Dialect::Postgres)
    }

    /// A script's text for a server of this dialect; see [`decode_script`].
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub fn text_to_run(&self, script: &Script, dialect: Dialect) -> Result<String, LoadError> {
        let bytes = self.files.read(&script.file)?;
        if Digest::of(&bytes) != script.digest {
            return Err(LoadError::Changed { file: self.display(script) });
        }
        decode_script(&bytes, dialect)
            .map(Cow::into_owned)
            .map_err(|error| LoadError::Text { file: self.display(script), error })
    }
}

/// The layout that most names fit; the first of those that fit equally many.
fn recognise(names: &[String]) -> Layout {
    let fitting = |layout: Layout| names.iter().filter(|name| layout.read_name(name).is_ok()).count();
    let mut best = (Layout::Driftlock, fitting(Layout::Driftlock));
    for &layout in Layout::ALL {
        if best.1 == names.len() {
            break;
        }
        let count = fitting(layout);
        if count > best.1 {
            best = (layout, count);
        }
    }
    best.0
}

/// A version's files before they are hashed: name in the directory and name of the migration.
struct Named<'a> {
    version: Version,
    name: String,
    up: &'a str,
    down: Option<&'a str>,
}

fn pair<'a>(files: &dyn Files, layout: Layout, names: &'a [String]) -> Result<Vec<Named<'a>>, LoadError> {
    let mut strangers = Vec::new();
    let mut versions: BTreeMap<Version, [Option<(&'a str, String)>; 2]> = BTreeMap::new();
    for file in names {
        let name = match layout.read_name(file) {
            Ok(name) => name,
            Err(why) => {
                strangers.push((files.display(file), why));
                continue;
            }
        };
        let slot = &mut versions.entry(name.version.clone()).or_default()[usize::from(name.part == Part::Down)];
        if let Some((first, _)) = slot {
            return Err(LoadError::Duplicate {
                version: name.version,
                first: files.display(first),
                second: files.display(file),
            });
        }
        *slot = Some((file, name.name));
    }
    if !strangers.is_empty() {
        return Err(LoadError::NoLayout { layout, files: strangers });
    }
    versions
        .into_iter()
        .map(|(version, [up, down])| match (up, down) {
            (Some((up, name)), down) => {
                if let Some((down, _)) = down.as_ref().filter(|(_, of_down)| *of_down != name) {
                    return Err(LoadError::NamesDiffer { up: files.display(up), down: files.display(down) });
                }
                Ok(Named { version, name, up, down: down.map(|(down, _)| down) })
            }
            (None, Some((down, _))) => Err(LoadError::DownWithoutUp { file: files.display(down), version }),
            (None, None) => unreachable!("a version is entered together with a file"),
        })
        .collect()
}

/// Beside a connection that is being made there is time for about so many; a second thread would take it from that.
const WORTH_A_THREAD: usize = 512;

/// More threads than this only wait for the disk; fewer cores than threads do no harm.
const MOST_THREADS: usize = 4;

/// The digests of files, in their order; by several threads where there are many.
pub(crate) fn hash(files: &dyn Files, names: &[&str]) -> Result<Vec<Digest>, FilesError> {
    let all =
        |names: &[&str]| -> Result<Vec<Digest>, FilesError> { names.iter().map(|name| files.digest(name)).collect() };
    let threads = (names.len() / WORTH_A_THREAD).clamp(1, MOST_THREADS);
    let share = names.len().div_ceil(threads);
    let (own, rest) = names.split_at(share.min(names.len()));
    std::thread::scope(|scope| {
        let workers: Vec<_> = rest.chunks(share.max(1)).map(|names| scope.spawn(move || all(names))).collect();
        let mut digests = all(own)?;
        for worker in workers {
            digests.extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(digests)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;

    fn load(names: &[&str]) -> Result<Migrations, LoadError> {
        let files = names.iter().fold(Memory::new(), |files, name| files.with(*name, *name));
        Migrations::load(Arc::new(files), None)
    }

    fn message(names: &[&str]) -> String {
        load(names).unwrap_err().to_string()
    }

    #[test]
    fn orders_by_the_layouts_own_order() {
        let migrations = load(&["10_b.up.sql", "2_a.up.sql", "2_a.down.sql", "100_c.up.sql"]).unwrap();
        assert_eq!(migrations.layout(), Layout::GolangMigrate);
        let versions: Vec<_> = migrations.list().iter().map(|m| m.version.as_str()).collect();
        assert_eq!(versions, ["2", "10", "100"]);
        assert_eq!(migrations.find(&Version::number(10)).unwrap().up.file, "10_b.up.sql");
        assert!(migrations.list()[0].down.is_some() && migrations.list()[1].down.is_none());
    }

    #[test]
    fn names_the_files_of_every_mistake() {
        assert_eq!(
            message(&["1_a.up.sql", "001_b.up.sql"]),
            "version 1 is there twice: `001_b.up.sql` and `1_a.up.sql`; give one of them another version"
        );
        assert_eq!(
            message(&["20240520-143022_a.up.sql", "20240520-143023_b.down.sql"]),
            "`20240520-143023_b.down.sql` has no up script: there is no other file of version 20240520-143023; add it or remove this one"
        );
        assert!(message(&["20240520-143022_a.up.sql", "20240520-143022_b.down.sql"]).contains("different names"));
        assert!(message(&["20240520-143022_a.up.sql", "20240520-143022_a.sql"]).contains("twice"));
        let text = message(&["20240520-143022_a.up.sql", "fix.sql", "20240521_b.sql"]);
        assert!(
            text.contains("`fix.sql`") && text.contains("`20240521_b.sql`") && text.contains("driftlock layout"),
            "{text}"
        );
        assert!(message(&["1_a.up.sql", "99999999999999999999_b.up.sql"]).contains("larger than"));
        assert!(message(&["a.sql"]).starts_with("`a.sql` has no name of the driftlock layout"));
    }

    #[test]
    fn reads_again_only_what_is_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1_a.up.sql");
        std::fs::write(&path, "SELECT 1;").unwrap();
        let migrations = Migrations::load(Arc::new(crate::Directory::new(folder.path())), None).unwrap();
        let up = &migrations.list()[0].up;
        assert_eq!(migrations.text(up).unwrap(), "SELECT 1;");
        std::fs::write(&path, "SELECT 2;").unwrap();
        assert!(matches!(migrations.text(up), Err(LoadError::Changed { .. })));
    }

    #[test]
    fn hashes_many_files_in_order() {
        let names: Vec<String> = (0..2000).map(|n| format!("{n}_a.up.sql")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let migrations = load(&names).unwrap();
        for migration in migrations.list() {
            assert_eq!(migration.up.digest, Digest::of(migration.up.file.as_bytes()));
        }
    }
}
