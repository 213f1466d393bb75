//! What has rows: tables, foreign tables, views, materialized views.

use driftlock_database::CreateError;
use driftlock_schema::{Attributes, Id, Name, Object, Part, SELF, Schema, Value};

use super::columns::Said;
use super::facets::Defaults;
use super::steps::Key;
use super::{Rank, Steps, behaviour, columns, constraints, indexes, qualified};
use crate::inspect::resolved;
use crate::sql::{identifier, literal};

pub(super) fn table(schema: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, name, say) = (object.id(), qualified(&object.name), &object.attributes);
    let parents = parents(schema, object)?;
    let all = all_columns(schema, object, 0)?;
    let is_partition = say.get("partition_of").is_some();
    // A partition is made by itself and then attached, as that is how it can have its columns in an order of its own.
    let defined = || all.iter().filter(|column| is_partition || !column.attributes.flag("inherited"));
    // Who inherits a table says its defaults again, after two parents of it may have said different ones.
    let said =
        if say.get("of_type").is_some() || steps.is_inherited(&object.name) { Said::Definition } else { Said::Default };
    let definitions: Vec<String> = match (say.get("of_type"), said) {
        (Some(_), _) => defined().filter_map(|column| columns::options(object, column)).collect(),
        (None, Said::Default) => defined().map(|column| columns::definition_with_default(object, column)).collect(),
        (None, _) => defined().map(|column| columns::definition(object, column)).collect(),
    };
    let foreign = if object.kind == "foreign_table" { "FOREIGN " } else { "" };
    let unlogged = if say.flag("unlogged") { "UNLOGGED " } else { "" };
    let mut sql = format!("CREATE {unlogged}{foreign}TABLE {name}");
    if let Some(of_type) = say.text("of_type") {
        sql.push_str(&format!(" OF {of_type}"));
    }
    if say.get("of_type").is_none() || !definitions.is_empty() {
        // A line each, as people write them.
        let (open, comma, close) = if definitions.len() > 1 { ("\n    ", ",\n    ", "\n") } else { ("", ", ", "") };
        sql.push_str(&format!(" ({open}{}{close})", definitions.join(comma)));
    }
    if !is_partition && !parents.is_empty() {
        let names: Vec<String> = parents.iter().map(|parent| qualified(&parent.name)).collect();
        sql.push_str(&format!(" INHERITS ({})", names.join(", ")));
    }
    if let Some(key) = say.text("partition_by") {
        sql.push_str(&format!(" PARTITION BY {key}"));
    }
    if let Some(method) = say.text("access_method") {
        sql.push_str(&format!(" USING {}", identifier(method)));
    }
    if object.kind == "foreign_table" {
        sql.push_str(&super::foreign::of_table(object)?);
    }
    if let Some(options) = options(say.get("options")) {
        sql.push_str(&format!(" WITH ({options})"));
    }
    if let Some(tablespace) = say.text("tablespace") {
        sql.push_str(&format!(" TABLESPACE {}", identifier(tablespace)));
    }
    let required: Vec<&Id> = defined().flat_map(|column| columns::required(column, said)).collect();
    let of_parents: Vec<Id> = parents.iter().map(|parent| parent.id()).collect();
    steps.add(&id, Rank::Table, sql).requires(&object.requires).requires(required).requires(&of_parents);
    if let (true, Some(parent), Some(bound)) = (is_partition, parents.first(), say.text("bound")) {
        let sql = format!("ALTER TABLE ONLY {} ATTACH PARTITION {name} {bound}", qualified(&parent.name));
        let undo = format!("ALTER TABLE ONLY {} DETACH PARTITION {name}", qualified(&parent.name));
        steps.add(&id, Rank::Inherit, sql).requires(&of_parents).says("partition_of", undo);
    }
    let mut alter = |what: &str, saying: &str, undo: &str| {
        let sql = |what: &str| format!("ALTER TABLE ONLY {name} {what}");
        steps.add(&id, Rank::Behaviour, sql(what)).says(saying, sql(undo));
    };
    if say.flag("row_security") {
        alter("ENABLE ROW LEVEL SECURITY", "row_security", "DISABLE ROW LEVEL SECURITY");
    }
    if say.flag("force_row_security") {
        alter("FORCE ROW LEVEL SECURITY", "force_row_security", "NO FORCE ROW LEVEL SECURITY");
    }
    if let Some(identity) = say.text("replica_identity") {
        let sql = format!("REPLICA IDENTITY {}", identity.to_uppercase());
        alter(&sql, "replica_identity", "REPLICA IDENTITY DEFAULT");
    }
    let words = format!("{foreign}TABLE {name}");
    owner_and_comment(&id, &words, say, steps);
    steps.grants(&id, &format!("TABLE {name}"), say, Defaults::OwnerAlone);
    for column in &all {
        let is_bare = !is_partition && !parents.is_empty() && column.attributes.flag("inherited");
        columns::steps(object, column, if is_bare { Said::Nothing } else { said }, steps);
    }
    parts(object, steps)
}

