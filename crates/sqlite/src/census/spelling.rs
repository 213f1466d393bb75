//! Words of a statement in one spelling: keywords and names in lower case, quotes and comments gone, one space between.

use std::collections::HashSet;

use driftlock_script::{Dialect, Token, TokenKind, significant};

/// Which names are known: what is in double quotes and none of them is a string to SQLite.
pub(super) struct Spelling<'n> {
    names: &'n HashSet<String>,
    /// Nothing else can be named.
    is_all: bool,
}

impl<'n> Spelling<'n> {
    /// In the definition of a table: it names itself and its columns.
    pub(super) fn within(names: &'n HashSet<String>) -> Self {
        Spelling { names, is_all: true }
    }

    /// In views and triggers: they name what they like.
    pub(super) fn everywhere(names: &'n HashSet<String>) -> Self {
        Spelling { names, is_all: false }
    }

    /// What follows the name of what a statement makes.
    pub(super) fn statement(&self, sql: &str) -> String {
        let tokens: Vec<Token<'_>> = significant(sql, Dialect::Sqlite).collect();
        let words = if tokens.get(1).is_some_and(|token| token.is("VIRTUAL")) { 4 } else { 3 };
        let rest = tokens.get(words..).unwrap_or_default();
        match rest {
            // A module without arguments.
            [using, module, open, close] if using.is("USING") && open.text == "(" && close.text == ")" => {
                self.words(&[*using, *module])
            }
            _ if words == 4 => {
                // A module reads its arguments as it likes.
                let (head, arguments) = rest.split_at(rest.len().min(2));
                let arguments: Vec<&str> = arguments.iter().map(|token| token.text).collect();
                format!("{} {}", self.words(head), arguments.join(" "))
            }
            rest => self.words(rest),
        }
    }

    pub(super) fn words(&self, tokens: &[Token<'_>]) -> String {
        let mut said = Vec::with_capacity(tokens.len());
        for (at, token) in tokens.iter().enumerate() {
            let beside =
                |at: Option<usize>| at.and_then(|at| tokens.get(at)).is_some_and(|it| matches!(it.text, "." | "("));
            let stands_alone = !beside(at.checked_sub(1).filter(|at| tokens[*at].text == ".")) && !beside(Some(at + 1));
            said.push(self.word(token, stands_alone));
        }
        said.join(" ")
    }

    fn word(&self, token: &Token<'_>, stands_alone: bool) -> String {
        let lower = token.text.to_ascii_lowercase();
        match token.kind {
            TokenKind::String if lower.starts_with('x') => lower,
            TokenKind::String | TokenKind::Variable => token.text.to_owned(),
            TokenKind::QuotedIdentifier => {
                let name = bare(token.text);
                let lower = name.to_ascii_lowercase();
                let is_string = token.text.starts_with('"')
                    && stands_alone
                    && !self.names.contains(&lower)
                    && !["rowid", "oid", "_rowid_"].contains(&lower.as_str())
                    && (self.is_all || lower != name);
                if is_string { format!("'{}'", name.replace('\'', "''")) } else { lower }
            }
            _ => lower,
        }
    }
}

/// What is in quotes.
pub(super) fn bare(text: &str) -> String {
    let inside = || text.get(1..text.len() - 1).unwrap_or_default();
    match text.as_bytes().first() {
        Some(b'[') => inside().to_owned(),
        Some(b'"') => inside().replace("\"\"", "\""),
        Some(b'`') => inside().replace("``", "`"),
        Some(b'\'') => inside().replace("''", "'"),
        _ => text.to_owned(),
    }
}

/// A type as a PRAGMA tells it.
pub(super) fn data_type(kind: &str) -> String {
    significant(kind, Dialect::Sqlite).map(|token| token.text.to_ascii_lowercase()).collect::<Vec<_>>().join(" ")
}

/// A default as a PRAGMA tells it: without the parentheses around it. A literal in more of them is the same, and so is a number with a plus. A word
/// that is no constant is a string.
pub(super) fn default(text: &str) -> String {
    let mut tokens: Vec<Token<'_>> = significant(text, Dialect::Sqlite).collect();
    let parentheses = |tokens: &[Token<'_>]| tokens.iter().filter(|token| matches!(token.text, "(" | ")")).count();
    while tokens.len() > 2 && tokens[0].text == "(" && tokens[tokens.len() - 1].text == ")" && parentheses(&tokens) == 2
    {
        tokens.pop();
        tokens.remove(0);
    }
    if tokens.len() == 2 && tokens[0].text == "+" && tokens[1].kind == TokenKind::Number {
        tokens.remove(0);
    }
    const CONSTANTS: &[&str] = &["null", "true", "false", "current_date", "current_time", "current_timestamp"];
    match tokens.as_slice() {
        [word]
            if matches!(word.kind, TokenKind::Word | TokenKind::QuotedIdentifier)
                && !CONSTANTS.iter().any(|constant| word.is(constant)) =>
        {
            format!("'{}'", bare(word.text).replace('\'', "''"))
        }
        tokens => Spelling::within(&HashSet::new()).words(tokens),
    }
}

/// What a view calls a column: letter by letter where somebody wrote that name, else an expression in one spelling.
pub(super) fn name_in(name: &str, sql: &str) -> String {
    let is_written = significant(sql, Dialect::Sqlite).any(|token| bare(token.text) == name);
    let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80);
    if is_written || is_word {
        name.to_owned()
    } else {
        Spelling::everywhere(&HashSet::new()).words(&significant(name, Dialect::Sqlite).collect::<Vec<_>>())
    }
}
