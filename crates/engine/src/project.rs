//! The files with which a project begins: its configuration, a first migration, the manifest, and what a CI service runs.
//!
//! They are put together as data ([`NewProject::files`]) and written all or none ([`write_files`]); no file is ever overwritten.

mod ci;
mod config;

use std::io::Write;
use std::path::{Path, PathBuf};

use driftlock_database::Timestamp;
use driftlock_script::{Digest, Directory, FilesError, Layout, LoadError, Manifest};

use crate::{Error, Secret};

pub use ci::Ci;

/// What a project is to begin with.
#[derive(Debug, Clone)]
pub struct NewProject {
    /// The folder of the migrations, from the project's.
    pub directory: String,
    /// How they are named, where that isn't driftlock's own.
    pub layout: Option<Layout>,
    /// The engine's name: `sqlite`, `postgres`, `mysql`. It isn't known where a variable holds the URL and nobody said it.
    pub engine: Option<&'static str>,
    /// Each environment with its URL; that of daily work first.
    pub environments: Vec<(String, Secret)>,
    /// What is put into scripts at places of these names.
    pub placeholders: Vec<(String, Secret)>,
    /// Rules for what is no part of the schema, each with whose it is.
    pub ignore: Vec<(String, String)>,
    /// By key (`migrations`, `layout`, `env.dev`), where what is said for it comes from.
    pub origins: Vec<(String, String)>,
}

/// A file that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Its path, from the project's folder.
    pub path: String,
    /// What it is to hold.
    pub text: String,
}

/// The configuration's name.
pub const CONFIG: &str = "driftlock.toml";

/// The manifest's path.
const MANIFEST: &str = ".migrations/manifest.json";

impl NewProject {
    /// The files: the configuration; a first migration, where there is none yet and the engine is known; a manifest, where there is
    /// none. `now` (UTC) is the first migration's version.
    ///
    /// # Errors
    /// When the migrations that are there can't be read.
    pub fn files(&self, root: &Path, now: Timestamp) -> Result<Vec<NewFile>, Error> {
        let mut files = vec![self.configuration()];
        let directory = Directory::new(root.join(&self.directory)).shown_as(&*self.directory);
        let there = if directory.path().exists() {
            Manifest::files_of(&directory).map_err(LoadError::from)?
        } else {
            Vec::new()
        };
        let first = if there.is_empty() { self.first_migration(now)? } else { Vec::new() };
        if !root.join(MANIFEST).exists() {
            let manifest = if there.is_empty() { self.manifest(&first)? } else { Some(manifest_of(root, &directory)?) };
            files.extend(manifest.map(|manifest| NewFile { path: MANIFEST.to_owned(), text: manifest.to_json() }));
        }
        files.splice(1..1, first);
        Ok(files)
    }

    /// The files, where a database is there already: its first migration and its lock file come from it. Nothing may be in the directory yet.
    ///
    /// # Errors
    /// When there is something in the directory, or it can't be read.
    pub fn files_of_existing(&self, root: &Path, migration: NewFile, lock: NewFile) -> Result<Vec<NewFile>, Error> {
        let directory = Directory::new(root.join(&self.directory)).shown_as(&*self.directory);
        if directory.path().exists() && !Manifest::files_of(&directory).map_err(LoadError::from)?.is_empty() {
            return Err(Error::Usage(format!(
                "there are migrations in {} already; nothing was changed: `--dir PATH` names another directory",
                self.directory
            )));
        }
        let manifest = self.manifest(std::slice::from_ref(&migration))?;
        let mut files = vec![self.configuration(), migration, lock];
        files.extend(manifest.map(|manifest| NewFile { path: MANIFEST.to_owned(), text: manifest.to_json() }));
        Ok(files)
    }

    /// The path of a file in the directory of the migrations.
    #[must_use]
    pub fn path(&self, file: &str) -> String {
        if self.directory == "." { file.to_owned() } else { format!("{}/{file}", self.directory) }
    }

