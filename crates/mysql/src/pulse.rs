//! A second connection that shows others that this client lives.
//!
//! These servers look at a connection only between its statements: when a client dies during one, the statement runs on and its
//! connection keeps the lock. An idle connection's end they notice at once. So whoever holds the lock keeps one, with a lock named
//! after the first: where that is free, the client is gone.

use std::time::Duration;

use driftlock_database::Error;
use tokio::time::timeout;

use crate::beside::Beside;
use crate::conn::Conn;
use crate::route::Trouble;
use crate::wire::{Wire, text};

/// A server that has no second connection for us doesn't hold us up for long.
const PATIENCE: Duration = Duration::from_secs(3);

/// The idle connection. Dropping it ends it.
pub(crate) struct Pulse {
    conn: Conn,
    told: String,
}

/// The lock that the idle connection holds.
fn beating(lock: &str, id: u64) -> String {
    format!("{lock}:{id}")
}

/// The lock that says that there is, or was, an idle connection: held by the one that works.
fn told(lock: &str, id: u64) -> String {
    format!("{lock}+{id}")
}

impl Pulse {
    /// Opens it for the connection `id`, which holds `lock` on `wire`. `None` where the server has no second connection for us: then
    /// others can't know that this client is gone, and take it for there.
    pub(crate) async fn start(wire: &mut Wire, beside: &Beside, lock: &str, id: u64) -> Result<Option<Self>, Error> {
        let mut beside = beside.clone();
        let open = async {
            let mut conn = beside.open().await?;
            // Idle for as long as the work takes. An hour or a year: the server cuts it to what it can.
            conn.query("SET SESSION wait_timeout = 31536000", None).await?;
            let mut rows = Vec::new();
            conn.query(&format!("SELECT GET_LOCK('{}', 0)", beating(lock, id)), Some(&mut rows)).await?;
            let held = rows.first().is_some_and(|row| text(row, 0) == "1");
            Ok::<_, Trouble>((conn, held))
        };
        let Ok(Ok((conn, true))) = timeout(PATIENCE, open).await else { return Ok(None) };
        let told = told(lock, id);
        let row = wire.row(&format!("SELECT GET_LOCK('{told}', 0) LIMIT 1")).await?.unwrap_or_default();
        Ok((text(&row, 0) == "1").then_some(Pulse { conn, told }))
    }

    /// Ends it in good order: first nobody expects it any more.
    pub(crate) async fn stop(self, wire: &mut Wire) -> Result<(), Error> {
        let released = wire.row(&format!("SELECT RELEASE_LOCK('{}') LIMIT 1", self.told)).await;
        // The connection ends in any case; an error here only says that it had ended before.
        self.conn.quit().await;
        released.map(drop)
    }
}

/// Whether the client of the connection that holds `lock` is gone, as a part of a query.
pub(crate) fn is_gone(lock: &str, id: u64) -> String {
    format!("(IS_USED_LOCK('{}') <=> {id} AND IS_USED_LOCK('{}') IS NULL)", told(lock, id), beating(lock, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_fit_whatever_the_number() {
        let lock = crate::lock::name("shop", &driftlock_database::OwnTables::default());
        assert!(beating(&lock, u64::MAX).len() <= 64);
        assert!(told(&lock, u64::MAX).len() <= 64);
    }
}
