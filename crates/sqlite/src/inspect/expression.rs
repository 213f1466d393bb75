//! Expressions and statements in their normal form: the case of keywords, spaces, comments and quotes make no difference.

use driftlock_schema::Part;
use driftlock_script::{Token, TokenKind};

use crate::words::{is_keyword, is_reserved, name, plainly};

/// What names are known where a text stands.
#[derive(Clone, Copy)]
pub(super) enum Scope<'s> {
    /// The columns of one table, and its name: nothing else can be named there.
    Table { name: &'s str, parts: &'s [Part] },
    /// Anything: what is in double quotes and named nowhere may be a string.
    Anywhere { names: &'s dyn Fn(&str) -> bool },
}

impl Scope<'_> {
    /// Where nothing is known by a name.
    pub(super) const NOWHERE: Scope<'static> = Scope::Table { name: "", parts: &[] };

    /// A name of the table's as it was declared.
    fn declared(&self, named: &str) -> Option<&str> {
        let Scope::Table { name, parts } = self else { return None };
        let column = parts.iter().find(|part| part.kind == "column" && part.name.eq_ignore_ascii_case(named));
        let column = column.map(|column| column.name.as_str());
        column.or_else(|| name.eq_ignore_ascii_case(named).then_some(*name))
    }
}

/// Keywords that a column of the same name never stands for.
const ALWAYS: &[&str] =
    &["end", "like", "glob", "regexp", "match", "cast", "raise", "current_date", "current_time", "current_timestamp"];

/// Keywords that end an operand: a sign behind them stands between two.
const ENDS_OPERAND: &[&str] =
    &["NULL", "END", "ISNULL", "NOTNULL", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP"];

/// The normal form of these tokens.
pub(super) fn normal(tokens: &[Token<'_>], scope: Scope<'_>) -> String {
    let mut writer = Writer { text: String::new(), scope, before: Before::Start, lists: vec![false] };
    let mut at = 0;
    while at < tokens.len() {
        at += writer.token(&tokens[at..], at.checked_sub(1).map(|before| &tokens[before]));
    }
    writer.text
}

/// What the text ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// Nothing, `(` or `.`: what follows joins.
    Start,
    /// What a call's parenthesis would join.
    Name,
    /// What ends an operand.
    Operand,
    /// A keyword, a comma or an operator: a sign behind it is the number's.
    Other,
    /// A sign that belongs to what follows.
    Sign,
}

struct Writer<'s> {
    text: String,
    scope: Scope<'s>,
    before: Before,
    /// Whether the columns of a result are being said, a level of parentheses each.
    lists: Vec<bool>,
}

