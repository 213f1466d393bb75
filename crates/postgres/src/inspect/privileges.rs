//! Default privileges, and labels of security modules by name.

use driftlock_schema::{Id, Name, Object, Value};

use super::reading::oid;
use super::{Address, Source, catalog};

/// What is granted on objects that are yet to be made: called by what kind they are, in which schema if in one, and by whom they are made.
pub(super) const DEFAULT_PRIVILEGES: Source = Source {
    sql: |_| {
        "SELECT d.oid, n.nspname, d.defaclobjtype, d.defaclrole, d.defaclacl::text FROM pg_catalog.pg_default_acl d \
         LEFT JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace"
            .to_owned()
    },
    read: |reading, row| {
        let (schema, role) = (row.maybe(1)?, oid(&row, 3)?);
        let (on, letter) = match row.optional(2)? {
            Some("S") => ("sequences", 's'),
            Some("f") => ("functions", 'f'),
            Some("T") => ("types", 'T'),
            Some("n") => ("schemas", 'n'),
            Some("L") => ("large objects", 'L'),
            _ => ("tables", 'r'),
        };
        // In one schema they come on top of those everywhere.
        let letter = if schema.is_some() { NOTHING } else { letter };
        let grants = reading.grants(letter, role, row.optional(4)?);
        let name = Name { schema, name: on.to_owned(), signature: Some(reading.role_name(role)) };
        let object = Object::new("default_privileges", name).with("grants", grants.unwrap_or(Value::List(Vec::new())));
        reading.object(Address::read(catalog::DEFAULT_ACL, &row, 0)?, object);
        Ok(())
    },
};

/// A kind on which nothing is granted by default.
const NOTHING: char = '-';

/// Labels that security modules give meaning to: without the module they can't be given.
pub(super) const SECURITY_LABELS: Source = Source {
    sql: |_| "SELECT s.provider, s.classoid, s.objoid, nullif(s.objsubid, 0) FROM pg_catalog.pg_seclabel s".to_owned(),
    read: |reading, row| {
        let at = Address::new(oid(&row, 1)?, oid(&row, 2)?);
        let Some(object) = reading.get(at).filter(|_| !reading.is_member(at)) else { return Ok(()) };
        let column = row.optional(3)?.map(|column| format!(" {column}")).unwrap_or_default();
        let name = Name::new(format!("{}{column} on {}", row.text(0)?, object.id()));
        reading
            .unmodelled(Id::new("security_label", name), "a label is only taken where its security module is loaded");
        Ok(())
    },
};
