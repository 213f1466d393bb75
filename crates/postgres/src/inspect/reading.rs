//! What was read so far.

use std::collections::{HashMap, HashSet};

use driftlock_database::{Error, Inspection, Unmodelled};
use driftlock_schema::{Attributes, Id, Name, Object, Part, Schema, Value};

use super::constraints::Keys;
use super::grants::{self, Privileges};
use super::numbered::{NumberMap, NumberSet};
use super::relations::KINDS;
use super::{indexes, inheritance};
use crate::spelling;
use crate::sql::Values;

/// The catalogs' own numbers, which never change.
pub(crate) mod catalog {
    pub(crate) const DEFAULT_ACL: u32 = 826;
    pub(crate) const TYPE: u32 = 1247;
    pub(crate) const PROC: u32 = 1255;
    pub(crate) const CLASS: u32 = 1259;
    pub(crate) const FOREIGN_SERVER: u32 = 1417;
    pub(crate) const USER_MAPPING: u32 = 1418;
    pub(crate) const FOREIGN_DATA_WRAPPER: u32 = 2328;
    pub(crate) const AM: u32 = 2601;
    pub(crate) const AMOP: u32 = 2602;
    pub(crate) const AMPROC: u32 = 2603;
    pub(crate) const ATTRDEF: u32 = 2604;
    pub(crate) const CONSTRAINT: u32 = 2606;
    pub(crate) const CAST: u32 = 2605;
    pub(crate) const CONVERSION: u32 = 2607;
    pub(crate) const LANGUAGE: u32 = 2612;
    pub(crate) const NAMESPACE: u32 = 2615;
    pub(crate) const OPCLASS: u32 = 2616;
    pub(crate) const OPERATOR: u32 = 2617;
    pub(crate) const REWRITE: u32 = 2618;
    pub(crate) const TRIGGER: u32 = 2620;
    pub(crate) const POLICY: u32 = 3256;
    pub(crate) const STATISTICS: u32 = 3381;
    pub(crate) const OPFAMILY: u32 = 2753;
    pub(crate) const EXTENSION: u32 = 3079;
    pub(crate) const COLLATION: u32 = 3456;
    pub(crate) const EVENT_TRIGGER: u32 = 3466;
    pub(crate) const TRANSFORM: u32 = 3576;
    pub(crate) const TS_DICT: u32 = 3600;
    pub(crate) const TS_PARSER: u32 = 3601;
    pub(crate) const TS_CONFIG: u32 = 3602;
    pub(crate) const TS_TEMPLATE: u32 = 3764;
    pub(crate) const PUBLICATION: u32 = 6104;
    pub(crate) const PUBLICATION_REL: u32 = 6106;
    pub(crate) const PUBLICATION_NAMESPACE: u32 = 6237;
}

/// Where something stands in the catalogs: the catalog's number, the row's, and the column's where it is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    pub(crate) catalog: u32,
    pub(crate) object: u32,
    pub(crate) column: i32,
}

impl Address {
    pub(crate) fn new(catalog: u32, object: u32) -> Self {
        Address { catalog, object, column: 0 }
    }

    pub(crate) fn column(object: u32, column: i32) -> Self {
        Address { catalog: catalog::CLASS, object, column }
    }

    /// Of the row whose number is in this column of an answer.
    pub(crate) fn read(catalog: u32, row: &Values<'_>, at: usize) -> Result<Self, Error> {
        Ok(Address::new(catalog, oid(row, at)?))
    }
}

/// An object's number in a column of an answer.
pub(crate) fn oid(row: &Values<'_>, at: usize) -> Result<u32, Error> {
    row.parsed(at, |text| text.parse().ok())
}

/// Numbers in a list as the server prints one: `{1,2}` an array, `1 2` a vector.
pub(crate) fn numbers<N: std::str::FromStr>(list: Option<&str>) -> Vec<N> {
    let parts = list.unwrap_or_default().split([' ', ',', '{', '}']);
    parts.filter_map(|number| number.parse().ok()).collect()
}

