//! What a server has no more of: locks, connections, length, time, disk.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use driftlock_servers::private::Private;

use crate::bed::{Halted, private};
use crate::target::{Engine, Ran, Target, until};

const SERVERS: [Engine; 2] = [Engine::Postgres, Engine::MySql];

/// Statements in a client of the engine's own, which goes on until it is killed.
fn client(target: &Target, sql: &str) -> Child {
    let mut command: Command = target.client_command(target.database(), sql);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn is_asleep(target: &Target) -> usize {
    target
        .query(match target.engine {
            Engine::Postgres => {
                "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
            }
            _ => "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%' AND db = database()",
        })
        .len()
}

#[test]
fn who_locks_a_table_is_named_and_the_tries_end() {
    for engine in SERVERS {
        let target = Target::new(engine);
        target.migration(1, "CREATE TABLE a (id integer);\n");
        target.run(&["up"]).expect(0);
        target.migration(2, "ALTER TABLE a ADD COLUMN b integer;\n");
        let sql = match engine {
            Engine::Postgres => "BEGIN; SELECT * FROM a; SELECT pg_sleep(300)",
            _ => "BEGIN; SELECT * FROM a; SELECT SLEEP(300)",
        };
        let mut other = client(&target, sql);
        until("the other one is in the way", || is_asleep(&target) == 1);
        let ran = target.run(&["up", "--lock-timeout", "1s", "--attempts", "2"]).expect(1);
        let user = "user driftlock";
        let running =
            if engine == Engine::Postgres { "running `BEGIN; SELECT * FROM a" } else { "running `SELECT SLEEP(300)`" };
        let ran = ran.says(&[
            "try 2 of 2",
            "in the way may be",
            user,
            "connection ",
            running,
            "tried 2 times",
            "--lock-timeout",
        ]);
        if engine == Engine::Postgres {
            assert!(ran.stderr.contains("application psql"), "{}", ran.stderr);
        }
        assert_eq!(ran.stderr.matches("may be in the way").count(), 1, "{}", ran.stderr);
        other.kill().unwrap();
        other.wait().unwrap();
        for id in target.query(match engine {
            Engine::Postgres => "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()",
            _ => "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%' AND db = database()",
        }) {
            if engine == Engine::MySql {
                target.query(&format!("KILL {id}"));
            }
        }
        until("it is gone", || is_asleep(&target) == 0);
        target.run(&["up"]).expect(0);
        assert_eq!(target.history("state = 'done'"), "2");
    }
}

#[test]
fn who_is_idle_in_a_transaction_is_named_too() {
    for engine in SERVERS {
        let target = Target::new(engine);
        target.migration(1, "CREATE TABLE a (id integer);\n");
        target.run(&["up"]).expect(0);
        target.migration(2, "ALTER TABLE a ADD COLUMN b integer;\n");
        let mut command = match engine {
            Engine::Postgres => target.tool("psql", &["-XAtq", "-d", target.database()]),
            _ => target.tool("mariadb", &["--no-defaults", "-NB", "--unbuffered", target.database()]),
        };
        let mut other = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdin = other.stdin.take().unwrap();
        let begin = if engine == Engine::Postgres { "BEGIN;" } else { "START TRANSACTION;" };
        std::io::Write::write_all(
            &mut stdin,
            format!("{begin}\nINSERT INTO a VALUES (1);\nSELECT 'ready';\n").as_bytes(),
        )
        .unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(other.stdout.as_mut().unwrap()), &mut line).unwrap();
        assert_eq!(line.trim(), "ready");
        let ran = target.run(&["up", "--lock-timeout", "1s", "--attempts", "1"]).expect(1);
        ran.says(&["idle in a transaction", "tried once"]);
        drop(stdin);
        other.wait().unwrap();
        target.run(&["up"]).expect(0);
    }
}

