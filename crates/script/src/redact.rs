//! Keeps credentials that stand in scripts out of everything that is shown.
//!
//! A statement that carries credentials is one whose words say so (`PASSWORD`, `IDENTIFIED BY`, `CONNECTION`, the options of
//! a server or user mapping, …). Which of its literals is the secret is not asked: all of them are masked. A routine's body
//! is a literal to PostgreSQL; where it holds such words it is masked whole.

use std::borrow::Cow;

use crate::{Dialect, Token, TokenKind, significant, tokens};

/// What stands for a secret.
const MASK: &str = "***";

/// A statement as it may be shown: where it carries credentials, each string in it is `'***'`.
///
/// ```
/// use driftlock_script::{Dialect, redact};
///
/// let shown = redact("CREATE ROLE app LOGIN PASSWORD 's3cret'", Dialect::Postgres);
/// assert_eq!(shown, "CREATE ROLE app LOGIN PASSWORD '***'");
/// ```
#[must_use]
pub fn redact(sql: &str, dialect: Dialect) -> Cow<'_, str> {
    let secrets = secret_tokens(sql, dialect);
    if secrets.is_empty() {
        return Cow::Borrowed(sql);
    }
    let mut shown = String::with_capacity(sql.len());
    let mut from = 0;
    for token in secrets {
        let (start, length) = inner(token.text);
        shown.push_str(&sql[from..token.start + start]);
        shown.push_str(MASK);
        from = token.start + start + length;
    }
    shown.push_str(&sql[from..]);
    Cow::Owned(shown)
}

/// The texts that [`redact`] hides, so that they can be masked in what a server says of the statement. The longest first.
#[must_use]
pub fn credentials(sql: &str, dialect: Dialect) -> Vec<&str> {
    let mut secrets = Vec::new();
    for token in secret_tokens(sql, dialect) {
        add_with_inner(token, dialect, 3, &mut secrets);
    }
    secrets.retain(|secret| !secret.trim().is_empty());
    // A long one first: masking a part of it would leave the rest.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.dedup();
    secrets
}

/// A literal, and those inside of it: the code in a body may have the server say one of them alone.
fn add_with_inner<'a>(token: Token<'a>, dialect: Dialect, depth: u32, secrets: &mut Vec<&'a str>) {
    let (start, length) = inner(token.text);
    let text = &token.text[start..start + length];
    secrets.push(text);
    if depth > 0 && text.contains(['\'', '$']) {
        for token in tokens(text, dialect).filter(|token| token.kind == TokenKind::String) {
            add_with_inner(token, dialect, depth - 1, secrets);
        }
    }
}

/// A text without these secrets. Long ones are also found where a server shows only their beginning.
#[must_use]
pub fn mask(message: &str, secrets: &[&str]) -> String {
    let mut message = message.to_owned();
    for secret in secrets {
        message = message.replace(secret, MASK);
        // Servers quote what they could not read and cut it off; MySQL after 80 characters.
        if let Some((start, _)) = secret.char_indices().nth(8) {
            let head = &secret[..start];
            while let Some(at) = message.find(head) {
                let shared = message[at..].bytes().zip(secret.bytes()).take_while(|(a, b)| a == b).count();
                let end = (at..=at + shared).rev().find(|&end| message.is_char_boundary(end)).unwrap_or(at);
                message.replace_range(at..end, MASK);
            }
        }
    }
    message
}

/// The string tokens of a statement that carries credentials; none of any other.
fn secret_tokens(sql: &str, dialect: Dialect) -> Vec<Token<'_>> {
    secret_tokens_within(sql, dialect, 3)
}

/// A body may put a statement together in a string, and that may hold another; nobody goes deeper than this.
fn secret_tokens_within(sql: &str, dialect: Dialect, depth: u32) -> Vec<Token<'_>> {
    // Almost no statement has any of these: one look saves reading the words of all the others.
    if !may_carry(sql) {
        return Vec::new();
    }
    let is_string = |token: &Token<'_>| token.kind == TokenKind::String;
    if carries(sql, dialect) {
        return tokens(sql, dialect).filter(is_string).collect();
    }
    if depth == 0 {
        return Vec::new();
    }
    // A body between dollars, or a statement that is put together in a string.
    tokens(sql, dialect)
        .filter(is_string)
        .filter(|token| {
            let (start, length) = inner(token.text);
            let text = &token.text[start..start + length];
            is_connection_string(text)
                || carries(text, dialect)
                || !secret_tokens_within(text, dialect, depth - 1).is_empty()
        })
        .collect()
}

