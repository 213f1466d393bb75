//! SQLite's errors as the port's, pointed at the statement where it can be said where.

use std::error::Error as _;

use driftlock_database::{Error, ServerError};
use driftlock_script::{Dialect, Token, TokenKind, tokens};
use rusqlite::ffi;

use crate::codes;
use crate::url::Place;

/// What went wrong inside of a job: SQLite's own word, or ours.
#[derive(Debug)]
pub(crate) enum Fault {
    /// SQLite's, to be made an [`Error`] where the statement is known. Only this one can be "busy".
    Sql(rusqlite::Error),
    /// Already an error of the port.
    Told(Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Sql(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault::Told(error)
    }
}

impl Fault {
    /// Someone else has the database just now: the same may work in a moment.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self, Fault::Sql(error) if extended_code(error) & 0xff == ffi::SQLITE_BUSY)
    }

    /// As the port's error; `sql` is the statement that it is about, or empty.
    pub(crate) fn tell(self, sql: &str, place: &Place) -> Error {
        match self {
            Fault::Told(error) => error,
            Fault::Sql(error) => tell(&error, sql, place),
        }
    }
}

/// SQLite's extended result code; [`ffi::SQLITE_ERROR`] for what never came from SQLite.
pub(crate) fn extended_code(error: &rusqlite::Error) -> i32 {
    native(error).map_or(ffi::SQLITE_ERROR, |native| native.extended_code)
}

fn native(error: &rusqlite::Error) -> Option<&ffi::Error> {
    match error {
        rusqlite::Error::SqliteFailure(native, _) => Some(native),
        // `SqlInputError` is in the older versions of rusqlite only with some of its features, so it is not named here.
        other => other.source().and_then(|source| source.downcast_ref()),
    }
}

/// SQLite's message and the offset that it gives, if it does.
fn message(error: &rusqlite::Error, sql: &str) -> (String, Option<usize>) {
    let text = error.to_string();
    if matches!(error, rusqlite::Error::SqliteFailure(..)) || native(error).is_none() {
        return (text, None);
    }
    // `SqlInputError`, see above: "MESSAGE in SQL at offset 7".
    let Some((front, offset)) = text.rsplit_once(" at offset ") else {
        return (text, None);
    };
    let Some(said) = front.strip_suffix(sql).and_then(|front| front.strip_suffix(" in ")) else {
        return (text, None);
    };
    (said.to_owned(), offset.parse().ok())
}

/// What SQLite says of a file and not of a statement.
const OF_THE_FILE: [i32; 6] = [
    ffi::SQLITE_BUSY,
    ffi::SQLITE_READONLY,
    ffi::SQLITE_FULL,
    ffi::SQLITE_IOERR,
    ffi::SQLITE_CORRUPT,
    ffi::SQLITE_PROTOCOL,
];

// The extended codes of SQLITE_READONLY, by their numbers in SQLite's interface.
const READONLY_RECOVERY: i32 = 264;
const READONLY_CANTLOCK: i32 = 520;
const READONLY_ROLLBACK: i32 = 776;
const READONLY_DBMOVED: i32 = 1032;
const READONLY_CANTINIT: i32 = 1288;
const READONLY_DIRECTORY: i32 = 1544;

/// The path doesn't lead to the file any more that was opened by it.
pub(crate) fn moved(place: &Place) -> Error {
    Error::Io {
        path: place.name(),
        reason: "the file was deleted, moved or replaced while this ran, and nothing of the open transaction was committed; find out which \
                 file is the right one, put it there, and run the command again"
            .to_owned(),
    }
}

