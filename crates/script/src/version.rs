//! Versions, and the order that a layout gives them.

use std::cmp::Ordering;
use std::fmt;

/// A migration's version: how it is written, and where it stands among others of its layout.
#[derive(Clone)]
pub struct Version {
    text: String,
    key: Key,
}

/// What a version is ordered by. Those of one layout compare alike; the kinds stand in the order in which they run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// As its text is.
    Text,
    /// As its text is with a `_` behind it.
    File,
    /// As a number.
    Number(u64),
    /// Number by number, none of the last ones zero. What stands for all versions up to its own comes behind the same version.
    Numbers(Vec<u64>, bool),
    /// Without a version of its own: behind all that have one, by description.
    Repeatable(String),
}

impl Version {
    /// A version that is ordered as text (`20240520-143022`).
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Version { key: Key::Text, text: text.into() }
    }

    /// A version that stands where a file stands that is named by it and `_name.sql`, files being ordered as text: `10` before `1`.
    #[must_use]
    pub(crate) fn by_file(text: &str) -> Self {
        Version { text: text.to_owned(), key: Key::File }
    }

    /// A version that is ordered as a number; it is written without leading zeros.
    #[must_use]
    pub fn number(number: u64) -> Self {
        Version { text: number.to_string(), key: Key::Number(number) }
    }

    /// A version of numbers with points between them, each ordered as a number: `1.2` is `1.02` and `1.2.0`, and comes before
    /// `1.10`. `None` where it isn't one. With `baseline`, one that stands for all versions up to it: it is written `B1.2`.
    #[must_use]
    pub(crate) fn numbers(text: &str, baseline: bool) -> Option<Self> {
        let mut numbers = Vec::new();
        for part in text.split('.') {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            numbers.push(if digits { part.parse().ok()? } else { return None });
        }
        while numbers.len() > 1 && numbers.last() == Some(&0) {
            numbers.pop();
        }
        let text = if baseline { format!("B{text}") } else { text.to_owned() };
        Some(Version { text, key: Key::Numbers(numbers, baseline) })
    }

    /// What has no version and runs again whenever it changes, behind all versions: it is written `R__name`. They are ordered by
    /// what Flyway makes of the name, where a blank is what `_` is.
    #[must_use]
    pub(crate) fn repeatable(name: &str) -> Self {
        Version { text: format!("R__{name}"), key: Key::Repeatable(name.replace('_', " ")) }
    }

    /// As the history and all output write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The number that it is, where it is nothing but digits: `1` and `001` are the same.
    pub(crate) fn as_number(&self) -> Option<u64> {
        if self.text.bytes().all(|byte| byte.is_ascii_digit()) { self.text.parse().ok() } else { None }
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.key, &other.key) {
            (Key::Text, Key::Text) => self.text.cmp(&other.text),
            (Key::File, Key::File) => self.text.bytes().chain([b'_']).cmp(other.text.bytes().chain([b'_'])),
            (key, other) => key.cmp(other),
        }
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_by_numbers_by_files_and_repeatables_last() {
        let numbers = |text| Version::numbers(text, false).unwrap();
        assert!(numbers("1.2") < numbers("1.10") && numbers("9") < numbers("10"));
        assert_eq!(numbers("1.2"), numbers("01.02.0"));
        assert!(
            numbers("5") < Version::numbers("5", true).unwrap()
                && Version::numbers("5", true).unwrap() < numbers("5.1")
        );
        assert!(numbers("99") < Version::repeatable("a"));
        assert!(Version::repeatable("view_2") < Version::repeatable("view1"));
        assert_eq!(Version::repeatable("a_b"), Version::repeatable("a b"));
        assert!(Version::by_file("10") < Version::by_file("1"));
        for text in ["", ".", "1.", "1..2", "a", "1a", "99999999999999999999"] {
            assert!(Version::numbers(text, false).is_none(), "{text}");
        }
    }
}
