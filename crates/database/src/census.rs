//! An engine's own account of a database, taken without our model of it.

use std::collections::BTreeMap;

use driftlock_schema::{Facet, Filter, Id};

/// The engine's own account of a database: every attribute of its catalogs, names instead of numbers, nothing that two databases of the same
/// make differ in. Two databases are the same when their censuses are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    /// What the engine says, by what it says it of.
    pub entries: BTreeMap<CensusKey, String>,
    /// The tables with rows of their own, named as [`Session::foreign_rows`](crate::Session::foreign_rows) takes them.
    pub tables: Vec<String>,
}

/// What an entry of a census is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CensusKey {
    /// The object that it belongs to, named as an [`Inspection`](crate::Inspection) names it, so that one filter fits both.
    pub object: Id,
    /// What of it: empty for the object itself, else its part (`column email`) or the catalog that says it.
    pub about: String,
    /// The facet that it says, where it says nothing else.
    pub facet: Option<Facet>,
}

impl std::fmt::Display for CensusKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.object)?;
        if !self.about.is_empty() {
            write!(f, " {}", self.about)?;
        }
        self.facet.map_or(Ok(()), |facet| write!(f, " ({})", facet.as_str()))
    }
}

impl CensusKey {
    /// What an entry is about that says in which order a table's columns come, and nothing else.
    pub const COLUMN_ORDER: &str = "order of columns";

    /// About an object, or a part of it.
    pub fn new(object: Id, about: impl Into<String>) -> Self {
        CensusKey { object, about: about.into(), facet: None }
    }

    /// About one facet of it alone.
    #[must_use]
    pub fn facet(mut self, facet: Facet) -> Self {
        self.facet = Some(facet);
        self
    }
}

impl Census {
    /// Takes out what a filter doesn't look at.
    pub fn apply(&mut self, filter: &Filter) {
        let mut last: Option<(Id, bool)> = None;
        self.entries.retain(|key, _| {
            // Entries of one object follow each other.
            let takes = match &last {
                Some((id, takes)) if *id == key.object => *takes,
                _ => filter.takes(&key.object),
            };
            last = Some((key.object.clone(), takes));
            takes && key.facet.is_none_or(|facet| filter.facets().has(facet))
        });
    }

    /// What differs from another: each a key, what is said here, what is said there.
    #[must_use]
    pub fn differences<'a>(&'a self, other: &'a Census) -> Vec<(&'a CensusKey, Option<&'a str>, Option<&'a str>)> {
        let keys = self.entries.keys().chain(other.entries.keys().filter(|key| !self.entries.contains_key(*key)));
        let of = |census: &'a Census, key| census.entries.get(key).map(String::as_str);
        let mut differences: Vec<_> =
            keys.map(|key| (key, of(self, key), of(other, key))).filter(|(_, here, there)| here != there).collect();
        differences.sort();
        differences
    }
}
