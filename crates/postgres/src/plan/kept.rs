//! Objects that stay, and what changes about them.

use std::collections::{BTreeMap, BTreeSet};

use driftlock_database::{PlanError, Step};
use driftlock_schema::{Id, Object, Part, Schema, Value};

use super::columns::goes_with;
use super::graph::Op;
use super::object::{Change, change, differing};
use super::{
    Column, PartName, Plan, all_of, all_required, drop, grants, hazards, is_table, names_of_part, owned_by, parents,
    words,
};
use crate::create::facets::{On, role};
use crate::create::steps::{Granted, Key, Step as Made};
use crate::create::{Rank, Steps, qualified, relations};
use crate::sql::identifier;

/// What is said of an object or a part: which, what.
type Saying = (Option<PartName>, String);

impl Plan<'_> {
    /// What changes about an object that stays.
    pub(super) fn kept(&mut self, old: &Object, new: &Object) -> Result<(), PlanError> {
        let id = new.id();
        // What it has from a parent that it leaves becomes its own, and what a parent has that it joins it has to have.
        let (left, joined) = (self.parents_left(old, new), self.parents_left(new, old));
        let old = &self.with_all_of(old, &left);
        let new = &self.with_checks(new, &joined, Some(old));
        match id.kind.as_str() {
            "default_privileges" => return self.default_privileges(Some(old), Some(new)),
            "schema" if new.name.name == "public" => return self.public(Some(old), Some(new)),
            _ => {}
        }
        let (before, after) = (all_of(self.from, old)?, all_of(self.to, new)?);
        self.itself(old, new, &after)?;
        if is_table(&id) {
            self.inheritance(old, new);
            self.table_columns(old, new)?;
        }
        let anew = self.parts(old, new, &before, &after);
        self.sayings(old, new, &before, &after, &anew);
        self.granted(&id, &before, &after, &anew);
        Ok(())
    }

    /// The object itself.
    fn itself(&mut self, old: &Object, new: &Object, after: &Steps) -> Result<(), PlanError> {
        let id = new.id();
        let sql = after.steps.first().map_or("", |step| step.sql.as_str());
        let Change::Altered(statements) = change(old, new, sql)? else { return Ok(()) };
        let say = || words::all_names(&new.attributes);
        let needs = self.columns_in(&id, &new.requires, &say);
        let said = || words::all_names(&old.attributes);
        let uses = self.columns_in(&id, &old.requires, &said);
        let is_table = is_table(&id);
        for (at, (rank, sql)) in statements.into_iter().enumerate() {
            let mut op = Op::here(hazards::altered(new, Step::new(id.clone(), sql)), rank)
                .needs(
                    new.requires
                        .iter()
                        .chain(new.parts_of("column").filter(|_| !is_table).flat_map(|it| &it.requires))
                        .map(Key::object),
                )
                .needs(needs.clone())
                .uses(all_required(old).filter(|_| !is_table).map(Key::object))
                .uses(uses.clone());
            if at > 0 {
                op = op.needs([Key::other(&id, format!("statement {}", at - 1))]);
            }
            if id.kind == *"extension" {
                op = op.uses(old.attributes.text("schema").map(super::schema_key));
                op = op.needs(new.attributes.text("schema").map(super::schema_key));
            }
            op = ordered(op, new);
            op = op.makes([Key::other(&id, format!("statement {at}"))]);
            if !is_table {
                op = op.makes([Key::object(&id)]);
                // New columns of a view.
                let new_columns = self.columns.get(&id).into_iter().flat_map(|columns| columns.keys());
                op = op.makes(new_columns.map(|column| Key::part(&id, "column", column)));
            }
            self.ops.push(op);
        }
        Ok(())
    }

    /// The parents of one that aren't those of the other, or not in the same way.
    fn parents_left(&self, one: &Object, other: &Object) -> Vec<Id> {
        let there = parents(other);
        let bound = |object: &Object| object.attributes.text("bound").map(str::to_owned);
        let is_moved = bound(one) != bound(other);
        parents(one).into_iter().filter(|it| is_moved || !there.contains(it) || !self.stays(it)).collect()
    }

    /// With the constraints of these parents, before: they are left to it.
    fn with_all_of(&self, object: &Object, of: &[Id]) -> Object {
        let mut all = object.clone();
        for parent in of.iter().filter_map(|it| self.from.get(it)) {
            let is_partition = parent.attributes.get("partition_by").is_some();
            let keys = parent.parts_of("foreign_key").filter(|_| is_partition);
            let checks = parent.parts_of("check").filter(|it| !it.attributes.flag("no_inherit"));
            for part in checks.chain(keys).filter(|it| object.part(it.kind.as_str(), &it.name).is_none()) {
                all.parts.push(without_comment(part));
            }
        }
        all
    }

    /// With the constraints of these parents, after, that it has to have when it joins them: the checks, and those keys that `old` has anyway.
    pub(super) fn with_checks(&self, object: &Object, of: &[Id], old: Option<&Object>) -> Object {
        let mut all = object.clone();
        for parent in of {
            let (before, after) = (self.from.get(parent), self.to.get(parent));
            let Some(after) = after else { continue };
            for part in &after.parts {
                let is_same = |other: Option<&Object>| {
                    let there = other.and_then(|other| other.part(part.kind.as_str(), &part.name));
                    there.is_some_and(|there| without_comment(there).attributes == without_comment(part).attributes)
                };
                let has_to = match part.kind.as_str() {
                    "check" => {
                        (self.stays(parent) && is_same(before) && !part.attributes.flag("no_inherit")) || is_same(old)
                    }
                    "foreign_key" => is_same(old),
                    _ => false,
                };
                if has_to && object.part(part.kind.as_str(), &part.name).is_none() {
                    all.parts.push(without_comment(part));
                }
            }
        }
        all
    }

    /// What a table inherits from.
    fn inheritance(&mut self, old: &Object, new: &Object) {
        let id = new.id();
        let of = |object: &Object| -> Vec<Id> {
            object.attributes.list("inherits").iter().map(|it| Id::new("table", relations::name_of(it))).collect()
        };
        let (before, after) = (of(old), of(new));
        let alter = format!("ALTER TABLE {}", qualified(&new.name));
        let left: Vec<&Id> = before.iter().filter(|it| !after.contains(it) || !self.stays(it)).collect();
        let joined: Vec<&Id> = after.iter().filter(|it| !before.contains(it) || !self.stays(it)).collect();
        for parent in left {
            let step = Step::new(id.clone(), format!("{alter} NO INHERIT {}", qualified(&parent.name)));
            self.ops.push(
                Op::away(step, Rank::Inherit)
                    .uses([Key::object(parent)])
                    .drops([Key::other(&id, "inherits")])
                    .makes([Key::other(&id, "left")]),
            );
        }
        for parent in joined {
            let step = Step::new(id.clone(), format!("{alter} INHERIT {}", qualified(&parent.name)));
            let own = self.before_joining(new);
            let op = Op::here(step, Rank::Inherit)
                .needs([Key::object(parent)])
                .needs(own)
                .makes([Key::other(&id, "inherits")]);
            self.ops.push(op);
        }
        let part_of =
            |object: &Object| object.attributes.get("partition_of").map(|it| Id::new("table", relations::name_of(it)));
        let bound = |object: &Object| object.attributes.text("bound").map(str::to_owned);
        let (one, other) = (part_of(old), part_of(new));
        let is_same = one == other && bound(old) == bound(new) && one.as_ref().is_none_or(|it| self.stays(it));
        if is_same {
            return;
        }
        if let Some(parent) = one {
            let sql = format!("ALTER TABLE {} DETACH PARTITION {}", qualified(&parent.name), qualified(&old.name));
            let op = Op::away(hazards::detached(Step::new(id.clone(), sql)), Rank::Inherit);
            self.ops.push(
                op.uses([Key::object(&parent)]).drops([Key::other(&id, "partition")]).makes([Key::other(&id, "left")]),
            );
        }
        if let (Some(parent), Some(bound)) = (other, bound(new)) {
            let sql =
                format!("ALTER TABLE {} ATTACH PARTITION {} {bound}", qualified(&parent.name), qualified(&new.name));
            let own = self.before_joining(new);
            let op = Op::here(hazards::attached(Step::new(id.clone(), sql)), Rank::Inherit);
            self.ops.push(op.needs([Key::object(&parent)]).needs(own).makes([Key::other(&id, "partition")]));
        }
    }

    /// What a table has to have before it joins a parent: columns, and constraints that the parent has too. The parent's indexes that its own
    /// are put to are there as well: joining puts them to those.
    pub(super) fn before_joining(&self, table: &Object) -> Vec<Key> {
        let id = table.id();
        let columns = self.columns.get(&id).into_iter().flat_map(|columns| columns.keys());
        // Those that it will have from the parent, too.
        let after = || self.resolved.get(&id).into_iter().flat_map(|(_, after)| after);
        let altered = after().map(|column| Key::other(&id, format!("altered {}", column.name)));
        let is_kept = |part: &&Part| matches!(part.kind.as_str(), "check" | "primary_key" | "unique" | "index");
        let parts = table.parts.iter().filter(is_kept).map(|part| Key::part(&id, part.kind.as_str(), &part.name));
        let theirs = table.parts.iter().filter_map(|part| self.attached_to(table, part));
        columns.map(|column| Key::part(&id, "column", column)).chain(altered).chain(parts).chain(theirs).collect()
    }

    /// Whether a part goes with another thing that goes, without a word.
    fn goes_along(&self, old: &Object, part: &Part) -> bool {
        let id = old.id();
        let with_column = self
            .columns
            .get(&id)
            .into_iter()
            .flatten()
            .any(|(column, how)| matches!(how, Column::Dropped | Column::Remade) && goes_with(part, column));
        if with_column {
            return true;
        }
        // An index of a partition goes with that of the partitioned table.
        let (Some(parent), Some(theirs)) = (parents(old).pop(), part.attributes.text("attached_to")) else {
            return false;
        };
        if !self.stays(&parent) {
            return false;
        }
        let (Some(before), Some(after)) = (self.from.get(&parent), self.to.get(&parent)) else { return false };
        self.is_part_gone(before, after, part.kind.as_str(), theirs)
    }

    /// Whether a part of what stays is there no more, or is made anew.
    pub(super) fn is_part_gone(&self, before: &Object, after: &Object, kind: &str, name: &str) -> bool {
        let Some(part) = before.part(kind, name) else { return false };
        let is_remade = self.remade_parts.contains(&(before.id(), (kind.to_owned(), name.to_owned())));
        match after.part(kind, name) {
            None => true,
            Some(there) => {
                is_remade
                    || is_made_otherwise(part, there)
                    || part.attributes.text("attached_to").is_some_and(|_| self.goes_along(before, part))
            }
        }
    }

    /// Constraints, indexes, triggers, rules and policies. Says which of them are made anew, or for the first time.
    fn parts(&mut self, old: &Object, new: &Object, before: &Steps, after: &Steps) -> BTreeSet<PartName> {
        let id = new.id();
        let mut anew = BTreeSet::new();
        if matches!(id.kind.as_str(), "composite_type") {
            return anew;
        }
        for part in &new.parts {
            let name = (part.kind.as_str().to_owned(), part.name.clone());
            let was = old.part(part.kind.as_str(), &part.name);
            if part.kind == *"column" {
                let how = self.columns.get(&id).and_then(|columns| columns.get(&part.name));
                if matches!(how, Some(Column::Added | Column::Remade)) {
                    anew.insert(name);
                }
                continue;
            }
            let made = primary(after, &name);
            if let Some(was) = was {
                let is_forced = self.remade_parts.contains(&(id.clone(), name.clone())) || self.goes_along(old, was);
                if !is_forced && !is_made_otherwise(was, part) {
                    continue;
                }
                if !is_forced && self.part_altered(new, was, part, made) {
                    continue;
                }
            }
            anew.insert(name);
        }
        for part in &old.parts {
            let name = (part.kind.as_str().to_owned(), part.name.clone());
            if part.kind == *"column" || (new.part(&name.0, &name.1).is_some() && !anew.contains(&name)) {
                continue;
            }
            let is_there = primary(before, &name).is_some();
            if !is_there || self.goes_along(old, part) {
                continue;
            }
            self.drop_part(old, part);
        }
        self.identity_of_replicas(old, new, &anew);
        for name in &anew {
            let (Some(made), Some(part)) = (primary(after, name), new.part(&name.0, &name.1)) else { continue };
            if part.kind == *"column" {
                continue;
            }
            self.make_part(old, new, part, made, after);
        }
        anew
    }

    /// A table whose rows replicas knew by an index stays so when the index is gone, and then they know them by nothing.
    fn identity_of_replicas(&mut self, old: &Object, new: &Object, anew: &BTreeSet<PartName>) {
        let is_by = |part: &&Part| part.attributes.flag("replica_identity");
        let is_gone = |part: &Part| {
            let name = (part.kind.as_str().to_owned(), part.name.clone());
            new.part(&name.0, &name.1).is_none() || anew.contains(&name)
        };
        let says_another = new.attributes.get("replica_identity").is_some() || new.parts.iter().any(|it| is_by(&it));
        if !says_another && old.parts.iter().filter(is_by).any(is_gone) {
            let sql = format!("ALTER TABLE ONLY {} REPLICA IDENTITY DEFAULT", qualified(&new.name));
            self.ops.push(Op::here(Step::new(new.id(), sql), Rank::Behaviour));
        }
    }

    fn drop_part(&mut self, old: &Object, part: &Part) {
        let id = old.id();
        let say = || words::all_names(&part.attributes);
        let columns = self.columns_in(&id, &part.requires, &say);
        let rank = primary_rank(part);
        let step = hazards::part_dropped(old, part, Step::new(id.clone(), drop::part(old, part)));
        let mut op = Op::away(step, rank)
            .drops([Key::part(&id, part.kind.as_str(), &part.name), Key::other(&id, format!("index {}", part.name))])
            .drops(names_of_part(old, part))
            // What it has from a parent goes once it has left it.
            .needs([Key::other(&id, "left")])
            .makes([Key::other(&id, format!("gone {}", part.name))])
            .uses(part.requires.iter().map(Key::object))
            .uses(columns)
            .uses(old.name.schema.as_deref().map(super::schema_key));
        if part.kind == *"foreign_key" {
            op = op.uses(self.keys_of(self.from, part));
        }
        self.ops.push(op);
    }

    /// The keys that a foreign key may be held by.
    pub(super) fn keys_of(&self, schema: &Schema, part: &Part) -> Vec<Key> {
        let Some(target) = part.attributes.get("references").map(relations::name_of) else { return Vec::new() };
        let target = Id::new("table", target);
        let mut columns: Vec<String> =
            part.attributes.list("referenced_columns").iter().filter_map(Value::as_text).map(str::to_owned).collect();
        columns.sort();
        let Some(table) = schema.get(&target) else { return Vec::new() };
        let is_key = |it: &&Part| matches!(it.kind.as_str(), "primary_key" | "unique" | "index");
        (table.parts.iter().filter(is_key))
            .filter(|it| super::spread::key_columns(it) == columns)
            .map(|it| Key::part(&target, it.kind.as_str(), &it.name))
            .collect()
    }

    fn make_part(&mut self, old: &Object, new: &Object, part: &Part, made: &Made, after: &Steps) {
        let id = new.id();
        let say = || words::all_names(&part.attributes);
        let columns = self.columns_in(&id, &part.requires, &say);
        let at = after.steps.iter().position(|step| std::ptr::eq(step, made));
        let makes: Vec<Key> =
            after.made.iter().filter(|(_, its)| Some(**its) == at).map(|(key, _)| key.clone()).collect();
        let step = Step::new(id.clone(), made.sql.clone()).inverse(drop::part(new, part));
        let mut op = Op::here(hazards::part_made(old, new, part, step), made.rank)
            .needs(made.requires.clone())
            .needs(columns)
            .makes(makes)
            .makes(names_of_part(new, part));
        if part.kind == *"primary_key" {
            op = op.needs(
                super::spread::key_columns(part)
                    .into_iter()
                    .map(|column| Key::other(&id, format!("not null {column}"))),
            );
        }
        if part.kind == *"foreign_key" {
            op = op.needs(self.keys_of(self.to, part));
            if let Some(target) = part.attributes.get("references").map(relations::name_of) {
                op = op.needs(self.columns_in(&Id::new("table", target), &[], &say));
            }
        }
        self.ops.push(op);
    }

    /// Changes a part where it stands, if that can be.
    fn part_altered(&mut self, table: &Object, old: &Part, new: &Part, made: Option<&Made>) -> bool {
        let id = table.id();
        let names = differing(&old.attributes, &new.attributes);
        let names: Vec<&str> = names.into_iter().filter(|name| !is_beside(name)).collect();
        let (words, name) = (qualified(&table.name), identifier(&new.name));
        let only = |these: &[&str]| names.iter().all(|name| these.contains(name));
        let mut statements = Vec::new();
        match new.kind.as_str() {
            "check" | "foreign_key" | "not_null" if only(&["not_valid"]) && old.attributes.flag("not_valid") => {
                let alter = if table.kind == *"domain" { "DOMAIN" } else { "TABLE" };
                statements.push(format!("ALTER {alter} {words} VALIDATE CONSTRAINT {name}"));
            }
            "foreign_key" if only(&["deferrable", "initially_deferred"]) => {
                let how = match (new.attributes.flag("deferrable"), new.attributes.flag("initially_deferred")) {
                    (_, true) => "DEFERRABLE INITIALLY DEFERRED",
                    (true, false) => "DEFERRABLE INITIALLY IMMEDIATE",
                    (false, false) => "NOT DEFERRABLE",
                };
                statements.push(format!("ALTER TABLE {words} ALTER CONSTRAINT {name} {how}"));
            }
            "policy" if only(&["roles", "using", "check"]) => {
                let kept = ["using", "check"]
                    .iter()
                    .all(|it| new.attributes.get(it).is_some() || old.attributes.get(it).is_none());
                if !kept {
                    return false;
                }
                let mut sql = format!("ALTER POLICY {name} ON {words}");
                if names.contains(&"roles") {
                    let roles: Vec<String> =
                        new.attributes.list("roles").iter().filter_map(Value::as_text).map(role).collect();
                    let roles = if roles.is_empty() { "PUBLIC".to_owned() } else { roles.join(", ") };
                    sql.push_str(&format!(" TO {roles}"));
                }
                for (key, word) in [("using", "USING"), ("check", "WITH CHECK")] {
                    if let (true, Some(text)) = (names.contains(&key), new.attributes.text(key)) {
                        sql.push_str(&format!(" {word} ({text})"));
                    }
                }
                statements.push(sql);
            }
            "rule" => {
                let Some(made) = made else { return false };
                statements.push(made.sql.replacen("CREATE ", "CREATE OR REPLACE ", 1));
            }
            "index" | "primary_key" | "unique" | "exclusion" if only(&["options", "tablespace"]) => {
                let index = qualified(&driftlock_schema::Name { name: new.name.clone(), ..table.name.clone() });
                let changes =
                    super::object::option_statements(old.attributes.get("options"), new.attributes.get("options"));
                statements.extend(changes.into_iter().map(|change| format!("ALTER INDEX {index} {change}")));
                if names.contains(&"tablespace") {
                    let space = identifier(new.attributes.text("tablespace").unwrap_or("pg_default"));
                    statements.push(format!("ALTER INDEX {index} SET TABLESPACE {space}"));
                }
            }
            _ => return false,
        }
        let say = || words::all_names(&new.attributes);
        let said = || words::all_names(&old.attributes);
        let (needs, uses) = (self.columns_in(&id, &new.requires, &say), self.columns_in(&id, &old.requires, &said));
        for sql in statements {
            let op = Op::here(hazards::part_altered(table, new, Step::new(id.clone(), sql)), primary_rank(new))
                .needs(new.requires.iter().map(Key::object))
                .needs(needs.clone())
                .uses(old.requires.iter().map(Key::object))
                .uses(uses.clone());
            self.ops.push(op);
        }
        true
    }

    /// What is said of the object and of its parts.
    fn sayings(&mut self, old: &Object, new: &Object, before: &Steps, after: &Steps, anew: &BTreeSet<PartName>) {
        let id = new.id();
        let (was, is) = (said(before), said(after));
        let all: BTreeSet<&Saying> = was.keys().chain(is.keys()).collect();
        for saying in all {
            let (part, what) = saying;
            if is_for_columns(part.as_ref(), what, &id) || what == "partition_of" {
                continue;
            }
            let is_new = part.as_ref().is_some_and(|part| anew.contains(part));
            if what == "attached" {
                let its = part.as_ref().and_then(|(kind, name)| new.part(kind, name));
                if !self.parents_left(new, old).is_empty() && self.is_attached_by_joining(new, its) {
                    continue;
                }
            }
            if part
                .as_ref()
                .is_some_and(|part| !is_new && new.part(&part.0, &part.1).is_none() && !is_inherited(part, new, self))
            {
                // It went with what it was said of.
                continue;
            }
            let one = was.get(saying).copied().filter(|_| !is_new);
            let other = is.get(saying).copied();
            let is_redefaulted = part.as_ref().is_some_and(|(kind, name)| {
                kind == "column" && what == "default" && self.redefaulted.contains(&(id.clone(), name.clone()))
            });
            let owned = |attributes| owned_by(attributes).filter(|_| what == "owned_by");
            // Who owns a sequence is remade, or is another one.
            let is_lost = (what == "attached" && parents(new).iter().any(|it| !self.stays(it)))
                || owned(&old.attributes).is_some_and(|(table, column)| {
                    !self.stays(&table)
                        || matches!(
                            self.columns.get(&table).and_then(|columns| columns.get(&column)),
                            Some(Column::Dropped | Column::Remade)
                        )
                });
            if one.map(|it| &it.sql) == other.map(|it| &it.sql) && !is_redefaulted && !is_lost {
                continue;
            }
            let undo =
                one.and_then(|it| it.saying.as_ref()).map(|(_, undo)| undo.clone()).filter(|undo| !undo.is_empty());
            let must_go = other.is_none() || !is_said_over(what) || is_redefaulted || is_lost;
            if let (Some(undo), true) = (undo, must_go) {
                let requires =
                    part.as_ref().and_then(|(kind, name)| old.part(kind, name)).map(|it| it.requires.as_slice());
                let mut op = Op::away(Step::new(id.clone(), undo), one.map_or(Rank::State, |it| it.rank))
                    .uses(requires.unwrap_or_default().iter().map(Key::object))
                    .drops([Key::other(&id, format!("saying {part:?} {what}"))]);
                if let Some((table, column)) = owned(&old.attributes) {
                    op = op.uses([Key::object(&table), Key::part(&table, "column", &column)]);
                }
                self.ops.push(op);
            }
            if let Some(other) = other {
                let mut op = Op::here(Step::new(id.clone(), other.sql.clone()), other.rank)
                    .needs(other.requires.clone())
                    .makes([Key::other(&id, format!("saying {part:?} {what}"))]);
                if let Some((kind, name)) = part {
                    op = op.needs([Key::part(&id, kind, name)]);
                }
                if let Some((table, column)) = owned(&new.attributes) {
                    op = op.needs([Key::object(&table), Key::part(&table, "column", &column)]);
                }
                if what == "owner" {
                    op = op.makes([Key::other(&id, "owner")]);
                }
                self.ops.push(op);
            }
        }
    }

    fn granted(&mut self, id: &Id, before: &Steps, after: &Steps, anew: &BTreeSet<PartName>) {
        let key = |granted: &Granted| (granted.part.clone(), granted.on.clone());
        let is_there = |part: &Option<PartName>| part.as_ref().is_none_or(|part| !anew.contains(part));
        let mut was: BTreeMap<(Option<PartName>, On), &Granted> =
            before.granted.iter().filter(|it| is_there(&it.part)).map(|it| (key(it), it)).collect();
        for new in &after.granted {
            let statements = match was.remove(&key(new)) {
                Some(old) => grants::difference(old, new),
                None => grants::of_new(self.from, new),
            };
            for sql in statements {
                let mut op = Op::here(Step::new(id.clone(), sql), Rank::Grant).needs([Key::other(id, "owner")]);
                if let Some((kind, name)) = &new.part {
                    op = op.needs([Key::part(id, kind, name), Key::other(id, format!("identity of {name}"))]);
                }
                self.ops.push(op);
            }
        }
        // What has nothing granted now, and isn't gone.
        let gone = |part: &PartName| {
            self.columns.get(id).and_then(|columns| columns.get(&part.1)).is_some_and(|how| *how == Column::Dropped)
        };
        let mut left = Vec::new();
        for ((part, on), old) in was {
            let is_sequence = on.words.starts_with("SEQUENCE") && part.is_some();
            if !part.as_ref().is_some_and(gone) && !is_sequence {
                let mut none = old.clone();
                none.grants = Vec::new();
                left.extend(grants::difference(old, &none));
            }
        }
        for sql in left {
            self.ops.push(Op::here(Step::new(id.clone(), sql), Rank::Grant));
        }
    }
}

