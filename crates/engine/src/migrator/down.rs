//! `down` and `redo`, and what they would run.

use driftlock_database::{Direction, HistoryRow, Session};
use driftlock_script::{Body, Role, Version};

use super::confirm::{Agreed, still_agreed};
use super::rules::{View, refused};
use super::{Migrator, finish, planned, report, row_of, steps};
use crate::plan::{Source, Text};
use crate::standing::{Recorded, Standing};
use crate::{Database, Error, Finding, Plan, PlannedMigration, Problem, Report, Rollback, events};

impl Migrator {
    /// What `down` would run. Writes nothing.
    ///
    /// # Errors
    /// What stands against running it.
    pub async fn plan_down(&self, db: &Database) -> Result<Plan, Error> {
        events::run(self.run_id, "plan_down", self.plan_down_now(db)).await
    }

    async fn plan_down_now(&self, db: &Database) -> Result<Plan, Error> {
        let mut inner = db.in_use().await;
        let glance = inner.glance(&db.tables).await?;
        let has_history = glance.is_some();
        let view = self.view(glance)?;
        let history = if has_history { inner.session.history(&db.tables).await? } else { Vec::new() };
        let undo = match self.to_undo(&view) {
            Ok(undo) => undo,
            Err(error) => return Err(self.explain(inner.session.as_mut(), db, error).await),
        };
        let pending = self.planned_downs(db, &undo, &history)?;
        events::planned(&pending);
        self.with_hooks(db, Plan::new(pending, view.notes, db.engine.dialect()))
    }

    /// What `redo` would run: the way down, and up again. Writes nothing.
    ///
    /// # Errors
    /// What stands against running it.
    pub async fn plan_redo(&self, db: &Database) -> Result<Plan, Error> {
        events::run(self.run_id, "plan_redo", self.plan_redo_now(db)).await
    }

    async fn plan_redo_now(&self, db: &Database) -> Result<Plan, Error> {
        let Plan { mut pending, notes, .. } = self.plan_down_now(db).await?;
        pending.extend(self.planned_again(db, &pending)?);
        self.with_hooks(db, Plan::new(pending, notes, db.engine.dialect()))
    }

    /// Undoes what was applied last: what it is when it is called, or nothing.
    ///
    /// # Errors
    /// See [`Error`]; what was committed before it is in [`Error::applied`].
    pub async fn down(&self, db: &Database) -> Result<Report, Error> {
        events::run(self.run_id, "down", self.undo(db, false)).await
    }

    /// Undoes what was applied last and applies it again.
    ///
    /// # Errors
    /// See [`Error`]; what was committed before it is in [`Error::applied`].
    pub async fn redo(&self, db: &Database) -> Result<Report, Error> {
        events::run(self.run_id, "redo", self.undo(db, true)).await
    }

    async fn undo(&self, db: &Database, again: bool) -> Result<Report, Error> {
        let mut inner = db.in_use().await;
        inner.ahead = None;
        let view = self.view(self.first_look(&mut inner, db).await?)?;
        let session = inner.session.as_mut();
        let undo = match self.to_undo(&view) {
            Ok(undo) if undo.is_empty() => return Ok(report(Vec::new(), &view.standing, view.notes)),
            Ok(undo) => undo,
            Err(error) => return Err(self.explain(session, db, error).await),
        };
        session.ensure_fit().await?;
        let planned = self.planned_undo(db, &undo, &session.history(&db.tables).await?, again)?;
        let agreed = self.confirm(&planned, &view.notes, db.engine.dialect()).await?.unwrap_or_else(|| steps(&planned));
        let still_wanted = |standing: &Standing| Ok(!standing.applied_in_order().is_empty());
        if !self.lock(session, db, still_wanted).await? {
            let view = self.view(session.glance(&db.tables).await?)?;
            return Ok(report(Vec::new(), &view.standing, view.notes));
        }
        let result = self.down_locked(session, db, again, agreed).await;
        finish(session, result).await
    }

    async fn down_locked(
        &self,
        session: &mut dyn Session,
        db: &Database,
        again: bool,
        agreed: Agreed,
    ) -> Result<Report, Error> {
        self.prepare(session, db).await?;
        let (history, view) = self.view_whole(session, db).await?;
        let undo = self.to_undo(&view)?;
        let planned = self.planned_undo(db, &undo, &history, again)?;
        still_agreed(Some(&agreed), &planned)?;
        events::planned(&planned);
        let hooks = self.hooks(db, &planned)?;
        let mut run = self.run(session, db, &history).await?;
        run.hooks = hooks;
        let recorded = &view.standing.recorded;
        run.all(&planned, |planned| {
            let unfinished = recorded.get(&planned.version).and_then(|it| it.unfinished.as_ref());
            unfinished.filter(|_| planned.direction == Direction::Down)
        })
        .await?;
        let (applied, hooks) = (std::mem::take(&mut run.applied), std::mem::take(&mut run.hooks_run));
        let view = self.view(session.glance(&db.tables).await?)?;
        Ok(Report { hooks, ..report(applied, &view.standing, view.notes) })
    }

