//! Constraints of tables. Keys and exclusions are read with the index that keeps them.

use driftlock_database::Error;
use driftlock_schema::{Attributes, Part, Value};

use super::numbered::NumberMap;
use super::reading::{Reading, numbers, oid};
use super::{Address, Source, catalog, since};
use crate::names::made_up;
use crate::sql::Values;

/// What a constraint says that is kept by an index, by the index's number, until the index is read.
#[derive(Clone, Default)]
pub(super) struct Keys(pub(super) NumberMap<u32, Key>);

#[derive(Clone)]
pub(super) struct Key {
    pub(super) at: Address,
    pub(super) kind: &'static str,
    pub(super) attributes: Attributes,
    /// The operators of an exclusion, one a column.
    pub(super) operators: Vec<String>,
    pub(super) without_overlaps: bool,
}

pub(super) const CONSTRAINTS: Source = Source {
    sql: |major| {
        let set_columns = since(major, 15, "t.confdelsetcols::text", "NULL::text");
        let enforced = since(major, 18, "t.conenforced", "true");
        let period = since(major, 18, "t.conperiod", "false");
        format!(
            "SELECT t.oid, t.conrelid, t.conname, t.contype, t.condeferrable, t.condeferred, t.convalidated, t.conislocal, t.connoinherit, \
             t.conindid, t.conkey::text, t.confkey::text, t.confrelid, t.confupdtype, t.confdeltype, t.confmatchtype, {set_columns}, \
             {enforced}, {period}, CASE WHEN t.contype = 'c' THEN pg_catalog.pg_get_expr(t.conbin, t.conrelid) END, \
             CASE WHEN t.conexclop IS NOT NULL THEN (SELECT pg_catalog.array_agg(pg_catalog.format('%I.%s', s.nspname, o.oprname) ORDER BY k.at) \
             FROM pg_catalog.unnest(t.conexclop) WITH ORDINALITY k (oid, at) JOIN pg_catalog.pg_operator o ON o.oid = k.oid \
             JOIN pg_catalog.pg_namespace s ON s.oid = o.oprnamespace)::text END, f.nspname, r.relname, t.conparentid, p.conname, p.conrelid \
             FROM pg_catalog.pg_constraint t JOIN pg_catalog.pg_class c ON c.oid = t.conrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_class r ON r.oid = t.confrelid \
             LEFT JOIN pg_catalog.pg_namespace f ON f.oid = r.relnamespace LEFT JOIN pg_catalog.pg_constraint p ON p.oid = t.conparentid \
             WHERE t.contype <> 't' AND {{users}} AND {{in t.conrelid pg_constraint}}"
        )
    },
    read,
};

fn read(reading: &mut Reading, row: Values<'_>) -> Result<(), Error> {
    let (at, table, name) = (Address::read(catalog::CONSTRAINT, &row, 0)?, oid(&row, 1)?, row.text(2)?);
    let mut say = Attributes::new();
    say.set_flag("deferrable", row.yes(4)?);
    say.set_flag("initially_deferred", row.yes(5)?);
    let is_enforced = row.yes(17)?;
    let unchecked = |say: &mut Attributes| -> Result<(), Error> {
        say.set_flag("not_enforced", !is_enforced);
        say.set_flag("not_valid", is_enforced && !row.yes(6)?);
        Ok(())
    };
    let columns = numbers(row.optional(10)?);
    let kind = match row.optional(3)? {
        Some("c") => {
            if !row.yes(7)? {
                return Ok(());
            }
            say.set_some("expression", row.maybe(19)?);
            say.set_flag("no_inherit", row.yes(8)?);
            unchecked(&mut say)?;
            "check"
        }
        Some("n") => {
            let column = reading.column_names(table, &columns).pop().unwrap_or_default();
            let is_usual = reading
                .get(Address::new(catalog::CLASS, table))
                .is_some_and(|object| name == made_up(&object.name.name, &column, "not_null"));
            say.set_flag("no_inherit", row.yes(8)?);
            unchecked(&mut say)?;
            // A partition is made by itself and then attached, so that it has its own name of what it has from its parent.
            let is_partition = reading
                .get(Address::new(catalog::CLASS, table))
                .is_some_and(|object| object.attributes.get("bound").is_some());
            let address = Address::column(table, columns.first().copied().unwrap_or(0));
            if !row.yes(7)? && !is_partition {
                // Of a column that the table has itself, too, it is said whose word this is.
                if let Some(own) = reading.attributes(address).filter(|own| !own.flag("inherited")) {
                    own.set("not_null_inherited", true);
                }
                reading.alias(at, address);
                return Ok(());
            }
            if is_usual && say.is_empty() {
                reading.alias(at, address);
                return Ok(());
            }
            say.set("column", column);
            "not_null"
        }
        Some("f") => {
            if row.optional(23)? != Some("0") {
                // One of a partition is its parent's. It was there before where it has another name; a copy that a table has for each
                // partition that it refers to is the server's.
                let parent = row.maybe(24)?.filter(|parent| {
                    *parent != name && row.optional(25).ok().flatten() != row.optional(1).ok().flatten()
                });
                let Some(parent) = parent else { return Ok(()) };
                say.set("attached_to", parent);
            }
            let target = oid(&row, 12)?;
            say.set("columns", reading.column_names(table, &columns));
            say.set("references", Value::map([("schema", row.text(21)?), ("table", row.text(22)?)]));
            say.set("referenced_columns", reading.column_names(target, &numbers(row.optional(11)?)));
            say.set_some("on_update", row.optional(13)?.and_then(action));
            say.set_some("on_delete", row.optional(14)?.and_then(action));
            let set = reading.column_names(table, &numbers(row.optional(16)?));
            say.set_some("on_delete_columns", (!set.is_empty()).then_some(set));
            say.set_some("match", (row.optional(15)? == Some("f")).then_some("full"));
            say.set_flag("period", row.yes(18)?);
            unchecked(&mut say)?;
            "foreign_key"
        }
        Some(letter @ ("p" | "u" | "x")) => {
            let kind = match letter {
                "p" => "primary_key",
                "u" => "unique",
                _ => "exclusion",
            };
            let operators = super::grants::elements(row.optional(20)?.unwrap_or("{}"));
            let key = Key { at, kind, attributes: say, operators, without_overlaps: row.yes(18)? };
            reading.keys.0.insert(oid(&row, 9)?, key);
            return Ok(());
        }
        _ => return Ok(()),
    };
    let mut part = Part::new(kind, name);
    part.attributes = say;
    reading.part(Address::new(catalog::CLASS, table), at, part);
    Ok(())
}

fn action(letter: &str) -> Option<&'static str> {
    match letter {
        "r" => Some("restrict"),
        "c" => Some("cascade"),
        "n" => Some("set null"),
        "d" => Some("set default"),
        _ => None,
    }
}
