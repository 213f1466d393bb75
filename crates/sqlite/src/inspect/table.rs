//! `CREATE TABLE`, as SQLite's grammar has it.
//!
//! A constraint of one column is the same whether it stands behind the column or behind all of them, so all of them are parts of the table. The one
//! difference: `INTEGER PRIMARY KEY DESC` behind the column is no name of the rowid, `PRIMARY KEY (id DESC)` is, and its order means nothing then.

use std::collections::BTreeMap;

use driftlock_schema::{Attributes, Name, Object, Part, Value};
use driftlock_script::{Token, TokenKind};

use super::cursor::{Cursor, Unread, is_mark, items};
use super::expression::{Scope, normal};
use crate::words;

/// Reads what follows `CREATE TABLE`.
pub(super) fn read(cursor: &mut Cursor<'_, '_>, name: &str) -> Result<Object, Unread> {
    cursor.name()?;
    let inside = cursor.parenthesised()?;
    let items: Vec<&[Token<'_>]> = items(inside).collect();
    let first = items.iter().position(|item| begins_constraint(item)).unwrap_or(items.len());
    let (columns, constraints) = items.split_at(first);
    // An expression may name a column that comes later.
    let parts: Result<Vec<Part>, Unread> =
        columns.iter().map(|item| Ok(Part::new("column", Cursor::new(item).name()?))).collect();
    let mut table = Table { name, parts: parts?, constraints: Vec::new() };
    for (at, item) in columns.iter().enumerate() {
        table.parts[at].attributes = table.column(at, Cursor::new(item))?;
    }
    for item in constraints {
        table.constraints(Cursor::new(item))?;
    }
    let mut attributes = Attributes::new();
    while !cursor.is_at_end() {
        if cursor.eat_all(&["WITHOUT", "ROWID"]) {
            attributes.set("without_rowid", true);
        } else if cursor.eat("STRICT") {
            attributes.set("strict", true);
        } else if !cursor.eat_mark(",") {
            return Err(cursor.unread("WITHOUT ROWID or STRICT"));
        }
    }
    Ok(table.finish(attributes))
}

fn begins_constraint(item: &[Token<'_>]) -> bool {
    ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"]
        .iter()
        .any(|keyword| item.first().is_some_and(|token| token.is(keyword)))
}

/// A table while it is read.
struct Table<'n> {
    name: &'n str,
    /// Its columns.
    parts: Vec<Part>,
    /// Its constraints, under the names that they are given, or by what they say.
    constraints: Vec<Part>,
}

impl Table<'_> {
    fn scope(&self) -> Scope<'_> {
        Scope::Table { name: self.name, parts: &self.parts }
    }

    /// A column's name as it was declared.
    fn declared(&self, name: &str) -> String {
        let declared = self.parts.iter().find(|column| column.name.eq_ignore_ascii_case(name));
        declared.map_or_else(|| name.to_owned(), |column| column.name.clone())
    }

    fn column(&mut self, at: usize, mut cursor: Cursor<'_, '_>) -> Result<Attributes, Unread> {
        cursor.name()?;
        let name = self.parts[at].name.clone();
        let mut attributes = Attributes::new();
        let kind = data_type(&mut cursor)?;
        let is_integer = kind.as_deref() == Some("integer");
        attributes.set_some("type", kind);
        let mut given: Option<String> = None;
        // What DEFERRABLE is about.
        let mut foreign_key: Option<usize> = None;
        while let Some(token) = cursor.peek() {
            if cursor.eat("CONSTRAINT") {
                given = Some(cursor.name()?.into_owned());
                continue;
            }
            let named = given.take();
            if cursor.eat_all(&["NOT", "NULL"]) {
                attributes.set("not_null", true);
                // Of two, the last counts.
                attributes.remove("not_null_conflict");
                attributes.remove("not_null_name");
                attributes.set_some("not_null_conflict", conflict(&mut cursor)?);
                attributes.set_some("not_null_name", named);
            } else if cursor.eat("NULL") {
                // Says nothing, but is heard.
                conflict(&mut cursor)?;
            } else if cursor.eat("DEFAULT") {
                attributes.set("default", default(&mut cursor)?);
                attributes.set_some("default_name", named);
            } else if cursor.eat("COLLATE") {
                let collation = cursor.name()?.to_ascii_uppercase();
                if collation == "BINARY" {
                    attributes.remove("collation");
                } else {
                    attributes.set("collation", collation);
                    attributes.set_some("collation_name", named);
                }
            } else if cursor.eat_all(&["PRIMARY", "KEY"]) {
                let descends = order(&mut cursor);
                let mut key = Attributes::new();
                key.set("columns", vec![key_column(name.clone(), None, descends)]);
                key.set_some("conflict", conflict(&mut cursor)?);
                key.set_flag("autoincrement", cursor.eat("AUTOINCREMENT"));
                // A number of its own, in an order that it can't have: no name of the rowid.
                key.set_flag("inline", descends && is_integer);
                self.constraint("primary_key", named, name.clone(), key);
            } else if cursor.eat("UNIQUE") {
                let mut key = Attributes::new();
                key.set("columns", vec![Value::from(name.as_str())]);
                key.set_some("conflict", conflict(&mut cursor)?);
                self.constraint("unique", named, name.clone(), key);
            } else if cursor.is("CHECK") {
                self.check(&mut cursor, named)?;
            } else if cursor.is("REFERENCES") {
                foreign_key = Some(self.constraints.len());
                self.references(&mut cursor, named, vec![name.clone()])?;
            } else if let Some(deferral) = deferral(&mut cursor)? {
                let Some(part) = foreign_key.and_then(|at| self.constraints.get_mut(at)) else { continue };
                deferral.tell(&mut part.attributes);
            } else if cursor.eat_all(&["GENERATED", "ALWAYS"]) {
                if cursor.is("AS") {
                    given = named;
                }
            } else if cursor.eat("AS") {
                let expression = normal(cursor.parenthesised()?, self.scope());
                attributes.set("generated", expression);
                attributes.set_some("generated_name", named);
                match cursor.peek() {
                    Some(token) if token.is("STORED") => {
                        attributes.set("stored", true);
                        cursor.next();
                    }
                    Some(token) if token.is("VIRTUAL") => {
                        cursor.next();
                    }
                    _ => {}
                }
            } else {
                return Err(format!("`{}` is none of the constraints of a column that are known here", token.text));
            }
        }
        Ok(attributes)
    }

    /// Constraints of the table. The comma between two may be missing.
    fn constraints(&mut self, mut cursor: Cursor<'_, '_>) -> Result<(), Unread> {
        let mut given: Option<String> = None;
        while let Some(token) = cursor.peek() {
            if cursor.eat("CONSTRAINT") {
                given = Some(cursor.name()?.into_owned());
                continue;
            }
            let named = given.take();
            if cursor.eat_all(&["PRIMARY", "KEY"]) {
                self.key("primary_key", &mut cursor, named)?;
            } else if cursor.eat("UNIQUE") {
                self.key("unique", &mut cursor, named)?;
            } else if cursor.is("CHECK") {
                self.check(&mut cursor, named)?;
                // Is heard, and says nothing.
                conflict(&mut cursor)?;
            } else if cursor.eat_all(&["FOREIGN", "KEY"]) {
                let columns = cursor.parenthesised()?;
                let columns = self.own(columns)?;
                let at = self.constraints.len();
                self.references(&mut cursor, named, columns)?;
                if let (Some(deferral), Some(part)) = (deferral(&mut cursor)?, self.constraints.get_mut(at)) {
                    deferral.tell(&mut part.attributes);
                }
            } else {
                return Err(format!("`{}` is none of the constraints of a table that are known here", token.text));
            }
        }
        Ok(())
    }

    /// Names of own columns between commas.
    fn own(&self, tokens: &[Token<'_>]) -> Result<Vec<String>, Unread> {
        items(tokens).map(|item| Ok(self.declared(&Cursor::new(item).name()?))).collect()
    }

    /// `(a, b COLLATE c DESC) ON CONFLICT …`, behind the words that say which key it is.
    fn key(&mut self, kind: &'static str, cursor: &mut Cursor<'_, '_>, named: Option<String>) -> Result<(), Unread> {
        let mut inside = cursor.parenthesised()?;
        let mut key = Attributes::new();
        if let Some((last, before)) = inside.split_last()
            && last.is("AUTOINCREMENT")
        {
            key.set("autoincrement", true);
            inside = before;
        }
        let mut columns = Vec::new();
        let mut names = Vec::new();
        for item in items(inside) {
            let mut item = Cursor::new(item);
            let name = self.declared(&item.name()?);
            let collation = if item.eat("COLLATE") { Some(item.name()?.to_ascii_uppercase()) } else { None };
            let descends = order(&mut item);
            if !item.is_at_end() {
                return Err(item.unread("the end of a key's column"));
            }
            names.push(name.clone());
            columns.push((name, collation, descends));
        }
        let columns: Vec<Value> =
            columns.into_iter().map(|(name, collation, order)| key_column(name, collation, order)).collect();
        key.set("columns", columns);
        key.set_some("conflict", conflict(cursor)?);
        self.constraint(kind, named, names.join(", "), key);
        Ok(())
    }

    fn check(&mut self, cursor: &mut Cursor<'_, '_>, named: Option<String>) -> Result<(), Unread> {
        cursor.expect("CHECK")?;
        let expression = normal(cursor.parenthesised()?, self.scope());
        let mut check = Attributes::new();
        check.set("expression", expression.as_str());
        self.constraint("check", named, expression, check);
        Ok(())
    }

    fn references(
        &mut self,
        cursor: &mut Cursor<'_, '_>,
        named: Option<String>,
        columns: Vec<String>,
    ) -> Result<(), Unread> {
        cursor.expect("REFERENCES")?;
        let table = cursor.name()?.into_owned();
        let mut key = Attributes::new();
        if cursor.is_mark("(") {
            let referenced = cursor.parenthesised()?;
            let referenced: Result<Vec<String>, Unread> =
                items(referenced).map(|item| Ok(Cursor::new(item).name()?.into_owned())).collect();
            key.set("referenced_columns", referenced?);
        }
        loop {
            if cursor.eat_all(&["ON", "DELETE"]) {
                key.set_some("on_delete", action(cursor)?);
            } else if cursor.eat_all(&["ON", "UPDATE"]) {
                key.set_some("on_update", action(cursor)?);
            } else if cursor.eat_all(&["ON", "INSERT"]) {
                // Is heard, and says nothing.
                action(cursor)?;
            } else if cursor.eat("MATCH") {
                key.set("match", cursor.name()?.to_ascii_lowercase());
            } else {
                break;
            }
        }
        let said = columns.join(", ");
        key.set("references", table);
        key.set("columns", columns);
        self.constraint("foreign_key", named, said, key);
        Ok(())
    }

    fn constraint(&mut self, kind: &'static str, named: Option<String>, said: String, mut attributes: Attributes) {
        attributes.set_some("constraint", named.as_deref());
        let name = named.unwrap_or(said);
        self.constraints.push(Part { kind: kind.into(), name, attributes, requires: Vec::new() });
    }

    fn finish(mut self, attributes: Attributes) -> Object {
        let has_rowid = !attributes.flag("without_rowid");
        if has_rowid && let Some(key) = self.constraints.iter_mut().find(|part| part.kind == "primary_key") {
            plain_rowid(key, &self.parts);
        }
        for key in self.constraints.iter_mut().filter(|part| part.kind == "primary_key") {
            key.attributes.remove("inline");
        }
        for part in self.constraints.iter_mut().filter(|part| part.kind == "primary_key" || part.kind == "unique") {
            own_collations(part, &self.parts);
        }
        let mut seen: BTreeMap<(&'static str, String), usize> = BTreeMap::new();
        for part in &mut self.constraints {
            let kind = ["primary_key", "unique", "check", "foreign_key"].into_iter().find(|kind| part.kind == **kind);
            let times = seen.entry((kind.unwrap_or_default(), part.name.clone())).or_default();
            *times += 1;
            if *times > 1 {
                part.name = format!("{} ({times})", part.name);
            }
        }
        self.parts.append(&mut self.constraints);
        Object { kind: "table".into(), name: Name::new(self.name), attributes, requires: Vec::new(), parts: self.parts }
    }
}

/// A key of one INTEGER that names the rowid has no order and no collation, whatever is written.
fn plain_rowid(key: &mut Part, columns: &[Part]) {
    let [column] = key.attributes.list("columns") else { return };
    let Some(Value::Text(name)) = column.get("name") else { return };
    let is_integer = columns.iter().any(|part| part.name == *name && part.attributes.text("type") == Some("integer"));
    if is_integer && !key.attributes.flag("inline") {
        let plain = vec![Value::from(name.as_str())];
        key.attributes.set("columns", plain);
    }
}

/// A key's column has the collation of its column unless it says another.
pub(super) fn own_collations(part: &mut Part, columns: &[Part]) {
    let of = |name: &str| {
        let column = columns.iter().find(|column| column.kind == "column" && column.name == name);
        column.and_then(|column| column.attributes.text("collation")).unwrap_or("BINARY")
    };
    let is_own = |value: &Value| match (value.get("name"), value.get("collation")) {
        (Some(Value::Text(name)), Some(Value::Text(collation))) => of(name) == collation,
        _ => false,
    };
    if !part.attributes.list("columns").iter().any(is_own) {
        return;
    }
    let columns = part.attributes.list("columns").iter().map(|value| match value {
        Value::Map(map) if is_own(value) => {
            let name = value.get("name").and_then(Value::as_text).unwrap_or_default().to_owned();
            key_column(name, None, map.contains_key("order"))
        }
        _ => value.clone(),
    });
    let columns: Vec<Value> = columns.collect();
    part.attributes.set("columns", columns);
}

/// A column of a key: its name, where that is all that is said.
pub(super) fn key_column(name: String, collation: Option<String>, descends: bool) -> Value {
    if collation.is_none() && !descends {
        return Value::Text(name);
    }
    let mut map = BTreeMap::from([("name".to_owned(), Value::Text(name))]);
    tell(&mut map, collation, descends);
    Value::Map(map)
}

/// Says a collation and an order of a key's column.
pub(super) fn tell(map: &mut BTreeMap<String, Value>, collation: Option<String>, descends: bool) {
    if let Some(collation) = collation {
        map.insert("collation".to_owned(), Value::Text(collation));
    }
    if descends {
        map.insert("order".to_owned(), Value::from("desc"));
    }
}

/// Goes over `ASC` or `DESC`, and says whether it was the latter.
pub(super) fn order(cursor: &mut Cursor<'_, '_>) -> bool {
    cursor.eat("DESC") || {
        cursor.eat("ASC");
        false
    }
}

/// A column's type: its words in lower case with a space between, as SQLite compares them. What is in quotes from its first letter on ends with
/// them, as for SQLite.
fn data_type(cursor: &mut Cursor<'_, '_>) -> Result<Option<String>, Unread> {
    let mut kind = String::new();
    let mut quoted: Option<String> = None;
    while let Some(token) = cursor.peek() {
        match token.kind {
            TokenKind::Word if words::is_reserved(token.text) => break,
            TokenKind::Word if token.is("GENERATED") && cursor.peek_at(1).is_some_and(|next| next.is("ALWAYS")) => {
                break;
            }
            TokenKind::Word | TokenKind::QuotedIdentifier | TokenKind::String => {
                if kind.is_empty() && token.kind != TokenKind::Word {
                    quoted = words::name(token).map(|name| name.to_ascii_lowercase());
                } else if !kind.is_empty() && !token.text.starts_with('[') {
                    kind.push(' ');
                }
                kind.push_str(&token.text.to_ascii_lowercase());
                cursor.next();
            }
            _ => break,
        }
    }
    if !kind.is_empty() && cursor.is_mark("(") {
        kind.push('(');
        for token in cursor.parenthesised()? {
            kind.push_str(&token.text.to_ascii_lowercase());
        }
        kind.push(')');
    }
    Ok(quoted.or(Some(kind)).filter(|kind| !kind.is_empty()))
}

/// What follows `DEFAULT`. A literal is the same in parentheses; a word that is none is a string.
fn default(cursor: &mut Cursor<'_, '_>) -> Result<String, Unread> {
    let mut tokens = if cursor.is_mark("(") {
        cursor.parenthesised()?
    } else {
        let start = cursor.rest();
        while cursor.is_mark("+") || cursor.is_mark("-") {
            cursor.next();
        }
        let Some(token) = cursor.next() else { return Err(cursor.unread("a default")) };
        if matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdentifier) && !is_constant(token) {
            let name = words::name(token).unwrap_or_default();
            return Ok(format!("'{}'", name.replace('\'', "''")));
        }
        &start[..start.len() - cursor.rest().len()]
    };
    while let [open, inside @ .., close] = tokens
        && is_mark(open, "(")
        && is_mark(close, ")")
        && !inside.iter().any(|token| is_mark(token, "(") || is_mark(token, ")"))
    {
        tokens = inside;
    }
    if let [sign, number] = tokens
        && is_mark(sign, "+")
        && number.kind == TokenKind::Number
    {
        tokens = std::slice::from_ref(number);
    }
    Ok(normal(tokens, Scope::NOWHERE))
}

