//! Runs a command on a database: signals, connecting beside reading, the migrator.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use driftlock::engine::{ConfigError, cache_folder};
use driftlock::script::{LoadError, ManifestError};
use driftlock::{
    Cancellation, Database, Error, Files, Kind, Layout, Manifest, Memory, Migrations, Migrator, Options, Provenance,
    Report, RunId, Settings, Variables,
};
use tracing::Instrument;

use crate::arguments::Global;
use crate::error::CommandError;
use crate::output::Output;
use crate::progress::Teller;
use crate::setup::Target;
use crate::{json, log};

/// A connected database, the migrations for it, and what runs them.
pub(crate) struct Session {
    pub(crate) database: Database,
    pub(crate) migrations: Migrations,
    /// Where the migrations' directory is, as people see it, and whether it was read.
    pub(crate) directory: (String, bool),
    pub(crate) migrator: Migrator,
    pub(crate) teller: Arc<Teller>,
    pub(crate) cancellation: Cancellation,
    settings: Settings,
    provenance: Provenance,
}

impl Session {
    /// With a place to replay migrations, if one has to be found.
    pub(crate) fn with_shadow(mut self) -> Result<Self, CommandError> {
        let search = self.settings.shadow(self.database.engine(), &self.provenance)?;
        self.migrator = self.migrator.shadow(search);
        Ok(self)
    }

    /// Closes, and shows what came of it: notes on stderr, the whole as JSON where that is asked for. Text is the command's own.
    pub(crate) async fn conclude(self, output: &Output, result: Result<Report, Error>) -> Result<Report, CommandError> {
        output.show(None);
        self.database.close().await;
        let report = result?;
        self.teller.notes(&report.notes);
        if output.is_json() {
            output.json(&json::report(&report));
        }
        Ok(report)
    }

    /// Does what changes nothing, unless a signal comes before its end.
    pub(crate) async fn look<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, CommandError> {
        tokio::select! {
            result = work => Ok(result?),
            () = self.cancellation.cancelled() => Err(interrupted()),
        }
    }
}

/// A signal came before anything ran.
pub(crate) fn interrupted() -> CommandError {
    Error::Interrupted { during: None, applied: Vec::new() }.into()
}

/// Which look a command takes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look<'a> {
    /// At once, beside the reading of the files: for commands that are most often done after it.
    Ahead,
    /// By itself.
    Later,
    /// By itself, at a database that another tool has migrated: the files are read as that tool reads them. The tool and its table
    /// where they are named.
    Foreign(Option<&'a str>, Option<&'a str>),
    /// By itself, at the own tables alone: no files are read.
    Record,
    /// The same, and the files are read where their directory is there.
    RecordAndFiles,
}

/// The signal that came, 0 for none.
static SIGNAL: AtomicI32 = AtomicI32::new(0);

/// Runs `work` on the database that the arguments name. `adjust` sets what is the command's own.
pub(crate) fn run<T, F>(
    global: &Global,
    output: &Arc<Output>,
    look: Look<'_>,
    adjust: impl FnOnce(&mut Options),
    work: impl FnOnce(Session) -> F,
) -> Result<T, CommandError>
where
    F: Future<Output = Result<T, CommandError>>,
{
    on(Target::new(global)?, global, output, look, adjust, work)
}

/// The same, on a target that is known.
pub(crate) fn on<T, F>(
    target: Target,
    global: &Global,
    output: &Arc<Output>,
    look: Look<'_>,
    adjust: impl FnOnce(&mut Options),
    work: impl FnOnce(Session) -> F,
) -> Result<T, CommandError>
where
    F: Future<Output = Result<T, CommandError>>,
{
    log::start(&target.settings, output)?;
    let run_id = RunId::new();
    let mut options = target.settings.options(&target.provenance);
    options.reason.clone_from(&global.reason);
    options.take_over = global.take_over;
    options.filter = target.settings.filter()?;
    adjust(&mut options);
    let runtime = runtime()?;
    let cancellation = Cancellation::new();
    let whole = async {
        listen(&cancellation)?;
        let opened = tokio::select! {
            opened = open(&target, look) => opened,
            () = cancellation.cancelled() => Err(interrupted()),
        };
        let reads_files = reads_files(&target, look);
        let (database, migrations, manifest) = opened?;
        let migrations = with_flyways_own(migrations, &target, &database).await;
        let teller = Arc::new(Teller::new(Arc::clone(output)));
        teller.notes(database.notes());
        let mut migrator = Migrator::new(&migrations)
            .provenance(target.provenance.clone())
            .options(options)
            .on_progress(Teller::callback(&teller))
            .run_id(run_id)
            .cancellation(cancellation.clone());
        if let Some(folder) = cache_folder(&Variables::of_process()) {
            migrator = migrator.cache(folder);
        }
        let url = target.settings.url_for_hooks()?;
        for hook in target.settings.command_hooks(url.as_deref()) {
            migrator = migrator.hook(hook);
        }
        if let Some(manifest) = manifest {
            migrator = migrator.manifest(manifest, target.root, &target.directory);
        }
        let directory = (target.directory.root().to_owned(), reads_files);
        let session = Session {
            database,
            migrations,
            directory,
            migrator,
            teller,
            cancellation: cancellation.clone(),
            settings: target.settings,
            provenance: target.provenance,
        };
        tokio::select! {
            biased;
            result = work(session) => result,
            error = overdue(&cancellation) => Err(error),
        }
    };
    let result = runtime.block_on(whole.instrument(run_id.span()));
    output.show(None);
    // A prompt that nobody answered must not hold the process.
    runtime.shutdown_background();
    let result = result.map_err(|error| error.after_signal(signal()));
    if let Err(error) = &result {
        run_id.span().in_scope(|| log::failed(error));
    }
    result
}

