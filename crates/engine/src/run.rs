//! Runs planned migrations on a session that holds the lock, and records what it does.
//!
//! A migration that can be one transaction is one: statements, history row and fence commit together. Any other is journalled,
//! group by group; what an earlier attempt did of it is not run again (see `resume`).

mod failed;
mod length;
mod retry;

use std::time::Instant;

use driftlock_database::{
    Error as DbError, HistoryRow, JournalRow, JournalState, OwnTables, Records, Session, State, Timeouts, Timestamp,
    fault,
};

use crate::events;
use crate::hooks::{self, Hooks};
use crate::plan::{Group, GroupKind, PlannedMigration};
use crate::record::{Record, follow};
use crate::resume::Resume;
use crate::rows::Cursor;
use crate::{Applied, Cancellation, Error, OnProgress, Options, Progress, Provenance};
use crate::{HookEvent, HookLeft, HookRun};

pub(crate) use retry::{pause, pause_before};

/// The server's clock, carried on by ours: one look at it is enough for a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    at: Timestamp,
    seen: Instant,
}

impl Clock {
    pub(crate) fn new(now: Timestamp) -> Self {
        Clock { at: now, seen: Instant::now() }
    }

    fn now(&self) -> Timestamp {
        self.at.after(self.seen.elapsed())
    }
}

/// A run: the session with the lock, and all that a record needs.
pub(crate) struct Run<'a> {
    pub(crate) session: &'a mut dyn Session,
    pub(crate) engine: &'static dyn driftlock_database::Engine,
    pub(crate) tables: &'a OwnTables,
    pub(crate) options: &'a Options,
    pub(crate) provenance: Provenance,
    pub(crate) progress: Option<&'a OnProgress>,
    pub(crate) cancellation: &'a Cancellation,
    pub(crate) clock: Clock,
    /// The fence's token that this run took.
    pub(crate) token: i64,
    /// The last history row.
    pub(crate) head: i64,
    /// Its chain.
    pub(crate) head_chain: String,
    /// What was done so far.
    pub(crate) applied: Vec<Applied>,
    /// What runs around and inside of the migrations, and what of it did.
    pub(crate) hooks: Hooks,
    pub(crate) hooks_run: Vec<HookRun>,
    /// How far the long script that runs has been read.
    pub(crate) cursor: Option<Cursor>,
    /// Which try of what runs this is, from 1.
    pub(crate) attempt: u32,
    /// The fingerprint that the lock file expects after each version, and before it.
    pub(crate) expected: std::collections::BTreeMap<String, [String; 2]>,
    /// What reads the schema after each migration.
    pub(crate) watch: Option<std::sync::Arc<tokio::sync::Mutex<crate::versions::Watch>>>,
}

/// One attempt at one migration.
struct Attempt<'a> {
    planned: &'a PlannedMigration,
    id: String,
    began: Instant,
    started_at: Timestamp,
    /// Numbers of the statements that are done and committed, from 1.
    done: Vec<usize>,
    resumed_after: usize,
    /// Journal rows of statements that are done, and that the next commit writes.
    unwritten: Vec<JournalRow>,
    /// Whether the history has its `started` row.
    announced: bool,
}

/// Why a group didn't come to its end.
pub(crate) struct Trouble {
    /// The statement, as an index; `None` when it was none in particular.
    pub(crate) index: Option<usize>,
    pub(crate) error: DbError,
    /// Where it is, where the statement is one of many that stay in the file: line, column and text of the line.
    pub(crate) place: Option<(u32, u32, String)>,
    /// The server said that the statement is done, and what it left couldn't be looked at: the next run has to find out.
    pub(crate) unsettled: bool,
    /// It ran outside of a transaction, though it would fit into one: its tables know none, and may keep what it wrote before it failed.
    pub(crate) beyond_rollback: bool,
    /// It was a hook that failed, and not the migration.
    pub(crate) hook: Option<Box<hooks::Failure>>,
}

