//! What has to be made anew, since it is made of something that is.
//!
//! PostgreSQL keeps what is made of something from losing it: a view whose table gets a column of another type has to go before and come back
//! after. This spreads over what stands on both sides and is made of the same thing on both; what lets go of it by its own change needs none.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};

use driftlock_database::PlanError;
use driftlock_schema::{Id, Object, Pair, Part, Schema, Value};

use super::casts::has_kin;
use super::columns::{is_type, kept};
use super::object::{Change, change};
use super::{Column, PartName, Plan, all_of, is_table, words};
use crate::create::relations::{all_columns, name_of};

/// Something that is made anew, whose dependents are to be looked at.
enum Hit {
    Object(Id),
    Column(Id, String, Column),
    Part(Id, PartName),
}

/// Who is made of an object, and which part of it is: on both sides.
///
/// Looked for when it is asked for: in a large schema that takes longer than all else.
struct Dependents<'a> {
    from: &'a Schema,
    to: &'a Schema,
    found: OnceCell<HashMap<&'a Id, Vec<Dependent<'a>>>>,
}

type Dependent<'a> = (&'a Id, Option<&'a Part>);

impl<'a> Dependents<'a> {
    fn of(&self, id: &Id) -> impl Iterator<Item = Dependent<'a>> {
        self.found.get_or_init(|| self.find()).get(id).into_iter().flatten().copied()
    }

    fn find(&self) -> HashMap<&'a Id, Vec<Dependent<'a>>> {
        let mut found: HashMap<&Id, Vec<Dependent<'_>>> = HashMap::new();
        let mut add = |required, dependent| found.entry(required).or_default().push(dependent);
        let mut differing = self.from.differing(self.to).peekable();
        for (id, object) in self.from.iter() {
            while differing.next_if(|pair| matches!(pair, Pair::Added(_))).is_some() {}
            let is_it =
                |pair: &Pair<'_>| matches!(pair, Pair::Removed(it) | Pair::Altered(it, _) if std::ptr::eq(*it, object));
            let pair = differing.next_if(is_it);
            let there = match pair {
                Some(Pair::Altered(_, there)) => there,
                Some(_) => continue,
                None => object,
            };
            let is_same = pair.is_none() || object.attributes == there.attributes;
            for required in object.requires.iter().filter(|it| is_same || there.requires.contains(it)) {
                add(required, (id, None));
            }
            for part in object.parts.iter().filter(|part| !part.requires.is_empty()) {
                let Some(other) = there.part(part.kind.as_str(), &part.name) else { continue };
                let is_same = pair.is_none() || part.attributes == other.attributes;
                for required in part.requires.iter().filter(|it| is_same || other.requires.contains(it)) {
                    add(required, (id, Some(part)));
                }
            }
        }
        found
    }
}

