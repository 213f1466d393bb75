//! `baseline` and `accept`: what is declared as applied without running.

use std::time::Duration;

use driftlock_database::{Direction, HistoryRow, Session, State, Timestamp};
use driftlock_script::{Migration, Version};

use super::before::{Compared, More};
use super::{Migrator, finish, report};
use crate::record::{Record, follow};
use crate::standing::Standing;
use crate::{Applied, Database, Error, Finding, Problem, Report, events};

impl Migrator {
    /// Declares every version up to this one as applied, without running it: for a database that had them before driftlock came.
    ///
    /// # Errors
    /// When the version isn't there, the history already has a part of it, or the database isn't what these versions make.
    pub async fn baseline(&self, db: &Database, version: &str) -> Result<Report, Error> {
        events::run(self.run_id, "baseline", self.baseline_now(db, version)).await
    }

    async fn baseline_now(&self, db: &Database, version: &str) -> Result<Report, Error> {
        let upto = self.version(version)?;
        let standing = {
            let mut inner = db.in_use().await;
            inner.ahead = None;
            let view = self.view(self.first_look(&mut inner, db).await?)?;
            let session = inner.session.as_mut();
            if let Err(error) = self.may_declare(&view) {
                return Err(self.explain(session, db, error).await);
            }
            session.ensure_fit().await?;
            view.standing
        };
        let declared = self.declared_by(&standing, &upto).map(|it| it.version.clone()).collect();
        let compared = Box::pin(self.before_declaring(db, &standing, &declared, More::Refused)).await;
        let mut inner = db.in_use().await;
        let session = inner.session.as_mut();
        let compared = match compared {
            Ok(compared) => compared,
            Err(error) => return Err(self.explain(session, db, error).await),
        };
        self.lock(session, db, |_| Ok(true)).await?;
        let result = self.baseline_locked(session, db, &upto, compared).await;
        finish(session, result).await
    }

    /// What a baseline at this version declares.
    fn declared_by<'a>(&'a self, standing: &'a Standing, upto: &'a Version) -> impl Iterator<Item = &'a Migration> {
        let is_pending = |version| standing.pending.binary_search(version).is_ok();
        self.migrations.list().iter().filter(move |it| it.version <= *upto && is_pending(&it.version))
    }

    async fn baseline_locked(
        &self,
        session: &mut dyn Session,
        db: &Database,
        upto: &Version,
        compared: Compared,
    ) -> Result<Report, Error> {
        self.prepare(session, db).await?;
        let (history, view) = self.view_whole(session, db).await?;
        self.may_declare(&view)?;
        let declared: Vec<&Migration> = self.declared_by(&view.standing, upto).collect();
        let mut run = self.run(session, db, &history).await?;
        let attempt = uuid::Uuid::now_v7().simple().to_string();
        let mut rows: Vec<HistoryRow> = Vec::new();
        let mut applied = Vec::new();
        for migration in declared {
            let rollback_sql = self.rollback_sql(migration, db.engine.dialect())?;
            let row = run.history_row(Record {
                rollback_sql,
                note: compared.accepted.clone(),
                ..record(&attempt, migration, Direction::Baseline, run.now())
            });
            rows.push(follow(rows.last(), row));
            applied.push(self.declared(migration, Direction::Baseline));
        }
        if !rows.is_empty() {
            run.commit(rows, &[]).await?;
        }
        let mut view = self.view(session.glance(&db.tables).await?)?;
        view.notes.extend(compared.notes);
        Ok(report(applied, &view.standing, view.notes))
    }

    /// Accepts an edited file as what was applied. Wants a reason, which the history keeps.
    ///
    /// # Errors
    /// When there is no reason, the version isn't applied, or its file is gone.
    pub async fn accept(&self, db: &Database, version: &str) -> Result<Report, Error> {
        events::run(self.run_id, "accept", self.accept_now(db, version)).await
    }

    async fn accept_now(&self, db: &Database, version: &str) -> Result<Report, Error> {
        if self.options.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
            return Err(Error::Usage("`accept` wants a reason, which the history keeps: `--reason TEXT`".to_owned()));
        }
        let version = self.version(version)?;
        let mut inner = db.in_use().await;
        inner.ahead = None;
        let view = self.view(self.first_look(&mut inner, db).await?)?;
        let session = inner.session.as_mut();
        if view.standing.recorded.get(&version).is_none_or(|record| record.applied.is_none()) {
            let error = format!("version {version} is not applied: an edit of its file needs no accepting");
            return Err(self.explain(session, db, Error::Usage(error)).await);
        }
        session.ensure_fit().await?;
        self.lock(session, db, |_| Ok(true)).await?;
        let result = self.accept_locked(session, db, &version).await;
        finish(session, result).await
    }

    async fn accept_locked(
        &self,
        session: &mut dyn Session,
        db: &Database,
        version: &Version,
    ) -> Result<Report, Error> {
        self.prepare(session, db).await?;
        let (history, mut view) = self.view_whole(session, db).await?;
        let migration = self
            .migrations
            .find(version)
            .ok_or_else(|| Error::Usage(format!("there is no file of version {version}")))?;
        let about = |finding: &Finding| finding.version.as_ref() == Some(version);
        let edited = view
            .standing
            .findings
            .iter()
            .any(|it| about(it) && matches!(it.problem, Problem::Edited | Problem::Renamed));
        view.standing.findings.retain(|finding| !about(finding) || finding.problem == Problem::Damaged);
        if !view.standing.findings.is_empty() {
            return Err(Error::Integrity(view.standing.findings));
        }
        if !edited {
            view.notes.push(format!("version {version} is as it was applied: there is nothing to accept"));
            return Ok(report(Vec::new(), &view.standing, view.notes));
        }
        let mut run = self.run(session, db, &history).await?;
        let attempt = uuid::Uuid::now_v7().simple().to_string();
        let rollback_sql = self.rollback_sql(migration, db.engine.dialect())?;
        let row = run.history_row(Record { rollback_sql, ..record(&attempt, migration, Direction::Accept, run.now()) });
        run.commit(vec![row], &[]).await?;
        let applied = vec![self.declared(migration, Direction::Accept)];
        Ok(report(applied, &view.standing, view.notes))
    }

    fn declared(&self, migration: &Migration, direction: Direction) -> Applied {
        Applied {
            version: migration.version.clone(),
            name: migration.name.clone(),
            file: self.migrations.display(&migration.up),
            direction,
            statements: 0,
            resumed_after: 0,
            duration: Duration::ZERO,
        }
    }
}

fn record(attempt: &str, migration: &Migration, direction: Direction, now: Timestamp) -> Record {
    Record {
        attempt: attempt.to_owned(),
        version: migration.version.to_string(),
        name: migration.name.clone(),
        direction,
        state: State::Done,
        sha256: Some(migration.up.digest.sha256()),
        crc32: Some(migration.up.digest.crc32()),
        rollback_sql: None,
        started_at: now,
        duration: Some(Duration::ZERO),
        error: None,
        values: Vec::new(),
        note: None,
    }
}
