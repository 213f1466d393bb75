//! A digest by which two are told apart without looking at either.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::{Attributes, Facets, Id, Kind, Name, Object, Value};

/// A SHA-256. As text 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Fingerprint(Sha256::digest(bytes).into())
    }

    /// Of an object with its parts, by the facets that count.
    #[must_use]
    pub fn of_object(object: &Object, facets: Facets) -> Self {
        let mut said = Said(Vec::with_capacity(512));
        said.object(object, facets);
        Fingerprint::of(&said.0)
    }

    /// Of what an object's fingerprint by these facets leaves out: the other facets, and what is required.
    pub(crate) fn of_rest(object: &Object, facets: Facets) -> Self {
        let mut said = Said(Vec::with_capacity(128));
        said.rest(&object.attributes, &object.requires, facets);
        for (at, part) in object.parts.iter().enumerate() {
            if !part.requires.is_empty() || part.attributes.iter().any(|(name, _)| !facets.count(name)) {
                said.length(at);
                said.rest(&part.attributes, &part.requires, facets);
            }
        }
        Fingerprint::of(&said.0)
    }

    /// Of the schema that has the objects with these fingerprints, which come by kind and name.
    pub fn of_objects(engine: &str, objects: impl IntoIterator<Item = Fingerprint>) -> Self {
        let mut digest = Sha256::new();
        digest.update(engine.as_bytes());
        for object in objects {
            digest.update(object.0);
        }
        Fingerprint(digest.finalize().into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no SHA-256: 64 hexadecimal digits");
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(wrong());
        }
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        Ok(Fingerprint(bytes))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What is hashed. Every text stands behind its length and every list behind its count, so that no two values have the same bytes.
struct Said(Vec<u8>);

impl Said {
    fn length(&mut self, length: usize) {
        self.0.extend_from_slice(&(length as u64).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn optional(&mut self, text: Option<&str>) {
        self.0.push(u8::from(text.is_some()));
        self.text(text.unwrap_or_default());
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Flag(flag) => self.0.extend_from_slice(&[0, u8::from(*flag)]),
            Value::Number(number) => {
                self.0.push(1);
                self.0.extend_from_slice(&number.to_le_bytes());
            }
            Value::Text(text) => {
                self.0.push(2);
                self.text(text);
            }
            Value::Code(code) => {
                self.0.push(3);
                self.0.extend_from_slice(&code.digest.0);
            }
            Value::List(items) => {
                self.0.push(4);
                self.length(items.len());
                items.iter().for_each(|item| self.value(item));
            }
            Value::Map(map) => {
                self.0.push(5);
                self.length(map.len());
                for (key, value) in map {
                    self.text(key);
                    self.value(value);
                }
            }
        }
    }

    fn attributes(&mut self, attributes: &Attributes, facets: Facets) {
        self.length(facets.of(attributes).count());
        for (name, value) in facets.of(attributes) {
            self.text(name);
            self.value(value);
        }
    }

    fn name(&mut self, kind: &Kind, name: &Name) {
        self.text(kind.as_str());
        self.optional(name.schema.as_deref());
        self.text(&name.name);
        self.optional(name.signature.as_deref());
    }

    fn rest(&mut self, attributes: &Attributes, requires: &[Id], facets: Facets) {
        let left_out = || attributes.iter().filter(|(name, _)| !facets.count(name));
        self.length(left_out().count());
        for (name, value) in left_out() {
            self.text(name);
            self.value(value);
        }
        self.length(requires.len());
        requires.iter().for_each(|id| self.name(&id.kind, &id.name));
    }

    fn object(&mut self, object: &Object, facets: Facets) {
        self.name(&object.kind, &object.name);
        self.attributes(&object.attributes, facets);
        self.length(object.parts.len());
        for part in &object.parts {
            self.text(part.kind.as_str());
            self.text(&part.name);
            self.attributes(&part.attributes, facets);
        }
    }
}
