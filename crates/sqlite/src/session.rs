//! One open connection to a SQLite database.
//!
//! Short work runs on the caller's thread: at start-up a thread would cost more than the work. What can take time, or
//! has to wait for another process, goes to a blocking thread. Dropping a future ends the statement that it waited for;
//! the transaction, if one is open, stays open until [`Session::rollback`] or [`Session::reset`].

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use driftlock_database::{
    Cancel, Census, ChangeMarks, Error, Event, Examination, ExecuteError, Fence, ForeignRows, Glance, HistoryRow,
    Holder, Inspection, JournalRow, Lender, LockAttempt, Observer, OwnTables, Probe, Reach, Records, Runnable, Server,
    Session, Surroundings, Timeouts, Timestamp, trace,
};
use driftlock_schema::Schema;
use rusqlite::Connection;

use crate::control::Control;
use crate::error::Fault;
use crate::tables::Tables;
use crate::url::{Mode, Place};
use crate::worker::{Loan, Worker, cancelled};
use crate::{names, objects, surroundings};

/// A session.
#[derive(Debug)]
pub(crate) struct SqliteSession {
    server: Server,
    place: Place,
    control: Arc<Control>,
    worker: Arc<Mutex<Worker>>,
    /// Whether anything but looking was asked of it.
    has_written: bool,
    /// Whose connection it is, where it is lent.
    lent: Option<(Loan, Lender<Connection>)>,
}

impl SqliteSession {
    pub(crate) fn open(place: Place) -> Result<Self, Error> {
        let control = Arc::new(Control::new());
        let worker = Worker::new(place, Arc::clone(&control))?;
        Ok(SqliteSession::of(worker, control, None))
    }

    /// On a connection that is lent.
    pub(crate) fn lent(connection: Connection) -> Result<(Self, Lender<Connection>), Error> {
        let control = Arc::new(Control::new());
        let lender = Lender::default();
        let (worker, loan) = Worker::lent(connection, Arc::clone(&control))?;
        Ok((SqliteSession::of(worker, control, Some((loan, lender.clone()))), lender))
    }

    fn of(worker: Worker, control: Arc<Control>, lent: Option<(Loan, Lender<Connection>)>) -> Self {
        let place = worker.place.clone();
        let server = Server {
            engine: "sqlite",
            version: format!("SQLite {}", rusqlite::version()),
            database: place.name(),
            user: String::new(),
            connection: String::new(),
        };
        SqliteSession { server, place, control, worker: Arc::new(Mutex::new(worker)), has_written: false, lent }
    }

