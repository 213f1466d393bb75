//! The way from a schema to another.
//!
//! What is in the way goes first: foreign keys of columns and keys that change, tables in the order in which they refer to each other. Then tables
//! are made and altered, each after those that it refers to and in one statement, then what reads them: routines, views, triggers and events.
//! The server looks a name up when a statement runs that says it, and keeps nobody from taking away what a view or a routine reads.

mod columns;
mod foreign_keys;
mod options;
mod stored;
mod table;
mod types;

use std::borrow::Cow;
use std::collections::BTreeSet;

use driftlock_database::{CreateError, Hazard, PlanError, Step};
use driftlock_schema::{Id, Name, Object, Pair, Schema};

use crate::create;
use crate::create::session::Session;
use crate::inspect::text::string;
use crate::parse::quote;

use self::foreign_keys::ForeignKeys;

/// See [`Engine::plan`](driftlock_database::Engine::plan).
pub(crate) fn steps(from: &Schema, to: &Schema) -> Result<Vec<Step>, PlanError> {
    let known = ["database", "sequence", "table", "function", "procedure", "view", "event"];
    let stranger = |object: &&Object| !known.iter().any(|kind| object.kind == *kind);
    if let Some(object) = from.objects().chain(to.objects()).find(stranger) {
        return Err(PlanError::new(object.id(), "this engine has no such kind of object"));
    }
    let collations = [from, to].map(|schema| collation_of(schema).map(str::to_owned));
    // What isn't said of a routine is as its database is, which may change while the routine stays as it was made.
    let (from, to) = if collations[0] == collations[1] {
        (Cow::Borrowed(from), Cow::Borrowed(to))
    } else {
        (Cow::Owned(spelled_out(from)), Cow::Owned(spelled_out(to)))
    };
    let [_, collation] = collations;
    let session = Session::new(collation.as_deref(), &[]);
    let mut plan = Plan { from: &from, to: &to, differing: from.differing(&to).collect(), session, steps: Vec::new() };
    plan.database()?;
    plan.stored_go()?;
    plan.sequences()?;
    plan.tables()?;
    plan.sequences_go();
    plan.routines()?;
    plan.views()?;
    plan.triggers()?;
    plan.events()?;
    let Plan { session, mut steps, .. } = plan;
    session.end(&database(), &mut |id, sql| steps.push(alone(id.clone(), sql)));
    Ok(steps)
}

struct Plan<'s> {
    from: &'s Schema,
    to: &'s Schema,
    /// What isn't the same in both, by kind and name.
    differing: Vec<Pair<'s>>,
    session: Session,
    steps: Vec<Step>,
}

/// What goes and can't be brought back.
const GONE: [Hazard; 3] = [Hazard::DataLoss, Hazard::BreaksRunningCode, Hazard::NotReversible];

fn database() -> Id {
    Id::new("database", Name::new(""))
}

fn collation_of(schema: &Schema) -> Option<&str> {
    schema.get(&database())?.attributes.text("collation")
}

/// With the collation of its database at each object that keeps it.
fn spelled_out(schema: &Schema) -> Schema {
    let Some(collation) = collation_of(schema).map(str::to_owned) else { return schema.clone() };
    let mut spelled = schema.clone();
    for object in schema.objects() {
        let keeps = ["function", "procedure", "event"].iter().any(|kind| object.kind == *kind);
        let mut object = object.clone();
        let triggers = object.parts.iter_mut().filter(|part| part.kind == "trigger").map(|part| &mut part.attributes);
        for said in triggers.chain(keeps.then_some(&mut object.attributes)) {
            if said.get("database_collation").is_none() {
                said.set("database_collation", collation.clone());
            }
        }
        spelled.insert(object);
    }
    spelled
}

/// A step: every statement of this engine that changes a schema commits.
fn alone(id: Id, sql: impl Into<String>) -> Step {
    let mut step = Step::new(id, sql);
    step.transactional = false;
    step
}