const WORDS: [&str; 12] = [
    "password",
    "passwd",
    "pwd",
    "://",
    "identified",
    "connection",
    "options",
    "secret",
    "dblink",
    "key",
    "credential",
    "authentication",
];

fn may_carry(sql: &str) -> bool {
    let bytes = sql.as_bytes();
    WORDS.iter().any(|word| bytes.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word.as_bytes())))
}

/// Whether the words of a statement, or of one inside a body, say that credentials follow.
fn carries(sql: &str, dialect: Dialect) -> bool {
    let words: Vec<Token<'_>> = significant(sql, dialect).collect();
    let is = |at: usize, word: &str| words.get(at).is_some_and(|token| token.is(word));
    let any = |list: &[&str], at: usize| list.iter().any(|word| is(at, word));
    let has = |list: &[&str]| (0..words.len()).any(|at| any(list, at));
    let is_string = |at: usize| words.get(at).is_some_and(|token| token.kind == TokenKind::String);
    // Asked once, not for each word: bodies can be long.
    let has_server = has(&["SERVER", "MAPPING", "WRAPPER"]);
    let (makes, sets, attaches) = (has(&["CREATE", "ALTER"]), has(&["SET"]), has(&["ATTACH", "PRAGMA"]));
    (0..words.len()).any(|at| {
        // PASSWORD 'x', PASSWORD = 'x', PASSWORD('x'), PASSWORD FOR u = PASSWORD('x'), MASTER_PASSWORD='x', OLD_PASSWORD('x')
        let token = &words[at];
        let word = token.kind == TokenKind::Word && token.text.to_ascii_lowercase().ends_with("password");
        let behind = (1..=2).any(|next| is_string(at + next));
        let set = at > 0 && is(at - 1, "SET") && word;
        (word && (behind || set))
            // IDENTIFIED BY 'x', IDENTIFIED VIA p USING 'x', IDENTIFIED WITH p AS 'x'
            || (is(at, "IDENTIFIED") && any(&["BY", "VIA", "WITH"], at + 1))
            // CREATE SUBSCRIPTION … CONNECTION 'x'; ALTER SUBSCRIPTION … CONNECTION 'x'
            || (is(at, "CONNECTION") && is_string(at + 1))
            // CREATE|ALTER SERVER|USER MAPPING|FOREIGN … OPTIONS (password 'x')
            || (is(at, "OPTIONS") && has_server)
            || (is(at, "SECRET") && (makes || sets))
            || (token.kind == TokenKind::Word && token.text.to_ascii_lowercase().starts_with("dblink"))
            // ATTACH 'file' AS a KEY 'x'; PRAGMA key = 'x'
            || ((is(at, "KEY") || is(at, "REKEY") || is(at, "HEXKEY")) && attaches)
            || (is(at, "CREDENTIAL") && makes)
    })
}

/// Whether a string is `host=h password=x` or `postgres://user:password@host`, wherever it stands: in ALTER SYSTEM SET
/// primary_conninfo, in the argument of an extension's function. Bodies compare a column with a blank before the `=`.
fn is_connection_string(text: &str) -> bool {
    let has_user = text.split_once("://").and_then(|(_, rest)| {
        let authority = rest.split(['/', '?', '\'', ' ', '\n']).next()?;
        Some(authority.split_once('@')?.0.contains(':'))
    });
    has_user.unwrap_or(false)
        || text.split([' ', ';', '&', '?', '\n']).any(|setting| {
            let name = setting.split('=').next().unwrap_or_default();
            setting.len() > name.len() + 1
                && ["password", "passwd", "pwd"].iter().any(|known| name.eq_ignore_ascii_case(known))
        })
}

