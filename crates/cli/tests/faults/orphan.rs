//! The client dies and the server goes on: the next run waits for its end, or ends it, and never touches anybody else.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use driftlock_servers::private::Private;

use crate::bed::Halted;
use crate::target::{Engine, Ran, Target, until};

/// Statements that take ten seconds and don't look at their client meanwhile: one that stands alone, one in a transaction.
const SLOW: [&str; 2] = [
    "CREATE TABLE slow AS SELECT seq, SLEEP(0.1) AS s FROM seq_1_to_100",
    "INSERT INTO a SELECT seq, SLEEP(0.1) FROM seq_1_to_100",
];

/// A target with a run that was killed inside of the statement, which the server still runs.
fn orphan(statement: &str) -> Target {
    let target = Target::new(Engine::MySql);
    let mut child = inside(&target, statement);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(is_running(&target, statement), "the server goes on");
    target
}

/// A run that is inside of the statement.
fn inside(target: &Target, statement: &str) -> Child {
    if !target.value("SELECT version()").contains("MariaDB") {
        // MariaDB makes such a table of its own accord.
        let rows: Vec<String> = (1..=100).map(|number| format!("({number})")).collect();
        target.query(&format!(
            "CREATE TABLE seq_1_to_100 (seq int); INSERT INTO seq_1_to_100 VALUES {}",
            rows.join(", ")
        ));
    }
    target.migration(1, "CREATE TABLE a (id integer, s integer);\nINSERT INTO a VALUES (0, 0);\n");
    target.migration(2, &format!("INSERT INTO a VALUES (1000, 0);\n{statement};\nUPDATE a SET s = s + 1;\n"));
    let child = target.start(&["up"]);
    until("the slow statement runs", || is_running(target, statement));
    child
}

fn is_running(target: &Target, statement: &str) -> bool {
    let sql = format!(
        "SELECT count(*) FROM information_schema.processlist WHERE db = '{}' AND info = '{statement}'",
        target.database()
    );
    target.value(&sql) == "1"
}

/// That everything is there once, as after a run that nothing happened to.
#[track_caller]
fn is_right(target: &Target, statement: &str) {
    assert_eq!(target.history("state = 'done'"), "2");
    let (in_a, in_slow) = if statement.starts_with("INSERT") { ("102", None) } else { ("2", Some("100")) };
    assert_eq!(target.value("SELECT count(*) FROM a"), in_a);
    assert_eq!(target.value("SELECT min(s) FROM a"), "1", "the last statement ran once");
    assert_eq!(target.value("SELECT max(s) FROM a"), "1", "the last statement ran once");
    if let Some(rows) = in_slow {
        assert_eq!(target.value("SELECT count(*) FROM slow"), rows);
    }
    target.run(&["up"]).expect(0);
}

