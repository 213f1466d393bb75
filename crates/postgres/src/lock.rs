//! The lock: an advisory lock of the session, asked for and never waited for.

use driftlock_database::{Error, Holder, LockAttempt, OwnTables};
use sha2::{Digest, Sha256};

use crate::connect::holder_of;
use crate::session::{PostgresSession, only_row};
use crate::sql::{Names, literal};

/// Advisory locks are numbers in one space for all of a database's users, so the key is a digest.
fn key(database: &str, names: &Names) -> i64 {
    let digest = Sha256::new()
        .chain_update("driftlock\0")
        .chain_update(database)
        .chain_update("\0")
        .chain_update(&names.history)
        .finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first)
}

pub(crate) async fn attempt(session: &mut PostgresSession, tables: &OwnTables) -> Result<LockAttempt, Error> {
    let database = match &session.database {
        Some(database) => database.clone(),
        None => {
            // A pooler may know the database by another name; the server's counts.
            let results = session.ask("SELECT pg_catalog.current_database()").await?;
            let Some(row) = only_row(&results) else {
                return Err(Error::Protocol("the server doesn't say which database this is".to_owned()));
            };
            session.database.insert(row.text(0)?).clone()
        }
    };
    let key = key(&database, &Names::of(tables));
    let results = session.ask(&format!("SELECT pg_catalog.pg_try_advisory_lock({key})")).await?;
    if only_row(&results).map(|row| row.yes(0)).transpose()?.unwrap_or(false) {
        session.lock = Some(key);
        return Ok(LockAttempt::Held);
    }
    holder(session, key).await.map(LockAttempt::Busy)
}

/// Who has the lock. Nobody is named when they let go of it in between.
async fn holder(session: &mut PostgresSession, key: i64) -> Result<Holder, Error> {
    let bits = key.to_be_bytes();
    let half = |at: usize| u32::from_be_bytes([bits[at], bits[at + 1], bits[at + 2], bits[at + 3]]);
    let results = session
        .ask(&format!(
            "SELECT a.pid, a.application_name, pg_catalog.host(a.client_addr), a.usename, \
             pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS \"UTC\"') \
             FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
             WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
             AND l.classid::pg_catalog.int8 = {} AND l.objid::pg_catalog.int8 = {} \
             AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())",
            half(0),
            half(4)
        ))
        .await?;
    let Some(row) = only_row(&results) else {
        return Ok(Holder::default());
    };
    let mut holder = row.maybe(1)?.and_then(|name| holder_of(&name)).unwrap_or_default();
    holder.connection = row.maybe(0)?;
    holder.host = holder.host.or(row.maybe(2)?);
    holder.user = holder.user.or(row.maybe(3)?);
    holder.since = row.maybe(4)?;
    Ok(holder)
}

/// Whether a connection is there and busy. Its id is the process's, with the moment of its start where that is known:
/// process ids come again.
pub(crate) async fn is_alive(session: &mut PostgresSession, connection: &str) -> Result<bool, Error> {
    let (pid, start) = connection.split_once('@').map_or((connection, None), |(pid, start)| (pid, Some(start)));
    let Ok(pid) = pid.parse::<i32>() else { return Ok(false) };
    let same_start = start.map_or_else(String::new, |start| {
        // Who may not see the moment can't tell, and takes it for the same.
        format!(
            "AND (a.backend_start IS NULL OR ((pg_catalog.date_part('epoch', a.backend_start) * 1000000)::pg_catalog.int8)::pg_catalog.text = {})",
            literal(start)
        )
    });
    let results = session
        .ask(&format!(
            "SELECT 1 FROM pg_catalog.pg_stat_activity a WHERE a.pid = {pid} AND a.pid <> pg_catalog.pg_backend_pid() \
             AND a.application_name LIKE 'driftlock %' AND a.state IS DISTINCT FROM 'idle' {same_start}"
        ))
        .await?;
    Ok(only_row(&results).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_by_database_and_table() {
        let names = Names::of(&OwnTables::default());
        let other = Names::of(&OwnTables { schema: Some("ops".to_owned()), ..OwnTables::default() });
        assert_eq!(key("a", &names), key("a", &names));
        assert_ne!(key("a", &names), key("b", &names));
        assert_ne!(key("a", &names), key("a", &other));
    }
}
