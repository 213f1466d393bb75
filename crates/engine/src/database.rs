//! A database that is connected to.

use std::time::Instant;

use driftlock_database::{ConnectOptions, DatabaseUrl, Engine, Error as DbError, Glance, Holder, OwnTables, Session};
use driftlock_script::Whereabouts;
use tokio::sync::Mutex;

use crate::in_use::InUse;
use crate::{Error, events};

/// A database that is connected to, with the place of driftlock's own tables in it.
///
/// A command whose future is dropped in the midst (`select!`, a timeout, a task that is aborted) takes the connection with it: it is
/// closed, and the server is asked to end what it runs. What was not committed is rolled back, the lock is free, the next run finds out the
/// rest; this value answers [`ConnectionLost`](driftlock_database::Error::ConnectionLost) from then on. SQLite, where nothing
/// is left running, goes on. To stop a run and keep the connection there is [`Cancellation`](crate::Cancellation).
pub struct Database {
    pub(crate) engine: &'static dyn Engine,
    pub(crate) tables: OwnTables,
    pub(crate) me: Holder,
    notes: Vec<String>,
    /// The database's name, as the connection has it.
    pub(crate) name: String,
    pub(crate) inner: Mutex<Inner>,
}

pub(crate) struct Inner {
    pub(crate) session: Box<dyn Session>,
    /// What a look ahead saw, until someone uses it.
    pub(crate) ahead: Option<Option<Glance>>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("engine", &self.engine.name()).finish_non_exhaustive()
    }
}

impl Database {
    /// Connects. `tables` says where driftlock's own tables are. Nothing is written. Parameters of golang-migrate's that change nothing
    /// may be in the URL.
    ///
    /// # Errors
    /// Those of [`Engine::connect`].
    pub async fn connect(
        engine: &'static dyn Engine,
        url: &DatabaseUrl,
        options: &ConnectOptions,
        tables: OwnTables,
    ) -> Result<Self, Error> {
        let (url, notes) = url.clone().without_golang_migrate()?;
        let began = Instant::now();
        let session = engine.connect(&url, options).await;
        events::connecting(&url, began, &session, |session| session.server());
        let session = session?;
        Ok(Database { notes, ..Self::over(engine, session, options.holder.clone(), tables) })
    }

    /// Over a session that there is already: on a connection that somebody lent, say. `me` is shown to others who want the lock.
    #[must_use]
    pub fn over(engine: &'static dyn Engine, session: Box<dyn Session>, me: Holder, tables: OwnTables) -> Self {
        let name = session.server().database.clone();
        Database { engine, tables, me, notes: Vec::new(), name, inner: Mutex::new(Inner { session, ahead: None }) }
    }

    /// Looks what is applied, ahead of the command that needs it: while the files are read, say.
    ///
    /// # Errors
    /// Those of [`Session::glance`].
    pub async fn look_ahead(&self) -> Result<(), Error> {
        let mut inner = self.in_use().await;
        inner.ahead = match inner.session.glance(&self.tables).await {
            Ok(glance) => Some(glance),
            // Another run may be in the way: the command that needs it knows whether to wait.
            Err(DbError::LockTimeout(_)) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(())
    }

    /// What a person should know of how it was connected to.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &'static dyn Engine {
        self.engine
    }

    /// What scripts may ask of it, in this environment.
    pub async fn facts(&self, environment: &str) -> Whereabouts {
        let inner = self.in_use().await;
        let server = inner.session.server();
        let schema = match server.engine {
            "mysql" => server.database.clone(),
            "sqlite" => "main".to_owned(),
            _ => self.tables.schema.clone().unwrap_or_else(|| "public".to_owned()),
        };
        Whereabouts {
            user: server.user.clone(),
            database: server.database.clone(),
            schema,
            environment: environment.to_owned(),
        }
    }

    /// The session, for one command.
    pub(crate) async fn in_use(&self) -> InUse<'_> {
        InUse::new(self.inner.lock().await)
    }

    /// Ends the session in good order.
    pub async fn close(self) {
        let session = self.inner.into_inner().session;
        let server = session.server().clone();
        session.close().await;
        events::closed(&server);
    }
}

impl Inner {
    /// What is applied: as the look ahead saw it, or as it is now.
    pub(crate) async fn glance(&mut self, tables: &OwnTables) -> Result<Option<Glance>, DbError> {
        match self.ahead.take() {
            Some(glance) => Ok(glance),
            None => self.session.glance(tables).await,
        }
    }
}
