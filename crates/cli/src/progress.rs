//! Tells of a run as it goes: lines, and on a terminal one line that moves.

mod line;
mod moving;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use driftlock::engine::OnProgress;
use driftlock::{Applied, Direction, Progress};

use crate::output::{Output, count, printable, time};
use line::Shown;
pub(crate) use moving::MovingLine;

/// Tells of a run.
pub(crate) struct Teller {
    output: Arc<Output>,
    now: Mutex<Now>,
}

#[derive(Default)]
struct Now {
    /// What the line that moves says, once there is one.
    drawn: Option<Arc<Mutex<Shown>>>,
    /// When the file, or the waiting, began.
    since: Option<Instant>,
    /// `[2/7] `
    number: String,
    file: String,
    statements: usize,
    rows: u64,
    /// Notes that were told.
    told: BTreeSet<String>,
    /// What was last said of waiting, and after how many seconds of it.
    waited: Option<(String, u64)>,
}

impl Teller {
    pub(crate) fn new(output: Arc<Output>) -> Self {
        Teller { output, now: Mutex::default() }
    }

    pub(crate) fn callback(this: &Arc<Self>) -> OnProgress {
        let this = Arc::clone(this);
        Arc::new(move |progress| this.hear(progress))
    }

    /// Notes that came with a result, and were not told on the way.
    pub(crate) fn notes(&self, notes: &[String]) {
        for note in notes {
            if self.now().told.insert(note.clone()) {
                self.output.note(note);
            }
        }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, progress: &Progress) {
        match progress {
            Progress::Waiting { holder, waited, until } => {
                let gone = if holder.gone { "; its client is gone" } else { "" };
                self.waiting("the lock", &format!("held by {holder}{gone}"), *waited, *until);
            }
            Progress::Orphan { file, line, holder, waited, until } => {
                let what = format!("{file}:{line}, interrupted in an earlier run");
                self.waiting(&what, &format!("the server still runs it: {holder}"), *waited, *until);
            }
            Progress::Started { file, number, of, statements, done_before, .. } => {
                if *done_before > 0 {
                    self.output.note(&format!(
                        "{file}: goes on behind {}, done by an earlier run",
                        count(*done_before, "statement")
                    ));
                }
                let mut now = self.now();
                now.since = Some(Instant::now());
                now.number = format!("[{number}/{of}] ");
                now.file.clone_from(file);
                now.statements = *statements;
                now.rows = 0;
                self.at(&mut now, done_before + 1);
            }
            Progress::Statement { number, rows, .. } => {
                let mut now = self.now();
                now.rows += rows.unwrap_or(0);
                self.at(&mut now, number + 1);
            }
            Progress::Notice { file, line, severity, message } => {
                let message: Vec<String> = message.lines().map(printable).collect();
                self.output.say(&format!("{file}:{line}: {severity}: {}", message.join("\n")));
            }
            Progress::Retrying { file, reason, attempt, of, after } => {
                self.output.note(&format!("{file}: {reason}; try {attempt} of {of} in {}", time(*after)));
            }
            Progress::HookStarted { event, hook, .. } => {
                let before = format!("{event} hook ");
                let shown =
                    Shown { since: Instant::now(), before, what: hook.clone(), is_path: false, after: Vec::new() };
                self.draw(&mut self.now(), shown);
            }
            Progress::HookOutput { event, hook, line } => {
                self.output.say(&format!("{event} {hook}: {}", printable(line)));
            }
            Progress::Applied(applied) => {
                self.output.report(&line(applied));
            }
            Progress::Note(note) => self.notes(std::slice::from_ref(note)),
            _ => {}
        }
    }

    /// Said at once, when it changes, and then every ten seconds; on a terminal, the line moves.
    fn waiting(&self, what: &str, why: &str, waited: Duration, until: Duration) {
        let mut now = self.now();
        // What stands at the end of it counts the seconds.
        let key = format!("{what}{}", why.contains("is gone"));
        let due = now.waited.as_ref().is_none_or(|(told, at)| *told != key || waited.as_secs() >= at + 10);
        if due && !self.output.live {
            now.waited = Some((key, waited.as_secs()));
            drop(now);
            self.output.note(&format!("waiting for {what}: {why} (up to {})", time(until)));
        } else if self.output.live {
            let since = Instant::now().checked_sub(waited).unwrap_or_else(Instant::now);
            let before = format!("waiting for {what}: ");
            let after = vec![format!("up to {}", time(until))];
            let shown = Shown { since, before, what: why.to_owned(), is_path: false, after };
            self.draw(&mut now, shown);
        }
    }

    /// Draws where the run is.
    fn at(&self, now: &mut Now, statement: usize) {
        let statement = format!("statement {} of {}", statement.min(now.statements), now.statements);
        let rows = (now.rows > 0).then(|| line::rows(now.rows));
        let since = now.since.unwrap_or_else(Instant::now);
        let after = std::iter::once(statement).chain(rows).collect();
        let shown = Shown { since, before: now.number.clone(), what: now.file.clone(), is_path: true, after };
        self.draw(now, shown);
    }

    fn draw(&self, now: &mut Now, shown: Shown) {
        if !self.output.live {
            return;
        }
        let drawn = Arc::clone(now.drawn.get_or_insert_with(|| {
            let drawn = Arc::new(Mutex::new(shown.clone()));
            let shared = Arc::clone(&drawn);
            let text = move |room| shared.lock().unwrap_or_else(PoisonError::into_inner).text(room);
            self.output.show(Some(MovingLine::begin(text)));
            drawn
        }));
        *drawn.lock().unwrap_or_else(PoisonError::into_inner) = shown;
    }
}

/// `applied 20240520-143022_user_schema_create_v1  3 statements  12 ms`
pub(crate) fn line(applied: &Applied) -> String {
    let what = match applied.direction {
        Direction::Up => "applied",
        Direction::Down => "undone",
        Direction::Baseline => "declared",
        Direction::Adopt => "adopted",
        Direction::Accept => "accepted",
    };
    let name = if applied.name.is_empty() { String::new() } else { format!("_{}", applied.name) };
    let mut line = format!("{what} {}{name}", applied.version);
    if matches!(applied.direction, Direction::Up | Direction::Down) {
        line.push_str(&format!("  {}  {}", count(applied.statements, "statement"), time(applied.duration)));
    }
    if applied.resumed_after > 0 {
        line.push_str(&format!("  (behind {} of an earlier run)", applied.resumed_after));
    }
    line
}