#[test]
fn an_orphan_is_waited_for_and_its_work_counts() {
    for statement in SLOW {
        let target = orphan(statement);
        let ran = target.run(&["up", "--lock-wait", "60s"]).expect(0);
        let head = statement.split(" SELECT").next().unwrap();
        let said = format!("running `{head}");
        let ran = ran.says(&["waiting for the lock", "its client is gone", &said]);
        assert!(!is_running(&target, statement));
        is_right(&target, statement);
        // What stood alone was done by the orphan, and isn't done again.
        assert_eq!(
            ran.stderr.contains("goes on behind 2 statements"),
            statement.starts_with("CREATE"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn an_orphan_is_ended_when_asked() {
    for statement in SLOW {
        // A setting that nothing else depends on makes it slow or fast, while its text stays what it is.
        let statement = statement.replace("0.1", "@@global.slow_launch_time / 20");
        let admin = Target::new(Engine::MySql);
        admin.query("SET GLOBAL slow_launch_time = 40");
        let target = orphan(&statement);
        let refused = target.run(&["up", "--lock-wait", "1s"]).expect(5);
        refused.says(&["connection ", "running `", " s", "its client is gone", "--take-over"]);
        assert!(is_running(&target, &statement), "who isn't asked to ends nothing");
        admin.query("SET GLOBAL slow_launch_time = 0");
        let began = Instant::now();
        let ran = target.run(&["up", "--take-over", "--lock-wait", "60s"]);
        admin.query("SET GLOBAL slow_launch_time = 2");
        ran.expect(0).says(&["taking over: the server was told to end", "running `"]);
        assert!(began.elapsed() < Duration::from_secs(30), "two hundred seconds otherwise");
        is_right(&target, &statement);
    }
}

#[test]
fn a_living_holder_is_never_ended() {
    let target = Target::new(Engine::MySql);
    let holder = inside(&target, &SLOW[0].replace("0.1", "0.06"));
    let ran = target.run(&["up", "--take-over", "--lock-wait", "1s"]).expect(5);
    ran.says(&["`--take-over` ends no run whose client may be alive", "running `CREATE TABLE slow"]);
    Ran::new(holder.wait_with_output().unwrap()).expect(0);
    is_right(&target, SLOW[0]);
}

#[test]
fn who_may_not_end_it_is_told_what_is_missing() {
    let target = orphan(SLOW[1]);
    let user = format!("taker_{}", target.database());
    target.query(&format!(
        "CREATE USER {user}@'%' IDENTIFIED BY 'c4nary'; GRANT ALL ON {}.* TO {user}@'%'",
        target.database()
    ));
    let (_, place) = target.url.split_once('@').unwrap();
    let url = format!("mysql://{user}:c4nary@{place}");
    let take_over = || {
        let mut command =
            target.command(&["up", "--take-over", "--lock-wait", "5s", "--url", &url, "--dir", "migrations"]);
        Ran::new(command.output().unwrap())
    };
    let blind = take_over();
    target.query(&format!("GRANT PROCESS ON *.* TO {user}@'%'"));
    let weak = take_over();
    target.query(&format!("DROP USER {user}@'%'"));
    blind.expect(4).says(&["can't see enough of it", "PROCESS"]);
    // MySQL has an underscore in it.
    weak.expect(4).says(&["another user's", "grant it CONNECTION"]);
    target.run(&["up", "--take-over"]).expect(0).says(&["taking over"]);
    is_right(&target, SLOW[1]);
}

#[test]
fn a_number_that_comes_again_after_a_restart_is_not_taken_for_the_orphan() {
    let mut server = Private::mariadb(&[]).unwrap();
    let target = Target::on(Engine::MySql, &server.url(""));
    target.migration(1, "CREATE TABLE a (id integer);\nALTER TABLE a ADD COLUMN b integer;\n");
    for _ in 0..12 {
        target.query("SELECT 1");
    }
    let mut run = Halted::start(&target, &target.url, "after-intent", 2, "run");
    assert!(run.stands());
    let session = target.value("SELECT session FROM driftlock_journal WHERE statement = 2");
    let number: u32 = session.split_once('@').expect("with the server's start").0.parse().unwrap();
    server.kill().unwrap();
    run.go();
    run.end().expect(1);
    server.start().unwrap();
    // Strangers at work, one of which has the number.
    let strangers: Vec<Child> = (0..40)
        .map(|_| {
            let mut stranger: Command = target.client_command("", "SELECT SLEEP(120)");
            stranger.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        })
        .collect();
    let at_work = || target.query("SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'");
    until("the strangers are at work", || at_work().len() == strangers.len());
    assert!(at_work().contains(&number.to_string()), "{number} isn't reached: {:?}", at_work());
    let before = at_work();
    let began = Instant::now();
    let ran = target.run(&["up", "--take-over", "--lock-wait", "30s"]).expect(0);
    assert!(began.elapsed() < Duration::from_secs(10) && !ran.stderr.contains("taking over"), "{}", ran.stderr);
    assert_eq!(at_work(), before, "nobody else was ended");
    assert_eq!(target.history("state = 'done'"), "1");
    for mut stranger in strangers {
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }
}

/// PostgreSQL looks at its client every second, as it is told to.
#[test]
fn postgres_ends_an_orphan_itself() {
    for (text, mark) in [
        ("INSERT INTO a VALUES (1);\nSELECT pg_sleep(60);\n", "SELECT pg_sleep%"),
        ("-- driftlock: no-transaction\nSELECT pg_sleep(60);\nINSERT INTO a VALUES (1);\n", "SELECT pg_sleep%"),
    ] {
        let target = Target::new(Engine::Postgres);
        target.migration(1, "CREATE TABLE a (id integer);\n");
        let file = target.migration(2, text);
        let sql = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE '{mark}'"
        );
        let mut child = target.start(&["up"]);
        until("it sleeps", || target.value(&sql) == "1");
        child.kill().unwrap();
        child.wait().unwrap();
        let began = Instant::now();
        until("the server has noticed", || target.value(&sql) == "0");
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        std::fs::write(&file, text.replace("60", "0")).unwrap();
        assert_eq!(target.value("SELECT count(*) FROM a"), "0");
    }
}
