//! The way from a schema to another.
//!
//! What differs is found object by object; what only a new one has is made anew, and that spreads to what is made of it ([`spread`]). Each object
//! then says its statements, and with each what it needs, makes, lets go of and takes away; [`graph`] puts all of them into one order. What is
//! brought is said by `create/`, so that a statement is written once: a plan takes of it what wasn't there before.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use driftlock_database::{ColumnOrder, PlanError, Step};
use driftlock_schema::{Attributes, Id, Name, Object, Pair, Part, Schema};

use self::graph::Op;
use crate::create::relations::{inherited_by, name_of};
use crate::create::steps::Key;
use crate::create::{self, qualified};

mod casts;
mod columns;
mod drop;
mod grants;
mod graph;
mod hazards;
mod kept;
mod object;
mod spread;
mod whole;
mod words;

/// A part of an object, by kind and name.
type PartName = (String, String);

/// How a column becomes another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    /// It wasn't there.
    Added,
    /// It is there no more.
    Dropped,
    /// It has another type, or one that was made anew.
    Retyped,
    /// Only a new one can be what it should be.
    Remade,
}

/// Two schemas, and what is known of the way.
struct Plan<'a> {
    from: &'a Schema,
    to: &'a Schema,
    /// What is made anew although it is on both sides.
    remade: BTreeSet<Id>,
    /// The same, of parts of what stays.
    remade_parts: BTreeSet<(Id, PartName)>,
    /// Columns of relations that stay.
    columns: BTreeMap<Id, BTreeMap<String, Column>>,
    /// Columns whose default is made of something that is made anew.
    redefaulted: BTreeSet<(Id, String)>,
    /// What has to be looked at.
    work: BTreeSet<Id>,
    /// All columns of relations that stay, before and after, those that they inherit too.
    resolved: HashMap<Id, (Vec<Part>, Vec<Part>)>,
    /// The tables that inherit from a table, before.
    children: HashMap<Id, Vec<Id>>,
    /// Tables that others inherit in the end.
    inherited: HashSet<Name>,
    /// The sequences that belong to columns of a table, before.
    owned: HashMap<Id, Vec<Id>>,
    /// The tables that a foreign key refers to, before.
    referenced: HashSet<Id>,
    ops: Vec<Op>,
}

/// See [`Engine::plan`](driftlock_database::Engine::plan).
pub(crate) fn steps(from: &Schema, to: &Schema, order: ColumnOrder) -> Result<Vec<Step>, PlanError> {
    let mut plan = Plan {
        from,
        to,
        remade: BTreeSet::new(),
        remade_parts: BTreeSet::new(),
        columns: BTreeMap::new(),
        redefaulted: BTreeSet::new(),
        work: BTreeSet::new(),
        resolved: HashMap::new(),
        children: HashMap::new(),
        inherited: HashSet::new(),
        owned: HashMap::new(),
        referenced: HashSet::new(),
        ops: Vec::new(),
    };
    plan.find_work();
    if plan.work.is_empty() && order == ColumnOrder::Told {
        return Ok(Vec::new());
    }
    plan.spread()?;
    if order == ColumnOrder::Planned {
        plan.keeps_order()?;
    }
    for id in plan.work.clone() {
        match (from.get(&id), to.get(&id)) {
            (Some(old), Some(new)) if plan.remade.contains(&id) => {
                if plan.has_values(&id) {
                    plan.renamed(old, new);
                } else {
                    plan.gone(old)?;
                }
                plan.come(new)?;
            }
            (Some(old), Some(new)) => plan.kept(old, new)?,
            (Some(old), None) => plan.gone(old)?,
            (None, Some(new)) => plan.come(new)?,
            (None, None) => {}
        }
    }
    let steps = graph::in_order(std::mem::take(&mut plan.ops))?;
    Ok(plan.settled(steps))
}

