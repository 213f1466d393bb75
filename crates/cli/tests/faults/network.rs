//! Networks that hang and peers that are gone: every wait has an end, and says what it waited for.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use driftlock_servers::link::Link;
use driftlock_servers::proxy::{Cut, Proxy, Way};

use crate::bed::{Halted, in_parallel, port_of, with_port};
use crate::target::{Engine, Ran, Target, until};

/// Those with a network before them.
pub(crate) const ENGINES: [Engine; 2] = [Engine::Postgres, Engine::MySql];

/// Waits for an end that nothing from outside brings about.
#[track_caller]
pub(crate) fn end(mut child: Child, context: &str) -> Ran {
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > Duration::from_secs(90) {
            child.kill().unwrap();
            let ran = Ran::new(child.wait_with_output().unwrap());
            panic!("{context}: it never ended\n{}{}", ran.stdout, ran.stderr);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ran::new(child.wait_with_output().unwrap())
}

pub(crate) fn up(target: &Target, port: u16, more: &[&str]) -> Command {
    let url = with_port(&target.url, port);
    target.command(&[&["up", "--url", &url, "--dir", "migrations"], more].concat())
}

#[test]
fn silence_up_to_the_first_answer_ends_by_the_connect_timeout() {
    for engine in ENGINES {
        let target = Target::new(engine);
        target.migration(1, "CREATE TABLE a (id integer);");
        target.run(&["up"]).expect(0);
        // With nothing to do a run is its login and one question.
        let proxy = Proxy::to(port_of(&target.url)).unwrap();
        proxy.cut_after(Way::ToServer, u64::MAX, Cut::Silence);
        end(up(&target, proxy.port(), &[]).spawn().unwrap(), "a good network").expect(0);
        let (to_server, to_client) = proxy.passed();
        let mut cells = Vec::new();
        for (way, bytes) in [(Way::ToServer, to_server), (Way::ToClient, to_client)] {
            // The goodbye is no question: without it all is done. MariaDB's is its own message of 5 bytes, PostgreSQL's too.
            let last = bytes - if way == Way::ToServer { 6 } else { 1 };
            cells.extend((0..8).map(|step| (way, last * step / 7)));
        }
        in_parallel(cells, 8, |(way, bytes)| {
            let proxy = Proxy::to(port_of(&target.url)).unwrap();
            proxy.cut_after(way, bytes, Cut::Silence);
            let context = format!("{engine:?}, silent after {bytes} bytes {way:?}");
            let ran = end(up(&target, proxy.port(), &["--connect-timeout", "2s"]).spawn().unwrap(), &context);
            assert_eq!(ran.code, 1, "{context}: {}{}", ran.stdout, ran.stderr);
            assert!(ran.stderr.contains("no answer within 2.0 s"), "{context}: {}", ran.stderr);
        });
    }
}

#[test]
fn a_silent_host_leaves_the_others_their_share_of_the_time() {
    for engine in ENGINES {
        let target = Target::new(engine);
        target.migration(1, "CREATE TABLE a (id integer);");
        let silent = Proxy::to(port_of(&target.url)).unwrap();
        silent.silence(true);
        let hosts = format!("127.0.0.1:{},127.0.0.1:{}", silent.port(), port_of(&target.url));
        let url = target.url.replace(&format!("127.0.0.1:{}", port_of(&target.url)), &hosts);
        let command =
            target.command(&["up", "--url", &url, "--dir", "migrations", "--connect-timeout", "6s"]).spawn().unwrap();
        end(command, "one of two hosts is silent").expect(0);
    }
}

/// When a signal comes to a run whose network is silent by then.
const MOMENTS: [&str; 4] = ["connecting", "before-fence", "inside-statement", "before-history"];

#[test]
fn a_signal_ends_a_run_that_nobody_answers_any_more() {
    let mut cells = Vec::new();
    for engine in ENGINES {
        let slow = match engine {
            Engine::Postgres => "CREATE TABLE t (id integer);\nSELECT pg_sleep(300);\n",
            _ => "INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (SLEEP(300));\n",
        };
        for moment in MOMENTS {
            for (signal, code) in [("TERM", 143), ("INT", 130)] {
                cells.push((engine, slow, moment, signal, code));
            }
        }
    }
    in_parallel(cells, 8, |(engine, slow, moment, signal, code)| {
        let context = format!("{engine:?}, {signal} while {moment}");
        let target = Target::new(engine);
        if engine == Engine::MySql {
            target.query("CREATE TABLE t (id integer)");
        }
        let quick = "INSERT INTO t VALUES (1);";
        target.migration(1, if moment == "inside-statement" { slow } else { "INSERT INTO u VALUES (1);" });
        target.query("CREATE TABLE u (id integer)");
        let proxy = Proxy::to(port_of(&target.url)).unwrap();
        let url = with_port(&target.url, proxy.port());
        let child = match moment {
            "connecting" => {
                proxy.silence(true);
                let child = up(&target, proxy.port(), &["--connect-timeout", "200s"]).spawn().unwrap();
                // It listens for signals before it connects.
                until("it has connected", || proxy.taken() > 0);
                child
            }
            "inside-statement" => {
                let child = up(&target, proxy.port(), &[]).spawn().unwrap();
                until("the slow statement runs", || is_asleep(&target));
                proxy.silence(true);
                child
            }
            point => {
                let mut halted = Halted::start(&target, &url, point, 1, "run");
                assert!(halted.stands(), "{context}");
                proxy.silence(true);
                halted.go();
                std::thread::sleep(Duration::from_millis(300));
                halted.child
            }
        };
        let status = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(status.unwrap().success());
        let ran = end(child, &context);
        assert_eq!(ran.code, code, "{context}: {}{}", ran.stdout, ran.stderr);
        drop(proxy);
        if moment == "inside-statement" {
            target.migration(1, quick);
            if engine == Engine::Postgres {
                target.query("CREATE TABLE IF NOT EXISTS t (id integer)");
            }
        }
        target.run(&["up", "--lock-wait", "60s"]).expect(0);
        let table = if moment == "inside-statement" { "t" } else { "u" };
        assert_eq!(target.value(&format!("SELECT count(*) FROM {table}")), "1", "{context}");
        assert_eq!(target.history("state = 'done'"), "1", "{context}");
    });
}

fn is_asleep(target: &Target) -> bool {
    let sql = match target.engine {
        Engine::Postgres => {
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
                .to_owned()
        }
        _ => format!(
            "SELECT count(*) FROM information_schema.processlist WHERE db = '{}' AND info LIKE 'INSERT%SLEEP%'",
            target.database()
        ),
    };
    target.value(&sql) == "1"
}

/// The same command at the other end of a link.
fn inside(link: &Link, command: &Command, target: &Target) -> Command {
    let mut inside = link.command(command.get_program().to_str().unwrap());
    inside.args(command.get_args()).current_dir(target.path()).env_clear();
    inside.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    inside.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    inside
}

/// What a run does when the last packet has come through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// It waits for the result of a statement that takes minutes.
    Waiting,
    /// It is about to send a statement.
    Sending,
}

