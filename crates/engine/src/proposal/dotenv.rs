//! `.env`: variables that frameworks read when they start.

use std::path::Path;

use super::{at_line, read_text};
use crate::Setting;

/// The file's name.
pub(super) const FILE: &str = ".env";

/// Variables under which a URL is usually found, the first that is there.
const URLS: &[&str] =
    &["DATABASE_URL", "DB_URL", "POSTGRES_URL", "POSTGRESQL_URL", "PG_URL", "MYSQL_URL", "MARIADB_URL", "SQLITE_URL"];

/// What stands in it, in order.
#[derive(Debug, Default)]
pub(super) struct Dotenv(Vec<(String, Setting<String>)>);

impl Dotenv {
    pub(super) fn read(root: &Path, notes: &mut Vec<String>) -> Self {
        read_text(root, FILE, notes).map(|text| Dotenv::parse(&text)).unwrap_or_default()
    }

    /// `KEY=value`, `export KEY="value"`, `# comment`. What is none of these is passed over: a framework may read more.
    pub(super) fn parse(text: &str) -> Self {
        let mut all = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
            let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with('#')) else { continue };
            let key = key.trim();
            if !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                all.push((key.to_owned(), Setting { value: unquoted(value), origin: at_line(FILE, number + 1) }));
            }
        }
        Dotenv(all)
    }

    /// A variable's value: the first one counts, as to most readers of such files.
    pub(super) fn get(&self, name: &str) -> Option<Setting<String>> {
        let found = self.0.iter().find(|(key, setting)| key == name && !setting.value.is_empty());
        found.map(|(_, setting)| setting.clone())
    }

    /// The variable that holds the database's URL.
    pub(super) fn database(&self) -> Option<(String, Setting<String>)> {
        URLS.iter().find_map(|name| Some(((*name).to_owned(), self.get(name)?)))
    }
}

fn unquoted(value: &str) -> String {
    let value = value.trim();
    for quote in ['"', '\''] {
        if let Some((inside, _)) = value.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return inside.to_owned();
        }
    }
    // Behind a blank, a comment begins; a `#` inside of a value is part of it.
    value.split(" #").next().unwrap_or_default().trim_end().to_owned()
}