impl Trouble {
    /// With a statement, by its index.
    pub(crate) fn at(index: impl Into<Option<usize>>, error: DbError) -> Self {
        Trouble { index: index.into(), error, place: None, unsettled: false, beyond_rollback: false, hook: None }
    }
}

impl From<DbError> for Trouble {
    fn from(error: DbError) -> Self {
        Trouble::at(None, error)
    }
}

impl Run<'_> {
    /// Runs one migration to its end.
    pub(crate) async fn migrate(
        &mut self,
        planned: &PlannedMigration,
        resume: Option<Resume>,
        number: usize,
        of: usize,
    ) -> Result<(), Error> {
        if self.cancellation.is_cancelled() {
            return Err(Error::Interrupted { during: None, applied: std::mem::take(&mut self.applied) });
        }
        let resume = resume.unwrap_or_default();
        self.cursor = None;
        self.attempt = 1;
        let mut attempt = Attempt {
            planned,
            id: uuid::Uuid::now_v7().simple().to_string(),
            began: Instant::now(),
            started_at: self.clock.now(),
            resumed_after: resume.done.len(),
            done: resume.done,
            unwritten: Vec::new(),
            announced: false,
        };
        self.tell(|| Progress::Started {
            version: planned.version.to_string(),
            name: planned.name.clone(),
            file: planned.file.clone(),
            direction: planned.direction,
            number,
            of,
            statements: planned.running().count(),
            done_before: attempt.resumed_after,
        });
        // A dump has two for each table: each reason is told once.
        let mut reasons: Vec<(&'static str, u32, usize)> = Vec::new();
        for (why, line) in planned.statements.iter().filter_map(|it| Some((it.taken_out?, it.statement.line))) {
            match reasons.iter_mut().find(|(known, ..)| *known == why) {
                Some((_, _, count)) => *count += 1,
                None => reasons.push((why, line, 1)),
            }
        }
        for (why, line, count) in reasons {
            self.tell(|| Progress::Notice {
                file: planned.file.clone(),
                line,
                severity: "not run".to_owned(),
                message: if count == 1 { why.to_owned() } else { format!("{why} ({} more like it)", count - 1) },
            });
        }
        fault::point("before-migration").await;
        let journalled = !planned.transactional || attempt.resumed_after > 0 || resume.unfinished;
        let result = async {
            self.fits(planned).await?;
            self.outside_of(HookEvent::BeforeEach, planned).await?;
            if journalled || self.is_beyond_rollback(planned).await? {
                self.journalled(&mut attempt).await
            } else {
                self.whole(&mut attempt).await
            }
        }
        .await;
        match result {
            Ok(()) => {
                fault::point("after-commit").await;
                let applied = Applied {
                    version: planned.version.clone(),
                    name: planned.name.clone(),
                    file: planned.file.clone(),
                    direction: planned.direction,
                    statements: planned.running().count() - attempt.resumed_after,
                    resumed_after: attempt.resumed_after,
                    duration: attempt.began.elapsed(),
                };
                self.tell(|| Progress::Applied(applied.clone()));
                self.applied.push(applied);
                let after = self.outside_of(HookEvent::AfterEach, planned).await;
                after.map_err(|trouble| self.failed(trouble, HookLeft::Committed))
            }
            Err(trouble) => {
                let error = self.fail(&attempt, trouble).await;
                events::failed(planned, &error);
                Err(error)
            }
        }
    }

    /// The migration and its record in one transaction, tried again as a whole when it waited too long for a lock.
    async fn whole(&mut self, attempt: &mut Attempt<'_>) -> Result<(), Trouble> {
        let planned = attempt.planned;
        let mut tries = 1;
        loop {
            let result = self.whole_once(attempt).await;
            match result {
                Err(trouble) if self.may_retry(&trouble, tries) => {
                    self.session.rollback().await?;
                    tries += 1;
                    let after = self.another(planned, &trouble, tries).await;
                    pause(after, self.cancellation).await;
                }
                other => return other,
            }
        }
    }

    async fn whole_once(&mut self, attempt: &mut Attempt<'_>) -> Result<(), Trouble> {
        let planned = attempt.planned;
        self.reset(planned).await?;
        for group in planned.groups.iter().filter(|group| group.kind == GroupKind::Session) {
            self.execute(planned, &group.statements).await?;
        }
        self.session.begin().await?;
        self.inside_of(HookEvent::BeforeEach, planned).await?;
        for group in planned.groups.iter().filter(|group| group.kind == GroupKind::Transaction) {
            self.execute(planned, &group.statements).await?;
            self.is_as_planned(planned, &group.statements)?;
        }
        self.inside_of(HookEvent::AfterEach, planned).await?;
        fault::point("before-history").await;
        self.go_on()?;
        let row = self.row(attempt, State::Done, None);
        self.commit(vec![row], &[]).await?;
        Ok(())
    }

    /// Whether what could be one transaction by its text can't be undone: its tables know none.
    async fn is_beyond_rollback(&mut self, planned: &PlannedMigration) -> Result<bool, Trouble> {
        let mut texts: Vec<&str> = planned.running().map(|(_, statement)| planned.sql(statement)).collect();
        let hooks = self.texts_inside(planned);
        texts.extend(hooks.iter().map(String::as_str));
        Ok(!self.session.can_roll_back(&texts).await?)
    }

    /// Group by group, with a journal.
    async fn journalled(&mut self, attempt: &mut Attempt<'_>) -> Result<(), Trouble> {
        let planned = attempt.planned;
        self.apart_of(HookEvent::BeforeEach, planned).await?;
        self.reset(planned).await?;
        // What an earlier attempt did is carried into this one's journal, so that the next resume needs only the last attempt.
        attempt.unwritten =
            attempt.done.iter().map(|&number| self.journal_row(attempt, number, JournalState::Done, None)).collect();
        for (at, group) in planned.groups.iter().enumerate() {
            if at > 0 {
                fault::point("between-statements").await;
            }
            self.go_on()?;
            let left: Vec<usize> =
                group.statements.iter().copied().filter(|index| !attempt.done.contains(&(index + 1))).collect();
            match group.kind {
                GroupKind::Session => self.execute(planned, &group.statements).await?,
                GroupKind::Transaction => self.transaction(attempt, group, &left).await?,
                GroupKind::Alone => {
                    for index in left {
                        self.alone(attempt, index).await?;
                    }
                }
            }
        }
        self.conclude(attempt).await
    }

    /// The end of a journalled attempt, in one transaction with the SQL of `after_each`.
    async fn conclude(&mut self, attempt: &Attempt<'_>) -> Result<(), Trouble> {
        let planned = attempt.planned;
        let mut tries = 1;
        loop {
            let result = async {
                if self.has_sql_of(HookEvent::AfterEach, planned) {
                    self.session.reset(&self.timeouts(planned)).await?;
                    self.session.begin().await?;
                    self.inside_of(HookEvent::AfterEach, planned).await?;
                }
                fault::point("before-history").await;
                let row = self.row(attempt, State::Done, None);
                let mut rows = self.announcement(attempt);
                rows.push(follow(rows.last(), row));
                Ok::<(), Trouble>(self.commit(rows, &attempt.unwritten).await?)
            }
            .await;
            match result {
                Err(trouble) if trouble.hook.is_some() && self.may_retry(&trouble, tries) => {
                    self.session.rollback().await?;
                    tries += 1;
                    let after = self.another(planned, &trouble, tries).await;
                    pause(after, self.cancellation).await;
                }
                other => return other,
            }
        }
    }

    /// Statements that share a transaction with their journal rows.
    async fn transaction(&mut self, attempt: &mut Attempt<'_>, group: &Group, left: &[usize]) -> Result<(), Trouble> {
        let planned = attempt.planned;
        let is_session =
            |index: &usize| planned.statements[*index].classified.class == driftlock_database::Class::Session;
        let work: Vec<usize> = left.iter().copied().filter(|index| !is_session(index)).collect();
        if work.is_empty() {
            // Done before: what is left of it are its settings, which what follows may need.
            let settings: Vec<usize> = group.statements.iter().copied().filter(is_session).collect();
            self.execute(planned, &settings).await?;
            return Ok(());
        }
        let texts: Vec<&str> = work.iter().map(|&index| planned.sql(&planned.statements[index])).collect();
        if !self.session.can_roll_back(&texts).await? {
            for &index in left {
                if is_session(&index) {
                    self.execute(planned, &[index]).await?;
                } else {
                    self.alone(attempt, index).await?;
                }
            }
            return Ok(());
        }
        let settings_before: Vec<usize> = group
            .statements
            .iter()
            .copied()
            .filter(|index| is_session(index) && work.first().is_some_and(|first| index < first))
            .collect();
        let rest: Vec<usize> = left.iter().copied().filter(|index| !settings_before.contains(index)).collect();
        let mut tries = 1;
        self.attempt = 1;
        loop {
            let result = async {
                self.session.begin().await?;
                self.execute(planned, &settings_before).await?;
                self.execute(planned, &rest).await?;
                self.is_as_planned(planned, &rest)?;
                self.go_on()?;
                let rows = self.announcement(attempt);
                let mut journal = attempt.unwritten.clone();
                for &index in &work {
                    journal.push(self.journal_row(attempt, index + 1, JournalState::Done, None));
                }
                self.commit(rows, &journal).await?;
                Ok::<(), Trouble>(())
            }
            .await;
            match result {
                Ok(()) => break,
                Err(trouble) if self.may_retry(&trouble, tries) => {
                    self.session.rollback().await?;
                    tries += 1;
                    let after = self.another(planned, &trouble, tries).await;
                    pause(after, self.cancellation).await;
                }
                Err(trouble) => return Err(trouble),
            }
        }
        attempt.announced = true;
        attempt.unwritten.clear();
        attempt.done.extend(work.iter().map(|index| index + 1));
        Ok(())
    }

    /// A statement outside of any transaction: intent before, result after.
    async fn alone(&mut self, attempt: &mut Attempt<'_>, index: usize) -> Result<(), Trouble> {
        let planned = attempt.planned;
        let sql = planned.sql(&planned.statements[index]).to_owned();
        let before = self.session.object_digest(&sql).await?;
        let rows = self.announcement(attempt);
        let mut journal = attempt.unwritten.clone();
        journal.push(self.journal_row(attempt, index + 1, JournalState::Intent, before));
        self.commit(rows, &journal).await?;
        attempt.announced = true;
        attempt.unwritten.clear();
        fault::point("after-intent").await;
        let mut tries = 1;
        self.attempt = 1;
        loop {
            let result = self.execute(planned, &[index]).await;
            match result {
                Ok(()) => break,
                Err(trouble) => {
                    if !matches!(trouble.error, DbError::ConnectionLost(_)) {
                        self.session.settle(&sql, false).await?;
                    }
                    if !self.may_retry(&trouble, tries) {
                        let beyond_rollback = planned.statements[index].classified.class.is_transactional();
                        return Err(Trouble { beyond_rollback, ..trouble });
                    }
                    tries += 1;
                    let after = self.another(planned, &trouble, tries).await;
                    pause(after, self.cancellation).await;
                }
            }
        }
        fault::point("before-journal").await;
        self.settle(index, &sql).await?;
        attempt.done.push(index + 1);
        attempt.unwritten.push(self.journal_row(attempt, index + 1, JournalState::Done, None));
        // Written with whatever is written next; a crash before that is found by the probe.
        let last = planned.groups.last().and_then(|group| group.statements.last()) == Some(&index);
        if !last {
            self.commit(Vec::new(), &attempt.unwritten).await?;
            attempt.unwritten.clear();
        }
        Ok(())
    }

    /// Looks at what a statement left that the server says is done. A cancel that comes late ends the look instead of the statement:
    /// then it is taken again.
    pub(crate) async fn settle(&mut self, index: usize, sql: &str) -> Result<(), Trouble> {
        for _ in 0..3 {
            match self.session.settle(sql, true).await {
                Err(DbError::Cancelled(_)) => {}
                Err(error) => {
                    // What the server says of the object, or that nobody could look at it.
                    let unsettled = !matches!(error, DbError::Server(_));
                    return Err(Trouble { unsettled, ..Trouble::at(index, error) });
                }
                Ok(()) => return Ok(()),
            }
        }
        let server = self.session.settle(sql, true).await;
        server.map_err(|error| Trouble { unsettled: true, ..Trouble::at(index, error) })
    }

    /// Stops between two statements when asked to. Not every engine says of a cancelled statement that it failed (MySQL's `DO`).
    pub(crate) fn go_on(&self) -> Result<(), Trouble> {
        if !self.cancellation.is_cancelled() {
            return Ok(());
        }
        let message = "stopped as asked".to_owned();
        let server = driftlock_database::ServerError { code: "cancelled".to_owned(), message, ..Default::default() };
        Err(DbError::Cancelled(Box::new(server)).into())
    }

    pub(crate) fn timeouts(&self, planned: &PlannedMigration) -> Timeouts {
        Timeouts {
            lock: planned.directives.lock_timeout.unwrap_or(self.options.lock_timeout),
            concurrent: planned.directives.lock_timeout.unwrap_or(self.options.concurrent_timeout),
            statement: planned.directives.statement_timeout.unwrap_or(self.options.statement_timeout),
        }
    }

    /// Writes rows with the fence, and knows them as the last ones from then on.
    pub(crate) async fn commit(&mut self, rows: Vec<HistoryRow>, journal: &[JournalRow]) -> Result<(), DbError> {
        let records = Records { token: self.token, history: &rows, journal };
        let began = Instant::now();
        self.session.commit(self.tables, &records).await?;
        events::recorded(&records, began);
        if let Some(last) = rows.last() {
            self.head = last.sequence;
            self.head_chain.clone_from(&last.chain);
        }
        Ok(())
    }

    /// The `started` row, if it isn't written yet.
    fn announcement(&self, attempt: &Attempt<'_>) -> Vec<HistoryRow> {
        if attempt.announced { Vec::new() } else { vec![self.row(attempt, State::Started, None)] }
    }

    fn row(&self, attempt: &Attempt<'_>, state: State, error: Option<String>) -> HistoryRow {
        let planned = attempt.planned;
        let record = Record {
            attempt: attempt.id.clone(),
            version: planned.version.to_string(),
            name: planned.name.clone(),
            direction: planned.direction,
            state,
            sha256: planned.digest.map(|digest| digest.sha256()),
            crc32: planned.digest.map(|digest| digest.crc32()),
            rollback_sql: planned.rollback_sql.clone().filter(|_| state != State::Failed),
            started_at: attempt.started_at,
            duration: (state != State::Started).then(|| attempt.began.elapsed()),
            error,
            values: planned.values.clone(),
            note: None,
        };
        self.history_row(record)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn journal_row(
        &self,
        attempt: &Attempt<'_>,
        number: usize,
        state: JournalState,
        object_before: Option<String>,
    ) -> JournalRow {
        let planned = attempt.planned;
        let statement = &planned.statements[number - 1];
        JournalRow {
            attempt: attempt.id.clone(),
            statement: i64::try_from(number).unwrap_or(i64::MAX),
            sha256: planned.digest_of(statement),
            line: i64::from(statement.statement.line),
            state,
            object_before,
            session: self.session.server().connection.clone(),
            at: self.clock.now(),
        }
    }

    pub(crate) fn tell(&self, progress: impl FnOnce() -> Progress) {
        events::tell(self.progress, progress);
    }
}
