//! Finds what tests and benches need on this machine, and installs what is missing.

use std::fmt;
use std::fs;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use crate::fail::{Context, Failure, Result};
use crate::process::{find_program, is_program};

/// The programs that were found.
#[derive(Debug, Clone)]
pub struct Tools {
    /// Where PostgreSQL's own programs are. Debian's `psql` on `PATH` is a wrapper; the one in here is real.
    pub postgres_bin: PathBuf,
    /// MariaDB's server.
    pub mariadbd: PathBuf,
    /// What makes its database directory.
    pub mariadb_install_db: PathBuf,
    /// Its client.
    pub mariadb: PathBuf,
    /// SQLite's client.
    pub sqlite3: PathBuf,
    /// A folder with a real MySQL, which is then started instead of MariaDB: see [`mysql`](crate::mysql).
    pub mysql: Option<PathBuf>,
}

impl fmt::Display for Tools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "PostgreSQL  {}", self.postgres_bin.display())?;
        writeln!(f, "MariaDB     {}", self.mariadbd.display())?;
        if let Some(mysql) = &self.mysql {
            writeln!(f, "MySQL       {}", mysql.display())?;
        }
        write!(f, "sqlite3     {}", self.sqlite3.display())
    }
}

/// Something that is needed, and Debian's packages that bring it.
pub struct Need {
    /// In words.
    pub name: &'static str,
    /// Debian's packages.
    pub packages: &'static [&'static str],
    /// Whether it is there.
    pub is_there: fn() -> bool,
}

const NEEDS: [Need; 13] = [
    Need {
        name: "a C compiler (for SQLite's own source)",
        packages: &["gcc", "libc6-dev"],
        is_there: || find_program("cc").is_some() && Path::new("/usr/include/stdio.h").exists(),
    },
    Need { name: "PostgreSQL", packages: &["postgresql"], is_there: || postgres_bin().is_some() },
    Need {
        name: "MariaDB",
        packages: &["mariadb-server"],
        is_there: || ["mariadbd", "mariadb-install-db", "mariadb"].iter().all(|name| find_program(name).is_some()),
    },
    Need { name: "PgBouncer", packages: &["pgbouncer"], is_there: || find_program("pgbouncer").is_some() },
    Need { name: "sqlite3", packages: &["sqlite3"], is_there: || find_program("sqlite3").is_some() },
    Need { name: "ip (for a network of its own)", packages: &["iproute2"], is_there: || find_program("ip").is_some() },
    Need { name: "git", packages: &["git"], is_there: || find_program("git").is_some() },
    // An independent computation of the history's chain, which the docs show.
    Need { name: "python3", packages: &["python3"], is_there: || find_program("python3").is_some() },
    Need { name: "kill", packages: &["procps"], is_there: || find_program("kill").is_some() },
    // A real terminal, and the shells in which completion is tried.
    Need { name: "tmux", packages: &["tmux"], is_there: || find_program("tmux").is_some() },
    Need { name: "zsh", packages: &["zsh"], is_there: || find_program("zsh").is_some() },
    Need { name: "fish", packages: &["fish"], is_there: || find_program("fish").is_some() },
    // What is wrong with the man pages.
    Need { name: "mandoc", packages: &["mandoc"], is_there: || find_program("mandoc").is_some() },
];

/// Installs what is missing, then says where everything is.
pub fn setup() -> Result<Tools> {
    ensure(&NEEDS)?;
    find_tools()
}

/// Installs what of these is missing.
pub fn ensure(needs: &[Need]) -> Result<()> {
    let missing: Vec<&Need> = needs.iter().filter(|need| !(need.is_there)()).collect();
    if !missing.is_empty() {
        let names = missing.iter().map(|need| need.name).collect::<Vec<_>>().join(", ");
        let packages: Vec<&str> = missing.iter().flat_map(|need| need.packages.iter().copied()).collect();
        if find_program("apt-get").is_none() {
            return Err(Failure::new(format!(
                "missing: {names}. They are installed here with apt-get, which this machine hasn't: install them yourself"
            )));
        }
        if !is_root() {
            return Err(Failure::new(format!(
                "missing: {names}. Only root may install them: run\n    \
                 sudo apt-get update && sudo apt-get install --no-install-recommends --yes {}",
                packages.join(" ")
            )));
        }
        eprintln!("installing {names}");
        install(&packages)?;
    }
    Ok(())
}

/// Whether we may do everything.
pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|data| data.uid() == 0)
}

/// Where everything is; installs nothing.
pub fn find_tools() -> Result<Tools> {
    let find = |name: &str| {
        find_program(name)
            .ok_or_else(|| Failure::new(format!("`{name}` is in no folder of PATH; `cargo xtask setup` installs it")))
    };
    Ok(Tools {
        postgres_bin: postgres_bin().ok_or_else(|| {
            Failure::new(
                "PostgreSQL's programs (initdb, postgres, psql) are neither in /usr/lib/postgresql nor in PATH",
            )
        })?,
        mariadbd: find("mariadbd")?,
        mariadb_install_db: find("mariadb-install-db")?,
        mariadb: find("mariadb")?,
        sqlite3: find("sqlite3")?,
        mysql: std::env::var_os(crate::mysql::ROOT).map(PathBuf::from),
    })
}

/// The newest PostgreSQL of Debian's folders, else the one on `PATH`.
fn postgres_bin() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    folders.sort();
    let on_path = find_program("postgres").and_then(|file| Some(file.parent()?.to_owned()));
    let is_whole = |folder: &PathBuf| ["initdb", "postgres", "psql"].iter().all(|name| is_program(&folder.join(name)));
    folders.into_iter().rev().map(|(_, folder)| folder).chain(on_path).find(is_whole)
}

fn install(packages: &[&str]) -> Result<()> {
    let _policy = NoServices::new()?;
    // A mirror may be away for a moment, and another apt-get may hold the lock.
    let mut pause = Duration::from_secs(2);
    for attempt in 1.. {
        let done =
            apt_get(&["update"]) && apt_get(&[&["install", "--no-install-recommends", "--yes"], packages].concat());
        if done {
            break;
        }
        if attempt == 4 {
            return Err(Failure::new(format!(
                "apt-get could not install {} in {attempt} attempts; its messages are above",
                packages.join(" ")
            )));
        }
        eprintln!("apt-get failed; once more in {} s", pause.as_secs());
        sleep(pause);
        pause *= 3;
    }
    Ok(())
}

fn apt_get(arguments: &[&str]) -> bool {
    Command::new("apt-get")
        .args(["-q", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3"])
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .env("LC_ALL", "C.UTF-8")
        .stdin(std::process::Stdio::null())
        // Data goes to stdout; this is none.
        .stdout(std::io::stderr())
        .status()
        .is_ok_and(|status| status.success())
}

/// While it lives, packages don't start their services. A policy that the machine already has is left alone.
struct NoServices {
    made: bool,
}

const POLICY: &str = "/usr/sbin/policy-rc.d";

impl NoServices {
    fn new() -> Result<Self> {
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o755).open(POLICY);
        match file {
            Ok(mut file) => {
                std::io::Write::write_all(&mut file, b"#!/bin/sh\nexit 101\n").context(POLICY)?;
                Ok(NoServices { made: true })
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(NoServices { made: false }),
            Err(error) => Err(Failure::new(format!("{POLICY}: {error}"))),
        }
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.made
            && let Err(error) = fs::remove_file(POLICY)
        {
            eprintln!("warning: {POLICY} could not be removed ({error}): remove it, or no service will be started");
        }
    }
}
