//! Programs that carry their migrations, compiled as their authors do it.
#![allow(clippy::unwrap_used)]

mod app;
mod documented;
mod rebuilt;
mod refused;
