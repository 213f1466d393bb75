//! The settings that change how strings are read, followed through a script as its session would have them.
//!
//! PostgreSQL's `standard_conforming_strings`, and in MySQL's `sql_mode` NO_BACKSLASH_ESCAPES and ANSI_QUOTES. Dumps switch them
//! on and off around old functions and routines. What a script gets from elsewhere (a subquery) can't be followed.

use std::collections::BTreeMap;

use crate::token::Strings;
use crate::{Dialect, Token, TokenKind, significant};

/// How strings are read behind each statement.
#[derive(Debug)]
pub(super) struct Settings {
    dialect: Dialect,
    now: Strings,
    /// What user variables keep of `@@sql_mode`, by name.
    kept: BTreeMap<String, Strings>,
}

impl Settings {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self { dialect, now: Strings::of(dialect), kept: BTreeMap::new() }
    }

    /// How strings are read behind this statement.
    pub(super) fn after(&mut self, statement: &str) -> Strings {
        let mut words = significant(statement, self.dialect);
        let first = words.next();
        let is = |word: &str| first.is_some_and(|first| first.is(word));
        match self.dialect {
            Dialect::Postgres if is("SET") || is("RESET") || is("SELECT") => self.postgres(first, words),
            Dialect::MySql if is("SET") => self.mysql(&words.collect::<Vec<_>>()),
            _ => {}
        }
        self.now
    }

    fn postgres<'a>(&mut self, first: Option<Token<'a>>, words: impl Iterator<Item = Token<'a>>) {
        let set = first.is_some_and(|first| !first.is("RESET"));
        // SET LOCAL standard_conforming_strings TO off; SELECT pg_catalog.set_config('standard_conforming_strings', 'off', false).
        let words: Vec<Token<'a>> = words.take(9).collect();
        let is_name = |token: &Token<'_>| unquoted(token).eq_ignore_ascii_case("standard_conforming_strings");
        if !set {
            if words.first().is_some_and(|word| is_name(word) || word.is("ALL")) {
                self.now.backslash = false;
            }
            return;
        }
        let is_select = first.is_some_and(|first| first.is("SELECT"));
        let Some(at) = words.iter().position(is_name).filter(|at| !is_select || calls_set_config(&words[..*at])) else {
            return;
        };
        // Between name and value stands `=`, TO or a comma.
        let value = words.get(at + 2).map(unquoted).unwrap_or_default().to_ascii_lowercase();
        self.now.backslash = ["off", "false", "no", "0", "f"].contains(&value.as_str());
    }

    fn mysql(&mut self, words: &[Token<'_>]) {
        // All values are those from before the statement.
        let before = self.now;
        let mut depth = 0usize;
        for assignment in words.split(|token| {
            match token.text {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && token.text == ","
        }) {
            let Some(equals) = assignment.iter().position(|token| token.text == "=") else { continue };
            let (name, value) = (&assignment[..equals], &assignment[equals + 1..]);
            let is_server = name.iter().any(|token| token.is("GLOBAL") || token.is("PERSIST"));
            let Some(name) = name.iter().rfind(|token| token.text != ":").filter(|_| !is_server) else { continue };
            if is_sql_mode(name) {
                self.now = self.mode(value, before);
            } else if let Some(variable) = variable(name).filter(|_| value.iter().any(is_sql_mode)) {
                let mode = self.mode(value, before);
                self.kept.insert(variable, mode);
            }
        }
    }

    /// What an expression for `sql_mode` comes to: the modes that its literals name, and those that its variables hold.
    fn mode(&self, value: &[Token<'_>], before: Strings) -> Strings {
        let mut mode = Strings::of(Dialect::MySql);
        if value.first().is_some_and(|token| token.is("REPLACE")) {
            // What is named in it is taken out.
            mode = before;
            for token in value.iter().filter(|token| token.kind == TokenKind::String) {
                mode.backslash |= names(token, &["NO_BACKSLASH_ESCAPES"]);
                mode.ansi_quotes &= !names(token, &["ANSI_QUOTES"]);
            }
            return mode;
        }
        for token in value {
            let held = if is_sql_mode(token) {
                Some(before)
            } else {
                variable(token).and_then(|name| self.kept.get(&name).copied())
            };
            if let Some(held) = held {
                mode.backslash &= held.backslash;
                mode.ansi_quotes |= held.ansi_quotes;
            }
            mode.backslash &= !names(token, &["NO_BACKSLASH_ESCAPES"]);
            // The modes that have it in them, by MySQL's and MariaDB's manuals.
            mode.ansi_quotes |= names(token, &["ANSI_QUOTES", "ANSI", "ORACLE", "MSSQL", "DB2", "MAXDB", "POSTGRESQL"]);
        }
        mode
    }
}

fn calls_set_config(words: &[Token<'_>]) -> bool {
    matches!(words, [.., name, open] if name.is("set_config") && open.text == "(")
}

fn unquoted<'a>(token: &Token<'a>) -> &'a str {
    token.text.trim_matches(['\'', '"'])
}

/// `sql_mode`, `@@sql_mode`, `@@SESSION.sql_mode`.
fn is_sql_mode(token: &Token<'_>) -> bool {
    token.is("sql_mode")
        || (token.kind == TokenKind::Variable
            && token.text.starts_with("@@")
            && token.text.to_ascii_lowercase().trim_start_matches('@').trim_start_matches("session.") == "sql_mode")
}

/// The user variable that a token is.
fn variable(token: &Token<'_>) -> Option<String> {
    (token.kind == TokenKind::Variable && !token.text.starts_with("@@")).then(|| token.text.to_ascii_lowercase())
}

/// Whether a string, or a bare word, names one of these modes.
fn names(token: &Token<'_>, modes: &[&str]) -> bool {
    matches!(token.kind, TokenKind::String | TokenKind::Word)
        && unquoted(token).split(',').any(|word| modes.iter().any(|mode| word.trim().eq_ignore_ascii_case(mode)))
}
