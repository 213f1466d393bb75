//! Makes the files of a new migration.

use std::io::Write;
use std::path::Path;

use driftlock_database::Timestamp;
use driftlock_script::{
    Digest, Directory, FileName, Files, FilesError, Layout, LoadError, Manifest, Version, from_root, new_name,
};

use crate::Error;

/// Files that were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMigration {
    /// The version.
    pub version: Version,
    /// The name.
    pub name: String,
    /// The files, as people see them: up and down for each directory.
    pub files: Vec<String>,
}

/// Makes an up and a down script, with a comment each, in every directory, under one version that none of them has: the time `now`
/// (UTC), or where the directory's layout counts, the next number. The manifest of `root` gets their lines.
///
/// # Errors
/// Words that can't be part of a name; a folder or file that can't be written. No file is ever overwritten.
pub fn new_migration(
    root: &Path,
    directories: &[Directory],
    layout: Option<Layout>,
    (domain, operation): (&str, &str),
    now: Timestamp,
) -> Result<NewMigration, Error> {
    let mut listed = Vec::new();
    for directory in directories {
        std::fs::create_dir_all(directory.path()).map_err(|error| files_error(directory.root().to_owned(), &error))?;
        listed.extend(directory.list().map_err(LoadError::from)?);
    }
    let layout = layout.unwrap_or_else(|| {
        let fitting = |layout: &Layout| listed.iter().filter(|name| layout.read_name(name).is_ok()).count();
        Layout::ALL.iter().copied().rev().max_by_key(fitting).unwrap_or(Layout::Driftlock)
    });
    let there: Vec<(&String, FileName)> =
        listed.iter().filter_map(|file| Some((file, layout.read_name(file).ok()?))).collect();
    let name = new_name(domain, operation, there.iter().map(|(_, it)| it.name.as_str()))
        .map_err(|error| Error::Usage(error.to_string()))?;
    let (version, written, name) = match layout {
        Layout::GolangMigrate => {
            let (version, written) = next_number(&there)?;
            // Its names bear no count of their own.
            let plain = name.rsplit_once("_v").map_or(name.as_str(), |(plain, _)| plain).to_owned();
            (version, written, plain)
        }
        _ => {
            let version = free_stamp(&there, now);
            let written = version.to_string();
            (version, written, name)
        }
    };
    let (up, down) = (format!("{written}_{name}.up.sql"), format!("{written}_{name}.down.sql"));
    let texts = [
        (&up, format!("-- {domain}: {operation}.\n-- Say here what changes and why; the statements follow.\n\n")),
        (&down, format!("-- Undoes {up}.\n\n")),
    ];
    let mut files = Vec::new();
    for directory in directories {
        for (file, text) in &texts {
            write_new(&directory.path().join(file), text)
                .map_err(|error| files_error(directory.display(file), &error))?;
            files.push(directory.display(file));
        }
    }
    write_manifest(root, directories, &texts)?;
    Ok(NewMigration { version, name, files })
}

/// The first second from now that no file has.
fn free_stamp(there: &[(&String, FileName)], now: Timestamp) -> Version {
    let mut at = now;
    loop {
        let text: String = at.to_string().chars().filter(|c| c.is_ascii_digit() || *c == 'T').take(15).collect();
        let version = Version::text(text.replace('T', "-"));
        if !there.iter().any(|(_, name)| name.version == version) {
            return version;
        }
        at = at.after(std::time::Duration::from_secs(1));
    }
}

/// The number behind the highest, written as wide as that one.
fn next_number(there: &[(&String, FileName)]) -> Result<(Version, String), Error> {
    let highest = there.iter().max_by(|a, b| a.1.version.cmp(&b.1.version));
    let (number, width) = match highest {
        None => (1, 6),
        Some((file, name)) => {
            let number = name.version.as_str().parse::<u64>().ok().and_then(|number| number.checked_add(1));
            let digits = file.bytes().take_while(u8::is_ascii_digit).count();
            (number.ok_or_else(|| Error::Usage(format!("no version comes after that of `{file}`")))?, digits)
        }
    };
    Ok((Version::number(number), format!("{number:0width$}")))
}

fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

/// Adds the lines of the new files, and no others: what else differs was not asked about. Without a manifest, writes one.
fn write_manifest(root: &Path, directories: &[Directory], texts: &[(&String, String)]) -> Result<(), Error> {
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
}
