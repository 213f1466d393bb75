//! The lexical rules of the three engines: cuts a text into lexemes, one after the other, and never looks back.
//!
//! Every byte that isn't ASCII is part of a word, in all three engines; so every cut falls between characters.
//!
//! The text may be the beginning of a longer one. Whatever asks for a byte behind its end is noted ([`Lexer::reached`]): what
//! was read until then without such a question would be read so in the longer text too.

use std::cell::Cell;
use std::sync::Arc;

use memchr::{memchr, memchr2, memmem};

use super::{Quoting, Token, TokenKind};
use crate::Dialect;

/// What the splitter has to know about a token beyond its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Nothing.
    Plain,
    /// It has an opening mark, and the text ended before its closing mark.
    Unclosed,
    /// `/*!`, `/*!50100`, `/*M!`: what follows is executed.
    ExecutableOpens,
    /// The `*/` of such a comment.
    ExecutableCloses,
    /// What a `DELIMITER` line named.
    Delimiter,
}

/// A token with its form.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lexeme<'a> {
    /// The token.
    pub(crate) token: Token<'a>,
    /// What else the splitter has to know.
    pub(crate) form: Form,
}

impl Lexeme<'_> {
    /// Where the text goes on after it.
    pub(crate) fn end(&self) -> usize {
        self.token.start + self.token.text.len()
    }

    /// Whether it is neither space nor comment. The marks of an executable comment are space.
    pub(crate) fn is_significant(&self) -> bool {
        !matches!(self.token.kind, TokenKind::Space | TokenKind::Comment)
    }
}

/// Cuts a text into lexemes.
#[derive(Debug, Clone)]
pub(crate) struct Lexer<'a> {
    sql: &'a str,
    at: usize,
    dialect: Dialect,
    quoting: Quoting,
    /// Inside `/*! … */`.
    executable: bool,
    /// What ends a statement beside `;`.
    delimiter: Option<Arc<str>>,
    /// PostgreSQL joins `E'a'`, a line break and `'b'` to one string, read by the rules of its beginning.
    continuation: Continuation,
    /// Whether the last lexeme was a name: `a.5` has no number in it.
    after_name: bool,
    /// MySQL: the next token may be quoted with dollars, which elsewhere are letters.
    dollar_quote_next: bool,
    /// Whether a byte order mark may stand here.
    at_start: bool,
    reached: Cell<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Continuation {
    No,
    /// A string has ended, no line break yet.
    Ended {
        escapes: bool,
    },
    /// The same, and a line break.
    Broken {
        escapes: bool,
    },
}

impl<'a> Lexer<'a> {
    /// A lexer at the beginning of a text.
    pub(crate) fn new(sql: &'a str, dialect: Dialect) -> Self {
        Self {
            sql,
            at: 0,
            dialect,
            quoting: Quoting::usual(dialect),
            executable: false,
            delimiter: None,
            continuation: Continuation::No,
            after_name: false,
            dollar_quote_next: false,
            at_start: true,
            reached: Cell::new(false),
        }
    }

    /// The text goes on from an earlier one.
    pub(crate) fn continuing(mut self) -> Self {
        self.at_start = false;
        self
    }

    /// Where the next lexeme begins.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Whether anything depended on what may stand behind the end of the text.
    pub(crate) fn reached(&self) -> bool {
        self.reached.get()
    }

    /// Goes on at another place, between two characters and in no comment: over a line that isn't SQL.
    pub(crate) fn skip_to(&mut self, at: usize) {
        self.at = at;
        self.executable = false;
        self.continuation = Continuation::No;
        self.after_name = false;
    }

    /// From here on, this ends a statement too; `None` for `;` alone.
    pub(crate) fn set_delimiter(&mut self, delimiter: Option<Arc<str>>) {
        self.delimiter = delimiter;
    }

    /// From here on, quotes are read so.
    pub(crate) fn set_quoting(&mut self, quoting: Quoting) {
        self.quoting = quoting;
    }

    /// MySQL: the next token may be quoted with dollars.
    pub(crate) fn expect_dollar_quote(&mut self) {
        self.dollar_quote_next = true;
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(super) fn bytes(&self) -> &'a [u8] {
        self.sql.as_bytes()
    }

    /// Whether the next tokens are read without regard to what is before them, and to a delimiter.
    pub(super) fn may_skip(&self) -> bool {
        let plain_strings = self.dialect != Dialect::Postgres || !self.quoting.backslash;
        plain_strings
            && self.continuation == Continuation::No
            && self.delimiter.is_none()
            && !self.executable
            && !self.dollar_quote_next
    }

