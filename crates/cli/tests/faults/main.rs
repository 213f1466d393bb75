//! What no failure may do: lose something, do it twice, or leave it for a human.
//!
//! They need the throwaway servers of `cargo xtask test`, start others that they may kill, and a program with the feature `faults`.

#![allow(clippy::unwrap_used)]

mod bed;
mod cuts;
mod fence;
mod generated;
mod kinds;
mod limits;
mod matrix;
#[allow(unreachable_pub)]
#[path = "../../../mysql/tests/common/kinds.rs"]
mod mysql_kinds;
mod network;
mod orphan;
mod peers;
mod pooler;
#[allow(unreachable_pub)]
#[path = "../../../postgres/tests/support/kinds.rs"]
mod postgres_kinds;
mod random;
mod releases;
mod scripts;
mod standby;
mod synced;
#[allow(dead_code)]
#[path = "../attacks/target.rs"]
mod target;
