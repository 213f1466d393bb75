//! The order in which views can be made.

use std::collections::{BTreeMap, BTreeSet};

use driftlock_schema::{Id, Object, Schema};

/// Each after those that it reads, else by name.
pub(crate) fn views(schema: &Schema) -> Vec<&Object> {
    let views: BTreeMap<Id, &Object> = schema.of_kind("view").map(|view| (view.id(), view)).collect();
    let mut done = BTreeSet::new();
    let mut order = Vec::new();
    for id in views.keys() {
        // Depth first, without recursion: a chain of views can be long.
        let mut open = vec![(id, false)];
        while let Some((id, is_ready)) = open.pop() {
            let Some(view) = views.get(id) else { continue };
            if is_ready {
                order.push(*view);
            } else if done.insert(id) {
                open.push((id, true));
                open.extend(view.requires.iter().filter(|needed| !done.contains(needed)).map(|needed| (needed, false)));
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use driftlock_schema::Name;

    #[test]
    fn a_view_comes_after_what_it_reads() {
        let mut schema = Schema::new("mysql");
        let id = |name: &str| Id::new("view", Name::new(name));
        for (name, reads) in
            [("a", &["c", "b"][..]), ("b", &["c", "t"]), ("c", &["d"]), ("d", &[]), ("x", &["y"]), ("y", &["x"])]
        {
            let mut view = Object::new("view", Name::new(name));
            view.requires = reads.iter().map(|name| id(name)).collect();
            schema.insert(view);
        }
        let order: Vec<&str> = views(&schema).iter().map(|view| view.name.name.as_str()).collect();
        assert_eq!(order, ["d", "c", "b", "a", "y", "x"]);
    }
}
