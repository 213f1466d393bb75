//! Child processes, and the signals that end them early.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, mpsc};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::fail::{Context, Failure, Result};

const SIGINT: u8 = 2;
const SIGTERM: u8 = 15;
const SIGHUP: u8 = 1;

/// Remembers the signal that asked us to stop. Whoever waits looks at it, so that every guard is dropped on the way out.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicUsize>);

impl Interrupt {
    /// Catches SIGINT, SIGTERM and SIGHUP from now on.
    pub fn install() -> Result<Self> {
        let interrupt = Interrupt::default();
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register_usize(i32::from(signal), Arc::clone(&interrupt.0), usize::from(signal))
                .context("can't catch signals")?;
        }
        Ok(interrupt)
    }

    /// The signal's number, if one came.
    pub fn signal(&self) -> Option<u8> {
        u8::try_from(self.0.load(Ordering::Relaxed)).ok().filter(|&signal| signal != 0)
    }

    /// An error if a signal came.
    pub fn check(&self) -> Result<()> {
        match self.signal() {
            None => Ok(()),
            Some(signal) => Err(Failure::new(format!("stopped by signal {signal}"))),
        }
    }
}

/// How a process ended, and all that it wrote.
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote.
    pub output: String,
    /// It was ended at its deadline.
    pub timed_out: bool,
}

/// Where a process writes.
#[derive(Clone, Copy)]
pub enum Errors {
    /// Into the same text as its output.
    WithOutput,
    /// To our own.
    Shown,
}

/// Runs a process in a group of its own. A signal to us, or the deadline, ends the whole group.
pub fn run(command: &mut Command, errors: Errors, deadline: Duration, interrupt: &Interrupt) -> Result<Finished> {
    let name = command.get_program().to_string_lossy().into_owned();
    // A file and no pipe: a grandchild that outlives its parent can't keep us waiting for the end of it.
    let mut log = tempfile::tempfile().context("can't make a temporary file")?;
    command.stdin(Stdio::null()).stdout(clone(&log)?).process_group(0);
    match errors {
        Errors::WithOutput => command.stderr(clone(&log)?),
        Errors::Shown => command.stderr(Stdio::inherit()),
    };
    let mut child = command.spawn().context(format_args!("can't start {name}"))?;
    let start = Instant::now();
    let mut timed_out = false;
    let mut told = 0;
    let status = loop {
        if let Some(status) = child.try_wait().context(&name)? {
            break status;
        }
        let minutes = start.elapsed().as_secs() / 60;
        if minutes > told {
            told = minutes;
            let words = if matches!(errors, Errors::WithOutput) { last_line(&log) } else { String::new() };
            eprintln!("{} has been running for {minutes} min{words}", file_name(&name));
        }
        timed_out = start.elapsed() > deadline;
        if timed_out || interrupt.signal().is_some() {
            break end_group(&mut child)?;
        }
        sleep(Duration::from_millis(10));
    };
    interrupt.check()?;
    let mut bytes = Vec::new();
    std::io::Seek::rewind(&mut log)
        .and_then(|()| log.read_to_end(&mut bytes))
        .context("can't read a temporary file")?;
    Ok(Finished { status, output: String::from_utf8_lossy(&bytes).into_owned(), timed_out })
}

/// A program's name without its folders, for messages.
pub fn file_name(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

/// The last line of what a child has written so far, for people who wait. The child's place in the file isn't moved.
fn last_line(log: &File) -> String {
    let length = log.metadata().map_or(0, |data| data.len());
    let mut end = [0; 400];
    let read = log.read_at(&mut end, length.saturating_sub(400)).unwrap_or(0);
    let text = String::from_utf8_lossy(&end[..read]).into_owned();
    text.trim_end().lines().last().map(|line| format!("; {line}")).unwrap_or_default()
}

fn clone(file: &File) -> Result<File> {
    file.try_clone().context("can't duplicate a file")
}

/// Asks a child's group to end, then ends it.
fn end_group(child: &mut Child) -> Result<ExitStatus> {
    let group = format!("-{}", child.id());
    signal("TERM", &group);
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) {
        if let Some(status) = child.try_wait().context("wait")? {
            signal("KILL", &group);
            return Ok(status);
        }
        sleep(Duration::from_millis(20));
    }
    signal("KILL", &group);
    child.wait().context("wait")
}

/// Sends a signal to a process, or to a group by its negative number. One that is gone needs none.
pub fn signal(name: &str, target: &str) {
    // The shell has it built in; a program of this name isn't on every machine.
    let script = r#"kill -s "$0" -- "$1" 2>/dev/null"#;
    let _ = Command::new("sh").args(["-c", script, name, target]).stdin(Stdio::null()).status();
}