    pub(super) fn after_name(&self) -> bool {
        self.after_name
    }

    pub(super) fn set_after_name(&mut self, after_name: bool) {
        self.after_name = after_name;
    }

    /// Whether a backslash escapes in a string or name with this quote, and no prefix.
    pub(super) fn escapes_in(&self, quote: u8) -> bool {
        match quote {
            b'\'' => self.quoting.backslash,
            b'"' => self.quoting.backslash && !self.quoting.ansi_quotes && self.dialect == Dialect::MySql,
            _ => false,
        }
    }

    /// The end of the line that begins or goes on at `at`: its line break, or the end of the text.
    pub(crate) fn line_end(&self, at: usize) -> usize {
        self.found(at, memchr(b'\n', &self.sql.as_bytes()[at..]))
    }

    /// The end of the text, where something looked for more.
    #[cold]
    fn reach_end(&self) -> usize {
        self.reached.set(true);
        self.sql.len()
    }

    /// The place that a search from `at` on found, or the end.
    fn found(&self, at: usize, place: Option<usize>) -> usize {
        place.map_or_else(|| self.reach_end(), |place| at + place)
    }

    fn byte(&self, at: usize) -> u8 {
        // A text may hold NUL itself; no rule below takes it for anything but "something else".
        self.sql.as_bytes().get(at).copied().unwrap_or_else(|| {
            self.reach_end();
            0
        })
    }

    /// Whether the text goes on with this at a place.
    pub(crate) fn starts_with(&self, at: usize, mark: &str) -> bool {
        let rest = &self.sql.as_bytes()[at..];
        if rest.len() < mark.len() && mark.as_bytes().starts_with(rest) {
            self.reach_end();
        }
        rest.starts_with(mark.as_bytes())
    }

    /// The first place from `at` on whose byte isn't as asked, or the end.
    fn run(&self, at: usize, keep: impl Fn(u8) -> bool) -> usize {
        self.found(at, self.sql.as_bytes()[at..].iter().position(|&byte| !keep(byte)))
    }

    pub(super) fn is_space(&self, byte: u8) -> bool {
        matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
    }

    /// Whether a word can go on with it.
    pub(super) fn in_word(&self, byte: u8) -> bool {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
    }

    fn starts_word(&self, byte: u8) -> bool {
        byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80 || (byte == b'$' && self.dialect == Dialect::MySql)
    }

    /// The end of what is quoted from `open` on (the place of the opening quote), and whether it is closed. A doubled quote
    /// stands for itself.
    pub(super) fn quoted(&self, open: usize, quote: u8, backslash: bool) -> (usize, bool) {
        let bytes = self.sql.as_bytes();
        let mut at = open + 1;
        while let Some(rest) = bytes.get(at..) {
            let next = if backslash { memchr2(quote, b'\\', rest) } else { memchr(quote, rest) };
            let Some(next) = next else { break };
            at += next;
            if bytes[at] != quote || self.byte(at + 1) == quote {
                at += 2;
            } else {
                return (at + 1, true);
            }
        }
        (self.reach_end(), false)
    }

    /// The end of a block comment in which as many may nest, and whether it is closed.
    fn block_comment(&self, nests: usize) -> (usize, bool) {
        let bytes = self.sql.as_bytes();
        let mut depth = 0usize;
        let mut at = self.at + 2;
        while let Some(slash) = bytes.get(at..).and_then(|rest| memchr(b'/', rest)) {
            let slash = at + slash;
            if slash > at && bytes[slash - 1] == b'*' {
                if depth == 0 {
                    return (slash + 1, true);
                }
                depth -= 1;
                at = slash + 1;
            } else if depth < nests && self.byte(slash + 1) == b'*' {
                depth += 1;
                at = slash + 2;
            } else {
                at = slash + 1;
            }
        }
        (self.reach_end(), false)
    }

    /// The end of a comment that goes to the end of the line; the line break isn't part of it.
    fn line_comment(&self) -> usize {
        let rest = &self.sql.as_bytes()[self.at..];
        let end = if self.dialect == Dialect::Postgres { memchr2(b'\n', b'\r', rest) } else { memchr(b'\n', rest) };
        self.found(self.at, end)
    }

    fn starts_line_comment(&self) -> bool {
        match self.byte(self.at) {
            b'-' if self.byte(self.at + 1) == b'-' => {
                // `5--1` is arithmetic on MySQL.
                self.dialect != Dialect::MySql || {
                    let next = self.byte(self.at + 2);
                    self.is_space(next) || next.is_ascii_control()
                }
            }
            b'#' => self.dialect == Dialect::MySql,
            _ => false,
        }
    }

