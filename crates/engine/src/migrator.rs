//! The face of the engine: what a command or a program asks for.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use driftlock_database::{
    ConnectOptions, DatabaseUrl, Direction, Engine, Error as DbError, FORMAT, Fence, Glance, HistoryRow, Holder,
    LockAttempt, OwnTables, Session, State,
};
use driftlock_script::{Directory, Manifest, Migration, Migrations, Version};
use tokio::sync::Mutex;

use crate::manifest::ManifestCheck;
use crate::plan::Source;
use crate::report::{MigrationState, MigrationStatus};
use crate::resume::resume;
use crate::run::{Clock, Record, Run};
use crate::standing::{Recorded, Standing, assess};
use crate::{
    Applied, Cancellation, Error, Finding, OnProgress, Plan, PlannedMigration, Problem, Progress, Provenance, Report,
    Status, chain,
};

/// A database that is connected to, with the place of driftlock's own tables in it.
pub struct Database {
    engine: &'static dyn Engine,
    tables: OwnTables,
    me: Holder,
    inner: Mutex<Inner>,
}

struct Inner {
    session: Box<dyn Session>,
    /// What a look ahead saw, until someone uses it.
    ahead: Option<Option<Glance>>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("engine", &self.engine.name()).finish_non_exhaustive()
    }
}

impl Database {
    /// Connects. `tables` says where driftlock's own tables are. Nothing is written.
    ///
    /// # Errors
    /// Those of [`Engine::connect`].
    pub async fn connect(
        engine: &'static dyn Engine,
        url: &DatabaseUrl,
        options: &ConnectOptions,
        tables: OwnTables,
    ) -> Result<Self, Error> {
        let session = engine.connect(url, options).await?;
        let inner = Mutex::new(Inner { session, ahead: None });
        Ok(Database { engine, tables, me: options.holder.clone(), inner })
    }

    /// Looks what is applied, ahead of the command that needs it: while the files are read, say.
    ///
    /// # Errors
    /// Those of [`Session::glance`].
    pub async fn look_ahead(&self) -> Result<(), Error> {
        let mut inner = self.inner.lock().await;
        let glance = inner.session.glance(&self.tables).await?;
        inner.ahead = Some(glance);
        Ok(())
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &'static dyn Engine {
        self.engine
    }

    /// Ends the session in good order.
    pub async fn close(self) {
        self.inner.into_inner().session.close().await;
    }
}

impl Inner {
    async fn glance(&mut self, tables: &OwnTables) -> Result<Option<Glance>, DbError> {
        match self.ahead.take() {
            Some(glance) => Ok(glance),
            None => self.session.glance(tables).await,
        }
    }
}

/// What an environment says of undoing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rollback {
    /// It may be done.
    #[default]
    Allow,
    /// It needs an approval.
    Approved,
    /// It is never done there.
    Deny,
}

/// How to run. Every field has a sensible default.
#[derive(Debug, Clone)]
pub struct Options {
    /// The environment, where it is a named one: the database is stamped with it, and one of another environment is refused.
    pub environment: Option<String>,
    /// Whether the environment is protected.
    pub protected: bool,
    /// Whether migrations may be undone there.
    pub rollback: Rollback,
    /// Apply pending versions below the highest applied one.
    pub out_of_order: bool,
    /// Stop behind this version (`up`), leave it applied (`down`). As a person writes it.
    pub to: Option<String>,
    /// At most so many.
    pub steps: Option<usize>,
    /// `down`: all of them.
    pub all: bool,
    /// How long to wait for the lock.
    pub lock_wait: Duration,
    /// How long a statement may wait for a lock of the database's own; a file's directive goes before it. Zero is for ever.
    pub lock_timeout: Duration,
    /// How long a statement may run; a file's directive goes before it. Zero is for ever.
    pub statement_timeout: Duration,
    /// How often a transaction is tried that waited too long for a lock.
    pub attempts: u32,
    /// Why, in a person's words; kept in the history.
    pub reason: Option<String>,
    /// Put who and where as a comment behind each statement.
    pub comment_statements: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            environment: None,
            protected: false,
            rollback: Rollback::Allow,
            out_of_order: false,
            to: None,
            steps: None,
            all: false,
            lock_wait: Duration::from_secs(300),
            lock_timeout: Duration::from_secs(5),
            statement_timeout: Duration::ZERO,
            attempts: 10,
            reason: None,
            comment_statements: false,
        }
    }
}

