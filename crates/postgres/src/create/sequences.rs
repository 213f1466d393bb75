//! Sequences.

use driftlock_database::CreateError;
use driftlock_schema::{Attributes, Object, Schema};

use super::facets::Defaults;
use super::relations::name_of;
use super::{Rank, Steps, qualified};
use crate::sql::identifier;

pub(super) fn sequence(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, name, say) = (object.id(), qualified(&object.name), &object.attributes);
    let unlogged = if say.flag("unlogged") { "UNLOGGED " } else { "" };
    let mut words = vec![format!("CREATE {unlogged}SEQUENCE {name}")];
    words.extend(say.text("type").map(|data_type| format!("AS {data_type}")));
    words.extend(options(say));
    steps.add(&id, Rank::Sequence, words.join(" ")).requires(&object.requires);
    steps.facets(&id, &format!("SEQUENCE {name}"), say, Defaults::OwnerAlone);
    if let Some(owned) = say.get("owned_by") {
        let column = owned.get("column").and_then(driftlock_schema::Value::as_text).unwrap_or_default();
        let sql = format!("ALTER SEQUENCE {name} OWNED BY {}.{}", qualified(&name_of(owned)), identifier(column));
        steps.add(&id, Rank::Owned, sql).says("owned_by", format!("ALTER SEQUENCE {name} OWNED BY NONE"));
    }
    Ok(())
}

/// What isn't as usual, as in CREATE SEQUENCE and in an identity column.
pub(super) fn options(say: &Attributes) -> Vec<String> {
    let numbers = [
        ("increment", "INCREMENT BY"),
        ("minimum", "MINVALUE"),
        ("maximum", "MAXVALUE"),
        ("start", "START WITH"),
        ("cache", "CACHE"),
    ];
    let mut options: Vec<String> = (numbers.iter())
        .filter_map(|(name, words)| say.number(name).map(|number| format!("{words} {number}")))
        .collect();
    if say.flag("cycle") {
        options.push("CYCLE".to_owned());
    }
    options
}
