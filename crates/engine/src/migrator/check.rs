//! `check`: migrations held against the lock file, and a database against what is expected of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use driftlock_database::{ForeignHistory, Likeness, Session, Unmodelled};
use driftlock_schema::{Filter, Fingerprint, Id};
use driftlock_script::{LoadError, LockFile, Version};

use super::Migrator;
use super::check_lock::OtherMajor;
use super::rules::refused;
use crate::drift::{Differences, Drift, from_fingerprints, from_schema};
use crate::expected::{Expected, Position, Whole, major};
use crate::marks::{Memory, Remembered};
use crate::standing::Standing;
use crate::versions::Replaying;
use crate::{Database, Error, Shadow, events};

/// What a database was held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Against {
    /// The lock file.
    Lock,
    /// A replay of the versions that it has.
    Replay,
}

impl Against {
    /// As JSON names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Against::Lock => "lock",
            Against::Replay => "replay",
        }
    }
}

/// What came of holding a database against what its migrations make.
#[derive(Debug, Clone)]
pub struct Check {
    /// The engine's name: `postgres`, `mysql`, `sqlite`.
    pub engine: &'static str,
    /// The server's product and version.
    pub server: String,
    /// The database.
    pub database: String,
    /// The last version that it was held against; `None` where none is applied, or it wasn't compared.
    pub version: Option<Version>,
    /// What it was held against; `None` where it could not be compared, see [`why_not`](Self::why_not).
    pub against: Option<Against>,
    /// Why it could not be compared.
    pub why_not: Option<String>,
    /// Whether the database has versions that these files don't know: a newer release brought them.
    pub ahead: bool,
    /// Why the lock file says nothing of these migrations, where there is one that is stale.
    pub stale: Option<String>,
    /// The fingerprint of all that is expected.
    pub expected: Option<Fingerprint>,
    /// What differs. Nothing: they agree.
    pub drift: Vec<Drift>,
    /// What is expected, and lacking in a reading that isn't whole: no difference can be concluded from that.
    pub lacking: Vec<Drift>,
    /// Objects that something behind this version has begun to change: they were not compared.
    pub uncompared: Vec<Id>,
    /// How a lock file of another major than this server's was compared, where that made a difference.
    pub other_major: Option<OtherMajor>,
    /// Expressions that another major of the server has written, and that were left out of the comparison because of that.
    pub expressions: Vec<Drift>,
    /// What is there and has no place in a schema.
    pub unmodelled: Vec<Unmodelled>,
    /// Why the reading isn't whole.
    pub incomplete: Vec<String>,
    /// Whether the database's own change marks were those of an earlier reading, so that it was not read again.
    pub remembered: bool,
    /// What a person should know.
    pub notes: Vec<String>,
}

impl Check {
    /// Whether nothing differs, as far as it was compared.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.drift.is_empty() && self.stale.is_none()
    }
}

/// The lock file, as far as it says something of these migrations.
pub(super) enum Lock {
    /// There is none.
    None,
    /// It is of these files.
    Fresh(Box<LockFile>),
    /// It is of other files; why.
    Stale(String),
    /// It is of another engine, or of another question.
    Other(String),
}

/// So often a database is read that changes while it is read.
const ATTEMPTS: usize = 3;

impl Migrator {
    /// The lock file beside the migrations, or that the program carries with them.
    pub(super) fn lock_of(&self, engine: &str) -> Result<Lock, Error> {
        if self.watch.is_some() {
            return Ok(Lock::None);
        }
        let Some(lock) = self.migrations.lock_file()? else { return Ok(Lock::None) };
        if let Some(stale) = lock.stale(&self.migrations).map_err(LoadError::from)? {
            return Ok(Lock::Stale(stale.to_string()));
        }
        let of = &lock.engine;
        if of != engine {
            return Ok(Lock::Other(format!("schema.lock is of {of}, and this database of {engine}")));
        }
        if lock.filter.facets() != self.options.filter.facets() {
            let message = "schema.lock was written with other facets (ownership, grants, definers, comments) than these rules name: \
                           `driftlock lock` writes it anew";
            return Ok(Lock::Other(message.to_owned()));
        }
        Ok(Lock::Fresh(Box::new(lock)))
    }

    /// The fingerprint that the lock file expects after each version and before it, for the history.
    pub(super) fn expected_by_version(&self, engine: &str) -> BTreeMap<String, [String; 2]> {
        let Ok(Lock::Fresh(lock)) = self.lock_of(engine) else { return BTreeMap::new() };
        let mut before = Fingerprint::of_objects(engine, lock.empty.values().copied()).to_string();
        let mut expected = BTreeMap::new();
        for migration in &lock.migrations {
            let after = migration.fingerprint.to_string();
            expected.insert(migration.version.clone(), [after.clone(), std::mem::replace(&mut before, after)]);
        }
        expected
    }

