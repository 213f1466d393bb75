//! Whether somebody agrees to what is going to run, and that it is still what they agreed to.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use driftlock_database::Direction;
use driftlock_script::{Dialect, Version};

use super::{Migrator, steps};
use crate::migrator::rules::refused;
use crate::{Error, Plan, PlannedMigration};

/// Asked before something runs that can lose rows or columns; only `true` lets it run. See [`Migrator::on_confirm`].
pub type OnConfirm = Arc<dyn Fn(&Plan) -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// A statement that can lose rows or columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Its file, as people see it.
    pub file: String,
    /// The line on which it begins, from 1.
    pub line: u32,
    /// Its text, without the literals that carry credentials.
    pub sql: String,
}

impl std::fmt::Display for Loss {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut lines = self.sql.lines();
        let first = lines.next().unwrap_or_default().trim_end();
        let more = if lines.next().is_some() { " …" } else { "" };
        write!(f, "{}:{}: {first}{more}", self.file, self.line)
    }
}

/// The steps that somebody agreed to: version and direction of each.
pub(super) type Agreed = Vec<(Version, Direction)>;

impl Plan {
    /// With what of it can lose rows or columns.
    pub(super) fn new(pending: Vec<PlannedMigration>, notes: Vec<String>, dialect: Dialect) -> Self {
        let losses = pending
            .iter()
            .flat_map(|it| it.running().map(move |(_, planned)| (it, planned)))
            .filter(|(_, planned)| planned.classified.loses_data)
            .map(|(it, planned)| Loss {
                file: it.file.clone(),
                line: planned.statement.line,
                sql: it.shown(planned, dialect),
            })
            .collect();
        Plan { pending, hooks: Vec::new(), notes, losses }
    }
}

impl Migrator {
    /// Asks for a yes to what is going to run, where it can lose data and there is somebody to ask. Nothing is locked meanwhile.
    pub(super) async fn confirm(
        &self,
        planned: &[PlannedMigration],
        notes: &[String],
        dialect: Dialect,
    ) -> Result<Option<Agreed>, Error> {
        if let Some(agreed) = &self.agreed {
            return Ok(Some(agreed.clone()));
        }
        let Some(on_confirm) = &self.confirm else { return Ok(None) };
        let plan = Plan::new(planned.to_vec(), notes.to_vec(), dialect);
        if !plan.losses.is_empty() {
            let yes = tokio::select! {
                yes = on_confirm(&plan) => yes,
                () = self.cancellation.cancelled() => {
                    return Err(Error::Interrupted { during: None, applied: Vec::new() });
                }
            };
            if !yes {
                return Err(Error::Unconfirmed(plan.losses));
            }
        }
        Ok(Some(steps(planned)))
    }
}

/// That what is going to run is what was agreed to, or, going up, what is left of it.
pub(super) fn still_agreed(agreed: Option<&Agreed>, planned: &[PlannedMigration]) -> Result<(), Error> {
    let Some(agreed) = agreed else { return Ok(()) };
    let steps = steps(planned);
    let goes_up = steps.iter().all(|(_, direction)| *direction == Direction::Up);
    let same = if goes_up { steps.iter().all(|step| agreed.contains(step)) } else { *agreed == steps };
    if same {
        return Ok(());
    }
    Err(refused(
        "DL0510",
        "another run has changed what is applied since this was planned: look at the plan again; nothing was changed"
            .to_owned(),
    ))
}
