//! The settings under which the catalog is read: what it prints depends on them.

use driftlock_database::Error;

use crate::state::value;
use crate::wire::{Wire, text};

/// In the order in which they are put back.
const FIXED: [(&str, &str); 16] = [
    ("character_set_client", "utf8mb4"),
    ("character_set_connection", "utf8mb4"),
    ("character_set_results", "utf8mb4"),
    // It follows the one above; asked for so that it is put back.
    ("collation_connection", "utf8mb4_general_ci"),
    ("max_execution_time", "0"),
    ("max_statement_time", "0"),
    ("show_create_table_skip_secondary_engine", "0"),
    ("show_create_table_verbosity", "0"),
    ("show_gipk_in_create_table_and_information_schema", "1"),
    ("sql_auto_is_null", "0"),
    ("sql_big_selects", "1"),
    ("sql_mode", "''"),
    ("sql_quote_show_create", "1"),
    ("sql_safe_updates", "0"),
    ("sql_select_limit", "18446744073709551615"),
    ("time_zone", "'+00:00'"),
];

/// The settings as they were.
pub(crate) struct Settings(Vec<(&'static str, String)>);

impl Settings {
    /// Fixes them.
    pub(crate) async fn fix(wire: &mut Wire) -> Result<Self, Error> {
        // It would cut the answer to the question about the others.
        let limit = wire.row("SELECT @@session.sql_select_limit LIMIT 1").await?.unwrap_or_default();
        wire.run("SET SESSION sql_select_limit = 18446744073709551615").await?;
        let names: Vec<String> = FIXED.iter().map(|(name, _)| format!("'{name}'")).collect();
        // Whatever they are, their names and values are letters of ASCII.
        let rows = wire.rows(&format!("SHOW SESSION VARIABLES WHERE Variable_name IN ({})", names.join(", "))).await?;
        let mut before = Vec::new();
        let mut assignments = Vec::new();
        for (name, fixed) in FIXED {
            let Some(row) = rows.iter().find(|row| text(row, 0).eq_ignore_ascii_case(name)) else { continue };
            let value = if name == "sql_select_limit" { text(&limit, 0) } else { text(row, 1) };
            before.push((name, value.to_owned()));
            assignments.push(format!("SESSION {name} = {fixed}"));
        }
        wire.run(&format!("SET {}", assignments.join(", "))).await?;
        Ok(Settings(before))
    }

    /// Puts them back.
    pub(crate) async fn put_back(self, wire: &mut Wire) -> Result<(), Error> {
        let back = self.0.iter().map(|(name, before)| {
            let none = *name == "character_set_results" && before.is_empty();
            format!("SESSION {name} = {}", value((!none).then_some(before.as_str())))
        });
        wire.run(&format!("SET {}", back.collect::<Vec<_>>().join(", "))).await.map(drop)
    }
}
