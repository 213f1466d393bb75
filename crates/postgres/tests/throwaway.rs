//! A server that is started for scratch work, and is gone with its value.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::time::{Duration, Instant};

use driftlock_database::{ConnectOptions, Engine, Event, Observer, Runnable};
use driftlock_postgres::Postgres;

struct Nobody;

impl Observer for Nobody {
    fn event(&mut self, _: Event) {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throwaway_server_takes_its_own_password_alone_and_leaves_nothing() {
    let throwaway = Postgres.throwaway().await.unwrap().expect("the tests need PostgreSQL's server on this machine");
    let options = ConnectOptions::default();
    let mut session = Postgres.connect(&throwaway.url, &options).await.unwrap();
    let sql = "CREATE DATABASE x";
    session.execute(&[Runnable { sql, copy_data: None }], &mut Nobody).await.unwrap();
    session.close().await;

    let mut wrong = throwaway.url.clone();
    wrong.password = Some("guess".to_owned());
    assert!(Postgres.connect(&wrong, &options).await.is_err());
    assert!(!format!("{throwaway:?}").contains(throwaway.url.password.as_deref().unwrap()));

    let url = throwaway.url.clone();
    let folders = || -> Vec<_> {
        let all = std::fs::read_dir(std::env::temp_dir()).unwrap().flatten().map(|entry| entry.path());
        all.filter(|path| is_of(path, &url.authority)).collect()
    };
    assert_eq!(folders().len(), 1);
    drop(throwaway);
    assert_eq!(folders(), Vec::<std::path::PathBuf>::new());
    let began = Instant::now();
    while Postgres.connect(&url, &options).await.is_ok() {
        assert!(began.elapsed() < Duration::from_secs(5), "it still runs");
    }
}

/// Whether a folder is the one of the server at this address.
fn is_of(folder: &Path, authority: &str) -> bool {
    let port = authority.rsplit(':').next().unwrap();
    let pid_file = std::fs::read_to_string(folder.join("made/data/postmaster.pid")).unwrap_or_default();
    pid_file.lines().nth(3) == Some(port)
}
