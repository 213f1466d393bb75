//! The way from one schema to another, proved before it is shown.

use std::collections::BTreeSet;

use driftlock_database::{Census, CensusKey, Hazard, Step, Unmodelled};
use driftlock_schema::{Change, Difference, Filter, Fingerprint, Id, Schema, compare};
use serde::{Deserialize, Serialize};

use crate::{Error, Reading, Shadow, Unproved};

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
            if steps.iter().any(|step| touches(step, it)) {
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
        let wanted = {
            let scratch = shadow.database(None).await?;
            let made = async {
                scratch.database.realise(to).await?;
                scratch.database.census(filter).await
            };
            let made = shadow.unless_cancelled(made).await;
            scratch.end(made).await?
        };
        let found = {
            let scratch = shadow.database(None).await?;
            let made = async {
                scratch.database.realise(from).await?;
                scratch.database.take(&self.steps).await?;
                scratch.database.census(filter).await
            };
            let made = shadow.unless_cancelled(made).await;
            scratch.end(made).await?
        };
        let differences =
            unordered(wanted).differences(&unordered(found)).into_iter().map(unproved).collect::<Vec<_>>();
        if !differences.is_empty() {
            return Err(Error::Unproved(differences));
        }
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

fn touches(step: &Step, it: &Unmodelled) -> bool {
    step.object.name == it.object.name
}

fn unproved((key, here, made): (&CensusKey, Option<&str>, Option<&str>)) -> Unproved {
    let (here, made) = (here.map(str::to_owned), made.map(str::to_owned));
    Unproved { object: key.object.clone(), about: key.about.clone(), here, made }
}

/// Without what is said of the order of columns.
fn unordered(mut census: Census) -> Census {
    census.entries.retain(|key, _| key.about != CensusKey::COLUMN_ORDER);
    census
}
