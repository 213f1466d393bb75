//! Constraints of tables.

use driftlock_schema::{Attributes, Object, Part, Value};

use super::indexes;
use super::relations::{name_of, options};
use super::{Rank, Steps, qualified};
use crate::sql::identifier;

/// A primary key, a unique constraint or an exclusion: what an index keeps.
pub(super) fn key(object: &Object, part: &Part, steps: &mut Steps) {
    let (id, name, say) = (object.id(), qualified(&object.name), &part.attributes);
    let mut columns: Vec<String> = say.list("columns").iter().map(indexes::element).collect();
    if let (true, Some(last)) = (say.flag("without_overlaps"), columns.last_mut()) {
        last.push_str(" WITHOUT OVERLAPS");
    }
    let columns = columns.join(", ");
    let nulls = if say.flag("nulls_not_distinct") { " NULLS NOT DISTINCT" } else { "" };
    let mut sql = match part.kind.as_str() {
        "primary_key" => format!("PRIMARY KEY ({columns})"),
        "unique" => format!("UNIQUE{nulls} ({columns})"),
        _ => format!("EXCLUDE USING {} ({columns})", identifier(say.text("method").unwrap_or("btree"))),
    };
    if !say.list("include").is_empty() {
        let include: Vec<String> = say.list("include").iter().map(indexes::element).collect();
        sql.push_str(&format!(" INCLUDE ({})", include.join(", ")));
    }
    if let Some(options) = options(say.get("options")) {
        sql.push_str(&format!(" WITH ({options})"));
    }
    if let Some(tablespace) = say.text("tablespace") {
        sql.push_str(&format!(" USING INDEX TABLESPACE {}", identifier(tablespace)));
    }
    if let Some(condition) = say.text("where") {
        sql.push_str(&format!(" WHERE ({condition})"));
    }
    sql.push_str(timing(say));
    let sql = format!("ALTER TABLE ONLY {name} ADD CONSTRAINT {} {sql}", identifier(&part.name));
    steps.part(&id, part, Rank::Key, sql).makes(indexes::made(&id, &part.name));
    comment(object, part, steps);
    indexes::once_there(object, part, steps);
}

pub(super) fn check(object: &Object, part: &Part, steps: &mut Steps) {
    let say = &part.attributes;
    let no_inherit = if say.flag("no_inherit") { " NO INHERIT" } else { "" };
    let sql = format!(
        "ALTER {} {} ADD CONSTRAINT {} CHECK ({}){no_inherit}{}",
        words(object),
        qualified(&object.name),
        identifier(&part.name),
        say.text("expression").unwrap_or_default(),
        validity(say),
    );
    steps.part(&object.id(), part, Rank::Check, sql);
    comment(object, part, steps);
}

/// One that is valid is made with its column.
pub(super) fn not_null(object: &Object, part: &Part, steps: &mut Steps) {
    let say = &part.attributes;
    if say.flag("not_valid") {
        let sql = format!(
            "ALTER {} ONLY {} ADD CONSTRAINT {} NOT NULL {}{}{}",
            words(object),
            qualified(&object.name),
            identifier(&part.name),
            identifier(say.text("column").unwrap_or_default()),
            if say.flag("no_inherit") { " NO INHERIT" } else { "" },
            validity(say),
        );
        steps.part(&object.id(), part, Rank::Check, sql);
    }
    comment(object, part, steps);
}

pub(super) fn foreign_key(object: &Object, part: &Part, steps: &mut Steps) {
    let say = &part.attributes;
    let columns = |name: &str, period: &str| -> String {
        let mut columns: Vec<String> = say.list(name).iter().filter_map(Value::as_text).map(identifier).collect();
        if let (true, Some(last)) = (say.flag("period"), columns.last_mut()) {
            last.insert_str(0, period);
        }
        columns.join(", ")
    };
    let target = say.get("references").map(|it| qualified(&name_of(it))).unwrap_or_default();
    let mut sql = format!(
        "ALTER TABLE {} ADD CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {target} ({})",
        qualified(&object.name),
        identifier(&part.name),
        columns("columns", "PERIOD "),
        columns("referenced_columns", "PERIOD "),
    );
    if say.text("match") == Some("full") {
        sql.push_str(" MATCH FULL");
    }
    if let Some(action) = say.text("on_update") {
        sql.push_str(&format!(" ON UPDATE {}", action.to_uppercase()));
    }
    if let Some(action) = say.text("on_delete") {
        sql.push_str(&format!(" ON DELETE {}", action.to_uppercase()));
    }
    if !say.list("on_delete_columns").is_empty() {
        sql.push_str(&format!(" ({})", columns("on_delete_columns", "")));
    }
    sql.push_str(timing(say));
    sql.push_str(validity(say));
    // One that a partition has of its own becomes the partitioned table's, where it is there before that one.
    let rank = if say.get("attached_to").is_some() { Rank::Attach } else { Rank::ForeignKey };
    steps.part(&object.id(), part, rank, sql);
    comment(object, part, steps);
}

fn words(object: &Object) -> &'static str {
    if object.kind == "foreign_table" { "FOREIGN TABLE" } else { "TABLE" }
}

/// When it is looked at.
pub(super) fn timing(say: &Attributes) -> &'static str {
    match (say.flag("deferrable"), say.flag("initially_deferred")) {
        (_, true) => " DEFERRABLE INITIALLY DEFERRED",
        (true, false) => " DEFERRABLE",
        (false, false) => "",
    }
}

fn validity(say: &Attributes) -> &'static str {
    match (say.flag("not_enforced"), say.flag("not_valid")) {
        (true, _) => " NOT ENFORCED",
        (false, true) => " NOT VALID",
        (false, false) => "",
    }
}

fn comment(object: &Object, part: &Part, steps: &mut Steps) {
    let words = format!("CONSTRAINT {} ON {}", identifier(&part.name), qualified(&object.name));
    steps.comment(&object.id(), &words, &part.attributes);
}
