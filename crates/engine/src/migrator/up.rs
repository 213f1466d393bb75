//! `up`, and what it would run.

use driftlock_database::{Direction, Session};
use driftlock_script::Version;

use super::check::Lock;
use super::confirm::{Agreed, still_agreed};
use super::{Migrator, finish, planned, report};
use crate::plan::Source;
use crate::standing::Standing;
use crate::{Database, Error, OnDrift, Plan, PlannedMigration, Progress, Report, events};

impl Migrator {
    /// What `up` would run, statement by statement. Writes nothing.
    ///
    /// # Errors
    /// What stands against running it.
    pub async fn plan(&self, db: &Database) -> Result<Plan, Error> {
        events::run(self.run_id, "plan", self.plan_now(db)).await
    }

    async fn plan_now(&self, db: &Database) -> Result<Plan, Error> {
        let mut inner = db.in_use().await;
        let glance = inner.glance(&db.tables).await?;
        let mut view = self.look(glance)?;
        if let Err(error) = self.may_run(&view) {
            return Err(self.explain(inner.session.as_mut(), db, error).await);
        }
        let wanted = self.wanted(&view.standing)?;
        if view.fence.is_none() && !wanted.is_empty() {
            self.may_begin(inner.session.as_mut(), db, &mut view.notes).await?;
        }
        let pending = self.plan_up(db, &wanted)?;
        events::planned(&pending);
        self.with_hooks(db, Plan::new(pending, view.notes, db.engine.dialect()))
    }

    /// Applies what is pending.
    ///
    /// # Errors
    /// See [`Error`]; what was committed before it is in [`Error::applied`].
    pub async fn up(&self, db: &Database) -> Result<Report, Error> {
        events::run(self.run_id, "up", self.up_now(db)).await
    }

    async fn up_now(&self, db: &Database) -> Result<Report, Error> {
        let mut inner = db.in_use().await;
        let glance = self.first_look(&mut inner, db).await?;
        let mut view = self.view(glance)?;
        if let Err(error) = self.may_run(&view) {
            return Err(self.explain(inner.session.as_mut(), db, error).await);
        }
        if self.wanted(&view.standing)?.is_empty() {
            if self.options.on_drift != OnDrift::WarnOnly && view.fence.is_some() {
                let lock = self.lock_for_up(db)?;
                self.before_up(inner.session.as_mut(), db, &view.standing, lock).await?;
            }
            return Ok(report(Vec::new(), &view.standing, view.notes));
        }
        let session = inner.session.as_mut();
        session.ensure_fit().await?;
        // Everything that can be known to stop it is known before anything runs.
        let lock = self.lock_for_up(db)?;
        let planned = self.plan_up(db, &self.wanted(&view.standing)?)?;
        events::planned(&planned);
        self.hooks(db, &planned)?;
        if view.fence.is_none() {
            self.may_begin(session, db, &mut view.notes).await?;
        }
        for note in &view.notes {
            self.tell(Progress::Note(note.clone()));
        }
        let agreed = self.confirm(&planned, &view.notes, db.engine.dialect()).await?;
        let still_wanted = |standing: &Standing| self.wanted(standing).map(|wanted| !wanted.is_empty());
        if !self.lock(session, db, still_wanted).await? {
            let view = self.view(session.glance(&db.tables).await?)?;
            return Ok(report(Vec::new(), &view.standing, view.notes));
        }
        // What a database has that driftlock never saw was told of when it was seen.
        let lock = view.fence.is_some().then_some(lock);
        let result = self.up_locked(session, db, planned, agreed, lock).await;
        finish(session, result).await
    }

    /// `planned` is what was pending before the lock was taken, and most often still is.
    async fn up_locked(
        &self,
        session: &mut dyn Session,
        db: &Database,
        mut planned: Vec<PlannedMigration>,
        agreed: Option<Agreed>,
        lock: Option<Lock>,
    ) -> Result<Report, Error> {
        self.prepare(session, db).await?;
        let (history, view) = self.view_whole(session, db).await?;
        self.may_run(&view)?;
        let wanted = self.wanted(&view.standing)?;
        if wanted.is_empty() {
            return Ok(report(Vec::new(), &view.standing, view.notes));
        }
        if !planned.iter().map(|planned| &planned.version).eq(&wanted) {
            planned = self.plan_up(db, &wanted)?;
            events::planned(&planned);
        }
        still_agreed(agreed.as_ref(), &planned)?;
        if let Some(lock) = lock {
            self.before_up(session, db, &view.standing, lock).await?;
        }
        let hooks = self.hooks(db, &planned)?;
        let mut run = self.run(session, db, &history).await?;
        run.hooks = hooks;
        let recorded = &view.standing.recorded;
        run.all(&planned, |planned| recorded.get(&planned.version).and_then(|it| it.unfinished.as_ref())).await?;
        let (applied, hooks) = (std::mem::take(&mut run.applied), std::mem::take(&mut run.hooks_run));
        let mut report = Report { hooks, ..report(applied, &view.standing, view.notes) };
        report.pending.retain(|version| wanted.binary_search(version).is_err());
        Ok(report)
    }

    /// The lock file, which may stand against running anything.
    fn lock_for_up(&self, db: &Database) -> Result<Lock, Error> {
        let lock = self.lock_of(db.engine.name())?;
        self.may_be_stale(&lock)?;
        Ok(lock)
    }

    /// The pending versions that this run is about.
    pub(super) fn wanted(&self, standing: &Standing) -> Result<Vec<Version>, Error> {
        let mut wanted = standing.pending.clone();
        if let Some(to) = &self.options.to {
            let to = self.version(to)?;
            wanted.retain(|version| *version <= to);
        }
        if let Some(only) = &self.only {
            wanted.retain(|version| only.contains(version));
        }
        wanted.truncate(self.options.steps.unwrap_or(usize::MAX));
        Ok(wanted)
    }

    pub(super) fn plan_up(&self, db: &Database, versions: &[Version]) -> Result<Vec<PlannedMigration>, Error> {
        versions
            .iter()
            .filter_map(|version| self.migrations.find(version))
            .map(|migration| {
                let source = Source {
                    version: migration.version.clone(),
                    name: migration.name.clone(),
                    file: self.migrations.display(&migration.up),
                    direction: Direction::Up,
                    digest: Some(migration.up.digest),
                    rollback_sql: self.rollback_sql(migration, db.engine.dialect())?,
                    text: self.text(&migration.up, db.engine.dialect())?,
                };
                planned(db, source)
            })
            .collect()
    }
}
