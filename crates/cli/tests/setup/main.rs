//! `doctor` and `init` on real engines: what they see, and that a project so begun works.
//!
//! They need the throwaway servers of `cargo xtask test`, and start others.

#![allow(clippy::unwrap_used)]

#[allow(dead_code)]
#[path = "../clients/client.rs"]
mod client;
mod doctor;
mod init;
#[allow(dead_code)]
#[path = "../attacks/target.rs"]
mod target;
