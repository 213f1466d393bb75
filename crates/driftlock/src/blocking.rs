//! The same for programs without async: every call comes back when it is done. It works anywhere, inside of a runtime too, where it
//! keeps the thread that calls it.
//!
//! ```
//! use std::sync::Arc;
//! use driftlock::{Memory, Migrations, Migrator, blocking};
//!
//! # fn main() -> Result<(), driftlock::Error> {
//! # #[cfg(feature = "sqlite")] {
//! let files = Memory::new().with("1_users.up.sql", "CREATE TABLE users (id integer PRIMARY KEY);");
//! let migrations = Migrations::load(Arc::new(files), None)?;
//!
//! let db = blocking::connect("sqlite::memory:")?;
//! let report = db.up(&Migrator::new(&migrations))?;
//! assert_eq!(report.applied.len(), 1);
//! db.close();
//! # }
//! # Ok(())
//! # }
//! ```

use std::future::Future;
use std::panic::resume_unwind;
use std::thread;

use driftlock_database::{ConnectOptions, Engine, Error as DbError, Inspection, OwnTables, trace};
use driftlock_engine::{
    Audit, AuditFilter, Check, Error, LockCheck, Migrator, Plan, Proof, Reading, Replayed, Report, Shadow,
    ShadowSearch, Source, Sources, Status, Verification,
};
use driftlock_schema::Filter;
use tokio::runtime::{Builder, Runtime};

/// Connects to a database; see [`driftlock::connect`](crate::connect).
///
/// # Errors
/// Those of [`driftlock::connect`](crate::connect).
pub fn connect(url: &str) -> Result<Database, Error> {
    connect_with(url, ConnectOptions::default(), OwnTables::default())
}

/// The same, with options; see [`driftlock::connect_with`](crate::connect_with).
///
/// # Errors
/// Those of [`driftlock::connect`](crate::connect).
pub fn connect_with(url: &str, options: ConnectOptions, tables: OwnTables) -> Result<Database, Error> {
    let waiter = Waiter::new()?;
    let database = waiter.wait(crate::connect_with(url, options, tables))?;
    Ok(Database { database, waiter })
}

/// Finds the first place for scratch databases that applies; see [`ShadowSearch::find`].
///
/// # Errors
/// Those of [`ShadowSearch::find`].
pub fn find(search: ShadowSearch) -> Result<Shadow, Error> {
    Waiter::new()?.wait(search.find())
}

/// What the migrations make, version by version, to be written as `schema.lock`; see [`Migrator::replay`].
///
/// # Errors
/// Those of [`Migrator::replay`].
pub fn replay(migrator: &Migrator, shadow: &Shadow) -> Result<Replayed, Error> {
    Waiter::new()?.wait(migrator.replay(shadow, None))
}

/// Holds what the migrations make against `schema.lock`; see [`Migrator::check_lock`].
///
/// # Errors
/// Those of [`Migrator::check_lock`].
pub fn check_lock(migrator: &Migrator, shadow: &Shadow) -> Result<LockCheck, Error> {
    Waiter::new()?.wait(migrator.check_lock(shadow))
}

/// The schema of any source; see [`Sources::read`].
///
/// # Errors
/// Those of [`Sources::read`].
pub fn read(sources: &Sources, source: &Source) -> Result<Reading, Error> {
    Waiter::new()?.wait(sources.read(source))
}

/// A database that is connected to, for callers who wait.
///
/// What [`Migrator::on_progress`] and [`Migrator::on_confirm`] are told comes from another thread.
#[derive(Debug)]
pub struct Database {
    // Before what waits: its connection is closed while the runtime is still there.
    database: crate::Database,
    waiter: Waiter,
}

impl Database {
    /// See [`Migrator::up`].
    ///
    /// # Errors
    /// Those of [`Migrator::up`].
    pub fn up(&self, migrator: &Migrator) -> Result<Report, Error> {
        self.waiter.wait(migrator.up(&self.database))
    }

    /// See [`Migrator::down`].
    ///
    /// # Errors
    /// Those of [`Migrator::down`].
    pub fn down(&self, migrator: &Migrator) -> Result<Report, Error> {
        self.waiter.wait(migrator.down(&self.database))
    }

    /// See [`Migrator::redo`].
    ///
    /// # Errors
    /// Those of [`Migrator::redo`].
    pub fn redo(&self, migrator: &Migrator) -> Result<Report, Error> {
        self.waiter.wait(migrator.redo(&self.database))
    }

    /// See [`Migrator::plan`].
    ///
    /// # Errors
    /// Those of [`Migrator::plan`].
    pub fn plan(&self, migrator: &Migrator) -> Result<Plan, Error> {
        self.waiter.wait(migrator.plan(&self.database))
    }

    /// See [`Migrator::plan_down`].
    ///
    /// # Errors
    /// Those of [`Migrator::plan_down`].
    pub fn plan_down(&self, migrator: &Migrator) -> Result<Plan, Error> {
        self.waiter.wait(migrator.plan_down(&self.database))
    }

    /// See [`Migrator::plan_redo`].
    ///
    /// # Errors
    /// Those of [`Migrator::plan_redo`].
    pub fn plan_redo(&self, migrator: &Migrator) -> Result<Plan, Error> {
        self.waiter.wait(migrator.plan_redo(&self.database))
    }

    /// See [`Migrator::status`].
    ///
    /// # Errors
    /// Those of [`Migrator::status`].
    pub fn status(&self, migrator: &Migrator) -> Result<Status, Error> {
        self.waiter.wait(migrator.status(&self.database))
    }

