//! Indexes, and the keys and exclusions that they keep.

use std::collections::{BTreeMap, HashSet};

use driftlock_database::Error;
use driftlock_schema::{Part, Value};

use super::grants::elements;
use super::numbered::{NumberMap, NumberSet};
use super::reading::{Reading, numbers, oid};
use super::relations::pairs;
use super::{Address, Source, catalog, since};
use crate::sql::Values;

/// What has to be known to tell what an index says from what goes without saying.
#[derive(Clone, Default)]
pub(super) struct Known {
    /// By number: its name, whether it is its type's default.
    classes: NumberMap<u32, Class>,
    /// Access method and type for which there is a default operator class.
    has_default: NumberSet<(u32, u32)>,
    collations: NumberMap<u32, String>,
    /// Of columns: the type, and a collation that isn't the database's.
    pub(super) columns: NumberMap<Address, (u32, u32)>,
    /// What is said of an index's own column.
    details: NumberMap<Address, Detail>,
}

impl Known {
    /// Forgets what is said of the columns of relations.
    pub(super) fn forget(&mut self, relations: &HashSet<u32>) {
        self.columns.retain(|at, _| !relations.contains(&at.object));
        self.details.retain(|at, _| !relations.contains(&at.object));
    }
}

#[derive(Clone)]
struct Class {
    name: String,
    method: u32,
    of: u32,
    is_default: bool,
}

#[derive(Clone)]
struct Detail {
    options: Option<Value>,
    statistics: Option<i64>,
}

/// A type that has no operator classes of its own, and the one that it has them from.
const VARCHAR: u32 = 1043;
const TEXT: u32 = 25;

/// The collation of a database, by its number.
const DEFAULT_COLLATION: u32 = 100;

pub(super) const CLASSES: Source = Source {
    sql: |_| {
        "SELECT o.oid, pg_catalog.format('%I.%I', n.nspname, o.opcname), o.opcmethod, o.opcintype, o.opcdefault \
         FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_namespace n ON n.oid = o.opcnamespace"
            .to_owned()
    },
    read: |reading, row| {
        let class = Class { name: row.text(1)?, method: oid(&row, 2)?, of: oid(&row, 3)?, is_default: row.yes(4)? };
        if class.is_default {
            reading.known.has_default.insert((class.method, class.of));
        }
        reading.known.classes.insert(oid(&row, 0)?, class);
        Ok(())
    },
};

pub(super) const COLLATIONS: Source = Source {
    sql: |_| {
        "SELECT l.oid, pg_catalog.format('%I.%I', n.nspname, l.collname) FROM (SELECT DISTINCT pg_catalog.unnest(i.indcollation) AS oid \
         FROM pg_catalog.pg_index i WHERE {user i.indrelid} AND {in i.indrelid pg_index}) u \
         JOIN pg_catalog.pg_collation l ON l.oid = u.oid JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace"
            .to_owned()
    },
    read: |reading, row| {
        reading.known.collations.insert(oid(&row, 0)?, row.text(1)?);
        Ok(())
    },
};

pub(super) const DETAILS: Source = Source {
    sql: |_| {
        "SELECT a.attrelid, a.attnum, a.attoptions::text, nullif(a.attstattarget, -1) FROM pg_catalog.pg_index i \
         JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indexrelid WHERE {user a.attrelid} AND {in i.indrelid pg_index} \
         AND (a.attoptions IS NOT NULL OR nullif(a.attstattarget, -1) IS NOT NULL)"
            .to_owned()
    },
    read: |reading, row| {
        let at = Address::column(oid(&row, 0)?, row.parsed(1, |text| text.parse().ok())?);
        let options = row.optional(2)?.map(elements).as_deref().and_then(pairs);
        reading.known.details.insert(at, Detail { options, statistics: row.maybe_number(3)? });
        Ok(())
    },
};

pub(super) const INDEXES: Source = Source {
    sql: |major| {
        let nulls = since(major, 15, "i.indnullsnotdistinct", "false");
        format!(
            "SELECT i.indexrelid, i.indrelid, x.relname, i.indisunique, i.indisvalid, i.indisclustered, i.indisreplident, {nulls}, i.indnkeyatts, \
             i.indkey::text, i.indclass::text, i.indcollation::text, i.indoption::text, \
             CASE WHEN i.indexprs IS NOT NULL THEN (SELECT pg_catalog.array_agg(pg_catalog.pg_get_indexdef(i.indexrelid, k, false) ORDER BY k) \
             FROM pg_catalog.generate_series(1, i.indnatts) k)::text END, pg_catalog.pg_get_expr(i.indpred, i.indrelid), a.amname, \
             x.reloptions::text, s.spcname, x.relkind, n.nspname \
             FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid JOIN pg_catalog.pg_class c ON c.oid = i.indrelid \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_am a ON a.oid = x.relam \
             LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = x.reltablespace \
             WHERE c.relkind IN ('r', 'p', 'm') AND i.indislive AND {{users}} AND {{in i.indrelid pg_index}}"
        )
    },
    read,
};

