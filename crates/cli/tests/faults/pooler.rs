//! A real PgBouncer in the way: refused where it shares a server's sessions, as good as none where it doesn't.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use driftlock_servers::pgbouncer::{Behind, PgBouncer, Pooling};

use crate::bed::{EndState, Halted, in_parallel, port_of, with_port};
use crate::scripts::{MODES, Mode, add_slow, prepare};
use crate::target::{Engine, Ran, Target, until};

fn behind(target: &Target) -> Behind {
    let (_, rest) = target.url.split_once("://").unwrap();
    let (user, rest) = rest.split_once(':').unwrap();
    let (password, _) = rest.split_once('@').unwrap();
    Behind { port: port_of(&target.url), user: user.to_owned(), password: password.to_owned() }
}

fn bouncer(target: &Target, pooling: Pooling, settings: &[&str]) -> PgBouncer {
    PgBouncer::new(behind(target), pooling, settings).unwrap()
}

fn through(target: &Target, bouncer: &PgBouncer, arguments: &[&str]) -> Ran {
    let mut all = arguments.to_vec();
    let url = with_port(&target.url, bouncer.port());
    all.extend(["--url", &url, "--dir", "migrations"]);
    Ran::new(target.command(&all).output().unwrap())
}

/// A query of somebody else's, through the pooler.
fn ask(target: &Target, bouncer: &PgBouncer, sql: &str) -> String {
    let url = with_port(&target.url, bouncer.port());
    let output = Command::new("psql").args(["-XAtqc", sql, "-d", &url]).output().unwrap();
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Clients that keep a pool's server connections going, until they are dropped.
struct Crowd(Vec<Child>);

impl Crowd {
    fn new(target: &Target, bouncer: &PgBouncer, clients: usize) -> Self {
        let url = with_port(&target.url, bouncer.port());
        let mut children = Vec::new();
        for number in 0..clients {
            let mut child = Command::new("psql")
                .args(["-XAtq", "-d", &url])
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut stdin = child.stdin.take().unwrap();
            // Ends with its client, who closes the pipe.
            std::thread::spawn(move || while writeln!(stdin, "SELECT pg_sleep(0.00{});", 1 + number % 5).is_ok() {});
            children.push(child);
        }
        until("the crowd is at work", || {
            let shown = bouncer.tell("SHOW POOLS").unwrap();
            let line = shown.lines().find(|line| line.starts_with(target.database())).unwrap_or_default();
            line.split('|').nth(2).is_some_and(|active| active.parse::<usize>().is_ok_and(|active| active > 0))
        });
        Crowd(children)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// That nothing of ours is in the database or on the server's connections to the pool.
#[track_caller]
fn expect_untouched(target: &Target, bouncer: &PgBouncer, context: &str) {
    let own = target.value("SELECT count(*) FROM pg_class WHERE relname LIKE 'driftlock%'");
    assert_eq!(own, "0", "{context}: own tables");
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(target.value(locks), "0", "{context}: a lock was left behind");
    // A pool hands out the connection that was used last: the one that the refused run had.
    for _ in 0..4 {
        let set = ask(
            target,
            bouncer,
            "SELECT current_user = session_user, current_setting('search_path'), current_setting('client_connection_check_interval')",
        );
        assert_eq!(set, "t|\"$user\", public|0", "{context}: settings were left behind");
    }
}

#[test]
fn pools_of_transactions_and_of_statements_are_refused_idle_and_busy() {
    for pooling in [Pooling::Transaction, Pooling::Statement] {
        let target = Target::new(Engine::Postgres);
        prepare(&target, Mode::Transactional);
        for busy in [false, true] {
            let bouncer = bouncer(&target, pooling, &["default_pool_size = 5"]);
            let crowd = busy.then(|| Crowd::new(&target, &bouncer, 8));
            // A setting that stayed behind would be seen.
            let role = ["--set-role", "pg_read_all_data"];
            for (setting, reason) in [
                (
                    &[][..],
                    &["a pooler such as PgBouncer is in the way", "`pooler = \"session\"`", "`--pooler session`"][..],
                ),
                (&["--pooler", "session"], &["it pools transactions or statements"]),
            ] {
                let context = format!("{pooling:?}, busy: {busy}, {setting:?}");
                for command in [&["up"][..], &["baseline", "20260101-000001"]] {
                    let ran = through(&target, &bouncer, &[command, setting, &role].concat());
                    assert_eq!(ran.code, 4, "{context}: {}{}", ran.stdout, ran.stderr);
                    ran.says(reason);
                }
                // Looking writes nothing, and needs no session of its own.
                through(&target, &bouncer, &[&["status"], setting, &role[..]].concat()).expect(0).says(&["pending"]);
                through(&target, &bouncer, &[&["plan"], setting, &role[..]].concat())
                    .expect(0)
                    .says(&["CREATE TABLE b"]);
            }
            drop(crowd);
            expect_untouched(&target, &bouncer, &format!("{pooling:?}, busy: {busy}"));
        }
    }
}

#[test]
fn a_pool_of_one_connection_is_refused_in_time() {
    let target = Target::new(Engine::Postgres);
    prepare(&target, Mode::Transactional);
    let one = ["default_pool_size = 1"];
    let transactions = bouncer(&target, Pooling::Transaction, &one);
    through(&target, &transactions, &["up", "--pooler", "session"])
        .expect(4)
        .says(&["it pools transactions or statements"]);
    expect_untouched(&target, &transactions, "one connection");
    drop(transactions);

    // Of a pool of sessions the second one gets none.
    let sessions = bouncer(&target, Pooling::Session, &one);
    let began = Instant::now();
    through(&target, &sessions, &["up", "--pooler", "session", "--connect-timeout", "5s"])
        .expect(4)
        .says(&["`default_pool_size`"]);
    assert!(began.elapsed() < Duration::from_secs(20));
    expect_untouched(&target, &sessions, "one session");
}

#[test]
fn a_pooler_without_a_server_is_told_in_time() {
    let target = Target::new(Engine::Postgres);
    prepare(&target, Mode::Transactional);
    let bouncer = bouncer(&target, Pooling::Session, &["query_wait_timeout = 0"]);
    // Known to the pooler by now: it takes logins by itself.
    assert_eq!(ask(&target, &bouncer, "SELECT 1"), "1");
    bouncer.tell("PAUSE").unwrap();
    for command in ["up", "status"] {
        let began = Instant::now();
        let ran = through(&target, &bouncer, &[command, "--connect-timeout", "5s"]).expect(1);
        assert!(began.elapsed() < Duration::from_secs(20), "{command}");
        ran.says(&["no answer within 5.0 s", "paused"]);
    }
    // Whoever waits is let through when it goes on.
    let url = with_port(&target.url, bouncer.port());
    let arguments = ["up", "--pooler", "session", "--connect-timeout", "60s", "--url", &url, "--dir", "migrations"];
    let waiting = target.command(&arguments).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(500));
    bouncer.tell("RESUME").unwrap();
    Ran::new(waiting.wait_with_output().unwrap()).expect(0);

    let mut nobody = behind(&target);
    nobody.port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let bouncer = PgBouncer::new(nobody, Pooling::Session, &[]).unwrap();
    let began = Instant::now();
    let ran = through(&target, &bouncer, &["up", "--connect-timeout", "3s"]).expect(1);
    assert!(began.elapsed() < Duration::from_secs(20));
    ran.says(&["can't connect to 127.0.0.1:"]);
}

/// A pool of sessions before the target, and how the program is told of it: in the configuration.
fn configured(target: &Target) -> PgBouncer {
    let bouncer = bouncer(target, Pooling::Session, &["default_pool_size = 40", "server_reset_query = DISCARD ALL"]);
    let url = with_port(&target.url, bouncer.port());
    let text = format!(
        "migrations = \"migrations\"\ndefault_env = \"dev\"\n[env.dev]\nurl = \"{url}\"\npooler = \"session\"\n[env.unsaid]\nurl = \"{url}\"\n"
    );
    std::fs::write(target.path().join("driftlock.toml"), text).unwrap();
    bouncer
}

fn run(target: &Target, arguments: &[&str]) -> Ran {
    Ran::new(target.command(arguments).output().unwrap())
}

fn reference(mode: Mode, slow: bool) -> EndState {
    let target = Target::new(Engine::Postgres);
    prepare(&target, mode);
    if slow {
        add_slow(&target, mode);
    }
    target.run(&["up"]).expect(0);
    EndState::of(&target)
}

/// Settings that the runs made stay with no server connection of the pool.
#[track_caller]
fn expect_clean_pool(target: &Target, bouncer: &PgBouncer) {
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    until("no lock is left", || target.value(locks) == "0");
    assert_eq!(ask(target, bouncer, "SHOW client_connection_check_interval"), "0");
}

#[test]
fn a_pool_of_sessions_passes_when_it_is_named() {
    for mode in MODES {
        let wanted = reference(mode, false);
        let target = Target::new(Engine::Postgres);
        prepare(&target, mode);
        let bouncer = configured(&target);
        run(&target, &["up", "--env", "unsaid"]).expect(4).says(&["`pooler = \"session\"`"]);
        expect_untouched(&target, &bouncer, "not named");
        // By its flag, and by the configuration.
        through(&target, &bouncer, &["up", "--env", "dev", "--pooler", "session", "--steps", "1"]).expect(0);
        run(&target, &["up"]).expect(0);
        run(&target, &["up"]).expect(0);
        run(&target, &["status"]).expect(0);
        EndState::of(&target).expect(&wanted).unwrap();
        expect_clean_pool(&target, &bouncer);
    }
}

#[test]
fn options_of_the_url_are_set_behind_a_pooler_that_takes_none() {
    let target = Target::new(Engine::Postgres);
    target.query("CREATE SCHEMA shop");
    target.migration(1, "CREATE TABLE here (id int);");
    let bouncer = configured(&target);
    let url = format!("{}?options=-csearch_path%3Dshop", with_port(&target.url, bouncer.port()));
    run(&target, &["up", "--url", &url, "--pooler", "session"]).expect(0);
    assert_eq!(target.value("SELECT schemaname FROM pg_tables WHERE tablename = 'here'"), "shop");
    expect_clean_pool(&target, &bouncer);
}

#[test]
fn eight_race_through_a_pool_of_sessions() {
    for mode in MODES {
        let wanted = reference(mode, false);
        let target = Target::new(Engine::Postgres);
        prepare(&target, mode);
        let bouncer = configured(&target);
        let children: Vec<Child> = (0..8)
            .map(|_| target.command(&["up", "--connect-timeout", "60s", "--lock-wait", "60s"]).spawn().unwrap())
            .collect();
        for child in children {
            Ran::new(child.wait_with_output().unwrap()).expect(0);
        }
        EndState::of(&target).expect(&wanted).unwrap();
        expect_clean_pool(&target, &bouncer);
    }
}

#[test]
fn killed_and_stopped_runs_through_a_pool_of_sessions_end_right() {
    let references = MODES.map(|mode| (mode, reference(mode, true)));
    let mut cases = Vec::new();
    for (mode, wanted) in &references {
        for (point, signal) in [
            ("before-fence", "KILL"),
            ("before-history", "KILL"),
            ("before-history", "TERM"),
            ("inside-statement", "KILL"),
            ("inside-statement", "TERM"),
        ] {
            cases.push((*mode, wanted, point, signal));
        }
    }
    in_parallel(cases, 5, |(mode, wanted, point, signal)| {
        let context = format!("{mode:?}, {signal} {point}");
        let target = Target::new(Engine::Postgres);
        prepare(&target, mode);
        let mark = add_slow(&target, mode);
        let bouncer = configured(&target);
        let (stop, time) = if point == "inside-statement" { ("before-migration", 4) } else { (point, 1) };
        let mut halted = Halted::of(target.command(&["up"]), target.path().join("run"), stop, time);
        assert!(halted.stands(), "{context}");
        if point == "inside-statement" {
            halted.go();
            let running = format!(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '{mark}' AND state = 'active'"
            );
            until("the slow statement runs", || target.value(&running) == "1");
        }
        halted.signal(signal);
        // The point is left when the signal has been seen.
        std::thread::sleep(Duration::from_millis(100));
        halted.go();
        let code = if signal == "KILL" { 1009 } else { 143 };
        let struck = halted.end();
        assert_eq!(struck.code, code, "{context}: {}", struck.stderr);
        if (point, signal) == ("inside-statement", "TERM") {
            // The server was asked to cancel it, and heard of it.
            assert_eq!(target.history("state = 'failed' AND error LIKE '%canceling statement%'"), "1", "{context}");
        }
        let next = run(&target, &["up", "--lock-wait", "60s"]);
        assert_eq!(next.code, 0, "{context}: {}", next.stderr);
        EndState::of(&target).expect(wanted).unwrap_or_else(|why| panic!("{context}: {why}"));
        expect_clean_pool(&target, &bouncer);
    });
}
