//! What is read of mysql, proved by the engine's own account.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "mysql")]

mod common;

use common::proving;

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_and_attribute_of_the_corpus_is_proved_and_needed() {
    proving::hold("mysql", proving::corpus("mysql")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_of_other_tools_are_proved() {
    proving::conform("mysql", "mariadb.jsonl", &[]).await;
}
