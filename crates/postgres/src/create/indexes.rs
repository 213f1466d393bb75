//! Indexes.

use driftlock_schema::{Id, Name, Object, Part, Value};

use super::relations::{name_of, options};
use super::steps::Key;
use super::{Rank, Steps, qualified};
use crate::sql::{identifier, literal};

pub(super) fn index(object: &Object, part: &Part, steps: &mut Steps) {
    let (id, name, say) = (object.id(), qualified(&object.name), &part.attributes);
    let list = |name: &str| say.list(name).iter().map(element).collect::<Vec<_>>().join(", ");
    let unique = if say.flag("unique") { "UNIQUE " } else { "" };
    // Those of the partitions are made by themselves and attached.
    let only = if object.attributes.get("partition_by").is_some() { "ONLY " } else { "" };
    let mut sql = format!(
        "CREATE {unique}INDEX {} ON {only}{name} USING {} ({})",
        identifier(&part.name),
        identifier(say.text("method").unwrap_or("btree")),
        list("columns")
    );
    if !say.list("include").is_empty() {
        sql.push_str(&format!(" INCLUDE ({})", list("include")));
    }
    if say.flag("nulls_not_distinct") {
        sql.push_str(" NULLS NOT DISTINCT");
    }
    if let Some(options) = options(say.get("options")) {
        sql.push_str(&format!(" WITH ({options})"));
    }
    if let Some(tablespace) = say.text("tablespace") {
        sql.push_str(&format!(" TABLESPACE {}", identifier(tablespace)));
    }
    if let Some(condition) = say.text("where") {
        sql.push_str(&format!(" WHERE {condition}"));
    }
    steps.part(&id, part, Rank::Index, sql).makes(made(&id, &part.name));
    steps.comment(&id, &format!("INDEX {}", qualified(&of(object, part))), say);
    once_there(object, part, steps);
}

/// An index is in its table's schema.
fn of(object: &Object, part: &Part) -> Name {
    Name { name: part.name.clone(), ..object.name.clone() }
}

/// That the index of this name is there, whatever keeps it.
pub(super) fn made(table: &Id, name: &str) -> Key {
    Key::other(table, format!("index {name}"))
}

/// What is said of an index once it is there, also of one that keeps a constraint.
pub(super) fn once_there(object: &Object, part: &Part, steps: &mut Steps) {
    let (id, say) = (object.id(), &part.attributes);
    let (table, index) = (qualified(&object.name), qualified(&of(object, part)));
    let own = made(&id, &part.name);
    for (at, column) in say.list("columns").iter().enumerate() {
        if let Some(statistics) = column.get("statistics") {
            let alter = format!("ALTER INDEX {index} ALTER COLUMN {} SET STATISTICS", at + 1);
            steps
                .add(&id, Rank::Behaviour, format!("{alter} {statistics}"))
                .after(own.clone())
                .says(format!("statistics {at}"), format!("{alter} -1"));
        }
    }
    if let (Some(parent), Some(name)) = (object.attributes.get("partition_of"), say.text("attached_to")) {
        let parent = name_of(parent);
        let of_parent = Name { name: name.to_owned(), ..parent.clone() };
        let sql = format!("ALTER INDEX {} ATTACH PARTITION {index}", qualified(&of_parent));
        steps
            .add(&id, Rank::Attach, sql)
            .after(own.clone())
            .after(made(&Id::new("table", parent), name))
            .says("attached", String::new());
    }
    if say.flag("clustered") {
        let words = if object.kind == "materialized_view" { "MATERIALIZED VIEW" } else { "TABLE" };
        let sql = format!("ALTER {words} {table} CLUSTER ON {}", identifier(&part.name));
        let undo = format!("ALTER {words} {table} SET WITHOUT CLUSTER");
        steps.add(&id, Rank::Behaviour, sql).after(own.clone()).says("clustered", undo);
    }
    if say.flag("replica_identity") {
        let sql = format!("ALTER TABLE ONLY {table} REPLICA IDENTITY USING INDEX {}", identifier(&part.name));
        let undo = format!("ALTER TABLE ONLY {table} REPLICA IDENTITY DEFAULT");
        steps.add(&id, Rank::Behaviour, sql).after(own.clone()).says("replica_identity", undo);
    }
    if say.flag("invalid") {
        // Nothing else makes one: it is what a CREATE INDEX CONCURRENTLY that failed leaves behind.
        let sql = format!(
            "UPDATE pg_catalog.pg_index SET indisvalid = false WHERE indexrelid = {}::pg_catalog.regclass",
            literal(&index)
        );
        steps.add(&id, Rank::Behaviour, sql).after(own.clone()).says("invalid", format!("REINDEX INDEX {index}"));
    }
    if let Some(comment) = say.text("index_comment") {
        steps
            .add(&id, Rank::Comment, format!("COMMENT ON INDEX {index} IS {}", literal(comment)))
            .after(own)
            .says(format!("comment on INDEX {index}"), format!("COMMENT ON INDEX {index} IS NULL"));
    }
}

/// A column of an index: its name, or all that is said of it.
pub(super) fn element(column: &Value) -> String {
    if let Some(name) = column.as_text() {
        return identifier(name);
    }
    let text = |key: &str| column.get(key).and_then(Value::as_text);
    let mut sql = text("expression").map_or_else(|| identifier(text("column").unwrap_or_default()), str::to_owned);
    if let Some(collation) = text("collation") {
        sql.push_str(&format!(" COLLATE {collation}"));
    }
    if let Some(class) = text("operator_class") {
        sql.push_str(&format!(" {class}"));
        if let Some(options) = options(column.get("operator_class_options")) {
            sql.push_str(&format!(" ({options})"));
        }
    }
    if text("order") == Some("desc") {
        sql.push_str(" DESC");
    }
    if let Some(nulls) = text("nulls") {
        sql.push_str(&format!(" NULLS {}", nulls.to_uppercase()));
    }
    if let Some(operator) = text("operator") {
        sql.push_str(&format!(" WITH OPERATOR({operator})"));
    }
    sql
}
