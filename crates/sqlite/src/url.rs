//! What a SQLite URL says: which file, and what may be done to it.

use std::path::{Path, PathBuf};

use driftlock_database::{DatabaseUrl, Error};

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In memory: it ends with the session.
    Memory,
    /// In a file; the path is canonical, also while there is no file yet.
    File {
        /// The file, every symbolic link followed.
        path: PathBuf,
        /// What may be done to it.
        mode: Mode,
    },
}

/// The `mode` of a URL, with the words of SQLite's own URIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// `ro`: only read.
    Read,
    /// `rw`: read and write a file that is there.
    Write,
    /// `rwc`: and create it, on the first write. What is meant when nothing is said.
    Create,
}

impl Place {
    /// As messages and [`Server::database`](driftlock_database::Server::database) name it.
    pub(crate) fn name(&self) -> String {
        match self {
            Place::Memory => ":memory:".to_owned(),
            Place::File { path, .. } => path.display().to_string(),
        }
    }
}

/// Reads a URL and finds its file. The file may be missing, its directory may not.
pub(crate) fn place(url: &DatabaseUrl) -> Result<Place, Error> {
    let (path, mode) = parts(url)?;
    if path == ":memory:" {
        return Ok(Place::Memory);
    }
    let path = canonical(Path::new(path))?;
    match std::fs::metadata(&path) {
        Ok(found) if found.is_dir() => {
            Err(io(&path, "this is a directory; a database is a file: name one in it, such as `shop.db`".to_owned()))
        }
        Ok(_) => Ok(Place::File { path, mode }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => match mode {
            Mode::Create => Ok(Place::File { path, mode }),
            Mode::Read | Mode::Write => Err(io(
                &path,
                "there is no such file, and the URL's `mode` doesn't allow to create it; leave `mode` out, or correct the path"
                    .to_owned(),
            )),
        },
        Err(error) => Err(io(&path, error.to_string())),
    }
}

/// The path and the mode that a URL asks for; nothing is looked at.
fn parts(url: &DatabaseUrl) -> Result<(&str, Mode), Error> {
    let mut mode = Mode::Create;
    for (key, value) in &url.query {
        if key != "mode" {
            return Err(Error::Url(format!(
                "a SQLite URL takes `mode` and nothing else: `{key}` is not known; settings of a session are PRAGMA statements in a script"
            )));
        }
        mode = match value.as_str() {
            "ro" => Mode::Read,
            "rw" => Mode::Write,
            "rwc" => Mode::Create,
            _ => {
                return Err(Error::Url(format!(
                    "the `mode` of a SQLite URL is `ro` (only read), `rw` (the file must be there) or `rwc` (it is created when missing), not `{value}`; a database in memory is `sqlite::memory:`"
                )));
            }
        };
    }
    if url.path.is_empty() {
        return Err(Error::Url(
            "the SQLite URL names no file; write `sqlite://shop.db`, `sqlite:///var/lib/shop.db` or `sqlite::memory:`"
                .to_owned(),
        ));
    }
    if url.path.contains('\0') {
        return Err(Error::Url(
            "the path of the SQLite URL has a zero byte (`%00`), which no file name can have".to_owned(),
        ));
    }
    Ok((&url.path, mode))
}

/// How many symbolic links one path may go through, as on Linux.
const MAX_LINKS: usize = 40;

/// The one path that every link to a file leads to, also while the file itself is missing.
///
/// Two links to one file must give one path: the lock file stands beside it.
fn canonical(path: &Path) -> Result<PathBuf, Error> {
    let mut path = path.to_path_buf();
    for _ in 0..MAX_LINKS {
        match std::fs::canonicalize(&path) {
            Ok(found) => return Ok(found),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(io(&path, error.to_string())),
        }
        let parent = match path.parent() {
            Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
            Some(parent) => parent,
            None => return Err(io(&path, "this is no path of a file".to_owned())),
        };
        let directory = std::fs::canonicalize(parent).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                io(&path, format!("the directory {} doesn't exist; make it, or correct the path", parent.display()))
            }
            _ => io(parent, error.to_string()),
        })?;
        let Some(name) = path.file_name() else {
            return Err(io(&path, "this is no path of a file".to_owned()));
        };
        let file = directory.join(name);
        // A symbolic link to a file that isn't there yet: SQLite would create what it leads to.
        match std::fs::read_link(&file) {
            Ok(target) => path = directory.join(target),
            Err(_) => return Ok(file),
        }
    }
    Err(io(&path, "too many symbolic links".to_owned()))
}

fn io(path: &Path, reason: String) -> Error {
    Error::Io { path: path.display().to_string(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> DatabaseUrl {
        DatabaseUrl::parse(text).unwrap()
    }

    #[test]
    fn reads_paths_and_modes() {
        for (text, path, mode) in [
            ("sqlite://shop.db", "shop.db", Mode::Create),
            ("sqlite:shop.db", "shop.db", Mode::Create),
            ("sqlite3:///var/shop.db?mode=ro", "/var/shop.db", Mode::Read),
            ("file:shop%20one.db?mode=rw", "shop one.db", Mode::Write),
            ("sqlite://shop.db?mode=rwc", "shop.db", Mode::Create),
            ("sqlite::memory:", ":memory:", Mode::Create),
            ("sqlite://:memory:", ":memory:", Mode::Create),
        ] {
            assert_eq!(parts(&url(text)).unwrap(), (path, mode), "{text}");
        }
        assert_eq!(place(&url("sqlite::memory:")).unwrap(), Place::Memory);
    }

    #[test]
    fn says_what_is_wrong_with_a_url() {
        for (text, part) in [
            ("sqlite://shop.db?cache=shared", "`cache`"),
            ("sqlite://shop.db?mode=memory", "`memory`"),
            ("sqlite://", "names no file"),
            ("sqlite:a%00b", "zero byte"),
        ] {
            match place(&url(text)) {
                Err(Error::Url(message)) => assert!(message.contains(part), "{text}: {message}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn finds_one_path_for_a_file_and_says_what_is_wrong_with_others() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let file = root.join("shop.db");
        let at = |path: &Path| place(&url(&format!("sqlite://{}", path.display())));
        let expected = Place::File { path: file.clone(), mode: Mode::Create };
        assert_eq!(at(&root.join("./shop.db")).unwrap(), expected);
        #[cfg(unix)]
        {
            // While the file is missing and when it is there, a link and a link to a link lead to it.
            std::os::unix::fs::symlink("shop.db", root.join("link.db")).unwrap();
            std::os::unix::fs::symlink(root.join("link.db"), root.join("second.db")).unwrap();
            assert_eq!(at(&root.join("second.db")).unwrap(), expected);
            std::fs::write(&file, "").unwrap();
            assert_eq!(at(&root.join("second.db")).unwrap(), expected);
            std::os::unix::fs::symlink("loop.db", root.join("loop.db")).unwrap();
            assert!(matches!(at(&root.join("loop.db")), Err(Error::Io { .. })));
        }
        for (path, part) in [
            (root.clone(), "is a directory"),
            (root.join("none/shop.db"), "none doesn't exist"),
            (root.join("no.db?mode=ro"), "no such file"),
            (root.join("no.db?mode=rw"), "no such file"),
        ] {
            match at(&path) {
                Err(Error::Io { reason, .. }) => assert!(reason.contains(part), "{path:?}: {reason}"),
                other => panic!("{path:?}: {other:?}"),
            }
        }
    }
}