/// Runs migrations on databases.
#[derive(Clone)]
pub struct Migrator {
    migrations: Migrations,
    manifest: Option<ManifestCheck>,
    provenance: Provenance,
    options: Options,
    progress: Option<OnProgress>,
    cancellation: Cancellation,
}

impl std::fmt::Debug for Migrator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Migrator").field("migrations", &self.migrations.list().len()).finish_non_exhaustive()
    }
}

/// What a command found when it looked.
struct View {
    standing: Standing,
    glance: Option<Glance>,
    notes: Vec<String>,
}

impl Migrator {
    /// For these migrations, with what the process's environment says of who and where.
    #[must_use]
    pub fn new(migrations: &Migrations) -> Self {
        Migrator {
            migrations: migrations.clone(),
            manifest: None,
            provenance: Provenance::from_process(),
            options: Options::default(),
            progress: None,
            cancellation: Cancellation::new(),
        }
    }

    /// Holds the files against a manifest. `root` is the folder that its paths are from, `directory` that of the migrations.
    #[must_use]
    pub fn manifest(mut self, manifest: Manifest, root: PathBuf, directory: &Directory) -> Self {
        self.manifest = Some(ManifestCheck::new(manifest, root, directory));
        self
    }

    /// Who and where, for the history.
    #[must_use]
    pub fn provenance(mut self, provenance: Provenance) -> Self {
        self.provenance = provenance;
        self
    }

    /// Names the environment.
    #[must_use]
    pub fn environment(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        self.provenance.environment.clone_from(&name);
        self.options.environment = Some(name);
        self
    }

    /// How to run.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Tells of what happens, as it happens.
    #[must_use]
    pub fn on_progress(mut self, progress: OnProgress) -> Self {
        self.progress = Some(progress);
        self
    }

    /// Stops when this token says so.
    #[must_use]
    pub fn cancellation(mut self, cancellation: Cancellation) -> Self {
        self.cancellation = cancellation;
        self
    }

