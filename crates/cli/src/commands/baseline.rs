//! `driftlock baseline`

use std::sync::Arc;

use clap::Args;

use super::Done;
use crate::arguments::Global;
use crate::error::CommandError;
use crate::output::{Output, count};
use crate::progress::line;
use crate::session::{self, Look};

/// Declare versions as applied, without running them
///
/// For a database that had them before driftlock came: every version up to this one counts as applied from now on.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  driftlock baseline 20240520-143022 --reason 'was there before driftlock'")]
pub(crate) struct Arguments {
    /// The last version that the database has
    version: String,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Arc<Output>) -> Result<Done, CommandError> {
    session::run(
        global,
        output,
        Look::Later,
        |_| {},
        |session| async move {
            let result = session.migrator.baseline(&session.database, &arguments.version).await;
            let report = session.conclude(output, result).await?;
            if !output.is_json() {
                report.applied.iter().for_each(|applied| output.report(&line(applied)));
                output.report(&format!("{} declared as applied", count(report.applied.len(), "migration")));
            }
            Ok(())
        },
    )?;
    Ok(Done::Well)
}
