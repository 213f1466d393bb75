//! A table made anew beside itself.

use driftlock_database::{Hazard, PlanError, Step};
use driftlock_schema::{Object, Part, Value};
use driftlock_script::{Dialect, Token, significant};

use super::{doubles, drop_of, speaks_of};
use crate::create;
use crate::settings::quote;

/// The four statements, and what keeps the counter of AUTOINCREMENT.
pub(super) fn steps(old: &Object, new: &Object) -> Result<Vec<Step>, PlanError> {
    let id = new.id();
    let (name, beside) = (&old.name.name, format!("{}_driftlock_new", old.name.name));
    let mut made = new.clone();
    made.name.name.clone_from(&beside);
    for part in &mut made.parts {
        for attribute in ["expression", "generated"] {
            if let Some(text) = part.attributes.text(attribute).and_then(|text| called(text, name, &beside)) {
                part.attributes.set(attribute, text);
            }
        }
    }
    let create = Step::new(id.clone(), create::whole_table(&made)?).inverse(drop_of("TABLE", &beside));

    let (mut into, mut out) = (Vec::new(), Vec::new());
    if let Some(rowid) = rowid(old, new) {
        into.push(rowid.to_owned());
        out.push(rowid.to_owned());
    }
    for column in new.parts_of("column").filter(|column| column.attributes.get("generated").is_none()) {
        if let Some(there) = counterpart(old, column) {
            into.push(quote(&column.name));
            out.push(quote(&there.name));
        }
    }
    let mut steps = vec![create];
    if !into.is_empty() {
        let sql = format!(
            "INSERT {}INTO {} ({})\nSELECT {} FROM {}",
            if resolves_conflicts(new) { "OR ABORT " } else { "" },
            quote(&beside),
            into.join(", "),
            out.join(", "),
            quote(name)
        );
        let mut copy = Step::new(id.clone(), sql).hazards([Hazard::Rewrite, Hazard::Scan, Hazard::BlocksWrites]);
        if is_narrowed(old, new) {
            copy = copy.hazards([Hazard::DataLoss, Hazard::NotReversible]);
        }
        copy = match offenders(old, new)? {
            Offenders::None => copy,
            Offenders::Unknown => copy.hazards([Hazard::CanFailOnRows]),
            Offenders::Found(query) => copy.offenders(query),
        };
        steps.push(copy);
    }
    let counts = |table: &Object| table.parts_of("primary_key").any(|key| key.attributes.flag("autoincrement"));
    if counts(old) && counts(new) {
        let (old, new) = (literal(name), literal(&beside));
        steps.push(Step::new(id.clone(), format!("DELETE FROM sqlite_sequence WHERE name = {new}")));
        let sql = format!(
            "INSERT INTO sqlite_sequence (name, seq)\nSELECT {new}, seq FROM sqlite_sequence WHERE name = {old}"
        );
        steps.push(Step::new(id.clone(), sql));
    }
    let mut gone = Step::new(id.clone(), drop_of("TABLE", name)).hazards([Hazard::BlocksReads, Hazard::BlocksWrites]);
    if loses_columns(old, new) {
        gone = gone.hazards([Hazard::DataLoss, Hazard::BreaksRunningCode, Hazard::NotReversible]);
    }
    steps.push(gone);
    steps.push(Step::new(id, format!("ALTER TABLE {} RENAME TO {}", quote(&beside), quote(&new.name.name))));
    Ok(steps)
}

/// Whether a constraint would pass over rows, or put one in place of others, rather than fail.
fn resolves_conflicts(table: &Object) -> bool {
    let says = |part: &Part| ["conflict", "not_null_conflict"].iter().any(|it| part.attributes.get(it).is_some());
    table.parts.iter().any(says)
}

/// An expression that calls its table by name, with another name for it. A rename puts the name right again.
fn called(text: &str, name: &str, other: &str) -> Option<String> {
    let tokens: Vec<_> = significant(text, Dialect::Sqlite).collect();
    let is_it = |pair: &&[Token<'_>]| {
        pair[1].text == "." && crate::words::name(&pair[0]).is_some_and(|it| it.eq_ignore_ascii_case(name))
    };
    let places: Vec<_> =
        tokens.windows(2).filter(is_it).map(|pair| pair[0].start..pair[0].start + pair[0].text.len()).collect();
    let mut said = text.to_owned();
    for place in places.iter().rev() {
        said.replace_range(place.clone(), &quote(other));
    }
    (!places.is_empty()).then_some(said)
}

/// The column that this one was.
fn counterpart<'t>(old: &'t Object, column: &Part) -> Option<&'t Part> {
    old.parts_of("column").find(|it| it.name.eq_ignore_ascii_case(&column.name))
}

