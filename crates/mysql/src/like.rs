//! Another database like this one.
//!
//! Charset and collation are all that a database has of its own here, and every table that names none says them. SQL mode and default engine are a
//! server's and a session's, and every table and routine says its own.

use driftlock_database::{Error, Likeness};

use crate::parse::quote;
use crate::tables::literal;
use crate::wire::{Wire, text};

const COLLATION: &str = "collation";

/// The statements that make it.
pub(crate) async fn statements(wire: &mut Wire, database: &str, name: &str) -> Result<Vec<String>, Error> {
    let likeness = likeness(wire, database).await?;
    Ok(if likeness.is_empty() { Vec::new() } else { made(name, &likeness) })
}

pub(crate) async fn likeness(wire: &mut Wire, database: &str) -> Result<Likeness, Error> {
    let sql = format!(
        "SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {}",
        literal(database)
    );
    let row = wire.row(&sql).await?;
    Ok(row.iter().map(|row| (COLLATION.to_owned(), text(row, 0).to_owned())).collect())
}

/// Of a plain server the default may be latin1, which nobody means.
pub(crate) fn made(name: &str, likeness: &Likeness) -> Vec<String> {
    let rest = match likeness.get(COLLATION) {
        Some(collation) => format!("COLLATE {}", quote(collation)),
        None => "CHARACTER SET utf8mb4".to_owned(),
    };
    vec![format!("CREATE DATABASE {} {rest}", quote(name))]
}
