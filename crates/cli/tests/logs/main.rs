//! The log: every event that the docs name and no other, as lines that a machine can read, and never in the way of what is done.

#![allow(clippy::unwrap_used)]

mod credentials;
mod lines;
mod table;
// The attacks' helper; not all of it is needed here.
#[allow(dead_code)]
#[path = "../attacks/target.rs"]
mod target;

use std::path::PathBuf;

use serde_json::{Map, Value};
use target::Target;

/// Where a target's log goes.
pub(crate) fn log_file(target: &Target) -> PathBuf {
    target.path().join("run.log")
}

/// With a log of everything, in JSON.
pub(crate) fn logged<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &["--log-level", "debug", "--log-format", "json", "--log-file", "run.log"]].concat()
}

/// The lines of a log in JSON.
pub(crate) fn events(text: &str) -> Vec<Map<String, Value>> {
    text.lines()
        .map(|line| match serde_json::from_str(line) {
            Ok(Value::Object(event)) => event,
            other => panic!("{other:?}: {line}"),
        })
        .collect()
}

pub(crate) fn name(event: &Map<String, Value>) -> &str {
    event["event"].as_str().unwrap()
}
