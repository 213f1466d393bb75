//! Where migration files come from: a directory, memory; the program itself is in `embedded`.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::Digest;
use crate::hooks::HOOKS;
use crate::layout::{ATLAS_SUM, is_flyway_code};

/// A set of files with names relative to one root, `/` between folders.
pub trait Files: Send + Sync + std::fmt::Debug {
    /// The root as messages show it in front of a name; empty where there is none.
    fn root(&self) -> &str;

    /// The names of all `.sql` files and of those that layouts know (their settings, their record of the directory, migrations in
    /// Go and Rust, pairs of another ending), sorted. Dot files, `seeds/` and `hooks/`, which [`hooks`](Self::hooks) lists, are not among them.
    ///
    /// # Errors
    /// When a folder can't be read.
    fn list(&self) -> Result<Vec<String>, FilesError>;

    /// The names of all `.sql` files in `hooks/` and the folders below it, sorted. Dot files are not listed.
    ///
    /// # Errors
    /// When a folder can't be read.
    fn hooks(&self) -> Result<Vec<String>, FilesError>;

    /// The bytes of one file.
    ///
    /// # Errors
    /// When it can't be read.
    fn read(&self, name: &str) -> Result<Cow<'_, [u8]>, FilesError>;

    /// The first bytes of one file, at most so many.
    ///
    /// # Errors
    /// When it can't be read.
    fn head(&self, name: &str, most: usize) -> Result<Cow<'_, [u8]>, FilesError> {
        Ok(match self.read(name)? {
            Cow::Borrowed(bytes) => Cow::Borrowed(&bytes[..most.min(bytes.len())]),
            Cow::Owned(mut bytes) => {
                bytes.truncate(most);
                Cow::Owned(bytes)
            }
        })
    }

    /// The digest of one file. A file of its own is hashed as it is read, however long it is.
    ///
    /// # Errors
    /// When it can't be read.
    fn digest(&self, name: &str) -> Result<Digest, FilesError> {
        Ok(Digest::of(&self.read(name)?))
    }

    /// Whether there is a file of this name.
    fn exists(&self, name: &str) -> bool {
        self.list().is_ok_and(|names| names.iter().any(|other| other == name))
    }

    /// Where a file is on this machine, where it is a file of its own.
    fn path(&self, name: &str) -> Option<PathBuf> {
        let _ = name;
        None
    }

    /// A name as messages show it: with the root before it.
    fn display(&self, name: &str) -> String {
        match self.root() {
            "" => name.to_owned(),
            root if root.ends_with('/') => format!("{root}{name}"),
            root => format!("{root}/{name}"),
        }
    }
}

/// A file or folder can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct FilesError {
    /// Which.
    pub path: String,
    /// The system's words.
    pub reason: String,
}

/// The files of a directory and its folders. Symbolic links are followed.
#[derive(Debug, Clone)]
pub struct Directory {
    path: PathBuf,
    shown: String,
}

/// Deeper than anyone nests folders; where symbolic links go in a circle, it ends here.
const DEPTH: usize = 32;

impl Directory {
    /// The directory at a path.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let shown = path.display().to_string();
        Directory { path, shown }
    }

    /// The same directory, shown to people as this path.
    #[must_use]
    pub fn shown_as(mut self, shown: impl Into<String>) -> Self {
        self.shown = shown.into();
        self
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn walk(&self, folder: &str, depth: usize, names: &mut Vec<String>) -> Result<(), FilesError> {
        let error = |name: &str, error: std::io::Error| FilesError {
            path: if name.is_empty() { self.shown.clone() } else { self.display(name) },
            reason: error.to_string(),
        };
        if depth > DEPTH {
            return Err(FilesError {
                path: self.display(folder),
                reason: format!("more than {DEPTH} folders inside each other; do symbolic links go in a circle?"),
            });
        }
        let path = if folder.is_empty() { self.path.clone() } else { self.path.join(folder) };
        for entry in std::fs::read_dir(path).map_err(|e| error(folder, e))? {
            let entry = entry.map_err(|e| error(folder, e))?;
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                let lossy = entry.file_name().to_string_lossy().into_owned();
                if lossy.to_ascii_lowercase().ends_with(".sql") {
                    return Err(FilesError {
                        path: self.display(&lossy),
                        reason: "the file's name is not UTF-8".into(),
                    });
                }
                continue;
            };
            if name.starts_with('.') {
                continue;
            }
            let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let kind = entry.file_type().map_err(|e| error(&name, e))?;
            let is_dir = if kind.is_symlink() {
                match std::fs::metadata(entry.path()) {
                    Ok(target) => target.is_dir(),
                    // A dangling link to a script is a script that can't be read; to anything else it is no business of ours.
                    Err(e) if is_sql(&name) => return Err(error(&name, e)),
                    Err(_) => continue,
                }
            } else {
                kind.is_dir()
            };
            if is_dir {
                if !is_apart(&name) {
                    self.walk(&name, depth + 1, names)?;
                }
            } else if is_listed(&name) {
                names.push(name);
            }
        }
        Ok(())
    }
}

