//! The connection and what is known of it: everything that runs, runs here, on whichever thread has it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use driftlock_database::{Error, ServerError, lent_in_transaction, trace};
use driftlock_script::Dialect;
use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Batch, Connection, OpenFlags, ffi};

use crate::classify::traits;
use crate::control::Control;
use crate::error::Fault;
use crate::foreign_keys::{self, Violations};
use crate::lock::FileLock;
use crate::settings::Baseline;
use crate::url::{Mode, Place};
use crate::{codes, names, url};

/// One connection.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) place: Place,
    /// `None` while the file is missing: looking at a database must not make it.
    connection: Option<Connection>,
    /// Which file the connection was opened on.
    identity: Option<(u64, u64)>,
    /// Behind the connection, so that it is freed after it: no other runner may begin while a statement still runs.
    pub(crate) lock: Option<FileLock>,
    pub(crate) control: Arc<Control>,
    /// Zero is no limit.
    pub(crate) lock_timeout: Duration,
    /// Zero is no limit.
    pub(crate) statement_timeout: Duration,
    /// How the settings were, once a script touched them.
    baseline: Option<Baseline>,
    /// Whether the connection tells of each statement.
    tells: bool,
    /// `begin` opened a transaction that neither `commit` nor `rollback` ended.
    opened: bool,
    /// A statement of the open transaction can have left a foreign key without its row.
    may_violate: bool,
    /// What violated foreign keys before the open transaction's first such statement, where that was looked for.
    before: Option<Violations>,
    /// Look for it: it can't be found out later.
    look_before: bool,
    /// What was read of statements, where the schema is read again and again.
    pub(crate) memory: crate::inspect::Memory,
}

/// How long a statement waits for another process until a session is told otherwise.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

impl Worker {
    /// Opens what is there.
    pub(crate) fn new(place: Place, control: Arc<Control>) -> Result<Self, Error> {
        let mut worker = Worker::without_connection(place, control);
        worker.look()?;
        Ok(worker)
    }

    fn without_connection(place: Place, control: Arc<Control>) -> Self {
        Worker {
            look_before: place == Place::Memory,
            place,
            connection: None,
            identity: None,
            lock: None,
            control,
            lock_timeout: LOCK_TIMEOUT,
            statement_timeout: Duration::ZERO,
            baseline: None,
            tells: false,
            opened: false,
            may_violate: false,
            before: None,
            memory: crate::inspect::Memory::default(),
        }
    }

    /// Takes a connection that is lent. What it was like is the [`Loan`].
    pub(crate) fn lent(mut connection: Connection, control: Arc<Control>) -> Result<(Self, Loan), Error> {
        if !connection.is_autocommit() {
            return Err(lent_in_transaction());
        }
        let tell = |error: rusqlite::Error| Fault::Sql(error).tell("", &Place::Memory);
        let path = connection.path().filter(|path| !path.is_empty()).map(std::path::PathBuf::from);
        let place = match path {
            None => Place::Memory,
            Some(path) => {
                let mode = if connection.is_readonly("main").map_err(tell)? { Mode::Read } else { Mode::Write };
                Place::File { path: path.canonicalize().unwrap_or(path), mode }
            }
        };
        let loan = Loan {
            baseline: Baseline::read(&connection).map_err(tell)?,
            busy_timeout: connection.query_row("PRAGMA busy_timeout", [], |row| row.get(0)).map_err(tell)?,
        };
        prepare(&mut connection, &control).map_err(tell)?;
        let mut worker = Worker::without_connection(place, control);
        worker.connection = Some(connection);
        worker.identity = worker.found();
        Ok((worker, loan))
    }

    /// Puts a lent connection back into the state in which it came, and hands it out.
    pub(crate) fn give_back(&mut self, loan: &Loan) -> Result<Connection, Fault> {
        self.rollback()?;
        self.lock = None;
        self.restore()?;
        let mut connection = self.connection.take().ok_or_else(closed)?;
        if self.tells {
            tell_of(&mut connection, false);
        }
        loan.baseline.restore(&connection)?;
        connection.busy_timeout(Duration::from_millis(loan.busy_timeout.into()))?;
        let _ = connection.progress_handler(0, None::<fn() -> bool>);
        Ok(connection)
    }

