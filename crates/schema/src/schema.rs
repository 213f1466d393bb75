//! The objects of one database.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::{Arc, OnceLock};
use std::thread;

use crate::{Facets, Fingerprint, Id, Object};

/// The objects of one database, by kind and name.
///
/// As JSON `{"engine": "postgres", "objects": [{"kind", "schema", "name", "signature", "attributes", "requires", "parts"}]}`, where what is
/// absent says nothing.
#[derive(Debug, Clone)]
pub struct Schema {
    engine: String,
    /// Shared, so that a schema of many objects is copied and held against its copy for next to nothing.
    objects: BTreeMap<Id, Arc<Object>>,
    /// The fingerprint that was asked for first. Whatever changes an object forgets it.
    fingerprint: OnceLock<(Facets, Fingerprint)>,
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.engine == other.engine && self.objects == other.objects
    }
}

impl Eq for Schema {}

impl Schema {
    /// An empty one, of an engine by its name in URLs (`postgres`, `mysql`, `sqlite`).
    pub fn new(engine: impl Into<String>) -> Self {
        Schema { engine: engine.into(), objects: BTreeMap::new(), fingerprint: OnceLock::new() }
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &str {
        &self.engine
    }

    /// Takes an object in, in place of the one of its kind and name.
    pub fn insert(&mut self, mut object: Object) -> Option<Object> {
        object.sort();
        self.fingerprint = OnceLock::new();
        self.objects.insert(object.id(), Arc::new(object)).map(Arc::unwrap_or_clone)
    }

    /// Takes an object out.
    pub fn remove(&mut self, id: &Id) -> Option<Object> {
        self.fingerprint = OnceLock::new();
        self.objects.remove(id).map(Arc::unwrap_or_clone)
    }

    /// The object of this kind and name.
    #[must_use]
    pub fn get(&self, id: &Id) -> Option<&Object> {
        self.objects.get(id).map(Arc::as_ref)
    }

    /// All, by kind and name.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.objects.values().map(Arc::as_ref)
    }

    /// All with what tells them apart.
    pub fn iter(&self) -> impl Iterator<Item = (&Id, &Object)> {
        self.objects.iter().map(|(id, object)| (id, object.as_ref()))
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
        self.fingerprint = OnceLock::new();
        self.objects.retain(|_, object| keep(object));
    }

    /// Its fingerprint, by the usual facets.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint_of(Facets::default())
    }

    /// Its fingerprint, by these facets.
    #[must_use]
    pub fn fingerprint_of(&self, facets: Facets) -> Fingerprint {
        let (known, first) = *self.fingerprint.get_or_init(|| (facets, Fingerprint::of_schema(self, facets)));
        if known == facets { first } else { Fingerprint::of_schema(self, facets) }
    }

    /// The same, in which every object that the other has, too, is the other's own: nobody who holds the two against each other looks into it
    /// again. Large schemas are gone through by several threads.
    #[must_use]
    pub fn sharing(&self, other: &Schema) -> Schema {
        let theirs: Vec<Option<&Arc<Object>>> = self.objects.keys().map(|id| other.objects.get(id)).collect();
        let pairs: Vec<(&Arc<Object>, Option<&Arc<Object>>)> = self.objects.values().zip(theirs).collect();
        let is_same = |pair: &(&Arc<Object>, Option<&Arc<Object>>)| pair.1.is_some_and(|theirs| pair.0 == theirs);
        let threads = thread::available_parallelism().map_or(1, NonZero::get).min(MOST_THREADS);
        let (here, elsewhere) = pairs.split_at(pairs.len().div_ceil(threads).max(WORTH_A_THREAD).min(pairs.len()));
        let mut same = Vec::with_capacity(pairs.len());
        thread::scope(|scope| {
            let go_through = |piece: &[_]| piece.iter().map(is_same).collect::<Vec<bool>>();
            let begun: Vec<_> = elsewhere
                .chunks(here.len().max(1))
                .map(|piece| (piece, thread::Builder::new().spawn_scoped(scope, move || go_through(piece))))
                .collect();
            same.extend(go_through(here));
            for (piece, thread) in begun {
                // Where there is room for no other thread, this one does its work.
                let beside = thread.ok().and_then(|thread| thread.join().ok());
                same.extend(beside.unwrap_or_else(|| go_through(piece)));
            }
        });
        let theirs: Vec<Option<Arc<Object>>> =
            pairs.iter().zip(same).map(|((_, theirs), same)| theirs.filter(|_| same).cloned()).collect();
        let mut shared = self.clone();
        for (object, theirs) in shared.objects.values_mut().zip(theirs) {
            if let Some(theirs) = theirs {
                *object = theirs;
            }
        }
        shared
    }

    /// The same without an attribute of a kind of objects or parts, wherever it is: what a model that doesn't know it would say.
    #[must_use]
    pub fn without_attribute(&self, kind: &str, attribute: &str) -> Schema {
        let mut schema = self.clone();
        schema.fingerprint = OnceLock::new();
        for object in schema.objects.values_mut().map(Arc::make_mut) {
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

impl Extend<Object> for Schema {
    fn extend<T: IntoIterator<Item = Object>>(&mut self, objects: T) {
        for object in objects {
            self.insert(object);
        }
    }
}

#[cfg(test)]
mod tests {
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
    fn what_is_equal_is_shared_and_what_isnt_stays() {
        let named = |number: usize| Object::new("table", Name::new(format!("t{number:05}")));
        let (mut one, mut other) = (Schema::new("sqlite"), Schema::new("sqlite"));
        for number in 0..3 * WORTH_A_THREAD {
            one.insert(named(number));
            let mut theirs = named(number + 5);
            if number % 100 == 0 {
                theirs.attributes.set("strict", true);
            }
            other.insert(theirs);
        }
        let shared = other.sharing(&one);
        assert_eq!(shared, other);
        for (id, object) in shared.iter() {
            let is_shared = one.get(id).is_some_and(|theirs| std::ptr::eq(theirs, object));
            assert_eq!(is_shared, one.get(id) == Some(object), "{id}");
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