impl<'a> Plan<'a> {
    fn find_work(&mut self) {
        let differs = |pair: &Pair<'_>| !matches!(pair, Pair::Altered(old, new) if is_equal(old, new));
        let id = |pair: Pair<'_>| match pair {
            Pair::Removed(object) | Pair::Added(object) | Pair::Altered(_, object) => object.id(),
        };
        self.work = self.from.differing(self.to).filter(differs).map(id).collect();
        if !self.work.iter().any(is_table) {
            return;
        }
        self.inherited = self.to.objects().flat_map(inherited_by).collect();
        for object in self.from.objects() {
            for parent in parents(object) {
                self.children.entry(parent).or_default().push(object.id());
            }
            let keys = object.parts_of("foreign_key").filter_map(|key| key.attributes.get("references"));
            self.referenced.extend(keys.map(|it| Id::new("table", name_of(it))));
            if let Some((table, _)) = owned_by(&object.attributes) {
                self.owned.entry(table).or_default().push(object.id());
            }
        }
        // What a table inherits changes with its parent.
        let mut queue: Vec<Id> = self.work.iter().filter(|id| is_table(id)).cloned().collect();
        while let Some(id) = queue.pop() {
            for child in self.children.get(&id).cloned().unwrap_or_default() {
                if self.work.insert(child.clone()) {
                    queue.push(child);
                }
            }
        }
    }

    /// That no table would have to put columns that it has into another order.
    fn keeps_order(&self) -> Result<(), PlanError> {
        for new in self.to.objects().filter(|it| it.kind == *"table" && self.stays(&it.id())) {
            let id = new.id();
            let Some(old) = self.from.get(&id) else { continue };
            let (before, after) = match self.resolved.get(&id) {
                Some((before, after)) => (before.iter().collect(), after.iter().collect()),
                None => (old.parts_of("column").collect::<Vec<_>>(), new.parts_of("column").collect::<Vec<_>>()),
            };
            let anew = |name: &str| {
                let how = self.columns.get(&id).and_then(|columns| columns.get(name));
                matches!(how, Some(Column::Added | Column::Remade | Column::Dropped))
            };
            let stay = before.iter().map(|column| &column.name).filter(|name| !anew(name));
            let come = after.iter().map(|column| &column.name).filter(|name| anew(name));
            let is_kept = stay.chain(come).eq(after.iter().map(|column| &column.name));
            if !is_kept || old.attributes.get("column_order") != new.attributes.get("column_order") {
                return Err(PlanError::new(
                    id,
                    "PostgreSQL has no statement that puts a column into another place: only a new table would have that order, with all rows copied \
                     and everything made again that speaks of it; without `--column-order` the order is told and left as it is",
                ));
            }
        }
        Ok(())
    }

    /// Whether it is on both sides and stays what it is.
    fn stays(&self, id: &Id) -> bool {
        self.from.get(id).is_some() && self.to.get(id).is_some() && !self.remade.contains(id)
    }

    /// The columns of which these words speak, of relations that aren't all as they were.
    fn columns_in<'i>(
        &self,
        of: &'i Id,
        requires: impl IntoIterator<Item = &'i Id>,
        say: &dyn Fn() -> HashSet<String>,
    ) -> Vec<Key> {
        let mut keys = Vec::new();
        let mut names: Option<HashSet<String>> = None;
        for id in requires.into_iter().chain([of]) {
            let Some(columns) = self.columns.get(id) else { continue };
            let names = names.get_or_insert_with(say);
            let named = columns.keys().filter(|column| names.contains(*column));
            keys.extend(named.map(|column| Key::part(id, "column", column)));
        }
        keys
    }

    /// Statements that go with others: the session's settings, and values of enums that are used where they were added.
    fn settled(&self, mut steps: Vec<Step>) -> Vec<Step> {
        let has_body = |step: &Step| {
            matches!(step.object.kind.as_str(), "function" | "procedure")
                && (step.sql.starts_with("CREATE FUNCTION")
                    || step.sql.starts_with("CREATE OR REPLACE ")
                    || step.sql.starts_with("CREATE PROCEDURE"))
                && self.to.get(&step.object).is_some_and(|it| it.attributes.text("language").is_none())
                && self.to.get(&step.object).is_some_and(|it| it.attributes.get("sql_body").is_none())
        };
        for at in 0..steps.len() {
            let Some((_, label)) = steps[at].sql.split_once(" ADD VALUE ") else { continue };
            if steps[at].object.kind != "enum" {
                continue;
            }
            let label =
                label.split(" AFTER '").next().unwrap_or(label).split(" BEFORE '").next().unwrap_or(label).to_owned();
            steps[at].transactional =
                !steps[at + 1..].iter().any(|step| step.sql.contains(&label) && !step.sql.contains(" ADD VALUE "));
        }
        if let Some(first) = steps.iter().position(has_body) {
            // What a body speaks of may come after it.
            let object = steps[first].object.clone();
            steps.insert(0, Step::new(object, "SET check_function_bodies = off"));
        }
        steps
    }
}

