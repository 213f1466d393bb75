//! The face of the engine: what a command or a program asks for. A file each beside this one.

mod adopt;
mod audit;
mod before;
mod builder;
mod check;
mod check_lock;
mod confirm;
mod declare;
mod down;
mod lock;
mod rules;
mod status;
mod sync;
mod up;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

pub use audit::{Attempted, Audit, AuditFilter, Verification};
pub use check::{Against, Check};
pub use check_lock::{LockCheck, OtherMajor};
pub use confirm::{Loss, OnConfirm};
pub use sync::Synced;

use driftlock_database::{Direction, HistoryRow, Session, fault};
use driftlock_script::{Body, Dialect, Directory, LoadError, Manifest, Migration, Migrations, Script, Version};

use crate::config::Variables;
use crate::events;
use crate::hooks::Hooks;
use crate::manifest::ManifestCheck;
use crate::plan::{Source, Text};
use crate::standing::Standing;
use crate::versions::Watch;
use crate::{
    Applied, Cancellation, Database, Error, Hook, OnProgress, Options, Place, Plan, PlannedMigration, Progress,
    Provenance, ProvenanceOverrides, Report, RunId, ShadowSearch,
};

/// Runs migrations on databases.
#[derive(Clone)]
pub struct Migrator {
    pub(crate) migrations: Migrations,
    pub(crate) manifest: Option<ManifestCheck>,
    provenance: Option<Provenance>,
    pub(crate) options: Options,
    pub(crate) progress: Option<OnProgress>,
    pub(crate) cancellation: Cancellation,
    confirm: Option<OnConfirm>,
    hooks: Vec<Hook>,
    /// What somebody looked at and agreed to: version and direction of each step.
    agreed: Option<Vec<(Version, Direction)>>,
    /// What all that it does is tied together by, where somebody has said it.
    run_id: Option<RunId>,
    /// Where migrations are replayed.
    shadow: Option<ShadowSearch>,
    /// Where readings are remembered.
    cache: Option<PathBuf>,
    /// Versions that alone are run.
    pub(crate) only: Option<BTreeSet<Version>>,
    /// What reads the schema after each migration of a replay, which runs no hooks.
    pub(crate) watch: Option<Arc<tokio::sync::Mutex<Watch>>>,
}

impl std::fmt::Debug for Migrator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Migrator").field("migrations", &self.migrations.list().len()).finish_non_exhaustive()
    }
}

impl Migrator {
    /// For these migrations, with what the process's environment says of who and where.
    #[must_use]
    pub fn new(migrations: &Migrations) -> Self {
        Migrator {
            migrations: migrations.clone(),
            manifest: ManifestCheck::carried(migrations),
            provenance: None,
            options: Options::default(),
            progress: None,
            cancellation: Cancellation::new(),
            confirm: None,
            hooks: Vec::new(),
            agreed: None,
            run_id: None,
            shadow: None,
            cache: None,
            only: None,
            watch: None,
        }
    }

    /// Holds the files against a manifest, in place of the one that the program carries with them. `root` is the folder that its paths are from, `directory` that of the migrations.
    #[must_use]
    pub fn manifest(mut self, manifest: Manifest, root: PathBuf, directory: &Directory) -> Self {
        self.manifest = Some(ManifestCheck::new(manifest, root, directory));
        self
    }

    /// Who and where, for the history.
    #[must_use]
    pub fn provenance(mut self, provenance: Provenance) -> Self {
        self.provenance = Some(provenance);
        self
    }