    /// Holds a database against what is expected of it at its version: by the lock file, where it is of these files, else by a replay of what is
    /// applied, where there is a shadow. Where the lock file has nothing but fingerprints of that version and something differs, a
    /// shadow says what. Never against an earlier reading of that database. Writes nothing to it.
    ///
    /// # Errors
    /// When the database can't be read, files and history disagree, and when the lock file is stale and the environment protected.
    pub async fn check(&self, db: &Database) -> Result<Check, Error> {
        events::run(self.run_id, "check", self.check_now(db)).await
    }

    async fn check_now(&self, db: &Database) -> Result<Check, Error> {
        // Beside the first question to the database: an embedded engine loads all of its schema for it.
        let (reader, engine) = (self.clone(), db.engine.name());
        let lock = tokio::task::spawn_blocking(move || reader.lock_of(engine));
        let mut view = {
            let mut inner = db.in_use().await;
            inner.ahead = None;
            let view = self.view(inner.session.glance(&db.tables).await?)?;
            if let Err(error) = self.may_declare(&view) {
                return Err(self.explain(inner.session.as_mut(), db, error).await);
            }
            view
        };
        let lock = lock.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?;
        self.may_be_stale(&lock)?;
        let mut check = self.compare(db, &lock, &view.standing, &BTreeSet::new()).await?;
        if let Lock::Stale(why) = lock {
            check.stale = Some(why);
        }
        check.ahead = !view.standing.ahead.is_empty();
        check.notes.append(&mut view.notes);
        if view.fence.is_none() {
            check.notes.push("this database has no history of driftlock: it was held against an empty one".to_owned());
        }
        Ok(check)
    }

    /// In a protected environment a stale lock file refuses.
    pub(super) fn may_be_stale(&self, lock: &Lock) -> Result<(), Error> {
        match lock {
            Lock::Stale(why) if self.options.protected => Err(refused(
                "DL0824",
                format!(
                    "schema.lock is stale ({why}), and the environment is protected: write it anew with `driftlock lock`, review and commit it; \
                     nothing was changed"
                ),
            )),
            _ => Ok(()),
        }
    }

    /// The shadow that is found where it may be looked for, else memory.
    ///
    /// # Errors
    /// The outer one where it fails; the inner one is why there is none.
    async fn find_shadow(&self, db: &Database) -> Result<Result<Shadow, String>, Error> {
        let search = match &self.shadow {
            Some(search) => search.clone().name(&*db.name),
            None if db.engine.scratch().is_some() => Shadow::search(db.engine),
            None => return Ok(Err("no shadow is named to replay the migrations on".to_owned())),
        };
        match search.scripts(&self.migrations)?.cancellation(self.cancellation.clone()).find().await {
            Ok(shadow) => Ok(Ok(shadow)),
            Err(Error::NoShadow(why)) => Ok(Err(why)),
            Err(error) => Err(error),
        }
    }

    /// What exactly these versions make.
    ///
    /// # Errors
    /// The outer one where they fail; the inner one is why they can't be replayed.
    async fn replayed(&self, db: &Database, only: BTreeSet<Version>) -> Result<Result<Expected, String>, Error> {
        let shadow = match self.find_shadow(db).await? {
            Ok(shadow) => shadow,
            Err(why) => return Ok(Err(why)),
        };
        let scratch = match shadow.database(Some(db)).await {
            Ok(scratch) => scratch,
            Err(error @ Error::Interrupted { .. }) => return Err(error),
            Err(error) => {
                return Ok(Err(format!("no scratch database can be made to replay the migrations in: {error}")));
            }
        };
        let what = Replaying { only: Some(only), begin: None };
        let replayed = self.replay_from(scratch, &shadow, Some(db), what).await?;
        Ok(Ok(Expected::by_replay(replayed.lock, &self.migrations)?))
    }

    /// The same comparison with a lock file of another major, whose schema is made again where there is a shadow of the database's major.
    async fn across_majors(
        &self,
        db: &Database,
        lock: &LockFile,
        mut expected: Expected,
        mut check: Check,
    ) -> Result<Check, Error> {
        let made_again = match self.find_shadow(db).await? {
            Ok(shadow) => Box::pin(self.made_again(&shadow, Some(db), lock, &check.server)).await?,
            Err(why) => Err(why),
        };
        check.other_major = Some(match made_again {
            Ok(schema) => {
                expected.whole = Whole::Is(schema);
                expected.server.clone_from(&check.server);
                check = self.hold(db, expected, Some(lock), Against::Lock).await?;
                OtherMajor::MadeAgain
            }
            Err(why) => OtherMajor::LeftOut(why),
        });
        Ok(check)
    }

