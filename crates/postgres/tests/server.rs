//! Connecting, the lock, what the server is fit for, and objects of statements that stand alone.

mod support;

use std::time::Duration;

use driftlock_database::{ConnectOptions, Engine, Error, Holder, LockAttempt, OwnTables, Pooler, Probe, Session};
use driftlock_postgres::Postgres;
use support::{Database, holder, run, timeouts, with_database};

fn me(pid: u32) -> Holder {
    Holder { pid: Some(pid), host: Some("ci-7".to_owned()), user: Some("ann".to_owned()), ..Holder::default() }
}

fn tables() -> OwnTables {
    OwnTables::default()
}

#[test]
fn a_direct_connection_is_fit() {
    with_database(|database| async move {
        let mut session = database.session().await;
        let at_login = session.server().connection.clone();
        assert!(!at_login.is_empty());
        session.ensure_fit().await.unwrap();
        // No pooler: the process named at login is the one that answers.
        let now = session.server().connection.clone();
        assert!(now.starts_with(&format!("{at_login}@")), "{at_login} {now}");
        assert!(session.server().version.starts_with("PostgreSQL 1"), "{:?}", session.server());
        assert_eq!(session.server().database, database.name);
        let pooled = ConnectOptions { pooler: Pooler::Session, ..ConnectOptions::default() };
        database.session_with("", pooled).await.ensure_fit().await.unwrap();
    });
}

#[test]
fn a_read_only_database_is_refused() {
    with_database(|database| async move {
        let sql = format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name);
        database.client().await.batch_execute(&sql).await.unwrap();
        let error = database.session().await.ensure_fit().await.unwrap_err();
        assert!(matches!(&error, Error::Unfit(why) if why.contains("read-only")), "{error}");
        let url = database.url_as(None, "target_session_attrs=read-write");
        let error = Postgres.connect(&url, &ConnectOptions::default()).await.err().unwrap();
        assert!(matches!(&error, Error::Connect { reason, .. } if reason.contains("read-only")), "{error}");
        let url = database.url_as(None, "target_session_attrs=primary");
        Postgres.connect(&url, &ConnectOptions::default()).await.unwrap().close().await;
    });
}

