//! `CREATE INDEX`.

use std::collections::BTreeMap;

use driftlock_schema::{Attributes, Object, Part, Value};
use driftlock_script::Token;

use super::cursor::{Cursor, Unread, items};
use super::expression::{Scope, normal};
use super::table::{key_column, order, own_collations, tell};
use crate::words;

/// Reads what follows `CREATE [UNIQUE] INDEX`, given its table.
pub(super) fn read(cursor: &mut Cursor<'_, '_>, name: &str, is_unique: bool, table: &Object) -> Result<Part, Unread> {
    let scope = Scope::Table { name: &table.name.name, parts: &table.parts };
    cursor.name()?;
    cursor.expect("ON")?;
    cursor.name()?;
    let mut attributes = Attributes::new();
    attributes.set_flag("unique", is_unique);
    let inside = cursor.parenthesised()?;
    let keys: Result<Vec<Value>, Unread> = items(inside).map(|item| column(item, scope, &table.parts)).collect();
    attributes.set("columns", keys?);
    if cursor.eat("WHERE") {
        attributes.set("where", normal(cursor.rest(), scope));
    } else if !cursor.is_at_end() {
        return Err(cursor.unread("WHERE"));
    }
    let mut part = Part { kind: "index".into(), name: name.to_owned(), attributes, requires: Vec::new() };
    own_collations(&mut part, &table.parts);
    Ok(part)
}

/// A column or an expression, its collation and its order.
fn column(item: &[Token<'_>], scope: Scope<'_>, parts: &[Part]) -> Result<Value, Unread> {
    let mut item = item;
    let mut descends = false;
    if let [before @ .., last] = item
        && !before.is_empty()
        && (last.is("ASC") || last.is("DESC"))
    {
        descends = order(&mut Cursor::new(std::slice::from_ref(last)));
        item = before;
    }
    let (mut inside, mut collation) = (item, None);
    if let [before @ .., word, name] = item
        && word.is("COLLATE")
        && !before.is_empty()
        && own(before, parts).is_some()
    {
        collation = words::name(name).map(|name| name.to_ascii_uppercase());
        inside = before;
    }
    if let Some(name) = own(inside, parts) {
        return Ok(key_column(name.clone(), collation, descends));
    }
    let mut map = BTreeMap::from([("expression".to_owned(), Value::Text(normal(item, scope)))]);
    tell(&mut map, None, descends);
    Ok(Value::Map(map))
}

/// The column that this names and nothing else, in parentheses or not.
fn own<'p>(tokens: &[Token<'_>], parts: &'p [Part]) -> Option<&'p String> {
    match tokens {
        [open, inside @ .., close] if open.text == "(" && close.text == ")" => own(inside, parts),
        [name] => {
            let name = words::name(name)?;
            let is_it = |part: &&Part| part.kind == "column" && part.name.eq_ignore_ascii_case(&name);
            parts.iter().find(is_it).map(|part| &part.name)
        }
        _ => None,
    }
}
