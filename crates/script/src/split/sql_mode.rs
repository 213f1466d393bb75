//! What `SET sql_mode` does to quotes: the server and its clients read on by the mode that was set.

use std::collections::BTreeMap;

use crate::Dialect;
use crate::token::{Lexeme, Lexer, Quoting, Token, TokenKind};

/// The modes that have ANSI_QUOTES in them: its own, and those that MariaDB takes for several.
const ANSI_QUOTES: &[&str] = &["ANSI_QUOTES", "ANSI", "DB2", "MAXDB", "MSSQL", "ORACLE", "POSTGRESQL"];
const NO_BACKSLASH_ESCAPES: &str = "NO_BACKSLASH_ESCAPES";

/// The same as bits of a number.
const ANSI_QUOTES_BIT: u64 = 1 << 2;
const NO_BACKSLASH_ESCAPES_BIT: u64 = 1 << 20;

/// More parentheses than anybody writes around a mode.
const DEEPEST: usize = 16;

/// The mode of a session, as far as it matters to quotes, and what was put away of it in variables.
#[derive(Debug)]
pub(super) struct SqlMode {
    current: Mode,
    saved: BTreeMap<String, Mode>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Mode {
    ansi_quotes: bool,
    no_backslash_escapes: bool,
}

impl Mode {
    /// Of a list of names, as sql_mode takes it.
    fn named(list: &str) -> Self {
        list.split(',').map(|name| name.trim().to_ascii_uppercase()).fold(Self::default(), |mode, name| Self {
            ansi_quotes: mode.ansi_quotes || ANSI_QUOTES.contains(&name.as_str()),
            no_backslash_escapes: mode.no_backslash_escapes || name == NO_BACKSLASH_ESCAPES,
        })
    }

    fn or(self, other: Self) -> Self {
        Self {
            ansi_quotes: self.ansi_quotes || other.ansi_quotes,
            no_backslash_escapes: self.no_backslash_escapes || other.no_backslash_escapes,
        }
    }

    fn without(self, other: Self) -> Self {
        Self {
            ansi_quotes: self.ansi_quotes && !other.ansi_quotes,
            no_backslash_escapes: self.no_backslash_escapes && !other.no_backslash_escapes,
        }
    }
}

impl SqlMode {
    /// As servers have it by themselves.
    pub(super) fn new() -> Self {
        Self { current: Mode::default(), saved: BTreeMap::new() }
    }

    pub(super) fn quoting(&self) -> Quoting {
        Quoting { backslash: !self.current.no_backslash_escapes, ansi_quotes: self.current.ansi_quotes }
    }

    /// Follows a statement, which may set it, also within `/*! … */`. What can't be told from the text alone changes nothing.
    pub(super) fn follow(&mut self, statement: &str) {
        if !may_set(statement) {
            return;
        }
        let mut lexer = Lexer::new(statement, Dialect::MySql);
        lexer.set_quoting(self.quoting());
        let tokens: Vec<Token<'_>> = lexer.filter(Lexeme::is_significant).map(|lexeme| lexeme.token).collect();
        let Some((_, mut rest)) = tokens.split_first().filter(|(set, _)| set.is("SET")) else { return };
        // SET STATEMENT … FOR holds for one statement.
        if rest.first().is_some_and(|first| first.is("STATEMENT")) {
            return;
        }
        while !rest.is_empty() {
            let (assignment, after) = cut(rest, ",");
            self.assign(assignment);
            rest = after;
        }
    }

