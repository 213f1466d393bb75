//! Extensions.

use driftlock_database::CreateError;
use driftlock_schema::{Id, Name, Object, Schema};

use super::{Rank, Steps, needed, qualified};
use crate::sql::{identifier, literal};

pub(super) fn extension(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, name) = (object.id(), qualified(&object.name));
    let (schema, version) = (needed(object, "schema")?, needed(object, "version")?);
    // One that insists on a schema of its own makes it, if it isn't there.
    let sql = format!("CREATE EXTENSION {name} WITH SCHEMA {} VERSION {}", identifier(schema), literal(version));
    steps.add(&id, Rank::Extension, sql).requires(&object.requires).requires([&Id::new("schema", Name::new(schema))]);
    steps.comment(&id, &format!("EXTENSION {name}"), &object.attributes);
    Ok(())
}
