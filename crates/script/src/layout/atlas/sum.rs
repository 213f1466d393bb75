//! `atlas.sum`, Atlas's record of a directory (ariga/atlas, `sql/migrate/dir.go`: `NewHashFile`, `HashFile.MarshalText`, `Validate`):
//!
//! ```text
//! h1:<digest of all names and digests below>
//! <name> h1:<digest of all names and bytes up to and with this file's>
//! ```
//!
//! Digests are SHA-256 in Base64. A file whose first line says `atlas:sum ignore` gives its name to the digest, and has no line.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::super::SumError;
use crate::{Files, FilesError};

/// What Atlas calls it.
pub(in super::super) const NAME: &str = "atlas.sum";

/// What `atlas.sum` says of a directory.
///
/// ```
/// use driftlock_script::AtlasSum;
///
/// let sum = AtlasSum::of([("1_a.sql", b"CREATE TABLE a (id int);\n".as_slice())]);
/// assert_eq!(sum.hash("1_a.sql"), Some("e72Wd39UNYY4sGrVkNYkCs4GRrWBQ0ASXh73rS+WpU4="));
/// assert!(sum.to_string().ends_with("1_a.sql h1:e72Wd39UNYY4sGrVkNYkCs4GRrWBQ0ASXh73rS+WpU4=\n"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AtlasSum {
    /// Names, each with the digest of all up to it.
    entries: Vec<(String, String)>,
}

impl AtlasSum {
    /// Of files by their names, with their bytes as they are: those in the directory itself whose names end in `.sql`.
    #[must_use]
    pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let files: BTreeMap<&str, &[u8]> = files.into_iter().collect();
        let mut running = Sha256::new();
        let mut entries = Vec::new();
        for (name, bytes) in files {
            running.update(name);
            if !is_ignored(bytes) {
                running.update(bytes);
                entries.push((name.to_owned(), STANDARD.encode(running.clone().finalize())));
            }
        }
        AtlasSum { entries }
    }

    /// Of a directory, or any other set of files.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn read(files: &dyn Files) -> Result<Self, FilesError> {
        let names = files.list()?;
        let names = names.iter().filter(|name| !name.contains('/') && name.ends_with(".sql"));
        let texts = names.map(|name| Ok((name.as_str(), files.read(name)?))).collect::<Result<Vec<_>, FilesError>>()?;
        Ok(AtlasSum::of(texts.iter().map(|(name, bytes)| (*name, bytes.as_ref()))))
    }

    /// A file's digest, as Atlas keeps it in the column `hash` of its table. It is over all files up to this one.
    #[must_use]
    pub fn hash(&self, file: &str) -> Option<&str> {
        self.entries.iter().find(|(name, _)| name == file).map(|(_, hash)| hash.as_str())
    }

    /// What the first line says, without `h1:`.
    fn total(&self) -> String {
        let mut digest = Sha256::new();
        for (name, hash) in &self.entries {
            digest.update(name);
            digest.update(hash);
        }
        STANDARD.encode(digest.finalize())
    }
}

/// The text of the file.
impl fmt::Display for AtlasSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "h1:{}", self.total())?;
        self.entries.iter().try_for_each(|(name, hash)| writeln!(f, "{name} h1:{hash}"))
    }
}

/// What Atlas keeps in the column `partial_hashes` of its table: of each statement of a file, as Atlas splits it, the digest of all up
/// to it (ariga/atlas, `sql/migrate/migrate.go`: `Executor.Execute`).
#[must_use]
pub fn atlas_partial_hashes<'a>(statements: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut running = Sha256::new();
    let hash = |statement: &str| {
        running.update(statement);
        format!("h1:{}", STANDARD.encode(running.clone().finalize()))
    };
    statements.into_iter().map(hash).collect()
}

/// Whether a file's first line matches `^[ -~]*atlas:sum +ignore` and nothing printable follows.
fn is_ignored(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| !(b' '..=b'~').contains(byte)).next().unwrap_or_default();
    let Ok(line) = std::str::from_utf8(line) else { return false };
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let last =
        line.rmatch_indices("atlas:").map(|(at, mark)| &line[at + mark.len()..]).find(|rest| rest.starts_with(is_word));
    last.and_then(|rest| rest.strip_prefix("sum ")).is_some_and(|rest| rest.trim_start_matches(' ') == "ignore")
}