/// Runs what has no database of its own at hand, until it is done or a signal has come and all is put in order. Whoever gets the token stops by
/// itself: what it made elsewhere is to be taken away first.
pub(crate) fn apart<T, F>(
    settings: &Settings,
    output: &Arc<Output>,
    work: impl FnOnce(Cancellation) -> F,
) -> Result<T, CommandError>
where
    F: Future<Output = Result<T, CommandError>>,
{
    log::start(settings, output)?;
    let run_id = RunId::new();
    let runtime = runtime()?;
    let cancellation = Cancellation::new();
    let whole = async {
        listen(&cancellation)?;
        tokio::select! {
            biased;
            result = work(cancellation.clone()) => result,
            error = overdue(&cancellation) => Err(error),
        }
    };
    let result = runtime.block_on(whole.instrument(run_id.span()));
    output.show(None);
    // What waits for standard input must not hold the process.
    runtime.shutdown_background();
    let result = result.map_err(|error| error.after_signal(signal()));
    if let Err(error) = &result {
        run_id.span().in_scope(|| log::failed(error));
    }
    result
}

/// How long ending in good order may take once a signal came: less than what supervisors allow before they kill.
const GRACE: Duration = Duration::from_secs(8);

/// Comes when a signal has come and the end in good order hasn't: a server that nobody can reach is waited for no longer. What
/// that leaves is what a kill leaves.
async fn overdue(cancellation: &Cancellation) -> CommandError {
    cancellation.cancelled().await;
    tokio::time::sleep(GRACE).await;
    let message = format!("stopped as asked, without an answer from the server for {} s", GRACE.as_secs());
    CommandError::new(Kind::Interrupted, "DL0703", message).hint(
        "what ran last may have been done or not: run the command again, it finds out; `driftlock status` tells what is on record",
    )
}

/// Where everything that waits is run.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, CommandError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::new(Kind::Failed, "DL0701", format!("the runtime can't be started: {error}")))
}

/// The signal that came, if one did.
pub(crate) fn signal() -> Option<i32> {
    Some(SIGNAL.load(Ordering::SeqCst)).filter(|signal| *signal != 0)
}

/// Whether a command that looks so needs the files.
fn reads_files(target: &Target, look: Look<'_>) -> bool {
    match look {
        Look::Record => false,
        Look::RecordAndFiles => target.directory.path().exists(),
        Look::Ahead | Look::Later | Look::Foreign(..) => true,
    }
}

/// Connects, by the target's settings.
pub(crate) async fn connect(target: &Target) -> Result<Database, Error> {
    let options = target.settings.connect_options(&target.provenance);
    Database::connect(target.engine, &target.url, &options, target.settings.own_tables()).await
}

/// Connects, and reads and hashes the files beside it.
async fn open(target: &Target, look: Look<'_>) -> Result<(Database, Migrations, Option<Manifest>), CommandError> {
    // Begun before the connection, not beside it: an embedded engine connects without ever waiting.
    let reading = reads_files(target, look).then(|| read(target, target.layout));
    let database = connect(target).await?;
    if look == Look::Ahead {
        database.look_ahead().await?;
    }
    let Some(reading) = reading else {
        return Ok((database, Migrations::load(Arc::new(Memory::new()), None)?, None));
    };
    let (migrations, manifest) = settle(target, look, &database, reading.await).await?;
    Ok((database, migrations, manifest))
}

/// Reads the files for a database that is connected to.
pub(crate) async fn files(
    target: &Target,
    look: Look<'_>,
    database: &Database,
) -> Result<(Migrations, Option<Manifest>), CommandError> {
    let (migrations, manifest) = settle(target, look, database, read(target, target.layout).await).await?;
    Ok((with_flyways_own(migrations, target, database).await, manifest))
}