fn is_equal(one: &Object, other: &Object) -> bool {
    let parts = |object: &Object| {
        let mut parts: Vec<(String, String)> =
            object.parts.iter().map(|part| (part.kind.as_str().to_owned(), part.name.clone())).collect();
        parts.sort();
        parts
    };
    let attributes = |object: &Object| {
        let mut attributes = object.attributes.clone();
        attributes.remove("column_order");
        attributes
    };
    attributes(one) == attributes(other)
        && parts(one) == parts(other)
        && one.parts.iter().all(|part| {
            other.part(part.kind.as_str(), &part.name).is_some_and(|there| there.attributes == part.attributes)
        })
}

fn is_table(id: &Id) -> bool {
    matches!(id.kind.as_str(), "table" | "foreign_table")
}

/// The tables that a table inherits from, or is a partition of.
fn parents(object: &Object) -> Vec<Id> {
    let say = &object.attributes;
    // A foreign table's parent may be either; the usual one is a table.
    say.list("inherits").iter().chain(say.get("partition_of")).map(|it| Id::new("table", name_of(it))).collect()
}

/// The name that relations, indexes, sequences and types of a schema share.
fn name_key(name: &Name) -> Key {
    Key::Other("name".to_owned(), qualified(name))
}

/// That a schema is there.
fn schema_key(name: &str) -> Key {
    Key::object(&Id::new("schema", Name::new(name)))
}

/// The name that an object takes among others of its schema.
fn own_name(object: &Object) -> Option<Key> {
    match object.kind.as_str() {
        "table" | "foreign_table" | "view" | "materialized_view" | "sequence" | "enum" | "domain"
        | "composite_type" | "range_type" => Some(name_key(&object.name)),
        "function" | "procedure" | "aggregate" => {
            let signature = object.name.signature.as_deref().unwrap_or_default();
            let plain = Name { signature: None, ..object.name.clone() };
            Some(Key::Other("routine".to_owned(), format!("{}({signature})", qualified(&plain))))
        }
        _ => None,
    }
}

/// The names that an object and its parts take.
fn names_of(object: &Object) -> Vec<Key> {
    own_name(object).into_iter().chain(object.parts.iter().flat_map(|part| names_of_part(object, part))).collect()
}

fn names_of_part(object: &Object, part: &Part) -> Vec<Key> {
    match part.kind.as_str() {
        "index" => vec![name_key(&Name { name: part.name.clone(), ..object.name.clone() })],
        "primary_key" | "unique" | "exclusion" => {
            vec![name_key(&Name { name: part.name.clone(), ..object.name.clone() }), constraint_key(object, &part.name)]
        }
        "check" | "foreign_key" => vec![constraint_key(object, &part.name)],
        "column" => part
            .attributes
            .get("identity")
            .map(|it| name_key(&columns::sequence_of(object, part, it)))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

/// The name that constraints of one table share.
fn constraint_key(object: &Object, name: &str) -> Key {
    Key::Other(object.id().to_string(), format!("constraint {name}"))
}

/// All that an object and its parts require.
fn all_required(object: &Object) -> impl Iterator<Item = &Id> {
    object.requires.iter().chain(object.parts.iter().flat_map(|part| &part.requires))
}

/// The column that a sequence belongs to.
fn owned_by(attributes: &Attributes) -> Option<(Id, String)> {
    let owned = attributes.get("owned_by")?;
    let column = owned.get("column")?.as_text()?.to_owned();
    Some((Id::new("table", name_of(owned)), column))
}

/// What makes an object, all of it.
fn all_of(schema: &Schema, object: &Object) -> Result<create::Steps, PlanError> {
    Ok(create::of(schema, object, false)?)
}
