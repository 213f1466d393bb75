//! Plans of MySQL and MariaDB, proved and gone.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "mysql")]

mod common;

use common::{crossing, planning, random};

#[tokio::test(flavor = "multi_thread")]
async fn cases_of_other_tools_are_planned_in_both_directions() {
    planning::conform("mysql", "mariadb.jsonl", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_and_attribute_is_planned_in_both_directions_and_rows_stay() {
    let files = "no statement moves the files of a table that is there to another directory, and the plan says so";
    let known = [("table/data directory (MariaDB) there", files), ("table/data directory (MariaDB) back", files)];
    crossing::cross("mysql", &known).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pairs_are_planned_in_both_directions_and_rows_stay_unless_the_plan_says_that_they_do_not() {
    planning::hold("mysql").await;
}

#[test]
fn random_schemas_are_planned_in_both_directions() {
    random::hold("mysql", 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_the_same_among_ten_thousand_tables() {
    planning::is_the_same_among_many("mysql").await;
}