#[test]
fn a_server_without_a_free_connection_is_asked_again_and_then_given_up() {
    for engine in SERVERS {
        let server = match engine {
            Engine::Postgres => Private::postgres(&[
                "-c",
                "max_connections=6",
                "-c",
                "superuser_reserved_connections=0",
                "-c",
                "max_wal_senders=0",
            ]),
            // MariaDB takes no fewer than ten, and one more for an administrator.
            _ => Private::mariadb(&["--max-connections=10"]),
        }
        .unwrap();
        let most = if engine == Engine::Postgres { 6 } else { 11 };
        let target = Target::on(engine, &server.url(""));
        target.migration(1, "CREATE TABLE a (id integer);\n");
        let fill = |seconds: u32| -> Vec<Child> {
            let sql = match engine {
                Engine::Postgres => format!("SELECT pg_sleep({seconds})"),
                _ => format!("SELECT SLEEP({seconds})"),
            };
            (0..most).map(|_| client(&target, &sql)).collect()
        };
        let is_full = || {
            let looked = target.client_command("", "SELECT 1").output().unwrap();
            String::from_utf8_lossy(&looked.stderr).to_lowercase().contains("too many")
        };
        let mut clients = fill(25);
        // A look takes a place itself, and may turn away one that was on its way: another one comes for it.
        until("the server is full", || {
            let full = is_full();
            if !full {
                clients.push(client(
                    &target,
                    if engine == Engine::Postgres { "SELECT pg_sleep(25)" } else { "SELECT SLEEP(25)" },
                ));
            }
            full
        });
        let ran = target.run(&["up", "--connect-timeout", "6s"]).expect(1);
        let stderr = ran.stderr.to_lowercase();
        assert!(stderr.contains("too many"), "{stderr}");
        // Who waits long enough gets one.
        target.run(&["up", "--connect-timeout", "60s"]).expect(0);
        for mut client in clients {
            client.wait().unwrap();
        }
        assert_eq!(target.history("state = 'done'"), "1", "{engine:?}");
    }
}

#[test]
fn a_statement_that_the_server_cannot_take_stops_its_file_before_it_begins() {
    let server = Private::mariadb(&["--max-allowed-packet=1M"]).unwrap();
    let target = Target::on(Engine::MySql, &server.url(""));
    let insert = |bytes: usize| format!("INSERT INTO a VALUES ('{}');\n", "x".repeat(bytes));
    target.migration(1, "CREATE TABLE a (t longtext);\n");
    // What still fits, with the byte that says that it is a statement.
    let most = 1024 * 1024 - 2 - "INSERT INTO a VALUES ('')".len();
    target.migration(2, &insert(most));
    let file = target.migration(3, &format!("CREATE TABLE b (id integer);\n\n{}", insert(most + 1)));
    let ran = target.run(&["up"]).expect(1);
    let ran = ran.says(&[
        "20260101-000003_shop_step_v1.up.sql:3:1",
        "1048575 bytes",
        "1048574 at most",
        "max_allowed_packet",
    ]);
    assert!(ran.stderr.len() < 4000, "the statement itself is not shown whole");
    assert_eq!(target.history("state = 'done'"), "2");
    assert_eq!(
        target.value(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = database() AND table_name = 'b'"
        ),
        "0"
    );
    // A way down that can't be recorded is found before the way up has run, too.
    std::fs::write(&file, "CREATE TABLE b (id integer);\n").unwrap();
    let down = target.down(3, &format!("DROP TABLE b;\n-- {}\nSELECT '{}';\n", "x", "y".repeat(600_000)));
    target.run(&["up"]).expect(1).says(&["way down", "max_allowed_packet"]);
    assert_eq!(
        target.value(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = database() AND table_name = 'b'"
        ),
        "0"
    );
    std::fs::write(&down, "DROP TABLE b;\n").unwrap();
    target.run(&["up"]).expect(0);
    assert_eq!(target.history("state = 'done'"), "3");
}

