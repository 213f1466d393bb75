//! The statements that make a schema.
//!
//! SQLite looks for what a statement names when it runs, not when it is made: tables and views are made in any order, then their indexes, then the
//! triggers.

use driftlock_database::{CreateError, Creation};
use driftlock_schema::{Object, Part, Schema, Value};
use driftlock_script::{Dialect, Token, TokenKind, significant};

use crate::settings::quote;
use crate::words;

pub(crate) fn statements(schema: &Schema) -> Result<Vec<Creation>, CreateError> {
    let (mut first, mut then, mut last) = (Vec::new(), Vec::new(), Vec::new());
    for object in schema.objects() {
        let id = object.id();
        match object.kind.as_str() {
            "database" => {
                // An encoding is chosen while nothing is there yet, and in no transaction.
                if let Some(encoding) = object.attributes.text("encoding") {
                    let sql = format!("PRAGMA encoding = {}", literal(encoding));
                    first.insert(0, Creation { sql, object: id.clone(), transactional: false });
                }
                if let Some(application) = object.attributes.number("application_id") {
                    then.push(Creation::new(id.clone(), format!("PRAGMA application_id = {application}")));
                }
            }
            "table" | "virtual_table" => first.push(Creation::new(id.clone(), whole_table(object)?)),
            "view" => first.push(Creation::new(id.clone(), view(object)?)),
            _ => return Err(CreateError::new(id, "SQLite has nothing of this kind")),
        }
        for part in &object.parts {
            match part.kind.as_str() {
                "index" => then.push(Creation::new(id.clone(), index(object, part)?)),
                "trigger" => last.push(Creation::new(id.clone(), trigger(object, part)?)),
                "column" | "primary_key" | "unique" | "check" | "foreign_key" if object.kind == "table" => {}
                kind => {
                    let reason = format!("a {} has no {} in SQLite", object.kind.words(), kind.replace('_', " "));
                    return Err(CreateError::new(id, reason));
                }
            }
        }
    }
    Ok(first.into_iter().chain(then).chain(last).collect())
}

/// A table, of whichever kind.
pub(crate) fn whole_table(object: &Object) -> Result<String, CreateError> {
    match object.kind.as_str() {
        "table" => table(object),
        "virtual_table" => virtual_table(object),
        _ => Err(CreateError::new(object.id(), "SQLite has nothing of this kind")),
    }
}

/// `CREATE TABLE`: a line for each column, then one for each constraint.
fn table(table: &Object) -> Result<String, CreateError> {
    let mut lines = Vec::with_capacity(table.parts.len());
    let key = table.parts_of("primary_key").find_map(|key| Some((key, inline(key)?)));
    for column in table.parts_of("column") {
        let key = key.filter(|(_, name)| *name == column.name).map(|(key, _)| key);
        lines.push(self::column(table, column, key)?);
    }
    if lines.is_empty() {
        return Err(CreateError::new(table.id(), "it has no column"));
    }
    for part in &table.parts {
        let said = match part.kind.as_str() {
            "primary_key" if key.is_none_or(|(key, _)| key != part) => {
                format!(
                    "PRIMARY KEY ({}{})",
                    columns(table, part)?,
                    if part.attributes.flag("autoincrement") { " AUTOINCREMENT" } else { "" }
                )
            }
            "unique" => format!("UNIQUE ({})", columns(table, part)?),
            "check" => format!("CHECK ({})", text(table, part, "expression")?),
            "foreign_key" => foreign_key(table, part)?,
            _ => continue,
        };
        lines.push(format!("{}{said}{}", named(part, "constraint"), conflict(part, "conflict")));
    }
    let mut sql = format!("CREATE TABLE {} (\n    {}\n)", quote(&table.name.name), lines.join(",\n    "));
    let options: Vec<&str> = [("without_rowid", "WITHOUT ROWID"), ("strict", "STRICT")]
        .into_iter()
        .filter(|(flag, _)| table.attributes.flag(flag))
        .map(|(_, option)| option)
        .collect();
    if !options.is_empty() {
        sql.push(' ');
        sql.push_str(&options.join(", "));
    }
    Ok(sql)
}

