//! Takes up what an earlier attempt left half-done.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use driftlock_database::{JournalRow, JournalState, Probe, Session};
use driftlock_script::Dialect;

use crate::error::UnknownOutcome;
use crate::events;
use crate::plan::PlannedMigration;
use crate::run::{Run, pause};
use crate::standing::Unfinished;
use crate::{Error, Finding, Problem, Progress};

/// What of a migration needs not to run again.
#[derive(Debug, Default)]
pub(crate) struct Resume {
    /// Numbers of its statements that are done, from 1, rising.
    pub(crate) done: Vec<usize>,
    /// An earlier attempt is on record, whether or not it got anything done.
    pub(crate) unfinished: bool,
}

impl Run<'_> {
    /// Finds out what an unfinished attempt did. Needs the lock.
    pub(crate) async fn resume(
        &mut self,
        planned: &PlannedMigration,
        unfinished: &Unfinished,
    ) -> Result<Resume, Error> {
        let dialect = self.engine.dialect();
        let rows = self.session.journal(self.tables, &unfinished.attempt).await?;
        if rows.is_empty() {
            return Err(Error::Integrity(vec![Finding::tampered(
                None,
                Some(planned.version.as_str()),
                &format!(
                    "the journal has no row of the attempt at version {} that the history says was begun",
                    planned.version
                ),
            )]));
        }
        let mut done = BTreeSet::new();
        let mut open: Option<&JournalRow> = None;
        for row in &rows {
            match row.state {
                JournalState::Done => {
                    check(planned, row)?;
                    done.insert(number(row));
                    open = open.filter(|open| open.statement != row.statement);
                }
                JournalState::Intent => open = Some(row),
            }
        }
        // The server said that the last statement failed: then it is known not to have run, but what it left may still be there.
        if let Some(row) = open.filter(|_| unfinished.failed) {
            let statement = number(row).checked_sub(1).and_then(|index| planned.statements.get(index));
            if let Some(statement) = statement.filter(|statement| planned.digest_of(statement) == row.sha256) {
                self.session.settle(planned.sql(statement), false).await?;
            }
        } else if let Some(row) = open {
            self.wait_for_orphan(planned, row).await?;
            if interrupted(self.session, dialect, planned, row).await? {
                done.insert(number(row));
            }
        }
        let journalled: Vec<usize> = planned.journalled().collect();
        if !done.iter().eq(journalled.iter().take(done.len())) {
            return Err(prefix_changed(planned, "statements were inserted or moved before the last one that was done"));
        }
        let resume = Resume { done: done.into_iter().collect(), unfinished: true };
        events::resuming(planned, &unfinished.attempt, resume.done.len());
        if resume.done.len() < journalled.len() {
            restorable(planned, &resume, dialect)?;
        }
        Ok(resume)
    }

    /// A client may die and its statement live on. That run is overtaken: the lock is ours, and the token is newer than its own.
    async fn wait_for_orphan(&mut self, planned: &PlannedMigration, row: &JournalRow) -> Result<(), Error> {
        let began = Instant::now();
        let (until, take_over) = (self.options.lock_wait, self.options.take_over);
        let mut told: Option<Instant> = None;
        let mut ended = false;
        while let Some(mut holder) = self.session.busy(&row.session).await? {
            holder.gone = true;
            let (file, line, waited) = (planned.file.clone(), row.line, began.elapsed());
            if self.cancellation.is_cancelled() {
                return Err(Error::Interrupted { during: None, applied: std::mem::take(&mut self.applied) });
            }
            if take_over && !ended {
                self.session.end(&row.session).await?;
                events::took_over(&holder);
                self.tell(|| {
                    Progress::Note(format!("taking over: the server was told to end {holder}, left by an earlier run"))
                });
                ended = true;
            }
            if waited >= until {
                return Err(Error::Orphan { file, line, holder: Box::new(holder), waited, take_over });
            }
            if told.is_none_or(|told| told.elapsed() >= Duration::from_secs(5)) {
                told = Some(Instant::now());
                self.tell(|| Progress::Orphan { file, line, holder, waited, until });
            }
            pause(Duration::from_millis(200).min(until.saturating_sub(waited)), self.cancellation).await;
        }
        Ok(())
    }
}

