//! Asks on a terminal, and wants `--yes` elsewhere, when rows or columns can be lost.

use std::io::{BufRead, IsTerminal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use driftlock::{Migrator, Plan};

use crate::error::CommandError;
use crate::output::{Output, count};
use crate::prompt::is_yes;

/// Who says yes.
pub(crate) struct Confirm {
    yes: bool,
    output: Arc<Output>,
    /// A person was asked, and didn't say yes.
    declined: Arc<AtomicBool>,
}

impl Confirm {
    /// `yes` is what the arguments say.
    pub(crate) fn new(yes: bool, output: &Arc<Output>) -> Self {
        Confirm { yes, output: Arc::clone(output), declined: Arc::new(AtomicBool::new(false)) }
    }

    /// Makes a migrator ask.
    pub(crate) fn on(&self, migrator: Migrator) -> Migrator {
        if self.yes {
            return migrator;
        }
        let (output, declined) = (Arc::clone(&self.output), Arc::clone(&self.declined));
        migrator.on_confirm(move |plan| {
            let may_ask = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
            if may_ask {
                ask(plan, &output);
            }
            let (declined, output) = (Arc::clone(&declined), Arc::clone(&output));
            async move {
                let yes = may_ask && tokio::task::spawn_blocking(move || answer(&output)).await.unwrap_or(false);
                declined.store(may_ask && !yes, Ordering::Relaxed);
                yes
            }
        })
    }

    /// What to do about a missing yes.
    pub(crate) fn explain(&self, error: CommandError) -> CommandError {
        if !error.is_unconfirmed() {
            return error;
        }
        if self.declined.load(Ordering::Relaxed) {
            return CommandError::usage("that was no `yes`; nothing was changed");
        }
        error.hint("look at it with `--dry-run`; with `--yes` it is done; nothing was changed")
    }
}

fn ask(plan: &Plan, output: &Output) {
    output.tell("this can lose data:");
    plan.losses.iter().for_each(|loss| output.tell(&format!("  {loss}")));
    let undone = plan.pending.iter().filter(|planned| planned.direction == driftlock::Direction::Down).count();
    output.ask(&format!("Undo {}? Type `yes` to go on:", count(undone, "migration")));
}

fn answer(output: &Output) -> bool {
    let mut answer = String::new();
    // Nothing to read is no yes.
    let read = std::io::stdin().lock().read_line(&mut answer);
    if answer.ends_with('\n') {
        output.answered();
    }
    read.is_ok() && is_yes(&answer)
}
