//! What SQLite keeps as it was written: views, triggers, and the arguments of virtual tables.

use driftlock_schema::{Attributes, Code, Name, Object, Part, Value};
use driftlock_script::Token;

use super::cursor::{Cursor, Unread, items};
use super::expression::{Scope, normal};

/// Reads what follows `CREATE VIEW`.
pub(super) fn view(cursor: &mut Cursor<'_, '_>, sql: &str, name: &str, scope: Scope<'_>) -> Result<Object, Unread> {
    cursor.name()?;
    let mut view = Object::new("view", Name::new(name));
    if cursor.is_mark("(") {
        let columns: Result<Vec<String>, Unread> =
            items(cursor.parenthesised()?).map(|item| Ok(Cursor::new(item).name()?.into_owned())).collect();
        view.attributes.set("columns", columns?);
    }
    cursor.expect("AS")?;
    view.attributes.set("definition", code(cursor.rest(), sql, scope));
    Ok(view)
}

/// Reads what follows `CREATE TRIGGER`, given the columns of its table.
pub(super) fn trigger(
    cursor: &mut Cursor<'_, '_>,
    sql: &str,
    name: &str,
    parts: &[Part],
    scope: Scope<'_>,
) -> Result<Part, Unread> {
    cursor.name()?;
    let mut attributes = Attributes::new();
    if cursor.eat("AFTER") {
        attributes.set("timing", "after");
    } else if cursor.eat_all(&["INSTEAD", "OF"]) {
        attributes.set("timing", "instead of");
    } else {
        cursor.eat("BEFORE");
    }
    let Some(event) = ["delete", "insert", "update"].into_iter().find(|event| cursor.eat(event)) else {
        return Err(cursor.unread("DELETE, INSERT or UPDATE"));
    };
    attributes.set("event", event);
    if cursor.eat("OF") {
        let mut of: Vec<String> = Vec::new();
        loop {
            let named = cursor.name()?;
            let is_it = |part: &&Part| part.kind == "column" && part.name.eq_ignore_ascii_case(&named);
            of.push(parts.iter().find(is_it).map_or_else(|| named.clone().into_owned(), |part| part.name.clone()));
            if !cursor.eat_mark(",") {
                break;
            }
        }
        // Their order says nothing.
        of.sort();
        of.dedup();
        attributes.set("columns", of);
    }
    cursor.expect("ON")?;
    cursor.name()?;
    if cursor.eat_mark(".") {
        cursor.name()?;
    }
    cursor.eat_all(&["FOR", "EACH", "ROW"]);
    if cursor.eat("WHEN") {
        let rest = cursor.rest();
        let Some(end) = rest.iter().position(|token| token.is("BEGIN")) else { return Err(cursor.unread("BEGIN")) };
        attributes.set("when", code(&rest[..end], sql, scope));
        for _ in 0..end {
            cursor.next();
        }
    }
    cursor.expect("BEGIN")?;
    let [body @ .., end] = cursor.rest() else { return Err(cursor.unread("END")) };
    if !end.is("END") {
        return Err("the trigger doesn't end with END".to_owned());
    }
    attributes.set("body", code(body, sql, scope));
    Ok(Part { kind: "trigger".into(), name: name.to_owned(), attributes, requires: Vec::new() })
}

/// Reads what follows `CREATE VIRTUAL TABLE`.
pub(super) fn virtual_table(cursor: &mut Cursor<'_, '_>, sql: &str, name: &str) -> Result<Object, Unread> {
    cursor.name()?;
    let mut table = Object::new("virtual_table", Name::new(name));
    cursor.expect("USING")?;
    table.attributes.set("module", cursor.name()?.to_ascii_lowercase());
    if cursor.is_mark("(") {
        // A module reads them as it likes: only spaces and comments between its words make no difference.
        let argument = |item: &[Token<'_>]| {
            let words: Vec<&str> = item.iter().map(|token| token.text).collect();
            Value::Code(Code::new(text(item, sql), &words.join(" ")))
        };
        let arguments: Vec<Value> = items(cursor.parenthesised()?).map(argument).collect();
        if !arguments.is_empty() {
            table.attributes.set("arguments", arguments);
        }
    }
    if cursor.is_at_end() { Ok(table) } else { Err(cursor.unread("the end")) }
}

/// A stretch of a statement, as it is written and in its normal form.
fn code(tokens: &[Token<'_>], sql: &str, scope: Scope<'_>) -> Code {
    Code::new(text(tokens, sql), &normal(tokens, scope))
}

/// A stretch of a statement as it is written. It begins and ends with a token, so that no comment at its end takes in what follows it.
fn text<'s>(tokens: &[Token<'_>], sql: &'s str) -> &'s str {
    match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => sql.get(first.start..last.start + last.text.len()).unwrap_or_default(),
        _ => "",
    }
}
