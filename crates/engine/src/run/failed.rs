//! A migration that failed: what is undone, what is recorded, and what people are told.

use driftlock_database::{Error as DbError, State, foreign_tables};

use super::{Attempt, Run, Trouble};
use crate::error::{Outcome, Place, StatementError};
use crate::record::follow;
use crate::tell::masked;
use crate::{Error, HookLeft};

impl Run<'_> {
    /// Rolls back, records the failure and makes the error that people see.
    pub(super) async fn fail(&mut self, attempt: &Attempt<'_>, trouble: Trouble) -> Error {
        let planned = attempt.planned;
        let dialect = self.engine.dialect();
        let blockers = match &trouble.error {
            // Nothing is held while others are looked for; a rollback that fails is told below, where it is tried again.
            DbError::LockTimeout(_) if self.session.rollback().await.is_ok() => self.blockers(planned, &trouble).await,
            _ => None,
        };
        let Trouble { index, error, place, unsettled, beyond_rollback, hook } = trouble;
        let applied = std::mem::take(&mut self.applied);
        // What the server says at the COMMIT (a deferred constraint) is shown at the last statement; what it says before the first
        // is about none.
        let last = || planned.groups.last()?.statements.last().copied();
        let is_own = hook.is_none() && matches!(error, DbError::Server(_));
        let index = index.or_else(|| if is_own { last() } else { None });

        // A runner that was overtaken, or lost its connection or its lock, has no business writing any more.
        let is_out = matches!(error, DbError::ConnectionLost(_) | DbError::Fenced { .. } | DbError::LockLost(_));
        let may_write = !is_out && !unsettled;
        let secrets = index.map(|index| planned.secrets(index, dialect)).unwrap_or_default();
        let error = masked(error, &secrets, dialect);
        let mut notes = Vec::new();
        if beyond_rollback {
            let note = "the statement ran outside of a transaction: where its table knows none, what it wrote before it failed stays";
            notes.push(("note", note.to_owned()));
        }
        let mut recorded = may_write;
        if may_write {
            let kept = async {
                self.session.rollback().await?;
                let row = self.row(attempt, State::Failed, Some(error.to_string()));
                self.session.reset(&self.timeouts(planned)).await?;
                let mut rows = Vec::new();
                if attempt.announced || attempt.done.is_empty() {
                    rows.push(row);
                } else {
                    // A resumed attempt failed before it wrote anything: its own journal has to say what was done before it.
                    rows.extend(self.announcement(attempt));
                    rows.push(follow(rows.last(), row));
                }
                self.commit(rows, &attempt.unwritten).await
            }
            .await;
            if let Err(error) = kept {
                recorded = false;
                notes.push(("note", format!("the failure could not be recorded in the history: {error}")));
            }
        }

        let outcome = match &error {
            DbError::ConnectionLost(_) => Outcome::NotKnown,
            _ if unsettled => Outcome::NotKnown,
            _ if !recorded && !attempt.done.is_empty() => Outcome::NotKnown,
            _ if attempt.done.is_empty() && !attempt.announced => Outcome::RolledBack,
            _ => Outcome::Partial { done: attempt.done.clone() },
        };
        if self.cancellation.is_cancelled() && matches!(error, DbError::Cancelled(_) | DbError::ConnectionLost(_)) {
            return Error::Interrupted { during: Some((planned.file.clone(), outcome)), applied };
        }
        if let Some(hook) = hook {
            return hook.error(HookLeft::Migration(planned.file.clone(), outcome), applied);
        }
        let Some(index) = index else { return Error::Database(error) };
        if matches!(error, DbError::Fenced { .. } | DbError::LockLost(_)) {
            return Error::Database(error);
        }
        let (message, offset) = match error.server() {
            Some(server) => {
                for (label, text) in [("detail", &server.detail), ("hint", &server.hint), ("context", &server.context)]
                {
                    if let Some(text) = text {
                        notes.push((label, text.clone()));
                    }
                }
                if let Some(table) = runners_own_table(&server.message) {
                    let hint = format!(
                        "`{table}` is the table of the tool that these files were written for, and only that tool keeps it: let it run them up to \
                         here, take that over with `driftlock adopt`, and take out what reads its table"
                    );
                    notes.push(("hint", hint));
                }
                (server.to_string(), server.offset)
            }
            None => (error.to_string(), None),
        };
        if matches!(error, DbError::LockTimeout(_)) {
            notes.extend(blockers.map(|blockers| ("may be in the way", blockers)));
            let times =
                if self.options.attempts == 1 { "once".to_owned() } else { format!("{} times", self.options.attempts) };
            let hint = format!(
                "it was tried {times}; wait for whoever is in the way, or end that, and run the command again; `--lock-timeout` and \
                 `--attempts` change how long and how often it is tried"
            );
            notes.push(("hint", hint));
        }
        let number = index + 1;
        Error::Statement(Box::new(StatementError {
            place: match place {
                Some((line, column, text)) => Place { file: planned.file.clone(), line, column, text, message },
                None => planned.place(index, offset, dialect, message),
            },
            notes,
            error,
            version: planned.version.clone(),
            number,
            of: planned.statements.len(),
            outcome,
            applied,
        }))
    }
}

/// The table of another tool that a script asked for in vain.
fn runners_own_table(message: &str) -> Option<&'static str> {
    let message = message.to_lowercase();
    let is_missing = ["does not exist", "doesn't exist", "no such table"].iter().any(|words| message.contains(words));
    // `migrations` may be anybody's.
    foreign_tables().filter(|table| is_missing && *table != "migrations").find(|table| message.contains(table))
}