/// What views and tables may have.
fn parts(object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    for part in &object.parts {
        steps.about(Some(part));
        match part.kind.as_str() {
            "column" => {}
            "primary_key" | "unique" | "exclusion" => constraints::key(object, part, steps),
            "check" => constraints::check(object, part, steps),
            "foreign_key" => constraints::foreign_key(object, part, steps),
            "not_null" => constraints::not_null(object, part, steps),
            "index" => indexes::index(object, part, steps),
            "trigger" => behaviour::trigger(object, part, steps),
            "rule" => behaviour::rule(object, part, steps),
            "policy" => behaviour::policy(object, part, steps),
            other => {
                let reason = format!("there is no way to make a {other} of a {}", object.kind.words());
                return Err(CreateError::new(object.id(), reason));
            }
        }
    }
    steps.about(None);
    Ok(())
}

pub(super) fn view(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, name, say) = (object.id(), qualified(&object.name), &object.attributes);
    let options = options(say.get("options")).map_or_else(String::new, |options| format!(" WITH ({options})"));
    let definition = say.text("definition").unwrap_or_default();
    let rest = format!("VIEW {name}{options} AS {definition}");
    let columns: Vec<String> = object.parts_of("column").map(nothing_of).collect();
    steps
        .add(&id, Rank::View, format!("CREATE {rest}"))
        .requires(&object.requires)
        .early(format!("CREATE VIEW {name} AS SELECT {}", columns.join(", ")), format!("CREATE OR REPLACE {rest}"));
    owner_and_comment(&id, &format!("VIEW {name}"), say, steps);
    steps.grants(&id, &format!("TABLE {name}"), say, Defaults::OwnerAlone);
    for column in object.parts_of("column") {
        columns::steps(object, column, Said::Definition, steps);
    }
    parts(object, steps)
}

/// A column of the right type, for a view that holds a place.
pub(crate) fn nothing_of(column: &Part) -> String {
    let say = &column.attributes;
    let collation = say.text("collation").map_or_else(String::new, |collation| format!(" COLLATE {collation}"));
    format!("NULL::{}{collation} AS {}", say.text("type").unwrap_or("text"), identifier(&column.name))
}

pub(super) fn materialized_view(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, name, say) = (object.id(), qualified(&object.name), &object.attributes);
    let mut sql = format!("CREATE MATERIALIZED VIEW {name}");
    if let Some(method) = say.text("access_method") {
        sql.push_str(&format!(" USING {}", identifier(method)));
    }
    if let Some(options) = options(say.get("options")) {
        sql.push_str(&format!(" WITH ({options})"));
    }
    if let Some(tablespace) = say.text("tablespace") {
        sql.push_str(&format!(" TABLESPACE {}", identifier(tablespace)));
    }
    sql.push_str(&format!(" AS {}", say.text("definition").unwrap_or_default()));
    steps.add(&id, Rank::View, sql).requires(&object.requires);
    owner_and_comment(&id, &format!("MATERIALIZED VIEW {name}"), say, steps);
    steps.grants(&id, &format!("TABLE {name}"), say, Defaults::OwnerAlone);
    for column in object.parts_of("column") {
        columns::steps(object, column, Said::Definition, steps);
    }
    parts(object, steps)
}

