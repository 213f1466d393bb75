//! Servers that can't be written to: standbys, replicas, and sessions that turn read-only; and what happens when a standby takes over.

use std::process::Command;

use driftlock_servers::private::Private;

use crate::bed::{EndState, Halted};
use crate::scripts::{MODES, Mode, prepare};
use crate::target::{Engine, Ran, Target, until};

/// The URL of a target's database with several servers in it.
fn at(target: &Target, servers: &[&Private], query: &str) -> String {
    let hosts: Vec<String> = servers.iter().map(|server| format!("127.0.0.1:{}", server.port())).collect();
    let (login, rest) = target.url.split_once('@').unwrap();
    let (_, database) = rest.split_once('/').unwrap();
    format!("{login}@{}/{database}{query}", hosts.join(","))
}

fn run(target: &Target, url: &str, arguments: &[&str]) -> Ran {
    let mut all = arguments.to_vec();
    all.extend(["--url", url, "--dir", "migrations"]);
    Ran::new(target.command(&all).output().unwrap())
}

fn ask(url: &str, sql: &str) -> Option<String> {
    let output = Command::new("psql").args(["-XAtqc", sql, "-d", url]).output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

fn mariadb(server: &Private, password: &str, sql: &str) -> Option<String> {
    let login = [format!("-P{}", server.port()), "-udriftlock".to_owned(), format!("-p{password}")];
    let output =
        Command::new("mariadb").args(["--no-defaults", "-h127.0.0.1", "-NBe", sql]).args(login).output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

/// Waits until the standby has all that the primary has.
fn catch_up(target: &Target, primary: &Private, standby: &Private) {
    let there = ask(&at(target, &[primary], ""), "SELECT pg_current_wal_lsn()").unwrap();
    let sql = format!("SELECT pg_last_wal_replay_lsn() >= '{there}'");
    until("the standby has caught up", || ask(&at(target, &[standby], ""), &sql).as_deref() == Some("t"));
}

#[test]
fn a_streaming_standby_is_refused_and_may_be_looked_at() {
    let primary = Private::postgres(&[]).unwrap();
    let standby = Private::standby_of(&primary).unwrap();
    let target = Target::on(Engine::Postgres, &primary.url("postgres"));
    target.migration(1, "CREATE TABLE a (id int);");
    let on_primary = at(&target, &[&primary], "");
    let on_standby = at(&target, &[&standby], "");
    run(&target, &on_primary, &["up"]).expect(0);
    catch_up(&target, &primary, &standby);

    // With nothing to do there is nothing to refuse.
    run(&target, &on_standby, &["up"]).expect(0);
    target.migration(2, "CREATE TABLE b (id int);");
    target.down(1, "DROP TABLE a;");
    for command in [&["up"][..], &["down", "--yes"], &["redo", "--yes"]] {
        run(&target, &on_standby, command)
            .expect(4)
            .says(&["this server is a standby", "`target_session_attrs=primary`"]);
    }
    run(&target, &on_standby, &["status"]).expect(0).says(&["20260101-000002", "pending"]);
    run(&target, &on_standby, &["plan"]).expect(0).says(&["CREATE TABLE b"]);

    // Among several servers the right one is found, wherever it stands.
    let both = [&standby, &primary];
    run(&target, &at(&target, &both, ""), &["up"]).expect(4).says(&["this server is a standby"]);
    for attributes in ["primary", "read-write"] {
        let only_standby = at(&target, &[&standby], &format!("?target_session_attrs={attributes}"));
        run(&target, &only_standby, &["up"]).expect(1).says(&["`target_session_attrs` wants another"]);
        let url = at(&target, &both, &format!("?target_session_attrs={attributes}"));
        run(&target, &url, &["up"]).expect(0);
        target.migration(if attributes == "primary" { 3 } else { 4 }, "SELECT 1;");
        run(&target, &url, &["up"]).expect(0);
    }
    for attributes in ["standby", "prefer-standby", "read-only"] {
        let url = at(&target, &both, &format!("?target_session_attrs={attributes}"));
        run(&target, &url, &["up"]).expect(2).says(&["a migration needs a server that can be written to"]);
    }

    // Promoted, it is as good as any.
    catch_up(&target, &primary, &standby);
    assert_eq!(ask(&on_standby, "SELECT pg_promote()").as_deref(), Some("t"));
    target.migration(5, "CREATE TABLE c (id int);");
    run(&target, &on_standby, &["up"]).expect(0);
    assert_eq!(ask(&on_standby, "SELECT count(*) FROM c").as_deref(), Some("0"));
}

/// Where the primary dies, and how often the program comes there before.
const DEATHS: [(&str, u32); 5] =
    [("before-fence", 1), ("between-statements", 2), ("before-journal", 2), ("before-history", 2), ("after-commit", 1)];

#[test]
fn what_a_dead_primary_left_is_ended_on_its_standby() {
    let mut primary = Private::postgres(&[]).unwrap();
    let standby = Private::standby_of(&primary).unwrap();
    let references = MODES.map(|mode| {
        let target = Target::on(Engine::Postgres, &primary.url("postgres"));
        prepare(&target, mode);
        target.run(&["up"]).expect(0);
        (mode, EndState::of(&target))
    });
    let mut runs = Vec::new();
    for (mode, wanted) in &references {
        for (point, time) in DEATHS {
            if *mode == Mode::Transactional && matches!(point, "between-statements" | "before-journal") {
                continue;
            }
            let mut target = Target::on(Engine::Postgres, &primary.url("postgres"));
            prepare(&target, *mode);
            let url = at(&target, &[&primary, &standby], "?target_session_attrs=primary");
            let mut halted = Halted::start(&target, &url, point, time, "run");
            assert!(halted.stands(), "{mode:?} {point}");
            // From here on the target's own tools look at the standby.
            target.move_to(standby.port());
            runs.push((target, url, halted, format!("{mode:?} {point}"), wanted));
        }
    }
    // What isn't there by then is lost with the primary, as with any asynchronous standby: rows and history alike.
    if let Some((target, ..)) = runs.first() {
        catch_up(target, &primary, &standby);
    }
    primary.kill().unwrap();
    for (_, _, halted, ..) in &runs {
        halted.go();
    }
    assert_eq!(ask(&standby.url("postgres"), "SELECT pg_promote()").as_deref(), Some("t"));
    for (target, url, halted, context, wanted) in runs {
        let struck = halted.end();
        assert_eq!(struck.code, 1, "{context}: {}", struck.stderr);
        let next = run(&target, &url, &["up"]);
        assert_eq!(next.code, 0, "{context}: {}", next.stderr);
        EndState::of(&target).expect(wanted).unwrap_or_else(|why| panic!("{context}: {why}"));
    }
}

#[test]
fn a_server_that_turns_read_only_in_the_midst_is_told() {
    for mode in MODES {
        let postgres = Private::postgres(&[]).unwrap();
        let target = Target::on(Engine::Postgres, &postgres.url("postgres"));
        prepare(&target, mode);
        let mut halted = Halted::start(&target, &target.url, "before-migration", 2, "run");
        assert!(halted.stands());
        target.query("ALTER SYSTEM SET default_transaction_read_only = on");
        target.query("SELECT pg_reload_conf()");
        until("the setting counts", || target.value("SHOW default_transaction_read_only") == "on");
        halted.go();
        let ran = halted.end();
        match mode {
            // It is a default only, and each of our transactions says that it writes.
            Mode::Transactional => drop(ran.expect(0)),
            Mode::Journalled => drop(ran.expect(1).says(&["read-only transaction", "CONCURRENTLY"])),
        }
        target.migration(9, "SELECT 1;");
        target.run(&["up"]).expect(4).says(&["sessions on this server are read-only"]);
        target.query("ALTER SYSTEM RESET default_transaction_read_only");
        target.query("SELECT pg_reload_conf()");
        until("the setting counts", || target.value("SHOW default_transaction_read_only") == "off");
        target.run(&["up"]).expect(0);
    }
}

#[test]
fn a_replica_of_mariadb_is_refused_and_may_be_looked_at() {
    let primary = Private::mariadb(&["--server-id=1", "--log-bin"]).unwrap();
    let replica = Private::mariadb(&["--server-id=2", "--read-only=1"]).unwrap();
    let mut target = Target::on(Engine::MySql, &primary.url(""));
    let follow = format!(
        "CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={}, MASTER_USER='driftlock', MASTER_PASSWORD='{}', MASTER_USE_GTID=slave_pos; START SLAVE",
        primary.port(),
        primary.password()
    );
    mariadb(&replica, replica.password(), &follow).unwrap();
    target.migration(1, "CREATE TABLE a (id int);");
    target.run(&["up"]).expect(0);
    // What the primary says of its users arrives too.
    let count = format!("SELECT count(*) FROM {}.driftlock_history WHERE state = 'done'", target.database());
    until("the replica has followed", || mariadb(&replica, primary.password(), &count).is_some_and(|rows| rows == "1"));
    target.move_to(replica.port());
    target.migration(2, "CREATE TABLE b (id int);");
    target.run(&["up"]).expect(4).says(&["the server is read-only (`read_only` is ON)", "replica"]);
    target.run(&["status"]).expect(0).says(&["20260101-000002", "pending"]);

    // Taken over.
    target.query("STOP SLAVE; RESET SLAVE ALL; SET GLOBAL read_only = 0");
    target.run(&["up"]).expect(0);
    assert_eq!(target.value("SELECT count(*) FROM b"), "0");
}

#[test]
fn a_mariadb_that_turns_read_only_in_the_midst_is_told() {
    for mode in MODES {
        let server = Private::mariadb(&[]).unwrap();
        // Whoever has all rights may write all the same.
        let plain = "CREATE USER plain@'%' IDENTIFIED BY 'c4nary'; GRANT ALL ON `attack\\_%`.* TO plain@'%'";
        mariadb(&server, server.password(), plain).unwrap();
        let prepared = || {
            let target = Target::on(Engine::MySql, &server.url(""));
            prepare(&target, mode);
            let url = format!("mysql://plain:c4nary@127.0.0.1:{}/{}", server.port(), target.database());
            (target, url)
        };
        let (reference, url) = prepared();
        run(&reference, &url, &["up"]).expect(0);
        let (target, url) = prepared();
        let mut halted = Halted::start(&target, &url, "before-migration", 2, "run");
        assert!(halted.stands());
        target.query("SET GLOBAL read_only = 1");
        halted.go();
        halted.end().expect(1).says(&["--read-only option"]);
        run(&target, &url, &["up"]).expect(4).says(&["the server is read-only"]);
        target.query("SET GLOBAL read_only = 0");
        run(&target, &url, &["up"]).expect(0);
        EndState::of(&target).expect(&EndState::of(&reference)).unwrap();
    }
}
