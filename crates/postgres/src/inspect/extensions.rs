//! Extensions. What they brought is theirs: it is neither read nor made.

use driftlock_schema::{Name, Object};

use super::reading::oid;
use super::{Address, Source, catalog};

pub(super) const EXTENSIONS: Source = Source {
    sql: |_| {
        "SELECT x.oid, x.extname, x.extversion, n.nspname FROM pg_catalog.pg_extension x \
         JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace WHERE x.oid >= 16384"
            .to_owned()
    },
    read: |reading, row| {
        let extension = Object::new("extension", Name::new(row.text(1)?))
            .with("version", row.text(2)?)
            .with("schema", row.text(3)?);
        reading.object(Address::read(catalog::EXTENSION, &row, 0)?, extension);
        Ok(())
    },
};

/// What requires a member requires the extension, and an extension requires its schema.
pub(super) const MEMBERS: Source = Source {
    sql: |_| {
        "SELECT d.classid, d.objid, d.refobjid FROM pg_catalog.pg_depend d \
         WHERE d.deptype = 'e' AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass"
            .to_owned()
    },
    read: |reading, row| {
        let member = Address::new(oid(&row, 0)?, oid(&row, 1)?);
        reading.alias(member, Address::read(catalog::EXTENSION, &row, 2)?);
        Ok(())
    },
};
