//! The server's and the driver's errors as the port's.

use driftlock_database::{Error, ServerError};
use driftlock_script::{Dialect, significant};
use tokio_postgres::error::{DbError, ErrorPosition, Severity, SqlState};

/// What the server says, as the port's error. `sql` is the statement that it is about; `cancelled` says that we asked for a cancel.
pub(crate) fn from_db(db: &DbError, sql: Option<&str>, cancelled: bool) -> Error {
    if ends_connection(db) {
        return Error::ConnectionLost(db.message().to_owned());
    }
    let mut error = Box::new(server_error(db, sql));
    let code = db.code();
    if matches!(
        *code,
        SqlState::LOCK_NOT_AVAILABLE | SqlState::T_R_DEADLOCK_DETECTED | SqlState::T_R_SERIALIZATION_FAILURE
    ) {
        return Error::LockTimeout(error);
    }
    if let Some(hint) = sql.and_then(|sql| about_own_tables(code, sql)) {
        // The server's is to use CASCADE, which would drop the history too.
        error.hint = Some(hint.to_owned());
    }
    if let Some(hint) = sql.and_then(|sql| about_roles(code, sql)) {
        error.hint.get_or_insert_with(|| hint.to_owned());
    }
    if *code == SqlState::QUERY_CANCELED {
        // The code is the same for both; the words are the only difference, and may be in another language.
        let by_timeout = !cancelled && db.message().contains("statement timeout");
        if !by_timeout {
            return Error::Cancelled(error);
        }
        error.hint.get_or_insert_with(|| {
            "the limit is `statement-timeout`, in the file's `-- driftlock: statement-timeout=…` or in driftlock.toml"
                .to_owned()
        });
    }
    Error::Server(error)
}

/// A dump with `--clean` of an older version drops the schema `public`, in which driftlock's own tables are unless told otherwise.
fn about_own_tables(code: &SqlState, sql: &str) -> Option<&'static str> {
    let mut words = significant(sql, Dialect::Postgres);
    let drops_schema =
        words.next().is_some_and(|word| word.is("DROP")) && words.next().is_some_and(|word| word.is("SCHEMA"));
    (*code == SqlState::DEPENDENT_OBJECTS_STILL_EXIST && drops_schema).then_some(
        "if these are driftlock's own tables: remove the statement, or put them elsewhere with `tables.schema` (`--tables-schema`)",
    )
}

/// The way out where a dump names a role that isn't there, or that the login may not act for.
fn about_roles(code: &SqlState, sql: &str) -> Option<&'static str> {
    if !matches!(
        *code,
        SqlState::UNDEFINED_OBJECT | SqlState::INVALID_PARAMETER_VALUE | SqlState::INSUFFICIENT_PRIVILEGE
    ) {
        return None;
    }
    let mut words = significant(sql, Dialect::Postgres);
    let (first, second) = (words.next()?, words.next()?);
    if (first.is("SET") && second.is("SESSION") && words.next().is_some_and(|word| word.is("AUTHORIZATION")))
        || (first.is("ALTER") && words.any(|word| word.is("OWNER")))
    {
        return Some(
            "create the role first, or dump without owners (`pg_dump --no-owner`): then all belongs to whoever runs it",
        );
    }
    let grants = first.is("GRANT") || first.is("REVOKE") || (first.is("ALTER") && second.is("DEFAULT"));
    (grants && *code == SqlState::UNDEFINED_OBJECT)
        .then_some("create the role first, or dump without privileges (`pg_dump --no-privileges`)")
}

/// Whether the server closes the connection after this.
pub(crate) fn ends_connection(db: &DbError) -> bool {
    matches!(db.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
        || db.code().code().starts_with("08")
        || matches!(*db.code(), SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN)
}

/// The server's words, with the position as a byte offset in `sql`.
pub(crate) fn server_error(db: &DbError, sql: Option<&str>) -> ServerError {
    let mut context: Vec<String> = db.where_().map(str::to_owned).into_iter().collect();
    let mut offset = None;
    match db.position() {
        Some(ErrorPosition::Original(position)) => offset = sql.and_then(|sql| byte_offset(sql, *position)),
        Some(ErrorPosition::Internal { position, query }) => {
            context.push(format!("at character {position} of the inner statement: {query}"));
        }
        None => {}
    }
    ServerError {
        code: db.code().code().to_owned(),
        message: db.message().to_owned(),
        detail: db.detail().map(str::to_owned),
        hint: db.hint().map(str::to_owned),
        context: (!context.is_empty()).then(|| context.join("\n")),
        offset,
    }
}

/// PostgreSQL counts characters from 1.
fn byte_offset(sql: &str, position: u32) -> Option<usize> {
    let characters = usize::try_from(position).ok()?.checked_sub(1)?;
    sql.char_indices().map(|(at, _)| at).chain([sql.len()]).nth(characters)
}

/// A statement with a NUL character never reaches the server, whose protocol ends texts with one.
pub(crate) fn nul_character(offset: usize) -> Error {
    Error::Server(Box::new(ServerError {
        code: SqlState::CHARACTER_NOT_IN_REPERTOIRE.code().to_owned(),
        message: "the statement holds a NUL character, which PostgreSQL can't take".to_owned(),
        hint: Some("remove the character from the file".to_owned()),
        offset: Some(offset),
        ..ServerError::default()
    }))
}

/// An error of the driver with its causes, which it doesn't print by itself.
pub(crate) fn words(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::byte_offset;

    #[test]
    fn positions_count_characters() {
        let sql = "SELECT 'žluť', nope";
        assert_eq!(byte_offset(sql, 16).map(|at| &sql[at..]), Some("nope"));
        assert_eq!(byte_offset(sql, 1), Some(0));
        assert_eq!(byte_offset("é", 2), Some(2));
        assert_eq!(byte_offset("é", 3), None);
        assert_eq!(byte_offset("é", 0), None);
    }
}
