//! Hooks as SQL files: which there are, by their names.
//!
//! ```text
//! migrations/hooks/before_migrate.sql
//! migrations/hooks/before_migrate_10_permissions.sql     several for one event run in the order of their names
//! migrations/hooks/after_each.sql
//! ```

mod fill;

use std::sync::Arc;

pub use fill::HookValue;

use crate::files::is_sql;
use crate::{Digest, Files, FilesError, Layout};

/// The folder, beside the migrations.
pub const HOOKS: &str = "hooks";

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HookEvent {
    /// Once, before the first migration of a run.
    BeforeMigrate,
    /// Before each migration.
    BeforeEach,
    /// After each migration.
    AfterEach,
    /// Once, after the last migration of a run.
    AfterMigrate,
    /// Once, when a run fails.
    OnError,
}

impl HookEvent {
    /// All of them, in the order in which they happen.
    pub const ALL: [HookEvent; 5] = [
        HookEvent::BeforeMigrate,
        HookEvent::BeforeEach,
        HookEvent::AfterEach,
        HookEvent::AfterMigrate,
        HookEvent::OnError,
    ];

    /// As file names, configuration and output have it: `before_migrate`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            HookEvent::BeforeMigrate => "before_migrate",
            HookEvent::BeforeEach => "before_each",
            HookEvent::AfterEach => "after_each",
            HookEvent::AfterMigrate => "after_migrate",
            HookEvent::OnError => "on_error",
        }
    }

    /// The event of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == name)
    }

    /// Whether it is about one migration, and not about a whole run.
    #[must_use]
    pub fn is_of_each(self) -> bool {
        matches!(self, HookEvent::BeforeEach | HookEvent::AfterEach)
    }

    /// The event that a wrong name was most likely meant to be.
    #[must_use]
    pub fn nearest(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let distance = |event: &HookEvent| {
            let own = event.as_str();
            // What follows the event in a file's name is the user's own.
            let head: String = name.chars().take(own.len() + 2).collect();
            distance(&head, own).min(distance(&name, own))
        };
        Self::ALL.into_iter().min_by_key(distance).unwrap_or(HookEvent::BeforeMigrate)
    }
}

impl std::fmt::Display for HookEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A hook that is a SQL file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookFile {
    /// When it runs.
    pub event: HookEvent,
    /// The file's name, relative to the root of the migrations.
    pub file: String,
    /// What it held when the migrations were loaded.
    pub digest: Digest,
}

/// What stands in the folder of the hooks.
pub(crate) struct Found {
    pub(crate) hooks: Vec<HookFile>,
    /// Files that are none, each with why.
    pub(crate) strangers: Vec<(String, String)>,
}

/// Finds the hooks of a set of files, in the order in which they run.
///
/// # Errors
/// When one can't be read.
pub(crate) fn find(files: &Arc<dyn Files>, layout: Layout) -> Result<Found, FilesError> {
    let mut hooks = Vec::new();
    let mut strangers = Vec::new();
    for file in files.hooks()? {
        let name = file.strip_prefix(HOOKS).and_then(|name| name.strip_prefix('/')).unwrap_or(&file);
        match event_of(name) {
            Some(event) => hooks.push(HookFile { event, digest: files.digest(&file)?, file }),
            // Flyway finds its own wherever they are.
            None if layout == Layout::Flyway && is_flyways(name) => {}
            None if name.contains('/') => {
                strangers
                    .push((files.display(&file), "hooks stand in the folder itself, not in one below it".to_owned()));
            }
            None => {
                let near = HookEvent::nearest(name);
                let why =
                    format!("no hook is called so; did you mean `{near}.sql`, or `{near}_….sql` for one of several?");
                strangers.push((files.display(&file), why));
            }
        }
    }
    hooks.sort_by(|a, b| (a.event, &a.file).cmp(&(b.event, &b.file)));
    Ok(Found { hooks, strangers })
}

