//! Statements that fail, wait, or take too long.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::time::{Duration, Instant};

use common::*;
use driftlock_database::{Error, Records};

const ENDLESS: &str = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";

#[tokio::test]
async fn errors_point_into_the_statement() {
    let place = Place::new();
    let mut session = place.session().await;
    run(&mut *session, &["CREATE TABLE größe (a UNIQUE, b NOT NULL)", "INSERT INTO größe VALUES (1, 2)"])
        .await
        .unwrap();
    for (sql, code, at) in [
        ("SELECT 'äöü', nope FROM größe", "1 (SQLITE_ERROR)", "nope"),
        ("SELECT 'äöü' FROM größe WHERE", "1 (SQLITE_ERROR)", ""),
        ("SELECT 'ä' FRÖM größe", "1 (SQLITE_ERROR)", "größe"),
        ("INSERT INTO \"größe\" (b, a) VALUES ('ü', 1)", "2067 (SQLITE_CONSTRAINT_UNIQUE)", "a)"),
        ("INSERT INTO größe VALUES ('ü', NULL)", "1299 (SQLITE_CONSTRAINT_NOTNULL)", "größe"),
        ("SELECT 'ü' FROM nöwhere", "1 (SQLITE_ERROR)", "nöwhere"),
        ("/* ü */ CREATE TABLE Größe (a)", "1 (SQLITE_ERROR)", "Größe"),
        ("INSERT INTO größe (a, größer) VALUES (1, 2)", "1 (SQLITE_ERROR)", "größer"),
    ] {
        let failed = run(&mut *session, &["SELECT 1", sql]).await.map(|_| ()).unwrap_err();
        assert_eq!(failed.index, 1, "{sql}");
        let Error::Server(error) = failed.error else { panic!("{sql}: {:?}", failed.error) };
        assert_eq!(error.code, code, "{sql}: {error}");
        assert!(!error.message.contains(" at offset "), "{sql}: {error}");
        let offset = error.offset.unwrap_or_else(|| panic!("{sql}: {error} has no offset"));
        assert!(sql[offset..].starts_with(at), "{sql}: {error} at {:?}", &sql[offset..]);
    }
}

#[tokio::test]
async fn one_statement_at_a_time_and_nothing_of_two() {
    let place = Place::new();
    let mut session = place.session().await;
    for second in ["INSERT INTO t VALUES (1)", "nonsense"] {
        let sql = format!("CREATE TABLE t (a); {second}");
        let error = run(&mut *session, &[&sql]).await.map(|_| ()).unwrap_err();
        assert!(matches!(error.error, Error::Protocol(_)), "{error:?}");
    }
    assert_eq!(place.count("SELECT count(*) FROM sqlite_master"), 0);
    run(&mut *session, &["CREATE TABLE t (a); -- the end", "-- nothing"]).await.unwrap();
}

#[tokio::test]
async fn a_running_statement_can_be_cancelled() {
    let place = Place::new();
    let mut session = place.session().await;
    let token = ready(&mut *session).await;
    let canceller = session.canceller();
    // With nothing running it does nothing, to the next statement neither.
    canceller.cancel().await.unwrap();
    session.begin().await.unwrap();
    run(&mut *session, &["CREATE TABLE t (a)"]).await.unwrap();
    let start = Instant::now();
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        canceller.cancel().await.unwrap();
    };
    let (result, ()) = tokio::join!(run(&mut *session, &["SELECT 1", ENDLESS, "DROP TABLE t"]), cancel);
    let failed = result.map(|_| ()).unwrap_err();
    assert_eq!(failed.index, 1);
    assert!(matches!(failed.error, Error::Cancelled(_)), "{failed:?}");
    assert!(start.elapsed() < Duration::from_secs(5));
    session.rollback().await.unwrap();
    assert_eq!(place.count("SELECT count(*) FROM sqlite_master WHERE name = 't'"), 0);
    migrate(&mut *session, token, 1, &["CREATE TABLE t (a)"]).await.unwrap();
}

