//! What happens to statements, told with their places in the file and without their credentials.

use driftlock_database::{Error as DbError, Event, Observer, fault};
use driftlock_script::{credentials, mask};

use crate::plan::PlannedMigration;
use crate::{OnProgress, Progress};

/// An error without the literals of a statement that carries credentials.
pub(crate) fn masked(error: DbError, secrets: &[&str]) -> DbError {
    if secrets.is_empty() {
        return error;
    }
    let clean = |mut server: Box<driftlock_database::ServerError>| {
        server.message = mask(&server.message, secrets);
        for text in [&mut server.detail, &mut server.hint, &mut server.context].into_iter().flatten() {
            *text = mask(text, secrets);
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
    pub(crate) planned: &'a PlannedMigration,
    pub(crate) indexes: &'a [usize],
    pub(crate) progress: Option<&'a OnProgress>,
    pub(crate) dialect: driftlock_script::Dialect,
}

impl Observer for Teller<'_> {
    fn event(&mut self, event: Event) {
        if matches!(event, Event::Done { index, .. } if index + 1 < self.indexes.len()) {
            fault::point_blocking("between-statements");
        }
        let Some(on_progress) = self.progress else { return };
        let at = |index: usize| self.indexes.get(index).map(|&index| (index, &self.planned.statements[index]));
        match event {
            Event::Done { index, rows, duration } => {
                if let Some((index, planned)) = at(index) {
                    let line = planned.statement.line;
                    on_progress(&Progress::Statement { number: index + 1, line, rows, duration });
                }
            }
            Event::Notice { index, severity, message } => {
                if let Some((_, planned)) = at(index) {
                    let secrets = credentials(self.planned.sql(planned), self.dialect);
                    on_progress(&Progress::Notice {
                        file: self.planned.file.clone(),
                        line: planned.statement.line,
                        severity,
                        message: mask(&message, &secrets),
                    });
                }
            }
        }
    }
}
