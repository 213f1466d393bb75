//! What is elsewhere: foreign data wrappers, servers, user mappings, and what makes a table a foreign one.

use driftlock_database::CreateError;
use driftlock_schema::{Id, Name, Object, Schema, Value};

use super::facets::{Defaults, role};
use super::{Rank, Steps, needed, qualified};
use crate::sql::{identifier, literal};

pub(super) fn wrapper(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, name, say) = (object.id(), qualified(&object.name), &object.attributes);
    let words = format!("FOREIGN DATA WRAPPER {name}");
    let mut sql = format!("CREATE {words}");
    for (attribute, word) in [("handler", "HANDLER"), ("validator", "VALIDATOR")] {
        sql.extend(say.text(attribute).map(|function| format!(" {word} {function}")));
    }
    sql.push_str(&options(say.get("options")));
    steps.add(&id, Rank::Function, sql).requires(&object.requires);
    steps.facets(&id, &words, say, Defaults::OwnerAlone);
    Ok(())
}

pub(super) fn server(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, name, say) = (object.id(), qualified(&object.name), &object.attributes);
    let mut sql = format!("CREATE SERVER {name}");
    for (attribute, word) in [("type", "TYPE"), ("version", "VERSION")] {
        sql.extend(say.text(attribute).map(|value| format!(" {word} {}", literal(value))));
    }
    sql.push_str(&format!(
        " FOREIGN DATA WRAPPER {}{}",
        identifier(needed(object, "wrapper")?),
        options(say.get("options"))
    ));
    steps.add(&id, Rank::Function, sql).requires(&object.requires);
    let words = format!("SERVER {name}");
    if let Some(owner) = say.text("owner") {
        steps.owner(&id, &words, owner);
    }
    steps.comment(&id, &words, say);
    // Grants call it by its whole name.
    steps.grants(&id, &format!("FOREIGN {words}"), say, Defaults::OwnerAlone);
    Ok(())
}

pub(super) fn user_mapping(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let id = object.id();
    let user = role(object.name.signature.as_deref().unwrap_or_default());
    let sql = format!(
        "CREATE USER MAPPING FOR {user} SERVER {}{}",
        identifier(&object.name.name),
        options(object.attributes.get("options"))
    );
    let server = Id::new("server", Name::new(&object.name.name));
    steps.add(&id, Rank::Function, sql).requires(&object.requires).requires([&server]);
    Ok(())
}

/// What follows the columns of a foreign table.
pub(super) fn of_table(object: &Object) -> Result<String, CreateError> {
    let server = identifier(needed(object, "server")?);
    Ok(format!(" SERVER {server}{}", options(object.attributes.get("foreign_options"))))
}

/// Options as foreign objects have them.
pub(super) fn options(options: Option<&Value>) -> String {
    let Some(Value::Map(map)) = options else { return String::new() };
    let option = |(name, value): (&String, &Value)| format!("{} {}", identifier(name), literal(&value.to_string()));
    format!(" OPTIONS ({})", map.iter().map(option).collect::<Vec<_>>().join(", "))
}
