//! The way in for a database that exists: one migration that makes it, proved, its lock file, and what of it is better left to others.

mod ignored;

use std::sync::Arc;

use driftlock_database::{ForeignHistory, Inspection};
use driftlock_schema::{Facets, Filter, Rule, compare};
use driftlock_script::{Dialect, Layout, LockFile, Memory, Migrations};

use crate::versions::replay;
use crate::{Database, Error, Migrator, Options, Provenance, Shadow, Unproved, to_script};

pub use ignored::{IgnoredRule, propose_ignored};

/// What a project begins with whose database is there already.
#[derive(Debug, Clone)]
pub struct Existing {
    /// What was read, without what the filter leaves out.
    pub inspection: Inspection,
    /// What is proposed to be ignored, of what was found.
    pub ignored: Vec<IgnoredRule>,
    /// What is looked at: all but what is ignored.
    pub filter: Filter,
    /// The migration that makes it.
    pub script: String,
    /// What the migration makes.
    pub lock: LockFile,
}

/// More statements than this don't go into a transaction of PostgreSQL's: each table takes several places in its table of locks.
const MOST: usize = 1000;

impl Database {
    /// Writes a database down as one migration, and proves it: the migration is run on a shadow, and what comes of it is the same by the engine's own
    /// account. `file` is the migration's name, `exclude` what is to be ignored beside what is proposed. Reads only.
    ///
    /// # Errors
    /// [`Error::Unproved`] where what the migration makes differs; where this login doesn't see everything; what reading and the shadow come to.
    pub async fn write_down(&self, shadow: &Shadow, file: &str, exclude: &[Rule]) -> Result<Existing, Error> {
        let histories = shadow.unless_cancelled(self.history_tables()).await?;
        let mut inspection = shadow.unless_cancelled(self.inspect(&Filter::new())).await?;
        let ignored = propose_ignored(&inspection.schema, &histories);
        let rules = ignored.iter().map(|it| &it.rule).chain(exclude);
        let filter = rules.fold(Filter::new(), |filter, rule| filter.exclude(rule.clone()));
        filter.apply(&mut inspection.schema);
        inspection.unmodelled.retain(|it| filter.takes(&it.object));
        if !inspection.incomplete.is_empty() {
            return Err(Error::Refused {
                code: "DL0806",
                message: format!(
                    "this login doesn't see the whole database, and a migration that lacks something would be worse than none: {}; use one that does",
                    inspection.incomplete.join("; ")
                ),
            });
        }
        let script = self.script_of(&inspection)?;
        let files = Memory::new().with(file, script.as_str());
        let migrations = Migrations::load(Arc::new(files), Some(Layout::Driftlock))?;
        let differences = self.prove_migrations(shadow, &migrations, &inspection, &filter).await?;
        if !differences.is_empty() {
            return Err(Error::Unproved(differences));
        }
        let migrator = Migrator::new(&migrations)
            .provenance(Provenance::from_process())
            .options(Options { filter: filter.clone(), ..Options::default() })
            .cancellation(shadow.cancellation.clone());
        let lock = Box::pin(migrator.replay(shadow, Some(self))).await?.lock;
        let change = compare(&inspection.schema, lock.schema()?, Facets::default()).into_iter().next();
        if let Some(change) = change {
            // Both accounts are the same, and the readings aren't: one of them is wrong.
            let one = |about: &str| Unproved {
                object: change.object.clone(),
                about: about.to_owned(),
                here: None,
                made: None,
            };
            return Err(Error::Unproved(vec![one("as it is read")]));
        }
        Ok(Existing { inspection, ignored, filter, script, lock })
    }

    /// The tables in which other tools keep what they applied here.
    async fn history_tables(&self) -> Result<Vec<ForeignHistory>, Error> {
        Ok(self.in_use().await.session.surroundings(&self.tables).await?.foreign_histories)
    }

    /// The text of a migration that makes what was read here.
    fn script_of(&self, inspection: &Inspection) -> Result<String, Error> {
        let creations = self.engine.create(&inspection.schema)?;
        let dialect = self.engine.dialect();
        let mut head = "-- What the database was when its migrations began. Where it is so already, `driftlock baseline` marks it.\n".to_owned();
        if dialect == Dialect::Postgres && creations.len() > MOST {
            head.push_str("-- These are too many objects for one transaction.\n-- driftlock: no-transaction\n");
        }
        Ok(format!("{head}\n{}", to_script(&creations, dialect)))
    }

    /// What differs between this database and the one that migrations make on a shadow, by the engine's own accounts of both. What has no place in
    /// the reading of this one is no part of the comparison.
    ///
    /// # Errors
    /// When a catalog can't be read, the shadow can't be made, or a migration fails on it.
    pub async fn prove_migrations(
        &self,
        shadow: &Shadow,
        migrations: &Migrations,
        inspection: &Inspection,
        filter: &Filter,
    ) -> Result<Vec<Unproved>, Error> {
        let here = shadow.unless_cancelled(self.census(filter)).await?;
        let scratch = shadow.database(Some(self)).await?;
        let made = async {
            replay(&scratch.database, migrations, None, &shadow.cancellation).await?;
            shadow.unless_cancelled(scratch.database.census(filter)).await
        };
        let made = made.await;
        let made = scratch.end(made).await?;
        Ok(crate::proof::differences(here, &made, inspection))
    }
}
