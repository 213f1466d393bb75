//! The way from a schema to another.
//!
//! SQLite can add a column, drop one and rename things; everything else about a table is changed by making it anew beside itself, copying its rows
//! and taking its name: the procedure of <https://www.sqlite.org/lang_altertable.html#otheralter>. Several changes of a table are one such copy.
//! Names are looked up when a statement runs, so that the steps stand in few phases: what is in the way goes, tables are made and changed, then
//! indexes, views, and triggers at last.

use std::collections::BTreeMap;

use driftlock_database::{ColumnOrder, Hazard, PlanError, Step};
use driftlock_schema::{Facets, Object, Pair, Part, Schema, Value, compare};
use driftlock_script::{Dialect, significant};

use crate::create;
use crate::settings::quote;

mod copy;
mod world;

use self::world::World;

/// The steps by phase, each phase in the order of names.
#[derive(Default)]
struct Steps {
    order: ColumnOrder,
    settings: BTreeMap<&'static str, Step>,
    triggers_go: Vec<Step>,
    views_go: Vec<Step>,
    indexes_go: Vec<Step>,
    tables_go: Vec<Step>,
    tables: Vec<Step>,
    file: Vec<Step>,
    indexes: Vec<Step>,
    views: Vec<Step>,
    triggers: Vec<Step>,
}

/// See [`Engine::plan`](driftlock_database::Engine::plan).
pub(crate) fn steps(from: &Schema, to: &Schema, order: ColumnOrder) -> Result<Vec<Step>, PlanError> {
    let mut steps = Steps { order, ..Steps::default() };
    let world = World::new(from, to);
    for pair in from.differing(to) {
        match pair {
            Pair::Altered(old, new) => steps.altered(&world, old, new)?,
            Pair::Removed(old) => steps.removed(&world, old)?,
            Pair::Added(new) => steps.added(new)?,
        }
    }
    let Steps {
        settings, triggers_go, views_go, indexes_go, tables_go, tables, file, indexes, views, triggers, ..
    } = steps;
    let phases = [triggers_go, views_go, indexes_go, tables_go, tables, file, indexes, views, triggers];
    Ok(settings.into_values().chain(phases.into_iter().flatten()).collect())
}

/// Whether the columns come in the new order when those that go are dropped and those that come are added behind the others.
fn keeps_order(old: &Object, new: &Object) -> bool {
    let stay = old.parts_of("column").filter(|column| new.part("column", &column.name).is_some());
    let come = new.parts_of("column").filter(|column| old.part("column", &column.name).is_none());
    stay.chain(come).map(|column| &column.name).eq(new.parts_of("column").map(|column| &column.name))
}

impl Steps {
    /// Foreign keys are off while tables are dropped and made anew: a DROP TABLE deletes its rows first, and what points to them would follow.
    fn without_foreign_keys(&mut self, world: &World<'_>, table: &Object) {
        if world.is_referenced(&table.name.name) {
            let mut step = Step::new(table.id(), "PRAGMA foreign_keys = OFF");
            step.transactional = false;
            self.settings.entry("a").or_insert(step);
        }
    }

    fn added(&mut self, object: &Object) -> Result<(), PlanError> {
        let id = object.id();
        match object.kind.as_str() {
            "database" => return self.database(None, Some(object)),
            "view" => {
                let step = Step::new(id.clone(), create::view(object)?);
                self.views.push(step.inverse(drop_of("VIEW", &object.name.name)));
            }
            _ => {
                let step = Step::new(id.clone(), create::whole_table(object)?);
                self.tables.push(step.inverse(drop_of("TABLE", &object.name.name)));
            }
        }
        for part in &object.parts {
            self.part_added(object, part, true)?;
        }
        Ok(())
    }

