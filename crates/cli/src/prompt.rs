//! Whether a person is there to be asked, and what they type.

use std::io::{BufRead, IsTerminal};

use driftlock::Cancellation;

use crate::error::CommandError;
use crate::output::Output;
use crate::session;

/// Whether somebody is there: never in a pipe, in CI, or where the output is for a program.
pub(crate) fn may_ask(output: &Output) -> bool {
    let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false");
    !in_ci && !output.is_json() && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// The next line that is typed, or nothing where the input has ended.
///
/// # Errors
/// When a signal comes first.
pub(crate) async fn line(cancellation: &Cancellation) -> Result<Option<String>, CommandError> {
    let read = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        std::io::stdin().lock().read_line(&mut answer).map(|length| (length > 0).then_some(answer))
    });
    tokio::select! {
        answer = read => Ok(answer.ok().and_then(Result::ok).flatten()),
        () = cancellation.cancelled() => Err(session::interrupted()),
    }
}

/// Whether an answer is a yes; all else is none.
pub(crate) fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}
