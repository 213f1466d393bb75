//! Extensions. What they brought is theirs: it is neither read nor made.

use driftlock_schema::{Id, Name, Object};

use super::reading::oid;
use super::{Address, Source, catalog};

/// Of the comment, only what isn't as the extension brings it is said. An empty one is one that was taken away.
pub(super) const EXTENSIONS: Source = Source {
    sql: |_| {
        "SELECT x.oid, x.extname, x.extversion, n.nspname, d.description, \
         (SELECT a.comment FROM pg_catalog.pg_available_extensions a WHERE a.name = x.extname) \
         FROM pg_catalog.pg_extension x JOIN pg_catalog.pg_namespace n ON n.oid = x.extnamespace \
         LEFT JOIN pg_catalog.pg_description d \
         ON d.objoid = x.oid AND d.classoid = 'pg_catalog.pg_extension'::pg_catalog.regclass WHERE x.oid >= 16384"
            .to_owned()
    },
    read: |reading, row| {
        let mut extension = Object::new("extension", Name::new(row.text(1)?))
            .with("version", row.text(2)?)
            .with("schema", row.text(3)?);
        let (comment, brought) = (row.maybe(4)?, row.maybe(5)?);
        if comment != brought {
            extension.attributes.set("comment", comment.unwrap_or_default());
        }
        reading.object(Address::read(catalog::EXTENSION, &row, 0)?, extension);
        Ok(())
    },
};

/// Members on which something is granted that the extension's script doesn't grant.
pub(super) const MEMBER_GRANTS: Source = Source {
    sql: |_| {
        let of = |catalog: &str, list: &str, kind: &str| {
            format!(
                "SELECT e.extname, pg_catalog.pg_describe_object(d.classid, d.objid, 0) FROM pg_catalog.pg_depend d \
                 JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid JOIN pg_catalog.{catalog} o ON o.oid = d.objid \
                 LEFT JOIN pg_catalog.pg_init_privs i ON i.classoid = d.classid AND i.objoid = d.objid AND i.objsubid = 0 \
                 WHERE d.deptype = 'e' AND d.classid = 'pg_catalog.{catalog}'::pg_catalog.regclass AND d.objid >= 16384 \
                 AND o.{list} IS DISTINCT FROM i.initprivs AND o.{list} IS NOT NULL \
                 AND NOT (i.initprivs IS NULL AND o.{list} = {kind})"
            )
        };
        [
            of(
                "pg_class",
                "relacl",
                "pg_catalog.acldefault(CASE o.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\", o.relowner)",
            ),
            of("pg_proc", "proacl", "pg_catalog.acldefault('f', o.proowner)"),
            of("pg_type", "typacl", "pg_catalog.acldefault('T', o.typowner)"),
        ]
        .join(" UNION ALL ")
    },
    read: |reading, row| {
        let what = format!("{} of {}", row.text(1)?, row.text(0)?);
        reading.unmodelled(
            Id::new("grants", Name::new(what)),
            "it belongs to an extension, whose script doesn't grant this",
        );
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
