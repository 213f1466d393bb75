//! A table made, or altered in one statement.

use std::collections::BTreeSet;

use driftlock_database::{CreateError, Hazard, PlanError, Step};
use driftlock_schema::{Attributes, Id, Kind, Name, Object, Part, Schema, Value};

use super::columns::{Actions, is_same_name};
use super::foreign_keys::names;
use super::options::{self, Options};
use super::{alone, columns};
use crate::create::{self, table::foreign_key};
use crate::parse::{identifier, quote, words};

/// Whether something about a table differs that isn't a trigger of its.
pub(super) fn differs(old: &Object, new: &Object) -> bool {
    fn parts(table: &Object) -> impl Iterator<Item = (&Kind, &str, &Attributes)> {
        let own = table.parts.iter().filter(|part| part.kind != "trigger");
        own.map(|part| (&part.kind, part.name.as_str(), &part.attributes))
    }
    old.attributes != new.attributes || !parts(old).eq(parts(new))
}

/// The columns at the head of a key that are in it whole, by their names.
pub(super) fn key_columns(key: &Part) -> Vec<&str> {
    let whole = |column: &'_ Value| match column {
        Value::Map(said) if said.contains_key("length") || said.contains_key("expression") => None,
        Value::Map(said) => said.get("name").and_then(Value::as_text).map(str::to_owned),
        column => column.as_text().map(str::to_owned),
    };
    let columns = key.attributes.list("columns");
    let plain = columns.iter().take_while(|column| whole(column).is_some());
    plain.filter_map(|column| column.as_text().or_else(|| column.get("name").and_then(Value::as_text))).collect()
}

/// `CREATE TABLE`, with these of its foreign keys.
pub(super) fn created(table: &Object, with: &[&Part]) -> Result<String, CreateError> {
    create::table::statement(&with_only(table, with))
}

/// Whether one of these keys of a table refers to columns that are no key, which MySQL has to be told to take.
pub(super) fn refers_to_no_key(to: &Schema, table: &Object, keys: &[&Part]) -> bool {
    !keys.is_empty() && create::refers_to_no_key(to, &with_only(table, keys))
}

fn with_only(table: &Object, keys: &[&Part]) -> Object {
    let mut made = table.clone();
    made.parts.retain(|part| part.kind != "foreign_key" || keys.iter().any(|key| key.name == part.name));
    made
}

/// The statement that adds foreign keys to a table; `has_rows`: it was there before.
pub(super) fn with_foreign_keys(has_rows: bool, table: &Object, keys: &[&Part]) -> Result<Step, PlanError> {
    let name = quote(&table.name.name);
    let adds: Result<Vec<String>, CreateError> =
        keys.iter().map(|key| Ok(format!("ADD {}", foreign_key(&table.id(), key)?))).collect();
    let drops: Vec<String> = keys.iter().map(|key| format!("DROP FOREIGN KEY {}", quote(&key.name))).collect();
    let step = alone(table.id(), format!("ALTER TABLE {name} {}", adds?.join(", ")));
    let step = step.inverse(format!("ALTER TABLE {name} {}", drops.join(", ")));
    if !has_rows {
        return Ok(step);
    }
    let step = step.hazards([Hazard::Rewrite, Hazard::BlocksWrites, Hazard::CanFailOnRows]);
    let orphans: Option<Vec<String>> = keys.iter().map(|key| orphans(table, key)).collect();
    Ok(match orphans {
        Some(orphans) => step.offenders(format!("SELECT * FROM {name} WHERE {}", orphans.join(" OR "))),
        None => step,
    })
}

