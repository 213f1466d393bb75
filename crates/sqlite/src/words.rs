//! SQLite's words: which are keywords, and what a name is without its quotes.

use std::borrow::Cow;

use driftlock_script::{Token, TokenKind};

/// Keywords that stand for a name only in quotes: those without a fallback to a name in SQLite's grammar, and the words of joins, which may be
/// names of columns but not everywhere.
const RESERVED: &[&str] = &[
    "add",
    "all",
    "alter",
    "and",
    "as",
    "autoincrement",
    "between",
    "case",
    "check",
    "collate",
    "commit",
    "constraint",
    "create",
    "cross",
    "default",
    "deferrable",
    "delete",
    "distinct",
    "drop",
    "else",
    "escape",
    "except",
    "exists",
    "foreign",
    "from",
    "full",
    "group",
    "having",
    "in",
    "index",
    "indexed",
    "inner",
    "insert",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "left",
    "limit",
    "natural",
    "not",
    "nothing",
    "notnull",
    "null",
    "on",
    "or",
    "order",
    "outer",
    "primary",
    "references",
    "returning",
    "right",
    "select",
    "set",
    "table",
    "then",
    "to",
    "transaction",
    "union",
    "unique",
    "update",
    "using",
    "values",
    "when",
    "where",
];

/// Keywords that stand for a name wherever they can't be a keyword.
const OTHERS: &[&str] = &[
    "abort",
    "action",
    "after",
    "always",
    "analyze",
    "asc",
    "attach",
    "before",
    "begin",
    "by",
    "cascade",
    "cast",
    "column",
    "conflict",
    "current",
    "current_date",
    "current_time",
    "current_timestamp",
    "database",
    "deferred",
    "desc",
    "detach",
    "do",
    "each",
    "end",
    "exclude",
    "exclusive",
    "explain",
    "fail",
    "false",
    "filter",
    "first",
    "following",
    "for",
    "generated",
    "glob",
    "groups",
    "if",
    "ignore",
    "immediate",
    "initially",
    "instead",
    "key",
    "last",
    "like",
    "match",
    "materialized",
    "no",
    "nulls",
    "of",
    "offset",
    "others",
    "over",
    "partition",
    "plan",
    "pragma",
    "preceding",
    "query",
    "raise",
    "range",
    "recursive",
    "regexp",
    "reindex",
    "release",
    "rename",
    "replace",
    "restrict",
    "rollback",
    "row",
    "rows",
    "savepoint",
    "temp",
    "temporary",
    "ties",
    "trigger",
    "true",
    "unbounded",
    "vacuum",
    "view",
    "virtual",
    "window",
    "with",
    "within",
    "without",
];

/// The longest of them.
const LONGEST: usize = 17;

fn is_among(list: &[&str], word: &str) -> bool {
    let mut lower = [0; LONGEST];
    let Some(lower) = lower.get_mut(..word.len()) else { return false };
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    list.binary_search_by(|keyword| keyword.as_bytes().cmp(lower)).is_ok()
}

/// Whether a word is a keyword that stands for a name only in quotes.
pub(crate) fn is_reserved(word: &str) -> bool {
    is_among(RESERVED, word)
}

/// Whether a word is a keyword.
pub(crate) fn is_keyword(word: &str) -> bool {
    is_among(RESERVED, word) || is_among(OTHERS, word)
}

/// Whether a name means itself without quotes.
pub(crate) fn is_plain(name: &str) -> bool {
    let starts = |first: u8| first.is_ascii_alphabetic() || first == b'_' || first >= 0x80;
    name.as_bytes().first().is_some_and(|first| starts(*first))
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80)
        && !is_keyword(name)
}

/// A name, with quotes where it needs them.
pub(crate) fn plainly(name: &str) -> Cow<'_, str> {
    if is_plain(name) { Cow::Borrowed(name) } else { Cow::Owned(crate::settings::quote(name)) }
}

/// What a token names: a word, or what stands in quotes of any kind. SQLite takes a string for a name where only a name can be.
pub(crate) fn name<'a>(token: &Token<'a>) -> Option<Cow<'a, str>> {
    match token.kind {
        TokenKind::Word => Some(Cow::Borrowed(token.text)),
        TokenKind::QuotedIdentifier | TokenKind::String => unquoted(token.text),
        _ => None,
    }
}

/// What stands in quotes.
fn unquoted(text: &str) -> Option<Cow<'_, str>> {
    let (open, close, doubled) = match text.as_bytes().first()? {
        b'[' => ('[', ']', "]"),
        b'"' => ('"', '"', "\"\""),
        b'`' => ('`', '`', "``"),
        b'\'' => ('\'', '\'', "''"),
        _ => return None,
    };
    let inner = text.strip_prefix(open)?.strip_suffix(close)?;
    Some(match close {
        ']' => Cow::Borrowed(inner),
        _ if inner.contains(close) => Cow::Owned(inner.replace(doubled, &close.to_string())),
        _ => Cow::Borrowed(inner),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_and_know_every_case() {
        for list in [RESERVED, OTHERS] {
            assert!(list.is_sorted() && list.iter().all(|word| word.len() <= LONGEST));
        }
        assert!(is_reserved("Select") && !is_reserved("key") && is_keyword("KEY") && !is_keyword("keys"));
        assert!(is_plain("größe") && !is_plain("1a") && !is_plain("a b") && !is_plain("order") && !is_plain(""));
        assert_eq!(plainly("a\"b"), "\"a\"\"b\"");
    }
}
