//! Which foreign keys go and come, and when: the server refuses to touch columns and keys that a foreign key needs, and to drop and add one of the
//! same name in one statement.

use std::collections::{BTreeMap, BTreeSet};

use driftlock_schema::{Id, Name, Object, Pair, Part, Schema};

use super::columns::{counterpart, is_same_name};
use super::table::key_columns;

pub(super) struct ForeignKeys<'s> {
    from: &'s Schema,
    to: &'s Schema,
    /// The tables that aren't the same in both.
    tables: BTreeMap<&'s str, Pair<'s>>,
    /// By table and name: those that go before all else.
    early: BTreeMap<&'s str, Vec<&'s Part>>,
    /// Those that go as their table is altered.
    going: BTreeMap<&'s str, Vec<&'s Part>>,
    /// Those that aren't there, or went.
    coming: BTreeMap<&'s str, Vec<&'s Part>>,
}

impl<'s> ForeignKeys<'s> {
    pub(super) fn new(from: &'s Schema, to: &'s Schema, differing: &[Pair<'s>]) -> Self {
        let tables = differing.iter().filter_map(|pair| match pair {
            Pair::Removed(table) | Pair::Added(table) | Pair::Altered(_, table) => {
                (table.kind == "table").then_some((table.name.name.as_str(), *pair))
            }
        });
        let (early, going, coming) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut keys = ForeignKeys { from, to, tables: tables.collect(), early, going, coming };
        if keys.tables.is_empty() {
            return keys;
        }
        for new in to.of_kind("table") {
            let name = new.name.name.as_str();
            let old = match keys.tables.get(name) {
                Some(Pair::Altered(old, _)) => Some(*old),
                Some(_) => None,
                None if new.parts_of("foreign_key").any(|key| keys.refers_to_differing(key)) => Some(new),
                None => continue,
            };
            for key in old.into_iter().flat_map(|old| old.parts_of("foreign_key")) {
                let there = new.parts_of("foreign_key").find(|it| is_same_name(&it.name, &key.name));
                let is_disturbed = keys.is_disturbed(name, key);
                match there {
                    Some(there) if there.attributes == key.attributes && there.name == key.name && !is_disturbed => {}
                    // It has to be gone when the same name comes.
                    Some(_) => keys.early.entry(name).or_default().push(key),
                    None if keys.is_disturbed_there(key) => keys.early.entry(name).or_default().push(key),
                    None => keys.going.entry(name).or_default().push(key),
                }
            }
            let stays = |key: &Part| {
                let there = old.and_then(|old| old.part("foreign_key", &key.name));
                let went = keys.early.get(name).is_some_and(|keys| keys.iter().any(|it| it.name == key.name));
                !went && there.is_some_and(|it| it.attributes == key.attributes)
            };
            let coming: Vec<&Part> = new.parts_of("foreign_key").filter(|key| !stays(key)).collect();
            if !coming.is_empty() {
                keys.coming.insert(name, coming);
            }
        }
        // Tables that go and refer to each other in a circle.
        let order = keys.removed();
        for (at, table) in order.iter().enumerate() {
            for key in table.parts_of("foreign_key") {
                let refers_to = key.attributes.text("references").unwrap_or_default();
                if order[..at].iter().any(|before| before.name.name == refers_to) {
                    keys.early.entry(table.name.name.as_str()).or_default().push(key);
                }
            }
        }
        keys
    }

    /// Whether a key of this table can't stay while it and the one that it refers to are altered.
    fn is_disturbed(&self, table: &str, key: &Part) -> bool {
        let said = &key.attributes;
        let sets_null = ["on_delete", "on_update"].iter().any(|action| said.text(action) == Some("set null"));
        let here = self.sides(table).is_some_and(|(old, new)| changes(old, new, &names(key, "columns"), sets_null));
        here || self.is_disturbed_there(key)
    }

    /// Whether what a key refers to goes, or is altered so that it can't stay.
    fn is_disturbed_there(&self, key: &Part) -> bool {
        if key.attributes.get("references_database").is_some() {
            return false;
        }
        let name = key.attributes.text("references").unwrap_or_default();
        if matches!(self.tables.get(name), Some(Pair::Removed(_))) {
            return true;
        }
        self.sides(name).is_some_and(|(old, new)| changes(old, new, &names(key, "referenced_columns"), false))
    }

    fn refers_to_differing(&self, key: &Part) -> bool {
        key.attributes.text("references").is_some_and(|name| self.tables.contains_key(name))
    }

    fn sides(&self, table: &str) -> Option<(&'s Object, &'s Object)> {
        match self.tables.get(table)? {
            Pair::Altered(old, new) => Some((old, new)),
            Pair::Removed(_) | Pair::Added(_) => None,
        }
    }

    pub(super) fn tables_with_early(&self) -> Vec<&'s Object> {
        let table = |name: &&'s str| self.from.get(&Id::new("table", Name::new(*name)));
        self.early.keys().filter_map(table).collect()
    }

