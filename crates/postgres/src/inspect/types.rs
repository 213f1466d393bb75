//! Types: enums, domains, composite types, ranges.

use driftlock_schema::{Id, Name, Object, Part};

use super::grants::elements;
use super::reading::oid;
use super::{Address, Source, catalog, since};

pub(super) const TYPES: Source = Source {
    sql: |major| {
        let (multirange, multirange_schema) = (
            since(major, 14, "m.typname", "NULL::name"),
            since(
                major,
                14,
                "(SELECT s.nspname FROM pg_catalog.pg_namespace s WHERE s.oid = m.typnamespace)",
                "NULL::name",
            ),
        );
        let (joined, multirange_type, multirange_array) = (
            since(major, 14, "LEFT JOIN pg_catalog.pg_type m ON m.oid = r.rngmultitypid", ""),
            since(major, 14, "m.oid", "NULL::oid"),
            since(major, 14, "m.typarray", "NULL::oid"),
        );
        // A relation's rows have a type too, which is that relation's; so has every type an array.
        format!(
            "SELECT t.oid, n.nspname, t.typname, t.typtype, t.typowner, t.typacl::text, t.typarray, t.typrelid, \
             CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END, t.typnotnull, \
             CASE WHEN t.typtype = 'd' THEN pg_catalog.pg_get_expr(t.typdefaultbin, 0) END, \
             CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation THEN t.typcollation::pg_catalog.regcollation::text END, \
             ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder)::text, \
             pg_catalog.format_type(r.rngsubtype, NULL), \
             CASE WHEN NOT o.opcdefault THEN pg_catalog.format('%I.%I', os.nspname, o.opcname) END, \
             CASE WHEN r.rngcollation <> u.typcollation THEN r.rngcollation::pg_catalog.regcollation::text END, \
             nullif(r.rngcanonical, 0)::pg_catalog.regproc::text, nullif(r.rngsubdiff, 0)::pg_catalog.regproc::text, \
             {multirange}, {multirange_schema}, {multirange_type}, {multirange_array}, t.typisdefined \
             FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
             LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid \
             LEFT JOIN pg_catalog.pg_range r ON r.rngtypid = t.oid LEFT JOIN pg_catalog.pg_type u ON u.oid = r.rngsubtype \
             LEFT JOIN pg_catalog.pg_opclass o ON o.oid = r.rngsubopc LEFT JOIN pg_catalog.pg_namespace os ON os.oid = o.opcnamespace {joined} \
             WHERE t.typtype IN ('b', 'c', 'd', 'e', 'p', 'r') AND (c.oid IS NULL OR c.relkind = 'c') AND {{users}} \
             AND t.oid NOT IN (SELECT a.typarray FROM pg_catalog.pg_type a)"
        )
    },
    read: |reading, row| {
        let at = Address::read(catalog::TYPE, &row, 0)?;
        let name = Name::within(row.text(1)?, row.text(2)?);
        let kind = match row.optional(3)? {
            Some("e") => "enum",
            Some("d") => "domain",
            Some("c") => "composite_type",
            Some("r") => "range_type",
            _ => {
                if !reading.is_member(at) {
                    let why = if row.yes(22)? {
                        "a base type is made of functions in C"
                    } else {
                        "the type is declared and was never defined"
                    };
                    reading.unmodelled(Id::new("type", name), why);
                }
                return Ok(());
            }
        };
        let mut object = Object::new(kind, name);
        let owner = oid(&row, 4)?;
        let say = &mut object.attributes;
        say.set_some("owner", reading.owner(owner));
        say.set_some("grants", reading.grants('T', owner, row.optional(5)?));
        match kind {
            "enum" => say.set("labels", elements(&row.text(12)?)),
            "domain" => {
                say.set_some("type", row.maybe(8)?);
                say.set_flag("not_null", row.yes(9)?);
                say.set_some("default", row.maybe(10)?);
                say.set_some("collation", row.maybe(11)?);
            }
            "range_type" => {
                say.set_some("subtype", row.maybe(13)?);
                say.set_some("subtype_operator_class", row.maybe(14)?);
                say.set_some("collation", row.maybe(15)?);
                say.set_some("canonical", row.maybe(16)?);
                say.set_some("subtype_diff", row.maybe(17)?);
                if let (Some(multirange), Some(schema)) = (row.maybe(18)?, row.maybe(19)?) {
                    let usual = multirange_of(&object.name.name);
                    if usual.as_deref() != Some(&multirange) || object.name.schema.as_deref() != Some(&schema) {
                        let name = Name::within(schema, multirange);
                        object.attributes.set("multirange", crate::create::qualified(&name));
                    }
                }
            }
            _ => {}
        }
        if !reading.object(at, object) {
            return Ok(());
        }
        for (of, column) in [(catalog::TYPE, 6), (catalog::CLASS, 7), (catalog::TYPE, 20), (catalog::TYPE, 21)] {
            if row.optional(column)?.is_some_and(|number| number != "0") {
                reading.alias(Address::read(of, &row, column)?, at);
            }
        }
        Ok(())
    },
};

