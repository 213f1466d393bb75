//! One script in driftlock's own layout.

use std::ops::Range;

use crate::body::{append, directive_error};
use crate::{Body, Dialect, Directives, Layout, SplitError, Statement, TokenKind, split, tokens};

/// A script that was written, and read back.
pub(super) struct Written {
    pub(super) text: String,
    pub(super) statements: usize,
    /// The names of the values that stand in it.
    pub(super) values: Vec<String>,
    /// Some of its statements, but not all, were to be committed on their own, and now all are.
    pub(super) alone_by_others: bool,
}

/// Writes a body as a script that needs no other tool's rules. Where nothing that can be written reads as it does: the line of the
/// first statement that differs.
///
/// # Errors
/// What is wrong with the body itself.
pub(super) fn write(
    body: &Body,
    layout: Layout,
    dialect: Dialect,
    was: Option<&str>,
) -> Result<Result<Written, u32>, SplitError> {
    let statements = body.statements(dialect)?;
    let mut directives = Directives::read(body.head(), dialect).map_err(directive_error)?;
    let alone = statements.iter().filter(|(_, alone)| *alone).count();
    let mut head = Vec::new();
    if alone > 0 && !directives.no_transaction {
        head.push("no-transaction".to_owned());
    }
    let alone_by_others = alone > 0 && alone < statements.len() && !directives.no_transaction;
    directives.no_transaction |= alone > 0;
    // Another tool's file says nothing of yet another's.
    if let Some(was) = was.filter(|_| directives.was.is_none()) {
        head.push(format!("was={was}"));
        directives.was = Some(was.to_owned());
    }
    let mut head = if head.is_empty() { String::new() } else { format!("-- driftlock: {}\n", head.join(" ")) };
    // Where nothing runs, nothing is said to the session either.
    let session = if statements.is_empty() { &[] } else { body.session_statements() };
    head.extend(session.iter().map(|sql| format!("{sql};\n")));
    let settings = session.iter().map(|sql| Wanted { sql, data: None });
    let expected: Vec<Wanted<'_>> =
        settings.chain(statements.iter().map(|(statement, _)| Wanted::of(body, statement))).collect();
    let mut differs = 0;
    for text in [as_it_stands(body, layout, &statements, &head), anew(body, layout, dialect, &statements, &head)] {
        match first_difference(&text, dialect, &expected, &directives) {
            None => {
                let values = body.values().keys().cloned().collect();
                return Ok(Ok(Written { text, statements: statements.len(), values, alone_by_others }));
            }
            Some(at) => differs = at,
        }
    }
    Ok(Err(statements.get(differs.saturating_sub(session.len())).map_or(1, |(statement, _)| statement.line)))
}

/// What is to be read back.
#[derive(PartialEq, Eq)]
struct Wanted<'a> {
    sql: &'a str,
    data: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    fn of(body: &'a Body, statement: &Statement) -> Self {
        Wanted { sql: statement.text(body.text()), data: statement.data(body.text()) }
    }
}

/// The first statement that a text has otherwise.
fn first_difference(text: &str, dialect: Dialect, expected: &[Wanted<'_>], directives: &Directives) -> Option<usize> {
    if Directives::read(text, dialect).as_ref() != Ok(directives) {
        return Some(0);
    }
    let Ok(found) = split(text, dialect) else { return Some(0) };
    let found: Vec<Wanted<'_>> =
        found.iter().map(|found| Wanted { sql: found.text(text), data: found.data(text) }).collect();
    let same = found.iter().zip(expected).take_while(|(found, expected)| found == expected).count();
    (same < expected.len().max(found.len())).then_some(same)
}

/// The text as it stands, less what the other layout's tool alone reads.
fn as_it_stands(body: &Body, layout: Layout, statements: &[(Statement, bool)], head: &str) -> String {
    let data = |data: &Range<u64>| Some(usize::try_from(data.start).ok()?..usize::try_from(data.end).ok()?);
    let kept: Vec<Range<usize>> = statements
        .iter()
        .flat_map(|(statement, _)| [Some(statement.span.clone()), statement.copy_data.as_ref().and_then(data)])
        .flatten()
        .collect();
    let mut script = head.to_owned();
    for section in body.sections() {
        let text = &body.text()[section.span.clone()];
        let mut rest = String::with_capacity(text.len());
        let mut at = section.span.start;
        for line in text.split_inclusive('\n') {
            let range = at..at + line.len();
            at = range.end;
            let is_kept = || {
                let next = kept.partition_point(|kept| kept.end <= range.start);
                kept.get(next).is_some_and(|kept| kept.start < range.end)
            };
            if !is_mark(line, range.start, layout) || is_kept() {
                rest.push_str(line);
            }
        }
        append(&mut script, head.len(), rest.trim_start_matches(['\r', '\n']));
    }
    let end = script.trim_end().len().max(head.len());
    script.truncate(end);
    if end > head.len() {
        script.push('\n');
    }
    script
}

/// A line that is a comment to everybody but the tool of this layout.
fn is_mark(line: &str, start: usize, layout: Layout) -> bool {
    let comment = || line.trim_start().trim_start_matches('#').trim_start_matches("--").trim_start();
    match layout {
        Layout::Goose => line.starts_with("--") && line.contains("+goose"),
        Layout::Dbmate => line.starts_with("--") && comment().starts_with("migrate:"),
        Layout::Atlas => comment().starts_with("atlas:"),
        Layout::Sqlx => start == 0 && line.starts_with("-- no-transaction"),
        _ => false,
    }
}

/// Statement by statement, each with the comments in front of it and with an end that nothing in it can be taken for.
fn anew(body: &Body, layout: Layout, dialect: Dialect, statements: &[(Statement, bool)], head: &str) -> String {
    let mut script = head.to_owned();
    let mut from = body.head_start();
    for (statement, _) in statements {
        let gap = body.text().get(from..statement.span.start).unwrap_or_default();
        for comment in tokens(gap, dialect).filter(|token| token.kind == TokenKind::Comment) {
            let text = comment.text.trim_end();
            // A comment that something else ended (another delimiter, a line of DELIMITER) would not end here.
            if !is_mark(text, from + comment.start, layout) && (!text.starts_with("/*") || text.ends_with("*/")) {
                script.push_str(text);
                script.push('\n');
            }
        }
        let sql = statement.text(body.text());
        match statement.data(body.text()) {
            Some(data) => script.push_str(&format!("{sql};\n{data}\\.\n\n")),
            None => script.push_str(&ended(sql, dialect)),
        }
        let end = statement.copy_data.as_ref().and_then(|data| usize::try_from(data.end).ok());
        from = end.unwrap_or(statement.span.end);
    }
    script
}

/// A statement with its end; on MySQL between lines that name another one, where `;` wouldn't do.
fn ended(sql: &str, dialect: Dialect) -> String {
    let plain = format!("{sql};\n\n");
    let is_one = |text: &str| matches!(split(text, dialect).as_deref(), Ok([one]) if one.text(text) == sql);
    if dialect != Dialect::MySql || is_one(&plain) {
        return plain;
    }
    let between = |delimiter: &str| format!("DELIMITER {delimiter}\n{sql}\n{delimiter}\nDELIMITER ;\n\n");
    ["//", "$$", ";;", "|||", "@@end@@"].iter().map(|end| between(end)).find(|text| is_one(text)).unwrap_or(plain)
}