fn is_constant(token: &Token<'_>) -> bool {
    ["NULL", "TRUE", "FALSE", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP"].iter().any(|word| token.is(word))
}

/// `ON CONFLICT …`; none for what is done by default.
fn conflict(cursor: &mut Cursor<'_, '_>) -> Result<Option<String>, Unread> {
    if !cursor.eat_all(&["ON", "CONFLICT"]) {
        return Ok(None);
    }
    let resolution = cursor.name()?.to_ascii_lowercase();
    Ok((resolution != "abort").then_some(resolution))
}

/// What a foreign key does; none for what is done by default.
fn action(cursor: &mut Cursor<'_, '_>) -> Result<Option<&'static str>, Unread> {
    const ACTIONS: &[(&[&str], Option<&str>)] = &[
        (&["NO", "ACTION"], None),
        (&["SET", "NULL"], Some("set null")),
        (&["SET", "DEFAULT"], Some("set default")),
        (&["CASCADE"], Some("cascade")),
        (&["RESTRICT"], Some("restrict")),
    ];
    let found = ACTIONS.iter().find(|(words, _)| cursor.eat_all(words));
    found.map(|(_, action)| *action).ok_or_else(|| cursor.unread("what the foreign key does"))
}

/// When a foreign key is checked.
struct Deferral {
    deferrable: bool,
    deferred: bool,
}

impl Deferral {
    fn tell(&self, attributes: &mut Attributes) {
        attributes.remove("deferrable");
        attributes.remove("initially_deferred");
        attributes.set_flag("deferrable", self.deferrable);
        // What isn't deferrable is deferred by no word.
        attributes.set_flag("initially_deferred", self.deferrable && self.deferred);
    }
}

fn deferral(cursor: &mut Cursor<'_, '_>) -> Result<Option<Deferral>, Unread> {
    let deferrable = if cursor.eat("DEFERRABLE") {
        true
    } else if cursor.eat_all(&["NOT", "DEFERRABLE"]) {
        false
    } else {
        return Ok(None);
    };
    let mut deferred = false;
    if cursor.eat("INITIALLY") {
        deferred = cursor.eat("DEFERRED");
        if !deferred {
            cursor.expect("IMMEDIATE")?;
        }
    }
    Ok(Some(Deferral { deferrable, deferred }))
}
