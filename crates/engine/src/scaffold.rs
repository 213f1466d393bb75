//! Makes the files of a new migration.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use driftlock_database::Timestamp;
use driftlock_script::{
    ATLAS_SUM, AtlasSum, Conversion, Digest, Directory, FileName, Files, FilesError, Layout, LoadError, Manifest,
    Migrations, NewFiles, NewScripts, Version, from_root, new_name,
};

use crate::Error;

/// Files that were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMigration {
    /// The version.
    pub version: Version,
    /// The name.
    pub name: String,
    /// The files, as people see them, for each directory; the way up comes first.
    pub files: Vec<String>,
    /// What a person should know of them.
    pub notes: Vec<String>,
}

/// Makes the files of a migration in every directory, with a comment each, as the directories' layout has them, under one version
/// that none of them has: the time `now` (UTC), or where they count, the next number. The manifest of `root` gets their lines, and
/// so does an `atlas.sum`.
///
/// # Errors
/// Words that can't be part of a name; directories of several layouts; an `atlas.sum` that doesn't fit; a folder or file that can't
/// be written. No file is ever overwritten.
pub fn new_migration(
    root: &Path,
    directories: &[Directory],
    layout: Option<Layout>,
    words: (&str, &str),
    now: Timestamp,
) -> Result<NewMigration, Error> {
    let next = Next::of(directories, layout, words, now)?;
    let files = next.files(None)?;
    let mut made = next.write(root, &files)?;
    for directory in &next.sums {
        made.notes.push(format!(
            "{}: it has a line for the new file as it is now; when its statements are written, run `atlas migrate hash` or `driftlock manifest write`",
            directory.display(ATLAS_SUM)
        ));
    }
    Ok(made)
}

/// The next migration of some directories: what it is called, and where it goes. Nothing is written yet.
pub(crate) struct Next<'d> {
    directories: &'d [Directory],
    pub(crate) layout: Layout,
    listed: Vec<String>,
    /// The directories whose `atlas.sum` is to be written.
    sums: Vec<&'d Directory>,
    name: String,
    title: String,
    now: Timestamp,
}

impl<'d> Next<'d> {
    /// See [`new_migration`].
    pub(crate) fn of(
        directories: &'d [Directory],
        layout: Option<Layout>,
        (domain, operation): (&str, &str),
        now: Timestamp,
    ) -> Result<Self, Error> {
        let mut listed = Vec::new();
        for directory in directories.iter().filter(|it| it.path().is_dir()) {
            listed.extend(directory.list().map_err(LoadError::from)?);
        }
        let layout = match layout {
            Some(layout) => layout,
            None => layout_of(directories)?,
        };
        let sums = sums(directories, layout)?;
        let named = listed.iter().filter_map(|file| Some(layout.read_name(file).ok()?.name));
        let named: Vec<String> = named.collect();
        let counted = new_name(domain, operation, named.iter().map(String::as_str))
            .map_err(|error| Error::Usage(error.to_string()))?;
        // The names of other layouts bear no count of their own.
        let name = match layout {
            Layout::Driftlock => counted,
            _ => counted.rsplit_once("_v").map_or(counted.as_str(), |(plain, _)| plain).to_owned(),
        };
        Ok(Next { directories, layout, listed, sums, name, title: format!("{domain}: {operation}"), now })
    }

