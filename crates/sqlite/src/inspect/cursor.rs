//! The tokens of one statement, read from the first to the last.

use std::borrow::Cow;

use driftlock_script::{Token, TokenKind};

use crate::words;

/// Why a statement isn't read: what was expected, and what stands there.
pub(super) type Unread = String;

/// A place in a statement.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'t, 'a> {
    tokens: &'t [Token<'a>],
    at: usize,
}

impl<'t, 'a> Cursor<'t, 'a> {
    pub(super) fn new(tokens: &'t [Token<'a>]) -> Self {
        Cursor { tokens, at: 0 }
    }

    pub(super) fn peek(&self) -> Option<&'t Token<'a>> {
        self.tokens.get(self.at)
    }

    pub(super) fn peek_at(&self, further: usize) -> Option<&'t Token<'a>> {
        self.tokens.get(self.at + further)
    }

    pub(super) fn next(&mut self) -> Option<&'t Token<'a>> {
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        Some(token)
    }

    /// What is left.
    pub(super) fn rest(&self) -> &'t [Token<'a>] {
        &self.tokens[self.at..]
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    /// Whether this keyword is next.
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.peek().is_some_and(|token| token.is(keyword))
    }

    /// Whether this character is next.
    pub(super) fn is_mark(&self, mark: &str) -> bool {
        self.peek().is_some_and(|token| is_mark(token, mark))
    }

    /// Goes over this keyword, if it is next.
    pub(super) fn eat(&mut self, keyword: &str) -> bool {
        let is_next = self.is(keyword);
        self.at += usize::from(is_next);
        is_next
    }

    /// Goes over these keywords, if all of them are next.
    pub(super) fn eat_all(&mut self, keywords: &[&str]) -> bool {
        let are_next =
            keywords.iter().enumerate().all(|(at, keyword)| self.peek_at(at).is_some_and(|token| token.is(keyword)));
        self.at += if are_next { keywords.len() } else { 0 };
        are_next
    }

    /// Goes over this character, if it is next.
    pub(super) fn eat_mark(&mut self, mark: &str) -> bool {
        let is_next = self.is_mark(mark);
        self.at += usize::from(is_next);
        is_next
    }

    pub(super) fn expect(&mut self, keyword: &str) -> Result<(), Unread> {
        if self.eat(keyword) { Ok(()) } else { Err(self.unread(keyword)) }
    }

    pub(super) fn expect_mark(&mut self, mark: &str) -> Result<(), Unread> {
        if self.eat_mark(mark) { Ok(()) } else { Err(self.unread(mark)) }
    }

    /// A name, without its quotes.
    pub(super) fn name(&mut self) -> Result<Cow<'a, str>, Unread> {
        let name = self.peek().and_then(words::name).ok_or_else(|| self.unread("a name"))?;
        self.at += 1;
        Ok(name)
    }

    /// What stands in the parentheses that open here.
    pub(super) fn parenthesised(&mut self) -> Result<&'t [Token<'a>], Unread> {
        self.expect_mark("(")?;
        let start = self.at;
        let mut depth = 1;
        while let Some(token) = self.next() {
            if is_mark(token, "(") {
                depth += 1;
            } else if is_mark(token, ")") {
                depth -= 1;
                if depth == 0 {
                    return Ok(&self.tokens[start..self.at - 1]);
                }
            }
        }
        Err(self.unread(")"))
    }

    /// Says what was expected here.
    pub(super) fn unread(&self, expected: &str) -> Unread {
        match self.peek() {
            Some(token) => format!("`{expected}` is expected where `{}` stands", token.text),
            None => format!("`{expected}` is expected where the statement ends"),
        }
    }
}

pub(super) fn is_mark(token: &Token<'_>, mark: &str) -> bool {
    token.kind == TokenKind::Punctuation && token.text == mark
}

/// The stretches between commas that stand in no parentheses; none of nothing.
pub(super) fn items<'t, 'a>(tokens: &'t [Token<'a>]) -> impl Iterator<Item = &'t [Token<'a>]> {
    let mut depth = 0_usize;
    let mut items = Vec::new();
    let mut start = 0;
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.kind == TokenKind::Punctuation) {
        match token.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            "," if depth == 0 => {
                items.push(&tokens[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if !tokens.is_empty() {
        items.push(&tokens[start..]);
    }
    items.into_iter()
}
