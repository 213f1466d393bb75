//! Scratch databases of the same engine, where migrations are replayed and values are proved.

mod leftovers;
mod made;
mod realise;
mod search;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use driftlock_database::{
    ConnectOptions, DatabaseUrl, Engine, Event, ExecuteError, Likeness, Observer, OwnTables, Runnable, Session,
    Throwaway,
};
use driftlock_script::Dialect;
use tokio::sync::Mutex;

use crate::{Cancellation, Database, Error};
use made::Made;

pub use search::ShadowSearch;

/// Where scratch databases are made: each is empty at first, and dropped whatever comes of the work in it.
#[derive(Debug, Clone)]
pub struct Shadow {
    engine: &'static dyn Engine,
    place: Place,
    tables: OwnTables,
    likeness: Likeness,
    pub(crate) cancellation: Cancellation,
}

#[derive(Debug, Clone)]
enum Place {
    /// In memory, gone with its connection.
    Memory(DatabaseUrl),
    /// On a server, under a name of their own.
    Server(Arc<Server>),
    /// Each on a server of its own that was started for it, under the name that it has elsewhere: what its scripts do beyond their database harms nobody.
    Own { name: String, first: Arc<Mutex<Option<Throwaway>>> },
}

/// A server on which databases may be made.
#[derive(Debug)]
struct Server {
    url: DatabaseUrl,
    options: ConnectOptions,
    /// The URL is that of the database that the scratch ones are to be like.
    is_target: bool,
    /// It was started for this, and ends with it.
    _guard: Option<Throwaway>,
    /// Somebody has looked for what killed processes left.
    is_swept: AtomicBool,
}

/// An empty database on a shadow. Whoever is done with it says so by [`end`](Self::end); one that is let go instead is dropped as far as that can be
/// done behind everybody's back.
pub(crate) struct Scratch {
    pub(crate) database: Database,
    made: Option<Made>,
}

impl Shadow {
    /// Looks for a place, by the rule that the first that applies is taken.
    #[must_use]
    pub fn search(engine: &'static dyn Engine) -> ShadowSearch {
        ShadowSearch::new(engine)
    }

    /// In memory, where the engine has that.
    #[must_use]
    pub fn in_memory(engine: &'static dyn Engine) -> Option<Self> {
        engine.scratch().map(|url| Self::at(engine, Place::Memory(url)))
    }

    /// A server on which databases may be made.
    #[must_use]
    pub fn on_server(engine: &'static dyn Engine, url: DatabaseUrl, options: ConnectOptions) -> Self {
        Self::at(engine, Place::Server(Arc::new(Server::new(engine, url, options))))
    }

    fn at(engine: &'static dyn Engine, place: Place) -> Self {
        Shadow {
            engine,
            place,
            tables: OwnTables::default(),
            likeness: Likeness::new(),
            cancellation: Cancellation::new(),
        }
    }

    /// Where driftlock's own tables are in scratch databases: where the database has them that is replayed.
    #[must_use]
    pub fn tables(mut self, tables: OwnTables) -> Self {
        self.tables = tables;
        self
    }

    /// What scratch databases are like where there is no database for them to be like.
    #[must_use]
    pub fn like(mut self, likeness: Likeness) -> Self {
        self.likeness = likeness;
        self
    }

    /// Stops when this token says so; what was made on the server is dropped before.
    #[must_use]
    pub fn cancellation(mut self, cancellation: Cancellation) -> Self {
        self.cancellation = cancellation;
        self
    }

    /// Whether each scratch database is on a server of its own, where scripts may do what they like.
    pub(crate) fn is_own(&self) -> bool {
        matches!(self.place, Place::Own { .. })
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &'static dyn Engine {
        self.engine
    }

    /// Makes an empty database, with the encoding, collation and modes of `like` where there is one to be like.
    pub(crate) async fn database(&self, like: Option<&Database>) -> Result<Scratch, Error> {
        match &self.place {
            Place::Memory(url) => {
                let database = self.unless_cancelled(self.connect(url, &ConnectOptions::default())).await?;
                Ok(Scratch { database, made: None })
            }
            Place::Server(server) => {
                let name = leftovers::new_name();
                self.on(Arc::clone(server), name, like).await
            }
            Place::Own { name, first } => {
                let first = first.lock().await.take();
                let throwaway = match first {
                    Some(throwaway) => Some(throwaway),
                    None => self.engine.throwaway().await?,
                };
                let throwaway = throwaway.ok_or_else(|| search::no_binaries(self.engine))?;
                let server = Server::throwaway(self.engine, throwaway);
                self.on(Arc::new(server), name.clone(), like).await
            }
        }
    }