/// The statements that alter a table, to which other foreign keys (`late`) come later: one, but where the server takes what has to be done in no single one.
pub(super) fn altered(
    old: &Object,
    new: &Object,
    going: &[&Part],
    coming: &[&Part],
    late: &[&Part],
) -> Result<Vec<Step>, PlanError> {
    if options::loses_parts_of_history(old, new) {
        let between = options::without_partitions(old);
        let mut steps = altered(old, &between, &[], &[], &[])?;
        steps.extend(altered(&between, new, going, coming, late)?);
        return Ok(steps);
    }
    if options::is_kept_otherwise(old, new) || options::leaves_its_history(old, new) {
        let between = options::without_history(old);
        let mut steps = altered(old, &between, &[], &[], &[])?;
        steps.extend(altered(&between, new, going, coming, late)?);
        return Ok(steps);
    }
    if let Some(between) = options::all_versioned(old, new) {
        let mut steps = altered(old, &between, going, coming, late)?;
        steps.extend(altered(&between, new, &[], &[], &[])?);
        return Ok(steps);
    }
    if let Some(between) = columns::without_unsafe_defaults(old, new) {
        let mut steps = altered(old, &between, going, coming, late)?;
        steps.extend(altered(&between, new, &[], &[], &[])?.into_iter().map(|step| Step {
            sql: format!(
                "-- Rows that are there get no value of this default: MySQL takes it for unsafe (error 1674).\n{}",
                step.sql
            ),
            ..step
        }));
        return Ok(steps);
    }
    let lacking = columns::lacking(old, new)?;
    let Some(there) = Alteration::new(old, new, going, coming, late)? else {
        return Ok(without_defaults(new, &lacking).into_iter().collect());
    };
    let is_lost = there.hazards.contains(&Hazard::NotReversible);
    let back = if is_lost { None } else { Alteration::new(new, old, coming, going, &[])? };
    let back = back.filter(|back| back.actions.is_empty() != back.partitions.is_none());
    let name = quote(&new.name.name);
    let mut steps = Vec::new();
    if !there.actions.is_empty() {
        let mut step = alone(new.id(), format!("ALTER TABLE {name}{}", there.actions)).hazards(there.hazards);
        if !there.offenders.is_empty() {
            step = step.offenders(format!("SELECT * FROM {name} WHERE {}", there.offenders.join(" OR ")));
        }
        steps.push(step);
    }
    if let Some(partitions) = there.partitions {
        steps.push(alone(new.id(), format!("ALTER TABLE {name} {partitions}")));
    }
    if let ([step], Some(back)) = (&mut steps[..], back) {
        let actions = back.partitions.map_or(back.actions, |partitions| format!(" {partitions}"));
        step.inverse = Some(format!("ALTER TABLE {name}{actions}"));
    }
    // What Aria has by itself stays said of the table when its engine changes, and is taken from it afterwards alone.
    let was_arias = is_arias(old) && !is_arias(new);
    if was_arias && new.attributes.get("options").is_none_or(|options| options.get("page_checksum").is_none()) {
        let step = alone(new.id(), format!("ALTER TABLE {name} PAGE_CHECKSUM=DEFAULT"));
        steps.push(step.inverse(format!("ALTER TABLE {name} PAGE_CHECKSUM=1")));
    }
    steps.extend(without_defaults(new, &lacking));
    Ok(steps)
}

fn is_arias(table: &Object) -> bool {
    table.attributes.text("engine").is_some_and(|engine| engine.eq_ignore_ascii_case("Aria"))
}

/// Takes from columns the default that they have, which is said with each.
pub(super) fn without_defaults(table: &Object, lacking: &[(&str, String)]) -> Option<Step> {
    let sql = create::table::without_defaults(table, lacking.iter().map(|(name, _)| *name))?;
    let back: Vec<String> =
        lacking.iter().map(|(name, default)| format!("ALTER COLUMN {} SET DEFAULT {default}", quote(name))).collect();
    let step = alone(table.id(), sql).hazards([Hazard::BreaksRunningCode]);
    Some(step.inverse(format!("ALTER TABLE {} {}", quote(&table.name.name), back.join(", "))))
}

/// What is done in one statement.
struct Alteration {
    /// Behind the name of the table; nothing where all that is done is another statement's.
    actions: String,
    partitions: Option<String>,
    hazards: BTreeSet<Hazard>,
    offenders: Vec<String>,
}

