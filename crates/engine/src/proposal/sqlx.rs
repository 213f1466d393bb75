//! sqlx: `sqlx.toml` (launchbadge/sqlx, `sqlx-core/src/config/`, 0.9; its keys had underscores before the first release).

use std::path::Path;

use driftlock_script::Layout;

use super::address::Address;
use super::dotenv::Dotenv;
use super::toml_file::TomlFile;
use super::{Trace, tidy};
use crate::Setting;

pub(super) fn read(root: &Path, dotenv: &Dotenv, notes: &mut Vec<String>) -> Option<Trace> {
    let file = TomlFile::read(root, "sqlx.toml", notes)?;
    let text =
        |table: &str, key: &str| file.text(&[table, key]).or_else(|| file.text(&[table, &key.replace('-', "_")]));
    let mut trace = Trace { tool: "sqlx", layout: Some(Layout::Sqlx), ..Trace::default() };
    trace.directory = text("migrate", "migrations-dir").map(|it| it.map(|path| tidy(&path)));
    trace.table = text("migrate", "table-name").filter(|it| it.value != "_sqlx_migrations");
    if let Some(variable) = text("common", "database-url-var") {
        let known = dotenv.get(&variable.value);
        let address = match &known {
            Some(text) => Address::in_variable(&variable.value, &text.value),
            None => Address::Variable(variable.value.clone(), None, Vec::new()),
        };
        trace.databases.push(("dev".to_owned(), Setting { value: address, origin: variable.origin }));
    } else if dotenv.database().is_none() {
        let address = Address::Variable("DATABASE_URL".to_owned(), None, Vec::new());
        trace.databases.push(("dev".to_owned(), Setting { value: address, origin: super::at_line("sqlx.toml", 1) }));
    }
    Some(trace)
}
