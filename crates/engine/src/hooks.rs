//! Hooks: what a project wants done around its migrations. SQL files beside the migrations, commands of the configuration, closures of
//! a program.
//!
//! ```text
//! lock ─► before_migrate ─► ┌ before_each ─► migration ─► after_each ┐ … ─► after_migrate ─► lock given back
//!                           └ commands and closures outside, SQL inside of the migration's transaction
//! ```

mod command;
mod run;
mod sql;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use driftlock_database::{Direction, Engine};
use driftlock_script::{HookEvent, HookFile, HookValue, Migrations, Touched, Version};

pub use command::HookCommand;
pub(crate) use command::VARIABLES;
pub(crate) use run::Failure;
use sql::SqlHook;

use crate::error::Place;
use crate::{Applied, Error, Outcome, PlannedMigration};

/// A hook that isn't a SQL file: a command, or a closure of the program that uses the library.
///
/// ```
/// use driftlock_engine::{Hook, HookEvent};
///
/// let hook = Hook::call(HookEvent::AfterMigrate, "tell the others", |context| async move {
///     println!("{} migrations of {:?}", context.migrations.len(), context.environment);
///     Ok::<(), std::io::Error>(())
/// })
/// .tables(["users", "shop.orders"]);
/// assert_eq!(hook.name(), "tell the others");
/// ```
#[derive(Clone)]
pub struct Hook {
    event: HookEvent,
    name: String,
    tables: Vec<String>,
    action: Action,
}

type Answer = Pin<Box<dyn Future<Output = Result<(), Box<dyn std::error::Error + Send + Sync>>> + Send>>;

#[derive(Clone)]
enum Action {
    Command(HookCommand),
    Call(Arc<dyn Fn(HookContext) -> Answer + Send + Sync>),
}

impl Hook {
    /// A closure. It is handed what is known, and an error of its future stops the run. It runs outside of any transaction, while the lock
    /// is held; when the run is cancelled its future is dropped.
    #[must_use]
    pub fn call<F, A, E>(event: HookEvent, name: impl Into<String>, call: F) -> Self
    where
        F: Fn(HookContext) -> A + Send + Sync + 'static,
        A: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let call = move |context| -> Answer {
            let answer = call(context);
            Box::pin(async move { answer.await.map_err(Into::into) })
        };
        Hook { event, name: name.into(), tables: Vec::new(), action: Action::Call(Arc::new(call)) }
    }

    /// A program with its arguments; no shell is between.
    #[must_use]
    pub fn command(event: HookEvent, command: HookCommand) -> Self {
        Hook { event, name: command.name(), tables: Vec::new(), action: Action::Command(command) }
    }

    /// Runs only where a migration touches one of these tables, or where it can't be known that it touches none. Without a schema a name
    /// stands for that table in any.
    #[must_use]
    pub fn tables<T: Into<String>>(mut self, tables: impl IntoIterator<Item = T>) -> Self {
        self.tables = tables.into_iter().map(Into::into).collect();
        self
    }

    /// When it runs.
    #[must_use]
    pub fn event(&self) -> HookEvent {
        self.event
    }

    /// What messages call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hook").field("event", &self.event).field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a hook is told.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HookContext {
    /// When it runs.
    pub event: HookEvent,
    /// The engine's name: `postgres`, `mysql`, `sqlite`.
    pub engine: &'static str,
    /// The environment, where one is named.
    pub environment: Option<String>,
    /// The migrations that it is about: of `before_each` and `after_each` the one; of `before_migrate` and `after_migrate` all of this
    /// run, in order; of `on_error` the one that failed, where it was one.
    pub migrations: Vec<HookMigration>,
    /// The tables that these touch, and whether that is all of them.
    pub touched: Touched,
    /// Of `on_error`: what failed. Credentials are masked in it.
    pub error: Option<HookFault>,
}

/// A migration, as hooks are told of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HookMigration {
    /// Its version.
    pub version: Version,
    /// Its name.
    pub name: String,
    /// The file that runs, as people see it.
    pub file: String,
    /// Which way.
    pub direction: Direction,
    /// The tables that it touches, and whether that is all of them.
    pub touched: Touched,
}

/// What failed, as `on_error` hooks are told of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HookFault {
    /// The error's stable code, such as `DL0205`.
    pub code: &'static str,
    /// Its message.
    pub message: String,
}

impl HookContext {
    /// The one migration that it is about; `None` of a whole run.
    #[must_use]
    pub fn migration(&self) -> Option<&HookMigration> {
        match (self.event, self.migrations.as_slice()) {
            (HookEvent::BeforeMigrate | HookEvent::AfterMigrate, _) => None,
            (_, [only]) => Some(only),
            _ => None,
        }
    }

