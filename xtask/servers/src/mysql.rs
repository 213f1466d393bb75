//! A real MySQL, of which Debian's releases have none: that of unstable, in a folder of its own beside what is built.
//!
//! It is run out of that folder by the folder's own dynamic loader: its libraries are newer than this machine's, and nothing of it
//! touches this machine.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::fail::{Context, Failure, Result};
use crate::setup::{Need, ensure, is_root};

/// The variable that names the folder to tests, so that their own servers are of the same kind.
pub const ROOT: &str = "TEST_MYSQL_ROOT";

/// Where Debian is, unless apt knows a place that is nearer.
const MIRROR: &str = "http://deb.debian.org/debian";

const DEBOOTSTRAP: Need = Need {
    name: "debootstrap",
    packages: &["debootstrap"],
    is_there: || crate::process::find_program("debootstrap").is_some(),
};

/// The folder with it, below the target directory: made by debootstrap the first time, which takes some minutes.
///
/// # Errors
/// When it can't be made: only root may.
pub fn install(target: &Path) -> Result<PathBuf> {
    let folder = target.join("mysql");
    if folder.join("usr/sbin/mysqld").exists() {
        return Ok(folder);
    }
    ensure(&[DEBOOTSTRAP])?;
    if !is_root() {
        return Err(Failure::new(format!("only root may fill {} with debootstrap", folder.display())));
    }
    // Whole or not at all.
    let unfinished = target.join("mysql.unfinished");
    match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error).context(unfinished.display()),
        _ => {}
    }
    eprintln!("installing MySQL into {} (once, some minutes)", folder.display());
    let status = Command::new("debootstrap")
        .args(["--variant=minbase", "--include=mysql-server-core", "unstable"])
        .arg(&unfinished)
        .arg(mirror())
        .stdin(Stdio::null())
        // Data goes to stdout; this is none.
        .stdout(Stdio::null())
        .status()
        .context("can't start debootstrap")?;
    if !status.success() {
        let log = unfinished.join("debootstrap/debootstrap.log");
        return Err(Failure::new(format!("debootstrap ended with {status}; see {}", log.display())));
    }
    // What it was unpacked from is half of it.
    let _ = fs::remove_dir_all(unfinished.join("var/cache/apt/archives"));
    fs::rename(&unfinished, &folder).context(folder.display())?;
    Ok(folder)
}

/// The mirror of Debian that apt uses here.
fn mirror() -> String {
    let folder = fs::read_dir("/etc/apt/sources.list.d").into_iter().flatten().flatten().map(|entry| entry.path());
    let texts = std::iter::once(PathBuf::from("/etc/apt/sources.list")).chain(folder);
    texts.filter_map(|file| mirror_in(&fs::read_to_string(file).ok()?)).next().unwrap_or_else(|| MIRROR.to_owned())
}

/// The first address of Debian itself, and not of its security updates, in one of apt's files of either form.
fn mirror_in(sources: &str) -> Option<String> {
    let lines = sources.lines().filter(|line| line.starts_with("URIs:") || line.starts_with("deb "));
    let mut words = lines.flat_map(str::split_whitespace);
    words
        .find(|word| {
            (word.starts_with("http://") || word.starts_with("https://"))
                && word.trim_end_matches('/').ends_with("/debian")
        })
        .map(str::to_owned)
}

/// The beginning of the command that runs its server: the loader, where it finds libraries, and the program with its own files.
pub(crate) fn server(root: &Path) -> Result<(PathBuf, Vec<OsString>)> {
    let missing = |what: &str| Failure::new(format!("there is no {what} in {}", root.display()));
    let find = |folder: &str, start: &str, end: &str| {
        let entries = fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
        let is_it = |name: &str| name.starts_with(start) && name.contains(end);
        entries
            .map(|entry| entry.path())
            .find(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(is_it))
    };
    let loader = ["lib64", "lib"].into_iter().find_map(|folder| find(folder, "ld-linux", ".so"));
    let libraries = find("usr/lib", "", "-linux-gnu").ok_or_else(|| missing("folder of libraries"))?;
    let mut arguments: Vec<OsString> =
        vec!["--library-path".into(), libraries.into(), root.join("usr/sbin/mysqld").into()];
    let path = |name: &str, below: &str| OsString::from(format!("--{name}={}", root.join(below).display()));
    arguments.push("--no-defaults".into());
    arguments.extend([path("basedir", "usr"), path("lc-messages-dir", "usr/share/mysql")]);
    arguments.extend(["--secure-file-priv=NULL", "--mysqlx=OFF"].map(OsString::from));
    Ok((loader.ok_or_else(|| missing("dynamic loader"))?, arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_mirror_that_apt_uses() {
        let new = "Types: deb\nURIs: http://security.example/debian-security\n\nTypes: deb\nURIs: https://mirror.example/debian/\n";
        assert_eq!(mirror_in(new).as_deref(), Some("https://mirror.example/debian/"));
        let old = "# deb http://not.example/debian x\ndeb [signed-by=/k] http://mirror.example/debian bookworm main\n";
        assert_eq!(mirror_in(old).as_deref(), Some("http://mirror.example/debian"));
        assert_eq!(mirror_in("deb http://other.example/ubuntu x main\n"), None);
    }
}
