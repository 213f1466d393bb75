//! Scratch databases go on every way: when the work is done, when it fails, when it is stopped, when nobody waits for it any more.

use std::sync::Arc;
use std::time::{Duration, Instant};

use driftlock::engine::ProvenanceOverrides;
use driftlock::{
    Cancellation, Config, ConnectOptions, DatabaseUrl, Error, Kind, Memory, Migrations, Overrides, Provenance, Shadow,
    Variables, engine_of,
};
use driftlock_servers::private::Private;

use crate::server::Server;

const GOOD: &str = "CREATE TABLE a (id integer);";
const BAD: &str = "CREATE TABLE a (id integer); INSERT INTO nowhere VALUES (1);";

fn migrations(sql: &str) -> Migrations {
    Migrations::load(Arc::new(Memory::new().with("1_a.up.sql", sql)), None).unwrap()
}

fn shadow(server: &Server) -> Shadow {
    let url = DatabaseUrl::parse(&server.url("")).unwrap();
    Shadow::on_server(engine_of(&url).unwrap(), url, ConnectOptions::default())
}

/// What takes its time on the server.
fn slow(server: &Server) -> &'static str {
    if server.is_postgres() { "SELECT pg_sleep(60);" } else { "DO SLEEP(60);" }
}

async fn everything_goes(server: &Server) {
    let shadow = shadow(server);
    let replay = shadow.compare(&migrations(GOOD), &migrations(GOOD)).await.unwrap();
    assert!(replay.differences.is_empty(), "{replay:?}");
    assert_eq!(server.shadows(), [""; 0], "done");

    let error = shadow.compare(&migrations(BAD), &migrations(GOOD)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Failed, "{error}");
    assert_eq!(server.shadows(), [""; 0], "failed");

    let cancellation = Cancellation::new();
    let stopped = shadow.clone().cancellation(cancellation.clone());
    let slow = migrations(slow(server));
    let stop = async {
        server.comes_to("one is there", |shadows| shadows == 1).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        cancellation.cancel();
    };
    let (result, ()) = tokio::join!(stopped.compare(&slow, &slow), stop);
    assert!(matches!(result, Err(Error::Interrupted { .. })), "{result:?}");
    assert_eq!(server.shadows(), [""; 0], "stopped");

    // Nobody waits for it any more.
    tokio::select! {
        _ = shadow.compare(&slow, &slow) => panic!("it sleeps for a minute"),
        () = server.comes_to("one is there", |shadows| shadows == 1) => {}
    }
    server.comes_to("what was let go is dropped", |shadows| shadows == 0).await;
}

/// A kill leaves what it left: the next one takes away what is old and unused, and nothing else.
async fn leftovers_go(server: &Server) {
    let old = "driftlock_shadow_018f0000000070008000000000000001";
    let used = "driftlock_shadow_018f0000000070008000000000000002";
    let young = format!("driftlock_shadow_{}", server.young_id());
    let others = ["driftlock_shadow_mine", "driftlock_shadow_018f0000000040008000000000000001", "my_driftlock_shadow"];
    for name in [old, used, &young].into_iter().chain(others) {
        server.run("", &format!("CREATE DATABASE {name}"));
    }
    let url = server.url(used);
    let user = driftlock::connect(&url).await.unwrap();
    shadow(server).compare(&migrations(GOOD), &migrations(GOOD)).await.unwrap();
    let mut left = vec![used, &young, others[0], others[1]];
    left.sort_unstable();
    assert_eq!(server.shadows(), left);
    user.close().await;
    left.retain(|name| *name != used);
    // A server takes a moment to notice that somebody left.
    let began = Instant::now();
    while server.shadows() != left && began.elapsed() < Duration::from_secs(60) {
        shadow(server).compare(&migrations(GOOD), &migrations(GOOD)).await.unwrap();
    }
    assert_eq!(server.shadows(), left);
}

/// The program, replaying what takes its time.
fn replaying(server: &Server, folder: &std::path::Path) -> std::process::Child {
    std::fs::write(folder.join("slow.sql"), slow(server)).unwrap();
    let engine = if server.is_postgres() { "postgres" } else { "mysql" };
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_driftlock"));
    command.args(["inspect", "sql:slow.sql", "--engine", engine, "--shadow-url", &server.url("")]);
    command.current_dir(folder).env_clear().env("HOME", folder).env("PATH", std::env::var_os("PATH").unwrap());
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap()
}

