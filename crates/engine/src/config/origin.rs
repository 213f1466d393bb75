//! Where a value was set.

use std::fmt;

/// Where a value was set, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In the configuration file.
    File {
        /// The file, as people see it.
        path: String,
        /// The line, from 1.
        line: u32,
        /// The column, in characters, from 1.
        column: u32,
    },
    /// In an environment variable.
    Variable(String),
    /// By an option on the command line, or by the program that uses the library.
    Flag(String),
    /// Nowhere: it is what driftlock does when nobody says anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File { path, line, column } => write!(f, "{path}:{line}:{column}"),
            Origin::Variable(name) | Origin::Flag(name) => f.write_str(name),
            Origin::Default => f.write_str("the default"),
        }
    }
}

/// A value, and where it was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it was set.
    pub origin: Origin,
}

impl<T> Setting<T> {
    /// A value that nobody set.
    #[must_use]
    pub fn default(value: T) -> Self {
        Setting { value, origin: Origin::Default }
    }

    /// Another value, set at the same place.
    #[must_use]
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Setting<U> {
        Setting { value: change(self.value), origin: self.origin }
    }
}
