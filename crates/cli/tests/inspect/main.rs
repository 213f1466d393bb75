//! What a database is, as the command line shows it, and the scratch databases behind it.
//!
//! They need the throwaway servers of `cargo xtask test`, and start others.

#![allow(clippy::unwrap_used)]

mod diff;
mod engines;
mod existing;
mod generate;
mod server;
mod shadow;
mod sources;
mod sync;
#[allow(dead_code)]
#[path = "../attacks/target.rs"]
mod target;
