//! The server's own account of a database: what `SHOW CREATE` says of every object.

use driftlock_database::{Census, CensusKey, Error};
use driftlock_schema::{Id, Name};

use crate::parse::quote;
use crate::tables::literal;
use crate::wire::{Wire, text};

pub(crate) async fn take(wire: &mut Wire, database: &str) -> Result<Census, Error> {
    let here = literal(database);
    let sql = format!(
        "SELECT 'TABLE', TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = {here} \
         UNION ALL SELECT ROUTINE_TYPE, ROUTINE_NAME, '' FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {here} \
         UNION ALL SELECT 'TRIGGER', TRIGGER_NAME, '' FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = {here} \
         UNION ALL SELECT 'EVENT', EVENT_NAME, '' FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {here}"
    );
    let mut census = Census::default();
    for row in wire.rows(&sql).await? {
        let (kind, name) = (text(&row, 0), text(&row, 1));
        // Its objects' accounts name the database, in views wherever a table is named.
        let sql = format!("SHOW CREATE {kind} {}.{}", quote(database), quote(name));
        let account = wire.row(&sql).await?.unwrap_or_default();
        // The last columns are the collations and, of a trigger, when it was made.
        let until = if kind == "TRIGGER" { 6 } else { account.len() };
        let account: Vec<&str> = (0..until.min(account.len())).map(|column| text(&account, column)).collect();
        let account = account.join("\n").replace(&format!("{}.", quote(database)), "");
        census.entries.insert(CensusKey::new(Id::new(kind.to_ascii_lowercase(), Name::new(name)), ""), account);
        if text(&row, 2) == "BASE TABLE" {
            census.tables.push(name.to_owned());
        }
    }
    let sql = format!(
        "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {here}"
    );
    let row = wire.row(&sql).await?.unwrap_or_default();
    let database = CensusKey::new(Id::new("database", Name::new("")), "");
    census.entries.insert(database, format!("{} {}", text(&row, 0), text(&row, 1)));
    Ok(census)
}
