//! What the adapter says of a server and a login, beside what `driftlock doctor` is tried on.

mod common;

use std::time::Duration;

use common::TestDatabase;
use driftlock_database::OwnTables;

#[tokio::test]
async fn open_transactions_are_seen_by_how_long_they_are_open() {
    let mut database = TestDatabase::new("examination").await;
    let tables = OwnTables::default();
    let mut session = database.session().await;
    database.run("CREATE TABLE a (id int) ENGINE = InnoDB").await;
    database.run("BEGIN").await;
    database.run("INSERT INTO a VALUES (1)").await;
    let found = session.examine(&tables, Duration::ZERO).await.expect("an answer");
    assert_eq!(found.open.len(), 1, "{found:?}");
    assert!(found.open[0].idle_in_transaction, "{found:?}");
    let found = session.examine(&tables, Duration::from_secs(600)).await.expect("an answer");
    assert_eq!(found.open, []);
    database.run("ROLLBACK").await;
    // The server makes its list anew only where nobody has read it for a tenth of a second.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(session.examine(&tables, Duration::ZERO).await.expect("an answer").open, []);
    database.drop().await;
}
