//! `driftlock plan`

use std::sync::Arc;

use clap::Args;
use driftlock::engine::GroupKind;
use driftlock::script::Dialect;
use driftlock::{HookEvent, Plan, Version};

use super::Done;
use crate::arguments::Global;
use crate::error::CommandError;
use crate::json;
use crate::output::{Output, count};
use crate::session::{self, Look};

/// Print what `up` would run, statement by statement
///
/// Writes nothing.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock plan
  driftlock plan --to 20240520-143022 --format json")]
pub(crate) struct Arguments {
    /// Up to this version
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,
    /// At most so many versions
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// End with 3 when something is pending
    #[arg(long)]
    exit_code: bool,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Arc<Output>) -> Result<Done, CommandError> {
    let plan = of_up(global, output, arguments.to.as_deref(), arguments.steps)?;
    Ok(if arguments.exit_code && !plan.pending.is_empty() { Done::Different } else { Done::Well })
}

/// Plans an `up` and prints it: what `up --dry-run` does too.
pub(super) fn of_up(
    global: &Global,
    output: &Arc<Output>,
    to: Option<&str>,
    steps: Option<usize>,
) -> Result<Plan, CommandError> {
    let adjust = |options: &mut driftlock::Options| {
        options.to = to.map(str::to_owned);
        options.steps = steps;
    };
    session::run(global, output, Look::Ahead, adjust, |session| async move {
        let plan = session.look(session.migrator.plan(&session.database)).await;
        let dialect = session.database.engine().dialect();
        session.database.close().await;
        let plan = plan?;
        print(&plan, dialect, output)?;
        Ok(plan)
    })
}

/// Prints a plan: as JSON, or as SQL with comments that say where each statement stands and how it runs.
pub(super) fn print(plan: &Plan, dialect: Dialect, output: &Output) -> Result<(), CommandError> {
    if output.is_json() {
        output.json(&json::plan(plan, dialect)?);
        return Ok(());
    }
    for note in &plan.notes {
        output.note(note);
    }
    if plan.pending.is_empty() {
        output.data("nothing would run");
    }
    let hooks = |events: [HookEvent; 2], version: Option<&Version>| {
        let of =
            |hook: &&driftlock::engine::PlannedHook| events.contains(&hook.event) && hook.version.as_ref() == version;
        for hook in plan.hooks.iter().filter(of) {
            output.data(&format!("-- {} hook: {}", hook.event, hook.hook));
        }
    };
    hooks([HookEvent::BeforeMigrate; 2], None);
    for (at, it) in plan.pending.iter().enumerate() {
        if at > 0 {
            output.data("");
        }
        let how = if it.transactional { "one transaction" } else { "not one transaction: journalled" };
        let statements = count(it.running().count(), "statement");
        output.data(&format!("-- {} {}_{}: {statements}, {how}", it.direction.as_str(), it.version, it.name));
        for group in &it.groups {
            match group.kind {
                GroupKind::Transaction if it.transactional => {}
                GroupKind::Transaction => output.data("-- in a transaction:"),
                GroupKind::Alone => output.data("-- alone:"),
                GroupKind::Session => output.data("-- on the session:"),
            }
            for planned in group.statements.iter().map(|&index| &it.statements[index]) {
                let (file, line) = (&it.file, planned.statement.line);
                let more = match &planned.rows {
                    Some(rows) => format!(
                        " … -- {} of rows, which stay in the file until they run",
                        count(usize::try_from(rows.count).unwrap_or(usize::MAX), "statement")
                    ),
                    None => String::new(),
                };
                output.data(&format!("-- {file}:{line}\n{};{more}", it.shown(planned, dialect)));
            }
        }
        for (planned, why) in it.statements.iter().filter_map(|planned| Some((planned, planned.taken_out?))) {
            let (file, line) = (&it.file, planned.statement.line);
            output.data(&format!("-- {file}:{line}: not sent: {why}"));
        }
        hooks([HookEvent::BeforeEach, HookEvent::AfterEach], Some(&it.version));
    }
    hooks([HookEvent::AfterMigrate; 2], None);
    Ok(())
}
