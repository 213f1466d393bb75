//! Types: enums, domains, composite types, ranges.

use driftlock_database::CreateError;
use driftlock_schema::{Object, Schema, Value};

use super::facets::Defaults;
use super::{Rank, Steps, needed, qualified};
use crate::sql::{identifier, literal};

pub(super) fn enumeration(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let labels: Vec<String> = object.attributes.list("labels").iter().filter_map(Value::as_text).map(literal).collect();
    made(object, steps, &format!("AS ENUM ({})", labels.join(", ")));
    Ok(())
}

pub(super) fn composite(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let field = |field: &driftlock_schema::Part| {
        let say = &field.attributes;
        let collation = say.text("collation").map(|collation| format!(" COLLATE {collation}")).unwrap_or_default();
        format!("{} {}{collation}", identifier(&field.name), say.text("type").unwrap_or_default())
    };
    let fields: Vec<String> = object.parts_of("column").map(field).collect();
    let name = qualified(&object.name);
    let id = object.id();
    let required = object.parts.iter().flat_map(|part| &part.requires);
    steps
        .add(&id, Rank::Type, format!("CREATE TYPE {name} AS ({})", fields.join(", ")))
        .requires(&object.requires)
        .requires(required);
    steps.facets(&id, &format!("TYPE {name}"), &object.attributes, Defaults::PublicToo);
    for field in object.parts_of("column") {
        steps.about(Some(field));
        steps.comment(&id, &format!("COLUMN {name}.{}", identifier(&field.name)), &field.attributes);
    }
    steps.about(None);
    Ok(())
}

pub(super) fn range(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let mut options = vec![format!("SUBTYPE = {}", needed(object, "subtype")?)];
    for (attribute, option) in [
        ("subtype_operator_class", "SUBTYPE_OPCLASS"),
        ("collation", "COLLATION"),
        ("canonical", "CANONICAL"),
        ("subtype_diff", "SUBTYPE_DIFF"),
        ("multirange", "MULTIRANGE_TYPE_NAME"),
    ] {
        options.extend(object.attributes.text(attribute).map(|value| format!("{option} = {value}")));
    }
    made(object, steps, &format!("AS RANGE ({})", options.join(", ")));
    Ok(())
}

fn made(object: &Object, steps: &mut Steps, what: &str) {
    let (id, name) = (object.id(), qualified(&object.name));
    steps.add(&id, Rank::Type, format!("CREATE TYPE {name} {what}")).requires(&object.requires);
    steps.facets(&id, &format!("TYPE {name}"), &object.attributes, Defaults::PublicToo);
}

pub(super) fn domain(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, name, say) = (object.id(), qualified(&object.name), &object.attributes);
    let mut sql = format!("CREATE DOMAIN {name} AS {}", needed(object, "type")?);
    if let Some(collation) = say.text("collation") {
        sql.push_str(&format!(" COLLATE {collation}"));
    }
    if let Some(default) = say.text("default") {
        sql.push_str(&format!(" DEFAULT {default}"));
    }
    if say.flag("not_null") {
        if let Some(constraint) = say.text("not_null_name") {
            sql.push_str(&format!(" CONSTRAINT {}", identifier(constraint)));
        }
        sql.push_str(" NOT NULL");
    }
    steps.add(&id, Rank::Type, sql).requires(&object.requires);
    for check in object.parts_of("check") {
        steps.about(Some(check));
        let (constraint, say) = (identifier(&check.name), &check.attributes);
        let not_valid = if say.flag("not_valid") { " NOT VALID" } else { "" };
        let expression = say.text("expression").unwrap_or_default();
        let sql = format!("ALTER DOMAIN {name} ADD CONSTRAINT {constraint} CHECK ({expression}){not_valid}");
        steps.part(&id, check, Rank::Type, sql);
        steps.comment(&id, &format!("CONSTRAINT {constraint} ON DOMAIN {name}"), say);
    }
    steps.about(None);
    steps.facets(&id, &format!("DOMAIN {name}"), say, Defaults::PublicToo);
    Ok(())
}