    /// Whether it has a place for a way down.
    pub(crate) fn has_way_down(&self) -> bool {
        self.layout.has_way_down(&self.listed.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Its files, with these statements.
    pub(crate) fn files(&self, scripts: Option<&NewScripts>) -> Result<NewFiles, Error> {
        let layout = self.layout;
        let there: Vec<(&str, FileName)> =
            self.listed.iter().filter_map(|file| Some((file.as_str(), layout.read_name(file).ok()?))).collect();
        free_files(layout, &there, self.now, &self.name, &self.title, scripts)
    }

    /// Writes them, their lines in the manifest of `root`, and in an `atlas.sum`.
    pub(crate) fn write(&self, root: &Path, new: &NewFiles) -> Result<NewMigration, Error> {
        let mut files = Vec::new();
        for directory in self.directories {
            std::fs::create_dir_all(directory.path())
                .map_err(|error| files_error(directory.root().to_owned(), &error))?;
            for (file, text) in &new.files {
                write_new(&directory.path().join(file), text.as_bytes())
                    .map_err(|error| files_error(directory.display(file), &error))?;
                files.push(directory.display(file));
            }
        }
        for directory in &self.sums {
            write_sum(directory)?;
        }
        write_manifest(root, self.directories, &new.files)?;
        Ok(NewMigration { version: new.version.clone(), name: self.name.clone(), files, notes: Vec::new() })
    }
}

/// The one layout of all directories that have files.
fn layout_of(directories: &[Directory]) -> Result<Layout, Error> {
    let mut found: Option<(Layout, &Directory)> = None;
    for directory in directories.iter().filter(|it| it.path().is_dir()) {
        let Some(layout) = Layout::of(directory)? else { continue };
        match found {
            Some((first, of)) if first != layout => {
                return Err(Error::Usage(format!(
                    "the files in {} are {first}'s and those in {} {layout}'s: make the new one in one of them, with `--engine`",
                    of.root(),
                    directory.root()
                )));
            }
            _ => found = Some((layout, directory)),
        }
    }
    Ok(found.map_or(Layout::Driftlock, |(layout, _)| layout))
}

/// The files of a version that nobody has: where versions are times, of the first second from now that is free.
fn free_files(
    layout: Layout,
    there: &[(&str, FileName)],
    now: Timestamp,
    name: &str,
    title: &str,
    scripts: Option<&NewScripts>,
) -> Result<NewFiles, Error> {
    let files: Vec<&str> = there.iter().map(|(file, _)| *file).collect();
    let mut at = now;
    loop {
        let stamp: String = at.to_string().chars().filter(char::is_ascii_digit).take(14).collect();
        let new =
            layout.new_files(&files, &stamp, name, title, scripts).map_err(|error| Error::Usage(error.to_string()))?;
        if !there.iter().any(|(_, name)| name.version == new.version) {
            return Ok(new);
        }
        at = at.after(std::time::Duration::from_secs(1));
    }
}

/// The directories whose `atlas.sum` is to be written: those that have one, which must fit so that nothing is hidden by writing it
/// anew, and those that are empty yet.
fn sums(directories: &[Directory], layout: Layout) -> Result<Vec<&Directory>, Error> {
    if layout != Layout::Atlas {
        return Ok(Vec::new());
    }
    let mut sums = Vec::new();
    for directory in directories {
        if !directory.path().is_dir() {
            sums.push(directory);
            continue;
        }
        let migrations = Migrations::load(Arc::new(directory.clone()), Some(layout))?;
        if migrations.list().is_empty() || directory.exists(ATLAS_SUM) {
            sums.push(directory);
        }
    }
    Ok(sums)
}

fn write_sum(directory: &Directory) -> Result<(), Error> {
    let sum = AtlasSum::read(directory).map_err(LoadError::from)?;
    let path = directory.path().join(ATLAS_SUM);
    std::fs::write(path, sum.to_string()).map_err(|error| files_error(directory.display(ATLAS_SUM), &error))
}

/// Writes converted migrations into a new directory, or an empty one. Returns the files, as people see them.
///
/// # Errors
/// When something is there already, or can't be written. No file is ever overwritten.
pub fn write_conversion(directory: &Directory, conversion: &Conversion) -> Result<Vec<String>, Error> {
    let failed = |error: std::io::Error| files_error(directory.root().to_owned(), &error);
    std::fs::create_dir_all(directory.path()).map_err(failed)?;
    let is_taken = std::fs::read_dir(directory.path()).map_err(failed)?.next().is_some();
    if is_taken {
        return Err(Error::Usage(format!(
            "{}: there are files in it already, and converted ones go into a directory of their own; nothing was written",
            directory.root()
        )));
    }
    let mut files = Vec::new();
    for (file, bytes) in conversion.migrations.iter().flat_map(|migration| &migration.files) {
        write_new(&directory.path().join(file), bytes).map_err(|error| files_error(directory.display(file), &error))?;
        files.push(directory.display(file));
    }
    Ok(files)
}

fn write_new(path: &Path, text: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text)
}

/// Adds the lines of the new files, and no others: what else differs was not asked about. Without a manifest, writes one.
fn write_manifest(root: &Path, directories: &[Directory], texts: &[(String, String)]) -> Result<(), Error> {
    let manifest = match Manifest::read(root)? {
        None => Manifest::of(root, &directories.iter().collect::<Vec<_>>()).map_err(LoadError::from)?,
        Some(manifest) => {
            let mut lines: Vec<serde_json::Value> = manifest
                .entries()
                .map(|(file, sha256)| serde_json::json!({ "file": file, "sha256": sha256 }))
                .collect();
            for directory in directories {
                for (file, text) in texts {
                    let sha256 = Digest::of(text.as_bytes()).sha256();
                    lines.push(serde_json::json!({ "file": from_root(root, directory, file), "sha256": sha256 }));
                }
            }
            Manifest::parse(&serde_json::Value::from(lines).to_string()).map_err(Error::Usage)?
        }
    };
    manifest.write(root).map_err(LoadError::from)?;
    Ok(())
}

fn files_error(path: String, error: &std::io::Error) -> Error {
    LoadError::from(FilesError { path, reason: error.to_string() }).into()
}

#[cfg(test)]
mod tests {
    use driftlock_script::Role;

    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_716_215_422_000_000);

