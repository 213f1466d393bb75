//! A run that stands still at a point, and what the database is afterwards.

use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use crate::target::{Engine, Ran, Target};

/// A run of the program that stands still at a point, or will.
pub(crate) struct Halted {
    pub(crate) child: Child,
    folder: PathBuf,
}

impl Halted {
    /// Starts `up`, which is to stand still when it comes to a point for the `time`th time.
    pub(crate) fn start(target: &Target, url: &str, point: &str, time: u32, name: &str) -> Self {
        let command = target.command(&["up", "--url", url, "--dir", "migrations"]);
        Self::of(command, target.path().join(name), point, time)
    }

    /// The same with any command. The folder is made.
    pub(crate) fn of(mut command: Command, folder: PathBuf, point: &str, time: u32) -> Self {
        std::fs::create_dir(&folder).unwrap();
        command.env("FAULT_POINT", format!("{point}#{time}")).env("FAULT_DIR", &folder);
        Halted { child: command.spawn().unwrap(), folder }
    }

    /// Waits until it stands there. `false` when it ended without coming there.
    pub(crate) fn stands(&mut self) -> bool {
        let began = Instant::now();
        loop {
            if self.folder.join("reached").exists() {
                return true;
            }
            if self.child.try_wait().unwrap().is_some() {
                return self.folder.join("reached").exists();
            }
            assert!(began.elapsed() < Duration::from_secs(60), "the run neither comes to its point nor ends");
            std::thread::sleep(Duration::from_millis(3));
        }
    }

    /// Lets it go on.
    pub(crate) fn go(&self) {
        std::fs::write(self.folder.join("go"), "").unwrap();
    }

    pub(crate) fn signal(&self, name: &str) {
        // One that has ended needs none.
        let _ = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
    }

    /// Waits for its end.
    pub(crate) fn end(self) -> Ran {
        Ran::new(self.child.wait_with_output().unwrap())
    }
}

/// All that must be as after an uninterrupted run: objects and rows by the engine's own dump, and what is done by the history.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EndState {
    pub(crate) dump: String,
    pub(crate) done: Vec<String>,
}

impl EndState {
    pub(crate) fn of(target: &Target) -> Self {
        let done =
            "SELECT version, name, direction, sha256 FROM driftlock_history WHERE state = 'done' ORDER BY sequence";
        EndState { dump: dump(target), done: target.query(done) }
    }

    /// That they are equal, with the first lines that aren't.
    pub(crate) fn expect(&self, wanted: &EndState) -> Result<(), String> {
        if self.done != wanted.done {
            return Err(format!("the history has {:#?} instead of {:#?}", self.done, wanted.done));
        }
        let differs = |(ours, theirs): &(&str, &str)| ours != theirs;
        let lines = || self.dump.lines().chain(std::iter::repeat("")).zip(wanted.dump.lines());
        match lines().find(differs) {
            Some((ours, theirs)) => Err(format!("the dump has `{ours}` instead of `{theirs}`")),
            None if self.dump != wanted.dump => Err("the dump is longer".to_owned()),
            None => Ok(()),
        }
    }
}

/// Everything but the own tables, by the engine's own program.
pub(crate) fn dump(target: &Target) -> String {
    let mut command = match target.engine {
        Engine::Postgres => {
            let mut command = target.tool("pg_dump", &["--no-owner", "-T", "public.driftlock_*"]);
            command.args(["-d", target.database()]);
            command
        }
        Engine::MySql => {
            let mut command =
                target.tool("mariadb-dump", &["--no-defaults", "--skip-comments", "--routines", "--order-by-primary"]);
            for table in ["history", "journal", "fence"] {
                command.arg(format!("--ignore-table={}.driftlock_{table}", target.database()));
            }
            command.arg(target.database());
            command
        }
        Engine::Sqlite => {
            let tables = target.query(
                "SELECT group_concat(name, ' ') FROM (SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'driftlock%' ORDER BY name)",
            );
            let mut command = Command::new("sqlite3");
            command.arg("-batch").arg(target.path().join("test.db")).arg(format!(".dump {}", tables.join("")));
            command
        }
    };
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    // pg_dump guards its scripts by a random word.
    let mut lines: Vec<&str> =
        text.lines().filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict")).collect();
    // Where a row lies is left to chance, by what was rolled back before it.
    let mut at = 0;
    while let Some(head) =
        lines[at..].iter().position(|line| line.starts_with("COPY ") && line.ends_with("FROM stdin;"))
    {
        let first = at + head + 1;
        at = first + lines[first..].iter().position(|line| *line == "\\.").unwrap();
        lines[first..at].sort_unstable();
    }
    lines.join("\n")
}

/// The URL with another port.
pub(crate) fn with_port(url: &str, port: u16) -> String {
    let (head, tail) = url.split_once("127.0.0.1:").unwrap();
    let (_, path) = tail.split_once('/').unwrap();
    format!("{head}127.0.0.1:{port}/{path}")
}

/// The port in a URL.
pub(crate) fn port_of(url: &str) -> u16 {
    url.split_once("127.0.0.1:").unwrap().1.split('/').next().unwrap().parse().unwrap()
}

/// Runs jobs on a few threads, and gives their results in order.
pub(crate) fn in_parallel<T: Send, R: Send>(jobs: Vec<T>, threads: usize, run: impl Fn(T) -> R + Sync) -> Vec<R> {
    let jobs: std::sync::Mutex<Vec<(usize, T)>> = std::sync::Mutex::new(jobs.into_iter().enumerate().rev().collect());
    let results = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let Some((at, job)) = jobs.lock().unwrap().pop() else { return };
                    let result = run(job);
                    results.lock().unwrap().push((at, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap();
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

/// The middle and the last of some times, for a line of output.
pub(crate) fn median_and_worst(times: &mut [Duration]) -> String {
    times.sort();
    let seconds = |at: usize| times.get(at).map_or(0.0, Duration::as_secs_f64);
    format!("median {:.2} s, worst {:.2} s", seconds(times.len() / 2), seconds(times.len().saturating_sub(1)))
}

/// A private server that tests of an engine share, where it has servers.
pub(crate) fn private(engine: Engine) -> Option<driftlock_servers::private::Private> {
    use driftlock_servers::private::Private;
    match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some(Private::postgres(&[]).unwrap()),
        Engine::MySql => Some(Private::mariadb(&[]).unwrap()),
    }
}