    /// The connection for looking: `None` when there is no database yet.
    pub(crate) fn look(&mut self) -> Result<Option<&Connection>, Error> {
        if self.connection.is_none() {
            let is_there = match &self.place {
                Place::Memory => true,
                Place::File { path, .. } => path.exists(),
            };
            if is_there {
                self.open(OpenFlags::empty())?;
            }
        }
        self.tell(true);
        Ok(self.connection.as_ref())
    }

    /// The connection for writing: makes the file when it is missing.
    pub(crate) fn connection(&mut self) -> Result<&Connection, Error> {
        if self.connection.is_none() {
            self.open(OpenFlags::SQLITE_OPEN_CREATE)?;
        }
        self.tell(true);
        // `open` has set it or failed.
        self.connection.as_ref().ok_or_else(closed)
    }

    fn open(&mut self, more: OpenFlags) -> Result<(), Error> {
        let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = match &self.place {
            Place::Memory => Connection::open_in_memory_with_flags(
                flags | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
            ),
            Place::File { path, mode } => {
                let access = match mode {
                    Mode::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
                    Mode::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
                    Mode::Create => OpenFlags::SQLITE_OPEN_READ_WRITE | more,
                };
                Connection::open_with_flags(path, flags | access)
            }
        };
        let place = &self.place;
        let tell = |error: rusqlite::Error| Fault::Sql(error).tell("", place);
        let mut connection = opened.map_err(tell)?;
        prepare(&mut connection, &self.control).map_err(tell)?;
        self.connection = Some(connection);
        self.tells = false;
        self.identity = self.found();
        Ok(())
    }

    /// The file that the path leads to now.
    fn found(&self) -> Option<(u64, u64)> {
        match &self.place {
            Place::Memory => None,
            Place::File { path, .. } => names::identity(path),
        }
    }

    /// That the path still leads to the file that is open: what is written to another one, or to one without a name, is lost.
    pub(crate) fn verify_place(&self) -> Result<(), Error> {
        if self.connection.is_some() && self.found() != self.identity {
            return Err(crate::error::moved(&self.place));
        }
        Ok(())
    }

