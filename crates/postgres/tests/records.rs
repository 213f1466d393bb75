//! The own tables, the fence and the commit.

mod support;

use driftlock_database::{ConnectOptions, Engine, Error, Holder, JournalState, OwnTables, Records};
use driftlock_postgres::Postgres;
use support::{history_row, holder, journal_row, run, timeouts, with_database};

fn tables() -> OwnTables {
    OwnTables::default()
}

#[test]
fn what_is_written_is_read_again() {
    with_database(|database| async move {
        let (mut session, token) = holder(&database, &tables()).await;
        let rows = [history_row(1), history_row(2)];
        let journal = [
            journal_row("attempt-2", 1, JournalState::Intent),
            journal_row("attempt-2", 1, JournalState::Done),
            journal_row("attempt-2", 2, JournalState::Intent),
            journal_row("other", 1, JournalState::Intent),
        ];
        session.begin().await.unwrap();
        run(&mut *session, &["CREATE TABLE made (x int)"]).await.unwrap();
        session.commit(&tables(), &Records { token, history: &rows, journal: &journal }).await.unwrap();

        assert_eq!(session.history(&tables()).await.unwrap(), rows);
        assert_eq!(session.journal(&tables(), "attempt-2").await.unwrap(), journal[..3]);
        let glance = session.glance(&tables()).await.unwrap().unwrap();
        assert_eq!((glance.fence.head, glance.fence.head_chain.as_str(), glance.fence.token), (2, "chain-2", token));
        assert_eq!(glance.entries.len(), 2);
        assert_eq!(glance.entries[1].version, rows[1].version);
        assert_eq!(glance.entries[1].sha256, rows[1].sha256);
        assert_eq!(database.value("SELECT count(*) FROM made").await, "0");
    });
}

#[test]
fn a_commit_outside_a_transaction_has_one_of_its_own() {
    with_database(|database| async move {
        let (mut session, token) = holder(&database, &tables()).await;
        let intent = [journal_row("a", 1, JournalState::Intent)];
        session.commit(&tables(), &Records { token, history: &[], journal: &intent }).await.unwrap();
        let mut failed = history_row(1);
        failed.error = Some("a NUL \0 here".to_owned());
        session.commit(&tables(), &Records { token, history: &[failed], journal: &[] }).await.unwrap();
        assert_eq!(session.journal(&tables(), "a").await.unwrap().len(), 1);
        assert_eq!(session.history(&tables()).await.unwrap()[0].error.as_deref(), Some("a NUL \u{fffd} here"));
        // Still usable, and no transaction is left open.
        session.begin().await.unwrap();
        session.rollback().await.unwrap();
        // The same sequence again is refused by the table, whole.
        let again = [history_row(1)];
        let later = [journal_row("b", 1, JournalState::Done)];
        let error = session.commit(&tables(), &Records { token, history: &again, journal: &later }).await.unwrap_err();
        assert_eq!(error.server().map(|server| server.code.as_str()), Some("23505"), "{error}");
        assert!(session.journal(&tables(), "b").await.unwrap().is_empty());
    });
}

#[test]
fn an_old_token_commits_nothing() {
    with_database(|database| async move {
        let (mut session, token) = holder(&database, &tables()).await;
        session.begin().await.unwrap();
        run(&mut *session, &["CREATE TABLE late (x int)"]).await.unwrap();
        database.client().await.batch_execute("UPDATE driftlock_fence SET token = token + 1").await.unwrap();
        let rows = [history_row(1)];
        let error = session.commit(&tables(), &Records { token, history: &rows, journal: &[] }).await.unwrap_err();
        assert!(matches!(error, Error::Fenced { token: old } if old == token), "{error}");
        assert_eq!(database.value("SELECT to_regclass('late') IS NULL").await, "t");
        assert_eq!(database.value("SELECT count(*) FROM driftlock_history").await, "0");
        assert_eq!(database.value("SELECT head FROM driftlock_fence").await, "0");
        // Outside a transaction too.
        let error = session.commit(&tables(), &Records { token, history: &rows, journal: &[] }).await.unwrap_err();
        assert!(matches!(error, Error::Fenced { .. }), "{error}");
        assert_eq!(database.value("SELECT count(*) FROM driftlock_history").await, "0");
    });
}

#[test]
fn a_fence_without_its_row_commits_nothing() {
    with_database(|database| async move {
        let (mut session, token) = holder(&database, &tables()).await;
        database.client().await.batch_execute("DELETE FROM driftlock_fence").await.unwrap();
        let rows = [history_row(1)];
        session.begin().await.unwrap();
        let error = session.commit(&tables(), &Records { token, history: &rows, journal: &[] }).await.unwrap_err();
        assert!(matches!(error, Error::OwnTables { .. }), "{error}");
        assert_eq!(database.value("SELECT count(*) FROM driftlock_history").await, "0");
        let error = session.take_fence(&tables(), None).await.unwrap_err();
        assert!(matches!(error, Error::OwnTables { .. }), "{error}");
        // Made again where it is missing.
        session.prepare_tables(&tables()).await.unwrap();
        assert_eq!(session.take_fence(&tables(), None).await.unwrap().0.token, 1);
    });
}

