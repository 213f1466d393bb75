//! The first look at the program: the example shop, migrated and checked.

use std::process::Command;

use crate::fail::{Context, Result};
use crate::workspace::{Workspace, cargo};

/// Migrates the example on SQLite, and holds files, lock file and database against each other. Whether they agree.
pub(crate) fn migrate_and_check() -> Result<bool> {
    let workspace = Workspace::load()?;
    let mut build = cargo();
    build.args(["build", "--package", "driftlock-cli"]);
    if !ends_well(build, &workspace)? {
        return Ok(false);
    }
    for command in ["up", "check"] {
        println!("\n$ driftlock {command}");
        let mut run = cargo();
        run.args(["run", "--quiet", "--package", "driftlock-cli", "--", command, "--config"]);
        run.arg(workspace.root.join("examples/shop/driftlock.toml"));
        if !ends_well(run, &workspace)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn ends_well(mut command: Command, workspace: &Workspace) -> Result<bool> {
    Ok(command.current_dir(&workspace.root).status().context("can't start cargo")?.success())
}