    /// Holds a database that has come as far as this against what is expected; `declared` counts as applied.
    pub(super) async fn compare(
        &self,
        db: &Database,
        lock: &Lock,
        standing: &Standing,
        declared: &BTreeSet<Version>,
    ) -> Result<Check, Error> {
        let mut why_not = match lock {
            Lock::Fresh(lock) => match Position::of(lock, &self.migrations, standing, declared) {
                Ok(position) => {
                    let expected = Expected::by_lock(lock, &self.migrations, &position);
                    let is_vague = matches!(expected.whole, Whole::Unknown);
                    let check = self.hold(db, expected.clone(), Some(lock), Against::Lock).await?;
                    if !check.expressions.is_empty() {
                        return self.across_majors(db, lock, expected, check).await;
                    }
                    let is_open = !check.drift.is_empty() || !check.uncompared.is_empty() || check.against.is_none();
                    if !(is_vague && is_open) {
                        return Ok(check);
                    }
                    return match Box::pin(self.replayed(db, position.applied)).await? {
                        Ok(expected) => self.hold(db, expected, None, Against::Replay).await,
                        Err(_) => Ok(check),
                    };
                }
                Err(reason) => reason,
            },
            Lock::None => "there is no schema.lock (`driftlock lock` writes it)".to_owned(),
            Lock::Stale(why) => format!("schema.lock is stale: {why} (`driftlock lock` writes it anew)"),
            Lock::Other(why) => why.clone(),
        };
        match self.applied_files(standing, declared) {
            Ok(applied) => match Box::pin(self.replayed(db, applied)).await? {
                Ok(expected) => return self.hold(db, expected, None, Against::Replay).await,
                Err(reason) => why_not.push_str(&format!("; {reason}")),
            },
            Err(reason) => why_not = reason,
        }
        let inner = db.in_use().await;
        let server = inner.session.server();
        Ok(Check { why_not: Some(why_not), ..nothing(db, &server.version, &server.database) })
    }

    /// The versions to replay for what a database has.
    fn applied_files(&self, standing: &Standing, declared: &BTreeSet<Version>) -> Result<BTreeSet<Version>, String> {
        let has = standing.recorded.values().filter(|it| it.applied.is_some()).map(|it| &it.version);
        let has: BTreeSet<Version> = has.chain(declared).cloned().collect();
        if let Some(open) =
            standing.recorded.values().find(|it| it.unfinished.is_some() && !declared.contains(&it.version))
        {
            return Err(format!("version {} is half done", open.version));
        }
        if let Some(again) = has.iter().find(|it| standing.pending.binary_search(it).is_ok() && !declared.contains(it))
        {
            return Err(format!("version {again} was applied as an older text than its file has now"));
        }
        match has.iter().find(|version| self.migrations.find(version).is_none()) {
            Some(version) => Err(format!("version {version} is applied, and there is no file that says what it made")),
            None => Ok(has),
        }
    }

    /// Reads the database and compares.
    async fn hold(
        &self,
        db: &Database,
        expected: Expected,
        lock: Option<&LockFile>,
        against: Against,
    ) -> Result<Check, Error> {
        let mut inner = db.in_use().await;
        inner.ahead = None;
        let session = inner.session.as_mut();
        let mut attempt = 1;
        loop {
            let before = session.glance(&db.tables).await?.map(|it| it.fence.head);
            let check = self.hold_once(session, db, expected.clone(), lock, against).await?;
            let after = session.glance(&db.tables).await?.map(|it| it.fence.head);
            if before == after || check.drift.is_empty() || attempt == ATTEMPTS {
                return Ok(check);
            }
            attempt += 1;
        }
    }

