//! The own tables, the fence and the commit on a real server.

mod common;

use common::{TIMEOUTS, TestDatabase, execute, history_row, journal_row, wait_until_alive};
use driftlock_database::{
    ConnectOptions, Engine, Error, FORMAT, Holder, JournalState, LockAttempt, OwnTables, Records, Session,
};
use driftlock_mysql::MySql;

#[tokio::test]
async fn own_tables_are_made_once_and_read_back_as_written() {
    let mut database = TestDatabase::new("records").await;
    let tables = OwnTables::default();
    let mut session = database.session().await;
    assert_eq!(session.glance(&tables).await.unwrap(), None);
    session.try_lock(&tables, &Holder::default()).await.unwrap();
    // After a crash between two of its steps, and again when all is there.
    session.prepare_tables(&tables).await.unwrap();
    database.run("DELETE FROM driftlock_fence").await;
    assert_eq!(session.glance(&tables).await.unwrap(), None);
    session.prepare_tables(&tables).await.unwrap();
    database.run("DROP TABLE driftlock_fence").await;
    assert_eq!(session.glance(&tables).await.unwrap(), None);
    session.prepare_tables(&tables).await.unwrap();
    session.prepare_tables(&tables).await.unwrap();
    assert_eq!(database.number("SELECT COUNT(*) FROM driftlock_fence").await, 1);

    let glance = session.glance(&tables).await.unwrap().unwrap();
    assert_eq!((glance.fence.token, glance.fence.head, glance.fence.format), (0, 0, FORMAT));
    assert_eq!((glance.fence.environment, glance.entries.len()), (None, 0));
    let (fence, now) = session.take_fence(&tables, Some("dev")).await.unwrap();
    assert_eq!((fence.token, fence.environment.as_deref()), (1, Some("dev")));
    let (fence, later) = session.take_fence(&tables, Some("staging")).await.unwrap();
    assert_eq!((fence.token, fence.environment.as_deref()), (2, Some("dev")));
    assert!(later >= now);

    session.reset(&TIMEOUTS).await.unwrap();
    let rows = [history_row(1, "20240101-000000"), history_row(2, "20240102-000000")];
    let journal = [
        journal_row(1, JournalState::Done, 5),
        journal_row(2, JournalState::Intent, 5),
        journal_row(1, JournalState::Intent, 1),
    ];
    session.commit(&tables, &Records { token: 2, history: &rows, journal: &journal }).await.unwrap();
    assert_eq!(session.history(&tables).await.unwrap(), rows);
    let written = session.journal(&tables, "attempt-1").await.unwrap();
    assert_eq!(written, [journal[2].clone(), journal[0].clone(), journal[1].clone()]);
    assert_eq!(session.journal(&tables, "another").await.unwrap(), []);
    let glance = session.glance(&tables).await.unwrap().unwrap();
    assert_eq!((glance.fence.head, glance.fence.head_chain.as_str()), (2, rows[1].chain.as_str()));
    assert_eq!(glance.entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(
        (glance.entries[0].name.as_str(), glance.entries[0].crc32.as_deref()),
        (rows[0].name.as_str(), Some("0badcafe"))
    );

    // Journal alone: the head stays, and a fence that doesn't change is no failure.
    session
        .commit(&tables, &Records { token: 2, history: &[], journal: &[journal_row(9, JournalState::Intent, 9)] })
        .await
        .unwrap();
    assert_eq!(session.glance(&tables).await.unwrap().unwrap().fence.head, 2);
    session.close().await;
    database.drop().await;
}

#[tokio::test]
async fn an_old_token_commits_nothing_whatever_the_sql_mode() {
    let mut database = TestDatabase::new("fence").await;
    let tables = OwnTables::default();
    for mode in ["", "STRICT_TRANS_TABLES", "NO_UNSIGNED_SUBTRACTION", "ORACLE,EMPTY_STRING_IS_NULL", "ANSI"] {
        let (mut session, token) = database.holder().await;
        if mode.starts_with("ORACLE") && !common::is_mariadb(&*session) {
            // MySQL has none of MariaDB's two.
            session.close().await;
            continue;
        }
        session.reset(&TIMEOUTS).await.unwrap();
        execute(&mut *session, &["DROP TABLE IF EXISTS t", "CREATE TABLE t (a int) ENGINE=InnoDB"]).await.unwrap();
        execute(&mut *session, &[&format!("SET SESSION sql_mode = '{mode}'")]).await.unwrap();
        session.begin().await.unwrap();
        execute(&mut *session, &["INSERT INTO t VALUES (1)"]).await.unwrap();
        database.run("UPDATE driftlock_fence SET token = token + 1").await;
        let sequence = database.number("SELECT head + 1 FROM driftlock_fence").await;
        let rows = [history_row(sequence, "1")];
        let records = Records { token, history: &rows, journal: &[] };
        let error = session.commit(&tables, &records).await.unwrap_err();
        assert!(matches!(error, Error::Fenced { token: old } if old == token), "{mode}: {error}");
        session.rollback().await.unwrap();
        let error = session.commit(&tables, &records).await.unwrap_err();
        assert!(matches!(error, Error::Fenced { .. }), "{mode}, in a transaction of its own: {error}");
        assert_eq!(database.number("SELECT COUNT(*) FROM t").await, 0, "{mode}");
        assert_eq!(database.number("SELECT COUNT(*) FROM driftlock_history").await, sequence - 1, "{mode}");

        // The same with the right token goes through, in the same mode.
        session.begin().await.unwrap();
        execute(&mut *session, &["INSERT INTO t VALUES (1)"]).await.unwrap();
        session.commit(&tables, &Records { token: token + 1, ..records }).await.unwrap();
        assert_eq!(database.number("SELECT COUNT(*) FROM t").await, 1, "{mode}");
        assert_eq!(session.history(&tables).await.unwrap().last(), rows.last(), "{mode}");
        session.close().await;
    }
    database.drop().await;
}

#[tokio::test]
async fn a_token_of_zero_is_no_way_past_the_fence() {
    let mut database = TestDatabase::new("fence0").await;
    let tables = OwnTables::default();
    let (mut session, token) = database.holder().await;
    database.run("UPDATE driftlock_fence SET token = 0").await;
    let records = Records { token, history: &[], journal: &[] };
    let error = session.commit(&tables, &records).await.unwrap_err();
    assert!(matches!(error, Error::Fenced { .. }), "{error}");
    database.run("DELETE FROM driftlock_fence").await;
    session.begin().await.unwrap();
    let error = session.commit(&tables, &records).await.unwrap_err();
    assert!(matches!(&error, Error::Protocol(why) if why.contains("missing")), "{error}");
    session.rollback().await.unwrap();
    session.close().await;
    database.drop().await;
}

#[tokio::test]
async fn rollback_undoes_and_an_implicit_commit_is_told() {
    let mut database = TestDatabase::new("tx").await;
    let tables = OwnTables::default();
    let (mut session, token) = database.holder().await;
    session.reset(&TIMEOUTS).await.unwrap();
    execute(&mut *session, &["CREATE TABLE t (a int) ENGINE=InnoDB"]).await.unwrap();
    session.begin().await.unwrap();
    execute(&mut *session, &["INSERT INTO t VALUES (1)", "CREATE TEMPORARY TABLE x (a int)", "SAVEPOINT s"])
        .await
        .unwrap();
    session.rollback().await.unwrap();
    session.rollback().await.unwrap();
    assert_eq!(database.number("SELECT COUNT(*) FROM t").await, 0);

    session.begin().await.unwrap();
    let failed =
        execute(&mut *session, &["INSERT INTO t VALUES (1)", "CREATE TABLE u (a int)", "INSERT INTO t VALUES (2)"])
            .await
            .err()
            .unwrap();
    assert_eq!(failed.index, 1);
    assert!(matches!(&failed.error, Error::Protocol(why) if why.contains("no-transaction")), "{failed}");
    assert_eq!(database.number("SELECT COUNT(*) FROM t").await, 1);

    // A failed statement leaves the transaction open, and the records can still join it.
    session.rollback().await.unwrap();
    session.begin().await.unwrap();
    let failed =
        execute(&mut *session, &["INSERT INTO t VALUES (7)", "INSERT INTO nope VALUES (1)"]).await.err().unwrap();
    assert_eq!(failed.index, 1);
    session.commit(&tables, &Records { token, history: &[history_row(1, "1")], journal: &[] }).await.unwrap();
    assert_eq!(database.number("SELECT COUNT(*) FROM t WHERE a = 7").await, 1);
    session.close().await;
    database.drop().await;
}

#[tokio::test]
async fn own_tables_can_be_elsewhere_and_the_error_names_the_setting() {
    let mut database = TestDatabase::new("elsewhere").await;
    let mut other = TestDatabase::new("home").await;
    let tables = OwnTables { schema: Some(other.name.clone()), prefix: "dl`x_".to_owned() };
    let mut session = database.session().await;
    session.try_lock(&tables, &Holder::default()).await.unwrap();
    session.prepare_tables(&tables).await.unwrap();
    let (fence, _) = session.take_fence(&tables, None).await.unwrap();
    session
        .commit(&tables, &Records { token: fence.token, history: &[history_row(1, "1")], journal: &[] })
        .await
        .unwrap();
    assert_eq!(other.number("SELECT COUNT(*) FROM `dl``x_history`").await, 1);

    let nowhere = OwnTables { schema: Some("no_such_database".to_owned()), ..OwnTables::default() };
    assert_eq!(session.glance(&nowhere).await.unwrap(), None);
    let error = session.prepare_tables(&nowhere).await.unwrap_err();
    assert!(matches!(error, Error::OwnTables { .. }) && error.to_string().contains("tables.schema"), "{error}");
    session.close().await;

    // A login that may not make or read them.
    let login = format!("{}_r", database.name);
    database.run(&format!("CREATE USER `{login}` IDENTIFIED BY 'pw'")).await;
    database.run(&format!("GRANT CREATE TEMPORARY TABLES ON `{}`.* TO `{login}`", database.name)).await;
    let mut url = database.url();
    (url.user, url.password) = (Some(login.clone()), Some("pw".to_owned()));
    let mut session = MySql.connect(&url, &ConnectOptions::default()).await.unwrap();
    for error in [
        session.glance(&OwnTables::default()).await.unwrap_err(),
        session.prepare_tables(&OwnTables::default()).await.unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(matches!(error, Error::OwnTables { .. }), "{text}");
        assert!(text.contains("tables.schema") && text.contains("--tables-prefix") && !text.contains("pw"), "{text}");
    }
    session.close().await;
    database.run(&format!("DROP USER `{login}`")).await;
    other.drop().await;
    database.drop().await;
}

#[tokio::test]
async fn tables_of_a_newer_driftlock_are_left_alone() {
    let mut database = TestDatabase::new("format").await;
    let tables = OwnTables::default();
    let (mut session, _) = database.holder().await;
    database.run(&format!("UPDATE driftlock_fence SET format = {}", FORMAT + 1)).await;
    for error in [
        session.glance(&tables).await.unwrap_err(),
        session.prepare_tables(&tables).await.unwrap_err(),
        session.take_fence(&tables, None).await.unwrap_err(),
    ] {
        assert!(matches!(error, Error::Format { found, known, .. } if found == known + 1), "{error}");
    }
    // The token that it raised before it saw the format was put back.
    assert_eq!(database.number("SELECT token FROM driftlock_fence").await, 1);
    session.close().await;
    database.drop().await;
}

#[tokio::test]
async fn the_lock_is_one_and_names_its_holder() {
    let mut database = TestDatabase::new("lock").await;
    let tables = OwnTables::default();
    let mut first = database.session().await;
    let mut second = database.session().await;
    let me = Holder::default();
    assert_eq!(first.try_lock(&tables, &me).await.unwrap(), LockAttempt::Held);
    assert_eq!(first.try_lock(&tables, &me).await.unwrap(), LockAttempt::Held);
    match second.try_lock(&tables, &me).await.unwrap() {
        LockAttempt::Held => panic!("two holders"),
        LockAttempt::Busy(holder) => {
            assert_eq!(holder.connection.as_deref(), Some(first.server().connection.as_str()));
            assert_eq!(holder.user.as_deref(), Some("driftlock"));
            assert!(holder.host.is_some() && holder.since.is_some(), "{holder}");
        }
    }
    let other = OwnTables { prefix: "other_".to_owned(), ..OwnTables::default() };
    assert_eq!(second.try_lock(&other, &me).await.unwrap(), LockAttempt::Held);
    second.unlock().await.unwrap();
    // However often it was asked for.
    first.unlock().await.unwrap();
    first.unlock().await.unwrap();
    assert_eq!(second.try_lock(&tables, &me).await.unwrap(), LockAttempt::Held);
    // It goes with its session.
    second.close().await;
    let mut held = first.try_lock(&tables, &me).await.unwrap();
    for _ in 0..100 {
        if held == LockAttempt::Held {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        held = first.try_lock(&tables, &me).await.unwrap();
    }
    assert_eq!(held, LockAttempt::Held);

    first.reset(&TIMEOUTS).await.unwrap();
    execute(&mut *first, &["DO RELEASE_ALL_LOCKS()"]).await.unwrap();
    let error = first.reset(&TIMEOUTS).await.unwrap_err();
    assert!(matches!(error, Error::LockLost(_)), "{error}");
    first.close().await;
    database.run("DO 1").await;
    database.drop().await;
}

#[tokio::test]
async fn a_session_that_lost_its_connection_says_so_every_time() {
    let mut database = TestDatabase::new("lost").await;
    let (mut session, token) = database.holder().await;
    let tables = OwnTables::default();
    database.run(&format!("KILL {}", session.server().connection)).await;
    let error = loop {
        // KILL takes a moment.
        if let Err(error) = session.glance(&tables).await {
            break error;
        }
    };
    assert!(matches!(error, Error::ConnectionLost(_)), "{error}");
    let error = session.commit(&tables, &Records { token, history: &[], journal: &[] }).await.unwrap_err();
    assert!(matches!(error, Error::ConnectionLost(_)), "{error}");
    assert!(matches!(session.reset(&TIMEOUTS).await, Err(Error::ConnectionLost(_))));
    session.close().await;
    database.drop().await;
}

#[tokio::test]
async fn is_alive_only_while_something_runs() {
    let database = TestDatabase::new("alive").await;
    let mut worker = database.session().await;
    let mut looker = database.session().await;
    let id = worker.server().connection.clone();
    wait_until_alive(&mut *looker, &id, false).await;
    let canceller = worker.canceller();
    let run = tokio::spawn(async move {
        let result = execute(&mut *worker, &[common::LONG]).await;
        (worker, result.map(drop))
    });
    wait_until_alive(&mut *looker, &id, true).await;
    let asked = std::time::Instant::now();
    canceller.cancel().await.unwrap();
    let (mut worker, result): (Box<dyn Session>, _) = run.await.unwrap();
    assert!(asked.elapsed() < std::time::Duration::from_secs(10));
    let error = result.unwrap_err();
    assert!(matches!(error.error, Error::Cancelled(_)), "{error}");
    wait_until_alive(&mut *looker, &id, false).await;
    // The session stays usable, and cancelling when nothing runs is no error.
    canceller.cancel().await.unwrap();
    execute(&mut *worker, &["SELECT 1"]).await.unwrap();
    worker.close().await;
    wait_until_alive(&mut *looker, &id, false).await;
    canceller.cancel().await.unwrap();
    looker.close().await;
    database.drop().await;
}