/// The column behind which a primary key is said: where it is of one, and in that column's collation. Only there its order has a meaning for every type.
fn inline(key: &Part) -> Option<&str> {
    match key.attributes.list("columns") {
        [Value::Text(name)] => Some(name),
        [column @ Value::Map(_)] if column.get("collation").is_none() => column.get("name")?.as_text(),
        _ => None,
    }
}

fn column(table: &Object, column: &Part, key: Option<&Part>) -> Result<String, CreateError> {
    let attributes = &column.attributes;
    let mut sql = quote(&column.name);
    if let Some(kind) = attributes.text("type") {
        sql.push(' ');
        sql.push_str(&data_type(kind));
    }
    if let Some(key) = key {
        let descends = key.attributes.list("columns").iter().any(|column| column.get("order").is_some());
        sql.push_str(&format!(" {}PRIMARY KEY", named(key, "constraint")));
        sql.push_str(if descends { " DESC" } else { "" });
        sql.push_str(&conflict(key, "conflict"));
        sql.push_str(if key.attributes.flag("autoincrement") { " AUTOINCREMENT" } else { "" });
    }
    if attributes.flag("not_null") {
        sql.push_str(&format!(" {}NOT NULL{}", named(column, "not_null_name"), conflict(column, "not_null_conflict")));
    }
    if let Some(default) = attributes.text("default") {
        let tokens: Vec<Token<'_>> = significant(default, Dialect::Sqlite).collect();
        let default = if is_literal(&tokens) { default.to_owned() } else { format!("({default})") };
        sql.push_str(&format!(" {}DEFAULT {default}", named(column, "default_name")));
    }
    if let Some(collation) = attributes.text("collation") {
        sql.push_str(&format!(" {}COLLATE {}", named(column, "collation_name"), words::plainly(collation)));
    }
    if attributes.get("generated").is_some() {
        let expression = text(table, column, "generated")?;
        let stored = if attributes.flag("stored") { " STORED" } else { "" };
        sql.push_str(&format!(" {}GENERATED ALWAYS AS ({expression}){stored}", named(column, "generated_name")));
    }
    Ok(sql)
}

/// A column with the constraints that stand behind it, as `ADD COLUMN` takes it.
pub(crate) fn column_with(table: &Object, column: &Part, constraints: &[&Part]) -> Result<String, CreateError> {
    let mut sql = self::column(table, column, None)?;
    for part in constraints {
        let said = match part.kind.as_str() {
            "check" => format!("CHECK ({})", text(table, part, "expression")?),
            _ => references(table, part)?,
        };
        sql.push_str(&format!(" {}{said}", named(part, "constraint")));
    }
    Ok(sql)
}

fn foreign_key(table: &Object, key: &Part) -> Result<String, CreateError> {
    Ok(format!("FOREIGN KEY ({}) {}", names(key, "columns").join(", "), references(table, key)?))
}

/// The names that an attribute lists, quoted.
fn names(part: &Part, attribute: &str) -> Vec<String> {
    part.attributes.list(attribute).iter().filter_map(Value::as_text).map(quote).collect()
}

fn references(table: &Object, key: &Part) -> Result<String, CreateError> {
    let mut sql = format!("REFERENCES {}", quote(text(table, key, "references")?));
    if key.attributes.get("referenced_columns").is_some() {
        sql.push_str(&format!(" ({})", names(key, "referenced_columns").join(", ")));
    }
    for (attribute, words) in [("on_delete", "ON DELETE"), ("on_update", "ON UPDATE")] {
        if let Some(action) = key.attributes.text(attribute) {
            sql.push_str(&format!(" {words} {}", action.to_ascii_uppercase()));
        }
    }
    if let Some(how) = key.attributes.text("match") {
        sql.push_str(&format!(" MATCH {}", words::plainly(how)));
    }
    if key.attributes.flag("deferrable") {
        sql.push_str(" DEFERRABLE");
        sql.push_str(if key.attributes.flag("initially_deferred") { " INITIALLY DEFERRED" } else { "" });
    }
    Ok(sql)
}

