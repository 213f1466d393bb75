//! The events that a run consists of, for whoever collects them: `docs/logs.md` is their table, and a test holds both together.
//!
//! This is the one place where the engine's events get name, level and fields. A name is target too, so that `driftlock=info` in a
//! filter means all of them. Nothing is made ready, redacted or allocated where nobody listens.

use std::time::{Duration, Instant};

use driftlock_database::{DatabaseUrl, Error as DbError, Fence, HistoryRow, JournalRow, Probe, Records, Server};
use driftlock_script::{Dialect, Version};
use tracing::{Instrument, Level, level_filters::LevelFilter};

use crate::error::Outcome;
use crate::plan::PlannedMigration;
use crate::tell::masked;
use crate::{Error, OnProgress, Progress, RunId};

/// The most of a statement's text that an event has, in bytes.
const LONGEST: usize = 8 * 1024;

/// A longer one isn't even read for it, as looking for credentials reads all of it.
const LONGEST_READ: usize = 1024 * 1024;

macro_rules! event {
    ($level:ident, $name:literal, { $($fields:tt)* }, $($message:tt)+) => {
        tracing::event!(name: $name, target: $name, Level::$level, { $($fields)* }, $($message)+)
    };
}

/// Whether anybody listens at this level; costs a look at a number.
fn is_on(level: LevelFilter) -> bool {
    LevelFilter::current() >= level
}