/// The port's error for one of SQLite.
pub(crate) fn tell(error: &rusqlite::Error, sql: &str, place: &Place) -> Error {
    let code = extended_code(error);
    let (message, offset) = message(error, sql);
    let offset = offset.filter(|_| !message.starts_with("error in ")).or_else(|| named_offset(&message, sql));
    let offset = offset.filter(|offset| *offset <= sql.len()).map(|offset| floor_boundary(sql, offset));
    let io = |reason: String| Error::Io { path: place.name(), reason };
    let unfit = |reason: &str| Error::Unfit(format!("{}: {message} [{}]: {reason}", place.name(), codes::named(code)));
    match code {
        READONLY_DBMOVED => return moved(place),
        READONLY_ROLLBACK | READONLY_RECOVERY => {
            return unfit(
                "it has an interrupted transaction to undo first, and this user may write neither to the file nor to its directory; run as \
                 one who may write to both",
            );
        }
        READONLY_CANTINIT | READONLY_DIRECTORY | READONLY_CANTLOCK => {
            return unfit(
                "SQLite keeps its journal in the file's directory, and the log of a database in WAL mode even to read it: the directory \
                 must be writable to the user that migrates it",
            );
        }
        _ => {}
    }
    // What is wrong with the file or its disk isn't about the statement that met it.
    let message = match (place, code & 0xff) {
        (Place::File { path, .. }, code) if OF_THE_FILE.contains(&code) => format!("{}: {message}", path.display()),
        _ => message,
    };
    let answer = |hint: Option<&str>| {
        Box::new(ServerError {
            code: codes::named(code),
            message: message.clone(),
            hint: hint.map(str::to_owned),
            offset,
            ..ServerError::default()
        })
    };
    match code & 0xff {
        ffi::SQLITE_BUSY => Error::LockTimeout(answer(Some(
            "another process is writing to this database, or reading it for long; end it, or allow a longer lock timeout",
        ))),
        ffi::SQLITE_LOCKED => {
            Error::LockTimeout(answer(Some("a statement of the same connection still uses the table")))
        }
        ffi::SQLITE_INTERRUPT => Error::Cancelled(answer(None)),
        ffi::SQLITE_NOTADB => io(format!(
            "this is not a SQLite database, or it is an encrypted one ({message}); correct the path, or move the file away"
        )),
        ffi::SQLITE_CANTOPEN => io(cannot_open(place, &message)),
        ffi::SQLITE_READONLY => Error::Server(answer(Some(
            "the file, one of the files beside it (`-wal`, `-shm`), its directory or the URL (`mode=ro`) allows reading only; SQLite writes its \
             journal into the same directory",
        ))),
        ffi::SQLITE_FULL => Error::Server(answer(Some(
            "the disk is full, or the database has reached `PRAGMA max_page_count`; a rebuild of a table needs as much space again; make room \
             and run the command again",
        ))),
        ffi::SQLITE_IOERR => Error::Server(answer(Some(
            "the disk is full, or the file system failed; nothing of this transaction is committed; run the command again when it works",
        ))),
        ffi::SQLITE_CORRUPT => Error::Server(answer(Some(
            "the file is damaged; see `PRAGMA integrity_check`, and `.recover` of the sqlite3 client or a backup",
        ))),
        ffi::SQLITE_NOMEM => Error::Server(answer(Some("there is not enough memory"))),
        ffi::SQLITE_SCHEMA => Error::Server(answer(Some("another process changed the schema meanwhile; try again"))),
        _ => Error::Server(answer(None)),
    }
}

/// Why a file can't be opened, as far as its metadata tells. It is never opened here: closing it again would
/// free the locks that SQLite holds on it elsewhere in this process, which is how POSIX locks are.
fn cannot_open(place: &Place, message: &str) -> String {
    let Place::File { path, .. } = place else {
        return message.to_owned();
    };
    match std::fs::metadata(path) {
        Ok(found) if found.is_dir() => "this is a directory; a database is a file".to_owned(),
        Ok(_) => format!(
            "{message}: this user may not read it, or may not write to its directory, which reading a database in WAL mode takes too; \
             let him, or run as another user"
        ),
        Err(error) => format!("{message}: {error}"),
    }
}

/// Where in a statement something stands that a message names: SQLite tells no offset for constraints, nor for tables
/// that are missing or already there.
fn named_offset(message: &str, sql: &str) -> Option<usize> {
    if sql.is_empty() {
        return None;
    }
    if message == "incomplete input" {
        return Some(sql.trim_end().len());
    }
    let (names, last) = names_in(message);
    names.into_iter().find_map(|name| {
        let mut places = tokens(sql, Dialect::Sqlite).filter(|token| identifier(token).is_some_and(|n| same(&n, name)));
        let found = if last { places.last() } else { places.next() };
        found.map(|token| token.start)
    })
}