    /// Which way it goes: `up`, `down`, or `redo` for both.
    #[must_use]
    pub fn direction(&self) -> &'static str {
        let mut all = self.migrations.iter().map(|migration| migration.direction);
        match all.next() {
            None => "up",
            Some(first) if all.all(|other| other == first) => first.as_str(),
            Some(_) => "redo",
        }
    }

    /// By the names that SQL (`${driftlock:version}`) and commands (`DRIFTLOCK_HOOK_VERSION`) know.
    fn values(&self) -> Vec<(&'static str, HookValue)> {
        let text = |text: &str| HookValue::Text(text.to_owned());
        let optional = |value: Option<&str>| value.map_or(HookValue::None, text);
        let list = |list: Vec<&str>| HookValue::Text(serde_json::Value::from(list).to_string());
        let one = self.migration();
        vec![
            ("event", text(self.event.as_str())),
            ("engine", text(self.engine)),
            ("environment", optional(self.environment.as_deref())),
            ("direction", text(self.direction())),
            ("version", optional(one.map(|it| it.version.as_str()))),
            ("name", optional(one.map(|it| it.name.as_str()))),
            ("file", optional(one.map(|it| it.file.as_str()))),
            ("versions", list(self.migrations.iter().map(|it| it.version.as_str()).collect())),
            ("tables", list(self.touched.tables.iter().map(String::as_str).collect())),
            ("tables_complete", HookValue::Flag(self.touched.complete)),
            ("error_code", optional(self.error.as_ref().map(|it| it.code))),
            ("error", optional(self.error.as_ref().map(|it| it.message.as_str()))),
        ]
    }

    /// All of it, as commands read it from their standard input.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let migration = |it: &HookMigration| {
            serde_json::json!({
                "version": it.version.as_str(),
                "name": it.name,
                "file": it.file,
                "direction": it.direction.as_str(),
                "tables": it.touched.tables,
                "tables_complete": it.touched.complete,
            })
        };
        serde_json::json!({
            "event": self.event.as_str(),
            "engine": self.engine,
            "environment": self.environment,
            "direction": self.direction(),
            "migrations": self.migrations.iter().map(migration).collect::<Vec<_>>(),
            "tables": self.touched.tables,
            "tables_complete": self.touched.complete,
            "error": self.error.as_ref().map(|it| serde_json::json!({ "code": it.code, "message": it.message })),
        })
    }
}

/// A hook that a run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookRun {
    /// When.
    pub event: HookEvent,
    /// The hook: its file, its command's name, or the name that it was given.
    pub hook: String,
    /// The migration's version, where it was about one.
    pub version: Option<Version>,
    /// How long it took.
    pub duration: std::time::Duration,
}

/// A hook that would run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedHook {
    /// When.
    pub event: HookEvent,
    /// The hook: its file, its command's name, or the name that it was given.
    pub hook: String,
    /// The migration's version, where it is about one.
    pub version: Option<Version>,
}

/// A hook failed.
#[derive(Debug)]
pub struct HookError {
    /// When.
    pub event: HookEvent,
    /// The hook: its file, its command's name, or the name that it was given.
    pub hook: String,
    /// Where, where it is SQL; with the server's message.
    pub place: Option<Place>,
    /// What happened.
    pub message: String,
    /// The server's detail, hint and context; the last lines that a command wrote. Each with its label.
    pub notes: Vec<(&'static str, String)>,
    /// What of the database's is changed by this run.
    pub left: HookLeft,
    /// Statements of the hook itself that stay done (numbers from 1): where it can't be one transaction.
    pub done: Vec<usize>,
    /// What was done and committed before.
    pub applied: Vec<Applied>,
}

/// What a run left when a hook failed, beside the migrations that were committed before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookLeft {
    /// No migration had begun.
    NotBegun,
    /// It failed with this migration: the file, and what is left of it.
    Migration(String, Outcome),
    /// The migrations that had run are committed.
    Committed,
}

impl std::fmt::Display for HookError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.place {
            Some(place) => place.fmt(f),
            None => f.write_str(&self.message),
        }
    }
}

impl HookError {
    /// Whether the database changed, in a sentence.
    #[must_use]
    pub fn database(&self) -> String {
        let own = match self.done.as_slice() {
            [] => String::new(),
            [one] => format!("; of the hook itself, which can't be one transaction, statement {one} is done and stays"),
            several => {
                let numbers: Vec<String> = several.iter().map(usize::to_string).collect();
                format!(
                    "; of the hook itself, which can't be one transaction, the statements {} are done and stay",
                    numbers.join(", ")
                )
            }
        };
        let rest = match &self.left {
            HookLeft::NotBegun if self.done.is_empty() => {
                "the database is not changed: no migration had begun".to_owned()
            }
            HookLeft::NotBegun => "no migration had begun".to_owned(),
            HookLeft::Migration(file, Outcome::RolledBack) => {
                format!("the database is not changed by {file}: nothing of it was done, or it was rolled back")
            }
            HookLeft::Migration(file, Outcome::Partial { done }) => {
                format!(
                    "of {file}, which can't be one transaction, {} are done and stay; the next run goes on behind them",
                    crate::error::plural(done.len(), "statement")
                )
            }
            HookLeft::Migration(file, Outcome::NotKnown) => {
                format!("what of {file} was done isn't known here: run the command again, it finds out")
            }
            HookLeft::Migration(file, Outcome::Scratch) => {
                format!("{file} ran in a scratch database: no other one was changed")
            }
            HookLeft::Committed => "the database is changed: what had run is committed, recorded, and stays".to_owned(),
        };
        format!("{rest}{own}")
    }
}

