//! The lock: `GET_LOCK` without waiting, on the session that runs everything. It ends with the session, however that ends.

use std::time::Duration;

use driftlock_database::{Error, Holder, LockAttempt, OwnTables, shown};
use driftlock_script::Dialect;
use sha2::{Digest, Sha256};

use crate::error::{code, number};
use crate::parse::{identifier, words};
use crate::pulse;
use crate::wire::{Wire, text};

/// The lock's name: one for a database and its history table, and short enough for every server (64 characters).
pub(crate) fn name(database: &str, tables: &OwnTables) -> String {
    let mut hash = Sha256::new();
    // Where the server folds names, `Shop` and `shop` are one database; elsewhere sharing a lock does no harm.
    hash.update(database.to_lowercase());
    hash.update(b"\0");
    hash.update(tables.schema.as_deref().unwrap_or(database).to_lowercase());
    hash.update(b"\0");
    hash.update(tables.history().to_lowercase());
    let digest: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("driftlock:{digest}")
}

/// Asks once. Asking while holding it would count: whoever holds it is looked at first. `run` is which start of the server this is.
pub(crate) async fn attempt(wire: &mut Wire, name: &str, run: Option<&str>) -> Result<LockAttempt, Error> {
    let sql = format!(
        "SELECT IF(IS_USED_LOCK('{name}') = CONNECTION_ID(), 1, GET_LOCK('{name}', 0)), IS_USED_LOCK('{name}') LIMIT 1"
    );
    let row = wire.row(&sql).await?.unwrap_or_default();
    match text(&row, 0) {
        "1" => Ok(LockAttempt::Held),
        "0" => {
            // Gone between the question and the answer.
            let Ok(id) = text(&row, 1).parse::<u64>() else { return Ok(LockAttempt::Busy(Holder::default())) };
            let gone = wire.row(&format!("SELECT {} LIMIT 1", pulse::is_gone(name, id))).await?.unwrap_or_default();
            let gone = text(&gone, 0) == "1";
            Ok(LockAttempt::Busy(Holder { gone, ..connection(wire, id, run).await?.0 }))
        }
        _ => {
            Err(Error::Protocol(format!("GET_LOCK('{name}', 0) answered neither yes nor no: the server couldn't try")))
        }
    }
}

/// Gives it back, however often it was taken; gives back no lock of a script's.
pub(crate) async fn release(wire: &mut Wire, name: &str) -> Result<(), Error> {
    let sql = format!("SELECT RELEASE_LOCK('{name}') LIMIT 1");
    // GET_LOCK counts. 0 is somebody else's, NULL is nobody's.
    while wire.row(&sql).await?.is_some_and(|row| text(&row, 0) == "1") {}
    Ok(())
}

/// The id of a connection that is of no other one: its number, when the server was started, and a digest of where its client is
/// (`12@1795329604-5feceb66`), as far as they are known. The number alone comes again after a restart, which may take less than
/// the second that the start is told in.
pub(crate) fn unique(id: u64, run: Option<&str>, client: &str) -> String {
    match run {
        Some(run) if !client.is_empty() => format!("{id}@{run}-{client}"),
        _ => id.to_string(),
    }
}

/// The digest of a client's address and port, as a part of a query on the list of connections.
pub(crate) const CLIENT: &str = "LEFT(SHA2(HOST, 256), 8)";

/// What the server shows of a connection, and whether it runs something.
pub(crate) async fn connection(wire: &mut Wire, id: u64, run: Option<&str>) -> Result<(Holder, bool), Error> {
    let mut holder = Holder { connection: Some(id.to_string()), ..Holder::default() };
    // TIME is how long the connection has been at what it does now.
    let sql = format!(
        "SELECT USER, HOST, DATE_FORMAT(UTC_TIMESTAMP() - INTERVAL TIME SECOND, '%Y-%m-%d %H:%i:%s'), COMMAND, TIME, LEFT(INFO, 1000), {CLIENT} \
         FROM {} WHERE ID = {id} LIMIT 1",
        wire.processes
    );
    let mut busy = false;
    if let Some(row) = optional(wire, &sql).await?.into_iter().next() {
        holder.connection = Some(unique(id, run, text(&row, 6)));
        holder.user = some(text(&row, 0));
        let host = text(&row, 1);
        holder.host = some(host.rsplit_once(':').map_or(host, |(host, _)| host));
        busy = text(&row, 3) != "Sleep";
        holder.since = some(text(&row, 2)).filter(|_| !busy);
        holder.running = some(text(&row, 5)).filter(|_| busy).map(|sql| shown(&sql, Dialect::MySql));
        holder.running_for = text(&row, 4).parse().ok().map(Duration::from_secs);
    }
    let sql = format!(
        "SELECT ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs WHERE PROCESSLIST_ID = {id} LIMIT 64"
    );
    for row in optional(wire, &sql).await? {
        match text(&row, 0) {
            "_pid" => holder.pid = text(&row, 1).parse().ok(),
            "program_name" => holder.application = some(text(&row, 1)).filter(|name| name != "driftlock"),
            "driftlock_host" => holder.host = some(text(&row, 1)).or(holder.host),
            "driftlock_user" => holder.user = some(text(&row, 1)).or(holder.user),
            _ => {}
        }
    }
    Ok((holder, busy))
}