    /// The configuration alone.
    #[must_use]
    pub fn configuration(&self) -> NewFile {
        NewFile { path: CONFIG.to_owned(), text: config::render(self) }
    }

    /// What a CI service runs for this project.
    #[must_use]
    pub fn ci(&self, root: &Path, ci: Ci) -> NewFile {
        ci.file(root, self.engine.unwrap_or("sqlite"), self.is_mariadb(), &self.directory)
    }

    fn is_mariadb(&self) -> bool {
        let is_it = |secret: &Secret| matches!(secret, Secret::Plain(url) if url.starts_with("mariadb:"));
        self.environments.iter().any(|(_, secret)| is_it(secret))
    }

    /// A table and its end, in the engine's own words. Other layouts have marks of their own: their first file is `new`'s.
    fn first_migration(&self, now: Timestamp) -> Result<Vec<NewFile>, Error> {
        let (Some(engine), None) = (self.engine, self.layout) else { return Ok(Vec::new()) };
        let columns = match engine {
            "postgres" => {
                "    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n    body text NOT NULL,\n    created_at timestamptz NOT NULL DEFAULT now()\n"
            }
            "mysql" => {
                "    id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,\n    body text NOT NULL,\n    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP\n"
            }
            _ => {
                "    id integer PRIMARY KEY,\n    body text NOT NULL,\n    created_at text NOT NULL DEFAULT CURRENT_TIMESTAMP\n"
            }
        };
        let stamp: String = now.to_string().chars().filter(char::is_ascii_digit).take(14).collect();
        let new = Layout::Driftlock
            .new_files(&[], &stamp, "note_create_v1", "note: create", None)
            .map_err(|error| Error::Usage(error.to_string()))?;
        let texts = [
            format!(
                "-- A first table, to see that all is connected: change it, or take both files away.\n\nCREATE TABLE note (\n{columns});\n"
            ),
            "-- Undoes the file of the same name that ends in `.up.sql`.\n\nDROP TABLE note;\n".to_owned(),
        ];
        let texts = new.files.into_iter().zip(texts);
        Ok(texts.map(|((file, _), text)| NewFile { path: self.path(&file), text }).collect())
    }

    fn manifest(&self, files: &[NewFile]) -> Result<Option<Manifest>, Error> {
        if files.is_empty() {
            return Ok(None);
        }
        let line = |file: &NewFile| {
            let sha256 = Digest::of(file.text.as_bytes()).sha256();
            serde_json::json!({ "file": format!("./{}", file.path), "sha256": sha256 })
        };
        let lines: Vec<serde_json::Value> = files.iter().map(line).collect();
        Manifest::parse(&serde_json::Value::from(lines).to_string()).map(Some).map_err(Error::Usage)
    }
}

fn manifest_of(root: &Path, directory: &Directory) -> Result<Manifest, Error> {
    Ok(Manifest::of(root, &[directory]).map_err(LoadError::from)?)
}

/// Writes files below a folder: all of them or none. Whoever asks to stop in between finds nothing changed.
///
/// # Errors
/// A file that is there already, by name; one that can't be written; [`Error::Interrupted`].
pub fn write_files(root: &Path, files: &[NewFile], stop: impl Fn() -> bool) -> Result<(), Error> {
    let there: Vec<&str> =
        files.iter().map(|file| file.path.as_str()).filter(|path| root.join(path).symlink_metadata().is_ok()).collect();
    if let Some(first) = there.first() {
        let others = if there.len() == 1 { String::new() } else { format!(" and so is {}", there[1..].join(", ")) };
        return Err(Error::Usage(format!("{first} is there already{others}; nothing was changed")));
    }
    let mut made = Made::default();
    for file in files {
        if stop() {
            return Err(Error::Interrupted { during: None, applied: Vec::new() });
        }
        let path = root.join(&file.path);
        made.write(&path, &file.text)
            .map_err(|error| LoadError::from(FilesError { path: file.path.clone(), reason: error.to_string() }))?;
    }
    if stop() {
        return Err(Error::Interrupted { during: None, applied: Vec::new() });
    }
    made.keep();
    Ok(())
}

