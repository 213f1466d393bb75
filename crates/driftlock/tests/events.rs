//! What a program hears of a run by a subscriber of its own, and that nothing is printed.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "sqlite")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use driftlock::{Hook, HookEvent, Memory, Migrations, Migrator, RunId, blocking};
use tracing::field::{Field, Visit};
use tracing::instrument::WithSubscriber;
use tracing::span::{Attributes, Id};
use tracing::{Event, Instrument, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

/// An event: its name, the run that it is of, its fields as texts.
#[derive(Debug, Clone)]
struct Heard {
    name: &'static str,
    run: String,
    fields: BTreeMap<&'static str, String>,
}

/// Keeps all that it hears.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<Vec<Heard>>>);

#[derive(Default)]
struct Texts(BTreeMap<&'static str, String>);

impl Visit for Texts {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

struct Run(String);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Ear {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut texts = Texts::default();
        attributes.record(&mut texts);
        let span = context.span(id).unwrap();
        span.extensions_mut().insert(Run(texts.0.remove("run").unwrap_or_default()));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut texts = Texts::default();
        event.record(&mut texts);
        let span = context.event_span(event);
        let run = span.map(|span| span.extensions().get::<Run>().unwrap().0.clone()).unwrap_or_default();
        self.0.lock().unwrap().push(Heard { name: event.metadata().name(), run, fields: texts.0 });
    }
}

impl Ear {
    fn heard(&self) -> Vec<Heard> {
        self.0.lock().unwrap().clone()
    }

    fn names(&self) -> Vec<&'static str> {
        self.heard().iter().map(|it| it.name).filter(|name| *name != "driftlock.sql").collect()
    }
}

/// One test at a time has a subscriber: what a place in the code is interested in is kept for the whole process, and with several that come and go it is
/// asked of whichever thread comes by first.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn migrations(table: &str) -> Migrations {
    let files = Memory::new()
        .with(
            "20260101-000001_shop_a_v1.up.sql",
            format!("CREATE TABLE {table} (id integer);\nINSERT INTO {table} VALUES (1), (2);"),
        )
        .with("20260101-000002_shop_b_v1.up.sql", format!("CREATE TABLE {table}_too (id integer);"));
    Migrations::load(Arc::new(files), None).unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn a_run_tells_what_it_does_to_the_programs_own_subscriber() {
    let _alone = ALONE.lock().await;
    let ear = Ear::default();
    let db = driftlock::connect("sqlite::memory:").await.unwrap();
    let id = RunId::new();
    let migrator = Migrator::new(&migrations("a")).run_id(id).slow(Duration::ZERO);
    let report = migrator.up(&db).with_subscriber(Registry::default().with(ear.clone())).await.unwrap();
    assert_eq!(report.applied.len(), 2);
    let expected = [
        "driftlock.run.started",
        "driftlock.plan.made",
        "driftlock.lock.taken",
        "driftlock.tables.prepared",
        "driftlock.fence.taken",
        "driftlock.migration.started",
        "driftlock.statement.started",
        "driftlock.statement.done",
        "driftlock.statement.started",
        "driftlock.statement.done",
        "driftlock.history.written",
        "driftlock.migration.done",
        "driftlock.migration.started",
        "driftlock.statement.started",
        "driftlock.statement.done",
        "driftlock.history.written",
        "driftlock.migration.done",
        "driftlock.lock.released",
        "driftlock.run.done",
    ];
    assert_eq!(ear.names(), expected);
    let heard = ear.heard();
    // Those too that come from the thread on which SQLite works.
    assert!(heard.iter().any(|it| it.name == "driftlock.sql" && it.fields["sql"] == "COMMIT"));
    assert!(heard.iter().all(|it| it.run == id.to_string()), "{heard:#?}");
    let done = heard.iter().filter(|it| it.name == "driftlock.statement.done").nth(1).unwrap();
    let field = |name: &str| done.fields[name].as_str();
    assert_eq!((field("sql"), field("rows"), field("slow")), ("INSERT INTO a VALUES (1), (2)", "2", "true"));
    assert_eq!(
        (field("version"), field("file"), field("line"), field("statement")),
        ("20260101-000001", "20260101-000001_shop_a_v1.up.sql", "2", "2")
    );
}

#[tokio::test(flavor = "current_thread")]
async fn two_runs_at_once_do_not_mix() {
    let _alone = ALONE.lock().await;
    let ear = Ear::default();
    let both = async {
        let (first, second) = (
            driftlock::connect("sqlite::memory:").await.unwrap(),
            driftlock::connect("sqlite::memory:").await.unwrap(),
        );
        // Each is under way when the other begins.
        let both_are_here = Arc::new(tokio::sync::Barrier::new(2));
        let migrator = |table: &str| {
            let both_are_here = Arc::clone(&both_are_here);
            let meet = Hook::call(HookEvent::BeforeMigrate, "meet", move |_| {
                let both_are_here = Arc::clone(&both_are_here);
                async move {
                    both_are_here.wait().await;
                    Ok::<(), std::convert::Infallible>(())
                }
            });
            Migrator::new(&migrations(table)).hook(meet)
        };
        let (a, b) = (migrator("a"), migrator("b"));
        let (up_a, up_b) = tokio::join!(a.up(&first), b.up(&second));
        assert_eq!((up_a.unwrap().applied.len(), up_b.unwrap().applied.len()), (2, 2));
    };
    both.with_subscriber(Registry::default().with(ear.clone())).await;
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut runs = Vec::new();
    for it in ear.heard().into_iter().filter(|it| !it.run.is_empty()) {
        if it.name == "driftlock.statement.done" {
            let table = if it.fields["sql"].contains(" a") { "a" } else { "b" };
            tables.entry(it.run.clone()).or_default().push(table.to_owned());
        }
        runs.push(it.run);
    }
    assert_eq!(tables.len(), 2, "each has a run of its own");
    assert!(tables.values().all(|tables| tables.len() == 3 && tables.iter().all(|it| *it == tables[0])), "{tables:?}");
    // They did go on at the same time, or this shows nothing.
    runs.dedup();
    assert!(runs.len() > 2, "{runs:?}");
}

#[tokio::test(flavor = "current_thread")]
async fn connecting_belongs_to_a_run_where_the_program_says_so() {
    let _alone = ALONE.lock().await;
    let ear = Ear::default();
    let id = RunId::new();
    let connect = driftlock::connect("sqlite::memory:").instrument(id.span());
    // The span is made where it is told.
    let _guard = tracing::subscriber::set_default(Registry::default().with(ear.clone()));
    let again = driftlock::connect("sqlite::memory:").instrument(id.span());
    connect.await.unwrap();
    again.await.unwrap().close().await;
    let heard = ear.heard();
    let connected: Vec<&str> =
        heard.iter().filter(|it| it.name == "driftlock.connected").map(|it| it.run.as_str()).collect();
    assert_eq!(connected, ["", id.to_string().as_str()]);
}

#[test]
fn the_blocking_face_tells_the_same() {
    let _alone = ALONE.blocking_lock();
    let ear = Ear::default();
    tracing::subscriber::with_default(Registry::default().with(ear.clone()), || {
        let db = blocking::connect("sqlite::memory:").unwrap();
        db.up(&Migrator::new(&migrations("a"))).unwrap();
    });
    let names = ear.names();
    assert!(names.contains(&"driftlock.connected") && names.contains(&"driftlock.migration.done"), "{names:?}");
}

/// What the next test runs in a process of its own.
#[test]
fn a_run_in_silence() {
    let _alone = ALONE.blocking_lock();
    let db = blocking::connect("sqlite::memory:").unwrap();
    let migrator = Migrator::new(&migrations("a"));
    db.up(&migrator).unwrap();
    db.status(&migrator).unwrap();
    let wrong = Memory::new().with("1_c.up.sql", "SELECT nothing;");
    let wrong = Migrator::new(&Migrations::load(Arc::new(wrong), None).unwrap());
    db.up(&wrong).unwrap_err();
}

#[test]
fn nothing_is_printed() {
    let run = |filter: &str| {
        let this = std::env::current_exe().unwrap();
        let output = std::process::Command::new(this).args(["--exact", filter, "--nocapture"]).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let printed = run("a_run_in_silence");
    let lines: Vec<&str> = printed.lines().filter(|line| !line.is_empty()).collect();
    assert!(
        matches!(lines[..], ["running 1 test", "test a_run_in_silence ... ok", last] if last.starts_with("test result: ok. 1 passed")),
        "{printed}"
    );
}
