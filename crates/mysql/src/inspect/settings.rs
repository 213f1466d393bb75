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
        let before = match wire.settings.clone() {
            Some(names) => values(wire, &names).await?,
            None => {
                let before = found(wire).await?;
                wire.settings = Some(before.iter().map(|(name, _)| *name).collect());
                before
            }
        };
        let is_there = |(name, _): &&(&str, &str)| before.iter().any(|(there, _)| there == name);
        let assignments: Vec<String> =
            FIXED.iter().filter(is_there).map(|(name, fixed)| format!("SESSION {name} = {fixed}")).collect();
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

/// The settings that the server has.
async fn found(wire: &mut Wire) -> Result<Vec<(&'static str, String)>, Error> {
    // It would cut the answer to the question about the others.
    let limit = wire.row("SELECT @@session.sql_select_limit LIMIT 1").await?.unwrap_or_default();
    wire.run("SET SESSION sql_select_limit = 18446744073709551615").await?;
    let names: Vec<String> = FIXED.iter().map(|(name, _)| format!("'{name}'")).collect();
    // Whatever they are, their names and values are letters of ASCII.
    let rows = wire.rows(&format!("SHOW SESSION VARIABLES WHERE Variable_name IN ({})", names.join(", "))).await?;
    let value = |name: &str| {
        let row = rows.iter().find(|row| text(row, 0).eq_ignore_ascii_case(name))?;
        Some(if name == "sql_select_limit" { text(&limit, 0) } else { text(row, 1) }.to_owned())
    };
    Ok(FIXED.iter().filter_map(|(name, _)| Some((*name, value(name)?))).collect())
}

/// What these settings are. A limit that is written is no matter of `sql_select_limit`.
async fn values(wire: &mut Wire, names: &[&'static str]) -> Result<Vec<(&'static str, String)>, Error> {
    let asked: Vec<String> = names.iter().map(|name| format!("@@session.{name}")).collect();
    let row = wire.row(&format!("SELECT {} LIMIT 1", asked.join(", "))).await?;
    let row = row.ok_or_else(|| Error::Protocol("the server doesn't say what its settings are".to_owned()))?;
    Ok(names.iter().enumerate().map(|(at, name)| (*name, text(&row, at).to_owned())).collect())
}