/// Where something stands in the reading: the object's place, and the part's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place(usize, Option<usize>);

/// What was read so far.
#[derive(Clone)]
pub(crate) struct Reading {
    pub(crate) major: u32,
    objects: Vec<Object>,
    places: NumberMap<Address, Place>,
    /// Rows that stand for what was read from another.
    aliases: NumberMap<Address, Place>,
    /// The parents of what inherits, in their order.
    parents: NumberMap<u32, Vec<u32>>,
    /// What belongs to an extension.
    members: NumberSet<(u32, u32)>,
    /// The roles' names, `None` for who stands for the database's own.
    roles: NumberMap<u32, (String, bool)>,
    pub(super) privileges: Privileges,
    pub(super) known: indexes::Known,
    pub(super) keys: Keys,
    unmodelled: Vec<Unmodelled>,
    incomplete: Vec<String>,
}

impl Reading {
    pub(super) fn new(major: u32) -> Self {
        Reading {
            major,
            objects: Vec::new(),
            places: NumberMap::default(),
            aliases: NumberMap::default(),
            parents: NumberMap::default(),
            members: NumberSet::default(),
            roles: NumberMap::default(),
            privileges: Privileges::default(),
            known: indexes::Known::default(),
            keys: Keys::default(),
            unmodelled: Vec::new(),
            incomplete: Vec::new(),
        }
    }

    pub(super) fn role(&mut self, oid: u32, name: String, is_self: bool) {
        if is_self {
            self.privileges.is_self(&name);
        }
        self.roles.insert(oid, (name, is_self));
    }

    /// Whether it belongs to an extension.
    pub(crate) fn is_member(&self, at: Address) -> bool {
        self.members.contains(&(at.catalog, at.object))
    }

    pub(super) fn member(&mut self, catalog: u32, object: u32) {
        self.members.insert((catalog, object));
    }

    pub(super) fn child(&mut self, child: u32, parent: u32) {
        self.parents.entry(child).or_default().push(parent);
    }

    /// Takes in an object, unless an extension brought it. Says whether it did.
    pub(crate) fn object(&mut self, at: Address, object: Object) -> bool {
        if self.is_member(at) {
            return false;
        }
        self.places.insert(at, Place(self.objects.len(), None));
        self.objects.push(object);
        true
    }

    /// Takes in a part of an object, where that was taken in. What a user added to what an extension brought is named as unmodelled.
    pub(crate) fn part(&mut self, of: Address, at: Address, part: Part) -> bool {
        let Some(Place(object, None)) = self.places.get(&of).copied() else {
            // Indexes and constraints of an extension's own table can't be told from those that were added to it.
            if self.is_member(of) && matches!(part.kind.as_str(), "trigger" | "policy" | "rule") {
                let id = Id::new(part.kind, Name::new(part.name));
                self.unmodelled(id, "it is on a table that belongs to an extension");
            }
            return false;
        };
        if at.column == 0 && self.is_member(at) {
            return false;
        }
        let parts = &mut self.objects[object].parts;
        self.places.insert(at, Place(object, Some(parts.len())));
        parts.push(part);
        true
    }

    /// Makes known that a row of a catalog is another's: what depends on the one requires the other's object.
    pub(crate) fn alias(&mut self, at: Address, of: Address) {
        if let Some(place) = self.place(of) {
            self.aliases.insert(at, place);
        }
    }

    /// What is said of what was read, to say more.
    pub(crate) fn attributes(&mut self, at: Address) -> Option<&mut Attributes> {
        let Place(object, part) = *self.places.get(&at)?;
        let object = self.objects.get_mut(object)?;
        match part {
            None => Some(&mut object.attributes),
            Some(part) => object.parts.get_mut(part).map(|part| &mut part.attributes),
        }
    }

