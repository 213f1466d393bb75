//! Where lines go: data to stdout, everything else to stderr.

use std::io::{BufWriter, ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use anstyle::{AnsiColor, Style};

use crate::arguments::{Format, Global};
use crate::progress::MovingLine;

/// How errors are marked.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// How notes are marked.
pub(crate) const NOTE: Style = AnsiColor::Cyan.on_default().bold();
/// How hints are marked.
pub(crate) const HINT: Style = AnsiColor::Green.on_default().bold();

/// The streams of this process.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) format: Format,
    pub(crate) quiet: bool,
    /// Whether a progress line may be drawn.
    pub(crate) live: bool,
    /// Drawn on stderr; lines are written around it.
    line: Mutex<Option<Arc<MovingLine>>>,
    /// A question stands at the end of the last line.
    asked: AtomicBool,
    /// Nobody reads stdout any more.
    closed: AtomicBool,
    /// Stdout could not be written to for another reason.
    failed: AtomicBool,
}

impl Output {
    pub(crate) fn new(global: &Global) -> Self {
        let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
        // What says so of itself can't go back to a line's beginning.
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let live = !global.no_progress && !global.quiet && !in_ci && !is_dumb && std::io::stderr().is_terminal();
        Output {
            format: global.format,
            quiet: global.quiet,
            live,
            line: Mutex::new(None),
            asked: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            failed: AtomicBool::new(false),
        }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// A line of data. A reader that went away is no error: what is being done goes on.
    pub(crate) fn data(&self, line: &str) {
        self.give(|| {
            let mut stdout = anstream::stdout().lock();
            writeln!(stdout, "{line}").and_then(|()| stdout.flush())
        });
    }

    fn give(&self, write: impl FnOnce() -> std::io::Result<()>) {
        if self.closed.load(Ordering::Relaxed) {
            return;
        }
        if let Err(error) = self.around_line(write) {
            self.closed.store(true, Ordering::Relaxed);
            if error.kind() != ErrorKind::BrokenPipe {
                self.failed.store(true, Ordering::Relaxed);
                self.tell(&format!("{ERROR}error:{ERROR:#} can't write to standard output: {error}"));
            }
        }
    }

    /// A line that says what was done: nothing with `--quiet`, nor in JSON, which says it as a whole at the end.
    pub(crate) fn report(&self, line: &str) {
        if !self.quiet && !self.is_json() {
            self.data(line);
        }
    }

    /// A JSON document, which is written while it is made: a large one is nowhere as a whole. In it are no colours to take out.
    pub(crate) fn json(&self, value: &impl serde::Serialize) {
        self.give(|| {
            let mut stdout = BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
            serde_json::to_writer_pretty(&mut stdout, value)?;
            writeln!(stdout).and_then(|()| stdout.flush())
        });
    }

    /// A line for people, on stderr. Nothing can be done when nobody listens there.
    pub(crate) fn tell(&self, line: &str) {
        self.around_line(|| {
            let begin = if self.asked.swap(false, Ordering::Relaxed) { "\n" } else { "" };
            let _ = writeln!(anstream::stderr().lock(), "{begin}{line}");
        });
    }

    /// A line of the log, on stderr. It was asked for: `--quiet` doesn't keep it back.
    pub(crate) fn log(&self, line: &str) -> std::io::Result<()> {
        self.around_line(|| anstream::stderr().lock().write_all(line.as_bytes()))
    }

    /// A question, whose answer is typed behind it.
    pub(crate) fn ask(&self, question: &str) {
        self.around_line(|| {
            let mut stderr = anstream::stderr().lock();
            let _ = write!(stderr, "{question} ").and_then(|()| stderr.flush());
        });
        self.asked.store(true, Ordering::Relaxed);
    }

    /// The answer was typed to the end of the line. Where it wasn't (end of input, Ctrl-C), what is said next begins another one.
    pub(crate) fn answered(&self) {
        self.asked.store(false, Ordering::Relaxed);
    }

    /// The same, but not with `--quiet`.
    pub(crate) fn say(&self, line: &str) {
        if !self.quiet {
            self.tell(line);
        }
    }

    /// A note for people, on stderr; not with `--quiet`.
    pub(crate) fn note(&self, text: &str) {
        self.say(&format!("{NOTE}note:{NOTE:#} {text}"));
    }

    /// What the process ends with after success.
    pub(crate) fn exit_code(&self) -> i32 {
        i32::from(self.failed.load(Ordering::Relaxed))
    }

    /// Draws this progress line from now on.
    pub(crate) fn show(&self, line: Option<Arc<MovingLine>>) {
        let mut current = self.line.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(old) = std::mem::replace(&mut *current, line) {
            old.end();
        }
    }

    fn around_line<T>(&self, write: impl FnOnce() -> T) -> T {
        let line = self.line.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        match line {
            Some(line) => line.around(write),
            None => write(),
        }
    }
}

/// Without what a terminal would obey: names and messages come from elsewhere.
pub(crate) fn printable(text: &str) -> String {
    let escaped = |c: char| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] };
    text.chars().flat_map(escaped).collect()
}

/// `1 migration`, `2 migrations`.
pub(crate) fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

/// `12 ms`, `3.4 s`.
pub(crate) fn time(duration: std::time::Duration) -> String {
    match duration.as_millis() {
        millis @ 0..10_000 => format!("{millis} ms"),
        _ => format!("{:.1} s", duration.as_secs_f64()),
    }
}
