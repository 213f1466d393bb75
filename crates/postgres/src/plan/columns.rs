//! Columns of tables that stay.

use driftlock_database::{Hazard, PlanError, Step};
use driftlock_schema::{Attributes, Id, Name, Object, Part, Value};

use super::casts::using;
use super::graph::Op;
use super::{Column, Plan, drop, hazards, names_of_part, object, owned_by, parents, words};
use crate::create::columns::{definition, identity_clause, sequence_name};
use crate::create::steps::Key;
use crate::create::{Rank, qualified};
use crate::names::made_up;
use crate::sql::identifier;
use crate::storage;

/// The name of the sequence behind an identity column.
pub(super) fn sequence_of(table: &Object, column: &Part, identity: &Value) -> Name {
    identity.get("sequence").map_or_else(
        || Name { name: made_up(&table.name.name, &column.name, "seq"), ..table.name.clone() },
        sequence_name,
    )
}

/// How a column that is on both sides becomes the other, where that isn't by saying something of it.
pub(super) fn kept(old: &Part, new: &Part) -> Option<Column> {
    let (one, other) = (&old.attributes, &new.attributes);
    let computed = |say: &Attributes| say.text("generated").map(|text| (text.to_owned(), say.flag("virtual")));
    match (computed(one), computed(other)) {
        (one, other) if one == other => {}
        // A stored value stays, as a value.
        (Some((_, false)), None) => {}
        _ => return Some(Column::Remade),
    }
    let is_same = |name: &str| one.get(name) == other.get(name);
    if is_same("type") && is_same("collation") { None } else { Some(Column::Retyped) }
}

