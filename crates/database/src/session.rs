//! The half of the port that is one open connection.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::{
    Census, ChangeMarks, Error, Examination, ExecuteError, Fence, ForeignHistory, ForeignRows, Glance, HistoryRow,
    Holder, Inspection, JournalRow, Likeness, OwnTables, Reach, Records, Server, Timestamp,
};

/// One statement, ready to run.
#[derive(Debug, Clone, Copy)]
pub struct Runnable<'a> {
    /// The text, without terminator.
    pub sql: &'a str,
    /// What follows a `COPY … FROM stdin`.
    pub copy_data: Option<CopyData<'a>>,
}

/// The lines that follow a `COPY … FROM stdin`, without the final `\.`.
#[derive(Debug, Clone, Copy)]
pub enum CopyData<'a> {
    /// In memory.
    Held(&'a str),
    /// Elsewhere: they may be more than fits into memory, and are read as they are sent.
    Read(&'a dyn CopySource),
}

/// Lines that are read as they are sent.
pub trait CopySource: std::fmt::Debug + Sync {
    /// Begins at the first line.
    ///
    /// # Errors
    /// When they can't be read.
    fn open(&self) -> std::io::Result<Box<dyn std::io::Read + Send>>;
}

impl<'a> CopyData<'a> {
    /// The lines, from the first on.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn open(self) -> std::io::Result<Box<dyn std::io::Read + Send + 'a>> {
        match self {
            CopyData::Held(text) => Ok(Box::new(text.as_bytes())),
            CopyData::Read(source) => Ok(source.open()?),
        }
    }
}

/// How long statements may take. Zero is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// How long one statement may wait for a lock of the database's own.
    pub lock: Duration,
    /// The same for a statement that waits without holding anybody up (`CREATE INDEX CONCURRENTLY`), and that is costly to
    /// begin again.
    pub concurrent: Duration,
    /// How long one statement may run.
    pub statement: Duration,
}

/// What happens while statements run. `index` counts the statements given to one [`Session::execute`], from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A statement's result was read: it is done.
    Done {
        /// Which statement.
        index: usize,
        /// Rows that it changed or returned, where the server says.
        rows: Option<u64>,
        /// How long it took, as seen from here.
        duration: Duration,
    },
    /// The server had something to say (`NOTICE`, `Note`, `Warning`).
    Notice {
        /// Which statement.
        index: usize,
        /// `NOTICE`, `WARNING`, `Note`, …
        severity: String,
        /// The server's words.
        message: String,
    },
}

/// Takes [`Event`]s as they happen.
pub trait Observer: Send {
    /// Something happened.
    fn event(&mut self, event: Event);
}

/// Ends the running statement of a session from outside.
#[async_trait]
pub trait Cancel: Send + Sync {
    /// Asks the server to end the statement that runs now, if one does. The session stays usable.
    ///
    /// # Errors
    /// When the server can't be asked.
    async fn cancel(&self) -> Result<(), Error>;
}

/// What came of asking for the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockAttempt {
    /// It is ours.
    Held,
    /// Someone else has it.
    Busy(Holder),
}

/// What is in a database that has none of our own tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// History tables of other tools.
    pub foreign_histories: Vec<ForeignHistory>,
    /// How many tables, views and routines of users there are.
    pub objects: u64,
}

/// What became of a statement whose result nobody read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probe {
    /// It left nothing: run it.
    NotRun,
    /// Its whole effect is there.
    Done,
    /// Nobody can tell; what is known, in a sentence.
    Unknown(String),
}

/// One open connection: the lock is held on it and everything runs on it.
///
/// A session that returned [`Error::ConnectionLost`] answers everything else so too.
#[async_trait]
pub trait Session: Send {
    /// The server at the other end.
    fn server(&self) -> &Server;

    /// A handle that cancels this session's statement from elsewhere.
    fn canceller(&self) -> Arc<dyn Cancel>;

