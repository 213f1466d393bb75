//! What each version of a directory makes: the migrations run on a shadow as they run anywhere, and after each the schema is read.
//!
//! Only what a migration's statements name, and what hangs on it, is read again; at every fiftieth and behind the last one everything is. Where
//! that says something else, the directory is replayed once more with everything read at every version.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use driftlock_database::{Inspection, Reach, Session, Timeouts, Unmodelled};
use driftlock_schema::{Facets, Filter, Fingerprint, Id, Pair, Schema, compare};
use driftlock_script::{
    Dialect, Layout, LockFile, LockedMigration, Migrations, Token, TokenKind, Touched, Values, Version, significant,
};
use tokio::sync::Mutex;

use crate::shadow::Scratch;
use crate::{
    Cancellation, Database, Error, Migrator, OnProgress, Options, PlannedMigration, Progress, Provenance, Shadow,
    reaches_past,
};

/// What came of a replay.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    /// The schema, and what each version changed of it: what a lock file says.
    pub lock: LockFile,
    /// What the migrations make and a schema has no place for.
    pub unmodelled: Vec<Unmodelled>,
    /// Why the reading isn't whole.
    pub incomplete: Vec<String>,
}

/// What of the migrations is replayed, and on what.
#[derive(Debug, Clone, Default)]
pub(crate) struct Replaying {
    /// These versions alone.
    pub(crate) only: Option<BTreeSet<Version>>,
    /// What is made before the first of them.
    pub(crate) begin: Option<Schema>,
}

/// Everything is read again at every so many versions.
const WHOLE: usize = 50;

/// Reads the schema after each migration of a run.
pub(crate) struct Watch {
    filter: Filter,
    dialect: Dialect,
    values: Values,
    /// Everything is read at every version.
    careful: bool,
    /// What was read last, with what the filter leaves out.
    before: Inspection,
    /// The objects that there are, by what the filter takes.
    objects: BTreeMap<Id, Fingerprint>,
    migrations: Vec<LockedMigration>,
    put_in: BTreeMap<String, Option<String>>,
    /// A whole reading said something else than those of parts before it.
    disagreed: bool,
}

impl Watch {
    /// After a migration was committed.
    pub(crate) async fn after(&mut self, session: &mut dyn Session, planned: &PlannedMigration) -> Result<(), Error> {
        session.reset(&NO_LIMITS).await?;
        let mut now = match self.careful {
            false => session.inspect_again(&self.before, Ran::of(planned, self.dialect).reach()).await?,
            true => session.inspect().await?,
        };
        if !self.careful && (self.migrations.len() + 1).is_multiple_of(WHOLE) {
            let whole = self.whole(session, &now).await?;
            // Where both say the same it goes on with the parts: what of them didn't change is still what it was, and not only like it.
            if self.disagreed {
                now = whole;
            }
        }
        for (name, value) in &planned.values {
            let is_told = self.values.placeholders.get(name) == Some(value)
                && !self.values.secrets.contains(name)
                && !name.starts_with(FLYWAYS_OWN);
            self.put_in.insert(name.clone(), is_told.then(|| value.clone()));
        }
        let changed = self.changes(&now.schema);
        self.migrations.push(LockedMigration {
            version: planned.version.to_string(),
            fingerprint: Fingerprint::of_objects(now.schema.engine(), self.objects.values().copied()),
            changed,
        });
        self.before = now;
        Ok(())
    }

    /// Everything, held against what reading in parts has come to.
    async fn whole(&mut self, session: &mut dyn Session, parts: &Inspection) -> Result<Inspection, Error> {
        let whole = session.inspect().await?;
        self.disagreed |= !compare(&parts.schema, &whole.schema, Facets::ALL).is_empty();
        Ok(whole)
    }

    /// The objects that are others than before, with their fingerprints now.
    fn changes(&mut self, now: &Schema) -> BTreeMap<Id, Option<Fingerprint>> {
        let mut changed = BTreeMap::new();
        for pair in self.before.schema.differing(now) {
            let (Pair::Removed(object) | Pair::Added(object) | Pair::Altered(_, object)) = pair;
            let (id, is_gone) = (object.id(), matches!(pair, Pair::Removed(_)));
            let now = (!is_gone).then(|| Fingerprint::of_object(object, self.filter.facets()));
            if self.filter.takes(&id) && self.objects.get(&id) != now.as_ref() {
                changed.insert(id, now);
            }
        }
        for (id, after) in &changed {
            match after {
                Some(after) => self.objects.insert(id.clone(), *after),
                None => self.objects.remove(id),
            };
        }
        changed
    }
}

/// A shadow has nobody to wait for.
const NO_LIMITS: Timeouts = Timeouts {
    lock: std::time::Duration::ZERO,
    concurrent: std::time::Duration::ZERO,
    statement: std::time::Duration::ZERO,
};

