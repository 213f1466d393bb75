//! The way from one schema to another, proved before it is shown.

use std::collections::BTreeSet;
use std::time::Instant;

use driftlock_database::{ColumnOrder, Engine, Hazard, Rename, Step};
use driftlock_schema::{Change, Difference, Filter, Fingerprint, Id, Schema, compare};
use serde::{Deserialize, Serialize};

use crate::events;
use crate::source::Accounted;
use crate::{Error, Reading, Shadow, Source, Sources};
use proof::{End, Ends};

mod closure;
mod inverses;
mod proof;
mod renames;

/// Two readings, and what differs between them.
#[derive(Debug, Clone)]
pub struct Differing {
    /// What differs, and the steps.
    pub diff: Diff,
    /// What has another name in the second, and is renamed before anything else.
    pub renames: Vec<Rename>,
    /// What could be said to have another name in the second, as `--rename` takes it: else the one is dropped and the other made.
    pub proposals: Vec<String>,
    /// Where they begin.
    pub from: Reading,
    /// Where they lead.
    pub to: Reading,
}

impl Differing {
    fn new(diff: Diff, renames: Vec<Rename>, from: Reading, to: Reading) -> Self {
        let is_lossy = diff.hazards().contains(&Hazard::DataLoss);
        let mut proposals = Vec::new();
        if is_lossy {
            proposals = renames::proposals(&from.inspection.schema, &to.inspection.schema);
            let done = |text: &String| renames.iter().any(|rename| text.ends_with(&format!("={}", rename.to)));
            proposals.retain(|text| !done(text));
        }
        Differing { diff, renames, proposals, from, to }
    }
}

impl Sources {
    /// What differs between two sources, and the proved steps from one to the other.
    ///
    /// # Errors
    /// As [`read`](Sources::read), [`Diff::of`] and [`Diff::prove`]; when a step would touch what the reading misses of the first source; and when
    /// something is to be renamed that isn't there.
    pub async fn diff(&self, from: &Source, to: &Source) -> Result<Differing, Error> {
        events::run(None, "diff", self.diff_now(from, to)).await
    }

    async fn diff_now(&self, from: &Source, to: &Source) -> Result<Differing, Error> {
        let sources = self.clone().engine(self.engine_of_either(from, to)?);
        let from = Box::pin(sources.accounted(from, true)).await?;
        let to = Box::pin(sources.accounted(to, true)).await?;
        self.between(from, to).await
    }

    /// What differs between two readings, and the proved steps.
    pub(crate) async fn between(&self, from: Accounted, to: Accounted) -> Result<Differing, Error> {
        let renames = self.renames_between(&from, &to)?;
        let mut shadow = None;
        let began = Instant::now();
        let mut diff = if renames.is_empty() {
            Diff::of(&from.reading, &to.reading, self.looked_at(), self.order())?
        } else {
            let shadow = shadow.insert(self.shadow_of(from.reading.engine).await?.like(from.likeness.clone()));
            let looked_at = self.looked_at();
            Box::pin(Diff::renaming([&from.reading, &to.reading], &renames, shadow, looked_at, self.order())).await?
        };
        events::compared(&diff, began);
        let began = Instant::now();
        let ends = Ends { from: End::of(&from), to: End::of(&to), has_order: diff.plans_order() };
        // A difference about which nothing is done is no proved plan either.
        let is_order_alone = diff.changes.len() == diff.reordered().count();
        if diff.steps.is_empty() && is_order_alone {
            ends.agree()?;
        } else {
            let shadow = match shadow {
                Some(shadow) => shadow,
                None => self.shadow_of(from.reading.engine).await?.like(from.likeness.clone()),
            };
            Box::pin(ends.prove(&mut diff.steps, &shadow, self.looked_at())).await?;
        }
        diff.is_proved = true;
        events::proved(&diff, began);
        Ok(Differing::new(diff, renames, from.reading, to.reading))
    }

    /// The same, and nothing is proved: nobody should run these steps who hasn't looked at them.
    ///
    /// # Errors
    /// As [`read`](Sources::read) and [`Diff::of`]; and when something is to be renamed: what that makes of the rest, only a database tells.
    pub async fn diff_unproved(&self, from: &Source, to: &Source) -> Result<Differing, Error> {
        events::run(None, "diff", self.diff_unproved_now(from, to)).await
    }