impl Alteration {
    fn new(
        old: &Object,
        new: &Object,
        going: &[&Part],
        coming: &[&Part],
        late: &[&Part],
    ) -> Result<Option<Self>, PlanError> {
        let id = new.id();
        let columns = Actions::new(old, new)?;
        let options = Options::new(old, new)?;
        let keys = Keys::new(old, new, &columns.remade, &[coming, late].concat())?;
        let mut actions: Vec<String> = Vec::new();
        actions.extend(going.iter().map(|key| format!("DROP FOREIGN KEY {}", quote(&key.name))));
        actions.extend(keys.drops);
        actions.extend(options.drops);
        actions.extend(columns.drops);
        actions.extend(columns.changes);
        actions.extend(keys.adds);
        let mut hazards = columns.hazards;
        hazards.extend(keys.hazards);
        hazards.extend(options.hazards);
        let mut offenders = columns.offenders;
        offenders.extend(keys.offenders);
        for key in coming {
            actions.push(format!("ADD {}", foreign_key(&id, key)?));
            hazards.extend([Hazard::Rewrite, Hazard::BlocksWrites, Hazard::CanFailOnRows]);
            offenders.extend(orphans(new, key));
        }
        actions.extend(options.actions);
        // What is asked of columns that aren't there yet can't be asked, and the rest would be half of the answer.
        if offenders.iter().any(|condition| speaks_of_new(condition, old, new)) {
            offenders.clear();
        }
        let mut actions = actions.join(", ");
        if !actions.is_empty() {
            actions.insert(0, ' ');
        }
        actions.push_str(&options.partitioning.unwrap_or_default());
        let nothing = actions.is_empty() && options.partitions.is_none();
        Ok((!nothing).then_some(Alteration { actions, partitions: options.partitions, hazards, offenders }))
    }
}

/// What is done about keys and checks.
#[derive(Default)]
struct Keys {
    drops: Vec<String>,
    adds: Vec<String>,
    hazards: BTreeSet<Hazard>,
    offenders: Vec<String>,
}

