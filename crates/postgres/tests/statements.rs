//! Statements of scripts: pipelined, alone, COPY, errors, notices, cancellation.

mod support;

use std::time::{Duration, Instant};

use driftlock_database::{CopyData, Error, Event, OwnTables, Runnable, Timeouts};
use support::{Log, plain, run, timeouts, with_database};

fn done(log: &Log) -> Vec<(usize, Option<u64>)> {
    let pick = |event: &Event| match event {
        Event::Done { index, rows, .. } => Some((*index, *rows)),
        Event::Notice { .. } => None,
    };
    log.0.iter().filter_map(pick).collect()
}

#[test]
fn results_come_in_order_with_their_rows() {
    with_database(|database| async move {
        let mut session = database.session().await;
        session.reset(&timeouts()).await.unwrap();
        session.begin().await.unwrap();
        let mut sql = vec!["CREATE TABLE t (x int)".to_owned()];
        sql.extend((0..300).map(|n| format!("INSERT INTO t SELECT {n} FROM generate_series(1, {})", n % 3 + 1)));
        sql.push("SELECT repeat('x', 1000) FROM t".to_owned());
        sql.push("DELETE FROM t WHERE false".to_owned());
        let statements: Vec<_> = sql.iter().map(|sql| plain(sql)).collect();
        let mut log = Log::default();
        session.execute(&statements, &mut log).await.unwrap();
        let done = done(&log);
        assert_eq!(done.len(), 303);
        assert_eq!(done[0], (0, None));
        for n in 0..300u64 {
            assert_eq!(done[n as usize + 1], (n as usize + 1, Some(n % 3 + 1)));
        }
        assert_eq!(done[301..], [(301, Some(600)), (302, Some(0))]);
        session.rollback().await.unwrap();
        assert_eq!(database.value("SELECT to_regclass('t') IS NULL").await, "t");
    });
}

#[test]
fn notices_belong_to_their_statement() {
    with_database(|database| async move {
        let mut session = database.session().await;
        session.begin().await.unwrap();
        let raise = |n: usize| {
            format!("DO $$ BEGIN RAISE NOTICE 'a{n}'; PERFORM repeat('x', 100000); RAISE WARNING 'b{n}'; END $$")
        };
        let sql: Vec<String> = (0..60)
            .map(|n| if n % 3 == 0 { raise(n) } else { format!("SELECT generate_series(1, {})", n * 20) })
            .collect();
        let statements: Vec<_> = sql.iter().map(|sql| plain(sql)).collect();
        let mut log = Log::default();
        session.execute(&statements, &mut log).await.unwrap();
        let mut wanted = Vec::new();
        for n in 0..60 {
            if n % 3 == 0 {
                wanted.push(format!("{n} NOTICE a{n}"));
                wanted.push(format!("{n} WARNING b{n}"));
            }
            wanted.push(format!("{n} done"));
        }
        let got: Vec<String> = log
            .0
            .iter()
            .map(|event| match event {
                Event::Done { index, .. } => format!("{index} done"),
                Event::Notice { index, severity, message } => format!("{index} {severity} {message}"),
            })
            .collect();
        assert_eq!(got, wanted);
    });
}

#[test]
fn the_first_failure_is_named_and_the_rest_is_read() {
    with_database(|database| async move {
        let mut session = database.session().await;
        session.begin().await.unwrap();
        let mut log = Log::default();
        let bad = "SELECT 'žluťoučký kůň', nichts FROM pg_class";
        let mut statements = vec![plain("CREATE TABLE t (x int)"), plain("SELECT 1"), plain(bad)];
        statements.extend(std::iter::repeat_n(plain("INSERT INTO t VALUES (1)"), 200));
        let error = session.execute(&statements, &mut log).await.unwrap_err();
        assert_eq!(error.index, 2);
        assert_eq!(done(&log).len(), 2);
        let server = error.error.server().unwrap();
        assert_eq!((server.code.as_str(), &bad[server.offset.unwrap()..]), ("42703", "nichts FROM pg_class"));
        session.rollback().await.unwrap();
        // In step again.
        session.begin().await.unwrap();
        let mut log = Log::default();
        session.execute(&[plain("SELECT 1"), plain("SELECT 2")], &mut log).await.unwrap();
        assert_eq!(done(&log), [(0, Some(1)), (1, Some(1))]);
        session.rollback().await.unwrap();
    });
}