impl<'s> Plan<'s> {
    fn of<T: 's>(&self, kind: &'static str, take: impl Fn(Pair<'s>) -> Option<(&'s Object, T)>) -> Vec<T> {
        let pairs = self.differing.iter().filter_map(|pair| take(*pair));
        pairs.filter(|(object, _)| object.kind == *kind).map(|(_, taken)| taken).collect()
    }

    /// The objects of a kind that both have and that differ, before and after.
    fn altered(&self, kind: &'static str) -> Vec<(&'s Object, &'s Object)> {
        self.of(kind, |pair| match pair {
            Pair::Altered(old, new) if old.attributes != new.attributes || old.parts != new.parts => {
                Some((new, (old, new)))
            }
            _ => None,
        })
    }

    fn added(&self, kind: &'static str) -> Vec<&'s Object> {
        self.of(kind, |pair| if let Pair::Added(new) = pair { Some((new, new)) } else { None })
    }

    fn removed(&self, kind: &'static str) -> Vec<&'s Object> {
        self.of(kind, |pair| if let Pair::Removed(old) = pair { Some((old, old)) } else { None })
    }

    /// A step, behind the settings that it runs with.
    fn push(&mut self, step: Step, settings: &[(&'static str, &str)]) {
        if let Some(sql) = self.session.set(settings) {
            self.steps.push(alone(step.object.clone(), sql));
        }
        self.steps.push(step);
    }

    fn database(&mut self) -> Result<(), PlanError> {
        let id = database();
        let (old, new) = (self.from.get(&id), self.to.get(&id));
        let Some(new) = new else { return Ok(()) };
        let clauses = |at: &Object, other: Option<&Object>| {
            let said = |name: &str| at.attributes.text(name);
            let differs = |name: &str| other.map(|it| it.attributes.get(name)) != Some(at.attributes.get(name));
            let collation = said("collation").filter(|_| differs("collation"));
            let collation = collation.map(|collation| format!(" COLLATE {collation}"));
            let comment = match said("comment") {
                None if other.is_none() => None,
                comment => differs("comment").then(|| format!(" COMMENT {}", string(comment.unwrap_or_default()))),
            };
            let encrypted = at.attributes.flag("encrypted");
            let encryption = (other.is_some_and(|it| it.attributes.flag("encrypted")) != encrypted)
                .then(|| format!(" DEFAULT ENCRYPTION '{}'", if encrypted { 'Y' } else { 'N' }));
            let clauses: Vec<String> = collation.into_iter().chain(comment).chain(encryption).collect();
            (!clauses.is_empty()).then(|| format!("ALTER DATABASE{}", clauses.concat()))
        };
        if let Some(sql) = clauses(new, old) {
            let mut step = alone(id, sql);
            step.inverse = old.and_then(|old| clauses(old, Some(new)));
            self.push(step, &[]);
        }
        Ok(())
    }

    fn sequences(&mut self) -> Result<(), PlanError> {
        for new in self.added("sequence") {
            let step = alone(new.id(), create::sequence(new));
            self.push(step.inverse(format!("DROP SEQUENCE {}", quote(&new.name.name))), &[]);
        }
        for (old, new) in self.altered("sequence") {
            let back = sequence_altered(new, old);
            for (sql, back) in sequence_altered(old, new).into_iter().zip(back) {
                let step = alone(new.id(), sql);
                let step = if turns(old, new) && step.sql.contains(" RESTART ") {
                    step.hazards([Hazard::DataLoss, Hazard::NotReversible])
                } else {
                    step.inverse(back)
                };
                self.push(step, &[]);
            }
        }
        Ok(())
    }

    /// After the tables, whose defaults may name them.
    fn sequences_go(&mut self) {
        for old in self.removed("sequence") {
            let step = alone(old.id(), format!("DROP SEQUENCE {}", quote(&old.name.name)));
            self.push(step.hazards(GONE), &[]);
        }
    }

    fn tables(&mut self) -> Result<(), PlanError> {
        let keys = ForeignKeys::new(self.from, self.to, &self.differing);
        for table in keys.tables_with_early() {
            let drops: Vec<String> =
                keys.early(table).map(|key| format!("DROP FOREIGN KEY {}", quote(&key.name))).collect();
            let adds: Result<Vec<String>, CreateError> = keys
                .early(table)
                .map(|key| Ok(format!("ADD {}", create::table::foreign_key(&table.id(), key)?)))
                .collect();
            let name = quote(&table.name.name);
            let step = alone(table.id(), format!("ALTER TABLE {name} {}", drops.join(", ")));
            self.push(step.inverse(format!("ALTER TABLE {name} {}", adds?.join(", "))), &[]);
        }
        for table in keys.removed() {
            let step = alone(table.id(), format!("DROP TABLE {}", quote(&table.name.name)));
            self.push(step.hazards(GONE), &[]);
        }
        let (mut late, mut takes_any) = (Vec::new(), false);
        let mut done = BTreeSet::new();
        for new in keys.order() {
            done.insert(new.name.name.as_str());
            let old = self.from.get(&new.id());
            if !takes_any && table::refers_to_no_key(self.to, new, &keys.coming(new).collect::<Vec<_>>()) {
                self.push(alone(new.id(), create::TO_NO_KEY), &[]);
                takes_any = true;
            }
            let (with, after) = keys.coming(new).partition::<Vec<_>, _>(|key| keys.is_there(new, key, &done));
            match old {
                None => {
                    let step = alone(new.id(), table::created(new, &with)?);
                    let settings = table::settings(self.to, None, new, &with, &step);
                    self.push(step.inverse(format!("DROP TABLE {}", quote(&new.name.name))), &settings);
                    let lacking: Vec<(&str, String)> =
                        create::table::lacking(new).map(|name| (name, "NULL".to_owned())).collect();
                    if let Some(step) = table::without_defaults(new, &lacking) {
                        self.push(step, &[]);
                    }
                }
                Some(old) => {
                    let going: Vec<_> = keys.going(old).collect();
                    for step in table::altered(old, new, &going, &with, &after)? {
                        let settings = table::settings(self.to, Some(old), new, &with, &step);
                        self.push(step, &settings);
                    }
                }
            }
            if !after.is_empty() {
                late.push((new, after));
            }
        }
        for (new, after) in late {
            let old = self.from.get(&new.id());
            let step = table::with_foreign_keys(old.is_some(), new, &after)?;
            let settings = table::settings(self.to, old, new, &after, &step);
            self.push(step, &settings);
        }
        Ok(())
    }
}

/// Whether a sequence runs the other way, where its place is out of range.
fn turns(old: &Object, new: &Object) -> bool {
    let falls =
        |sequence: &Object| sequence.attributes.get("increment").is_some_and(|it| it.to_string().starts_with('-'));
    falls(old) != falls(new)
}

/// The statements that alter a sequence, which keeps its place: what is a sequence's alone, and what it has as a table.
fn sequence_altered(old: &Object, new: &Object) -> Vec<String> {
    let said = &new.attributes;
    let differs = |name: &&str| old.attributes.get(name) != said.get(name);
    let name = quote(&new.name.name);
    let mut of_sequence = String::new();
    for (attribute, words) in
        [("start", "START WITH"), ("minimum", "MINVALUE"), ("maximum", "MAXVALUE"), ("increment", "INCREMENT BY")]
    {
        if let Some(value) = said.get(attribute).filter(|_| differs(&attribute)) {
            of_sequence.push_str(&format!(" {words} {value}"));
        }
    }
    if differs(&"cache") {
        match said.number("cache") {
            Some(0) => of_sequence.push_str(" NOCACHE"),
            Some(cache) => of_sequence.push_str(&format!(" CACHE {cache}")),
            None => {}
        }
    }
    if differs(&"cycle") {
        of_sequence.push_str(if said.flag("cycle") { " CYCLE" } else { " NOCYCLE" });
    }
    if let Some(start) = said.get("start").filter(|_| turns(old, new)) {
        of_sequence.push_str(&format!(" RESTART WITH {start}"));
    }
    let mut of_table = Vec::new();
    if let Some(engine) = said.text("engine").filter(|_| differs(&"engine")) {
        of_table.push(format!("ENGINE={engine}"));
    }
    if differs(&"comment") {
        of_table.push(format!("COMMENT={}", string(said.text("comment").unwrap_or_default())));
    }
    let of_sequence = (!of_sequence.is_empty()).then(|| format!("ALTER SEQUENCE {name}{of_sequence}"));
    let of_table = (!of_table.is_empty()).then(|| format!("ALTER TABLE {name} {}", of_table.join(", ")));
    of_sequence.into_iter().chain(of_table).collect()
}