impl Files for Directory {
    fn root(&self) -> &str {
        &self.shown
    }

    fn digest(&self, name: &str) -> Result<Digest, FilesError> {
        thread_local! {
            static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 * 1024]);
        }
        BUFFER
            .with_borrow_mut(|buffer| Digest::read(File::open(self.path.join(name))?, buffer))
            .map_err(|error| FilesError { path: self.display(name), reason: error.to_string() })
    }

    fn head(&self, name: &str, most: usize) -> Result<Cow<'_, [u8]>, FilesError> {
        // Enough for most scripts: into an empty one it would be read a few bytes at a time.
        let mut head = Vec::with_capacity(most.min(8 * 1024));
        File::open(self.path.join(name))
            .and_then(|file| file.take(u64::try_from(most).unwrap_or(u64::MAX)).read_to_end(&mut head))
            .map_err(|error| FilesError { path: self.display(name), reason: error.to_string() })?;
        Ok(Cow::Owned(head))
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        Some(self.path.join(name))
    }

    fn exists(&self, name: &str) -> bool {
        self.path.join(name).is_file()
    }

    fn list(&self) -> Result<Vec<String>, FilesError> {
        let mut names = Vec::new();
        self.walk("", 0, &mut names)?;
        names.sort_unstable();
        Ok(names)
    }

    fn hooks(&self) -> Result<Vec<String>, FilesError> {
        let mut names = Vec::new();
        if self.path.join(HOOKS).is_dir() {
            self.walk(HOOKS, 1, &mut names)?;
        }
        names.retain(|name| is_sql(name));
        names.sort_unstable();
        Ok(names)
    }

    fn read(&self, name: &str) -> Result<Cow<'_, [u8]>, FilesError> {
        std::fs::read(self.path.join(name))
            .map(Cow::Owned)
            .map_err(|error| FilesError { path: self.display(name), reason: error.to_string() })
    }
}

/// Files in memory.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    files: BTreeMap<String, Vec<u8>>,
    root: String,
}

impl Memory {
    /// No files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more file, or another content of it.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(name.into(), content.into());
        self
    }

    /// The same files, shown to people with this before their names.
    #[must_use]
    pub fn shown_as(mut self, root: impl Into<String>) -> Self {
        self.root = root.into();
        self
    }
}

impl Files for Memory {
    fn root(&self) -> &str {
        &self.root
    }

    fn list(&self) -> Result<Vec<String>, FilesError> {
        Ok(listed(self.files.keys().map(String::as_str)))
    }

    fn hooks(&self) -> Result<Vec<String>, FilesError> {
        Ok(hooks(self.files.keys().map(String::as_str)))
    }

    fn read(&self, name: &str) -> Result<Cow<'_, [u8]>, FilesError> {
        let found = self.files.get(name).map(|bytes| Cow::Borrowed(bytes.as_slice()));
        found.ok_or_else(|| missing(&self.display(name)))
    }

    fn exists(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }
}

/// Of these names, those that [`Files::list`] gives.
pub(crate) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = names
        .filter(|name| is_listed(name))
        .filter(|name| !name.split('/').any(|part| part.starts_with('.')))
        .filter(|name| !name.rsplit_once('/').is_some_and(|(folder, _)| folder.split('/').any(is_apart)))
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    names
}

