//! What has rows: tables, foreign tables, views, materialized views. Their columns, constraints and indexes have files of their own.

use driftlock_schema::{Name, Object, Value};

use super::grants::elements;
use super::reading::{Reading, oid};
use super::{Address, Source, catalog};
use crate::sql::Values;

/// Their names for kinds, by the catalog's letters.
pub(super) const KINDS: [(&str, &str); 5] =
    [("r", "table"), ("p", "table"), ("f", "foreign_table"), ("v", "view"), ("m", "materialized_view")];

pub(super) const RELATIONS: Source = Source {
    sql: |_| {
        "SELECT c.oid, n.nspname, c.relname, c.relkind, c.relowner, c.relacl::text, c.reloptions::text, c.reltype, t.typarray, c.relpersistence, \
         CASE WHEN a.amname <> 'heap' THEN a.amname END, s.spcname, o.reloptions::text, c.relrowsecurity, c.relforcerowsecurity, c.relreplident, \
         CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END, pg_catalog.pg_get_expr(c.relpartbound, c.oid), c.reloftype, \
         CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END, r.oid, c.relispopulated, \
         CASE WHEN c.reloftype <> 0 THEN c.reloftype::pg_catalog.regtype::text END \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_catalog.pg_type t ON t.oid = c.reltype LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam \
         LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = c.reltablespace LEFT JOIN pg_catalog.pg_class o ON o.oid = c.reltoastrelid \
         LEFT JOIN pg_catalog.pg_rewrite r ON r.ev_class = c.oid AND r.rulename = '_RETURN' AND c.relkind IN ('v', 'm') \
         WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND c.relpersistence <> 't' AND {users} AND {in c.oid}"
            .to_owned()
    },
    read,
};

fn read(reading: &mut Reading, row: Values<'_>) -> Result<(), driftlock_database::Error> {
    let letter = row.text(3)?;
    let kind = KINDS.iter().find(|(it, _)| *it == letter).map_or("table", |(_, kind)| *kind);
    let mut object = Object::new(kind, Name::within(row.text(1)?, row.text(2)?));
    let owner = oid(&row, 4)?;
    let say = &mut object.attributes;
    say.set_some("owner", reading.owner(owner));
    say.set_some("grants", reading.grants('r', owner, row.optional(5)?));
    let mut options = elements(row.optional(6)?.unwrap_or("{}"));
    options.extend(elements(row.optional(12)?.unwrap_or("{}")).into_iter().map(|option| format!("toast.{option}")));
    say.set_some("options", pairs(&options));
    say.set_flag("unlogged", row.optional(9)? == Some("u"));
    say.set_some("access_method", row.maybe(10)?);
    say.set_some("tablespace", row.maybe(11)?);
    say.set_flag("row_security", row.yes(13)?);
    say.set_flag("force_row_security", row.yes(14)?);
    say.set_some("partition_by", row.maybe(16)?);
    say.set_some("bound", row.maybe(17)?);
    say.set_some("definition", row.optional(19)?.map(|text| text.trim_end_matches(';').to_owned()));
    say.set_some("of_type", row.maybe(22)?);
    match row.optional(15)? {
        Some("f") => say.set("replica_identity", "full"),
        Some("n") if kind == "table" => say.set("replica_identity", "nothing"),
        _ => {}
    }
    let at = Address::read(catalog::CLASS, &row, 0)?;
    if reading.object(at, object) {
        for column in [7, 8] {
            if row.optional(column)?.is_some_and(|it| it != "0") {
                reading.alias(Address::read(catalog::TYPE, &row, column)?, at);
            }
        }
        if row.optional(20)?.is_some() {
            reading.alias(Address::read(catalog::REWRITE, &row, 20)?, at);
        }
    }
    Ok(())
}

/// `name=value` each, as a map. An option without a value is on. The mark that 15.20 was seen to put on
/// each column (`pg_attver`) isn't an option that anybody set, and is another number in each database.
pub(crate) fn pairs(options: &[String]) -> Option<Value> {
    let options: Vec<&String> = options.iter().filter(|option| !option.starts_with("pg_attver=")).collect();
    let pair = |option: &String| match option.split_once('=') {
        Some((name, value)) => (name.to_owned(), value.to_owned()),
        None => (option.clone(), "true".to_owned()),
    };
    (!options.is_empty()).then(|| Value::map(options.into_iter().map(pair)))
}