/// Starts a process from a thread that lives as long as we do. What is told to end with us (`setpriv --pdeathsig`) ends in truth with
/// the thread that started it, and a test's thread ends before its process.
pub(crate) fn spawn(command: Command) -> std::io::Result<Child> {
    type Job = (Command, mpsc::Sender<std::io::Result<Child>>);
    static STARTER: LazyLock<Mutex<mpsc::Sender<Job>>> = LazyLock::new(|| {
        let (sender, jobs) = mpsc::channel::<Job>();
        std::thread::spawn(move || {
            for (mut command, answer) in jobs {
                // Who asked may be gone.
                let _ = answer.send(command.spawn());
            }
        });
        Mutex::new(sender)
    });
    let (sender, answer) = mpsc::channel();
    let gone = || std::io::Error::other("the thread that starts servers is gone");
    STARTER.lock().map_err(|_| gone())?.send((command, sender)).map_err(|_| gone())?;
    answer.recv().map_err(|_| gone())?
}

/// The processes that a process started, and those that these started.
pub(crate) fn descendants(pid: u32) -> Vec<u32> {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(child) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse::<u32>().ok());
        parents.extend(parent.map(|parent| (parent, child)));
    }
    let mut found = vec![pid];
    let mut at = 0;
    while let Some(&parent) = found.get(at) {
        found.extend(parents.iter().filter(|(of, _)| *of == parent).map(|(_, child)| *child));
        at += 1;
    }
    found.split_off(1)
}

/// Whether a process is there and no zombie.
pub fn is_running(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return false;
    };
    // The name before it stands in parentheses and may hold anything.
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

/// Waits until a process is gone; whether it went in time. A child of ours is reaped.
pub fn wait_gone(pid: u32, child: Option<&mut Child>, patience: Duration) -> bool {
    let start = Instant::now();
    let mut child = child;
    loop {
        if let Some(child) = child.as_deref_mut() {
            let _ = child.try_wait();
        }
        if !is_running(pid) {
            return true;
        }
        if start.elapsed() > patience {
            return false;
        }
        sleep(Duration::from_millis(20));
    }
}

/// A program's whole path, by `PATH` and the folders of programs for root.
pub fn find_program(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(std::path::PathBuf::from))
        .map(|folder| folder.join(name))
        .find(|file| is_program(file))
}

/// Whether a file is there and may be run.
pub fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn gives_what_a_process_wrote_and_how_it_ended() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo out; echo err >&2; exit 3"]);
        let finished = run(&mut command, Errors::WithOutput, LONG, &Interrupt::default()).unwrap();
        assert_eq!((finished.output.as_str(), finished.status.code()), ("out\nerr\n", Some(3)));
        assert!(!finished.timed_out);
    }

    #[test]
    fn ends_the_whole_group_at_the_deadline_and_at_a_signal() {
        for interrupted in [false, true] {
            let interrupt = Interrupt::default();
            let deadline = if interrupted {
                interrupt.0.store(usize::from(SIGTERM), Ordering::Relaxed);
                LONG
            } else {
                Duration::from_millis(300)
            };
            let folder = tempfile::tempdir().unwrap();
            let note = folder.path().join("pid");
            let script = format!("sleep 100 & echo $! > {}; wait", note.display());
            let mut command = Command::new("sh");
            command.args(["-c", &script]);
            let start = Instant::now();
            let outcome = run(&mut command, Errors::WithOutput, deadline, &interrupt);
            assert!(start.elapsed() < Duration::from_secs(20));
            match interrupted {
                true => assert!(outcome.is_err()),
                false => {
                    assert!(outcome.unwrap().timed_out);
                    let pid = std::fs::read_to_string(&note).unwrap().trim().parse().unwrap();
                    assert!(wait_gone(pid, None, Duration::from_secs(5)), "a grandchild is left");
                }
            }
        }
    }

    #[test]
    fn shows_the_last_line_of_an_unfinished_log() {
        let mut log = tempfile::tempfile().unwrap();
        assert_eq!(last_line(&log), "");
        std::io::Write::write_all(&mut log, b"test a ... ok\ntest b ... ok\n").unwrap();
        assert_eq!(last_line(&log), "; test b ... ok");
        std::io::Write::write_all(&mut log, b"end").unwrap();
        assert_eq!(last_line(&log), "; end");
    }

    #[test]
    fn sees_who_is_running() {
        assert!(is_running(std::process::id()));
        assert!(!is_running(u32::MAX));
        assert!(find_program("sh").is_some());
        assert!(find_program("no-such-program").is_none());
    }
}
