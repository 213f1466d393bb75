//! The manifest: the SHA-256 of every migration file, in git beside them.
//!
//! An array of `{"file", "sha256"}`, with paths from the folder that holds `.migrations/`. Such a file can be made without
//! driftlock (`find ./migrations -name '*.sql' -exec sha256sum {} \;`, awk and jq), and ours verifies with `sha256sum`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::files::{is_settings, is_sql};
use crate::{Digest, Directory, Files, FilesError, raw_sha256};

/// Where the manifest is, from its root.
pub const MANIFEST: &str = ".migrations/manifest.json";

/// The files and their digests, by path from the root, without `./`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    entries: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    file: String,
    sha256: String,
}

/// A manifest that can't be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The file itself, or one that it is about.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// It isn't what a manifest is.
    #[error("{path}: {reason}; write it anew with `driftlock manifest write`")]
    Content {
        /// The manifest's path.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

impl ManifestError {
    /// A stable code for scripts and searches.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            ManifestError::Files(_) => "DL0101",
            ManifestError::Content { .. } => "DL0110",
        }
    }
}

/// How a file and its line in the manifest differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Difference {
    /// The file isn't what the manifest says.
    Edited,
    /// There is a line and no file.
    FileMissing,
    /// There is a file and no line.
    LineMissing,
}

impl Difference {
    /// As JSON names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Difference::Edited => "edited",
            Difference::FileMissing => "file_missing",
            Difference::LineMissing => "line_missing",
        }
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Difference::Edited => "differs from its line in the manifest",
            Difference::FileMissing => "is in the manifest, but there is no such file",
            Difference::LineMissing => "is not in the manifest",
        })
    }
}

impl Manifest {
    /// Reads the manifest of a root folder. `None` where there is none.
    ///
    /// # Errors
    /// When it is there and can't be read or isn't a manifest.
    pub fn read(root: &Path) -> Result<Option<Self>, ManifestError> {
        let path = root.join(MANIFEST);
        let shown = path.display().to_string();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(FilesError { path: shown, reason: error.to_string() }.into()),
        };
        Self::parse(&text).map(Some).map_err(|reason| ManifestError::Content { path: shown, reason })
    }

    /// Reads a manifest's text.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines: Vec<Line> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut entries = BTreeMap::new();
        for Line { file, sha256 } in lines {
            let sha256 = sha256.to_ascii_lowercase();
            if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(format!("the line of `{file}` has no SHA-256 of 64 hexadecimal digits"));
            }
            let file = normal(&file);
            match entries.insert(file.clone(), sha256.clone()) {
                Some(other) if other != sha256 => return Err(format!("`{file}` is there twice, with two digests")),
                _ => {}
            }
        }
        Ok(Manifest { entries })
    }

    /// From lines that were a manifest's before.
    pub(crate) fn of_lines(lines: impl IntoIterator<Item = (String, String)>) -> Self {
        Manifest { entries: lines.into_iter().collect() }
    }

    /// Hashes the files of some directories.
    ///
    /// # Errors
    /// When one can't be read.
    pub fn of(root: &Path, directories: &[&Directory]) -> Result<Self, FilesError> {
        let mut entries = BTreeMap::new();
        for directory in directories {
            let names = Self::files_of(directory)?;
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let digests = crate::migrations::hash(*directory, &names)?;
            for (name, digest) in names.iter().zip(digests) {
                entries.insert(from_root(root, directory, name), digest.sha256());
            }
        }
        Ok(Manifest { entries })
    }

    /// What a manifest lists of a directory: its scripts, those of hooks and seeds too, as `find -name '*.sql'` would, and what
    /// changes how they run. Sorted.
    ///
    /// # Errors
    /// When a folder can't be read.
    pub fn files_of(directory: &Directory) -> Result<Vec<String>, FilesError> {
        let mut names = directory.list()?;
        names.retain(|name| is_sql(name) || is_settings(name));
        for apart in ["hooks", "seeds"] {
            let path = directory.path().join(apart);
            if path.is_dir() {
                let shown = directory.display(apart);
                names.extend(
                    Directory::new(path).shown_as(shown).list()?.into_iter().map(|name| format!("{apart}/{name}")),
                );
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Writes it into a root folder, whole or not at all. Returns its path.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&self, root: &Path) -> Result<PathBuf, FilesError> {
        let path = root.join(MANIFEST);
        let error = |error: std::io::Error| FilesError { path: path.display().to_string(), reason: error.to_string() };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(error)?;
        }
        let whole = path.with_extension(format!("json.{}", std::process::id()));
        std::fs::write(&whole, self.to_json()).map_err(error)?;
        std::fs::rename(&whole, &path).map_err(|e| {
            // The error that is told is the one that matters; what is left is a file with a telling name.
            let _ = std::fs::remove_file(&whole);
            error(e)
        })?;
        Ok(path)
    }

    /// As JSON, sorted by path, a file a line.
    #[must_use]
    pub fn to_json(&self) -> String {
        let lines: Vec<String> = self
            .entries
            .iter()
            .map(|(file, sha256)| {
                let file = serde_json::Value::from(file.as_str());
                format!("  {{\"file\": {file}, \"sha256\": \"{sha256}\"}}")
            })
            .collect();
        match lines.as_slice() {
            [] => "[]\n".to_owned(),
            lines => format!("[\n{}\n]\n", lines.join(",\n")),
        }
    }

    /// Paths and digests, by path.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(file, sha256)| (file.as_str(), sha256.as_str()))
    }

    /// The digest of a path from the root.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&str> {
        self.entries.get(path).map(String::as_str)
    }

    /// Whether this is the digest of a file: of its normal form, or of its bytes as they are.
    #[must_use]
    pub fn fits(sha256: &str, digest: &Digest, bytes: impl FnOnce() -> Option<Vec<u8>>) -> bool {
        digest.is_sha256(sha256) || bytes().is_some_and(|bytes| raw_sha256(&bytes) == sha256)
    }

    /// How the files of some directories differ from this manifest, by path. Lines outside of these directories are only looked
    /// for as files.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn compare(&self, root: &Path, directories: &[&Directory]) -> Result<Vec<(String, Difference)>, FilesError> {
        let mut differences = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for directory in directories {
            let names = Self::files_of(directory)?;
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let digests = crate::migrations::hash(*directory, &names)?;
            for (name, digest) in names.iter().zip(digests) {
                let path = from_root(root, directory, name);
                match self.get(&path) {
                    None => differences.push((path.clone(), Difference::LineMissing)),
                    Some(sha256) => {
                        let bytes = || directory.read(name).ok().map(std::borrow::Cow::into_owned);
                        if !Self::fits(sha256, &digest, bytes) {
                            differences.push((path.clone(), Difference::Edited));
                        }
                    }
                }
                seen.insert(path);
            }
        }
        for (path, sha256) in self.entries().filter(|(path, _)| !seen.contains(*path)) {
            match std::fs::read(root.join(path)) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    differences.push((path.to_owned(), Difference::FileMissing));
                }
                Err(error) => return Err(FilesError { path: path.to_owned(), reason: error.to_string() }),
                Ok(bytes) if Digest::of(&bytes).is_sha256(sha256) || raw_sha256(&bytes) == sha256 => {}
                Ok(_) => differences.push((path.to_owned(), Difference::Edited)),
            }
        }
        differences.sort_unstable();
        Ok(differences)
    }
}

