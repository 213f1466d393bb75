//! What can go wrong in the engine, and which kind of failure it is to a caller.

use std::collections::BTreeSet;
use std::time::Duration;

use driftlock_database::{Hazard, Holder};
use driftlock_script::{LoadError, LockFileError, ManifestError, Version};

use crate::{Applied, Finding, Loss};

/// Kinds of failure; the command line gives each its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// SQL, network, disk, unreadable file.
    Failed,
    /// Option, URL, configuration, files of no layout, duplicate versions, a missing yes.
    Usage,
    /// Policy, protection, out of order, foreign history, wrong environment, standby, pooler, newer own tables.
    Refused,
    /// The lock was not obtained in time.
    Locked,
    /// An applied file edited or missing, manifest or history tampered with.
    Integrity,
    /// The outcome of an interrupted statement can't be known.
    Unknown,
    /// Stopped by the caller's token (a signal), cleaned up.
    Interrupted,
}

impl Kind {
    /// As JSON and events name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Failed => "failed",
            Kind::Usage => "usage",
            Kind::Refused => "refused",
            Kind::Locked => "locked",
            Kind::Integrity => "integrity",
            Kind::Unknown => "unknown",
            Kind::Interrupted => "interrupted",
        }
    }
}

/// A command failed. Nothing is half-done that isn't said.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database or the way to it.
    #[error(transparent)]
    Database(#[from] driftlock_database::Error),
    /// The migration files.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The lock file.
    #[error(transparent)]
    LockFile(#[from] driftlock_script::LockFileError),
    /// The manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A script can't be run as it stands: nothing of it ran.
    #[error("{0}")]
    Script(Box<Place>),
    /// A statement failed.
    #[error("{}", .0.place)]
    Statement(Box<StatementError>),
    /// A hook failed.
    #[error("{0}")]
    Hook(Box<crate::HookError>),
    /// Files, manifest and history don't agree; nothing ran.
    #[error("{}", findings(.0))]
    Integrity(Vec<Finding>),
    /// It may not be done; nothing ran.
    #[error("{message}")]
    Refused {
        /// A stable code.
        code: &'static str,
        /// What, why and what to do.
        message: String,
    },
    /// The lock was not obtained in time; nothing ran.
    #[error("the lock was not obtained within {}: it is held by {holder}; {}", seconds(*.waited), what_of_the_holder(.holder, *.take_over))]
    Locked {
        /// Who holds it.
        holder: Box<Holder>,
        /// How long it was waited.
        waited: Duration,
        /// Whether what a dead client left running was to be ended.
        take_over: bool,
    },
    /// The server still runs a statement of an earlier run, whose client is gone; nothing of its file ran since.
    #[error(
        "{file}:{line}: an earlier run was interrupted here, and after {} the server still runs its statement: {holder}; {}",
        seconds(*.waited),
        what_of_the_holder(.holder, *.take_over)
    )]
    Orphan {
        /// The file.
        file: String,
        /// The statement's line then.
        line: i64,
        /// The connection, and what it runs.
        holder: Box<Holder>,
        /// How long it was waited.
        waited: Duration,
        /// Whether it was to be ended.
        take_over: bool,
    },
    /// An earlier attempt was interrupted and nobody can tell how far a statement of it came.
    #[error("{}", .0.message)]
    Unknown(Box<UnknownOutcome>),
    /// Stopped by the caller.
    #[error("interrupted{}", .during.as_ref().map(|(file, outcome)| interrupted(file, outcome)).unwrap_or_default())]
    Interrupted {
        /// The file that was running, and what is left of it.
        during: Option<(String, Outcome)>,
        /// What was done before.
        applied: Vec<Applied>,
    },
    /// It can lose data, and nobody said yes to it ([`Migrator::on_confirm`](crate::Migrator::on_confirm)); nothing was changed.
    #[error("this can lose data:{}", .0.iter().map(|loss| format!("\n  {loss}")).collect::<String>())]
    Unconfirmed(Vec<Loss>),
    /// A statement that makes a part of a schema failed on a shadow.
    #[error("{object} can't be made on the shadow: {error}\n  {sql}")]
    Realise {
        /// The object.
        object: Box<driftlock_schema::Id>,
        /// The statement.
        sql: String,
        /// What the server said.
        error: Box<driftlock_database::Error>,
    },
    /// The statements of a schema can't be written.
    #[error(transparent)]
    Create(#[from] driftlock_database::CreateError),
    /// There is no way from a schema to another.
    #[error(transparent)]
    Plan(Box<driftlock_database::PlanError>),
    /// A source of a schema can't be read.
    #[error("{place}: {reason}")]
    Source {
        /// What was to be read.
        place: String,
        /// Why it can't be.
        reason: String,
    },
    /// What was made isn't what it was made from, by the engine's own accounts.
    #[error("it isn't proved: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Unproved(Vec<crate::Unproved>),
    /// The plan may do what nobody allowed, and nothing of it was run.
    #[error("the plan may do what isn't allowed here: {}", .hazards.iter().map(|it| it.words()).collect::<Vec<_>>().join(", "))]
    NotAllowed {
        /// What it may do.
        hazards: BTreeSet<Hazard>,
        /// What differs, and the steps.
        differing: Box<crate::Differing>,
    },
    /// A step of a plan failed.
    #[error("statement {number} of {of} failed: {error}\n  {sql}\n{}{stays}", offenders.as_ref().map(|query| format!("what it fails on is found by: {query}\n")).unwrap_or_default())]
    Step {
        /// Its number, from 1.
        number: usize,
        /// How many there are.
        of: usize,
        /// The statement.
        sql: String,
        /// The query that finds the rows on which it may have failed.
        offenders: Option<String>,
        /// What the server said.
        error: Box<Error>,
        /// What became of those before it.
        stays: String,
    },
    /// There is no place where a scratch database may be made: the message names all that could be one.
    #[error("{0}")]
    NoShadow(String),
    /// A version that was asked for isn't there, or options that don't fit each other.
    #[error("{0}")]
    Usage(String),
}

