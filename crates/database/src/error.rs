//! What can go wrong on an engine.

/// An error of an adapter. Messages never hold a password.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The URL can't be read or asks for something that the engine doesn't have.
    #[error("{0}")]
    Url(String),
    /// No server, or no answer in time.
    #[error("can't connect to {target}: {reason}")]
    Connect {
        /// Where to, without a password.
        target: String,
        /// Why not.
        reason: String,
    },
    /// The server refused the login: user, password, database or right to connect.
    #[error("{target} refused the login: {reason}")]
    Login {
        /// Where to, without a password.
        target: String,
        /// The server's words.
        reason: String,
    },
    /// This server must not be migrated through this connection: standby, read-only, transaction pooler.
    #[error("{0}")]
    Unfit(String),
    /// The server's answer to a statement.
    #[error("{0}")]
    Server(Box<ServerError>),
    /// A statement waited longer for a lock than it may, or was the victim of a deadlock. The whole transaction may be tried again.
    #[error("{0}")]
    LockTimeout(Box<ServerError>),
    /// The statement was cancelled, by us or by someone else.
    #[error("{0}")]
    Cancelled(Box<ServerError>),
    /// The connection ended. What the last statement did is not known from here.
    #[error("the connection to the server was lost: {0}")]
    ConnectionLost(String),
    /// Another runner has taken over since this one took the fence: nothing of this transaction was committed.
    #[error("another runner has taken over (fence token {token} is old); nothing of this transaction was committed")]
    Fenced {
        /// The token that this runner had.
        token: i64,
    },
    /// The lock is no longer held by this session.
    #[error("the lock was lost: {0}")]
    LockLost(String),
    /// The own tables can't be made or read.
    #[error("can't use driftlock's own tables in {place}: {reason}")]
    OwnTables {
        /// Where they were looked for (`schema "public"`, `database "shop"`).
        place: String,
        /// The server's words, and the setting that changes the place.
        reason: String,
    },
    /// A newer driftlock made the own tables.
    #[error(
        "driftlock's own tables have format {found}, and this driftlock knows {known}: use {}",
        .made_by.as_ref().map_or_else(|| "the newer one that made them".to_owned(), |version| format!("version {version}, which wrote them last, or a newer one"))
    )]
    Format {
        /// The format in the database.
        found: i64,
        /// The newest format known here.
        known: i64,
        /// The version of driftlock that wrote the last row of the history, where it can be read.
        made_by: Option<String>,
    },
    /// The own tables hold what no driftlock wrote, or lack what every driftlock wrote.
    #[error(
        "driftlock's {table} was changed behind its back{}: {reason}; find out who writes to its tables, and restore them from a backup",
        .row.map(|row| format!(", row {row}")).unwrap_or_default()
    )]
    Records {
        /// `history`, `journal` or `fence`.
        table: &'static str,
        /// The sequence of the history row, where one is meant and it can be read.
        row: Option<i64>,
        /// What is wrong with it.
        reason: String,
    },
    /// A COMMIT was answered by a rollback, or what was read makes no sense.
    #[error("{0}")]
    Protocol(String),
    /// A file or directory of the embedded engine.
    #[error("{path}: {reason}")]
    Io {
        /// Which.
        path: String,
        /// The system's words.
        reason: String,
    },
}

impl Error {
    /// A stable code for scripts and searches.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Error::Url(_) => "DL0201",
            Error::Connect { .. } => "DL0202",
            Error::Login { .. } => "DL0203",
            Error::Unfit(_) => "DL0204",
            Error::Server(_) => "DL0205",
            Error::LockTimeout(_) => "DL0206",
            Error::Cancelled(_) => "DL0207",
            Error::ConnectionLost(_) => "DL0208",
            Error::Fenced { .. } => "DL0209",
            Error::LockLost(_) => "DL0210",
            Error::OwnTables { .. } => "DL0211",
            Error::Format { .. } => "DL0212",
            Error::Protocol(_) => "DL0213",
            Error::Io { .. } => "DL0214",
            Error::Records { .. } => "DL0215",
        }
    }

    /// The server's answer, where there was one.
    #[must_use]
    pub fn server(&self) -> Option<&ServerError> {
        match self {
            Error::Server(e) | Error::LockTimeout(e) | Error::Cancelled(e) => Some(e),
            _ => None,
        }
    }
}

/// What a server says of a statement that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerError {
    /// SQLSTATE, or the engine's own number (`42P01`, `1146 (42S02)`, `1 (SQLITE_ERROR)`).
    pub code: String,
    /// The message.
    pub message: String,
    /// More about it, where the server gives it.
    pub detail: Option<String>,
    /// What the server suggests.
    pub hint: Option<String>,
    /// Where inside a routine or a nested statement it happened.
    pub context: Option<String>,
    /// Where in the statement's text: a byte offset, on a character boundary.
    pub offset: Option<usize>,
}

impl std::fmt::Display for ServerError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} [{}]", self.message, self.code)
    }
}

/// One of several statements failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error}")]
pub struct ExecuteError {
    /// Which of the statements given to [`Session::execute`](crate::Session::execute), from 0.
    pub index: usize,
    /// Why.
    pub error: Error,
}
