//! The program in a real terminal: tmux draws it, at a width of its own, and says what stands on the screen. And in real shells.
//!
//! Runs stand still at named points while the screen is looked at, so nothing here depends on how fast anything is.
#![allow(clippy::unwrap_used, reason = "a test that can't go on should stop where it is")]

mod tmux;

#[allow(dead_code, reason = "the other tests use the rest")]
#[path = "../cli/environment.rs"]
mod environment;

mod progress;
mod prompt;
mod shells;
mod tables;
