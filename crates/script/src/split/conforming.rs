//! What a script does to PostgreSQL's standard_conforming_strings: where it is off, as old versions of pg_dump set it,
//! backslashes escape in `'…'`. psql asks the server after each statement; we follow the statements that set it.

use crate::Dialect;
use crate::token::{Quoting, Token, TokenKind, significant};

const NAME: &str = "standard_conforming_strings";

/// Whether backslashes escape in plain strings.
#[derive(Debug)]
pub(super) struct Conforming {
    escapes: bool,
    /// The same after a COMMIT.
    committed: bool,
    /// The same after a ROLLBACK, in a transaction that the script began.
    rolled_back: Option<bool>,
}

enum Scope {
    Transaction,
    Session,
}

impl Conforming {
    /// As servers have it by themselves.
    pub(super) fn new() -> Self {
        Self { escapes: false, committed: false, rolled_back: None }
    }

    pub(super) fn quoting(&self) -> Quoting {
        Quoting { backslash: self.escapes, ansi_quotes: false }
    }

    /// Follows a statement.
    pub(super) fn follow(&mut self, statement: &str) {
        let mut tokens = significant(statement, Dialect::Postgres);
        let Some(first) = tokens.next().filter(|first| first.kind == TokenKind::Word) else { return };
        const WORDS: &[&str] =
            &["SET", "RESET", "DISCARD", "SELECT", "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT"];
        match WORDS.iter().find(|word| first.is(word)).copied().unwrap_or_default() {
            "SET" => {
                let mut name = tokens.next();
                let mut scope = Scope::Session;
                if let Some(word) = name.filter(|word| word.is("SESSION") || word.is("LOCAL")) {
                    scope = if word.is("LOCAL") { Scope::Transaction } else { Scope::Session };
                    name = tokens.next();
                }
                if name.is_some_and(|name| is_name(&name)) {
                    // `=` or TO.
                    tokens.next();
                    self.set(tokens.next().as_ref(), &scope);
                }
            }
            "RESET" if tokens.next().is_some_and(|name| is_name(&name) || name.is("ALL")) => {
                self.set(None, &Scope::Session);
            }
            "DISCARD" if tokens.next().is_some_and(|what| what.is("ALL")) => self.set(None, &Scope::Session),
            "SELECT" => {
                // set_config('…', 'off', false): many SELECTs are long, so this looks only at the beginning.
                let call: Vec<Token<'_>> = tokens.take(9).filter(|token| token.text != ".").collect();
                let call = match &call[..] {
                    [schema, call @ ..] if schema.is("pg_catalog") => call,
                    call => call,
                };
                if let [function, _, name, _, value, _, is_local, ..] = call
                    && function.is("set_config")
                    && unquoted(name.text).eq_ignore_ascii_case(NAME)
                {
                    let scope = if is_local.is("true") { Scope::Transaction } else { Scope::Session };
                    self.set(Some(value), &scope);
                }
            }
            "BEGIN" | "START" => self.rolled_back = Some(self.committed),
            "COMMIT" | "END" => {
                self.escapes = self.committed;
                self.rolled_back = None;
            }
            // Not to a savepoint.
            "ROLLBACK" | "ABORT" if !tokens.any(|token| token.is("TO")) => {
                if let Some(before) = self.rolled_back.take() {
                    self.escapes = before;
                    self.committed = before;
                }
            }
            _ => {}
        }
    }

    /// Sets it to this value; to what servers have by themselves, where there is none.
    fn set(&mut self, value: Option<&Token<'_>>, scope: &Scope) {
        let value = value.map(|value| unquoted(value.text).to_ascii_lowercase());
        self.escapes = match value.as_deref() {
            // Any beginning of a word that says it, as with each setting of PostgreSQL.
            Some("of" | "off" | "0") => true,
            Some(value) => !value.is_empty() && ("false".starts_with(value) || "no".starts_with(value)),
            None => false,
        };
        if matches!(scope, Scope::Session) {
            self.committed = self.escapes;
        }
    }
}

fn is_name(token: &Token<'_>) -> bool {
    unquoted(token.text).eq_ignore_ascii_case(NAME)
}

fn unquoted(text: &str) -> &str {
    let inside = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    ['\'', '"'].into_iter().find_map(inside).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_what_set_says() {
        let cases: &[(&[&str], bool)] = &[
            (&["SET standard_conforming_strings = off"], true),
            (&["set session Standard_Conforming_Strings to 'OFF'"], true),
            (&["SET \"standard_conforming_strings\" TO false"], true),
            (&["SET standard_conforming_strings TO 0"], true),
            (&["SET standard_conforming_strings = on"], false),
            (&["SET standard_conforming_strings = off", "SET standard_conforming_strings TO DEFAULT"], false),
            (&["SET standard_conforming_strings = off", "RESET standard_conforming_strings"], false),
            (&["SET standard_conforming_strings = off", "RESET ALL"], false),
            (&["SET standard_conforming_strings = off", "RESET search_path"], true),
            (&["SET standard_conforming_strings = off", "DISCARD ALL"], false),
            (&["SELECT pg_catalog.set_config('standard_conforming_strings', 'off', false)"], true),
            (&["SELECT set_config('search_path', 'off', false)"], false),
            (&["BEGIN", "SET LOCAL standard_conforming_strings = off"], true),
            (&["BEGIN", "SET LOCAL standard_conforming_strings = off", "COMMIT"], false),
            (&["BEGIN", "SET standard_conforming_strings = off", "COMMIT"], true),
            (&["BEGIN", "SET standard_conforming_strings = off", "ROLLBACK"], false),
            (&["BEGIN", "SET standard_conforming_strings = off", "ROLLBACK TO a"], true),
            (&["SET standard_conforming_strings = off", "ROLLBACK"], true),
            (&["SET"], false),
            (&["SET standard_conforming_strings"], false),
        ];
        for (statements, expected) in cases {
            let mut conforming = Conforming::new();
            for statement in *statements {
                conforming.follow(statement);
            }
            assert_eq!(conforming.quoting().backslash, *expected, "{statements:?}");
        }
    }
}