    /// Whether a transaction is open, whoever opened it.
    pub(crate) fn in_transaction(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| !connection.is_autocommit())
    }

    /// Whether `begin`'s transaction was ended by something else than us (`INSERT OR ROLLBACK`, a full disk).
    pub(crate) fn lost_transaction(&self) -> bool {
        self.opened && !self.in_transaction()
    }

    /// Tries until someone else's lock is gone, the lock timeout is over, or it is cancelled.
    pub(crate) fn patiently<T>(
        &mut self,
        abandoned: &AtomicBool,
        mut attempt: impl FnMut(&mut Worker) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            match attempt(self) {
                Err(fault) if fault.is_busy() => {
                    if self.control.is_cancelled() || abandoned.load(SeqCst) {
                        return Err(cancelled().into());
                    }
                    if !self.lock_timeout.is_zero() && start.elapsed() >= self.lock_timeout {
                        return Err(fault);
                    }
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(Duration::from_millis(25));
                }
                other => return other,
            }
        }
    }

    /// Runs one transaction of our own; whatever goes wrong, none is left open.
    pub(crate) fn transaction<T>(&mut self, body: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        let connection = self.connection()?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let done = body(connection).and_then(|value| Ok(connection.execute_batch("COMMIT").map(|()| value)?));
        if done.is_err() && !connection.is_autocommit() {
            // The first error is the one that is told.
            let _ = connection.execute_batch("ROLLBACK");
        }
        done
    }

    /// Opens the transaction of a script.
    pub(crate) fn begin(&mut self) -> Result<(), Fault> {
        self.connection()?.execute_batch("BEGIN IMMEDIATE")?;
        self.opened = true;
        self.may_violate = false;
        self.before = None;
        Ok(())
    }

    /// Rolls back whatever is open.
    pub(crate) fn rollback(&mut self) -> Result<(), Fault> {
        self.opened = false;
        self.may_violate = false;
        self.before = None;
        if let Some(connection) = self.connection.as_ref().filter(|connection| !connection.is_autocommit()) {
            connection.execute_batch("ROLLBACK")?;
        }
        Ok(())
    }

    /// Commits whatever is open.
    pub(crate) fn commit(&mut self) -> Result<(), Fault> {
        self.connection()?.execute_batch("COMMIT")?;
        self.opened = false;
        self.may_violate = false;
        self.before = None;
        Ok(())
    }

    /// Runs one statement to its end. How many rows it changed or returned, where that means something.
    pub(crate) fn run(&mut self, sql: &str) -> Result<Option<u64>, Fault> {
        let traits = traits(sql);
        if traits.touches && self.baseline.is_none() {
            self.baseline = Some(Baseline::read(self.connection()?)?);
        }
        if traits.may_violate && !self.may_violate && self.in_transaction() {
            if self.look_before {
                self.before = Some(foreign_keys::all(self.connection()?)?);
            }
            self.may_violate = true;
        }
        let wait = if self.lock_timeout.is_zero() { Duration::MAX } else { self.lock_timeout };
        // SQLite waits inside the statement: one that has come far (VACUUM) need not begin again. It wants milliseconds in 31 bits.
        let wait = wait.min(Duration::from_millis(i32::MAX as u64));
        self.connection()?.busy_timeout(wait)?;
        self.control.limit(self.statement_timeout);
        // The engine tells of the script's own statements.
        self.tell(false);
        let result = match &self.connection {
            Some(connection) => step(connection, sql, traits.changes_rows),
            None => Err(closed().into()),
        };
        let is_late = self.control.is_late();
        self.control.limit(Duration::ZERO);
        self.connection()?.busy_timeout(Duration::ZERO)?;
        match result {
            Err(Fault::Sql(error)) if is_late && crate::error::extended_code(&error) == ffi::SQLITE_INTERRUPT => {
                Err(Fault::Told(Error::Cancelled(Box::new(ServerError {
                    code: codes::named(ffi::SQLITE_INTERRUPT),
                    message: format!(
                        "the statement ran longer than its limit of {:?} and was ended",
                        self.statement_timeout
                    ),
                    hint: Some("allow it a longer statement timeout, or split it".to_owned()),
                    ..ServerError::default()
                }))))
            }
            other => other,
        }
    }

    /// Tells of each statement that ends from now on, or no more. Whoever listens may have come after the connection.
    fn tell(&mut self, on: bool) {
        if self.tells == on || !trace::is_on() {
            return;
        }
        if let Some(connection) = self.connection.as_mut() {
            tell_of(connection, on);
            self.tells = on;
        }
    }

    /// Puts the session back to how it was after connecting. No transaction is open.
    pub(crate) fn restore(&mut self) -> Result<(), Fault> {
        if let (Some(connection), Some(baseline)) = (&self.connection, &self.baseline) {
            baseline.restore(connection)?;
            self.baseline = None;
        }
        Ok(())
    }

    /// Lets records be written whatever the script set.
    pub(crate) fn allow_writing(&mut self) -> Result<(), Fault> {
        if self.baseline.is_some() {
            self.connection()?.execute_batch("PRAGMA query_only = OFF")?;
        }
        Ok(())
    }

    /// Refuses foreign key violations that the open transaction would commit. Rolls back when it refuses.
    pub(crate) fn check_foreign_keys(&mut self) -> Result<(), Fault> {
        if !self.may_violate || !foreign_keys::any(self.connection()?)? {
            return Ok(());
        }
        let after = foreign_keys::all(self.connection()?)?;
        let before = match self.before.take() {
            Some(before) => Some(before),
            None => self.committed_violations(),
        };
        let Some(before) = before else {
            return self.check_after_rollback(&after);
        };
        let new = after.since(&before);
        if new.is_empty() {
            return Ok(());
        }
        self.rollback()?;
        Err(new.refusal().into())
    }

    /// Asked through another connection, which sees what is committed. `None` when that can't read just now: a large
    /// transaction has begun to write into the file already.
    fn committed_violations(&self) -> Option<Violations> {
        let Place::File { path, .. } = &self.place else {
            return None;
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let other = Connection::open_with_flags(path, flags).ok()?;
        other.busy_timeout(Duration::from_millis(50)).ok()?;
        foreign_keys::all(&other).ok()
    }

    /// The only way left to see what was there before. The next attempt looks before it runs.
    fn check_after_rollback(&mut self, after: &Violations) -> Result<(), Fault> {
        self.rollback()?;
        let before = foreign_keys::all(self.connection()?)?;
        let new = after.since(&before);
        if !new.is_empty() {
            return Err(new.refusal().into());
        }
        self.look_before = true;
        Err(Error::LockTimeout(Box::new(ServerError {
            code: codes::named(ffi::SQLITE_BUSY),
            message: "the transaction was rolled back to look which foreign key violations were there before it"
                .to_owned(),
            detail: Some("all were; the next attempt knows".to_owned()),
            hint: Some("run it again".to_owned()),
            ..ServerError::default()
        }))
        .into())
    }

    /// Ends the connection, then the lock.
    pub(crate) fn shut(&mut self) {
        self.connection = None;
        self.lock = None;
    }

    /// Whether SQLite can only read the file. Of one that is missing only writing it can tell.
    pub(crate) fn is_readonly(&mut self) -> Result<bool, Fault> {
        if let Place::File { mode: Mode::Read, .. } = &self.place {
            return Ok(true);
        }
        Ok(match self.look()? {
            Some(connection) => connection.is_readonly("main")?,
            None => false,
        })
    }

    /// Asks for the lock of this database.
    pub(crate) fn try_lock(
        &mut self,
        me: &driftlock_database::Holder,
        now: &str,
    ) -> Result<driftlock_database::LockAttempt, Error> {
        let url::Place::File { path, .. } = &self.place else {
            // Nobody else can have it.
            return Ok(driftlock_database::LockAttempt::Held);
        };
        if let Some(lock) = &self.lock {
            lock.verify()?;
            return Ok(driftlock_database::LockAttempt::Held);
        }
        let attempt = FileLock::attempt(path, me, now)?;
        let answer = (&attempt).into();
        if let crate::lock::Attempt::Held(lock) = attempt {
            self.lock = Some(lock);
        }
        Ok(answer)
    }
}

