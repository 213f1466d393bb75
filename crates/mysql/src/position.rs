//! Where in a statement an error is, found from the server's words: it gives a line and some text, never an offset.

use driftlock_script::TokenKind;

use crate::parse::{identifier, words};

const SYNTAX: [u16; 2] = [1064, 1149];

/// Errors whose first quoted text is a name that the statement uses.
const NAMING: [u16; 24] = [
    1007, 1008, 1048, 1049, 1050, 1051, 1052, 1054, 1060, 1061, 1072, 1091, 1109, 1146, 1166, 1247, 1264, 1265, 1304,
    1305, 1364, 1366, 1406, 4161,
];

/// The byte offset of an error, always on a character boundary.
pub(crate) fn offset(code: u16, message: &str, sql: &str) -> Option<usize> {
    if SYNTAX.contains(&code) {
        syntax(message, sql)
    } else if NAMING.contains(&code) {
        name(message, sql)
    } else {
        None
    }
}

/// `… near 'TEXT' at line N`: TEXT is the rest of the statement from the error on, cut after 80 characters or bytes.
fn syntax(message: &str, sql: &str) -> Option<usize> {
    let (before, line) = message.rsplit_once("' at line ")?;
    let (_, near) = before.split_once(" near '")?;
    let line: usize = line.trim().parse().ok()?;
    let end = sql.trim_end().len();
    if near.is_empty() {
        return Some(end);
    }
    if sql[..end].ends_with(near) {
        return Some(end - near.len());
    }
    // MariaDB marks a cut by dots, and one in the middle of a character leaves a mark that isn't in the statement.
    let near = near.strip_suffix("...").unwrap_or(near).trim_end_matches(['\u{fffd}', '?']).trim_end();
    if near.is_empty() {
        return start_of_line(sql, line);
    }
    let line_of = |at: usize| sql[..at].matches('\n').count() + 1;
    sql.match_indices(near)
        .map(|(at, _)| at)
        .min_by_key(|at| line_of(*at).abs_diff(line))
        .or_else(|| start_of_line(sql, line))
}

/// The first character of a line that isn't space.
fn start_of_line(sql: &str, line: usize) -> Option<usize> {
    let mut start = 0;
    for (number, text) in sql.split_inclusive('\n').enumerate() {
        if number + 1 == line {
            return Some(start + (text.len() - text.trim_start().len()).min(text.trim_end().len()));
        }
        start += text.len();
    }
    None
}

/// The first place where the name that the message quotes stands as an identifier.
fn name(message: &str, sql: &str) -> Option<usize> {
    let quoted = quoted(message)?;
    let mut path: Vec<&str> = quoted.split('.').collect();
    let last = path.pop()?.trim_matches('`');
    let tokens = words(sql);
    let is_name = |token: &driftlock_script::Token<'_>, name: &str| {
        token.kind != TokenKind::String && identifier(token).is_some_and(|text| text.eq_ignore_ascii_case(name))
    };
    // `t.x` may be written out; then it is the one that is meant.
    if let Some(parent) = path.last().map(|parent| parent.trim_matches('`')) {
        let written = tokens
            .windows(3)
            .find(|window| is_name(&window[0], parent) && window[1].text == "." && is_name(&window[2], last));
        if let Some(window) = written {
            return Some(window[0].start);
        }
    }
    tokens.iter().find(|token| is_name(token, last)).map(|token| token.start)
}

/// The first text in quotes or backticks of a message; the apostrophe of `Can't` opens none.
fn quoted(message: &str) -> Option<&str> {
    let bytes = message.as_bytes();
    let open = (0..bytes.len()).find(|&at| {
        matches!(bytes[at], b'\'' | b'`')
            && !at.checked_sub(1).is_some_and(|before| bytes[before].is_ascii_alphabetic())
    })?;
    let mark = if message.as_bytes()[open] == b'`' { '`' } else { '\'' };
    let rest = &message[open + 1..];
    Some(&rest[..rest.find(mark)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(text: &str, line: usize) -> String {
        format!(
            "You have an error in your SQL syntax; check the manual for the right syntax to use near '{text}' at line {line}"
        )
    }

    #[test]
    fn finds_the_rest_of_the_statement() {
        let sql = "CREATE TABLE t (\n  ä text,\n  b intt\n)";
        assert_eq!(offset(1064, &near("intt\n)", 3), sql), sql.find("intt"));
        assert_eq!(offset(1064, &near("", 4), sql), Some(sql.len()));
        assert_eq!(offset(1064, &near("", 4), &format!("{sql}\n  ")), Some(sql.len()));
    }

    #[test]
    fn chooses_the_line_when_the_text_was_cut() {
        let long = "x".repeat(90);
        let sql = format!("SELECT 1 {long},\n 2,\n 3 {long} é");
        let cut = &format!("{long} é")[..80];
        assert_eq!(offset(1064, &near(cut, 3), &sql), sql.rfind(&long));
        assert_eq!(offset(1064, &near(cut, 1), &sql), sql.find(&long));
        assert_eq!(offset(1064, &near(&format!("{cut}..."), 3), &sql), sql.rfind(&long));
        let broken = format!("{}\u{fffd}", &sql[sql.rfind(&long).unwrap()..][..40]);
        assert_eq!(offset(1064, &near(&broken, 3), &sql), sql.rfind(&long));
        assert_eq!(offset(1064, &near("nowhere", 2), &sql), sql.find("2,"));
    }

    #[test]
    fn finds_names() {
        let sql = "SELECT 'nope', é.`x`, nope FROM shop.t WHERE t.nope = 1";
        for (code, message, at) in [
            (1054, "Unknown column 'nope' in 'field list'", sql.find("nope FROM")),
            (1054, "Unknown column 't.nope' in 'where clause'", sql.find("t.nope")),
            (1146, "Table 'shop.t' doesn't exist", sql.find("shop.t")),
            (1146, "Table 'shop.other' doesn't exist", None),
            (1060, "Duplicate column name 'X'", sql.find("`x`")),
            (1091, "Can't DROP COLUMN `x`; check that it exists", sql.find("`x`")),
            (1091, "Can't DROP 'x'; check that column/key exists", sql.find("`x`")),
            (1062, "Duplicate entry 'nope' for key 'PRIMARY'", None),
        ] {
            assert_eq!(offset(code, message, sql), at, "{message}");
        }
    }
}
