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
    // It brings a comment, so only another one is said; what it brings is in its control file, which the server alone reads.
    if let Some(comment) = object.attributes.text("comment") {
        let brought = format!(
            "DO $do$ BEGIN EXECUTE (SELECT pg_catalog.format('COMMENT ON EXTENSION %I IS %L', name, comment) \
             FROM pg_catalog.pg_available_extensions WHERE name = {}); END $do$",
            literal(&object.name.name)
        );
        steps
            .add(&id, Rank::Comment, format!("COMMENT ON EXTENSION {name} IS {}", literal(comment)))
            .says("comment", brought);
    }
    Ok(())
}
