//! Any source is asked for its schema in the same way.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use driftlock_database::{Census, ColumnOrder, DatabaseUrl, Engine, Inspection, Likeness};
use driftlock_schema::Filter;
use driftlock_script::{Dialect, Directory, Layout, LockFile, Migrations, Renaming, Values, renamings};
use tokio::process::Command;

use super::{Source, git, one_file};
use crate::shadow::Scratch;
use crate::versions::replay;
use crate::{Cancellation, Database, Error, Proof, Provenance, Settings, Shadow, Unproved};

/// Reads sources, by the settings of a project.
#[derive(Debug, Clone)]
pub struct Sources {
    engines: &'static [&'static dyn Engine],
    settings: Settings,
    provenance: Provenance,
    engine: Option<&'static dyn Engine>,
    filter: Filter,
    shadow: Option<Shadow>,
    folder: PathBuf,
    likeness: Likeness,
    renames: Vec<Renaming>,
    order: ColumnOrder,
    cancellation: Cancellation,
}

/// What was read of a source.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The engine.
    pub engine: &'static dyn Engine,
    /// The product and version of the server that it was read from, or, of what is no database, that it was realised on.
    pub version: String,
    /// The schema, and what isn't in it.
    pub inspection: Inspection,
    /// What came of proving it, where that was asked for.
    pub proof: Option<Vec<Unproved>>,
}

/// A reading, and what the engine itself says of what was read.
pub(crate) struct Accounted {
    pub(crate) reading: Reading,
    /// Nothing of a lock file, which is no database, and where nobody wanted it.
    pub(crate) census: Option<Census>,
    /// What a database has to be like to hold it.
    pub(crate) likeness: Likeness,
    /// What its scripts say was called otherwise before.
    pub(crate) renamings: Vec<Renaming>,
}

/// What a source is read from.
enum Opened {
    Lock(Box<LockFile>),
    Database(Box<Database>),
    /// With the place where it was made, and what its scripts say was called otherwise before.
    Scratch(Box<(Scratch, Shadow)>, Vec<Renaming>),
}

/// What a source that is no database has.
enum Found {
    Scripts(Scripts),
    Lock(Box<LockFile>),
}

/// Statements, and how far they are replayed.
struct Scripts {
    migrations: Migrations,
    to: Option<String>,
}

