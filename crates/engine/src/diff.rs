//! The way from one schema to another, proved before it is shown.

use std::collections::BTreeSet;

use driftlock_database::{Engine, Hazard, Step};
use driftlock_schema::{Change, Difference, Filter, Fingerprint, Id, Schema, compare};
use serde::{Deserialize, Serialize};

use crate::{Error, Reading, Shadow, Source, Sources};
use proof::{End, Ends};

mod closure;
mod proof;

/// Two readings, and what differs between them.
#[derive(Debug, Clone)]
pub struct Differing {
    /// What differs, and the steps.
    pub diff: Diff,
    /// Where they begin.
    pub from: Reading,
    /// Where they lead.
    pub to: Reading,
}

impl Sources {
    /// What differs between two sources, and the proved steps from one to the other.
    ///
    /// # Errors
    /// As [`read`](Sources::read), [`Diff::of`] and [`Diff::prove`]; and when a step would touch what the reading misses of the first source.
    pub async fn diff(&self, from: &Source, to: &Source) -> Result<Differing, Error> {
        let sources = self.clone().engine(self.engine_of_either(from, to)?);
        let from = Box::pin(sources.accounted(from)).await?;
        let to = Box::pin(sources.accounted(to)).await?;
        let mut diff = Diff::of(&from.reading, &to.reading, self.looked_at())?;
        if diff.steps.is_empty() {
            diff.is_proved = true;
        } else {
            let shadow = self.shadow_of(from.reading.engine).await?.like(from.likeness.clone());
            let ends = Ends { from: End::of(&from), to: End::of(&to) };
            Box::pin(ends.prove(&diff.steps, &shadow, self.looked_at())).await?;
            diff.is_proved = true;
        }
        Ok(Differing { diff, from: from.reading, to: to.reading })
    }

    /// The same, and nothing is proved: nobody should run these steps who hasn't looked at them.
    ///
    /// # Errors
    /// As [`read`](Sources::read) and [`Diff::of`].
    pub async fn diff_unproved(&self, from: &Source, to: &Source) -> Result<Differing, Error> {
        let sources = self.clone().engine(self.engine_of_either(from, to)?);
        let (from, to) = (Box::pin(sources.read(from)).await?, Box::pin(sources.read(to)).await?);
        let diff = Diff::of(&from, &to, self.looked_at())?;
        Ok(Differing { diff, from, to })
    }

    /// What tells its engine tells the other's.
    fn engine_of_either(&self, from: &Source, to: &Source) -> Result<&'static dyn Engine, Error> {
        self.engine_of(from).or_else(|error| self.engine_of(to).map_err(|_| error))
    }
}

/// What differs between two schemas of one engine, and the steps from one to the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diff {
    /// The engine.
    pub engine: String,
    /// The fingerprint of where the steps begin.
    pub from: Fingerprint,
    /// That of where they lead.
    pub to: Fingerprint,
    /// What differs, object by object. Columns in another order are told here, and no step changes that.
    pub changes: Vec<Change>,
    /// What to run, in this order.
    pub steps: Vec<Step>,
    /// Whether the steps were run on a scratch database, and led where they should by the engine's own account.
    pub is_proved: bool,
}

impl Diff {
    /// What differs, and the steps; nothing is proved yet.
    ///
    /// # Errors
    /// When both aren't of one engine, when there is no way, and when a step would touch what has no place in a schema.
    pub fn of(from: &Reading, to: &Reading, filter: &Filter) -> Result<Self, Error> {
        let engine = from.engine;
        if engine.name() != to.engine.name() {
            let message = format!("one is a schema of {}, the other of {}", engine.name(), to.engine.name());
            return Err(Error::Usage(message));
        }
        for reading in [from, to] {
            if let Some(why) = reading.inspection.incomplete.first() {
                return Err(Error::Refused {
                    code: "DL0831",
                    message: format!(
                        "a reading isn't whole, and what it lacks would be taken for gone: {why}; use a login that sees everything"
                    ),
                });
            }
        }
        let (one, other) = (&from.inspection.schema, &to.inspection.schema);
        let changes = compare(one, other, filter.facets());
        let steps = engine.plan(one, other)?;
        for it in from.inspection.unmodelled.iter().chain(&to.inspection.unmodelled) {
            if steps.iter().any(|step| touches(step, &it.object)) {
                return Err(Error::Refused {
                    code: "DL0832",
                    message: format!(
                        "a step would touch {}, which no schema has a place for: {}",
                        it.object, it.reason
                    ),
                });
            }
        }
        Ok(Diff {
            engine: engine.name().to_owned(),
            from: one.fingerprint_of(filter.facets()),
            to: other.fingerprint_of(filter.facets()),
            changes,
            steps,
            is_proved: false,
        })
    }

    /// Runs the steps in a scratch database that holds the first schema, and compares it with one that holds the second.
    ///
    /// # Errors
    /// [`Error::Unproved`] when they differ, and when a scratch database can't be made or doesn't take a step.
    pub async fn prove(&mut self, from: &Schema, to: &Schema, shadow: &Shadow, filter: &Filter) -> Result<(), Error> {
        let ends = Ends { from: End::value(from), to: End::value(to) };
        ends.prove(&self.steps, shadow, filter).await?;
        self.is_proved = true;
        Ok(())
    }

    /// Whether there is nothing to do and nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.steps.is_empty()
    }

    /// What the steps may do, each once.
    #[must_use]
    pub fn hazards(&self) -> BTreeSet<Hazard> {
        self.steps.iter().flat_map(|step| step.hazards.iter().copied()).collect()
    }

    /// The tables whose columns come in another order, which no step changes.
    pub fn reordered(&self) -> impl Iterator<Item = &Id> {
        let is_order = |change: &&Change| matches!(change.difference, Difference::Reordered { .. });
        self.changes.iter().filter(is_order).map(|change| &change.object)
    }

    /// What tells this plan from every other one: its statements, where they begin, and what they may do. What agrees to a plan agrees to this.
    #[must_use]
    pub fn digest(&self) -> Fingerprint {
        let mut said = Vec::new();
        let mut say = |text: &str| {
            said.extend_from_slice(&(text.len() as u64).to_le_bytes());
            said.extend_from_slice(text.as_bytes());
        };
        say(&self.engine);
        say(&self.from.to_string());
        for step in &self.steps {
            say(&step.sql);
            say(if step.transactional { "in a transaction" } else { "alone" });
            step.hazards.iter().for_each(|hazard| say(hazard.as_str()));
        }
        Fingerprint::of(&said)
    }
}

/// Whether a step is about it, or about something of its name.
fn touches(step: &Step, object: &Id) -> bool {
    step.object.name == object.name
}
