//! That the steps of a plan lead where they should: they are run where the first schema was made, and the engine's own accounts are compared.

use std::collections::{BTreeMap, BTreeSet};

use driftlock_database::{Census, CensusKey, Step};
use driftlock_schema::{Filter, Id, Schema};

use super::closure::{closure, within};
use super::{inverses, touches};
use crate::source::Accounted;
use crate::{Error, Shadow, Unproved};

/// Where a plan begins or ends.
pub(super) struct End<'a> {
    schema: &'a Schema,
    /// What the engine says of the database that the schema was read from, where it was read from one.
    census: Option<&'a Census>,
    unmodelled: Vec<&'a Id>,
}

impl<'a> End<'a> {
    pub(super) fn value(schema: &'a Schema) -> Self {
        End { schema, census: None, unmodelled: Vec::new() }
    }

    pub(super) fn of(accounted: &'a Accounted) -> Self {
        let inspection = &accounted.reading.inspection;
        let unmodelled = inspection.unmodelled.iter().map(|it| &it.object).collect();
        End { schema: &inspection.schema, census: accounted.census.as_ref(), unmodelled }
    }
}

/// Both ends of a plan.
pub(super) struct Ends<'a> {
    pub(super) from: End<'a>,
    pub(super) to: End<'a>,
    /// Whether the order of columns counts.
    pub(super) has_order: bool,
}

impl Ends<'_> {
    /// That there is nothing to do between two of the same schema, by the engine's own accounts, where both have one.
    pub(super) fn agree(&self) -> Result<(), Error> {
        let (Some(from), Some(to)) = (self.from.census, self.to.census) else { return Ok(()) };
        let (from, to) = (self.counted(from, None), self.counted(to, None));
        differ(&to, &from)
    }

    /// What counts of a census, of what is in a closure: not what a schema has no place for on either side.
    fn counted(&self, census: &Census, closure: Option<&BTreeSet<Id>>) -> Census {
        let unmodelled: BTreeSet<&Id> = self.from.unmodelled.iter().chain(&self.to.unmodelled).copied().collect();
        let counts = |key: &CensusKey| {
            let is_in = closure.is_none_or(|closure| closure.contains(&key.object));
            is_in && (self.has_order || key.about != CensusKey::COLUMN_ORDER) && !unmodelled.contains(&key.object)
        };
        let entries = census.entries.iter().filter(|(key, _)| counts(key));
        Census { entries: entries.map(|(key, said)| (key.clone(), said.clone())).collect(), tables: Vec::new() }
    }

    /// Proves the steps, and that the value they begin at holds what they have to do with. An inverse that doesn't undo its step is taken from it.
    pub(super) async fn prove(&self, steps: &mut [Step], shadow: &Shadow, filter: &Filter) -> Result<(), Error> {
        let closure = closure(self.from.schema, self.to.schema, steps);
        let closure = closure.as_ref();
        let counted = |census: &Census| self.counted(census, closure);

        let scratch = shadow.database(None).await?;
        let run = async {
            let db = &scratch.database;
            db.realise(&within(self.from.schema, closure)).await?;
            let before = match self.from.census {
                Some(_) => Some(db.census(filter).await?),
                None => None,
            };
            db.take(steps).await?;
            Ok((before, db.census(filter).await?))
        };
        let run = shadow.unless_cancelled(run).await;
        let (before, after) = scratch.end(run).await?;

        let wanted = match self.to.census {
            Some(census) => counted(census),
            None => {
                let scratch = shadow.database(None).await?;
                let made = async {
                    scratch.database.realise(&within(self.to.schema, closure)).await?;
                    scratch.database.census(filter).await
                };
                let made = shadow.unless_cancelled(made).await;
                counted(&scratch.end(made).await?)
            }
        };

        // What the value doesn't hold of the database stays there as it is.
        let mut missed = BTreeMap::new();
        if let (Some(here), Some(made)) = (self.from.census.map(counted), before.as_ref().map(counted)) {
            for (key, here, made) in here.differences(&made) {
                if steps.iter().any(|step| touches(step, &key.object)) {
                    return Err(Error::Refused {
                        code: "DL0834",
                        message: format!(
                            "a step would touch {}, of which more is there than was read, and a plan can't keep that: {}",
                            key.object,
                            unproved((key, here, made))
                        ),
                    });
                }
                missed.insert(key.clone(), here.map(str::to_owned));
            }
        }
        let mut after = counted(&after);
        for (key, here) in missed {
            match here {
                Some(here) => after.entries.insert(key, here),
                None => after.entries.remove(&key),
            };
        }
        differ(&wanted, &after)?;
        let from = within(self.from.schema, closure);
        inverses::keep_those_that_hold(steps, &from, shadow, filter, &counted).await
    }
}

/// What is wanted, and what there is.
fn differ(wanted: &Census, made: &Census) -> Result<(), Error> {
    let differences: Vec<Unproved> = wanted.differences(made).into_iter().map(unproved).collect();
    if differences.is_empty() { Ok(()) } else { Err(Error::Unproved(differences)) }
}

fn unproved((key, here, made): (&CensusKey, Option<&str>, Option<&str>)) -> Unproved {
    let (here, made) = (here.map(str::to_owned), made.map(str::to_owned));
    Unproved { object: key.object.clone(), about: key.about.clone(), here, made }
}
