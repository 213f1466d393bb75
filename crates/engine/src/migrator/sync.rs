//! A database that nobody migrates by versions, brought to what a source says: the proved steps, run under the lock.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use driftlock_database::{
    Class, Error as DbError, Event, ExecuteError, ForeignHistory, Hazard, Observer, Runnable, Session, Step, Timeouts,
    fault,
};
use driftlock_schema::{Difference, Schema, compare};

use super::Migrator;
use super::rules::refused;
use crate::error::plural;
use crate::source::Accounted;
use crate::{Database, Differing, Error, Progress, Reading, Source, Sources, events};

/// What came of bringing a database to what a source says.
#[derive(Debug, Clone)]
pub struct Synced {
    /// What differed, and the proved steps.
    pub differing: Differing,
    /// Whether the steps were run; there may be none.
    pub is_applied: bool,
    /// What differs all the same, object by object: somebody changed the database meanwhile.
    pub left: Vec<driftlock_schema::Change>,
}

impl Synced {
    /// The database before anything is run.
    fn planned(differing: Differing) -> Self {
        Synced { differing, is_applied: false, left: Vec::new() }
    }
}

impl Migrator {
    /// Brings a database to what a source says: its schema is read under the lock, the steps are planned, proved on a scratch database, and run, those
    /// in one transaction that can be. Nothing is written down: it is for databases without a history, such as one on which somebody develops; one that is
    /// migrated by versions, or protected, is refused.
    ///
    /// What a step may do that isn't in `allowed` stands against all of them where it is [`Hazard::DataLoss`]; the error has the plan.
    ///
    /// # Errors
    /// [`Error::NotAllowed`]; [`Error::Step`], which says what was run before; those of [`Sources::diff`], of which [`Error::Unproved`] is one; and when
    /// the database has a history, of ours or of another tool.
    pub async fn sync(
        &self,
        db: &Database,
        sources: &Sources,
        to: &Source,
        allowed: &BTreeSet<Hazard>,
    ) -> Result<Synced, Error> {
        events::run(self.run_id, "sync", self.sync_now(db, sources, to, allowed)).await
    }

    /// What [`sync`](Self::sync) would run. Writes nothing.
    ///
    /// # Errors
    /// As [`sync`](Self::sync), but for what comes of running it.
    pub async fn plan_sync(&self, db: &Database, sources: &Sources, to: &Source) -> Result<Synced, Error> {
        let work = async {
            let mut inner = db.in_use().await;
            let session = inner.session.as_mut();
            self.may_sync(session, db).await?;
            let (sources, wanted) = wanted(session, db, sources, to).await?;
            Ok(Synced::planned(differing(session, db, &sources, wanted).await?))
        };
        events::run(self.run_id, "sync", work).await
    }

    async fn sync_now(
        &self,
        db: &Database,
        sources: &Sources,
        to: &Source,
        allowed: &BTreeSet<Hazard>,
    ) -> Result<Synced, Error> {
        let mut inner = db.in_use().await;
        let session = inner.session.as_mut();
        session.ensure_fit().await?;
        self.may_sync(session, db).await?;
        let (sources, wanted) = wanted(session, db, sources, to).await?;
        self.lock(session, db, |_| Ok(true)).await?;
        let done = AtomicUsize::new(0);
        let result = tokio::select! {
            biased;
            result = self.sync_locked(session, db, &sources, wanted, allowed, &done) => result,
            // Whatever runs goes with the connection; with it goes the lock.
            () = self.cancellation.cancelled() => {
                let done = done.load(Ordering::Relaxed);
                if done > 0 {
                    self.tell(Progress::Note(format!("what was done ({}) {STAYS}", plural(done, "statement"))));
                }
                return Err(Error::Interrupted { during: None, applied: Vec::new() });
            }
        };
        fault::point("before-unlock").await;
        let unlocked = session.unlock().await;
        events::unlocked(&unlocked);
        result
    }