/// What a statement about the table itself has to come before, or behind: what is logged refers to nothing that isn't.
fn ordered(op: Op, table: &Object) -> Op {
    let id = table.id();
    let targets: Vec<Id> = table
        .parts_of("foreign_key")
        .filter_map(|key| key.attributes.get("references"))
        .map(|it| Id::new("table", relations::name_of(it)))
        .filter(|target| *target != id)
        .collect();
    if op.step.sql.ends_with(" NOT OF") {
        // Its columns are its own from then on.
        op.makes([Key::other(&id, "left")])
    } else if op.step.sql.ends_with(" SET LOGGED") {
        op.needs(targets.iter().map(|target| Key::other(target, "logged"))).makes([Key::other(&id, "logged")])
    } else if op.step.sql.ends_with(" SET UNLOGGED") {
        op.needs([Key::other(&id, "referrers unlogged")])
            .makes(targets.iter().map(|target| Key::other(target, "referrers unlogged")))
    } else {
        op
    }
}

fn without_comment(part: &Part) -> Part {
    let mut plain = part.clone();
    plain.attributes.remove("comment");
    plain
}

/// A column that a table has from its parent and of which it says nothing any more.
fn is_inherited((kind, name): &PartName, table: &Object, plan: &Plan<'_>) -> bool {
    kind == "column"
        && plan.resolved.get(&table.id()).is_some_and(|(_, after)| after.iter().any(|column| column.name == *name))
}

