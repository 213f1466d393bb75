//! Plans of PostgreSQL, proved and gone.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "postgres")]

mod common;

use common::{crossing, planning, random};

#[tokio::test(flavor = "multi_thread")]
async fn cases_of_other_tools_are_planned_in_both_directions() {
    let subscription = "subscriptions aren't modelled";
    let known = [
        ("pg-delta/subscription-operations--drop there", subscription),
        ("pg-delta/subscription-operations--drop back", subscription),
        (
            "migra/inherit2 back",
            "a column that a table has of its own stays its own when a parent gets it too: nothing makes it the parent's alone",
        ),
        (
            "pg-schema-diff/partitioned_index/Attach-an-unnattached-invalid-index back",
            "an index of a partition that was put to the partitioned table's can't be taken from it",
        ),
    ];
    planning::conform("postgres", "postgres.jsonl", &known).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_is_planned_in_both_directions_and_rows_survive() {
    planning::hold("postgres").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_attribute_is_planned_in_both_directions_and_rows_stay() {
    crossing::cross("postgres", &[]).await;
}

#[test]
fn random_schemas_are_planned_in_both_directions() {
    random::hold("postgres", 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_the_same_among_ten_thousand_tables() {
    planning::is_the_same_among_many("postgres").await;
}