    /// What is applied, by one narrow query. `None` when the own tables aren't there. Writes nothing.
    ///
    /// # Errors
    /// [`Error::OwnTables`] when they may not be read, [`Error::Format`] when a newer driftlock made them.
    async fn glance(&mut self, tables: &OwnTables) -> Result<Option<Glance>, Error>;

    /// What is in a database without own tables. Writes nothing.
    ///
    /// # Errors
    /// When the catalog can't be read.
    async fn surroundings(&mut self, tables: &OwnTables) -> Result<Surroundings, Error>;

    /// All rows of another tool's history table, named as [`ForeignHistory::table`] is. Writes nothing.
    ///
    /// # Errors
    /// When there is no such table, or it may not be read.
    async fn foreign_rows(&mut self, table: &str) -> Result<ForeignRows, Error>;

    /// Reads the schema of the database, in a number of questions that doesn't grow with it, in one snapshot where the engine has such. Left out
    /// is what is the system's and what is a member of an extension; driftlock's own tables are the caller's to leave out. Writes nothing, and
    /// holds no lock that blocks who writes.
    ///
    /// # Errors
    /// When the catalog can't be read.
    async fn inspect(&mut self) -> Result<Inspection, Error>;

    /// Reads the schema again after statements ran, given what was there before and what their text can have changed. An adapter reads that
    /// again, and what depends on it. For who is alone in a database, and reads everything in the end to see that it is the same.
    ///
    /// # Errors
    /// As [`inspect`](Self::inspect).
    async fn inspect_again(&mut self, before: &Inspection, reach: Reach<'_>) -> Result<Inspection, Error> {
        let _ = (before, reach);
        self.inspect().await
    }

    /// The engine's own account of what is in the database, for a comparison with another one of the same engine. It is taken without any of what
    /// [`inspect`](Self::inspect) knows. Writes nothing.
    ///
    /// # Errors
    /// When the catalog can't be read.
    async fn census(&mut self) -> Result<Census, Error>;

    /// What the engine itself changes whenever the schema changes, read far faster than the schema. `None` where there is no such thing.
    ///
    /// # Errors
    /// When it can't be asked.
    async fn change_marks(&mut self) -> Result<Option<ChangeMarks>, Error> {
        Ok(None)
    }

    /// The statements that make, on another server of this engine, an empty database of this name with what a database has of its own here:
    /// encoding, collation, time zone, SQL mode, default engine. None where a database is a file.
    ///
    /// # Errors
    /// When this database can't be asked.
    async fn database_like_this(&mut self, name: &str) -> Result<Vec<String>, Error> {
        let _ = name;
        Ok(Vec::new())
    }

    /// What this database has of its own that shows in what scripts make in it. Nothing where an engine writes none of that into its tables.
    ///
    /// # Errors
    /// When this database can't be asked.
    async fn likeness(&mut self) -> Result<Likeness, Error> {
        Ok(Likeness::new())
    }

    /// The statements that make an empty database of this name on this server that is as this says; where it says nothing, of the kind that is
    /// made today, whatever the server's own default is. None where that is all the same.
    fn database_like(&self, name: &str, likeness: &Likeness) -> Vec<String> {
        let _ = (name, likeness);
        Vec::new()
    }

    /// The databases of this server whose names begin so and to which nobody is connected, as far as this login sees. None where a database is a file.
    ///
    /// # Errors
    /// When the catalog can't be read.
    async fn unused_databases(&mut self, prefix: &str) -> Result<Vec<String>, Error> {
        let _ = prefix;
        Ok(Vec::new())
    }

    /// That this server may be migrated through this connection: no standby, not read-only, no transaction pooler.
    /// Writes nothing and leaves no lock behind.
    ///
    /// # Errors
    /// [`Error::Unfit`] says why not.
    async fn ensure_fit(&mut self) -> Result<(), Error>;

