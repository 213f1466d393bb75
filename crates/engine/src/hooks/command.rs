//! A hook that is a command: a program with its arguments, told by variables and on its standard input.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use driftlock_script::HookValue;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

use super::HookContext;
use crate::Cancellation;
use crate::error::seconds;

/// What all variables of hooks begin with.
pub(crate) const VARIABLES: &str = "DRIFTLOCK_HOOK_";

/// How long a command may take to end once it was told to: less than what the program itself has for that.
const GRACE: Duration = Duration::from_secs(5);

/// So many of the last lines that a command writes go into the error when it fails.
const LAST_LINES: usize = 10;

/// A line longer than this is told in parts.
const LONGEST_LINE: usize = 16 * 1024;

/// A program with its arguments. Its `Debug` and its messages never hold the URL.
#[derive(Clone)]
pub struct HookCommand {
    program: String,
    arguments: Vec<String>,
    directory: Option<PathBuf>,
    timeout: Option<Duration>,
    url: Option<String>,
    masked: Vec<String>,
}

impl std::fmt::Debug for HookCommand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HookCommand").field("program", &self.program).finish_non_exhaustive()
    }
}

/// How a command ended.
pub(super) enum Ended {
    Well,
    /// What happened, and the last lines that it wrote.
    Failed(String, Vec<String>),
    /// It was told to end because the run is to stop.
    Cancelled,
}

impl HookCommand {
    /// A program, by its name or path, with its arguments. No shell is between: nothing in them is expanded.
    #[must_use]
    pub fn new<A: Into<String>>(program: impl Into<String>, arguments: impl IntoIterator<Item = A>) -> Self {
        HookCommand {
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            directory: None,
            timeout: None,
            url: None,
            masked: Vec::new(),
        }
    }

