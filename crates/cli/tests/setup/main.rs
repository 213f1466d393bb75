//! `doctor` and `init` on real engines: what they see, and that a project so begun works.
//!
//! They need the throwaway servers of `cargo xtask test`, and start others.

#![allow(clippy::unwrap_used)]

mod doctor;
#[allow(dead_code)]
#[path = "../attacks/target.rs"]
mod target;
