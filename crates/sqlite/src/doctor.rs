//! How a database file and its folder are: see [`Session::examine`](driftlock_database::Session::examine).

use std::path::Path;

use driftlock_database::{Examination, Peculiarity, Protection, Right};
use rusqlite::Connection;

use crate::error::Fault;
use crate::lock::FileLock;
use crate::url::{Mode, Place};
use crate::worker::Worker;

pub(crate) fn examine(worker: &mut Worker) -> Result<Examination, Fault> {
    let mut out = Examination { protection: Some(Protection::Local), ..Examination::default() };
    let place = worker.place.clone();
    let is_readonly = worker.is_readonly()?;
    let journal = match worker.look()? {
        Some(connection) => {
            out.settings = settings(connection)?;
            Some(connection.query_row("PRAGMA main.journal_mode", [], |row| row.get::<_, String>(0))?)
        }
        None => None,
    };
    let Place::File { path, mode } = &place else { return Ok(out) };
    if is_readonly {
        out.read_only = Some(match mode {
            Mode::Read => "the URL says `mode=ro`".to_owned(),
            _ => "this user may not write to the file, or its file system is mounted read-only".to_owned(),
        });
    }
    out.rights = rights(path);
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let kind = path.to_str().and_then(|path| file_system(&mounts, path));
    let journal = journal.unwrap_or_else(|| "none yet".to_owned());
    if let Some(kind) = kind.filter(|kind| is_of_network(kind)) {
        let wal = if journal == "wal" { ", and `wal` doesn't work over it at all" } else { "" };
        out.settings.push(Peculiarity {
            name: "file system",
            odd: Some(format!(
                "it is of a network, and its locks are what both SQLite and driftlock trust: two machines may corrupt the database{wal}; keep it on a local disk"
            )),
            value: kind.to_owned(),
        });
    }
    out.settings.push(Peculiarity {
        name: "journal_mode",
        odd: matches!(journal.as_str(), "off" | "memory").then(|| {
            "a crash in the midst of a transaction leaves a damaged database: `PRAGMA journal_mode = wal` or `delete`".to_owned()
        }),
        value: journal,
    });
    out.holder = FileLock::holder(path)?;
    Ok(out)
}

fn settings(connection: &Connection) -> Result<Vec<Peculiarity>, Fault> {
    let value =
        |pragma: &str| connection.query_row(&format!("PRAGMA main.{pragma}"), [], |row| row.get::<_, String>(0));
    Ok(vec![Peculiarity { name: "encoding", value: value("encoding")?, odd: None }])
}

/// A file is written beside its journal and its lock.
fn rights(path: &Path) -> Vec<Right> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let may_write = may_write(folder);
    may_write
        .map(|granted| Right {
            what: format!("write into the folder {}", folder.display()),
            granted,
            advice: "the journal and driftlock's lock stand beside the database: make its folder writable to the user that migrates it".to_owned(),
            needed: true,
        })
        .into_iter()
        .collect()
}

#[cfg(unix)]
fn may_write(folder: &Path) -> Option<bool> {
    use rustix::fs::{Access, access};
    Some(access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok())
}

/// It can't be asked without writing.
#[cfg(not(unix))]
fn may_write(_folder: &Path) -> Option<bool> {
    None
}

/// The kind of file system that a path is on: of the mount points above it the longest, and of several there the last. Blanks and
/// backslashes in them are octal, and the kind stands behind a lone `-` (proc_pid_mountinfo(5)).
fn file_system<'a>(mounts: &'a str, path: &str) -> Option<&'a str> {
    let mut best: Option<(usize, &str)> = None;
    for line in mounts.lines() {
        let Some(point) = line.split(' ').nth(4) else { continue };
        let Some((_, behind)) = line.split_once(" - ") else { continue };
        let point = point.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\");
        let is_above = Path::new(path).starts_with(&point);
        if is_above && best.is_none_or(|(length, _)| point.len() >= length) {
            best = behind.split(' ').next().map(|kind| (point.len(), kind));
        }
    }
    best.map(|(_, kind)| kind)
}

fn is_of_network(kind: &str) -> bool {
    const KINDS: &[&str] = &["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "lustre", "afs", "glusterfs"];
    let name = kind.strip_prefix("fuse.").unwrap_or(kind);
    KINDS.contains(&name) || matches!(name, "sshfs" | "s3fs" | "rclone" | "gcsfuse")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_a_network_by_its_mount() {
        let mounts = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
                      30 22 0:40 / /mnt/my\\040share rw shared:3 - nfs4 server:/x rw,vers=4.2\n\
                      31 22 0:41 / /mnt/my rw - tmpfs tmpfs rw\n\
                      32 22 0:42 / /home/ann/there rw - fuse.sshfs ann@there: rw\n";
        for (path, kind, network) in [
            ("/srv/shop.db", "ext4", false),
            ("/mnt/my share/shop.db", "nfs4", true),
            ("/mnt/my/shop.db", "tmpfs", false),
            ("/mnt/mine/shop.db", "ext4", false),
            ("/home/ann/there/a/shop.db", "fuse.sshfs", true),
        ] {
            let found = file_system(mounts, path);
            assert_eq!((found, found.map(is_of_network)), (Some(kind), Some(network)), "{path}");
        }
        assert_eq!(file_system("", "/srv/shop.db"), None);
    }
}
