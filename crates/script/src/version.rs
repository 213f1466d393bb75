//! Versions, and the order that a layout gives them.

use std::cmp::Ordering;
use std::fmt;

/// A migration's version: how it is written, and where it stands among others of its layout.
#[derive(Clone)]
pub struct Version {
    text: String,
    number: Option<u64>,
}

impl Version {
    /// A version that is ordered as text (`20240520-143022`).
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Version { text: text.into(), number: None }
    }

    /// A version that is ordered as a number; it is written without leading zeros.
    #[must_use]
    pub fn number(number: u64) -> Self {
        Version { text: number.to_string(), number: Some(number) }
    }

    /// As the history and all output write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.number, other.number) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => self.text.cmp(&other.text),
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