    #[test]
    fn makes_pairs_that_nobody_has() {
        let root = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|name| Directory::new(root.path().join(name)).shown_as(name));
        let directories = [a, b];
        let made = new_migration(root.path(), &directories, None, ("user", "add index"), NOW).unwrap();
        assert_eq!(
            made.files,
            [
                "a/20240520-143022_user_add_index_v1.up.sql",
                "a/20240520-143022_user_add_index_v1.down.sql",
                "b/20240520-143022_user_add_index_v1.up.sql",
                "b/20240520-143022_user_add_index_v1.down.sql",
            ]
        );
        let path = root.path().join("a/20240520-143022_user_add_index_v1.up.sql");
        std::fs::write(&path, "edited").unwrap();
        let second = new_migration(root.path(), &directories, None, ("user", "add index"), NOW).unwrap();
        assert_eq!((second.version.as_str(), second.name.as_str()), ("20240520-143023", "user_add_index_v2"));
        let manifest = Manifest::read(root.path()).unwrap().unwrap();
        let differences = manifest.compare(root.path(), &directories.iter().collect::<Vec<_>>()).unwrap();
        let edited = ("a/20240520-143022_user_add_index_v1.up.sql".to_owned(), driftlock_script::Difference::Edited);
        assert_eq!(differences, [edited], "the line of another file is not written anew");
        assert!(new_migration(root.path(), &directories, None, ("../x", "y"), NOW).is_err());
    }

    #[test]
    fn counts_on_where_the_layout_counts() {
        let root = tempfile::tempdir().unwrap();
        for file in ["0009_a.up.sql", "0009_a.down.sql", "0002_b.up.sql"] {
            std::fs::write(root.path().join(file), "").unwrap();
        }
        let directories = [Directory::new(root.path()).shown_as("m")];
        let made = new_migration(root.path(), &directories, None, ("user", "create"), NOW).unwrap();
        assert_eq!(made.files[0], "m/0010_user_create.up.sql");
        let empty = [Directory::new(root.path().join("new")).shown_as("n")];
        let made = new_migration(root.path(), &empty, Some(Layout::GolangMigrate), ("user", "create"), NOW).unwrap();
        assert_eq!(made.files[1], "n/000001_user_create.down.sql");
    }

    fn made(layout: Option<Layout>, there: &[(&str, &str)]) -> Result<(tempfile::TempDir, NewMigration), Error> {
        let root = tempfile::tempdir().unwrap();
        let directory = Directory::new(root.path().join("m")).shown_as("m");
        for (file, text) in there {
            let path = directory.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let made = new_migration(root.path(), std::slice::from_ref(&directory), layout, ("user", "add index"), NOW)?;
        // What was made is a migration of that layout, and the last.
        let loaded = Migrations::load(Arc::new(directory), layout).unwrap();
        let last = loaded.list().iter().rfind(|migration| migration.role == Role::Versioned).unwrap();
        assert_eq!(last.version, made.version, "{:?}", made.files);
        for script in std::iter::once(&last.up).chain(&last.down) {
            loaded.body(script, driftlock_script::Dialect::Postgres).unwrap();
        }
        Ok((root, made))
    }

    #[test]
    fn follows_the_layout_that_the_directory_has() {
        type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
        let cases: &[Case<'_>] = &[
            (&[("00001_a.sql", "-- +goose Up\nSELECT 1;\n")], &["m/00002_user_add_index.sql"]),
            (&[("20230101000000_a.sql", "-- migrate:up\nSELECT 1;\n")], &["m/20240520143022_user_add_index.sql"]),
            (
                &[("V1__a.sql", "SELECT 1;"), ("U1__a.sql", "SELECT 1;"), ("R__v.sql", "SELECT 1;")],
                &["m/V2__user_add_index.sql", "m/U2__user_add_index.sql"],
            ),
            (&[("V1__a.sql", "SELECT 1;"), ("V2__b.rs", "")], &["m/V3__user_add_index.sql"]),
            (
                &[("2023-01-01-000000-0000_a/up.sql", "SELECT 1;")],
                &["m/2024-05-20-143022-0000_user_add_index/up.sql", "m/2024-05-20-143022-0000_user_add_index/down.sql"],
            ),
            (
                &[("1_a.up.sql", "-- no-transaction\nSELECT 1;"), ("1_a.down.sql", "SELECT 1;")],
                &["m/2_user_add_index.up.sql", "m/2_user_add_index.down.sql"],
            ),
        ];
        for (there, expected) in cases {
            // Flyway's undo scripts are refinery's versions: who means them says so.
            let layout = there.iter().any(|(file, _)| file.starts_with('U')).then_some(Layout::Flyway);
            let (_, made) = made(layout, there).unwrap();
            assert_eq!(made.files, *expected);
        }
    }

    #[test]
    fn keeps_an_atlas_sum_that_fits() {
        let text = "CREATE TABLE a (id int);\n";
        let sum = AtlasSum::of([("20230101000000_a.sql", text.as_bytes())]).to_string();
        let (root, made) = made(None, &[("20230101000000_a.sql", text), ("atlas.sum", &sum)]).unwrap();
        assert_eq!(made.files, ["m/20240520143022_user_add_index.sql"]);
        assert!(made.notes[0].contains("atlas migrate hash"), "{:?}", made.notes);
        let written = std::fs::read_to_string(root.path().join("m/atlas.sum")).unwrap();
        assert_eq!((written.lines().count(), written.lines().nth(1)), (3, sum.lines().nth(1)));
    }

    #[test]
    fn begins_an_atlas_sum_in_an_empty_directory_only() {
        let (root, _) = made(Some(Layout::Atlas), &[]).unwrap();
        assert!(root.path().join("m/atlas.sum").exists());
        let (root, made) = made(Some(Layout::Atlas), &[("1_a.sql", "SELECT 1;")]).unwrap();
        assert!(!root.path().join("m/atlas.sum").exists(), "the files that are there were never in one");
        assert_eq!(made.notes, [""; 0]);
    }

    #[test]
    fn writes_no_atlas_sum_over_one_that_does_not_fit() {
        let sum = AtlasSum::of([("1_a.sql", b"SELECT 1;".as_slice())]).to_string();
        let error = made(None, &[("1_a.sql", "SELECT 2;"), ("atlas.sum", &sum)]).unwrap_err();
        assert!(error.to_string().contains("m/atlas.sum:2: `1_a.sql` was edited"), "{error}");
        assert_eq!(error.kind(), crate::Kind::Integrity);
    }

    #[test]
    fn makes_nothing_in_directories_of_several_layouts() {
        let root = tempfile::tempdir().unwrap();
        let directories = ["a", "b"].map(|name| Directory::new(root.path().join(name)).shown_as(name));
        for (file, text) in [("a/V1__x.sql", ""), ("b/20240101-000000_x.up.sql", "")] {
            std::fs::create_dir_all(root.path().join(file).parent().unwrap()).unwrap();
            std::fs::write(root.path().join(file), text).unwrap();
        }
        let error = new_migration(root.path(), &directories, None, ("user", "add"), NOW).unwrap_err();
        assert!(error.to_string().contains("`--engine`"), "{error}");
    }
}