    /// Runs in this folder, from which a relative path of the program is too.
    #[must_use]
    pub fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Ends it, and the run with it, when it takes longer. Without one it may take as long as it likes.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout).filter(|timeout| !timeout.is_zero());
        self
    }

    /// Hands it the database's URL with its password, as the variable `DRIFTLOCK_HOOK_URL`. Both are masked in what it writes.
    #[must_use]
    pub fn url(mut self, url: impl Into<String>) -> Self {
        let url = url.into();
        self.url = Some(url.clone());
        self.mask(url)
    }

    /// Masks a URL and the password in it in what the command writes, without handing it over.
    #[must_use]
    pub fn mask(mut self, url: impl Into<String>) -> Self {
        self.masked.push(url.into());
        self
    }

    /// What messages call it: the program as it was written.
    pub(super) fn name(&self) -> String {
        self.program.clone()
    }

    /// Runs it to its end. `tell` takes its lines.
    pub(super) async fn run(&self, context: &HookContext, cancellation: &Cancellation, tell: impl Fn(&str)) -> Ended {
        if cancellation.is_cancelled() {
            return Ended::Cancelled;
        }
        let mut child = match self.command(context).spawn() {
            Ok(child) => child,
            Err(error) => return Ended::Failed(format!("can't be started: {error}"), Vec::new()),
        };
        let group = child.id();
        let secrets = self.secrets();
        let mut last: VecDeque<String> = VecDeque::new();
        let input = child.stdin.take();
        let json = context.to_json().to_string();
        let feed = async move {
            // One that doesn't read it, or ends before, is none the worse.
            if let Some(mut input) = input {
                let _ = input.write_all(json.as_bytes()).await;
                let _ = input.write_all(b"\n").await;
            }
        };
        let mut line = |text: &str| {
            let shown = masked(text, &secrets);
            tell(&shown);
            if last.len() == LAST_LINES {
                last.pop_front();
            }
            last.push_back(shown);
        };
        let lines = tokio::sync::mpsc::unbounded_channel::<String>();
        let (sender, mut receiver) = lines;
        let out = read_lines(child.stdout.take(), sender.clone());
        let err = read_lines(child.stderr.take(), sender);
        let reading = async { tokio::join!(feed, out, err) };
        let mut reading = std::pin::pin!(reading);
        let mut read = false;
        let mut stop: Option<Stop> = None;
        let deadline = async {
            match self.timeout {
                Some(timeout) => tokio::time::sleep(timeout).await,
                None => std::future::pending().await,
            }
        };
        let mut deadline = std::pin::pin!(deadline);
        let status = loop {
            tokio::select! {
                Some(text) = receiver.recv() => line(&text),
                _ = &mut reading, if !read => read = true,
                status = child.wait() => break status,
                () = cancellation.cancelled(), if stop.is_none() => stop = Some(Stop::told(group, Why::Cancelled)),
                () = &mut deadline, if stop.is_none() => stop = Some(Stop::told(group, Why::Overdue)),
                () = Stop::grace(stop.as_ref()), if stop.as_ref().is_some_and(|stop| !stop.killed) => {
                    kill(group);
                    if let Some(stop) = &mut stop {
                        stop.killed = true;
                    }
                }
            }
        };
        // What it left running in the background may hold its output open: it isn't waited for.
        let rest = async { reading.as_mut().await };
        if !read {
            let _ = tokio::time::timeout(Duration::from_millis(200), rest).await;
        }
        while let Ok(text) = receiver.try_recv() {
            line(&text);
        }
        if stop.is_some() {
            // Whoever of its group outlived it.
            kill(group);
        }
        let last: Vec<String> = last.into();
        match (stop.map(|stop| stop.why), status) {
            (Some(Why::Cancelled), _) => Ended::Cancelled,
            (Some(Why::Overdue), _) => {
                let timeout = self.timeout.unwrap_or_default();
                Ended::Failed(format!("was ended: it took longer than its timeout of {}", seconds(timeout)), last)
            }
            (None, Err(error)) => Ended::Failed(format!("can't be waited for: {error}"), last),
            (None, Ok(status)) if status.success() => Ended::Well,
            (None, Ok(status)) => Ended::Failed(format!("failed: {}", shown(status)), last),
        }
    }

    fn command(&self, context: &HookContext) -> Command {
        // A path with a slash in it is one from the folder in which it runs; the system would take it from ours.
        let program = match &self.directory {
            Some(directory) if self.program.contains('/') => directory.join(&self.program).into_os_string(),
            _ => self.program.clone().into(),
        };
        let mut command = Command::new(program);
        command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        // A group of its own: what it starts ends with it, and a Ctrl-C at the terminal reaches it through us alone.
        #[cfg(unix)]
        command.process_group(0);
        command.kill_on_drop(true);
        // Our own settings are not its: a password may be among them.
        command.env_remove("DRIFTLOCK_URL").env_remove("DRIFTLOCK_SHADOW_URL");
        for (name, value) in context.values() {
            let variable = format!("{VARIABLES}{}", name.to_uppercase());
            match value {
                HookValue::Text(text) => command.env(variable, text.replace('\0', "")),
                HookValue::Flag(flag) => command.env(variable, flag.to_string()),
                HookValue::None => command.env_remove(variable),
            };
        }
        // Lists are one to a line here: what a shell's `for` and `while read` take.
        let lines = |list: Vec<&str>| list.join("\n").replace('\0', "");
        command.env(
            format!("{VARIABLES}VERSIONS"),
            lines(context.migrations.iter().map(|it| it.version.as_str()).collect()),
        );
        command.env(format!("{VARIABLES}TABLES"), lines(context.touched.tables.iter().map(String::as_str).collect()));
        match &self.url {
            Some(url) => command.env(format!("{VARIABLES}URL"), url),
            None => command.env_remove(format!("{VARIABLES}URL")),
        };
        command
    }

    /// What must not be seen in its output: the URL, and the password in it, as it is written and as it is meant.
    fn secrets(&self) -> Vec<String> {
        let mut secrets = self.masked.clone();
        for url in &self.masked {
            let rest = url.split_once("://").map(|(_, rest)| rest);
            if let Some((login, _)) = rest.and_then(|rest| rest.split('/').next()?.rsplit_once('@'))
                && let Some((_, password)) = login.split_once(':')
            {
                secrets.push(password.to_owned());
                secrets.extend(driftlock_database::DatabaseUrl::parse(url).ok().and_then(|url| url.password));
            }
        }
        secrets.retain(|secret| !secret.is_empty());
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets
    }
}

