//! What an attribute says.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Fingerprint;

/// What an attribute says. As JSON: a boolean, a number, a string, `{"code", "sha256"}` (whose text may be an array of its lines), an array, an
/// object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Yes or no. An adapter leaves out what is no.
    Flag(bool),
    /// A whole number. One that doesn't fit is a text.
    Number(i64),
    /// A text, by its letters: a type, a name, an expression as the engine itself prints it.
    Text(String),
    /// A text as somebody wrote it, which is equal to another when only its spelling differs.
    Code(Code),
    /// Several, in an order that means something, or sorted where it doesn't.
    List(Vec<Value>),
    /// Several by name.
    Map(BTreeMap<String, Value>),
}

/// A text that the engine keeps as it was written: the body of a routine, a view of SQLite's.
///
/// It is kept whole, since the database is made from it again and people read it. Whether two are equal says the digest of the normal
/// form (keywords, spaces, comments and quotes put right by the engine's own lexical rules), which the adapter makes.
#[derive(Debug, Clone)]
pub struct Code {
    /// As it was written.
    pub text: String,
    /// SHA-256 of its normal form.
    pub digest: Fingerprint,
}

impl Code {
    /// A text, and its normal form.
    #[must_use]
    pub fn new(text: impl Into<String>, normal: &str) -> Self {
        Code { text: text.into(), digest: Fingerprint::of(normal.as_bytes()) }
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Code {}

impl Value {
    /// The text, of a text or of code.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) | Value::Code(Code { text, .. }) => Some(text),
            _ => None,
        }
    }

    /// The number.
    #[must_use]
    pub fn as_number(&self) -> Option<i64> {
        if let Value::Number(number) = self { Some(*number) } else { None }
    }

    /// The items of a list; none of anything else.
    #[must_use]
    pub fn items(&self) -> &[Value] {
        if let Value::List(items) = self { items } else { &[] }
    }

    /// What a map has under this name.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        if let Value::Map(map) = self { map.get(key) } else { None }
    }

    /// A map of these.
    pub fn map<K: Into<String>, V: Into<Value>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        Value::Map(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

impl fmt::Display for Value {
    /// As people read it in a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Flag(flag) => f.write_str(if *flag { "yes" } else { "no" }),
            Value::Number(number) => write!(f, "{number}"),
            Value::Text(text) | Value::Code(Code { text, .. }) => f.write_str(text),
            Value::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if at == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
            Value::Map(map) => {
                for (at, (key, value)) in map.iter().enumerate() {
                    write!(f, "{}{key} {value}", if at == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
        }
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Value::Flag(flag)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Number(number)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Value::Number(number.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<Code> for Value {
    fn from(code: Code) -> Self {
        Value::Code(code)
    }
}

impl<V: Into<Value>> From<Vec<V>> for Value {
    fn from(items: Vec<V>) -> Self {
        Value::List(items.into_iter().map(Into::into).collect())
    }
}

const CODE: &str = "code";
const SHA256: &str = "sha256";

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Flag(flag) => serializer.serialize_bool(*flag),
            Value::Number(number) => serializer.serialize_i64(*number),
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(items) => serializer.collect_seq(items),
            Value::Map(map) => serializer.collect_map(map),
            Value::Code(code) => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry(CODE, &code.text)?;
                map.serialize_entry(SHA256, &code.digest)?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a boolean, a whole number, a string, an array or an object")
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
                Ok(Value::Flag(flag))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
                Ok(Value::Number(number))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Value, E> {
                i64::try_from(number).map(Value::Number).map_err(|_| E::custom(format!("{number} is too large")))
            }

            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(text.to_owned()))
            }

            fn visit_string<E>(self, text: String) -> Result<Value, E> {
                Ok(Value::Text(text))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Value::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Value, A::Error> {
                let mut map: BTreeMap<String, Value> = BTreeMap::new();
                while let Some((key, value)) = pairs.next_entry()? {
                    map.insert(key, value);
                }
                Ok(code(&map).map_or(Value::Map(map), Value::Code))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

/// A map that is code.
fn code(map: &BTreeMap<String, Value>) -> Option<Code> {
    let (2, Some(text), Some(Value::Text(digest))) = (map.len(), map.get(CODE), map.get(SHA256)) else { return None };
    let text = match text {
        Value::Text(text) => text.clone(),
        Value::List(lines) => {
            let line = |line: &Value| if let Value::Text(line) = line { Some(line.clone()) } else { None };
            lines.iter().map(line).collect::<Option<Vec<_>>>()?.join("\n")
        }
        _ => return None,
    };
    Some(Code { text, digest: digest.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_from_json_as_it_was() {
        let code = Code::new("SELECT  1", "select 1");
        let value = Value::map([
            ("flag", Value::from(true)),
            ("number", Value::from(-3)),
            ("text", Value::from("a")),
            ("code", Value::from(code)),
            ("list", Value::from(vec!["a", "b"])),
        ]);
        let json = serde_json::to_string(&value).unwrap();
        let back: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(back, value);
        assert_eq!(back.get("code").and_then(Value::as_text), Some("SELECT  1"));
        assert!(serde_json::from_str::<Value>("1.5").is_err());
    }

    #[test]
    fn code_may_be_written_line_by_line() {
        let code = Code::new("BEGIN\n  SELECT 1;\n\nEND", "x");
        let json =
            format!("{{\"code\": [\"BEGIN\", \"  SELECT 1;\", \"\", \"END\"], \"sha256\": \"{}\"}}", code.digest);
        let Value::Code(back) = serde_json::from_str(&json).unwrap() else { unreachable!("it has both keys") };
        assert_eq!((back.text.as_str(), back.digest), (code.text.as_str(), code.digest));
    }

    #[test]
    fn code_is_equal_when_only_its_spelling_differs() {
        assert_eq!(Code::new("SELECT 1", "select 1"), Code::new("select  1", "select 1"));
        assert_ne!(Code::new("SELECT 1", "select 1"), Code::new("SELECT 1", "select 2"));
    }
}