impl Plan<'_> {
    /// Finds all that is made anew.
    pub(super) fn spread(&mut self) -> Result<(), PlanError> {
        let mut hits = Vec::new();
        for id in self.work.clone() {
            let (Some(old), Some(new)) = (self.from.get(&id), self.to.get(&id)) else {
                // What doesn't change is made of something else of the same name.
                if self.from.get(&id).is_some() {
                    hits.push(Hit::Object(id));
                }
                continue;
            };
            let made = all_of(self.to, new)?;
            let sql = made.steps.first().map_or("", |step| step.sql.as_str());
            // Not every extension can be moved, and nothing says which; one of which nothing is made can as well be made anew.
            let is_moved = id.kind == *"extension"
                && old.attributes.get("schema") != new.attributes.get("schema")
                && !self.from.objects().any(|object| super::all_required(object).any(|it| *it == id));
            if is_moved || matches!(change(old, new, sql)?, Change::Remade) {
                self.remade.insert(id.clone());
                hits.push(Hit::Object(id.clone()));
            }
        }
        for id in self.work.clone() {
            if is_table(&id) && self.stays(&id) {
                self.resolve(&id)?;
            }
        }
        for id in self.work.clone() {
            let Some((before, after)) = self.resolved.get(&id) else { continue };
            let mut columns = BTreeMap::new();
            for column in before {
                match after.iter().find(|it| it.name == column.name) {
                    None => drop(columns.insert(column.name.clone(), Column::Dropped)),
                    Some(there) => {
                        if let Some(how) = kept(column, there) {
                            columns.insert(column.name.clone(), how);
                        }
                    }
                }
            }
            for column in after.iter().filter(|it| !before.iter().any(|there| there.name == it.name)) {
                columns.insert(column.name.clone(), Column::Added);
            }
            hits.extend(columns.iter().map(|(name, how)| Hit::Column(id.clone(), name.clone(), *how)));
            if !columns.is_empty() {
                self.columns.insert(id.clone(), columns);
            }
        }
        // Keys that go, and what refers to them.
        for id in self.work.clone() {
            let (Some(old), Some(new)) = (self.from.get(&id), self.to.get(&id)) else { continue };
            for part in old.parts.iter().filter(|part| matches!(part.kind.as_str(), "primary_key" | "unique" | "index"))
            {
                let there = new.part(part.kind.as_str(), &part.name);
                if there.is_none_or(|there| is_other_key(part, there)) {
                    hits.push(Hit::Part(id.clone(), name_of_part(part)));
                }
            }
        }
        // A view's columns that come and go are its own matter, unless it is replaced.
        for id in self.work.clone() {
            let (Some(old), Some(new)) = (self.from.get(&id), self.to.get(&id)) else { continue };
            if id.kind == "view" && !self.remade.contains(&id) {
                let added: BTreeMap<String, Column> = new
                    .parts_of("column")
                    .filter(|it| old.part("column", &it.name).is_none())
                    .map(|it| (it.name.clone(), Column::Added))
                    .collect();
                if !added.is_empty() {
                    self.columns.insert(id.clone(), added);
                }
            }
        }
        if hits.is_empty() {
            return Ok(());
        }
        let dependents = Dependents { from: self.from, to: self.to, found: OnceCell::new() };
        while let Some(hit) = hits.pop() {
            match hit {
                Hit::Object(id) => self.object_hit(&id, &dependents, &mut hits)?,
                Hit::Column(id, column, how) => self.column_hit(&id, &column, how, &dependents, &mut hits)?,
                Hit::Part(id, part) => self.part_hit(&id, &part, &dependents, &mut hits),
            }
        }
        Ok(())
    }

    /// Finds all columns of a table, before and after.
    fn resolve(&mut self, id: &Id) -> Result<(), PlanError> {
        if self.resolved.contains_key(id) {
            return Ok(());
        }
        let (Some(old), Some(new)) = (self.from.get(id), self.to.get(id)) else { return Ok(()) };
        let both = (all_columns(self.from, old, 0)?, all_columns(self.to, new, 0)?);
        self.resolved.insert(id.clone(), both);
        Ok(())
    }

    fn remake(&mut self, id: &Id, hits: &mut Vec<Hit>) {
        if self.remade.insert(id.clone()) {
            self.work.insert(id.clone());
            hits.push(Hit::Object(id.clone()));
        }
    }

    fn remake_part(&mut self, id: &Id, part: &PartName, hits: &mut Vec<Hit>) {
        if self.remade_parts.insert((id.clone(), part.clone())) {
            self.work.insert(id.clone());
            hits.push(Hit::Part(id.clone(), part.clone()));
        }
    }

    fn change_column(&mut self, id: &Id, column: &str, how: Column, hits: &mut Vec<Hit>) -> Result<(), PlanError> {
        let known = self.columns.entry(id.clone()).or_default();
        if known.get(column).is_none_or(|known| *known < how && *known != Column::Dropped) {
            known.insert(column.to_owned(), how);
            self.work.insert(id.clone());
            self.resolve(id)?;
            hits.push(Hit::Column(id.clone(), column.to_owned(), how));
        }
        Ok(())
    }

    fn object_hit(&mut self, id: &Id, dependents: &Dependents<'_>, hits: &mut Vec<Hit>) -> Result<(), PlanError> {
        let is_relation = matches!(id.kind.as_str(), "table" | "foreign_table");
        for (other, part) in dependents.of(id) {
            if self.remade.contains(other) {
                continue;
            }
            match part {
                None if is_table(other) && (is_relation || id.kind == "composite_type") => {
                    self.work.insert(other.clone());
                    self.resolve(other)?;
                }
                None => self.remake(other, hits),
                Some(part) if part.kind == "column" => {
                    let name = &part.name;
                    if !is_table(other) {
                        if other.kind == "composite_type" {
                            self.remake(other, hits);
                        } else {
                            self.redefaulted.insert((other.clone(), name.clone()));
                            self.work.insert(other.clone());
                        }
                        continue;
                    }
                    if part.attributes.get("generated").is_some() || is_relation {
                        self.change_column(other, name, Column::Remade, hits)?;
                    } else if is_type(id) {
                        self.change_column(other, name, Column::Retyped, hits)?;
                        self.redefaulted.insert((other.clone(), name.clone()));
                    } else {
                        self.redefaulted.insert((other.clone(), name.clone()));
                        self.work.insert(other.clone());
                        self.resolve(other)?;
                    }
                }
                // One that is put to that of the table that its own is a part of is put to another one's.
                Some(part) if is_relation && part.attributes.get("attached_to").is_some() => {}
                Some(part) => self.remake_part(other, &name_of_part(part), hits),
            }
        }
        // A sequence stays when its table is made anew.
        if is_relation {
            let owned = self.owned.get(id).cloned().unwrap_or_default();
            self.work.extend(owned);
            for child in self.children.get(id).cloned().unwrap_or_default() {
                if self.stays(&child) {
                    self.work.insert(child.clone());
                    self.resolve(&child)?;
                }
            }
        }
        Ok(())
    }

    fn column_hit(
        &mut self,
        id: &Id,
        column: &str,
        how: Column,
        dependents: &Dependents<'_>,
        hits: &mut Vec<Hit>,
    ) -> Result<(), PlanError> {
        if !matches!(how, Column::Retyped | Column::Remade) {
            return Ok(());
        }
        let (Some(old), Some(new)) = (self.from.get(id), self.to.get(id)) else { return Ok(()) };
        let is_far = self.resolved.get(id).is_some_and(|(before, after)| {
            let of = |columns: &[Part]| columns.iter().find(|it| it.name == column).cloned();
            match (of(before), of(after)) {
                (Some(before), Some(after)) => !has_kin(&before, &after),
                _ => true,
            }
        });
        let speaks = |part: &Part| words::all_names(&part.attributes).contains(column);
        let mut own = Vec::new();
        for part in &old.parts {
            let Some(there) = new.part(part.kind.as_str(), &part.name) else { continue };
            if speaks(part) && speaks(there) && part.name != column {
                own.push(part.clone());
            }
        }
        for part in own {
            let name = name_of_part(&part);
            match part.kind.as_str() {
                "column" if part.attributes.get("generated").is_some() => {
                    self.change_column(id, &part.name, Column::Remade, hits)?;
                }
                "column" => {}
                "trigger" | "policy" | "rule" => self.remake_part(id, &name, hits),
                "foreign_key" if is_far || how == Column::Remade => self.remake_part(id, &name, hits),
                _ if how == Column::Remade => self.remake_part(id, &name, hits),
                _ => {}
            }
        }
        for child in self.children.get(id).cloned().unwrap_or_default() {
            if self.stays(&child) {
                self.resolve(&child)?;
                let has =
                    |columns: &[Part]| columns.iter().any(|it| it.name == column && it.attributes.flag("inherited"));
                if self.resolved.get(&child).is_some_and(|(before, after)| has(before) && has(after)) {
                    self.change_column(&child, column, how, hits)?;
                }
            }
        }
        for (other, part) in dependents.of(id) {
            let (Some(one), Some(two)) = (self.from.get(other), self.to.get(other)) else { continue };
            match part {
                None => {
                    let names = |object: &Object| words::all_names(&object.attributes).contains(column);
                    let counts = match other.kind.as_str() {
                        "view" | "materialized_view" => true,
                        "function" | "procedure" => one.attributes.get("sql_body").is_some(),
                        "publication" => true,
                        "statistics" => how == Column::Remade,
                        _ => false,
                    };
                    if counts && names(one) && names(two) {
                        self.remake(other, hits);
                    }
                }
                Some(part) => {
                    let kind = part.kind.as_str();
                    if !(speaks(part) && two.part(kind, &part.name).is_some_and(speaks)) {
                        continue;
                    }
                    let counts = match kind {
                        "policy" | "rule" | "trigger" => true,
                        "foreign_key" => is_far || how == Column::Remade,
                        _ => false,
                    };
                    if counts {
                        self.remake_part(other, &name_of_part(part), hits);
                    }
                }
            }
        }
        Ok(())
    }

    /// What refers to a key lets go of it before.
    fn part_hit(&mut self, id: &Id, (kind, name): &PartName, dependents: &Dependents<'_>, hits: &mut Vec<Hit>) {
        let Some(part) = self.from.get(id).and_then(|object| object.part(kind, name)) else { return };
        let is_key = match kind.as_str() {
            "primary_key" | "unique" => true,
            "index" => part.attributes.flag("unique"),
            _ => false,
        };
        if !is_key {
            return;
        }
        let columns = key_columns(part);
        let is_its = |key: &Part| {
            let is_here = key.attributes.get("references").is_some_and(|it| name_of(it) == id.name);
            let mut referenced: Vec<String> = key
                .attributes
                .list("referenced_columns")
                .iter()
                .filter_map(Value::as_text)
                .map(str::to_owned)
                .collect();
            referenced.sort();
            is_here && referenced == columns
        };
        let mut found = Vec::new();
        let own = self.from.get(id).into_iter().map(|object| (object.id(), object));
        let others = dependents.of(id).filter(|(_, part)| part.is_some());
        let others = others.filter_map(|(other, _)| Some((other.clone(), self.from.get(other)?)));
        for (other, object) in own.chain(others) {
            for key in object.parts_of("foreign_key").filter(|key| is_its(key)) {
                if self.to.get(&other).is_some_and(|it| it.part("foreign_key", &key.name).is_some()) {
                    found.push((other.clone(), ("foreign_key".to_owned(), key.name.clone())));
                }
            }
        }
        for (other, part) in found {
            self.remake_part(&other, &part, hits);
        }
        // A view that groups by a key has the other columns from it.
        if kind == "primary_key" {
            let grouped: Vec<&Id> = dependents
                .of(id)
                .filter(|(other, part)| {
                    part.is_none()
                        && self
                            .from
                            .get(other)
                            .and_then(|it| it.attributes.text("definition"))
                            .is_some_and(|it| it.contains("GROUP BY"))
                })
                .map(|(other, _)| other)
                .collect();
            for other in grouped {
                self.remake(other, hits);
            }
        }
    }
}

fn name_of_part(part: &Part) -> PartName {
    (part.kind.as_str().to_owned(), part.name.clone())
}

/// The names of a key's columns, sorted.
pub(super) fn key_columns(part: &Part) -> Vec<String> {
    let name = |column: &Value| {
        column.as_text().or_else(|| column.get("column").and_then(Value::as_text)).unwrap_or_default().to_owned()
    };
    let mut columns: Vec<String> = part.attributes.list("columns").iter().map(name).collect();
    columns.sort();
    columns
}

/// Whether it is another key, and not only told otherwise of.
fn is_other_key(old: &Part, new: &Part) -> bool {
    let beside = |name: &str| {
        matches!(
            name,
            "clustered" | "replica_identity" | "comment" | "index_comment" | "options" | "tablespace" | "invalid"
        )
    };
    let names = super::object::differing(&old.attributes, &new.attributes);
    names.iter().any(|name| !beside(name))
}
