//! A schema as a Mermaid diagram: tables, their columns, and the foreign keys between them.
//!
//! Mermaid knows few letters in names of columns and types, and a few words of its own: what it wouldn't read is written otherwise, and the real
//! name stands beside it.

use std::collections::{BTreeMap, BTreeSet};

use driftlock::schema::{Name, Object, Part, Schema, Value};

/// The diagram.
pub(super) fn diagram(schema: &Schema) -> String {
    let tables: Vec<&Object> = schema.objects().filter(|object| is_table(object)).collect();
    let names = names(&tables);
    let mut lines = vec!["erDiagram".to_owned()];
    for table in &tables {
        let Some(name) = names.get(&table.name) else { continue };
        let keys = Keys::of(table);
        let columns: Vec<String> = table.parts_of("column").map(|column| keys.line(column)).collect();
        if columns.is_empty() {
            lines.push(format!("    {name}"));
        } else {
            lines.push(format!("    {name} {{"));
            lines.extend(columns);
            lines.push("    }".to_owned());
        }
    }
    for table in &tables {
        for key in table.parts_of("foreign_key") {
            let parent = parent(key, table, &names);
            if let (Some(child), Some(parent)) = (names.get(&table.name), parent) {
                let (one, many) = cardinality(table, key);
                let label = quoted(&columns(key).join(", "));
                lines.push(format!("    {parent} {one}--{many} {child} : {label}"));
            }
        }
    }
    lines.join("\n")
}

fn is_table(object: &Object) -> bool {
    object.kind == "table" || object.kind == "foreign_table"
}

/// A name in quotes for each table; of two that would read alike, one gets a number.
fn names(tables: &[&Object]) -> BTreeMap<Name, String> {
    // Where all are in one schema, its name says nothing.
    let schemas: BTreeSet<&Option<String>> = tables.iter().map(|table| &table.name.schema).collect();
    let mut taken = BTreeSet::new();
    let mut names = BTreeMap::new();
    for table in tables {
        let name = match &table.name.schema {
            Some(schema) if schemas.len() > 1 => format!("{schema}.{}", table.name.name),
            _ => table.name.name.clone(),
        };
        let mut entity = quoted(&name);
        let mut number = 2;
        while !taken.insert(entity.clone()) {
            entity = quoted(&format!("{name} {number}"));
            number += 1;
        }
        names.insert(table.name.clone(), entity);
    }
    names
}

/// In quotes, where Mermaid takes any letters but these.
fn quoted(text: &str) -> String {
    let letter = |letter: char| match letter {
        '"' => '\'',
        '%' | '\\' => '_',
        letter if letter.is_control() => ' ',
        letter => letter,
    };
    let text: String = text.chars().map(letter).collect();
    format!("\"{}\"", if text.is_empty() { " " } else { &text })
}

/// A word as Mermaid reads it.
fn word(text: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || "_-()[]".contains(letter) { letter } else { '_' };
    let mut word: String = text.chars().map(plain).collect();
    if !word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        word.insert(0, '_');
    }
    // At a word's beginning these are keys to it.
    let head: String = word.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    if ["pk", "fk", "uk"].contains(&head.to_ascii_lowercase().as_str()) {
        word.insert(head.len(), '_');
    }
    word
}

/// Which columns are in keys.
struct Keys {
    primary: Vec<String>,
    foreign: Vec<String>,
    unique: Vec<String>,
}

impl Keys {
    fn of(table: &Object) -> Self {
        let of = |kind: &str| -> Vec<Vec<String>> { table.parts_of(kind).map(columns).collect() };
        let unique = of("unique").into_iter().filter(|columns| columns.len() == 1).flatten().collect();
        Keys { primary: of("primary_key").concat(), foreign: of("foreign_key").concat(), unique }
    }

    fn line(&self, column: &Part) -> String {
        let of = |columns: &[String]| columns.iter().any(|name| name.eq_ignore_ascii_case(&column.name));
        let all = [("PK", of(&self.primary)), ("FK", of(&self.foreign)), ("UK", of(&self.unique))];
        let keys: Vec<&str> = all.into_iter().filter(|(_, is_in)| *is_in).map(|(key, _)| key).collect();
        let kind = column.attributes.text("type").unwrap_or("untyped");
        let (kind, name) = (word(kind), word(&column.name));
        let mut line = format!("        {kind} {name}");
        if !keys.is_empty() {
            line.push_str(&format!(" {}", keys.join(", ")));
        }
        if name != column.name {
            line.push_str(&format!(" {}", quoted(&column.name)));
        }
        line
    }
}

/// The columns of a key, by name.
fn columns(key: &Part) -> Vec<String> {
    let name = |item: &Value| item.as_text().or_else(|| item.get("name")?.as_text()).map(str::to_owned);
    key.attributes.list("columns").iter().filter_map(name).collect()
}

/// The table that a foreign key is to.
fn parent<'a>(key: &Part, table: &Object, names: &'a BTreeMap<Name, String>) -> Option<&'a String> {
    let references = key.attributes.get("references")?;
    let text = references.as_text().or_else(|| references.get("table")?.as_text())?;
    let is_it = |name: &&Name| {
        let bare = name.schema.as_ref().map(|schema| format!("{schema}.{}", name.name));
        name.to_string() == text
            || bare.as_deref() == Some(text)
            || (name.schema == table.name.schema && name.name.eq_ignore_ascii_case(text))
    };
    names.get(names.keys().find(is_it)?)
}

/// How many there may be on both sides of a foreign key.
fn cardinality(table: &Object, key: &Part) -> (&'static str, &'static str) {
    let of_key = columns(key);
    let is_there = |name: &String| table.part("column", name).is_some_and(|it| it.attributes.flag("not_null"));
    let of_primary: Vec<Vec<String>> = table.parts_of("primary_key").map(columns).collect();
    let in_primary = of_primary.iter().any(|primary| of_key.iter().all(|name| primary.contains(name)));
    let one = if in_primary || of_key.iter().all(is_there) { "||" } else { "|o" };
    let same = |other: &Vec<String>| other.len() == of_key.len() && other.iter().all(|name| of_key.contains(name));
    let alone = table.parts_of("unique").map(columns).chain(of_primary.iter().cloned()).any(|other| same(&other));
    (one, if alone { "o|" } else { "o{" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_are_written_so_that_mermaid_reads_them() {
        let mut schema = Schema::new("postgres");
        let mut users = Object::new("table", Name::within("public", "odd \"users\" 100%"));
        users.parts.push(Part::new("column", "pk").with("type", "numeric(10,2)").with("not_null", true));
        users.parts.push(Part::new("column", "größe").with("type", "character varying(20)"));
        users.parts.push(Part::new("column", "1st"));
        users.parts.push(Part::new("primary_key", "users_pkey").with("columns", vec!["pk"]));
        schema.insert(users);
        let mut orders = Object::new("table", Name::within("public", "orders"));
        orders.parts.push(Part::new("column", "user_pk").with("type", "integer"));
        orders.parts.push(
            Part::new("foreign_key", "f")
                .with("columns", vec!["user_pk"])
                .with("references", "public.\"odd \"\"users\"\" 100%\""),
        );
        schema.insert(orders);
        let expected = "\
erDiagram
    \"odd 'users' 100_\" {
        numeric(10_2) pk_ PK \"pk\"
        character_varying(20) gr__e \"größe\"
        untyped _1st \"1st\"
    }
    \"orders\" {
        integer user_pk FK
    }
    \"odd 'users' 100_\" |o--o{ \"orders\" : \"user_pk\"";
        assert_eq!(diagram(&schema), expected);
    }
}
