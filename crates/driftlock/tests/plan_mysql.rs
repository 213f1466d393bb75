//! Plans of MySQL and MariaDB, proved and gone.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "mysql")]

mod common;

use common::planning;

#[tokio::test(flavor = "multi_thread")]
async fn cases_of_other_tools_are_planned_in_both_directions() {
    planning::conform("mysql", "mariadb.jsonl", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_and_attribute_is_planned_in_both_directions_and_rows_stay() {
    planning::cross("mysql", &[]).await;
}
