//! A server for scratch work, from binaries that are on this machine: in a folder of its own, on loopback, with a password that nobody knows.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use driftlock_database::throwaway::{Place, last_lines, random};
use driftlock_database::{
    ConnectOptions, DatabaseUrl, Engine, Error, Event, ExecuteError, Observer, Runnable, Session, Throwaway,
};

use crate::Postgres;

/// The login that is made with it.
const USER: &str = "driftlock";

/// How its directory is made. It is thrown away: nothing has to reach the disk, and its log may be small.
const INITDB: [&str; 6] =
    ["--username=driftlock", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--wal-segsize=1"];

const SETTINGS: [&str; 8] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "max_connections=50",
    "max_locks_per_transaction=1024",
    "max_wal_senders=0",
    "wal_level=minimal",
];

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts one, where there are binaries.
pub(crate) async fn start() -> Result<Option<Throwaway>, Error> {
    let Some(binaries) = binaries() else { return Ok(None) };
    let made = tokio::task::spawn_blocking(move || Starting::new(&binaries)).await;
    let Starting { url, place } = made.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
    let mut session = match reached(&url, &place).await {
        Ok(session) => session,
        Err(error) => {
            place.discard();
            return Err(error);
        }
    };
    // What it began with may have been copied, and others know its password.
    let password = random().map_err(|error| failed(&error))?;
    let sql = format!("ALTER ROLE {USER} PASSWORD '{password}'");
    let changed = session.execute(&[Runnable { sql: &sql, copy_data: None }], &mut Nobody).await;
    changed.map_err(|ExecuteError { error, .. }| error)?;
    session.close().await;
    Ok(Some(Throwaway { url: DatabaseUrl { password: Some(password), ..url }, guard: Box::new(place) }))
}

/// Waits until it answers.
async fn reached(url: &DatabaseUrl, place: &Place) -> Result<Box<dyn Session>, Error> {
    let began = Instant::now();
    loop {
        let error = match Postgres.connect(url, &ConnectOptions::default()).await {
            Ok(session) => return Ok(session),
            Err(error) => error,
        };
        if place.has_ended() || began.elapsed() > PATIENCE {
            return Err(failed(&format_args!("{error}; it says: {}", last_lines(&place.log()))));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

struct Nobody;

impl Observer for Nobody {
    fn event(&mut self, _: Event) {}
}

fn failed(reason: &dyn std::fmt::Display) -> Error {
    Error::Connect { target: "a throwaway PostgreSQL".to_owned(), reason: reason.to_string() }
}

/// A server that was told to start.
struct Starting {
    url: DatabaseUrl,
    place: Place,
}

impl Starting {
    fn new(binaries: &Path) -> Result<Self, String> {
        let io = |error: std::io::Error| error.to_string();
        let mut place = Place::new("postgres", &["postgres", "nobody"]).map_err(io)?;
        let made = place.folder().join("made");
        let data = made.join("data");
        let port = free_port().map_err(io)?;
        let mut arguments: Vec<String> =
            ["-D", &data.display().to_string(), "-h", "127.0.0.1", "-p", &port.to_string(), "-k", ""]
                .map(str::to_owned)
                .to_vec();
        arguments.extend(SETTINGS.iter().flat_map(|setting| ["-c".to_owned(), (*setting).to_owned()]));
        let server = binaries.join("postgres");
        place.watch("QUIT", &server, &arguments).map_err(io)?;
        place.install(&made, &server, &INITDB.join(" "), |place| {
            let password = made.join("password");
            fs::write(&password, random().map_err(io)?).map_err(io)?;
            place.own(&password).map_err(io)?;
            let mut initdb = place.command(&binaries.join("initdb"));
            let output =
                initdb.arg("-D").arg(&data).arg("--pwfile").arg(&password).args(INITDB).output().map_err(io)?;
            let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            if output.status.success() { Ok(()) } else { Err(format!("initdb fails: {}", last_lines(&said))) }
        })?;
        let password = fs::read_to_string(made.join("password")).map_err(io)?;
        place.start().map_err(io)?;
        let url = format!("postgres://{USER}:{password}@127.0.0.1:{port}/postgres?sslmode=disable");
        let url = DatabaseUrl::parse(&url).map_err(|error| error.to_string())?;
        Ok(Starting { url, place })
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// The folder of a server's programs: the one that `PATH` means, else the newest where systems keep them.
fn binaries() -> Option<PathBuf> {
    let is_program =
        |file: &Path| file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0);
    let is_whole = |folder: &PathBuf| ["initdb", "postgres"].iter().all(|name| is_program(&folder.join(name)));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = std::env::split_paths(&path).filter(|folder| folder.is_absolute()).collect();
    // Where a program on the path is a link, its folder isn't the one of what stands beside the real one.
    let real = |folder: &PathBuf| Some(fs::canonicalize(folder.join("postgres")).ok()?.parent()?.to_owned());
    if let Some(found) = on_path.iter().filter_map(real).find(is_whole) {
        return Some(found);
    }
    let config = on_path.iter().map(|folder| folder.join("pg_config")).find(|program| is_program(program));
    let told = config.and_then(|program| Command::new(program).arg("--bindir").output().ok());
    let told = told.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    if let Some(found) = told.filter(is_whole) {
        return Some(found);
    }
    let mut installed: Vec<(u32, PathBuf)> = Vec::new();
    // Debian; Red Hat; Homebrew.
    for (parent, prefix) in [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/opt/homebrew/opt", "postgresql@"),
        ("/usr/local/opt", "postgresql@"),
    ] {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let major = name.to_str().and_then(|name| name.strip_prefix(prefix)).and_then(|name| name.parse().ok());
            installed.extend(major.map(|major| (major, entry.path().join("bin"))));
        }
    }
    installed.sort();
    let newest = installed.into_iter().rev().map(|(_, folder)| folder);
    newest.chain([PathBuf::from("/usr/local/pgsql/bin"), PathBuf::from("/usr/bin")]).find(is_whole)
}