    fn assign(&mut self, assignment: &[Token<'_>]) {
        let (target, value) = cut(assignment, "=");
        let (scope, name) = match target {
            [name] => ("", name),
            [name, colon] if colon.text == ":" => ("", name),
            [scope, name] => (scope.text, name),
            [scope, name, colon] if colon.text == ":" => (scope.text, name),
            _ => return,
        };
        if ["GLOBAL", "PERSIST", "PERSIST_ONLY"].iter().any(|other| scope.eq_ignore_ascii_case(other)) {
            return;
        }
        let Some(mode) = self.value(value, 0) else { return };
        if is_sql_mode(name) {
            self.current = mode;
        } else if let Some(variable) = user_variable(name) {
            self.saved.insert(variable, mode);
        }
    }

    /// The mode that an expression stands for.
    fn value(&self, expression: &[Token<'_>], depth: usize) -> Option<Mode> {
        if depth > DEEPEST {
            return None;
        }
        match expression {
            [token] if is_sql_mode(token) && token.kind == TokenKind::Variable => Some(self.current),
            [token] => match token.kind {
                TokenKind::Variable => self.saved.get(&user_variable(token)?).copied(),
                TokenKind::String | TokenKind::QuotedIdentifier => Some(Mode::named(unquoted(token.text))),
                TokenKind::Word if token.is("DEFAULT") => Some(Mode::default()),
                TokenKind::Word => Some(Mode::named(token.text)),
                TokenKind::Number => token.text.parse::<u64>().ok().map(|bits| Mode {
                    ansi_quotes: bits & ANSI_QUOTES_BIT != 0,
                    no_backslash_escapes: bits & NO_BACKSLASH_ESCAPES_BIT != 0,
                }),
                _ => None,
            },
            [select, rest @ ..] if select.is("SELECT") => self.value(rest, depth + 1),
            [open, inside @ .., close] if open.text == "(" && close.text == ")" => self.value(inside, depth + 1),
            [function, open, arguments @ .., close] if open.text == "(" && close.text == ")" => {
                let mut modes = Vec::new();
                let mut rest = arguments;
                while !rest.is_empty() {
                    let (argument, after) = cut(rest, ",");
                    modes.push(self.value(argument, depth + 1)?);
                    rest = after;
                }
                match modes[..] {
                    [from, what, with] if function.is("REPLACE") => {
                        Some(from.without(what).or(if from.without(what) == from { Mode::default() } else { with }))
                    }
                    _ if function.is("CONCAT") || function.is("CONCAT_WS") => {
                        Some(modes.into_iter().fold(Mode::default(), Mode::or))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// Whether a statement begins with SET: the others needn't be looked at.
fn may_set(statement: &str) -> bool {
    let inside = ["/*!", "/*M!"].into_iter().find_map(|mark| statement.strip_prefix(mark)).unwrap_or(statement);
    let first = inside.trim_start_matches(|char: char| char.is_ascii_digit() || char.is_ascii_whitespace());
    first.get(..3).is_some_and(|first| first.eq_ignore_ascii_case("SET"))
}

/// What stands before and behind the first token of this text that isn't in parentheses.
fn cut<'t, 'a>(tokens: &'t [Token<'a>], at: &str) -> (&'t [Token<'a>], &'t [Token<'a>]) {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate() {
        match token.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            text if text == at && depth == 0 => return (&tokens[..index], &tokens[index + 1..]),
            _ => {}
        }
    }
    (tokens, &[])
}

/// `sql_mode`, `@@sql_mode`, `@@session.sql_mode`.
fn is_sql_mode(token: &Token<'_>) -> bool {
    let name = match token.kind {
        TokenKind::Word => token.text,
        TokenKind::QuotedIdentifier => unquoted(token.text),
        TokenKind::Variable => {
            let Some(name) = token.text.strip_prefix("@@") else { return false };
            match name.split_once('.') {
                Some((scope, name)) if ["SESSION", "LOCAL"].iter().any(|it| scope.eq_ignore_ascii_case(it)) => name,
                Some(_) => return false,
                None => name,
            }
        }
        _ => return false,
    };
    name.eq_ignore_ascii_case("sql_mode")
}

/// The name of a user's variable, whose case doesn't matter.
fn user_variable(token: &Token<'_>) -> Option<String> {
    let name =
        token.text.strip_prefix('@').filter(|name| token.kind == TokenKind::Variable && !name.starts_with('@'))?;
    Some(unquoted(name).to_ascii_lowercase())
}

fn unquoted(text: &str) -> &str {
    let inside = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    ['\'', '"', '`'].into_iter().find_map(inside).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_what_set_says() {
        const USUAL: (bool, bool) = (true, false);
        const ANSI: (bool, bool) = (true, true);
        const PLAIN: (bool, bool) = (false, false);
        let cases: &[(&[&str], (bool, bool))] = &[
            (&["SET sql_mode = 'ANSI_QUOTES'"], ANSI),
            (&["set session SQL_MODE := 'strict_all_tables, ansi'"], ANSI),
            (&["SET @@sql_mode=ORACLE"], ANSI),
            (&["SET @@local.sql_mode=4"], ANSI),
            (&["SET `sql_mode` = \"NO_BACKSLASH_ESCAPES\""], PLAIN),
            (&["SET sql_mode = 1048576"], PLAIN),
            (&["SET a = 1, sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES'), b = f(1, 2)"], ANSI),
            (
                &[
                    "SET sql_mode='NO_BACKSLASH_ESCAPES'",
                    "SET sql_mode=(SELECT CONCAT_WS(',', @@session.sql_mode, 'ANSI'))",
                ],
                (false, true),
            ),
            (
                &[
                    "SET sql_mode='ANSI'",
                    "SET sql_mode=REPLACE(REPLACE(@@sql_mode, ',ANSI', ''), 'STRICT_ALL_TABLES', '')",
                ],
                USUAL,
            ),
            (&["SET sql_mode='ANSI'", "SET sql_mode=REPLACE(@@sql_mode, 'STRICT_ALL_TABLES', '')"], ANSI),
            (&["/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO,ANSI' */"], ANSI),
            (
                &[
                    "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='ANSI' */",
                    "/*!40101 SET SQL_MODE=@old_sql_mode */",
                ],
                USUAL,
            ),
            (&["SET @m = 'ANSI'", "SET sql_mode = @`m`"], ANSI),
            (&["SET sql_mode='ANSI'", "SET sql_mode=DEFAULT"], USUAL),
            (&["SET sql_mode='ANSI'", "SET sql_mode=''"], USUAL),
            (&["SET GLOBAL sql_mode='ANSI'"], USUAL),
            (&["SET @@global.sql_mode='ANSI'"], USUAL),
            (&["SET STATEMENT sql_mode='ANSI' FOR SELECT 1"], USUAL),
            (&["SET @sql_mode='ANSI'"], USUAL),
            (&["SET sql_mode=@unknown"], USUAL),
            (&["SELECT 1, sql_mode='ANSI'"], USUAL),
            (&["SET NAMES utf8mb4"], USUAL),
            (&["SET"], USUAL),
        ];
        for (statements, expected) in cases {
            let mut mode = SqlMode::new();
            for statement in *statements {
                mode.follow(statement);
            }
            assert_eq!((mode.quoting().backslash, mode.quoting().ansi_quotes), *expected, "{statements:?}");
        }
    }

    #[test]
    fn deep_parentheses_are_no_panic() {
        let mut mode = SqlMode::new();
        mode.follow(&format!("SET sql_mode={}'ANSI'{}", "(".repeat(100_000), ")".repeat(100_000)));
        assert!(!mode.quoting().ansi_quotes);
    }
}