    async fn sync_locked(
        &self,
        session: &mut dyn Session,
        db: &Database,
        sources: &Sources,
        wanted: Accounted,
        allowed: &BTreeSet<Hazard>,
        done: &AtomicUsize,
    ) -> Result<Synced, Error> {
        // While the lock was waited for somebody may have begun a history.
        self.may_sync(session, db).await?;
        let to = wanted.reading.inspection.schema.clone();
        let differing = differing(session, db, sources, wanted).await?;
        let hazards: BTreeSet<Hazard> = differing
            .diff
            .hazards()
            .into_iter()
            .filter(|it| *it == Hazard::DataLoss && !allowed.contains(it))
            .collect();
        if !hazards.is_empty() {
            return Err(Error::NotAllowed { hazards, differing: Box::new(differing) });
        }
        let steps = &differing.diff.steps;
        if steps.is_empty() {
            return Ok(Synced { is_applied: true, ..Synced::planned(differing) });
        }
        fault::point("before-steps").await;
        // Proving takes a while, and others need no lock of ours.
        if read(session, db, sources).await?.schema != differing.from.inspection.schema {
            return Err(refused(
                "DL0839",
                "somebody else changed the database while the steps were proved: run it again; nothing was changed"
                    .to_owned(),
            ));
        }
        self.take(session, db, steps, done).await?;
        let now = read(session, db, sources).await?.schema;
        let left = left(&now, &to, &differing, sources);
        Ok(Synced { left, is_applied: true, ..Synced::planned(differing) })
    }

    /// Runs the steps, those in one transaction that can be. What only sets something for those behind it isn't counted as done.
    async fn take(
        &self,
        session: &mut dyn Session,
        db: &Database,
        steps: &[Step],
        done: &AtomicUsize,
    ) -> Result<(), Error> {
        let timeouts = Timeouts {
            lock: self.options.lock_timeout,
            concurrent: self.options.concurrent_timeout,
            statement: self.options.statement_timeout,
        };
        session.reset(&timeouts).await?;
        let mut at = 0;
        for piece in steps.chunk_by(|one, other| one.transactional && other.transactional) {
            fault::point("between-steps").await;
            let mut tries = 1;
            while let Err(ExecuteError { index, error }) = run(session, piece).await {
                let number = at + index + 1;
                let is_known = !matches!(error, DbError::ConnectionLost(_));
                let error = match error {
                    DbError::LockTimeout(_) => {
                        match self.another_try(&format!("statement {number}"), error, &mut tries).await {
                            Ok(()) => continue,
                            Err(error) => error,
                        }
                    }
                    error => error.into(),
                };
                let stays = what_stays(done.load(Ordering::Relaxed), is_known);
                let Step { sql, offenders, .. } = piece[index].clone();
                return Err(Error::Step { number, of: steps.len(), sql, offenders, error: Box::new(error), stays });
            }
            at += piece.len();
            let changing = piece.iter().filter(|step| db.engine.classify(&step.sql).class != Class::Session).count();
            done.fetch_add(changing, Ordering::Relaxed);
        }
        // What the steps set for themselves is nobody else's.
        session.reset(&timeouts).await?;
        Ok(())
    }

    /// Whether there is nobody else whose business it is what this database is like.
    async fn may_sync(&self, session: &mut dyn Session, db: &Database) -> Result<(), Error> {
        if self.options.protected {
            let name = self.options.environment.as_deref().unwrap_or_default();
            return Err(refused(
                "DL0837",
                format!(
                    "the environment `{name}` is protected: what changes there is a migration (`driftlock generate`), and nothing was changed"
                ),
            ));
        }
        let by_versions = |whose: &str| {
            refused(
                "DL0838",
                format!(
                    "this database is migrated by versions ({whose}): what is changed beside them is drift; write the difference as the next one \
                     with `driftlock generate`, and apply it with `driftlock up`; nothing was changed"
                ),
            )
        };
        if let Some(glance) = session.glance(&db.tables).await? {
            self.is_our_environment(Some(&glance.fence))?;
            if !glance.entries.is_empty() {
                return Err(by_versions("driftlock's history is here"));
            }
            return Ok(());
        }
        let around = session.surroundings(&db.tables).await?;
        match around.foreign_histories.first() {
            Some(ForeignHistory { tool, table }) => Err(by_versions(&format!("{tool}'s table `{table}` is here"))),
            None => Ok(()),
        }
    }
}

