//! Who is asked before data can be lost, when, and what a no does.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "sqlite")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use driftlock::{Cancellation, Database, Error, Kind, Memory, Migrations, Migrator};

fn migrations() -> Migrations {
    let files = Memory::new()
        .with("1_a.up.sql", "CREATE TABLE a (id integer, old integer);")
        .with("1_a.down.sql", "DROP TABLE a;")
        .with("2_b.up.sql", "CREATE VIEW b AS SELECT 1;")
        .with("2_b.down.sql", "DROP VIEW b;")
        .with("3_c.up.sql", "ALTER TABLE a DROP COLUMN old;")
        .with("3_c.down.sql", "ALTER TABLE a ADD COLUMN old integer;");
    Migrations::load(Arc::new(files), None).unwrap()
}

async fn database() -> Database {
    driftlock::connect("sqlite::memory:").await.unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn up_and_down_ask_once_and_only_where_something_is_lost() {
    let db = database().await;
    let asked = Arc::new(Mutex::new(Vec::new()));
    let hear = Arc::clone(&asked);
    let migrator = Migrator::new(&migrations()).on_confirm(move |plan| {
        hear.lock().unwrap().push(plan.losses.iter().map(ToString::to_string).collect::<Vec<_>>());
        async { true }
    });
    assert_eq!(migrator.clone().steps(2).up(&db).await.unwrap().applied.len(), 2);
    assert_eq!(migrator.clone().steps(1).down(&db).await.unwrap().applied.len(), 1);
    assert!(asked.lock().unwrap().is_empty());
    assert_eq!(migrator.up(&db).await.unwrap().applied.len(), 2);
    assert_eq!(asked.lock().unwrap().split_off(0), [["3_c.up.sql:1: ALTER TABLE a DROP COLUMN old"]]);
    assert_eq!(migrator.all().down(&db).await.unwrap().applied.len(), 3);
    assert_eq!(asked.lock().unwrap().split_off(0), [["1_a.down.sql:1: DROP TABLE a"]]);
}

#[tokio::test(flavor = "current_thread")]
async fn a_no_changes_nothing_and_says_what_it_was_about() {
    let db = database().await;
    let migrator = Migrator::new(&migrations()).on_confirm(|_| async { false });
    let error = migrator.up(&db).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Usage, "DL0307"));
    let Error::Unconfirmed(losses) = &error else { panic!("{error}") };
    assert_eq!((losses.len(), losses[0].line, losses[0].file.as_str()), (1, 1, "3_c.up.sql"));
    assert_eq!(migrator.status(&db).await.unwrap().pending(), 3);
    // Without anybody to ask, the call is the yes.
    assert_eq!(Migrator::new(&migrations()).up(&db).await.unwrap().applied.len(), 3);
    assert_eq!(Migrator::new(&migrations()).all().down(&db).await.unwrap().applied.len(), 3);
}

#[tokio::test(flavor = "current_thread")]
async fn a_token_ends_the_question() {
    let db = database().await;
    let cancellation = Cancellation::new();
    let stop = cancellation.clone();
    let migrator = Migrator::new(&migrations()).cancellation(cancellation).on_confirm(move |_| {
        stop.cancel();
        std::future::pending()
    });
    assert_eq!(migrator.up(&db).await.unwrap_err().kind(), Kind::Interrupted);
}

/// What another run does while a person thinks.
async fn meanwhile(path: &std::path::Path, work: impl Fn(&Migrator) -> Migrator, direction: &str) {
    let db = driftlock::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    let migrator = work(&Migrator::new(&migrations()));
    match direction {
        "up" => migrator.up(&db).await.unwrap(),
        _ => migrator.down(&db).await.unwrap(),
    };
    db.close().await;
}

#[tokio::test(flavor = "current_thread")]
async fn nothing_runs_that_nobody_said_yes_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let db = driftlock::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let (count, file) = (Arc::clone(&asked), path.clone());
    // Part of it is done by somebody else: the rest was agreed to.
    let migrator = Migrator::new(&migrations()).on_confirm(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        let file = file.clone();
        async move {
            meanwhile(&file, |migrator| migrator.clone().steps(1), "up").await;
            true
        }
    });
    assert_eq!(migrator.up(&db).await.unwrap().applied.len(), 2);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    // Of a way down that another run has shortened, the rest is something else.
    let file = path.clone();
    let migrator = Migrator::new(&migrations()).all().on_confirm(move |_| {
        let file = file.clone();
        async move {
            meanwhile(&file, Migrator::clone, "down").await;
            true
        }
    });
    assert_eq!(migrator.down(&db).await.unwrap_err().code(), "DL0510");
    assert_eq!(Migrator::new(&migrations()).status(&db).await.unwrap().pending(), 1);
}
