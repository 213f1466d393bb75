//! What a script says was called otherwise before.
//!
//! ```sql
//! -- driftlock: renamed-from accounts
//! CREATE TABLE customer (
//!     id bigint PRIMARY KEY,
//!     -- driftlock: renamed-from mail
//!     email text,
//!     -- driftlock: renamed-from accounts_mail_key
//!     CONSTRAINT customer_email_key UNIQUE (email)
//! );
//! ```

use std::fmt;

use crate::{Dialect, Token, TokenKind, tokens};

/// That something has another name now: written `table:accounts=customer`, `table:customer.mail=email`, `index:customer.by_mail=by_email`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renaming {
    /// Its kind. `constraint` is a constraint of any kind, `type` a type of any.
    pub kind: String,
    /// The names that lead to it, the last being its own before: a schema, an object, a part. As they are, without quotes.
    pub path: Vec<String>,
    /// What it is called now.
    pub to: String,
}

impl fmt::Display for Renaming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}={}", self.kind, self.path.join("."), self.to)
    }
}

/// A text that names no other name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` says nothing of another name: write `table:accounts=customer`, `table:customer.mail=email` or `index:customer.by_mail=by_email`, names with other \
     than letters, digits, _ and $ in double quotes"
)]
pub struct RenamingError(pub String);

impl std::str::FromStr for Renaming {
    type Err = RenamingError;

    fn from_str(text: &str) -> Result<Self, RenamingError> {
        let wrong = || RenamingError(text.to_owned());
        let (kind, rest) = text.split_once(':').ok_or_else(wrong)?;
        if kind.is_empty() || !kind.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            return Err(wrong());
        }
        let (path, rest) = names(rest).ok_or_else(wrong)?;
        let (mut to, rest) = names(rest.strip_prefix('=').ok_or_else(wrong)?).ok_or_else(wrong)?;
        match (to.pop(), to.is_empty(), rest) {
            (Some(to), true, "") => Ok(Renaming { kind: kind.to_owned(), path, to }),
            _ => Err(wrong()),
        }
    }
}

/// Names with dots between them, each as it is or in double quotes, and what follows them.
fn names(mut text: &str) -> Option<(Vec<String>, &str)> {
    let mut names = Vec::new();
    loop {
        let mut name = String::new();
        if let Some(quoted) = text.strip_prefix('"') {
            let mut rest = quoted;
            loop {
                let end = rest.find('"')?;
                name.push_str(&rest[..end]);
                rest = &rest[end + 1..];
                let Some(more) = rest.strip_prefix('"') else { break };
                name.push('"');
                rest = more;
            }
            text = rest;
        } else {
            let end = text.find(['.', '=', '"', '(']).unwrap_or(text.len());
            name.push_str(&text[..end]);
            text = &text[end..];
        }
        if name.is_empty() {
            return None;
        }
        names.push(name);
        match text.strip_prefix('.') {
            Some(rest) => text = rest,
            None => return Some((names, text)),
        }
    }
}

/// The directive, in a comment that has it: the former name.
pub(crate) fn former(directive: &str) -> Option<&str> {
    let rest = directive.strip_prefix("renamed-from")?;
    (rest.is_empty() || rest.starts_with([' ', '\t', '=']))
        .then(|| rest.trim_start_matches([' ', '\t', '=']).trim_end())
}

/// What a script's `renamed-from` comments say, each of what comes next: an object that is made, or a part of one.
#[must_use]
pub fn renamings(text: &str, dialect: Dialect) -> Vec<Renaming> {
    let mut found = Vec::new();
    let mut reader = Reader { dialect, statement: None, depth: 0 };
    let all: Vec<Token<'_>> = tokens(text, dialect).filter(|token| token.kind != TokenKind::Space).collect();
    let mut at = 0;
    while let Some(token) = all.get(at) {
        at += 1;
        if token.kind == TokenKind::Comment {
            let former = crate::directives::directive(token.text).and_then(|(_, rest)| former(rest));
            let next = all[at..].iter().filter(|token| token.kind != TokenKind::Comment);
            if let Some((old, next)) = former.filter(|old| !old.is_empty()).map(|old| (old, next)) {
                found.extend(reader.renaming(old, &next.take(MOST).collect::<Vec<_>>()));
            }
            continue;
        }
        reader.take(token, &all[at..]);
    }
    found
}

