//! Schemas.

use driftlock_schema::{Name, Object, Value};

use super::reading::oid;
use super::{Address, Source, catalog};

/// The comment that every new database has on `public`.
const STANDARD_COMMENT: &str = "standard public schema";

/// Of `public`, which is there in every new database, only what isn't as it is there is said: the role that made the server counts as the
/// database's own, and what was granted then as the default. An empty list of grants, or an empty comment, is one that was taken away.
pub(super) const SCHEMAS: Source = Source {
    sql: |_| {
        "SELECT n.oid, n.nspname, n.nspowner, n.nspacl::text, n.nspname = 'public', d.description \
         FROM pg_catalog.pg_namespace n LEFT JOIN pg_catalog.pg_description d \
         ON d.objoid = n.oid AND d.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass WHERE {users}"
            .to_owned()
    },
    read: |reading, row| {
        let (owner, is_public) = (oid(&row, 2)?, row.yes(4)?);
        let mut schema = Object::new("schema", Name::new(row.text(1)?));
        if !is_public || owner != BOOTSTRAP {
            schema.attributes.set_some("owner", reading.owner(owner));
        }
        let grants = reading.grants('n', owner, row.optional(3)?);
        let comment = row.maybe(5)?;
        if is_public {
            let standard = if reading.major >= 15 { "{o=UC/o,=U/o}" } else { "{o=UC/o,=UC/o}" };
            let standard = reading.grants_of('n', "o", Some(standard));
            if grants != standard {
                schema.attributes.set("grants", grants.unwrap_or(Value::List(Vec::new())));
            }
            if comment.as_deref() != Some(STANDARD_COMMENT) {
                schema.attributes.set("comment", comment.unwrap_or_default());
            }
        } else {
            schema.attributes.set_some("grants", grants);
            schema.attributes.set_some("comment", comment);
        }
        reading.object(Address::read(catalog::NAMESPACE, &row, 0)?, schema);
        Ok(())
    },
};

/// The role that made the server.
const BOOTSTRAP: u32 = 10;
