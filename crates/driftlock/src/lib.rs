//! Takes SQL migrations to SQLite, PostgreSQL and MySQL or MariaDB: exactly once, through any number of runners.
//!
//! ```ignore
//! use driftlock::{Migrations, Migrator};
//!
//! /// The directory `migrations`, compiled into the program.
//! static MIGRATIONS: Migrations = driftlock::migrations!("migrations");
//!
//! #[tokio::main]
//! async fn main() -> Result<(), driftlock::Error> {
//!     let db = driftlock::connect("postgres://app@db.example/shop").await?;
//!     let report = Migrator::new(&MIGRATIONS).environment("staging").up(&db).await?;
//!     println!("{} applied, {} pending", report.applied.len(), report.pending.len());
//!     db.close().await;
//!     Ok(())
//! }
//! ```
//!
//! Start it eight times at once: one of them migrates, the others wait for that one and go on. Whatever can be one transaction is one, with its record; the
//! rest is journalled, and the next run goes on where an interrupted one stopped.
//!
//! # Where migrations come from
//!
//! [`migrations!`] compiles a directory into the program. It fails to compile on a duplicate version, a name of no layout, a quote that is never closed
//! or a stale manifest, each at its file, and wants one line in `build.rs`, so that cargo sees new files:
//!
//! ```ignore
//! fn main() {
//!     println!("cargo::rerun-if-changed=migrations");
//! }
//! ```
//!
//! [`Migrations::load`] reads a [`Directory`] when the program runs, or what a program makes up:
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
//! Directories of golang-migrate, goose, Flyway, dbmate, sqlx, refinery, Diesel and Atlas run as they are, compiled in or not; [`Layout`] has them.
//!
//! # What comes back
//!
//! Results are values: [`Report`], [`Plan`], [`Status`], [`Audit`]. Nothing is printed, and there is no global state. What happens on the way is told to
//! [`Migrator::on_progress`]; [`Migrator::on_confirm`] is asked before data is lost; a [`Cancellation`] stops a run, on the server too.
//!
//! An [`Error`] says what, where (file, line and column: [`Error::place`]), why and what to do next, has a stable [code](Error::code), knows what was
//! [applied](Error::applied) before it, and is of one [`Kind`]. The command line ends with a number for each:
//!
//! | kind | exit code | what to do |
//! | --- | --- | --- |
//! | [`Kind::Failed`] | 1 | SQL, network or disk: read the message, mend it, run again |
//! | [`Kind::Usage`] | 2 | an option, a URL or a file's name is wrong: nothing was done |
//! | [`Kind::Refused`] | 4 | a rule stands against it, which the message names: nothing was done |
//! | [`Kind::Locked`] | 5 | another run holds the lock for longer than this one would wait: run again |
//! | [`Kind::Integrity`] | 6 | files, manifest and history disagree: a person should look before anything runs |
//! | [`Kind::Unknown`] | 7 | what became of an interrupted statement can't be told: the message says what is known |
//! | [`Kind::Interrupted`] | 130, 143 | it was [cancelled](Cancellation), and everything is in good order |
//!
//! # What a database is
//!
//! [`Database::inspect`] reads a database as a value: a [`Schema`](schema::Schema) of objects with names, attributes and parts, which is serde, has a
//! fingerprint, and can be compared with any other one of its engine:
//!
//! ```
//! use driftlock::schema::{Filter, Schema, compare};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # #[cfg(feature = "sqlite")] {
//! let db = driftlock::connect("sqlite::memory:").await?;
//! let filter = Filter::new().exclude("table:audit_*".parse()?);
//! let inspection = db.inspect(&filter).await?;
//! assert!(inspection.unmodelled.is_empty() && inspection.incomplete.is_empty());
//! assert_eq!(compare(&inspection.schema, &Schema::new("sqlite"), filter.facets()), []);
//!
//! // Whether that is all there is: a database is made from it alone, and the engine's own accounts of both are compared.
//! let shadow = driftlock::Shadow::search(db.engine()).find().await?;
//! assert!(db.prove(&shadow, &filter).await?.differences.is_empty());
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! [`Sources`] reads whatever else yields a schema ([`Source`]): a directory, a file of statements, a lock file, a revision of git, a command. Where scratch
//! databases are made for that says [`Shadow`].
//!
//! # The way from one schema to another
//!
//! A [`Diff`] of two readings has what differs, and the steps from one to the other, each with what it may do. It is a value, serde too, and nothing is promised of it
//! until it is proved: on a scratch database that holds the first, the steps make what the second is, by the engine's own account.
//!
//! ```
//! use driftlock::database::{ColumnOrder, Hazard};
//! use driftlock::schema::Filter;
//! use driftlock::{Diff, Memory, Migrations, Migrator, Reading};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # #[cfg(feature = "sqlite")] {
//! let filter = Filter::new();
//! let db = driftlock::connect("sqlite::memory:").await?;
//! let read = async || -> Result<Reading, driftlock::Error> {
//!     Ok(Reading { engine: db.engine(), version: String::new(), inspection: db.inspect(&filter).await?, proof: None })
//! };
//! let before = read().await?;
//! let files = Memory::new().with("20240520-143022_user_create_v1.up.sql", "CREATE TABLE users (id integer PRIMARY KEY);");
//! Migrator::new(&Migrations::load(std::sync::Arc::new(files), None)?).up(&db).await?;
//! let after = read().await?;
//!
//! let mut back = Diff::of(&after, &before, &filter, ColumnOrder::Told)?;
//! let shadow = driftlock::Shadow::search(db.engine()).find().await?;
//! back.prove(&after.inspection.schema, &before.inspection.schema, &shadow, &filter).await?;
//! assert!(back.is_proved && back.hazards().contains(&Hazard::DataLoss));
//! assert_eq!(back.steps[0].sql, "DROP TABLE \"users\"");
//! # }
//! # Ok(())
//! # }
//! ```
//!
//! What agrees to a plan agrees to its [`digest`](Diff::digest). [`Sources::diff`] does all of this for any two sources, and [`Sources::generate`] writes the next migration from it.
//!
//! # Logs
//!
//! Everything that a run does is a [`tracing`](https://docs.rs/tracing) event with a stable name (`driftlock.statement.done`,
//! `driftlock.lock.waiting`, …), in a span whose field `run` ties a run together ([`RunId`]): set any subscriber, and filter on
//! `driftlock=info`. Without one they cost nothing. No event holds a password, those inside of migrations neither. `docs/logs.md` in
//! driftlock's repository has the table of all.
//!
//! # Programs without async
//!
//! [`blocking`] has the same calls for callers who wait. It works outside of a runtime and inside of one.
//!
//! # Features
//!
//! | feature | on by default | what it brings |
//! | --- | --- | --- |
//! | `sqlite` | yes | SQLite, by the system's library (3.44 or newer) |
//! | `bundled` | no | SQLite's own source instead, compiled in |
//! | `postgres` | yes | PostgreSQL, with TLS by rustls |
//! | `mysql` | yes | MySQL and MariaDB, with TLS by rustls |
//! | `mysql_async` | no | a connection of mysql_async's can be lent; the others' need no feature of their own |
//! | `macros` | yes | [`migrations!`] |
//! | `faults` | no | for driftlock's own tests: the program stands still at named points |
//!
//! A program for one engine names that one, and has no other one's driver in it:
//!
//! ```toml
//! driftlock = { version = "0.1", default-features = false, features = ["postgres", "macros"] }
//! ```
//!
//! # Limitations
//!
//! It runs on tokio. A run works on one connection, so a pool of them gains nothing here: give it the database's URL, and keep the pool for the program. What MySQL and MariaDB can't do in a transaction, DDL above all, they can't do here either: it is journalled, and locked, but not fenced.

