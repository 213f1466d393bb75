//! `check --migrations`: what the migrations make, held against the lock file.

use std::collections::{BTreeMap, BTreeSet};

use driftlock_database::Inspection;
use driftlock_schema::{Fingerprint, Id, Object, Schema};
use driftlock_script::{LoadError, LockFile, LockFileError};

use super::Migrator;
use crate::drift::{Drift, from_schema};
use crate::expected::major;
use crate::versions::Replaying;
use crate::{Database, Error, Replayed, Shadow};

/// What came of holding the migrations against the lock file.
#[derive(Debug, Clone)]
pub struct LockCheck {
    /// The server that they were replayed on.
    pub server: String,
    /// The server that the lock file was written on.
    pub locked_server: String,
    /// Why the lock file is stale, where it is.
    pub stale: Option<String>,
    /// How what the migrations make differs from what the lock file says: that is what is expected here.
    pub drift: Vec<Drift>,
    /// Versions that change other objects than the lock file says, or leave them otherwise; with these objects.
    pub versions: Vec<(String, Vec<Id>)>,
    /// How a lock file of another major than this server's was compared; nothing where it is of the same.
    pub other_major: Option<OtherMajor>,
    /// Expressions that another major of the server has written, and that were not compared because of that.
    pub expressions: Vec<Drift>,
    /// What the migrations make now.
    pub replayed: Replayed,
}

/// How a lock file was compared that another major of the server has written: each prints some expressions in its own way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OtherMajor {
    /// Its schema was made again on a shadow of this major and read back: everything was compared.
    MadeAgain,
    /// The expressions that differ were left out, and counted. Why its schema wasn't made again.
    LeftOut(String),
}

impl OtherMajor {
    /// As JSON names it.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            OtherMajor::MadeAgain => "made_again",
            OtherMajor::LeftOut(_) => "left_out",
        }
    }
}

impl LockCheck {
    /// Whether nothing differs.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.stale.is_none() && self.drift.is_empty() && self.versions.is_empty()
    }
}

impl Migrator {
    /// Replays the migrations on a shadow, and holds what they make against the lock file.
    ///
    /// # Errors
    /// When there is no lock file, or none of this engine; those of [`replay`](Self::replay).
    pub async fn check_lock(&self, shadow: &Shadow) -> Result<LockCheck, Error> {
        let lock = self.migrations.lock_file()?;
        let Some(lock) = lock else { return Err(no_lock()) };
        let stale = lock.stale(&self.migrations).map_err(LoadError::from)?.map(|stale| stale.to_string());
        // The lock file's own rules: the question is whether it is what it would be if it were written now.
        let mut migrator = self.clone();
        migrator.options.filter.clone_from(&lock.filter);
        // Where the migrations didn't change what the database itself is like, it begins as it began then.
        let begin = begun(&lock, |object| object.kind == "database")?;
        let what = Replaying { only: None, begin: Some(begin).filter(|begin| !begin.is_empty()) };
        let shadow = &shadow.clone().like(lock.database.clone());
        let replayed = Box::pin(migrator.replay_on(shadow, None, what)).await?;
        let now = &replayed.lock;
        if lock.engine != now.engine {
            let message = format!("schema.lock is of {}, and the shadow of {}", lock.engine, now.engine);
            return Err(Error::Usage(message));
        }
        let found = Inspection {
            schema: now.schema()?.clone(),
            unmodelled: replayed.unmodelled.clone(),
            incomplete: replayed.incomplete.clone(),
        };
        let is_other_major = major(&lock.version) != major(&now.version);
        let (made_again, other_major) = match is_other_major {
            true => match migrator.made_again(shadow, None, &lock, &now.version).await? {
                Ok(schema) => (Some(schema), Some(OtherMajor::MadeAgain)),
                Err(why) => (None, Some(OtherMajor::LeftOut(why))),
            },
            false => (None, None),
        };
        let leaves_out = is_other_major && made_again.is_none();
        let expected = match &made_again {
            Some(schema) => schema,
            None => lock.schema()?,
        };
        let differences = from_schema(expected, &found, lock.filter.facets(), leaves_out);
        let mut versions = Vec::new();
        // Fingerprints of two majors tell nothing of each other.
        if !is_other_major {
            let locked: BTreeMap<&str, _> =
                lock.migrations.iter().map(|it| (it.version.as_str(), &it.changed)).collect();
            let nothing = BTreeMap::new();
            for it in &now.migrations {
                let was = locked.get(it.version.as_str()).copied().unwrap_or(&nothing);
                let ids: BTreeSet<&Id> = was.keys().chain(it.changed.keys()).collect();
                let other: Vec<Id> =
                    ids.into_iter().filter(|id| was.get(*id) != it.changed.get(*id)).cloned().collect();
                if !other.is_empty() {
                    versions.push((it.version.clone(), other));
                }
            }
        }
        Ok(LockCheck {
            server: now.version.clone(),
            locked_server: lock.version,
            stale,
            drift: differences.drift.into_iter().chain(differences.lacking).collect(),
            versions,
            other_major,
            expressions: differences.texts,
            replayed,
        })
    }

    /// A lock file's schema as a server of this version writes it: made on a shadow and read back. The inner error is why it can't be.
    pub(super) async fn made_again(
        &self,
        shadow: &Shadow,
        like: Option<&Database>,
        lock: &LockFile,
        version: &str,
    ) -> Result<Result<Schema, String>, Error> {
        let begun = begun(lock, |object| object.kind != "database")?;
        let mut schema = lock.schema()?.clone();
        schema.retain(|object| begun.get(&object.id()).is_none());
        let scratch = match shadow.database(like).await {
            Ok(scratch) => scratch,
            Err(error @ Error::Interrupted { .. }) => return Err(error),
            Err(error) => return Ok(Err(error.to_string())),
        };
        let db = &scratch.database;
        let made = async {
            // What is in an empty database is each major's own.
            for (id, object) in db.inspect(&lock.filter).await?.schema.iter() {
                if schema.get(id).is_none() && (begun.get(id).is_some() || !lock.empty.contains_key(id)) {
                    schema.insert(object.clone());
                }
            }
            db.realise(&schema).await?;
            let server = db.in_use().await.session.server().version.clone();
            Ok((db.inspect(&lock.filter).await?.schema, server))
        };
        let made = shadow.unless_cancelled(made).await;
        match scratch.end(made).await {
            Ok((schema, server)) if major(&server) == major(version) => Ok(Ok(schema)),
            Ok((_, server)) => Ok(Err(format!("the shadow is {server}"))),
            Err(error @ (Error::Realise { .. } | Error::Create(_))) => Ok(Err(error.to_string())),
            Err(error) => Err(error),
        }
    }
}

/// What the empty database had that a lock file was written on, and that no migration changed.
fn begun(lock: &LockFile, takes: impl Fn(&Object) -> bool) -> Result<Schema, LockFileError> {
    let facets = lock.filter.facets();
    let mut schema = lock.schema()?.clone();
    schema.retain(|object| {
        takes(object) && lock.empty.get(&object.id()) == Some(&Fingerprint::of_object(object, facets))
    });
    Ok(schema)
}

fn no_lock() -> Error {
    Error::Usage("there is no schema.lock beside these migrations; `driftlock lock` writes it".to_owned())
}