/// In milliseconds, to the microsecond.
fn ms(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

/// Tells of progress: to the caller's function, and as an event.
pub(crate) fn tell(on_progress: Option<&OnProgress>, progress: impl FnOnce() -> Progress) {
    if on_progress.is_none() && !is_on(LevelFilter::ERROR) {
        return;
    }
    let progress = progress();
    happened(&progress);
    if let Some(on_progress) = on_progress {
        on_progress(&progress);
    }
}

/// Progress as an event. A statement that is done has one with its text instead, see [`Statements`].
fn happened(progress: &Progress) {
    match progress {
        Progress::Waiting { holder, waited, until } => event!(
            INFO,
            "driftlock.lock.waiting",
            { %holder, gone = holder.gone, waited_ms = ms(*waited), until_ms = ms(*until) },
            "waiting for the lock"
        ),
        Progress::Orphan { file, line, holder, waited, until } => event!(
            WARN,
            "driftlock.orphan.waiting",
            { file, line, %holder, waited_ms = ms(*waited), until_ms = ms(*until) },
            "waiting for the end of a statement that an earlier run left on the server"
        ),
        Progress::Started { version, name, file, direction, number, of, statements, done_before } => event!(
            INFO,
            "driftlock.migration.started",
            { version, migration = name, file, direction = direction.as_str(), number, of, statements, done_before },
            "{} of {version} begins", direction.as_str()
        ),
        Progress::Notice { file, line, severity, message } => notice(file, *line, severity, message),
        Progress::Retrying { file, reason, attempt, of, after } => event!(
            WARN,
            "driftlock.retrying",
            { file, reason, attempt, of, after_ms = ms(*after) },
            "tries again, {attempt} of {of}"
        ),
        Progress::Applied(applied) => event!(
            INFO,
            "driftlock.migration.done",
            {
                version = %applied.version,
                migration = applied.name,
                file = applied.file,
                direction = applied.direction.as_str(),
                statements = applied.statements,
                done_before = applied.resumed_after,
                duration_ms = ms(applied.duration),
            },
            "{} of {} is committed", applied.direction.as_str(), applied.version
        ),
        Progress::HookStarted { event, hook, version } => event!(
            INFO,
            "driftlock.hook.started",
            { on = event.as_str(), hook, version = version.as_ref().map(Version::as_str) },
            "the {event} hook {hook} begins"
        ),
        Progress::HookOutput { event, hook, line } => {
            event!(INFO, "driftlock.hook.output", { on = event.as_str(), hook, line }, "the {event} hook {hook} wrote a line");
        }
        Progress::HookDone(run) => event!(
            INFO,
            "driftlock.hook.done",
            {
                on = run.event.as_str(),
                hook = run.hook,
                version = run.version.as_ref().map(Version::as_str),
                duration_ms = ms(run.duration),
            },
            "the {} hook {} is done", run.event, run.hook
        ),
        Progress::Note(note) => event!(INFO, "driftlock.note", {}, "{note}"),
        Progress::Statement { .. } => {}
    }
}

/// What the server said of a statement. Each engine has its own words for how serious it is.
fn notice(file: &str, line: u32, severity: &str, words: &str) {
    macro_rules! told {
        ($level:ident) => {
            event!($level, "driftlock.server.notice", { file, line, severity, words }, "the server said something")
        };
    }
    if severity.eq_ignore_ascii_case("warning") || severity.eq_ignore_ascii_case("error") {
        told!(WARN);
    } else {
        told!(INFO);
    }
}

/// A run from its beginning to its end, in a span of its own.
pub(crate) async fn run<T: Ran>(
    id: Option<RunId>,
    command: &'static str,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    // A run is a large future, and whoever polls it may have a small stack (threads have 2 MiB, and no optimisation makes it deeper).
    let work = Box::pin(work);
    if !is_on(LevelFilter::ERROR) {
        return work.await;
    }
    let span = id.unwrap_or_else(RunId::new).span();
    async {
        let began = Instant::now();
        event!(INFO, "driftlock.run.started", { command }, "`{command}` begins");
        let result = work.await;
        let duration_ms = ms(began.elapsed());
        match &result {
            Ok(value) => {
                let (applied, pending) = value.counts();
                event!(INFO, "driftlock.run.done", { command, applied, pending, duration_ms }, "`{command}` is done");
            }
            Err(error) => event!(
                ERROR,
                "driftlock.run.failed",
                {
                    command,
                    code = error.code(),
                    kind = error.kind().as_str(),
                    error = %error,
                    applied = error.applied().len(),
                    duration_ms,
                },
                "`{command}` failed"
            ),
        }
        result
    }
    .instrument(span)
    .await
}

/// What came of a run, in numbers: versions that it did, and that are pending.
pub(crate) trait Ran {
    /// Both, where the result tells.
    fn counts(&self) -> (Option<usize>, Option<usize>) {
        (None, None)
    }
}

impl Ran for crate::Report {
    fn counts(&self) -> (Option<usize>, Option<usize>) {
        (Some(self.applied.len()), Some(self.pending.len()))
    }
}

impl Ran for crate::Plan {
    fn counts(&self) -> (Option<usize>, Option<usize>) {
        (None, Some(self.pending.len()))
    }
}

impl Ran for crate::Status {
    fn counts(&self) -> (Option<usize>, Option<usize>) {
        (None, Some(self.pending()))
    }
}

impl Ran for crate::Check {}
impl Ran for crate::Audit {}
impl Ran for crate::Verification {}
impl Ran for crate::Differing {}
impl Ran for crate::Synced {}

/// Connected, or not.
pub(crate) fn connecting<T>(
    url: &DatabaseUrl,
    began: Instant,
    result: &Result<T, DbError>,
    server: impl FnOnce(&T) -> &Server,
) {
    let duration_ms = ms(began.elapsed());
    match result {
        Ok(connected) => {
            let Server { engine, version, database, user, connection } = server(connected);
            event!(
                INFO,
                "driftlock.connected",
                { engine, server = version, database, user, connection, %url, duration_ms },
                "connected to {version}"
            );
        }
        Err(error) => event!(
            ERROR,
            "driftlock.connection.failed",
            { %url, code = error.code(), %error, duration_ms },
            "can't connect"
        ),
    }
}

/// The connection is closed in good order.
pub(crate) fn closed(server: &Server) {
    event!(DEBUG, "driftlock.connection.closed", { connection = server.connection }, "the connection is closed");
}

/// What would run, or is about to.
pub(crate) fn planned(planned: &[PlannedMigration]) {
    if is_on(LevelFilter::INFO) {
        let statements: usize = planned.iter().map(|it| it.running().count()).sum();
        event!(INFO, "driftlock.plan.made", { pending = planned.len(), statements }, "{} to run", planned.len());
    }
}

/// The lock is ours.
pub(crate) fn locked(waited: Duration) {
    event!(INFO, "driftlock.lock.taken", { waited_ms = ms(waited) }, "the lock is taken");
}

/// Somebody else did meanwhile what the lock was wanted for.
pub(crate) fn lock_not_needed(waited: Duration) {
    event!(INFO, "driftlock.lock.not_needed", { waited_ms = ms(waited) }, "another run did all of it meanwhile");
}

/// The lock was given back, or ends with the connection.
pub(crate) fn unlocked(result: &Result<(), DbError>) {
    match result {
        Ok(()) => event!(INFO, "driftlock.lock.released", {}, "the lock is given back"),
        Err(error) => {
            event!(WARN, "driftlock.lock.release_failed", { %error }, "the lock ends with the connection");
        }
    }
}

/// The server was told to end what somebody else left.
pub(crate) fn took_over(holder: &driftlock_database::Holder) {
    event!(WARN, "driftlock.takeover", { %holder }, "the server was told to end what a run left whose client is gone");
}

/// The fence is raised: earlier runs can't commit any more.
pub(crate) fn fenced(fence: &Fence, began: Instant) {
    event!(
        INFO,
        "driftlock.fence.taken",
        {
            token = fence.token,
            head = fence.head,
            environment = fence.environment.as_deref(),
            duration_ms = ms(began.elapsed()),
        },
        "the fence is raised to {}", fence.token
    );
}

/// The own tables are there.
pub(crate) fn prepared(began: Instant) {
    event!(
        DEBUG,
        "driftlock.tables.prepared",
        { duration_ms = ms(began.elapsed()) },
        "driftlock's own tables are there"
    );
}

/// Rows of the own tables are committed, with their values. What is longer than a line by nature is told by its length.
pub(crate) fn recorded(records: &Records<'_>, began: Instant) {
    if !is_on(LevelFilter::INFO) {
        return;
    }
    let (token, duration_ms) = (records.token, ms(began.elapsed()));
    for row in records.journal {
        let JournalRow { attempt, statement, sha256, line, state, object_before, session, at } = row;
        event!(
            INFO,
            "driftlock.journal.written",
            {
                attempt_id = attempt,
                statement,
                sha256,
                line,
                state = state.as_str(),
                object_before = object_before.as_deref(),
                session,
                %at,
                token,
                duration_ms,
            },
            "the journal has statement {statement} as {}", state.as_str()
        );
    }
    for row in records.history {
        let HistoryRow { sequence, attempt, version, name, direction, state, .. } = row;
        event!(
            INFO,
            "driftlock.history.written",
            {
                sequence,
                attempt_id = attempt,
                version,
                migration = name,
                direction = direction.as_str(),
                state = state.as_str(),
                sha256 = row.sha256.as_deref(),
                crc32 = row.crc32.as_deref(),
                rollback_bytes = row.rollback_sql.as_ref().map(String::len),
                started_at = %row.started_at,
                migration_ms = row.duration_ms,
                applied_by = row.applied_by,
                os_user = row.os_user,
                host = row.host,
                environment = row.environment,
                route = row.route.as_deref(),
                git_commit = row.git_commit,
                ci_job = row.ci_job,
                tool_version = row.tool_version,
                reason = row.reason.as_deref(),
                error = row.error.as_deref(),
                chain = row.chain,
                token,
                duration_ms,
            },
            "the history has {version} as {}", state.as_str()
        );
    }
}

/// Two schemas were compared, and the steps from one to the other found.
pub(crate) fn compared(diff: &crate::Diff, began: Instant) {
    event!(
        DEBUG,
        "driftlock.diff.compared",
        { changes = diff.changes.len(), steps = diff.steps.len(), duration_ms = ms(began.elapsed()) },
        "{} differences, {} statements", diff.changes.len(), diff.steps.len()
    );
}

/// The steps led where they should.
pub(crate) fn proved(diff: &crate::Diff, began: Instant) {
    event!(
        DEBUG,
        "driftlock.diff.proved",
        { steps = diff.steps.len(), duration_ms = ms(began.elapsed()) },
        "{} statements are proved", diff.steps.len()
    );
}

/// A database was held against what is expected of it.
pub(crate) fn looked(check: &crate::Check, began: Instant) {
    macro_rules! told {
        ($level:ident) => {
            event!(
                $level,
                "driftlock.drift.looked",
                {
                    against = check.against.map(crate::Against::as_str),
                    version = check.version.as_ref().map(Version::as_str),
                    drift = check.drift.len(),
                    uncompared = check.uncompared.len(),
                    incomplete = !check.incomplete.is_empty(),
                    remembered = check.remembered,
                    duration_ms = ms(began.elapsed()),
                },
                "{} differences between the database and what is expected of it", check.drift.len()
            )
        };
    }
    if check.drift.is_empty() {
        told!(INFO);
    } else {
        told!(WARN);
    }
}

/// The server was asked to cancel what runs.
pub(crate) fn cancelling(result: &Result<(), DbError>) {
    let error = result.as_ref().err().map(ToString::to_string);
    event!(WARN, "driftlock.cancel.sent", { error }, "the server was asked to cancel the statement");
}

/// What became of a statement of an earlier run whose result nobody read.
pub(crate) fn probed(planned: &PlannedMigration, row: &JournalRow, probe: &Probe) {
    let (outcome, known) = match probe {
        Probe::NotRun => ("not_run", None),
        Probe::Done => ("done", None),
        Probe::Unknown(what) => ("unknown", Some(what.as_str())),
    };
    event!(
        INFO,
        "driftlock.resume.probed",
        { version = %planned.version, file = planned.file, statement = row.statement, line = row.line, outcome, known },
        "statement {} of an interrupted run: {outcome}", row.statement
    );
}

/// Where a migration is taken up that an earlier run left half-done.
pub(crate) fn resuming(planned: &PlannedMigration, attempt: &str, done: usize) {
    event!(
        INFO,
        "driftlock.resume.decided",
        {
            version = %planned.version,
            file = planned.file,
            earlier_attempt_id = attempt,
            done,
            of = planned.statements.len(),
        },
        "goes on behind {done} of {} statements", planned.statements.len()
    );
}

/// A migration came to no good end.
pub(crate) fn failed(planned: &PlannedMigration, error: &Error) {
    if !is_on(LevelFilter::ERROR) {
        return;
    }
    let outcome = match error {
        Error::Statement(error) => Some(&error.outcome),
        Error::Interrupted { during: Some((_, outcome)), .. } => Some(outcome),
        _ => None,
    };
    if outcome == Some(&Outcome::RolledBack) {
        event!(
            INFO,
            "driftlock.migration.rolled_back",
            { version = %planned.version, file = planned.file },
            "nothing of {} was done", planned.version
        );
    }
    let place = error.place();
    event!(
        ERROR,
        "driftlock.migration.failed",
        {
            version = %planned.version,
            migration = planned.name,
            file = planned.file,
            direction = planned.direction.as_str(),
            line = place.map(|place| place.line),
            column = place.map(|place| place.column),
            code = error.code(),
            error = %error,
            outcome = outcome.map(|outcome| match outcome {
                Outcome::RolledBack => "rolled_back",
                Outcome::Partial { .. } => "partial",
                Outcome::NotKnown => "unknown",
                Outcome::Scratch => "scratch",
            }),
            done = outcome.and_then(|outcome| match outcome {
                Outcome::Partial { done } => Some(done.len()),
                _ => None,
            }),
        },
        "{} of {} failed", planned.direction.as_str(), planned.version
    );
}

/// Statements of a migration, told one by one with their texts.
pub(crate) struct Statements<'a> {
    pub(crate) planned: &'a PlannedMigration,
    pub(crate) dialect: Dialect,
    /// Which try of it this is, from 1.
    pub(crate) attempt: u32,
    /// From how long on a statement is slow.
    pub(crate) slow: Option<Duration>,
    /// When the one that runs began: when the answer to the one before it was read.
    pub(crate) since: Instant,
}

