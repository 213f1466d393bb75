//! What every kind has in the same place: comments, and what requires what.

use super::reading::oid;
use super::{Address, Source};

/// The comments. Those of schemas and extensions are read with them.
pub(super) const COMMENTS: Source = Source {
    sql: |_| {
        "SELECT d.classoid, d.objoid, d.objsubid, d.description FROM pg_catalog.pg_description d \
         WHERE {user d.objoid} AND d.classoid NOT IN ('pg_catalog.pg_namespace'::pg_catalog.regclass, 'pg_catalog.pg_extension'::pg_catalog.regclass) \
         AND {of d.objoid pg_description}"
            .to_owned()
    },
    read: |reading, row| {
        let at =
            Address { catalog: oid(&row, 0)?, object: oid(&row, 1)?, column: row.parsed(2, |text| text.parse().ok())? };
        let comment = row.text(3)?;
        match reading.attributes(at) {
            Some(attributes) => attributes.set("comment", comment),
            None => reading.comment_on_other(at, comment),
        }
        Ok(())
    },
};

/// What requires what, among users' objects. An object's schema is in its name. What goes with a column of its own table, or with the table of a
/// constraint (`a`), is a part of it, and what a trigger is for that a foreign key has made (`i`), nothing that was read: most rows are such.
pub(super) const DEPENDENCIES: Source = Source {
    sql: |_| {
        // As another type it is no reason to go through an index by it: of some relations that is all of it.
        "SELECT d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid FROM pg_catalog.pg_depend d \
         WHERE {user d.objid} AND d.refobjid::int8 >= 16384 AND d.refclassid <> 'pg_catalog.pg_namespace'::pg_catalog.regclass \
         AND NOT (d.deptype = 'a' AND (d.classid IN (2604, 2606) OR (d.classid = 1259 AND d.refobjsubid <> 0))) \
         AND NOT (d.deptype = 'i' AND d.classid = 2620) AND {of d.objid}"
            .to_owned()
    },
    read: |reading, row| {
        let column = |at| row.parsed(at, |text| text.parse().ok());
        let at = Address { catalog: oid(&row, 0)?, object: oid(&row, 1)?, column: column(2)? };
        let on = Address { catalog: oid(&row, 3)?, object: oid(&row, 4)?, column: column(5)? };
        reading.requires(at, on);
        Ok(())
    },
};