/// The path of a directory's file from the root, as the manifest has it.
#[must_use]
pub fn from_root(root: &Path, directory: &Directory, name: &str) -> String {
    let folder = directory.path();
    let folder = match (folder.canonicalize(), root.canonicalize()) {
        (Ok(folder), Ok(root)) => match folder.strip_prefix(&root) {
            Ok(inside) => inside.to_path_buf(),
            Err(_) => folder,
        },
        _ => folder.strip_prefix(root).unwrap_or(folder).to_path_buf(),
    };
    let folder = folder.to_string_lossy().replace('\\', "/");
    normal(&if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") })
}

fn normal(path: &str) -> String {
    let mut path = path;
    while let Some(rest) = path.strip_prefix("./") {
        path = rest.trim_start_matches('/');
    }
    path.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_difference_and_takes_raw_digests() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("migrations");
        std::fs::create_dir_all(folder.join("hooks")).unwrap();
        for (name, text) in [("1_a.up.sql", "a\r\n"), ("2_b.up.sql", "b"), ("hooks/h.sql", "h")] {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let directory = Directory::new(&folder);
        let manifest = Manifest::of(root.path(), &[&directory]).unwrap();
        manifest.write(root.path()).unwrap();
        let read = Manifest::read(root.path()).unwrap().unwrap();
        assert_eq!(read, manifest);
        assert_eq!(read.get("migrations/hooks/h.sql").map(str::len), Some(64));
        assert_eq!(read.compare(root.path(), &[&directory]).unwrap(), []);

        let raw = manifest.to_json().replace(manifest.get("migrations/1_a.up.sql").unwrap(), &raw_sha256(b"a\r\n"));
        let raw = Manifest::parse(&raw.replace("\"migrations/", "\"./migrations/")).unwrap();
        assert_eq!(raw.compare(root.path(), &[&directory]).unwrap(), []);

        std::fs::write(folder.join("2_b.up.sql"), "edited").unwrap();
        std::fs::write(folder.join("3_c.up.sql"), "c").unwrap();
        std::fs::remove_file(folder.join("1_a.up.sql")).unwrap();
        let differences = read.compare(root.path(), &[&directory]).unwrap();
        let expected = [
            ("migrations/1_a.up.sql", Difference::FileMissing),
            ("migrations/2_b.up.sql", Difference::Edited),
            ("migrations/3_c.up.sql", Difference::LineMissing),
        ];
        assert_eq!(differences, expected.map(|(path, difference)| (path.to_owned(), difference)));
    }

    #[test]
    fn refuses_what_is_no_manifest() {
        for text in ["", "{}", "[1]", r#"[{"file":"a","sha256":"12"}]"#, r#"[{"file":"a"}]"#] {
            assert!(Manifest::parse(text).is_err(), "{text}");
        }
        assert_eq!(Manifest::parse("[]").unwrap().to_json(), "[]\n");
    }
}
