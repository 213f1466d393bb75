//! `CREATE TABLE`.

use driftlock_database::CreateError;
use driftlock_schema::{Attributes, Id, Object, Part, Value};

use super::needed;
use crate::inspect::text::string;
use crate::parse::quote;

pub(crate) fn statement(table: &Object) -> Result<String, CreateError> {
    let id = table.id();
    let mut definitions = Vec::new();
    for part in table.parts_of("column") {
        definitions.push(column(&id, part)?);
    }
    for kind in ["primary_key", "unique", "index"] {
        for part in table.parts_of(kind) {
            definitions.push(key(&id, part)?);
        }
    }
    definitions.extend(system_time(table));
    definitions.extend(period(&table.attributes));
    for part in table.parts_of("foreign_key") {
        definitions.push(foreign_key(&id, part)?);
    }
    for part in table.parts_of("check") {
        definitions.push(check(&id, part)?);
    }
    let mut sql = format!("CREATE TABLE {} (\n  {}\n)", quote(&table.name.name), definitions.join(",\n  "));
    let said = &table.attributes;
    if let Some(engine) = said.text("engine") {
        sql.push_str(&format!(" ENGINE={engine}"));
    }
    if let Some(collation) = said.text("collation") {
        sql.push_str(&format!(" COLLATE={collation}"));
    }
    if let Some(Value::Map(options)) = said.get("options") {
        for (name, value) in options {
            sql.push_str(&format!(" {}={value}", name.to_ascii_uppercase()));
        }
    }
    if let Some(comment) = said.text("comment") {
        sql.push_str(&format!(" COMMENT={}", string(comment)));
    }
    if said.flag("versioned") {
        sql.push_str(" WITH SYSTEM VERSIONING");
    }
    sql.push_str(&partitioning(table));
    Ok(sql)
}

/// What takes from columns the default NULL that they are made with.
pub(crate) fn without_defaults<'c>(table: &Object, columns: impl Iterator<Item = &'c str>) -> Option<String> {
    let actions: Vec<String> = columns.map(|name| format!("ALTER COLUMN {} DROP DEFAULT", quote(name))).collect();
    (!actions.is_empty()).then(|| format!("ALTER TABLE {} {}", quote(&table.name.name), actions.join(", ")))
}

/// The columns that have no default, not even NULL.
pub(crate) fn lacking(table: &Object) -> impl Iterator<Item = &str> {
    table.parts_of("column").filter(|column| column.attributes.flag("no_default")).map(|column| column.name.as_str())
}

pub(crate) fn column(id: &Id, column: &Part) -> Result<String, CreateError> {
    let said = &column.attributes;
    let kind = needed(id, said, "type")?;
    let mut sql = format!("{} {kind}", quote(&column.name));
    let mut add = |text: &str| {
        sql.push(' ');
        sql.push_str(text);
    };
    if let Some(collation) = said.text("collation") {
        add(&format!("COLLATE {collation}"));
    }
    if said.flag("compressed") {
        add("COMPRESSED");
    }
    let srid = said.number("srid");
    if let Some(srid) = srid {
        add(&format!("/*M! REF_SYSTEM_ID={srid} */"));
    }
    if let Some(row) = said.text("row") {
        add(&format!("GENERATED ALWAYS AS ROW {}", row.to_ascii_uppercase()));
    }
    if let Some(expression) = said.text("generated") {
        add(&format!("GENERATED ALWAYS AS ({expression}) {}", if said.flag("stored") { "STORED" } else { "VIRTUAL" }));
    }
    if said.flag("not_null") {
        add("NOT NULL");
    } else if kind.starts_with("timestamp") && said.get("row").is_none() && said.get("generated").is_none() {
        // Some servers make it NOT NULL where nothing is said.
        add("NULL");
    }
    if let Some(srid) = srid {
        add(&format!("/*!80003 SRID {srid} */"));
    }
    if let Some(default) = said.text("default") {
        add(&format!("DEFAULT {default}"));
    }
    if let Some(on_update) = said.text("on_update") {
        add(&format!("ON UPDATE {on_update}"));
    }
    for (flag, words) in [
        ("auto_increment", "AUTO_INCREMENT"),
        ("invisible", "INVISIBLE"),
        ("unversioned", "WITHOUT SYSTEM VERSIONING"),
        ("not_secondary", "NOT SECONDARY"),
    ] {
        if said.flag(flag) {
            add(words);
        }
    }
    if let Some(comment) = said.text("comment") {
        add(&format!("COMMENT {}", string(comment)));
    }
    if let Some(check) = said.text("check") {
        add(&format!("CHECK ({check})"));
    }
    Ok(sql)
}

pub(crate) fn key(id: &Id, key: &Part) -> Result<String, CreateError> {
    let said = &key.attributes;
    let method = said.text("method");
    let word = match (key.kind.as_str(), method) {
        ("primary_key", _) => "PRIMARY KEY".to_owned(),
        ("unique", _) => format!("UNIQUE KEY {}", quote(&key.name)),
        (_, Some("fulltext")) => format!("FULLTEXT KEY {}", quote(&key.name)),
        (_, Some("spatial")) => format!("SPATIAL KEY {}", quote(&key.name)),
        _ => format!("KEY {}", quote(&key.name)),
    };
    let columns = said.list("columns");
    if columns.is_empty() {
        return Err(CreateError::new(id.clone(), format!("the columns of its key {} aren't said", key.name)));
    }
    let mut columns: Vec<String> = columns.iter().map(key_column).collect();
    if let Some(period) = said.text("without_overlaps") {
        columns.push(format!("{} WITHOUT OVERLAPS", quote(period)));
    }
    let mut sql = format!("{word} ({})", columns.join(", "));
    if let Some(method) = method.filter(|method| !matches!(*method, "fulltext" | "spatial")) {
        sql.push_str(&format!(" USING {}", method.to_ascii_uppercase()));
    }
    if let Some(size) = said.number("key_block_size") {
        sql.push_str(&format!(" KEY_BLOCK_SIZE={size}"));
    }
    if let Some(parser) = said.text("parser") {
        sql.push_str(&format!(" WITH PARSER {}", quote(parser)));
    }
    if let Some(comment) = said.text("comment") {
        sql.push_str(&format!(" COMMENT {}", string(comment)));
    }
    for (flag, word) in [("ignored", " IGNORED"), ("invisible", " INVISIBLE")] {
        if said.flag(flag) {
            sql.push_str(word);
        }
    }
    Ok(sql)
}

