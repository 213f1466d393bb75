//! Takes SQL migrations to SQLite, PostgreSQL and MySQL or MariaDB: exactly once, through any number of runners.
//!
//! ```
//! use std::sync::Arc;
//! use driftlock::{Memory, Migrations, Migrator};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # #[cfg(feature = "sqlite")] {
//! let files = Memory::new()
//!     .with("20240520-143022_user_create_v1.up.sql", "CREATE TABLE users (id integer PRIMARY KEY);")
//!     .with("20240520-143022_user_create_v1.down.sql", "DROP TABLE users;");
//! let migrations = Migrations::load(Arc::new(files), None)?;
//!
//! let db = driftlock::connect("sqlite::memory:").await?;
//! let report = Migrator::new(&migrations).up(&db).await?;
//! assert_eq!(report.applied.len(), 1);
//! assert!(report.pending.is_empty());
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! Migrations come from a [`Directory`], from [`Memory`] or from what was compiled in. Results are data; nothing is
//! printed. What happens on the way is told to [`Migrator::on_progress`], and a [`Cancellation`] stops it.
//!
//! Everything that a run does is a [`tracing`](https://docs.rs/tracing) event with a stable name (`driftlock.statement.done`,
//! `driftlock.lock.waiting`, …), in a span whose field `run` ties a run together ([`RunId`]): set any subscriber, and filter on
//! `driftlock=info`. Without one they cost nothing. No event holds a password, those inside of migrations neither. `docs/logs.md` in
//! driftlock's repository has the table of all.
//!
//! Each engine is a feature: `sqlite`, `postgres` and `mysql`, all on by default; `bundled` compiles SQLite in
//! (the system's, without it, must be 3.44 or newer).

pub mod blocking;

pub use driftlock_database as database;
pub use driftlock_engine as engine;
pub use driftlock_script as script;

pub use driftlock_database::{ConnectOptions, DatabaseUrl, Direction, Engine, OwnTables};
pub use driftlock_engine::{
    Applied, Audit, AuditFilter, Cancellation, Config, Database, Error, Hook, HookCommand, HookContext, HookEvent,
    HookRun, Kind, Loss, Migrator, OnConfirm, OnProgress, Options, Overrides, Plan, Progress, Provenance, Report,
    Rollback, RunId, Settings, Status, Variables, Verification,
};
pub use driftlock_script::{Directory, Files, Layout, Manifest, Memory, Migrations, Version};

/// What the macros of this crate expand to.
#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod __macros {
    pub use driftlock_macros::embed;
}

/// Compiles a directory of migrations into the program.
///
/// The path is from the folder of `Cargo.toml`, and the build script names the same one.
#[cfg(feature = "macros")]
#[macro_export]
macro_rules! migrations {
    ($($argument:tt)*) => { $crate::__macros::embed!($crate; $($argument)*) };
}

/// The engines that this program has, by its features.
pub const ENGINES: &[&dyn Engine] = &[
    #[cfg(feature = "sqlite")]
    &driftlock_sqlite::Sqlite,
    #[cfg(feature = "postgres")]
    &driftlock_postgres::Postgres,
    #[cfg(feature = "mysql")]
    &driftlock_mysql::MySql,
];

/// The schemes of the engines that there are, whether this program has them or not.
const SCHEMES: &[(&str, &[&str])] = &[
    ("sqlite", &["sqlite", "sqlite3", "file"]),
    ("postgres", &["postgres", "postgresql"]),
    ("mysql", &["mysql", "mariadb"]),
];

/// The engine of a URL, by its scheme.
///
/// # Errors
/// A scheme of no engine, or of one that this program was compiled without.
pub fn engine_of(url: &DatabaseUrl) -> Result<&'static dyn Engine, Error> {
    let scheme = url.scheme.as_str();
    if let Some(engine) = ENGINES.iter().find(|engine| engine.schemes().contains(&scheme)) {
        return Ok(*engine);
    }
    let message = match SCHEMES.iter().find(|(_, schemes)| schemes.contains(&scheme)) {
        Some((name, _)) => format!("this program was compiled without {name}: build it with the feature `{name}`"),
        None => {
            let known: Vec<String> = ENGINES
                .iter()
                .filter_map(|engine| engine.schemes().first())
                .map(|scheme| format!("`{scheme}://`"))
                .collect();
            format!("`{scheme}://` is the scheme of no engine; there are {}", known.join(", "))
        }
    };
    Err(driftlock_database::Error::Url(message).into())
}

/// Connects to a database, with the default options and driftlock's own tables at their default place. Nothing is written.
///
/// # Errors
/// A URL that can't be read, a server that can't be reached or refuses the login.
pub async fn connect(url: &str) -> Result<Database, Error> {
    connect_with(url, ConnectOptions::default(), OwnTables::default()).await
}

/// The same, with options. A [`holder`](ConnectOptions::holder) that says nothing is this process. What `driftlock.toml` says of both
/// comes from [`Settings::connect_options`] and [`Settings::own_tables`].
///
/// # Errors
/// Those of [`connect`].
pub async fn connect_with(url: &str, options: ConnectOptions, tables: OwnTables) -> Result<Database, Error> {
    let url = DatabaseUrl::parse(url).map_err(|error| driftlock_database::Error::Url(error.to_string()))?;
    Database::connect(engine_of(&url)?, &url, &with_holder(options), tables).await
}

/// With this process as the holder of the lock, where nobody else is named.
fn with_holder(mut options: ConnectOptions) -> ConnectOptions {
    if options.holder == database::Holder::default() {
        let Provenance { os_user, host, .. } = Provenance::from_process();
        options.holder.pid = Some(std::process::id());
        options.holder.host = Some(host);
        options.holder.user = Some(os_user);
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_engines_by_scheme() {
        for engine in ENGINES {
            for scheme in engine.schemes() {
                let url = DatabaseUrl::parse(&format!("{scheme}://x")).unwrap();
                assert_eq!(engine_of(&url).unwrap().name(), engine.name());
                let listed = SCHEMES.iter().find(|(name, _)| *name == engine.name());
                assert!(listed.is_some_and(|(_, schemes)| schemes.contains(scheme)), "{scheme}");
            }
        }
    }

    #[test]
    fn says_which_schemes_there_are() {
        let error = engine_of(&DatabaseUrl::parse("oracle://x").unwrap()).unwrap_err();
        assert!(error.to_string().starts_with("`oracle://` is the scheme of no engine; there are "), "{error}");
        assert_eq!(error.kind(), Kind::Usage);
    }

    #[cfg(not(feature = "mysql"))]
    #[test]
    fn says_what_was_left_out() {
        let error = engine_of(&DatabaseUrl::parse("mariadb://x").unwrap()).unwrap_err();
        assert!(error.to_string().contains("without mysql"), "{error}");
    }
}
