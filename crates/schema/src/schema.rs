//! The objects of one database.

use std::cmp::Ordering;
use std::collections::{BTreeMap, btree_map};
use std::iter::Peekable;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use crate::kept::Kept;
use crate::{Facets, Fingerprint, Id, Object};

/// The objects of one database, by kind and name.
///
/// As JSON `{"engine": "postgres", "objects": [{"kind", "schema", "name", "signature", "attributes", "requires", "parts"}]}`, where what is
/// absent says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    engine: String,
    /// Shared, so that a schema of many objects is copied and held against its copy for next to nothing.
    objects: BTreeMap<Arc<Id>, Arc<Kept>>,
}

impl Schema {
    /// An empty one, of an engine by its name in URLs (`postgres`, `mysql`, `sqlite`).
    pub fn new(engine: impl Into<String>) -> Self {
        Schema { engine: engine.into(), objects: BTreeMap::new() }
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &str {
        &self.engine
    }

    /// Takes an object in, in place of the one of its kind and name.
    pub fn insert(&mut self, mut object: Object) -> Option<Object> {
        object.sort();
        self.objects.insert(Arc::new(object.id()), Arc::new(Kept::new(object))).map(object_of)
    }

    /// Takes an object out.
    pub fn remove(&mut self, id: &Id) -> Option<Object> {
        self.objects.remove(id).map(object_of)
    }

    /// The object of this kind and name.
    #[must_use]
    pub fn get(&self, id: &Id) -> Option<&Object> {
        self.objects.get(id).map(|kept| kept.object())
    }

    /// All, by kind and name.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.objects.values().map(|kept| kept.object())
    }

    /// All with what tells them apart.
    pub fn iter(&self) -> impl Iterator<Item = (&Id, &Object)> {
        self.objects.iter().map(|(id, kept)| (id.as_ref(), kept.object()))
    }

    /// All of a kind, by name.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Object> {
        self.objects().filter(move |object| object.kind == *kind)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// Keeps the objects of which this is true.
    pub fn retain(&mut self, mut keep: impl FnMut(&Object) -> bool) {
        self.objects.retain(|_, kept| keep(kept.object()));
    }

    /// Its fingerprint, by the usual facets.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint_of(Facets::default())
    }

    /// Its fingerprint, by these facets.
    #[must_use]
    pub fn fingerprint_of(&self, facets: Facets) -> Fingerprint {
        Fingerprint::of_objects(&self.engine, self.fingerprints(facets).map(|(_, fingerprint)| fingerprint))
    }

    /// The fingerprint of each object, by these facets. Each is made once; those of a large schema by several threads.
    pub fn fingerprints(&self, facets: Facets) -> impl Iterator<Item = (&Id, Fingerprint)> {
        let missing: Vec<&Kept> = self.objects.values().map(Arc::as_ref).filter(|kept| !kept.is_digested()).collect();
        let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
        let piece = missing.len().div_ceil(threads).max(WORTH_A_THREAD);
        thread::scope(|scope| {
            let digest = |piece: &[&Kept]| {
                for kept in piece {
                    let _ = kept.fingerprint(facets);
                }
            };
            let mut pieces = missing.chunks(piece);
            let first = pieces.next().unwrap_or_default();
            for piece in pieces {
                // Where there is room for no other thread, this one does its work, below.
                let _ = thread::Builder::new().spawn_scoped(scope, move || digest(piece));
            }
            digest(first);
        });
        self.objects.iter().map(move |(id, kept)| (id.as_ref(), kept.fingerprint(facets)))
    }

    /// What isn't the same in both, by kind and name, first in this one, then in the other: equal is what has no attribute, no part and nothing
    /// required that differs.
    ///
    /// Linear in the objects; of those whose fingerprints were made, nothing is looked into.
    pub fn differing<'a>(&'a self, other: &'a Schema) -> impl Iterator<Item = Pair<'a>> {
        Differing { left: self.objects.iter().peekable(), right: other.objects.iter().peekable() }
    }

    /// The same without an attribute of a kind of objects or parts, wherever it is: what a model that doesn't know it would say.
    #[must_use]
    pub fn without_attribute(&self, kind: &str, attribute: &str) -> Schema {
        let mut schema = self.clone();
        for object in schema.objects.values_mut().map(|kept| Arc::make_mut(kept).object_mut()) {
            if object.kind == kind {
                object.attributes.remove(attribute);
            }
            for part in object.parts.iter_mut().filter(|part| part.kind == kind) {
                part.attributes.remove(attribute);
            }
        }
        schema
    }

    /// Every attribute that is said of something: kind and name, each once.
    #[must_use]
    pub fn attributes(&self) -> std::collections::BTreeSet<(String, String)> {
        let of_objects = self.objects().map(|object| (&object.kind, &object.attributes));
        let of_parts = self.objects().flat_map(|object| &object.parts).map(|part| (&part.kind, &part.attributes));
        let all = of_objects.chain(of_parts);
        all.flat_map(|(kind, attributes)| attributes.iter().map(|(name, _)| (kind.to_string(), name.to_owned())))
            .collect()
    }
}