#[test]
fn the_lock_is_one_session_s_and_names_its_holder() {
    with_database(|database| async move {
        let mut first = database.session_with("", ConnectOptions { holder: me(42), ..ConnectOptions::default() }).await;
        let mut second = database.session().await;
        first.ensure_fit().await.unwrap();
        assert_eq!(first.try_lock(&tables(), &me(42)).await.unwrap(), LockAttempt::Held);
        assert_eq!(first.try_lock(&tables(), &me(42)).await.unwrap(), LockAttempt::Held);
        let LockAttempt::Busy(holder) = second.try_lock(&tables(), &me(43)).await.unwrap() else {
            panic!("held twice")
        };
        assert_eq!((holder.pid, holder.host.as_deref(), holder.user.as_deref()), (Some(42), Some("ci-7"), Some("ann")));
        assert_eq!(holder.connection.as_deref(), Some(first.server().connection.as_str()));
        assert!(holder.since.unwrap().ends_with("UTC"));
        // Other tables have a lock of their own.
        let other = OwnTables { schema: None, prefix: "x_".to_owned() };
        assert_eq!(second.try_lock(&other, &me(43)).await.unwrap(), LockAttempt::Held);
        first.reset(&timeouts()).await.unwrap();
        first.begin().await.unwrap();
        first.rollback().await.unwrap();
        first.unlock().await.unwrap();
        assert_eq!(second.try_lock(&tables(), &me(43)).await.unwrap(), LockAttempt::Held);
        // The name given to try_lock is shown too.
        let LockAttempt::Busy(holder) = first.try_lock(&tables(), &me(42)).await.unwrap() else { panic!("held twice") };
        assert_eq!(holder.pid, Some(43));
        drop(second);
        for attempt in 0.. {
            match first.try_lock(&tables(), &me(42)).await.unwrap() {
                LockAttempt::Held => break,
                LockAttempt::Busy(_) => assert!(attempt < 100, "a closed connection keeps the lock"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
}

#[test]
fn a_lock_that_was_lost_is_noticed() {
    with_database(|database| async move {
        let (mut session, _) = holder(&database, &tables()).await;
        run(&mut *session, &["SELECT pg_advisory_unlock_all()"]).await.unwrap();
        let mut other = database.session().await;
        assert_eq!(other.try_lock(&tables(), &me(1)).await.unwrap(), LockAttempt::Held);
        session.reset(&timeouts()).await.unwrap();
        let error = session.begin().await.unwrap_err();
        assert!(matches!(error, Error::LockLost(_)), "{error}");
        // Statements that stand alone have not run either.
        session.reset(&timeouts()).await.unwrap();
        let error = run(&mut *session, &["CREATE TABLE t (x int)"]).await.unwrap_err().error;
        assert!(matches!(error, Error::LockLost(_)), "{error}");
        assert_eq!(database.value("SELECT to_regclass('t') IS NULL").await, "t");
    });
}

#[test]
fn a_connection_is_alive_while_it_works() {
    with_database(|database| async move {
        let mut worker = database.session().await;
        worker.ensure_fit().await.unwrap();
        let id = worker.server().connection.clone();
        let mut session = database.session().await;
        assert!(session.busy(&id).await.unwrap().is_none());
        worker.begin().await.unwrap();
        assert!(session.busy(&id).await.unwrap().is_some());
        let pid = id.split('@').next().unwrap();
        assert!(session.busy(pid).await.unwrap().is_some());
        assert!(session.busy(&format!("{pid}@1")).await.unwrap().is_none());
        assert!(session.busy("999999@1").await.unwrap().is_none());
        assert!(session.busy("nonsense").await.unwrap().is_none());
        worker.close().await;
        for attempt in 0.. {
            if session.busy(&id).await.unwrap().is_none() {
                break;
            }
            assert!(attempt < 100, "a closed connection is taken for alive");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
}

#[test]
fn connecting_says_why_not() {
    with_database(|database| async move {
        let connect = |user: Option<(&'static str, &'static str)>, query: &'static str, name: Option<&'static str>| {
            let mut url = database.url_as(user, query);
            if let Some(name) = name {
                url.path = name.to_owned();
            }
            async move {
                let error = Postgres.connect(&url, &ConnectOptions::default()).await.err().unwrap();
                assert!(!error.to_string().contains("s3cret"), "{error}");
                assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
                error
            }
        };
        let error = connect(Some(("nobody", "s3cret")), "", None).await;
        assert!(matches!(error, Error::Login { .. }), "{error}");
        let error = connect(Some(("driftlock", "s3cret")), "", None).await;
        assert!(matches!(&error, Error::Login { reason, .. } if reason.contains("28P01")), "{error}");
        let error = connect(None, "", Some("no_such_database")).await;
        assert!(matches!(&error, Error::Login { reason, .. } if reason.contains("3D000")), "{error}");
        let error = connect(None, "sslmode=require", None).await;
        assert!(matches!(&error, Error::Connect { reason, .. } if reason.contains("doesn't offer TLS")), "{error}");
        let mut url = database.url_as(None, "");
        url.authority = "127.0.0.1:1".to_owned();
        let error = Postgres.connect(&url, &ConnectOptions::default()).await.err().unwrap();
        assert!(matches!(&error, Error::Connect { target, .. } if target == "127.0.0.1:1"), "{error}");
        // The next host is tried.
        let good = database.url_as(None, "").authority;
        url.authority = format!("127.0.0.1:1,{good}");
        Postgres.connect(&url, &ConnectOptions::default()).await.unwrap().close().await;
        // A server that never answers.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        url.authority = listener.local_addr().unwrap().to_string();
        let hasty = ConnectOptions { connect_timeout: Duration::from_millis(300), ..ConnectOptions::default() };
        let error = Postgres.connect(&url, &hasty).await.err().unwrap();
        assert!(matches!(&error, Error::Connect { reason, .. } if reason.contains("no answer")), "{error}");
    });
}

#[test]
fn a_full_server_is_tried_again() {
    with_database(|database| async move {
        let role = format!("{}_one", database.name);
        let control = database.client().await;
        control.batch_execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'one' CONNECTION LIMIT 1")).await.unwrap();
        let url = database.url_as(Some((&role, "one")), "");
        let first = Postgres.connect(&url, &ConnectOptions::default()).await.unwrap();
        let hasty = ConnectOptions { connect_timeout: Duration::from_millis(400), ..ConnectOptions::default() };
        let error = Postgres.connect(&url, &hasty).await.err().unwrap();
        assert!(matches!(&error, Error::Connect { reason, .. } if reason.contains("53300")), "{error}");
        let waiting = tokio::spawn(async move { Postgres.connect(&url, &ConnectOptions::default()).await });
        tokio::time::sleep(Duration::from_millis(300)).await;
        first.close().await;
        waiting.await.unwrap().unwrap().close().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        control.batch_execute(&format!("DROP ROLE {role}")).await.unwrap();
    });
}

#[test]
fn options_of_the_url_outlive_a_reset() {
    with_database(|database| async move {
        let mut session =
            database.session_with("options=-c search_path=a,b -c my.x=it's", ConnectOptions::default()).await;
        let check = "DO $$ BEGIN IF current_setting('search_path') <> 'a,b' OR current_setting('my.x') <> 'it''s' \
                     OR current_setting('client_connection_check_interval') <> '1s' \
                     THEN RAISE 'got %', current_setting('search_path'); END IF; END $$";
        run(&mut *session, &[check, "SET search_path = c"]).await.unwrap();
        session.reset(&timeouts()).await.unwrap();
        run(&mut *session, &[check]).await.unwrap();
    });
}

#[test]
fn surroundings_name_other_tools() {
    with_database(|database| async move {
        let mut session = database.session().await;
        let empty = session.surroundings(&tables()).await.unwrap();
        assert_eq!((empty.objects, empty.foreign_histories.len()), (0, 0));
        session.prepare_tables(&tables()).await.unwrap();
        assert_eq!(session.surroundings(&tables()).await.unwrap().objects, 0);
        database
            .client()
            .await
            .batch_execute(
                "CREATE TABLE schema_migrations (version bigint, dirty boolean); CREATE SCHEMA s; \
                 CREATE TABLE s.goose_db_version (id int, version_id bigint, is_applied boolean); \
                 CREATE TABLE migrations (id text, other text); CREATE VIEW v AS SELECT 1; \
                 CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE mood AS ENUM ('ok')",
            )
            .await
            .unwrap();
        let found = session.surroundings(&tables()).await.unwrap();
        let histories: Vec<(&str, &str)> =
            found.foreign_histories.iter().map(|history| (history.tool, history.table.as_str())).collect();
        assert_eq!(histories, [("golang-migrate", "schema_migrations"), ("goose", "s.goose_db_version")]);
        assert_eq!(found.objects, 6);
        database
            .client()
            .await
            .batch_execute(
                "CREATE TABLE s.\"Others\" (version bigint, \"Sum\" bytea, at timestamptz); \
                 INSERT INTO s.\"Others\" VALUES (7, '\\x0aff', '2024-01-02 03:04:05+02'), (8, NULL, NULL)",
            )
            .await
            .unwrap();
        let rows = session.foreign_rows("s.Others").await.unwrap();
        assert_eq!(rows.columns, ["version", "sum", "at"]);
        let first: Vec<Option<&str>> = rows.rows[0].iter().map(Option::as_deref).collect();
        assert_eq!(first, [Some("7"), Some("\\x0aff"), Some("2024-01-02 01:04:05+00")]);
        assert_eq!(rows.rows[1], [Some("8".to_owned()), None, None]);
        assert!(session.foreign_rows("nobodys").await.is_err());
    });
}

#[allow(clippy::unwrap_used)]
async fn duplicates(database: &Database) -> Box<dyn Session> {
    database.client().await.batch_execute("CREATE TABLE t (x int); INSERT INTO t VALUES (1), (1)").await.unwrap();
    database.session().await
}

const INVALID: &str = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";

#[test]
fn a_concurrent_index_that_fails_leaves_nothing() {
    with_database(|database| async move {
        let mut session = duplicates(&database).await;
        for sql in ["CREATE UNIQUE INDEX CONCURRENTLY I ON t (x)", "CREATE UNIQUE INDEX CONCURRENTLY ON t (x)"] {
            assert!(session.object_digest(sql).await.unwrap().is_some());
            run(&mut *session, &[sql]).await.unwrap_err();
            assert_eq!(database.value(INVALID).await, "1", "{sql}");
            session.settle(sql, false).await.unwrap();
            assert_eq!(database.value(INVALID).await, "0", "{sql}");
        }
    });
}

#[test]
fn an_invalid_index_is_never_taken_for_the_one_that_is_wanted() {
    with_database(|database| async move {
        let mut session = duplicates(&database).await;
        let sql = "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (x)";
        run(&mut *session, &[sql]).await.unwrap_err();
        run(&mut *session, &[sql]).await.unwrap();
        let error = session.settle(sql, true).await.unwrap_err();
        assert!(error.to_string().contains("INVALID") && matches!(error, Error::Server(_)), "{error}");
        assert_eq!(database.value(INVALID).await, "0");
        run(&mut *session, &["DELETE FROM t", sql]).await.unwrap();
        session.settle(sql, true).await.unwrap();
        assert_eq!(database.value("SELECT count(*) FROM pg_class WHERE relname = 'i'").await, "1");
    });
}

#[test]
fn what_became_of_an_index_is_found_out() {
    with_database(|database| async move {
        let mut session = duplicates(&database).await;
        for (named, sql) in
            [(true, "CREATE INDEX CONCURRENTLY i ON t (x)"), (false, "CREATE INDEX CONCURRENTLY ON t (x)")]
        {
            let before = session.object_digest(sql).await.unwrap();
            let before = before.as_deref();
            assert_eq!(session.probe(sql, before).await.unwrap(), Probe::NotRun, "{sql}");
            run(&mut *session, &[sql]).await.unwrap();
            assert_eq!(session.probe(sql, before).await.unwrap(), Probe::Done, "{sql}");
            if named {
                let after = session.object_digest(sql).await.unwrap();
                assert_eq!(session.probe(sql, after.as_deref()).await.unwrap(), Probe::NotRun);
            }
            let unique = sql.replace("INDEX", "UNIQUE INDEX").replace(" i ", " j ");
            let before = session.object_digest(&unique).await.unwrap();
            run(&mut *session, &[&unique]).await.unwrap_err();
            assert_eq!(session.probe(&unique, before.as_deref()).await.unwrap(), Probe::NotRun, "{unique}");
            assert_eq!(database.value(INVALID).await, "0", "{unique}");
        }
        let drop = "DROP INDEX CONCURRENTLY i";
        let before = session.object_digest(drop).await.unwrap();
        assert_eq!(session.probe(drop, before.as_deref()).await.unwrap(), Probe::NotRun);
        run(&mut *session, &[drop]).await.unwrap();
        assert_eq!(session.probe(drop, before.as_deref()).await.unwrap(), Probe::Done);
        assert!(matches!(session.probe(drop, None).await.unwrap(), Probe::Unknown(_)));
    });
}

#[test]
fn a_reindex_that_fails_leaves_nothing() {
    with_database(|database| async move {
        let mut session = duplicates(&database).await;
        let build = "CREATE UNIQUE INDEX CONCURRENTLY i ON t (x)";
        run(&mut *session, &[build]).await.unwrap_err();
        let sql = "REINDEX TABLE CONCURRENTLY t";
        // The INVALID index makes it fail, which leaves another.
        let outcome = run(&mut *session, &["REINDEX INDEX CONCURRENTLY i"]).await;
        assert!(outcome.is_err());
        session.settle("REINDEX INDEX CONCURRENTLY i", false).await.unwrap();
        assert_eq!(database.value("SELECT count(*) FROM pg_class WHERE relname ~ '_ccnew'").await, "0");
        session.settle(build, false).await.unwrap();
        assert_eq!(session.probe(sql, None).await.unwrap(), Probe::NotRun);
        assert_eq!(session.object_digest(sql).await.unwrap(), None);
        assert!(matches!(session.probe("CREATE TABLE x (y int)", None).await.unwrap(), Probe::Unknown(_)));
    });
}

#[test]
fn partitions_and_databases_are_looked_at() {
    with_database(|database| async move {
        let mut session = database.session().await;
        run(
            &mut *session,
            &[
                "CREATE TABLE p (x int) PARTITION BY RANGE (x)",
                "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (9)",
            ],
        )
        .await
        .unwrap();
        let sql = "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY";
        let before = session.object_digest(sql).await.unwrap();
        assert_eq!(session.probe(sql, before.as_deref()).await.unwrap(), Probe::NotRun);
        // A reader keeps the second half from happening; the first is committed.
        let reader = database.client().await;
        reader.batch_execute("BEGIN; SELECT * FROM p").await.unwrap();
        session
            .reset(&driftlock_database::Timeouts {
                lock: Duration::from_millis(300),
                concurrent: Duration::from_millis(300),
                statement: Duration::ZERO,
            })
            .await
            .unwrap();
        run(&mut *session, &[sql]).await.unwrap_err();
        assert_eq!(
            database.value("SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = 'p1'::regclass").await,
            "t"
        );
        reader.batch_execute("COMMIT").await.unwrap();
        assert_eq!(session.probe(sql, before.as_deref()).await.unwrap(), Probe::Done);
        assert_eq!(database.value("SELECT count(*) FROM pg_inherits").await, "0");

        let name = format!("{}_more", database.name);
        let create = format!("CREATE DATABASE {name}");
        let before = session.object_digest(&create).await.unwrap();
        assert_eq!(session.probe(&create, before.as_deref()).await.unwrap(), Probe::NotRun);
        run(&mut *session, &[&create]).await.unwrap();
        assert_eq!(session.probe(&create, before.as_deref()).await.unwrap(), Probe::Done);
        let drop = format!("DROP DATABASE {name}");
        let before = session.object_digest(&drop).await.unwrap();
        run(&mut *session, &[&drop]).await.unwrap();
        assert_eq!(session.probe(&drop, before.as_deref()).await.unwrap(), Probe::Done);
    });
}
