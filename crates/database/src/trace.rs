//! The statements that driftlock sends for itself, as events: `driftlock.sql`, at the level debug.
//!
//! Their strings are left out, whatever they are: some of them are scripts, which may hold credentials. What of them is worth knowing (the
//! rows of the own tables, the fence) the engine tells with its values.

use std::time::Duration;

use driftlock_script::{Dialect, TokenKind, tokens};
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Span, dispatcher};

/// The most of a statement that is told, in bytes.
const LONGEST: usize = 2000;

/// Whether anybody listens; costs a look at a number.
#[must_use]
pub fn is_on() -> bool {
    LevelFilter::current() >= LevelFilter::DEBUG
}

/// An own statement was answered, after so long. `error` is the server's code, where it was refused.
pub fn sent(sql: &str, dialect: Dialect, duration: Duration, rows: Option<u64>, error: Option<&str>) {
    if !is_on() {
        return;
    }
    tracing::event!(
        name: "driftlock.sql",
        target: "driftlock.sql",
        tracing::Level::DEBUG,
        {
            sql = shape(sql, dialect),
            rows,
            duration_ms = duration.as_micros() as f64 / 1000.0,
            error_code = error,
        },
        "driftlock asked the database"
    );
}

/// Work that tells its events where it was made, whatever thread it is done on.
pub fn carried<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let listens = LevelFilter::current() > LevelFilter::OFF;
    let here = listens.then(|| (Span::current(), dispatcher::get_default(Dispatch::clone)));
    move || match here {
        None => work(),
        Some((span, dispatch)) => dispatcher::with_default(&dispatch, || span.in_scope(work)),
    }
}

/// A statement on one line, with `?` for each of its strings.
fn shape(sql: &str, dialect: Dialect) -> String {
    let mut shape = String::new();
    let mut from = 0;
    for token in tokens(sql, dialect).filter(|token| token.kind == TokenKind::String) {
        shape.push_str(&sql[from..token.start]);
        shape.push('?');
        from = token.start + token.text.len();
    }
    shape.push_str(&sql[from..]);
    // What MySQL's strings say of their character set says nothing without them.
    let shape = shape.replace("_utf8mb4 ?", "?");
    let mut shape = shape.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some(end) = (0..=LONGEST.min(shape.len())).rev().find(|end| shape.is_char_boundary(*end))
        && end < shape.len()
    {
        shape.truncate(end);
        shape.push('…');
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_own_statement_is_told_without_its_strings() {
        assert_eq!(
            shape("INSERT INTO h\n  (a, b) VALUES (1, _utf8mb4 X'6334'),\t(2, 'it''s')", Dialect::MySql),
            "INSERT INTO h (a, b) VALUES (1, ?), (2, ?)"
        );
        assert_eq!(shape("SELECT E'\\'c4n', $x$c4n$x$, \"name\"", Dialect::Postgres), "SELECT ?, ?, \"name\"");
        assert_eq!(shape("UPDATE f SET token = ?1", Dialect::Sqlite), "UPDATE f SET token = ?1");
        let long = shape(&"é,".repeat(3000), Dialect::Sqlite);
        assert!(long.len() < LONGEST + 10 && long.ends_with('…'), "{}", long.len());
    }
}
