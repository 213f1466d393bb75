//! Waiting for the lock, and what begins with it.

use std::path::Path;
use std::time::{Duration, Instant};

use driftlock_database::{Error as DbError, Glance, HistoryRow, Holder, LockAttempt, Session, Timeouts, fault};

use super::Migrator;
use crate::database::Inner;
use crate::events;
use crate::hooks::Hooks;
use crate::run::{Clock, Run, pause, pause_before};
use crate::standing::{Standing, Unfinished};
use crate::{Database, Error, PlannedMigration, Progress};

/// A wait for the lock.
struct Wait {
    began: Instant,
    /// When it was last told of, and whether the holder's client was gone then.
    told: Option<(Instant, bool)>,
    /// The holder's connection that the server was told to end.
    ended: Option<String>,
}

impl Migrator {
    /// Polls for the lock. `false` when there is nothing left to do for it.
    pub(super) async fn lock(
        &self,
        session: &mut dyn Session,
        db: &Database,
        still_wanted: impl Fn(&Standing) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        let mut wait = Wait { began: Instant::now(), told: None, ended: None };
        if fault::skips_lock() {
            return Ok(true);
        }
        loop {
            if self.cancellation.is_cancelled() {
                return Err(Error::Interrupted { during: None, applied: Vec::new() });
            }
            let holder = match session.try_lock(&db.tables, &db.me).await? {
                LockAttempt::Held => {
                    events::locked(wait.began.elapsed());
                    return Ok(true);
                }
                LockAttempt::Busy(holder) => holder,
            };
            self.wait_for(session, db, holder, &mut wait).await?;
            // The holder may have done all of it by now, or be in the way of looking.
            let glance = match session.glance(&db.tables).await {
                Err(DbError::LockTimeout(_)) => None,
                other => other?,
            };
            if let Some(glance) = glance {
                let view = self.view(Some(glance))?;
                if view.standing.findings.is_empty() && !still_wanted(&view.standing)? {
                    events::lock_not_needed(wait.began.elapsed());
                    return Ok(false);
                }
            }
        }
    }

    /// The first look of a command that is going to write. SQLite lets nobody look while a large transaction is written: another run in
    /// one is waited for as if the lock had been asked for.
    pub(super) async fn first_look(&self, inner: &mut Inner, db: &Database) -> Result<Option<Glance>, Error> {
        let mut wait = Wait { began: Instant::now(), told: None, ended: None };
        loop {
            let busy = match inner.glance(&db.tables).await {
                Err(busy @ DbError::LockTimeout(_)) => busy,
                other => return Ok(other?),
            };
            let session = inner.session.as_mut();
            match session.try_lock(&db.tables, &db.me).await? {
                LockAttempt::Busy(holder) => self.wait_for(session, db, holder, &mut wait).await?,
                LockAttempt::Held => {
                    session.unlock().await?;
                    // No run of ours is in the way, unless it has ended just now.
                    return session.glance(&db.tables).await.map_err(|_| busy.into());
                }
            }
            if self.cancellation.is_cancelled() {
                return Err(Error::Interrupted { during: None, applied: Vec::new() });
            }
        }
    }

    /// Lets some time pass while somebody else holds the lock, and tells of it now and then.
    async fn wait_for(
        &self,
        session: &mut dyn Session,
        db: &Database,
        mut holder: Holder,
        wait: &mut Wait,
    ) -> Result<(), Error> {
        fault::point("waiting-for-lock").await;
        holder.gone |= is_gone_from_here(&holder, &db.me);
        let take_over = self.options.take_over;
        if let Some(connection) = holder.connection.as_deref().filter(|_| holder.gone && take_over)
            && wait.ended.as_deref() != Some(connection)
        {
            session.end(connection).await?;
            events::took_over(&holder);
            self.tell(Progress::Note(format!(
                "taking over: the server was told to end {holder}, whose client is gone"
            )));
            wait.ended = Some(connection.to_owned());
        }
        let waited = wait.began.elapsed();
        if waited >= self.options.lock_wait {
            return Err(Error::Locked { holder: Box::new(holder), waited, take_over });
        }
        if wait.told.is_none_or(|(told, gone)| told.elapsed() >= Duration::from_secs(5) || gone != holder.gone) {
            wait.told = Some((Instant::now(), holder.gone));
            self.tell(Progress::Waiting { holder, waited, until: self.options.lock_wait });
        }
        let left = self.options.lock_wait.saturating_sub(waited);
        pause(Duration::from_millis(fastrand::u64(40..200)).min(left), &self.cancellation).await;
        Ok(())
    }