    /// What is applied, pending, half-done and ahead; what is wrong comes as data. Writes nothing.
    ///
    /// # Errors
    /// When the database can't be looked at.
    pub async fn status(&self, db: &Database) -> Result<Status, Error> {
        let mut inner = db.inner.lock().await;
        inner.ahead = None;
        let glance = inner.session.glance(&db.tables).await?;
        let mut history = Vec::new();
        if let Some(glance) = &glance {
            history = inner.session.history(&db.tables).await?;
            // A runner may have gone on between the two looks; rows are only ever added.
            history.truncate(usize::try_from(glance.fence.head).unwrap_or(0).max(glance.entries.len()));
        }
        let mut view = self.view(glance)?;
        if let Some(glance) = &view.glance
            && let Err(finding) = chain::verify(&history, &glance.fence)
            && !view.standing.findings.iter().any(|other| other.problem == Problem::Tampered)
        {
            view.standing.findings.insert(0, finding);
        }
        let mut migrations = Vec::new();
        let mut versions: Vec<Version> = view.standing.recorded.keys().cloned().collect();
        versions.extend(self.migrations.list().iter().map(|migration| migration.version.clone()));
        versions.sort();
        versions.dedup();
        for version in versions {
            let migration = self.migrations.find(&version);
            let recorded = view.standing.recorded.get(&version);
            let row = recorded
                .and_then(|recorded| recorded.applied)
                .and_then(|sequence| history.iter().find(|row| row.sequence == sequence));
            let unfinished = recorded.and_then(|recorded| recorded.unfinished.as_ref());
            if migration.is_none() && row.is_none() && unfinished.is_none() {
                // It was undone and its file is gone: nothing of it is left.
                continue;
            }
            let state = match (unfinished, row) {
                (Some(unfinished), _) => {
                    let journal = inner.session.journal(&db.tables, &unfinished.attempt).await?;
                    let done = journal.iter().filter(|row| row.state == driftlock_database::JournalState::Done).count();
                    let failed = history.iter().rev().find(|row| row.attempt == unfinished.attempt);
                    MigrationState::Partial {
                        direction: unfinished.direction,
                        done,
                        error: failed.and_then(|row| row.error.clone()),
                    }
                }
                (None, Some(row)) => applied_state(row),
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
        if view.glance.is_none() {
            self.foreign(inner.session.as_mut(), db, &mut view.notes).await?;
        }
        let server = inner.session.server();
        Ok(Status {
            engine: db.engine.name(),
            server: server.version.clone(),
            database: server.database.clone(),
            stamped: view.glance.and_then(|glance| glance.fence.environment),
            migrations,
            ahead: view.standing.ahead,
            findings: view.standing.findings,
            notes: view.notes,
        })
    }

    /// What `up` would run, statement by statement. Writes nothing.
    ///
    /// # Errors
    /// What stands against running it.
    pub async fn plan(&self, db: &Database) -> Result<Plan, Error> {
        let mut inner = db.inner.lock().await;
        let glance = inner.glance(&db.tables).await?;
        let mut view = self.view(glance)?;
        self.may_run(&view)?;
        let wanted = self.wanted(&view.standing)?;
        if view.glance.is_none() && !wanted.is_empty() {
            self.may_begin(inner.session.as_mut(), db, &mut view.notes).await?;
        }
        let pending = self.plan_up(db.engine, &wanted)?;
        Ok(Plan { pending, notes: view.notes })
    }

    /// What `down` would run. Writes nothing.
    ///
    /// # Errors
    /// What stands against running it.
    pub async fn plan_down(&self, db: &Database) -> Result<Plan, Error> {
        let mut inner = db.inner.lock().await;
        let glance = inner.glance(&db.tables).await?;
        let has_history = glance.is_some();
        let view = self.view(glance)?;
        let history = if has_history { inner.session.history(&db.tables).await? } else { Vec::new() };
        let undo = self.to_undo(&view)?;
        Ok(Plan { pending: self.planned_downs(db.engine, &undo, &history)?, notes: view.notes })
    }

    /// What `redo` would run: the way down, and up again. Writes nothing.
    ///
    /// # Errors
    /// What stands against running it.
    pub async fn plan_redo(&self, db: &Database) -> Result<Plan, Error> {
        let mut plan = self.plan_down(db).await?;
        let mut versions: Vec<Version> = plan.pending.iter().map(|planned| planned.version.clone()).collect();
        versions.sort();
        plan.pending.extend(self.plan_up(db.engine, &versions)?);
        Ok(plan)
    }

    /// Applies what is pending.
    ///
    /// # Errors
    /// See [`Error`]; what was committed before it is in [`Error::applied`].
    pub async fn up(&self, db: &Database) -> Result<Report, Error> {
        let mut inner = db.inner.lock().await;
        let glance = inner.glance(&db.tables).await?;
        let mut view = self.view(glance)?;
        self.may_run(&view)?;
        if self.wanted(&view.standing)?.is_empty() {
            return Ok(report(Vec::new(), &view.standing, view.notes));
        }
        let session = inner.session.as_mut();
        session.ensure_fit().await?;
        // Everything that can be known to stop it is known before anything runs.
        self.plan_up(db.engine, &self.wanted(&view.standing)?)?;
        if view.glance.is_none() {
            self.may_begin(session, db, &mut view.notes).await?;
        }
        for note in &view.notes {
            self.tell(Progress::Note(note.clone()));
        }
        let still_wanted = |standing: &Standing| self.wanted(standing).map(|wanted| !wanted.is_empty());
        if !self.lock(session, db, still_wanted).await? {
            let view = self.view(session.glance(&db.tables).await?)?;
            return Ok(report(Vec::new(), &view.standing, view.notes));
        }
        let result = self.up_locked(session, db).await;
        finish(session, result).await
    }

    async fn up_locked(&self, session: &mut dyn Session, db: &Database) -> Result<Report, Error> {
        session.prepare_tables(&db.tables).await?;
        let (history, view) = self.view_whole(session, db).await?;
        self.may_run(&view)?;
        let wanted = self.wanted(&view.standing)?;
        if wanted.is_empty() {
            return Ok(report(Vec::new(), &view.standing, view.notes));
        }
        let planned = self.plan_up(db.engine, &wanted)?;
        let mut run = self.run(session, db, &history).await?;
        for (planned, number) in planned.iter().zip(1..) {
            let unfinished = view.standing.recorded.get(&planned.version).and_then(|it| it.unfinished.as_ref());
            run.step(planned, unfinished, number, wanted.len()).await?;
        }
        let applied = std::mem::take(&mut run.applied);
        let mut report = report(applied, &view.standing, view.notes);
        report.pending.retain(|version| !wanted.contains(version));
        Ok(report)
    }

    /// Undoes what was applied last.
    ///
    /// # Errors
    /// See [`Error`]; what was committed before it is in [`Error::applied`].
    pub async fn down(&self, db: &Database) -> Result<Report, Error> {
        let mut inner = db.inner.lock().await;
        inner.ahead = None;
        let session = inner.session.as_mut();
        let view = self.view(session.glance(&db.tables).await?)?;
        if self.to_undo(&view)?.is_empty() {
            return Ok(report(Vec::new(), &view.standing, view.notes));
        }
        session.ensure_fit().await?;
        let still_wanted = |standing: &Standing| Ok(!standing.applied_in_order().is_empty());
        if !self.lock(session, db, still_wanted).await? {
            let view = self.view(session.glance(&db.tables).await?)?;
            return Ok(report(Vec::new(), &view.standing, view.notes));
        }
        let result = self.down_locked(session, db, false).await;
        finish(session, result).await
    }

    /// Undoes what was applied last and applies it again.
    ///
    /// # Errors
    /// See [`Error`]; what was committed before it is in [`Error::applied`].
    pub async fn redo(&self, db: &Database) -> Result<Report, Error> {
        let mut inner = db.inner.lock().await;
        inner.ahead = None;
        let session = inner.session.as_mut();
        let view = self.view(session.glance(&db.tables).await?)?;
        if self.to_undo(&view)?.is_empty() {
            return Ok(report(Vec::new(), &view.standing, view.notes));
        }
        session.ensure_fit().await?;
        let still_wanted = |standing: &Standing| Ok(!standing.applied_in_order().is_empty());
        if !self.lock(session, db, still_wanted).await? {
            let view = self.view(session.glance(&db.tables).await?)?;
            return Ok(report(Vec::new(), &view.standing, view.notes));
        }
        let result = self.down_locked(session, db, true).await;
        finish(session, result).await
    }

    async fn down_locked(&self, session: &mut dyn Session, db: &Database, again: bool) -> Result<Report, Error> {
        session.prepare_tables(&db.tables).await?;
        let (history, view) = self.view_whole(session, db).await?;
        let undo = self.to_undo(&view)?;
        let mut planned = self.planned_downs(db.engine, &undo, &history)?;
        if again {
            let mut versions: Vec<Version> = undo.iter().map(|record| record.version.clone()).collect();
            versions.sort();
            planned.extend(self.plan_up(db.engine, &versions)?);
        }
        let mut run = self.run(session, db, &history).await?;
        let of = planned.len();
        for (planned, number) in planned.iter().zip(1..) {
            let unfinished = view
                .standing
                .recorded
                .get(&planned.version)
                .and_then(|it| it.unfinished.as_ref())
                .filter(|_| planned.direction == Direction::Down);
            run.step(planned, unfinished, number, of).await?;
        }
        let applied = std::mem::take(&mut run.applied);
        let view = self.view(session.glance(&db.tables).await?)?;
        Ok(report(applied, &view.standing, view.notes))
    }

    /// Declares every version up to this one as applied, without running it: for a database that had them before driftlock came.
    ///
    /// # Errors
    /// When the version isn't there, or the history already has a part of it.
    pub async fn baseline(&self, db: &Database, version: &str) -> Result<Report, Error> {
        let upto = self.version(version)?;
        let mut inner = db.inner.lock().await;
        inner.ahead = None;
        let session = inner.session.as_mut();
        let view = self.view(session.glance(&db.tables).await?)?;
        self.may_declare(&view)?;
        session.ensure_fit().await?;
        self.lock(session, db, |_| Ok(true)).await?;
        let result = self.baseline_locked(session, db, &upto).await;
        finish(session, result).await
    }

    async fn baseline_locked(&self, session: &mut dyn Session, db: &Database, upto: &Version) -> Result<Report, Error> {
        session.prepare_tables(&db.tables).await?;
        let (history, view) = self.view_whole(session, db).await?;
        self.may_declare(&view)?;
        let declared: Vec<&Migration> = self
            .migrations
            .list()
            .iter()
            .filter(|it| it.version <= *upto && view.standing.pending.contains(&it.version))
            .collect();
        let mut run = self.run(session, db, &history).await?;
        let attempt = uuid::Uuid::now_v7().simple().to_string();
        let mut rows: Vec<HistoryRow> = Vec::new();
        let mut applied = Vec::new();
        for migration in declared {
            let rollback_sql = migration.down.as_ref().map(|down| self.migrations.text(down)).transpose()?;
            let row =
                run.history_row(Record { rollback_sql, ..record(&attempt, migration, Direction::Baseline, run.now()) });
            rows.push(follow(rows.last(), row));
            applied.push(self.declared(migration, Direction::Baseline));
        }
        if !rows.is_empty() {
            run.commit(rows, &[]).await?;
        }
        let mut view = self.view(session.glance(&db.tables).await?)?;
        view.notes.push(
            "the database was not compared with a replay of these versions: check that it has what they make"
                .to_owned(),
        );
        Ok(report(applied, &view.standing, view.notes))
    }

    /// Accepts an edited file as what was applied. Wants a reason, which the history keeps.
    ///
    /// # Errors
    /// When there is no reason, the version isn't applied, or its file is gone.
    pub async fn accept(&self, db: &Database, version: &str) -> Result<Report, Error> {
        if self.options.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
            return Err(Error::Usage("`accept` wants a reason, which the history keeps: `--reason TEXT`".to_owned()));
        }
        let version = self.version(version)?;
        let mut inner = db.inner.lock().await;
        inner.ahead = None;
        let session = inner.session.as_mut();
        let view = self.view(session.glance(&db.tables).await?)?;
        if view.standing.recorded.get(&version).is_none_or(|record| record.applied.is_none()) {
            return Err(Error::Usage(format!(
                "version {version} is not applied: an edit of its file needs no accepting"
            )));
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
        session.prepare_tables(&db.tables).await?;
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
        let rollback_sql = migration.down.as_ref().map(|down| self.migrations.text(down)).transpose()?;
        let row = run.history_row(Record { rollback_sql, ..record(&attempt, migration, Direction::Accept, run.now()) });
        run.commit(vec![row], &[]).await?;
        let applied = vec![self.declared(migration, Direction::Accept)];
        Ok(report(applied, &view.standing, view.notes))
    }

    /// Holds files and manifest against what the database has.
    fn view(&self, glance: Option<Glance>) -> Result<View, Error> {
        if let Some(glance) = glance.as_ref().filter(|glance| glance.fence.format > FORMAT) {
            return Err(DbError::Format { found: glance.fence.format, known: FORMAT }.into());
        }
        let manifest = self.manifest.as_ref().map(ManifestCheck::manifest);
        let mut standing = assess(&self.migrations, manifest, glance.as_ref());
        let mut notes = Vec::new();
        if let Some(check) = &self.manifest {
            let is_pending = |version: &Version| standing.pending.contains(version);
            let (findings, told) = check.compare(&self.migrations, is_pending, self.options.protected)?;
            standing.findings.extend(findings);
            notes.extend(told);
        }
        if !standing.ahead.is_empty() {
            let versions: Vec<&str> = standing.ahead.iter().map(Version::as_str).collect();
            notes.push(format!(
                "the database is ahead of these files: it has {}, which a newer release brought",
                versions.join(", ")
            ));
        }
        Ok(View { standing, glance, notes })
    }

    /// The same, from the whole history, whose chain is followed. Needs the lock.
    async fn view_whole(&self, session: &mut dyn Session, db: &Database) -> Result<(Vec<HistoryRow>, View), Error> {
        let glance = session.glance(&db.tables).await?;
        let history = session.history(&db.tables).await?;
        let view = self.view(glance)?;
        if let Some(glance) = &view.glance {
            chain::verify(&history, &glance.fence).map_err(|finding| Error::Integrity(vec![finding]))?;
        }
        Ok((history, view))
    }

    /// Integrity first, then what may be done.
    fn may_run(&self, view: &View) -> Result<(), Error> {
        if !view.standing.findings.is_empty() {
            return Err(Error::Integrity(view.standing.findings.clone()));
        }
        self.is_our_environment(view.glance.as_ref().map(|glance| &glance.fence))?;
        let half_undone = view
            .standing
            .recorded
            .values()
            .find(|it| it.unfinished.as_ref().is_some_and(|it| it.direction == Direction::Down));
        if let Some(record) = half_undone {
            return Err(refused(
                "DL0501",
                format!(
                    "version {} is half undone: finish that with `driftlock down`, then run `up` again",
                    record.version
                ),
            ));
        }
        if !view.standing.out_of_order.is_empty() && !self.options.out_of_order {
            let files: Vec<String> = view
                .standing
                .out_of_order
                .iter()
                .filter_map(|version| self.migrations.find(version))
                .map(|migration| format!("`{}`", self.migrations.display(&migration.up)))
                .collect();
            return Err(refused(
                "DL0502",
                format!(
                    "out of order: {} {} older than what is already applied; give {} a newer version, or apply {} all the same with `--out-of-order`",
                    files.join(", "),
                    if files.len() == 1 { "is" } else { "are" },
                    if files.len() == 1 { "it" } else { "them" },
                    if files.len() == 1 { "it" } else { "them" },
                ),
            ));
        }
        Ok(())
    }

    fn is_our_environment(&self, fence: Option<&Fence>) -> Result<(), Error> {
        match (fence.and_then(|fence| fence.environment.as_deref()), self.options.environment.as_deref()) {
            (Some(stamped), Some(ours)) if stamped != ours => Err(refused(
                "DL0503",
                format!(
                    "this database belongs to the environment `{stamped}` and not to `{ours}`: check the URL, or name `{stamped}` with `--env`"
                ),
            )),
            _ => Ok(()),
        }
    }

    /// What `baseline` needs, and `accept` beside the edited file.
    fn may_declare(&self, view: &View) -> Result<(), Error> {
        if !view.standing.findings.is_empty() {
            return Err(Error::Integrity(view.standing.findings.clone()));
        }
        self.is_our_environment(view.glance.as_ref().map(|glance| &glance.fence))
    }

    /// Whether a database without own tables may get them.
    async fn may_begin(&self, session: &mut dyn Session, db: &Database, notes: &mut Vec<String>) -> Result<(), Error> {
        let around = session.surroundings(&db.tables).await?;
        if (around.objects > 0 || !around.foreign_histories.is_empty()) && session.glance(&db.tables).await?.is_some() {
            // Another runner has begun between the two looks: what is here is its doing.
            return Ok(());
        }
        if let Some((tool, table)) = around.foreign_histories.first() {
            return Err(refused(
                "DL0504",
                format!(
                    "{tool} has migrated this database (its table `{table}` is here): take its history over with `driftlock adopt`, \
                     or declare what is applied with `driftlock baseline VERSION`; nothing was changed"
                ),
            ));
        }
        if around.objects == 0 {
            return Ok(());
        }
        let found = format!("this database has {} objects and no history of driftlock", around.objects);
        if self.options.protected {
            return Err(refused(
                "DL0505",
                format!(
                    "{found}, and its environment is protected: say which version it is at with `driftlock baseline VERSION`; nothing was changed"
                ),
            ));
        }
        notes.push(format!("{found}: every version is taken as pending, and nothing was compared with a replay"));
        Ok(())
    }

    async fn foreign(&self, session: &mut dyn Session, db: &Database, notes: &mut Vec<String>) -> Result<(), Error> {
        let around = session.surroundings(&db.tables).await?;
        if let Some((tool, table)) = around.foreign_histories.first() {
            notes.push(format!("{tool} has migrated this database (its table `{table}` is here): `up` will refuse it"));
        } else if around.objects > 0 {
            notes.push(format!("this database has {} objects and no history of driftlock", around.objects));
        }
        Ok(())
    }

    /// A version as a person writes it: one that the files know.
    fn version(&self, text: &str) -> Result<Version, Error> {
        let version = self.migrations.layout().version(text.trim());
        if self.migrations.find(&version).is_some() {
            return Ok(version);
        }
        let near = self.migrations.list().iter().map(|it| it.version.as_str()).filter(|it| it.starts_with(text.trim()));
        let near: Vec<&str> = near.take(3).collect();
        let hint = match near.as_slice() {
            [] => "`driftlock status` lists them".to_owned(),
            near => format!("did you mean {}?", near.join(", ")),
        };
        Err(Error::Usage(format!("there is no version `{text}` in the migrations; {hint}")))
    }

    /// The pending versions that this run is about.
    fn wanted(&self, standing: &Standing) -> Result<Vec<Version>, Error> {
        let mut wanted = standing.pending.clone();
        if let Some(to) = &self.options.to {
            let to = self.version(to)?;
            wanted.retain(|version| *version <= to);
        }
        wanted.truncate(self.options.steps.unwrap_or(usize::MAX));
        Ok(wanted)
    }

    fn plan_up(&self, engine: &dyn Engine, versions: &[Version]) -> Result<Vec<PlannedMigration>, Error> {
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
                    rollback_sql: migration.down.as_ref().map(|down| self.migrations.text(down)).transpose()?,
                    text: self.migrations.text(&migration.up)?,
                };
                planned(engine, source)
            })
            .collect()
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
        let mut undo: Vec<Recorded> = view.standing.applied_in_order().into_iter().rev().cloned().collect();
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
        self.is_our_environment(view.glance.as_ref().map(|glance| &glance.fence))?;
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