impl Writer<'_> {
    /// Writes the first of these tokens, or the first few, and says how many they were.
    fn token(&mut self, tokens: &[Token<'_>], before: Option<&Token<'_>>) -> usize {
        let token = &tokens[0];
        match token.kind {
            TokenKind::Punctuation => return self.mark(tokens),
            TokenKind::Number => self.word(&token.text.to_ascii_lowercase(), Before::Operand),
            TokenKind::Variable => self.word(token.text, Before::Operand),
            TokenKind::String if token.text.starts_with(['x', 'X']) => {
                self.word(&token.text.to_ascii_uppercase(), Before::Operand);
            }
            TokenKind::String => self.word(token.text, Before::Operand),
            TokenKind::Word | TokenKind::QuotedIdentifier => {
                let text = match name(token) {
                    Some(named) => self.named(token, &named, tokens.get(1), before),
                    None => (token.text.to_owned(), Before::Operand),
                };
                self.word(&text.0, text.1);
            }
            TokenKind::Comment | TokenKind::Space => {}
        }
        1
    }

    /// How a word or a quoted name is written.
    fn named(
        &mut self,
        token: &Token<'_>,
        named: &str,
        next: Option<&Token<'_>>,
        before: Option<&Token<'_>>,
    ) -> (String, Before) {
        let is_bare = token.kind == TokenKind::Word;
        let is_called = next.is_some_and(|next| next.text == "(");
        let is_member = before.is_some_and(|before| before.text == ".");
        if is_bare && !is_member {
            self.follow(named);
        }
        if before.is_some_and(|before| before.is("COLLATE")) {
            return (plain_or_quoted(named.to_ascii_uppercase()), Before::Operand);
        }
        match self.scope {
            Scope::Table { .. } => {
                let is_always = |word: &str| ALWAYS.iter().any(|it| it.eq_ignore_ascii_case(word));
                if is_bare && !is_member && (is_reserved(named) || is_always(named)) {
                    let joins = matches!(named.len(), 4 | 5) && (token.is("CAST") || token.is("RAISE"));
                    let ends = ENDS_OPERAND.iter().any(|it| token.is(it));
                    let class = if joins {
                        Before::Name
                    } else if ends {
                        Before::Operand
                    } else {
                        Before::Other
                    };
                    return (named.to_ascii_uppercase(), class);
                }
                if is_called {
                    return (called(named), Before::Name);
                }
                if let Some(declared) = self.scope.declared(named) {
                    return (plainly(declared).into_owned(), Before::Operand);
                }
                let is_qualifier = next.is_some_and(|next| next.text == ".");
                if token.text.starts_with('"') && !is_qualifier && !is_member && !is_rowid(named) {
                    // SQLite takes it for a string, having found nothing of that name.
                    return (format!("'{}'", named.replace('\'', "''")), Before::Operand);
                }
                if is_bare && is_keyword(named) {
                    let class = if token.is("TRUE") || token.is("FALSE") { Before::Operand } else { Before::Other };
                    return (named.to_ascii_uppercase(), class);
                }
                (plain_or_quoted(named.to_ascii_lowercase()), Before::Operand)
            }
            Scope::Anywhere { names } => {
                let class = if is_called { Before::Name } else { Before::Operand };
                let lower = named.to_ascii_lowercase();
                if is_bare && is_keyword(named) && !is_member {
                    return (lower, if is_called { Before::Name } else { Before::Other });
                }
                let is_alias = self.lists.last() == Some(&true) && !is_called && is_alias(before);
                if is_alias || (token.text.starts_with('"') && lower != named && !names(&lower)) {
                    return (plain_or_quoted(named.to_owned()), class);
                }
                if is_reserved(&lower) || !crate::words::is_plain(&lower) && !is_keyword(&lower) {
                    return (crate::settings::quote(&lower), class);
                }
                (lower, class)
            }
        }
    }

    /// Notes where the columns of a result begin and end: what they are called there is what a view calls them.
    fn follow(&mut self, word: &str) {
        const ENDS: &[&str] =
            &["from", "where", "group", "having", "order", "limit", "union", "intersect", "except", "window", "values"];
        if let Some(list) = self.lists.last_mut() {
            if word.eq_ignore_ascii_case("select") {
                *list = true;
            } else if *list && ENDS.iter().any(|end| end.eq_ignore_ascii_case(word)) {
                *list = false;
            }
        }
    }

    /// Writes an operator or another mark, and says how many tokens it is.
    fn mark(&mut self, tokens: &[Token<'_>]) -> usize {
        let joined = |length: usize| {
            let tokens = tokens.get(..length)?;
            let adjacent = tokens.windows(2).all(|pair| pair[0].start + pair[0].text.len() == pair[1].start);
            let marks = tokens.iter().all(|token| token.kind == TokenKind::Punctuation);
            (adjacent && marks).then(|| tokens.iter().map(|token| token.text).collect::<String>())
        };
        const LONG: &[&str] = &["->>", "->", "||", "<<", ">>", "<=", ">=", "==", "!=", "<>"];
        for length in [3, 2] {
            if let Some(mark) = joined(length).filter(|mark| LONG.contains(&mark.as_str())) {
                self.word(&mark, Before::Other);
                return length;
            }
        }
        match tokens[0].text {
            "(" => {
                if !matches!(self.before, Before::Start | Before::Name | Before::Sign) {
                    self.text.push(' ');
                }
                self.text.push('(');
                self.before = Before::Start;
                self.lists.push(false);
            }
            ")" => {
                self.text.push(')');
                self.before = Before::Operand;
                if self.lists.len() > 1 {
                    self.lists.pop();
                }
            }
            "." => {
                self.text.push('.');
                self.before = Before::Start;
            }
            mark @ ("," | ";") => {
                self.text.push_str(mark);
                self.before = Before::Other;
            }
            sign @ ("-" | "+" | "~") if self.before != Before::Operand && self.before != Before::Name => {
                // Two of them would be a comment.
                if self.before == Before::Sign {
                    self.before = Before::Other;
                }
                self.word(sign, Before::Sign);
            }
            mark => self.word(mark, Before::Other),
        }
        1
    }

    fn word(&mut self, text: &str, is: Before) {
        if !matches!(self.before, Before::Start | Before::Sign) {
            self.text.push(' ');
        }
        self.text.push_str(text);
        self.before = is;
    }
}

/// Whether what follows this token in the columns of a result is the name of one.
fn is_alias(before: Option<&Token<'_>>) -> bool {
    before.is_some_and(|before| match before.kind {
        TokenKind::Word => before.is("AS") || before.is("END") || before.is("NULL") || !is_keyword(before.text),
        TokenKind::Punctuation => before.text == ")",
        _ => true,
    })
}

fn is_rowid(name: &str) -> bool {
    ["rowid", "oid", "_rowid_"].iter().any(|it| it.eq_ignore_ascii_case(name))
}

fn plain_or_quoted(name: String) -> String {
    if crate::words::is_plain(&name) { name } else { crate::settings::quote(&name) }
}

/// A function's name. Keywords that can be names are no others here.
fn called(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    if is_keyword(&lower) && !is_reserved(&lower) { lower } else { plain_or_quoted(lower) }
}