/// More threads than this have no less to do each that anybody would feel it.
const MOST_THREADS: usize = 8;

/// Fewer objects than this aren't worth a thread.
const WORTH_A_THREAD: usize = 2000;

/// An object that isn't the same in two schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pair<'a> {
    /// Only the first has it.
    Removed(&'a Object),
    /// Only the second has it.
    Added(&'a Object),
    /// Both have one of its kind and name: the first's, and the second's.
    Altered(&'a Object, &'a Object),
}

struct Differing<'a> {
    left: Peekable<btree_map::Iter<'a, Arc<Id>, Arc<Kept>>>,
    right: Peekable<btree_map::Iter<'a, Arc<Id>, Arc<Kept>>>,
}

impl<'a> Iterator for Differing<'a> {
    type Item = Pair<'a>;

    fn next(&mut self) -> Option<Pair<'a>> {
        loop {
            let order = match (self.left.peek(), self.right.peek()) {
                (Some((one, _)), Some((other, _))) if Arc::ptr_eq(one, other) => Ordering::Equal,
                (Some((one, _)), Some((other, _))) => one.cmp(other),
                (_, None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
            };
            if order.is_lt() {
                return self.left.next().map(|(_, it)| Pair::Removed(it.object()));
            } else if order.is_gt() {
                return self.right.next().map(|(_, it)| Pair::Added(it.object()));
            }
            let ((_, one), (_, other)) = (self.left.next()?, self.right.next()?);
            if !Arc::ptr_eq(one, other) && one != other {
                return Some(Pair::Altered(one.object(), other.object()));
            }
        }
    }
}

fn object_of(kept: Arc<Kept>) -> Object {
    Arc::unwrap_or_clone(kept).into_object()
}

