//! What other runners' own tests hold, and what holds of any file in their layouts.
//!
//! Their cases are other people's: they are read from beside the checkout, or from where `DRIFTLOCK_CONFORMANCE` says.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod golang_migrate;

use std::path::{Path, PathBuf};

/// The cases of a suite, one a line; none where they are not at hand, which is said.
fn cases(suite: &str) -> Vec<serde_json::Value> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let folder = std::env::var_os("DRIFTLOCK_CONFORMANCE").map_or_else(beside, PathBuf::from);
    let Ok(text) = std::fs::read_to_string(folder.join("runners").join(suite)) else {
        eprintln!("{suite} is not at hand: set DRIFTLOCK_CONFORMANCE to the folder that has it; nothing was tested");
        return Vec::new();
    };
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
