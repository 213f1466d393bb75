//! What texts speak of.

use std::collections::HashSet;

use driftlock_schema::{Attributes, Value};
use driftlock_script::{Dialect, TokenKind, significant};

/// Every name in a text, as the catalog has it.
pub(super) fn names(text: &str) -> HashSet<String> {
    let name = |token: driftlock_script::Token<'_>| match token.kind {
        TokenKind::Word => Some(token.text.to_lowercase()),
        TokenKind::QuotedIdentifier => {
            let inside = token.text.trim_start_matches('"').trim_end_matches('"');
            Some(inside.replace("\"\"", "\""))
        }
        _ => None,
    };
    significant(text, Dialect::Postgres).filter_map(name).collect()
}

/// Every name in everything that is said, lists of names too.
pub(super) fn all_names(attributes: &Attributes) -> HashSet<String> {
    let mut found = HashSet::new();
    for (name, value) in attributes.iter() {
        if !matches!(name, "comment" | "grants" | "owner" | "index_comment" | "rowtype_comment") {
            of_value(value, &mut found);
        }
    }
    found
}

fn of_value(value: &Value, found: &mut HashSet<String>) {
    match value {
        Value::List(items) => items.iter().for_each(|item| of_value(item, found)),
        Value::Map(map) => map.values().for_each(|item| of_value(item, found)),
        other => {
            if let Some(text) = other.as_text() {
                found.insert(text.to_owned());
                found.extend(names(text));
            }
        }
    }
}

/// Every name in everything that is said of an object and its parts.
pub(super) fn all_of_object(object: &driftlock_schema::Object) -> HashSet<String> {
    let parts = object.parts.iter().flat_map(|part| all_names(&part.attributes));
    all_names(&object.attributes).into_iter().chain(parts).collect()
}