    pub(super) fn early(&self, table: &Object) -> impl Iterator<Item = &'s Part> {
        self.early.get(table.name.name.as_str()).into_iter().flatten().copied()
    }

    pub(super) fn going(&self, table: &Object) -> impl Iterator<Item = &'s Part> {
        self.going.get(table.name.name.as_str()).into_iter().flatten().copied()
    }

    pub(super) fn coming(&self, table: &Object) -> impl Iterator<Item = &'s Part> {
        self.coming.get(table.name.name.as_str()).into_iter().flatten().copied()
    }

    /// The tables that go, those that refer before those that are referred to.
    pub(super) fn removed(&self) -> Vec<&'s Object> {
        let removed = |(name, pair): (&&'s str, &Pair<'s>)| match pair {
            Pair::Removed(table) => Some((*name, *table)),
            Pair::Added(_) | Pair::Altered(..) => None,
        };
        let goes: BTreeMap<&str, &Object> = self.tables.iter().filter_map(removed).collect();
        let mut order = ordered(&goes, |table| table.parts_of("foreign_key").collect());
        order.reverse();
        order
    }

    /// The tables that are made or altered, each after those that its new keys refer to, but for circles.
    pub(super) fn order(&self) -> Vec<&'s Object> {
        let differs = |(name, pair): (&&'s str, &Pair<'s>)| match pair {
            Pair::Added(new) => Some((*name, *new)),
            Pair::Altered(old, new) => super::table::differs(old, new).then_some((*name, *new)),
            Pair::Removed(_) => None,
        };
        let remade = self.coming.keys().filter_map(|name| {
            let table = self.to.get(&Id::new("table", Name::new(*name)))?;
            Some((*name, table))
        });
        let tables: BTreeMap<&str, &Object> = self.tables.iter().filter_map(differs).chain(remade).collect();
        ordered(&tables, |table| self.coming(table).collect())
    }

    /// Whether a key can come with its table: what it refers to is as it will be.
    pub(super) fn is_there(&self, table: &Object, key: &Part, done: &BTreeSet<&str>) -> bool {
        let name = key.attributes.text("references").unwrap_or_default();
        let id = Id::new("table", Name::new(name));
        let untouched = || match (self.from.get(&id), self.to.get(&id)) {
            (Some(old), Some(new)) => !super::table::differs(old, new),
            (_, new) => new.is_none(),
        };
        if let Some(old) = self.from.get(&table.id()) {
            let changes = |names: &[&str], attributes: &[&str]| {
                let columns = names.iter().map(|name| (counterpart(old, name), counterpart(table, name)));
                let said = |column: Option<&Part>, name: &str| column.and_then(|it| it.attributes.get(name).cloned());
                columns.into_iter().any(|(was, is)| attributes.iter().any(|name| said(was, name) != said(is, name)))
            };
            // What is NULL then can't be yet.
            let sets_null = ["on_delete", "on_update"].iter().any(|it| key.attributes.text(it) == Some("set null"));
            if sets_null && changes(&names(key, "columns"), &["not_null"]) {
                return false;
            }
            // What it refers to in the table itself has to be there already.
            let referenced = names(key, "referenced_columns");
            if name == table.name.name
                && (!carries_still(old, table, &referenced)
                    || changes(&referenced, &["type", "collation", "generated"]))
            {
                return false;
            }
        }
        if name == table.name.name {
            return true;
        }
        key.attributes.get("references_database").is_some() || done.contains(name) || untouched()
    }
}

/// Each after those that it refers to, else by name; without recursion, as a chain of tables can be long.
fn ordered<'s>(tables: &BTreeMap<&'s str, &'s Object>, keys: impl Fn(&'s Object) -> Vec<&'s Part>) -> Vec<&'s Object> {
    let (mut done, mut order) = (BTreeSet::new(), Vec::new());
    for (name, table) in tables {
        let mut open = vec![(*name, *table, false)];
        while let Some((name, table, is_ready)) = open.pop() {
            if is_ready {
                order.push(table);
            } else if done.insert(name) {
                open.push((name, table, true));
                for key in keys(table) {
                    let found = key.attributes.text("references").and_then(|name| tables.get_key_value(name));
                    open.extend(
                        found.filter(|(name, _)| !done.contains(*name)).map(|(name, table)| (*name, *table, false)),
                    );
                }
            }
        }
    }
    order
}

pub(super) fn names<'p>(key: &'p Part, attribute: &str) -> Vec<&'p str> {
    key.attributes.list(attribute).iter().filter_map(|name| name.as_text()).collect()
}

/// Whether a table is altered so that a key over these columns has to go meanwhile.
fn changes(old: &Object, new: &Object, columns: &[&str], sets_null: bool) -> bool {
    if old.attributes.get("engine") != new.attributes.get("engine")
        || old.attributes.get("partition_by").is_some() != new.attributes.get("partition_by").is_some()
    {
        return true;
    }
    let is_changed = |name: &&str| {
        let Some(was) = counterpart(old, name) else { return true };
        let Some(is) = counterpart(new, name) else { return true };
        let collation = |table: &Object, column: &Part| {
            let own = column.attributes.text("collation").or(table.attributes.text("collation"));
            own.map(str::to_owned).filter(|_| super::types::is_text(column))
        };
        ["type", "generated", "stored"].iter().any(|it| was.attributes.get(it) != is.attributes.get(it))
            || collation(old, was) != collation(new, is)
            || (sets_null && is.attributes.flag("not_null"))
            || was.name != is.name
    };
    // An index that carries it has to be there at all times: one that comes in the same statement will do.
    columns.iter().any(is_changed) || !keys(new).any(|key| begins_with(key, columns))
}

fn keys(table: &Object) -> impl Iterator<Item = &Part> {
    ["primary_key", "unique", "index"].into_iter().flat_map(|kind| table.parts_of(kind))
}

fn begins_with(key: &Part, columns: &[&str]) -> bool {
    let of_key = key_columns(key);
    of_key.len() >= columns.len() && of_key.iter().zip(columns).all(|(one, other)| is_same_name(one, other))
}

/// Whether a key over these columns stays what it is.
fn carries_still(old: &Object, new: &Object, columns: &[&str]) -> bool {
    keys(new)
        .filter(|key| begins_with(key, columns))
        .any(|key| old.part(key.kind.as_str(), &key.name).is_some_and(|was| was.attributes == key.attributes))
}
