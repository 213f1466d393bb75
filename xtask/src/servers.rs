//! Throwaway PostgreSQL and MariaDB servers: in a temporary directory, on loopback, as an unprivileged user.

mod files;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::fail::{Context, Failure, Result};
use crate::process::{self, Interrupt};
use crate::setup::Tools;
use files::{MysqlFiles, PostgresFiles};

/// The administrator of both servers.
pub(crate) const USER: &str = "driftlock";

/// Temporary directories are named by this and the id of the process that made them.
const PREFIX: &str = "driftlock-servers-";

/// How the servers treat the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// As installed: what benches measure.
    Default,
    /// Nothing is flushed: these databases needn't survive a power cut.
    Relaxed,
}

/// How long the servers live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// They end with this process, however it ends.
    WithUs,
    /// They stay for the next run, until [`Servers::stop`].
    Kept,
}

/// A PostgreSQL and a MariaDB that run. Dropping stops them, unless they are kept.
pub(crate) struct Servers {
    folder: PathBuf,
    password: String,
    postgres: Server,
    mysql: Server,
    life: Life,
}

/// One of them.
struct Server {
    name: &'static str,
    pid: u32,
    port: u16,
    /// What asks it to stop without waiting for its clients.
    stop_signal: &'static str,
    /// Only when we started it.
    child: Option<Child>,
}

impl Servers {
    /// Makes both and starts them. Must be called on the main thread: what ends with us ends with the thread that started it.
    pub(crate) fn start(tools: &Tools, durability: Durability, life: Life, interrupt: &Interrupt) -> Result<Self> {
        // Unix sockets lie below, and their paths end at 107 bytes.
        let parent = Some(std::env::temp_dir()).filter(|path| path.as_os_str().len() < 60).unwrap_or("/tmp".into());
        remove_abandoned(&parent);
        let prefix = format!("{PREFIX}{}-", std::process::id());
        let folder = tempfile::Builder::new().prefix(&prefix).tempdir_in(&parent).context(parent.display())?;
        // The servers' users must pass through it.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).context(folder.path().display())?;
        let password = random_password()?;

        let postgres = PostgresFiles::new(tools, folder.path(), &password)?;
        let mysql = MysqlFiles::new(tools, folder.path(), &password)?;
        let initialising = [postgres.initialise()?, mysql.initialise()?];
        for (mut child, log) in initialising {
            loop {
                if let Some(status) = child.try_wait().context("wait")? {
                    if !status.success() {
                        return Err(Failure::new(format!("a database directory could not be made:\n{}", tail(&log))));
                    }
                    break;
                }
                if interrupt.signal().is_some() {
                    // Its sibling writes below the folder for a moment yet, and ends by itself.
                    let _ = child.kill();
                    let _ = child.wait();
                }
                interrupt.check()?;
                sleep(Duration::from_millis(10));
            }
        }

        let postgres = start_on_free_port(interrupt, |port| postgres.start(port, durability, life))?;
        let mut half = Half(Some(postgres));
        let mysql = start_on_free_port(interrupt, |port| mysql.start(port, durability, life))?;
        let postgres = half.0.take().ok_or_else(|| Failure::new("the server is gone"))?;
        Ok(Servers { folder: folder.keep(), password, postgres, mysql, life })
    }

    /// The administrator's URL of PostgreSQL, for a database of it.
    pub(crate) fn postgres_url(&self, database: &str) -> String {
        format!("postgres://{USER}:{}@127.0.0.1:{}/{database}", self.password, self.postgres.port)
    }

    /// The administrator's URL of MariaDB, for a database of it.
    pub(crate) fn mysql_url(&self, database: &str) -> String {
        format!("mysql://{USER}:{}@127.0.0.1:{}/{database}", self.password, self.mysql.port)
    }

    /// What others need to log in to PostgreSQL: the password and the port on 127.0.0.1.
    pub(crate) fn postgres_login(&self) -> (&str, u16) {
        (&self.password, self.postgres.port)
    }

    /// The same for MariaDB.
    pub(crate) fn mysql_login(&self) -> (&str, u16) {
        (&self.password, self.mysql.port)
    }

    /// The command of MariaDB's own client, logged in.
    pub(crate) fn mariadb(&self, tools: &Tools, database: &str) -> Command {
        let mut command = Command::new(&tools.mariadb);
        let port = format!("--port={}", self.mysql.port);
        let login = [&format!("--user={USER}"), &format!("--password={}", self.password), database];
        command.args(["--no-defaults", "--protocol=tcp", "--host=127.0.0.1", &port, "--batch", "--skip-column-names"]);
        command.args(login.into_iter().filter(|argument| !argument.is_empty()));
        command
    }