    /// How the server and this connection are: its clock, what this login may do, who holds the lock, whose
    /// transactions have been open for `long`, … Facts alone. Writes nothing, and needs no right that looking doesn't need.
    ///
    /// # Errors
    /// When the server can't be asked.
    async fn examine(&mut self, tables: &OwnTables, long: Duration) -> Result<Examination, Error>;

    /// Asks once for the lock of this database and these tables; never waits inside the server.
    /// Asking again while holding it is answered by [`LockAttempt::Held`].
    ///
    /// # Errors
    /// When it can't be asked for.
    async fn try_lock(&mut self, tables: &OwnTables, me: &Holder) -> Result<LockAttempt, Error>;

    /// Gives the lock back, however often it was asked for. Nothing happens when it isn't held.
    ///
    /// # Errors
    /// When the server can't be told; it frees the lock as soon as it notices the end of the connection.
    async fn unlock(&mut self) -> Result<(), Error>;

    /// Makes the own tables where they are missing, brings older ones to [`FORMAT`](crate::FORMAT). Needs the lock. Safe to
    /// repeat after a crash at any point.
    ///
    /// # Errors
    /// [`Error::OwnTables`] names the setting that puts them elsewhere; [`Error::Format`].
    async fn prepare_tables(&mut self, tables: &OwnTables) -> Result<(), Error>;

    /// Raises the fence's token by one, commits it, and stamps the database with `environment` if it has none yet.
    /// Returns the fence as it is then, and the server's clock. Needs the lock.
    ///
    /// # Errors
    /// When the row can't be written.
    async fn take_fence(&mut self, tables: &OwnTables, environment: Option<&str>) -> Result<(Fence, Timestamp), Error>;

    /// The whole history, by rising sequence.
    ///
    /// # Errors
    /// When it can't be read; [`Error::Records`] for a row that no driftlock wrote.
    async fn history(&mut self, tables: &OwnTables) -> Result<Vec<HistoryRow>, Error>;

    /// The journal of one attempt, in the order in which it was written.
    ///
    /// # Errors
    /// As [`history`](Self::history).
    async fn journal(&mut self, tables: &OwnTables, attempt: &str) -> Result<Vec<JournalRow>, Error>;

    /// The whole journal, the rows of each attempt in the order in which they were written.
    ///
    /// # Errors
    /// As [`history`](Self::history).
    async fn journals(&mut self, tables: &OwnTables) -> Result<Vec<JournalRow>, Error>;

    /// Puts the session back to how it was after [`Engine::connect`](crate::Engine::connect) (settings, role, current database, checks,
    /// autocommit, attached databases), sets these limits and looks whether the lock is still held. Called before every
    /// file. An adapter may send it together with what follows.
    ///
    /// # Errors
    /// [`Error::LockLost`], or the server's.
    async fn reset(&mut self, timeouts: &Timeouts) -> Result<(), Error>;

