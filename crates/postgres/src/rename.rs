//! Other names for what is there: the engine carries them through to whatever speaks of it.

use driftlock_database::Rename;
use driftlock_schema::Name;

use crate::create::qualified;
use crate::sql::{identifier, literal};

/// See [`Engine::rename`](driftlock_database::Engine::rename).
pub(crate) fn statement(Rename { object, part, to }: &Rename) -> Option<String> {
    let (name, to) = (qualified(&object.name), identifier(to));
    let Some((kind, part)) = part else {
        let what = match object.kind.as_str() {
            "table" => "TABLE",
            "view" => "VIEW",
            "materialized_view" => "MATERIALIZED VIEW",
            "foreign_table" => "FOREIGN TABLE",
            "sequence" => "SEQUENCE",
            "enum" | "composite_type" | "range_type" => "TYPE",
            "domain" => "DOMAIN",
            "schema" => "SCHEMA",
            "collation" => "COLLATION",
            "statistics" => "STATISTICS",
            "publication" => "PUBLICATION",
            "event_trigger" => "EVENT TRIGGER",
            "server" => "SERVER",
            "foreign_data_wrapper" => "FOREIGN DATA WRAPPER",
            "text_search_configuration" => "TEXT SEARCH CONFIGURATION",
            "text_search_dictionary" => "TEXT SEARCH DICTIONARY",
            kind @ ("function" | "procedure" | "aggregate") => {
                let signature = object.name.signature.as_deref().unwrap_or_default();
                return Some(format!("ALTER {} {name}({signature}) RENAME TO {to}", kind.to_uppercase()));
            }
            _ => return None,
        };
        return Some(format!("ALTER {what} {name} RENAME TO {to}"));
    };
    let own = identifier(part);
    Some(match (kind.as_str(), object.kind.as_str()) {
        ("enum_value", "enum") => {
            let to = &to[1..to.len() - 1].replace("\"\"", "\"");
            format!("ALTER TYPE {name} RENAME VALUE {} TO {}", literal(part), literal(to))
        }
        ("column", "composite_type") => format!("ALTER TYPE {name} RENAME ATTRIBUTE {own} TO {to}"),
        ("column", _) => format!("ALTER TABLE {name} RENAME COLUMN {own} TO {to}"),
        ("check" | "not_null", "domain") => format!("ALTER DOMAIN {name} RENAME CONSTRAINT {own} TO {to}"),
        ("primary_key" | "unique" | "foreign_key" | "check" | "exclusion" | "not_null", _) => {
            format!("ALTER TABLE {name} RENAME CONSTRAINT {own} TO {to}")
        }
        ("index", _) => {
            let index = Name { name: part.clone(), signature: None, ..object.name.clone() };
            format!("ALTER INDEX {} RENAME TO {to}", qualified(&index))
        }
        (kind @ ("trigger" | "policy" | "rule"), _) => {
            format!("ALTER {} {own} ON {name} RENAME TO {to}", kind.to_uppercase())
        }
        _ => return None,
    })
}
