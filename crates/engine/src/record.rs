//! Rows for the history, each behind the one before it.

use std::time::Duration;

use driftlock_database::{Direction, HistoryRow, State, Timestamp};

use crate::chain;
use crate::run::Run;

/// What differs from one history row to the next.
pub(crate) struct Record {
    pub(crate) attempt: String,
    pub(crate) version: String,
    pub(crate) name: String,
    pub(crate) direction: Direction,
    pub(crate) state: State,
    pub(crate) sha256: Option<String>,
    pub(crate) crc32: Option<String>,
    pub(crate) rollback_sql: Option<String>,
    pub(crate) started_at: Timestamp,
    pub(crate) duration: Option<Duration>,
    pub(crate) error: Option<String>,
    /// The values that the layout put into the script, as they may be shown.
    pub(crate) values: Vec<(String, String)>,
    /// What else is to be known of it, beside a person's reason.
    pub(crate) note: Option<String>,
}

impl Run<'_> {
    /// What the lock file expects of the database from here on.
    fn expected(&self, record: &Record) -> Option<String> {
        let [after, before] = self.expected.get(&record.version).filter(|_| record.state == State::Done)?;
        Some(if record.direction == Direction::Down { before } else { after }.clone())
    }

    /// A row behind the last one.
    pub(crate) fn history_row(&self, record: Record) -> HistoryRow {
        let provenance = &self.provenance;
        let ended_at = record.duration.map(|duration| record.started_at.after(duration));
        let expected = self.expected(&record);
        let mut row = HistoryRow {
            sequence: self.head + 1,
            attempt: record.attempt,
            version: kept(&record.version, 255),
            name: kept(&record.name, 255),
            direction: record.direction,
            state: record.state,
            sha256: record.sha256,
            crc32: record.crc32,
            rollback_sql: record.rollback_sql,
            expected,
            started_at: record.started_at,
            ended_at,
            duration_ms: record.duration.map(|duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
            // An engine without users is used by the system's.
            applied_by: kept(
                Some(self.session.server().user.as_str())
                    .filter(|user| !user.is_empty())
                    .unwrap_or(&provenance.os_user),
                255,
            ),
            os_user: kept(&provenance.os_user, 255),
            host: kept(&provenance.host, 255),
            environment: kept(&provenance.environment, 255),
            route: provenance.route.as_deref().map(|text| kept(text, 255)),
            git_commit: kept(&provenance.git_commit, 255),
            git_author: kept(&provenance.git_author, 255),
            ci_job: kept(&provenance.ci_job, 255),
            ci_url: provenance.ci_url.as_deref().map(|text| kept(text, 2000)),
            tool_version: kept(&provenance.tool_version, 64),
            reason: reason(self.options.reason.as_deref(), record.note, &record.values).map(|text| kept(&text, 4000)),
            error: record.error.map(|text| kept(&text, 4000)),
            chain: String::new(),
        };
        row.chain = chain::link(&self.head_chain, &row);
        row
    }
}

/// A row put behind others that are written with it.
pub(crate) fn follow(last: Option<&HistoryRow>, mut row: HistoryRow) -> HistoryRow {
    if let Some(last) = last {
        row.sequence = last.sequence + 1;
        row.chain = chain::link(&last.chain, &row);
    }
    row
}

/// A person's words, where it comes from, and the values that were put into the script: what ran can't be known without them.
fn reason(words: Option<&str>, note: Option<String>, values: &[(String, String)]) -> Option<String> {
    let list: Vec<String> = values.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let values = (!list.is_empty()).then(|| format!("values put in: {}", list.join(", ")));
    let parts: Vec<String> = words.map(str::to_owned).into_iter().chain(note).chain(values).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Text as every engine keeps it, so that the chain is over what can be read back: no NUL, at most so many characters.
fn kept(text: &str, most: usize) -> String {
    text.chars().filter(|&c| c != '\0').take(most).collect()
}
