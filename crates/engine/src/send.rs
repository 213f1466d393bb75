//! Sends the statements of a migration: those that are held, those that stay in a long file, and what a script's own runner would say first.

use std::time::{Duration, Instant};

use driftlock_database::{CopyData, Error as DbError, Event, ExecuteError, Observer, Runnable};

use crate::events::{self, Statements};
use crate::plan::PlannedMigration;
use crate::rows::{DataInFile, Passed, RowsDigest, place_in};
use crate::run::{Run, Trouble};
use crate::tell::Teller;
use crate::{Cancellation, Progress, Provenance, Rows};

/// How many statements that bring rows are sent at once, and about how long they may be together.
const BATCH: usize = 1000;
const BATCH_BYTES: usize = 1 << 20;

/// Nobody is told of each of a hundred thousand rows.
struct Unheard;

impl Observer for Unheard {
    fn event(&mut self, _event: Event) {}
}

impl Run<'_> {
    /// The session as a script finds it: as it was at first, with what the script's own runner would say to it.
    pub(crate) async fn reset(&mut self, planned: &PlannedMigration) -> Result<(), Trouble> {
        self.session.reset(&self.timeouts(planned)).await?;
        self.greet(planned).await
    }

    /// Says what the script's own runner would say to the session.
    pub(crate) async fn greet(&mut self, planned: &PlannedMigration) -> Result<(), Trouble> {
        let settings: Vec<Runnable<'_>> = planned.session.iter().map(|sql| Runnable { sql, copy_data: None }).collect();
        if settings.is_empty() {
            return Ok(());
        }
        let mut teller = Teller::new(self.statements(planned), &[], None);
        self.session.execute(&settings, &mut teller).await.map_err(|ExecuteError { error, .. }| error.into())
    }

    /// Runs statements and tells of each; cancels them on the server when asked to.
    pub(crate) async fn execute(&mut self, planned: &PlannedMigration, indexes: &[usize]) -> Result<(), Trouble> {
        let is_held = |index: &usize| planned.statements[*index].rows.is_none();
        for run in indexes.chunk_by(|a, b| is_held(a) && is_held(b)) {
            match &planned.statements[run[0]].rows {
                Some(rows) => self.bring_rows(planned, run[0], rows).await?,
                None => self.execute_held(planned, run).await?,
            }
        }
        Ok(())
    }

    /// Runs the statements that bring rows and have stayed in the file.
    async fn bring_rows(&mut self, planned: &PlannedMigration, index: usize, rows: &Rows) -> Result<(), Trouble> {
        let dialect = self.engine.dialect();
        let began = Instant::now();
        let changed = |why: String| Trouble::at(index, DbError::Protocol(why));
        let mut statements = self.statements(planned);
        statements.started(index);
        let mut cursor = self.cursor.take();
        let way = planned.cursor_at(&mut cursor, rows.first, dialect).map_err(|error| changed(error.to_string()))?;
        let comment = self.options.comment_statements.then(|| format!(" {}", comment(&self.provenance, planned)));
        let mut digest = RowsDigest::new();
        let end = rows.first + rows.count;
        let mut batch = Vec::new();
        let mut length = 0;
        while way.at() < end {
            let passed = way.next().map_err(|error| changed(planned.unreadable(&error).to_string()))?;
            let Some(passed) = passed else { break };
            if let Err(error) = self.takes(&passed.sql).await {
                let place = Some(place_in(&passed.statement, &passed.sql, 0));
                return Err(Trouble { place, ..Trouble::at(index, error) });
            }
            digest.take(&passed.sql);
            length += passed.sql.len();
            batch.push(passed);
            if length >= BATCH_BYTES || batch.len() >= BATCH || way.at() == end {
                if let Some(comment) = &comment {
                    batch.iter_mut().for_each(|passed: &mut Passed| passed.sql.push_str(comment));
                }
                let runnables: Vec<Runnable<'_>> =
                    batch.iter().map(|passed| Runnable { sql: &passed.sql, copy_data: None }).collect();
                let result = self.send(&runnables, &mut Unheard).await;
                if let Err(ExecuteError { index: at, error }) = result {
                    statements.failed(index, &error);
                    let place = batch.get(at).map(|passed| {
                        let offset = error.server().and_then(|server| server.offset).unwrap_or(0);
                        place_in(&passed.statement, &passed.sql, offset)
                    });
                    return Err(Trouble { place, ..Trouble::at(index, error) });
                }
                batch.clear();
                length = 0;
                self.go_on()?;
            }
        }
        if digest.finish() != rows.sha256 {
            return Err(changed(format!("{} changed while it ran; run the command again", planned.file)));
        }
        self.cursor = cursor;
        statements.done(index, None, began.elapsed());
        self.tell(|| Progress::Statement {
            number: index + 1,
            line: planned.statements[index].statement.line,
            rows: None,
            duration: began.elapsed(),
        });
        Ok(())
    }

    async fn execute_held(&mut self, planned: &PlannedMigration, indexes: &[usize]) -> Result<(), Trouble> {
        let comment = self.options.comment_statements.then(|| comment(&self.provenance, planned));
        let texts: Vec<String> = match &comment {
            None => Vec::new(),
            Some(comment) => {
                indexes.iter().map(|&index| format!("{} {comment}", planned.sql(&planned.statements[index]))).collect()
            }
        };
        let sources: Vec<Option<DataInFile<'_>>> = indexes
            .iter()
            .map(|&index| {
                let range = planned.statements[index].statement.copy_data.clone()?;
                Some(DataInFile { script: planned.long.as_ref()?, range })
            })
            .collect();
        let runnables: Vec<Runnable<'_>> = indexes
            .iter()
            .enumerate()
            .map(|(at, &index)| {
                let planned_statement = &planned.statements[index];
                let copy_data = match sources.get(at) {
                    Some(Some(source)) => Some(CopyData::Read(source)),
                    _ => planned_statement.statement.data(planned.body.text()).map(CopyData::Held),
                };
                // The comment of a COPY would stand between it and its data.
                let sql = match texts.get(at).filter(|_| copy_data.is_none()) {
                    Some(text) => text.as_str(),
                    None => planned.sql(planned_statement),
                };
                Runnable { sql, copy_data }
            })
            .collect();
        let mut teller = Teller::new(self.statements(planned), indexes, self.progress);
        let result = self.send(&runnables, &mut teller).await;
        result.map_err(|ExecuteError { index, error }| {
            let index = indexes.get(index).copied();
            if let Some(index) = index {
                teller.statements.failed(index, &error);
            }
            Trouble::at(index, error)
        })
    }

    /// What tells of a migration's statements.
    fn statements<'p>(&self, planned: &'p PlannedMigration) -> Statements<'p> {
        Statements::new(planned, self.engine.dialect(), self.attempt, self.options.slow)
    }

    /// That what a COPY among these statements took from a long file is what was planned: else it is not committed.
    pub(crate) fn is_as_planned(&self, planned: &PlannedMigration, indexes: &[usize]) -> Result<(), Trouble> {
        let copies = |index: &&usize| planned.statements[**index].statement.copy_data.is_some();
        let Some((long, index)) = planned.long.as_ref().zip(indexes.iter().find(copies)) else { return Ok(()) };
        let why = match long.is_unchanged() {
            Ok(true) => return Ok(()),
            Ok(false) => format!("{} changed while it ran; run the command again", planned.file),
            Err(error) => error.to_string(),
        };
        Err(Trouble::at(*index, DbError::Protocol(why)))
    }

    /// Sends statements; asks the server to cancel them when somebody says stop.
    async fn send(&mut self, runnables: &[Runnable<'_>], observer: &mut dyn Observer) -> Result<(), ExecuteError> {
        let canceller = self.session.canceller();
        let mut running = std::pin::pin!(self.session.execute(runnables, observer));
        let mut asked = false;
        loop {
            tokio::select! {
                biased;
                result = &mut running => return result,
                () = again(self.cancellation, asked) => {
                    asked = true;
                    // If the server can't be asked, its answer is still waited for.
                    events::cancelling(&canceller.cancel().await);
                }
            }
        }
    }
}

/// Who and where, as a comment behind a statement: the server's own log then knows it too.
fn comment(provenance: &Provenance, planned: &PlannedMigration) -> String {
    let words = format!(
        "driftlock version={} environment={} commit={} job={} user={}@{}",
        planned.version,
        provenance.environment,
        provenance.git_commit,
        provenance.ci_job,
        provenance.os_user,
        provenance.host
    );
    // Nothing from outside may end the comment, or begin another in one (PostgreSQL nests them).
    format!("/* {} */", words.replace(['*', '\0'], ""))
}

/// When to ask the server to cancel: at once, and then again and again, since it may have been between two statements.
async fn again(cancellation: &Cancellation, asked: bool) {
    if asked {
        tokio::time::sleep(Duration::from_millis(300)).await;
    } else {
        cancellation.cancelled().await;
    }
}
