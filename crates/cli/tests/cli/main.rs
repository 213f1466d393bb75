//! The command line as a person meets it: on SQLite, in a folder of its own, with nothing of this machine in sight.
#![allow(clippy::unwrap_used, reason = "a test that can't go on should stop where it is")]

mod environment;

mod config;
mod convert;
mod example;
mod files;
mod help;
mod layouts;
mod migrate;
mod output;
mod placeholders;
mod schemas;
mod signals;
