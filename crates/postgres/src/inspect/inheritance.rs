//! What inherits from what: tables from tables, partitions from partitioned tables, their indexes from those of the partitioned table.
//!
//! A column that a table has only because its parent has it is no part of the table; where something about it differs from the parent's, it is a
//! part that says `inherited` and what differs: an attribute that the parent has and the child hasn't is `false`.

use std::collections::{BTreeSet, HashSet};

use driftlock_schema::{Attributes, Object, Part, Value};

use super::Source;
use super::reading::oid;

/// What a child has from its parent unless it says otherwise.
pub(crate) const INHERITED: [&str; 7] =
    ["type", "collation", "not_null", "default", "generated", "storage", "compression"];

pub(super) const INHERITANCE: Source = Source {
    sql: |_| {
        "SELECT i.inhrelid, i.inhparent FROM pg_catalog.pg_inherits i WHERE {of i.inhrelid pg_inherits} ORDER BY i.inhrelid, i.inhseqno".to_owned()
    },
    read: |reading, row| {
        reading.child(oid(&row, 0)?, oid(&row, 1)?);
        Ok(())
    },
};

/// A child without what it has from its parents. Its columns' order is said where it isn't the parents' columns first, in their order.
pub(super) fn settled(child: &Object, parents: &[&Object]) -> Object {
    let mut object = child.clone();
    let names: Vec<Value> = parents
        .iter()
        .map(|parent| {
            let schema = parent.name.schema.clone().unwrap_or_default();
            Value::map([("schema", schema), ("table", parent.name.name.clone())])
        })
        .collect();
    if child.attributes.get("bound").is_some() {
        object.attributes.set_some("partition_of", names.into_iter().next());
    } else {
        object.attributes.set("inherits", names);
    }
    let order: Vec<&str> = child.parts_of("column").map(|column| column.name.as_str()).collect();
    if order != usual_order(child, parents) {
        object.attributes.set("column_order", order);
    }
    object.parts.retain_mut(|part| {
        if part.kind != "column" || !part.attributes.flag("inherited") {
            return true;
        }
        let Some(parent) = parents.iter().find_map(|parent| parent.part("column", &part.name)) else { return true };
        part.attributes.remove("inherited");
        part.attributes = beyond(&part.attributes, &parent.attributes);
        let says_something = !part.attributes.is_empty();
        part.attributes.set("inherited", true);
        says_something
    });
    object
}

/// The parents' columns, each where it comes first, and then its own.
fn usual_order<'a>(child: &'a Object, parents: &[&'a Object]) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    let of_parents = parents.iter().flat_map(|parent| parent.parts_of("column"));
    let all = of_parents.chain(child.parts_of("column"));
    all.map(|column: &Part| column.name.as_str()).filter(|name| seen.insert(*name)).collect()
}

/// What a child's column says beyond its parent's: what isn't inherited, and what differs.
pub(super) fn beyond(child: &Attributes, parent: &Attributes) -> Attributes {
    let mut beyond = Attributes::new();
    let names: BTreeSet<&str> = child.iter().map(|(name, _)| name).chain(INHERITED).collect();
    for name in names {
        match (child.get(name), parent.get(name)) {
            (Some(value), _) if !INHERITED.contains(&name) => beyond.set(name.to_owned(), value.clone()),
            (Some(value), other) if other != Some(value) => beyond.set(name.to_owned(), value.clone()),
            (None, Some(_)) => beyond.set(name.to_owned(), Value::Flag(false)),
            _ => {}
        }
    }
    beyond
}

/// What a child's column is, by what it says beyond its parent's.
pub(crate) fn resolved(beyond: Option<&Attributes>, parent: &Attributes) -> Attributes {
    let mut all = beyond.cloned().unwrap_or_default();
    for name in INHERITED {
        match (all.get(name), parent.get(name)) {
            (Some(Value::Flag(false)), _) => drop(all.remove(name)),
            (None, Some(value)) => all.set(name, value.clone()),
            _ => {}
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_the_parent_makes_the_child_again() {
        let of = |pairs: &[(&'static str, Value)]| {
            let mut attributes = Attributes::new();
            pairs.iter().for_each(|(name, value)| attributes.set(*name, value.clone()));
            attributes
        };
        let parent = of(&[("type", "integer".into()), ("default", "1".into()), ("comment", "parent's".into())]);
        for child in [
            of(&[("type", "integer".into()), ("default", "1".into())]),
            of(&[("type", "integer".into())]),
            of(&[
                ("type", "integer".into()),
                ("default", "2".into()),
                ("not_null", true.into()),
                ("comment", "a".into()),
            ]),
        ] {
            assert_eq!(resolved(Some(&beyond(&child, &parent)), &parent), child);
        }
        assert!(beyond(&of(&[("type", "integer".into()), ("default", "1".into())]), &parent).is_empty());
    }
}
