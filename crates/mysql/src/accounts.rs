//! Accounts as statements name them.

use driftlock_script::{Token, TokenKind};

use crate::effect::Object;
use crate::parse::{Cursor, parts};

/// Words behind which CREATE USER speaks of all its accounts, and may have commas of another kind.
const TAIL: [&str; 6] = ["DEFAULT", "REQUIRE", "PASSWORD", "ACCOUNT", "COMMENT", "ATTRIBUTE"];

/// All accounts of a list (`'ann'@'%', ben IDENTIFIED BY 'x'`), as they are written.
pub(crate) fn all(sql: &str, cursor: Cursor<'_, '_>, kind: &'static str) -> Option<Vec<Object>> {
    let tokens = cursor.rest();
    let is_tail = |at: usize| {
        let token = &tokens[at];
        // `IDENTIFIED BY RANDOM PASSWORD`, `IDENTIFIED BY PASSWORD 'hash'`, `IDENTIFIED WITH plugin`.
        let belongs = at.checked_sub(1).is_some_and(|before| {
            ["BY", "RANDOM", "IDENTIFIED", "RETAIN", "CURRENT"].iter().any(|word| tokens[before].is(word))
        });
        let starts_list = at == 0 || tokens[at - 1].text == ",";
        !starts_list && !belongs && (TAIL.iter().any(|word| token.is(word)) || token.is("WITH"))
    };
    let end = (0..tokens.len()).find(|&at| is_tail(at)).unwrap_or(tokens.len());
    parts(&tokens[..end]).into_iter().map(|part| Some(Object::Account(kind, account(sql, part)?.0))).collect()
}

/// The pairs of `RENAME USER a TO b, c TO d`.
pub(crate) fn renamed(sql: &str, cursor: Cursor<'_, '_>) -> Option<Vec<(String, String)>> {
    let pair = |part: &[Token<'_>]| {
        let (old, rest) = account(sql, part)?;
        let (to, rest) = part[rest..].split_first().map(|(to, _)| (to, rest + 1))?;
        to.is("TO").then_some(())?;
        Some((old, account(sql, &part[rest..])?.0))
    };
    parts(cursor.rest()).into_iter().map(pair).collect()
}

/// The account that stands first, and of how many tokens it is.
fn account(sql: &str, tokens: &[Token<'_>]) -> Option<(String, usize)> {
    let first = tokens.first()?;
    if !matches!(first.kind, TokenKind::Word | TokenKind::String | TokenKind::QuotedIdentifier) {
        return None;
    }
    let end = first.start + first.text.len();
    let host = tokens.get(1).filter(|token| token.kind == TokenKind::Variable && token.start == end);
    let end = host.map_or(end, |host| host.start + host.text.len());
    Some((sql[first.start..end].to_owned(), 1 + usize::from(host.is_some())))
}
