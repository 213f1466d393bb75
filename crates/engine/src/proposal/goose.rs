//! goose: variables, in the environment or in `.env` (pressly/goose, `internal/cfg/cfg.go` and `cmd/goose/main.go`, 3.26).

use std::path::Path;

use driftlock_script::Layout;

use super::address::{Address, Place};
use super::dotenv::Dotenv;
use super::{Trace, tidy};
use crate::Setting;

pub(super) fn read(_root: &Path, dotenv: &Dotenv, _notes: &mut Vec<String>) -> Option<Trace> {
    let driver = dotenv.get("GOOSE_DRIVER");
    let text = dotenv.get("GOOSE_DBSTRING");
    let directory = dotenv.get("GOOSE_MIGRATION_DIR");
    if driver.is_none() && text.is_none() && directory.is_none() {
        return None;
    }
    let mut trace = Trace { tool: "goose", layout: Some(Layout::Goose), ..Trace::default() };
    trace.directory = directory.map(|it| it.map(|path| tidy(&path)));
    trace.table = dotenv.get("GOOSE_TABLE").filter(|it| it.value != "goose_db_version");
    if let Some(text) = text {
        let driver = driver.map(|it| it.value).unwrap_or_default();
        let address = match address(&driver, &text.value) {
            Ok(None) => Address::in_variable("GOOSE_DBSTRING", &text.value),
            Ok(Some(place)) => {
                trace.notes.push(format!(
                    "{}: `GOOSE_DBSTRING` is no URL, which driftlock wants, so it isn't taken from there",
                    text.origin
                ));
                Address::Written(place)
            }
            Err(why) => Address::Unusable(format!("`GOOSE_DBSTRING` is {why}")),
        };
        trace.databases.push(("dev".to_owned(), Setting { value: address, origin: text.origin }));
    }
    Some(trace)
}

/// What goose's driver makes of a text; `None` where it is a URL to driftlock too.
fn address(driver: &str, text: &str) -> Result<Option<Place>, String> {
    match driver {
        "postgres" | "pgx" if text.contains("://") => Ok(None),
        "postgres" | "pgx" => Place::of_keywords(text).map(Some),
        "mysql" => Place::of_go_mysql(text).map(Some),
        "sqlite3" | "sqlite" => {
            let path = text.strip_prefix("file:").unwrap_or(text);
            Ok(Some(Place::of_file(super::tidy(path.split('?').next().unwrap_or_default()).as_str())))
        }
        "" => Ok(None),
        other => Err(format!("for the driver `{other}`, which driftlock has no engine for")),
    }
}
