//! The tables that a query names, behind FROM, JOIN, INTO and their like.

use super::{Reader, is_mark};
use crate::{Token, TokenKind};

/// Functions that only compute: a SELECT of these does nothing to any table that it doesn't name. Of any other it isn't known.
const HARMLESS: [&str; 34] = [
    "abs",
    "array_agg",
    "avg",
    "cast",
    "ceil",
    "char_length",
    "coalesce",
    "concat",
    "count",
    "date",
    "exists",
    "extract",
    "floor",
    "greatest",
    "ifnull",
    "in",
    "least",
    "length",
    "lower",
    "max",
    "min",
    "mod",
    "now",
    "nullif",
    "over",
    "position",
    "round",
    "row_number",
    "string_agg",
    "substr",
    "substring",
    "sum",
    "trim",
    "upper",
];

/// Words after which a parenthesis is no call.
const NO_CALL: [&str; 24] = [
    "all", "and", "any", "as", "by", "case", "distinct", "else", "filter", "from", "having", "join", "limit", "not",
    "on", "or", "select", "some", "then", "union", "using", "values", "when", "where",
];

/// Words that end a list of tables instead of being another name of one.
const ENDS: [&str; 27] = [
    "where",
    "group",
    "order",
    "having",
    "limit",
    "offset",
    "union",
    "intersect",
    "except",
    "join",
    "inner",
    "left",
    "right",
    "full",
    "cross",
    "natural",
    "on",
    "using",
    "set",
    "values",
    "select",
    "returning",
    "window",
    "for",
    "fetch",
    "straight_join",
    "when",
];

/// Words that end a FROM clause: a comma behind them is none of it.
const END_OF_FROM: [&str; 14] = [
    "where",
    "group",
    "order",
    "having",
    "limit",
    "offset",
    "union",
    "intersect",
    "except",
    "set",
    "values",
    "select",
    "returning",
    "window",
];

/// Functions in whose arguments FROM is no clause: `extract(year FROM at)`.
const WITH_FROM: [&str; 5] = ["extract", "substring", "trim", "overlay", "position"];

/// Where a query is read.
#[derive(Clone, Copy, Default)]
struct Level {
    /// In the parenthesis of such a function.
    arguments: bool,
    /// In a FROM clause.
    from: bool,
}

impl Reader<'_> {
    /// Every table that the rest of a query names: behind FROM, JOIN, INTO, USING, REFERENCES.
    pub(super) fn rest(&mut self) {
        // Of the statement and of each open parenthesis.
        let mut levels = vec![Level::default()];
        while let Some(token) = self.peek() {
            let before = self.at.checked_sub(1).map(|at| &self.tokens[at]);
            let is_behind = |words: &[&str]| before.is_some_and(|it| words.iter().any(|word| it.is(word)));
            let Level { arguments, from } = levels.last().copied().unwrap_or_default();
            let in_from =
                |levels: &mut Vec<Level>, from| levels.iter_mut().last().into_iter().for_each(|it| it.from = from);
            self.at += 1;
            if is_mark(token, "(") {
                levels.push(Level { arguments: is_behind(&WITH_FROM), from: false });
            } else if is_mark(token, ")") {
                levels.pop();
            } else if (token.is("FROM") && !arguments && !is_behind(&["DISTINCT"]))
                || token.is("JOIN")
                || token.is("STRAIGHT_JOIN")
                || (token.is("USING") && !self.opens())
            {
                in_from(&mut levels, true);
                self.list_of_from();
            } else if is_mark(token, ",") && from {
                self.list_of_from();
            } else if is_mark(token, ",") {
                self.subquery_name();
            } else if token.is("WITH") {
                self.take("RECURSIVE");
                self.subquery_name();
            } else if token.is("INTO") && !self.is_any(&["OUTFILE", "DUMPFILE"]) {
                self.take("TABLE");
                if self.is_name() {
                    self.table();
                }
            } else if token.is("UPDATE") && !is_behind(&["FOR", "DO", "KEY", "THEN", "NO"]) {
                // A part of a WITH that writes.
                self.table();
            } else if END_OF_FROM.iter().any(|word| token.is(word)) {
                in_from(&mut levels, false);
            }
        }
    }

    pub(super) fn is_name(&self) -> bool {
        self.peek().is_some_and(|token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdentifier))
    }

    fn opens(&self) -> bool {
        self.peek().is_some_and(|token| is_mark(token, "("))
    }

    /// `x (a, b) AS [NOT MATERIALIZED] (`, if it stands here.
    fn subquery_name(&mut self) {
        let start = self.at;
        let Some(name) = self.name() else { return };
        self.parenthesis();
        let is_name = self.take("AS") && {
            self.take("NOT");
            self.take("MATERIALIZED");
            self.opens()
        };
        if is_name {
            self.named.insert(name);
        } else {
            self.at = start;
        }
    }

    /// `a, s.b AS c, (SELECT …) d, f(x) e`: the parentheses are left to the caller.
    pub(super) fn list_of_from(&mut self) {
        loop {
            self.take_any(&["ONLY", "LATERAL"]);
            if self.opens() || self.is_any(&["SELECT", "WITH", "VALUES"]) {
                return;
            }
            let start = self.at;
            let Some(name) = self.name() else { return };
            if self.opens() {
                // A function that gives rows.
                if !matches!(name.as_str(), "generate_series" | "unnest" | "json_each" | "json_table" | "JSON_TABLE") {
                    self.unknown();
                }
                self.at = start + 1;
                return;
            }
            self.touched.tables.insert(name);
            self.mark("*");
            self.take("AS");
            let is_alias = self.peek().is_some_and(|token| {
                matches!(token.kind, TokenKind::QuotedIdentifier)
                    || (token.kind == TokenKind::Word && !ENDS.iter().any(|end| token.is(end)))
            });
            self.at += usize::from(is_alias);
            if !self.mark(",") {
                return;
            }
        }
    }

    /// Calls of functions that may do anything.
    pub(super) fn calls(&mut self) {
        let any = self
            .tokens
            .windows(2)
            .any(|pair| is_mark(&pair[1], "(") && is_call(&pair[0]) && !HARMLESS.iter().any(|name| pair[0].is(name)));
        // The names of a WITH with columns look the same.
        if any && !self.tokens.first().is_some_and(|token| token.is("VALUES")) {
            self.unknown();
        }
    }
}

/// Whether a parenthesis behind this is one of arguments.
fn is_call(token: &Token<'_>) -> bool {
    match token.kind {
        TokenKind::QuotedIdentifier => true,
        TokenKind::Word => !NO_CALL.iter().any(|word| token.is(word)),
        _ => false,
    }
}