pub(crate) fn index(table: &Object, index: &Part) -> Result<String, CreateError> {
    let unique = if index.attributes.flag("unique") { "UNIQUE " } else { "" };
    let (name, on) = (quote(&index.name), quote(&table.name.name));
    let mut sql = format!("CREATE {unique}INDEX {name} ON {on} ({})", columns(table, index)?);
    if let Some(condition) = index.attributes.text("where") {
        sql.push_str(&format!(" WHERE {condition}"));
    }
    Ok(sql)
}

/// The columns of a key: names or expressions, each with its collation and order.
fn columns(table: &Object, part: &Part) -> Result<String, CreateError> {
    let column = |column: &Value| {
        let of = |key: &str| column.get(key).and_then(Value::as_text);
        let mut sql = match (column, of("name"), of("expression")) {
            (Value::Text(name), ..) => quote(name),
            (_, Some(name), _) => quote(name),
            (_, _, Some(expression)) => expression.to_owned(),
            _ => return None,
        };
        if let Some(collation) = of("collation") {
            sql.push_str(&format!(" COLLATE {}", words::plainly(collation)));
        }
        if of("order") == Some("desc") {
            sql.push_str(" DESC");
        }
        Some(sql)
    };
    let said: Option<Vec<String>> = part.attributes.list("columns").iter().map(column).collect();
    match said {
        Some(said) if !said.is_empty() => Ok(said.join(", ")),
        _ => Err(missing(table, part, "columns")),
    }
}

/// The columns or expressions of a key, without their order.
pub(crate) fn columns_plainly(table: &Object, part: &Part) -> Result<Vec<String>, CreateError> {
    let column = |column: &Value| {
        let of = |key: &str| column.get(key).and_then(Value::as_text);
        column.as_text().or_else(|| of("name")).map(quote).or_else(|| of("expression").map(str::to_owned))
    };
    let said: Option<Vec<String>> = part.attributes.list("columns").iter().map(column).collect();
    said.filter(|said| !said.is_empty()).ok_or_else(|| missing(table, part, "columns"))
}

pub(crate) fn view(view: &Object) -> Result<String, CreateError> {
    let mut sql = format!("CREATE VIEW {}", quote(&view.name.name));
    let columns = view.attributes.list("columns");
    if !columns.is_empty() {
        let columns: Vec<String> = columns.iter().filter_map(Value::as_text).map(quote).collect();
        sql.push_str(&format!(" ({})", columns.join(", ")));
    }
    match view.attributes.text("definition") {
        Some(definition) => Ok(format!("{sql} AS {definition}")),
        None => Err(CreateError::new(view.id(), "its definition is missing")),
    }
}

pub(crate) fn trigger(table: &Object, trigger: &Part) -> Result<String, CreateError> {
    let mut sql = format!("CREATE TRIGGER {}", quote(&trigger.name));
    let timing = trigger.attributes.text("timing").unwrap_or("before").to_ascii_uppercase();
    let event = text(table, trigger, "event")?.to_ascii_uppercase();
    sql.push_str(&format!(" {timing} {event}"));
    let columns = trigger.attributes.list("columns");
    if !columns.is_empty() {
        let columns: Vec<String> = columns.iter().filter_map(Value::as_text).map(quote).collect();
        sql.push_str(&format!(" OF {}", columns.join(", ")));
    }
    sql.push_str(&format!(" ON {}", quote(&table.name.name)));
    if let Some(when) = trigger.attributes.text("when") {
        sql.push_str(&format!(" WHEN {when}"));
    }
    Ok(format!("{sql} BEGIN\n{}\nEND", text(table, trigger, "body")?))
}

