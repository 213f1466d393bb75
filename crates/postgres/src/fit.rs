//! Whether this server may be migrated through this connection.

use driftlock_database::{Error, Pooler};
use tokio::time::timeout;

use crate::connect::backend_pid;
use crate::session::{PostgresSession, only_row};

/// In which order two sessions are asked for their process: a pooler that hands servers out in turn can't get by.
const PATTERN: &str = "ABAABBABBAAB";

pub(crate) async fn ensure(session: &mut PostgresSession) -> Result<(), Error> {
    let results = session
        .ask(
            "SELECT pg_catalog.pg_backend_pid(), pg_catalog.pg_is_in_recovery(), \
             pg_catalog.current_setting('transaction_read_only') = 'on', pg_catalog.current_database(), \
             (pg_catalog.date_part('epoch', a.backend_start) * 1000000)::pg_catalog.int8 \
             FROM (SELECT) one LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = pg_catalog.pg_backend_pid()",
        )
        .await?;
    let Some(row) = only_row(&results) else {
        return Err(Error::Protocol("the server doesn't say which process serves this session".to_owned()));
    };
    if row.yes(1)? {
        return Err(Error::Unfit(
            "this server is a standby, which can't be written to: connect to the primary, or name several hosts with \
             `target_session_attrs=primary`"
                .to_owned(),
        ));
    }
    if row.yes(2)? {
        return Err(Error::Unfit(
            "sessions on this server are read-only (`default_transaction_read_only` of the server, the database or the role): \
             connect to a server, or as a user, that may write"
                .to_owned(),
        ));
    }
    let pid = row.text(0)?;
    let process = pid.parse().unwrap_or(0);
    session.database = Some(row.text(3)?);
    session.server.connection = match row.maybe(4)? {
        Some(start) => format!("{pid}@{start}"),
        None => pid.clone(),
    };
    let at_login = backend_pid(session.wire.token()).await.map(|pid| pid.to_string());
    if at_login.as_deref() == Some(pid.as_str()) {
        return Ok(());
    }
    if session.options.pooler == Pooler::Session {
        two_at_once(session).await?;
        session.settle_on(process);
        return Ok(());
    }
    Err(Error::Unfit(format!(
        "the server process that answers ({pid}) is not the one that the login named ({}): a pooler such as PgBouncer is in the \
         way, and under one that pools transactions neither the lock nor the session's settings stay with this session; \
         connect to the server itself, or, if the pooler keeps a server process for each session, say `pooler = \"session\"` in \
         the environment's configuration or `--pooler session`",
        at_login.as_deref().unwrap_or("none")
    )))
}

/// Holds a second session beside this one: each must keep a server process of its own.
async fn two_at_once(session: &mut PostgresSession) -> Result<(), Error> {
    let limit = session.options.connect_timeout;
    let Some(target) = session.target.clone() else {
        return Err(Error::Unfit(
            "a pooler is in the way of the lent connection, and whether it keeps a server process for each session can't be tried without \
             a second session: give the URL instead, or lend a connection to the server itself"
                .to_owned(),
        ));
    };
    let look = async {
        let mut second = PostgresSession::open(target, session.options.clone()).await?;
        let outcome = compare(session, &mut second).await;
        second.wire.close().await;
        outcome
    };
    timeout(limit, look).await.unwrap_or_else(|_| {
        Err(Error::Unfit(format!(
            "a second session beside this one got no answer from the pooler within {} s, so whether it keeps a server process for \
             each session can't be told: its pool must hold two for this user and database (PgBouncer's `default_pool_size`), or \
             connect to the server itself",
            limit.as_secs()
        )))
    })
}

async fn compare(first: &mut PostgresSession, second: &mut PostgresSession) -> Result<(), Error> {
    let mut known: [Option<String>; 2] = [None, None];
    for turn in PATTERN.chars() {
        let (asked, at) = if turn == 'A' { (&mut *first, 0) } else { (&mut *second, 1) };
        let results = asked.ask("SELECT pg_catalog.pg_backend_pid()").await?;
        let pid = only_row(&results).map(|row| row.text(0)).transpose()?;
        let changed = known[at].is_some() && known[at] != pid;
        known[at] = pid;
        if changed || known[0] == known[1] {
            return Err(Error::Unfit(
                "`pooler = \"session\"` is configured, but the pooler gives a session's statements to different server \
                 processes: it pools transactions or statements; connect to the server itself or to a session pool"
                    .to_owned(),
            ));
        }
    }
    Ok(())
}