/// What was made so far; taken away again unless it is to be kept.
#[derive(Debug, Default)]
struct Made {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Made {
    fn write(&mut self, path: &Path, text: &str) -> std::io::Result<()> {
        let missing: Vec<&Path> = path.ancestors().skip(1).take_while(|folder| !folder.exists()).collect();
        for folder in missing.into_iter().rev().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir(folder)?;
            self.folders.push(folder.to_owned());
        }
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path)?;
        self.files.push(path.to_owned());
        file.write_all(text.as_bytes())
    }

    fn keep(&mut self) {
        self.files.clear();
        self.folders.clear();
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // What can't be taken away stays: the error that led here is the one to tell. A folder goes only while it is empty.
        for file in self.files.iter().rev() {
            let _ = std::fs::remove_file(file);
        }
        for folder in self.folders.iter().rev() {
            let _ = std::fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_716_215_422_000_000);

    fn project() -> NewProject {
        NewProject {
            directory: "db/m".to_owned(),
            layout: None,
            engine: Some("sqlite"),
            environments: vec![("dev".to_owned(), Secret::Plain("sqlite://a\"b.db".to_owned()))],
            placeholders: Vec::new(),
            ignore: Vec::new(),
            origins: Vec::new(),
        }
    }

    fn all(root: &Path) -> Vec<String> {
        fn walk(folder: &Path, root: &Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                found.push(path.strip_prefix(root).unwrap().display().to_string());
                if path.is_dir() {
                    walk(&path, root, found);
                }
            }
        }
        let mut found = Vec::new();
        walk(root, root, &mut found);
        found.sort_unstable();
        found
    }

    #[test]
    fn all_files_are_written_or_none() {
        let root = tempfile::tempdir().unwrap();
        let files = project().files(root.path(), NOW).unwrap();
        let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        let [up, down] = ["db/m/20240520-143022_note_create_v1.up.sql", "db/m/20240520-143022_note_create_v1.down.sql"];
        assert_eq!(paths, [CONFIG, up, down, MANIFEST]);
        // Stopped at each point: nothing is left, also of the folders.
        for point in 0..=files.len() {
            let asked = Cell::new(0);
            let stop = || asked.replace(asked.get() + 1) == point;
            let error = write_files(root.path(), &files, stop).unwrap_err();
            assert!(matches!(error, Error::Interrupted { .. }), "{error}");
            assert_eq!(all(root.path()), [""; 0], "stopped at {point}");
        }
        // One can't be written.
        std::fs::write(root.path().join("db"), "a file in the place of a folder").unwrap();
        write_files(root.path(), &files, || false).unwrap_err();
        assert_eq!(all(root.path()), ["db"]);
        std::fs::remove_file(root.path().join("db")).unwrap();
        write_files(root.path(), &files, || false).unwrap();
        let before = all(root.path());
        assert_eq!(before.len(), 7, "{before:?}");
        let manifest = Manifest::read(root.path()).unwrap().unwrap();
        let directory = Directory::new(root.path().join("db/m"));
        assert_eq!(manifest.compare(root.path(), &[&directory]).unwrap(), []);
        // Never over a file, and it says which.
        std::fs::remove_file(root.path().join(up)).unwrap();
        let error = write_files(root.path(), &files, || false).unwrap_err().to_string();
        assert!(error.starts_with("driftlock.toml is there already and so is "), "{error}");
        assert_eq!(all(root.path()).len(), 6);
    }

    #[test]
    fn what_is_there_stays_and_is_in_the_manifest() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("db/m")).unwrap();
        std::fs::write(root.path().join("db/m/1_a.up.sql"), "SELECT 1;").unwrap();
        let files = NewProject { layout: Some(Layout::GolangMigrate), ..project() }.files(root.path(), NOW).unwrap();
        let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, [CONFIG, MANIFEST], "there are migrations already");
        assert!(files[1].text.contains("\"db/m/1_a.up.sql\""), "{}", files[1].text);
    }
}
