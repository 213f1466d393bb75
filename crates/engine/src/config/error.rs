//! What can be wrong with a configuration.

use super::Origin;
use crate::Kind;

/// A configuration that can't be used. The text of a secret is never part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", origin.as_ref().map(|origin| format!("{origin}: ")).unwrap_or_default())]
pub struct ConfigError {
    /// Where the wrong value was set, where it is one.
    pub origin: Option<Origin>,
    /// What is wrong and what to do.
    pub message: String,
    pub(super) what: Wrong,
}

/// Kinds of [`ConfigError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    Unreadable,
    Syntax,
    UnknownKey,
    Value,
    Environment,
    Secret,
}

impl ConfigError {
    pub(super) fn new(what: Wrong, origin: impl Into<Option<Origin>>, message: impl Into<String>) -> Self {
        ConfigError { origin: origin.into(), message: message.into(), what }
    }

    /// A stable code for scripts and searches.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.what {
            Wrong::Unreadable => "DL0601",
            Wrong::Syntax => "DL0602",
            Wrong::UnknownKey => "DL0603",
            Wrong::Value => "DL0604",
            Wrong::Environment => "DL0605",
            Wrong::Secret => "DL0606",
        }
    }

    /// Which kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.what {
            Wrong::Unreadable | Wrong::Secret => Kind::Failed,
            _ => Kind::Usage,
        }
    }
}