    /// The mark of an executable comment, if this is one: `/*!`, `/*!50100`, `/*M!100100`.
    fn executable_mark(&self) -> Option<&'a str> {
        let mark = ["/*!", "/*M!"].into_iter().find(|mark| self.starts_with(self.at, mark))?.len();
        let digits = (0..6).find(|&digit| !self.byte(self.at + mark + digit).is_ascii_digit()).unwrap_or(6);
        // A version has five or six digits; fewer are a number inside.
        Some(&self.sql[self.at..self.at + mark + if digits >= 5 { digits } else { 0 }])
    }

    /// The end of a number that begins here with a digit, or with a point before one.
    fn number(&self) -> usize {
        let digits = |at: usize| self.run(at, |byte| byte.is_ascii_digit() || byte == b'_');
        if self.byte(self.at) == b'0' {
            let radix_digit: Option<fn(u8) -> bool> = match self.byte(self.at + 1) | 0x20 {
                b'x' => Some(|byte| byte.is_ascii_hexdigit() || byte == b'_'),
                b'o' | b'b' if self.dialect == Dialect::Postgres => Some(|byte| byte.is_ascii_digit() || byte == b'_'),
                b'b' if self.dialect == Dialect::MySql => Some(|byte| matches!(byte, b'0' | b'1')),
                _ => None,
            };
            if let Some(radix_digit) = radix_digit {
                let end = self.run(self.at + 2, radix_digit);
                if end > self.at + 2 {
                    return end;
                }
            }
        }
        let mut end = digits(self.at);
        // `1..10` is a range, not `1.` and `.10`.
        if self.byte(end) == b'.' && self.byte(end + 1) != b'.' {
            end = digits(end + 1);
        }
        if self.byte(end) | 0x20 == b'e' {
            let sign = usize::from(matches!(self.byte(end + 1), b'+' | b'-'));
            if self.byte(end + 1 + sign).is_ascii_digit() {
                end = digits(end + 1 + sign);
            }
        }
        end
    }

    /// PostgreSQL: the length of `$tag$`, if that is what is here.
    fn dollar_mark(&self) -> Option<usize> {
        let tag = self.at + 1;
        if self.byte(tag).is_ascii_digit() {
            return None;
        }
        let end = self.run(tag, |byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80);
        (self.byte(end) == b'$').then(|| end + 1 - self.at)
    }

    /// A quoted thing whose quote stands at `open`.
    fn quote(&self, open: usize, kind: TokenKind, backslash: bool) -> (TokenKind, usize, Form) {
        let (end, closed) = self.quoted(open, self.byte(open), backslash);
        (kind, end, if closed { Form::Plain } else { Form::Unclosed })
    }

    /// What begins here: its kind, its end, its form. There is at least one byte left.
    fn cut(&mut self) -> (TokenKind, usize, Form) {
        let plain = |kind, end| (kind, end, Form::Plain);
        let first = self.byte(self.at);
        if self.at == 0 && self.at_start && self.sql.starts_with('\u{feff}') {
            return plain(TokenKind::Space, '\u{feff}'.len_utf8());
        }
        if self.is_space(first) {
            return plain(TokenKind::Space, self.before_delimiter(self.at, |byte| self.is_space(byte)));
        }
        if self.starts_line_comment() {
            return plain(TokenKind::Comment, self.line_comment());
        }
        if self.dialect == Dialect::MySql && self.executable && self.starts_with(self.at, "*/") {
            self.executable = false;
            return (TokenKind::Space, self.at + 2, Form::ExecutableCloses);
        }
        if first == b'/' && self.byte(self.at + 1) == b'*' {
            let mark = if self.dialect == Dialect::MySql { self.executable_mark() } else { None };
            let nests = match (self.dialect, mark) {
                (Dialect::Postgres, _) => usize::MAX,
                // Servers skip what is for a version that they haven't reached, and one comment in it.
                (_, Some(mark)) if FOR_NO_SERVER.contains(&mark) => 1,
                (_, Some(mark)) => {
                    self.executable = true;
                    return (TokenKind::Space, self.at + mark.len(), Form::ExecutableOpens);
                }
                (_, None) => 0,
            };
            let (end, closed) = self.block_comment(nests);
            // SQLite takes the end of the text for the end of the comment.
            let form = if closed || self.dialect == Dialect::Sqlite { Form::Plain } else { Form::Unclosed };
            return (TokenKind::Comment, end, form);
        }
        let point_of_number = first == b'.' && self.byte(self.at + 1).is_ascii_digit() && !self.after_name;
        let special = match self.dialect {
            Dialect::Postgres => self.cut_postgres(first),
            Dialect::MySql => self.cut_mysql(first),
            Dialect::Sqlite => self.cut_sqlite(first),
        };
        if let Some(cut) = special {
            cut
        } else if first.is_ascii_digit() || point_of_number {
            plain(TokenKind::Number, self.number())
        } else if self.starts_word(first) {
            plain(TokenKind::Word, self.before_delimiter(self.at, |byte| self.in_word(byte)))
        } else {
            plain(TokenKind::Punctuation, self.at + 1)
        }
    }

    fn cut_postgres(&self, first: u8) -> Option<(TokenKind, usize, Form)> {
        let (second, third) = (self.byte(self.at + 1), self.byte(self.at + 2));
        Some(match (first, second) {
            (b'\'', _) => self.quote(self.at, TokenKind::String, self.continued().unwrap_or(self.quoting.backslash)),
            (b'"', _) => self.quote(self.at, TokenKind::QuotedIdentifier, false),
            (b'E' | b'e', b'\'') => self.quote(self.at + 1, TokenKind::String, true),
            (b'N' | b'n', b'\'') => self.quote(self.at + 1, TokenKind::String, self.quoting.backslash),
            (b'B' | b'b' | b'X' | b'x', b'\'') => self.quote(self.at + 1, TokenKind::String, false),
            (b'U' | b'u', b'&') if third == b'\'' => self.quote(self.at + 2, TokenKind::String, false),
            (b'U' | b'u', b'&') if third == b'"' => self.quote(self.at + 2, TokenKind::QuotedIdentifier, false),
            (b'$', b'0'..=b'9') => {
                (TokenKind::Variable, self.run(self.at + 1, |byte| byte.is_ascii_digit()), Form::Plain)
            }
            (b'$', _) => self.dollar_quote()?,
            _ => return None,
        })
    }

    fn dollar_quote(&self) -> Option<(TokenKind, usize, Form)> {
        let (mark, body) = self.sql.as_bytes()[self.at..].split_at(self.dollar_mark()?);
        Some(match memmem::find(body, mark) {
            Some(length) => (TokenKind::String, self.at + 2 * mark.len() + length, Form::Plain),
            None => (TokenKind::String, self.reach_end(), Form::Unclosed),
        })
    }

    fn cut_mysql(&self, first: u8) -> Option<(TokenKind, usize, Form)> {
        let second = self.byte(self.at + 1);
        Some(match (first, second) {
            (b'"', _) if self.quoting.ansi_quotes => self.quote(self.at, TokenKind::QuotedIdentifier, false),
            (b'\'' | b'"', _) => self.quote(self.at, TokenKind::String, self.quoting.backslash),
            (b'`', _) => self.quote(self.at, TokenKind::QuotedIdentifier, false),
            (b'$', _) if self.dollar_quote_next => self.dollar_quote()?,
            (b'B' | b'b' | b'X' | b'x' | b'N' | b'n', b'\'') => {
                self.quote(self.at + 1, TokenKind::String, self.quoting.backslash)
            }
            (b'@', b'\'' | b'"') => {
                let is_name = second == b'"' && self.quoting.ansi_quotes;
                self.quote(self.at + 1, TokenKind::Variable, self.quoting.backslash && !is_name)
            }
            (b'@', b'`') => self.quote(self.at + 1, TokenKind::Variable, false),
            (b'@', _) => {
                let name = self.at + 1 + usize::from(second == b'@');
                if name > self.at + 1 && self.byte(name) == b'`' {
                    return Some(self.quote(name, TokenKind::Variable, false));
                }
                let end = self.before_delimiter(name, |byte| self.in_word(byte) || byte == b'.');
                if end == name {
                    return None;
                }
                (TokenKind::Variable, end, Form::Plain)
            }
            // A name may begin with digits.
            (b'0'..=b'9', _) => {
                let number = self.number();
                let word = self.before_delimiter(self.at, |byte| self.in_word(byte));
                if word > number {
                    (TokenKind::Word, word, Form::Plain)
                } else {
                    (TokenKind::Number, number, Form::Plain)
                }
            }
            _ => return None,
        })
    }

    fn cut_sqlite(&self, first: u8) -> Option<(TokenKind, usize, Form)> {
        let second = self.byte(self.at + 1);
        Some(match (first, second) {
            (b'\'', _) => self.quote(self.at, TokenKind::String, false),
            (b'"' | b'`', _) => self.quote(self.at, TokenKind::QuotedIdentifier, false),
            (b'[', _) => {
                let closing = self.found(self.at, memchr(b']', &self.sql.as_bytes()[self.at..]));
                let closed = closing < self.sql.len();
                let form = if closed { Form::Plain } else { Form::Unclosed };
                (TokenKind::QuotedIdentifier, closing + usize::from(closed), form)
            }
            (b'X' | b'x', b'\'') => self.quote(self.at + 1, TokenKind::String, false),
            (b'?', _) => (TokenKind::Variable, self.run(self.at + 1, |byte| byte.is_ascii_digit()), Form::Plain),
            (b':' | b'@' | b'$' | b'#', next) if self.in_word(next) => {
                (TokenKind::Variable, self.run(self.at + 1, |byte| self.in_word(byte)), Form::Plain)
            }
            _ => return None,
        })
    }

    /// PostgreSQL: where this would go on a string before a line break, whether backslashes escape in it.
    fn continued(&self) -> Option<bool> {
        match self.continuation {
            Continuation::Broken { escapes } => Some(escapes),
            Continuation::No | Continuation::Ended { .. } => None,
        }
    }

    /// Remembers what the next lexeme depends on.
    fn remember(&mut self, token: Token<'a>) {
        self.after_name = matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdentifier);
        if self.dialect != Dialect::Postgres {
            self.dollar_quote_next &= matches!(token.kind, TokenKind::Space | TokenKind::Comment);
            return;
        }
        self.continuation = match (token.kind, self.continuation) {
            (TokenKind::String, before) => match (before, token.text.as_bytes()[0]) {
                (Continuation::Broken { escapes }, b'\'') => Continuation::Ended { escapes },
                (_, b'E' | b'e') => Continuation::Ended { escapes: true },
                (_, b'\'' | b'N' | b'n') => Continuation::Ended { escapes: self.quoting.backslash },
                (_, b'$') => Continuation::No,
                _ => Continuation::Ended { escapes: false },
            },
            (TokenKind::Space, Continuation::Ended { escapes }) if token.text.contains(['\n', '\r']) => {
                Continuation::Broken { escapes }
            }
            (TokenKind::Space, before) => before,
            (TokenKind::Comment, before) if token.text.starts_with("--") => before,
            _ => Continuation::No,
        };
    }

    /// The end of the delimiter, if it stands here.
    fn delimiter_here(&self) -> Option<usize> {
        let delimiter = self.delimiter.as_deref()?;
        if self.executable || !self.starts_with(self.at, delimiter) {
            return None;
        }
        let end = self.at + delimiter.len();
        (!is_word(delimiter) || !self.in_word(self.byte(end))).then_some(end)
    }

    /// Where a name or space ends that goes on from `at`: at the latest before the delimiter, as in `END$$`, which by itself
    /// would be one word. A delimiter that is a word counts only between words: `go` isn't in `category`.
    fn before_delimiter(&self, at: usize, keep: impl Fn(u8) -> bool) -> usize {
        let delimiter = self.delimiter.as_deref().filter(|delimiter| !self.executable && !is_word(delimiter));
        let Some((delimiter, first)) = delimiter.and_then(|it| Some((it, *it.as_bytes().first()?))) else {
            return self.run(at, keep);
        };
        let bytes = &self.sql.as_bytes()[at..];
        let ends = |(place, &byte): (usize, &u8)| {
            !keep(byte) || (byte == first && at + place > self.at && self.starts_with(at + place, delimiter))
        };
        self.found(at, bytes.iter().enumerate().position(ends))
    }
}

/// The marks of comments that no server executes: mariadb-dump begins with `/*M!999999\- enable the sandbox mode */`, and
/// MariaDB never runs what is for MySQL's versions from 50700 to 99999.
const FOR_NO_SERVER: &[&str] = &["/*!99999", "/*!999999", "/*M!999999"];

/// Whether a delimiter begins as words do.
fn is_word(delimiter: &str) -> bool {
    delimiter.starts_with(|first: char| first.is_alphanumeric() || first == '_')
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Lexeme<'a>;

    fn next(&mut self) -> Option<Lexeme<'a>> {
        if self.at >= self.sql.len() {
            self.reach_end();
            return None;
        }
        let (kind, end, form) = match self.delimiter_here() {
            Some(end) => (TokenKind::Punctuation, end, Form::Delimiter),
            None => self.cut(),
        };
        let token = Token { kind, text: &self.sql[self.at..end], start: self.at };
        self.remember(token);
        self.at = end;
        Some(Lexeme { token, form })
    }
}
