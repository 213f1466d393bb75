//! Collations, conversions between encodings, casts.

use driftlock_database::CreateError;
use driftlock_schema::{Object, Schema};

use super::facets::Defaults;
use super::{Rank, Steps, needed, qualified};
use crate::sql::literal;

pub(super) fn collation(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, name, say) = (object.id(), qualified(&object.name), &object.attributes);
    let mut options = vec![format!("PROVIDER = {}", say.text("provider").unwrap_or("libc"))];
    for (attribute, option) in
        [("locale", "LOCALE"), ("collate", "LC_COLLATE"), ("ctype", "LC_CTYPE"), ("rules", "RULES")]
    {
        options.extend(say.text(attribute).map(|value| format!("{option} = {}", literal(value))));
    }
    if say.flag("nondeterministic") {
        options.push("DETERMINISTIC = false".to_owned());
    }
    steps.add(&id, Rank::Type, format!("CREATE COLLATION {name} ({})", options.join(", "))).requires(&object.requires);
    steps.facets(&id, &format!("COLLATION {name}"), say, Defaults::OwnerAlone);
    Ok(())
}

pub(super) fn conversion(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, name, say) = (object.id(), qualified(&object.name), &object.attributes);
    let default = if say.flag("default") { "DEFAULT " } else { "" };
    let sql = format!(
        "CREATE {default}CONVERSION {name} FOR {} TO {} FROM {}",
        literal(needed(object, "from")?),
        literal(needed(object, "to")?),
        needed(object, "function")?
    );
    steps.add(&id, Rank::Function, sql).requires(&object.requires);
    steps.facets(&id, &format!("CONVERSION {name}"), say, Defaults::OwnerAlone);
    Ok(())
}

pub(super) fn cast(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, say) = (object.id(), &object.attributes);
    let words = format!("CAST ({})", object.name.name);
    let how = match say.text("function") {
        Some(function) => format!("WITH FUNCTION {function}"),
        None if say.flag("inout") => "WITH INOUT".to_owned(),
        None => "WITHOUT FUNCTION".to_owned(),
    };
    let context = say.text("context").map(|context| format!(" AS {}", context.to_uppercase())).unwrap_or_default();
    steps.add(&id, Rank::Function, format!("CREATE {words} {how}{context}")).requires(&object.requires);
    steps.comment(&id, &words, say);
    Ok(())
}
