//! As whom views, routines, triggers and events run.

use driftlock_database::{Error, OwnTables};
use driftlock_schema::SELF;

use crate::parse::quote;
use crate::wire::{Wire, text};

/// The accounts that are the database's own: those that migrated it, by driftlock's history, or where there is none the one that is connected.
#[derive(Debug, Clone)]
pub(crate) struct Own {
    accounts: Vec<String>,
    /// Whether the history says so.
    pub(crate) is_recorded: bool,
}

impl Own {
    pub(crate) async fn read(wire: &mut Wire, database: &str) -> Result<Self, Error> {
        let history = OwnTables::default().history();
        let sql = format!("SELECT DISTINCT applied_by FROM {}.{}", quote(database), quote(&history));
        let (rows, is_recorded) = match wire.rows(&sql).await {
            Ok(rows) if !rows.is_empty() => (rows, true),
            // There is none, it may not be read, or it is another program's.
            Ok(_) | Err(Error::Server(_)) => (wire.rows("SELECT CURRENT_USER()").await?, false),
            Err(error) => return Err(error),
        };
        Ok(Own { accounts: rows.iter().map(|row| text(row, 0).to_owned()).collect(), is_recorded })
    }

    /// An account as `information_schema` prints it (`ann@%`): the database's own is `$self`.
    pub(crate) fn name(&self, definer: &str) -> String {
        // What was recorded may be a name without a host.
        let user = definer.rsplit_once('@').map_or(definer, |(user, _)| user);
        let own = |account: &String| account == definer || account == user;
        if self.accounts.iter().any(own) { SELF.to_owned() } else { definer.to_owned() }
    }
}

/// An account as SQL.
pub(crate) fn account(definer: &str) -> String {
    if definer == SELF {
        return "CURRENT_USER".to_owned();
    }
    match definer.rsplit_once('@') {
        Some((user, host)) => format!("{}@{}", quote(user), quote(host)),
        // A role of MariaDB's.
        None => quote(definer),
    }
}
