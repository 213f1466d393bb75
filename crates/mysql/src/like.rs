//! Another database like this one.

use driftlock_database::Error;

use crate::parse::quote;
use crate::tables::literal;
use crate::wire::{Wire, text};

/// The statements that make it: charset and collation are all that a database has of its own here. SQL mode and default engine are a server's and a
/// session's, and every table and routine says its own.
pub(crate) async fn statements(wire: &mut Wire, database: &str, name: &str) -> Result<Vec<String>, Error> {
    let sql = format!(
        "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {}",
        literal(database)
    );
    let Some(row) = wire.row(&sql).await? else { return Ok(Vec::new()) };
    Ok(vec![format!("CREATE DATABASE {} CHARACTER SET {} COLLATE {}", quote(name), text(&row, 0), text(&row, 1))])
}
