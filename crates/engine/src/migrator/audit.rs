//! Who changed what, where, when and from which commit; and whether the record of it is as it was written.

use std::collections::{BTreeMap, BTreeSet};

use driftlock_database::{Direction, HistoryRow, JournalRow, JournalState, State, Timestamp};
use driftlock_script::Version;

use super::Migrator;
use super::rules::whole;
use crate::{Database, Error, Finding, PlannedMigration, events};

/// Which attempts are asked for.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Those at this version alone. Where it is a number, `1` and `001` are the same.
    pub version: Option<String>,
    /// Those that began at this moment or later.
    pub since: Option<Timestamp>,
    /// The last ones, so many of them.
    pub limit: Option<usize>,
}

impl AuditFilter {
    fn wants(&self, row: &HistoryRow) -> bool {
        let same =
            |wanted: &str| row.version == wanted || number(&row.version).is_some_and(|it| number(wanted) == Some(it));
        self.version.as_deref().is_none_or(same) && self.since.is_none_or(|since| row.started_at >= since)
    }
}

fn number(version: &str) -> Option<u64> {
    if version.bytes().all(|byte| byte.is_ascii_digit()) { version.parse().ok() } else { None }
}

/// What is on record of a database.
#[derive(Debug, Clone)]
pub struct Audit {
    /// The engine's name: `postgres`, `mysql`, `sqlite`.
    pub engine: &'static str,
    /// The database.
    pub database: String,
    /// The environment that the database is stamped with.
    pub stamped: Option<String>,
    /// What was tried, the oldest first.
    pub attempts: Vec<Attempted>,
}

/// One attempt at one version.
#[derive(Debug, Clone)]
pub struct Attempted {
    /// Its rows, as they are: `started` and how it ended, or one of the two.
    pub rows: Vec<HistoryRow>,
    /// How many of its statements the journal says are done; `None` where it has no journal, being one transaction or none.
    pub statements: Option<usize>,
}

impl Attempted {
    /// Its last row: how far it came. An attempt has one at least.
    #[must_use]
    pub fn last(&self) -> Option<&HistoryRow> {
        self.rows.last()
    }
}

/// What came of verifying a history.
#[derive(Debug, Clone)]
pub struct Verification {
    /// How many rows the history has.
    pub rows: usize,
    /// How many rows the journal has.
    pub journal_rows: usize,
    /// What is wrong; nothing is when there is none. The first changed row of the history is the first of them.
    pub findings: Vec<Finding>,
    /// What a person should know.
    pub notes: Vec<String>,
}

impl Migrator {
    /// What is on record, of all attempts that the filter lets through. Reads the own tables alone, and writes nothing.
    ///
    /// # Errors
    /// When the own tables can't be read.
    pub async fn audit(&self, db: &Database, filter: &AuditFilter) -> Result<Audit, Error> {
        events::run(self.run_id, "audit", self.audit_now(db, filter)).await
    }

    async fn audit_now(&self, db: &Database, filter: &AuditFilter) -> Result<Audit, Error> {
        let mut inner = db.in_use().await;
        inner.ahead = None;
        let (glance, history) = whole(inner.session.as_mut(), db).await?;
        let journal = match &glance {
            Some(_) => inner.session.journals(&db.tables).await?,
            None => Vec::new(),
        };
        let mut done: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
        for row in &journal {
            let statements = done.entry(&row.attempt).or_default();
            if row.state == JournalState::Done {
                statements.insert(row.statement);
            }
        }
        let mut attempts: Vec<Attempted> = Vec::new();
        for row in history.into_iter().filter(|row| filter.wants(row)) {
            // `baseline` and `adopt` declare many versions in one attempt.
            let same = |it: &&mut Attempted| {
                it.last().is_some_and(|last| last.attempt == row.attempt && last.version == row.version)
            };
            match attempts.last_mut().filter(same) {
                Some(attempt) => attempt.rows.push(row),
                None => {
                    let statements = done.get(row.attempt.as_str()).map(BTreeSet::len);
                    attempts.push(Attempted { rows: vec![row], statements });
                }
            }
        }
        let too_many = attempts.len().saturating_sub(filter.limit.unwrap_or(usize::MAX));
        attempts.drain(..too_many);
        Ok(Audit {
            engine: db.engine.name(),
            database: inner.session.server().database.clone(),
            stamped: glance.and_then(|glance| glance.fence.environment),
            attempts,
        })
    }

    /// Follows the chain of the whole history, holds the journal against it, and both against the files and the manifest that this has.
    /// What is wrong comes as data. Writes nothing.
    ///
    /// # Errors
    /// When the own tables can't be read.
    pub async fn verify(&self, db: &Database) -> Result<Verification, Error> {
        events::run(self.run_id, "verify", self.verify_now(db)).await
    }