    fn removed(&mut self, world: &World<'_>, object: &Object) -> Result<(), PlanError> {
        let id = object.id();
        match object.kind.as_str() {
            "database" => return self.database(Some(object), None),
            "view" => {
                let step = Step::new(id, drop_of("VIEW", &object.name.name)).hazards([Hazard::BreaksRunningCode]);
                self.views_go.push(step.inverse(create::view(object)?));
            }
            _ => {
                self.without_foreign_keys(world, object);
                let step = Step::new(id, drop_of("TABLE", &object.name.name));
                self.tables_go.push(step.hazards(GONE));
            }
        }
        Ok(())
    }

    fn altered(&mut self, world: &World<'_>, old: &Object, new: &Object) -> Result<(), PlanError> {
        match new.kind.as_str() {
            "database" => self.database(Some(old), Some(new)),
            "table" => self.table(world, old, new),
            "view" if old.attributes != new.attributes => {
                let drop = Step::new(old.id(), drop_of("VIEW", &old.name.name)).hazards([Hazard::BreaksRunningCode]);
                self.views_go.push(drop.inverse(create::view(old)?));
                self.added(new)
            }
            _ if old.attributes != new.attributes => {
                self.removed(world, old)?;
                self.added(new)
            }
            _ => self.parts(old, new),
        }
    }

    /// What the file says of itself.
    fn database(&mut self, old: Option<&Object>, new: Option<&Object>) -> Result<(), PlanError> {
        let Some(either) = new.or(old) else { return Ok(()) };
        let encoding =
            |object: Option<&Object>| object.and_then(|it| it.attributes.text("encoding").map(str::to_owned));
        if encoding(old) != encoding(new) {
            return Err(PlanError::new(
                either.id(),
                "SQLite never changes the encoding of a file in which something is",
            ));
        }
        let number =
            |object: Option<&Object>| object.and_then(|it| it.attributes.number("application_id")).unwrap_or(0);
        if number(old) != number(new) {
            let sql = |number| format!("PRAGMA application_id = {number}");
            self.file.push(Step::new(either.id(), sql(number(new))).inverse(sql(number(old))));
        }
        Ok(())
    }

    fn table(&mut self, world: &World<'_>, old: &Object, new: &Object) -> Result<(), PlanError> {
        let is_of_table = |kind: &str| !matches!(kind, "index" | "trigger");
        let changes = compare(&one(old), &one(new), Facets::ALL);
        let mut of_table = changes.iter().filter(|change| match (&change.part, &change.difference) {
            (Some((kind, _)), _) => is_of_table(kind.as_str()),
            (None, difference) => !matches!(difference, driftlock_schema::Difference::Reordered { .. }),
        });
        if self.order == ColumnOrder::Told || keeps_order(old, new) {
            if of_table.next().is_none() {
                return self.parts(old, new);
            }
            let (gone, rest) = dropped_columns(world, old, new);
            if let Some(added) = added_columns(&rest, new)? {
                self.tables.extend(gone.into_iter().chain(added));
                return self.parts(old, new);
            }
        }
        self.without_foreign_keys(world, old);
        if world.is_spoken_of(&old.name.name) {
            // A rename looks whether views and triggers still fit, while the table that they name is gone. What it meant before SQLite 3.25 is what is meant here.
            let step = Step::new(old.id(), "PRAGMA legacy_alter_table = ON");
            self.settings.entry("b").or_insert(step);
        }
        self.tables.extend(copy::steps(old, new)?);
        // Indexes and triggers went with the old one.
        for part in &new.parts {
            let same = old.part(part.kind.as_str(), &part.name).is_some_and(|it| it.attributes == part.attributes);
            self.part_added(new, part, same)?;
        }
        Ok(())
    }

    /// Indexes and triggers of a table or view that stays.
    fn parts(&mut self, old: &Object, new: &Object) -> Result<(), PlanError> {
        for part in &old.parts {
            let there = new.part(part.kind.as_str(), &part.name);
            if there.is_some_and(|it| it.attributes == part.attributes) {
                continue;
            }
            match part.kind.as_str() {
                "index" => {
                    let step = Step::new(old.id(), drop_of("INDEX", &part.name));
                    self.indexes_go.push(step.inverse(create::index(old, part)?));
                }
                "trigger" => {
                    let step = Step::new(old.id(), drop_of("TRIGGER", &part.name));
                    self.triggers_go.push(step.inverse(create::trigger(old, part)?));
                }
                _ => {}
            }
        }
        for part in &new.parts {
            let there = old.part(part.kind.as_str(), &part.name);
            if there.is_none_or(|it| it.attributes != part.attributes) {
                self.part_added(new, part, false)?;
            }
        }
        Ok(())
    }

