//! How a database differs from what its migrations make.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use driftlock_database::Inspection;
use driftlock_schema::{Difference, Facets, Fingerprint, Id, Kind, Schema, Value, compare};
use similar::TextDiff;

/// One difference between a database and what is expected of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The object.
    pub object: Id,
    /// Its part, by kind and name, where it is about one.
    pub part: Option<(Kind, String)>,
    /// What differs.
    pub what: Drifted,
}

/// What differs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Drifted {
    /// It is expected and isn't there.
    Missing,
    /// It is there and isn't expected.
    Unexpected,
    /// An attribute says something else. What is absent is at the engine's default.
    Altered {
        /// Which.
        attribute: String,
        /// What is expected.
        expected: Option<Value>,
        /// What is there.
        found: Option<Value>,
    },
    /// The columns come in another order.
    Reordered {
        /// The order that is expected.
        expected: Vec<String>,
        /// The order that there is.
        found: Vec<String>,
    },
    /// Something in it differs; of this version only fingerprints are kept.
    Changed,
}

impl Drifted {
    /// As JSON names it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Drifted::Missing => "missing",
            Drifted::Unexpected => "unexpected",
            Drifted::Altered { .. } => "altered",
            Drifted::Reordered { .. } => "reordered",
            Drifted::Changed => "changed",
        }
    }
}

impl Drift {
    /// About a whole object.
    pub(crate) fn of(object: &Id, what: Drifted) -> Self {
        Drift { object: object.clone(), part: None, what }
    }

    /// What it is about: `table public.users, column email`.
    #[must_use]
    pub fn subject(&self) -> String {
        let mut text = format!("{} {}", self.object.kind.words(), self.object.name);
        if let Some((kind, name)) = &self.part {
            text.push_str(&format!(", {}", kind.words()));
            if !name.is_empty() {
                text.push_str(&format!(" {name}"));
            }
        }
        text
    }

    /// What differs, in a line, where it fits into one.
    #[must_use]
    pub fn sentence(&self) -> String {
        let side = |value: &Option<Value>| match value {
            None => "nothing".to_owned(),
            Some(Value::Text(text)) => format!("`{text}`"),
            Some(value) => value.to_string(),
        };
        match &self.what {
            Drifted::Missing => "is missing".to_owned(),
            Drifted::Unexpected => "is there, and no migration makes it".to_owned(),
            Drifted::Changed => "isn't as the migrations make it".to_owned(),
            Drifted::Altered { attribute, expected, found } => {
                let is_long = |value: &Option<Value>| value.as_ref().is_some_and(|it| it.to_string().contains('\n'));
                let attribute = attribute.replace('_', " ");
                if is_long(expected) || is_long(found) {
                    format!("{attribute} differs")
                } else {
                    format!("{attribute} is {}, expected {}", side(found), side(expected))
                }
            }
            Drifted::Reordered { expected, found } => {
                format!("the columns are in the order {}; expected {}", found.join(", "), expected.join(", "))
            }
        }
    }
}

impl Drift {
    /// Both texts, line by line, where they don't fit into one.
    #[must_use]
    pub fn difference(&self) -> Option<String> {
        let Drifted::Altered { expected, found, .. } = &self.what else { return None };
        let text = |value: &Option<Value>| value.as_ref().map(ToString::to_string).unwrap_or_default();
        let (expected, found) = (text(expected), text(found));
        if !expected.contains('\n') && !found.contains('\n') {
            return None;
        }
        let diff = TextDiff::from_lines(&expected, &found);
        let text =
            diff.unified_diff().context_radius(2).missing_newline_hint(false).header("expected", "found").to_string();
        Some(text.trim_end().to_owned())
    }
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject(), self.sentence())
    }
}

/// What came of a comparison.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    pub(crate) drift: Vec<Drift>,
    /// What a reading that isn't whole lacks: nothing can be concluded from that.
    pub(crate) lacking: Vec<Drift>,
    /// Texts that servers of two majors write in their own ways.
    pub(crate) texts: Vec<Drift>,
}

/// How a reading differs from a whole schema.
pub(crate) fn from_schema(expected: &Schema, found: &Inspection, facets: Facets, other_major: bool) -> Differences {
    let mut all = Differences::default();
    let unreadable: BTreeSet<&Id> = found.unmodelled.iter().map(|it| &it.object).collect();
    for change in compare(expected, &found.schema, facets) {
        let what = match change.difference {
            Difference::Added => Drifted::Unexpected,
            Difference::Removed => Drifted::Missing,
            Difference::Altered { attribute, from, to } => Drifted::Altered { attribute, expected: from, found: to },
            Difference::Reordered { from, to } => Drifted::Reordered { expected: from, found: to },
        };
        let drift = Drift { object: change.object, part: change.part, what };
        let is_lack = matches!(drift.what, Drifted::Missing | Drifted::Altered { found: None, .. });
        if is_lack && (!found.incomplete.is_empty() || unreadable.contains(&drift.object)) {
            all.lacking.push(drift);
        } else if other_major && is_expression(&drift.what) {
            all.texts.push(drift);
        } else {
            all.drift.push(drift);
        }
    }
    all
}