    async fn diff_unproved_now(&self, from: &Source, to: &Source) -> Result<Differing, Error> {
        let sources = self.clone().engine(self.engine_of_either(from, to)?);
        let from = Box::pin(sources.accounted(from, false)).await?;
        let to = Box::pin(sources.accounted(to, false)).await?;
        if let Some(rename) = self.renames_between(&from, &to)?.first() {
            return Err(Error::Usage(format!("{rename}: what is renamed can't be planned without a scratch database")));
        }
        let began = Instant::now();
        let diff = Diff::of(&from.reading, &to.reading, self.looked_at(), self.order())?;
        events::compared(&diff, began);
        Ok(Differing::new(diff, Vec::new(), from.reading, to.reading))
    }

    /// What is called otherwise in the second: by what was said here, and in its own scripts.
    fn renames_between(&self, from: &Accounted, to: &Accounted) -> Result<Vec<Rename>, Error> {
        let (one, other) = (&from.reading.inspection.schema, &to.reading.inspection.schema);
        renames::resolve(self.renamings(), &to.renamings, one, other)
    }

    /// What tells its engine tells the other's; a database does so before any setting.
    fn engine_of_either(&self, from: &Source, to: &Source) -> Result<&'static dyn Engine, Error> {
        let (from, to) = if matches!(to, Source::Database(_)) { (to, from) } else { (from, to) };
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
    /// What differs, object by object.
    pub changes: Vec<Change>,
    /// What to run, in this order.
    pub steps: Vec<Step>,
    /// Whether the steps lead to the order of columns, too.
    #[serde(default)]
    pub column_order: ColumnOrder,
    /// Whether the steps were run on a scratch database, and led where they should by the engine's own account.
    pub is_proved: bool,
}

impl Diff {
    /// What differs, and the steps; nothing is proved yet.
    ///
    /// # Errors
    /// When both aren't of one engine, when there is no way (on PostgreSQL there is none to another order of columns), and when a step would touch what has no place in a schema.
    pub fn of(from: &Reading, to: &Reading, filter: &Filter, order: ColumnOrder) -> Result<Self, Error> {
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
        let one = &from.inspection.schema;
        let other = &to.inspection.schema;
        let changes = compare(one, other, filter.facets());
        let steps = engine.plan(one, other, order)?;
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
            column_order: order,
            is_proved: false,
        })
    }

    /// The same, where some of the first are others under another name: these steps come first.
    pub(crate) async fn renaming(
        [from, to]: [&Reading; 2],
        renames: &[Rename],
        shadow: &Shadow,
        filter: &Filter,
        order: ColumnOrder,
    ) -> Result<Self, Error> {
        let steps = renames::steps(renames, from.engine);
        // What a rename makes of all that speaks of a thing, the engine says.
        let renamed = Box::pin(renamed(from, &steps, shadow, filter)).await?;
        let mut diff = Diff::of(&renamed, to, filter, order)?;
        diff.from = from.inspection.schema.fingerprint_of(filter.facets());
        diff.steps.splice(0..0, steps);
        Ok(diff)
    }

    /// Runs the steps in a scratch database that holds the first schema, and compares it with one that holds the second. What is said to undo
    /// a step is run, too, and is left out where it doesn't.
    ///
    /// # Errors
    /// [`Error::Unproved`] when they differ, and when a scratch database can't be made or doesn't take a step.
    pub async fn prove(&mut self, from: &Schema, to: &Schema, shadow: &Shadow, filter: &Filter) -> Result<(), Error> {
        let ends = Ends { from: End::value(from), to: End::value(to), has_order: self.plans_order() };
        ends.prove(&mut self.steps, shadow, filter).await?;
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

    /// Whether the steps put columns into another order: they were asked to, or the engine has a place for that in its statements.
    fn plans_order(&self) -> bool {
        self.column_order == ColumnOrder::Planned || self.engine == "mysql"
    }

    /// The tables whose columns come in another order, which no step changes.
    pub fn reordered(&self) -> impl Iterator<Item = &Id> {
        let is_planned = self.plans_order();
        let is_order = move |change: &&Change| !is_planned && matches!(change.difference, Difference::Reordered { .. });
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

/// What there is when these steps are done.
async fn renamed(from: &Reading, steps: &[Step], shadow: &Shadow, filter: &Filter) -> Result<Reading, Error> {
    let scratch = shadow.database(None).await?;
    let inspection = async {
        scratch.database.realise(&from.inspection.schema).await?;
        scratch.database.take(steps).await?;
        scratch.database.inspect(filter).await
    };
    let inspection = shadow.unless_cancelled(inspection).await;
    let schema = scratch.end(inspection).await?.schema;
    // What had no place in the first schema has none here; what a rename has broken is planned anew.
    let inspection = driftlock_database::Inspection { schema, ..from.inspection.clone() };
    Ok(Reading { inspection, ..from.clone() })
}

/// Whether a step is about it, or about something of its name.
fn touches(step: &Step, object: &Id) -> bool {
    step.object.name == object.name
}
