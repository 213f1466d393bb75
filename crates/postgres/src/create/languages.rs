//! Languages, transforms, event triggers.

use driftlock_database::CreateError;
use driftlock_schema::{Object, Schema, Value};

use super::facets::Defaults;
use super::{Rank, Steps, needed, qualified};
use crate::sql::{identifier, literal};

pub(super) fn language(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, name, say) = (object.id(), qualified(&object.name), &object.attributes);
    let trusted = if say.flag("trusted") { "TRUSTED " } else { "" };
    let mut sql = format!("CREATE {trusted}LANGUAGE {name} HANDLER {}", needed(object, "handler")?);
    for (attribute, word) in [("inline", "INLINE"), ("validator", "VALIDATOR")] {
        sql.extend(say.text(attribute).map(|function| format!(" {word} {function}")));
    }
    steps.add(&id, Rank::Function, sql).requires(&object.requires);
    steps.facets(&id, &format!("LANGUAGE {name}"), say, Defaults::PublicToo);
    Ok(())
}

pub(super) fn transform(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, say) = (object.id(), &object.attributes);
    let language = identifier(object.name.signature.as_deref().unwrap_or_default());
    let words = format!("TRANSFORM FOR {} LANGUAGE {language}", object.name.name);
    let functions: Vec<String> = [("from_sql", "FROM"), ("to_sql", "TO")]
        .into_iter()
        .filter_map(|(attribute, word)| Some(format!("{word} SQL WITH FUNCTION {}", say.text(attribute)?)))
        .collect();
    steps.add(&id, Rank::Function, format!("CREATE {words} ({})", functions.join(", "))).requires(&object.requires);
    steps.comment(&id, &words, say);
    Ok(())
}

/// Event triggers act on what is made after them: they come last.
pub(super) fn event_trigger(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, name, say) = (object.id(), qualified(&object.name), &object.attributes);
    let tags: Vec<String> = say.list("tags").iter().filter_map(Value::as_text).map(literal).collect();
    let when = if tags.is_empty() { String::new() } else { format!(" WHEN TAG IN ({})", tags.join(", ")) };
    let sql = format!(
        "CREATE EVENT TRIGGER {name} ON {}{when} EXECUTE FUNCTION {}()",
        needed(object, "event")?,
        needed(object, "function")?
    );
    let words = format!("EVENT TRIGGER {name}");
    steps.add(&id, Rank::Last, sql).requires(&object.requires);
    if let Some(comment) = say.text("comment") {
        steps
            .add(&id, Rank::Last, format!("COMMENT ON {words} IS {}", literal(comment)))
            .says("comment", format!("COMMENT ON {words} IS NULL"));
    }
    if let Some(owner) = say.text("owner") {
        steps
            .add(&id, Rank::Last, format!("ALTER {words} OWNER TO {}", super::facets::role(owner)))
            .says("owner", format!("ALTER {words} OWNER TO CURRENT_USER"));
    }
    let enabled = match say.text("enabled") {
        Some("disabled") => Some("DISABLE"),
        Some("replica") => Some("ENABLE REPLICA"),
        Some("always") => Some("ENABLE ALWAYS"),
        _ => None,
    };
    if let Some(enabled) = enabled {
        steps.add(&id, Rank::Last, format!("ALTER {words} {enabled}")).says("state", format!("ALTER {words} ENABLE"));
    }
    Ok(())
}
