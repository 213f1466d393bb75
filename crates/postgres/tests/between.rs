//! What stands between us and the server: poolers, and networks that break.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use driftlock_database::{
    ConnectOptions, DatabaseUrl, Engine, Error, LockAttempt, OwnTables, Pooler, Records, Session,
};
use driftlock_postgres::Postgres;
use support::{Database, history_row, holder, run, timeouts, with_database};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the man in the middle does.
#[derive(Clone, Copy, PartialEq)]
enum Trick {
    /// Names another process at login, as PgBouncer does.
    OtherPid,
    /// Hands a COMMIT on and then breaks both connections, before the answer.
    CutAtCommit,
}

/// Listens before the server. The URL leads through it.
async fn proxy(database: &Database, trick: Trick, armed: Arc<AtomicBool>) -> DatabaseUrl {
    // It reads along.
    let mut url = database.url_as(None, "sslmode=disable");
    let server = url.authority.clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    url.authority = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(between(client, server.clone(), trick, Arc::clone(&armed)));
        }
    });
    url
}

async fn between(client: TcpStream, server: String, trick: Trick, armed: Arc<AtomicBool>) {
    let server = TcpStream::connect(server).await.expect("the test server answers");
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let up = async {
        let mut buffer = vec![0; 65536];
        while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
            let bytes = &buffer[..length];
            if to_server.write_all(bytes).await.is_err() {
                return;
            }
            let commits = bytes.windows(6).any(|window| window == b"COMMIT");
            if trick == Trick::CutAtCommit && commits && armed.load(Ordering::Relaxed) {
                // The server has it and answers nobody.
                tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                return;
            }
        }
    };
    let down = async {
        let mut buffer = vec![0; 65536];
        let mut seen = Vec::new();
        let mut logged_in = false;
        while let Ok(length @ 1..) = from_server.read(&mut buffer).await {
            if armed.load(Ordering::Relaxed) && trick == Trick::CutAtCommit {
                continue;
            }
            if trick == Trick::CutAtCommit || logged_in {
                if to_client.write_all(&buffer[..length]).await.is_err() {
                    return;
                }
                continue;
            }
            seen.extend_from_slice(&buffer[..length]);
            // Whole messages only; BackendKeyData is `K`, its length, process id, secret.
            let mut at = 0;
            while let Some(header) = seen.get(at..at + 5) {
                let end = at + 1 + u32::from_be_bytes([header[1], header[2], header[3], header[4]]) as usize;
                if seen.len() < end {
                    break;
                }
                if seen[at] == b'K' {
                    seen[at + 5..at + 9].copy_from_slice(&0x0102_0304_i32.to_be_bytes());
                }
                logged_in |= seen[at] == b'Z';
                at = end;
            }
            let whole: Vec<u8> = seen.drain(..at).collect();
            if to_client.write_all(&whole).await.is_err() {
                return;
            }
        }
    };
    tokio::select! { () = up => {} () = down => {} }
}

#[test]
fn a_pooler_is_refused_unless_it_pools_sessions() {
    with_database(|database| async move {
        let url = proxy(&database, Trick::OtherPid, Arc::default()).await;
        let mut session = Postgres.connect(&url, &ConnectOptions::default()).await.expect("a session");
        assert_eq!(session.server().connection, 0x0102_0304.to_string());
        let error = session.ensure_fit().await.expect_err("a pooler");
        assert!(matches!(&error, Error::Unfit(why) if why.contains("pooler = \"session\"")), "{error}");
        let options = ConnectOptions { pooler: Pooler::Session, ..ConnectOptions::default() };
        let mut session = Postgres.connect(&url, &options).await.expect("a session");
        session.ensure_fit().await.expect("each session has a process of its own");
        // From here on the server's own account counts.
        assert_ne!(session.server().connection, 0x0102_0304.to_string());
        let tables = OwnTables::default();
        assert_eq!(session.try_lock(&tables, &options.holder).await.expect("an answer"), LockAttempt::Held);
    });
}

#[test]
fn a_connection_that_breaks_at_the_commit_is_lost_and_not_failed() {
    with_database(|database| async move {
        let tables = OwnTables::default();
        let (first, _) = holder(&database, &tables).await;
        first.close().await;
        let armed = Arc::new(AtomicBool::new(false));
        let url = proxy(&database, Trick::CutAtCommit, Arc::clone(&armed)).await;
        let mut session = Postgres.connect(&url, &ConnectOptions::default()).await.expect("a session");
        let (fence, _) = session.take_fence(&tables, None).await.expect("a fence");
        session.reset(&timeouts()).await.expect("put off");
        session.begin().await.expect("a transaction");
        run(&mut *session, &["CREATE TABLE t (x int)"]).await.expect("a table");
        armed.store(true, Ordering::Relaxed);
        let rows = [history_row(1)];
        let records = Records { token: fence.token, history: &rows, journal: &[] };
        let error = session.commit(&tables, &records).await.expect_err("a broken connection");
        assert!(matches!(error, Error::ConnectionLost(_)), "{error}");
        assert!(matches!(session.rollback().await, Err(Error::ConnectionLost(_))));
        // It was committed all the same, which only a new session can tell.
        let mut again: Box<dyn Session> = database.session().await;
        assert_eq!(again.history(&tables).await.expect("a history"), rows);
    });
}