    /// Puts the session's settings back inside of the open transaction, as far as the engine can: after a hook that ran in it, and before
    /// one that runs behind a script.
    ///
    /// # Errors
    /// The server's.
    async fn put_back(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// Opens a transaction.
    ///
    /// # Errors
    /// The server's, among them what [`reset`](Self::reset) put off.
    async fn begin(&mut self) -> Result<(), Error>;

    /// Runs statements in order, each as one message, and reads every result of each. Stops at the first that fails.
    /// Inside a transaction they may be sent ahead of each other's results, outside never.
    ///
    /// # Errors
    /// Which one failed and why. The transaction, if one is open, is left open for [`rollback`](Self::rollback).
    async fn execute(&mut self, statements: &[Runnable<'_>], observer: &mut dyn Observer) -> Result<(), ExecuteError>;

    /// Writes records and commits, in the open transaction if there is one, else in one of their own. What a script did to the
    /// session (role, search path, SQL mode) doesn't reach the records.
    ///
    /// # Errors
    /// [`Error::Fenced`] when the token is old: nothing was committed. [`Error::ConnectionLost`]: it may have been.
    async fn commit(&mut self, tables: &OwnTables, records: &Records<'_>) -> Result<(), Error>;

    /// Commits the open transaction, and nothing is written down: for a plan that is applied where there is no history. What
    /// [`commit`](Self::commit) refuses of what a script left (new violations of foreign keys, say), this refuses.
    ///
    /// # Errors
    /// The server's; what it refused is rolled back. [`Error::ConnectionLost`]: it may have been committed.
    async fn commit_unrecorded(&mut self) -> Result<(), Error>;

    /// Rolls the open transaction back. Nothing happens when none is open.
    ///
    /// # Errors
    /// When the connection is lost: then the server does it.
    async fn rollback(&mut self) -> Result<(), Error>;

    /// Whether a rollback undoes these statements, all of them transactional by their text. It doesn't where the engine keeps
    /// tables that know no transactions (MySQL's MyISAM).
    ///
    /// # Errors
    /// When the catalog can't be read.
    async fn can_roll_back(&mut self, statements: &[&str]) -> Result<bool, Error> {
        let _ = statements;
        Ok(true)
    }

    /// A digest of the engine's own account of the objects that a statement names, less what changes by itself (counters,
    /// statistics). `None` when it names none that an account can be taken of.
    ///
    /// # Errors
    /// When the catalog can't be read.
    async fn object_digest(&mut self, sql: &str) -> Result<Option<String>, Error>;

    /// What became of a statement that stands alone and whose result was never read, given the digest taken before it.
    /// Cleans up what such a statement leaves (an INVALID index), so that it can run again.
    ///
    /// # Errors
    /// When the catalog can't be read.
    async fn probe(&mut self, sql: &str, before: Option<&str>) -> Result<Probe, Error>;

    /// Looks at what a statement that stands alone left when it failed or ended, and puts right what it says it did not do:
    /// an INVALID index of `CREATE INDEX CONCURRENTLY` is dropped. `succeeded` is what the server said.
    ///
    /// # Errors
    /// [`Error::Server`] when the server said yes and the object is unusable all the same; the message says what was done.
    async fn settle(&mut self, sql: &str, succeeded: bool) -> Result<(), Error>;

    /// What is known of the connection with this id of [`Server::connection`], if it is still there and running something. One that
    /// only has the same number, after a restart of the server, is another one.
    ///
    /// # Errors
    /// When the server can't be asked.
    async fn busy(&mut self, connection: &str) -> Result<Option<Holder>, Error>;

    /// Tells the server to end another connection, known by its id of [`Server::connection`], and what it runs. It may take a while;
    /// one that isn't there any more needs no ending.
    ///
    /// # Errors
    /// [`Error::Unfit`] when this login may not, or when the id doesn't tell it from somebody else's.
    async fn end(&mut self, connection: &str) -> Result<(), Error>;

    /// The most bytes that a statement may have, where this server has such a limit below what any script comes to.
    ///
    /// # Errors
    /// When it can't be asked.
    async fn longest_statement(&mut self) -> Result<Option<usize>, Error> {
        Ok(None)
    }

    /// Who may be in the way of a statement that waited too long for a lock, as far as the server tells and in no more than a
    /// question or two. Called when nothing of ours waits any more.
    async fn blockers(&mut self, sql: &str) -> Vec<Holder> {
        let _ = sql;
        Vec::new()
    }

    /// Its user went away, in good order or in the midst (a future was dropped). In the midst means: something was sent that nobody has
    /// read the answer of, a transaction is open, or the lock is held. Then what is open ends: the connection is closed at once and
    /// everything else is answered by [`Error::ConnectionLost`], or, where there is no server, it is put in order. Never waits.
    ///
    /// Says whether the server may still run a statement of it.
    fn leave(&mut self) -> bool;

    /// Ends the session in good order. Dropping it instead closes the connection without a word.
    async fn close(self: Box<Self>);
}