#[test]
fn what_a_script_did_to_the_session_does_not_reach_the_records() {
    with_database(|database| async move {
        let role = format!("{}_weak", database.name);
        let control = database.client().await;
        control.batch_execute(&format!("CREATE ROLE {role}; CREATE SCHEMA trap; CREATE TABLE trap.driftlock_history (x int); GRANT ALL ON SCHEMA trap TO {role}")).await.unwrap();
        let (mut session, token) = holder(&database, &tables()).await;
        session.begin().await.unwrap();
        let set_role = format!("SET ROLE {role}");
        run(
            &mut *session,
            &[
                "SET search_path = trap",
                "SET standard_conforming_strings = off",
                "SET TimeZone = 'Asia/Tokyo'",
                "SET DateStyle = 'German'",
                "CREATE TEMP TABLE driftlock_fence (token int)",
                "SET statement_timeout = '1h'",
                "SET lock_timeout = '1ms'",
                &set_role,
            ],
        )
        .await
        .unwrap();
        let rows = [history_row(1)];
        session.commit(&tables(), &Records { token, history: &rows, journal: &[] }).await.unwrap();
        assert_eq!(session.history(&tables()).await.unwrap(), rows);

        session.reset(&timeouts()).await.unwrap();
        session.begin().await.unwrap();
        let probe = "DO $$ BEGIN IF current_setting('search_path') <> '\"$user\", public' OR current_user <> session_user \
                     OR current_setting('lock_timeout') <> '3s' OR to_regclass('pg_temp.driftlock_fence') IS NOT NULL \
                     THEN RAISE 'leaked: % % %', current_setting('search_path'), current_user, current_setting('lock_timeout'); END IF; END $$";
        run(&mut *session, &[probe]).await.unwrap();
        session.rollback().await.unwrap();
        session.close().await;
        control.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await.unwrap();
    });
}

#[test]
fn a_deferred_constraint_that_fails_at_the_commit_commits_nothing() {
    with_database(|database| async move {
        let (mut session, token) = holder(&database, &tables()).await;
        session.begin().await.unwrap();
        run(
            &mut *session,
            &[
                "CREATE TABLE a (x int PRIMARY KEY)",
                "CREATE TABLE b (x int REFERENCES a DEFERRABLE INITIALLY DEFERRED)",
                "INSERT INTO b VALUES (1)",
            ],
        )
        .await
        .unwrap();
        let rows = [history_row(1)];
        let error = session.commit(&tables(), &Records { token, history: &rows, journal: &[] }).await.unwrap_err();
        assert_eq!(error.server().map(|server| server.code.as_str()), Some("23503"), "{error}");
        assert!(session.history(&tables()).await.unwrap().is_empty());
        assert_eq!(database.value("SELECT to_regclass('a') IS NULL").await, "t");
    });
}

#[test]
fn a_failed_transaction_is_never_taken_for_committed() {
    with_database(|database| async move {
        let (mut session, token) = holder(&database, &tables()).await;
        session.begin().await.unwrap();
        run(&mut *session, &["SELECT 1/0"]).await.unwrap_err();
        let rows = [history_row(1)];
        session.commit(&tables(), &Records { token, history: &rows, journal: &[] }).await.unwrap_err();
        assert!(session.history(&tables()).await.unwrap().is_empty());
    });
}

#[test]
fn the_tables_are_made_once_and_completed_where_some_are_missing() {
    with_database(|database| async move {
        let own = OwnTables { schema: Some("Ops Team".to_owned()), prefix: "dl\"_".to_owned() };
        let mut session = database.session().await;
        assert!(session.glance(&own).await.unwrap().is_none());
        session.prepare_tables(&own).await.unwrap();
        session.prepare_tables(&own).await.unwrap();
        let glance = session.glance(&own).await.unwrap().unwrap();
        assert_eq!((glance.fence.token, glance.fence.format, glance.entries.len()), (0, 1, 0));
        database.client().await.batch_execute("DROP TABLE \"Ops Team\".\"dl\"\"_journal\"").await.unwrap();
        session.prepare_tables(&own).await.unwrap();
        assert!(session.journal(&own, "x").await.unwrap().is_empty());
        assert!(session.journal(&tables(), "x").await.is_err());
        // A second row can't come in.
        let second = "INSERT INTO \"Ops Team\".\"dl\"\"_fence\" SELECT * FROM \"Ops Team\".\"dl\"\"_fence\"";
        assert!(database.client().await.batch_execute(second).await.is_err());
    });
}

