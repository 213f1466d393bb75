//! A terminal, drawn by tmux.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A server of tmux of its own, with one window. It ends with this.
pub(crate) struct Terminal {
    folder: tempfile::TempDir,
    program: PathBuf,
}

/// Long enough on any machine: what comes, comes at once.
const DEADLINE: Duration = Duration::from_secs(60);

impl Terminal {
    /// Runs a line of shell in a terminal of this size, in the surroundings of `like` alone; the terminal stays when it has ended.
    pub(crate) fn open((columns, rows): (u16, u16), like: &Command, line: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = std::env::split_paths(&std::env::var_os("PATH").unwrap())
            .map(|folder| folder.join("tmux"))
            .find(|path| path.is_file())
            .expect("tmux is missing: `cargo xtask setup` installs it");
        let it = Terminal { folder, program };
        let script = it.folder.path().join("script.sh");
        std::fs::write(&script, format!("{line}\necho \"[ended with $?]\"\nexec sleep 600\n")).unwrap();
        let mut command = it.command();
        // Without a configuration, in UTF-8, with room for scrolling.
        command.env_clear().envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env_remove("COLUMNS").env("LC_ALL", "C.UTF-8").env("SHELL", "/bin/sh");
        command.current_dir(like.get_current_dir().unwrap_or(Path::new("/")));
        command.args(["-f", "/dev/null", "new-session", "-d", "-x", &columns.to_string(), "-y", &rows.to_string()]);
        command.args(["bash", "--norc", script.to_str().unwrap()]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "tmux: {}", String::from_utf8_lossy(&output.stderr));
        it
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("-u").arg("-S").arg(self.folder.path().join("socket")).stdin(Stdio::null());
        command
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).output().unwrap();
        assert!(output.status.success(), "tmux {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The lines on the screen, as they stand there; without the empty ones at its end.
    pub(crate) fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p"]).trim_end().to_owned()
    }

    /// The same with everything that was scrolled away.
    pub(crate) fn all(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-S", "-"]).trim_end().to_owned()
    }

    /// Waits until it is so.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        let began = Instant::now();
        loop {
            let screen = self.screen();
            if is_so(&screen) {
                return screen;
            }
            assert!(began.elapsed() < DEADLINE, "{what} never came; the screen is:\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until this stands on the screen.
    pub(crate) fn shows(&self, text: &str) -> String {
        self.until(text, |screen| screen.contains(text))
    }

    /// Waits until the line has ended; everything that it left.
    pub(crate) fn ended(&self) -> String {
        self.shows("[ended with ");
        self.all()
    }

    /// Presses keys, as tmux names them.
    pub(crate) fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"][..], keys].concat());
    }

    pub(crate) fn resize(&self, columns: u16) {
        self.tmux(&["resize-window", "-x", &columns.to_string()]);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.command().arg("kill-server").output();
    }
}
