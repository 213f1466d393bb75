//! What other runners' own tests hold, and what holds of any file in their layouts.
//!
//! Their cases are other people's: they are read from beside the checkout, or from where `DRIFTLOCK_CONFORMANCE` says.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod dbmate;
mod flyway;
mod golang_migrate;
mod goose;
mod properties;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftlock_script::{Body, Dialect, Layout, LoadError, Memory, Migrations, Part, Script, Values};

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

/// What runs of a file, one way.
fn body(layout: Layout, file: &str, text: &str, part: Part, environment: &[(&str, &str)]) -> Result<Body, LoadError> {
    let environment: BTreeMap<String, String> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let files = Memory::new().with(file, text);
    let migrations =
        Migrations::load(Arc::new(files), Some(layout))?.with_values(Values { environment, ..Values::default() });
    let script = Script { part, ..migrations.list()[0].up.clone() };
    migrations.body(&script, Dialect::Postgres)
}

/// The statements of a body, each as the tokens that mean something.
fn meaning(body: &Body, dialect: Dialect) -> Vec<Vec<String>> {
    let statements =
        body.statements(dialect).unwrap_or_else(|error| panic!("{}:{}: {error}", error.line, error.column));
    let tokens = |text: &str| driftlock_script::significant(text, dialect).map(|token| token.text.to_owned()).collect();
    statements.iter().map(|(statement, _)| tokens(statement.text(body.text()))).collect()
}
