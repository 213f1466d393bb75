//! `driftlock adopt`

use std::sync::Arc;

use clap::Args;

use super::Done;
use crate::arguments::Global;
use crate::error::CommandError;
use crate::output::{Output, count};
use crate::progress::line;
use crate::session::{self, Look};

/// Take over what another tool applied, from its own table
///
/// Takes over golang-migrate, goose, Flyway, dbmate, sqlx, refinery, Diesel, Atlas and gormigrate: versions, times and
/// checksums, which must fit the files. The other tool's table is read and never changed. Afterwards `driftlock up` runs
/// only what is pending.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock adopt
  driftlock adopt --from goose --table tools.goose_versions")]
pub(crate) struct Arguments {
    /// The tool, where several were here
    #[arg(long, value_name = "TOOL")]
    from: Option<String>,
    /// Its table, where it isn't called as usual
    #[arg(long, value_name = "TABLE")]
    table: Option<String>,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Arc<Output>) -> Result<Done, CommandError> {
    let (from, table) = (arguments.from.as_deref(), arguments.table.as_deref());
    session::run(
        global,
        output,
        Look::Foreign(from, table),
        |_| {},
        |session| async move {
            let result = session.migrator.adopt(&session.database, from, table).await;
            let report = session.conclude(output, result).await?;
            if !output.is_json() {
                report.applied.iter().for_each(|applied| output.report(&line(applied)));
                output.report(&format!(
                    "{} taken over, {} pending",
                    count(report.applied.len(), "migration"),
                    report.pending.len()
                ));
            }
            Ok(())
        },
    )?;
    Ok(Done::Well)
}
