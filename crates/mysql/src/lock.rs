//! The lock: `GET_LOCK` without waiting, on the session that runs everything. It ends with the session, however that ends.

use driftlock_database::{Error, Holder, LockAttempt, OwnTables};
use sha2::{Digest, Sha256};

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

/// Asks once. Asking while holding it would count: whoever holds it is looked at first.
pub(crate) async fn attempt(wire: &mut Wire, name: &str) -> Result<LockAttempt, Error> {
    let sql = format!(
        "SELECT IF(IS_USED_LOCK('{name}') = CONNECTION_ID(), 1, GET_LOCK('{name}', 0)), IS_USED_LOCK('{name}') LIMIT 1"
    );
    let row = wire.row(&sql).await?.unwrap_or_default();
    match text(&row, 0) {
        "1" => Ok(LockAttempt::Held),
        "0" => Ok(LockAttempt::Busy(holder(wire, text(&row, 1)).await?)),
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

/// What the server shows of a connection.
async fn holder(wire: &mut Wire, connection: &str) -> Result<Holder, Error> {
    let mut holder = Holder::default();
    // Gone between the question and the answer.
    let Ok(id) = connection.parse::<u64>() else {
        return Ok(holder);
    };
    holder.connection = Some(id.to_string());
    // TIME is how long the connection has been at what it does now.
    let sql = format!(
        "SELECT USER, HOST, DATE_FORMAT(UTC_TIMESTAMP() - INTERVAL TIME SECOND, '%Y-%m-%d %H:%i:%s') \
         FROM information_schema.PROCESSLIST WHERE ID = {id} LIMIT 1"
    );
    if let Some(row) = optional(wire, &sql).await?.into_iter().next() {
        holder.user = some(text(&row, 0));
        let host = text(&row, 1);
        holder.host = some(host.rsplit_once(':').map_or(host, |(host, _)| host));
        holder.since = some(text(&row, 2));
    }
    let sql = format!(
        "SELECT ATTR_NAME, ATTR_VALUE FROM performance_schema.session_connect_attrs WHERE PROCESSLIST_ID = {id} LIMIT 64"
    );
    for row in optional(wire, &sql).await? {
        match text(&row, 0) {
            "_pid" => holder.pid = text(&row, 1).parse().ok(),
            "driftlock_host" => holder.host = some(text(&row, 1)).or(holder.host),
            "driftlock_user" => holder.user = some(text(&row, 1)).or(holder.user),
            _ => {}
        }
    }
    Ok(holder)
}

/// Rows of what these rights may not show; then there are none.
async fn optional(wire: &mut Wire, sql: &str) -> Result<Vec<crate::wire::TextRow>, Error> {
    match wire.rows(sql).await {
        Err(Error::Server(_)) => Ok(Vec::new()),
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
