//! One error for all chores: a text for a person.

use std::fmt;

/// What went wrong, in words.
#[derive(Debug)]
pub struct Failure(String);

/// The outcome of a step.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// From a text that says what, why and what to do.
    pub fn new(text: impl Into<String>) -> Self {
        Failure(text.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Says what was being done when an error came.
pub trait Context<T> {
    /// `text: the error`.
    fn context(self, text: impl fmt::Display) -> Result<T>;
}

impl<T, E: fmt::Display> Context<T> for std::result::Result<T, E> {
    fn context(self, text: impl fmt::Display) -> Result<T> {
        self.map_err(|error| Failure(format!("{text}: {error}")))
    }
}
