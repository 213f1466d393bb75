//! Attacks on the program, on the three engines: races, kills, signals, leaks, edited files, bad input.
//!
//! They need the throwaway servers of `cargo xtask test`.

#![allow(clippy::unwrap_used)]

mod audit;
mod bad_input;
mod errors;
mod files_and_history;
mod half_done;
mod holder;
mod leaks;
mod race;
mod sqlite_machine;
mod target;
mod tls;
