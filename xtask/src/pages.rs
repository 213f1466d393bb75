//! Writes the pages that tests compare with what the program says.

use crate::fail::{Context, Result};
use crate::workspace::{Workspace, cargo};

/// Lets the tests that compare pages write them. Whether all could.
pub(crate) fn write() -> Result<bool> {
    let workspace = Workspace::load()?;
    let mut cargo = cargo();
    // The suites that need no server, with the features of `cargo xtask test`: nothing is built twice.
    cargo.args(["test", "--quiet", "--package", "driftlock-cli", "--features", "driftlock-cli/faults"]);
    cargo.args(["--bins", "--test", "cli", "--test", "readme"]);
    cargo.current_dir(&workspace.root).envs([("UPDATE_PAGES", "1"), ("INSTA_UPDATE", "always")]);
    Ok(cargo.status().context("can't start cargo")?.success())
}
