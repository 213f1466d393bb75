//! Directives: comments at the head of a script that say how it runs.
//!
//! ```sql
//! -- driftlock: no-transaction
//! -- driftlock: lock-timeout=2s statement-timeout=10min
//! CREATE INDEX CONCURRENTLY orders_by_day ON orders (day);
//! ```

use std::time::Duration;

use crate::{Dialect, TokenKind, position, tokens};

/// What a script says of how it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Directives {
    /// Each statement is committed on its own, with a journal.
    pub no_transaction: bool,
    /// How long a statement may wait for a lock; zero is for ever.
    pub lock_timeout: Option<Duration>,
    /// How long a statement may run; zero is for ever.
    pub statement_timeout: Option<Duration>,
    /// The version under which another tool knew this migration, as that tool writes it.
    pub was: Option<String>,
    /// Of a migration: the tables that it touches, where its text doesn't tell. Of a hook: the tables that it is for.
    pub tables: Option<Vec<String>>,
}

/// A directive that can't be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DirectiveError {
    /// What is wrong and what to write.
    pub message: String,
    /// Where, in bytes from the text's beginning.
    pub offset: usize,
    /// Its line, from 1.
    pub line: u32,
    /// Its column, in characters, from 1.
    pub column: u32,
}

const KNOWN: &str = "`no-transaction`, `lock-timeout=DURATION`, `statement-timeout=DURATION`, `tables=NAME,NAME`, `was=VERSION` and \
     `renamed-from NAME`";

impl Directives {
    /// Reads the directives of a script: those in front of its first statement.
    ///
    /// # Errors
    /// For one that is unknown, malformed, given twice, or behind the first statement, where nothing would come of it.
    pub fn read(text: &str, dialect: Dialect) -> Result<Self, DirectiveError> {
        let mut directives = Directives::default();
        let mut head = true;
        for token in tokens(text, dialect) {
            match token.kind {
                TokenKind::Space => continue,
                TokenKind::Comment => {}
                _ => {
                    head = false;
                    continue;
                }
            }
            let Some((offset, rest)) = directive(token.text) else { continue };
            let error = |offset: usize, message: String| {
                let (line, column) = position(text, offset);
                DirectiveError { message, offset, line, column }
            };
            let start = token.start + offset;
            // That stands before what it is about, and changes nothing of how the script runs.
            if let Some(former) = crate::renamed::former(rest) {
                if former.is_empty() {
                    let message =
                        "`renamed-from` wants the former name of what comes next, such as `renamed-from accounts`";
                    return Err(error(start, message.to_owned()));
                }
                continue;
            }
            if !head {
                let message = "a directive stands in front of the first statement; move it to the head of the file";
                return Err(error(start, message.to_owned()));
            }
            if rest.trim().is_empty() {
                return Err(error(start, format!("a directive is missing after `driftlock:`; there are {KNOWN}")));
            }
            let mut at = 0;
            while at < rest.len() {
                let place = start + at;
                // The commas of a list are its own.
                let ends = |c: char| c.is_whitespace() || (c == ',' && !rest[at..].starts_with("tables="));
                let length = rest[at..].find(ends).map_or(rest.len() - at, |end| end + 1);
                let word = rest.get(at..at + length).unwrap_or(&rest[at..]);
                at += word.len();
                let word = word.trim_matches([' ', '\t', ',', '\r', '\n']);
                if !word.is_empty() {
                    directives.take(word).map_err(|message| error(place, message))?;
                }
            }
        }
        Ok(directives)
    }

    fn take(&mut self, word: &str) -> Result<(), String> {
        let (key, value) = match word.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (word, None),
        };
        let twice = match (key, value) {
            ("no-transaction", None) => std::mem::replace(&mut self.no_transaction, true),
            ("no-transaction", Some(_)) => return Err("`no-transaction` takes no value".to_owned()),
            ("lock-timeout", Some(value)) => self.lock_timeout.replace(duration(value)?).is_some(),
            ("statement-timeout", Some(value)) => self.statement_timeout.replace(duration(value)?).is_some(),
            ("tables", Some(list)) if list.split(',').all(|name| !name.is_empty()) => {
                self.tables.replace(list.split(',').map(str::to_owned).collect()).is_some()
            }
            ("tables", _) => {
                return Err(
                    "`tables` wants names without blanks, by commas, such as `tables=users,shop.orders`".to_owned()
                );
            }
            ("was", Some(version)) if !version.is_empty() => self.was.replace(version.to_owned()).is_some(),
            ("was", _) => return Err("`was` wants the version that another tool gave it, such as `was=1.2`".to_owned()),
            ("lock-timeout" | "statement-timeout", None) => {
                return Err(format!("`{key}` wants a duration, such as `{key}=5s`"));
            }
            _ => return Err(format!("unknown directive `{word}`; there are {KNOWN}")),
        };
        if twice { Err(format!("`{key}` is given twice")) } else { Ok(()) }
    }
}

