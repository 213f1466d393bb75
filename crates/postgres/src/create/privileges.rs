//! Default privileges.

use driftlock_database::CreateError;
use driftlock_schema::{Object, SELF, Schema, Value};

use super::facets::role;
use super::{Rank, Steps};
use crate::inspect::PUBLIC;
use crate::sql::identifier;

/// They act on what is made after them: they come last.
pub(super) fn default_privileges(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, say) = (object.id(), &object.attributes);
    let owner = object.name.signature.as_deref().unwrap_or(SELF);
    let on = object.name.name.to_uppercase();
    let mut alter = "ALTER DEFAULT PRIVILEGES".to_owned();
    if owner != SELF {
        alter.push_str(&format!(" FOR ROLE {}", role(owner)));
    }
    if let Some(schema) = &object.name.schema {
        alter.push_str(&format!(" IN SCHEMA {}", identifier(schema)));
    }
    let is_everywhere = object.name.schema.is_none();
    let has_public = matches!(object.name.name.as_str(), "functions" | "types");
    let mut add = |sql: String| {
        steps.add(&id, Rank::Last, format!("{alter} {sql}")).requires(&object.requires);
    };
    for item in say.list("grants") {
        let names = |key: &str| -> Vec<&str> {
            item.get(key).map(Value::items).unwrap_or_default().iter().filter_map(Value::as_text).collect()
        };
        let Some(grantee) = item.get("grantee").and_then(Value::as_text) else { continue };
        let (all, grantable) = (names("privileges"), names("grantable"));
        let to = role(grantee);
        // What it has by default goes first.
        if is_everywhere && (grantee == owner || (grantee == PUBLIC && has_public)) {
            add(format!("REVOKE ALL ON {on} FROM {to}"));
        }
        let plain: Vec<&str> = all.iter().copied().filter(|it| !grantable.contains(it)).collect();
        if !plain.is_empty() {
            add(format!("GRANT {} ON {on} TO {to}", plain.join(", ")));
        }
        if !grantable.is_empty() {
            add(format!("GRANT {} ON {on} TO {to} WITH GRANT OPTION", grantable.join(", ")));
        }
    }
    Ok(())
}