    /// Runs short work here and now; if another process or an earlier, abandoned future is in the way, waits for it on a blocking thread.
    async fn soon<T, F>(&self, mut work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut Worker) -> Result<T, Fault> + Send + 'static,
    {
        let here = match self.worker.try_lock() {
            Ok(mut worker) => Some(work(&mut worker)),
            Err(TryLockError::Poisoned(poisoned)) => Some(work(&mut poisoned.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        };
        match here {
            Some(Err(fault)) if fault.is_busy() => {}
            Some(result) => return result.map_err(|fault| fault.tell("", &self.place)),
            None => {}
        }
        self.read(work).await
    }

    /// Reads what may be much, on a blocking thread; waits for who is in the way.
    async fn read<T, F>(&self, mut work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnMut(&mut Worker) -> Result<T, Fault> + Send + 'static,
    {
        self.elsewhere(Abandoned::Stops, move |worker, abandoned| worker.patiently(abandoned, |worker| work(worker)))
            .await
    }

    /// Runs work on a blocking thread.
    async fn elsewhere<T, F>(&self, abandoned: Abandoned, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Worker, &AtomicBool) -> Result<T, Fault> + Send + 'static,
    {
        let guard = Guard::new(abandoned, &self.control);
        let (worker, control, flag) = (Arc::clone(&self.worker), Arc::clone(&self.control), Arc::clone(&guard.flag));
        let job = tokio::task::spawn_blocking(trace::carried(move || {
            let mut worker = worker.lock().unwrap_or_else(PoisonError::into_inner);
            control.start();
            // Looked at after `start`: whoever abandons it from here on finds it running.
            let result = if flag.load(SeqCst) { Err(Fault::Told(cancelled())) } else { work(&mut worker, &flag) };
            control.finish();
            result
        }));
        let result = job.await;
        guard.done();
        match result {
            Ok(result) => result.map_err(|fault| fault.tell("", &self.place)),
            Err(error) => Err(Error::Protocol(format!("the thread that runs SQLite ended: {error}"))),
        }
    }
}

/// What is in a file that isn't there yet.
fn nothing() -> Inspection {
    Inspection { schema: Schema::new("sqlite"), unmodelled: Vec::new(), incomplete: Vec::new() }
}

/// What happens to work when its future is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Abandoned {
    /// It is ended as soon as possible.
    Stops,
    /// It goes on to its end: half of it would be worse.
    GoesOn,
}

/// Notices that a future was dropped before its work ended.
struct Guard {
    flag: Arc<AtomicBool>,
    control: Option<Arc<Control>>,
}

impl Guard {
    fn new(abandoned: Abandoned, control: &Arc<Control>) -> Self {
        let control = (abandoned == Abandoned::Stops).then(|| Arc::clone(control));
        Guard { flag: Arc::new(AtomicBool::new(false)), control }
    }

    fn done(mut self) {
        self.control = None;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(control) = &self.control {
            self.flag.store(true, SeqCst);
            control.stop();
        }
    }
}

/// SQLite has no server and so no clock but this machine's.
fn now() -> Timestamp {
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

#[async_trait]
impl Session for SqliteSession {
    fn server(&self) -> &Server {
        &self.server
    }

    fn canceller(&self) -> Arc<dyn Cancel> {
        Arc::clone(&self.control) as Arc<dyn Cancel>
    }

    async fn glance(&mut self, tables: &OwnTables) -> Result<Option<Glance>, Error> {
        let tables = Tables::new(tables)?;
        self.soon(move |worker| match worker.look()? {
            Some(connection) => tables.glance(connection),
            None => Ok(None),
        })
        .await
    }

    async fn surroundings(&mut self, tables: &OwnTables) -> Result<Surroundings, Error> {
        let tables = Tables::new(tables)?;
        self.soon(move |worker| match worker.look()? {
            Some(connection) => surroundings::look(connection, &tables),
            None => Ok(Surroundings::default()),
        })
        .await
    }

    async fn foreign_rows(&mut self, table: &str) -> Result<ForeignRows, Error> {
        let table = table.to_owned();
        self.soon(move |worker| match worker.look()? {
            Some(connection) => surroundings::foreign_rows(connection, &table),
            None => Ok(ForeignRows::default()),
        })
        .await
    }

    async fn inspect(&mut self) -> Result<Inspection, Error> {
        self.read(|worker| match worker.look()? {
            Some(connection) => crate::inspect::take(connection),
            None => Ok(nothing()),
        })
        .await
    }

    async fn inspect_again(&mut self, _: &Inspection, _: Reach<'_>) -> Result<Inspection, Error> {
        self.read(|worker| {
            let mut memory = std::mem::take(&mut worker.memory);
            let read = match worker.look()? {
                Some(connection) => crate::inspect::take_again(connection, &mut memory),
                None => Ok(nothing()),
            };
            worker.memory = memory;
            read
        })
        .await
    }

    async fn census(&mut self) -> Result<Census, Error> {
        self.read(|worker| match worker.look()? {
            Some(connection) => crate::census::take(connection),
            None => Ok(Census::default()),
        })
        .await
    }

    async fn change_marks(&mut self) -> Result<Option<ChangeMarks>, Error> {
        self.soon(|worker| {
            let Place::File { path, .. } = worker.place.clone() else { return Ok(None) };
            // Of a file that was replaced, the connection knows another one.
            if worker.verify_place().is_err() {
                return Ok(None);
            }
            match worker.look()? {
                Some(connection) => crate::marks::read(connection, &path),
                None => Ok(None),
            }
        })
        .await
    }

    async fn ensure_fit(&mut self) -> Result<(), Error> {
        let place = self.place.name();
        self.soon(move |worker| {
            if !worker.is_readonly()? {
                if let Place::File { path, .. } = &worker.place {
                    names::refuse_several(path)?;
                }
                return Ok(());
            }
            let reason = match &worker.place {
                Place::File { mode: Mode::Read, .. } => "the URL says `mode=ro`; take it out to migrate this database",
                _ => "this user may not write to the file, or its file system is mounted read-only",
            };
            Err(Error::Unfit(format!("{place} can only be read: {reason}")).into())
        })
        .await
    }

    async fn examine(&mut self, _tables: &OwnTables, _long: Duration) -> Result<Examination, Error> {
        self.soon(crate::doctor::examine).await
    }

    async fn try_lock(&mut self, tables: &OwnTables, me: &Holder) -> Result<LockAttempt, Error> {
        self.has_written = true;
        Tables::new(tables)?;
        let (me, now) = (me.clone(), now().to_string());
        self.soon(move |worker| Ok(worker.try_lock(&me, &now)?)).await
    }

    async fn unlock(&mut self) -> Result<(), Error> {
        self.soon(|worker| {
            worker.lock = None;
            Ok(())
        })
        .await
    }

    async fn prepare_tables(&mut self, tables: &OwnTables) -> Result<(), Error> {
        let tables = Tables::new(tables)?;
        self.elsewhere(Abandoned::Stops, move |worker, abandoned| {
            worker.patiently(abandoned, |worker| {
                if tables.are_made(worker.connection()?)? {
                    return Ok(());
                }
                worker.transaction(|connection| tables.make(connection))
            })
        })
        .await
    }

    async fn take_fence(&mut self, tables: &OwnTables, environment: Option<&str>) -> Result<(Fence, Timestamp), Error> {
        let tables = Tables::new(tables)?;
        let environment = environment.map(str::to_owned);
        let fence = self
            .elsewhere(Abandoned::Stops, move |worker, abandoned| {
                worker.patiently(abandoned, |worker| {
                    worker.transaction(|connection| tables.take_fence(connection, environment.as_deref()))
                })
            })
            .await?;
        Ok((fence, now()))
    }

    async fn history(&mut self, tables: &OwnTables) -> Result<Vec<HistoryRow>, Error> {
        let tables = Tables::new(tables)?;
        self.soon(move |worker| match worker.look()? {
            Some(connection) => tables.history(connection),
            None => Ok(Vec::new()),
        })
        .await
    }

    async fn journal(&mut self, tables: &OwnTables, attempt: &str) -> Result<Vec<JournalRow>, Error> {
        let tables = Tables::new(tables)?;
        let attempt = attempt.to_owned();
        self.soon(move |worker| match worker.look()? {
            Some(connection) => tables.journal(connection, &attempt),
            None => Ok(Vec::new()),
        })
        .await
    }

    async fn journals(&mut self, tables: &OwnTables) -> Result<Vec<JournalRow>, Error> {
        let tables = Tables::new(tables)?;
        self.soon(move |worker| match worker.look()? {
            Some(connection) => tables.journals(connection),
            None => Ok(Vec::new()),
        })
        .await
    }

    async fn reset(&mut self, timeouts: &Timeouts) -> Result<(), Error> {
        self.rollback().await?;
        let timeouts = *timeouts;
        self.soon(move |worker| {
            if let Some(lock) = &worker.lock {
                lock.verify()?;
            }
            worker.verify_place()?;
            worker.lock_timeout = timeouts.lock;
            worker.statement_timeout = timeouts.statement;
            worker.restore()
        })
        .await
    }

    async fn begin(&mut self) -> Result<(), Error> {
        self.has_written = true;
        self.soon(Worker::begin).await
    }

    async fn execute(&mut self, statements: &[Runnable<'_>], observer: &mut dyn Observer) -> Result<(), ExecuteError> {
        self.has_written = true;
        let texts: Vec<String> = statements.iter().map(|statement| statement.sql.to_owned()).collect();
        let (sender, mut events) = tokio::sync::mpsc::unbounded_channel();
        let place = self.place.clone();
        let job = self.elsewhere(Abandoned::Stops, move |worker, abandoned| {
            for (index, sql) in texts.iter().enumerate() {
                let fail = |fault: Fault| Ok(Err(ExecuteError { index, error: fault.tell(sql, &place) }));
                if worker.control.is_cancelled() || abandoned.load(SeqCst) {
                    return fail(cancelled().into());
                }
                let start = Instant::now();
                match worker.run(sql) {
                    // Nobody listens any more when the future was dropped.
                    Ok(rows) => {
                        let _ = sender.send(Event::Done { index, rows, duration: start.elapsed() });
                    }
                    Err(fault) => return fail(fault),
                }
                if worker.lost_transaction() {
                    return fail(lost().into());
                }
            }
            Ok(Ok(()))
        });
        tokio::pin!(job);
        let result = loop {
            tokio::select! {
                biased;
                Some(event) = events.recv() => observer.event(event),
                result = &mut job => break result,
            }
        };
        while let Ok(event) = events.try_recv() {
            observer.event(event);
        }
        match result {
            Ok(result) => result,
            Err(error) => Err(ExecuteError { index: 0, error }),
        }
    }

    async fn commit(&mut self, tables: &OwnTables, records: &Records<'_>) -> Result<(), Error> {
        let tables = Tables::new(tables)?;
        let (token, history, journal) = (records.token, records.history.to_vec(), records.journal.to_vec());
        self.elsewhere(Abandoned::GoesOn, move |worker, abandoned| {
            let records = Records { token, history: &history, journal: &journal };
            commit(worker, abandoned, &tables, &records)
        })
        .await
    }

    async fn commit_unrecorded(&mut self) -> Result<(), Error> {
        self.elsewhere(Abandoned::GoesOn, |worker, abandoned| {
            if worker.lost_transaction() {
                return Err(lost().into());
            }
            worker.check_foreign_keys()?;
            worker.verify_place()?;
            worker.patiently(abandoned, Worker::commit)
        })
        .await
    }

    async fn rollback(&mut self) -> Result<(), Error> {
        let is_idle = match self.worker.try_lock() {
            Ok(mut worker) if !worker.in_transaction() => {
                // Nothing to undo, but what is known of the transaction goes too.
                worker.rollback().map_err(|fault| fault.tell("", &self.place))?;
                true
            }
            _ => false,
        };
        if is_idle {
            return Ok(());
        }
        self.elsewhere(Abandoned::GoesOn, |worker, _| worker.rollback()).await
    }

    async fn object_digest(&mut self, sql: &str) -> Result<Option<String>, Error> {
        let sql = sql.to_owned();
        self.soon(move |worker| objects::digest(worker.look()?, &sql)).await
    }

    async fn probe(&mut self, sql: &str, before: Option<&str>) -> Result<Probe, Error> {
        let (sql, before) = (sql.to_owned(), before.map(str::to_owned));
        self.soon(move |worker| objects::probe(worker.look()?, &sql, before.as_deref())).await
    }

    async fn settle(&mut self, _sql: &str, _succeeded: bool) -> Result<(), Error> {
        // Every statement of SQLite is atomic: one that failed leaves nothing.
        Ok(())
    }

    async fn busy(&mut self, _connection: &str) -> Result<Option<Holder>, Error> {
        // A statement of SQLite runs inside of its process and ends with it; the lock, which we hold, would be held by it.
        Ok(None)
    }

    async fn end(&mut self, _connection: &str) -> Result<(), Error> {
        Ok(())
    }

    fn leave(&mut self) -> bool {
        let tidy = |worker: &mut Worker| {
            if worker.lock.is_some() || worker.in_transaction() {
                // What can't be rolled back ends with the connection.
                let _ = worker.rollback();
                worker.lock = None;
            }
        };
        match self.worker.try_lock() {
            Ok(mut worker) => tidy(&mut worker),
            Err(TryLockError::Poisoned(poisoned)) => tidy(&mut poisoned.into_inner()),
            // A dropped future's statement was told to end and hasn't yet; a commit goes on to its end.
            Err(TryLockError::WouldBlock) => {
                let worker = Arc::clone(&self.worker);
                // Without a thread the lock ends with the session.
                drop(std::thread::Builder::new().name("driftlock sqlite".to_owned()).spawn(move || {
                    tidy(&mut worker.lock().unwrap_or_else(PoisonError::into_inner));
                }));
            }
        }
        false
    }

    async fn close(self: Box<Self>) {
        let mut session = *self;
        if let Some((loan, lender)) = session.lent.take() {
            let back = session.elsewhere(Abandoned::GoesOn, move |worker, _| worker.give_back(&loan)).await;
            lender.give_back(back);
            return;
        }
        if !session.has_written {
            // Nothing to write back, and no statement that still runs: dropping it closes it.
            return;
        }
        // Closing the last connection of a database in WAL mode writes the log back: that can take time.
        if let Err(error) = session
            .elsewhere(Abandoned::GoesOn, |worker, _| {
                let result = worker.rollback();
                worker.shut();
                result
            })
            .await
        {
            // The connection is gone either way, and with it whatever was not committed.
            drop(error);
        }
    }
}

fn commit(worker: &mut Worker, abandoned: &AtomicBool, tables: &Tables, records: &Records<'_>) -> Result<(), Fault> {
    if worker.lost_transaction() {
        return Err(lost().into());
    }
    worker.allow_writing()?;
    let is_own = !worker.in_transaction();
    if is_own {
        worker.patiently(abandoned, Worker::begin)?;
    } else {
        worker.check_foreign_keys()?;
    }
    // SQLite looks itself when it begins to write, but a long transaction is long.
    let written = worker.verify_place().map_err(Fault::from).and_then(|()| tables.write(worker.connection()?, records));
    let result = match written {
        // Someone who reads keeps a commit waiting; the transaction stays as it is meanwhile.
        Ok(()) => worker.patiently(abandoned, Worker::commit),
        Err(fault) => Err(fault),
    };
    if let Err(fault) = &result
        && (is_own || matches!(fault, Fault::Told(Error::Fenced { .. } | Error::Io { .. })))
    {
        // What is told is why the commit failed.
        let _ = worker.rollback();
    }
    result
}

fn lost() -> Error {
    Error::Protocol(
        "SQLite ended the transaction that driftlock had opened, and rolled back what was done in it: a statement says \
         ROLLBACK in its conflict clause or in a trigger (RAISE(ROLLBACK, …)), or ended it itself; take that out"
            .to_owned(),
    )
}