fn event_of(name: &str) -> Option<HookEvent> {
    let stem = name.get(..name.len().checked_sub(4)?).filter(|_| is_sql(name) && !name.contains('/'))?;
    HookEvent::ALL.into_iter().find(|event| {
        let rest = stem.strip_prefix(event.as_str());
        rest.is_some_and(|rest| rest.is_empty() || (rest.len() > 1 && rest.starts_with('_')))
    })
}

/// `beforeMigrate.sql`, `afterEachUndo__clean_up.sql`: the callbacks of Flyway (its documentation, "Callback events").
fn is_flyways(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    let rest =
        file.strip_prefix("before").or_else(|| file.strip_prefix("after")).or_else(|| file.strip_prefix("create"));
    rest.is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
}

/// How many characters have to be changed, added or taken away.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (at, a) in from.chars().enumerate() {
        let mut corner = row[0];
        row[0] = at + 1;
        for (column, b) in to.iter().enumerate() {
            let replaced = corner + usize::from(a != *b);
            corner = row[column + 1];
            row[column + 1] = replaced.min(corner + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LoadError, Memory, Migrations};

    fn load(names: &[&str]) -> Result<Vec<(HookEvent, String)>, LoadError> {
        let files = Memory::new().with("1_a.up.sql", "SELECT 1");
        let files = names.iter().fold(files, |files, name| files.with(*name, *name));
        let migrations = Migrations::load(Arc::new(files), None)?;
        Ok(migrations.hooks().iter().map(|hook| (hook.event, hook.file.clone())).collect())
    }

    #[test]
    fn names_say_the_event_and_the_order() {
        let names = [
            "hooks/on_error.sql",
            "hooks/before_migrate_20_b.sql",
            "hooks/before_migrate_10_a.SQL",
            "hooks/before_migrate.sql",
            "hooks/after_each.sql",
            "hooks/readme.md",
            "hooks/.before_each.sql",
        ];
        let expected = [
            (HookEvent::BeforeMigrate, "hooks/before_migrate.sql"),
            (HookEvent::BeforeMigrate, "hooks/before_migrate_10_a.SQL"),
            (HookEvent::BeforeMigrate, "hooks/before_migrate_20_b.sql"),
            (HookEvent::AfterEach, "hooks/after_each.sql"),
            (HookEvent::OnError, "hooks/on_error.sql"),
        ];
        assert_eq!(load(&names).unwrap(), expected.map(|(event, file)| (event, file.to_owned())));
    }

    #[test]
    fn a_wrong_name_names_the_nearest() {
        for (name, near) in [
            ("before_migrat.sql", "before_migrate"),
            ("beforeMigrate.sql", "before_migrate"),
            ("after_ech_index.sql", "after_each"),
            ("before_migrate_.sql", "before_migrate"),
            ("error.sql", "on_error"),
            ("after_migration_10.sql", "after_migrate"),
        ] {
            let error = load(&[&format!("hooks/{name}")]).unwrap_err();
            assert_eq!(error.code(), "DL0113");
            let message = error.to_string();
            assert!(
                message.contains(&format!("`hooks/{name}`")) && message.contains(&format!("`{near}.sql`")),
                "{message}"
            );
        }
        let error = load(&["hooks/postgres/before_each.sql"]).unwrap_err().to_string();
        assert!(error.contains("folder itself"), "{error}");
    }

    #[test]
    fn flyways_own_callbacks_stay_flyways() {
        let files = Memory::new().with("V1__a.sql", "SELECT 1").with("hooks/beforeMigrate.sql", "SELECT 1");
        let files = files.with("hooks/afterEachMigrate__log.sql", "SELECT 1").with("hooks/before_each.sql", "SELECT 1");
        let migrations = Migrations::load(Arc::new(files), Some(Layout::Flyway)).unwrap();
        assert_eq!(migrations.hooks().len(), 1);
    }
}
