//! An object as a schema keeps it: with digests, so that it is looked into once.

use std::sync::OnceLock;

use crate::{Facets, Fingerprint, Object};

/// An object, and its digests once somebody asked for its fingerprint.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    object: Object,
    digests: OnceLock<Digests>,
}

/// Two objects are equal where both of these are, by the same facets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Digests {
    facets: Facets,
    fingerprint: Fingerprint,
    /// Of what the fingerprint doesn't count.
    rest: Fingerprint,
}

impl Kept {
    pub(crate) fn new(object: Object) -> Self {
        Kept { object, digests: OnceLock::new() }
    }

    pub(crate) fn object(&self) -> &Object {
        &self.object
    }

    /// To be changed: what is known of it is forgotten.
    pub(crate) fn object_mut(&mut self) -> &mut Object {
        self.digests.take();
        &mut self.object
    }

    pub(crate) fn into_object(self) -> Object {
        self.object
    }

    /// Whether its fingerprint was asked for before.
    pub(crate) fn is_digested(&self) -> bool {
        self.digests.get().is_some()
    }

    /// Its fingerprint, by these facets. The facets that are asked for first are those that are fast.
    pub(crate) fn fingerprint(&self, facets: Facets) -> Fingerprint {
        let digests = self.digests.get_or_init(|| Digests {
            facets,
            fingerprint: Fingerprint::of_object(&self.object, facets),
            rest: Fingerprint::of_rest(&self.object, facets),
        });
        if digests.facets == facets { digests.fingerprint } else { Fingerprint::of_object(&self.object, facets) }
    }
}

impl PartialEq for Kept {
    fn eq(&self, other: &Self) -> bool {
        match (self.digests.get(), other.digests.get()) {
            (Some(one), Some(other)) if one.facets == other.facets => one == other,
            _ => self.object == other.object,
        }
    }
}

impl Eq for Kept {}
