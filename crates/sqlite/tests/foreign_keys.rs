//! Foreign keys are off while scripts run, and looked at before the commit.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use common::*;
use driftlock_database::{Error, Session};

const SHOP: &str = "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers ON DELETE CASCADE);
    CREATE TABLE notes (word TEXT PRIMARY KEY, customer_id REFERENCES customers) WITHOUT ROWID;
    INSERT INTO customers VALUES (1, 'Ada'), (2, 'Bob'); INSERT INTO orders VALUES (10, 1), (11, 2);";

async fn shop() -> (Place, Box<dyn Session>, i64) {
    let place = Place::new();
    place.raw().execute_batch(SHOP).unwrap();
    let mut session = place.session().await;
    let token = ready(&mut *session).await;
    (place, session, token)
}

#[tokio::test]
async fn the_documented_rebuild_keeps_the_children() {
    let (place, mut session, token) = shop().await;
    let rebuild = [
        "CREATE TABLE new_customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
        "INSERT INTO new_customers SELECT id, name FROM customers",
        "DROP TABLE customers",
        "ALTER TABLE new_customers RENAME TO customers",
    ];
    migrate(&mut *session, token, 1, &rebuild).await.unwrap();
    assert_eq!(place.count("SELECT count(*) FROM orders"), 2);
    assert_eq!(place.count("SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

#[tokio::test]
async fn a_new_violation_is_refused_and_an_old_one_is_not() {
    let (place, mut session, token) = shop().await;
    let refused = |result: Result<(), Error>| match result {
        Err(Error::Server(error)) => {
            assert_eq!(error.code, "787 (SQLITE_CONSTRAINT_FOREIGNKEY)");
            error.message
        }
        other => panic!("{other:?}"),
    };
    let message = refused(migrate(&mut *session, token, 1, &["DELETE FROM customers WHERE id = 1"]).await);
    for part in ["1 new foreign key violation", "\"orders\", row 10", "customer_id", "\"customers\""] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(place.count("SELECT count(*) FROM customers"), 2);
    assert_eq!(place.count("SELECT count(*) FROM driftlock_history"), 0);

    place.raw().execute_batch("INSERT INTO orders VALUES (12, 99); INSERT INTO notes VALUES ('old', 99)").unwrap();
    migrate(&mut *session, token, 1, &["INSERT INTO customers VALUES (3, 'Eve')"]).await.unwrap();
    // Beside an old one, only the new one is named.
    let message = refused(migrate(&mut *session, token, 2, &["INSERT INTO orders VALUES (13, 98)"]).await);
    assert!(message.contains("row 13") && !message.contains("12"), "{message}");
    // Without row numbers they are counted.
    let message = refused(migrate(&mut *session, token, 2, &["INSERT INTO notes VALUES ('new', 98)"]).await);
    assert!(message.contains("\"notes\""), "{message}");
    // Another foreign key on the same table doesn't make old ones new.
    migrate(&mut *session, token, 2, &["ALTER TABLE orders ADD COLUMN payer INTEGER REFERENCES customers"])
        .await
        .unwrap();
    // A parent that goes leaves all its children without one.
    let message = refused(migrate(&mut *session, token, 3, &["DROP TABLE customers"]).await);
    assert!(message.contains("2 new"), "{message}");
    assert_eq!(place.count("SELECT count(*) FROM driftlock_history"), 2);
}

#[tokio::test]
async fn memory_knows_old_violations_too() {
    let mut session = connect("sqlite::memory:").await.unwrap();
    let token = ready(&mut *session).await;
    // Outside of driftlock's transaction nothing is checked: the violation is an old one afterwards.
    run(
        &mut *session,
        &["CREATE TABLE p (id INTEGER PRIMARY KEY)", "CREATE TABLE c (p REFERENCES p)", "INSERT INTO c VALUES (9)"],
    )
    .await
    .unwrap();
    migrate(&mut *session, token, 1, &["INSERT INTO p VALUES (1)", "INSERT INTO c VALUES (1)"]).await.unwrap();
    assert!(migrate(&mut *session, token, 2, &["INSERT INTO c VALUES (8)"]).await.is_err());
}

#[tokio::test]
async fn a_transaction_too_large_for_memory_is_judged_right_at_the_second_attempt() {
    let (place, mut session, token) = shop().await;
    place.raw().execute_batch("INSERT INTO orders VALUES (12, 99)").unwrap();
    // More pages than the cache holds: SQLite writes them into the file before the commit, and nobody else can read it.
    let large = [
        "CREATE TABLE big (a)",
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 4000) INSERT INTO big SELECT zeroblob(4000) FROM n",
    ];
    match migrate(&mut *session, token, 1, &large).await {
        Err(Error::LockTimeout(error)) => assert!(error.message.contains("rolled back to look"), "{error}"),
        other => panic!("{other:?}"),
    }
    migrate(&mut *session, token, 1, &large).await.unwrap();
    assert_eq!(place.count("SELECT count(*) FROM big"), 4000);
    let error = migrate(&mut *session, token, 2, &["INSERT INTO orders VALUES (13, 98)"]).await.unwrap_err();
    assert!(error.to_string().contains("row 13"), "{error}");
}

#[tokio::test]
async fn a_key_that_cant_be_checked_is_an_old_finding_where_it_was_one() {
    let (_place, mut session, token) = shop().await;
    let mismatch = ["CREATE TABLE m (name REFERENCES customers (name))", "INSERT INTO m VALUES ('Ada')"];
    let error = migrate(&mut *session, token, 1, &mismatch).await.unwrap_err();
    assert!(error.to_string().contains("mismatch"), "{error}");
    run(&mut *session, &mismatch).await.unwrap();
    migrate(&mut *session, token, 1, &["INSERT INTO customers VALUES (3, 'Eve')"]).await.unwrap();
}