impl Plan<'_> {
    /// Everything about the columns of a table that stays.
    pub(super) fn table_columns(&mut self, old: &Object, new: &Object) -> Result<(), PlanError> {
        let id = old.id();
        let Some((before, after)) = self.resolved.get(&id).cloned() else { return Ok(()) };
        let linked: Vec<Id> = parents(old)
            .into_iter()
            .filter(|parent| parents(new).contains(parent) && self.resolved.contains_key(parent) && self.stays(parent))
            .collect();
        for column in &before {
            let how = self.columns.get(&id).and_then(|columns| columns.get(&column.name)).copied();
            if matches!(how, Some(Column::Dropped | Column::Remade)) {
                let goes_with_parent = column.attributes.flag("inherited")
                    && linked.iter().any(|parent| {
                        self.columns
                            .get(parent)
                            .and_then(|columns| columns.get(&column.name))
                            .is_some_and(|how| matches!(how, Column::Dropped | Column::Remade))
                            && !self.is_left_to_children(parent, &column.name)
                    });
                if !goes_with_parent {
                    self.drop_column(old, column);
                }
            }
        }
        for column in &after {
            let how = self.columns.get(&id).and_then(|columns| columns.get(&column.name)).copied();
            if matches!(how, Some(Column::Added | Column::Remade)) {
                let of_parent = column.attributes.flag("inherited").then(|| {
                    linked.iter().find(|parent| {
                        let columns = self.columns.get(*parent).and_then(|columns| columns.get(&column.name));
                        matches!(columns, Some(Column::Added | Column::Remade))
                    })
                });
                match of_parent.flatten().cloned() {
                    Some(parent) => {
                        let theirs = self.after_of(&parent, &column.name);
                        if let Some(theirs) = theirs {
                            self.alter_column(old, new, &theirs, column, None, &[parent])?;
                        }
                    }
                    None => self.add_column(new, column),
                }
                continue;
            }
            let Some(was) = before.iter().find(|it| it.name == column.name) else { continue };
            // What a parent's change has already done.
            let mut was = was.clone();
            let mut how = how;
            let mut after_parents = Vec::new();
            for parent in &linked {
                let Some((theirs, now)) = self.pair_of(parent, &column.name) else { continue };
                for name in ["type", "collation", "default", "not_null", "storage", "generated"] {
                    if theirs.attributes.get(name) != now.attributes.get(name) {
                        after_parents.push(parent.clone());
                        match now.attributes.get(name) {
                            Some(value) => was.attributes.set(name, value.clone()),
                            None => drop_attribute(&mut was.attributes, name),
                        }
                    }
                }
                let parents_how = self.columns.get(parent).and_then(|columns| columns.get(&column.name));
                if parents_how == Some(&Column::Retyped) {
                    how = None;
                }
            }
            self.alter_column(old, new, &was, column, how, &after_parents)?;
        }
        Ok(())
    }

    fn pair_of(&self, table: &Id, column: &str) -> Option<(Part, Part)> {
        let (before, after) = self.resolved.get(table)?;
        let of = |columns: &[Part]| columns.iter().find(|it| it.name == column).cloned();
        Some((of(before)?, of(after)?))
    }

    fn after_of(&self, table: &Id, column: &str) -> Option<Part> {
        self.resolved.get(table)?.1.iter().find(|it| it.name == column).cloned()
    }

    /// Whether a column that a table loses stays in a table that inherits it.
    fn is_left_to_children(&self, table: &Id, column: &str) -> bool {
        let keeps = |child: &Id| {
            let is_kept = |columns: &[Part], inherited: bool| {
                columns.iter().any(|it| it.name == column && (!inherited || it.attributes.flag("inherited")))
            };
            let how = self.columns.get(child).and_then(|columns| columns.get(column));
            !matches!(how, Some(Column::Dropped | Column::Remade))
                && self
                    .resolved
                    .get(child)
                    .is_some_and(|(before, after)| is_kept(before, true) && is_kept(after, false))
        };
        self.children.get(table).into_iter().flatten().any(keeps)
    }

    fn drop_column(&mut self, table: &Object, column: &Part) {
        let id = table.id();
        let mut sql = drop::part(table, column);
        if self.is_left_to_children(&id, &column.name) {
            sql = sql.replacen("TABLE ", "TABLE ONLY ", 1);
        }
        let step = Step::new(id.clone(), sql);
        let mut op = Op::away(hazards::dropped_column(table, column, step), Rank::Column)
            .drops([Key::part(&id, "column", &column.name)])
            .drops(names_of_part(table, column))
            // What it has from a parent goes once it has left it.
            .needs([Key::other(&id, "left")])
            .uses(column.requires.iter().map(Key::object));
        // Indexes and constraints that speak of it go with it, and so do sequences that belong to it.
        for part in &table.parts {
            if goes_with(part, &column.name) {
                op = op
                    .drops([
                        Key::part(&id, part.kind.as_str(), &part.name),
                        Key::other(&id, format!("index {}", part.name)),
                    ])
                    .drops(names_of_part(table, part))
                    .uses(part.requires.iter().filter(|it| **it != id).map(Key::object));
                if part.kind == *"foreign_key" {
                    op = op.uses(self.keys_of(self.from, part));
                }
                if part.kind == *"exclusion" {
                    let spoken_of = words::all_names(&part.attributes);
                    let others = spoken_of.iter().filter(|name| !goes_with(part, name));
                    op = op.uses(others.map(|name| Key::part(&id, "column", name)));
                }
            }
        }
        let sequences = self.owned.get(&id).into_iter().flatten();
        for sequence in sequences.filter_map(|it| self.from.get(it)) {
            let is_its = owned_by(&sequence.attributes).is_some_and(|(_, its)| its == column.name);
            if is_its && self.to.get(&sequence.id()).is_none() {
                op = op.drops([Key::object(&sequence.id())]).drops(super::own_name(sequence));
                op = op.uses(sequence.name.schema.as_deref().map(super::schema_key));
            }
        }
        let generated: Vec<Key> = table
            .parts_of("column")
            .filter(|it| it.attributes.text("generated").is_some_and(|text| words::names(text).contains(&column.name)))
            .map(|it| Key::other(&id, format!("computed {}", it.name)))
            .collect();
        op = op.drops(generated);
        if column.attributes.get("generated").is_some() {
            op = op.uses([Key::other(&id, format!("computed {}", column.name))]);
            let names = column.attributes.text("generated").map(words::names).unwrap_or_default();
            op = op.uses(
                names.into_iter().filter(|name| *name != column.name).map(|name| Key::part(&id, "column", &name)),
            );
        }
        self.ops.push(op);
    }

    fn add_column(&mut self, table: &Object, column: &Part) {
        let id = table.id();
        let words = if table.kind == "foreign_table" { "FOREIGN TABLE" } else { "TABLE" };
        let mut sql = format!("ALTER {words} {} ADD COLUMN {}", qualified(&table.name), definition(table, column));
        if let Some(default) = column.attributes.text("default") {
            sql.push_str(&format!(" DEFAULT {default}"));
        }
        let names = words::all_names(&column.attributes);
        let own: Vec<Key> = self
            .columns
            .get(&id)
            .into_iter()
            .flat_map(|columns| columns.keys())
            .filter(|name| {
                **name != column.name && column.attributes.get("generated").is_some() && names.contains(*name)
            })
            .map(|name| Key::part(&id, "column", name))
            .collect();
        let step = Step::new(id.clone(), sql).inverse(drop::part(table, column));
        let op = Op::here(hazards::added_column(table, column, step), Rank::Table)
            .needs(column.requires.iter().map(Key::object))
            .needs(own)
            .makes([Key::part(&id, "column", &column.name)])
            .makes(names_of_part(table, column));
        self.ops.push(op);
    }

    /// `how` says whether it gets another type.
    fn alter_column(
        &mut self,
        old_table: &Object,
        table: &Object,
        old: &Part,
        new: &Part,
        how: Option<Column>,
        parents: &[Id],
    ) -> Result<(), PlanError> {
        let id = table.id();
        let (one, other) = (&old.attributes, &new.attributes);
        let words = if table.kind == "foreign_table" { "FOREIGN TABLE" } else { "TABLE" };
        let alter = format!("ALTER {words} {}", qualified(&table.name));
        let column = format!("{alter} ALTER COLUMN {}", identifier(&new.name));
        let (own, altered) =
            (Key::part(&id, "column", &new.name), |id: &Id| Key::other(id, format!("altered {}", new.name)));
        let after_parents: Vec<Key> = parents.iter().map(altered).collect();
        let marks = |stage: &str| Key::other(&id, format!("{stage} {}", new.name));
        let requires: Vec<Key> = new.requires.iter().map(Key::object).collect();
        // What is made anew is there twice for a while.
        let is_twice = |it: &Id| self.remade.contains(it) && new.requires.contains(it) && is_type(it);
        let required: Vec<Key> = old.requires.iter().filter(|it| !is_twice(it)).map(Key::object).collect();
        let all_required: Vec<Key> = old.requires.iter().map(Key::object).collect();
        let is_retyped = how == Some(Column::Retyped);
        let kind = |say: &Attributes| say.text("type").unwrap_or_default().to_owned();
        let is_new_type = is_retyped && new.requires.iter().any(|it| is_twice(it) && it.kind != "collation");
        let mut add = |op: Op| self.ops.push(op.makes([altered(&id)]).needs(after_parents.clone()));
        // A default of the old type can stand in the way of the new one.
        let is_redefaulted = self.redefaulted.contains(&(id.clone(), new.name.clone()));
        let (before, after) = (one.text("default"), other.text("default"));
        let is_away =
            before.is_some() && (after.is_none() || is_redefaulted || (is_retyped && (before != after || is_new_type)));
        if is_away {
            let mut step = Step::new(id.clone(), format!("{column} DROP DEFAULT"));
            step = step.inverse(format!("{column} SET DEFAULT {}", before.unwrap_or_default()));
            add(Op::away(step, Rank::Column)
                .uses(all_required.clone())
                .drops([marks("default of")])
                .makes([marks("no default of")]));
        }
        if one.get("identity").is_some() && other.get("identity").is_none() {
            let step = hazards::identity_dropped(Step::new(id.clone(), format!("{column} DROP IDENTITY")));
            add(Op::away(step, Rank::Column).drops(names_of_part(old_table, old)).makes([marks("no identity of")]));
        }
        if one.get("generated").is_some() && other.get("generated").is_none() {
            let step = Step::new(id.clone(), format!("{column} DROP EXPRESSION")).hazards([Hazard::NotReversible]);
            add(Op::away(step, Rank::Column)
                .uses(required.clone())
                .drops([Key::other(&id, format!("computed {}", new.name))]));
        }
        if is_retyped {
            let mut sql = format!("{column} TYPE {}", kind(other));
            if let Some(collation) = other.text("collation") {
                sql.push_str(&format!(" COLLATE {collation}"));
            }
            if let Some(using) = using(&new.name, &kind(one), &kind(other), is_new_type) {
                sql.push_str(&format!(" USING {using}"));
            }
            let step = hazards::retyped(table, old, new, Step::new(id.clone(), sql));
            add(Op::here(step, Rank::Table)
                .needs(requires.clone())
                .uses(required.clone())
                .uses(new.requires.iter().map(|it| Key::other(it, "old")))
                .drops([own.clone()])
                .makes([marks("typed")])
                .makes([own.clone()])
                .needs([marks("no default of")]));
        }
        let has_key = |object: &Object| {
            object.parts_of("primary_key").any(|key| super::spread::key_columns(key).contains(&new.name))
        };
        match (one.flag("not_null"), other.flag("not_null")) {
            // A key makes it so, but for the partitions of a table that has some.
            (false, true) if has_key(table) && !self.children.contains_key(&id) => {}
            (false, true) => {
                let step =
                    Step::new(id.clone(), format!("{column} SET NOT NULL")).inverse(format!("{column} DROP NOT NULL"));
                add(Op::here(hazards::set_not_null(table, new, step), Rank::Column)
                    .needs([marks("typed"), own.clone()])
                    .makes([marks("not null")]));
            }
            (true, true) if one.flag("not_null_inherited") && !other.flag("not_null_inherited") => {
                let step = Step::new(id.clone(), format!("{column} SET NOT NULL"));
                add(Op::here(step, Rank::Column).needs([marks("typed"), own.clone()]));
            }
            (true, false) => {
                let step =
                    Step::new(id.clone(), format!("{column} DROP NOT NULL")).inverse(format!("{column} SET NOT NULL"));
                let keys = old_table.parts_of("primary_key").map(|key| Key::other(&id, format!("gone {}", key.name)));
                add(Op::here(step, Rank::Column).needs(keys).needs([marks("no identity of")]));
            }
            _ => {}
        }
        if after.is_some() && (before != after || is_away) {
            let mut step = Step::new(id.clone(), format!("{column} SET DEFAULT {}", after.unwrap_or_default()));
            step.inverse = Some(match before {
                Some(before) => format!("{column} SET DEFAULT {before}"),
                None => format!("{column} DROP DEFAULT"),
            });
            add(Op::here(step, Rank::Column)
                .needs(requires.clone())
                .needs([marks("typed"), marks("no identity of")])
                .uses(required.iter().filter(|_| !is_away).cloned())
                .makes([marks("default of")]));
        }
        if let Some(identity) = other.get("identity") {
            match one.get("identity") {
                None => {
                    let step = Step::new(id.clone(), format!("{column} ADD GENERATED {}", identity_clause(identity)));
                    add(Op::here(step.inverse(format!("{column} DROP IDENTITY")), Rank::Column)
                        .needs([marks("typed"), marks("not null"), marks("default of")])
                        .makes(names_of_part(table, new))
                        .makes([marks("identity of")]));
                    if before.is_some_and(|default| default.starts_with("nextval(")) {
                        let step = Step::new(id.clone(), position(table, new, identity));
                        add(Op::here(step, Rank::Column).needs([marks("identity of")]));
                    }
                }
                Some(was) => {
                    for sql in identity_changes(&column, old_table, table, (old, was), (new, identity)) {
                        add(Op::here(Step::new(id.clone(), sql), Rank::Column).needs([marks("typed")]));
                    }
                }
            }
        }
        let usual = storage::usual(&kind(other));
        let kept_as = |say: &Attributes| say.text("storage").map(str::to_uppercase);
        // With another type a column is kept as that one usually is.
        let was = if is_retyped { None } else { kept_as(one) };
        if was != kept_as(other) {
            let how = kept_as(other).unwrap_or_else(|| usual.to_owned());
            add(Op::here(Step::new(id.clone(), format!("{column} SET STORAGE {how}")), Rank::Column)
                .needs([marks("typed")]));
        }
        let packed = |say: &Attributes| say.text("compression").map(str::to_owned);
        if packed(one) != packed(other) {
            let how = packed(other).unwrap_or_else(|| "DEFAULT".to_owned());
            let only = column.replacen("ALTER TABLE ", "ALTER TABLE ONLY ", 1);
            add(Op::here(Step::new(id.clone(), format!("{only} SET COMPRESSION {how}")), Rank::Column)
                .needs([marks("typed")]));
        }
        let options = object::foreign_options(one.get("foreign_options"), other.get("foreign_options"));
        if !options.is_empty() {
            add(Op::here(Step::new(id.clone(), format!("{column}{options}")), Rank::Column));
        }
        Ok(())
    }
}

