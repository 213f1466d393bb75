//! The blocking face: outside of any runtime, and inside of each kind.
#![allow(clippy::unwrap_used)]
#![cfg(all(feature = "sqlite", feature = "postgres", feature = "mysql"))]

mod common;

use std::sync::{Arc, Mutex};

use common::{ENGINES, TestDatabase, migrations, tables};
use driftlock::engine::Against;
use driftlock::schema::Filter;
use driftlock::{
    AuditFilter, Config, ConnectOptions, DatabaseUrl, Kind, Memory, Migrations, Migrator, Overrides, OwnTables,
    Progress, Provenance, Shadow, Source, Sources, Variables, blocking,
};

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

/// What looks at schemas: a lock file is written, held against its files, and the database against it.
fn look_at_schemas(engine: &'static str) {
    let database = TestDatabase::new(engine);
    let db = blocking::connect(&database.url).unwrap();
    let server = DatabaseUrl::parse(&database.url).unwrap();
    let search = Shadow::search(db.engine()).server(server, ConnectOptions::default());
    let shadow = blocking::find(search).unwrap();

    let replayed = db.replay(&Migrator::new(&tables(2)), &shadow).unwrap();
    let files = (1..=2).fold(Memory::new(), |files, number| {
        files
            .with(format!("{number}_t.up.sql"), format!("CREATE TABLE t{number} (id integer);"))
            .with(format!("{number}_t.down.sql"), format!("DROP TABLE t{number};"))
    });
    let files = files.with("schema.lock", replayed.lock.to_text().unwrap());
    let migrator = Migrator::new(&Migrations::load(Arc::new(files), None).unwrap());
    assert!(blocking::check_lock(&migrator, &shadow).unwrap().agrees(), "{engine}");

    assert_eq!(db.up(&migrator).unwrap().applied.len(), 2);
    let check = db.check(&migrator).unwrap();
    assert!(check.agrees() && check.against == Some(Against::Lock), "{engine}: {:?}", check.drift);
    let filter = Filter::new();
    let inspection = db.inspect(&filter).unwrap();
    assert_eq!(inspection.schema.fingerprint(), replayed.lock.fingerprint, "{engine}");
    assert_eq!(db.prove(&shadow, &filter).unwrap().differences, [], "{engine}");

    let folder = tempfile::tempdir().unwrap();
    let config = Config::load(folder.path(), Variables::default(), &Overrides::default()).unwrap();
    let sources = Sources::new(driftlock::ENGINES, config.project().unwrap(), Provenance::from_process());
    let source = Source::Database(DatabaseUrl::parse(&database.url).unwrap());
    assert_eq!(blocking::read(&sources, &source).unwrap().inspection.schema, inspection.schema, "{engine}");

    let by_hand = Migrator::new(&migrations(&[("9_x.up.sql", "CREATE TABLE by_hand (id integer);")]));
    let other = blocking::connect_with(
        &database.url,
        ConnectOptions::default(),
        OwnTables { prefix: "other_".to_owned(), ..OwnTables::default() },
    );
    other.unwrap().up(&by_hand).unwrap();
    let drift: Vec<String> = db.check(&migrator).unwrap().drift.iter().map(|it| it.object.name.name.clone()).collect();
    assert!(drift.contains(&"by_hand".to_owned()), "{engine}: {drift:?}");
    db.close();
}

#[test]
fn without_a_runtime() {
    ENGINES.into_iter().for_each(use_it);
    ENGINES.into_iter().for_each(look_at_schemas);
    // And dropped, without a goodbye.
    let database = TestDatabase::new("sqlite");
    drop(blocking::connect(&database.url).unwrap());
}

#[tokio::test(flavor = "current_thread")]
async fn inside_of_a_runtime_of_one_thread() {
    ENGINES.into_iter().for_each(use_it);
    ENGINES.into_iter().for_each(look_at_schemas);
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
