//! refinery: `refinery.toml` (rust-db/refinery, `refinery_core/src/config.rs`, 0.9).

use std::path::Path;

use driftlock_script::Layout;

use super::Trace;
use super::address::{Address, Place};
use super::dotenv::Dotenv;
use super::toml_file::TomlFile;
use crate::Setting;

pub(super) fn read(root: &Path, _dotenv: &Dotenv, notes: &mut Vec<String>) -> Option<Trace> {
    let file = TomlFile::read(root, "refinery.toml", notes)?;
    let mut trace = Trace { tool: "refinery", layout: Some(Layout::Refinery), ..Trace::default() };
    let kind = file.text(&["main", "db_type"])?;
    let get = |key: &str| file.text(&["main", key]).map(|it| it.value).filter(|it| !it.is_empty());
    let address = match kind.value.as_str() {
        "Sqlite" => match get("db_path") {
            Some(path) => Address::Written(Place::of_file(&super::tidy(&path))),
            None => Address::Unusable("there is no `db_path`".to_owned()),
        },
        "Postgres" | "Mysql" => {
            let port = get("db_port").map(|port| format!(":{port}")).unwrap_or_default();
            Address::Written(Place {
                scheme: kind.value.to_lowercase(),
                user: get("db_user"),
                has_password: get("db_pass").is_some(),
                authority: format!("{}{port}", get("db_host").unwrap_or_else(|| "localhost".to_owned())),
                database: get("db_name").unwrap_or_default(),
                ..Place::default()
            })
        }
        other => Address::Unusable(format!("`{other}` is an engine that driftlock hasn't")),
    };
    trace.databases.push(("dev".to_owned(), Setting { value: address, origin: kind.origin }));
    Some(trace)
}
