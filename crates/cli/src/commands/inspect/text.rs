//! A schema as people read it: by schema and kind; a table's columns one below the other, its keys behind them.

use std::collections::BTreeMap;

use driftlock::engine::Reading;
use driftlock::schema::{Attributes, Facets, Filter, Kind, Name, Object, Part, Value};

use crate::output::{count, printable};
use crate::width;

/// What people look for first.
const FIRST: [&str; 14] = [
    "schema",
    "table",
    "foreign_table",
    "virtual_table",
    "view",
    "materialized_view",
    "enum",
    "domain",
    "composite_type",
    "range_type",
    "sequence",
    "function",
    "procedure",
    "trigger",
];

/// The lines; `room` is the terminal's width, without one nothing is cut.
pub(super) fn lines(reading: &Reading, filter: &Filter, room: Option<usize>) -> Vec<String> {
    let schema = &reading.inspection.schema;
    let facets = filter.facets();
    let mut lines = vec![
        format!("{}: {}", reading.version, summary(schema.objects())),
        format!("fingerprint {}", schema.fingerprint_of(facets)),
    ];
    let mut objects: Vec<&Object> = schema.objects().collect();
    let place = |kind: &Kind| FIRST.iter().position(|first| *kind == **first).unwrap_or(FIRST.len());
    objects.sort_by(|one, other| {
        let key = |object: &Object| (object.name.schema.clone(), place(&object.kind), object.kind.clone());
        key(one).cmp(&key(other)).then_with(|| one.name.cmp(&other.name))
    });
    for object in objects {
        lines.push(String::new());
        lines.extend(of_object(object, facets));
    }
    if !reading.inspection.unmodelled.is_empty() {
        lines.extend([String::new(), "not modelled".to_owned()]);
        let it = &reading.inspection.unmodelled;
        lines.extend(it.iter().map(|it| format!("  {}: {}", printable(&it.object.to_string()), printable(&it.reason))));
    }
    match room {
        Some(room) => lines.iter().map(|line| width::cut(line, room)).collect(),
        None => lines,
    }
}

/// `5 tables, 2 views`.
fn summary<'a>(objects: impl Iterator<Item = &'a Object>) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for object in objects {
        *counts.entry(object.kind.words()).or_default() += 1;
    }
    if counts.is_empty() {
        return "nothing".to_owned();
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    let one = |(kind, number): &(String, usize)| match kind.strip_suffix(['x', 's', 'h']) {
        Some(_) if *number > 1 => format!("{number} {kind}es"),
        _ => match kind.strip_suffix('y') {
            Some(stem) if *number > 1 => format!("{number} {stem}ies"),
            _ => count(*number, kind),
        },
    };
    counts.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn of_object(object: &Object, facets: Facets) -> Vec<String> {
    let mut lines = vec![format!("{} {}", object.kind.words(), printable(&object.name.to_string()))];
    let columns: Vec<[String; 3]> = object.parts_of("column").map(|column| of_column(column, object, facets)).collect();
    let widest = |at: usize| columns.iter().map(|row| width::of(&row[at])).max().unwrap_or_default();
    let widths = [widest(0), widest(1)];
    for [name, kind, rest] in &columns {
        let (name, kind) = (width::padded(name, widths[0], false), width::padded(kind, widths[1], false));
        lines.push(format!("  {name}  {kind}  {rest}").trim_end().to_owned());
    }
    for part in object.parts.iter().filter(|part| part.kind != "column") {
        let (short, long) = said(&part.attributes, facets);
        let name = if part.name.is_empty() { String::new() } else { format!(" {}", shown(&part.name)) };
        lines.push(format!("  {}{name}{}", part.kind.words(), colon(&short)));
        lines.extend(long.iter().map(|line| format!("    {line}")));
    }
    let (short, long) = said(&object.attributes, facets);
    if !short.is_empty() {
        lines.push(format!("  {short}"));
    }
    lines.extend(long.iter().map(|line| format!("  {line}")));
    lines
}

fn colon(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}

/// A name, type, and the rest.
fn of_column(column: &Part, table: &Object, facets: Facets) -> [String; 3] {
    let mut rest = Vec::new();
    let is_key = |key: &Part| {
        key.attributes
            .list("columns")
            .iter()
            .any(|item| item.as_text().or_else(|| item.get("name")?.as_text()) == Some(column.name.as_str()))
    };
    if table.parts_of("primary_key").any(is_key) {
        rest.push("primary key".to_owned());
    }
    let mut others = column.attributes.clone();
    let kind = others.remove("type");
    if others.remove("not_null") == Some(Value::Flag(true)) {
        rest.push("not null".to_owned());
    }
    let (short, long) = said(&others, facets);
    rest.extend(Some(short).filter(|short| !short.is_empty()));
    rest.extend(long);
    let kind = kind.map(|kind| one_line(&kind)).unwrap_or_default();
    [shown(&column.name), kind, rest.join(", ")]
}

/// What is said of something: what goes into a line, and texts that want lines of their own.
fn said(attributes: &Attributes, facets: Facets) -> (String, Vec<String>) {
    let mut short = Vec::new();
    let mut long = Vec::new();
    let of_columns = |name: &str| matches!(name, "columns" | "expression" | "references" | "referenced_columns");
    for name in ["columns", "expression"] {
        match attributes.get(name) {
            Some(list @ Value::List(_)) => short.push(format!("({})", one_line(list))),
            Some(value) => short.push(format!("({})", one_line(value))),
            None => {}
        }
    }
    if let Some(to) = attributes.get("references") {
        let columns = attributes.get("referenced_columns").map(|list| format!(" ({})", one_line(list)));
        short.push(format!("references {}{}", one_line(to), columns.unwrap_or_default()));
    }
    for (name, value) in facets.of(attributes).filter(|(name, _)| !of_columns(name)) {
        let words = name.replace('_', " ");
        match value {
            Value::Flag(true) => short.push(words),
            Value::Text(text) | Value::Code(driftlock::schema::Code { text, .. }) if text.contains('\n') => {
                long.push(format!("{words}:"));
                long.extend(
                    text.trim_matches('\n').lines().map(|line| format!("  {}", printable(&line.replace('\t', "    ")))),
                );
            }
            Value::Code(code) => long.push(format!("{words}: {}", printable(code.text.trim()))),
            value => short.push(format!("{words} {}", one_line(value))),
        }
    }
    (short.join(", "), long)
}

fn one_line(value: &Value) -> String {
    let text = match value {
        Value::List(items) => items.iter().map(one_line).collect::<Vec<_>>().join(", "),
        Value::Map(map) => {
            // What it is called goes first, and what is so or not is a word.
            let head = ["name", "expression", "column"].iter().find_map(|key| map.get(*key)).map(one_line);
            let rest = map.iter().filter(|(key, _)| !matches!(key.as_str(), "name" | "expression" | "column"));
            let rest = rest.map(|(key, value)| match value {
                Value::Flag(true) => key.replace('_', " "),
                value => format!("{} {}", key.replace('_', " "), one_line(value)),
            });
            head.into_iter().chain(rest).collect::<Vec<_>>().join(" ")
        }
        value => value.to_string(),
    };
    printable(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A name, in quotes where it would be misread without.
fn shown(name: &str) -> String {
    printable(&Name::new(name).to_string())
}
