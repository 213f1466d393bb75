//! What is read of postgres, proved by the engine's own account.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "postgres")]

mod common;

use common::proving;

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_and_attribute_of_the_corpus_is_proved_and_needed() {
    proving::hold("postgres", proving::corpus("postgres")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_of_other_tools_are_proved() {
    proving::conform("postgres", "postgres.jsonl", &[]).await;
}