/// What Flyway says of where a script runs, which is another place in each replay.
const FLYWAYS_OWN: &str = "flyway:";

impl Migrator {
    /// Replays the migrations on a shadow, by the same way that they run anywhere, and reads after each what it changed of the schema. Hooks
    /// don't run. `like` is the database whose encoding, collation and modes the scratch database has.
    ///
    /// # Errors
    /// When a migration fails, when the scratch database can't be made, read or dropped, and when scripts work on more than their database.
    pub async fn replay(&self, shadow: &Shadow, like: Option<&Database>) -> Result<Replayed, Error> {
        self.replay_on(shadow, like, Replaying::default()).await
    }

    /// The same of a part of them, or on something that is there before.
    pub(crate) async fn replay_on(
        &self,
        shadow: &Shadow,
        like: Option<&Database>,
        what: Replaying,
    ) -> Result<Replayed, Error> {
        if !shadow.is_own()
            && let Some(place) = reaches_past(&self.migrations, shadow.engine().dialect())?
        {
            return Err(Error::Refused {
                code: "DL0827",
                message: format!(
                    "{place}: this statement works on more than its database: it is replayed on a server of its own alone, which is started where \
                     the engine's binaries are found"
                ),
            });
        }
        let scratch = shadow.database(like).await?;
        self.replay_from(scratch, shadow, like, what).await
    }

    /// The same in this scratch database.
    pub(crate) async fn replay_from(
        &self,
        scratch: Scratch,
        shadow: &Shadow,
        like: Option<&Database>,
        what: Replaying,
    ) -> Result<Replayed, Error> {
        if let Some(replayed) = self.replay_once(scratch, what.clone(), false).await? {
            return Ok(replayed);
        }
        let scratch = shadow.database(like).await?;
        self.replay_once(scratch, what, true).await?.ok_or_else(|| Error::Refused {
            code: "DL0828",
            message:
                "two readings of one database say different things: somebody else is at work in the scratch database"
                    .to_owned(),
        })
    }

    /// Nothing where reading in parts and reading everything disagreed.
    async fn replay_once(&self, scratch: Scratch, what: Replaying, careful: bool) -> Result<Option<Replayed>, Error> {
        let replayed = Box::pin(self.replay_in(&scratch.database, what, careful)).await;
        scratch.end(replayed).await
    }

    async fn replay_in(&self, db: &Database, what: Replaying, careful: bool) -> Result<Option<Replayed>, Error> {
        let mut migrator = in_scratch(db, &self.migrations, &self.cancellation).await;
        let filter = db.without_own(&self.options.filter);
        if let Some(begin) = &what.begin {
            db.realise(begin).await?;
        }
        let (before, database) = {
            let mut inner = db.in_use().await;
            (inner.session.inspect().await?, inner.session.likeness().await?)
        };
        let mut watch = Watch {
            filter,
            dialect: db.engine.dialect(),
            values: migrator.migrations.values().clone(),
            careful,
            before: Inspection {
                schema: Schema::new(db.engine.name()),
                unmodelled: Vec::new(),
                incomplete: Vec::new(),
            },
            objects: BTreeMap::new(),
            migrations: Vec::new(),
            put_in: BTreeMap::new(),
            disagreed: false,
        };
        watch.changes(&before.schema);
        let empty = watch.objects.clone();
        watch.before = before;
        let watch = Arc::new(Mutex::new(watch));
        // How far it is; what the scripts say and that they are done concerns the scratch database alone.
        migrator.progress = self.progress.clone().map(|tell| -> OnProgress {
            Arc::new(move |progress| {
                if matches!(progress, Progress::Started { .. } | Progress::Statement { .. }) {
                    tell(progress);
                }
            })
        });
        migrator.watch = Some(Arc::clone(&watch));
        migrator.only = what.only;
        // The program's own copy of the manifest is about its files and not about what they make.
        migrator.manifest = None;
        migrator.up(db).await.map_err(Error::in_scratch)?;
        drop(migrator);
        let mut inner = db.in_use().await;
        let session = inner.session.as_mut();
        let mut watch = watch.lock().await;
        session.reset(&NO_LIMITS).await?;
        let parts = watch.before.clone();
        let mut last = watch.whole(session, &parts).await?;
        if watch.disagreed && !careful {
            return Ok(None);
        }
        watch.filter.apply(&mut last.schema);
        last.unmodelled.retain(|it| watch.filter.takes(&it.object));
        let lock = LockFile {
            engine: db.engine.name().to_owned(),
            version: session.server().version.clone(),
            database,
            files: self.migrations.digest().map_err(driftlock_script::LoadError::from)?,
            filter: self.options.filter.clone(),
            values: std::mem::take(&mut watch.put_in),
            fingerprint: last.schema.fingerprint_of(watch.filter.facets()),
            empty,
            migrations: std::mem::take(&mut watch.migrations),
            schema: last.schema.into(),
        };
        Ok(Some(Replayed { lock, unmodelled: last.unmodelled, incomplete: last.incomplete }))
    }
}