    async fn on(&self, server: Arc<Server>, name: String, like: Option<&Database>) -> Result<Scratch, Error> {
        let mut made = Made::begin(self.engine, server, name);
        match self.make(&mut made, like).await {
            Ok(database) => Ok(Scratch { database, made: Some(made) }),
            Err(error) => {
                // Why it wasn't made is what counts.
                let _ = made.drop_database().await;
                Err(error)
            }
        }
    }

    async fn make(&self, made: &mut Made, like: Option<&Database>) -> Result<Database, Error> {
        let server = Arc::clone(&made.server);
        let (mut admin, is_target) = self.unless_cancelled(server.connect(self.engine)).await?;
        if !server.is_swept.swap(true, Ordering::Relaxed) {
            leftovers::sweep(admin.as_mut(), self.engine.dialect()).await;
        }
        let statements = match like {
            Some(like) => like.in_use().await.session.database_like_this(&made.name).await,
            None if is_target && self.likeness.is_empty() => admin.database_like_this(&made.name).await,
            None => Ok(admin.database_like(&made.name, &self.likeness)),
        };
        let admin = made.admin.insert(admin);
        let mut statements = statements?;
        if statements.is_empty() {
            statements.push(format!("CREATE DATABASE {}", quoted(&made.name, self.engine.dialect())));
        }
        // A server that was just started has one database already.
        if self.engine.maintenance_database() == Some(made.name.as_str()) {
            statements.clear();
        }
        // Not given up in the midst: one that is made behind a statement that drops it would stay.
        for sql in &statements {
            made.is_there = true;
            let result = run(admin.as_mut(), sql).await;
            if let Err(Error::Database(error)) = &result
                && error.server().is_some()
                && Some(sql) == statements.first()
            {
                made.is_there = false;
            }
            result?;
        }
        let url = DatabaseUrl { path: made.name.clone(), ..server.url.clone() };
        self.unless_cancelled(self.connect(&url, &server.options)).await
    }

    async fn connect(&self, url: &DatabaseUrl, options: &ConnectOptions) -> Result<Database, Error> {
        Database::connect(self.engine, url, options, self.tables.clone()).await
    }

    /// Does work, until the token says stop.
    pub(crate) async fn unless_cancelled<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        tokio::select! {
            biased;
            result = work => result,
            () = self.cancellation.cancelled() => Err(Error::Interrupted { during: None, applied: Vec::new() }),
        }
    }
}

impl Server {
    fn new(engine: &dyn Engine, mut url: DatabaseUrl, options: ConnectOptions) -> Self {
        if let (true, Some(database)) = (url.path.is_empty(), engine.maintenance_database()) {
            url.path = database.to_owned();
        }
        Server { url, options, is_target: false, _guard: None, is_swept: AtomicBool::new(false) }
    }

    fn throwaway(engine: &dyn Engine, throwaway: Throwaway) -> Self {
        let mut server = Server::new(engine, throwaway.url.clone(), ConnectOptions::default());
        server.is_swept = AtomicBool::new(true);
        server._guard = Some(throwaway);
        server
    }

    /// Connects to make and to drop databases; whether it is the target that was connected to.
    async fn connect(&self, engine: &dyn Engine) -> Result<(Box<dyn Session>, bool), Error> {
        let error = match engine.connect(&self.url, &self.options).await {
            Ok(session) => return Ok((session, self.is_target)),
            Err(error) => error,
        };
        // The target may not be there yet.
        if let (true, Some(database)) = (self.is_target, engine.maintenance_database()) {
            let url = DatabaseUrl { path: database.to_owned(), ..self.url.clone() };
            if let Ok(session) = engine.connect(&url, &self.options).await {
                return Ok((session, false));
            }
        }
        Err(error.into())
    }
}

impl Scratch {
    /// Closes it and drops it, whatever came of the work in it.
    pub(crate) async fn end<T>(self, result: Result<T, Error>) -> Result<T, Error> {
        let Scratch { database, made } = self;
        database.close().await;
        let dropped = match made {
            Some(mut made) => made.drop_database().await,
            None => Ok(()),
        };
        let value = result?;
        dropped?;
        Ok(value)
    }
}

/// A name in a statement of the engine's.
fn quoted(name: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::MySql => format!("`{}`", name.replace('`', "``")),
        _ => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

struct Nobody;

impl Observer for Nobody {
    fn event(&mut self, _: Event) {}
}

async fn run(session: &mut dyn Session, sql: &str) -> Result<(), Error> {
    let result = session.execute(&[Runnable { sql, copy_data: None }], &mut Nobody).await;
    result.map_err(|ExecuteError { error, .. }| error.into())
}