/// A signal is waited for until all is dropped; a kill leaves its database, which is too young to be swept by the next one.
async fn signals_leave_nothing(server: &Server) {
    let there = server.shadows().len();
    let folder = tempfile::tempdir().unwrap();
    for (signal, code, left) in [("TERM", Some(143), 0), ("INT", Some(130), 0), ("KILL", None, 1)] {
        let mut child = replaying(server, folder.path());
        server.comes_to("one more is there", |shadows| shadows == there + 1).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        driftlock_servers::process::signal(signal, &child.id().to_string());
        assert_eq!(child.wait().unwrap().code(), code, "{signal}");
        assert_eq!(server.shadows().len(), there + left, "{signal}");
    }
    shadow(server).compare(&migrations(GOOD), &migrations(GOOD)).await.unwrap();
    assert_eq!(server.shadows().len(), there + 1, "what was just left may be in use");
}

/// Which place is looked at, by what was configured.
#[test]
fn a_url_alone_is_no_licence_to_make_databases() {
    let folder = tempfile::tempdir().unwrap();
    let toml = "[env.dev]\nurl = 'postgres://host/shop'\n[env.prod]\nurl = 'postgres://host/live'\n\
                [env.lite]\nurl = 'sqlite://a.db'\n[env.away]\nurl = { env = 'NOT_SET' }\n\
                [env.apart]\nurl = 'postgres://host/live'\nprotected = true\nshadow_url = 'postgres://scratch/'\n\
                [env.other]\nurl = 'postgres://host/shop'\nshadow_url = 'mysql://scratch/'\n";
    std::fs::write(folder.path().join("driftlock.toml"), toml).unwrap();
    let engine = engine_of(&DatabaseUrl::parse("postgres://host/").unwrap()).unwrap();
    let search = |environment: Option<&str>, more: &[(&'static str, &str)]| {
        let mut overrides = Overrides::default();
        overrides.environment = environment.map(str::to_owned);
        more.iter().for_each(|(key, value)| overrides.set(key, "--option", *value));
        let config = Config::load(folder.path(), Variables::default(), &overrides).unwrap();
        let provenance = Provenance::detect(environment, &ProvenanceOverrides::default(), &Variables::default());
        match config.project().unwrap().shadow(engine, &provenance) {
            Ok(search) => format!("{search:?}"),
            Err(error) => error.to_string(),
        }
    };
    for (environment, more, part) in [
        (None, &[("url", "postgres://host/live")][..], "environment: Err(\"a URL alone is no licence for that\")"),
        (None, &[], "environment: Err(\"none is named\")"),
        (Some("dev"), &[], "environment: Ok((DatabaseUrl(postgres://host/shop)"),
        (Some("prod"), &[], "environment: Err(\"`prod` is protected\")"),
        (Some("lite"), &[], "environment: Err(\"`lite` is of sqlite\")"),
        (Some("away"), &[], "`NOT_SET` is not set"),
        (Some("apart"), &[], "server: Some((DatabaseUrl(postgres://scratch"),
        (Some("prod"), &[("shadow_url", "postgres://scratch/")], "server: Some((DatabaseUrl(postgres://scratch"),
        (Some("dev"), &[("shadow_url", "mysql://scratch/")], "the shadow is of mysql"),
        // One of another engine in the file is for something else.
        (Some("other"), &[], "environment: Ok((DatabaseUrl(postgres://host/shop)"),
    ] {
        let found = search(environment, more);
        assert!(found.contains(part), "{environment:?} {more:?}: {found}");
    }
}

fn hold(server: &Server) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        everything_goes(server).await;
        leftovers_go(server).await;
        signals_leave_nothing(server).await;
    });
}

#[test]
fn scratch_databases_go_on_every_way_on_postgres() {
    hold(&Server::new(Private::postgres(&[]).unwrap()));
}

#[test]
fn scratch_databases_go_on_every_way_on_mariadb() {
    hold(&Server::new(Private::mariadb(&[]).unwrap()));
}