/// What it is called by where grants don't call it that.
fn owner_and_comment(id: &Id, words: &str, say: &Attributes, steps: &mut Steps) {
    if let Some(owner) = say.text("owner").filter(|owner| *owner != SELF) {
        steps.owner(id, words, owner).makes(Key::other(id, "owner"));
    }
    steps.comment(id, words, say);
    if let Some(comment) = say.text("rowtype_comment") {
        let on = format!("COMMENT ON TYPE {} IS", qualified(&id.name));
        steps
            .add(id, Rank::Comment, format!("{on} {}", literal(comment)))
            .says("rowtype_comment", format!("{on} NULL"));
    }
}

/// The tables that a table inherits from.
pub(crate) fn parents<'a>(schema: &'a Schema, object: &Object) -> Result<Vec<&'a Object>, CreateError> {
    let names = object.attributes.list("inherits").iter().chain(object.attributes.get("partition_of"));
    names
        .map(|parent| {
            let name = name_of(parent);
            let of = |kind: &'static str| schema.get(&Id::new(kind, name.clone()));
            of("table").or_else(|| of("foreign_table")).ok_or_else(|| {
                CreateError::new(object.id(), format!("it inherits from {name}, of which nothing is known"))
            })
        })
        .collect()
}

/// The tables that a table inherits, partitioned ones aside.
pub(crate) fn inherited_by(object: &Object) -> impl Iterator<Item = Name> + '_ {
    object.attributes.list("inherits").iter().map(name_of)
}

/// The name of a relation that an attribute refers to.
pub(crate) fn name_of(reference: &Value) -> Name {
    let text = |key: &str| reference.get(key).and_then(Value::as_text);
    let name = text("table").unwrap_or_default();
    text("schema").map_or_else(|| Name::new(name), |schema| Name::within(schema, name))
}

/// Nothing inherits through more tables than this.
const DEEPEST: usize = 1000;

/// All columns of a table in their order, those that it inherits too, with all that is said of them.
pub(crate) fn all_columns(schema: &Schema, object: &Object, depth: usize) -> Result<Vec<Part>, CreateError> {
    if depth > DEEPEST {
        return Err(CreateError::new(object.id(), "it inherits from itself"));
    }
    let mut columns: Vec<Part> = Vec::new();
    for parent in parents(schema, object)? {
        for column in all_columns(schema, parent, depth + 1)? {
            if columns.iter().any(|known| known.name == column.name) {
                continue;
            }
            let own = object.part("column", &column.name);
            if let Some(own) = own.filter(|own| !own.attributes.flag("inherited")) {
                columns.push(own.clone());
                continue;
            }
            let mut all = Part::new("column", column.name.clone());
            all.attributes = resolved(own.map(|own| &own.attributes), &column.attributes);
            all.attributes.set("inherited", true);
            all.requires = column.requires;
            all.requires.extend(own.into_iter().flat_map(|own| own.requires.iter().cloned()));
            columns.push(all);
        }
    }
    let inherited = columns.len();
    for column in object.parts_of("column") {
        if !columns[..inherited].iter().any(|known| known.name == column.name) {
            columns.push(column.clone());
        }
    }
    let order = object.attributes.list("column_order");
    if !order.is_empty() {
        let place = |column: &Part| order.iter().position(|name| name.as_text() == Some(&column.name));
        columns.sort_by_key(|column| place(column).unwrap_or(usize::MAX));
    }
    Ok(columns)
}

/// Options as in `WITH (…)`.
pub(crate) fn options(options: Option<&Value>) -> Option<String> {
    let Some(Value::Map(map)) = options else { return None };
    let option = |(name, value): (&String, &Value)| {
        let name: Vec<String> = name.split('.').map(identifier).collect();
        format!("{} = {}", name.join("."), literal(&value.to_string()))
    };
    Some(map.iter().map(option).collect::<Vec<_>>().join(", "))
}