fn closed() -> Error {
    Error::ConnectionLost("the session was closed".to_owned())
}

/// Tells of each statement that ends from now on, or no more.
fn tell_of(connection: &mut Connection, on: bool) {
    let told: fn(TraceEvent<'_>) = |event| {
        if let TraceEvent::Profile(statement, duration) = event {
            trace::sent(&statement.sql(), Dialect::Sqlite, duration, None, None);
        }
    };
    let events = if on { TraceEventCodes::SQLITE_TRACE_PROFILE } else { TraceEventCodes::empty() };
    // Nothing depends on it.
    let _ = connection.trace_v2(events, on.then_some(told));
}

/// What a lent connection was like when it came.
#[derive(Debug)]
pub(crate) struct Loan {
    baseline: Baseline,
    /// In milliseconds.
    busy_timeout: u32,
}

/// A connection as scripts find it.
fn prepare(connection: &mut Connection, control: &Arc<Control>) -> rusqlite::Result<()> {
    // SQLite as Rust programs compile it has them on, SQLite's own client off. With them on, the rebuild of a table
    // that SQLite's documentation describes would delete the rows that refer to it.
    connection.execute_batch("PRAGMA foreign_keys = OFF")?;
    // We wait ourselves, see `patiently`: that can be cancelled.
    connection.busy_timeout(Duration::ZERO)?;
    control.watch(connection);
    Ok(())
}

/// Steps through all rows of one statement; the rows themselves are dropped.
fn step(connection: &Connection, sql: &str, changes_rows: bool) -> Result<Option<u64>, Fault> {
    let mut batch = Batch::new(connection, sql);
    let Some(mut statement) = batch.next()? else {
        return Ok(None);
    };
    // A second statement may need what the first one makes, so that it can't be prepared yet: it is one all the same.
    if !matches!(batch.next(), Ok(None)) {
        return Err(Error::Protocol(
            "more than one statement was given at once, and nothing of it was run; this is a defect of driftlock: the \
             file was not split where it should be"
                .to_owned(),
        )
        .into());
    }
    let returns_rows = statement.column_count() > 0 && statement.readonly();
    let mut rows = statement.raw_query();
    let mut count = 0_u64;
    while rows.next()?.is_some() {
        count += 1;
    }
    drop(rows);
    Ok(if changes_rows && !statement.readonly() {
        Some(connection.changes())
    } else if returns_rows && is_query(sql) {
        Some(count)
    } else {
        None
    })
}

/// The rows of a query are worth counting, those of a PRAGMA or of EXPLAIN aren't.
fn is_query(sql: &str) -> bool {
    crate::classify::head(sql).first().is_some_and(|word| word.is("SELECT") || word.is("VALUES") || word.is("WITH"))
}

/// What a job answers that was asked to end while it waited.
pub(crate) fn cancelled() -> Error {
    Error::Cancelled(Box::new(ServerError {
        code: codes::named(ffi::SQLITE_INTERRUPT),
        message: "interrupted".to_owned(),
        ..ServerError::default()
    }))
}
