//! Statements on their way from one schema to another, and the order that they need.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

use driftlock_database::{PlanError, Step};

use crate::create::Rank;
use crate::create::steps::Key;

/// Whether a statement takes away or brings: where nothing requires otherwise, what goes goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// The last that was made is the first to go.
    Away(Reverse<Rank>),
    /// As things are made.
    Here(Rank),
}

/// A statement, and what has to come before and after it.
pub(super) struct Op {
    pub(super) step: Step,
    pub(super) phase: Phase,
    /// What has to be there before it, where it is made at all.
    pub(super) needs: Vec<Key>,
    /// What is there after it.
    pub(super) makes: Vec<Key>,
    /// What it lets go of, which goes after it.
    pub(super) uses: Vec<Key>,
    /// What is gone after it.
    pub(super) drops: Vec<Key>,
    /// In place of it, in a circle: what holds its place, and what makes of that what it should be.
    pub(super) early: Option<(String, String)>,
    /// In a circle of what goes: the statements that let go of a key before.
    pub(super) loose: Vec<(Key, String)>,
}

impl Op {
    fn new(step: Step, phase: Phase) -> Self {
        Op {
            step,
            phase,
            needs: Vec::new(),
            makes: Vec::new(),
            uses: Vec::new(),
            drops: Vec::new(),
            early: None,
            loose: Vec::new(),
        }
    }

    /// One that takes something away.
    pub(super) fn away(step: Step, rank: Rank) -> Self {
        Op::new(step, Phase::Away(Reverse(rank)))
    }

    /// One that brings something.
    pub(super) fn here(step: Step, rank: Rank) -> Self {
        Op::new(step, Phase::Here(rank))
    }

    pub(super) fn needs(mut self, keys: impl IntoIterator<Item = Key>) -> Self {
        self.needs.extend(keys);
        self
    }

    pub(super) fn makes(mut self, keys: impl IntoIterator<Item = Key>) -> Self {
        self.makes.extend(keys);
        self
    }

    pub(super) fn uses(mut self, keys: impl IntoIterator<Item = Key>) -> Self {
        self.uses.extend(keys);
        self
    }

    pub(super) fn drops(mut self, keys: impl IntoIterator<Item = Key>) -> Self {
        self.drops.extend(keys);
        self
    }
}

/// Who comes before whom.
struct Edges {
    waiting_for: Vec<usize>,
    waited_by: Vec<BTreeSet<usize>>,
}

impl Edges {
    fn add(&mut self, first: usize, then: usize) {
        if first != then && self.waited_by[first].insert(then) {
            self.waiting_for[then] += 1;
        }
    }

    fn remove(&mut self, first: usize, then: usize) -> bool {
        let was = self.waited_by[first].remove(&then);
        if was {
            self.waiting_for[then] -= 1;
        }
        was
    }
}

/// The statements in an order in which each can run.
pub(super) fn in_order(mut ops: Vec<Op>) -> Result<Vec<Step>, PlanError> {
    let mut makers: HashMap<Key, Vec<usize>> = HashMap::new();
    let mut droppers: HashMap<Key, Vec<usize>> = HashMap::new();
    for (at, op) in ops.iter().enumerate() {
        op.makes.iter().for_each(|key| makers.entry(key.clone()).or_default().push(at));
        op.drops.iter().for_each(|key| droppers.entry(key.clone()).or_default().push(at));
    }
    let mut edges = Edges { waiting_for: vec![0; ops.len()], waited_by: ops.iter().map(|_| BTreeSet::new()).collect() };
    let none = Vec::new();
    for (at, op) in ops.iter().enumerate() {
        for key in &op.needs {
            makers.get(key).unwrap_or(&none).iter().for_each(|maker| edges.add(*maker, at));
        }
        for key in &op.uses {
            droppers.get(key).unwrap_or(&none).iter().for_each(|dropper| edges.add(at, *dropper));
        }
        for key in &op.drops {
            makers.get(key).unwrap_or(&none).iter().for_each(|maker| edges.add(at, *maker));
        }
    }
    let mut ready: BinaryHeap<Reverse<(Phase, usize)>> = BinaryHeap::new();
    let mut done = vec![false; ops.len()];
    (0..ops.len()).filter(|at| edges.waiting_for[*at] == 0).for_each(|at| ready.push(Reverse((ops[at].phase, at))));
    let mut steps = Vec::with_capacity(ops.len());
    let mut left = ops.len();
    while left > 0 {
        let Some(Reverse((_, at))) = ready.pop() else {
            break_circle(&mut ops, &done, &droppers, &mut edges, &mut steps, &mut ready)?;
            continue;
        };
        if done[at] {
            continue;
        }
        done[at] = true;
        left -= 1;
        steps.push(ops[at].step.clone());
        release(at, &mut edges, &ops, &mut ready);
    }
    Ok(steps)
}

/// Those that waited for a statement wait for one less.
fn release(at: usize, edges: &mut Edges, ops: &[Op], ready: &mut BinaryHeap<Reverse<(Phase, usize)>>) {
    for next in std::mem::take(&mut edges.waited_by[at]) {
        edges.waiting_for[next] -= 1;
        if edges.waiting_for[next] == 0 {
            ready.push(Reverse((ops[next].phase, next)));
        }
    }
}

/// Opens a circle: what goes lets go of something before, or what comes has its place held.
fn break_circle(
    ops: &mut [Op],
    done: &[bool],
    droppers: &HashMap<Key, Vec<usize>>,
    edges: &mut Edges,
    steps: &mut Vec<Step>,
    ready: &mut BinaryHeap<Reverse<(Phase, usize)>>,
) -> Result<(), PlanError> {
    for at in (0..ops.len()).filter(|at| !done[*at]) {
        for (key, sql) in std::mem::take(&mut ops[at].loose) {
            let dropping: Vec<usize> =
                droppers.get(&key).into_iter().flatten().copied().filter(|it| !done[*it]).collect();
            let released: Vec<usize> = dropping.into_iter().filter(|it| edges.remove(at, *it)).collect();
            if !released.is_empty() {
                steps.push(Step::new(ops[at].step.object.clone(), sql));
                for next in released.into_iter().filter(|it| edges.waiting_for[*it] == 0) {
                    ready.push(Reverse((ops[next].phase, next)));
                }
                return Ok(());
            }
        }
    }
    let held = (0..ops.len()).find(|at| !done[*at] && ops[*at].early.is_some());
    if let Some(at) = held {
        if let Some((early, later)) = ops[at].early.take() {
            steps.push(Step::new(ops[at].step.object.clone(), early));
            ops[at].step.sql = later;
        }
        release(at, edges, ops, ready);
        return Ok(());
    }
    let stuck: Vec<usize> = (0..ops.len()).filter(|at| !done[*at]).collect();
    let names: Vec<String> = stuck.iter().take(6).map(|at| ops[*at].step.sql.chars().take(80).collect()).collect();
    let object = stuck.first().map(|at| ops[*at].step.object.clone());
    let Some(object) = object else { return Ok(()) };
    Err(PlanError::new(object, format!("these have to come before each other: {}", names.join("; "))))
}
