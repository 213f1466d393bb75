//! What objects are called.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A kind of object or part, by its name in the field: `table`, `materialized_view`, `foreign_key`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Kind(Cow<'static, str>);

impl Kind {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As people read it: `materialized view`.
    #[must_use]
    pub fn words(&self) -> String {
        self.0.replace('_', " ")
    }
}

impl From<&'static str> for Kind {
    fn from(kind: &'static str) -> Self {
        Kind(Cow::Borrowed(kind))
    }
}

impl From<String> for Kind {
    fn from(kind: String) -> Self {
        Kind(Cow::Owned(kind))
    }
}

impl PartialEq<str> for Kind {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Kind {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an object is called within its database, letter by letter, without quotes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Name {
    /// The schema that it is in, on engines and for kinds that have such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Its own name.
    pub name: String,
    /// What tells it from others of the same name: the types of a function's arguments, without the parentheses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

impl Name {
    /// A name in no schema.
    pub fn new(name: impl Into<String>) -> Self {
        Name { schema: None, name: name.into(), signature: None }
    }

    /// A name in a schema.
    pub fn within(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Name { schema: Some(schema.into()), name: name.into(), signature: None }
    }

    /// With the types of its arguments.
    #[must_use]
    pub fn signature(mut self, signature: impl Into<String>) -> Self {
        self.signature = Some(signature.into());
        self
    }
}

impl fmt::Display for Name {
    /// `public.users`, `public."Odd.name"`, `public.f(integer, text)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = &self.schema {
            write!(f, "{}.", Quoted(schema))?;
        }
        write!(f, "{}", Quoted(&self.name))?;
        if let Some(signature) = &self.signature {
            write!(f, "({signature})")?;
        }
        Ok(())
    }
}

/// A name as people read it: in quotes where it would be misread without.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
        if !self.0.is_empty() && self.0.chars().all(is_plain) {
            f.write_str(self.0)
        } else {
            write!(f, "\"{}\"", self.0.replace('"', "\"\""))
        }
    }
}

/// What tells an object from all others of its database: its kind and its name. As text `table:public.users`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: Name,
}

impl Id {
    /// Of a kind and a name.
    pub fn new(kind: impl Into<Kind>, name: Name) -> Self {
        Id { kind: kind.into(), name }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.name)
    }
}

/// A text that names no object.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` names no object: write it as `table:users` or `table:public.users`, names with other than letters, digits, _ and $ in double quotes"
)]
pub struct IdError(pub String);

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || IdError(text.to_owned());
        let (kind, rest) = text.split_once(':').ok_or_else(wrong)?;
        if kind.is_empty() || !kind.chars().all(|c| c.is_ascii_lowercase() || c == '_') {
            return Err(wrong());
        }
        let (first, rest) = unquoted(rest).ok_or_else(wrong)?;
        let (mut name, rest) = match rest.strip_prefix('.') {
            Some(rest) => {
                let (second, rest) = unquoted(rest).ok_or_else(wrong)?;
                (Name::within(first, second), rest)
            }
            None => (Name::new(first), rest),
        };
        if !rest.is_empty() {
            let signature = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).ok_or_else(wrong)?;
            name.signature = Some(signature.to_owned());
        }
        Ok(Id { kind: kind.to_owned().into(), name })
    }
}

/// The name at the head of a text, and what follows it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(['.', '(', '"']).unwrap_or(text.len());
        return (end > 0).then(|| (text[..end].to_owned(), &text[end..]));
    };
    let mut name = String::new();
    let mut rest = quoted;
    loop {
        let end = rest.find('"')?;
        name.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, rest)),
        }
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_as_people_write_it() {
        let id = Id::new("function", Name::within("public", "Odd.f\"").signature("integer, text"));
        assert_eq!(id.to_string(), "function:public.\"Odd.f\"\"\"(integer, text)");
        assert_eq!(Id::new("table", Name::new("Größe")).to_string(), "table:Größe");
        for wrong in ["", "table", "table:", "Table:a", "table:\"a", "table:a.", "table:a.b.c", "table:a(b"] {
            assert!(wrong.parse::<Id>().is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_name_comes_back(schema in proptest::option::of(".{1,6}"), name in ".{1,6}", signature in proptest::option::of("[a-z, ]{0,8}")) {
            let id = Id::new("table", Name { schema, name, signature });
            prop_assert_eq!(id.to_string().parse::<Id>().unwrap(), id);
        }
    }
}