fn virtual_table(table: &Object) -> Result<String, CreateError> {
    let Some(module) = table.attributes.text("module") else {
        return Err(CreateError::new(table.id(), "its module is missing"));
    };
    let mut sql = format!("CREATE VIRTUAL TABLE {} USING {}", quote(&table.name.name), words::plainly(module));
    let arguments: Vec<&str> = table.attributes.list("arguments").iter().filter_map(Value::as_text).collect();
    if !arguments.is_empty() {
        sql.push_str(&format!("({})", arguments.join(", ")));
    }
    Ok(sql)
}

/// A text without which a part can't be made.
fn text<'p>(object: &Object, part: &'p Part, attribute: &str) -> Result<&'p str, CreateError> {
    part.attributes.text(attribute).ok_or_else(|| missing(object, part, attribute))
}

fn missing(object: &Object, part: &Part, attribute: &str) -> CreateError {
    let reason = format!("its {} `{}` doesn't say `{attribute}`", part.kind.words(), part.name);
    CreateError::new(object.id(), reason)
}

/// `CONSTRAINT …`, where a name is given.
fn named(part: &Part, attribute: &str) -> String {
    part.attributes.text(attribute).map_or_else(String::new, |name| format!("CONSTRAINT {} ", quote(name)))
}

/// `ON CONFLICT …`, where something else is done than by default.
fn conflict(part: &Part, attribute: &str) -> String {
    let resolution = part.attributes.text(attribute);
    resolution.map_or_else(String::new, |resolution| format!(" ON CONFLICT {}", resolution.to_ascii_uppercase()))
}

/// A type as it reads the same again: in quotes where its words would be read as something else.
fn data_type(kind: &str) -> String {
    let tokens: Vec<Token<'_>> = significant(kind, Dialect::Sqlite).collect();
    let words = tokens.iter().take_while(|token| token.text != "(").count();
    let is_word = |(at, token): (usize, &Token<'_>)| match token.kind {
        TokenKind::Word => {
            let generated = token.is("GENERATED") && tokens.get(at + 1).is_some_and(|next| next.is("ALWAYS"));
            !words::is_reserved(token.text) && !generated
        }
        // `int[]`
        TokenKind::QuotedIdentifier => token.text.starts_with('[') && token.text.ends_with(']') && at > 0,
        _ => false,
    };
    let arguments = tokens.get(words..).unwrap_or_default();
    let is_number = |tokens: &[Token<'_>]| match tokens {
        [number] => number.kind == TokenKind::Number,
        [sign, number] => matches!(sign.text, "+" | "-") && number.kind == TokenKind::Number,
        _ => false,
    };
    let numbers = match arguments {
        [] => true,
        [open, numbers @ .., close] if open.text == "(" && close.text == ")" => {
            let mut numbers = numbers.split(|token| token.text == ",");
            numbers.by_ref().take(2).all(is_number) && numbers.next().is_none()
        }
        _ => false,
    };
    if words > 0 && numbers && tokens.iter().take(words).enumerate().all(is_word) {
        kind.to_owned()
    } else {
        quote(kind)
    }
}

/// Whether a default needs no parentheses.
pub(crate) fn is_literal(tokens: &[Token<'_>]) -> bool {
    let is_constant = |token: &Token<'_>| match token.kind {
        TokenKind::Number | TokenKind::String => true,
        TokenKind::Word => ["NULL", "TRUE", "FALSE", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP"]
            .iter()
            .any(|constant| token.is(constant)),
        _ => false,
    };
    match tokens {
        [token] => is_constant(token),
        [sign, number] => matches!(sign.text, "+" | "-") && number.kind == TokenKind::Number,
        _ => false,
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
