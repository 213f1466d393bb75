//! That what is said to undo a step does: it is run behind the step, and the engine's own account must be what it was before.

use std::ops::Range;

use driftlock_database::{Census, Step};
use driftlock_schema::{Filter, Schema};

use crate::{Error, Shadow};

/// Takes from the steps what doesn't undo them. Those that stand together are undone together, the last one first.
pub(super) async fn keep_those_that_hold(
    steps: &mut [Step],
    from: &Schema,
    shadow: &Shadow,
    filter: &Filter,
    counted: &impl Fn(&Census) -> Census,
) -> Result<(), Error> {
    while let Some(run) = first_that_fails(steps, from, shadow, filter, counted).await? {
        steps[run].iter_mut().for_each(|step| step.inverse = None);
    }
    Ok(())
}

async fn first_that_fails(
    steps: &[Step],
    from: &Schema,
    shadow: &Shadow,
    filter: &Filter,
    counted: &impl Fn(&Census) -> Census,
) -> Result<Option<Range<usize>>, Error> {
    let runs = runs(steps);
    if runs.is_empty() {
        return Ok(None);
    }
    let scratch = shadow.database(None).await?;
    let tried = async {
        let db = &scratch.database;
        db.realise(from).await?;
        let mut done = 0;
        for run in runs {
            db.take(&steps[done..run.start]).await?;
            let before = db.census(filter).await?;
            let there = &steps[run.clone()];
            db.take(there).await?;
            let undo = |step: &Step| step.inverse.as_ref().map(|sql| Step { sql: sql.clone(), ..step.clone() });
            let back: Vec<Step> = there.iter().rev().filter_map(undo).collect();
            let undone = match db.take(&back).await {
                Ok(()) => db.census(filter).await?,
                Err(Error::Realise { .. }) => return Ok(Some(run)),
                Err(error) => return Err(error),
            };
            if !counted(&before).differences(&counted(&undone)).is_empty() {
                return Ok(Some(run));
            }
            if run.end < steps.len() {
                db.take(there).await?;
            }
            done = run.end;
        }
        Ok(None)
    };
    let tried = shadow.unless_cancelled(tried).await;
    scratch.end(tried).await
}

/// The steps that stand together and can each be undone.
fn runs(steps: &[Step]) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut at = 0;
    for piece in steps.chunk_by(|one, other| one.inverse.is_some() == other.inverse.is_some()) {
        if piece[0].inverse.is_some() {
            runs.push(at..at + piece.len());
        }
        at += piece.len();
    }
    runs
}