impl From<driftlock_database::PlanError> for Error {
    fn from(error: driftlock_database::PlanError) -> Self {
        Error::Plan(Box::new(error))
    }
}

impl Error {
    /// Which kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        use driftlock_database::Error as Db;
        match self {
            Error::Database(Db::Url(_)) => Kind::Usage,
            Error::Database(Db::Unfit(_) | Db::Format { .. } | Db::Fenced { .. } | Db::LockLost(_)) => Kind::Refused,
            Error::Database(Db::Records { .. }) => Kind::Integrity,
            Error::Database(_)
            | Error::Statement(_)
            | Error::Hook(_)
            | Error::Realise { .. }
            | Error::Create(_)
            | Error::Source { .. } => Kind::Failed,
            Error::Load(LoadError::Files(_) | LoadError::Changed { .. } | LoadError::Text { .. }) => Kind::Failed,
            Error::Load(LoadError::Sum { .. }) => Kind::Integrity,
            Error::Load(_) | Error::Usage(_) | Error::Script(_) | Error::Unconfirmed(_) | Error::NoShadow(_) => {
                Kind::Usage
            }
            Error::LockFile(LockFileError::Files(_)) => Kind::Failed,
            Error::LockFile(LockFileError::Format { .. }) => Kind::Refused,
            Error::LockFile(_) => Kind::Integrity,
            Error::Manifest(ManifestError::Files(_)) => Kind::Failed,
            Error::Manifest(_) | Error::Integrity(_) => Kind::Integrity,
            Error::Refused { .. } | Error::Unproved(_) | Error::Plan(_) | Error::NotAllowed { .. } => Kind::Refused,
            Error::Step { error, .. } => error.kind(),
            Error::Locked { .. } | Error::Orphan { .. } => Kind::Locked,
            Error::Unknown(_) => Kind::Unknown,
            Error::Interrupted { .. } => Kind::Interrupted,
        }
    }

    /// What to do about it, where that isn't said with the error itself.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Error::Database(driftlock_database::Error::Connect { .. }) => {
                Some("see that the server runs, that host and port are right, and that no firewall is between")
            }
            Error::Database(driftlock_database::Error::Login { .. }) => Some(
                "see user, password and database in the URL; a password may also come from `{ env }`, `{ file }` or `{ cmd }`",
            ),
            _ => None,
        }
    }

    /// Of a run in a scratch database: what it left there is gone, and concerns nobody.
    pub(crate) fn in_scratch(mut self) -> Self {
        match &mut self {
            Error::Statement(error) => {
                error.outcome = Outcome::Scratch;
                error.applied.clear();
            }
            Error::Interrupted { during, applied } => {
                if let Some((_, outcome)) = during {
                    *outcome = Outcome::Scratch;
                }
                applied.clear();
            }
            Error::Hook(error) => error.applied.clear(),
            Error::Unknown(error) => error.applied.clear(),
            _ => {}
        }
        self
    }

    /// A stable code for scripts and searches.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Error::Database(error) => error.code(),
            Error::Load(error) => error.code(),
            Error::LockFile(error) => error.code(),
            Error::Manifest(error) => error.code(),
            Error::Script(_) => "DL0301",
            Error::Statement(error) => error.error.code(),
            Error::Integrity(findings) => findings.first().map_or("DL0400", |finding| finding.problem.code()),
            Error::Refused { code, .. } => code,
            Error::Locked { .. } => "DL0302",
            Error::Unknown(_) => "DL0303",
            Error::Interrupted { .. } => "DL0304",
            Error::Usage(_) => "DL0305",
            Error::Orphan { .. } => "DL0306",
            Error::Unconfirmed(_) => "DL0307",
            Error::Hook(_) => "DL0308",
            Error::Realise { .. } => "DL0801",
            Error::Create(_) => "DL0802",
            Error::Plan(_) => "DL0833",
            Error::NotAllowed { .. } => "DL0836",
            Error::Step { error, .. } => error.code(),
            Error::NoShadow(_) => "DL0803",
            Error::Unproved(_) => "DL0805",
            Error::Source { .. } => "DL0804",
        }
    }

    /// What was done and committed before it failed.
    #[must_use]
    pub fn applied(&self) -> &[Applied] {
        match self {
            Error::Statement(error) => &error.applied,
            Error::Hook(error) => &error.applied,
            Error::Unknown(error) => &error.applied,
            Error::Interrupted { applied, .. } => applied,
            _ => &[],
        }
    }

    /// Where in a file it is, where it is in one.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        match self {
            Error::Script(place) => Some(place),
            Error::Statement(error) => Some(&error.place),
            Error::Unknown(error) => Some(&error.place),
            Error::Hook(error) => error.place.as_ref(),
            _ => None,
        }
    }
}

