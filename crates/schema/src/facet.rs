//! Which sides of a database are compared.

use crate::{Attributes, Value};

/// A side of a database that a project may hold to be none of its business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facet {
    /// Who owns an object.
    Ownership,
    /// Who may do what with it.
    Grants,
    /// As whom a view, a routine or a trigger runs.
    Definers,
    /// What is noted beside it.
    Comments,
}

impl Facet {
    /// All there are.
    pub const ALL: [Facet; 4] = [Facet::Ownership, Facet::Grants, Facet::Definers, Facet::Comments];

    /// As in configuration and output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Facet::Ownership => "ownership",
            Facet::Grants => "grants",
            Facet::Definers => "definers",
            Facet::Comments => "comments",
        }
    }

    /// The attribute that is this facet, on every kind.
    #[must_use]
    pub fn attribute(self) -> &'static str {
        match self {
            Facet::Ownership => "owner",
            Facet::Grants => "grants",
            Facet::Definers => "definer",
            Facet::Comments => "comment",
        }
    }

    /// By its name in configuration.
    #[must_use]
    pub fn named(name: &str) -> Option<Facet> {
        Facet::ALL.into_iter().find(|facet| facet.as_str() == name)
    }

    /// The facet that an attribute is, if it is one.
    #[must_use]
    pub fn of(attribute: &str) -> Option<Facet> {
        // A part may have more than one thing beside which something is noted: `index_comment`.
        let is = |facet: &Facet| match facet {
            Facet::Comments => attribute == "comment" || attribute.ends_with("_comment"),
            facet => attribute == facet.attribute(),
        };
        Facet::ALL.into_iter().find(is)
    }
}

/// A choice of facets. All but the definers, unless somebody says otherwise: who made a view is most often who happened to connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facets(u8);

impl Default for Facets {
    fn default() -> Self {
        Facets::ALL.without(Facet::Definers)
    }
}

impl Facets {
    /// All.
    pub const ALL: Facets = Facets(0b1111);

    /// Without this one.
    #[must_use]
    pub fn without(self, facet: Facet) -> Self {
        Facets(self.0 & !(1 << facet as u8))
    }

    /// With this one.
    #[must_use]
    pub fn with(self, facet: Facet) -> Self {
        Facets(self.0 | 1 << facet as u8)
    }

    /// Whether this one is among them.
    #[must_use]
    pub fn has(self, facet: Facet) -> bool {
        self.0 & (1 << facet as u8) != 0
    }

    /// Whether an attribute counts.
    #[must_use]
    pub fn count(self, attribute: &str) -> bool {
        Facet::of(attribute).is_none_or(|facet| self.has(facet))
    }

    /// The attributes that count.
    pub fn of(self, attributes: &Attributes) -> impl Iterator<Item = (&str, &Value)> {
        attributes.iter().filter(move |(name, _)| self.count(name))
    }
}