/// What the server calls the ranges of a range, where it is told nothing. Names that have to be cut it cuts by rules of its own.
fn multirange_of(range: &str) -> Option<String> {
    let name = match range.find("range") {
        Some(at) => format!("{}multi{}", &range[..at], &range[at..]),
        None => format!("{range}_multirange"),
    };
    (name.len() < 64).then_some(name)
}

/// What composite types are made of.
pub(super) const FIELDS: Source = Source {
    sql: |_| {
        "SELECT c.reltype, a.attrelid, a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), \
         CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::pg_catalog.regcollation::text END \
         FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
         WHERE c.relkind = 'c' AND a.attnum > 0 AND NOT a.attisdropped AND {users} ORDER BY a.attrelid, a.attnum"
            .to_owned()
    },
    read: |reading, row| {
        let mut field = Part::new("column", row.text(3)?).with("type", row.text(4)?);
        field.attributes.set_some("collation", row.maybe(5)?);
        let at = Address::column(oid(&row, 1)?, row.parsed(2, |text| text.parse().ok())?);
        reading.part(Address::read(catalog::TYPE, &row, 0)?, at, field);
        Ok(())
    },
};

/// The functions that make values of ranges, and the cast to their ranges: the server makes them with the type.
pub(super) const CONSTRUCTORS: Source = Source {
    sql: |_| {
        "SELECT d.classid, d.objid, d.refobjid FROM pg_catalog.pg_depend d WHERE d.deptype = 'i' AND d.objid >= 16384 \
         AND d.classid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_cast'::pg_catalog.regclass) \
         AND d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass"
            .to_owned()
    },
    read: |reading, row| {
        reading.alias(Address::new(oid(&row, 0)?, oid(&row, 1)?), Address::read(catalog::TYPE, &row, 2)?);
        Ok(())
    },
};

/// What domains ask of their values. From 17 on that a value is there has a name too.
pub(super) const DOMAIN_CONSTRAINTS: Source = Source {
    sql: |_| {
        "SELECT t.oid, t.conname, t.contypid, t.contype, pg_catalog.pg_get_expr(t.conbin, 0), t.convalidated, d.typname \
         FROM pg_catalog.pg_constraint t JOIN pg_catalog.pg_type d ON d.oid = t.contypid \
         JOIN pg_catalog.pg_namespace n ON n.oid = d.typnamespace WHERE t.contype IN ('c', 'n') AND {users}"
            .to_owned()
    },
    read: |reading, row| {
        let (domain, at) = (Address::read(catalog::TYPE, &row, 2)?, Address::read(catalog::CONSTRAINT, &row, 0)?);
        let name = row.text(1)?;
        if row.optional(3)? == Some("n") {
            let usual = format!("{}_not_null", row.text(6)?);
            if let Some(say) = reading.attributes(domain).filter(|_| name != usual) {
                say.set("not_null_name", name);
            }
            reading.alias(at, domain);
            return Ok(());
        }
        let mut check = Part::new("check", name).with("expression", row.text(4)?);
        check.attributes.set_flag("not_valid", !row.yes(5)?);
        reading.part(domain, at, check);
        Ok(())
    },
};
