//! What only the statements say: checks, conflict clauses, deferral, collations of columns, generated expressions, names of constraints.
//!
//! A statement is cut at commas and at the words that begin a clause, and no clause is understood further than it takes to put it where another way
//! to write it would be: behind the column or behind all of them.

use std::collections::{BTreeMap, BTreeSet};

use driftlock_script::{Dialect, Token, TokenKind, significant};

use super::spelling::{Spelling, bare};

/// The clauses of a table.
#[derive(Default)]
pub(super) struct Clauses {
    /// By the column's name in lower case.
    columns: Vec<(String, Vec<String>)>,
    constraints: Vec<String>,
}

impl Clauses {
    pub(super) fn of(sql: &str, spelling: &Spelling<'_>) -> Self {
        let tokens: Vec<Token<'_>> = significant(sql, Dialect::Sqlite).collect();
        let mut clauses = Clauses::default();
        for item in apart(inside(&tokens).0) {
            let is_constraint = item.first().is_some_and(|first| {
                ["constraint", "primary", "unique", "check", "foreign"].iter().any(|word| first.is(word))
            });
            if is_constraint {
                let mut given = String::new();
                for clause in cut(item) {
                    clauses.constraint(&clause, None, &mut given, spelling);
                }
            } else if let Some((name, rest)) = item.split_first() {
                let name = bare(name.text).to_ascii_lowercase();
                let mut given = String::new();
                // Of what is said twice, the last counts.
                let mut said = BTreeMap::new();
                for clause in cut(rest) {
                    let kind = clause.first().map(|first| first.text.to_ascii_lowercase()).unwrap_or_default();
                    match clauses.constraint(&clause, Some(&name), &mut given, spelling) {
                        Some(what) => drop(said.insert(kind, what)),
                        None if kind == "collate" => drop(said.remove(&kind)),
                        None => {}
                    }
                }
                let said = said.into_values().collect();
                clauses.columns.push((name, said));
            }
        }
        clauses.constraints.sort();
        clauses
    }

    pub(super) fn of_column(&self, name: &str) -> String {
        let found = self.columns.iter().find(|(column, _)| column.eq_ignore_ascii_case(name));
        found.map(|(_, said)| said.join(", ")).unwrap_or_default()
    }

    pub(super) fn constraints(&self) -> String {
        self.constraints.join("\n")
    }

    /// Takes a clause in: a constraint among those of the table; what says something of the column alone is given back.
    fn constraint(
        &mut self,
        clause: &[Token<'_>],
        column: Option<&str>,
        given: &mut String,
        spelling: &Spelling<'_>,
    ) -> Option<String> {
        let first = clause.first()?;
        if first.is("constraint") {
            *given = clause.get(1).map(|name| format!("constraint {:?} ", bare(name.text))).unwrap_or_default();
            return None;
        }
        let text = spelling.words(clause);
        let name = std::mem::take(given);
        let of = |columns: &str| column.map_or_else(|| columns.to_owned(), str::to_owned);
        let conflict = conflict(clause);
        let (listed, rest) = inside(clause);
        let names: Vec<String> =
            apart(listed).filter_map(|item| item.first()).map(|name| bare(name.text).to_ascii_lowercase()).collect();
        let names = names.join(", ");
        if first.is("primary") {
            let counts = if text.contains("autoincrement") { " autoincrement" } else { "" };
            self.constraints.push(format!("{name}primary key {}{counts}{conflict}", of(&names)));
        } else if first.is("unique") {
            self.constraints.push(format!("{name}unique {}{conflict}", of(&names)));
        } else if first.is("check") {
            self.constraints.push(format!("{name}check {}", spelling.words(listed)));
        } else if first.is("foreign") || first.is("references") {
            let (columns, rest) = if first.is("foreign") { (names, rest) } else { (of(""), clause) };
            let (referenced, _) = match rest.get(2) {
                Some(open) if open.text == "(" => inside(rest),
                _ => (&[][..], rest),
            };
            let table = rest.get(1).map(|table| bare(table.text).to_ascii_lowercase()).unwrap_or_default();
            let mut said = format!("{name}foreign key {columns} references {table} ({})", self::names(referenced));
            let after = |word: &str| rest.iter().position(|token| token.is(word)).and_then(|at| rest.get(at + 1));
            if let Some(how) = after("match") {
                said.push_str(&format!(" match {}", bare(how.text).to_ascii_lowercase()));
            }
            self.constraints.push(said + deferral(rest));
        } else if first.is("deferrable") || clause.get(1).is_some_and(|second| second.is("deferrable")) {
            // It is about the reference before it.
            if let Some(last) = self.constraints.last_mut() {
                last.push_str(deferral(clause));
            }
        } else if first.is("not") {
            return Some(format!("{name}not null{conflict}"));
        } else if first.is("collate") {
            let collation = clause.get(1).map(|token| bare(token.text).to_ascii_lowercase()).unwrap_or_default();
            return (collation != "binary").then(|| format!("{name}collate {collation}"));
        } else if first.is("default") {
            // What it is, a PRAGMA says.
            return (!name.is_empty()).then(|| format!("{name}default"));
        } else if first.is("generated") && !clause.iter().any(|token| token.is("as")) {
            *given = name;
        } else if first.is("as") || first.is("generated") {
            return Some(format!("{name}generated {}", spelling.words(listed)));
        }
        None
    }
}

/// The names between commas, without what is said of them.
fn names(listed: &[Token<'_>]) -> String {
    let names = apart(listed).filter_map(|item| item.first()).map(|name| bare(name.text).to_ascii_lowercase());
    names.collect::<Vec<_>>().join(", ")
}

/// `on conflict …`, where something else is done than by default.
fn conflict(clause: &[Token<'_>]) -> String {
    let mut words = clause.windows(3).rev();
    let found = words.find(|words| words[0].is("on") && words[1].is("conflict"));
    let resolution = found.map(|words| bare(words[2].text).to_ascii_lowercase()).filter(|it| it != "abort");
    resolution.map(|resolution| format!(" on conflict {resolution}")).unwrap_or_default()
}

fn deferral(clause: &[Token<'_>]) -> &'static str {
    let has = |word: &str| clause.iter().any(|token| token.is(word));
    let is_not = clause.windows(2).any(|pair| pair[0].is("not") && pair[1].is("deferrable"));
    match (has("deferrable") && !is_not, has("deferred")) {
        (false, _) => "",
        (true, false) => " deferrable",
        (true, true) => " deferrable deferred",
    }
}

/// What is in the first parentheses, and what follows them.
fn inside<'t, 'a>(tokens: &'t [Token<'a>]) -> (&'t [Token<'a>], &'t [Token<'a>]) {
    let Some(open) = tokens.iter().position(|token| token.text == "(") else { return (&[], &[]) };
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        depth += match token.text {
            "(" => 1,
            ")" => -1,
            _ => 0,
        };
        if depth == 0 {
            return (&tokens[open + 1..at], &tokens[at + 1..]);
        }
    }
    (&tokens[open + 1..], &[])
}

/// What stands between commas outside of parentheses.
fn apart<'t, 'a>(tokens: &'t [Token<'a>]) -> impl Iterator<Item = &'t [Token<'a>]> {
    let mut depth = 0;
    tokens.split(move |token| {
        depth += match token.text {
            "(" => 1,
            ")" => -1,
            _ => 0,
        };
        depth == 0 && token.text == ","
    })
}