/// Where a string token's content is in it, and how long it is.
fn inner(token: &str) -> (usize, usize) {
    if let Some(rest) = token.strip_prefix('$')
        && let Some(tag) = rest.find('$')
    {
        let mark = tag + 2;
        let closed = token.len() >= 2 * mark && token.ends_with(&token[..mark]);
        return (mark, token.len() - mark - if closed { mark } else { 0 });
    }
    let Some(start) = token.find(['\'', '"', '`']) else { return (0, token.len()) };
    let quote = token.as_bytes()[start];
    let closed = token.len() > start + 1 && token.as_bytes()[token.len() - 1] == quote;
    (start + 1, token.len() - start - 1 - usize::from(closed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Dialect::{MySql, Postgres, Sqlite};

    #[test]
    fn what_carries_credentials_is_masked() {
        for (dialect, sql) in [
            (Postgres, "CREATE ROLE a LOGIN PASSWORD 'c4n'"),
            (Postgres, "alter user a with encrypted password E'c4n'"),
            (Postgres, "CREATE SUBSCRIPTION s CONNECTION 'host=h password=c4n' PUBLICATION p"),
            (Postgres, "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'u', password 'c4n')"),
            (Postgres, "CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (host 'h', passfile 'c4n')"),
            (Postgres, "SELECT dblink_connect('host=h password=c4n')"),
            (Postgres, "DO $$ BEGIN CREATE ROLE a PASSWORD 'c4n'; END $$"),
            (Postgres, "DO $x$ BEGIN EXECUTE 'ALTER ROLE a PASSWORD ''c4n'''; END $x$"),
            (Postgres, "ALTER SYSTEM SET primary_conninfo = 'host=h user=u password=c4n'"),
            (Postgres, "SELECT f('postgres://u:c4n@h/db')"),
            (MySql, "CREATE TABLE a (b int) ENGINE=FEDERATED CONNECTION='mysql://u:c4n@h/d/t'"),
            (MySql, "CREATE PROCEDURE p() BEGIN ALTER USER a IDENTIFIED BY 'c4n'; END"),
            (MySql, "CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD='c4n'"),
            (MySql, "CREATE USER a@h IDENTIFIED BY 'c4n'"),
            (MySql, "CREATE USER a IDENTIFIED BY \"c4n\""),
            (MySql, "ALTER USER a IDENTIFIED VIA mysql_native_password USING PASSWORD('c4n')"),
            (MySql, "GRANT ALL ON *.* TO a IDENTIFIED WITH p AS 'c4n'"),
            (MySql, "SET PASSWORD FOR a = 'c4n'"),
            (MySql, "SET PASSWORD = PASSWORD('c4n')"),
            (MySql, "CHANGE MASTER TO MASTER_USER='u', MASTER_PASSWORD='c4n'"),
            (MySql, "/*!50000 CREATE USER a IDENTIFIED BY 'c4n' */"),
            (MySql, "CREATE USER a IDENTIFIED BY 'c4n"),
            (MySql, "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (PASSWORD 'c4n')"),
            (Sqlite, "ATTACH 'a.db' AS a KEY 'c4n'"),
        ] {
            let shown = redact(sql, dialect);
            assert!(!shown.contains("c4n") && shown.contains("***"), "{sql}: {shown}");
            let secrets = credentials(sql, dialect);
            assert!(secrets.iter().any(|secret| secret.contains("c4n")), "{sql}: {secrets:?}");
        }
    }

    #[test]
    fn what_carries_none_is_left_alone() {
        for (dialect, sql) in [
            (Postgres, "INSERT INTO a VALUES ('x')"),
            (Postgres, "CREATE TABLE users (password text, note text DEFAULT 'x')"),
            (Postgres, "SELECT connection, 'x' FROM connections"),
            (MySql, "CREATE TABLE a (id int PRIMARY KEY COMMENT 'x')"),
            (Sqlite, "SELECT 'key'"),
            (Postgres, "SELECT 'https://example.com/a@b:c', 'mailto:a@b'"),
            (Postgres, "CREATE FUNCTION f(p text) RETURNS bool AS $$ SELECT password = p FROM users $$ LANGUAGE sql"),
        ] {
            assert!(matches!(redact(sql, dialect), Cow::Borrowed(_)), "{sql}");
        }
    }

    #[test]
    fn masks_whole_and_cut_secrets_in_messages() {
        assert_eq!(mask("near 'c4n' at line 1", &["c4n"]), "near '***' at line 1");
        let long = "a-very-long-secret-indeed";
        assert_eq!(mask("near 'a-very-long-se", &[long]), "near '***");
        assert_eq!(mask("nothing", &[long]), "nothing");
    }
}
