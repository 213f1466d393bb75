//! A server for scratch work, from binaries that are on this machine: in a folder of its own, on loopback, with a password that nobody knows.
//!
//! A shell watches over it: when its input ends, because the guard was dropped or because our process ended in whatever way, it stops the server and
//! removes the folder.

use std::fs::{self, DirBuilder, File};
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use driftlock_database::{ConnectOptions, DatabaseUrl, Engine, Error, Throwaway};

use crate::Postgres;

/// The login that is made with it.
const USER: &str = "driftlock";

/// Stops the server and removes the folder when the input ends.
const WATCH: &str = r#"folder=$1; shift
"$@" </dev/null >"$folder/log" 2>&1 &
server=$!
read -r _
kill -s QUIT "$server" 2>/dev/null
wait "$server" 2>/dev/null
rm -rf -- "$folder""#;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long it may take to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Starts one, where there are binaries.
pub(crate) async fn start() -> Result<Option<Throwaway>, Error> {
    let Some(binaries) = binaries() else { return Ok(None) };
    let made = tokio::task::spawn_blocking(move || Starting::new(&binaries)).await;
    let starting = made.map_err(|error| failed(&error))??;
    let began = Instant::now();
    let options = ConnectOptions::default();
    loop {
        match Postgres.connect(&starting.url, &options).await {
            Ok(session) => {
                session.close().await;
                let Starting { url, running } = starting;
                return Ok(Some(Throwaway { url, guard: Box::new(running) }));
            }
            Err(error) => {
                let log = fs::read_to_string(starting.running.folder.join("log")).unwrap_or_default();
                if began.elapsed() > PATIENCE
                    || log.contains("FATAL:  could not")
                    || log.contains("database system is shut down")
                {
                    return Err(failed(&format_args!("{error}{}", last_lines(&log))));
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

fn failed(reason: &dyn std::fmt::Display) -> Error {
    Error::Connect { target: "a throwaway PostgreSQL".to_owned(), reason: reason.to_string() }
}

fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.trim().lines().rev().take(3).collect();
    lines.iter().rev().map(|line| format!("; {line}")).collect()
}

/// A server that was told to start.
struct Starting {
    url: DatabaseUrl,
    running: Running,
}

/// The shell that watches over a server, and the folder that it removes.
struct Running {
    shell: Option<Child>,
    folder: PathBuf,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut shell) = self.shell.take() {
            drop(shell.stdin.take());
            let began = Instant::now();
            while began.elapsed() < GRACE && matches!(shell.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(10));
            }
            if matches!(shell.try_wait(), Ok(None)) {
                let _ = shell.kill();
                let _ = shell.wait();
            }
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Starting {
    fn new(binaries: &Path) -> Result<Self, Error> {
        let io = |what: &str| {
            let what = what.to_owned();
            move |error: std::io::Error| failed(&format_args!("{what}: {error}"))
        };
        let password = random().map_err(io("/dev/urandom"))?;
        let folder =
            std::env::temp_dir().join(format!("driftlock-postgres-{}", &random().map_err(io("/dev/urandom"))?[..16]));
        DirBuilder::new().mode(0o700).create(&folder).map_err(io(&folder.display().to_string()))?;
        // From here on it goes with its guard.
        let mut running = Running { shell: None, folder };
        let folder = running.folder.clone();
        let user = unprivileged(&folder)?;
        if let Some((user, group)) = user {
            chown(&folder, Some(user), Some(group)).map_err(io(&folder.display().to_string()))?;
        }
        let password_file = folder.join("password");
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&password_file);
        if let Ok(file) = &mut file {
            std::io::Write::write_all(file, password.as_bytes()).map_err(io("the password"))?;
        }
        file.map_err(io("the password"))?;
        if let Some((user, group)) = user {
            chown(&password_file, Some(user), Some(group)).map_err(io("the password"))?;
        }
        let data = folder.join("data");
        let mut initdb = as_user(&binaries.join("initdb"), &folder, user);
        initdb.arg("-D").arg(&data).arg("--pwfile").arg(&password_file);
        initdb.args(["-U", USER, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        let output = initdb.stdin(Stdio::null()).output().map_err(io("initdb"))?;
        if !output.status.success() {
            let said = [output.stdout, output.stderr].concat();
            return Err(failed(&format_args!("initdb fails{}", last_lines(&String::from_utf8_lossy(&said)))));
        }
        fs::remove_file(&password_file).map_err(io("the password"))?;

        let port = free_port().map_err(io("127.0.0.1"))?;
        let mut shell = as_user(Path::new("/bin/sh"), &folder, user);
        shell.args(["-c", WATCH, "sh"]).arg(&folder).arg(binaries.join("postgres")).arg("-D").arg(&data);
        shell.args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k", ""]);
        for setting in [
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "autovacuum=off",
            "max_connections=50",
            "max_locks_per_transaction=1024",
            "max_wal_senders=0",
            "wal_level=minimal",
        ] {
            shell.args(["-c", setting]);
        }
        // In a group of its own: a signal to ours from a terminal isn't for it.
        let child = shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn();
        running.shell = Some(child.map_err(io("/bin/sh"))?);
        let url = format!("postgres://{USER}:{password}@127.0.0.1:{port}/postgres?sslmode=disable");
        let url = DatabaseUrl::parse(&url).map_err(|error| failed(&error))?;
        Ok(Starting { url, running })
    }
}

/// What runs as who may, in a folder that it may be in, without our settings.
fn as_user(program: &Path, folder: &Path, user: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LC_ALL", "C")
        .env("TZ", "UTC");
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
    }
    command
}

/// A PostgreSQL doesn't run as root: then it runs as the user that the system has for it, or as nobody.
fn unprivileged(folder: &Path) -> Result<Option<(u32, u32)>, Error> {
    let is_root = fs::metadata(folder).is_ok_and(|data| data.uid() == 0);
    if !is_root {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let numbers = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse::<u32>().ok()?, fields.next()?.parse::<u32>().ok()?))
    };
    let user = numbers("postgres").or_else(|| numbers("nobody"));
    let none = || failed(&"it may not run as root, and there is neither a user postgres nor nobody");
    user.map(Some).ok_or_else(none)
}

fn random() -> std::io::Result<String> {
    let mut bytes = [0; 24];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
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