    /// The command of PostgreSQL's own client, logged in.
    pub(crate) fn psql(&self, tools: &Tools, database: &str) -> Command {
        let mut command = Command::new(tools.postgres_bin.join("psql"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
            command.env_remove(name);
        }
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", &self.postgres_url(database)]);
        command
    }

    /// For the file that remembers kept servers.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "folder": self.folder,
            "password": self.password,
            "postgres": { "pid": self.postgres.pid, "port": self.postgres.port },
            "mysql": { "pid": self.mysql.pid, "port": self.mysql.port },
        })
    }

    /// Kept servers of an earlier run. `None` when what is remembered makes no sense.
    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        let number = |server: &str, key: &str| value.get(server)?.get(key)?.as_u64();
        let server = |name: &'static str, key: &str, stop_signal| {
            Some(Server {
                name,
                pid: u32::try_from(number(key, "pid")?).ok()?,
                port: u16::try_from(number(key, "port")?).ok()?,
                stop_signal,
                child: None,
            })
        };
        Some(Servers {
            folder: PathBuf::from(value.get("folder")?.as_str()?),
            password: value.get("password")?.as_str()?.to_owned(),
            postgres: server("PostgreSQL", "postgres", "INT")?,
            mysql: server("MariaDB", "mysql", "TERM")?,
            life: Life::Kept,
        })
    }

    /// Whether both still run. A process id alone says nothing: it may be somebody else's by now.
    pub(crate) fn are_running(&self) -> bool {
        [&self.postgres, &self.mysql].into_iter().all(|server| server.is_ours(&self.folder))
    }

    /// Stops both, whatever their life was to be, and removes their files.
    pub(crate) fn stop(mut self) {
        self.life = Life::WithUs;
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        if self.life == Life::Kept {
            return;
        }
        let folder = self.folder.clone();
        for server in [&mut self.postgres, &mut self.mysql] {
            if server.child.is_some() || server.is_ours(&folder) {
                process::signal(server.stop_signal, &server.pid.to_string());
            }
        }
        for server in [&mut self.postgres, &mut self.mysql] {
            server.end(&folder);
        }
        if let Err(error) = fs::remove_dir_all(&folder)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            eprintln!("warning: {} could not be removed: {error}", folder.display());
        }
    }
}

impl Server {
    fn is_ours(&self, folder: &Path) -> bool {
        process::is_running(self.pid) && names(Path::new(&format!("/proc/{}/cmdline", self.pid)), folder)
    }

    /// Waits for the end that was asked for, then makes it.
    fn end(&mut self, folder: &Path) {
        let ours = self.child.is_some() || self.is_ours(folder);
        if !ours || process::wait_gone(self.pid, self.child.as_mut(), Duration::from_secs(20)) {
            return;
        }
        eprintln!("warning: {} (pid {}) does not stop; it is killed", self.name, self.pid);
        process::signal("KILL", &self.pid.to_string());
        process::wait_gone(self.pid, self.child.as_mut(), Duration::from_secs(20));
    }
}

/// The first server while the second is being started: ends with it when that fails.
struct Half(Option<Server>);

impl Drop for Half {
    fn drop(&mut self) {
        if let Some(server) = &mut self.0 {
            process::signal(server.stop_signal, &server.pid.to_string());
            server.end(Path::new("/"));
        }
    }
}

/// Starts a server and waits until it answers. Another process may take the port in between, so there are several tries.
fn start_on_free_port(interrupt: &Interrupt, start: impl Fn(u16) -> Result<(Server, PathBuf)>) -> Result<Server> {
    let mut reason = String::new();
    for _ in 0..3 {
        let port = TcpListener::bind(("127.0.0.1", 0))
            .and_then(|listener| listener.local_addr())
            .context("no free port on 127.0.0.1")?
            .port();
        let (server, log) = start(port)?;
        let mut server = Half(Some(server));
        match server.0.as_mut().map(|server| wait_ready(server, &log, interrupt)) {
            Some(Ok(())) => return server.0.take().ok_or_else(|| Failure::new("the server is gone")),
            Some(Err(failure)) => reason = failure.to_string(),
            None => {}
        }
        interrupt.check()?;
    }
    Err(Failure::new(reason))
}