#[test]
fn errors_keep_detail_hint_and_context() {
    with_database(|database| async move {
        let mut session = database.session().await;
        let sql = "DO $$ BEGIN RAISE EXCEPTION 'm' USING DETAIL = 'd', HINT = 'h', ERRCODE = 'XX123'; END $$";
        let error = run(&mut *session, &[sql]).await.unwrap_err().error;
        let server = error.server().unwrap();
        assert_eq!(server.code, "XX123");
        assert_eq!(
            (server.message.as_str(), server.detail.as_deref(), server.hint.as_deref()),
            ("m", Some("d"), Some("h"))
        );
        assert!(server.context.as_deref().unwrap().contains("RAISE"));
        let error = run(&mut *session, &["DO $$ BEGIN EXECUTE 'SELEC 1'; END $$"]).await.unwrap_err().error;
        let server = error.server().unwrap();
        assert_eq!(server.offset, None);
        assert!(
            server.context.as_deref().unwrap().contains("character 1 of the inner statement: SELEC 1"),
            "{server:?}"
        );
        let error = run(&mut *session, &["SELECT 1", "SELECT 'a\0b'"]).await.unwrap_err();
        assert_eq!((error.index, error.error.server().unwrap().offset), (1, Some(9)));
    });
}

#[test]
fn outside_a_transaction_nothing_runs_behind_a_failure() {
    with_database(|database| async move {
        let mut session = database.session().await;
        session.reset(&timeouts()).await.unwrap();
        let error =
            run(&mut *session, &["CREATE TABLE a (x int)", "SELECT 1/0", "CREATE TABLE b (x int)"]).await.unwrap_err();
        assert_eq!((error.index, error.error.server().unwrap().code.as_str()), (1, "22012"));
        assert_eq!(database.value("SELECT to_regclass('a') IS NOT NULL AND to_regclass('b') IS NULL").await, "t");
        run(&mut *session, &["VACUUM a"]).await.unwrap();
    });
}

#[test]
fn copy_streams_its_data() {
    with_database(|database| async move {
        let mut session = database.session().await;
        session.begin().await.unwrap();
        let data: String = (0..200_000).map(|n| format!("{n}\tžluťoučký {n}\n")).collect();
        let mut log = Log::default();
        let statements = [
            plain("CREATE TABLE t (n int, s text)"),
            Runnable { sql: "COPY t (n, s) FROM stdin", copy_data: Some(CopyData::Held(&data)) },
            plain("INSERT INTO t VALUES (-1, '')"),
            Runnable { sql: "COPY t FROM stdin WITH (FORMAT csv)", copy_data: Some(CopyData::Held("7,\"a\nb\"\n")) },
            plain("COPY t FROM STDIN"),
        ];
        session.execute(&statements, &mut log).await.unwrap();
        assert_eq!(done(&log), [(0, None), (1, Some(200_000)), (2, Some(1)), (3, Some(1)), (4, Some(0))]);
        run(&mut *session, &["DO $$ BEGIN IF (SELECT count(*) FROM t) <> 200002 THEN RAISE 'wrong'; END IF; END $$"])
            .await
            .unwrap();
        session.rollback().await.unwrap();
    });
}

#[test]
fn a_copy_that_fails_leaves_the_session_in_step() {
    with_database(|database| async move {
        let mut session = database.session().await;
        let big = "1\n".repeat(100_000) + "no number\n" + &"2\n".repeat(100_000);
        let cases = [
            ("COPY nowhere FROM stdin", "1\n", "42P01"),
            ("COPY t (nope) FROM stdin", "1\n", "42703"),
            ("COPY pg_locks FROM stdin", "1\n", "42809"),
            ("COPY guarded FROM stdin", "1\n", "XX999"),
            ("COPY t FRM stdin", "1\n", "42601"),
            ("COPY t FROM stdin", big.as_str(), "22P02"),
        ];
        for (sql, data, code) in cases {
            for inside in [true, false] {
                session.rollback().await.unwrap();
                run(
                    &mut *session,
                    &[
                        "DROP TABLE IF EXISTS t, guarded",
                        "CREATE TABLE t (x int)",
                        "CREATE TABLE guarded (x int)",
                        "CREATE OR REPLACE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no' USING ERRCODE = 'XX999'; END $$",
                        "CREATE TRIGGER no BEFORE INSERT ON guarded FOR EACH STATEMENT EXECUTE FUNCTION no()",
                    ],
                )
                .await
                .unwrap();
                if inside {
                    session.begin().await.unwrap();
                }
                let mut log = Log::default();
                let statements =
                    [plain("SELECT 1"), Runnable { sql, copy_data: Some(CopyData::Held(data)) }, plain("SELECT 1")];
                let error = session.execute(&statements, &mut log).await.unwrap_err();
                assert_eq!(error.index, 1, "{sql} {inside}");
                let server = error.error.server().unwrap_or_else(|| panic!("{sql} {inside}: {}", error.error));
                assert_eq!(server.code, code, "{sql} {inside}");
                if code == "22P02" {
                    assert!(server.context.as_deref().unwrap().contains("line 100001"), "{server:?}");
                }
                session.rollback().await.unwrap();
                for round in 0..3 {
                    session.begin().await.unwrap_or_else(|error| panic!("{sql} {inside} {round}: {error}"));
                    let mut log = Log::default();
                    let all = [plain("SELECT generate_series(1, 5)"), plain("SELECT 1")];
                    session.execute(&all, &mut log).await.unwrap();
                    assert_eq!(done(&log), [(0, Some(5)), (1, Some(1))], "{sql} {inside} {round}");
                    session.rollback().await.unwrap();
                }
            }
        }
    });
}