/// What is said of columns of tables is the matter of `columns`.
fn is_for_columns(part: Option<&PartName>, what: &str, id: &Id) -> bool {
    is_table(id)
        && part.is_some_and(|(kind, _)| kind == "column")
        && matches!(what, "default" | "not_null" | "identity" | "storage" | "compression")
}

/// Whether saying it again is enough where it was said otherwise.
fn is_said_over(what: &str) -> bool {
    !(what == "options" || what == "attached" || what.starts_with("mapping for"))
}

/// What is said, each once.
fn said(steps: &Steps) -> BTreeMap<Saying, &Made> {
    let mut said = BTreeMap::new();
    for step in steps.steps.iter().filter(|step| !step.is_grant) {
        if let Some((what, _)) = &step.saying {
            said.insert((step.part.clone(), what.clone()), step);
        }
    }
    said
}

/// The statement that makes a part.
fn primary<'s>(steps: &'s Steps, part: &PartName) -> Option<&'s Made> {
    steps.steps.iter().find(|step| !step.is_grant && step.saying.is_none() && step.part.as_ref() == Some(part))
}

/// What is said beside a part, and isn't what makes it.
fn is_beside(name: &str) -> bool {
    matches!(name, "enabled" | "clustered" | "replica_identity" | "invalid" | "attached_to")
}