impl Sources {
    /// By the settings of an environment, or of none: a server for scratch databases, options of connections, layout and values of scripts.
    #[must_use]
    pub fn new(engines: &'static [&'static dyn Engine], settings: Settings, provenance: Provenance) -> Self {
        let filter = Filter::new();
        let (engine, shadow, folder) = (None, None, PathBuf::from("."));
        let (likeness, renames, cancellation) = (Likeness::new(), Vec::new(), Cancellation::new());
        let order = ColumnOrder::Told;
        Sources {
            engines,
            settings,
            provenance,
            engine,
            filter,
            shadow,
            folder,
            likeness,
            renames,
            order,
            cancellation,
        }
    }

    /// The engine of what doesn't tell.
    #[must_use]
    pub fn engine(mut self, engine: &'static dyn Engine) -> Self {
        self.engine = Some(engine);
        self
    }

    /// What is looked at.
    #[must_use]
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Where scratch databases are made, in place of what the settings say.
    #[must_use]
    pub fn shadow(mut self, shadow: Shadow) -> Self {
        self.shadow = Some(shadow);
        self
    }

    /// What becomes of columns in another order, in place of telling it.
    #[must_use]
    pub fn column_order(mut self, order: ColumnOrder) -> Self {
        self.order = order;
        self
    }

    /// The folder that relative paths are from, in place of the working directory.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = folder.into();
        self
    }

    /// Stops when this token says so; scratch databases are dropped before.
    #[must_use]
    pub fn cancellation(mut self, cancellation: Cancellation) -> Self {
        self.cancellation = cancellation;
        self
    }

    /// The schema of a source. What is no database is realised on a shadow and read back: the engine itself says what it means.
    ///
    /// # Errors
    /// When it can't be read, when nothing tells its engine, and when there is no place for a shadow that it needs.
    pub async fn read(&self, source: &Source) -> Result<Reading, Error> {
        self.reading(source, false).await
    }

    /// The same, proved: a database is made from what was read alone, and both are compared by the engine's own account.
    ///
    /// # Errors
    /// As [`read`](Self::read); a lock file has no database to be compared with.
    pub async fn prove(&self, source: &Source) -> Result<Reading, Error> {
        self.reading(source, true).await
    }

    /// The engine of a source, where it tells or the settings do.
    ///
    /// # Errors
    /// When nothing tells.
    pub fn engine_of(&self, source: &Source) -> Result<&'static dyn Engine, Error> {
        let by_scheme =
            |url: &DatabaseUrl| self.engines.iter().copied().find(|it| it.schemes().contains(&url.scheme.as_str()));
        if let Source::Database(url) = source {
            let known: Vec<String> = self.engines.iter().map(|it| format!("`{}://`", it.schemes()[0])).collect();
            return by_scheme(url).ok_or_else(|| {
                Error::Usage(format!("`{}://` is the scheme of no engine; there are {}", url.scheme, known.join(", ")))
            });
        }
        if let Some(engine) = self.engine {
            return Ok(engine);
        }
        if let Source::Directory { path, .. } = source {
            let here = self.folder.join(path).canonicalize().ok();
            let is_here = |other: &Path| here.is_some() && other.canonicalize().ok() == here;
            let named =
                self.settings.migrations.iter().find(|place| is_here(&place.path)).and_then(|place| place.engine);
            if let Some(engine) = self.engines.iter().find(|it| Some(it.name()) == named) {
                return Ok(*engine);
            }
        }
        // A secret that can't be had tells nothing; whoever needs the database says why.
        let urls = [self.settings.database_url(), self.settings.shadow_database_url()];
        let found = urls.iter().filter_map(|url| url.as_ref().ok()?.as_ref()).find_map(by_scheme);
        found.ok_or_else(|| {
            Error::Usage(format!(
                "nothing tells which engine `{source}` is for: name it with `--engine sqlite`, `--engine postgres` or `--engine mysql`, or work in an \
                 environment that has a URL"
            ))
        })
    }

    async fn reading(&self, source: &Source, prove: bool) -> Result<Reading, Error> {
        match self.open(source).await? {
            Opened::Lock(_) if prove => {
                let message = format!(
                    "{source}: a lock file is a schema and no database: there is nothing to prove it against; `driftlock check` holds it against the migrations"
                );
                Err(Error::Usage(message))
            }
            Opened::Lock(lock) => self.of_lock(*lock),
            Opened::Database(db) => {
                let reading = async {
                    let shadow = if prove { Some(self.shadow_of(db.engine()).await?) } else { None };
                    self.of(&db, shadow.as_ref()).await
                };
                let reading = reading.await;
                db.close().await;
                reading
            }
            Opened::Scratch(made, _) => {
                let (scratch, shadow) = *made;
                let reading = self.of(&scratch.database, Some(&shadow).filter(|_| prove)).await;
                scratch.end(reading).await
            }
        }
    }

    /// The same, with the engine's own account of what was read, where that is `wanted`.
    pub(crate) async fn accounted(&self, source: &Source, wanted: bool) -> Result<Accounted, Error> {
        let account = async |db: &Database, renamings: Vec<Renaming>| {
            let reading = self.of(db, None).await?;
            let census = if wanted { Some(self.unless_cancelled(db.census(&self.filter)).await?) } else { None };
            let likeness = db.in_use().await.session.likeness().await?;
            Ok(Accounted { reading, census, likeness, renamings })
        };
        match self.open(source).await? {
            Opened::Lock(lock) => {
                let likeness = lock.database.clone();
                Ok(Accounted { reading: self.of_lock(*lock)?, census: None, likeness, renamings: Vec::new() })
            }
            Opened::Database(db) => {
                let accounted = account(&db, Vec::new()).await;
                db.close().await;
                accounted
            }
            Opened::Scratch(made, renamings) => {
                let (scratch, _) = *made;
                let accounted = account(&scratch.database, renamings).await;
                scratch.end(accounted).await
            }
        }
    }

    /// A database that holds what a source says, where it isn't a schema already.
    async fn open(&self, source: &Source) -> Result<Opened, Error> {
        if *source == Source::Models {
            return Err(Error::Usage(
                "`models:` can't be read by this version yet: take what your code's own tools print with `cmd:COMMAND`, a file of statements with \
                 `sql:FILE`, or the migrations with `dir:PATH`"
                    .to_owned(),
            ));
        }
        if let Source::Database(url) = source {
            let options = self.settings.connect_options(&self.provenance);
            let connecting = Database::connect(self.engine_of(source)?, url, &options, self.settings.own_tables());
            return Ok(Opened::Database(Box::new(self.unless_cancelled(connecting).await?)));
        }
        let Scripts { migrations, to } = match self.unless_cancelled(self.found(source)).await? {
            Found::Scripts(scripts) => scripts,
            Found::Lock(lock) => return Ok(Opened::Lock(lock)),
        };
        let engine = self.engine_of(source)?;
        let shadow = self.shadow_for(engine, Some(&migrations)).await?;
        let renamings = match source {
            Source::Sql(_) | Source::Command(_) => renamed_in(&migrations, engine.dialect())?,
            Source::Git { path, .. } if path.ends_with(".sql") => renamed_in(&migrations, engine.dialect())?,
            // What a migration renames, it renames itself.
            _ => Vec::new(),
        };
        let scratch = shadow.database(None).await?;
        match replay(&scratch.database, &migrations, to, &self.cancellation).await {
            Ok(_) => Ok(Opened::Scratch(Box::new((scratch, shadow)), renamings)),
            Err(error) => scratch.end(Err(error)).await,
        }
    }

    /// Where scratch databases of an engine are made.
    pub(crate) async fn shadow_of(&self, engine: &'static dyn Engine) -> Result<Shadow, Error> {
        self.shadow_for(engine, None).await
    }

    /// The same, fit for what these migrations do.
    pub(crate) async fn shadow_for(
        &self,
        engine: &'static dyn Engine,
        migrations: Option<&Migrations>,
    ) -> Result<Shadow, Error> {
        let shadow = match &self.shadow {
            Some(shadow) => shadow.clone().cancellation(self.cancellation.clone()),
            None => {
                let mut search = self.settings.shadow(engine, &self.provenance)?;
                if let Some(migrations) = migrations {
                    search = search.scripts(migrations)?;
                }
                search.cancellation(self.cancellation.clone()).find().await?
            }
        };
        Ok(if self.likeness.is_empty() { shadow } else { shadow.like(self.likeness.clone()) })
    }

    /// What databases are like in which scripts are run.
    pub(crate) fn like(mut self, likeness: Likeness) -> Self {
        self.likeness = likeness;
        self
    }

    /// What has another name in the second of two sources that are compared.
    #[must_use]
    pub fn renames(mut self, renames: impl IntoIterator<Item = Renaming>) -> Self {
        self.renames.extend(renames);
        self
    }

    /// What becomes of columns in another order.
    pub(crate) fn order(&self) -> ColumnOrder {
        self.order
    }

    /// What was said to have another name.
    pub(crate) fn renamings(&self) -> &[Renaming] {
        &self.renames
    }

    /// The layout that the settings name.
    pub(crate) fn layout(&self) -> Option<Layout> {
        self.settings.layout.as_ref().map(|layout| layout.value)
    }

    /// What a layout may put into scripts.
    pub(crate) fn values(&self) -> Result<Values, Error> {
        self.settings.values().map_err(|error| Error::Usage(error.to_string()))
    }

    /// What is looked at.
    pub(crate) fn looked_at(&self) -> &Filter {
        &self.filter
    }

    /// What is in a database, proved where there is a shadow for that.
    async fn of(&self, db: &Database, shadow: Option<&Shadow>) -> Result<Reading, Error> {
        let (inspection, proof) = match shadow {
            Some(shadow) => {
                let Proof { inspection, differences } = db.prove(shadow, &self.filter).await?;
                (inspection, Some(differences))
            }
            None => (self.unless_cancelled(db.inspect(&self.filter)).await?, None),
        };
        let version = db.in_use().await.session.server().version.clone();
        // Whoever reads a schema asks for it, once or more.
        let _ = inspection.schema.fingerprint_of(self.filter.facets());
        Ok(Reading { engine: db.engine(), version, inspection, proof })
    }

    async fn found(&self, source: &Source) -> Result<Found, Error> {
        let layout = self.layout();
        let shown = source.to_string();
        match source {
            Source::Directory { path, version } => {
                let directory = Directory::new(self.folder.join(path)).shown_as(path.display().to_string());
                if !directory.path().is_dir() {
                    return Err(unreadable(&shown, "there is no such directory"));
                }
                let migrations = Migrations::load(Arc::new(directory), layout)?.with_values(self.values()?);
                Ok(Found::Scripts(Scripts { migrations, to: version.clone() }))
            }
            Source::Sql(path) if path.as_os_str() == "-" => {
                let read = tokio::task::spawn_blocking(|| {
                    let mut bytes = Vec::new();
                    std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes).map(|_| bytes)
                });
                let bytes = read.await.map_err(|error| unreadable("standard input", error))?;
                one(bytes.map_err(|error| unreadable("standard input", error))?, "<stdin>")
            }
            Source::Sql(path) => {
                let bytes = std::fs::read(self.folder.join(path))
                    .map_err(|error| unreadable(&path.display().to_string(), error))?;
                one(bytes, &path.display().to_string())
            }
            Source::Git { revision, path } => match git::read(&self.folder, revision, path).await? {
                git::Found::File(bytes) if path.ends_with(".lock") => lock(&bytes, &shown),
                git::Found::File(bytes) => one(bytes, &shown),
                git::Found::Directory(files) => {
                    let migrations =
                        Migrations::load(Arc::new(files.shown_as(shown)), layout)?.with_values(self.values()?);
                    Ok(Found::Scripts(Scripts { migrations, to: None }))
                }
            },
            Source::Lock(path) => {
                let shown = path.display().to_string();
                let bytes = std::fs::read(self.folder.join(path)).map_err(|error| unreadable(&shown, error))?;
                lock(&bytes, &shown)
            }
            Source::Command(words) => one(self.output(&shown, words).await?, &shown),
            Source::Database(_) | Source::Models => Err(unreadable(&shown, "it has no statements")),
        }
    }

    fn of_lock(&self, lock: LockFile) -> Result<Reading, Error> {
        let name = lock.engine.clone();
        let engine = self.engines.iter().copied().find(|engine| engine.name() == name).ok_or_else(|| {
            Error::Usage(format!("the lock file is of {name}, which this program was compiled without"))
        })?;
        let version = lock.version.clone();
        let mut schema = lock.into_schema()?;
        self.filter.apply(&mut schema);
        let inspection = Inspection { schema, unmodelled: Vec::new(), incomplete: Vec::new() };
        Ok(Reading { engine, version, inspection, proof: None })
    }

    /// What a command prints.
    async fn output(&self, shown: &str, words: &[String]) -> Result<Vec<u8>, Error> {
        let (program, arguments) = words.split_first().ok_or_else(|| unreadable(shown, "it names no command"))?;
        // What it says on stderr is for the person that waits for it.
        let child = Command::new(program)
            .args(arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| unreadable(shown, format!("`{program}` can't be started: {error}")))?;
        let output = child.wait_with_output().await.map_err(|error| unreadable(shown, error))?;
        if !output.status.success() {
            return Err(unreadable(shown, format!("`{program}` failed ({})", output.status)));
        }
        Ok(output.stdout)
    }

    async fn unless_cancelled<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        tokio::select! {
            biased;
            result = work => result,
            () = self.cancellation.cancelled() => Err(Error::Interrupted { during: None, applied: Vec::new() }),
        }
    }
}

/// What scripts say was called otherwise before.
fn renamed_in(migrations: &Migrations, dialect: Dialect) -> Result<Vec<Renaming>, Error> {
    let mut all = Vec::new();
    for migration in migrations.list() {
        all.extend(renamings(&migrations.text(&migration.up)?, dialect));
    }
    Ok(all)
}

fn one(bytes: Vec<u8>, shown: &str) -> Result<Found, Error> {
    Ok(Found::Scripts(Scripts { migrations: one_file::migrations(shown, bytes)?, to: None }))
}

fn lock(bytes: &[u8], shown: &str) -> Result<Found, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| unreadable(shown, "it is no UTF-8, and no lock file"))?;
    Ok(Found::Lock(Box::new(LockFile::parse(text, shown)?)))
}

fn unreadable(place: &str, reason: impl ToString) -> Error {
    Error::Source { place: place.to_owned(), reason: reason.to_string() }
}
