//! What is done about columns: which come, go, change and move.

use std::collections::BTreeSet;

use driftlock_database::{Hazard, PlanError};
use driftlock_schema::{Object, Part};

use super::types::{self, Change};
use crate::create;
use crate::parse::quote;

/// Columns and keys are called by their names in any case.
pub(super) fn is_same_name(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}

/// The column that is called so.
pub(super) fn counterpart<'t>(table: &'t Object, name: &str) -> Option<&'t Part> {
    table.part("column", name).or_else(|| table.parts_of("column").find(|it| is_same_name(&it.name, name)))
}

/// The actions, what they may do, and the conditions of rows on which they fail.
#[derive(Default)]
pub(super) struct Actions {
    pub(super) drops: Vec<String>,
    pub(super) changes: Vec<String>,
    pub(super) hazards: BTreeSet<Hazard>,
    pub(super) offenders: Vec<String>,
    /// The columns of which all is said anew, or for the first time.
    said: Vec<String>,
    /// Those that are dropped and made in one statement, as the server knows no other way: what lies over them comes anew with them.
    pub(super) remade: Vec<String>,
}

impl Actions {
    pub(super) fn new(old: &Object, new: &Object) -> Result<Self, PlanError> {
        let mut actions = Actions::default();
        for column in old.parts_of("column") {
            match counterpart(new, &column.name) {
                None => {
                    actions.drops.push(format!("DROP COLUMN {}", quote(&column.name)));
                    actions.hazards.insert(Hazard::BreaksRunningCode);
                    if !types::is_computed(column) {
                        actions.hazards.extend([Hazard::DataLoss, Hazard::NotReversible]);
                    }
                }
                Some(there) if is_remade(column, there) => {
                    actions.drops.push(format!("DROP COLUMN {}", quote(&column.name)));
                    actions.hazards.extend([Hazard::Rewrite, Hazard::BlocksWrites]);
                    if types::is_computed(column) != types::is_computed(there)
                        || types::is_foreign(kind(column), kind(there))
                    {
                        actions.hazards.extend([Hazard::DataLoss, Hazard::NotReversible]);
                    }
                    actions.remade.push(column.name.clone());
                }
                Some(_) => {}
            }
        }
        let in_place = in_place(old, new);
        let mut before: Option<&Part> = None;
        // What comes behind all that stays needs no place.
        let last = new.parts_of("column").filter(|column| in_place.contains(column.name.as_str())).last();
        let mut is_behind = last.is_none();
        for column in new.parts_of("column") {
            let place = || match before {
                None => " FIRST".to_owned(),
                Some(before) => format!(" AFTER {}", quote(&before.name)),
            };
            let definition = create::table::column(&new.id(), column)?;
            match stays(old, column) {
                Some(was) => {
                    let moves = !in_place.contains(column.name.as_str());
                    let change = types::change(old, was, new, column);
                    if moves || change.is_some() || was.name != column.name {
                        let verb = if was.name == column.name {
                            "MODIFY COLUMN".to_owned()
                        } else {
                            format!("CHANGE COLUMN {}", quote(&was.name))
                        };
                        let place = if moves { place() } else { String::new() };
                        actions.changes.push(format!("{verb} {definition}{place}"));
                        actions.said.push(column.name.clone());
                        actions.judged(change.unwrap_or_default());
                    }
                }
                None => {
                    let place = if is_behind { String::new() } else { place() };
                    actions.changes.push(format!("ADD COLUMN {definition}{place}"));
                    actions.said.push(column.name.clone());
                    actions.added(column);
                }
            }
            is_behind |= last.is_some_and(|last| last.name == column.name);
            before = Some(column);
        }
        Ok(actions)
    }

    fn judged(&mut self, change: Change) {
        self.hazards.extend(change.hazards);
        self.offenders.extend(change.offenders);
    }

    fn added(&mut self, column: &Part) {
        let said = &column.attributes;
        if said.flag("auto_increment") || said.flag("stored") {
            self.hazards.extend([Hazard::Rewrite, Hazard::BlocksWrites]);
        }
        if said.flag("not_null")
            && said.get("default").is_none()
            && !said.flag("auto_increment")
            && !types::is_computed(column)
        {
            // An INSERT that doesn't name it fails.
            self.hazards.insert(Hazard::BreaksRunningCode);
        }
        if types::has_nothing_to_begin_with(column) {
            self.hazards.insert(Hazard::CanFailOnRows);
            self.offenders.push("TRUE".to_owned());
        }
        if said.get("check").is_some() {
            self.hazards.extend([Hazard::Rewrite, Hazard::BlocksWrites, Hazard::CanFailOnRows]);
        }
    }
}

/// Whether a column can't be altered so: the server never turns what it computes into what it keeps, but where it keeps what it computes.
fn is_remade(old: &Part, new: &Part) -> bool {
    #[derive(PartialEq)]
    enum Way {
        Kept,
        Stored,
        Virtual,
    }
    let way = |column: &Part| match () {
        () if column.attributes.get("generated").is_none() => Way::Kept,
        () if column.attributes.flag("stored") => Way::Stored,
        () => Way::Virtual,
    };
    let (one, other) = (way(old), way(new));
    (one != other && (one == Way::Virtual || other == Way::Virtual))
        || old.attributes.get("row") != new.attributes.get("row")
        || types::is_foreign(kind(old), kind(new))
}

fn kind(column: &Part) -> &str {
    column.attributes.text("type").unwrap_or_default()
}