/// Flyway's scripts may ask where they run.
async fn with_flyways_own(migrations: Migrations, target: &Target, database: &Database) -> Migrations {
    if migrations.layout() != Layout::Flyway {
        return migrations;
    }
    let facts = database.facts(&target.provenance.environment).await;
    let values = migrations.values().clone().with_flyways_own(&facts);
    migrations.with_values(values)
}

/// Which layout the files have, where only the database tells.
async fn settle(
    target: &Target,
    look: Look<'_>,
    database: &Database,
    reading: Result<(Migrations, Option<Manifest>), ReadError>,
) -> Result<(Migrations, Option<Manifest>), CommandError> {
    let read_as = |layout| async move { read(target, Some(layout)).await.map_err(|error| told(target, error)) };
    match reading {
        Ok((migrations, manifest)) => {
            let other = match (look, target.layout) {
                // driftlock's own names are nobody else's, whatever they would be to another tool.
                (Look::Foreign(from, table), None) if migrations.layout() != Layout::Driftlock => {
                    let layouts = database.foreign_layouts(from, table).await?;
                    layouts.into_iter().find(|layout| *layout != migrations.layout() && migrations.fits(*layout))
                }
                _ => None,
            };
            match other {
                Some(layout) => read_as(layout).await,
                None => Ok((migrations, manifest)),
            }
        }
        // What the names don't tell, the table of the tool that was here before may.
        Err(ReadError::Load(LoadError::Ambiguous { layouts, file, why })) => {
            let (from, table) = if let Look::Foreign(from, table) = look { (from, table) } else { (None, None) };
            let here = database.foreign_layouts(from, table).await?;
            match here.into_iter().find(|layout| layouts.contains(layout)) {
                Some(layout) => read_as(layout).await,
                None => Err(LoadError::Ambiguous { layouts, file, why }.into()),
            }
        }
        Err(error) => Err(told(target, error)),
    }
}

/// Reads the files' names, texts and manifest, on a thread of its own that begins at once.
fn read(
    target: &Target,
    layout: Option<Layout>,
) -> impl Future<Output = Result<(Migrations, Option<Manifest>), ReadError>> + use<> {
    let (directory, root, settings) = (target.directory.clone(), target.root.clone(), target.settings.clone());
    let reading = tokio::task::spawn_blocking(move || {
        let manifest = Manifest::read(&root)?;
        let migrations = Migrations::load(Arc::new(directory), layout)?.with_values(settings.values()?);
        Ok((migrations, manifest))
    });
    async { reading.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())) }
}

/// An error of reading, with what to do about it.
fn told(target: &Target, error: ReadError) -> CommandError {
    match error {
        ReadError::Load(LoadError::Files(error)) if !target.directory.path().exists() => {
            CommandError::from(LoadError::Files(error))
                .hint("there is no such directory: `driftlock init` makes one, `--dir PATH` names another")
        }
        ReadError::Load(error) => error.into(),
        ReadError::Manifest(error) => error.into(),
        ReadError::Config(error) => error.into(),
    }
}

enum ReadError {
    Load(LoadError),
    Manifest(ManifestError),
    Config(ConfigError),
}

impl From<LoadError> for ReadError {
    fn from(error: LoadError) -> Self {
        ReadError::Load(error)
    }
}

impl From<ManifestError> for ReadError {
    fn from(error: ManifestError) -> Self {
        ReadError::Manifest(error)
    }
}

impl From<ConfigError> for ReadError {
    fn from(error: ConfigError) -> Self {
        ReadError::Config(error)
    }
}

/// Lets SIGINT and SIGTERM stop the run in good order, the second one at once. As pid 1 a process that doesn't listen gets neither.
#[cfg(unix)]
pub(crate) fn listen(cancellation: &Cancellation) -> Result<(), CommandError> {
    use tokio::signal::unix::{SignalKind, signal};
    let failed = |error| CommandError::new(Kind::Failed, "DL0702", format!("signals can't be listened for: {error}"));
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let mut signals = signal(kind).map_err(failed)?;
        let cancellation = cancellation.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                if SIGNAL.swap(kind.as_raw_value(), Ordering::SeqCst) != 0 {
                    std::process::exit(128 + kind.as_raw_value());
                }
                cancellation.cancel();
            }
        });
    }
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn listen(cancellation: &Cancellation) -> Result<(), CommandError> {
    let cancellation = cancellation.clone();
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if SIGNAL.swap(2, Ordering::SeqCst) != 0 {
                std::process::exit(130);
            }
            cancellation.cancel();
        }
    });
    Ok(())
}