/// What columns have as their type, or as part of it.
pub(super) fn is_type(id: &Id) -> bool {
    matches!(id.kind.as_str(), "enum" | "domain" | "composite_type" | "range_type" | "collation")
}

fn drop_attribute(attributes: &mut Attributes, name: &str) {
    attributes.remove(name);
}

/// Whether a part goes when a column does: what has it in a list of columns, and a check that speaks of it.
pub(super) fn goes_with(part: &Part, column: &str) -> bool {
    let has = |list: &str| {
        part.attributes.list(list).iter().any(|item| {
            let name = item.as_text().or_else(|| item.get("column").and_then(Value::as_text));
            name == Some(column)
                || item.get("expression").and_then(Value::as_text).is_some_and(|it| words::names(it).contains(column))
        })
    };
    match part.kind.as_str() {
        // What its condition or an expression speaks of can't go before it.
        "exclusion" => ["columns", "include"]
            .iter()
            .flat_map(|list| part.attributes.list(list))
            .any(|item| item.as_text().or_else(|| item.get("column").and_then(Value::as_text)) == Some(column)),
        "index" | "primary_key" | "unique" => {
            has("columns")
                || has("include")
                || part.attributes.text("where").is_some_and(|it| words::names(it).contains(column))
        }
        "foreign_key" => has("columns"),
        "check" => part.attributes.text("expression").is_some_and(|it| words::names(it).contains(column)),
        "not_null" => part.attributes.text("column") == Some(column),
        _ => false,
    }
}