/// Something about a place in a script. Literals of statements that carry credentials are masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as people see it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, in characters, from 1.
    pub column: u32,
    /// The line's text.
    pub text: String,
    /// What is to be said of it.
    pub message: String,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

/// A statement failed on the server.
#[derive(Debug)]
pub struct StatementError {
    /// Where, with the server's message.
    pub place: Place,
    /// The server's detail, hint and context, each with its label.
    pub notes: Vec<(&'static str, String)>,
    /// The error itself, masked.
    pub error: driftlock_database::Error,
    /// The migration's version.
    pub version: Version,
    /// The statement's number in its file, from 1.
    pub number: usize,
    /// How many statements the file has.
    pub of: usize,
    /// What became of the statements before it.
    pub outcome: Outcome,
    /// What was done and committed before this migration.
    pub applied: Vec<Applied>,
}

/// What a failed migration left in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing: it was rolled back whole.
    RolledBack,
    /// These statements of it (numbers from 1) stay done; the corrected file resumes behind them.
    Partial {
        /// Their numbers.
        done: Vec<usize>,
    },
    /// The connection is gone, and with it the answer; the next `up` finds out.
    NotKnown,
    /// It ran in a scratch database, which is gone: nobody's database was changed.
    Scratch,
}

/// A statement that was interrupted, and what is known of it.
#[derive(Debug)]
pub struct UnknownOutcome {
    /// The statement.
    pub place: Place,
    /// All that is known, and what a person can do.
    pub message: String,
    /// What was done and committed before.
    pub applied: Vec<Applied>,
}

/// What can be done about somebody who holds the lock, or runs what is waited for.
fn what_of_the_holder(holder: &Holder, take_over: bool) -> &'static str {
    match (holder.gone, take_over) {
        (true, false) => {
            "its client is gone: wait longer with `--lock-wait` until the server has ended what it runs, or end that with `--take-over`"
        }
        (true, true) => {
            "its client is gone, and the server was told to end it: it undoes what it did, which takes a while; wait longer with `--lock-wait`"
        }
        (false, false) => "wait for that run, or wait longer with `--lock-wait`",
        (false, true) => {
            "`--take-over` ends no run whose client may be alive: wait for it, or end it where it runs; if it hangs, end its connection on the \
             server, after which it can't do anything any more"
        }
    }
}

fn interrupted(file: &str, outcome: &Outcome) -> String {
    match outcome {
        Outcome::RolledBack => format!(" during {file}: nothing of it was done"),
        Outcome::Partial { done } => {
            format!(" during {file}: {} of its statements are done, and the next run goes on behind them", done.len())
        }
        Outcome::NotKnown => format!(" during {file}: the next run finds out what of it was done"),
        Outcome::Scratch => format!(" during {file}, in a scratch database: no other one was changed"),
    }
}

fn findings(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// `1 statement`, `2 statements`.
pub(crate) fn plural(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

/// `12 s` or `350 ms`.
pub(crate) fn seconds(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ 0..1000 => format!("{millis} ms"),
        millis => format!("{:.1} s", f64::from(u32::try_from(millis).unwrap_or(u32::MAX)) / 1000.0),
    }
}
