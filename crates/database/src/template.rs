//! What servers begin with, kept in the user's cache: making it anew takes seconds, copying it a fraction of one.
//!
//! Nobody writes into one that is there: it is made beside its place and renamed, so that it is whole for whoever finds it, however many make it
//! at once. One that was made by another build of the server has another name; what nobody has made for a month is removed.

use std::fs::{self, DirBuilder};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::throwaway::random;

/// For so long templates are kept, and what a killed process left of one for so long is somebody's work.
const KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const WORK: Duration = Duration::from_secs(60 * 60);

/// A folder that is copied.
#[derive(Debug)]
pub(crate) struct Template {
    folder: PathBuf,
    name: String,
}

impl Template {
    /// Of what a program makes in one way. Nothing where this user has no cache, or somebody else may write to it.
    pub(crate) fn of(program: &Path, way: &str, me: u32) -> Option<Self> {
        let variable = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let cache = variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")))?;
        let folder = cache.join("driftlock").join("servers");
        DirBuilder::new().recursive(true).mode(0o700).create(&folder).ok()?;
        let is_ours = fs::metadata(&folder).is_ok_and(|data| data.uid() == me && data.mode() & 0o022 == 0);
        let data = fs::metadata(program).ok()?;
        let mut hasher = DefaultHasher::new();
        (program, data.len(), data.mtime(), data.mtime_nsec(), data.ino(), way).hash(&mut hasher);
        let stem = program.file_name()?.to_string_lossy().into_owned();
        is_ours.then(|| Template { folder, name: format!("{stem}-{:016x}", hasher.finish()) })
    }

    fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// Copies it, for this user.
    pub(crate) fn copy_to(&self, to: &Path, user: Option<(u32, u32)>) -> io::Result<()> {
        copy(&self.path(), to, user)
    }

    /// Keeps a copy of what was made. Without one it is made again, so nobody minds when it can't be kept.
    pub(crate) fn keep(&self, made: &Path) {
        self.sweep();
        let Ok(random) = random() else { return };
        let beside = self.folder.join(format!("{}.{}", self.name, &random[..16]));
        if copy(made, &beside, None).and_then(|()| fs::rename(&beside, self.path())).is_err() {
            // Somebody was faster, or the disk is full.
            let _ = fs::remove_dir_all(&beside);
        }
    }

    /// A server didn't start from it: it isn't taken again.
    pub(crate) fn discard(&self) {
        let Ok(random) = random() else { return };
        let aside = self.folder.join(format!("{}.{}", self.name, &random[..16]));
        if fs::rename(self.path(), &aside).is_ok() {
            let _ = fs::remove_dir_all(&aside);
        }
    }

    fn sweep(&self) {
        let is_older = |path: &Path, age| {
            let changed = fs::metadata(path).and_then(|data| data.modified());
            changed.is_ok_and(|changed| SystemTime::now().duration_since(changed).is_ok_and(|since| since > age))
        };
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let age = if entry.file_name().to_string_lossy().contains('.') { WORK } else { KEPT };
            if is_older(&entry.path(), age) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

/// Files and folders, with their modes.
fn copy(from: &Path, to: &Path, user: Option<(u32, u32)>) -> io::Result<()> {
    let data = fs::symlink_metadata(from)?;
    if data.is_dir() {
        DirBuilder::new().mode(0o700).create(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()), user)?;
        }
        fs::set_permissions(to, data.permissions())?;
    } else if data.is_file() {
        fs::copy(from, to)?;
    } else {
        return Err(io::Error::other(format!("{} is neither a file nor a folder", from.display())));
    }
    match user {
        Some((user, group)) => chown(to, Some(user), Some(group)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_is_there_is_never_replaced_and_a_discarded_one_is_made_again() {
        let random = random().unwrap();
        let folder = std::env::temp_dir().join(format!("driftlock-template-{}", &random[..16]));
        let made = |text: &str| {
            let made = folder.join(text);
            fs::create_dir_all(made.join("inner")).unwrap();
            fs::write(made.join("inner/file"), text).unwrap();
            made
        };
        let template = Template { folder: folder.join("cache"), name: "server-1".to_owned() };
        fs::create_dir_all(&template.folder).unwrap();
        assert!(template.copy_to(&folder.join("none"), None).is_err());
        template.keep(&made("first"));
        template.keep(&made("second"));
        let copied = |to: &str| {
            template.copy_to(&folder.join(to), None).unwrap();
            fs::read_to_string(folder.join(to).join("inner/file")).unwrap()
        };
        assert_eq!(copied("one"), "first");
        template.discard();
        template.keep(&made("third"));
        assert_eq!(copied("other"), "third");
        assert_eq!(fs::read_dir(&template.folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }
}
