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
    // A subscription reaches another server, and its connection string may hold a password: it is named as unmodelled.
    let known = [("pg-delta/subscription-operations--drop", "subscriptions aren't modelled")];
    proving::conform("postgres", "postgres.jsonl", &known).await;
}
