//! Collations, conversions between encodings, casts.

use driftlock_schema::{Name, Object};

use super::reading::oid;
use super::{Address, Source, catalog, since};

pub(super) const COLLATIONS: Source = Source {
    sql: |major| {
        // ICU's locale is where the others' are, until it has a column, which another name is given to later.
        let locale = match major {
            0..15 => "CASE WHEN c.collprovider = 'i' THEN c.collcollate::text END",
            15..17 => "c.colliculocale::text",
            _ => "c.colllocale::text",
        };
        let rules = since(major, 16, "c.collicurules", "NULL::text");
        let mine = if major < 15 { "CASE WHEN c.collprovider <> 'i' THEN {}::text END" } else { "{}::text" };
        let (collate, ctype) = (mine.replace("{}", "c.collcollate"), mine.replace("{}", "c.collctype"));
        format!(
            "SELECT c.oid, n.nspname, c.collname, c.collowner, c.collprovider, {locale}, {collate}, {ctype}, {rules}, c.collisdeterministic \
             FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace WHERE {{users}}"
        )
    },
    read: |reading, row| {
        let mut object = Object::new("collation", Name::within(row.text(1)?, row.text(2)?));
        let say = &mut object.attributes;
        say.set_some("owner", reading.owner(oid(&row, 3)?));
        let provider = row.text(4)?;
        match provider.as_str() {
            "c" => {}
            "i" => say.set("provider", "icu"),
            "b" => say.set("provider", "builtin"),
            _ => say.set("provider", provider),
        }
        say.set_some("locale", row.maybe(5)?);
        say.set_some("collate", row.maybe(6)?);
        say.set_some("ctype", row.maybe(7)?);
        say.set_some("rules", row.maybe(8)?);
        say.set_flag("nondeterministic", !row.yes(9)?);
        reading.object(Address::read(catalog::COLLATION, &row, 0)?, object);
        Ok(())
    },
};

pub(super) const CONVERSIONS: Source = Source {
    sql: |_| {
        "SELECT c.oid, n.nspname, c.conname, c.conowner, pg_catalog.pg_encoding_to_char(c.conforencoding), \
         pg_catalog.pg_encoding_to_char(c.contoencoding), c.conproc::pg_catalog.regproc::text, c.condefault \
         FROM pg_catalog.pg_conversion c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace WHERE {users}"
            .to_owned()
    },
    read: |reading, row| {
        let mut object = Object::new("conversion", Name::within(row.text(1)?, row.text(2)?))
            .with("from", row.text(4)?)
            .with("to", row.text(5)?)
            .with("function", row.text(6)?);
        object.attributes.set_some("owner", reading.owner(oid(&row, 3)?));
        object.attributes.set_flag("default", row.yes(7)?);
        reading.object(Address::read(catalog::CONVERSION, &row, 0)?, object);
        Ok(())
    },
};

/// A cast is called by what it is between: `integer AS text`.
pub(super) const CASTS: Source = Source {
    sql: |_| {
        "SELECT c.oid, pg_catalog.format_type(c.castsource, NULL) || ' AS ' || pg_catalog.format_type(c.casttarget, NULL), \
         nullif(c.castfunc, 0)::pg_catalog.regprocedure::text, c.castmethod, c.castcontext FROM pg_catalog.pg_cast c WHERE c.oid >= 16384 \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass AND d.objid = c.oid \
         AND d.deptype = 'i')"
            .to_owned()
    },
    read: |reading, row| {
        let mut object = Object::new("cast", Name::new(row.text(1)?));
        object.attributes.set_some("function", row.maybe(2)?);
        object.attributes.set_flag("inout", row.optional(3)? == Some("i"));
        match row.optional(4)? {
            Some("a") => object.attributes.set("context", "assignment"),
            Some("i") => object.attributes.set("context", "implicit"),
            _ => {}
        }
        reading.object(Address::read(catalog::CAST, &row, 0)?, object);
        Ok(())
    },
};