impl<'a> Statements<'a> {
    pub(crate) fn new(planned: &'a PlannedMigration, dialect: Dialect, attempt: u32, slow: Option<Duration>) -> Self {
        Statements { planned, dialect, attempt, slow, since: Instant::now() }
    }

    /// The statement's text as it may be shown, and how long it is.
    fn text(&self, index: usize) -> (String, usize) {
        let statement = &self.planned.statements[index];
        let bytes = self.planned.sql(statement).len();
        if bytes > LONGEST_READ {
            return ("…".to_owned(), bytes);
        }
        let mut text = self.planned.shown(statement, self.dialect);
        let whole = text.len();
        if let Some(end) = (0..=LONGEST.min(whole)).rev().find(|end| text.is_char_boundary(*end))
            && end < whole
        {
            text.truncate(end);
            text.push('…');
        }
        (text, bytes)
    }

    /// It is sent next.
    pub(crate) fn started(&self, index: usize) {
        if !is_on(LevelFilter::DEBUG) {
            return;
        }
        let (planned, (sql, bytes)) = (self.planned, self.text(index));
        event!(
            DEBUG,
            "driftlock.statement.started",
            {
                version = %planned.version,
                file = planned.file,
                direction = planned.direction.as_str(),
                statement = index + 1,
                line = planned.statements[index].statement.line,
                attempt = self.attempt,
                sql,
                bytes,
            },
            "statement {} begins", index + 1
        );
    }