fn key_column(column: &Value) -> String {
    let Value::Map(said) = column else { return quote(&column.to_string()) };
    let mut sql = match (said.get("expression"), said.get("name")) {
        (Some(expression), _) => format!("({expression})"),
        (None, name) => quote(&name.map(ToString::to_string).unwrap_or_default()),
    };
    if let Some(length) = said.get("length") {
        sql.push_str(&format!("({length})"));
    }
    if said.contains_key("order") {
        sql.push_str(" DESC");
    }
    sql
}

fn names(list: &[Value]) -> String {
    list.iter().map(|name| quote(&name.to_string())).collect::<Vec<_>>().join(", ")
}

pub(crate) fn foreign_key(id: &Id, key: &Part) -> Result<String, CreateError> {
    let said = &key.attributes;
    let database = said.text("references_database").map(|database| format!("{}.", quote(database)));
    let mut sql = format!(
        "CONSTRAINT {} FOREIGN KEY ({}) REFERENCES {}{} ({})",
        quote(&key.name),
        names(said.list("columns")),
        database.unwrap_or_default(),
        quote(needed(id, said, "references")?),
        names(said.list("referenced_columns"))
    );
    for (attribute, words) in [("on_delete", "ON DELETE"), ("on_update", "ON UPDATE")] {
        if let Some(action) = said.text(attribute) {
            sql.push_str(&format!(" {words} {}", action.to_ascii_uppercase()));
        }
    }
    Ok(sql)
}

pub(crate) fn check(id: &Id, check: &Part) -> Result<String, CreateError> {
    let not_enforced = if check.attributes.flag("not_enforced") { " NOT ENFORCED" } else { "" };
    let expression = needed(id, &check.attributes, "expression")?;
    Ok(format!("CONSTRAINT {} CHECK ({expression}){not_enforced}", quote(&check.name)))
}

/// The columns that hold when a row began and ended, where the table has such.
pub(crate) fn system_time(table: &Object) -> Option<String> {
    let of = |side: &str| table.parts_of("column").find(|part| part.attributes.text("row") == Some(side));
    let (start, end) = (of("start")?, of("end")?);
    Some(format!("PERIOD FOR SYSTEM_TIME ({}, {})", quote(&start.name), quote(&end.name)))
}

pub(crate) fn period(said: &Attributes) -> Option<String> {
    let period = said.get("period")?;
    let name = |key: &str| period.get(key).map(|name| quote(&name.to_string())).unwrap_or_default();
    Some(format!("PERIOD FOR {} ({}, {})", name("name"), name("start"), name("end")))
}

pub(crate) fn partitioning(table: &Object) -> String {
    let said = &table.attributes;
    let Some(by) = said.text("partition_by") else { return String::new() };
    let mut sql = format!("\nPARTITION BY {by}");
    if let Some(partitions) = said.number("partitions") {
        sql.push_str(&format!(" PARTITIONS {partitions}"));
    }
    if let Some(by) = said.text("subpartition_by") {
        sql.push_str(&format!(" SUBPARTITION BY {by}"));
    }
    if let Some(subpartitions) = said.number("subpartitions") {
        sql.push_str(&format!(" SUBPARTITIONS {subpartitions}"));
    }
    let mut partitions: Vec<&Part> = table.parts_of("partition").collect();
    partitions.sort_by_key(|part| part.attributes.number("position"));
    if partitions.is_empty() {
        return sql;
    }
    let partitions: Vec<String> = partitions.into_iter().map(partition_definition).collect();
    sql.push_str(&format!("\n({})", partitions.join(",\n ")));
    sql
}

/// One partition, with those below it.
pub(crate) fn partition_definition(part: &Part) -> String {
    let options = part.attributes.iter().map(|(name, value)| (name, value.to_string()));
    let mut sql = format!("PARTITION {}{}", quote(&part.name), partition(options.collect()));
    let below = part.attributes.list("subpartitions");
    if !below.is_empty() {
        let of = |sub: &Value| {
            let Value::Map(said) = sub else { return String::new() };
            let options = said.iter().map(|(name, value)| (name.as_str(), value.to_string())).collect();
            let name = said.get("name").map(|name| quote(&name.to_string())).unwrap_or_default();
            format!("SUBPARTITION {name}{}", partition(options))
        };
        sql.push_str(&format!(" ({})", below.iter().map(of).collect::<Vec<_>>().join(", ")));
    }
    sql
}

fn partition(mut options: Vec<(&str, String)>) -> String {
    // What rows it takes comes first.
    options.sort_by_key(|(name, _)| *name != "values");
    let mut sql = String::new();
    for (name, value) in options {
        sql.push_str(&match name {
            "position" | "subpartitions" | "name" => continue,
            "values" => format!(" {value}"),
            "comment" => format!(" COMMENT = {}", string(&value)),
            "data_directory" => format!(" DATA DIRECTORY = {value}"),
            "index_directory" => format!(" INDEX DIRECTORY = {value}"),
            name => format!(" {} = {value}", name.to_ascii_uppercase()),
        });
    }
    sql
}
