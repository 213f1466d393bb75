//! Statements, and the order that they need.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use driftlock_database::{CreateError, Creation};
use driftlock_schema::{Id, Name, Part, Value};

use super::facets::{Defaults, On};

/// What is made first where nothing requires otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// Schemas, languages, and what else has to be there for names to mean something.
    Schema,
    /// Extensions.
    Extension,
    /// Types, and what belongs to them.
    Type,
    /// Sequences.
    Sequence,
    /// Functions, and what is made of them.
    Function,
    /// Tables and their columns.
    Table,
    /// What is inherited from tables, once all of them are there.
    Inherit,
    /// What columns have beyond their types.
    Column,
    /// Conditions on rows.
    Check,
    /// Primary keys, unique constraints, exclusions.
    Key,
    /// Indexes.
    Index,
    /// Indexes of partitions, put to those of their tables.
    Attach,
    /// Views.
    View,
    /// What needs views or their columns.
    AfterView,
    /// Foreign keys.
    ForeignKey,
    /// Statistics, rules, triggers, policies.
    Behaviour,
    /// Which of these are in force.
    State,
    /// What tells others of changes.
    Publication,
    /// Who owns it.
    Owner,
    /// What belongs to something of the same owner.
    Owned,
    /// What is noted beside it.
    Comment,
    /// Who may do what.
    Grant,
    /// The same, where it is granted on by those who were granted it.
    GrantOn,
    /// What acts on all that is made after it.
    Last,
}

/// What makes something that others may require.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// An object.
    Object(String),
    /// A part of one, by object, kind and name.
    Part(String, String, String),
    /// Anything else, by object and name.
    Other(String, String),
}

impl Key {
    pub(crate) fn object(id: &Id) -> Self {
        Key::Object(id.to_string())
    }

    pub(crate) fn part(id: &Id, kind: &str, name: &str) -> Self {
        Key::Part(id.to_string(), kind.to_owned(), name.to_owned())
    }

    pub(crate) fn other(id: &Id, name: impl Into<String>) -> Self {
        Key::Other(id.to_string(), name.into())
    }
}

/// A statement, and what it is about.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) object: Id,
    /// Kind and name of the part that it is about.
    pub(crate) part: Option<(String, String)>,
    /// What it says of the object or part that is there already, and the statement that unsays it. Nothing in the one that makes it.
    pub(crate) saying: Option<(String, String)>,
    pub(crate) rank: Rank,
    pub(crate) sql: String,
    /// In place of it, when something that it requires requires it: then it runs first, and the statement itself later.
    pub(crate) early: Option<(String, String)>,
    pub(crate) requires: Vec<Key>,
    pub(crate) transactional: bool,
    /// Whether it is of those that say who may do what.
    pub(crate) is_grant: bool,
}

/// Who may do what with an object or part.
#[derive(Debug, Clone)]
pub(crate) struct Granted {
    pub(crate) object: Id,
    pub(crate) part: Option<(String, String)>,
    pub(crate) on: On,
    pub(crate) owner: String,
    pub(crate) grants: Vec<Value>,
    pub(crate) defaults: Defaults,
}

/// Statements on their way to an order.
#[derive(Default)]
pub(crate) struct Steps {
    pub(crate) steps: Vec<Step>,
    /// The step after which a key is there.
    pub(crate) made: HashMap<Key, usize>,
    pub(crate) granted: Vec<Granted>,
    /// The part that what is added is about.
    about: Option<(String, String)>,
    /// Tables that others inherit.
    inherited: HashSet<Name>,
}

/// A step that was just added, to say more of it.
pub(crate) struct Added<'a> {
    steps: &'a mut Steps,
    at: usize,
}

impl Steps {
    /// For objects of which these are tables that others inherit.
    pub(crate) fn with_inherited(inherited: impl IntoIterator<Item = Name>) -> Self {
        Steps { inherited: inherited.into_iter().collect(), ..Steps::default() }
    }

    /// Whether others inherit a table.
    pub(super) fn is_inherited(&self, table: &Name) -> bool {
        self.inherited.contains(table)
    }

    /// What is added from here on is about this part, or about the object itself.
    pub(crate) fn about(&mut self, part: Option<&Part>) {
        self.about = part.map(|part| (part.kind.as_str().to_owned(), part.name.clone()));
    }

    /// The part that what is added is about.
    pub(crate) fn part_in_hand(&self) -> Option<(String, String)> {
        self.about.clone()
    }

