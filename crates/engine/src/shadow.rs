//! Scratch databases of the same engine, where migrations are replayed and values are proved.

use driftlock_database::{
    ConnectOptions, DatabaseUrl, Engine, Event, ExecuteError, Observer, OwnTables, Runnable, Session,
};
use driftlock_schema::Schema;

use crate::{Cancellation, Database, Error};

/// A server on which databases may be made, or a database that needs none.
#[derive(Debug, Clone)]
pub struct Shadow {
    engine: &'static dyn Engine,
    url: DatabaseUrl,
    options: ConnectOptions,
    /// Databases have to be made there, and dropped.
    is_server: bool,
    pub(crate) cancellation: Cancellation,
}

/// An empty database on a shadow. Whoever is done with it says so by [`discard`](Self::discard).
pub(crate) struct Scratch {
    pub(crate) database: Database,
    /// Where it was made, and its name there.
    made: Option<(Box<dyn Session>, String)>,
}

impl Shadow {
    /// In memory, where the engine has that.
    #[must_use]
    pub fn in_memory(engine: &'static dyn Engine) -> Option<Self> {
        let options = ConnectOptions::default();
        engine.scratch().map(|url| Shadow { engine, url, options, is_server: false, cancellation: Cancellation::new() })
    }

    /// A server on which databases may be made.
    #[must_use]
    pub fn on_server(engine: &'static dyn Engine, mut url: DatabaseUrl, options: ConnectOptions) -> Self {
        if let (true, Some(database)) = (url.path.is_empty(), engine.maintenance_database()) {
            url.path = database.to_owned();
        }
        Shadow { engine, url, options, is_server: true, cancellation: Cancellation::new() }
    }

    /// Stops when this token says so; what was made on the server is dropped before.
    #[must_use]
    pub fn cancellation(mut self, cancellation: Cancellation) -> Self {
        self.cancellation = cancellation;
        self
    }

    /// Makes an empty database, with the encoding, collation and modes of `like` where there is one to be like.
    pub(crate) async fn database(&self, like: Option<&Database>) -> Result<Scratch, Error> {
        if !self.is_server {
            let database = self.connect(&self.url).await?;
            return Ok(Scratch { database, made: None });
        }
        let name = format!("driftlock_shadow_{}", uuid::Uuid::now_v7().simple());
        let mut statements = match like {
            Some(like) => like.in_use().await.session.database_like_this(&name).await?,
            None => Vec::new(),
        };
        if statements.is_empty() {
            statements.push(format!("CREATE DATABASE {name}"));
        }
        let mut admin = self.engine.connect(&self.url, &self.options).await?;
        for (at, sql) in statements.iter().enumerate() {
            if let Err(error) = run(admin.as_mut(), sql).await {
                if at > 0 {
                    let _ = drop_database(admin.as_mut(), &name).await;
                }
                admin.close().await;
                return Err(error);
            }
        }
        let url = DatabaseUrl { path: name.clone(), ..self.url.clone() };
        match self.connect(&url).await {
            Ok(database) => Ok(Scratch { database, made: Some((admin, name)) }),
            Err(error) => {
                let _ = drop_database(admin.as_mut(), &name).await;
                admin.close().await;
                Err(error)
            }
        }
    }

    async fn connect(&self, url: &DatabaseUrl) -> Result<Database, Error> {
        Database::connect(self.engine, url, &self.options, OwnTables::default()).await
    }
}

impl Scratch {
    /// Closes it and drops it.
    pub(crate) async fn discard(self) -> Result<(), Error> {
        self.database.close().await;
        let Some((mut admin, name)) = self.made else { return Ok(()) };
        let dropped = drop_database(admin.as_mut(), &name).await;
        admin.close().await;
        dropped
    }
}

impl Database {
    /// Makes a schema in this database, which is empty.
    pub(crate) async fn realise(&self, schema: &Schema) -> Result<(), Error> {
        let creations = self.engine.create(schema)?;
        let mut inner = self.in_use().await;
        let session = inner.session.as_mut();
        // In pieces: one transaction over everything runs a server out of locks.
        for piece in creations.chunk_by(|one, other| one.transactional && other.transactional) {
            for piece in piece.chunks(PIECE) {
                let together = piece[0].transactional && piece.len() > 1;
                // All in one go: a transaction that ends in another one than it began in is refused as a script's own.
                let statements = piece.iter().map(|creation| creation.sql.as_str());
                let (before, after) = if together { (Some("BEGIN"), Some("COMMIT")) } else { (None, None) };
                let runnable: Vec<Runnable<'_>> = (before.into_iter().chain(statements).chain(after))
                    .map(|sql| Runnable { sql, copy_data: None })
                    .collect();
                if let Err(ExecuteError { index, error }) = session.execute(&runnable, &mut Nobody).await {
                    let creation = &piece[index.saturating_sub(usize::from(together)).min(piece.len() - 1)];
                    if together {
                        let _ = session.rollback().await;
                    }
                    return Err(Error::Realise {
                        object: creation.object.clone(),
                        sql: creation.sql.clone(),
                        error: Box::new(error),
                    });
                }
            }
        }
        Ok(())
    }
}

/// So many statements are one transaction while a schema is made.
const PIECE: usize = 500;

/// How often a database is tried to be dropped: a server may take a moment to notice that nobody is in it any more.
const ATTEMPTS: u32 = 40;

async fn drop_database(admin: &mut dyn Session, name: &str) -> Result<(), Error> {
    let sql = format!("DROP DATABASE {name}");
    for _ in 1..ATTEMPTS {
        if run(admin, &sql).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    run(admin, &sql).await
}

struct Nobody;

impl Observer for Nobody {
    fn event(&mut self, _: Event) {}
}

async fn run(session: &mut dyn Session, sql: &str) -> Result<(), Error> {
    let result = session.execute(&[Runnable { sql, copy_data: None }], &mut Nobody).await;
    result.map_err(|ExecuteError { error, .. }| error.into())
}
