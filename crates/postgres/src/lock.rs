//! The lock: an advisory lock of the session, asked for and never waited for.

use std::time::Duration;

use driftlock_database::{Error, Holder, LockAttempt, OwnTables, shown};
use driftlock_script::{Dialect, Token, TokenKind, significant};
use sha2::{Digest, Sha256};

use crate::connect::holder_of;
use crate::session::{PostgresSession, only_row};
use crate::sql::{Names, Values, identifier, literal};

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
    if session.loan.is_some() && session.lock == Some(key) {
        // Asked for again it would be held twice, and it is given back once. That it is still held is looked at behind each file.
        return Ok(LockAttempt::Held);
    }
    let results = session.ask(&format!("SELECT pg_catalog.pg_try_advisory_lock({key})")).await?;
    if only_row(&results).map(|row| row.yes(0)).transpose()?.unwrap_or(false) {
        session.lock = Some(key);
        return Ok(LockAttempt::Held);
    }
    holder(session, key).await.map(LockAttempt::Busy)
}

/// The moment of a process's start, in microseconds since 1970: process ids come again.
const START: &str = "((pg_catalog.date_part('epoch', a.backend_start) * 1000000)::pg_catalog.int8)::pg_catalog.text";

/// What is asked of another session, of `pg_stat_activity a`.
fn columns() -> String {
    format!(
        "a.pid, a.application_name, pg_catalog.host(a.client_addr), a.usename, \
         pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS \"UTC\"'), {START}, \
         CASE WHEN a.state <> 'idle' THEN pg_catalog.left(a.query, 1000) END, \
         CASE WHEN a.state <> 'idle' THEN pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.state_change)::pg_catalog.int8 END, \
         a.state LIKE 'idle in transaction%'"
    )
}

/// Reads [`columns`].
fn session_of(row: &Values<'_>) -> Result<Holder, Error> {
    let name = row.maybe(1)?.filter(|name| !name.is_empty());
    let mut holder = name.as_deref().and_then(holder_of).unwrap_or_default();
    holder.application = name.filter(|name| holder_of(name).is_none());
    holder.connection = match (row.maybe(0)?, row.maybe(5)?) {
        (Some(pid), Some(start)) => Some(format!("{pid}@{start}")),
        (pid, _) => pid,
    };
    holder.host = holder.host.or(row.maybe(2)?);
    holder.user = holder.user.or(row.maybe(3)?);
    holder.since = row.maybe(4)?;
    holder.running = row.maybe(6)?.filter(|sql| !sql.is_empty()).map(|sql| shown(&sql, Dialect::Postgres));
    holder.running_for = row.maybe_number(7)?.and_then(|time| u64::try_from(time).ok()).map(Duration::from_secs);
    holder.idle_in_transaction = row.yes(8)?;
    Ok(holder)
}

/// Who has the lock. Nobody is named when they let go of it in between.
async fn holder(session: &mut PostgresSession, key: i64) -> Result<Holder, Error> {
    let results = session.ask(&who_holds(key)).await?;
    only_row(&results).map_or_else(|| Ok(Holder::default()), |row| session_of(&row))
}

/// Asks who has the lock of this key.
fn who_holds(key: i64) -> String {
    let bits = key.to_be_bytes();
    let half = |at: usize| u32::from_be_bytes([bits[at], bits[at + 1], bits[at + 2], bits[at + 3]]);
    format!(
        "SELECT {} FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid \
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
         AND l.classid::pg_catalog.int8 = {} AND l.objid::pg_catalog.int8 = {} \
         AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())",
        columns(),
        half(0),
        half(4)
    )
}

/// Who holds the lock of these tables now, without asking for it, and whose transactions have been open for so long.
/// Where these rights don't show another's transaction, it isn't named.
pub(crate) async fn look(
    session: &mut PostgresSession,
    names: &Names,
    milliseconds: i64,
) -> Result<(Option<Holder>, Vec<Holder>), Error> {
    let database = session.database.clone().unwrap_or_default();
    let open = format!(
        "SELECT {} FROM pg_catalog.pg_stat_activity a WHERE a.datname = pg_catalog.current_database() \
         AND a.pid <> pg_catalog.pg_backend_pid() AND a.backend_type = 'client backend' \
         AND a.xact_start < pg_catalog.clock_timestamp() - interval '{milliseconds} milliseconds' ORDER BY a.xact_start LIMIT 3",
        columns()
    );
    let results = session.ask(&format!("{}; {open}", who_holds(key(&database, names)))).await?;
    let sessions = |at: usize| {
        let rows = results.get(at).map(|result| result.rows.as_slice()).unwrap_or_default();
        rows.iter().map(|row| session_of(&Values(row))).collect::<Result<Vec<_>, _>>()
    };
    Ok((sessions(0)?.into_iter().next(), sessions(1)?))
}