fn read(reading: &mut Reading, row: Values<'_>) -> Result<(), Error> {
    let (index, table) = (oid(&row, 0)?, oid(&row, 1)?);
    let key = reading.keys.0.remove(&index);
    let mut part = Part::new(key.as_ref().map_or("index", |key| key.kind), row.text(2)?);
    let operators = key.as_ref().map(|key| key.operators.as_slice()).unwrap_or_default();
    let overlaps = key.as_ref().is_some_and(|key| key.without_overlaps);
    let is_exclusion = part.kind == "exclusion";
    if let Some(key) = &key {
        part.attributes = key.attributes.clone();
    }
    let say = &mut part.attributes;
    let columns = columns(reading, &row, index, table, if is_exclusion { operators } else { &[] })?;
    let keys = usize::try_from(row.number(8)?).unwrap_or(columns.len()).min(columns.len());
    say.set("columns", Value::List(columns[..keys].to_vec()));
    if keys < columns.len() {
        say.set("include", Value::List(columns[keys..].to_vec()));
    }
    say.set_flag("without_overlaps", overlaps);
    if key.is_none() {
        say.set_flag("unique", row.yes(3)?);
    }
    if key.is_none() || is_exclusion {
        say.set_some("method", row.maybe(15)?.filter(|method| method != "btree"));
        say.set_some("where", row.maybe(14)?);
    }
    say.set_flag("nulls_not_distinct", row.yes(7)?);
    say.set_some("options", row.optional(16)?.map(elements).as_deref().and_then(pairs));
    say.set_some("tablespace", row.maybe(17)?);
    say.set_flag("clustered", row.yes(5)?);
    say.set_flag("replica_identity", row.yes(6)?);
    // One of a partitioned table is valid once all partitions have theirs.
    say.set_flag("invalid", !row.yes(4)? && row.optional(18)? == Some("i"));
    let of = Address::new(catalog::CLASS, table);
    let at = key.as_ref().map_or(Address::new(catalog::CLASS, index), |key| key.at);
    if reading.part(of, at, part) && key.is_some() {
        reading.alias(Address::new(catalog::CLASS, index), at);
    }
    Ok(())
}

/// An index's columns: the name where there is nothing else to say.
fn columns(
    reading: &Reading,
    row: &Values<'_>,
    index: u32,
    table: u32,
    operators: &[String],
) -> Result<Vec<Value>, Error> {
    let (keys, options): (Vec<i32>, Vec<i32>) = (numbers(row.optional(9)?), numbers(row.optional(12)?));
    let (classes, collations): (Vec<u32>, Vec<u32>) = (numbers(row.optional(10)?), numbers(row.optional(11)?));
    let expressions = elements(row.optional(13)?.unwrap_or("{}"));
    let known = &reading.known;
    let mut columns = Vec::with_capacity(keys.len());
    for (at, number) in keys.iter().copied().enumerate() {
        let mut map: BTreeMap<String, Value> = BTreeMap::new();
        let column = Address::column(table, number);
        if number == 0 {
            map.insert("expression".to_owned(), expressions.get(at).cloned().unwrap_or_default().into());
        } else {
            let name = reading.part_name(column).unwrap_or_else(|| number.to_string());
            map.insert("column".to_owned(), name.into());
        }
        let (of_type, own_collation) = known.columns.get(&column).copied().unwrap_or((0, DEFAULT_COLLATION));
        if let Some(collation) = collations.get(at).copied().filter(|it| *it != 0) {
            let goes_without = if number == 0 { DEFAULT_COLLATION } else { own_collation };
            if collation != goes_without {
                let name = known.collations.get(&collation).cloned().unwrap_or_default();
                map.insert("collation".to_owned(), name.into());
            }
        }
        let class = classes.get(at).and_then(|it| known.classes.get(it));
        let detail = known.details.get(&Address::column(index, i32::try_from(at + 1).unwrap_or(0)));
        let class_options = detail.and_then(|it| it.options.clone());
        if let Some(class) = class {
            let of_type = if of_type == VARCHAR { TEXT } else { of_type };
            let another = class.of != of_type && known.has_default.contains(&(class.method, of_type));
            if !class.is_default || another || class_options.is_some() {
                map.insert("operator_class".to_owned(), class.name.clone().into());
            }
        }
        if let Some(options) = class_options {
            map.insert("operator_class_options".to_owned(), options);
        }
        let option = options.get(at).copied().unwrap_or(0);
        let (falls, nulls_first) = (option & 1 != 0, option & 2 != 0);
        if falls {
            map.insert("order".to_owned(), "desc".into());
        }
        if falls != nulls_first {
            map.insert("nulls".to_owned(), if nulls_first { "first" } else { "last" }.into());
        }
        if let Some(statistics) = detail.and_then(|it| it.statistics) {
            map.insert("statistics".to_owned(), statistics.into());
        }
        if let Some(operator) = operators.get(at) {
            map.insert("operator".to_owned(), operator.clone().into());
        }
        match (map.len(), map.remove("column")) {
            (1, Some(name)) => columns.push(name),
            (_, Some(name)) => {
                map.insert("column".to_owned(), name);
                columns.push(Value::Map(map));
            }
            (_, None) => columns.push(Value::Map(map)),
        }
    }
    Ok(columns)
}