impl Keys {
    fn new(old: &Object, new: &Object, remade: &[String], coming: &[&Part]) -> Result<Self, PlanError> {
        let mut keys = Keys::default();
        let id = new.id();
        let is_over_remade = |key: &Part| {
            key.attributes.list("columns").iter().any(|column| {
                let name = column.as_text().or_else(|| column.get("name").and_then(Value::as_text));
                name.is_some_and(|name| remade.iter().any(|it| is_same_name(it, name)))
            })
        };
        let of = |table: &'_ Object| -> Vec<usize> {
            let is_key = |part: &Part| ["primary_key", "unique", "index"].iter().any(|kind| part.kind == *kind);
            (0..table.parts.len()).filter(|at| is_key(&table.parts[*at])).collect()
        };
        let (before, after) = (of(old), of(new));
        let added: Vec<&Part> = after
            .iter()
            .map(|at| &new.parts[*at])
            .filter(|key| old.part(key.kind.as_str(), &key.name).is_none_or(|was| was.attributes != key.attributes))
            .collect();
        // The server makes an index for a foreign key, and takes it away as soon as another one serves: it is made to be somebody's.
        let is_in_danger = |key: &Part| {
            let mine = key_columns(key);
            let serves = |its: &[&str]| {
                its.len() >= mine.len() && its.iter().zip(&mine).all(|(one, other)| is_same_name(one, other))
            };
            is_by_itself(key, old, new)
                && (added.iter().any(|other| serves(&key_columns(other)))
                    || coming.iter().any(|key| serves(&names(key, "columns"))))
        };
        let stays = |was: &Part, is: &Part| was.attributes == is.attributes && !is_over_remade(is) && !is_in_danger(is);
        for was in before.iter().map(|at| &old.parts[*at]) {
            let there = new.part(was.kind.as_str(), &was.name);
            if there.is_some_and(|is| stays(was, is) || only_hidden(was, is)) {
                continue;
            }
            keys.drops.push(match was.kind.as_str() {
                "primary_key" => {
                    keys.hazards.insert(Hazard::Rewrite);
                    if there.is_none() {
                        keys.hazards.insert(Hazard::BlocksWrites);
                    }
                    "DROP PRIMARY KEY".to_owned()
                }
                _ => format!("DROP INDEX {}", quote(&was.name)),
            });
        }
        for is in after.iter().map(|at| &new.parts[*at]) {
            let was = old.part(is.kind.as_str(), &is.name);
            match was {
                Some(was) if stays(was, is) => continue,
                Some(was) if only_hidden(was, is) => {
                    let word = match () {
                        () if is.attributes.flag("ignored") => "IGNORED",
                        () if was.attributes.flag("ignored") => "NOT IGNORED",
                        () if is.attributes.flag("invisible") => "INVISIBLE",
                        () => "VISIBLE",
                    };
                    keys.adds.push(format!("ALTER INDEX {} {word}", quote(&is.name)));
                    continue;
                }
                _ => keys.adds.push(format!("ADD {}", create::table::key(&id, is)?)),
            }
            keys.hazards.insert(Hazard::Scan);
            if is
                .attributes
                .get("method")
                .is_some_and(|method| matches!(method.as_text(), Some("fulltext" | "spatial")))
            {
                keys.hazards.insert(Hazard::BlocksWrites);
            }
            let held = was.is_some_and(|was| was.attributes.get("columns") == is.attributes.get("columns"));
            if is.kind == "primary_key" {
                keys.hazards.insert(Hazard::Rewrite);
            }
            if is.kind != "index" && !held {
                keys.hazards.insert(Hazard::CanFailOnRows);
                keys.offenders.push(doubles(new, is));
            }
        }
        keys.checks(old, new)?;
        Ok(keys)
    }

    fn checks(&mut self, old: &Object, new: &Object) -> Result<(), PlanError> {
        let said =
            |check: Option<&Part>| check.and_then(|check| check.attributes.text("expression").map(str::to_owned));
        for was in old.parts_of("check") {
            if said(new.part("check", &was.name)) != said(Some(was)) {
                self.drops.push(format!("DROP CONSTRAINT {}", quote(&was.name)));
            }
        }
        for is in new.parts_of("check") {
            let was = old.part("check", &is.name);
            let is_enforced = !is.attributes.flag("not_enforced");
            if was.is_some_and(|was| was.attributes == is.attributes) {
                continue;
            }
            if said(was) == said(Some(is)) {
                let word = if is_enforced { "ENFORCED" } else { "NOT ENFORCED" };
                self.adds.push(format!("ALTER CHECK {} {word}", quote(&is.name)));
            } else {
                self.adds.push(format!("ADD {}", create::table::check(&new.id(), is)?));
            }
            if is_enforced {
                self.hazards.extend([Hazard::Rewrite, Hazard::BlocksWrites, Hazard::CanFailOnRows]);
                self.offenders.extend(said(Some(is)).map(|expression| format!("NOT ({expression})")));
            }
        }
        Ok(())
    }
}

/// Whether the server may have made an index by itself, for a foreign key: it is called as that is, or as its first column.
fn is_by_itself(key: &Part, old: &Object, new: &Object) -> bool {
    let mine = key_columns(key);
    let [first, ..] = mine[..] else { return false };
    let is_called = |name: &str| is_same_name(&key.name, name);
    let of_column = key.name.rsplit_once('_').filter(|(_, number)| number.chars().all(|it| it.is_ascii_digit()));
    let mut keys = old.parts_of("foreign_key").chain(new.parts_of("foreign_key"));
    let is_simple = key.kind == "index" && key.attributes.iter().all(|(name, _)| name == "columns");
    is_simple
        && (is_called(first)
            || of_column.is_some_and(|(name, _)| is_same_name(name, first))
            || keys.any(|it| is_called(&it.name)))
}

/// Whether two keys differ in nothing but whether queries may use them.
fn only_hidden(was: &Part, is: &Part) -> bool {
    let plainly = |key: &Part| {
        let mut said = key.attributes.clone();
        said.remove("ignored");
        said.remove("invisible");
        said
    };
    was.attributes != is.attributes && plainly(was) == plainly(is)
}