    /// The same, on a session in hand, whoever else may be at work.
    pub(super) async fn hold_once(
        &self,
        session: &mut dyn Session,
        db: &Database,
        mut expected: Expected,
        lock: Option<&LockFile>,
        against: Against,
    ) -> Result<Check, Error> {
        let began = Instant::now();
        let ours = &self.options.filter;
        let locked = lock
            .map(|lock| &lock.filter)
            .filter(|it| it.excluded() != ours.excluded() || it.included() != ours.included());
        let filters: Vec<Filter> = std::iter::once(ours).chain(locked).map(|filter| db.without_own(filter)).collect();
        let facets = ours.facets();
        let takes = |id: &Id| filters.iter().all(|filter| filter.takes(id));
        expected.retain(takes);
        let server = session.server().clone();
        let mut check = nothing(db, &server.version, &server.database);
        check.version.clone_from(&expected.version);
        check.against = Some(against);
        check.expected = Some(expected.fingerprint(db.engine.name()));
        check.uncompared = expected.unknown.iter().filter(|id| takes(id)).cloned().collect();

        let marks = match &self.cache {
            Some(folder) => session.change_marks().await?.map(|marks| {
                let all: Vec<&Filter> = filters.iter().collect();
                (Memory::new(folder, db.engine.name(), &marks.database, &all), marks)
            }),
            None => None,
        };
        if let Some(read) = marks.as_ref().and_then(|(memory, marks)| memory.recall(marks))
            && expected.unknown.is_empty()
            && Some(read.fingerprint) == check.expected
        {
            check.unmodelled = read.unmodelled;
            check.remembered = true;
            events::looked(&check, began);
            return Ok(check);
        }
        let mut found = session.inspect().await?;
        found.schema.retain(|object| takes(&object.id()));
        found.unmodelled.retain(|it| takes(&it.object));
        if let Some((memory, before)) = marks
            && found.incomplete.is_empty()
            && session.change_marks().await?.as_ref() == Some(&before)
        {
            let fingerprint = found.schema.fingerprint_of(facets);
            memory.remember(&before, Remembered { fingerprint, unmodelled: found.unmodelled.clone() });
        }
        found.schema.retain(|object| !expected.unknown.contains(&object.id()));
        let is_other_major = major(&expected.server) != major(&server.version);
        let whole = match (expected.whole, lock) {
            (Whole::Is(whole), _) => Some(whole),
            (Whole::Locked, Some(lock)) => Some(lock.schema()?.clone()),
            _ => None,
        };
        let is_vague = whole.is_none();
        let Differences { drift, lacking, texts } = match whole {
            Some(mut whole) => {
                whole.retain(|object| takes(&object.id()) && !expected.unknown.contains(&object.id()));
                from_schema(&whole, &found, facets, is_other_major)
            }
            None => from_fingerprints(&expected.objects, &found, facets),
        };
        if is_vague && is_other_major {
            check.against = None;
            check.why_not = Some(format!(
                "schema.lock was written on {}, this server is {}, and of this version it has nothing but fingerprints",
                expected.server, server.version
            ));
            return Ok(check);
        }
        (check.drift, check.lacking, check.expressions) = (drift, lacking, texts);
        (check.unmodelled, check.incomplete) = (found.unmodelled, found.incomplete);
        self.leave_out_histories(session, db, &mut check).await?;
        if let Some(lock) = lock
            && !check.drift.is_empty()
        {
            check.notes.extend(of_another_kind(&lock.database, &session.likeness().await?));
        }
        events::looked(&check, began);
        Ok(check)
    }

    /// Tables in which other tools keep what they have applied are theirs, as driftlock's own are driftlock's.
    async fn leave_out_histories(
        &self,
        session: &mut dyn Session,
        db: &Database,
        check: &mut Check,
    ) -> Result<(), Error> {
        if !check.drift.iter().any(|it| it.what == crate::Drifted::Unexpected && it.part.is_none()) {
            return Ok(());
        }
        for ForeignHistory { tool, table } in session.surroundings(&db.tables).await?.foreign_histories {
            let (schema, name) = match table.rsplit_once('.') {
                Some((schema, name)) => (Some(schema), name),
                None => (None, table.as_str()),
            };
            let is_it = |id: &Id| {
                id.kind == "table"
                    && id.name.name == name
                    && schema.is_none_or(|schema| id.name.schema.as_deref() == Some(schema))
            };
            let count = check.drift.len();
            check.drift.retain(|it| it.what != crate::Drifted::Unexpected || it.part.is_some() || !is_it(&it.object));
            if check.drift.len() < count {
                check.notes.push(format!("`{table}`, in which {tool} keeps what it has applied, was not compared"));
            }
        }
        Ok(())
    }
}

/// What a person should know of a database that isn't like the one that the lock file was written in.
fn of_another_kind(locked: &Likeness, here: &Likeness) -> Option<String> {
    let (name, locked, here) = locked.iter().find_map(|(name, locked)| {
        let here = here.get(name).filter(|here| *here != locked)?;
        Some((name, locked, here))
    })?;
    Some(format!(
        "this database's {name} by default is {here}, and schema.lock was written in one of {locked}: what names none of its own differs by that \
         alone. `driftlock lock` with this database named (`--env` or `--url`) writes schema.lock for databases like this one"
    ))
}

pub(super) fn nothing(db: &Database, server: &str, database: &str) -> Check {
    Check {
        engine: db.engine.name(),
        server: server.to_owned(),
        database: database.to_owned(),
        version: None,
        against: None,
        why_not: None,
        ahead: false,
        stale: None,
        expected: None,
        drift: Vec::new(),
        lacking: Vec::new(),
        uncompared: Vec::new(),
        other_major: None,
        expressions: Vec::new(),
        unmodelled: Vec::new(),
        incomplete: Vec::new(),
        remembered: false,
        notes: Vec::new(),
    }
}