    /// See [`Migrator::audit`].
    ///
    /// # Errors
    /// Those of [`Migrator::audit`].
    pub fn audit(&self, migrator: &Migrator, filter: &AuditFilter) -> Result<Audit, Error> {
        self.waiter.wait(migrator.audit(&self.database, filter))
    }

    /// See [`Migrator::verify`].
    ///
    /// # Errors
    /// Those of [`Migrator::verify`].
    pub fn verify(&self, migrator: &Migrator) -> Result<Verification, Error> {
        self.waiter.wait(migrator.verify(&self.database))
    }

    /// See [`Migrator::baseline`].
    ///
    /// # Errors
    /// Those of [`Migrator::baseline`].
    pub fn baseline(&self, migrator: &Migrator, version: &str) -> Result<Report, Error> {
        self.waiter.wait(migrator.baseline(&self.database, version))
    }

    /// See [`Migrator::accept`].
    ///
    /// # Errors
    /// Those of [`Migrator::accept`].
    pub fn accept(&self, migrator: &Migrator, version: &str) -> Result<Report, Error> {
        self.waiter.wait(migrator.accept(&self.database, version))
    }

    /// See [`Migrator::adopt`].
    ///
    /// # Errors
    /// Those of [`Migrator::adopt`].
    pub fn adopt(&self, migrator: &Migrator, from: Option<&str>, table: Option<&str>) -> Result<Report, Error> {
        self.waiter.wait(migrator.adopt(&self.database, from, table))
    }

    /// See [`Migrator::check`].
    ///
    /// # Errors
    /// Those of [`Migrator::check`].
    pub fn check(&self, migrator: &Migrator) -> Result<Check, Error> {
        self.waiter.wait(migrator.check(&self.database))
    }

    /// What the migrations make in a scratch database that is like this one; see [`Migrator::replay`].
    ///
    /// # Errors
    /// Those of [`Migrator::replay`].
    pub fn replay(&self, migrator: &Migrator, shadow: &Shadow) -> Result<Replayed, Error> {
        self.waiter.wait(migrator.replay(shadow, Some(&self.database)))
    }

    /// See [`driftlock::Database::inspect`](crate::Database::inspect).
    ///
    /// # Errors
    /// Those of [`driftlock::Database::inspect`](crate::Database::inspect).
    pub fn inspect(&self, filter: &Filter) -> Result<Inspection, Error> {
        self.waiter.wait(self.database.inspect(filter))
    }

    /// See [`driftlock::Database::prove`](crate::Database::prove).
    ///
    /// # Errors
    /// Those of [`driftlock::Database::prove`](crate::Database::prove).
    pub fn prove(&self, shadow: &Shadow, filter: &Filter) -> Result<Proof, Error> {
        self.waiter.wait(self.database.prove(shadow, filter))
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &'static dyn Engine {
        self.database.engine()
    }

    /// Ends the session in good order.
    pub fn close(self) {
        let Database { database, waiter } = self;
        // Without a thread to say goodbye on, it is closed without a word.
        let _ = waiter.wait(async {
            database.close().await;
            Ok(())
        });
    }
}

/// A connection that its owner lends, for callers who wait. Make the [`lend::Lent`](crate::lend::Lent) as usual, and this of it.
///
/// Drivers that need a runtime of their own (tokio-postgres, mysql_async) need it while this is in use: one of several threads, or
/// one that somebody else drives.
#[derive(Debug)]
pub struct Lent<C> {
    database: Database,
    lender: driftlock_database::Lender<C>,
}

impl<C> Lent<C> {
    /// For callers who wait.
    ///
    /// # Errors
    /// When no runtime can be started.
    pub fn new(lent: crate::lend::Lent<C>) -> Result<Self, Error> {
        let (database, lender) = lent.into_parts();
        Ok(Lent { database: Database { database, waiter: Waiter::new()? }, lender })
    }

    /// See [`lend::Lent::give_back`](crate::lend::Lent::give_back).
    ///
    /// # Errors
    /// Those of [`lend::Lent::give_back`](crate::lend::Lent::give_back).
    pub fn give_back(self) -> Result<C, Error> {
        self.database.close();
        Ok(self.lender.take()?)
    }
}

impl<C> std::ops::Deref for Lent<C> {
    type Target = Database;

    fn deref(&self) -> &Database {
        &self.database
    }
}

/// A runtime of its own. What is waited for runs on a thread of its own too, since a thread that belongs to a runtime already may not
/// drive another.
#[derive(Debug)]
struct Waiter(Option<Runtime>);

impl Waiter {
    fn new() -> Result<Self, Error> {
        let failed = |error: std::io::Error| DbError::Protocol(format!("the runtime can't be started: {error}"));
        Ok(Waiter(Some(Builder::new_current_thread().enable_all().build().map_err(failed)?)))
    }

    fn wait<T: Send>(&self, work: impl Future<Output = Result<T, Error>> + Send) -> Result<T, Error> {
        let failed = |error: std::io::Error| DbError::Protocol(format!("a thread can't be started: {error}"));
        // It is taken out only when it is dropped.
        let runtime = self.0.as_ref().ok_or_else(|| DbError::ConnectionLost("it was closed".to_owned()))?;
        thread::scope(|scope| {
            let thread = thread::Builder::new().name("driftlock".to_owned());
            let work = trace::carried(|| runtime.block_on(work));
            let working = thread.spawn_scoped(scope, work).map_err(failed)?;
            working.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        // Waiting for its threads, as its own drop would, is not allowed inside of another runtime.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