    /// It is done.
    pub(crate) fn done(&mut self, index: usize, rows: Option<u64>, duration: Duration) {
        self.since = Instant::now();
        let slow = self.slow.is_some_and(|limit| duration >= limit);
        if !is_on(if slow { LevelFilter::WARN } else { LevelFilter::INFO }) {
            return;
        }
        let (planned, (sql, bytes)) = (self.planned, self.text(index));
        macro_rules! told {
            ($level:ident, $($message:tt)+) => {
                event!(
                    $level,
                    "driftlock.statement.done",
                    {
                        version = %planned.version,
                        file = planned.file,
                        direction = planned.direction.as_str(),
                        statement = index + 1,
                        line = planned.statements[index].statement.line,
                        attempt = self.attempt,
                        rows,
                        duration_ms = ms(duration),
                        slow,
                        sql,
                        bytes,
                    },
                    $($message)+
                )
            };
        }
        if slow {
            told!(WARN, "statement {} is done, and was slow", index + 1);
        } else {
            told!(INFO, "statement {} is done", index + 1);
        }
    }

    /// It failed, for now or for good.
    pub(crate) fn failed(&self, index: usize, error: &DbError) {
        if !is_on(LevelFilter::WARN) {
            return;
        }
        let (planned, (sql, bytes)) = (self.planned, self.text(index));
        let error = masked(error.clone(), &planned.secrets(index, self.dialect), self.dialect);
        event!(
            WARN,
            "driftlock.statement.failed",
            {
                version = %planned.version,
                file = planned.file,
                direction = planned.direction.as_str(),
                statement = index + 1,
                line = planned.statements[index].statement.line,
                attempt = self.attempt,
                duration_ms = ms(self.since.elapsed()),
                code = error.code(),
                server_code = error.server().map(|server| server.code.as_str()),
                %error,
                sql,
                bytes,
            },
            "statement {} failed", index + 1
        );
    }
}