/// See [`Session::blockers`](driftlock_database::Session::blockers): who holds a lock on a table that the statement names, where the
/// server keeps that list (MySQL's performance schema, MariaDB's plugin `metadata_lock_info`); else whose transactions are open.
pub(crate) async fn blockers(
    wire: &mut Wire,
    sql: &str,
    is_mariadb: bool,
    run: Option<&str>,
) -> Result<Vec<Holder>, Error> {
    /// A statement of thousands of values doesn't name thousands of tables.
    const MOST: usize = 200;
    let names: Vec<String> =
        words(sql).iter().take(MOST).filter_map(identifier).map(|name| crate::tables::literal(&name)).collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let names = names.join(", ");
    let by_table = if is_mariadb {
        format!(
            "SELECT DISTINCT THREAD_ID FROM information_schema.METADATA_LOCK_INFO WHERE TABLE_NAME IN ({names}) \
             AND TABLE_SCHEMA <> '' AND THREAD_ID <> CONNECTION_ID() LIMIT 3"
        )
    } else {
        format!(
            "SELECT DISTINCT t.PROCESSLIST_ID FROM performance_schema.metadata_locks m JOIN performance_schema.threads t \
             ON t.THREAD_ID = m.OWNER_THREAD_ID WHERE m.OBJECT_TYPE = 'TABLE' AND m.LOCK_STATUS = 'GRANTED' \
             AND m.OBJECT_NAME IN ({names}) AND t.PROCESSLIST_ID <> CONNECTION_ID() LIMIT 3"
        )
    };
    let open = format!(
        "SELECT t.trx_mysql_thread_id FROM information_schema.INNODB_TRX t JOIN {} p ON p.ID = t.trx_mysql_thread_id \
         WHERE p.ID <> CONNECTION_ID() ORDER BY p.DB <=> DATABASE() DESC, t.trx_started LIMIT 3",
        wire.processes
    );
    let mut ids = optional(wire, &by_table).await?;
    if ids.is_empty() {
        ids = optional(wire, &open).await?;
    }
    let mut holders = Vec::new();
    for id in ids.iter().filter_map(|row| text(row, 0).parse().ok()) {
        let (holder, busy) = connection(wire, id, run).await?;
        holders.push(Holder { idle_in_transaction: !busy, ..holder });
    }
    Ok(holders)
}

/// Who holds the lock of this name now, without asking for it.
pub(crate) async fn holder(wire: &mut Wire, name: &str, run: Option<&str>) -> Result<Option<Holder>, Error> {
    let row = wire.row(&format!("SELECT IS_USED_LOCK('{name}') LIMIT 1")).await?.unwrap_or_default();
    match text(&row, 0).parse::<u64>() {
        Ok(id) => Ok(Some(connection(wire, id, run).await?.0)),
        Err(_) => Ok(None),
    }
}

/// Whose transactions have been open for so long, as far as these rights show them.
pub(crate) async fn open_for(wire: &mut Wire, long: Duration, run: Option<&str>) -> Result<Vec<Holder>, Error> {
    let sql = format!(
        "SELECT t.trx_mysql_thread_id FROM information_schema.INNODB_TRX t JOIN {} p ON p.ID = t.trx_mysql_thread_id \
         WHERE p.ID <> CONNECTION_ID() AND p.DB <=> DATABASE() \
         AND t.trx_started <= NOW() - INTERVAL {} SECOND ORDER BY t.trx_started LIMIT 3",
        wire.processes,
        long.as_secs()
    );
    let mut holders = Vec::new();
    for id in optional(wire, &sql).await?.iter().filter_map(|row| text(row, 0).parse().ok()) {
        let (holder, busy) = connection(wire, id, run).await?;
        holders.push(Holder { idle_in_transaction: !busy, ..holder });
    }
    Ok(holders)
}

/// Ends a connection. What it does that must not be left half done, such as the repair of a table without transactions, it
/// is let finish where the server can (MariaDB).
pub(crate) async fn end(wire: &mut Wire, id: u64, is_mariadb: bool) -> Result<(), Error> {
    let soft = if is_mariadb { " SOFT" } else { "" };
    match wire.run(&format!("KILL{soft} CONNECTION {id}")).await {
        Ok(_) => Ok(()),
        Err(error) => match number(&error) {
            Some(code::NO_SUCH_THREAD) => Ok(()),
            Some(code::NOT_OWNER | code::PRIVILEGE) => Err(Error::Unfit(format!(
                "connection {id} is another user's and can't be ended by this login ({error}): grant it {}, or log in as that user",
                if is_mariadb { "CONNECTION ADMIN" } else { "CONNECTION_ADMIN" }
            ))),
            _ => Err(error),
        },
    }
}

/// Rows of what these rights may not show; then there are none. A list that the server fails to make (3854) is not an empty one: whoever is on it
/// would be taken for gone.
async fn optional(wire: &mut Wire, sql: &str) -> Result<Vec<crate::wire::TextRow>, Error> {
    match wire.rows(sql).await {
        Err(Error::Server(error)) if !error.code.starts_with("3854 ") => Ok(Vec::new()),
        other => other,
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_short_and_its_own() {
        let tables = OwnTables::default();
        let shop = name("shop", &tables);
        assert_eq!(shop.len(), 42);
        assert_eq!(shop, name("Shop", &tables));
        assert_ne!(shop, name("shop2", &tables));
        assert_ne!(shop, name("shop", &OwnTables { prefix: "other_".to_owned(), ..tables.clone() }));
        assert_ne!(shop, name("shop", &OwnTables { schema: Some("admin".to_owned()), ..tables }));
    }
}
