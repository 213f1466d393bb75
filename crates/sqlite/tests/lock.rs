//! The lock between runners, also in other processes.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use common::*;
use driftlock_database::{Error, LockAttempt, Session};

async fn attempt(session: &mut dyn Session) -> LockAttempt {
    session.try_lock(&tables(), &me()).await.unwrap()
}

/// This test binary once more, as another runner that takes the lock and keeps it.
fn holder(database: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "holds_the_lock", "--nocapture"])
        .env("HOLD", database)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // The harness prints the test's name on the same line.
    if !lines.any(|line| line.unwrap().ends_with("LOCKED")) {
        panic!("the other process ended without the lock: {:?}", child.wait());
    }
    child
}

/// The other process's part. Without a database to hold there is nothing to it.
#[tokio::test]
async fn holds_the_lock() {
    let Ok(database) = std::env::var("HOLD") else { return };
    let mut session = connect(&format!("sqlite://{database}")).await.unwrap();
    assert_eq!(attempt(&mut *session).await, LockAttempt::Held);
    println!("LOCKED");
    std::thread::sleep(Duration::from_secs(60));
}

#[tokio::test]
async fn one_holds_it_and_the_other_is_told_who() {
    let place = Place::new();
    let (mut one, mut two) = (place.session().await, place.session().await);
    assert_eq!(attempt(&mut *one).await, LockAttempt::Held);
    assert_eq!(attempt(&mut *one).await, LockAttempt::Held);
    let LockAttempt::Busy(holder) = attempt(&mut *two).await else { panic!("two hold it") };
    assert_eq!(
        (holder.pid, holder.host.as_deref(), holder.user.as_deref()),
        (Some(std::process::id()), Some("here"), Some("me"))
    );
    assert!(holder.since.is_some_and(|since| since.ends_with('Z')));
    one.unlock().await.unwrap();
    one.unlock().await.unwrap();
    assert!(!place.lock_file().exists());
    assert_eq!(attempt(&mut *two).await, LockAttempt::Held);
    assert!(matches!(attempt(&mut *one).await, LockAttempt::Busy(_)));
    // Dropping and closing a session free it too.
    drop(two);
    assert_eq!(attempt(&mut *one).await, LockAttempt::Held);
    one.close().await;
    assert!(!place.lock_file().exists());
    assert!(!place.file.exists(), "locking makes no database");
}

#[tokio::test]
async fn a_killed_holder_holds_no_longer() {
    let place = Place::new();
    let mut session = place.session().await;
    let mut child = holder(&place.file);
    let LockAttempt::Busy(holder) = attempt(&mut *session).await else { panic!("two hold it") };
    assert_eq!(holder.pid, Some(child.id()));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(place.lock_file().exists(), "a killed process can't tidy up");
    assert_eq!(attempt(&mut *session).await, LockAttempt::Held);
    let text = std::fs::read_to_string(place.lock_file()).unwrap();
    assert!(text.contains(&format!("pid={}\n", std::process::id())), "{text}");
}

#[cfg(unix)]
#[tokio::test]
async fn symbolic_links_share_the_lock() {
    let place = Place::new();
    let elsewhere = tempfile::tempdir().unwrap();
    let link = elsewhere.path().join("link.db");
    std::os::unix::fs::symlink(&place.file, &link).unwrap();
    let mut linked = connect(&format!("sqlite://{}", link.display())).await.unwrap();
    assert_eq!(linked.server().database, place.file.display().to_string());
    let mut child = holder(&place.file);
    let busy = attempt(&mut *linked).await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(matches!(busy, LockAttempt::Busy(_)));
    ready(&mut *linked).await;
    assert!(place.file.exists() && std::fs::symlink_metadata(&link).unwrap().is_symlink());
}

#[tokio::test]
async fn a_lock_file_that_is_taken_away_is_noticed() {
    let place = Place::new();
    let mut session = place.session().await;
    ready(&mut *session).await;
    std::fs::remove_file(place.lock_file()).unwrap();
    assert!(matches!(session.reset(&timeouts(0, 0)).await, Err(Error::LockLost(_))));
    assert!(matches!(session.try_lock(&tables(), &me()).await, Err(Error::LockLost(_))));
    // What another one has put there is not ours to delete.
    let mut other = place.session().await;
    assert_eq!(attempt(&mut *other).await, LockAttempt::Held);
    assert!(matches!(session.reset(&timeouts(0, 0)).await, Err(Error::LockLost(_))));
    session.unlock().await.unwrap();
    assert!(matches!(attempt(&mut *session).await, LockAttempt::Busy(_)));
    other.reset(&timeouts(0, 0)).await.unwrap();
}

#[tokio::test]
async fn the_lock_outlives_a_dropped_session_while_its_statement_runs() {
    let place = Place::new();
    let mut session = place.session().await;
    ready(&mut *session).await;
    let slow = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n";
    assert!(tokio::time::timeout(Duration::from_millis(50), run(&mut *session, &[slow])).await.is_err());
    drop(session);
    let mut other = place.session().await;
    let start = Instant::now();
    while attempt(&mut *other).await != LockAttempt::Held {
        assert!(start.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn many_runners_take_turns() {
    let place = Place::new();
    let turns = 25;
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    for _ in 0..turns {
                        let mut session = place.session().await;
                        while attempt(&mut *session).await != LockAttempt::Held {
                            tokio::time::sleep(Duration::from_micros(200)).await;
                        }
                        session.prepare_tables(&tables()).await.unwrap();
                        let (fence, _) = session.take_fence(&tables(), None).await.unwrap();
                        session.reset(&timeouts(5000, 0)).await.unwrap();
                        // Two at once would write the same number twice.
                        migrate(&mut *session, fence.token, fence.head + 1, &["CREATE TABLE IF NOT EXISTS t (a)"])
                            .await
                            .unwrap();
                        session.close().await;
                    }
                });
            });
        }
    });
    assert_eq!(place.count("SELECT count(*) FROM driftlock_history"), 8 * turns);
    assert_eq!(place.count("SELECT token FROM driftlock_fence"), 8 * turns);
    assert!(!place.lock_file().exists());
}

/// A directory in which this user, root too, can make no file.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_directory_that_cant_be_written_is_named() {
    let mut session = connect("sqlite:///sys/kernel/shop.db").await.unwrap();
    let error = session.try_lock(&tables(), &me()).await.unwrap_err();
    assert!(matches!(&error, Error::Unfit(_)), "{error:?}");
    assert!(error.to_string().contains("/sys/kernel/shop.db-driftlock-lock"), "{error}");
}
