//! The objects of one database.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{Facets, Fingerprint, Id, Object};

/// The objects of one database, by kind and name.
///
/// As JSON `{"engine": "postgres", "objects": [{"kind", "schema", "name", "signature", "attributes", "requires", "parts"}]}`, where what is
/// absent says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    engine: String,
    /// Shared, so that a schema of many objects is copied and held against its copy for next to nothing.
    objects: BTreeMap<Id, Arc<Object>>,
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
        self.objects.insert(object.id(), Arc::new(object)).map(Arc::unwrap_or_clone)
    }

    /// Takes an object out.
    pub fn remove(&mut self, id: &Id) -> Option<Object> {
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
        Fingerprint::of_schema(self, facets)
    }

    /// The same without an attribute of a kind of objects or parts, wherever it is: what a model that doesn't know it would say.
    #[must_use]
    pub fn without_attribute(&self, kind: &str, attribute: &str) -> Schema {
        let mut schema = self.clone();
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
