//! A server for scratch work, from binaries that are on this machine: the folder that it lives in, the user that it runs as, and the shell that watches
//! over it.
//!
//! The shell's input is ours: when it ends, because the guard was dropped or because our process ended in whatever way, the shell stops the server and
//! removes the folder.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::template::Template;

/// Starts the server at the first line of input, and ends with it; our end of its output ends with the server. Whatever was at work in the folder may need a moment to notice that it is gone.
const WATCH: &str = r#"folder=$1 signal=$2; shift 2
if read -r _; then
    "$@" 3>&1 </dev/null >"$folder/log" 2>&1 &
    server=$!
    exec >/dev/null
    read -r _
    kill -s "$signal" "$server" 2>/dev/null
    wait "$server" 2>/dev/null
fi
for _ in 1 2 3 4 5 6 7 8 9 10; do
    rm -rf -- "$folder" 2>/dev/null
    [ -e "$folder" ] || exit 0
    sleep 1
done"#;

/// How long a server may take to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Where a throwaway server lives: gone with this, and with our process.
#[derive(Debug)]
pub struct Place {
    folder: PathBuf,
    /// Whose process this is.
    me: u32,
    /// As whom the server runs, where it may not run as we do.
    user: Option<(u32, u32)>,
    shell: Option<Child>,
    /// The server is there no more, or was never started.
    ended: Arc<AtomicBool>,
    template: Option<Template>,
}

impl Place {
    /// A folder for an engine's server. None runs as root: then it runs as the first of these users that there is.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn new(engine: &str, users: &[&str]) -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("driftlock-{engine}-{}", &random()?[..16]));
        DirBuilder::new().mode(0o700).create(&folder)?;
        let mut place = Place { folder, me: 0, user: None, shell: None, ended: Arc::default(), template: None };
        place.me = fs::metadata(&place.folder)?.uid();
        if place.me == 0 {
            let none =
                || io::Error::other(format!("it may not run as root, and there is no user {}", users.join(" or ")));
            place.user = Some(users.iter().find_map(|name| numbers(name)).ok_or_else(none)?);
            place.own(&place.folder)?;
        }
        Ok(place)
    }

    /// The folder, which only the server's user may enter.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Gives a file or a folder to the server's user alone; a folder is made where there is none.
    ///
    /// # Errors
    /// When that can't be done.
    pub fn own(&self, path: &Path) -> io::Result<()> {
        let is_file = path.is_file();
        if !is_file {
            fs::create_dir_all(path)?;
        }
        if let Some((user, group)) = self.user {
            chown(path, Some(user), Some(group))?;
        }
        fs::set_permissions(path, Permissions::from_mode(if is_file { 0o600 } else { 0o700 }))
    }

    /// A command of the server's user, in the folder, which knows nothing of our settings.
    #[must_use]
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/sbin:/usr/bin:/sbin:/bin".into());
        command.current_dir(&self.folder).env_clear().env("PATH", path);
        command.envs([("LC_ALL", "C"), ("TZ", "UTC")]).env("HOME", &self.folder).stdin(Stdio::null());
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        // A signal from a terminal is for us, who stop it in order.
        command.process_group(0);
        command
    }

    /// Lets a shell watch over the folder from here on. It starts the server when it is told to, and ends it with this signal.
    ///
    /// # Errors
    /// When there is no shell.
    pub fn watch(&mut self, signal: &str, server: &Path, arguments: &[String]) -> io::Result<()> {
        let mut shell = self.command(Path::new("/bin/sh"));
        shell.args(["-c", WATCH, "sh"]).arg(&self.folder).arg(signal).arg(server).args(arguments);
        let mut shell = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let output = shell.stdout.take();
        self.shell = Some(shell);
        let ended = Arc::clone(&self.ended);
        let wait = move || {
            if let Some(mut output) = output {
                let _ = io::copy(&mut output, &mut io::sink());
            }
            ended.store(true, Ordering::Release);
        };
        std::thread::Builder::new().name("driftlock server".to_owned()).spawn(wait).map(drop)
    }

    /// Fills a folder with what a server begins with: a copy of what this program made before in this way, else it is made.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn install(
        &mut self,
        data: &Path,
        program: &Path,
        way: &str,
        make: impl FnOnce(&Place) -> Result<(), String>,
    ) -> Result<(), String> {
        let template = Template::of(program, way, self.me);
        if let Some(template) = template.filter(|template| template.copy_to(data, self.user).is_ok()) {
            self.template = Some(template);
            return Ok(());
        }
        // What was copied of one that is being removed.
        let _ = fs::remove_dir_all(data);
        let said = |error: io::Error| format!("{}: {error}", data.display());
        self.own(data).map_err(said)?;
        make(self)?;
        // Without one it takes longer the next time.
        if let Some(template) = Template::of(program, way, self.me) {
            template.keep(data);
        }
        Ok(())
    }

    /// Lets the shell start the server.
    ///
    /// # Errors
    /// When there is no shell any more.
    pub fn start(&mut self) -> io::Result<()> {
        let stdin = self.shell.as_mut().and_then(|shell| shell.stdin.as_mut());
        stdin.ok_or_else(|| io::Error::other("nobody watches over it"))?.write_all(b"start\n")
    }

    /// The server didn't start: what it began with isn't taken again.
    pub fn discard(&self) {
        if let Some(template) = &self.template {
            template.discard();
        }
    }

    /// Whether the server has ended by itself.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// What the server said.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read(self.folder.join("log")).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }
}

impl Drop for Place {
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

/// The end of what a program said, in a line.
#[must_use]
pub fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().rev().take(5).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}

/// 48 letters that nobody can guess.
///
/// # Errors
/// When the machine has no source of them.
pub fn random() -> io::Result<String> {
    let mut bytes = [0; 24];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The numbers of a user of this machine and of its group.
fn numbers(name: &str) -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}
