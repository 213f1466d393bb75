//! `driftlock accept`

use std::sync::Arc;

use clap::Args;

use super::Done;
use crate::arguments::Global;
use crate::error::CommandError;
use crate::output::Output;
use crate::progress::line;
use crate::session::{self, Look};

/// Take an edited file as what was applied, with a reason
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  driftlock accept 20240520-143022 --reason 'only a comment was corrected'")]
pub(crate) struct Arguments {
    /// The version whose file was edited
    version: String,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Arc<Output>) -> Result<Done, CommandError> {
    session::run(
        global,
        output,
        Look::Later,
        |_| {},
        |session| async move {
            let result = session.migrator.accept(&session.database, &arguments.version).await;
            let report = session.conclude(output, result).await?;
            if !output.is_json() {
                report.applied.iter().for_each(|applied| output.report(&line(applied)));
            }
            Ok(())
        },
    )?;
    Ok(Done::Well)
}
