//! Operators, their classes and families, and access methods.

use driftlock_database::CreateError;
use driftlock_schema::{Object, Schema, Value};

use super::facets::Defaults;
use super::{Rank, Steps, needed, qualified};
use crate::sql::identifier;

pub(super) fn access_method(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, name) = (object.id(), qualified(&object.name));
    let kind = if object.attributes.flag("for_tables") { "TABLE" } else { "INDEX" };
    let sql = format!("CREATE ACCESS METHOD {name} TYPE {kind} HANDLER {}", needed(object, "handler")?);
    steps.add(&id, Rank::Function, sql).requires(&object.requires);
    steps.comment(&id, &format!("ACCESS METHOD {name}"), &object.attributes);
    Ok(())
}

pub(super) fn operator(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, say) = (object.id(), &object.attributes);
    let schema = object.name.schema.as_deref().unwrap_or_default();
    // An operator's name stands without quotes.
    let name = format!("{}.{}", identifier(schema), object.name.name);
    let mut options = vec![format!("FUNCTION = {}", needed(object, "function")?)];
    for (attribute, option) in [("left", "LEFTARG"), ("right", "RIGHTARG"), ("restrict", "RESTRICT"), ("join", "JOIN")]
    {
        options.extend(say.text(attribute).map(|value| format!("{option} = {value}")));
    }
    for (attribute, option) in [("commutator", "COMMUTATOR"), ("negator", "NEGATOR")] {
        options.extend(say.text(attribute).map(|value| format!("{option} = OPERATOR({value})")));
    }
    for (flag, option) in [("hashes", "HASHES"), ("merges", "MERGES")] {
        if say.flag(flag) {
            options.push(option.to_owned());
        }
    }
    steps
        .add(&id, Rank::Function, format!("CREATE OPERATOR {name} ({})", options.join(", ")))
        .requires(&object.requires);
    let (left, right) = (say.text("left").unwrap_or("NONE"), say.text("right").unwrap_or("NONE"));
    steps.facets(&id, &format!("OPERATOR {name} ({left}, {right})"), say, Defaults::OwnerAlone);
    Ok(())
}

pub(super) fn family(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let id = object.id();
    let words = format!("OPERATOR FAMILY {} USING {}", qualified(&object.name), method(object));
    steps.add(&id, Rank::Function, format!("CREATE {words}"));
    let members = members(object);
    if !members.is_empty() {
        // Its classes come before what it has beyond them.
        steps.add(&id, Rank::Function, format!("ALTER {words} ADD {}", members.join(", "))).requires(&object.requires);
    }
    steps.facets(&id, &words, &object.attributes, Defaults::OwnerAlone);
    Ok(())
}

pub(super) fn class(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, say) = (object.id(), &object.attributes);
    let (name, method) = (qualified(&object.name), method(object));
    let default = if say.flag("default") { " DEFAULT" } else { "" };
    let kind = needed(object, "type")?;
    let family = say.text("family").map_or_else(|| name.clone(), str::to_owned);
    let mut members = members(object);
    members.extend(say.text("storage").map(|kind| format!("STORAGE {kind}")));
    if members.is_empty() {
        // It has to have something: its own type is what it stores anyway.
        members.push(format!("STORAGE {kind}"));
    }
    let sql = format!(
        "CREATE OPERATOR CLASS {name}{default} FOR TYPE {kind} USING {method} FAMILY {family} AS {}",
        members.join(", ")
    );
    steps.add(&id, Rank::Function, sql).requires(&object.requires);
    steps.facets(&id, &format!("OPERATOR CLASS {name} USING {method}"), say, Defaults::OwnerAlone);
    Ok(())
}

fn method(object: &Object) -> String {
    identifier(object.name.signature.as_deref().unwrap_or_default())
}

fn members(object: &Object) -> Vec<String> {
    let text = |item: &Value, key: &str| item.get(key).map(ToString::to_string).unwrap_or_default();
    let operator = |item: &Value| {
        let order = item.get("order_by").map(|family| format!(" FOR ORDER BY {family}")).unwrap_or_default();
        format!("OPERATOR {} {}{order}", text(item, "number"), text(item, "operator"))
    };
    let function =
        |item: &Value| format!("FUNCTION {} ({}) {}", text(item, "number"), text(item, "for"), text(item, "function"));
    let say = &object.attributes;
    say.list("operators").iter().map(operator).chain(say.list("functions").iter().map(function)).collect()
}