/// Holds files against the record of them.
pub(in super::super) fn verify(files: &BTreeMap<String, Vec<u8>>, sum: &[u8]) -> Result<(), SumError> {
    let found = AtlasSum::of(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
    let (total, recorded) = parse(sum)?;
    if found == recorded {
        return if total == recorded.total() {
            Ok(())
        } else {
            let what = "the first line doesn't fit the lines below, which fit the files";
            Err(error(0, format!("{what}: was it merged by hand? Run {HASH}")))
        };
    }
    let at = recorded.entries.iter().zip(&found.entries).take_while(|(a, b)| a == b).count();
    let message = match (recorded.entries.get(at), found.entries.get(at)) {
        _ if fits_with_other_line_ends(files, &recorded) => {
            "the files fit with LF for their ends of lines, and here they have CRLF; Atlas takes bytes as they are: have git check \
             them out so, by a line `*.sql text eol=lf` in `.gitattributes`"
                .to_owned()
        }
        (Some((name, _)), _) if found.hash(name).is_none() => {
            format!("`{name}` was removed, or renamed; put it back, or where that is meant, run {HASH}")
        }
        (Some((name, _)), Some((there, _))) if name != there => added(there),
        (Some((name, _)), _) => {
            format!("`{name}` was edited; put it back, or where that is meant, run {HASH}")
        }
        (None, Some((there, _))) => added(there),
        (None, None) => format!("it doesn't fit the files; run {HASH}"),
    };
    Err(error(at + 1, message))
}

/// What to run when a difference is meant.
const HASH: &str = "`atlas migrate hash` or `driftlock manifest write`";

fn added(file: &str) -> String {
    format!("`{file}` was added; remove it, or where that is meant, run {HASH}")
}

fn error(index: usize, message: String) -> SumError {
    SumError { line: u32::try_from(index + 1).unwrap_or(u32::MAX), message }
}

/// The total on the first line, and the lines.
fn parse(sum: &[u8]) -> Result<(String, AtlasSum), SumError> {
    let text = std::str::from_utf8(sum).map_err(|_| error(0, format!("the record is no text; run {HASH}")))?;
    let mut lines = text.lines();
    let total = lines.next().unwrap_or_default();
    let total = total.strip_prefix("h1:").unwrap_or(total).to_owned();
    let mut entries = Vec::new();
    for (number, line) in lines.enumerate() {
        let Some((name, hash)) = line.split_once("h1:") else {
            let why = if line.starts_with("<<<<<<<") || line.starts_with("=======") || line.starts_with(">>>>>>>") {
                "a merge left its marks here: settle it"
            } else {
                "a line is a file's name and its digest, such as `1_a.sql h1:…`"
            };
            return Err(error(number + 1, format!("{why}, then run {HASH}")));
        };
        entries.push((name.trim().to_owned(), hash.to_owned()));
    }
    Ok((total, AtlasSum { entries }))
}

/// Whether the record is of the same files with LF.
fn fits_with_other_line_ends(files: &BTreeMap<String, Vec<u8>>, recorded: &AtlasSum) -> bool {
    let with_lf = |bytes: &Vec<u8>| {
        let mut out = Vec::with_capacity(bytes.len());
        for (at, &byte) in bytes.iter().enumerate() {
            if byte != b'\r' || bytes.get(at + 1) != Some(&b'\n') {
                out.push(byte);
            }
        }
        out
    };
    if !files.values().any(|bytes| bytes.windows(2).any(|pair| pair == b"\r\n")) {
        return false;
    }
    let files: BTreeMap<&str, Vec<u8>> = files.iter().map(|(name, bytes)| (name.as_str(), with_lf(bytes))).collect();
    AtlasSum::of(files.iter().map(|(name, bytes)| (*name, bytes.as_slice()))) == *recorded
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "CREATE TABLE a (id int);\n";
    const B: &str = "-- atlas:sum ignore\n\nCREATE TABLE b (id int);\n";
    const C: &str = "CREATE TABLE c (id int);\r\nINSERT INTO c VALUES (1);\r\n";

    /// What Atlas itself (v0.32.1, `migrate.NewHashFile`) writes for these three files.
    const SUM: &str = "h1:HkqovDr8ADtoISMt2o4towKRZzI2aMjpW5tgjkv4v28=\n\
                       1_a.sql h1:e72Wd39UNYY4sGrVkNYkCs4GRrWBQ0ASXh73rS+WpU4=\n\
                       3_c.sql h1:FRO0ZRo3qQEpJanNKeZm2G3KXy9J9bvBCS/U0CLdZ60=\n";

    fn files(files: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
        files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    }

    fn verify(listed: &[(&str, &str)], sum: &str) -> Result<(), (u32, String)> {
        super::verify(&files(listed), sum.as_bytes()).map_err(|error| (error.line, error.message))
    }

    #[test]
    fn writes_what_atlas_writes() {
        let of = |files: &[(&str, &str)]| AtlasSum::of(files.iter().map(|(name, text)| (*name, text.as_bytes())));
        assert_eq!(of(&[("3_c.sql", C), ("1_a.sql", A), ("2_b.sql", B)]).to_string(), SUM);
        assert_eq!(of(&[]).to_string(), "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
    }

    #[test]
    fn writes_the_hashes_of_statements_that_atlas_writes() {
        assert_eq!(
            atlas_partial_hashes(["CREATE TABLE c (id int);", "INSERT INTO c VALUES (1);"]),
            ["h1:hk5GMR1OtYzxY65LCR84rTc8WR/aI/PdKG1oufqdOgk=", "h1:rPI3pXqHlPCtRIlsXuqLlhn/sf/uBLTmuTyipnySeYo="]
        );
    }

    #[test]
    fn knows_the_files_that_opt_out() {
        for text in [
            "-- atlas:sum ignore\n",
            "-- atlas:sum  ignore",
            "#atlas:sum ignore\r\n",
            "-- x atlas:y atlas:sum ignore\n",
        ] {
            assert!(is_ignored(text.as_bytes()), "{text:?}");
        }
        for text in [
            "\n-- atlas:sum ignore\n",
            "-- atlas:sum ignore \n",
            "-- atlas:sum\n",
            "-- atlas:sums ignore",
            "é atlas:sum ignore",
        ] {
            assert!(!is_ignored(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn says_which_line_and_what_to_do() {
        let all = [("1_a.sql", A), ("2_b.sql", B), ("3_c.sql", C)];
        assert_eq!(verify(&all, SUM), Ok(()));
        assert_eq!(verify(&all, &SUM.replace('\n', "\r\n")), Ok(()));
        let edited = [("1_a.sql", "-- edited"), ("2_b.sql", B), ("3_c.sql", C)];
        let behind = [("1_a.sql", A), ("2_b.sql", B), ("3_c.sql", "-- edited")];
        let added = [("1_a.sql", A), ("2_b.sql", B), ("3_c.sql", C), ("4_d.sql", A)];
        let between = [("1_a.sql", A), ("1_b.sql", A), ("2_b.sql", B), ("3_c.sql", C)];
        let removed = [("2_b.sql", B), ("3_c.sql", C)];
        let unhashed = [("1_a.sql", A), ("2_b.sql", "-- atlas:sum ignore\n-- edited"), ("3_c.sql", C)];
        assert_eq!(verify(&unhashed, SUM), Ok(()), "only its name counts");
        for (files, line, part) in [
            (&edited[..], 2, "`1_a.sql` was edited"),
            (&behind, 3, "`3_c.sql` was edited"),
            (&added, 4, "`4_d.sql` was added"),
            (&between, 3, "`1_b.sql` was added"),
            (&removed, 2, "`1_a.sql` was removed"),
            (&all[..2], 3, "`3_c.sql` was removed"),
            (&[], 2, "`1_a.sql` was removed"),
        ] {
            let (found, message) = verify(files, SUM).unwrap_err();
            assert_eq!(found, line, "{message}");
            assert!(message.contains(part) && message.contains("`atlas migrate hash`"), "{message}");
        }
        for (sum, line, part) in [
            (SUM.replacen("Hkqo", "Xkqo", 1), 1, "merged by hand"),
            (SUM.replacen("3_c.sql", "<<<<<<< HEAD\n3_c.sql", 1), 3, "a merge left its marks"),
            (SUM.replacen("1_a.sql h1:", "1_a.sql ", 1), 2, "a line is a file's name"),
            (String::new(), 2, "`1_a.sql` was added"),
        ] {
            let (found, message) = verify(&all, &sum).unwrap_err();
            assert_eq!(found, line, "{message}");
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn says_that_the_ends_of_lines_are_others() {
        let sum = AtlasSum::of([("1_a.sql", A.as_bytes())]).to_string();
        let (_, message) = verify(&[("1_a.sql", &A.replace('\n', "\r\n"))], &sum).unwrap_err();
        assert!(message.contains("CRLF") && message.contains("eol=lf"), "{message}");
        let (_, message) = verify(&[("1_a.sql", "-- edited\r\n")], &sum).unwrap_err();
        assert!(message.contains("was edited"), "{message}");
    }
}