/// The session with this id, as a condition on `pg_stat_activity a`. Who may not see the moment of its start can't tell, and takes
/// a driftlock of the same number for it.
fn is_session(connection: &str) -> Option<String> {
    let (pid, start) = connection.split_once('@').map_or((connection, None), |(pid, start)| (pid, Some(start)));
    let pid: i32 = pid.parse().ok()?;
    let ours = "a.application_name LIKE 'driftlock %'";
    let same = match start {
        Some(start) => format!("({START} = {} OR (a.backend_start IS NULL AND {ours}))", literal(start)),
        None => ours.to_owned(),
    };
    Some(format!("a.pid = {pid} AND a.pid <> pg_catalog.pg_backend_pid() AND {same}"))
}

/// See [`Session::busy`](driftlock_database::Session::busy).
pub(crate) async fn busy(session: &mut PostgresSession, connection: &str) -> Result<Option<Holder>, Error> {
    let Some(same) = is_session(connection) else { return Ok(None) };
    let sql = format!(
        "SELECT {} FROM pg_catalog.pg_stat_activity a WHERE {same} AND a.state IS DISTINCT FROM 'idle'",
        columns()
    );
    only_row(&session.ask(&sql).await?).map(|row| session_of(&row)).transpose()
}

/// See [`Session::end`](driftlock_database::Session::end).
pub(crate) async fn end(session: &mut PostgresSession, connection: &str) -> Result<(), Error> {
    let Some(same) = is_session(connection).filter(|_| connection.contains('@')) else {
        return Err(Error::Unfit(format!(
            "process {connection} isn't ended: the server doesn't tell when it was started, so its number may be somebody else's by now"
        )));
    };
    let sql = format!(
        "SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_stat_activity a WHERE {same} AND a.backend_start IS NOT NULL"
    );
    match session.ask(&sql).await {
        Ok(_) => Ok(()),
        Err(Error::Server(error)) if error.code == "42501" => Err(Error::Unfit(format!(
            "process {} is another role's and can't be ended by this one ({error}): grant it that role or `pg_signal_backend`, or log \
             in as that role",
            connection.split('@').next().unwrap_or(connection)
        ))),
        Err(error) => Err(error),
    }
}

/// See [`Session::blockers`](driftlock_database::Session::blockers): who has a lock on a relation that the statement names.
pub(crate) async fn blockers(session: &mut PostgresSession, sql: &str) -> Result<Vec<Holder>, Error> {
    let names: Vec<String> = names_in(sql).iter().map(|name| literal(name)).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT {} FROM pg_catalog.pg_stat_activity a WHERE a.pid <> pg_catalog.pg_backend_pid() AND a.pid IN (SELECT l.pid \
         FROM pg_catalog.pg_locks l WHERE l.granted AND l.locktype = 'relation' AND l.relation IN \
         (SELECT pg_catalog.to_regclass(n) FROM pg_catalog.unnest(ARRAY[{}]) n) AND l.database = (SELECT d.oid FROM \
         pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())) ORDER BY a.xact_start NULLS LAST LIMIT 3",
        columns(),
        names.join(", ")
    );
    session.ask(&sql).await?.iter().flat_map(|result| &result.rows).map(|row| session_of(&Values(row))).collect()
}

/// Who keeps everybody else from a relation of this database, be it only from reading what it is.
pub(crate) async fn exclusive(session: &mut PostgresSession) -> Result<Vec<Holder>, Error> {
    let sql = format!(
        "SELECT {} FROM pg_catalog.pg_stat_activity a WHERE a.pid <> pg_catalog.pg_backend_pid() AND a.pid IN (SELECT l.pid \
         FROM pg_catalog.pg_locks l WHERE l.granted AND l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.database = \
         (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())) \
         ORDER BY a.xact_start NULLS LAST LIMIT 3",
        columns()
    );
    session.ask(&sql).await?.iter().flat_map(|result| &result.rows).map(|row| session_of(&Values(row))).collect()
}

/// Everything in a statement that may name a relation: names, and pairs of them with a dot between.
fn names_in(sql: &str) -> Vec<String> {
    /// A statement of thousands of values doesn't name thousands of tables.
    const MOST: usize = 200;
    let name = |token: &Token<'_>| match token.kind {
        TokenKind::Word => Some(identifier(&token.text.to_lowercase())),
        TokenKind::QuotedIdentifier => Some(token.text.to_owned()),
        _ => None,
    };
    let tokens: Vec<Token<'_>> = significant(sql, Dialect::Postgres).take(MOST).collect();
    let single = tokens.iter().filter_map(name);
    let pairs = tokens.windows(3).filter(|three| three[1].text == ".");
    let pairs = pairs.filter_map(|three| Some(format!("{}.{}", name(&three[0])?, name(&three[2])?)));
    let mut names: Vec<String> = single.chain(pairs).collect();
    names.sort_unstable();
    names.dedup();
    names
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

    #[test]
    fn whatever_may_be_a_relation_is_looked_at() {
        let names = names_in("ALTER TABLE Shop.\"Or Ders\" ADD b integer DEFAULT 'x'");
        assert!(names.contains(&"\"shop\".\"Or Ders\"".to_owned()) && names.contains(&"\"b\"".to_owned()), "{names:?}");
        assert!(!names.iter().any(|name| name.contains('x')), "{names:?}");
    }
}