#[test]
fn a_history_without_its_fence_is_seen() {
    with_database(|database| async move {
        let (mut session, token) = holder(&database, &tables()).await;
        let rows = [history_row(1)];
        session.commit(&tables(), &Records { token, history: &rows, journal: &[] }).await.unwrap();
        database.client().await.batch_execute("DROP TABLE driftlock_fence").await.unwrap();
        let glance = session.glance(&tables()).await.unwrap().unwrap();
        assert_eq!((glance.fence.head, glance.entries.len()), (0, 1));
    });
}

#[test]
fn a_newer_format_is_refused() {
    with_database(|database| async move {
        let (mut session, _) = holder(&database, &tables()).await;
        let control = database.client().await;
        control.batch_execute("UPDATE driftlock_fence SET format = 9").await.unwrap();
        let is_newer = |error: &Error| matches!(error, Error::Format { found: 9, known: 1, .. });
        assert!(is_newer(&session.glance(&tables()).await.unwrap_err()));
        assert!(is_newer(&session.prepare_tables(&tables()).await.unwrap_err()));
        control.batch_execute("ALTER TABLE driftlock_history RENAME crc32 TO crc").await.unwrap();
        assert!(is_newer(&session.glance(&tables()).await.unwrap_err()));
    });
}

#[test]
fn a_user_without_rights_is_told_the_setting() {
    with_database(|database| async move {
        let role = format!("{}_poor", database.name);
        let control = database.client().await;
        control.batch_execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'poor'")).await.unwrap();
        let url = database.url_as(Some((&role, "poor")), "");
        let named = |error: &Error| {
            let text = error.to_string();
            matches!(error, Error::OwnTables { .. })
                && text.contains("tables.schema")
                && text.contains("--tables-prefix")
        };
        let mut poor = Postgres.connect(&url, &ConnectOptions::default()).await.unwrap();
        assert!(poor.glance(&tables()).await.unwrap().is_none());
        let error = poor.prepare_tables(&tables()).await.unwrap_err();
        assert!(named(&error), "{error}");
        let error = poor
            .prepare_tables(&OwnTables { schema: Some("new".to_owned()), prefix: String::new() })
            .await
            .unwrap_err();
        assert!(named(&error), "{error}");
        let (rich, _) = holder(&database, &tables()).await;
        rich.close().await;
        let error = poor.glance(&tables()).await.unwrap_err();
        assert!(named(&error), "{error}");
        poor.close().await;
        control.batch_execute(&format!("DROP ROLE {role}")).await.unwrap();
    });
}

#[test]
fn taking_the_fence_raises_the_token_and_stamps_once() {
    with_database(|database| async move {
        let (mut session, token) = holder(&database, &tables()).await;
        assert_eq!(token, 1);
        let (fence, now) = session.take_fence(&tables(), Some("dev's")).await.unwrap();
        assert_eq!((fence.token, fence.environment.as_deref()), (2, Some("dev's")));
        let (fence, later) = session.take_fence(&tables(), Some("prod")).await.unwrap();
        assert_eq!((fence.token, fence.environment.as_deref()), (3, Some("dev's")));
        assert!(later > now);
        let micros: f64 =
            database.value("SELECT extract(epoch FROM clock_timestamp()) * 1000000").await.parse().unwrap();
        assert!((micros - later.as_micros() as f64).abs() < 10_000_000.0);
    });
}

#[test]
fn objects_belong_to_the_role_that_is_set() {
    with_database(|database| async move {
        let role = format!("{}_owner", database.name);
        let control = database.client().await;
        control.batch_execute(&format!("CREATE ROLE {role}; GRANT CREATE ON SCHEMA public TO {role}")).await.unwrap();
        let options = ConnectOptions { set_role: Some(role.clone()), ..ConnectOptions::default() };
        let mut session = database.session_with("", options.clone()).await;
        session.try_lock(&tables(), &Holder::default()).await.unwrap();
        session.prepare_tables(&tables()).await.unwrap();
        let token = session.take_fence(&tables(), None).await.unwrap().0.token;
        session.reset(&timeouts()).await.unwrap();
        session.begin().await.unwrap();
        run(&mut *session, &["CREATE TABLE mine (x int)", "RESET ROLE", "CREATE TABLE other (x int)"]).await.unwrap();
        let rows = [history_row(1)];
        session.commit(&tables(), &Records { token, history: &rows, journal: &[] }).await.unwrap();
        let owner = |table: &'static str| {
            let database = database.clone();
            async move { database.value(&format!("SELECT tableowner FROM pg_tables WHERE tablename = '{table}'")).await }
        };
        assert_eq!(owner("mine").await, role);
        assert_eq!(owner("driftlock_history").await, role);
        assert_ne!(owner("other").await, role);
        session.close().await;
        let wrong = ConnectOptions { set_role: Some("no such role".to_owned()), ..options };
        let error = database.session_with("", wrong).await.glance(&tables()).await.unwrap_err();
        assert!(matches!(&error, Error::Login { reason, .. } if reason.contains("no such role")), "{error}");
        control.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).await.unwrap();
    });
}
