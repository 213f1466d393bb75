//! Another try of what somebody else was in the way of.

use std::time::Duration;

use driftlock_database::Error as DbError;

use super::{Run, Trouble};
use crate::plan::PlannedMigration;
use crate::{Cancellation, Progress};

impl Run<'_> {
    pub(crate) fn may_retry(&self, trouble: &Trouble, tries: u32) -> bool {
        matches!(trouble.error, DbError::LockTimeout(_))
            && tries < self.options.attempts
            && !self.cancellation.is_cancelled()
    }

    /// Tells of another try, who was in the way, and when it comes.
    pub(crate) async fn another(&mut self, planned: &PlannedMigration, trouble: &Trouble, attempt: u32) -> Duration {
        let after = pause_before(attempt);
        let mut reason = trouble.error.to_string();
        if let Some(blockers) = self.blockers(planned, trouble).await {
            reason.push_str(&format!("; in the way may be {blockers}"));
        }
        let (file, of) = (planned.file.clone(), self.options.attempts);
        self.tell(|| Progress::Retrying { file, reason, attempt, of, after });
        self.attempt = attempt;
        after
    }

    /// Who may be in the way of the statement that waited too long for a lock, and waits no more.
    pub(super) async fn blockers(&mut self, planned: &PlannedMigration, trouble: &Trouble) -> Option<String> {
        let index = trouble.index.filter(|_| matches!(trouble.error, DbError::LockTimeout(_)))?;
        let blockers = self.session.blockers(planned.sql(&planned.statements[index])).await;
        let words = blockers.iter().map(ToString::to_string).collect::<Vec<_>>().join("; or ");
        (!words.is_empty()).then_some(words)
    }
}

/// Waits, unless somebody says stop.
pub(crate) async fn pause(after: Duration, cancellation: &Cancellation) {
    tokio::select! {
        () = tokio::time::sleep(after) => {}
        () = cancellation.cancelled() => {}
    }
}

/// How long to wait before a try, from the second on: longer each time, and not as long as everybody else.
pub(crate) fn pause_before(attempt: u32) -> Duration {
    let base = 100u64.saturating_mul(1 << attempt.min(6));
    Duration::from_millis(base / 2 + fastrand::u64(0..=base))
}