#[test]
fn limits_of_the_servers_own_do_not_end_a_run() {
    for engine in SERVERS {
        let server = match engine {
            Engine::Postgres => Private::postgres(&[
                "-c",
                "idle_in_transaction_session_timeout=1s",
                "-c",
                "idle_session_timeout=1s",
                "-c",
                "statement_timeout=1s",
                "-c",
                "lock_timeout=1s",
            ]),
            _ => Private::mariadb(&[
                "--wait-timeout=1",
                "--interactive-timeout=1",
                "--max-statement-time=1",
                "--idle-transaction-timeout=1",
                "--idle-write-transaction-timeout=1",
            ]),
        }
        .unwrap();
        let target = Target::on(engine, &server.url(""));
        let sleep = if engine == Engine::Postgres { "SELECT pg_sleep(2)" } else { "SELECT SLEEP(2)" };
        target.migration(1, "CREATE TABLE a (id integer);\n");
        target.migration(2, &format!("INSERT INTO a VALUES (1);\n{sleep};\nINSERT INTO a VALUES (2);\n"));
        // Idle outside of a transaction, and inside of one.
        for (point, time, file) in [("before-migration", 2, 2), ("before-history", 1, 3)] {
            if file == 3 {
                target.migration(3, "INSERT INTO a VALUES (3);\n");
            }
            let mut run = Halted::start(&target, &target.url, point, time, point);
            assert!(run.stands(), "{engine:?}");
            std::thread::sleep(Duration::from_secs(3));
            run.go();
            run.end().expect(0);
        }
        assert_eq!(target.value("SELECT count(*) FROM a"), "3", "{engine:?}");
        assert_eq!(target.history("state = 'done'"), "3");
    }
}

/// A file system of its own, a few megabytes small. `None` where this process may not make one.
struct Small(PathBuf);

impl Small {
    fn new(megabytes: u32, owner: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("driftlock-small-").tempdir().unwrap().keep();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(&folder)
            .output()
            .is_ok_and(|output| output.status.success());
        let small = Small(folder);
        assert!(
            mounted,
            "a full disk needs a small one, and this process may not mount it: run the tests as root, with CAP_SYS_ADMIN"
        );
        use std::os::unix::fs::{MetadataExt, chown};
        let data = std::fs::metadata(owner).unwrap();
        chown(&small.0, Some(data.uid()), Some(data.gid())).unwrap();
        // Whoever the server runs as must come to it.
        std::fs::set_permissions(&small.0, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        small
    }

    /// Somebody makes room.
    fn grow(&self, megabytes: u32) {
        let options = format!("remount,size={megabytes}m");
        assert!(Command::new("mount").args(["-o", &options]).arg(&self.0).status().unwrap().success());
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
        let _ = std::fs::remove_dir(&self.0);
    }
}

#[test]
fn a_full_disk_is_an_error_that_leaves_nothing_and_then_it_goes_on() {
    for engine in SERVERS {
        let server = private(engine).unwrap();
        let small = Small::new(24, &server.data());
        let target = Target::on(engine, &server.url(""));
        let (make, fill) = match engine {
            Engine::Postgres => {
                target.query(&format!("CREATE TABLESPACE small LOCATION '{}'", small.0.display()));
                (
                    "CREATE TABLE a (t text) TABLESPACE small;\nCREATE TABLE b (id integer);\n".to_owned(),
                    "INSERT INTO b VALUES (1);\nINSERT INTO a SELECT repeat(md5(n::text), 30) FROM generate_series(1, 60000) n;\n",
                )
            }
            _ => (
                format!(
                    "CREATE TABLE a (t text) DATA DIRECTORY '{}';\nCREATE TABLE b (id integer);\n",
                    small.0.display()
                ),
                "INSERT INTO b VALUES (1);\nINSERT INTO a SELECT repeat(md5(seq), 30) FROM seq_1_to_60000;\n",
            ),
        };
        target.migration(1, &make);
        target.migration(2, fill);
        let began = Instant::now();
        let ran = target.run(&["up"]).expect(1);
        println!("{engine:?}: {:.1} s: {}", began.elapsed().as_secs_f64(), ran.stderr);
        assert!(began.elapsed() < Duration::from_secs(60));
        let said = if engine == Engine::Postgres { "No space left on device" } else { "full" };
        let ran = ran.says(&[said]);
        assert!(ran.stderr.contains(":2:1"), "{}", ran.stderr);
        assert_eq!(target.value("SELECT count(*) FROM b"), "0", "{engine:?}");
        assert_eq!(target.history("state = 'failed'"), "1", "{engine:?}");
        small.grow(400);
        target.run(&["up"]).expect(0);
        assert_eq!(target.value("SELECT count(*) FROM a"), "60000", "{engine:?}");
        assert_eq!(target.value("SELECT count(*) FROM b"), "1", "{engine:?}");
        let _: Ran = target.run(&["up"]).expect(0);
        // The server's files go before their disk does.
        drop(target);
        drop(server);
        drop(small);
    }
}
