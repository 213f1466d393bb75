//! The engines' own clients are the judge: what `psql`, `mariadb` and `sqlite3` make of a file, `driftlock up` makes too.

#![allow(clippy::unwrap_used)]

mod client;
mod corpus;
mod dumps;
mod flyway;
mod long;
mod refusals;
// The attacks' helper; not all of it is needed here.
#[allow(dead_code)]
#[path = "../attacks/target.rs"]
mod target;
