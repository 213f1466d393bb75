//! The lock between processes: a file beside the database, held by the operating system's file lock.
//!
//! The system frees it when the process ends, however it ends; a file that a killed process left behind is no lock.
//!
//! # Limitations
//!
//! * Symbolic links to a database share its lock, since the lock stands beside what they lead to. Hard links don't: they are
//!   refused, see `names`.
//! * On a network file system the lock is as good as that file system's `flock`.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use driftlock_database::{Error, Holder, LockAttempt};

/// What is appended to the database's path.
const SUFFIX: &str = "-driftlock-lock";

/// The lock, held. Dropping it frees it.
#[derive(Debug)]
pub(crate) struct FileLock {
    path: PathBuf,
    file: File,
}

/// What came of asking.
#[derive(Debug)]
pub(crate) enum Attempt {
    /// It is ours.
    Held(FileLock),
    /// Someone else's.
    Busy(Holder),
}

impl From<&Attempt> for LockAttempt {
    fn from(attempt: &Attempt) -> Self {
        match attempt {
            Attempt::Held(_) => LockAttempt::Held,
            Attempt::Busy(holder) => LockAttempt::Busy(holder.clone()),
        }
    }
}

impl FileLock {
    /// Asks once, for the database at this canonical path.
    pub(crate) fn attempt(database: &Path, me: &Holder, now: &str) -> Result<Attempt, Error> {
        let path = path_of(database);
        // A holder that ends deletes the file: who opened it before that holds a lock on a file without a name, which
        // keeps nobody else out, and asks again. A few rounds are enough unless someone does nothing else.
        for _ in 0..100 {
            let mut file = open(&path)?;
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => return Ok(Attempt::Busy(read(&mut file))),
                Err(TryLockError::Error(error)) => return Err(io(&path, &error)),
                Ok(()) => {}
            }
            if !names(&path, &file) {
                continue;
            }
            // A file of another user's, which we may read only: the lock is good, only its text is the last holder's.
            let _ = write(&mut file, me, now);
            return Ok(Attempt::Held(FileLock { path, file }));
        }
        Err(Error::Io {
            path: path.display().to_string(),
            reason: "the lock file is replaced again and again by other processes".to_owned(),
        })
    }

    /// Who holds it now, without asking for it: a lock that others may share too is taken for a moment, on a file that is there. A
    /// runner that asks at that very moment finds it busy, and asks again.
    pub(crate) fn holder(database: &Path) -> Result<Option<Holder>, Error> {
        let path = path_of(database);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(&path, &error)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(read(&mut file))),
            Err(TryLockError::Error(error)) => Err(io(&path, &error)),
        }
    }

    /// That the lock still keeps others out: its file is still the one that others would open.
    pub(crate) fn verify(&self) -> Result<(), Error> {
        if names(&self.path, &self.file) {
            Ok(())
        } else {
            Err(Error::LockLost(format!(
                "the lock file {} was deleted or replaced by someone else while this runner held it",
                self.path.display()
            )))
        }
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Deleted while it is held, and only if it is this one: a file that someone put in its place is theirs.
        // Where the system gives files no numbers, or the directory doesn't allow it, the file stays, which does no harm.
        if cfg!(unix) && names(&self.path, &self.file) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn path_of(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(SUFFIX);
    PathBuf::from(path)
}

fn open(path: &Path) -> Result<File, Error> {
    match OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path) {
        Ok(file) => Ok(file),
        // Another user's: to lock it, reading is enough.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => match File::open(path) {
            Ok(file) => Ok(file),
            Err(_) => Err(not_made(path, &error)),
        },
        Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => Err(not_made(path, &error)),
        Err(error) => Err(io(path, &error)),
    }
}

fn not_made(path: &Path, error: &std::io::Error) -> Error {
    Error::Unfit(format!(
        "the lock file {} can't be made ({error}): the directory of a SQLite database must be writable to the user that migrates it",
        path.display()
    ))
}

fn io(path: &Path, error: &std::io::Error) -> Error {
    Error::Io { path: path.display().to_string(), reason: format!("the lock file can't be used: {error}") }
}

/// Whether the path still leads to this very file.
#[cfg(unix)]
fn names(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (std::fs::metadata(path), file.metadata()) {
        (Ok(named), Ok(held)) => named.dev() == held.dev() && named.ino() == held.ino(),
        _ => false,
    }
}

/// Nobody deletes the file here, see [`FileLock`]'s `Drop`: that it is there is all that can be known.
#[cfg(not(unix))]
fn names(path: &Path, _file: &File) -> bool {
    path.exists()
}

fn write(file: &mut File, me: &Holder, now: &str) -> std::io::Result<()> {
    let mut text = String::new();
    let pid = me.pid.map(|pid| pid.to_string());
    for (key, value) in [
        ("pid", pid.as_deref()),
        ("host", me.host.as_deref()),
        ("user", me.user.as_deref()),
        ("since", Some(me.since.as_deref().unwrap_or(now))),
    ] {
        if let Some(value) = value {
            text.push_str(&format!("{key}={}\n", value.replace(['\n', '\r'], " ")));
        }
    }
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())
}

/// Who holds it, as far as can be read: the holder may be writing it just now.
fn read(file: &mut File) -> Holder {
    let mut text = String::new();
    let _ = file.take(4096).read_to_string(&mut text);
    let value = |key: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
            .map(str::to_owned)
            .filter(|v| !v.is_empty())
    };
    Holder {
        pid: value("pid").and_then(|pid| pid.parse().ok()),
        host: value("host"),
        user: value("user"),
        since: value("since"),
        ..Holder::default()
    }
}
