//! Plans of SQLite, proved and gone.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "sqlite")]

mod common;

use common::{crossing, planning, random};

#[tokio::test(flavor = "multi_thread")]
async fn cases_of_other_tools_are_planned_in_both_directions() {
    let same =
        "without a word a generated column is VIRTUAL: one schema, spelled in two ways, and nothing is to be done";
    let known = [
        ("sqldef/sqlite3def/tests/GeneratedColumnNoKeywordEquivalentToVirtual there", same),
        ("sqldef/sqlite3def/tests/GeneratedColumnNoKeywordEquivalentToVirtual back", same),
    ];
    planning::conform("sqlite", "sqlite.jsonl", &known).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_and_attribute_is_planned_in_both_directions_and_rows_stay() {
    let encoding = "SQLite never changes the encoding of a file in which something is, and the plan says so";
    let known = [
        ("database/encoding there", encoding),
        ("database/encoding back", encoding),
        ("database/encoding alone there", encoding),
        ("database/encoding alone back", encoding),
    ];
    crossing::cross("sqlite", &known).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pairs_are_planned_in_both_directions_and_rows_stay_unless_the_plan_says_that_they_do_not() {
    planning::hold("sqlite").await;
}

#[test]
fn random_schemas_are_planned_in_both_directions() {
    random::hold("sqlite", 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_the_same_among_ten_thousand_tables() {
    planning::is_the_same_among_many("sqlite").await;
}
