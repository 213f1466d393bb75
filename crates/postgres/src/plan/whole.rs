//! Objects that come and go whole.

use std::collections::BTreeMap;

use driftlock_database::{PlanError, Step};
use driftlock_schema::{Id, Name, Object, Part};

use super::columns::is_type;
use super::graph::Op;
use super::{
    Column, Plan, all_required, drop, grants, hazards, names_of, names_of_part, owned_by, parents, schema_key, words,
};
use crate::create::facets::{Defaults, On};
use crate::create::relations::{all_columns, inherited_by};
use crate::create::steps::{Granted, Key};
use crate::create::{self, Rank, qualified};
use crate::sql::identifier;

/// The schema that an extension's members are in; it is in none itself.
fn schema_of(object: &Object) -> Option<&str> {
    object.attributes.text("schema").filter(|_| object.kind == "extension")
}

/// A default that a new table's column has from its parent's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FromParent {
    /// It is the one that it should have.
    Same,
    /// It should have none.
    Unwanted,
}

impl Plan<'_> {
    /// Makes an object with all that is said of it.
    pub(super) fn come(&mut self, object: &Object) -> Result<(), PlanError> {
        let id = object.id();
        // A table that joins one that is there has what that one asks for before.
        let joins: Vec<Id> = match object.attributes.get("partition_of") {
            Some(_) => parents(object).into_iter().filter(|it| self.stays(it)).collect(),
            None => Vec::new(),
        };
        let object = &self.with_checks(object, &joins, None);
        let made = create::of(self.to, object, self.inherited.contains(&object.name))?;
        if object.kind == "default_privileges" {
            return self.default_privileges(None, Some(object));
        }
        if id.kind == "schema" && object.name.name == "public" {
            let op = Op::here(Step::new(id.clone(), "CREATE SCHEMA \"public\""), Rank::Schema);
            self.ops.push(op.makes([Key::object(&id)]));
            return self.public(None, Some(object));
        }
        let mut makes: Vec<Vec<Key>> = vec![Vec::new(); made.steps.len()];
        for (key, at) in &made.made {
            makes[*at].push(key.clone());
        }
        for keys in &mut makes {
            keys.sort_by_key(|key| format!("{key:?}"));
        }
        let defaults = self.defaults_from_parents(object)?;
        let mut is_first = true;
        for (step, mut makes) in made.steps.into_iter().zip(makes) {
            if step.is_grant {
                continue;
            }
            let part = step.part.as_ref().and_then(|(kind, name)| object.part(kind, name));
            let mut needs = step.requires.clone();
            let saying = step.saying.as_ref().map(|(what, _)| what.as_str());
            // It comes with the parent's column.
            if let (Some("default"), Some((_, column))) = (saying, &step.part)
                && defaults.get(column) == Some(&FromParent::Same)
            {
                continue;
            }
            if saying == Some("partition_of") && !joins.is_empty() {
                needs.extend(self.before_joining(object));
            }
            if saying == Some("attached") && !joins.is_empty() && self.is_attached_by_joining(object, part) {
                continue;
            }
            if is_first {
                makes.extend(super::own_name(object));
                needs.extend(object.name.schema.as_deref().map(schema_key));
                // What it has from parents it has from them as they are in the end.
                for parent in inherited_by(object).map(|name| Id::new("table", name)).filter(|it| self.stays(it)) {
                    for column in self.resolved.get(&parent).into_iter().flat_map(|(_, after)| after) {
                        needs.push(Key::part(&parent, "column", &column.name));
                        needs.push(Key::other(&parent, format!("altered {}", column.name)));
                    }
                }
                for column in object.parts_of("column") {
                    makes.extend(names_of_part(object, column));
                }
            }
            if let Some(part) = part.filter(|_| step.saying.is_none()) {
                makes.extend(names_of_part(object, part));
                if part.kind == *"foreign_key" {
                    needs.extend(self.keys_of(self.to, part));
                }
            }
            if let Some((table, column)) = owned_by(&object.attributes).filter(|_| step.rank == Rank::Owned) {
                needs.push(Key::object(&table));
                needs.push(Key::part(&table, "column", &column));
            }
            let requires = part.map_or(&object.requires, |part| &part.requires);
            let say = || match part {
                Some(part) => words::all_names(&part.attributes),
                None => words::all_names(&object.attributes),
            };
            needs.extend(self.columns_in(&id, requires, &say));
            let mut new = Step::new(id.clone(), step.sql);
            new.transactional = step.transactional;
            if is_first {
                new.inverse = drop::words(object).map(|words| format!("DROP {words}"));
            }
            let mut op = Op::here(new, step.rank).needs(needs).makes(makes);
            op.early = step.early;
            is_first = false;
            self.ops.push(op);
        }
        for (column, _) in defaults.iter().filter(|(_, how)| **how == FromParent::Unwanted) {
            let sql = format!(
                "ALTER TABLE ONLY {} ALTER COLUMN {} DROP DEFAULT",
                qualified(&object.name),
                identifier(column)
            );
            self.ops.push(Op::here(Step::new(id.clone(), sql), Rank::Column).needs([Key::object(&id)]));
        }
        for granted in &made.granted {
            let key = self.key_of(&id, granted);
            for sql in grants::of_new(self.from, granted) {
                self.ops.push(Op::here(Step::new(id.clone(), sql), Rank::Grant).needs([key.clone(), Key::object(&id)]));
            }
        }
        Ok(())
    }

    /// The defaults that a new table has of parents that are there before it.
    fn defaults_from_parents(&self, object: &Object) -> Result<BTreeMap<String, FromParent>, PlanError> {
        let mut found = BTreeMap::new();
        let parents: Vec<Id> = inherited_by(object).map(|name| Id::new("table", name)).collect();
        if !parents.iter().any(|it| self.stays(it)) {
            return Ok(found);
        }
        let mut theirs: BTreeMap<String, Option<String>> = BTreeMap::new();
        for parent in &parents {
            let Some(table) = self.to.get(parent) else { continue };
            for column in all_columns(self.to, table, 0)? {
                // One that is new gets its defaults after it has children.
                let default = column.attributes.text("default").filter(|_| self.stays(parent)).map(str::to_owned);
                theirs.entry(column.name).or_insert(default);
            }
        }
        for column in all_columns(self.to, object, 0)?.into_iter().filter(|it| it.attributes.flag("inherited")) {
            let Some(Some(default)) = theirs.get(&column.name) else { continue };
            match column.attributes.text("default") {
                Some(own) if own == default => drop(found.insert(column.name, FromParent::Same)),
                Some(_) => {}
                None => drop(found.insert(column.name, FromParent::Unwanted)),
            }
        }
        Ok(found)
    }

    /// Whether an index is put to that of the table that its own joins by joining it: the table waits until that index is there
    /// ([`Plan::before_joining`]).
    pub(super) fn is_attached_by_joining(&self, table: &Object, part: Option<&Part>) -> bool {
        part.is_some_and(|part| self.attached_to(table, part).is_some())
    }

    /// The index of the partitioned table that one of a partition is put to.
    pub(super) fn attached_to(&self, table: &Object, part: &Part) -> Option<Key> {
        let theirs = part.attributes.text("attached_to").filter(|_| part.kind != *"foreign_key")?;
        let parent = parents(table).pop()?;
        let its = self.to.get(&parent)?.parts.iter().find(|it| it.name == theirs && it.kind != *"column")?;
        Some(Key::part(&parent, its.kind.as_str(), theirs))
    }

    fn key_of(&self, id: &Id, granted: &Granted) -> Key {
        match &granted.part {
            Some((kind, name)) => Key::part(id, kind, name),
            None => Key::object(id),
        }
    }

    /// Drops an object, and with it all that goes with it.
    pub(super) fn gone(&mut self, object: &Object) -> Result<(), PlanError> {
        let id = object.id();
        if object.kind == "default_privileges" {
            return self.default_privileges(Some(object), None);
        }
        let Some(words) = drop::words(object) else { return Ok(()) };
        if self.goes_with_another(object) {
            return Ok(());
        }
        let rank = self.rank_of(object);
        if let Some(parent) = parents(object).pop().filter(|it| self.stays(it) && self.referenced.contains(it)) {
            // It is referred to together with the others.
            if object.attributes.get("partition_of").is_some() {
                let sql =
                    format!("ALTER TABLE {} DETACH PARTITION {}", qualified(&parent.name), qualified(&object.name));
                let op = Op::away(Step::new(id.clone(), sql), Rank::Inherit);
                self.ops.push(op.uses([Key::object(&id), Key::object(&parent)]));
            }
        }
        let mut op = Op::away(hazards::dropped(object, Step::new(id.clone(), format!("DROP {words}"))), rank);
        let mut going = vec![object];
        if object.kind == *"operator_family" {
            let classes = self.from.objects().filter(|it| is_class_of(it, &|family| *family == id));
            going.extend(classes.filter(|it| !self.stays(&it.id())));
        }
        // Partitions and the sequences of columns go with their table.
        let mut at = 0;
        while at < going.len() {
            let this = going[at];
            at += 1;
            if !matches!(this.kind.as_str(), "table" | "foreign_table") {
                continue;
            }
            let partitions = self.children.get(&this.id()).into_iter().flatten();
            let sequences = self.owned.get(&this.id()).into_iter().flatten();
            for other in partitions.chain(sequences).filter_map(|other| self.from.get(other)) {
                let goes_along = other.kind == *"sequence" || other.attributes.get("partition_of").is_some();
                if goes_along && self.to.get(&other.id()).is_none() {
                    going.push(other);
                }
            }
        }
        let ids: Vec<Id> = going.iter().map(|it| it.id()).collect();
        for this in going {
            let id = this.id();
            let parts = this.parts.iter().map(|part| Key::part(&id, part.kind.as_str(), &part.name));
            let indexes = this.parts.iter().map(|part| Key::other(&id, format!("index {}", part.name)));
            let required = all_required(this).chain(&[]).filter(|it| !ids.contains(it)).map(Key::object);
            let say = || words::all_of_object(this);
            let columns = self.columns_in(&id, all_required(this), &say);
            let from_parents = parents(this).into_iter().filter(|it| !ids.contains(it)).map(|it| Key::object(&it));
            op = op
                .drops([Key::object(&id)])
                .drops(parts)
                .drops(indexes)
                .drops(names_of(this))
                .uses(required)
                .uses(columns)
                .uses(from_parents)
                .uses(this.name.schema.as_deref().map(schema_key))
                .uses(schema_of(this).map(schema_key));
            for key in this.parts_of("foreign_key") {
                op = op.uses(self.keys_of(self.from, key));
                for target in &key.requires {
                    op.loose.push((Key::object(target), drop::part(this, key)));
                }
            }
        }
        self.ops.push(op);
        Ok(())
    }

    /// Whether columns that stay have values of a type that is made anew.
    pub(super) fn has_values(&self, id: &Id) -> bool {
        let is_of = |part: &Part| part.requires.contains(id);
        is_type(id)
            && self.columns.iter().any(|(table, columns)| {
                columns.iter().filter(|(_, how)| **how == Column::Retyped).any(|(name, _)| {
                    self.resolved.get(table).is_some_and(|(before, after)| {
                        let here = |columns: &[Part]| columns.iter().any(|it| it.name == *name && is_of(it));
                        here(before) && here(after)
                    })
                })
            })
    }

    /// A type that is made anew while there are values of it: it makes way, and goes when no column has it any more.
    pub(super) fn renamed(&mut self, old: &Object, new: &Object) {
        let id = old.id();
        let mut short = old.name.name.clone();
        while short.len() > 56 {
            short.pop();
        }
        let aside = Name { name: format!("{short}__old"), ..old.name.clone() };
        let Some(words) = drop::words(old) else { return };
        let kind = words.split(' ').next().unwrap_or("TYPE").to_owned();
        let rename = Step::new(id.clone(), format!("ALTER {words} RENAME TO {}", identifier(&aside.name)));
        let rename = Op::away(rename, Rank::Type)
            .drops([Key::object(&id)])
            .drops(names_of(old))
            .drops(old.parts.iter().map(|part| Key::part(&id, part.kind.as_str(), &part.name)))
            .makes([Key::other(&id, "renamed")]);
        self.ops.push(rename);
        let step = Step::new(id.clone(), format!("DROP {kind} {}", qualified(&aside)));
        let mut op = Op::here(step, Rank::Behaviour)
            .needs([Key::other(&id, "renamed")])
            .drops([Key::other(&id, "old")])
            .uses(old.name.schema.as_deref().map(schema_key));
        for required in all_required(old) {
            let key = if self.remade.contains(required) { Key::other(required, "old") } else { Key::object(required) };
            op = op.uses([key]);
        }
        let _ = new;
        self.ops.push(op);
    }

    /// Whether it goes without a word: a partition with its table, a sequence with the column that it belongs to, an operator class with its family.
    fn goes_with_another(&self, object: &Object) -> bool {
        let is_going = |id: &Id| self.from.get(id).is_some() && !self.stays(id);
        if is_class_of(object, &is_going) {
            return true;
        }
        if self.to.get(&object.id()).is_some() {
            return false;
        }
        if object.attributes.get("partition_of").is_some() && parents(object).iter().any(is_going) {
            return true;
        }
        owned_by(&object.attributes).is_some_and(|(table, column)| {
            is_going(&table)
                || matches!(
                    self.columns.get(&table).and_then(|columns| columns.get(&column)),
                    Some(Column::Dropped | Column::Remade)
                )
        })
    }

    fn rank_of(&self, object: &Object) -> Rank {
        match object.kind.as_str() {
            "schema" => Rank::Schema,
            "extension" => Rank::Extension,
            "enum" | "domain" | "composite_type" | "range_type" | "collation" => Rank::Type,
            "sequence" => Rank::Sequence,
            "table" | "foreign_table" => Rank::Table,
            "view" | "materialized_view" => Rank::View,
            "statistics" => Rank::Behaviour,
            "publication" => Rank::Publication,
            "event_trigger" => Rank::Last,
            _ => Rank::Function,
        }
    }

    /// What is granted on what will be made. It changes last: what this plan makes is still made with what was said before.
    pub(super) fn default_privileges(&mut self, old: Option<&Object>, new: Option<&Object>) -> Result<(), PlanError> {
        let Some(either) = new.or(old) else { return Ok(()) };
        let id = either.id();
        let within = either.name.schema.as_deref();
        // What is said of a schema goes with it.
        if within.is_some_and(|schema| self.to.get(&Id::new("schema", Name::new(schema))).is_none()) {
            return Ok(());
        }
        for sql in grants::of_defaults(either, old, new) {
            let schema = within.map(schema_key);
            self.ops.push(Op::here(Step::new(id.clone(), sql), Rank::Last).needs(schema.clone()).uses(schema));
        }
        Ok(())
    }

    /// The schema that every database has at first: what isn't as it is there is said of it.
    pub(super) fn public(&mut self, old: Option<&Object>, new: Option<&Object>) -> Result<(), PlanError> {
        let Some(either) = new.or(old) else { return Ok(()) };
        let id = either.id();
        let words = "SCHEMA \"public\"";
        let text = |object: Option<&Object>, name: &str| {
            object.and_then(|object| object.attributes.text(name)).map(str::to_owned)
        };
        let mut add = |rank: Rank, sql: String| {
            self.ops.push(Op::here(Step::new(id.clone(), sql), rank).needs([Key::object(&id)]));
        };
        if text(old, "owner") != text(new, "owner") {
            let owner = text(new, "owner")
                .map_or_else(|| "CURRENT_USER".to_owned(), |owner| crate::create::facets::role(&owner));
            add(Rank::Owner, format!("ALTER {words} OWNER TO {owner}"));
        }
        let comment = |object: Option<&Object>| match object {
            None => String::new(),
            Some(_) => text(object, "comment").unwrap_or_else(|| "standard public schema".to_owned()),
        };
        if comment(old) != comment(new) {
            add(Rank::Comment, format!("COMMENT ON {words} IS {}", crate::sql::literal(&comment(new))));
        }
        let granted = |object: Option<&Object>| {
            let usage = driftlock_schema::Value::map([
                ("grantee", driftlock_schema::Value::from(crate::inspect::PUBLIC)),
                ("privileges", vec!["USAGE"].into()),
            ]);
            let grants = match object {
                None => Vec::new(),
                Some(object) if object.attributes.get("grants").is_some() => object.attributes.list("grants").to_vec(),
                Some(_) => vec![usage],
            };
            Granted {
                object: id.clone(),
                part: None,
                on: On { column: None, words: words.to_owned() },
                owner: text(object, "owner").unwrap_or_else(|| driftlock_schema::SELF.to_owned()),
                grants,
                defaults: Defaults::OwnerAlone,
            }
        };
        for sql in grants::difference(&granted(old), &granted(new)) {
            add(Rank::Grant, sql);
        }
        Ok(())
    }
}

/// Whether it is a class of such an operator family.
fn is_class_of(object: &Object, is_it: &dyn Fn(&Id) -> bool) -> bool {
    object.kind == *"operator_class" && object.requires.iter().any(|id| id.kind == *"operator_family" && is_it(id))
}