    /// Makes the own tables where they are missing. Needs the lock.
    pub(super) async fn prepare(&self, session: &mut dyn Session, db: &Database) -> Result<(), Error> {
        fault::point("before-own-tables").await;
        let options = &self.options;
        let began = Instant::now();
        session
            .reset(&Timeouts {
                lock: options.lock_timeout,
                concurrent: options.concurrent_timeout,
                statement: options.statement_timeout,
            })
            .await?;
        let mut tries = 1;
        while let Err(error) = session.prepare_tables(&db.tables).await {
            self.another_try("driftlock's own tables", error, &mut tries).await?;
        }
        events::prepared(began);
        Ok(())
    }

    /// Waits for another try of something that somebody else's transaction was in the way of; `attempts` are made at most.
    pub(super) async fn another_try(&self, what: &str, error: DbError, tries: &mut u32) -> Result<(), Error> {
        if !matches!(error, DbError::LockTimeout(_))
            || *tries >= self.options.attempts
            || self.cancellation.is_cancelled()
        {
            return Err(error.into());
        }
        *tries += 1;
        let after = pause_before(*tries);
        self.tell(Progress::Retrying {
            file: what.to_owned(),
            reason: error.to_string(),
            attempt: *tries,
            of: self.options.attempts,
            after,
        });
        pause(after, &self.cancellation).await;
        Ok(())
    }

    /// Takes the fence. Needs the lock, and the history as it is.
    pub(super) async fn run<'a>(
        &'a self,
        session: &'a mut dyn Session,
        db: &'a Database,
        history: &[HistoryRow],
    ) -> Result<Run<'a>, Error> {
        fault::point("before-fence").await;
        let named = self.options.environment.as_deref();
        let mut tries = 1;
        let began = Instant::now();
        let (fence, now) = loop {
            match session.take_fence(&db.tables, named).await {
                Ok(taken) => break taken,
                Err(error) => self.another_try("driftlock's fence", error, &mut tries).await?,
            }
        };
        events::fenced(&fence, began);
        self.is_our_environment(Some(&fence))?;
        let (head, head_chain) = history.last().map_or((0, String::new()), |row| (row.sequence, row.chain.clone()));
        Ok(Run {
            session,
            engine: db.engine,
            tables: &db.tables,
            options: &self.options,
            provenance: self.who(),
            progress: self.progress.as_ref(),
            cancellation: &self.cancellation,
            clock: Clock::new(now),
            token: fence.token,
            head,
            head_chain,
            applied: Vec::new(),
            hooks: Hooks::default(),
            hooks_run: Vec::new(),
            cursor: None,
            attempt: 1,
            watch: self.watch.clone(),
            expected: self.expected_by_version(db.engine.name()),
        })
    }
}

/// Whether a holder's client was a process of this machine that isn't there any more. Of another machine's, nobody can tell.
fn is_gone_from_here(holder: &Holder, me: &Holder) -> bool {
    let of_this_machine = holder.connection.is_some() && holder.host.is_some() && holder.host == me.host;
    let processes = Path::new("/proc");
    match holder.pid {
        Some(pid) if of_this_machine && processes.join("self").exists() => !processes.join(pid.to_string()).exists(),
        _ => false,
    }
}

impl Run<'_> {
    /// One migration, taken up where an earlier attempt left it.
    pub(crate) async fn step(
        &mut self,
        planned: &PlannedMigration,
        unfinished: Option<&Unfinished>,
        number: usize,
        of: usize,
    ) -> Result<(), Error> {
        let resumed = match unfinished {
            None => None,
            Some(unfinished) => {
                let resumed = self.resume(planned, unfinished).await;
                Some(resumed.map_err(|error| match error {
                    Error::Unknown(mut unknown) => {
                        unknown.applied = std::mem::take(&mut self.applied);
                        Error::Unknown(unknown)
                    }
                    other => other,
                })?)
            }
        };
        self.migrate(planned, resumed, number, of).await
    }
}