/// Runs migrations in a scratch database, up to a version or all of them.
pub(crate) async fn replay(
    db: &Database,
    migrations: &Migrations,
    to: Option<String>,
    cancellation: &Cancellation,
) -> Result<(), Error> {
    let mut migrator = in_scratch(db, migrations, cancellation).await;
    migrator.options.to = to;
    Box::pin(migrator.up(db)).await.map_err(Error::in_scratch)?;
    Ok(())
}

/// What runs migrations in a scratch database. They are told that they run there, whatever they were told before.
async fn in_scratch(db: &Database, migrations: &Migrations, cancellation: &Cancellation) -> Migrator {
    let mut values = migrations.values().clone();
    values.placeholders.retain(|name, _| !name.starts_with(FLYWAYS_OWN));
    if migrations.layout() == Layout::Flyway {
        values = values.with_flyways_own(&db.facts("shadow").await);
    }
    Migrator::new(&migrations.clone().with_values(values))
        .provenance(Provenance::from_process())
        .options(Options { environment: None, out_of_order: true, ..Options::default() })
        .cancellation(cancellation.clone())
}

/// What a migration's statements can have changed.
struct Ran {
    most: Change,
    /// The tables that they name.
    tables: Vec<String>,
}

impl Ran {
    fn of(planned: &PlannedMigration, dialect: Dialect) -> Self {
        let mut all = Touched::default();
        let mut most = Change::Rows;
        for (_, statement) in planned.running() {
            let sql = planned.sql(statement);
            most = most.max(Change::of(sql, dialect));
            if most == Change::Anything {
                break;
            }
            all.add(Touched::of(sql, dialect));
        }
        Ran { most: if all.complete { most } else { Change::Anything }, tables: all.tables.into_iter().collect() }
    }

    fn reach(&self) -> Reach<'_> {
        match self.most {
            Change::Rows | Change::Additions => Reach::Additions(&self.tables),
            Change::Tables => Reach::Tables(&self.tables),
            Change::Anything => Reach::Anything,
        }
    }
}

/// What a statement can change besides the tables that it names, by its first words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    /// Nothing of the schema.
    Rows,
    /// What it makes comes to them.
    Additions,
    /// Their parts, and what hangs on them.
    Tables,
    Anything,
}

impl Change {
    fn of(sql: &str, dialect: Dialect) -> Self {
        let mut words = significant(sql, dialect);
        let is = |token: &Token<'_>, words: &[&str]| words.iter().any(|word| token.is(word));
        let Some(first) = words.next() else { return Change::Rows };
        if is(&first, &["INSERT", "UPDATE", "DELETE", "REPLACE", "TRUNCATE", "SET", "RESET", "COPY"]) {
            return Change::Rows;
        }
        if !is(&first, &["CREATE", "ALTER", "DROP"]) {
            return Change::Anything;
        }
        const BEFORE: &[&str] = &["UNIQUE", "OR", "FULLTEXT", "SPATIAL", "UNLOGGED", "MATERIALIZED"];
        let mut replaces = false;
        // `OR REPLACE` has two.
        let kind = words.by_ref().take(4).find(|token| {
            replaces |= token.is("REPLACE");
            token.kind == TokenKind::Word && !is(token, BEFORE) && !token.is("REPLACE")
        });
        match kind.is_some_and(|kind| is(&kind, &["TABLE", "INDEX", "VIEW", "TRIGGER", "POLICY", "RULE"])) {
            false => Change::Anything,
            true if first.is("CREATE") && !replaces => Change::Additions,
            true => Change::Tables,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_can_change_more_than_it_names() {
        for (sql, expected) in [
            ("CREATE TABLE a (i int)", Change::Additions),
            ("create unique index b on a (i)", Change::Additions),
            ("CREATE OR REPLACE VIEW v AS SELECT 1", Change::Tables),
            ("ALTER TABLE a ADD b int", Change::Tables),
            ("DROP TABLE a", Change::Tables),
            ("INSERT INTO a VALUES (1)", Change::Rows),
            ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", Change::Anything),
            ("CREATE TYPE t AS ENUM ('a')", Change::Anything),
            ("CREATE SCHEMA s", Change::Anything),
            ("GRANT SELECT ON a TO b", Change::Anything),
            ("COMMENT ON TABLE a IS 'x'", Change::Anything),
            ("DO $$ BEGIN END $$", Change::Anything),
            ("SELECT f()", Change::Anything),
            ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO b", Change::Anything),
            ("PRAGMA writable_schema = 1", Change::Anything),
        ] {
            assert_eq!(Change::of(sql, Dialect::Postgres), expected, "{sql}");
        }
    }
}