#[test]
fn a_statement_is_cancelled_from_outside() {
    with_database(|database| async move {
        let mut session = database.session().await;
        session.reset(&timeouts()).await.unwrap();
        session.begin().await.unwrap();
        let canceller = session.canceller();
        let started = Instant::now();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            canceller.cancel().await.unwrap();
        });
        let error = run(&mut *session, &["SELECT 1", "SELECT pg_sleep(60)", "SELECT 2"]).await.unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(20));
        assert!(matches!(error.error, Error::Cancelled(_)) && error.index == 1, "{error:?}");
        session.rollback().await.unwrap();
        run(&mut *session, &["SELECT 1"]).await.unwrap();
    });
}

#[test]
fn limits_are_told_apart() {
    with_database(|database| async move {
        let mut session = database.session().await;
        let limits = Timeouts {
            lock: Duration::from_millis(200),
            concurrent: Duration::from_millis(200),
            statement: Duration::from_millis(1500),
        };
        session.reset(&limits).await.unwrap();
        let error = run(&mut *session, &["SELECT pg_sleep(60)"]).await.unwrap_err().error;
        assert!(
            matches!(&error, Error::Server(server) if server.hint.as_deref().unwrap().contains("statement-timeout")),
            "{error:?}"
        );
        run(&mut *session, &["CREATE TABLE t (x int)"]).await.unwrap();
        let other = database.client().await;
        other.batch_execute("BEGIN; LOCK TABLE t").await.unwrap();
        session.begin().await.unwrap();
        let error = run(&mut *session, &["SELECT * FROM t"]).await.unwrap_err().error;
        assert!(matches!(&error, Error::LockTimeout(server) if server.code == "55P03"), "{error:?}");
        session.rollback().await.unwrap();
    });
}

#[test]
fn a_lost_connection_stays_lost() {
    with_database(|database| async move {
        let mut session = database.session().await;
        session.ensure_fit().await.unwrap();
        session.begin().await.unwrap();
        let pid = session.server().connection.split('@').next().unwrap().to_owned();
        let control = database.client().await;
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            control.batch_execute(&format!("SELECT pg_terminate_backend({pid})")).await.unwrap();
        });
        let error = run(&mut *session, &["SELECT pg_sleep(60)"]).await.unwrap_err().error;
        assert!(matches!(&error, Error::ConnectionLost(why) if why.contains("administrator")), "{error:?}");
        assert!(matches!(session.glance(&OwnTables::default()).await, Err(Error::ConnectionLost(_))));
        assert!(matches!(session.begin().await, Err(Error::ConnectionLost(_))));
        assert!(matches!(run(&mut *session, &["SELECT 1"]).await.unwrap_err().error, Error::ConnectionLost(_)));
        assert!(matches!(session.unlock().await, Err(Error::ConnectionLost(_))));
        session.close().await;
    });
}

#[test]
fn a_client_that_dies_takes_its_statement_with_it() {
    with_database(|database| async move {
        let mut session = database.session().await;
        session.ensure_fit().await.unwrap();
        session.reset(&timeouts()).await.unwrap();
        let id = session.server().connection.clone();
        let sleep = run(&mut *session, &["SELECT pg_sleep(600)"]);
        assert!(tokio::time::timeout(Duration::from_millis(300), sleep).await.is_err());
        let mut other = database.session().await;
        assert!(other.busy(&id).await.unwrap().is_some());
        drop(session);
        let started = Instant::now();
        while other.busy(&id).await.unwrap().is_some() {
            assert!(started.elapsed() < Duration::from_secs(20), "the orphan runs on");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
}

#[test]
fn a_script_that_ends_the_transaction_is_noticed() {
    with_database(|database| async move {
        let mut session = database.session().await;
        session.begin().await.unwrap();
        let error = run(&mut *session, &["CREATE TABLE t (x int)", "COMMIT"]).await.unwrap_err().error;
        assert!(matches!(error, Error::Protocol(_)), "{error:?}");
    });
}
