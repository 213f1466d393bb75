//! A schema as people read it: by schema and kind; a table's columns one below the other, its keys behind them.

use std::collections::BTreeMap;

use driftlock::engine::Reading;
use driftlock::schema::{Attributes, Code, Facets, Filter, Kind, Name, Object, Part, Value};

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
    let Said { head, rest, long } = said(&object.attributes, facets);
    let rest: Vec<String> = Some(head).filter(|head| !head.is_empty()).into_iter().chain(rest).collect();
    let rest = if rest.is_empty() { String::new() } else { format!(": {}", rest.join(", ")) };
    let mut lines = vec![format!("{} {}{rest}", object.kind.words(), printable(&object.name.to_string()))];
    let columns: Vec<[String; 3]> = object.parts_of("column").map(|column| of_column(column, object, facets)).collect();
    let widest = |at: usize| columns.iter().map(|row| width::of(&row[at])).max().unwrap_or_default();
    let widths = [widest(0), widest(1)];
    for [name, kind, rest] in &columns {
        let (name, kind) = (width::padded(name, widths[0], false), width::padded(kind, widths[1], false));
        lines.push(format!("  {name}  {kind}  {rest}").trim_end().to_owned());
    }
    let is_said = |part: &&Part| part.kind == "column" || said_with_its_column(part, facets).is_some();
    for part in object.parts.iter().filter(|part| !is_said(part)) {
        let Said { head, rest, long } = said(&part.attributes, facets);
        let is_named = is_named(part, &head);
        let words = [part.kind.words(), if is_named { shown(&part.name) } else { String::new() }, head];
        let words = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        lines.push(format!("  {}", std::iter::once(words).chain(rest).collect::<Vec<_>>().join(", ")));
        lines.extend(long.iter().map(|line| format!("    {line}")));
    }
    lines.extend(long.iter().map(|line| format!("  {line}")));
    lines
}

/// A name, type, and the rest.
fn of_column(column: &Part, table: &Object, facets: Facets) -> [String; 3] {
    let mut rest = Vec::new();
    for key in table.parts_of("primary_key") {
        if said_with_its_column(key, facets) == Some(column.name.as_str()) {
            let name = if key.name == column.name { String::new() } else { format!(" {}", shown(&key.name)) };
            rest.push(format!("primary key{name}").trim_end().to_owned());
        }
    }
    let mut others = column.attributes.clone();
    let kind = others.remove("type");
    if others.remove("not_null") == Some(Value::Flag(true)) {
        rest.push("not null".to_owned());
    }
    let said = said(&others, facets);
    rest.extend(Some(said.head).filter(|head| !head.is_empty()));
    rest.extend(said.rest);
    rest.extend(said.long);
    let kind = kind.map(|kind| one_line(&kind)).unwrap_or_default();
    [shown(&column.name), kind, rest.join(", ")]
}

/// What nobody named is called by what it says.
fn is_named(part: &Part, head: &str) -> bool {
    !part.name.is_empty() && !head.starts_with(&format!("({})", part.name))
}

/// The one column of a primary key of which there is nothing else to say.
fn said_with_its_column(key: &Part, facets: Facets) -> Option<&str> {
    let [column] = key.attributes.list("columns") else { return None };
    let Said { rest, long, .. } = said(&key.attributes, facets);
    column.as_text().filter(|_| key.kind == "primary_key" && rest.is_empty() && long.is_empty())
}

/// What is said of something.
struct Said {
    /// What it is about: columns, an expression, a table.
    head: String,
    /// What else goes into the line.
    rest: Vec<String>,
    /// Texts that want lines of their own.
    long: Vec<String>,
}

fn said(attributes: &Attributes, facets: Facets) -> Said {
    let mut said = Said { head: String::new(), rest: Vec::new(), long: Vec::new() };
    let mut head = Vec::new();
    for name in ["columns", "expression"] {
        head.extend(attributes.get(name).map(|value| format!("({})", one_line(value))));
    }
    if let Some(to) = attributes.get("references") {
        let columns = attributes.get("referenced_columns").map(|list| format!(" ({})", one_line(list)));
        head.push(format!("references {}{}", one_line(to), columns.unwrap_or_default()));
    }
    let when = ["timing", "event", "events"].iter().filter_map(|name| attributes.get(name)).map(one_line);
    head.extend(when);
    said.head = head.join(" ");
    for (name, value) in facets.of(attributes) {
        if ["columns", "expression", "references", "referenced_columns", "timing", "event", "events"].contains(&name) {
            continue;
        }
        let words = name.replace('_', " ");
        match value {
            Value::Flag(true) => said.rest.push(words),
            Value::Text(text) | Value::Code(Code { text, .. }) if text.trim().contains('\n') => {
                said.long.push(format!("{words}:"));
                said.long.extend(indented(text));
            }
            Value::Code(code) => said.long.push(format!("{words}: {}", printable(code.text.trim()))),
            value => said.rest.push(format!("{words} {}", one_line(value))),
        }
    }
    said
}

/// The lines of a text, without what all but the first are indented by: that often stood elsewhere.
fn indented(text: &str) -> Vec<String> {
    let text = text.trim().replace('\t', "    ");
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let common = text.lines().skip(1).filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or_default();
    let line = |(at, line): (usize, &str)| {
        let line = if at == 0 { line } else { line.get(common..).unwrap_or_default() };
        format!("  {}", printable(line.trim_end()))
    };
    text.lines().enumerate().map(line).collect()
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
