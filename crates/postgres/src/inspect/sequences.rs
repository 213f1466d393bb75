//! Sequences. One that an identity column keeps for itself is what that column says of it.

use driftlock_database::Error;
use driftlock_schema::{Attributes, Name, Object, Value};

use super::reading::{Reading, oid};
use super::{Address, Source, catalog};
use crate::names::made_up;
use crate::sql::Values;

pub(super) const SEQUENCES: Source = Source {
    sql: |_| {
        "SELECT c.oid, n.nspname, c.relname, c.relowner, c.relacl::text, c.relpersistence, pg_catalog.format_type(s.seqtypid, NULL), \
         s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle, d.deptype, d.refobjid, d.refobjsubid, a.attidentity, \
         x.description, r.relpersistence \
         FROM pg_catalog.pg_sequence s JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid = 0 \
         AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i') \
         LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid \
         LEFT JOIN pg_catalog.pg_class r ON r.oid = d.refobjid \
         LEFT JOIN pg_catalog.pg_description x ON x.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND x.objoid = c.oid AND x.objsubid = 0 \
         WHERE c.relpersistence <> 't' AND {users} AND {in c.oid pg_sequence}"
            .to_owned()
    },
    read,
};

fn read(reading: &mut Reading, row: Values<'_>) -> Result<(), Error> {
    let name = Name::within(row.text(1)?, row.text(2)?);
    let owner = oid(&row, 3)?;
    let grants = reading.grants('s', owner, row.optional(4)?);
    let mut say = Attributes::new();
    let (data_type, is_unlogged) = (row.text(6)?, row.optional(5)? == Some("u"));
    options(&row, &data_type, &mut say)?;
    let at = Address::read(catalog::CLASS, &row, 0)?;
    if row.optional(13)? == Some("i") {
        let column = Address::column(oid(&row, 14)?, row.parsed(15, |text| text.parse().ok())?);
        let persistence = (row.optional(5)? != row.optional(18)?).then_some(is_unlogged);
        say.set_some("unlogged", persistence);
        say.set_some("comment", row.maybe(17)?);
        say.set("generation", if row.optional(16)? == Some("a") { "always" } else { "by_default" });
        return identity(reading, column, at, &name, say, grants);
    }
    if data_type != "bigint" {
        say.set("type", data_type);
    }
    say.set_flag("unlogged", is_unlogged);
    say.set_some("owner", reading.owner(owner));
    say.set_some("grants", grants);
    if row.optional(13)? == Some("a") {
        let table = oid(&row, 14)?;
        let column = Address::column(table, row.parsed(15, |text| text.parse().ok())?);
        if let (Some(table), Some(column)) = (reading.get(column).map(|it| it.name.clone()), reading.part_name(column))
        {
            let mut owned = vec![("table", table.name), ("column", column)];
            owned.extend(table.schema.map(|schema| ("schema", schema)));
            say.set("owned_by", Value::map(owned));
        }
    }
    let mut object = Object::new("sequence", name);
    object.attributes = say;
    reading.object(at, object);
    Ok(())
}

/// The sequence of an identity column: what it has of its own goes to the column.
fn identity(
    reading: &mut Reading,
    column: Address,
    at: Address,
    name: &Name,
    mut say: Attributes,
    grants: Option<Value>,
) -> Result<(), Error> {
    let (Some(table), Some(column_name)) = (reading.get(column).map(|it| it.name.clone()), reading.part_name(column))
    else {
        return Ok(());
    };
    if table.schema != name.schema || name.name != made_up(&table.name, &column_name, "seq") {
        let mut map = vec![("name", name.name.clone())];
        map.extend(name.schema.clone().map(|schema| ("schema", schema)));
        say.set("sequence", Value::map(map));
    }
    let Some(attributes) = reading.attributes(column) else { return Ok(()) };
    attributes.set("identity", Value::map(say.iter().map(|(name, value)| (name, value.clone()))));
    if let Some(Value::List(of_sequence)) = grants {
        let on_sequence = of_sequence.into_iter().map(|item| match item {
            Value::Map(mut map) => {
                map.insert("on".to_owned(), "sequence".into());
                Value::Map(map)
            }
            other => other,
        });
        let all: Vec<Value> = attributes.list("grants").iter().cloned().chain(on_sequence).collect();
        attributes.set("grants", Value::List(all));
    }
    reading.alias(at, column);
    Ok(())
}

/// What isn't as a sequence of this type and direction has it.
fn options(row: &Values<'_>, data_type: &str, say: &mut Attributes) -> Result<(), Error> {
    let (least, most) = match data_type {
        "smallint" => (i64::from(i16::MIN), i64::from(i16::MAX)),
        "integer" => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    };
    let (start, increment, minimum, maximum) = (row.number(7)?, row.number(8)?, row.number(9)?, row.number(10)?);
    let rises = increment > 0;
    let (low, high) = if rises { (1, most) } else { (least, -1) };
    let mut unless = |name: &'static str, value: i64, usual: i64| {
        if value != usual {
            say.set(name, value);
        }
    };
    unless("increment", increment, 1);
    unless("minimum", minimum, low);
    unless("maximum", maximum, high);
    unless("start", start, if rises { minimum } else { maximum });
    unless("cache", row.number(11)?, 1);
    say.set_flag("cycle", row.yes(12)?);
    Ok(())
}
