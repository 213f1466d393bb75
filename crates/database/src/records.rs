//! driftlock's own tables, as values.

use crate::{Error, Timestamp};

/// The format of the own tables that this version writes.
pub const FORMAT: i64 = 1;

/// Whether own tables of this format can be used.
///
/// # Errors
/// [`Error::Format`] for that of a newer driftlock, [`Error::Protocol`] for one that there never was.
pub fn check_format(found: i64) -> Result<(), Error> {
    match found {
        1..=FORMAT => Ok(()),
        ..1 => Err(Error::Protocol(format!(
            "driftlock's fence says that its tables have format {found}, which no driftlock ever wrote; somebody changed it"
        ))),
        _ => Err(Error::Format { found, known: FORMAT, made_by: None }),
    }
}

/// Where the own tables are and how they are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnTables {
    /// The schema, on engines that have schemas inside a database. `None` is the engine's default (`public`).
    pub schema: Option<String>,
    /// What their names begin with.
    pub prefix: String,
}

impl Default for OwnTables {
    fn default() -> Self {
        OwnTables { schema: None, prefix: "driftlock_".to_owned() }
    }
}

impl OwnTables {
    /// `driftlock_history`, unquoted and without schema.
    #[must_use]
    pub fn history(&self) -> String {
        format!("{}history", self.prefix)
    }

    /// `driftlock_journal`.
    #[must_use]
    pub fn journal(&self) -> String {
        format!("{}journal", self.prefix)
    }

    /// `driftlock_fence`.
    #[must_use]
    pub fn fence(&self) -> String {
        format!("{}fence", self.prefix)
    }
}

/// Which way an attempt went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The up script ran.
    Up,
    /// The down script ran.
    Down,
    /// Declared as applied without running (`baseline`).
    Baseline,
    /// Taken over from another tool's history.
    Adopt,
    /// An edited file was accepted as what had been applied.
    Accept,
}

impl Direction {
    /// As in the history table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::Up => "up",
            Direction::Down => "down",
            Direction::Baseline => "baseline",
            Direction::Adopt => "adopt",
            Direction::Accept => "accept",
        }
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Direction::Up, Direction::Down, Direction::Baseline, Direction::Adopt, Direction::Accept]
            .into_iter()
            .find(|direction| direction.as_str() == text)
    }
}

/// How far an attempt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It has begun and its end is not known: only of attempts that can't be one transaction.
    Started,
    /// It is done and committed.
    Done,
    /// It failed. A transactional one was rolled back; of another the journal says what was done.
    Failed,
}

impl State {
    /// As in the history table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            State::Started => "started",
            State::Done => "done",
            State::Failed => "failed",
        }
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [State::Started, State::Done, State::Failed].into_iter().find(|state| state.as_str() == text)
    }
}

/// One row of `driftlock_history`: a column each, in the table's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    /// Unique and rising by one.
    pub sequence: i64,
    /// One id for the rows of one attempt.
    pub attempt: String,
    /// The migration's version.
    pub version: String,
    /// The migration's name.
    pub name: String,
    /// Which way.
    pub direction: Direction,
    /// How far.
    pub state: State,
    /// SHA-256 of the up script's text, in hexadecimal; `None` where no file was known.
    pub sha256: Option<String>,
    /// CRC-32 of the same text, eight hexadecimal digits.
    pub crc32: Option<String>,
    /// The down script as it was when the up script ran.
    pub rollback_sql: Option<String>,
    /// The fingerprint that the lock file expects after this version.
    pub expected: Option<String>,
    /// When it began, by the server's clock.
    pub started_at: Timestamp,
    /// When it ended; `None` while it runs.
    pub ended_at: Option<Timestamp>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<i64>,
    /// The database user; on an engine that has none, the system's.
    pub applied_by: String,
    /// The user of the operating system.
    pub os_user: String,
    /// The machine that ran it.
    pub host: String,
    /// The environment.
    pub environment: String,
    /// `<commit>_<environment>`, where both are known.
    pub route: Option<String>,
    /// The commit that the files are of.
    pub git_commit: String,
    /// Its author.
    pub git_author: String,
    /// The CI job's id.
    pub ci_job: String,
    /// The CI job's address.
    pub ci_url: Option<String>,
    /// The version of driftlock.
    pub tool_version: String,
    /// Why, in a person's words.
    pub reason: Option<String>,
    /// What went wrong, of a failed attempt.
    pub error: Option<String>,
    /// SHA-256 over the previous row's chain and this row's fields.
    pub chain: String,
}

/// Whether a statement was about to run or had run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalState {
    /// About to run.
    Intent,
    /// Ran and was committed.
    Done,
}

impl JournalState {
    /// As in the journal table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            JournalState::Intent => "intent",
            JournalState::Done => "done",
        }
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [JournalState::Intent, JournalState::Done].into_iter().find(|state| state.as_str() == text)
    }
}

/// One row of `driftlock_journal`: a column each, in the table's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRow {
    /// The attempt that it belongs to.
    pub attempt: String,
    /// The statement's number in its file, from 1.
    pub statement: i64,
    /// SHA-256 of the statement's text.
    pub sha256: String,
    /// The line in the file on which it begins, from 1.
    pub line: i64,
    /// Before or after.
    pub state: JournalState,
    /// The digest of the engine's account of the objects that the statement names, taken before it ran.
    pub object_before: Option<String>,
    /// The server's id of the connection that ran it.
    pub session: String,
    /// When, by the server's clock.
    pub at: Timestamp,
}

/// The one row of `driftlock_fence`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    /// Raised by every holder of the lock; a lower one is old.
    pub token: i64,
    /// The sequence of the last history row; 0 when there is none.
    pub head: i64,
    /// The chain of the last history row; empty when there is none.
    pub head_chain: String,
    /// The environment that this database belongs to, once a named one has migrated it.
    pub environment: Option<String>,
    /// The format of the own tables, see [`FORMAT`].
    pub format: i64,
}

/// What an engine tells of one history row at a glance: enough to say what is applied, and no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// See [`HistoryRow::sequence`].
    pub sequence: i64,
    /// See [`HistoryRow::attempt`]. May be empty in a `done` row, where nothing asks for it.
    pub attempt: String,
    /// See [`HistoryRow::version`].
    pub version: String,
    /// See [`HistoryRow::name`].
    pub name: String,
    /// See [`HistoryRow::direction`].
    pub direction: Direction,
    /// See [`HistoryRow::state`].
    pub state: State,
    /// See [`HistoryRow::sha256`].
    pub sha256: Option<String>,
    /// See [`HistoryRow::crc32`].
    pub crc32: Option<String>,
}

/// The state of a database at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// The fence's row; [`Fence::untaken`] where somebody deleted it from beside a history that has rows.
    pub fence: Fence,
    /// Every history row, by rising sequence.
    pub entries: Vec<Entry>,
}

impl Fence {
    /// What stands for a fence that has no row: as a new one is, before anybody took it.
    #[must_use]
    pub fn untaken() -> Self {
        Fence { token: 0, head: 0, head_chain: String::new(), environment: None, format: FORMAT }
    }
}

/// What is written, in one transaction with what it tells of.
#[derive(Debug, Clone, Default)]
pub struct Records<'a> {
    /// The token that this runner took; where it is old, nothing is committed.
    pub token: i64,
    /// Rows to append to the history. The fence's `head` and `head_chain` become the last one's.
    pub history: &'a [HistoryRow],
    /// Rows to append to the journal.
    pub journal: &'a [JournalRow],
}
