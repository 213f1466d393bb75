//! From the server's and the driver's errors to ours.

use crate::packets::{Answer, Fault};
use crate::parse::words;
use crate::position;
use driftlock_database::{Error, ServerError};

/// Codes of the servers, by what they mean to a runner.
pub(crate) mod code {
    /// Numeric value out of range: what the fence fails with.
    pub(crate) const OUT_OF_RANGE: u16 = 1690;
    pub(crate) const UNKNOWN_DATABASE: u16 = 1049;
    pub(crate) const UNKNOWN_COLUMN: u16 = 1054;
    pub(crate) const NO_SUCH_TABLE: u16 = 1146;
    pub(crate) const NO_SUCH_THREAD: u16 = 1094;
    /// Of a connection that isn't this user's, to be ended.
    pub(crate) const NOT_OWNER: u16 = 1095;
    pub(crate) const PRIVILEGE: u16 = 1227;
    /// Denied on a database, a table, a column; a privilege is missing.
    pub(crate) const DENIED: [u16; 4] = [1044, 1142, 1143, 1227];
    /// The login was refused: denied, no such database, no password given, host unknown, password expired.
    pub(crate) const LOGIN: [u16; 9] = [1044, 1045, 1049, 1130, 1251, 1698, 1820, 1862, 3118];
    /// No connection left, for all or for this user.
    pub(crate) const FULL: [u16; 3] = [1040, 1203, 1226];
}

/// An error of a statement, with its place in the statement's text.
pub(crate) fn of_statement(fault: Fault, sql: &str) -> Error {
    match fault {
        Fault::Answer(answer) => of_answer(answer, sql),
        // A server that ends the connection while it is still written to has no chance to say why.
        Fault::Broken(reason) if sql.len() > LONG => Error::ConnectionLost(format!(
            "{reason}; the statement has {} bytes: on one longer than its `max_allowed_packet` a server ends the connection",
            sql.len()
        )),
        Fault::Broken(reason) => Error::ConnectionLost(reason),
    }
}

/// A statement so long may be longer than a server takes; the least of the usual limits is 1 MiB.
const LONG: usize = 1_000_000;

fn of_answer(answer: Answer, sql: &str) -> Error {
    let Answer { code, message, state } = answer;
    match code {
        // The server went away, shuts down, or somebody ended this connection.
        1053 | 1927 | 2006 | 2013 => return Error::ConnectionLost(format!("{message} [{code} ({state})]")),
        1153 => {
            return Error::ConnectionLost(format!(
                "{message} [{code} ({state})]: raise `max_allowed_packet` on the server or split the statement"
            ));
        }
        _ => {}
    }
    let offset = position::offset(code, &message, sql);
    let server = Box::new(ServerError {
        code: format!("{code} ({state})"),
        hint: hint(code, sql).map(str::to_owned),
        offset,
        message,
        ..ServerError::default()
    });
    match code {
        1205 | 1213 => Error::LockTimeout(server),
        1317 => Error::Cancelled(server),
        _ => Error::Server(server),
    }
}

fn hint(code: u16, sql: &str) -> Option<&'static str> {
    Some(match code {
        1227 if names_definer(sql) => {
            "only an account with the right to act for others (SUPER, SET USER, SET_USER_ID or SET_ANY_DEFINER) may name another DEFINER: \
             grant it, or take the DEFINER clauses out of the file: then all belongs to whoever runs it"
        }
        1227 if sql.to_ascii_uppercase().contains("SQL_LOG_BIN") => {
            "remove it, or dump with `--set-gtid-purged=OFF`: a migration belongs into the binary log"
        }
        1449 => "create that account, or give the view, trigger or routine a DEFINER that exists",
        1969 | 3024 => {
            "the statement ran longer than the statement timeout allows; raise it for this file with `-- driftlock: statement-timeout=…`"
        }
        1205 => {
            "another session holds a lock on these rows or this table; `-- driftlock: lock-timeout=…` changes how long to wait"
        }
        1118 => "columns of type TEXT or BLOB count little toward the row size",
        1071 => "an index on a long text column needs a prefix length, such as `name(191)`",
        1419 => {
            "the server has its binary log on: it wants `log_bin_trust_function_creators = 1` or a login with SUPER"
        }
        1290 => "the server was started with an option that forbids this statement",
        _ => return None,
    })
}

/// Whether a statement says to whom its view, trigger, event or routine belongs.
fn names_definer(sql: &str) -> bool {
    words(sql).iter().take(16).any(|token| token.is("DEFINER"))
}

/// The server's number of an error, if the server gave it.
pub(crate) fn number(error: &Error) -> Option<u16> {
    error.server()?.code.split(' ').next()?.parse().ok()
}

/// The words of whoever had the trouble.
pub(crate) fn reason(fault: &Fault) -> String {
    match fault {
        Fault::Answer(answer) => format!("{} [{} ({})]", answer.message, answer.code, answer.state),
        Fault::Broken(reason) => reason.clone(),
    }
}