/// Cuts what follows a column's name, or a table's constraints, where a clause begins. What stands before the first is a type.
fn cut<'a>(tokens: &[Token<'a>]) -> Vec<Vec<Token<'a>>> {
    const BEGIN: &[&str] = &[
        "constraint",
        "primary",
        "not",
        "null",
        "unique",
        "check",
        "default",
        "collate",
        "references",
        "generated",
        "as",
        "deferrable",
        "foreign",
    ];
    // What follows these is theirs, whatever it is.
    const TAKE: &[&str] = &["constraint", "not", "default", "collate", "references", "set", "always", "match"];
    let mut clauses: Vec<Vec<Token<'a>>> = Vec::new();
    let mut depth = 0;
    let mut is_taken = false;
    let mut is_foreign = false;
    for (at, token) in tokens.iter().enumerate() {
        let is_word = token.kind == TokenKind::Word && depth == 0;
        let is = |list: &[&str]| is_word && list.iter().any(|word| token.is(word));
        let is_generated = !token.is("generated") || tokens.get(at + 1).is_some_and(|next| next.is("always"));
        // `FOREIGN KEY (…) REFERENCES` is one.
        let goes_on = is_foreign && token.is("references");
        if is(BEGIN) && !is_taken && is_generated && !goes_on {
            clauses.push(Vec::new());
        }
        if is_word {
            is_foreign = token.is("foreign") || is_foreign && !is(&["references"]);
        }
        // The sign of a number belongs to it.
        is_taken = is(TAKE) && !is_taken || is_taken && matches!(token.text, "+" | "-");
        depth += match token.text {
            "(" => 1,
            ")" => -1,
            _ => 0,
        };
        if let Some(clause) = clauses.last_mut() {
            clause.push(*token);
        }
    }
    clauses
}

/// The columns and the condition of an index.
pub(super) fn index(sql: &str, spelling: &Spelling<'_>) -> (Vec<String>, String) {
    let tokens: Vec<Token<'_>> = significant(sql, Dialect::Sqlite).collect();
    let (columns, rest) = inside(&tokens);
    let column = |item: &[Token<'_>]| match item {
        [before @ .., last] if last.is("asc") || last.is("desc") => spelling.words(before),
        item => spelling.words(item),
    };
    (apart(columns).map(column).collect(), spelling.words(rest))
}

/// A trigger, from its timing on. What may be left out is left out, and the columns of its event have no order.
pub(super) fn trigger(sql: &str, spelling: &Spelling<'_>) -> String {
    let tokens: Vec<Token<'_>> = significant(sql, Dialect::Sqlite).collect();
    let tokens = tokens.get(3..).unwrap_or_default();
    let start = tokens.iter().position(|token| token.is("when") || token.is("begin")).unwrap_or(tokens.len());
    let (head, rest) = tokens.split_at(start);
    let on = head.iter().rposition(|token| token.is("on")).unwrap_or(head.len());
    let (event, _table) = head.split_at(on);
    let event = if event.first().is_some_and(|first| first.is("before")) { &event[1..] } else { event };
    let of = event.iter().position(|token| token.is("of")).filter(|at| *at > 0 && event[*at - 1].is("update"));
    let (event, columns) = event.split_at(of.unwrap_or(event.len()));
    let columns = names(columns.get(1..).unwrap_or_default());
    let columns: BTreeSet<&str> = columns.split(", ").collect();
    format!("{} of {columns:?}: {}", spelling.words(event), spelling.words(rest))
}
