//! Columns.

use driftlock_schema::{Id, Part};

use super::facets::Defaults;
use super::{Rank, Steps};
use crate::sql::identifier;

/// A column inside of CREATE TABLE: what can't be said later, or costs nothing to say.
pub(super) fn definition(column: &Part) -> String {
    let say = &column.attributes;
    let mut sql = format!("{} {}", identifier(&column.name), say.text("type").unwrap_or_default());
    if let Some(collation) = say.text("collation") {
        sql.push_str(&format!(" COLLATE {collation}"));
    }
    if let Some(expression) = say.text("generated") {
        let kind = if say.flag("virtual") { "VIRTUAL" } else { "STORED" };
        sql.push_str(&format!(" GENERATED ALWAYS AS ({expression}) {kind}"));
    }
    if say.flag("not_null") {
        sql.push_str(" NOT NULL");
    }
    sql
}

/// What has to be there for its definition: all but what its default is made of.
pub(super) fn required(column: &Part) -> impl Iterator<Item = &Id> {
    let has_default = column.attributes.get("default").is_some();
    column.requires.iter().filter(move |id| !has_default || !matches!(id.kind.as_str(), "function" | "sequence"))
}

/// What is said of a column once its table is there.
pub(super) fn steps(table: &Id, name: &str, column: &Part, steps: &mut Steps) {
    let (say, quoted) = (&column.attributes, identifier(&column.name));
    let mut alter = |what: String| {
        steps
            .add(table, Rank::Column, format!("ALTER TABLE ONLY {name} ALTER COLUMN {quoted} {what}"))
            .requires(&column.requires);
    };
    if let Some(expression) = say.text("default") {
        alter(format!("SET DEFAULT {expression}"));
    }
    steps.comment(table, &format!("COLUMN {name}.{quoted}"), say);
    let on = |privileges: &str| {
        let each: Vec<String> = privileges.split(", ").map(|it| format!("{it} ({quoted})")).collect();
        format!("{} ON TABLE {name}", each.join(", "))
    };
    steps.grants_of(table, &on, say, Defaults::OwnerAlone);
}
