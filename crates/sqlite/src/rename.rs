//! Other names for what is there: tables and columns alone have a statement for that. Views and triggers that speak of them follow.

use driftlock_database::Rename;

use crate::settings::quote;

/// See [`Engine::rename`](driftlock_database::Engine::rename).
pub(crate) fn statement(Rename { object, part, to }: &Rename) -> Option<String> {
    let (name, to) = (quote(&object.name.name), quote(to));
    match (object.kind.as_str(), part.as_ref().map(|(kind, part)| (kind.as_str(), quote(part)))) {
        ("table", None) => Some(format!("ALTER TABLE {name} RENAME TO {to}")),
        ("table", Some(("column", part))) => Some(format!("ALTER TABLE {name} RENAME COLUMN {part} TO {to}")),
        _ => None,
    }
}
