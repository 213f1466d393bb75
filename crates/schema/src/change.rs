//! The difference of two schemas.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Attributes, Facets, Id, Kind, Object, Pair, Part, Schema, Value};

/// One difference: what it is about, and what differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The object.
    pub object: Id,
    /// Its part, by kind and name, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<(Kind, String)>,
    /// What differs.
    #[serde(flatten)]
    pub difference: Difference,
}

/// What differs between two that have the same kind and name. `from` is the first schema's side, `to` the second's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Difference {
    /// Only the second has it.
    Added,
    /// Only the first has it.
    Removed,
    /// An attribute says something else. What is absent is at the engine's default.
    Altered {
        /// Which.
        attribute: String,
        /// What it says in the first.
        from: Option<Value>,
        /// What it says in the second.
        to: Option<Value>,
    },
    /// The columns that both have come in another order. An order that is empty is the usual one: the parents' columns first.
    Reordered {
        /// Their order in the first.
        from: Vec<String>,
        /// Their order in the second.
        to: Vec<String>,
    },
}

/// What has to change for the first to be the second, by the facets that count: by object, part and attribute, in a stable order.
///
/// An object that only one has is one change; its parts aren't counted again. Linear in the size of both.
#[must_use]
pub fn compare(from: &Schema, to: &Schema, facets: Facets) -> Vec<Change> {
    let mut changes = Vec::new();
    let whole = |object: &Object, difference| Change { object: object.id(), part: None, difference };
    for pair in from.differing(to) {
        match pair {
            Pair::Removed(one) => changes.push(whole(one, Difference::Removed)),
            Pair::Added(other) => changes.push(whole(other, Difference::Added)),
            Pair::Altered(one, other) => objects(one, other, facets, &mut changes),
        }
    }
    changes
}

/// The attribute of a table whose columns come in an order that its parents' don't tell.
const COLUMN_ORDER: &str = "column_order";

/// Two objects of the same kind and name.
fn objects(from: &Object, to: &Object, facets: Facets, changes: &mut Vec<Change>) {
    let id = from.id();
    let about = |part: Option<&Part>, difference| Change {
        object: id.clone(),
        part: part.map(|part| (part.kind.clone(), part.name.clone())),
        difference,
    };
    let is_order = |difference: &Difference| matches!(difference, Difference::Altered { attribute, .. } if attribute == COLUMN_ORDER);
    let differences = altered(&from.attributes, &to.attributes, facets);
    for difference in differences {
        let names = |object: &Object| -> Vec<String> {
            object.attributes.list(COLUMN_ORDER).iter().filter_map(Value::as_text).map(str::to_owned).collect()
        };
        let difference =
            if is_order(&difference) { Difference::Reordered { from: names(from), to: names(to) } } else { difference };
        changes.push(about(None, difference));
    }
    let of = |object: &'_ Object| -> BTreeMap<(Kind, String), usize> {
        object.parts.iter().enumerate().map(|(at, part)| ((part.kind.clone(), part.name.clone()), at)).collect()
    };
    let (left, right) = (of(from), of(to));
    let keys: BTreeSet<&(Kind, String)> = left.keys().chain(right.keys()).collect();
    for key in keys {
        match (left.get(key).map(|at| &from.parts[*at]), right.get(key).map(|at| &to.parts[*at])) {
            (Some(one), Some(other)) => {
                let differences = altered(&one.attributes, &other.attributes, facets);
                changes.extend(differences.map(|difference| about(Some(one), difference)));
            }
            (Some(one), None) => changes.push(about(Some(one), Difference::Removed)),
            (None, Some(other)) => changes.push(about(Some(other), Difference::Added)),
            (None, None) => {}
        }
    }
    let order = |object: &Object, other: &BTreeMap<(Kind, String), usize>| -> Vec<String> {
        let placed = object.parts.iter().filter(|part| part.keeps_its_place());
        placed
            .filter(|part| other.contains_key(&(part.kind.clone(), part.name.clone())))
            .map(|part| part.name.clone())
            .collect()
    };
    let (one, other) = (order(from, &right), order(to, &left));
    if one != other {
        changes.push(about(None, Difference::Reordered { from: one, to: other }));
    }
}

fn altered<'a>(from: &'a Attributes, to: &'a Attributes, facets: Facets) -> impl Iterator<Item = Difference> + use<'a> {
    let names: BTreeSet<&'a str> = facets.of(from).chain(facets.of(to)).map(|(name, _)| name).collect();
    names.into_iter().filter(move |name| from.get(name) != to.get(name)).map(move |name| Difference::Altered {
        attribute: name.to_owned(),
        from: from.get(name).cloned(),
        to: to.get(name).cloned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Name;

    fn schema(objects: impl IntoIterator<Item = Object>) -> Schema {
        let mut schema = Schema::new("postgres");
        schema.extend(objects);
        schema
    }

    fn table(name: &str, columns: &[(&str, &str)]) -> Object {
        let mut table = Object::new("table", Name::within("public", name));
        let part = |(name, kind): &(&str, &str)| Part::new("column", *name).with("type", *kind);
        table.parts.extend(columns.iter().map(part));
        table
    }

    #[test]
    fn names_what_was_added_removed_altered_and_reordered() {
        let from = schema([table("a", &[("x", "integer"), ("y", "text"), ("z", "text")]), table("b", &[])]);
        let to = schema([table("a", &[("y", "text"), ("x", "bigint"), ("w", "text")]), table("c", &[])]);
        let changes: Vec<String> = compare(&from, &to, Facets::ALL)
            .iter()
            .map(|change| {
                let part = change.part.as_ref().map(|(kind, name)| format!(" {kind} {name}")).unwrap_or_default();
                format!("{}{part}: {:?}", change.object, change.difference)
            })
            .collect();
        assert_eq!(
            changes,
            [
                "table:public.a column w: Added",
                "table:public.a column x: Altered { attribute: \"type\", from: Some(Text(\"integer\")), to: Some(Text(\"bigint\")) }",
                "table:public.a column z: Removed",
                "table:public.a: Reordered { from: [\"x\", \"y\"], to: [\"y\", \"x\"] }",
                "table:public.b: Removed",
                "table:public.c: Added",
            ]
        );
        assert_eq!(compare(&from, &from, Facets::ALL), []);
    }

    #[test]
    fn says_nothing_exactly_where_the_fingerprints_are_equal() {
        let one = schema([table("a", &[("x", "integer")]).with("definer", "a@b")]);
        let other = schema([table("a", &[("x", "integer")]).with("definer", "c@d")]);
        for facets in [Facets::ALL, Facets::default()] {
            let equal = one.fingerprint_of(facets) == other.fingerprint_of(facets);
            assert_eq!(compare(&one, &other, facets).is_empty(), equal);
        }
    }
}