    async fn verify_now(&self, db: &Database) -> Result<Verification, Error> {
        let mut inner = db.in_use().await;
        inner.ahead = None;
        let session = inner.session.as_mut();
        // A runner may go on meanwhile, and writes an attempt's first rows in both tables together: so the history is looked at on
        // both sides of the journal.
        let (before, journal) = match session.glance(&db.tables).await? {
            Some(glance) => (glance.entries.len(), session.journals(&db.tables).await?),
            None => (0, Vec::new()),
        };
        let (glance, history) = whole(session, db).await?;
        let mut view = self.view(glance)?;
        let is_whole = !view.follow(&history);
        let mut findings = view.standing.findings;
        if is_whole {
            findings.extend(self.journal_findings(db, &history, before, &journal));
        }
        Ok(Verification { rows: history.len(), journal_rows: journal.len(), findings, notes: view.notes })
    }

    /// What of the journal can't be, given a history that is whole: its own rows are not chained. So many rows of the history were there
    /// before it was read.
    fn journal_findings(
        &self,
        db: &Database,
        history: &[HistoryRow],
        before: usize,
        journal: &[JournalRow],
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut by_attempt: BTreeMap<&str, Vec<&JournalRow>> = BTreeMap::new();
        for row in journal {
            by_attempt.entry(&row.attempt).or_default().push(row);
        }
        let known: BTreeSet<&str> =
            history.iter().filter(|row| row.state == State::Started).map(|row| row.attempt.as_str()).collect();
        for (attempt, rows) in &by_attempt {
            if !known.contains(attempt) {
                let what = format!(
                    "the journal has {} of an attempt `{attempt}` that the history doesn't know: put in, or its attempt edited",
                    if rows.len() == 1 { "a row".to_owned() } else { format!("{} rows", rows.len()) },
                );
                findings.push(Finding::tampered(None, None, &what));
            }
        }
        let before = &history[..before.min(history.len())];
        let ended: BTreeSet<&str> =
            before.iter().filter(|row| row.state == State::Done).map(|row| row.attempt.as_str()).collect();
        for row in before.iter().filter(|row| row.state == State::Started) {
            let attempt = row.attempt.as_str();
            let rows = by_attempt.get(attempt).map_or(&[][..], Vec::as_slice);
            let is_done = ended.contains(attempt);
            let about = |what: String| Finding::tampered(Some(row.sequence), Some(&row.version), &what);
            if rows.is_empty() && !is_done {
                // An attempt is announced together with its first journal row.
                findings.push(about(format!(
                    "the journal has no row of the attempt that row {} (version {}) began: they were removed",
                    row.sequence, row.version
                )));
            } else if let Some(planned) = self.as_it_ran(db, row)
                && let Some(what) = differs(&planned, rows, is_done)
            {
                findings.push(about(format!(
                    "the journal of the attempt that row {} (version {}) began {what}",
                    row.sequence, row.version
                )));
            }
        }
        findings
    }

    /// The statements that an attempt ran, where they can be known: the file is the one that ran, read by the same version of driftlock,
    /// and nothing from outside was put into it.
    fn as_it_ran(&self, db: &Database, row: &HistoryRow) -> Option<PlannedMigration> {
        let version: Version = self.migrations.layout().version(&row.version);
        let migration = self.migrations.find(&version)?;
        let is_same = row.direction == Direction::Up
            && row.tool_version == env!("CARGO_PKG_VERSION")
            && row.sha256.as_deref() == Some(migration.up.digest.sha256().as_str());
        let planned = is_same.then(|| self.plan_up(db, &[version]).ok()).flatten()?.pop()?;
        planned.values.is_empty().then_some(planned)
    }
}

/// What the journal of an attempt has that its file doesn't, or the other way round.
fn differs(planned: &PlannedMigration, rows: &[&JournalRow], is_done: bool) -> Option<String> {
    for row in rows {
        let at = usize::try_from(row.statement).ok().and_then(|number| number.checked_sub(1));
        let statement = at.and_then(|at| planned.statements.get(at));
        if statement.is_none_or(|statement| planned.digest_of(statement) != row.sha256) {
            return Some(format!("says of statement {} what its file doesn't: it was edited or put in", row.statement));
        }
    }
    let is_done_here = |number: usize| {
        rows.iter().any(|row| row.state == JournalState::Done && usize::try_from(row.statement) == Ok(number))
    };
    let missing = planned.journalled().find(|number| is_done && !is_done_here(*number))?;
    Some(format!("lacks that statement {missing} was done: its row was removed or edited"))
}