    /// `is_fresh`: on rows it can't fail, as there are none yet, or as it held for them before.
    fn part_added(&mut self, object: &Object, part: &Part, is_fresh: bool) -> Result<(), PlanError> {
        match part.kind.as_str() {
            "index" => {
                let mut step = Step::new(object.id(), create::index(object, part)?);
                step = step.inverse(drop_of("INDEX", &part.name));
                if !is_fresh {
                    step = step.hazards([Hazard::Scan, Hazard::BlocksWrites]);
                    if part.attributes.flag("unique") {
                        step = step.offenders(doubles(object, part)?);
                    }
                }
                self.indexes.push(step);
            }
            "trigger" => {
                let step = Step::new(object.id(), create::trigger(object, part)?);
                self.triggers.push(step.inverse(drop_of("TRIGGER", &part.name)));
            }
            _ => {}
        }
        Ok(())
    }
}

/// What goes and can't be brought back.
const GONE: [Hazard; 3] = [Hazard::DataLoss, Hazard::BreaksRunningCode, Hazard::NotReversible];

fn one(object: &Object) -> Schema {
    let mut schema = Schema::new("sqlite");
    schema.insert(object.clone());
    schema
}

fn drop_of(kind: &str, name: &str) -> String {
    format!("DROP {kind} {}", quote(name))
}

/// Rows that are equal where a key lets none be.
fn doubles(table: &Object, key: &Part) -> Result<String, PlanError> {
    let columns = create::columns_plainly(table, key)?;
    let within = key.attributes.text("where").map_or_else(String::new, |condition| format!(" WHERE {condition}"));
    let name = quote(&table.name.name);
    let not_null: Vec<String> = columns.iter().map(|column| format!("{column} IS NOT NULL")).collect();
    let columns = columns.join(", ");
    Ok(format!(
        "SELECT {columns}, count(*) FROM {name}{within} GROUP BY {columns} HAVING count(*) > 1 AND {}",
        not_null.join(" AND ")
    ))
}

/// The statements for the columns that are gone, where `DROP COLUMN` takes all of them, and what the table is then:
/// <https://www.sqlite.org/lang_altertable.html#altertabdropcol>. Else none, and the table as it is.
fn dropped_columns(world: &World<'_>, old: &Object, new: &Object) -> (Vec<Step>, Object) {
    let is_gone = |column: &&Part| !new.parts_of("column").any(|it| it.name.eq_ignore_ascii_case(&column.name));
    let gone: Vec<&Part> = old.parts_of("column").filter(is_gone).collect();
    // What an index has to do with is gone with it, or made anew, before a column goes.
    let others = old.parts.iter().filter(|part| !matches!(part.kind.as_str(), "index" | "trigger"));
    let is_it = |part: &Part, name: &str| part.kind == "column" && part.name == name;
    let is_named =
        |name: &str| world.is_said(name) || others.clone().any(|part| !is_it(part, name) && speaks(part, name));
    let stays = old.parts_of("column").count() > gone.len();
    // A check, whatever it is about, goes with the column behind which it was written, and nothing tells which that is.
    let has_checks = old.parts_of("check").next().is_some();
    if !stays || has_checks || gone.iter().any(|column| is_named(&column.name)) {
        return (Vec::new(), old.clone());
    }
    let mut rest = old.clone();
    rest.parts.retain(|part| part.kind != "column" || !gone.iter().any(|column| column.name == part.name));
    let dropped = |column: &&Part| {
        let sql = format!("ALTER TABLE {} DROP COLUMN {}", quote(&old.name.name), quote(&column.name));
        let step = Step::new(old.id(), sql);
        let step = step.hazards([Hazard::Rewrite, Hazard::BlocksReads, Hazard::BlocksWrites]);
        match column.attributes.get("generated") {
            Some(_) => step.hazards([Hazard::BreaksRunningCode]),
            None => step.hazards(GONE),
        }
    };
    (gone.iter().map(dropped).collect(), rest)
}

