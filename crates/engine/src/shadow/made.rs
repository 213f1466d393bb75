//! A database that was made on a server, and is dropped on every way out.

use std::sync::Arc;
use std::time::Duration;

use driftlock_database::{Engine, Session};
use driftlock_script::Dialect;

use super::{Server, quoted, run};
use crate::Error;

/// A database that was made on a server, or is about to be. Dropping this in the midst drops the database too, from a thread of its own: the runtime
/// that it was made in may be ending.
pub(super) struct Made {
    engine: &'static dyn Engine,
    pub(super) server: Arc<Server>,
    pub(super) name: String,
    /// The connection that made it.
    pub(super) admin: Option<Box<dyn Session>>,
    /// A statement that makes it was sent, and none that drops it was answered.
    pub(super) is_there: bool,
}

/// How often a database is tried to be dropped, and how long after each other: a server may take a moment to notice that nobody is in it any more.
const ATTEMPTS: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);

impl Made {
    pub(super) fn begin(engine: &'static dyn Engine, server: Arc<Server>, name: String) -> Self {
        Made { engine, server, name, admin: None, is_there: false }
    }

    /// Drops it, if it is there, and ends the connection.
    pub(super) async fn drop_database(&mut self) -> Result<(), Error> {
        let Some(mut admin) = self.admin.take() else { return Ok(()) };
        let mut result = Ok(());
        if self.is_there {
            // Whoever was dropped in the midst of a statement left its answer behind.
            admin.leave();
            result = drop_database(admin.as_mut(), &self.sql()).await;
            if matches!(&result, Err(Error::Database(error)) if error.server().is_none()) {
                result = self.on_another_connection().await;
            }
            self.is_there = result.is_err();
        }
        admin.close().await;
        result
    }

    async fn on_another_connection(&mut self) -> Result<(), Error> {
        let (mut admin, _) = self.server.connect(self.engine).await?;
        let result = drop_database(admin.as_mut(), &self.sql()).await;
        admin.close().await;
        result
    }

    fn sql(&self) -> String {
        let name = quoted(&self.name, self.engine.dialect());
        // The session that worked in it may not have ended yet on the server.
        let force = if self.engine.dialect() == Dialect::Postgres { " WITH (FORCE)" } else { "" };
        format!("DROP DATABASE IF EXISTS {name}{force}")
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // A server that was started for this takes it along.
        if !self.is_there || self.server._guard.is_some() {
            return;
        }
        let (engine, server, sql) = (self.engine, Arc::clone(&self.server), self.sql());
        let work = move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
            runtime.block_on(async {
                // Nobody is there who could be told; the next one finds what stays.
                if let Ok((mut admin, _)) = server.connect(engine).await {
                    let _ = drop_database(admin.as_mut(), &sql).await;
                    admin.close().await;
                }
            });
        };
        drop(std::thread::Builder::new().name("driftlock shadow".to_owned()).spawn(work));
    }
}

pub(super) async fn drop_database(admin: &mut dyn Session, sql: &str) -> Result<(), Error> {
    for _ in 1..ATTEMPTS {
        match run(admin, sql).await {
            Err(Error::Database(error)) if error.server().is_some() => tokio::time::sleep(PAUSE).await,
            result => return result,
        }
    }
    run(admin, sql).await
}
