//! What takes away an object, or a part of one.

use driftlock_schema::{Name, Object, Part, SELF};

use crate::create::facets::role;
use crate::create::qualified;
use crate::sql::identifier;

/// What an object is called by in `DROP`, `ALTER` and `COMMENT`: `TABLE "public"."users"`. Nothing for what is only granted.
pub(super) fn words(object: &Object) -> Option<String> {
    let (name, say) = (qualified(&object.name), &object.attributes);
    let signature = object.name.signature.as_deref().unwrap_or_default();
    Some(match object.kind.as_str() {
        "default_privileges" => return None,
        "composite_type" | "enum" | "range_type" => format!("TYPE {name}"),
        "function" => format!("FUNCTION {name}({signature})"),
        "procedure" => format!("PROCEDURE {name}({signature})"),
        "aggregate" => format!("AGGREGATE {name}({})", say.text("arguments").unwrap_or("*")),
        "cast" => format!("CAST ({})", object.name.name),
        "operator" => {
            let schema = object.name.schema.as_deref().unwrap_or_default();
            let (left, right) = (say.text("left").unwrap_or("NONE"), say.text("right").unwrap_or("NONE"));
            format!("OPERATOR {}.{} ({left}, {right})", identifier(schema), object.name.name)
        }
        "operator_class" => format!("OPERATOR CLASS {name} USING {}", identifier(signature)),
        "operator_family" => format!("OPERATOR FAMILY {name} USING {}", identifier(signature)),
        "transform" => format!("TRANSFORM FOR {} LANGUAGE {}", object.name.name, identifier(signature)),
        "user_mapping" => {
            let user = if signature == SELF { role(SELF) } else { role(signature) };
            format!("USER MAPPING FOR {user} SERVER {}", identifier(&object.name.name))
        }
        kind => format!("{} {name}", kind.replace('_', " ").to_uppercase()),
    })
}

/// The statement that takes a part away.
pub(super) fn part(object: &Object, part: &Part) -> String {
    let (table, name) = (qualified(&object.name), identifier(&part.name));
    let alter = match object.kind.as_str() {
        "domain" => "ALTER DOMAIN",
        "foreign_table" => "ALTER FOREIGN TABLE",
        _ => "ALTER TABLE",
    };
    match part.kind.as_str() {
        "column" => format!("{alter} {table} DROP COLUMN {name}"),
        "index" => format!("DROP INDEX {}", qualified(&Name { name: part.name.clone(), ..object.name.clone() })),
        "trigger" => format!("DROP TRIGGER {name} ON {table}"),
        "rule" => format!("DROP RULE {name} ON {table}"),
        "policy" => format!("DROP POLICY {name} ON {table}"),
        _ => format!("{alter} {table} DROP CONSTRAINT {name}"),
    }
}
