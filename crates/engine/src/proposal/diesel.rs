//! Diesel: `diesel.toml` names the directory, `DATABASE_URL` the database (diesel-rs/diesel, `diesel_cli/src/config.rs` and
//! `diesel_cli/src/database.rs`, 2.3). A text that is no URL is a file of SQLite's there.

use std::path::Path;

use driftlock_script::Layout;

use super::address::{Address, Place};
use super::dotenv::Dotenv;
use super::toml_file::TomlFile;
use super::{Trace, at_line, tidy};
use crate::Setting;

pub(super) fn read(root: &Path, dotenv: &Dotenv, notes: &mut Vec<String>) -> Option<Trace> {
    let file = TomlFile::read(root, "diesel.toml", notes)?;
    let mut trace = Trace { tool: "Diesel", layout: Some(Layout::Diesel), ..Trace::default() };
    trace.directory = file.text(&["migrations_directory", "dir"]).map(|it| it.map(|path| tidy(&path)));
    let database = match dotenv.get("DATABASE_URL") {
        Some(text) if !text.value.contains(':') => {
            trace.notes.push(format!(
                "{}: to Diesel it is a file of SQLite's; driftlock wants a URL, so it is written down and not taken from `DATABASE_URL`",
                text.origin
            ));
            Setting { value: Address::Written(Place::of_file(&text.value)), origin: text.origin }
        }
        Some(text) => Setting { value: Address::in_variable("DATABASE_URL", &text.value), origin: text.origin },
        None => Setting {
            value: Address::Variable("DATABASE_URL".to_owned(), None, Vec::new()),
            origin: at_line("diesel.toml", 1),
        },
    };
    trace.databases.push(("dev".to_owned(), database));
    Some(trace)
}
