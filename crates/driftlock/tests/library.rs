//! The library as a program uses it.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "sqlite")]

use std::sync::{Arc, Mutex};

use driftlock::{
    AuditFilter, Cancellation, Database, Direction, Kind, Memory, Migrations, Migrator, Options, Progress,
};

fn migrations(count: u32) -> Migrations {
    let files = (1..=count).fold(Memory::new(), |files, number| {
        files
            .with(format!("{number}_t.up.sql"), format!("CREATE TABLE t{number} (id integer);"))
            .with(format!("{number}_t.down.sql"), format!("DROP TABLE t{number};"))
    });
    Migrations::load(Arc::new(files), None).unwrap()
}

async fn database() -> Database {
    driftlock::connect("sqlite::memory:").await.unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn results_and_progress_are_data() {
    let db = database().await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let hear = Arc::clone(&told);
    let migrator = Migrator::new(&migrations(3)).environment("staging").on_progress(Arc::new(move |progress| {
        if let Progress::Applied(applied) = progress {
            hear.lock().unwrap().push(applied.version.to_string());
        }
    }));
    let plan = migrator.plan(&db).await.unwrap();
    assert_eq!(plan.pending.len(), 3);
    assert!(plan.pending.iter().all(|planned| planned.transactional));
    let report = migrator.up(&db).await.unwrap();
    assert_eq!(report.applied.iter().map(|it| it.version.as_str()).collect::<Vec<_>>(), ["1", "2", "3"]);
    assert_eq!(*told.lock().unwrap(), ["1", "2", "3"]);
    let status = migrator.status(&db).await.unwrap();
    assert_eq!((status.pending(), status.stamped.as_deref()), (0, Some("staging")));
    assert!(migrator.up(&db).await.unwrap().applied.is_empty());
    let other = Migrator::new(&migrations(3)).environment("prod");
    assert_eq!(other.up(&db).await.unwrap_err().kind(), Kind::Refused);
}

#[tokio::test(flavor = "current_thread")]
async fn what_was_agreed_to_is_what_is_undone_or_nothing_is() {
    let db = database().await;
    let migrator = Migrator::new(&migrations(3));
    migrator.up(&db).await.unwrap();
    let agreed = migrator.plan_down(&db).await.unwrap();
    // Somebody else undoes the last one first.
    migrator.down(&db).await.unwrap();
    let error = migrator.clone().agreed(&agreed).down(&db).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Refused, "DL0510"));
    assert_eq!(migrator.status(&db).await.unwrap().pending(), 1);
    let agreed = migrator.plan_down(&db).await.unwrap();
    let report = migrator.clone().agreed(&agreed).down(&db).await.unwrap();
    assert_eq!(report.applied[0].direction, Direction::Down);
}

#[tokio::test(flavor = "current_thread")]
async fn a_used_token_stops_before_anything_runs() {
    let db = database().await;
    let cancellation = Cancellation::new();
    cancellation.cancel();
    let error = Migrator::new(&migrations(1)).cancellation(cancellation).up(&db).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Interrupted);
    assert_eq!(Migrator::new(&migrations(1)).status(&db).await.unwrap().pending(), 1);
}

#[tokio::test(flavor = "current_thread")]
async fn steps_and_targets_count_together() {
    let db = database().await;
    let with = |options: Options| Migrator::new(&migrations(5)).options(options);
    let report = with(Options { to: Some("004".into()), steps: Some(2), ..Options::default() }).up(&db).await.unwrap();
    assert_eq!(report.applied.len(), 2);
    assert_eq!(report.pending.len(), 3);
    let report = with(Options { to: Some("4".into()), ..Options::default() }).up(&db).await.unwrap();
    assert_eq!(report.applied.len(), 2);
    let error = with(Options { to: Some("9".into()), ..Options::default() }).up(&db).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
    let report = with(Options { to: Some("1".into()), ..Options::default() }).down(&db).await.unwrap();
    assert_eq!(report.applied.iter().map(|it| it.version.as_str()).collect::<Vec<_>>(), ["4", "3", "2"]);
}

#[tokio::test(flavor = "current_thread")]
async fn the_record_is_data() {
    let db = database().await;
    let migrator = Migrator::new(&migrations(3)).environment("staging");
    migrator.up(&db).await.unwrap();
    migrator.down(&db).await.unwrap();
    let audit = migrator.audit(&db, &AuditFilter { limit: Some(2), ..AuditFilter::default() }).await.unwrap();
    let last: Vec<_> =
        audit.attempts.iter().filter_map(|it| it.last()).map(|row| (row.sequence, row.direction)).collect();
    assert_eq!(last, [(3, Direction::Up), (4, Direction::Down)]);
    assert_eq!(audit.stamped.as_deref(), Some("staging"));
    // Numbers are versions however they are written.
    let filter = AuditFilter { version: Some("003".into()), ..AuditFilter::default() };
    assert_eq!(migrator.audit(&db, &filter).await.unwrap().attempts.len(), 2);
    let found = migrator.verify(&db).await.unwrap();
    assert_eq!((found.rows, found.journal_rows, found.findings.len()), (4, 0, 0));
}

/// What is handed around can be, and what is shared too.
#[test]
fn what_there_is_can_be_sent_and_shared() {
    fn sent_and_shared<T: Send + Sync + 'static>() {}
    sent_and_shared::<Database>();
    sent_and_shared::<driftlock::blocking::Database>();
    sent_and_shared::<Migrator>();
    sent_and_shared::<Migrations>();
    sent_and_shared::<Cancellation>();
    sent_and_shared::<Options>();
    sent_and_shared::<driftlock::Report>();
    sent_and_shared::<driftlock::Plan>();
    sent_and_shared::<driftlock::Status>();
    sent_and_shared::<driftlock::Error>();
}

#[tokio::test(flavor = "current_thread")]
async fn a_run_can_be_given_to_any_thread() {
    fn may_move<T: Send>(work: T) -> T {
        work
    }
    let db = database().await;
    let migrator = Migrator::new(&migrations(2));
    may_move(migrator.up(&db)).await.unwrap();
    may_move(migrator.redo(&db)).await.unwrap();
    may_move(migrator.down(&db)).await.unwrap();
    may_move(migrator.status(&db)).await.unwrap();
    let accepting = migrator.clone().accept_difference(true).reason("it is moved, not meant");
    may_move(accepting.baseline(&db, "2")).await.unwrap();
    may_move(migrator.audit(&db, &AuditFilter::default())).await.unwrap();
    may_move(migrator.verify(&db)).await.unwrap();
}