/// Waits for a server's first words on its port: both speak the moment they can serve.
fn wait_ready(server: &mut Server, log: &Path, interrupt: &Interrupt) -> Result<()> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(90) {
        interrupt.check()?;
        let ended = server.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
        if let Some(status) = ended {
            return Err(Failure::new(format!("{} ended with {status}:\n{}", server.name, tail(log))));
        }
        if answers(server) {
            return Ok(());
        }
        sleep(Duration::from_millis(20));
    }
    Err(Failure::new(format!("{} does not answer on port {}:\n{}", server.name, server.port, tail(log))))
}

fn answers(server: &Server) -> bool {
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], server.port));
    let Ok(mut stream) = std::net::TcpStream::connect_timeout(&address, Duration::from_secs(1)) else {
        return false;
    };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
    if server.name == "PostgreSQL" {
        // A start-up packet for no user. What is not ready says so (57P03); what is asks for the user's name (28000).
        let packet = [0, 0, 0, 9, 0, 3, 0, 0, 0];
        let mut reply = [0; 512];
        let read = stream.write_all(&packet).and_then(|()| stream.read(&mut reply)).unwrap_or(0);
        read > 0 && !reply[..read].windows(6).any(|window| window == b"C57P03")
    } else {
        // MariaDB greets first, once its init file has run.
        stream.read(&mut [0; 64]).is_ok_and(|read| read > 4)
    }
}

/// Removes what a run left that was killed with -9: its servers are gone, its directory isn't.
fn remove_abandoned(parent: &Path) {
    let us = fs::metadata("/proc/self").map(|data| data.uid()).ok();
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let maker = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next()?.parse().ok());
        let is_ours = entry.metadata().is_ok_and(|data| data.is_dir() && Some(data.uid()) == us);
        if is_ours && maker.is_some_and(|maker| !process::is_running(maker)) && !is_in_use(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether the command line of any process names a folder, as that of a kept server does.
fn is_in_use(folder: &Path) -> bool {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.map(|process| process.path().join("cmdline")).any(|file| names(&file, folder))
}

fn names(command_line: &Path, folder: &Path) -> bool {
    let folder = folder.as_os_str().as_encoded_bytes();
    fs::read(command_line).unwrap_or_default().windows(folder.len()).any(|window| window == folder)
}

fn tail(log: &Path) -> String {
    let text = String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

fn random_password() -> Result<String> {
    let mut bytes = [0_u8; 16];
    File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).context("/dev/urandom")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;

    use super::*;
    use crate::setup::setup;

    #[test]
    fn removes_only_what_nobody_uses() {
        let parent = tempfile::tempdir().unwrap();
        let folder = |pid: u32| parent.path().join(format!("{PREFIX}{pid}-x"));
        let (dead, ours) = (folder(u32::MAX), folder(std::process::id()));
        let stranger = parent.path().join("driftlock-4294967295-x");
        for folder in [&dead, &ours, &stranger] {
            fs::create_dir(folder).unwrap();
        }
        // Its maker is gone, and a server is still in it.
        let kept = parent.path().join(format!("{PREFIX}{}-kept", u32::MAX));
        fs::create_dir(&kept).unwrap();
        let mut server = Command::new("sh").args(["-c", "read x"]).arg(&kept).stdin(Stdio::piped()).spawn().unwrap();
        remove_abandoned(parent.path());
        assert!(!dead.exists() && ours.exists() && stranger.exists() && kept.exists());
        server.kill().unwrap();
        server.wait().unwrap();
        remove_abandoned(parent.path());
        assert!(!kept.exists());
    }

    #[test]
    fn start_answer_and_leave_nothing() {
        let tools = setup().unwrap();
        let servers = Servers::start(&tools, Durability::Relaxed, Life::WithUs, &Interrupt::default()).unwrap();
        let psql = servers.psql(&tools, "postgres").args(["-c", "show fsync"]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&psql.stdout).trim(), "off", "{psql:?}");
        let query = "select count(*), max(user) from mysql.user where is_role = 'N' and user <> 'mariadb.sys' and user <> 'mysql'";
        let mariadb = servers.mariadb(&tools, "mysql").args(["-e", query]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&mariadb.stdout).trim(), "1\tdriftlock", "{mariadb:?}");
        assert!(servers.are_running());

        let remembered = Servers::from_json(&servers.to_json()).unwrap();
        assert_eq!(remembered.mysql_url("x"), servers.mysql_url("x"));
        assert!(remembered.are_running());
        let (pids, folder) = ([servers.postgres.pid, servers.mysql.pid], servers.folder.clone());
        drop(remembered);
        assert!(servers.are_running(), "what is kept outlives who remembers it");
        drop(servers);
        assert!(pids.into_iter().all(|pid| !process::is_running(pid)));
        assert!(!folder.exists());
    }
}
