//! A line on a terminal that is written over again and again.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::width;

/// A line on stderr, which must be a terminal. A thread draws it until [`end`](Self::end).
///
/// It is wiped out with spaces: no terminal needs to understand anything for that.
#[derive(Debug, Default)]
pub(crate) struct MovingLine {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// How many columns are written on.
    columns: usize,
    steps: usize,
    ended: bool,
}

const STEP: Duration = Duration::from_millis(120);
const SPINNER: [char; 8] = ['⠋', '⠙', '⠸', '⠴', '⠦', '⠧', '⠇', '⠏'];

impl MovingLine {
    /// Draws what `text` says for so many columns, a moment from now on: what is done by then needs no line.
    pub(super) fn begin(text: impl Fn(usize) -> String + Send + 'static) -> Arc<Self> {
        let line = Arc::new(MovingLine::default());
        let drawn = Arc::clone(&line);
        std::thread::spawn(move || {
            let mut state = drawn.state();
            loop {
                state = drawn.ended.wait_timeout(state, STEP).unwrap_or_else(PoisonError::into_inner).0;
                if state.ended {
                    return;
                }
                // A terminal may wrap what fills its last column, and it puts `^C` behind the line, which must not begin another one.
                let room = width::of_stderr().saturating_sub(5);
                let text = format!("{} {}", SPINNER[state.steps % SPINNER.len()], text(room));
                state.steps += 1;
                let columns = width::of(&text);
                let rest = " ".repeat(state.columns.saturating_sub(columns).min(room.saturating_sub(columns)));
                state.columns = columns;
                write(&format!("\r{text}{rest}"));
            }
        });
        line
    }

    /// Lets something else be written where the line is. It comes back with its next step.
    pub(crate) fn around<T>(&self, other: impl FnOnce() -> T) -> T {
        let mut state = self.state();
        wipe(&mut state);
        other()
    }

    /// Wipes it out, for good.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        wipe(&mut state);
        state.ended = true;
        self.ended.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// With room for `^C`.
fn wipe(state: &mut State) {
    if state.columns > 0 {
        let columns = (state.columns + 2).min(width::of_stderr().saturating_sub(1));
        write(&format!("\r{}\r", " ".repeat(columns)));
    }
    state.columns = 0;
}

fn write(text: &str) {
    let mut stderr = std::io::stderr().lock();
    // Nothing can be done when nobody listens there.
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
