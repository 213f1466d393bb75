//! A server for scratch work, from binaries that are on this machine: the folder that it lives in, the user that it runs as, and the shell that watches
//! over it.
//!
//! The shell's input is ours: when it ends, because the guard was dropped or because our process ended in whatever way, the shell stops the server and
//! removes the folder.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::template::Template;

/// Makes the folder, starts the server when it hears `start`, and ends it at the next line or when we are gone; our end of its output ends with the
/// server. Whoever hears it may be gone at any time. Where we were killed before the server started, what fills the folder may still run, and make
/// the folder again that is removed: so it is removed for some time.
const WATCH: &str = r#"trap '' PIPE
folder=$1 signal=$2; shift 2
mkdir -m 700 -- "$folder" || exit 1
echo
heard=
if cd -- "$folder" && read -r heard && [ "$heard" = start ]; then
    "$@" 3>&1 </dev/null >"$folder/log" 2>&1 &
    server=$!
    exec >/dev/null
    read -r _
    kill -s "$signal" "$server" 2>/dev/null
    wait "$server" 2>/dev/null
fi
cd /
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    rm -rf -- "$folder" 2>/dev/null
    [ -z "$heard" ] || [ -e "$folder" ] || exit 0
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
    /// A folder for an engine's server, which is made when it is [watched over](Self::watch). None runs as root: then it runs as the first of these
    /// users that there is.
    ///
    /// # Errors
    /// When there is no such user.
    pub fn new(engine: &str, users: &[&str]) -> io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("driftlock-{engine}-{}", &random()?[..16]));
        let me = uid()?;
        let mut place = Place { folder, me, user: None, shell: None, ended: Arc::default(), template: None };
        if place.me == 0 {
            let none =
                || io::Error::other(format!("it may not run as root, and there is no user {}", users.join(" or ")));
            place.user = Some(users.iter().find_map(|name| numbers(name)).ok_or_else(none)?);
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

    /// Lets a shell make the folder, and watch over it from there on: there is none that nobody watches over. It starts the server when it is told to,
    /// and ends it with this signal.
    ///
    /// # Errors
    /// When there is no shell, and when it can't make the folder.
    pub fn watch(&mut self, signal: &str, server: &Path, arguments: &[String]) -> io::Result<()> {
        let mut shell = self.command(Path::new("/bin/sh"));
        shell.args(["-c", WATCH, "sh"]).arg(&self.folder).arg(signal).arg(server).args(arguments);
        let shell = shell.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut shell = shell.spawn()?;
        let mut output = shell.stdout.take();
        self.shell = Some(shell);
        let is_made = output.as_mut().is_some_and(|output| output.read_exact(&mut [0]).is_ok());
        if !is_made {
            return Err(io::Error::other(format!("{} can't be made", self.folder.display())));
        }
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
            if let Some(mut stdin) = shell.stdin.take() {
                let _ = stdin.write_all(b"end\n");
            }
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

/// The end of what a program said, in a line: of its errors, where it names some.
#[must_use]
pub fn last_lines(text: &str) -> String {
    let is_error = |line: &&str| ["error", "fatal"].iter().any(|word| line.to_ascii_lowercase().contains(word));
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let errors: Vec<&str> = lines.clone().rev().filter(is_error).take(5).collect();
    let lines = if errors.is_empty() { lines.rev().take(5).collect() } else { errors };
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

/// As whom we run.
fn uid() -> io::Result<u32> {
    let said = Command::new("id").arg("-u").stdin(Stdio::null()).output()?;
    let number = String::from_utf8_lossy(&said.stdout).trim().parse();
    number.map_err(|_| io::Error::other("`id -u` doesn't say as whom this runs"))
}

/// The numbers of a user of this machine and of its group.
fn numbers(name: &str) -> Option<(u32, u32)> {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}