/// Runs steps that are one transaction, or one that is none.
async fn run(session: &mut dyn Session, piece: &[Step]) -> Result<(), ExecuteError> {
    let runnable: Vec<Runnable<'_>> = piece.iter().map(|step| Runnable { sql: &step.sql, copy_data: None }).collect();
    if !piece[0].transactional {
        return session.execute(&runnable, &mut Nobody).await;
    }
    let result = async {
        session.begin().await.map_err(|error| ExecuteError { index: 0, error })?;
        session.execute(&runnable, &mut Nobody).await?;
        let index = piece.len() - 1;
        session.commit_unrecorded().await.map_err(|error| ExecuteError { index, error })
    }
    .await;
    if result.is_err() {
        // Why it failed is what counts.
        let _ = session.rollback().await;
    }
    result
}

/// What becomes of statements before one that failed.
const STAYS: &str = "stays: run it again, it plans from what is there then";

/// What became of the database when a statement failed behind so many that were done. Of one whose answer never came nobody knows.
fn what_stays(done: usize, is_known: bool) -> String {
    let before = (done > 0).then(|| format!("what was done before it ({}) {STAYS}", plural(done, "statement")));
    match (is_known, before) {
        (true, None) => "nothing was changed".to_owned(),
        (true, Some(before)) => before,
        (false, before) => {
            let unknown = "whether it was done isn't known: run it again, it plans from what is there then";
            before.map_or_else(|| unknown.to_owned(), |before| format!("{before}\n{unknown}"))
        }
    }
}

struct Nobody;

impl Observer for Nobody {
    fn event(&mut self, _: Event) {}
}

/// What there should be, realised where scratch databases are like this one.
async fn wanted(
    session: &mut dyn Session,
    db: &Database,
    sources: &Sources,
    to: &Source,
) -> Result<(Sources, Accounted), Error> {
    let sources = sources.clone().engine(db.engine).like(session.likeness().await?);
    let wanted = Box::pin(sources.accounted(to, true)).await?;
    Ok((sources, wanted))
}

/// What is there, read as every other source is.
async fn read(
    session: &mut dyn Session,
    db: &Database,
    sources: &Sources,
) -> Result<driftlock_database::Inspection, Error> {
    Ok(db.filtered(session.inspect().await?, sources.looked_at()))
}

/// The proved way from what is there to what there should be.
async fn differing(
    session: &mut dyn Session,
    db: &Database,
    sources: &Sources,
    wanted: Accounted,
) -> Result<Differing, Error> {
    let inspection = read(session, db, sources).await?;
    let mut census = session.census().await?;
    census.apply(&db.without_own(sources.looked_at()));
    let reading = Reading { engine: db.engine, version: session.server().version.clone(), inspection, proof: None };
    let here = Accounted { reading, census: Some(census), likeness: session.likeness().await?, renamings: Vec::new() };
    sources.between(here, wanted).await
}

/// What differs when the steps were run, but for the order of columns where that isn't planned.
fn left(now: &Schema, to: &Schema, differing: &Differing, sources: &Sources) -> Vec<driftlock_schema::Change> {
    let mut left = compare(now, to, sources.looked_at().facets());
    let reordered: BTreeSet<_> = differing.diff.reordered().collect();
    left.retain(|it| !(matches!(it.difference, Difference::Reordered { .. }) && reordered.contains(&it.object)));
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_lost_connection_leaves_is_not_said_to_be_nothing() {
        assert_eq!(what_stays(0, true), "nothing was changed");
        assert!(what_stays(2, true).starts_with("what was done before it (2 statements) stays"));
        assert!(what_stays(0, false).contains("isn't known"));
        let both = what_stays(1, false);
        assert!(both.starts_with("what was done before it (1 statement)") && both.contains("isn't known"), "{both}");
    }
}
