//! The lexical rules of the three engines: cuts a text into lexemes, one after the other, and never looks back.
//!
//! Every byte that isn't ASCII is part of a word, in all three engines; so every cut falls between characters.

use super::{Token, TokenKind};
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
    /// Inside `/*! … */`.
    executable: bool,
    /// What ends a statement on MySQL, where it isn't `;`.
    delimiter: Option<&'a str>,
    /// PostgreSQL joins `E'a'`, a line break and `'b'` to one string, in which backslashes go on to escape.
    continuation: Continuation,
    /// Whether the last lexeme was a name: `a.5` has no number in it.
    after_name: bool,
    strings: Strings,
}

/// How strings are read, where a setting of the session decides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Strings {
    /// A backslash in a plain string escapes what follows.
    pub(crate) backslash: bool,
    /// MySQL: `"a"` is a name.
    pub(crate) ansi_quotes: bool,
}

impl Strings {
    /// As a server has it that nobody told otherwise.
    pub(crate) fn of(dialect: Dialect) -> Self {
        Self { backslash: dialect == Dialect::MySql, ansi_quotes: false }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Continuation {
    No,
    /// An escape string has ended, no line break yet.
    Ended,
    /// The same, and a line break.
    Broken,
}

impl<'a> Lexer<'a> {
    /// A lexer at the beginning of a text.
    pub(crate) fn new(sql: &'a str, dialect: Dialect) -> Self {
        Self {
            sql,
            at: 0,
            dialect,
            executable: false,
            delimiter: None,
            continuation: Continuation::No,
            after_name: false,
            strings: Strings::of(dialect),
        }
    }

    /// From here on, strings are read so.
    pub(crate) fn set_strings(&mut self, strings: Strings) {
        self.strings = strings;
    }

    /// Goes on at another place, which must be between two characters: over a line that isn't SQL.
    pub(crate) fn skip_to(&mut self, at: usize) {
        self.at = at;
        self.continuation = Continuation::No;
        self.after_name = false;
    }

    /// From here on, this ends a statement; `None` for `;`.
    pub(crate) fn set_delimiter(&mut self, delimiter: Option<&'a str>) {
        self.delimiter = delimiter;
    }

    fn byte(&self, at: usize) -> u8 {
        // A text may hold NUL itself; no rule below takes it for anything but "something else".
        self.sql.as_bytes().get(at).copied().unwrap_or(0)
    }

    fn rest_starts_with(&self, mark: &str) -> bool {
        self.sql.as_bytes()[self.at..].starts_with(mark.as_bytes())
    }

    /// The first place from `at` on whose byte isn't as asked, or the end.
    fn run(&self, at: usize, keep: impl Fn(u8) -> bool) -> usize {
        let bytes = self.sql.as_bytes();
        at + bytes[at..].iter().position(|&byte| !keep(byte)).unwrap_or(bytes.len() - at)
    }

    fn is_space(&self, byte: u8) -> bool {
        matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
    }

    /// Whether a word can go on with it.
    fn in_word(&self, byte: u8) -> bool {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || byte >= 0x80
    }

    fn starts_word(&self, byte: u8) -> bool {
        byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80 || (byte == b'$' && self.dialect == Dialect::MySql)
    }

    /// The end of what is quoted from `open` on (the place of the opening quote), and whether it is closed. A doubled quote
    /// stands for itself.
    fn quoted(&self, open: usize, quote: u8, backslash: bool) -> (usize, bool) {
        let bytes = self.sql.as_bytes();
        let mut at = open + 1;
        while at < bytes.len() {
            let byte = bytes[at];
            if byte == quote {
                if bytes.get(at + 1) != Some(&quote) {
                    return (at + 1, true);
                }
                at += 2;
            } else if byte == b'\\' && backslash {
                at += 2;
            } else {
                at += 1;
            }
        }
        (bytes.len(), false)
    }

    /// The end of a block comment, and whether it is closed.
    fn block_comment(&self) -> (usize, bool) {
        let bytes = self.sql.as_bytes();
        let nests = self.dialect == Dialect::Postgres;
        let mut depth = 1usize;
        let mut at = self.at + 2;
        while at + 1 < bytes.len() {
            match (bytes[at], bytes[at + 1]) {
                (b'*', b'/') => {
                    depth -= 1;
                    at += 2;
                    if depth == 0 {
                        return (at, true);
                    }
                }
                (b'/', b'*') if nests => {
                    depth += 1;
                    at += 2;
                }
                _ => at += 1,
            }
        }
        (bytes.len(), false)
    }

    /// The end of a comment that goes to the end of the line; the line break isn't part of it.
    fn line_comment(&self) -> usize {
        let carriage_return_ends = self.dialect == Dialect::Postgres;
        self.run(self.at, |byte| byte != b'\n' && !(carriage_return_ends && byte == b'\r'))
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

    /// The length of `/*!`, `/*!50100`, `/*M!100100`, if this is one.
    fn executable_mark(&self) -> Option<usize> {
        let mark = ["/*!", "/*M!"].into_iter().find(|mark| self.rest_starts_with(mark))?.len();
        let digits = self.run(self.at + mark, |byte| byte.is_ascii_digit()) - self.at - mark;
        // `/*M!999999\- enable the sandbox mode */`: a word from mariadb-dump to its client, which no server executes.
        if self.sql.as_bytes()[self.at + mark + digits..].starts_with(b"\\-") {
            return None;
        }
        // A version has five or six digits; fewer are a number inside.
        Some(mark + if digits >= 5 { digits.min(6) } else { 0 })
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
        if self.at == 0 && self.sql.starts_with('\u{feff}') {
            return plain(TokenKind::Space, '\u{feff}'.len_utf8());
        }
        if self.is_space(first) {
            return plain(TokenKind::Space, self.run(self.at, |byte| self.is_space(byte)));
        }
        if self.starts_line_comment() {
            return plain(TokenKind::Comment, self.line_comment());
        }
        if self.dialect == Dialect::MySql {
            if let Some(mark) = self.executable_mark() {
                self.executable = true;
                return (TokenKind::Space, self.at + mark, Form::ExecutableOpens);
            }
            if self.executable && self.rest_starts_with("*/") {
                self.executable = false;
                return (TokenKind::Space, self.at + 2, Form::ExecutableCloses);
            }
        }
        if self.rest_starts_with("/*") {
            let (end, closed) = self.block_comment();
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
            plain(TokenKind::Word, self.name_end(self.at, |byte| self.in_word(byte)))
        } else {
            plain(TokenKind::Punctuation, self.at + 1)
        }
    }

    fn cut_postgres(&self, first: u8) -> Option<(TokenKind, usize, Form)> {
        let (second, third) = (self.byte(self.at + 1), self.byte(self.at + 2));
        Some(match (first, second) {
            (b'\'', _) => {
                let backslash = self.strings.backslash || self.continuation == Continuation::Broken;
                self.quote(self.at, TokenKind::String, backslash)
            }
            (b'"', _) => self.quote(self.at, TokenKind::QuotedIdentifier, false),
            (b'E' | b'e', b'\'') => self.quote(self.at + 1, TokenKind::String, true),
            (b'N' | b'n', b'\'') => self.quote(self.at + 1, TokenKind::String, self.strings.backslash),
            (b'B' | b'b' | b'X' | b'x', b'\'') => self.quote(self.at + 1, TokenKind::String, false),
            (b'U' | b'u', b'&') if third == b'\'' => self.quote(self.at + 2, TokenKind::String, false),
            (b'U' | b'u', b'&') if third == b'"' => self.quote(self.at + 2, TokenKind::QuotedIdentifier, false),
            (b'$', b'0'..=b'9') => {
                (TokenKind::Variable, self.run(self.at + 1, |byte| byte.is_ascii_digit()), Form::Plain)
            }
            (b'$', _) => {
                let mark = self.dollar_mark()?;
                let (mark, body) = self.sql[self.at..].split_at(mark);
                match body.find(mark) {
                    Some(length) => (TokenKind::String, self.at + 2 * mark.len() + length, Form::Plain),
                    None => (TokenKind::String, self.sql.len(), Form::Unclosed),
                }
            }
            _ => return None,
        })
    }

    fn cut_mysql(&self, first: u8) -> Option<(TokenKind, usize, Form)> {
        let second = self.byte(self.at + 1);
        let Strings { backslash, ansi_quotes } = self.strings;
        Some(match (first, second) {
            (b'"', _) if ansi_quotes => self.quote(self.at, TokenKind::QuotedIdentifier, false),
            (b'\'' | b'"', _) => self.quote(self.at, TokenKind::String, backslash),
            (b'`', _) => self.quote(self.at, TokenKind::QuotedIdentifier, false),
            (b'B' | b'b' | b'X' | b'x' | b'N' | b'n', b'\'') => self.quote(self.at + 1, TokenKind::String, backslash),
            (b'@', b'\'' | b'"') => self.quote(self.at + 1, TokenKind::Variable, backslash),
            (b'@', b'`') => self.quote(self.at + 1, TokenKind::Variable, false),
            (b'@', _) => {
                let name = self.at + 1 + usize::from(second == b'@');
                if name > self.at + 1 && self.byte(name) == b'`' {
                    return Some(self.quote(name, TokenKind::Variable, false));
                }
                let end = self.name_end(name, |byte| self.in_word(byte) || byte == b'.');
                if end == name {
                    return None;
                }
                (TokenKind::Variable, end, Form::Plain)
            }
            // A name may begin with digits.
            (b'0'..=b'9', _) => {
                let number = self.number();
                let word = self.name_end(self.at, |byte| self.in_word(byte));
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
                let closing = self.run(self.at, |byte| byte != b']');
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

    /// Remembers what the next lexeme depends on.
    fn remember(&mut self, token: Token<'a>) {
        self.after_name = matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdentifier);
        if self.dialect != Dialect::Postgres {
            return;
        }
        let has_break = || token.text.contains(['\n', '\r']);
        self.continuation = match (token.kind, self.continuation) {
            (TokenKind::String, Continuation::Broken) => Continuation::Ended,
            (TokenKind::String, _) if token.text.starts_with(['E', 'e']) => Continuation::Ended,
            (TokenKind::Space, Continuation::Ended) if has_break() => Continuation::Broken,
            (TokenKind::Space, before) => before,
            (TokenKind::Comment, before) if token.text.starts_with("--") => before,
            _ => Continuation::No,
        };
    }
}

impl<'a> Lexer<'a> {
    /// The end of the delimiter, if it stands here.
    fn delimiter_here(&self) -> Option<usize> {
        let delimiter = self.delimiter.filter(|delimiter| !self.executable && self.rest_starts_with(delimiter))?;
        let end = self.at + delimiter.len();
        (!is_word(delimiter) || !self.in_word(self.byte(end))).then_some(end)
    }

    /// Where a name ends that has letters from `at` on: at the latest before the delimiter, as in `END$$`, which
    /// by itself would be one word. A delimiter that is a word counts only between words: `go` isn't in `category`.
    fn name_end(&self, at: usize, keep: impl Fn(u8) -> bool) -> usize {
        let bytes = self.sql.as_bytes();
        let delimiter = self.delimiter.filter(|delimiter| !self.executable && !is_word(delimiter)).unwrap_or_default();
        let ends = |(place, &byte): (usize, &u8)| {
            !keep(byte)
                || (delimiter.as_bytes().first() == Some(&byte)
                    && at + place > self.at
                    && bytes[at + place..].starts_with(delimiter.as_bytes()))
        };
        at + bytes[at..].iter().enumerate().position(ends).unwrap_or(bytes.len() - at)
    }
}

/// Whether a delimiter begins as words do.
fn is_word(delimiter: &str) -> bool {
    delimiter.starts_with(|first: char| first.is_alphanumeric() || first == '_')
}

impl<'a> Iterator for Lexer<'a> {
    type Item = Lexeme<'a>;

    fn next(&mut self) -> Option<Lexeme<'a>> {
        if self.at >= self.sql.len() {
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