    /// Adds the statement that makes an object, or when there is one already, one more.
    pub(crate) fn add(&mut self, object: &Id, rank: Rank, sql: impl Into<String>) -> Added<'_> {
        let at = self.steps.len();
        let key = Key::object(object);
        let mut requires = Vec::new();
        match self.made.entry(key) {
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(at);
            }
            std::collections::hash_map::Entry::Occupied(entry) => requires.push(entry.key().clone()),
        }
        self.steps.push(Step {
            object: object.clone(),
            part: self.about.clone(),
            saying: None,
            is_grant: false,
            rank,
            sql: sql.into(),
            early: None,
            requires,
            transactional: true,
        });
        Added { steps: self, at }
    }

    /// Adds the statement that makes a part of an object, with all that the part requires.
    pub(crate) fn part(&mut self, object: &Id, part: &Part, rank: Rank, sql: impl Into<String>) -> Added<'_> {
        let key = Key::part(object, part.kind.as_str(), &part.name);
        self.add(object, rank, sql).requires(&part.requires).makes(key)
    }

    /// The statements in an order in which each finds what it requires.
    pub(crate) fn in_order(self) -> Result<Vec<Creation>, CreateError> {
        let Steps { mut steps, made, .. } = self;
        let mut waiting_for = vec![0_usize; steps.len()];
        let mut waited_by: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
        for (at, step) in steps.iter().enumerate() {
            let mut required: Vec<usize> = step.requires.iter().filter_map(|key| made.get(key).copied()).collect();
            required.sort_unstable();
            required.dedup();
            for other in required.into_iter().filter(|other| *other != at) {
                waiting_for[at] += 1;
                waited_by[other].push(at);
            }
        }
        let mut ready: BinaryHeap<Reverse<(Rank, usize)>> =
            (0..steps.len()).filter(|at| waiting_for[*at] == 0).map(|at| Reverse((steps[at].rank, at))).collect();
        let mut creations = Vec::with_capacity(steps.len());
        let mut done = vec![false; steps.len()];
        let mut left = steps.len();
        while left > 0 {
            let Some(Reverse((_, at))) = ready.pop() else {
                // A circle: one whose place can be held is put into it.
                let held = (0..steps.len()).find(|at| !done[*at] && steps[*at].early.is_some());
                let Some(at) = held else {
                    let stuck: Vec<String> = (0..steps.len())
                        .filter(|at| !done[*at])
                        .map(|at| steps[at].object.to_string())
                        .take(5)
                        .collect();
                    let first = (0..steps.len()).find(|at| !done[*at]).unwrap_or(0);
                    let reason = format!("these require each other: {}", stuck.join(", "));
                    return Err(CreateError::new(steps[first].object.clone(), reason));
                };
                if let Some((early, later)) = steps[at].early.take() {
                    creations.push(Creation::new(steps[at].object.clone(), early));
                    steps[at].sql = later;
                }
                release(&mut waited_by[at], &mut waiting_for, &steps, &mut ready);
                continue;
            };
            done[at] = true;
            left -= 1;
            let step = &mut steps[at];
            let creation = Creation::new(step.object.clone(), std::mem::take(&mut step.sql));
            creations.push(Creation { transactional: step.transactional, ..creation });
            release(&mut waited_by[at], &mut waiting_for, &steps, &mut ready);
        }
        Ok(creations)
    }
}

/// Those that waited for a step wait for one less.
fn release(
    waited_by: &mut Vec<usize>,
    waiting_for: &mut [usize],
    steps: &[Step],
    ready: &mut BinaryHeap<Reverse<(Rank, usize)>>,
) {
    for next in std::mem::take(waited_by) {
        waiting_for[next] -= 1;
        if waiting_for[next] == 0 {
            ready.push(Reverse((steps[next].rank, next)));
        }
    }
}

impl Added<'_> {
    fn step(&mut self) -> &mut Step {
        &mut self.steps.steps[self.at]
    }

    /// It says something of what is there already; this statement unsays it, and another that says the same thing takes its place.
    pub(crate) fn says(mut self, what: impl Into<String>, undo: impl Into<String>) -> Self {
        self.step().saying = Some((what.into(), undo.into()));
        self
    }

    /// It says who may do what.
    pub(crate) fn grants(mut self) -> Self {
        self.step().is_grant = true;
        self
    }

    /// These objects have to be there before.
    pub(crate) fn requires<'i>(mut self, ids: impl IntoIterator<Item = &'i Id>) -> Self {
        self.step().requires.extend(ids.into_iter().map(Key::object));
        self
    }

    /// This has to be there before.
    pub(crate) fn after(mut self, key: Key) -> Self {
        self.step().requires.push(key);
        self
    }

    /// This is there after it.
    pub(crate) fn makes(self, key: Key) -> Self {
        self.steps.made.insert(key, self.at);
        self
    }

    /// What holds its place where it is part of a circle.
    /// `later` is then what makes of it what it should be.
    pub(crate) fn early(mut self, early: impl Into<String>, later: impl Into<String>) -> Self {
        self.step().early = Some((early.into(), later.into()));
        self
    }
}
