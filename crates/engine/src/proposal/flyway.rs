//! Flyway: `flyway.toml` and `flyway.conf`, in the project or in its `conf` (Flyway's reference, "Configuration", 11).

use std::path::Path;

use driftlock_script::Layout;

use super::address::{Address, Place};
use super::dotenv::Dotenv;
use super::toml_file::TomlFile;
use super::{Trace, at_line, properties, read_text, tidy};
use crate::{Secret, Setting};

pub(super) fn read(root: &Path, _dotenv: &Dotenv, notes: &mut Vec<String>) -> Option<Trace> {
    for name in ["flyway.toml", "conf/flyway.toml"] {
        if let Some(file) = TomlFile::read(root, name, notes) {
            return Some(of_toml(&file));
        }
    }
    for name in ["flyway.conf", "conf/flyway.conf"] {
        if let Some(text) = read_text(root, name, notes) {
            return Some(of_properties(name, &text));
        }
    }
    None
}

fn new() -> Trace {
    Trace { tool: "Flyway", layout: Some(Layout::Flyway), ..Trace::default() }
}

fn of_toml(file: &TomlFile) -> Trace {
    let mut trace = new();
    if let Some(locations) = file.list(&["flyway", "locations"]) {
        let Setting { value, origin } = locations;
        directory(&mut trace, value.iter().map(String::as_str), &origin);
    }
    table(&mut trace, file.text(&["flyway", "table"]));
    for name in file.names(&["flyway", "placeholders"]) {
        if let Some(value) = file.text(&["flyway", "placeholders", &name]) {
            placeholder(&mut trace, &name, value);
        }
    }
    for name in file.names(&["environments"]) {
        let get = |key: &str| file.text(&["environments", &name, key]);
        let Some(url) = get("url") else { continue };
        let schemas = file.list(&["environments", &name, "schemas"]);
        let schema = file.text(&["flyway", "defaultSchema"]).or_else(|| {
            let Setting { value, origin } = schemas?;
            value.into_iter().next().map(|value| Setting { value, origin })
        });
        // Flyway's word for the one that is meant when nobody names another.
        let ours = if name == "default" { "dev" } else { &name };
        database(&mut trace, ours, url, get("user"), get("password"), schema);
    }
    trace
}

fn of_properties(name: &str, text: &str) -> Trace {
    let mut trace = new();
    let all = properties::parse(text);
    let get = |key: &str| {
        let found = all.iter().rev().find(|(it, value, _)| it == key && !value.is_empty())?;
        Some(Setting { value: found.1.clone(), origin: at_line(name, found.2) })
    };
    if let Some(Setting { value, origin }) = get("flyway.locations") {
        directory(&mut trace, value.split(','), &origin);
    }
    table(&mut trace, get("flyway.table"));
    for (key, value, line) in &all {
        if let Some(key) = key.strip_prefix("flyway.placeholders.") {
            placeholder(&mut trace, key, Setting { value: value.clone(), origin: at_line(name, *line) });
        }
    }
    if let Some(url) = get("flyway.url") {
        let schema = get("flyway.defaultSchema").or_else(|| {
            get("flyway.schemas").map(|it| it.map(|list| list.split(',').next().unwrap_or_default().to_owned()))
        });
        database(&mut trace, "dev", url, get("flyway.user"), get("flyway.password"), schema);
    }
    trace
}

/// The first location that is a folder here.
fn directory<'a>(trace: &mut Trace, locations: impl Iterator<Item = &'a str>, origin: &crate::Origin) {
    let mut folders = Vec::new();
    for location in locations.map(str::trim) {
        match location.split_once(':') {
            Some(("filesystem", path)) => folders.push(tidy(path)),
            // Java's own place for what is packed into a program, by Maven's and Gradle's custom.
            Some(("classpath", path)) => {
                folders.push(format!("src/main/resources/{}", tidy(path.trim_start_matches('/'))));
            }
            None => folders.push(format!("src/main/resources/{}", tidy(location.trim_start_matches('/')))),
            Some((other, _)) => {
                trace.notes.push(format!("{origin}: a location of `{other}:` can't be read, and was left out"));
            }
        }
    }
    let mut folders = folders.into_iter();
    trace.directory = folders.next().map(|value| Setting { value, origin: origin.clone() });
    for other in folders {
        trace.notes.push(format!("{origin}: driftlock has one directory for a database; {other} was left out"));
    }
}

fn table(trace: &mut Trace, table: Option<Setting<String>>) {
    trace.table = table.filter(|it| !matches!(it.value.as_str(), "flyway_schema_history" | "schema_version"));
}

/// A value that Flyway takes from elsewhere (`${env.NAME}`, `${NAME}`), or whose name says that it is a secret, isn't written down.
fn placeholder(trace: &mut Trace, name: &str, Setting { value, origin }: Setting<String>) {
    let lower = name.to_ascii_lowercase();
    let is_secret = ["pass", "secret", "token", "key", "pwd"].iter().any(|word| lower.contains(word));
    let secret = match variable(&value) {
        Some(variable) => Secret::Variable(variable.to_owned()),
        None if is_secret => {
            let variable = format!("FLYWAY_PLACEHOLDERS_{}", name.to_ascii_uppercase());
            trace
                .notes
                .push(format!("{origin}: `{name}` looks like a secret, which was not copied: set `{variable}` to it"));
            Secret::Variable(variable)
        }
        None => Secret::Plain(value),
    };
    trace.placeholders.push((name.to_owned(), Setting { value: secret, origin }));
}

/// The variable that a whole value is taken from.
fn variable(value: &str) -> Option<&str> {
    let name = value.strip_prefix("${")?.strip_suffix('}')?;
    let name = name.strip_prefix("env.").unwrap_or(name);
    (!name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).then_some(name)
}

fn database(
    trace: &mut Trace,
    environment: &str,
    url: Setting<String>,
    user: Option<Setting<String>>,
    password: Option<Setting<String>>,
    schema: Option<Setting<String>>,
) {
    let Setting { value, origin } = url;
    let address = if value.contains("${") {
        Address::Unusable(
            "it takes what is in it from elsewhere, as a URL of JDBC's, which driftlock doesn't read".to_owned(),
        )
    } else {
        match Place::of_jdbc(&value) {
            Err(why) => Address::Unusable(format!("it is {why}")),
            Ok(mut place) => {
                let plain = |it: Setting<String>| Some(it.value).filter(|it| !it.is_empty() && !it.contains("${"));
                place.has_password |= password.is_some_and(|it| !it.value.is_empty());
                place.user = user.and_then(plain).or(place.user);
                if place.scheme == "postgres"
                    && let Some(schema) = schema.and_then(plain).filter(|schema| schema != "public")
                {
                    place.query.push(("options".to_owned(), format!("-c search_path={schema}")));
                }
                Address::Written(place)
            }
        }
    };
    trace.databases.push((environment.to_owned(), Setting { value: address, origin }));
}
