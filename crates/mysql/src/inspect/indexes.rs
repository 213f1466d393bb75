//! Primary keys, unique keys and indexes.

use driftlock_database::Error;
use driftlock_schema::{Part, Value};

use super::columns::unescaped;
use super::{Found, Reader};
use crate::wire::{TextRow, text};

pub(super) async fn read(reader: &mut Reader<'_>, found: &mut Found) -> Result<(), Error> {
    let (expression, hidden, order) = if reader.product.is_mariadb {
        ("NULL", "IGNORED", "")
    } else {
        ("EXPRESSION", "IF(IS_VISIBLE = 'NO', 'YES', 'NO')", " ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX")
    };
    let sql = format!(
        "SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE, COLUMN_NAME, COLLATION, SUB_PART, INDEX_TYPE, INDEX_COMMENT, {hidden}, {expression} \
         FROM information_schema.STATISTICS WHERE {}{order}",
        reader.within("TABLE_SCHEMA", "TABLE_NAME")
    );
    let rows = reader.rows(&sql).await?;
    for index in rows.chunk_by(|one, other| text(one, 0) == text(other, 0) && text(one, 1) == text(other, 1)) {
        let name = text(&index[0], 0);
        let Some(table) = found.tables.get_mut(name) else { continue };
        let engine = table.attributes.text("engine").unwrap_or_default();
        let is_there = |row: &&TextRow| text(row, 3).is_empty() || table.part("column", text(row, 3)).is_some();
        let part = index_of(index, engine, is_there, reader.product.is_mariadb);
        if text(&index[0], 6) == "FULLTEXT" || has_blocks(engine) {
            found.shown.insert(name.to_owned());
        }
        table.parts.push(part);
    }
    Ok(())
}

/// Whether the size of an index's blocks can be chosen, which no catalog tells. InnoDB takes the word and does nothing with it.
pub(super) fn has_blocks(engine: &str) -> bool {
    ["MyISAM", "Aria"].iter().any(|it| it.eq_ignore_ascii_case(engine))
}

/// `is_there`: the server counts in the end of a row's time, which it keeps to itself, where the table is versioned without columns for it.
fn index_of(index: &[TextRow], engine: &str, is_there: impl Fn(&&TextRow) -> bool, mariadb: bool) -> Part {
    let first = &index[0];
    let method = text(first, 6);
    let kind = match (text(first, 1), text(first, 2)) {
        ("PRIMARY", _) => "primary_key",
        (_, "0") => "unique",
        _ => "index",
    };
    let mut part = Part::new(kind, text(first, 1));
    let has_lengths = !matches!(method, "FULLTEXT" | "SPATIAL");
    let columns: Vec<Value> = index.iter().filter(is_there).map(|row| column(row, has_lengths)).collect();
    part.attributes.set("columns", columns);
    // A unique key of InnoDB's over more than an index can hold is a hash by itself.
    let usual = match engine.to_ascii_uppercase().as_str() {
        "MEMORY" => method == "HASH",
        _ => method == "BTREE" || (method == "HASH" && kind == "unique"),
    };
    part.attributes.set_some("method", (!usual).then(|| method.to_ascii_lowercase()));
    part.attributes.set_flag(if mariadb { "ignored" } else { "invisible" }, text(first, 8) == "YES");
    part.attributes.set_some("comment", Some(text(first, 7)).filter(|comment| !comment.is_empty()));
    part
}

/// A name, or what more there is to say.
fn column(row: &TextRow, has_lengths: bool) -> Value {
    let expression = text(row, 9);
    let length = text(row, 5).parse::<i64>().ok().filter(|_| has_lengths);
    let descending = text(row, 4) == "D";
    if expression.is_empty() && length.is_none() && !descending {
        return Value::from(text(row, 3));
    }
    let name = if expression.is_empty() {
        ("name", Value::from(text(row, 3)))
    } else {
        ("expression", Value::from(unescaped(expression)))
    };
    let length = length.map(|length| ("length", Value::from(length)));
    let order = descending.then(|| ("order", Value::from("desc")));
    Value::map([name].into_iter().chain(length).chain(order))
}