    /// A comment on what a key or a table brings along: the index that keeps the key, the type of the table's rows.
    pub(super) fn comment_on_other(&mut self, at: Address, comment: String) {
        let Some(Place(object, part)) = self.aliases.get(&at).copied() else { return };
        let object = &mut self.objects[object];
        match (at.catalog, part.and_then(|part| object.parts.get_mut(part))) {
            (catalog::CLASS, Some(part)) if matches!(part.kind.as_str(), "primary_key" | "unique" | "exclusion") => {
                part.attributes.set("index_comment", comment);
            }
            // Its array has a type too, of which nobody says anything.
            (catalog::TYPE, None) if KINDS.iter().any(|(_, kind)| object.kind == *kind) => {
                object.attributes.set("rowtype_comment", comment);
            }
            _ => {}
        }
    }

    fn place(&self, at: Address) -> Option<Place> {
        self.places.get(&at).or_else(|| self.aliases.get(&at)).copied()
    }

    /// The object that was read there, or of which a part was.
    pub(crate) fn get(&self, at: Address) -> Option<&Object> {
        self.place(at).and_then(|place| self.objects.get(place.0))
    }

    /// The name of the part that was read there.
    pub(crate) fn part_name(&self, at: Address) -> Option<String> {
        let Place(object, part) = self.place(at)?;
        self.objects.get(object)?.parts.get(part?).map(|part| part.name.clone())
    }

    /// The names of a relation's columns.
    pub(crate) fn column_names(&self, relation: u32, numbers: &[i32]) -> Vec<String> {
        numbers
            .iter()
            .map(|number| self.part_name(Address::column(relation, *number)).unwrap_or_else(|| number.to_string()))
            .collect()
    }

    /// The name of the role with this number; nothing where it is the database's own.
    pub(crate) fn owner(&self, role: u32) -> Option<String> {
        match self.roles.get(&role) {
            Some((_, true)) => None,
            Some((name, false)) => Some(name.clone()),
            None => Some(role.to_string()),
        }
    }

    /// The name of a role, or what stands for the database's own.
    pub(crate) fn role_name(&self, role: u32) -> String {
        self.owner(role).unwrap_or_else(|| driftlock_schema::SELF.to_owned())
    }

    /// What an access control list grants beyond, or short of, what is granted by default; nothing where that is all. `kind` is the letter that
    /// `acldefault` knows the kind of object by.
    pub(crate) fn grants(&self, kind: char, owner: u32, list: Option<&str>) -> Option<Value> {
        self.grants_of(kind, self.roles.get(&owner).map_or("", |(name, _)| name), list)
    }

    /// The same, by the owner's name.
    pub(super) fn grants_of(&self, kind: char, owner: &str, list: Option<&str>) -> Option<Value> {
        grants::beyond_default(&self.privileges, kind, owner, list?)
    }

    /// Names something that has no place in the schema.
    pub(crate) fn unmodelled(&mut self, object: Id, reason: impl Into<String>) {
        self.unmodelled.push(Unmodelled { object, reason: reason.into() });
    }

    /// Says what of it this login may not see.
    pub(crate) fn incomplete(&mut self, why: String) {
        self.incomplete.push(why);
    }

    /// That one has to be there before the other.
    pub(super) fn requires(&mut self, at: Address, on: Address) {
        let place = |at: Address| {
            let whole = Address { column: 0, ..at };
            self.place(at).or_else(|| self.place(whole))
        };
        let (Some(Place(object, part)), Some(Place(required, _))) = (place(at), place(on)) else { return };
        if object == required {
            return;
        }
        let id = self.objects[required].id();
        let object = &mut self.objects[object];
        if object.kind == "sequence" {
            // It goes with the column that owns it, and is there without.
            return;
        }
        let list = match part.and_then(|part| object.parts.get_mut(part)) {
            Some(part) => &mut part.requires,
            None => &mut object.requires,
        };
        if list.last() != Some(&id) {
            list.push(id);
        }
    }

