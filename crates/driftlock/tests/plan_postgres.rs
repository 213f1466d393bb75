//! Plans of PostgreSQL, proved and gone.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "postgres")]

mod common;

use common::{planning, random};

#[tokio::test(flavor = "multi_thread")]
async fn cases_of_other_tools_are_planned_in_both_directions() {
    let known: [(&str, &str); 0] = [];
    planning::conform("postgres", "postgres.jsonl", &known).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_is_planned_in_both_directions_and_rows_survive() {
    planning::hold("postgres").await;
}

#[test]
fn random_schemas_are_planned_in_both_directions() {
    random::hold("postgres", 10);
}
