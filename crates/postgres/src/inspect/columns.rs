//! Columns, of everything that has some.

use driftlock_schema::Part;

use super::grants::elements;
use super::reading::{Reading, oid};
use super::relations::pairs;
use super::{Address, Source, catalog, since};
use crate::sql::Values;

pub(super) const COLUMNS: Source = Source {
    sql: |major| {
        // A default names no column, and is printed ten times as fast where it isn't said whose it is.
        let compression = since(major, 14, "nullif(a.attcompression::text, '')", "NULL::text");
        format!(
            "SELECT a.attrelid, a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attgenerated, \
             CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END, {compression}, nullif(a.attstattarget, -1), a.attoptions::text, \
             a.attacl::text, CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::pg_catalog.regcollation::text END, \
             pg_catalog.pg_get_expr(d.adbin, CASE WHEN a.attgenerated = '' THEN 0 ELSE d.adrelid END), d.oid, a.attislocal, a.attinhcount, c.relowner, a.attfdwoptions::text, a.atttypid, a.attcollation \
             FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
             LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
             WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND {{users}} AND {{in a.attrelid}} ORDER BY a.attrelid, a.attnum"
        )
    },
    read,
};

fn read(reading: &mut Reading, row: Values<'_>) -> Result<(), driftlock_database::Error> {
    let relation = oid(&row, 0)?;
    let mut column = Part::new("column", row.text(2)?);
    let say = &mut column.attributes;
    say.set("type", row.text(3)?);
    say.set_flag("not_null", row.yes(4)?);
    let expression = row.maybe(12)?;
    match row.optional(5)? {
        Some("s") => say.set_some("generated", expression),
        Some("v") => {
            say.set_some("generated", expression);
            say.set("virtual", true);
        }
        _ => say.set_some("default", expression),
    }
    say.set_some("storage", row.optional(6)?.map(storage));
    say.set_some("compression", row.optional(7)?.map(|letter| if letter == "l" { "lz4" } else { "pglz" }));
    say.set_some("statistics", row.maybe_number(8)?);
    say.set_some("options", row.optional(9)?.map(elements).as_deref().and_then(pairs));
    say.set_some("grants", reading.grants('c', oid(&row, 16)?, row.optional(10)?));
    say.set_some("collation", row.maybe(11)?);
    say.set_some("foreign_options", row.optional(17)?.map(elements).as_deref().and_then(pairs));
    say.set_flag("inherited", !row.yes(14)? && row.number(15)? > 0);
    let at = Address::column(relation, row.parsed(1, |text| text.parse().ok())?);
    reading.known.columns.insert(at, (oid(&row, 18)?, oid(&row, 19)?));
    if reading.part(Address::new(catalog::CLASS, relation), at, column) && row.optional(13)?.is_some() {
        reading.alias(Address::read(catalog::ATTRDEF, &row, 13)?, at);
    }
    Ok(())
}

fn storage(letter: &str) -> &'static str {
    match letter {
        "p" => "plain",
        "e" => "external",
        "m" => "main",
        _ => "extended",
    }
}