/// The hooks among the names of all files.
pub(crate) fn hooks<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let inside = |name: &&str| name.strip_prefix(HOOKS).is_some_and(|rest| rest.starts_with('/'));
    let mut names: Vec<String> = names
        .filter(inside)
        .filter(|name| is_sql(name) && !name.split('/').any(|part| part.starts_with('.')))
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    names
}

pub(crate) fn is_sql(name: &str) -> bool {
    name.len() > 4 && name.as_bytes()[name.len() - 4..].eq_ignore_ascii_case(b".sql")
}

/// What changes how scripts run: Flyway's `V1__a.sql.conf`, Diesel's `metadata.toml`.
pub(crate) fn is_settings(name: &str) -> bool {
    name.strip_suffix(".conf").is_some_and(is_sql) || file_of(name) == "metadata.toml"
}

/// A migration in Go (`00002_a.go`), Rust (`V2__a.rs`) or what Flyway runs beside SQL (`V2__a.java`, `V2__a.sh`).
pub(crate) fn is_code(name: &str) -> bool {
    let begins_with_digit = |name: &str| name.starts_with(|first: char| first.is_ascii_digit());
    let file = file_of(name);
    let go = file.strip_suffix(".go").is_some_and(|stem| begins_with_digit(stem) && !stem.ends_with("_test"));
    let rust = file.strip_suffix(".rs").and_then(|stem| stem.strip_prefix(['V', 'U'])).is_some_and(begins_with_digit);
    go || rust || is_flyway_code(name)
}

/// A pair's half that doesn't end in `.sql`, such as `1_a.up.txt`: golang-migrate runs it (`source/parse.go`, `Regex`).
pub(crate) fn is_other_half(name: &str) -> bool {
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    let is_half = |rest: &str| rest.contains(".up.") || rest.contains(".down.");
    digits > 0 && !name.contains('/') && !is_sql(name) && name[digits..].strip_prefix('_').is_some_and(is_half)
}

fn is_listed(name: &str) -> bool {
    is_sql(name) || is_settings(name) || is_code(name) || name == ATLAS_SUM || is_other_half(name)
}

fn file_of(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Folders of SQL that are no migrations.
fn is_apart(folder: &str) -> bool {
    matches!(folder.rsplit('/').next(), Some("hooks" | "seeds"))
}

pub(crate) fn missing(name: &str) -> FilesError {
    FilesError { path: name.to_owned(), reason: "there is no such file".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_lists_the_same_files() {
        let names = ["b.sql", "a.sql", "notes.txt", ".hidden.sql", "hooks/x.sql", "seeds/y.sql", "sub/c.SQL"];
        let folder = tempfile::tempdir().unwrap();
        let mut memory = Memory::new();
        for name in names {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, name).unwrap();
            memory = memory.with(name, name);
        }
        let directory = Directory::new(folder.path());
        let expected = ["a.sql", "b.sql", "sub/c.SQL"];
        assert_eq!(directory.list().unwrap(), expected);
        assert_eq!(memory.list().unwrap(), expected);
        let embedded = crate::embedded::tests::embed(&names);
        assert_eq!(embedded.list().unwrap(), expected);
        for files in [&directory as &dyn Files, &memory, &embedded] {
            assert_eq!(files.hooks().unwrap(), ["hooks/x.sql"]);
            assert_eq!(&*files.read("b.sql").unwrap(), b"b.sql");
            assert!(files.read("z.sql").unwrap_err().to_string().contains("z.sql"));
        }
    }

    #[cfg(unix)]
    #[test]
    fn follows_links_and_ends_in_a_circle() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("real")).unwrap();
        std::fs::write(folder.path().join("real/a.sql"), "").unwrap();
        std::os::unix::fs::symlink("real", folder.path().join("link")).unwrap();
        assert_eq!(Directory::new(folder.path().join("link")).list().unwrap(), ["a.sql"]);
        std::os::unix::fs::symlink("..", folder.path().join("real/up")).unwrap();
        assert!(Directory::new(folder.path()).list().unwrap_err().reason.contains("circle"));
        std::fs::remove_file(folder.path().join("real/up")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("real/b.sql")).unwrap();
        assert!(Directory::new(folder.path()).list().unwrap_err().path.ends_with("b.sql"));
    }
}