pub mod blocking;
pub mod lend;

pub use driftlock_database as database;
pub use driftlock_engine as engine;
pub use driftlock_schema as schema;
pub use driftlock_script as script;

pub use driftlock_database::{ConnectOptions, DatabaseUrl, Direction, Engine, OwnTables};
pub use driftlock_engine::{
    Applied, Audit, AuditFilter, Cancellation, Config, Database, Diff, Error, Hook, HookCommand, HookContext,
    HookEvent, HookRun, Kind, Loss, Migrator, OnConfirm, OnProgress, Options, Overrides, Plan, Progress, Provenance,
    Reading, Report, Rollback, RunId, Settings, Shadow, Source, Sources, Status, Variables, Verification,
};
pub use driftlock_script::{Directory, Files, Layout, Manifest, Memory, Migrations, Version};

/// What the macros of this crate expand to.
#[cfg(feature = "macros")]
#[doc(hidden)]
pub mod __macros {
    pub use driftlock_macros::embed;
}

/// Compiles a directory of migrations into the program, as a constant.
///
/// ```ignore
/// static MIGRATIONS: driftlock::Migrations = driftlock::migrations!("migrations");
/// static AUDIT: driftlock::Migrations = driftlock::migrations!("db/audit", layout = "goose");
/// ```
///
/// The path is from the folder of `Cargo.toml`. A layout need only be said where the names fit several that would run different things. The program needs no file when it
/// runs, and messages name the files as if they were there.
///
/// The files are one compressed constant, however many there are: names and digests, with the contents behind them, which are unpacked only when
/// they run. `hooks/`, files that change how scripts run, `schema.lock`, and the manifest's lines of all of these are in it; `seeds/` is not.
///
/// # The build script
///
/// A macro can't tell cargo to look at a directory again, so `build.rs` does, for each directory that is compiled in:
///
/// ```ignore
/// fn main() {
///     println!("cargo::rerun-if-changed=migrations");
/// }
/// ```
///
/// Without that line the program doesn't compile, and the error has it. With it, files that are added, changed, renamed or removed are in the next build.
///
/// # What doesn't compile
///
/// Each problem is an error of the compiler, with the path, line and column in the migration; all of them are said at once:
///
/// - two scripts of one version, a down script without an up script, a name of no layout;
/// - a file that is no text; a quote, comment or body that is never closed, for whichever engine; a directive that can't be followed;
/// - where there is a manifest (`.migrations/manifest.json` in the nearest folder above the directory that has one or a `driftlock.toml`): a file
///   that differs from its line or has none, and a line whose file is gone.
///
/// What only one engine minds, and values that are put into scripts, are looked at when it runs; `driftlock validate` knows the first before.
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