#[test]
fn a_peer_that_is_gone_is_noticed_while_waiting_and_while_sending() {
    let link = Link::new().expect("root, and a kernel that makes network namespaces");
    let mut runs = Vec::new();
    for engine in ENGINES {
        for doing in [Doing::Waiting, Doing::Sending] {
            let target = Target::new(engine);
            target.query("CREATE TABLE u (id integer)");
            target.migration(
                1,
                match (doing, engine) {
                    (Doing::Sending, _) => "INSERT INTO u VALUES (1);",
                    (Doing::Waiting, Engine::Postgres) => "SELECT pg_sleep(300);\nINSERT INTO u VALUES (1);",
                    (Doing::Waiting, _) => "INSERT INTO u SELECT SLEEP(300);\nINSERT INTO u VALUES (1);",
                },
            );
            let proxy = Proxy::on(link.here(), port_of(&target.url)).unwrap();
            let url = target
                .url
                .replace(&format!("127.0.0.1:{}", port_of(&target.url)), &format!("{}:{}", link.here(), proxy.port()));
            let folder = target.path().join("run");
            let point = if doing == Doing::Waiting { "before-migration" } else { "before-history" };
            let command = inside(&link, &target.command(&["up", "--url", &url, "--dir", "migrations"]), &target);
            let mut halted = Halted::of(command, folder, point, 1);
            assert!(halted.stands(), "{engine:?} {doing:?}");
            if doing == Doing::Waiting {
                halted.go();
                until("the slow statement runs", || is_asleep(&target));
            }
            runs.push((engine, doing, target, proxy, halted));
        }
    }
    link.cut().unwrap();
    let cut = Instant::now();
    let watches: Vec<_> = runs
        .into_iter()
        .map(|(engine, doing, target, proxy, halted)| {
            std::thread::spawn(move || {
                if doing == Doing::Sending {
                    halted.go();
                }
                let context = format!("{engine:?}, {doing:?}");
                let ran = end(halted.child, &context);
                println!("{context}: noticed after {:.1} s", cut.elapsed().as_secs_f64());
                assert_eq!(ran.code, 1, "{context}: {}", ran.stderr);
                assert!(ran.stderr.contains("the connection to the server was lost"), "{context}: {}", ran.stderr);
                (target, proxy, context)
            })
        })
        .collect();
    // A new connection gets no answer either.
    let gone = Target::new(Engine::Postgres);
    let ran = Ran::new(
        link.command(env!("CARGO_BIN_EXE_driftlock"))
            .args(["status", "--connect-timeout", "2s", "--dir"])
            .arg(gone.migrations())
            .args(["--url", &format!("postgres://u:p@{}:1/d", link.here())])
            .output()
            .unwrap(),
    );
    ran.expect(1).says(&["no answer within 2.0 s"]);
    for watch in watches {
        let (target, proxy, context) = watch.join().unwrap();
        drop(proxy);
        target.migration(1, "INSERT INTO u VALUES (1);");
        target.run(&["up", "--lock-wait", "60s"]).expect(0);
        assert_eq!(target.value("SELECT count(*) FROM u"), "1", "{context}");
        assert_eq!(target.history("state = 'done'"), "1", "{context}");
    }
}
