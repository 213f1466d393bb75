//! One server process: started, waited for, stopped, killed.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::fail::{Context, Failure, Result};
use crate::files::Initialising;
use crate::process::{self, Interrupt};
use crate::servers::Durability;

/// Temporary directories are named by this and the id of the process that made them.
const PREFIX: &str = "driftlock-servers-";

/// A server's process.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) pid: u32,
    pub(crate) port: u16,
    /// What asks it to stop without waiting for its clients.
    pub(crate) stop_signal: &'static str,
    /// Only when we started it.
    pub(crate) child: Option<Child>,
}

impl Server {
    pub(crate) fn is_ours(&self, folder: &Path) -> bool {
        process::is_running(self.pid) && names(Path::new(&format!("/proc/{}/cmdline", self.pid)), folder)
    }

    /// Waits for the end that was asked for, then makes it.
    pub(crate) fn end(&mut self, folder: &Path) {
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
pub(crate) struct Half(pub(crate) Option<Server>);

impl Drop for Half {
    fn drop(&mut self) {
        if let Some(server) = &mut self.0 {
            process::signal(server.stop_signal, &server.pid.to_string());
            server.end(Path::new("/"));
        }
    }
}

/// Starts a server and waits until it answers. Another process may take the port in between, so there are several tries.
pub(crate) fn start_on_free_port(
    interrupt: &Interrupt,
    start: impl Fn(u16) -> Result<(Server, PathBuf)>,
) -> Result<Server> {
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
pub(crate) fn wait_ready(server: &mut Server, log: &Path, interrupt: &Interrupt) -> Result<()> {
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
    if server.name != "MariaDB" {
        // A start-up packet. What is not ready says so (57P03), but not to a packet without a user, which is refused before.
        let packet = b"\0\0\0\x10\0\x03\0\0user\0x\0\0";
        let mut reply = [0; 512];
        let read = stream.write_all(packet).and_then(|()| stream.read(&mut reply)).unwrap_or(0);
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

/// A folder for servers, which is removed when it is dropped, and the password of their administrator.
pub(crate) fn folder(durability: Durability) -> Result<(tempfile::TempDir, String)> {
    // Unix sockets lie below, and their paths end at 107 bytes.
    let on_disk = Some(std::env::temp_dir()).filter(|path| path.as_os_str().len() < 60).unwrap_or("/tmp".into());
    let in_memory = memory().filter(|_| durability != Durability::Default);
    let parent = in_memory.unwrap_or(on_disk);
    remove_abandoned(&parent);
    let prefix = format!("{PREFIX}{}-", std::process::id());
    let folder = tempfile::Builder::new().prefix(&prefix).tempdir_in(&parent).context(parent.display())?;
    // The servers' users must pass through it.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).context(folder.path().display())?;
    Ok((folder, random_password()?))
}

/// Memory that is a folder, where there is plenty: a run makes thousands of databases, each of hundreds of files, and drops them.
fn memory() -> Option<PathBuf> {
    const NEEDED_KIB: u64 = 4 << 20;
    let place = PathBuf::from("/dev/shm");
    let first_number = |text: &str| text.split_whitespace().find_map(|word| word.parse::<u64>().ok());
    let said = Command::new("df").args(["--output=avail", "--block-size=1K"]).arg(&place).output().ok()?;
    let free = first_number(&String::from_utf8_lossy(&said.stdout))?;
    let memory = fs::read_to_string("/proc/meminfo").ok()?;
    let available = first_number(memory.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?)?;
    // The tests want some, too.
    (free >= NEEDED_KIB && available >= 2 * NEEDED_KIB).then_some(place)
}

/// Waits until a database directory is made.
pub(crate) fn await_initialised((mut child, log): Initialising, interrupt: &Interrupt) -> Result<()> {
    loop {
        if let Some(status) = child.try_wait().context("wait")? {
            if !status.success() {
                return Err(Failure::new(format!("a database directory could not be made:\n{}", tail(&log))));
            }
            return Ok(());
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

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

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
}
