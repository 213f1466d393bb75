//! Columns.

use driftlock_schema::{Attributes, Id, Name, Object, Part, SELF, Value};

use super::facets::{Defaults, On};
use super::relations::options as relation_options;
use super::{Rank, Steps, foreign, qualified, sequences};
use crate::names::made_up;
use crate::sql::identifier;

/// A column inside of CREATE TABLE: what can't be said later, or costs nothing to say.
pub(crate) fn definition(table: &Object, column: &Part) -> String {
    defined(table, column, None)
}

/// The same with its default, if that can be said at once.
pub(super) fn definition_with_default(table: &Object, column: &Part) -> String {
    defined(table, column, default_at_once(column))
}

/// A default that needs nothing that may itself need the table, as a function may.
fn default_at_once(column: &Part) -> Option<&str> {
    let comes_before_tables = |id: &Id| {
        matches!(
            id.kind.as_str(),
            "enum" | "domain" | "composite_type" | "range_type" | "collation" | "extension" | "sequence"
        )
    };
    column.attributes.text("default").filter(|_| column.requires.iter().all(comes_before_tables))
}

fn defined(table: &Object, column: &Part, default: Option<&str>) -> String {
    let say = &column.attributes;
    let mut sql = format!("{} {}", identifier(&column.name), say.text("type").unwrap_or_default());
    sql.push_str(&foreign::options(say.get("foreign_options")));
    if let Some(collation) = say.text("collation") {
        sql.push_str(&format!(" COLLATE {collation}"));
    }
    if let Some(default) = default {
        sql.push_str(&format!(" DEFAULT {default}"));
    }
    sql.push_str(&clauses(table, column));
    sql
}

/// A column of a typed table, where something is said of it that its type doesn't say.
pub(super) fn options(table: &Object, column: &Part) -> Option<String> {
    let clauses = clauses(table, column);
    (!clauses.is_empty()).then(|| format!("{} WITH OPTIONS{clauses}", identifier(&column.name)))
}

fn clauses(table: &Object, column: &Part) -> String {
    let say = &column.attributes;
    let mut sql = String::new();
    if let Some(expression) = say.text("generated") {
        let kind = if say.flag("virtual") { "VIRTUAL" } else { "STORED" };
        sql.push_str(&format!(" GENERATED ALWAYS AS ({expression}) {kind}"));
    }
    if let Some(identity) = say.get("identity") {
        sql.push_str(&format!(" GENERATED {}", identity_clause(identity)));
    }
    let named = table.parts_of("not_null").find(|it| it.attributes.text("column") == Some(&column.name));
    match named {
        // Added when the table is there.
        Some(named) if named.attributes.flag("not_valid") => {}
        Some(named) => {
            let no_inherit = if named.attributes.flag("no_inherit") { " NO INHERIT" } else { "" };
            sql.push_str(&format!(" CONSTRAINT {} NOT NULL{no_inherit}", identifier(&named.name)));
        }
        None if say.flag("not_null") && !say.flag("not_null_inherited") => sql.push_str(" NOT NULL"),
        None => {}
    }
    sql
}

pub(crate) fn identity_clause(identity: &Value) -> String {
    let always = identity.get("generation").and_then(Value::as_text) == Some("always");
    let mut options = Vec::new();
    if let Some(name) = identity.get("sequence") {
        options.push(format!("SEQUENCE NAME {}", qualified(&sequence_name(name))));
    }
    if let Value::Map(map) = identity {
        let mut said = Attributes::new();
        map.iter().for_each(|(name, value)| said.set(name.clone(), value.clone()));
        options.extend(sequences::options(&said));
    }
    let options = if options.is_empty() { String::new() } else { format!(" ({})", options.join(" ")) };
    format!("{} AS IDENTITY{options}", if always { "ALWAYS" } else { "BY DEFAULT" })
}

pub(crate) fn sequence_name(name: &Value) -> Name {
    let text = |key: &str| name.get(key).and_then(Value::as_text).unwrap_or_default();
    Name::within(text("schema"), text("name"))
}

/// What has to be there for its definition: all but what a default that is said later is made of.
pub(super) fn required(column: &Part, said: Said) -> impl Iterator<Item = &Id> {
    let is_later =
        column.attributes.get("default").is_some() && (said != Said::Default || default_at_once(column).is_none());
    column.requires.iter().filter(move |id| !is_later || !matches!(id.kind.as_str(), "function" | "sequence"))
}