    /// How many objects there are, those that were forgotten too.
    pub(super) fn len(&self) -> usize {
        self.objects.len()
    }

    /// Forgets relations, to read them again. Says what they were; nothing where something is said of one that a schema has no place for.
    pub(super) fn forget(&mut self, relations: &HashSet<u32>) -> Option<Vec<Id>> {
        let whole = |relation: &u32| match self.places.get(&Address::new(catalog::CLASS, *relation)) {
            Some(Place(object, None)) => Some(*object),
            _ => None,
        };
        let objects: HashSet<usize> = relations.iter().filter_map(whole).collect();
        let gone: Vec<Id> = objects.iter().map(|object| self.objects[*object].id()).collect();
        if self.unmodelled.iter().any(|it| gone.iter().any(|id| id.name == it.object.name)) {
            return None;
        }
        // What wasn't known has left nothing.
        if gone.is_empty() {
            return Some(gone);
        }
        let mut numbers = relations.clone();
        for places in [&mut self.places, &mut self.aliases] {
            places.retain(|at, place| {
                let stays = !objects.contains(&place.0);
                if !stays && at.catalog == catalog::CLASS {
                    numbers.insert(at.object);
                }
                stays
            });
        }
        self.parents.retain(|child, _| !numbers.contains(child));
        self.known.forget(&numbers);
        Some(gone)
    }

    /// The objects that were read since there were so many, as they are in a schema; nothing where more than objects came of it.
    pub(super) fn settled_from(&self, from: usize, before: &Inspection) -> Option<Vec<Object>> {
        let (unmodelled, incomplete) = (before.unmodelled.len(), before.incomplete.len());
        if self.unmodelled.len() != unmodelled || self.incomplete.len() != incomplete {
            return None;
        }
        let mut objects = self.objects[from..].to_vec();
        for (at, object) in self.inherited(|object| object >= from) {
            objects[at - from] = object;
        }
        objects.iter_mut().for_each(spelling::settle);
        Some(objects)
    }

    /// The children of these with what they inherit from, and without what they have from there.
    fn inherited(&self, takes: impl Fn(usize) -> bool) -> Vec<(usize, Object)> {
        let mut settled: HashMap<usize, Object> = HashMap::new();
        let table = |relation: u32| match self.places.get(&Address::new(catalog::CLASS, relation)) {
            Some(Place(object, None)) => Some(*object),
            _ => None,
        };
        for (child, parents) in &self.parents {
            if let Some(child) = table(*child).filter(|child| takes(*child)) {
                let parents: Vec<&Object> =
                    parents.iter().filter_map(|it| table(*it)).map(|it| &self.objects[it]).collect();
                settled.insert(child, inheritance::settled(&self.objects[child], &parents));
            }
        }
        // One of a partition belongs to one of the partitioned table.
        for (index, parents) in &self.parents {
            let Some(Place(object, Some(part))) = self.place(Address::new(catalog::CLASS, *index)) else { continue };
            let parent = parents.first().and_then(|it| self.part_name(Address::new(catalog::CLASS, *it)));
            let Some(parent) = parent.filter(|_| takes(object)) else { continue };
            let Part { kind, name, .. } = &self.objects[object].parts[part];
            let settled = settled.entry(object).or_insert_with(|| self.objects[object].clone());
            let part = settled.parts.iter_mut().find(|it| it.kind == *kind && it.name == *name);
            if let Some(part) = part {
                part.attributes.set("attached_to", parent);
            }
        }
        settled.into_iter().collect()
    }

    pub(super) fn done(mut self) -> Inspection {
        for (at, object) in self.inherited(|_| true) {
            self.objects[at] = object;
        }
        self.objects.iter_mut().for_each(spelling::settle);
        let mut schema = Schema::new("postgres");
        schema.extend(self.objects);
        let mut unmodelled = self.unmodelled;
        unmodelled.sort();
        unmodelled.dedup();
        Inspection { schema, unmodelled, incomplete: self.incomplete }
    }
}