/// Whether values of a column go with it. Those that are computed can be computed again.
fn loses_columns(old: &Object, new: &Object) -> bool {
    old.parts_of("column")
        .filter(|column| column.attributes.get("generated").is_none())
        .any(|column| counterpart(new, column).is_none_or(|there| there.attributes.get("generated").is_some()))
}

/// The word for the number of a row, where both tables number theirs and neither has a column for it.
fn rowid(old: &Object, new: &Object) -> Option<&'static str> {
    if [old, new].iter().any(|table| table.attributes.flag("without_rowid") || has_alias(table)) {
        return None;
    }
    let is_free = |word: &&str| {
        let mut columns = old.parts_of("column").chain(new.parts_of("column"));
        !columns.any(|column| column.name.eq_ignore_ascii_case(word))
    };
    ["rowid", "_rowid_", "oid"].into_iter().find(is_free)
}

/// Whether a column is the number of the row: the key of one column whose type is `INTEGER` to the letter.
fn has_alias(table: &Object) -> bool {
    table.parts_of("primary_key").any(|key| {
        let [column] = key.attributes.list("columns") else { return false };
        let name = column.as_text().or_else(|| column.get("name").and_then(Value::as_text));
        let descends = column.get("order").is_some();
        let column = name.and_then(|name| table.part("column", name));
        !descends
            && column.is_some_and(|it| it.attributes.text("type").is_some_and(|it| it.eq_ignore_ascii_case("integer")))
    })
}

/// What a column does to values that are put into it: <https://www.sqlite.org/datatype3.html#determination_of_column_affinity>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Affinity {
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
}

fn affinity(table: &Object, column: &Part) -> Affinity {
    let kind = column.attributes.text("type").unwrap_or_default().to_ascii_lowercase();
    let has = |word: &str| kind.contains(word);
    if table.attributes.flag("strict") && kind == "any" {
        Affinity::Blob
    } else if has("int") {
        Affinity::Integer
    } else if has("char") || has("clob") || has("text") {
        Affinity::Text
    } else if has("blob") || kind.is_empty() {
        Affinity::Blob
    } else if has("real") || has("floa") || has("doub") {
        Affinity::Real
    } else {
        Affinity::Numeric
    }
}

/// Whether a value of some column may come out as another one: `'007'` in a column of numbers is 7, and so large a number as 2^60 in one of reals
/// isn't exact.
fn is_narrowed(old: &Object, new: &Object) -> bool {
    new.parts_of("column").any(|column| {
        let Some(there) = counterpart(old, column) else { return false };
        match (affinity(old, there), affinity(new, column)) {
            (one, other) if one == other => false,
            (_, Affinity::Blob) => false,
            (Affinity::Integer | Affinity::Numeric | Affinity::Real, Affinity::Integer | Affinity::Numeric) => false,
            (Affinity::Integer, Affinity::Text) => false,
            _ => true,
        }
    })
}

/// Rows on which the copy fails.
enum Offenders {
    None,
    /// There may be some, and one query can't tell which.
    Unknown,
    Found(String),
}

fn offenders(old: &Object, new: &Object) -> Result<Offenders, PlanError> {
    let name = quote(&old.name.name);
    let mut queries = Vec::new();
    let mut is_unknown = new.attributes.flag("strict") && !old.attributes.flag("strict");
    for column in new.parts_of("column").filter(|it| it.attributes.flag("not_null")) {
        match counterpart(old, column) {
            Some(there) if there.attributes.flag("not_null") => {}
            Some(there) => queries.push(format!("SELECT * FROM {name} WHERE {} IS NULL", quote(&there.name))),
            None if column.attributes.get("default").is_none() && column.attributes.get("generated").is_none() => {
                queries.push(format!("SELECT * FROM {name}"));
            }
            None => is_unknown |= column.attributes.get("generated").is_some(),
        }
    }
    for part in &new.parts {
        if old.part(part.kind.as_str(), &part.name).is_some_and(|it| it.attributes == part.attributes) {
            continue;
        }
        // What is said of columns that weren't there can't be asked of the old table.
        let is_new = |text: &str| {
            let mut columns = new.parts_of("column").filter(|column| counterpart(old, column).is_none());
            columns.any(|column| speaks_of(text, &column.name))
        };
        match part.kind.as_str() {
            "check" => match part.attributes.text("expression") {
                Some(expression) if !is_new(expression) => {
                    queries.push(format!("SELECT * FROM {name} WHERE NOT ({expression})"));
                }
                _ => is_unknown = true,
            },
            "unique" | "primary_key" => {
                let query = doubles(old, part)?;
                if is_new(&query) {
                    is_unknown = true;
                } else {
                    queries.push(query);
                }
            }
            "foreign_key" => is_unknown = true,
            _ => {}
        }
    }
    Ok(match (queries.len(), queries.pop()) {
        (1, Some(query)) if !is_unknown => Offenders::Found(query),
        (0, _) if !is_unknown => Offenders::None,
        _ => Offenders::Unknown,
    })
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