    /// What `down` undoes: the last applied first.
    fn to_undo(&self, view: &View) -> Result<Vec<Recorded>, Error> {
        match self.options.rollback {
            Rollback::Allow => {}
            Rollback::Approved => {
                return Err(refused(
                    "DL0506",
                    "undoing needs an approval in this environment (`rollback = \"approved\"`), and this version of driftlock takes none yet: \
                     write a new migration that undoes it"
                        .to_owned(),
                ));
            }
            Rollback::Deny => {
                return Err(refused(
                    "DL0507",
                    "nothing is undone in this environment (`rollback = \"deny\"`): write a new migration that undoes it".to_owned(),
                ));
            }
        }
        // What runs again whenever it changes has no way down: it stays as it is.
        let is_repeatable =
            |version: &Version| self.migrations.find(version).is_some_and(|it| it.role == Role::Repeatable);
        let applied = view.standing.applied_in_order().into_iter().rev();
        let mut undo: Vec<Recorded> = applied.filter(|record| !is_repeatable(&record.version)).cloned().collect();
        if let Some(to) = &self.options.to {
            let to = self.migrations.layout().version(to.trim());
            let Some(at) = undo.iter().position(|record| record.version == to) else {
                return Err(Error::Usage(format!("version `{to}` is not applied; `driftlock status` lists what is")));
            };
            undo.truncate(at);
            undo.truncate(self.options.steps.unwrap_or(usize::MAX));
        } else if !self.options.all {
            undo.truncate(self.options.steps.unwrap_or(1));
        }
        // A file that is gone doesn't stand against undoing it: the history kept its down script.
        let gone = |finding: &&Finding| {
            finding.problem == Problem::Missing
                && finding.version.as_ref().is_some_and(|version| undo.iter().any(|record| record.version == *version))
        };
        let findings: Vec<Finding> = view.standing.findings.iter().filter(|finding| !gone(finding)).cloned().collect();
        if !findings.is_empty() {
            return Err(Error::Integrity(findings));
        }
        self.is_our_environment(view.fence.as_ref())?;
        let half_done = view
            .standing
            .recorded
            .values()
            .find(|it| it.unfinished.as_ref().is_some_and(|it| it.direction == Direction::Up));
        if let Some(record) = half_done {
            return Err(refused(
                "DL0508",
                format!(
                    "version {} is half applied: finish that with `driftlock up`, then run `down` again",
                    record.version
                ),
            ));
        }
        Ok(undo)
    }

    /// The ways down, and up again where that is wanted.
    fn planned_undo(
        &self,
        db: &Database,
        undo: &[Recorded],
        history: &[HistoryRow],
        again: bool,
    ) -> Result<Vec<PlannedMigration>, Error> {
        let mut planned = self.planned_downs(db, undo, history)?;
        if again {
            planned.extend(self.planned_again(db, &planned)?);
        }
        Ok(planned)
    }

    /// The way up of what goes down.
    fn planned_again(&self, db: &Database, downs: &[PlannedMigration]) -> Result<Vec<PlannedMigration>, Error> {
        let mut versions: Vec<Version> = downs.iter().map(|planned| planned.version.clone()).collect();
        versions.sort();
        self.plan_up(db, &versions)
    }

    fn planned_downs(
        &self,
        db: &Database,
        undo: &[Recorded],
        history: &[HistoryRow],
    ) -> Result<Vec<PlannedMigration>, Error> {
        undo.iter()
            .map(|record| {
                let migration = self.migrations.find(&record.version);
                let row = record.applied.and_then(|sequence| row_of(history, sequence));
                let (file, text) = match (migration.and_then(|it| it.down.as_ref()), row) {
                    (Some(down), _) => (self.migrations.display(down), self.text(down, db.engine.dialect())?),
                    (None, Some(HistoryRow { rollback_sql: Some(sql), .. })) if migration.is_none() => {
                        (format!("the history's down script of {}_{}", record.version, record.name), Text::Held(Body::whole(sql.clone())))
                    }
                    _ => {
                        return Err(refused(
                            "DL0509",
                            format!(
                                "version {} (`{}`) has no down script: write one, or a new migration that undoes it; nothing was changed",
                                record.version, record.name
                            ),
                        ));
                    }
                };
                let source = Source {
                    version: record.version.clone(),
                    name: record.name.clone(),
                    file,
                    direction: Direction::Down,
                    digest: migration.map(|migration| migration.up.digest),
                    rollback_sql: None,
                    text,
                };
                planned(db, source)
            })
            .collect()
    }
}
