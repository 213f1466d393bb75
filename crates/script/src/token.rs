//! The words of a SQL text, by each dialect's lexical rules.

mod lexer;

use crate::Dialect;

pub(crate) use lexer::{Form, Lexeme, Lexer, Strings};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A keyword or an unquoted identifier.
    Word,
    /// A quoted identifier, with its quotes: `"a"`, `` `a` ``, `[a]`.
    QuotedIdentifier,
    /// A string with its quotes and prefix: `'a'`, `E'a'`, `$tag$a$tag$`, on MySQL `"a"` too.
    String,
    /// A number.
    Number,
    /// A variable or parameter: `@x`, `@@x`, `$1`, `:x`, `?`.
    Variable,
    /// One character of anything else: `(`, `;`, `=`.
    Punctuation,
    /// A comment, with its marks. MySQL's `/*! … */` is none: its marks are `Space`, and what is inside are tokens.
    Comment,
    /// White space.
    Space,
}

/// One token of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// Its text, whole.
    pub text: &'a str,
    /// Where it begins in the text that was given: a byte offset.
    pub start: usize,
}

impl Token<'_> {
    /// Whether it is this keyword, in any case of letters.
    #[must_use]
    pub fn is(&self, keyword: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(keyword)
    }
}

/// Every token of a text; their texts, one after the other, are the text. What isn't closed reaches to the end.
pub fn tokens(sql: &str, dialect: Dialect) -> impl Iterator<Item = Token<'_>> {
    Lexer::new(sql, dialect).map(|lexeme| lexeme.token)
}

/// The tokens that mean something: without space and comments.
pub fn significant(sql: &str, dialect: Dialect) -> impl Iterator<Item = Token<'_>> {
    tokens(sql, dialect).filter(|token| !matches!(token.kind, TokenKind::Space | TokenKind::Comment))
}
