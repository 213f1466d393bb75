//! How much of a schema a plan can have to do with: in a large one, nothing else is made to prove it.

use std::collections::{BTreeMap, BTreeSet};

use driftlock_database::Step;
use driftlock_schema::{Id, Object, Schema};

/// Schemas with fewer objects are made whole: that costs next to nothing, and nobody has to trust what they say of each other.
const SMALL: usize = 1000;

/// The objects that the steps are about, all that need one of them, and all that any of these needs. `None`: everything.
pub(super) fn closure(from: &Schema, to: &Schema, steps: &[Step]) -> Option<BTreeSet<Id>> {
    if from.len().max(to.len()) < SMALL {
        return None;
    }
    let mut needs: BTreeMap<&Id, Vec<&Id>> = BTreeMap::new();
    let mut needed_by: BTreeMap<&Id, Vec<&Id>> = BTreeMap::new();
    for (id, object) in from.iter().chain(to.iter()) {
        for other in requirements(object).filter(|other| *other != id) {
            needs.entry(id).or_default().push(other);
            needed_by.entry(other).or_default().push(id);
        }
    }
    let touched = steps.iter().map(|step| &step.object);
    let named: BTreeSet<&Id> = touched.filter(|id| from.get(id).or(to.get(id)).is_some()).collect();
    // A step about something else than an object of either side may be about everything.
    if steps.iter().any(|step| !named.contains(&step.object)) {
        return None;
    }
    let with_dependents = reached(named, &needed_by);
    Some(reached(with_dependents, &needs).into_iter().cloned().collect())
}

/// All that can be come to from some.
fn reached<'i>(some: BTreeSet<&'i Id>, ways: &BTreeMap<&'i Id, Vec<&'i Id>>) -> BTreeSet<&'i Id> {
    let mut all = some.clone();
    let mut open: Vec<&Id> = some.into_iter().collect();
    while let Some(id) = open.pop() {
        for next in ways.get(id).into_iter().flatten().copied() {
            if all.insert(next) {
                open.push(next);
            }
        }
    }
    all
}

fn requirements(object: &Object) -> impl Iterator<Item = &Id> {
    object.requires.iter().chain(object.parts.iter().flat_map(|part| &part.requires))
}

/// The part of a schema that is in a closure.
pub(super) fn within(schema: &Schema, closure: Option<&BTreeSet<Id>>) -> Schema {
    let mut schema = schema.clone();
    if let Some(closure) = closure {
        schema.retain(|object| closure.contains(&object.id()));
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftlock_schema::Name;

    fn table(name: &str) -> Object {
        Object::new("table", Name::new(name))
    }

    fn id(name: &str) -> Id {
        table(name).id()
    }

    #[test]
    fn a_closure_has_who_needs_a_changed_object_and_what_they_need_and_nobody_else() {
        let mut schema = Schema::new("sqlite");
        schema.extend((0..SMALL).map(|at| table(&format!("t{at}"))));
        // t2 needs t1 and t3, t3 needs t4; t5 needs t4.
        for (one, others) in [("t2", ["t1", "t3"].as_slice()), ("t3", &["t4"]), ("t5", &["t4"])] {
            let mut object = table(one);
            object.requires = others.iter().map(|other| id(other)).collect();
            schema.insert(object);
        }
        let about = |name: &str| Step::new(id(name), "ALTER TABLE");
        let found = closure(&schema, &schema, &[about("t1")]).unwrap();
        assert_eq!(found, ["t1", "t2", "t3", "t4"].map(id).into());
        assert_eq!(within(&schema, Some(&found)).len(), 4);
        assert_eq!(closure(&schema, &schema, &[about("elsewhere")]), None);
        schema.remove(&id("t9"));
        assert_eq!(closure(&schema, &schema, &[about("t1")]), None, "a small one is made whole");
    }
}