    fn planned_downs(
        &self,
        engine: &dyn Engine,
        undo: &[Recorded],
        history: &[HistoryRow],
    ) -> Result<Vec<PlannedMigration>, Error> {
        undo.iter()
            .map(|record| {
                let migration = self.migrations.find(&record.version);
                let row = history.iter().find(|row| Some(row.sequence) == record.applied);
                let (file, text) = match (migration.and_then(|it| it.down.as_ref()), row) {
                    (Some(down), _) => (self.migrations.display(down), self.migrations.text(down)?),
                    (None, Some(HistoryRow { rollback_sql: Some(sql), .. })) if migration.is_none() => {
                        (format!("the history's down script of {}_{}", record.version, record.name), sql.clone())
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
                planned(engine, source)
            })
            .collect()
    }

    /// Polls for the lock. `false` when there is nothing left to do for it.
    async fn lock(
        &self,
        session: &mut dyn Session,
        db: &Database,
        still_wanted: impl Fn(&Standing) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        let began = Instant::now();
        let mut told: Option<Instant> = None;
        loop {
            if self.cancellation.is_cancelled() {
                return Err(Error::Interrupted { during: None, applied: Vec::new() });
            }
            let holder = match session.try_lock(&db.tables, &db.me).await? {
                LockAttempt::Held => return Ok(true),
                LockAttempt::Busy(holder) => holder,
            };
            let waited = began.elapsed();
            if waited >= self.options.lock_wait {
                return Err(Error::Locked { holder, waited });
            }
            if told.is_none_or(|told| told.elapsed() >= Duration::from_secs(5)) {
                told = Some(Instant::now());
                self.tell(Progress::Waiting { holder, waited, until: self.options.lock_wait });
            }
            let left = self.options.lock_wait.saturating_sub(waited);
            let pause = Duration::from_millis(fastrand::u64(40..200)).min(left);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.cancellation.cancelled() => {}
            }
            // The holder may have done all of it by now.
            if let Some(glance) = session.glance(&db.tables).await? {
                let view = self.view(Some(glance))?;
                if view.standing.findings.is_empty() && !still_wanted(&view.standing)? {
                    return Ok(false);
                }
            }
        }
    }

    /// Takes the fence. Needs the lock, and the history as it is.
    async fn run<'a>(
        &'a self,
        session: &'a mut dyn Session,
        db: &'a Database,
        history: &[HistoryRow],
    ) -> Result<Run<'a>, Error> {
        let named = self.options.environment.as_deref();
        let (fence, now) = session.take_fence(&db.tables, named).await?;
        self.is_our_environment(Some(&fence))?;
        let (head, head_chain) = history.last().map_or((0, String::new()), |row| (row.sequence, row.chain.clone()));
        Ok(Run {
            session,
            engine: db.engine,
            tables: &db.tables,
            options: &self.options,
            provenance: &self.provenance,
            progress: self.progress.as_ref(),
            cancellation: &self.cancellation,
            clock: Clock::new(now),
            token: fence.token,
            head,
            head_chain,
            applied: Vec::new(),
        })
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

