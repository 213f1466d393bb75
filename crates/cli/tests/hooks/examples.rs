//! The examples of `docs/hooks.md`, run.