/// A statement's head has at most so many tokens.
const MOST: usize = 24;

/// A statement as far as it was read.
struct Reader {
    dialect: Dialect,
    statement: Option<Made>,
    depth: usize,
}

/// What a statement makes.
#[derive(Debug, Clone, PartialEq)]
struct Made {
    kind: &'static str,
    path: Vec<String>,
    /// What it belongs to.
    on: Vec<String>,
}

impl Reader {
    fn take(&mut self, token: &Token<'_>, rest: &[Token<'_>]) {
        match token.text {
            "(" => self.depth += 1,
            ")" => self.depth = self.depth.saturating_sub(1),
            ";" if self.depth == 0 => self.statement = None,
            _ if self.depth == 0 && self.statement.is_none() && token.is("create") => {
                let next = rest.iter().filter(|token| token.kind != TokenKind::Comment).take(MOST);
                self.statement = self.made(&std::iter::once(token).chain(next).collect::<Vec<_>>());
            }
            _ => {}
        }
    }

    fn renaming(&self, old: &str, next: &[&Token<'_>]) -> Option<Renaming> {
        let (mut old, _) = names(old)?;
        let former = old.pop()?;
        let (kind, mut path, to) = if self.depth == 0 {
            let made = self.made(next)?;
            let (mut place, to) = (made.path, made.on);
            let name = place.pop()?;
            // An index belongs to its table; what is an object of its own is in the schema that it is in now, or was said to be in.
            (
                made.kind,
                if !to.is_empty() {
                    to
                } else if old.is_empty() {
                    place
                } else {
                    old
                },
                name,
            )
        } else {
            let made = self.statement.as_ref()?;
            let [first, ..] = next else { return None };
            let behind = |at: usize| next.get(at).and_then(|token| self.name(token));
            let (kind, name) = match first {
                it if it.is("constraint") => ("constraint", behind(1)?),
                it if it.is("index") || it.is("key") => ("index", behind(1)?),
                it if ["unique", "fulltext", "spatial"].iter().any(|word| it.is(word)) => {
                    let has_word = next.get(1).is_some_and(|it| it.is("index") || it.is("key"));
                    ("index", behind(if has_word { 2 } else { 1 })?)
                }
                it if it.kind == TokenKind::String => ("enum_value", it.text.trim_matches('\'').replace("''", "'")),
                it => ("column", self.name(it)?),
            };
            (kind, made.path.clone(), name)
        };
        path.push(former);
        Some(Renaming { kind: kind.to_owned(), path, to })
    }

    /// What a statement makes, by its head.
    fn made(&self, head: &[&Token<'_>]) -> Option<Made> {
        head.first().filter(|token| token.is("create"))?;
        let kinds = [
            ("table", "table"),
            ("materialized", "materialized_view"),
            ("view", "view"),
            ("index", "index"),
            ("sequence", "sequence"),
            ("type", "type"),
            ("domain", "domain"),
            ("function", "function"),
            ("procedure", "procedure"),
            ("aggregate", "aggregate"),
            ("trigger", "trigger"),
            ("policy", "policy"),
            ("rule", "rule"),
            ("schema", "schema"),
            ("event", "event"),
        ];
        let (at, kind) = head
            .iter()
            .enumerate()
            .find_map(|(at, token)| kinds.iter().find(|(word, _)| token.is(word)).map(|(_, kind)| (at + 1, *kind)))?;
        let skipped = ["view", "if", "not", "exists", "concurrently"];
        let rest: Vec<&&Token<'_>> =
            head[at..].iter().skip_while(|token| skipped.iter().any(|word| token.is(word))).collect();
        let path = self.path(&rest)?;
        let belongs = matches!(kind, "index" | "trigger" | "policy" | "rule");
        let on = rest.iter().position(|token| token.is("on") || (kind == "rule" && token.is("to")));
        let on = on.filter(|_| belongs).map(|on| &rest[on + 1..]);
        let on = on.map(|rest| if rest.first().is_some_and(|token| token.is("only")) { &rest[1..] } else { rest });
        let on = on.and_then(|rest| self.path(rest)).unwrap_or_default();
        Some(Made { kind, path, on })
    }

    /// Names with dots between them.
    fn path(&self, tokens: &[&&Token<'_>]) -> Option<Vec<String>> {
        let mut path = vec![self.name(tokens.first()?)?];
        let mut at = 1;
        while tokens.get(at).is_some_and(|token| token.text == ".") {
            path.push(self.name(tokens.get(at + 1)?)?);
            at += 2;
        }
        Some(path)
    }

    /// A name as the engine reads it.
    fn name(&self, token: &Token<'_>) -> Option<String> {
        match token.kind {
            TokenKind::Word if self.dialect == Dialect::Postgres => Some(token.text.to_lowercase()),
            TokenKind::Word => Some(token.text.to_owned()),
            TokenKind::QuotedIdentifier => {
                let mut letters = token.text.chars();
                let (open, close) = (letters.next()?, letters.next_back()?);
                let twice: String = [close, close].iter().collect();
                let inner = letters.as_str();
                Some(if open == '[' { inner.to_owned() } else { inner.replace(&twice, &close.to_string()) })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, dialect: Dialect) -> Vec<String> {
        renamings(text, dialect).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_is_of_what_comes_next() {
        let text = "-- driftlock: renamed-from accounts\nCREATE TABLE IF NOT EXISTS public.customer (\n  id int,\n  -- driftlock: renamed-from mail\n  \
                    Email text CHECK (email <> ''), /* driftlock: renamed-from \"Old.key\" */ CONSTRAINT k UNIQUE (email),\n  -- driftlock: renamed-from by_mail\n  \
                    UNIQUE KEY \"By\" (email)\n);\n-- driftlock: renamed-from i\nCREATE UNIQUE INDEX CONCURRENTLY j ON ONLY public.customer (id);\n\
                    -- driftlock: renamed-from old.state\nCREATE TYPE status AS ENUM (\n  -- driftlock: renamed-from sad\n  'un''happy');\n\
                    -- driftlock: renamed-from v\nCREATE OR REPLACE VIEW w AS SELECT 1;\n-- driftlock: renamed-from\nSELECT 1;";
        assert_eq!(
            said(text, Dialect::Postgres),
            [
                "table:public.accounts=customer",
                "column:public.customer.mail=email",
                "constraint:public.customer.Old.key=k",
                "index:public.customer.by_mail=By",
                "index:public.customer.i=j",
                "type:old.state=status",
                "enum_value:status.sad=un'happy",
                "view:v=w",
            ]
        );
    }

    #[test]
    fn reads_as_people_write_it() {
        let it: Renaming = "table:public.\"a.b\".mail=\"E-Mail\"".parse().unwrap();
        assert_eq!(
            (it.kind.as_str(), it.path.as_slice(), it.to.as_str()),
            ("table", ["public", "a.b", "mail"].map(str::to_owned).as_slice(), "E-Mail")
        );
        for wrong in
            ["", "table", "table:a", "table:a=", "table:=b", "table:a=b.c", "table:a=b=c", "Table:a=b", "table:\"a=b"]
        {
            assert!(wrong.parse::<Renaming>().is_err(), "{wrong}");
        }
    }
}