#[tokio::test]
async fn a_dropped_future_ends_its_statement() {
    let place = Place::new();
    let mut session = place.session().await;
    let token = ready(&mut *session).await;
    session.begin().await.unwrap();
    let slow =
        tokio::time::timeout(Duration::from_millis(50), run(&mut *session, &["CREATE TABLE t (a)", ENDLESS])).await;
    assert!(slow.is_err());
    let start = Instant::now();
    session.reset(&timeouts(5000, 0)).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(place.count("SELECT count(*) FROM sqlite_master WHERE name = 't'"), 0);
    migrate(&mut *session, token, 1, &["CREATE TABLE t (a)"]).await.unwrap();
}

#[tokio::test]
async fn a_statement_has_its_time() {
    let place = Place::new();
    let mut session = place.session().await;
    session.reset(&timeouts(5000, 50)).await.unwrap();
    let error = run(&mut *session, &["SELECT 1", ENDLESS]).await.map(|_| ()).unwrap_err();
    assert!(matches!(error.error, Error::Cancelled(_)), "{error:?}");
    assert!(error.to_string().contains("limit of 50ms"), "{error}");
    session.reset(&timeouts(5000, 0)).await.unwrap();
    run(
        &mut *session,
        &["WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 100000) SELECT max(x) FROM n"],
    )
    .await
    .unwrap();
}

#[tokio::test]
async fn waits_for_another_writer_and_gives_up_in_time() {
    let place = Place::new();
    let mut session = place.session().await;
    let token = ready(&mut *session).await;
    let writer = place.raw();
    writer.execute_batch("BEGIN IMMEDIATE; CREATE TABLE w (a)").unwrap();
    session.reset(&timeouts(100, 0)).await.unwrap();
    let start = Instant::now();
    for result in [session.begin().await, session.take_fence(&tables(), None).await.map(|_| ())] {
        let error = result.unwrap_err();
        assert!(matches!(&error, Error::LockTimeout(e) if e.code.contains("BUSY") && e.hint.is_some()), "{error:?}");
    }
    let failed = run(&mut *session, &["CREATE TABLE t (a)"]).await.map(|_| ()).unwrap_err();
    assert!(matches!(failed.error, Error::LockTimeout(_)), "{failed:?}");
    let records = Records { token, history: &[row(1)], journal: &[] };
    assert!(matches!(session.commit(&tables(), &records).await, Err(Error::LockTimeout(_))));
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    // Looking works meanwhile: nothing is committed there yet.
    assert!(session.glance(&tables()).await.unwrap().is_some());

    // A wait without end can be cancelled.
    session.reset(&timeouts(0, 0)).await.unwrap();
    let canceller = session.canceller();
    let cancel = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        canceller.cancel().await.unwrap();
    };
    let (result, ()) = tokio::join!(session.begin(), cancel);
    assert!(matches!(result, Err(Error::Cancelled(_))), "{result:?}");

    // The wait ends with the other's transaction; the runtime isn't blocked by it.
    session.reset(&timeouts(10_000, 0)).await.unwrap();
    let release = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        writer.execute_batch("COMMIT").unwrap();
    };
    let (result, ()) = tokio::join!(session.begin(), release);
    result.unwrap();
    session.rollback().await.unwrap();

    // Who reads keeps the commit of a rollback journal waiting, and it comes through once they are done.
    let reader = place.raw();
    session.begin().await.unwrap();
    run(&mut *session, &["CREATE TABLE t (a)"]).await.unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM w").unwrap();
    reader.query_row("SELECT count(*) FROM w", [], |row| row.get::<_, i64>(0)).unwrap();
    let release = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        reader.execute_batch("COMMIT").unwrap();
    };
    let names = tables();
    let (result, ()) = tokio::join!(session.commit(&names, &records), release);
    result.unwrap();
    assert_eq!(place.count("SELECT count(*) FROM driftlock_history"), 1);
}
