//! What happens to statements, told with their places in the file and without their credentials.

use driftlock_database::{Error as DbError, Event, Observer, fault};
use driftlock_script::{Dialect, redact_said};

use crate::events::{Statements, tell};
use crate::{OnProgress, Progress};

/// An error without the literals of a statement that carries credentials: of that which failed, and of any that the server says again.
pub(crate) fn masked(error: DbError, secrets: &[&str], dialect: Dialect) -> DbError {
    let clean = |mut server: Box<driftlock_database::ServerError>| {
        server.message = redact_said(&server.message, secrets, dialect);
        for text in [&mut server.detail, &mut server.hint, &mut server.context].into_iter().flatten() {
            *text = redact_said(text, secrets, dialect);
        }
        server
    };
    match error {
        DbError::Server(server) => DbError::Server(clean(server)),
        DbError::LockTimeout(server) => DbError::LockTimeout(clean(server)),
        DbError::Cancelled(server) => DbError::Cancelled(clean(server)),
        other => other,
    }
}

/// Hands what happens to statements on, with their places in the file.
pub(crate) struct Teller<'a> {
    pub(crate) statements: Statements<'a>,
    pub(crate) indexes: &'a [usize],
    pub(crate) progress: Option<&'a OnProgress>,
}

impl<'a> Teller<'a> {
    /// The first of the statements is about to be sent.
    pub(crate) fn new(statements: Statements<'a>, indexes: &'a [usize], progress: Option<&'a OnProgress>) -> Self {
        if let Some(&first) = indexes.first() {
            statements.started(first);
        }
        Teller { statements, indexes, progress }
    }
}

impl Observer for Teller<'_> {
    fn event(&mut self, event: Event) {
        if matches!(event, Event::Done { index, .. } if index + 1 < self.indexes.len()) {
            fault::point_blocking("between-statements");
        }
        let planned = self.statements.planned;
        let at = |index: usize| self.indexes.get(index).map(|&index| (index, &planned.statements[index]));
        match event {
            Event::Done { index: at_index, rows, duration } => {
                if let Some((index, statement)) = at(at_index) {
                    let line = statement.statement.line;
                    self.statements.done(index, rows, duration);
                    tell(self.progress, || Progress::Statement { number: index + 1, line, rows, duration });
                }
                if let Some((next, _)) = at(at_index + 1) {
                    self.statements.started(next);
                }
            }
            Event::Notice { index, severity, message } => {
                if let Some((index, statement)) = at(index) {
                    tell(self.progress, || Progress::Notice {
                        file: planned.file.clone(),
                        line: statement.statement.line,
                        severity,
                        message: redact_said(
                            &message,
                            &planned.secrets(index, self.statements.dialect),
                            self.statements.dialect,
                        ),
                    });
                }
            }
        }
    }
}
