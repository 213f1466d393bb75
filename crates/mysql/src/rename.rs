//! Other names for what is there. Checks, triggers, routines and foreign keys have no statement for that.

use driftlock_database::Rename;

use crate::parse::quote;

/// See [`Engine::rename`](driftlock_database::Engine::rename).
pub(crate) fn statement(Rename { object, part, to }: &Rename) -> Option<String> {
    let (name, to) = (quote(&object.name.name), quote(to));
    match (object.kind.as_str(), part.as_ref().map(|(kind, part)| (kind.as_str(), quote(part)))) {
        ("table" | "view" | "sequence", None) => Some(format!("RENAME TABLE {name} TO {to}")),
        ("event", None) => Some(format!("ALTER EVENT {name} RENAME TO {to}")),
        ("table", Some(("column", part))) => Some(format!("ALTER TABLE {name} RENAME COLUMN {part} TO {to}")),
        ("table", Some(("index" | "unique", part))) => Some(format!("ALTER TABLE {name} RENAME INDEX {part} TO {to}")),
        _ => None,
    }
}