/// The condition of rows that are equal where a key lets none be.
fn doubles(table: &Object, key: &Part) -> String {
    let columns: Vec<String> = key.attributes.list("columns").iter().map(value_of).collect();
    let not_null: Vec<String> = columns.iter().map(|column| format!("{column} IS NOT NULL")).collect();
    let list = columns.join(", ");
    let (open, close) = if columns.len() > 1 { ("(", ")") } else { ("", "") };
    // In a table of its own: into a subselect MySQL puts the comparison itself, and then takes its expressions for ungrouped ones (1055).
    format!(
        "{open}{list}{close} IN (SELECT * FROM (SELECT {list} FROM {} WHERE {} GROUP BY {list} HAVING COUNT(*) > 1) doubled)",
        quote(&table.name.name),
        not_null.join(" AND ")
    )
}

/// What a key holds of a column.
fn value_of(column: &Value) -> String {
    let Value::Map(said) = column else { return quote(&column.to_string()) };
    match (said.get("expression"), said.get("name"), said.get("length")) {
        (Some(expression), ..) => format!("({expression})"),
        (None, Some(name), Some(length)) => format!("LEFT({}, {length})", quote(&name.to_string())),
        (None, name, _) => quote(&name.map(ToString::to_string).unwrap_or_default()),
    }
}

/// The condition of rows that refer to none.
///
/// Not of a key to another database: what it refers to needn't be there.
fn orphans(table: &Object, key: &Part) -> Option<String> {
    if key.attributes.get("references_database").is_some() {
        return None;
    }
    let (here, there) = (names(key, "columns"), names(key, "referenced_columns"));
    let refers_to = quote(key.attributes.text("references").unwrap_or_default());
    let name = quote(&table.name.name);
    let not_null: Vec<String> = here.iter().map(|column| format!("{name}.{} IS NOT NULL", quote(column))).collect();
    let equal: Vec<String> = here
        .iter()
        .zip(&there)
        .map(|(here, there)| format!("referenced.{} = {name}.{}", quote(there), quote(here)))
        .collect();
    let (not_null, equal) = (not_null.join(" AND "), equal.join(" AND "));
    Some(format!("({not_null} AND NOT EXISTS (SELECT 1 FROM {refers_to} referenced WHERE {equal}))"))
}

/// Whether a condition is about a column that isn't there before, or is another one.
fn speaks_of_new(condition: &str, old: &Object, new: &Object) -> bool {
    let come: Vec<&Part> = new.parts_of("column").filter(|column| columns::stays(old, column).is_none()).collect();
    words(condition)
        .iter()
        .filter_map(identifier)
        .any(|name| come.iter().any(|column| columns::is_same_name(&column.name, &name)))
}

/// The settings that a statement about a table runs with, but for what a server has by itself.
pub(super) fn settings(
    to: &Schema,
    old: Option<&Object>,
    new: &Object,
    keys: &[&Part],
    step: &Step,
) -> Vec<(&'static str, &'static str)> {
    let mut settings = Vec::new();
    // A value that has no place is an error then, and never cut to size; and a text means the same everywhere.
    let is_judged = step.hazards.contains(&Hazard::DataLoss) || step.hazards.contains(&Hazard::CanFailOnRows);
    if is_judged || step.sql.contains('\\') || step.sql.contains("0000-00-00") {
        settings.push(("sql_mode", "STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION"));
    }
    let is_elsewhere = |key: &&&Part| {
        let referenced = Id::new("table", Name::new(key.attributes.text("references").unwrap_or_default()));
        key.attributes.get("references_database").is_some() || to.get(&referenced).is_none()
    };
    if keys.iter().any(|key| is_elsewhere(&key)) {
        settings.push(("foreign_key_checks", "OFF"));
    }
    let is_moment = |column: &Part| {
        let default = column.attributes.text("default").is_some_and(|default| default.starts_with('\''));
        default && column.attributes.text("type").is_some_and(|kind| kind.starts_with("timestamp"))
    };
    let tables = || old.into_iter().chain([new]);
    if new.parts_of("column").any(is_moment) || tables().any(|table| table.attributes.get("partition_by").is_some()) {
        settings.push(("time_zone", "+00:00"));
    }
    if new.attributes.get("options").is_some() {
        settings.push(("innodb_strict_mode", "OFF"));
    }
    if old.is_some_and(|old| old.attributes.flag("versioned") || options::all_versioned(old, new).is_some()) {
        settings.push(("system_versioning_alter_history", "KEEP"));
    }
    settings
}
