//! Settings at the head of a dump that an older server doesn't know.

use driftlock_script::{Dialect, TokenKind, significant};

/// What pg_dump sets, the first major version that knows it, and the value that means "as if it weren't there". Any other value
/// asks for something that the server can't do, and it may say so.
const SINCE: [(&str, u32, &str); 3] = [
    ("transaction_timeout", 17, "0"),
    ("default_table_access_method", 12, "heap"),
    ("default_toast_compression", 14, "pglz"),
];

/// Why a `SET` isn't sent to a server of this version: psql tells its error and goes on, which changes nothing.
pub(crate) fn not_known_here(sql: &str, major: u32) -> Option<String> {
    let mut words = significant(sql, Dialect::Postgres).peekable();
    words.next_if(|token| token.is("SET"))?;
    words.next_if(|token| token.is("SESSION"));
    let name = words.next()?;
    let (name, since, neutral) = SINCE.into_iter().find(|(known, ..)| name.is(known))?;
    words.next_if(|token| token.text == "=" || token.is("TO"))?;
    let value = words.next()?;
    let value = if value.kind == TokenKind::String { value.text.trim_matches('\'') } else { value.text };
    (major > 0 && major < since && value.eq_ignore_ascii_case(neutral)).then(|| {
        format!(
            "not run: PostgreSQL {major} doesn't know `{name}`, which came with version {since}, and does without it what this says"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::not_known_here;

    #[test]
    fn only_what_changes_nothing_is_left_out() {
        for (sql, major, left_out) in [
            ("SET transaction_timeout = 0", 15, true),
            ("set session transaction_timeout to '0'", 16, true),
            ("SET transaction_timeout = 0", 17, false),
            ("SET transaction_timeout = 5000", 15, false),
            ("SET default_table_access_method = heap", 11, true),
            ("SET default_table_access_method = heap", 12, false),
            ("SET statement_timeout = 0", 10, false),
            ("SELECT transaction_timeout = 0", 15, false),
        ] {
            assert_eq!(not_known_here(sql, major).is_some(), left_out, "{sql} on {major}");
        }
    }
}
