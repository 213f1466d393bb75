//! An object of a database, and its parts.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{Attributes, Fingerprint, Id, Kind, Name, Value};

/// What a database is made of: a table, a view, a type, a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Object {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    #[serde(flatten)]
    pub name: Name,
    /// What is said of it.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
    /// What has to be there before it can be: by the engine's own account where it keeps one. No part of a comparison.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<Id>,
    /// What belongs to it and goes with it. Columns first, in the table's order; all others by kind and name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// What belongs to an object and goes with it: a column, a constraint, an index, a trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its kind.
    pub kind: Kind,
    /// Its name, alone among the parts of its kind.
    pub name: String,
    /// What is said of it.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
    /// What else, beside the object that it belongs to, has to be there before it can be. No part of a comparison.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<Id>,
}

impl Object {
    /// One of which nothing is said yet.
    pub fn new(kind: impl Into<Kind>, name: Name) -> Self {
        Object { kind: kind.into(), name, attributes: Attributes::new(), requires: Vec::new(), parts: Vec::new() }
    }

    /// With an attribute.
    #[must_use]
    pub fn with(mut self, attribute: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Self {
        self.attributes.set(attribute, value);
        self
    }

    /// What tells it from all others.
    #[must_use]
    pub fn id(&self) -> Id {
        Id { kind: self.kind.clone(), name: self.name.clone() }
    }

    /// Its parts of a kind, in their order.
    pub fn parts_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Part> {
        self.parts.iter().filter(move |part| part.kind == *kind)
    }

    /// The part of this kind and name.
    #[must_use]
    pub fn part(&self, kind: &str, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.kind == *kind && part.name == name)
    }

    /// Its fingerprint, by the usual facets.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of_object(self, crate::Facets::default())
    }

    /// Puts its parts into their order.
    pub(crate) fn sort(&mut self) {
        self.parts.sort_by(|one, other| one.order().cmp(&other.order()));
        self.requires.sort();
        self.requires.dedup();
        for part in &mut self.parts {
            part.requires.sort();
            part.requires.dedup();
        }
    }
}

impl Part {
    /// One of which nothing is said yet.
    pub fn new(kind: impl Into<Kind>, name: impl Into<String>) -> Self {
        Part { kind: kind.into(), name: name.into(), attributes: Attributes::new(), requires: Vec::new() }
    }

    /// With an attribute.
    #[must_use]
    pub fn with(mut self, attribute: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Self {
        self.attributes.set(attribute, value);
        self
    }

    /// What its place among the parts hangs on: columns come first, as they are.
    fn order(&self) -> Option<(&Kind, &str)> {
        (!self.keeps_its_place()).then_some((&self.kind, self.name.as_str()))
    }

    /// Whether its place among the parts means something: a column's does.
    pub(crate) fn keeps_its_place(&self) -> bool {
        self.kind == "column"
    }
}
