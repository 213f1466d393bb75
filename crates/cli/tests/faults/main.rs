//! What no failure may do: lose something, do it twice, or leave it for a human.

#![allow(clippy::unwrap_used)]
