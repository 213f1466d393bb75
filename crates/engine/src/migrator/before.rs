//! Looking before something runs or is declared: drift is told, or stands against it.

use std::collections::BTreeSet;

use driftlock_database::Session;
use driftlock_script::Version;

use super::Migrator;
use super::check::{Against, Check, Lock, nothing};
use super::rules::refused;
use crate::drift::Drift;
use crate::expected::{Expected, Position};
use crate::standing::Standing;
use crate::{Database, Error, OnDrift, Progress};

/// What came of comparing a database with versions that are about to be declared as applied, where nothing stands against it.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// What a person should know.
    pub(super) notes: Vec<String>,
    /// What was accepted, for the history.
    pub(super) accepted: Option<String>,
}

/// Most of what `up` tells of drift; `check` tells all.
const MOST: usize = 20;

/// What becomes of objects that a database has beyond what the declared versions make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum More {
    /// They stand against it: somebody says that the database is what the versions make.
    Refused,
    /// They are told: the tool that was here before keeps objects of its own, and runs what has no version.
    Told,
}

impl Migrator {
    /// Names drift before `up` runs something. Needs the lock, or nothing that is going to run.
    pub(super) async fn before_up(
        &self,
        session: &mut dyn Session,
        db: &Database,
        standing: &Standing,
        lock: Lock,
    ) -> Result<(), Error> {
        let wants = self.options.on_drift != OnDrift::WarnOnly;
        let not = |why: &str| self.tell(Progress::Note(format!("drift was not looked for: {why}")));
        let lock = match lock {
            Lock::Fresh(lock) => lock,
            Lock::None if wants => {
                not("there is no schema.lock (`driftlock lock` writes it)");
                return Ok(());
            }
            Lock::None => return Ok(()),
            Lock::Stale(why) => {
                not(&format!("schema.lock is stale: {why} (`driftlock lock` writes it anew)"));
                return Ok(());
            }
            Lock::Other(why) => {
                not(&why);
                return Ok(());
            }
        };
        let position = match Position::of(&lock, &self.migrations, standing, &BTreeSet::new()) {
            Ok(position) => position,
            Err(why) => {
                not(&why);
                return Ok(());
            }
        };
        let expected = Expected::by_lock(&lock, &self.migrations, &position);
        let check = self.hold_once(session, db, expected, Some(&lock), Against::Lock).await?;
        if let Some(why) = &check.why_not {
            not(why);
        }
        for why in &check.incomplete {
            self.tell(Progress::Note(format!("drift was looked for as far as this login may see: {why}")));
        }
        if !check.expressions.is_empty() {
            let count = crate::error::plural(check.expressions.len(), "expression");
            self.tell(Progress::Note(format!(
                "{count} of schema.lock, which is of {}, {} written otherwise by this server, and not compared; `driftlock check` does that where it \
                 finds a shadow",
                lock.version,
                if check.expressions.len() == 1 { "is" } else { "are" },
            )));
        }
        if check.drift.is_empty() {
            return Ok(());
        }
        let list = listed(&check.drift);
        match self.options.on_drift {
            OnDrift::WarnOnly => {
                self.tell(Progress::Note(format!(
                    "the database isn't as its migrations make it; `driftlock check` says all of it:{list}"
                )));
                Ok(())
            }
            OnDrift::Abort | OnDrift::AutoRepair => {
                let repair = if self.options.on_drift == OnDrift::AutoRepair {
                    " (nothing can be repaired by itself yet: `auto-repair` is taken as `abort`)"
                } else {
                    ""
                };
                Err(refused(
                    "DL0825",
                    format!(
                        "the database isn't as its migrations make it, and nothing runs on drift here{repair}:{list}\n  see `driftlock check`; \
                         undo the change, or write it as a migration; nothing was changed"
                    ),
                ))
            }
        }
    }

    /// Holds a database against what versions make that are about to be declared as applied. What a person should know, where nothing stands
    /// against it.
    pub(super) async fn before_declaring(
        &self,
        db: &Database,
        standing: &Standing,
        declared: &BTreeSet<Version>,
        more: More,
    ) -> Result<Compared, Error> {
        if declared.is_empty() {
            return Ok(Compared::default());
        }
        let lock = self.lock_of(db.engine.name())?;
        self.may_be_stale(&lock)?;
        let check = match self.compare(db, &lock, standing, declared).await {
            // Old directories are not always what can be run on an empty database.
            Err(error @ (Error::Statement(_) | Error::Script(_) | Error::Load(_))) => {
                let why = format!("they can't be replayed: {error}");
                Check { why_not: Some(why), ..nothing(db, "", "") }
            }
            check => check?,
        };
        let mut compared = Compared { notes: check.notes.clone(), accepted: None };
        let notes = &mut compared.notes;
        if let Some(why) = &check.why_not {
            notes.push(format!(
                "the database was not compared with a replay of these versions ({why}): check that it has what they make"
            ));
            return Ok(compared);
        }
        if !check.incomplete.is_empty() {
            notes.push(format!("it was compared as far as this login may see: {}", check.incomplete.join("; ")));
        }
        let is_more = |drift: &Drift| drift.part.is_none() && drift.what == crate::drift::Drifted::Unexpected;
        let (told, drift): (Vec<Drift>, Vec<Drift>) =
            check.drift.into_iter().partition(|drift| more == More::Told && is_more(drift));
        if !told.is_empty() {
            notes.push(format!("what is here and none of these versions makes stays as it is:{}", listed(&told)));
        }
        if drift.is_empty() {
            return Ok(compared);
        }
        let list = listed(&drift);
        if self.options.accept_difference {
            if self.options.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
                let message = "accepting a difference wants a reason, which the history keeps: `--reason TEXT`";
                return Err(Error::Usage(message.to_owned()));
            }
            notes.push(format!("the database isn't what these versions make, which was accepted:{list}"));
            let things = crate::error::plural(drift.len(), "difference");
            compared.accepted = Some(format!("with {things} from what it makes"));
            return Ok(compared);
        }
        Err(refused(
            "DL0826",
            format!(
                "the database isn't what these versions make:{list}\n  put it right, name another version, or accept it with \
                 `--accept-difference` and `--reason TEXT`; nothing was changed"
            ),
        ))
    }
}

/// One a line, the first of them where there are many.
fn listed(drift: &[Drift]) -> String {
    let mut list: String = drift.iter().take(MOST).map(|it| format!("\n  {it}")).collect();
    if let Some(more) = drift.len().checked_sub(MOST).filter(|more| *more > 0) {
        list.push_str(&format!("\n  and {more} more"));
    }
    list
}