/// Whether any text of a part has this name in it.
fn speaks(part: &Part, name: &str) -> bool {
    fn within(value: &Value, name: &str) -> bool {
        match value {
            Value::List(values) => values.iter().any(|value| within(value, name)),
            Value::Map(values) => values.values().any(|value| within(value, name)),
            value => value.as_text().is_some_and(|text| text.eq_ignore_ascii_case(name) || speaks_of(text, name)),
        }
    }
    part.attributes.iter().any(|(_, value)| within(value, name))
}

/// The statements, where nothing was changed but that columns came behind all others, of the kind that `ADD COLUMN` takes.
fn added_columns(old: &Object, new: &Object) -> Result<Option<Vec<Step>>, PlanError> {
    let is_new = |part: &&Part| old.part(part.kind.as_str(), &part.name).is_none();
    let stays = |part: &Part| match new.part(part.kind.as_str(), &part.name) {
        Some(there) => there.attributes == part.attributes,
        None => matches!(part.kind.as_str(), "index" | "trigger"),
    };
    if old.attributes != new.attributes || !old.parts.iter().all(stays) {
        return Ok(None);
    }
    let mut steps = Vec::new();
    let mut constraints: Vec<&Part> = new
        .parts
        .iter()
        .filter(is_new)
        .filter(|it| !matches!(it.kind.as_str(), "column" | "index" | "trigger"))
        .collect();
    for column in new.parts_of("column").filter(is_new) {
        if !can_be_added(column) {
            return Ok(None);
        }
        // A constraint stands behind the column that it is about.
        let is_its = |part: &&Part| match part.kind.as_str() {
            "foreign_key" => {
                let columns = part.attributes.list("columns");
                matches!(columns, [one] if one.as_text() == Some(column.name.as_str()))
                    && column.attributes.get("default").is_none()
            }
            "check" => part.attributes.text("expression").is_some_and(|text| speaks_of(text, &column.name)),
            _ => false,
        };
        let (its, others): (Vec<&Part>, Vec<&Part>) = constraints.into_iter().partition(is_its);
        constraints = others;
        let name = quote(&new.name.name);
        let sql = format!("ALTER TABLE {name} ADD COLUMN {}", create::column_with(new, column, &its)?);
        let mut step = Step::new(new.id(), sql);
        if its.is_empty() {
            step = step.inverse(format!("ALTER TABLE {name} DROP COLUMN {}", quote(&column.name)));
        }
        if its.iter().any(|part| part.kind == "check") {
            step = step.hazards([Hazard::Scan, Hazard::CanFailOnRows]);
        }
        steps.push(step);
    }
    Ok(constraints.is_empty().then_some(steps))
}

/// What `ADD COLUMN` takes: <https://www.sqlite.org/lang_altertable.html#altertabaddcol>.
fn can_be_added(column: &Part) -> bool {
    let default = column.attributes.text("default");
    let is_null = default.is_none_or(|default| default.eq_ignore_ascii_case("null"));
    !(column.attributes.flag("stored")
        || (column.attributes.flag("not_null") && (is_null || column.attributes.get("generated").is_some()))
        || default.is_some_and(|default| !is_constant(default)))
}

/// Whether a default is the same for every row and at every time.
fn is_constant(default: &str) -> bool {
    let tokens: Vec<_> = significant(default, Dialect::Sqlite).collect();
    let is_time = ["CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP"];
    create::is_literal(&tokens) && !tokens.iter().any(|token| is_time.iter().any(|time| token.is(time)))
}

/// Whether a text has this name in it.
fn speaks_of(text: &str, name: &str) -> bool {
    significant(text, Dialect::Sqlite)
        .any(|token| crate::words::name(&token).is_some_and(|it| it.eq_ignore_ascii_case(name)))
}
