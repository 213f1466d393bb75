//! A hook that is a SQL file.

use driftlock_database::{Direction, Engine};
use driftlock_script::{Body, Dialect, HookEvent, HookFile, LoadError, Migrations, SplitError, Version};

use super::HookContext;
use crate::plan::{GroupKind, Source, Text};
use crate::{Error, Place, PlannedMigration};

/// A SQL file of the folder `hooks`.
#[derive(Debug, Clone)]
pub(crate) struct SqlHook {
    pub(crate) event: HookEvent,
    /// As people see it.
    pub(crate) file: String,
    pub(crate) text: String,
    /// The tables that it is for; all where there are none.
    pub(crate) tables: Vec<String>,
    /// The database in hand, where one is.
    database: Option<String>,
}

impl SqlHook {
    pub(super) fn read(
        migrations: &Migrations,
        file: &HookFile,
        dialect: Dialect,
        database: Option<&str>,
    ) -> Result<Self, LoadError> {
        Ok(SqlHook {
            event: file.event,
            file: migrations.files().display(&file.file),
            text: migrations.hook_text(file, dialect)?,
            tables: Vec::new(),
            database: database.map(str::to_owned),
        })
    }

    /// What runs of it, with what it is told put in. It is planned as a migration is: split, classed and grouped.
    pub(crate) fn plan(&self, engine: &dyn Engine, context: &HookContext) -> Result<PlannedMigration, Error> {
        let script = |place: Place| Error::Script(Box::new(place));
        let body = Body::of_hook(self.text.clone(), engine.dialect(), &context.values()).map_err(|error| {
            let SplitError { message, line, column, .. } = error;
            let text = self.text.lines().nth(usize::try_from(line).unwrap_or(1).saturating_sub(1)).unwrap_or_default();
            script(Place { file: self.file.clone(), line, column, text: text.to_owned(), message })
        })?;
        let source = Source {
            version: Version::text(self.event.as_str()),
            name: String::new(),
            file: self.file.clone(),
            direction: Direction::Up,
            digest: None,
            rollback_sql: None,
            text: Text::Held(body),
        };
        let planned =
            PlannedMigration::new(engine, source, self.database.as_deref()).map_err(|problems| {
                match problems.into_iter().next() {
                    Some(place) => script(place),
                    None => Error::Usage(format!("{} can't be run, and nothing says why", self.file)),
                }
            })?;
        if self.event.is_of_each() {
            self.fits_into_a_transaction(engine, &planned)?;
        }
        Ok(planned)
    }

    /// What runs inside of each migration's transaction must not commit it.
    fn fits_into_a_transaction(&self, engine: &dyn Engine, planned: &PlannedMigration) -> Result<(), Error> {
        let outside = match planned.groups.as_slice() {
            [] => None,
            [only] if only.kind == GroupKind::Transaction => None,
            [first, second, ..] if first.kind == GroupKind::Transaction => second.statements.first(),
            [first, ..] => first.statements.first(),
        };
        let Some(&index) = outside else { return Ok(()) };
        let message = format!(
            "the SQL of `{0}` hooks runs inside of each migration's transaction, and this can't be a part of one: put it into a hook of \
             `{1}`, which has a transaction of its own, or let a command do it",
            self.event,
            if self.event == HookEvent::BeforeEach { "before_migrate" } else { "after_migrate" },
        );
        Err(Error::Script(Box::new(planned.place(index, None, engine.dialect(), message))))
    }
}
