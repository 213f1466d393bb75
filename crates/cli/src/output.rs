//! Where lines go: data to stdout, everything else to stderr.

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};
use indicatif::ProgressBar;

use crate::arguments::{Format, Global};

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
    bar: Mutex<Option<ProgressBar>>,
    /// Nobody reads stdout any more.
    closed: AtomicBool,
    /// Stdout could not be written to for another reason.
    failed: AtomicBool,
}

impl Output {
    pub(crate) fn new(global: &Global) -> Self {
        let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
        let live = !global.no_progress && !global.quiet && !in_ci && std::io::stderr().is_terminal();
        Output {
            format: global.format,
            quiet: global.quiet,
            live,
            bar: Mutex::new(None),
            closed: AtomicBool::new(false),
            failed: AtomicBool::new(false),
        }
    }

    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// A line of data. A reader that went away is no error: what is being done goes on.
    pub(crate) fn data(&self, line: &str) {
        if self.closed.load(Ordering::Relaxed) {
            return;
        }
        let write = || {
            let mut stdout = anstream::stdout().lock();
            writeln!(stdout, "{line}").and_then(|()| stdout.flush())
        };
        if let Err(error) = self.around_bar(write) {
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

    /// A JSON document.
    pub(crate) fn json(&self, value: &serde_json::Value) {
        // Of a value that is made of strings and numbers this can't fail.
        self.data(&serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string()));
    }

    /// A line for people, on stderr. Nothing can be done when nobody listens there.
    pub(crate) fn tell(&self, line: &str) {
        self.around_bar(|| {
            let _ = writeln!(anstream::stderr().lock(), "{line}");
        });
    }

    /// A line of the log, on stderr. It was asked for: `--quiet` doesn't keep it back.
    pub(crate) fn log(&self, line: &str) -> std::io::Result<()> {
        self.around_bar(|| anstream::stderr().lock().write_all(line.as_bytes()))
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
    pub(crate) fn show(&self, bar: Option<ProgressBar>) {
        let mut current = self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(old) = std::mem::replace(&mut *current, bar) {
            old.finish_and_clear();
        }
    }

    fn around_bar<T>(&self, write: impl FnOnce() -> T) -> T {
        let bar = self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        match bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
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