    fn tell(&self, progress: Progress) {
        if let Some(on_progress) = &self.progress {
            on_progress(&progress);
        }
    }
}

impl Run<'_> {
    /// One migration, taken up where an earlier attempt left it.
    async fn step(
        &mut self,
        planned: &PlannedMigration,
        unfinished: Option<&crate::standing::Unfinished>,
        number: usize,
        of: usize,
    ) -> Result<(), Error> {
        let resumed = match unfinished {
            None => None,
            Some(unfinished) => {
                let dialect = self.engine.dialect();
                let wait = self.options.lock_wait;
                let resumed = resume(self.session, self.tables, dialect, planned, unfinished, wait).await;
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

/// Gives the lock back, whatever happened. What happened goes before what came of giving it back.
async fn finish(session: &mut dyn Session, result: Result<Report, Error>) -> Result<Report, Error> {
    let unlocked = session.unlock().await;
    let mut report = result?;
    if let Err(error) = unlocked {
        report
            .notes
            .push(format!("the lock could not be given back in good order ({error}); it ends with the connection"));
    }
    Ok(report)
}

fn report(applied: Vec<Applied>, standing: &Standing, notes: Vec<String>) -> Report {
    Report { applied, pending: standing.pending.clone(), ahead: standing.ahead.clone(), notes }
}

fn planned(engine: &dyn Engine, source: Source) -> Result<PlannedMigration, Error> {
    PlannedMigration::new(engine, source).map_err(|problems| match problems.into_iter().next() {
        Some(place) => Error::Script(Box::new(place)),
        None => Error::Usage("a script can't be run, and nothing says why".to_owned()),
    })
}

fn record(attempt: &str, migration: &Migration, direction: Direction, now: driftlock_database::Timestamp) -> Record {
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
    }
}

/// A row put behind others that are written with it.
pub(crate) fn follow(last: Option<&HistoryRow>, mut row: HistoryRow) -> HistoryRow {
    if let Some(last) = last {
        row.sequence = last.sequence + 1;
        row.chain = chain::link(&last.chain, &row);
    }
    row
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

fn refused(code: &'static str, message: String) -> Error {
    Error::Refused { code, message }
}