/// Whether the one isn't made as the other is.
fn is_made_otherwise(old: &Part, new: &Part) -> bool {
    // How much is known of an index's columns is said once it is there.
    let plain = |part: &Part| {
        let mut attributes = part.attributes.clone();
        let columns: Vec<Value> = (attributes.list("columns").iter())
            .map(|column| match column {
                Value::Map(map) if map.contains_key("statistics") => {
                    let mut map = map.clone();
                    map.remove("statistics");
                    match (map.len(), map.get("column")) {
                        (1, Some(name)) => name.clone(),
                        _ => Value::Map(map),
                    }
                }
                other => other.clone(),
            })
            .collect();
        if !columns.is_empty() && part.kind != *"trigger" {
            attributes.set("columns", columns);
        }
        attributes
    };
    let (one, other) = (plain(old), plain(new));
    let is_attached = |part: &Part| part.attributes.text("attached_to").map(str::to_owned);
    differing(&one, &other).into_iter().any(|name| !is_beside(name))
        || (old.kind == *"foreign_key" && is_attached(old) != is_attached(new))
}

fn primary_rank(part: &Part) -> Rank {
    match part.kind.as_str() {
        "primary_key" | "unique" | "exclusion" => Rank::Key,
        "check" | "not_null" => Rank::Check,
        "index" => Rank::Index,
        "foreign_key" => Rank::ForeignKey,
        _ => Rank::Behaviour,
    }
}