/// How a reading differs from a schema of which fingerprints are kept.
pub(crate) fn from_fingerprints(
    expected: &BTreeMap<Id, Fingerprint>,
    found: &Inspection,
    facets: Facets,
) -> Differences {
    let mut all = Differences::default();
    let is_whole = found.incomplete.is_empty();
    let unreadable: BTreeSet<&Id> = found.unmodelled.iter().map(|it| &it.object).collect();
    for (id, object) in found.schema.iter() {
        match expected.get(id) {
            Some(expected) if *expected == Fingerprint::of_object(object, facets) => {}
            Some(_) if is_whole => all.drift.push(Drift::of(id, Drifted::Changed)),
            Some(_) => all.lacking.push(Drift::of(id, Drifted::Changed)),
            None => all.drift.push(Drift::of(id, Drifted::Unexpected)),
        }
    }
    for id in expected.keys().filter(|id| found.schema.get(id).is_none()) {
        let missing = Drift::of(id, Drifted::Missing);
        if is_whole && !unreadable.contains(id) { all.drift.push(missing) } else { all.lacking.push(missing) }
    }
    all.drift.sort_by(|one, other| one.object.cmp(&other.object));
    all
}

/// Whether what differs is a text that the server itself has written, and that another major may write otherwise. A type is one everywhere.
fn is_expression(what: &Drifted) -> bool {
    let Drifted::Altered { attribute, expected: Some(Value::Text(_)), found: Some(Value::Text(_)) } = what else {
        return false;
    };
    attribute != "type"
}

#[cfg(test)]
mod tests {
    use driftlock_database::Unmodelled;
    use driftlock_schema::{Name, Object, Part};

    use super::*;

    fn table(name: &str, columns: &[(&str, &str)]) -> Object {
        let mut table = Object::new("table", Name::within("public", name));
        table.parts.extend(columns.iter().map(|(name, kind)| Part::new("column", *name).with("type", *kind)));
        table
    }

    fn read(objects: &[Object]) -> Inspection {
        let mut schema = Schema::new("postgres");
        schema.extend(objects.iter().cloned());
        Inspection { schema, unmodelled: Vec::new(), incomplete: Vec::new() }
    }

    #[test]
    fn names_each_difference_in_a_line() {
        let expected = read(&[table("a", &[("x", "integer"), ("y", "text")]), table("b", &[])]).schema;
        let found = read(&[table("a", &[("x", "bigint")]), table("c", &[])]);
        let all = from_schema(&expected, &found, Facets::default(), false);
        let lines: Vec<String> = all.drift.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "table public.a, column x: type is `bigint`, expected `integer`",
                "table public.a, column y: is missing",
                "table public.b: is missing",
                "table public.c: is there, and no migration makes it",
            ]
        );
    }

    #[test]
    fn a_body_is_told_line_by_line() {
        let what = Drifted::Altered {
            attribute: "body".to_owned(),
            expected: Some("BEGIN\n  RETURN 1;\nEND".into()),
            found: Some("BEGIN\n  RETURN 2;\nEND".into()),
        };
        let drift = Drift { object: "function:f".parse().unwrap(), part: None, what };
        assert_eq!(drift.sentence(), "body differs");
        let difference = "--- expected\n+++ found\n@@ -1,3 +1,3 @@\n BEGIN\n-  RETURN 1;\n+  RETURN 2;\n END";
        assert_eq!(drift.difference().as_deref(), Some(difference));
    }

    #[test]
    fn what_a_reading_lacks_that_is_not_whole_is_no_drift() {
        let expected = read(&[table("a", &[("x", "integer")]), table("b", &[])]);
        let mut found = read(&[table("a", &[("x", "bigint")]), table("c", &[])]);
        found.incomplete.push("no right to see b".to_owned());
        let names = |drift: &[Drift]| drift.iter().map(|it| it.object.name.name.clone()).collect::<Vec<_>>();
        let all = from_schema(&expected.schema, &found, Facets::default(), false);
        assert_eq!((names(&all.drift), names(&all.lacking)), (vec!["a".into(), "c".into()], vec!["b".into()]));
        let fingerprints = expected.schema.iter().map(|(id, it)| (id.clone(), it.fingerprint())).collect();
        let all = from_fingerprints(&fingerprints, &found, Facets::default());
        assert_eq!((names(&all.drift), names(&all.lacking)), (vec!["c".into()], vec!["a".into(), "b".into()]));
        found.incomplete.clear();
        found.unmodelled.push(Unmodelled { object: "table:public.b".parse().unwrap(), reason: "broken".to_owned() });
        let all = from_fingerprints(&fingerprints, &found, Facets::default());
        assert_eq!((names(&all.drift), names(&all.lacking)), (vec!["a".into(), "c".into()], vec!["b".into()]));
    }

    #[test]
    fn another_major_may_write_an_expression_otherwise_and_no_type() {
        let column = |default: &str, kind: &str| {
            let mut table = table("a", &[]);
            table.parts.push(Part::new("column", "x").with("default", default).with("type", kind));
            table
        };
        let expected = read(&[column("'a'::text", "text")]).schema;
        let all = from_schema(&expected, &read(&[column("'a'", "varchar")]), Facets::default(), true);
        assert_eq!((all.drift.len(), all.texts.len()), (1, 1));
    }
}
