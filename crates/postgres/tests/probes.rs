//! What a probe says of every kind of statement that stands alone: before it ran and after it ran. What an interrupted one leaves
//! is in `server.rs`.

#![allow(clippy::unwrap_used)]

#[allow(unreachable_pub)]
#[path = "support/kinds.rs"]
mod kinds;
mod support;

use driftlock_database::Probe;
use kinds::After::{Again, Done, Unknown};
use kinds::KINDS;
use support::{run, timeouts, with_database};

#[test]
fn every_kind_is_told_before_it_ran_and_after() {
    for kind in KINDS {
        with_database(move |database| async move {
            let user = format!("u_{}", database.name);
            let fill = |sql: &str| sql.replace("{u}", &user).replace("{d}", &database.name);
            let client = database.client().await;
            for sql in kind.needs {
                client.batch_execute(&fill(sql)).await.unwrap();
            }
            let mut session = database.session().await;
            session.reset(&timeouts()).await.unwrap();
            let sql = fill(kind.sql);
            let before = session.object_digest(&sql).await.unwrap();
            let never_run = session.probe(&sql, before.as_deref()).await.unwrap();
            match kind.after {
                Unknown(words) => {
                    assert!(matches!(&never_run, Probe::Unknown(why) if why.contains(words)), "before {sql}");
                }
                _ => assert_eq!(never_run, Probe::NotRun, "before {sql}"),
            }
            run(&mut *session, &[&sql]).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
            let ran = session.probe(&sql, before.as_deref()).await.unwrap();
            match kind.after {
                Done => assert_eq!(ran, Probe::Done, "after {sql}"),
                Again => {
                    assert_eq!(ran, Probe::NotRun, "after {sql}");
                    run(&mut *session, &[&sql]).await.unwrap_or_else(|error| panic!("again {sql}: {error}"));
                }
                Unknown(words) => {
                    assert!(matches!(&ran, Probe::Unknown(why) if why.contains(words)), "after {sql}: {ran:?}");
                }
            }
            for sql in [format!("DROP SUBSCRIPTION IF EXISTS {user}_s"), format!("DROP TABLESPACE IF EXISTS {user}_t")]
            {
                client.batch_execute(&sql).await.unwrap();
            }
        });
    }
}

#[test]
fn what_others_made_since_is_not_dropped() {
    with_database(|database| async move {
        let mut session = database.session().await;
        run(&mut *session, &["CREATE TABLE t (a int, b int)", "CREATE INDEX i ON t (a)"]).await.unwrap();
        for drop in ["DROP INDEX CONCURRENTLY i", "DROP INDEX CONCURRENTLY IF EXISTS i"] {
            let before = session.object_digest(drop).await.unwrap();
            run(&mut *session, &[drop, "CREATE INDEX i ON t (b)"]).await.unwrap();
            let probe = session.probe(drop, before.as_deref()).await.unwrap();
            assert!(matches!(&probe, Probe::Unknown(why) if why.contains("not as it was before")), "{drop}: {probe:?}");
            run(&mut *session, &["DROP INDEX i", "CREATE INDEX i ON t (a)"]).await.unwrap();
        }
        // One that was marked for the drop and no more is dropped.
        let drop = "DROP INDEX CONCURRENTLY i";
        let before = session.object_digest(drop).await.unwrap();
        run(&mut *session, &["UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass"]).await.unwrap();
        assert_eq!(session.probe(drop, before.as_deref()).await.unwrap(), Probe::NotRun);
    });
}
