//! `driftlock adopt`

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

/// Take over what another tool applied, from its own table
///
/// Takes over golang-migrate, goose, Flyway, dbmate, sqlx, refinery, Diesel, Atlas and gormigrate: versions, times and
/// checksums, which must fit the files. The other tool's table is read and never changed. The database is
/// held against what its versions make. Afterwards `driftlock up` runs only what is pending.
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
    /// Go on although the database isn't what the versions make; wants --reason
    #[arg(long)]
    accept_difference: bool,
    #[command(flatten)]
    shadow: ShadowOption,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Arc<Output>) -> Result<Done, CommandError> {
    let (from, table) = (arguments.from.as_deref(), arguments.table.as_deref());
    let target = Target::with(global, |overrides| arguments.shadow.set(overrides))?;
    session::on(
        target,
        global,
        output,
        Look::Foreign(from, table),
        |options| options.accept_difference = arguments.accept_difference,
        |session| async move {
            let session = session.with_shadow()?;
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