/// The statement that puts a new identity column's sequence behind the values that are there.
fn position(table: &Object, column: &Part, identity: &Value) -> String {
    let name = qualified(&sequence_of(table, column, identity));
    format!(
        "SELECT pg_catalog.setval({}, pg_catalog.max({})) FROM {}",
        crate::sql::literal(&name),
        identifier(&column.name),
        qualified(&table.name)
    )
}

/// What makes one identity column's sequence another's.
fn identity_changes(
    column: &str,
    old_table: &Object,
    table: &Object,
    (old, was): (&Part, &Value),
    (new, identity): (&Part, &Value),
) -> Vec<String> {
    let said = |value: &Value| {
        let mut attributes = Attributes::new();
        if let Value::Map(map) = value {
            map.iter().for_each(|(name, value)| attributes.set(name.clone(), value.clone()));
        }
        attributes
    };
    let (one, other) = (said(was), said(identity));
    let mut statements = Vec::new();
    let (before, after) = (sequence_of(old_table, old, was), sequence_of(table, new, identity));
    if before.name != after.name {
        statements.push(format!("ALTER SEQUENCE {} RENAME TO {}", qualified(&before), identifier(&after.name)));
    }
    let mut sets = Vec::new();
    if one.get("generation") != other.get("generation") {
        let always = other.text("generation") == Some("always");
        sets.push(format!("SET GENERATED {}", if always { "ALWAYS" } else { "BY DEFAULT" }));
    }
    let kind = |part: &Part| part.attributes.text("type").unwrap_or("bigint").to_owned();
    // The sequence's type follows the column's.
    let kind = kind(new);
    let options = object::sequence_options(&one, &other, (&kind, &kind), "SET ");
    if !options.is_empty() {
        match object::into_bounds(&qualified(&after), &one, &other, (&kind, &kind)) {
            object::Position::Stays => {}
            object::Position::Moved(sql) => statements.push(sql),
            object::Position::Restarted(option) => sets.push(option),
        }
    }
    sets.extend(options);
    if !sets.is_empty() {
        statements.push(format!("{column} {}", sets.join(" ")));
    }
    statements
}
