//! The difference of two schemas, a line each.

use driftlock::schema::{Change, Difference, Value};

use crate::output::printable;

/// What is different, with what the second is called.
pub(crate) fn lines(changes: &[Change], other: &str) -> Vec<String> {
    changes.iter().map(|change| printable(&line(change, other))).collect()
}

fn line(change: &Change, other: &str) -> String {
    let mut subject = format!("{} {}", change.object.kind.words(), change.object.name);
    if let Some((kind, name)) = &change.part {
        subject.push_str(&format!(", {} {name}", kind.words()));
    }
    match &change.difference {
        Difference::Added => format!("{subject}: only {other}"),
        Difference::Removed => format!("{subject}: not {other}"),
        Difference::Altered { attribute, from, to } => {
            let words = attribute.replace('_', " ");
            let is_long = |value: &Option<Value>| value.as_ref().is_some_and(|value| value.to_string().contains('\n'));
            if is_long(from) || is_long(to) {
                return format!("{subject}: another {words} {other}");
            }
            let said = |value: &Option<Value>| value.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
            format!("{subject}: {words} is {}, {other} {}", said(from), said(to))
        }
        Difference::Reordered { from, to } => {
            format!("{subject}: the columns are in the order {}, {other} {}", from.join(", "), to.join(", "))
        }
    }
}
