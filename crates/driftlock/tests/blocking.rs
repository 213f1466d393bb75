//! The blocking face: outside of any runtime, and inside of each kind.
#![allow(clippy::unwrap_used)]
#![cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]

mod common;

use std::sync::{Arc, Mutex};

use common::{ENGINES, TestDatabase, tables};
use driftlock::{AuditFilter, Kind, Migrator, Progress, blocking};

fn use_it(engine: &'static str) {
    let database = TestDatabase::new(engine);
    let told = Arc::new(Mutex::new(0));
    let hear = Arc::clone(&told);
    let migrator = Migrator::new(&tables(3)).on_progress(Arc::new(move |progress| {
        if matches!(progress, Progress::Applied(_)) {
            *hear.lock().unwrap() += 1;
        }
    }));
    let db = blocking::connect(&database.url).unwrap();
    assert_eq!(db.plan(&migrator).unwrap().pending.len(), 3);
    assert_eq!(db.up(&migrator.clone().steps(2)).unwrap().applied.len(), 2, "{engine}");
    assert_eq!(db.redo(&migrator).unwrap().applied.len(), 2);
    assert_eq!(db.plan_down(&migrator).unwrap().pending.len(), 1);
    assert_eq!(db.plan_redo(&migrator).unwrap().pending.len(), 2);
    assert_eq!(db.down(&migrator.clone().all()).unwrap().applied.len(), 2);
    let accepting = migrator.clone().accept_difference(true).reason("its table isn't there");
    assert_eq!(db.baseline(&accepting, "1").unwrap().applied.len(), 1);
    assert_eq!(db.accept(&migrator, "1").unwrap_err().kind(), Kind::Usage);
    assert_eq!(db.adopt(&migrator, None, None).unwrap_err().kind(), Kind::Usage);
    assert_eq!(db.status(&migrator).unwrap().pending(), 2);
    assert_eq!(db.audit(&migrator, &AuditFilter::default()).unwrap().attempts.len(), 7);
    assert_eq!(db.verify(&migrator).unwrap().findings.len(), 0);
    assert_eq!(*told.lock().unwrap(), 6);
    db.close();
}

#[test]
fn without_a_runtime() {
    ENGINES.into_iter().for_each(use_it);
    // And dropped, without a goodbye.
    let database = TestDatabase::new("sqlite");
    drop(blocking::connect(&database.url).unwrap());
}

#[tokio::test(flavor = "current_thread")]
async fn inside_of_a_runtime_of_one_thread() {
    ENGINES.into_iter().for_each(use_it);
    let database = TestDatabase::new("sqlite");
    drop(blocking::connect(&database.url).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inside_of_a_runtime_of_several_threads() {
    ENGINES.into_iter().for_each(use_it);
    let database = TestDatabase::new("sqlite");
    drop(blocking::connect(&database.url).unwrap());
}

#[tokio::test(flavor = "current_thread")]
async fn inside_of_a_thread_for_what_blocks() {
    tokio::task::spawn_blocking(|| ENGINES.into_iter().for_each(use_it)).await.unwrap();
}

#[test]
fn several_threads_may_use_one() {
    let database = TestDatabase::new("sqlite");
    let db = blocking::connect(&database.url).unwrap();
    let migrator = Migrator::new(&tables(20));
    let applied: usize = std::thread::scope(|scope| {
        let run = || db.up(&migrator).unwrap().applied.len();
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(applied, 20);
}