fn number(row: &JournalRow) -> usize {
    usize::try_from(row.statement).unwrap_or(0)
}

/// That a done statement is still what it was.
fn check(planned: &PlannedMigration, row: &JournalRow) -> Result<(), Error> {
    let statement = number(row).checked_sub(1).and_then(|index| planned.statements.get(index));
    if statement.is_some_and(|statement| planned.digest_of(statement) == row.sha256) {
        return Ok(());
    }
    Err(prefix_changed(
        planned,
        &format!("statement {} (line {} then) was done and is not what it was", row.statement, row.line),
    ))
}

fn prefix_changed(planned: &PlannedMigration, what: &str) -> Error {
    Error::Integrity(vec![Finding {
        version: Some(planned.version.clone()),
        row: None,
        file: Some(planned.file.clone()),
        problem: Problem::PrefixChanged,
        message: format!(
            "{}: an earlier attempt did a part of this file, and since then {what}; put the statements that were done back as they were \
             (`driftlock status` counts them), and correct only what comes behind them",
            planned.file
        ),
        difference: None,
    }])
}

/// Whether the statement whose result nobody read was done.
async fn interrupted(
    session: &mut dyn Session,
    dialect: Dialect,
    planned: &PlannedMigration,
    row: &JournalRow,
) -> Result<bool, Error> {
    let statement = number(row).checked_sub(1).and_then(|index| planned.statements.get(index));
    let same = statement.filter(|statement| planned.digest_of(statement) == row.sha256);
    let Some(statement) = same else {
        return Err(unknown(
            planned,
            row,
            dialect,
            "the file no longer has it, so its effect can't be looked for; put it back as it was and run the command again",
        ));
    };
    let probe = session.probe(planned.sql(statement), row.object_before.as_deref()).await?;
    events::probed(planned, row, &probe);
    match probe {
        Probe::NotRun => Ok(false),
        Probe::Done => Ok(true),
        Probe::Unknown(what) => Err(unknown(
            planned,
            row,
            dialect,
            &format!(
                "{what}; look at the database: finish the file by hand and record it with `driftlock baseline {}`, or bring what the statement \
                 names back to what it was and run the command again",
                planned.version
            ),
        )),
    }
}

/// That what follows doesn't need what only the lost session had.
fn restorable(planned: &PlannedMigration, resume: &Resume, dialect: Dialect) -> Result<(), Error> {
    let last = resume.done.last().copied().unwrap_or(0);
    let behind = |number: usize| number > last;
    let lost = planned.running().find(|(number, statement)| !behind(*number) && statement.classified.leaves_state);
    let needs = planned.running().find(|(number, statement)| behind(*number) && statement.classified.reads_state);
    let (number, what) = match (lost, needs) {
        (Some((number, _)), _) => {
            (number, "what it left in its session is gone with the connection, and can't be made again")
        }
        (None, Some((number, _))) if last > 0 => {
            (number, "it reads what the statement before it left in its session, and that is gone with the connection")
        }
        _ => return Ok(()),
    };
    let statement = &planned.statements[number - 1];
    let place = planned.place(number - 1, None, dialect, what.to_owned());
    Err(Error::Unknown(Box::new(UnknownOutcome {
        message: format!(
            "{}:{}: the migration was interrupted behind statement {last} and can't be resumed: of statement {number}, {what}; \
             finish or undo it by hand, and record it with `driftlock baseline {}`",
            planned.file, statement.statement.line, planned.version
        ),
        place,
        applied: Vec::new(),
    })))
}

fn unknown(planned: &PlannedMigration, row: &JournalRow, dialect: Dialect, what: &str) -> Error {
    let index = number(row).saturating_sub(1).min(planned.statements.len().saturating_sub(1));
    let message = format!(
        "{}:{}: the outcome of statement {} is unknown: it was begun at {} and its result was never read; {what}",
        planned.file, row.line, row.statement, row.at
    );
    let place = if planned.statements.is_empty() {
        crate::error::Place {
            file: planned.file.clone(),
            line: 1,
            column: 1,
            text: String::new(),
            message: what.to_owned(),
        }
    } else {
        planned.place(index, None, dialect, what.to_owned())
    };
    Error::Unknown(Box::new(UnknownOutcome { place, message, applied: Vec::new() }))
}
