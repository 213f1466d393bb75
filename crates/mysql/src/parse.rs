//! A statement as its meaningful tokens, and the few forms that adapters read out of them: keywords and names.

use driftlock_script::{Dialect, Token, TokenKind, significant};

/// The meaningful tokens of a statement, without a terminator.
pub(crate) fn words(sql: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = significant(sql, Dialect::MySql).collect();
    while tokens.last().is_some_and(|token| token.text == ";") {
        tokens.pop();
    }
    tokens
}

/// A name, with the database that stands before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) database: Option<String>,
    pub(crate) name: String,
}

impl Name {
    /// As SQL.
    pub(crate) fn quoted(&self) -> String {
        match &self.database {
            Some(database) => format!("{}.{}", quote(database), quote(&self.name)),
            None => quote(&self.name),
        }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(database) = &self.database {
            write!(f, "{database}.")?;
        }
        f.write_str(&self.name)
    }
}

/// An identifier in backticks.
pub(crate) fn quote(identifier: &str) -> String {
    format!("`{}`", identifier.replace('`', "``"))
}

/// An identifier without its quotes, if the token can be one.
pub(crate) fn identifier(token: &Token<'_>) -> Option<String> {
    let quoted = |mark: char| {
        let inner = token.text.strip_prefix(mark)?;
        let inner = inner.strip_suffix(mark).unwrap_or(inner);
        Some(inner.replace(&format!("{mark}{mark}"), &mark.to_string()))
    };
    match token.kind {
        TokenKind::Word => Some(token.text.to_owned()),
        TokenKind::QuotedIdentifier => quoted('`'),
        // With `sql_mode=ANSI_QUOTES`.
        TokenKind::String => quoted('"'),
        _ => None,
    }
}

/// Reads tokens from the front.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'s, 'a> {
    tokens: &'s [Token<'a>],
}

impl<'s, 'a> Cursor<'s, 'a> {
    pub(crate) fn new(tokens: &'s [Token<'a>]) -> Self {
        Cursor { tokens }
    }

    /// What is left.
    pub(crate) fn rest(&self) -> &'s [Token<'a>] {
        self.tokens
    }

    /// The next token, if there is one, which stays.
    pub(crate) fn peek(&self) -> Option<&'s Token<'a>> {
        self.tokens.first()
    }

    /// The next token.
    pub(crate) fn next(&mut self) -> Option<&'s Token<'a>> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    /// Whether the next token is this keyword or character.
    pub(crate) fn at(&self, text: &str) -> bool {
        self.peek().is_some_and(|token| token.is(text) || (token.kind == TokenKind::Punctuation && token.text == text))
    }

    /// Goes over these keywords or characters, if all of them are next.
    pub(crate) fn eat(&mut self, texts: &[&str]) -> bool {
        let mut ahead = *self;
        for text in texts {
            if !ahead.at(text) {
                return false;
            }
            ahead.next();
        }
        *self = ahead;
        true
    }

    /// Goes over the first of these keywords that is next.
    pub(crate) fn eat_any(&mut self, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.eat(&[text]))
    }

    /// Goes to behind the next one of this keyword outside of parentheses.
    pub(crate) fn eat_until(&mut self, text: &str) -> bool {
        let mut depth = 0usize;
        while let Some(token) = self.next() {
            match token.text {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                _ if depth == 0 && token.is(text) => return true,
                _ => {}
            }
        }
        false
    }

    /// A name with or without its database.
    pub(crate) fn name(&mut self) -> Option<Name> {
        let first = identifier(self.peek()?)?;
        self.next();
        if !self.eat(&["."]) {
            return Some(Name { database: None, name: first });
        }
        let second = identifier(self.next()?)?;
        Some(Name { database: Some(first), name: second })
    }

    /// Names, by commas.
    pub(crate) fn names(&mut self) -> Option<Vec<Name>> {
        let mut names = vec![self.name()?];
        while self.eat(&[","]) {
            names.push(self.name()?);
        }
        Some(names)
    }
}

/// The parts between commas that stand in no parentheses.
pub(crate) fn parts<'s, 'a>(tokens: &'s [Token<'a>]) -> Vec<&'s [Token<'a>]> {
    let mut depth = 0usize;
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token.text {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            "," if depth == 0 => {
                parts.push(&tokens[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&tokens[start..]);
    parts
}

/// The user variable that a token is (`@x`, `` @`x y` ``): its name. `'ann'@'%'` has none, nor has `@@x`.
pub(crate) fn user_variable(tokens: &[Token<'_>], at: usize) -> Option<String> {
    let token = tokens.get(at)?;
    if token.kind != TokenKind::Variable || token.text.starts_with("@@") {
        return None;
    }
    let name = token.text.strip_prefix('@')?;
    let touches_account = at.checked_sub(1).and_then(|before| tokens.get(before)).is_some_and(|before| {
        let is_name = matches!(before.kind, TokenKind::Word | TokenKind::QuotedIdentifier | TokenKind::String);
        is_name && before.start + before.text.len() == token.start
    });
    if touches_account {
        return None;
    }
    let bare = ['`', '\'', '"'].into_iter().find_map(|mark| name.strip_prefix(mark)?.strip_suffix(mark));
    Some(bare.unwrap_or(name).to_ascii_lowercase())
}

/// Whether the statement defines a routine, so that its text holds a body that doesn't run now.
pub(crate) fn defines_routine(tokens: &[Token<'_>]) -> bool {
    let is_create = tokens.first().is_some_and(|token| token.is("CREATE"))
        || (tokens.first().is_some_and(|token| token.is("ALTER"))
            && tokens.get(1).is_some_and(|token| token.is("EVENT")));
    is_create
        && tokens
            .iter()
            .take(20)
            .take_while(|token| !["TABLE", "VIEW", "INDEX", "DATABASE", "USER"].iter().any(|kind| token.is(kind)))
            .any(|token| ["PROCEDURE", "FUNCTION", "TRIGGER", "EVENT", "PACKAGE"].iter().any(|kind| token.is(kind)))
}
