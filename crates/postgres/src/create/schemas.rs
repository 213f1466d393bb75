//! Schemas.

use driftlock_database::CreateError;
use driftlock_schema::{Id, Name, Object, Schema};

use super::facets::Defaults;
use super::{Rank, Steps, qualified};

/// `public` is there already.
const PUBLIC: &str = "public";

pub(super) fn schema(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, name) = (object.id(), qualified(&object.name));
    let words = format!("SCHEMA {name}");
    if object.name.name != PUBLIC {
        steps.add(&id, Rank::Schema, format!("CREATE {words}"));
        steps.facets(&id, &words, &object.attributes, Defaults::OwnerAlone);
        return Ok(());
    }
    if let Some(owner) = object.attributes.text("owner") {
        steps.owner(&id, &words, owner);
    }
    steps.comment(&id, &words, &object.attributes);
    if object.attributes.get("grants").is_some() {
        // What a new database grants on it.
        steps.add(&id, Rank::Grant, format!("REVOKE ALL ON {words} FROM PUBLIC"));
        steps.grants(&id, &words, &object.attributes, Defaults::OwnerAlone);
    }
    Ok(())
}

/// A new database has a schema `public`; one from which it was dropped has none.
pub(super) fn without_public(schema: &Schema, steps: &mut Steps) {
    let id = Id::new("schema", Name::new(PUBLIC));
    let is_used = schema.objects().any(|object| object.name.schema.as_deref() == Some(PUBLIC));
    if schema.get(&id).is_none() && !is_used {
        steps.add(&id, Rank::Schema, format!("DROP SCHEMA \"{PUBLIC}\""));
    }
}
