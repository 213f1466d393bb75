//! `status`: what is applied, pending, half-done and ahead, with what is wrong as data.

use std::time::Duration;

use driftlock_database::{HistoryRow, JournalState};
use driftlock_script::Version;

use super::rules::whole;
use super::{Migrator, row_of};
use crate::report::{MigrationState, MigrationStatus};
use crate::{Database, Error, Status, events};

impl Migrator {
    /// What is applied, pending, half-done and ahead; what is wrong comes as data. Writes nothing.
    ///
    /// # Errors
    /// When the database can't be looked at.
    pub async fn status(&self, db: &Database) -> Result<Status, Error> {
        events::run(self.run_id, "status", self.status_now(db)).await
    }

    async fn status_now(&self, db: &Database) -> Result<Status, Error> {
        let mut inner = db.in_use().await;
        inner.ahead = None;
        let (glance, history) = whole(inner.session.as_mut(), db).await?;
        let mut view = self.look(glance)?;
        view.follow(&history);
        let mut migrations = Vec::new();
        let mut versions: Vec<Version> = view.standing.recorded.keys().cloned().collect();
        versions.extend(self.migrations.list().iter().map(|migration| migration.version.clone()));
        versions.sort();
        versions.dedup();
        for version in versions {
            let migration = self.migrations.find(&version);
            let recorded = view.standing.recorded.get(&version);
            let row = recorded.and_then(|recorded| recorded.applied).and_then(|sequence| row_of(&history, sequence));
            let unfinished = recorded.and_then(|recorded| recorded.unfinished.as_ref());
            if migration.is_none() && row.is_none() && unfinished.is_none() {
                // It was undone and its file is gone: nothing of it is left.
                continue;
            }
            let state = match (unfinished, row) {
                (Some(unfinished), _) => {
                    let journal = inner.session.journal(&db.tables, &unfinished.attempt).await?;
                    let done = journal.iter().filter(|row| row.state == JournalState::Done).count();
                    let failed = history.iter().rev().find(|row| row.attempt == unfinished.attempt);
                    MigrationState::Partial {
                        direction: unfinished.direction,
                        done,
                        error: failed.and_then(|row| row.error.clone()),
                    }
                }
                (None, Some(_)) if view.standing.pending.binary_search(&version).is_ok() => MigrationState::Pending,
                (None, Some(row)) => applied_state(row),
                (None, None) if view.standing.not_needed.binary_search(&version).is_ok() => MigrationState::NotNeeded,
                (None, None) => MigrationState::Pending,
            };
            migrations.push(MigrationStatus {
                name: migration
                    .map(|migration| migration.name.clone())
                    .or_else(|| recorded.map(|recorded| recorded.name.clone()))
                    .unwrap_or_default(),
                file: migration.map(|migration| self.migrations.display(&migration.up)),
                has_down: migration.is_some_and(|migration| migration.down.is_some())
                    || row.is_some_and(|row| row.rollback_sql.is_some()),
                version,
                state,
            });
        }
        if view.fence.is_none() {
            self.foreign(inner.session.as_mut(), db, &mut view.notes).await?;
        }
        let server = inner.session.server();
        Ok(Status {
            engine: db.engine.name(),
            server: server.version.clone(),
            database: server.database.clone(),
            stamped: view.fence.and_then(|fence| fence.environment),
            migrations,
            ahead: view.standing.ahead,
            findings: view.standing.findings,
            notes: view.notes,
        })
    }
}

fn applied_state(row: &HistoryRow) -> MigrationState {
    MigrationState::Applied {
        how: row.direction,
        at: row.ended_at.unwrap_or(row.started_at),
        by: row.applied_by.clone(),
        os_user: row.os_user.clone(),
        host: row.host.clone(),
        environment: row.environment.clone(),
        git_commit: row.git_commit.clone(),
        duration: Duration::from_millis(row.duration_ms.unwrap_or(0).max(0).unsigned_abs()),
    }
}
