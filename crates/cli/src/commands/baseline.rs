//! `driftlock baseline`

use std::sync::Arc;

use clap::Args;

use super::Done;
use crate::arguments::Global;
use crate::error::CommandError;
use crate::output::{Output, count};
use crate::progress::line;
use crate::schema_options::ShadowOption;
use crate::session::{self, Look};
use crate::setup::Target;

/// Declare versions as applied, without running them
///
/// For a database that had them before driftlock came: every version up to this one counts as applied from now on.
/// The database is held against what they make, by schema.lock or by a replay.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  driftlock baseline 20240520-143022 --reason 'was there before driftlock'")]
pub(crate) struct Arguments {
    /// The last version that the database has
    version: String,
    /// Go on although the database isn't what the versions make; wants --reason
    #[arg(long)]
    accept_difference: bool,
    #[command(flatten)]
    shadow: ShadowOption,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Arc<Output>) -> Result<Done, CommandError> {
    let target = Target::with(global, |overrides| arguments.shadow.set(overrides))?;
    session::on(
        target,
        global,
        output,
        Look::Later,
        |options| options.accept_difference = arguments.accept_difference,
        |session| async move {
            let session = session.with_shadow()?;
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