/// All that stands against the hooks that are SQL files, without a database.
pub(crate) fn problems(engine: &dyn Engine, migrations: &Migrations) -> Vec<Error> {
    let hooks = Hooks { engine: engine.name(), ..Hooks::default() };
    let check = |file: &HookFile| {
        let hook = SqlHook::read(migrations, file, engine.dialect(), None)?;
        hook.plan(engine, &hooks.context(file.event, None)).map(drop)
    };
    migrations.hooks().iter().filter_map(|file| check(file).err()).collect()
}

/// All hooks of a run, and what they are told.
#[derive(Default)]
pub(crate) struct Hooks {
    sql: Vec<SqlHook>,
    others: Vec<Hook>,
    migrations: Vec<HookMigration>,
    engine: &'static str,
    environment: Option<String>,
}

impl Hooks {
    /// Reads the SQL files, and everything that can be known to stand against running them.
    pub(crate) fn new(
        migrations: &Migrations,
        engine: &'static dyn Engine,
        database: &str,
        others: &[Hook],
        environment: Option<&str>,
        planned: &[PlannedMigration],
    ) -> Result<Self, Error> {
        if migrations.hooks().is_empty() && others.is_empty() {
            return Ok(Hooks::default());
        }
        let dialect = engine.dialect();
        let told = |planned: &PlannedMigration| HookMigration {
            version: planned.version.clone(),
            name: planned.name.clone(),
            file: planned.file.clone(),
            direction: planned.direction,
            touched: planned.touched(dialect),
        };
        let mut hooks = Hooks {
            sql: Vec::new(),
            others: others.to_vec(),
            migrations: planned.iter().map(told).collect(),
            engine: engine.name(),
            environment: environment.map(str::to_owned),
        };
        for file in migrations.hooks() {
            let mut hook = SqlHook::read(migrations, file, dialect, Some(database))?;
            let context = hooks.context(file.event, None);
            hook.tables = hook.plan(engine, &context)?.directives.tables.unwrap_or_default();
            hooks.sql.push(hook);
        }
        Ok(hooks)
    }

    /// What a hook is told: of this migration, or of all.
    fn context(&self, event: HookEvent, of: Option<&PlannedMigration>) -> HookContext {
        let is_it = |it: &&HookMigration| of.is_none_or(|of| of.version == it.version && of.direction == it.direction);
        let migrations: Vec<HookMigration> = self.migrations.iter().filter(is_it).cloned().collect();
        let mut touched = Touched::default();
        for migration in &migrations {
            touched.add(migration.touched.clone());
        }
        HookContext {
            event,
            engine: self.engine,
            environment: self.environment.clone(),
            migrations,
            touched,
            error: None,
        }
    }

    /// The SQL hooks of an event that matter.
    fn sql(&self, context: &HookContext) -> Vec<SqlHook> {
        let fits = |hook: &&SqlHook| hook.event == context.event && context.touched.matters_to(&hook.tables);
        self.sql.iter().filter(fits).cloned().collect()
    }

    /// The other hooks of an event that matter.
    fn others(&self, context: &HookContext) -> Vec<Hook> {
        let fits = |hook: &&Hook| hook.event == context.event && context.touched.matters_to(&hook.tables);
        self.others.iter().filter(fits).cloned().collect()
    }

    /// What would run around these migrations, if nothing fails; in order.
    pub(crate) fn planned(&self, migrations: &[PlannedMigration]) -> Vec<PlannedHook> {
        let mut all = Vec::new();
        let mut add = |event: HookEvent, of: Option<&PlannedMigration>| {
            let context = self.context(event, of);
            let version = context.migration().map(|it| it.version.clone());
            let sql = self.sql(&context).into_iter().map(|hook| hook.file);
            let others = self.others(&context).into_iter().map(|hook| hook.name);
            let names: Vec<String> = match event {
                HookEvent::BeforeMigrate | HookEvent::BeforeEach => others.chain(sql).collect(),
                _ => sql.chain(others).collect(),
            };
            all.extend(names.into_iter().map(|hook| PlannedHook { event, hook, version: version.clone() }));
        };
        if migrations.is_empty() {
            return Vec::new();
        }
        add(HookEvent::BeforeMigrate, None);
        for migration in migrations {
            add(HookEvent::BeforeEach, Some(migration));
            add(HookEvent::AfterEach, Some(migration));
        }
        add(HookEvent::AfterMigrate, None);
        all
    }
}