    /// Names the environment.
    #[must_use]
    pub fn environment(mut self, name: impl Into<String>) -> Self {
        self.options.environment = Some(name.into());
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

    /// Asks for a yes before something runs that can lose rows or columns ([`Plan::losses`]): `up`, `down` and `redo`, once each, before
    /// they take the lock. Without a yes nothing is changed and the answer is [`Error::Unconfirmed`]. While the lock is waited for
    /// another run may change what is left to do: only what was agreed to runs.
    ///
    /// Where there is nobody to ask, the call itself is the yes: a program that calls `down` means it. The command line asks before
    /// `down` and `redo` on a terminal, and takes `--yes` for the answer elsewhere.
    ///
    /// ```
    /// # use driftlock_engine::Migrator;
    /// # fn example(migrator: Migrator) -> Migrator {
    /// migrator.on_confirm(|plan| {
    ///     let losses = plan.losses.len();
    ///     async move { losses < 2 } // or ask a person, and wait for the answer
    /// })
    /// # }
    /// ```
    #[must_use]
    pub fn on_confirm<F, A>(mut self, confirm: F) -> Self
    where
        F: Fn(&Plan) -> A + Send + Sync + 'static,
        A: Future<Output = bool> + Send + 'static,
    {
        self.confirm = Some(Arc::new(move |plan| Box::pin(confirm(plan))));
        self
    }

    /// Adds a hook. Those of one event run in the order in which they were added, behind the SQL files of an `after_…` event and before those
    /// of a `before_…` one.
    #[must_use]
    pub fn hook(mut self, hook: Hook) -> Self {
        self.hooks.push(hook);
        self
    }

    /// Ties together by this id what everything that this one does tells. Without it each call is a run of its own.
    #[must_use]
    pub fn run_id(mut self, id: RunId) -> Self {
        self.run_id = Some(id);
        self
    }

    /// Runs `down` or `redo` only if, under the lock, it is still what was planned, and `up` only if it is part of it: somebody
    /// looked at the plan and agreed to it. Nobody is asked any more.
    #[must_use]
    pub fn agreed(mut self, plan: &Plan) -> Self {
        self.agreed = Some(steps(&plan.pending));
        self
    }

    /// Who and where. The system is asked only now, when something is going to be written.
    fn who(&self) -> Provenance {
        let environment = self.options.environment.as_deref();
        let detect = || Provenance::detect(environment, &ProvenanceOverrides::default(), &Variables::of_process());
        let mut provenance = self.provenance.clone().unwrap_or_else(detect);
        if let Some(environment) = environment {
            provenance.environment = environment.to_owned();
        }
        provenance
    }

    /// What runs of a script: held, or left in its file where it is long.
    fn text(&self, script: &Script, dialect: Dialect) -> Result<Text, Error> {
        match self.migrations.long(script)? {
            Some(long) => Ok(Text::Long(long)),
            None => self.body(script, dialect).map(Text::Held),
        }
    }

    /// What runs of a script that is held.
    fn body(&self, script: &Script, dialect: Dialect) -> Result<Body, Error> {
        self.migrations.body(script, dialect).map_err(|error| match error {
            LoadError::Body { file, error, line: text } => {
                let driftlock_script::SplitError { message, line, column, .. } = error;
                Error::Script(Box::new(Place { file, line, column, text, message }))
            }
            other => other.into(),
        })
    }

    /// The way down as the history keeps it. One that can't be read stands against nobody's way up: it is told, and the history keeps none.
    fn rollback_sql(&self, migration: &Migration, dialect: Dialect) -> Result<Option<String>, Error> {
        let Some(down) = &migration.down else { return Ok(None) };
        match self.body(down, dialect) {
            Ok(body) => Ok(Some(body.standalone())),
            Err(Error::Script(place)) => {
                self.tell(Progress::Note(format!("{place}; the history keeps no way down of this version")));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// What runs around and inside of these.
    fn hooks(&self, db: &Database, planned: &[PlannedMigration]) -> Result<Hooks, Error> {
        if self.watch.is_some() {
            return Ok(Hooks::default());
        }
        let environment = self.options.environment.as_deref();
        Hooks::new(&self.migrations, db.engine, &db.name, &self.hooks, environment, planned)
    }

    /// With the hooks that would run.
    fn with_hooks(&self, db: &Database, mut plan: Plan) -> Result<Plan, Error> {
        plan.hooks = self.hooks(db, &plan.pending)?.planned(&plan.pending);
        Ok(plan)
    }

    fn tell(&self, progress: Progress) {
        events::tell(self.progress.as_ref(), || progress);
    }
}

/// Gives the lock back, whatever happened. What happened goes before what came of giving it back.
async fn finish(session: &mut dyn Session, result: Result<Report, Error>) -> Result<Report, Error> {
    fault::point("before-unlock").await;
    let unlocked = session.unlock().await;
    events::unlocked(&unlocked);
    let mut report = result?;
    if let Err(error) = unlocked {
        report
            .notes
            .push(format!("the lock could not be given back in good order ({error}); it ends with the connection"));
    }
    Ok(report)
}

fn steps(planned: &[PlannedMigration]) -> Vec<(Version, Direction)> {
    planned.iter().map(|planned| (planned.version.clone(), planned.direction)).collect()
}

/// The row of a sequence, in a history by rising sequence.
fn row_of(history: &[HistoryRow], sequence: i64) -> Option<&HistoryRow> {
    history.binary_search_by_key(&sequence, |row| row.sequence).ok().map(|at| &history[at])
}

fn report(applied: Vec<Applied>, standing: &Standing, notes: Vec<String>) -> Report {
    Report { applied, hooks: Vec::new(), pending: standing.pending.clone(), ahead: standing.ahead.clone(), notes }
}

fn planned(db: &Database, source: Source) -> Result<PlannedMigration, Error> {
    PlannedMigration::new(db.engine, source, Some(&db.name)).map_err(|problems| match problems.into_iter().next() {
        Some(place) => Error::Script(Box::new(place)),
        None => Error::Usage("a script can't be run, and nothing says why".to_owned()),
    })
}