/// What follows `driftlock:` in a comment, and where that begins in it.
pub(crate) fn directive(comment: &str) -> Option<(usize, &str)> {
    let body =
        comment.strip_prefix("--").or_else(|| comment.strip_prefix('#')).or_else(|| comment.strip_prefix("/*"))?;
    let rest = body.trim_start().strip_prefix("driftlock:")?;
    let offset = comment.len() - rest.len();
    let rest = if comment.starts_with("/*") { rest.strip_suffix("*/").unwrap_or(rest) } else { rest };
    let lead = rest.len() - rest.trim_start().len();
    Some((offset + lead, rest.trim_start()))
}

/// Reads `500ms`, `5s`, `2min` (or `2m`), `1h`, and `0`.
///
/// # Errors
/// What is wanted instead, in a sentence.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let wanted = || format!("`{text}` is no duration; write `500ms`, `5s`, `2min`, `1h`, or `0` for no limit");
    let number: u64 = text[..digits].parse().map_err(|_| wanted())?;
    let millis = match &text[digits..] {
        "ms" => Some(number),
        "s" => number.checked_mul(1_000),
        "m" | "min" => number.checked_mul(60_000),
        "h" => number.checked_mul(3_600_000),
        "" if number == 0 => Some(0),
        _ => None,
    };
    // What the engines take is a 32-bit number of milliseconds.
    millis.filter(|&millis| millis <= u64::from(i32::MAX.unsigned_abs())).map(Duration::from_millis).ok_or_else(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations() {
        for (text, millis) in
            [("500ms", 500), ("5s", 5_000), ("2min", 120_000), ("2m", 120_000), ("1h", 3_600_000), ("0", 0)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "5", "s", "5 s", "-1s", "1d", "999999999h", "99999999999999999999s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn reads_the_head_and_nothing_else() {
        let read = |text| Directives::read(text, Dialect::Postgres);
        assert_eq!(read("SELECT '-- driftlock: nonsense';"), Ok(Directives::default()));
        let all = read("-- a note\n-- driftlock: no-transaction\n--driftlock:lock-timeout=2s, statement-timeout=10min\r\nSELECT 1;").unwrap();
        assert!(all.no_transaction);
        assert_eq!(all.lock_timeout, Some(Duration::from_secs(2)));
        assert_eq!(all.statement_timeout, Some(Duration::from_secs(600)));
        assert_eq!(read("-- driftlock: was=1.2\nSELECT 1;").unwrap().was.as_deref(), Some("1.2"));
        let tables = read("-- driftlock: tables=users,shop.orders no-transaction\nSELECT 1;").unwrap();
        assert_eq!(tables.tables, Some(vec!["users".to_owned(), "shop.orders".to_owned()]));
        assert!(tables.no_transaction);
        assert_eq!(read("/* driftlock: tables=a */ SELECT 1").unwrap().tables, Some(vec!["a".to_owned()]));
        for (text, line, column, part) in [
            ("-- driftlock: tables=a, b", 1, 25, "unknown directive `b`"),
            ("-- driftlock: tables=,b", 1, 15, "by commas"),
            ("-- driftlock: tables=a tables=b", 1, 24, "twice"),
            ("-- driftlock: no-transactions", 1, 15, "unknown directive `no-transactions`"),
            ("\n-- driftlock: lock-timeout=5", 2, 15, "is no duration"),
            ("-- driftlock: no-transaction lock-timeout", 1, 30, "wants a duration"),
            ("-- driftlock:", 1, 14, "missing"),
            ("SELECT 1;\n-- driftlock: no-transaction", 2, 15, "head of the file"),
            ("-- driftlock: no-transaction no-transaction", 1, 30, "twice"),
            ("-- driftlock: was", 1, 15, "another tool gave"),
            ("-- driftlock: was=1 was=2", 1, 21, "twice"),
            ("-- driftlock: no-transaction=yes", 1, 15, "no value"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.message.contains(part), "{text}: {error}");
            assert_eq!((error.line, error.column), (line, column), "{text}");
        }
    }
}
