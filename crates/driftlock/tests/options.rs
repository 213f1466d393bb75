//! Every option by its own name says the same as the field.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "sqlite")]

use std::sync::Arc;
use std::time::Duration;

use driftlock::database::Pooler;
use driftlock::engine::OnDrift;
use driftlock::schema::Filter;
use driftlock::{ConnectOptions, Memory, Migrations, Migrator, Options, OwnTables, Rollback};

#[test]
fn each_option_has_a_name_of_its_own() {
    let files = Memory::new().with("1_a.up.sql", "CREATE TABLE a (id integer);");
    let migrations = Migrations::load(Arc::new(files), None).unwrap();
    let second = Duration::from_secs;
    let by_name = Migrator::new(&migrations)
        .environment("staging")
        .protected(true)
        .rollback(Rollback::Deny)
        .out_of_order(true)
        .to("1")
        .steps(2)
        .all()
        .lock_wait(second(1))
        .take_over(true)
        .lock_timeout(second(2))
        .concurrent_timeout(second(3))
        .statement_timeout(second(4))
        .attempts(5)
        .reason("because")
        .comment_statements(true)
        .slow(second(6))
        .filter(Filter::new().exclude("table:old_*".parse().unwrap()))
        .on_drift(OnDrift::Abort)
        .accept_difference(true);
    let by_field = Options {
        environment: Some("staging".to_owned()),
        protected: true,
        rollback: Rollback::Deny,
        out_of_order: true,
        to: Some("1".to_owned()),
        steps: Some(2),
        all: true,
        lock_wait: second(1),
        take_over: true,
        lock_timeout: second(2),
        concurrent_timeout: second(3),
        statement_timeout: second(4),
        attempts: 5,
        reason: Some("because".to_owned()),
        comment_statements: true,
        slow: Some(second(6)),
        filter: Filter::new().exclude("table:old_*".parse().unwrap()),
        on_drift: OnDrift::Abort,
        accept_difference: true,
    };
    // Both without a default left: a field that is new has to be named here.
    assert_eq!(format!("{:?}", by_name.configured()), format!("{by_field:?}"));
}

#[tokio::test(flavor = "current_thread")]
async fn connecting_takes_options_too() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/a.db", folder.path().display());
    let tables = OwnTables { prefix: "own_".to_owned(), ..OwnTables::default() };
    let options = ConnectOptions { pooler: Pooler::Session, ..ConnectOptions::default() };
    let db = driftlock::connect_with(&url, options, tables).await.unwrap();
    let files = Memory::new().with("1_a.up.sql", "CREATE TABLE a (id integer);");
    Migrator::new(&Migrations::load(Arc::new(files), None).unwrap()).up(&db).await.unwrap();
    db.close().await;
    // Where the others' are is another history.
    let db = driftlock::connect(&url).await.unwrap();
    let files = Memory::new().with("1_a.up.sql", "CREATE TABLE a (id integer);");
    let status = Migrator::new(&Migrations::load(Arc::new(files), None).unwrap()).status(&db).await.unwrap();
    assert_eq!(status.pending(), 1);
    // A role is nothing that SQLite has.
    let options = ConnectOptions { set_role: Some("owner".to_owned()), ..ConnectOptions::default() };
    let error = driftlock::connect_with(&url, options, OwnTables::default()).await.unwrap_err();
    assert!(error.to_string().contains("set_role"), "{error}");
}