impl Extend<Object> for Schema {
    fn extend<T: IntoIterator<Item = Object>>(&mut self, objects: T) {
        for object in objects {
            self.insert(object);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{Facet, Name, Part};

    #[test]
    fn a_fingerprint_is_of_what_is_there_now_and_by_the_facets_that_count() {
        let mut schema = Schema::new("postgres");
        let empty = schema.fingerprint();
        schema.insert(table());
        let filled = schema.fingerprint();
        assert_ne!(filled, empty);
        let mut owned = table();
        owned.attributes.set("owner", "somebody");
        schema.insert(owned);
        assert_ne!(schema.fingerprint(), filled);
        assert_eq!(schema.fingerprint_of(Facets::ALL.without(Facet::Ownership)), {
            let mut bare = Schema::new("postgres");
            bare.insert(table());
            bare.fingerprint_of(Facets::ALL.without(Facet::Ownership))
        });
        schema.retain(|_| false);
        assert_eq!(schema.fingerprint(), empty);
        schema.insert(table());
        assert_eq!(schema.clone().fingerprint(), filled);
        schema.remove(&table().id());
        assert_eq!(schema.fingerprint(), empty);
    }

    #[test]
    fn what_differs_is_found_with_and_without_fingerprints() {
        let named = |number: usize| Object::new("table", Name::new(format!("t{number:05}")));
        let (mut one, mut other) = (Schema::new("sqlite"), Schema::new("sqlite"));
        for number in 0..3 * WORTH_A_THREAD {
            one.insert(named(number));
            let mut theirs = named(number + 5);
            match number % 300 {
                0 => theirs.attributes.set("strict", true),
                // By the usual facets that one doesn't count, and what is required never does.
                100 => theirs.attributes.set("definer", "somebody"),
                200 => theirs.requires.push(Id::new("table", Name::new("t"))),
                _ => {}
            }
            other.insert(theirs);
        }
        let ids: BTreeSet<&Id> = one.iter().chain(other.iter()).map(|(id, _)| id).collect();
        let pairs = ids.into_iter().filter_map(|id| match (one.get(id), other.get(id)) {
            (Some(one), Some(other)) => (one != other).then_some(Pair::Altered(one, other)),
            (Some(one), None) => Some(Pair::Removed(one)),
            (None, other) => other.map(Pair::Added),
        });
        let expected: Vec<Pair<'_>> = pairs.collect();
        assert_eq!(expected.len(), 10 + 3 * WORTH_A_THREAD / 100);
        assert_eq!(one.differing(&other).collect::<Vec<_>>(), expected);
        let _ = other.fingerprint_of(Facets::ALL);
        let _ = one.fingerprint();
        assert_eq!(one.differing(&other).collect::<Vec<_>>(), expected, "by other facets");
        let mut again = Schema::new("sqlite");
        again.extend(other.objects().cloned());
        let _ = again.fingerprint();
        assert_eq!(one.differing(&again).collect::<Vec<_>>(), expected, "by their digests");
        assert_eq!(one.differing(&one.clone()).count(), 0);
    }

    #[test]
    fn fingerprints_are_those_of_the_objects() {
        let mut schema = Schema::new("sqlite");
        schema.extend((0..3 * WORTH_A_THREAD).map(|number| Object::new("table", Name::new(format!("t{number:05}")))));
        for facets in [Facets::default(), Facets::ALL] {
            let expected = schema.iter().map(|(id, object)| (id, Fingerprint::of_object(object, facets)));
            assert!(schema.fingerprints(facets).eq(expected));
        }
    }

    fn table() -> Object {
        let mut table = Object::new("table", Name::within("public", "users"));
        table.parts.push(Part::new("index", "users_b"));
        table.parts.push(Part::new("column", "id").with("type", "bigint"));
        table.parts.push(Part::new("index", "users_a"));
        table.parts.push(Part::new("column", "email").with("type", "text"));
        table
    }

    #[test]
    fn parts_are_sorted_and_columns_keep_their_order() {
        let mut schema = Schema::new("postgres");
        schema.insert(table());
        let parts: Vec<&str> = schema.objects().flat_map(|it| &it.parts).map(|part| part.name.as_str()).collect();
        assert_eq!(parts, ["id", "email", "users_a", "users_b"]);
    }

    #[test]
    fn the_fingerprint_knows_every_word_and_no_dependency() {
        let of = |change: &dyn Fn(&mut Object)| {
            let mut table = table();
            change(&mut table);
            let mut schema = Schema::new("postgres");
            schema.insert(table);
            schema.fingerprint()
        };
        let before = of(&|_| {});
        let changes: [&dyn Fn(&mut Object); 6] = [
            &|table| table.name.name.push('s'),
            &|table| table.name.schema = None,
            &|table| table.attributes.set("owner", "app"),
            &|table| table.parts.swap(1, 3),
            &|table| table.parts[1].attributes.set("not_null", true),
            &|table| drop(table.parts.pop()),
        ];
        for (at, change) in changes.iter().enumerate() {
            assert_ne!(of(change), before, "change {at}");
        }
        assert_eq!(of(&|table| table.requires.push(Id::new("schema", Name::new("public")))), before);
        assert_eq!(of(&|table| table.parts.swap(0, 2)), before, "the order of indexes means nothing");
        assert_eq!(
            of(&|table| table.attributes.set("definer", "a@b")),
            before,
            "definers count where they are asked for"
        );
    }

    #[test]
    fn a_facet_that_does_not_count_changes_nothing() {
        let mut schema = Schema::new("postgres");
        schema.insert(table());
        let facets = Facets::ALL.without(Facet::Ownership);
        let before = schema.fingerprint_of(facets);
        schema.insert(table().with("owner", "somebody"));
        assert_eq!(schema.fingerprint_of(facets), before);
        assert_ne!(schema.fingerprint(), before);
    }
}
