//! Hooks of a program: closures, and the SQL files that it carries.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "sqlite")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use driftlock::engine::{HookError, HookLeft};
use driftlock::{
    Cancellation, Database, Error, Hook, HookCommand, HookContext, HookEvent, Kind, Memory, Migrations, Migrator,
    Progress,
};

const FILES: [(&str, &str); 3] = [
    ("1_users.up.sql", "CREATE TABLE users (id integer);"),
    ("2_orders.up.sql", "CREATE TABLE orders (id integer);"),
    ("hooks/after_each.sql", "-- driftlock: tables=orders\nINSERT INTO orders VALUES (${driftlock:version});"),
];

fn migrations() -> Migrations {
    let files = FILES.iter().fold(Memory::new(), |files, (name, text)| files.with(*name, *text));
    Migrations::load(Arc::new(files), None).unwrap()
}

async fn database() -> Database {
    driftlock::connect("sqlite::memory:").await.unwrap()
}

type Told = Arc<Mutex<Vec<String>>>;

/// A hook that notes what it is told.
fn noting(event: HookEvent, told: &Told) -> Hook {
    let told = Arc::clone(told);
    Hook::call(event, format!("note {event}"), move |context: HookContext| {
        let told = Arc::clone(&told);
        async move {
            let version = context.migration().map_or("-".to_owned(), |it| it.version.to_string());
            let tables: Vec<&str> = context.touched.tables.iter().map(String::as_str).collect();
            let error = context.error.map_or(String::new(), |error| format!(" {}", error.code));
            let line =
                format!("{} {version} {} {}{error}", context.event, context.environment.unwrap(), tables.join(","));
            told.lock().unwrap().push(line);
            Ok::<(), std::convert::Infallible>(())
        }
    })
}

#[tokio::test(flavor = "current_thread")]
async fn closures_are_told_and_what_ran_is_reported() {
    let db = database().await;
    let told = Told::default();
    let heard = Told::default();
    let hear = Arc::clone(&heard);
    let mut migrator = Migrator::new(&migrations()).environment("staging").on_progress(Arc::new(move |progress| {
        let line = match progress {
            Progress::HookStarted { event, hook, .. } => format!("{event} {hook} begins"),
            Progress::HookDone(run) => format!("{} {} is done", run.event, run.hook),
            Progress::Applied(applied) => format!("{} is applied", applied.version),
            _ => return,
        };
        hear.lock().unwrap().push(line);
    }));
    for event in HookEvent::ALL {
        migrator = migrator.hook(noting(event, &told));
    }
    migrator = migrator.hook(noting(HookEvent::BeforeEach, &told).tables(["users"]));
    let plan = migrator.plan(&db).await.unwrap();
    assert_eq!(plan.hooks.len(), 8);
    assert!(told.lock().unwrap().is_empty(), "looking runs none");
    let report = migrator.up(&db).await.unwrap();
    assert_eq!(
        *told.lock().unwrap(),
        [
            "before_migrate - staging orders,users",
            "before_each 1 staging users",
            "before_each 1 staging users",
            "after_each 1 staging users",
            "before_each 2 staging orders",
            "after_each 2 staging orders",
            "after_migrate - staging orders,users",
        ]
    );
    let ran: Vec<(&str, Option<&str>)> =
        report.hooks.iter().map(|it| (it.hook.as_str(), it.version.as_ref().map(driftlock::Version::as_str))).collect();
    assert_eq!(ran.len(), 8);
    assert_eq!(ran[5], ("hooks/after_each.sql", Some("2")));
    assert_eq!(
        plan.hooks.iter().map(|it| it.hook.as_str()).collect::<Vec<_>>(),
        ran.iter().map(|it| it.0).collect::<Vec<_>>()
    );
    let heard = heard.lock().unwrap().clone();
    let at = |line: &str| heard.iter().position(|it| it == line).unwrap();
    assert!(at("after_each hooks/after_each.sql is done") < at("2 is applied"), "SQL is committed with its migration");
    assert!(at("1 is applied") < at("after_each note after_each begins"), "what is outside comes after the commit");
    let again = migrator.up(&db).await.unwrap();
    assert!(again.hooks.is_empty());
}

#[tokio::test(flavor = "current_thread")]
async fn an_error_of_a_closure_stops_the_run() {
    for (event, code, left) in [
        (HookEvent::BeforeMigrate, "DL0308", 0),
        (HookEvent::BeforeEach, "DL0308", 0),
        (HookEvent::AfterEach, "DL0308", 1),
        (HookEvent::AfterMigrate, "DL0308", 2),
    ] {
        let db = database().await;
        let told = Told::default();
        let fails = Hook::call(event, "check", |_| async { Err("the moon is not full") });
        let migrator =
            Migrator::new(&migrations()).environment("dev").hook(fails).hook(noting(HookEvent::OnError, &told));
        let error = migrator.up(&db).await.unwrap_err();
        assert_eq!((error.code(), error.kind()), (code, Kind::Failed));
        assert_eq!(error.to_string(), format!("the {event} hook `check` failed: the moon is not full"));
        assert_eq!(error.applied().len(), left, "{event}");
        let Error::Hook(error) = error else { panic!("{error}") };
        let HookError { left, .. } = *error;
        match event {
            HookEvent::BeforeMigrate => assert_eq!(left, HookLeft::NotBegun),
            HookEvent::BeforeEach => assert!(matches!(left, HookLeft::Migration(..))),
            _ => assert_eq!(left, HookLeft::Committed),
        }
        assert!(told.lock().unwrap()[0].ends_with("DL0308"), "{told:?}");
        // The lock was given back, and what is left to do runs.
        Migrator::new(&migrations()).up(&db).await.unwrap();
    }
}

#[tokio::test(flavor = "current_thread")]
async fn cancelling_ends_a_closure_and_a_command() {
    let sleeps = || async {
        tokio::time::sleep(Duration::from_secs(600)).await;
        Ok::<(), std::convert::Infallible>(())
    };
    for hook in [
        Hook::call(HookEvent::BeforeEach, "sleeps", move |_| sleeps()),
        Hook::command(HookEvent::BeforeEach, HookCommand::new("sleep", ["600"])),
    ] {
        let db = database().await;
        let cancellation = Cancellation::new();
        let stop = cancellation.clone();
        let migrator =
            Migrator::new(&migrations()).hook(hook).cancellation(cancellation).on_progress(Arc::new(move |it| {
                if matches!(it, Progress::HookStarted { .. }) {
                    let stop = stop.clone();
                    tokio::spawn(async move {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        stop.cancel();
                    });
                }
            }));
        let error = migrator.up(&db).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Interrupted, "{error}");
        assert!(error.applied().is_empty());
        Migrator::new(&migrations()).up(&db).await.unwrap();
    }
}