/// What the statement that makes a relation has said of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing: it comes from a parent.
    Nothing,
    /// All but its default.
    Definition,
    /// Its default too, if that can be said at once.
    Default,
}

/// What is said of a column once its relation is there.
pub(super) fn steps(object: &Object, column: &Part, said: Said, steps: &mut Steps) {
    let (id, name) = (object.id(), qualified(&object.name));
    let (say, quoted) = (&column.attributes, identifier(&column.name));
    let alter = match object.kind.as_str() {
        "view" => "ALTER VIEW",
        "materialized_view" => "ALTER MATERIALIZED VIEW",
        "foreign_table" => "ALTER FOREIGN TABLE ONLY",
        _ => "ALTER TABLE ONLY",
    };
    let rank =
        if matches!(object.kind.as_str(), "view" | "materialized_view") { Rank::AfterView } else { Rank::Column };
    steps.about(Some(column));
    let mut add = |what: String, saying: &str, undo: &str| {
        let sql = |what: &str| format!("{alter} {name} ALTER COLUMN {quoted} {what}");
        steps.add(&id, rank, sql(&what)).requires(&column.requires).says(saying, sql(undo));
    };
    if let Some(expression) = say.text("default")
        && (said != Said::Default || default_at_once(column).is_none())
    {
        add(format!("SET DEFAULT {expression}"), "default", "DROP DEFAULT");
    }
    if said == Said::Nothing {
        // It has its parent's, where it says nothing itself.
        let own = object.part("column", &column.name).and_then(|own| own.attributes.get("not_null"));
        if let Some(Value::Flag(is_set)) = own {
            let (word, undo) = if *is_set { ("SET", "DROP NOT NULL") } else { ("DROP", "SET NOT NULL") };
            add(format!("{word} NOT NULL"), "not_null", undo);
        }
        if let Some(identity) = say.get("identity") {
            add(format!("ADD GENERATED {}", identity_clause(identity)), "identity", "DROP IDENTITY");
        }
    }
    if let Some(storage) = say.text("storage") {
        let usual = crate::storage::usual(say.text("type").unwrap_or_default());
        add(format!("SET STORAGE {}", storage.to_uppercase()), "storage", &format!("SET STORAGE {usual}"));
    }
    if let Some(compression) = say.text("compression") {
        add(format!("SET COMPRESSION {compression}"), "compression", "SET COMPRESSION DEFAULT");
    }
    if let Some(statistics) = say.number("statistics") {
        add(format!("SET STATISTICS {statistics}"), "statistics", "SET STATISTICS -1");
    }
    if let (Some(options), Some(Value::Map(map))) = (relation_options(say.get("options")), say.get("options")) {
        let names: Vec<String> = map.keys().map(|name| identifier(name)).collect();
        add(format!("SET ({options})"), "options", &format!("RESET ({})", names.join(", ")));
    }
    steps.comment(&id, &format!("COLUMN {name}.{quoted}"), say);
    let on = On { column: Some(quoted.clone()), words: format!("TABLE {name}") };
    let (of_sequence, of_column): (Vec<Value>, Vec<Value>) =
        say.list("grants").iter().cloned().partition(|item| item.get("on").is_some());
    let owner = object.attributes.text("owner").unwrap_or(SELF);
    let granted = |list: Vec<Value>| {
        let mut granted = Attributes::new();
        granted.set("owner", owner);
        granted.set("grants", list);
        granted
    };
    steps.grants_of(&id, on, &granted(of_column), Defaults::OwnerAlone);
    if let Some(identity) = say.get("identity") {
        let sequence = identity.get("sequence").map_or_else(
            || Name { name: made_up(&object.name.name, &column.name, "seq"), ..object.name.clone() },
            sequence_name,
        );
        let words = format!("SEQUENCE {}", qualified(&sequence));
        if let Some(Value::Flag(unlogged)) = identity.get("unlogged") {
            let persistence = if *unlogged { "UNLOGGED" } else { "LOGGED" };
            let usual = if *unlogged { "LOGGED" } else { "UNLOGGED" };
            steps
                .add(&id, Rank::Column, format!("ALTER {words} SET {persistence}"))
                .says("identity persistence", format!("ALTER {words} SET {usual}"));
        }
        if let Some(comment) = identity.get("comment") {
            let mut noted = Attributes::new();
            noted.set("comment", comment.clone());
            steps.comment(&id, &words, &noted);
        }
        steps.grants(&id, &words, &granted(of_sequence), Defaults::OwnerAlone);
    }
    steps.about(None);
}
