//! Names of one file that keep its journals apart.
//!
//! SQLite keeps a journal beside the name by which a file was opened. After a crash, who opens the file by another name doesn't find it, and takes
//! what is half written for the database. ("How To Corrupt An SQLite Database File", sections 2.4 and 2.5.) The lock between
//! runners stands beside the name, too. Symbolic links are followed to the one name; what else gives a file two is refused.

use std::path::Path;

use driftlock_database::Error;

/// Refuses a file that others may know by a name with another journal. A file that isn't there yet has no names.
pub(crate) fn refuse_several(path: &Path) -> Result<(), Error> {
    let Ok(found) = std::fs::metadata(path) else { return Ok(()) };
    let links = links(&found);
    if links > 1 {
        return Err(Error::Unfit(format!(
            "{}: the file has {links} names (hard links), and SQLite keeps its journal beside the one by which it is opened: after a crash the \
             others would show a damaged database; keep one name and make the others symbolic links to it (`find -samefile` finds them)",
            path.display()
        )));
    }
    if is_mounted(path) {
        return Err(Error::Unfit(format!(
            "{}: the file is mounted by itself, so that its journal is in another place than that of the file it is: after a crash that would show a \
             damaged database; mount its folder instead",
            path.display()
        )));
    }
    Ok(())
}

#[cfg(unix)]
fn links(found: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(found)
}

#[cfg(not(unix))]
fn links(_found: &std::fs::Metadata) -> u64 {
    1
}

/// Whether the file is the root of a mount (`mount --bind`, `docker run -v shop.db:/data/shop.db`). Only Linux tells.
fn is_mounted(path: &Path) -> bool {
    let Some(path) = path.to_str() else { return false };
    std::fs::read_to_string("/proc/self/mountinfo").is_ok_and(|mounts| is_mount_point(&mounts, path))
}

/// The fifth field of a line is the mount point; blanks, tabs, line feeds and backslashes in it are octal (proc_pid_mountinfo(5)).
fn is_mount_point(mounts: &str, path: &str) -> bool {
    let escaped = path.replace('\\', "\\134").replace(' ', "\\040").replace('\t', "\\011").replace('\n', "\\012");
    mounts.lines().any(|line| line.split(' ').nth(4) == Some(&escaped))
}

/// Which file a path leads to.
#[cfg(unix)]
pub(crate) fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

/// Files have no numbers here that the standard library tells; the system doesn't let an open one be replaced.
#[cfg(not(unix))]
pub(crate) fn identity(path: &Path) -> Option<(u64, u64)> {
    path.exists().then_some((0, 0))
}

#[cfg(test)]
mod tests {
    use super::is_mount_point;

    #[test]
    fn finds_a_mount_by_its_path() {
        let mounts = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
                      87 22 8:1 /srv/shop.db /data/my\\040shop.db rw,relatime shared:1 - ext4 /dev/sda1 rw\n";
        assert!(is_mount_point(mounts, "/data/my shop.db"));
        assert!(!is_mount_point(mounts, "/data/my"));
        assert!(!is_mount_point(mounts, "/srv/shop.db"));
    }
}