/// The columns from which their default is to be taken, with what that is when the table is altered: a definition always gives one.
pub(super) fn lacking<'n>(old: &Object, new: &'n Object) -> Result<Vec<(&'n str, String)>, PlanError> {
    if create::table::lacking(new).next().is_none() {
        return Ok(Vec::new());
    }
    let said = Actions::new(old, new)?.said;
    let default = |name: &&'n str| {
        if said.iter().any(|it| it == name) {
            return Some("NULL".to_owned());
        }
        let was = counterpart(old, name).map(|was| &was.attributes).filter(|was| !was.flag("no_default"))?;
        Some(was.text("default").unwrap_or("NULL").to_owned())
    };
    Ok(create::table::lacking(new).filter_map(|name| Some((name, default(&name)?))).collect())
}

/// The column that this one was, where it can be altered into it.
pub(super) fn stays<'t>(old: &'t Object, column: &Part) -> Option<&'t Part> {
    counterpart(old, &column.name).filter(|was| !is_remade(was, column))
}

/// What a table is at first where it gets columns, and defaults whose values another server wouldn't compute alike: MySQL refuses a statement that
/// does both (its error 1674, while it writes a binary log), so such defaults come after the columns. Rows that are there get no value of them.
pub(super) fn without_unsafe_defaults(old: &Object, new: &Object) -> Option<Object> {
    let is_unsafe = |column: &Part| {
        // MySQL writes an expression within parentheses; MariaDB, which refuses nothing of this, doesn't.
        let default = column.attributes.text("default").filter(|default| default.starts_with('('));
        default.is_some_and(|default| {
            let default = default.to_ascii_lowercase();
            let words = crate::parse::words(&default);
            UNSAFE.iter().any(|function| words.iter().any(|word| word.text == *function))
        })
    };
    let comes = |column: &Part| stays(old, column).is_none();
    if !new.parts_of("column").any(comes) {
        return None;
    }
    let differs = |column: &Part| stays(old, column).is_none_or(|was| was.attributes != column.attributes);
    let mut between = new.clone();
    let mut found = false;
    for column in between.parts.iter_mut().filter(|part| part.kind == "column") {
        if is_unsafe(column) && differs(column) {
            column.attributes.remove("default");
            found = true;
        }
    }
    found.then_some(between)
}

/// The functions that MySQL lets a default call and calls unsafe, from its manual's "Determination of Safe and Unsafe Statements".
const UNSAFE: [&str; 6] = ["uuid", "uuid_short", "rand", "random_bytes", "sysdate", "version"];

/// The columns that needn't move: as many as can be of those that stay.
fn in_place<'n>(old: &Object, new: &'n Object) -> BTreeSet<&'n str> {
    let places: Vec<(usize, &str)> = new
        .parts_of("column")
        .filter_map(|column| {
            let was = stays(old, column)?;
            let place = old.parts_of("column").position(|it| it.name == was.name)?;
            Some((place, column.name.as_str()))
        })
        .collect();
    rising(&places)
}

/// The longest run of these whose places rise.
fn rising<'n>(places: &[(usize, &'n str)]) -> BTreeSet<&'n str> {
    // The end of the best run of each length, and what stands before each.
    let (mut ends, mut before): (Vec<usize>, Vec<Option<usize>>) = (Vec::new(), Vec::new());
    for (at, (place, _)) in places.iter().enumerate() {
        let length = ends.partition_point(|end| places[*end].0 < *place);
        before.push(length.checked_sub(1).map(|length| ends[length]));
        if length == ends.len() {
            ends.push(at);
        } else {
            ends[length] = at;
        }
    }
    let mut kept = BTreeSet::new();
    let mut at = ends.last().copied();
    while let Some(place) = at {
        kept.insert(places[place].1);
        at = before[place];
    }
    kept
}

#[cfg(test)]
mod tests {
    use driftlock_schema::Schema;

    use super::*;

    #[test]
    fn an_unsafe_default_comes_after_its_column_and_says_what_rows_get() {
        let schema = |columns: &[Part]| {
            let mut table = Object::new("table", driftlock_schema::Name::new("t"));
            table.parts.extend(columns.iter().cloned());
            let mut schema = Schema::new("mysql");
            schema.insert(table);
            schema
        };
        let id = Part::new("column", "id").with("type", "int");
        let statements = |default: &str| -> Vec<String> {
            let code = Part::new("column", "code").with("type", "varchar(36)").with("default", default);
            let (from, to) = (schema(std::slice::from_ref(&id)), schema(&[id.clone(), code]));
            let steps = crate::plan::steps(&from, &to).unwrap();
            steps.into_iter().map(|step| step.sql).filter(|sql| !sql.starts_with("SET ")).collect()
        };
        let unsafely = statements("(uuid())");
        assert!(
            matches!(&unsafely[..], [column, default] if !column.contains("uuid") && default.starts_with("-- Rows that are there get no value")
                && default.contains("uuid()")),
            "{unsafely:?}"
        );
        let safely = statements("(concat('uuid', 1))");
        assert!(matches!(&safely[..], [one] if one.contains("concat") && !one.contains("--")), "{safely:?}");
    }

    #[test]
    fn as_few_columns_move_as_can() {
        let kept = |places: &[usize]| {
            let names = ["a", "b", "c", "d", "e"];
            let places: Vec<(usize, &str)> = places.iter().copied().zip(names).collect();
            rising(&places).into_iter().collect::<String>()
        };
        assert_eq!(kept(&[0, 1, 2, 3]), "abcd");
        assert_eq!(kept(&[4, 0, 1, 2, 3]), "bcde");
        assert_eq!(kept(&[1, 2, 3, 0]), "abc");
        assert_eq!(kept(&[2, 1, 0]).len(), 1);
        assert_eq!(kept(&[]), "");
    }
}