/// Why a command was told to end, and whether it had to be killed.
struct Stop {
    why: Why,
    since: tokio::time::Instant,
    killed: bool,
}

#[derive(Clone, Copy)]
enum Why {
    Cancelled,
    Overdue,
}

impl Stop {
    fn told(group: Option<u32>, why: Why) -> Self {
        terminate(group);
        Stop { why, since: tokio::time::Instant::now(), killed: false }
    }

    async fn grace(stop: Option<&Stop>) {
        match stop {
            Some(stop) => tokio::time::sleep_until(stop.since + GRACE).await,
            None => std::future::pending().await,
        }
    }
}

#[cfg(unix)]
fn signal(group: Option<u32>, signal: rustix::process::Signal) {
    let group = group.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        // One that has ended needs none.
        let _ = rustix::process::kill_process_group(group, signal);
    }
}

#[cfg(unix)]
fn terminate(group: Option<u32>) {
    signal(group, rustix::process::Signal::TERM);
}

#[cfg(unix)]
fn kill(group: Option<u32>) {
    signal(group, rustix::process::Signal::KILL);
}

#[cfg(not(unix))]
fn terminate(_: Option<u32>) {}

#[cfg(not(unix))]
fn kill(_: Option<u32>) {}

/// Hands on what a command writes, line by line.
async fn read_lines(from: Option<impl tokio::io::AsyncRead + Unpin>, to: tokio::sync::mpsc::UnboundedSender<String>) {
    let Some(from) = from else { return };
    let mut reader = BufReader::with_capacity(LONGEST_LINE, from);
    let mut line = Vec::new();
    loop {
        let (used, ends) = match reader.fill_buf().await {
            Ok([]) | Err(_) => break,
            Ok(bytes) => match bytes.iter().position(|byte| *byte == b'\n') {
                Some(end) => {
                    line.extend_from_slice(&bytes[..end]);
                    (end + 1, true)
                }
                None => {
                    line.extend_from_slice(bytes);
                    (bytes.len(), false)
                }
            },
        };
        reader.consume(used);
        if ends || line.len() >= LONGEST_LINE {
            let _ = to.send(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned());
            line.clear();
        }
    }
    if !line.is_empty() {
        let _ = to.send(String::from_utf8_lossy(&line).into_owned());
    }
}

/// Without the secrets, without passwords in URLs, and without what would move a terminal's cursor.
fn masked(text: &str, secrets: &[String]) -> String {
    let mut shown = secrets.iter().fold(text.to_owned(), |shown, secret| shown.replace(secret, "***"));
    let mut from = 0;
    while let Some(at) = shown[from..].find("://").map(|at| from + at + 3) {
        let end = shown[at..]
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\''))
            .map_or(shown.len(), |end| at + end);
        if let Some((login, _)) = shown[at..end].rsplit_once('@')
            && let Some((user, password)) = login.split_once(':')
        {
            let range = at + user.len() + 1..at + user.len() + 1 + password.len();
            shown.replace_range(range, "***");
        }
        from = at;
    }
    shown.retain(|c| c == '\t' || !c.is_control());
    shown
}

/// `exit status 3`, or the signal that ended it.
fn shown(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("it was killed by signal {signal}");
    }
    match status.code() {
        Some(code) => format!("exit status {code}"),
        None => status.to_string(),
    }
}