/// What a message of SQLite names, the narrowest first, and whether its last mention is meant instead of its first.
fn names_in(message: &str) -> (Vec<&str>, bool) {
    // "error in view v: no such table: main.t" is about what stands last.
    let said = match message.strip_prefix("error in ") {
        Some(rest) => rest.split_once(": ").map_or(rest, |(_, cause)| cause),
        None => message,
    };
    let dotted = |name| -> Vec<&str> { str::rsplit(name, '.').collect() };
    for mark in ["UNIQUE constraint failed: ", "NOT NULL constraint failed: ", "CHECK constraint failed: "] {
        if let Some(rest) = said.strip_prefix(mark) {
            return (dotted(rest.split(", ").next().unwrap_or(rest)), false);
        }
    }
    for mark in [
        "no such table: ",
        "no such column: ",
        "no such index: ",
        "no such view: ",
        "no such trigger: ",
        "no such module: ",
        "no such collation sequence: ",
        "no such function: ",
        "no such savepoint: ",
    ] {
        if let Some(rest) = said.strip_prefix(mark) {
            return (dotted(rest.split(' ').next().unwrap_or(rest)), false);
        }
    }
    if let Some(name) = said.strip_prefix("duplicate column name: ") {
        return (vec![name], true);
    }
    if let Some((table, rest)) = said.strip_prefix("table ").and_then(|rest| rest.split_once(" has ")) {
        let column = rest.strip_prefix("no column named ");
        return (column.into_iter().chain([table]).collect(), false);
    }
    for kind in ["table ", "view ", "index ", "trigger "] {
        if let Some(name) = said.strip_prefix(kind).and_then(|rest| rest.strip_suffix(" already exists")) {
            return (dotted(name), false);
        }
    }
    for mark in [
        "there is already a table named ",
        "there is already an index named ",
        "there is already another table or index with this name: ",
    ] {
        if let Some(name) = said.strip_prefix(mark) {
            return (dotted(name), true);
        }
    }
    (Vec::new(), false)
}

/// A token's name, without its quotes; strings too, since SQLite takes them for names where only a name can stand.
pub(crate) fn identifier(token: &Token<'_>) -> Option<String> {
    let text = token.text;
    match token.kind {
        TokenKind::Word => Some(text.to_owned()),
        TokenKind::QuotedIdentifier | TokenKind::String => {
            let open = text.chars().next()?;
            let close = if open == '[' { ']' } else { open };
            let inner = text.strip_prefix(open)?;
            let inner = inner.strip_suffix(close).unwrap_or(inner);
            Some(if open == '[' {
                inner.to_owned()
            } else {
                inner.replace(&format!("{open}{open}"), &open.to_string())
            })
        }
        _ => None,
    }
}

fn same(left: &str, right: &str) -> bool {
    left.eq_ignore_ascii_case(right.trim_matches(|c| matches!(c, '"' | '`' | '\'' | '[' | ']')))
}

fn floor_boundary(sql: &str, mut offset: usize) -> usize {
    while !sql.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_at_what_a_message_names() {
        for (message, sql, at) in [
            ("UNIQUE constraint failed: t.a, t.b", "INSERT INTO t (b, a) VALUES (1, 2)", "a)"),
            ("UNIQUE constraint failed: t.a", "INSERT INTO t VALUES (1, 2)", "t VALUES"),
            ("NOT NULL constraint failed: t.größe", "INSERT INTO t (\"größe\") VALUES (NULL)", "\"größe\""),
            ("no such table: main.T", "DELETE /* t */ FROM t", "t"),
            ("table t has no column named c", "INSERT INTO t (a, c) VALUES (1, 2)", "c)"),
            ("table t has 2 columns but 1 values were supplied", "INSERT INTO t VALUES (1)", "t VALUES"),
            ("table t already exists", "CREATE TABLE [t] (a)", "[t]"),
            ("duplicate column name: a", "CREATE TABLE t (a, a)", "a)"),
            ("error in view v: no such table: main.t", "ALTER TABLE t RENAME TO u", "t RENAME"),
            ("incomplete input", "CREATE TABLE t (", ""),
        ] {
            let offset = named_offset(message, sql).unwrap_or_else(|| panic!("{message}"));
            assert!(sql[offset..].starts_with(at), "{message}: {:?}", &sql[offset..]);
        }
        assert_eq!(named_offset("FOREIGN KEY constraint failed", "DELETE FROM t"), None);
        assert_eq!(named_offset("no such table: x", "SELECT 'y'"), None);
    }
}
