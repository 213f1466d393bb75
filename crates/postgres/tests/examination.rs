//! What the adapter says of a server and a login, beside what `driftlock doctor` is tried on.

mod support;

use std::time::Duration;

use driftlock_database::OwnTables;

#[test]
fn open_transactions_are_seen_by_how_long_they_are_open() {
    support::with_database(|database| async move {
        let tables = OwnTables::default();
        let mut session = database.session().await;
        let other = database.client().await;
        other.batch_execute("BEGIN; CREATE TABLE a (id int)").await.unwrap();
        let found = session.examine(&tables, Duration::ZERO).await.unwrap();
        assert_eq!(found.open.len(), 1, "{found:?}");
        assert!(found.open[0].idle_in_transaction, "{found:?}");
        let found = session.examine(&tables, Duration::from_secs(600)).await.unwrap();
        assert_eq!(found.open, []);
        other.batch_execute("ROLLBACK").await.unwrap();
        assert_eq!(session.examine(&tables, Duration::ZERO).await.unwrap().open, []);
    });
}

#[test]
fn looking_leaves_nothing() {
    support::with_database(|database| async move {
        let mut session = database.session().await;
        session.examine(&OwnTables::default(), Duration::ZERO).await.unwrap();
        let left = "SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())) \
                    + (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public')";
        assert_eq!(database.value(left).await, "0");
    });
}
