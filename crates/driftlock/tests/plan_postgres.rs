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
    let own = "a column or check that a table has from a parent alone can't be made of one that it has, and one of its own not of that";
    let through = "a check that comes from a parent's parent is taken for one of the table's own";
    let known = [
        ("extension/an older version there", "an extension has no way back to an older version"),
        ("check/not valid to inheritance/same: spelled otherwise", own),
        ("foreign_key/columns to inheritance/with another default", own),
        ("inheritance/of two there", own),
        ("inheritance/of the other first there", own),
        ("inheritance/of the other first back", "in which order a table has its parents is that in which it got them"),
        ("inheritance/with a column that is its own too there", own),
        ("inheritance/with a column that is its own too back", own),
        ("inheritance/with a check that is its own too back", own),
        ("inheritance/through another there", through),
        ("inheritance/through another back", through),
        ("language/granted on back", "rights on a language that only its owner may use can't be taken back afterwards"),
        ("operator/negator that nobody defined back", "an operator that was only named stays as a name"),
        (
            "schema/public of another owner back",
            "the rights on `public` that a server begins with aren't written down again",
        ),
        ("schema/without public back", "the rights on `public` that a server begins with aren't written down again"),
        ("view/of each other back", "two views that read each other, of which one goes"),
    ];
    crossing::cross("postgres", &known).await;
}

#[test]
fn random_schemas_are_planned_in_both_directions() {
    random::hold("postgres", 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_the_same_among_ten_thousand_tables() {
    planning::is_the_same_among_many("postgres").await;
}
