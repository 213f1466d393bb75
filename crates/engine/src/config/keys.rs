//! The one table of known keys: what each is called, where it may stand and what it wants.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use driftlock_script::{Layout, duration};
use toml::Spanned;
use toml::de::DeValue;

use super::secret::Secret;
use crate::nearest::{meant, nearest};

/// A key of the configuration.
pub(super) struct Key {
    /// `lock_wait`; with a dot where it stands in a table of its own (`tables.prefix`).
    pub(super) name: &'static str,
    pub(super) place: Place,
    pub(super) shape: Shape,
}

/// Where a key may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At the top level only.
    Top,
    /// In an `[env.NAME]` only.
    Environment,
    /// In an `[env.NAME]`; at the top level for all of them.
    Both,
}

/// What a key wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Flag,
    Duration,
    Count,
    List,
    OneOf(&'static [&'static str]),
    Layout,
    Secret,
    Directories,
    /// Texts by name. Those of an environment come on top of those of the top level, name by name.
    Texts,
}

const fn key(name: &'static str, place: Place, shape: Shape) -> Key {
    Key { name, place, shape }
}

pub(super) const KEYS: &[Key] = &[
    key("default_env", Place::Top, Shape::Text),
    key("migrations", Place::Both, Shape::Directories),
    key("layout", Place::Both, Shape::Layout),
    key("ignore", Place::Both, Shape::List),
    key("exclude_tables", Place::Both, Shape::List),
    key("placeholders", Place::Both, Shape::Texts),
    key("tables.schema", Place::Both, Shape::Text),
    key("tables.prefix", Place::Both, Shape::Text),
    key("lock_wait", Place::Both, Shape::Duration),
    key("lock_timeout", Place::Both, Shape::Duration),
    key("concurrent_timeout", Place::Both, Shape::Duration),
    key("statement_timeout", Place::Both, Shape::Duration),
    key("connect_timeout", Place::Both, Shape::Duration),
    key("attempts", Place::Both, Shape::Count),
    key("comment_statements", Place::Both, Shape::Flag),
    key("log_level", Place::Both, Shape::OneOf(&["silent", "error", "warn", "info", "debug"])),
    key("log_format", Place::Both, Shape::OneOf(&["text", "json"])),
    key("log_file", Place::Both, Shape::Text),
    key("slow", Place::Both, Shape::Duration),
    key("url", Place::Environment, Shape::Secret),
    key("shadow_url", Place::Environment, Shape::Secret),
    key("protected", Place::Environment, Shape::Flag),
    key("auto_migrate", Place::Environment, Shape::Flag),
    key("out_of_order", Place::Environment, Shape::Flag),
    key("rollback", Place::Environment, Shape::OneOf(&["allow", "approved", "deny"])),
    key("on_drift", Place::Environment, Shape::OneOf(&["warn-only", "abort", "auto-repair"])),
    key("set_role", Place::Environment, Shape::Text),
    key("pooler", Place::Environment, Shape::OneOf(&["session"])),
];

/// The engines that `migrations` may name a directory for.
pub(super) const ENGINES: &[&str] = &["sqlite", "postgres", "mysql"];

/// Variables that are no keys: what they say goes elsewhere.
pub(super) const OTHER_VARIABLES: &[&str] = &[
    "DRIFTLOCK_ENV",
    "DRIFTLOCK_CONFIG",
    "DRIFTLOCK_GIT_COMMIT",
    "DRIFTLOCK_GIT_AUTHOR",
    "DRIFTLOCK_CI_JOB",
    "DRIFTLOCK_CI_URL",
    "DRIFTLOCK_OS_USER",
    "DRIFTLOCK_HOST",
    "DRIFTLOCK_ROUTE",
];

impl Key {
    /// The environment variable that sets it.
    pub(super) fn variable(&self) -> String {
        match self.name {
            "migrations" => "DRIFTLOCK_DIR".to_owned(),
            "log_level" => "DRIFTLOCK_LOG".to_owned(),
            name => format!("DRIFTLOCK_{}", name.replace('.', "_").to_uppercase()),
        }
    }
}

/// A key's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Flag(bool),
    Duration(Duration),
    Count(u32),
    List(Vec<String>),
    Layout(Layout),
    Secret(Secret),
    /// One directory for all engines, or one for each that is named.
    Directories(Vec<(Option<&'static str>, String)>),
    Texts(BTreeMap<String, Secret>),
}

/// A wrong value: where in the file, and what is wrong with it.
pub(super) type Fault = (Range<usize>, String);

impl Shape {
    /// What it wants, for messages.
    pub(super) fn wants(self) -> String {
        match self {
            Shape::Text => "a string".to_owned(),
            Shape::Flag => "`true` or `false`".to_owned(),
            Shape::Duration => "a duration in quotes, such as \"5s\"".to_owned(),
            Shape::Count => "a number from 1 to 1000".to_owned(),
            Shape::List => "a list of strings, such as [\"table:partman_*\"]".to_owned(),
            Shape::OneOf(words) => words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or "),
            Shape::Layout => Layout::ALL.iter().map(|it| format!("\"{it}\"")).collect::<Vec<_>>().join(" or "),
            Shape::Secret => {
                "a string, or { env = \"NAME\" }, { file = \"PATH\" } or { cmd = [\"PROGRAM\", …] }".to_owned()
            }
            Shape::Texts => {
                "names with a string each, such as { schema = \"shop\" }, or with { env = \"NAME\" } and its like"
                    .to_owned()
            }
            Shape::Directories => {
                "a path, or one for each engine: { sqlite = \"…\", postgres = \"…\", mysql = \"…\" }".to_owned()
            }
        }
    }

    /// Reads a value from a variable or an option. The message never holds the text of a secret.
    pub(super) fn parse(self, text: &str) -> Result<Value, String> {
        let wanted = || format!("`{text}` is not what is wanted here: {}", self.wants());
        match self {
            Shape::Text => Ok(Value::Text(text.to_owned())),
            Shape::Secret => Ok(Value::Secret(Secret::Plain(text.to_owned()))),
            Shape::Directories => Ok(Value::Directories(vec![(None, text.to_owned())])),
            Shape::Flag => match text {
                "true" | "1" | "yes" | "on" => Ok(Value::Flag(true)),
                "false" | "0" | "no" | "off" => Ok(Value::Flag(false)),
                _ => Err(wanted()),
            },
            Shape::Duration => duration(text).map(Value::Duration),
            Shape::Count => {
                text.parse().ok().filter(|count| (1..=1000).contains(count)).map(Value::Count).ok_or_else(wanted)
            }
            Shape::List => Ok(Value::List(text.split(',').map(|word| word.trim().to_owned()).collect())),
            Shape::OneOf(words) if words.contains(&text) => Ok(Value::Text(text.to_owned())),
            Shape::OneOf(_) => Err(wanted()),
            Shape::Layout => Layout::parse(text).map(Value::Layout).ok_or_else(|| {
                let known = Layout::ALL.iter().map(|layout| layout.name());
                format!("there is no layout `{text}`; {}", meant(text, known))
            }),
            // What was given may be a password: it isn't said again.
            Shape::Texts => match text.split_once('=') {
                Some((name, value)) if !name.is_empty() => {
                    Ok(Value::Texts([(name.to_owned(), Secret::Plain(value.to_owned()))].into()))
                }
                _ => Err("a name and its value are wanted here, with `=` between them: NAME=VALUE".to_owned()),
            },
        }
    }

    /// Reads a value from the file.
    pub(super) fn read(self, value: &Spanned<DeValue<'_>>) -> Result<Value, Fault> {
        let other = || {
            let found = value.get_ref().type_str();
            let article = if found.starts_with(['a', 'i']) { "an" } else { "a" };
            (value.span(), format!("{} is wanted here, and this is {article} {found}", self.wants()))
        };
        let at = |message: String| (value.span(), message);
        match (self, value.get_ref()) {
            (Shape::Flag, DeValue::Boolean(flag)) => Ok(Value::Flag(*flag)),
            (Shape::Count, DeValue::Integer(number)) => self.parse(&number.to_string()).map_err(at),
            (Shape::List, DeValue::Array(_)) => strings(value).map(Value::List).ok_or_else(other),
            (Shape::Secret, DeValue::Table(_)) => secret(value).map(Value::Secret),
            (Shape::Directories, DeValue::Table(_)) => directories(value),
            (Shape::Texts, DeValue::Table(_)) => texts(value),
            (Shape::Flag | Shape::Count | Shape::List | Shape::Texts, _) => Err(other()),
            (_, DeValue::String(text)) if text.is_empty() => {
                Err(at(format!("{} is wanted here, and this is empty", self.wants())))
            }
            (_, DeValue::String(text)) => self.parse(text).map_err(at),
            _ => Err(other()),
        }
    }
}

fn strings(value: &Spanned<DeValue<'_>>) -> Option<Vec<String>> {
    value.get_ref().as_array()?.iter().map(|element| element.get_ref().as_str().map(str::to_owned)).collect()
}

fn secret(value: &Spanned<DeValue<'_>>) -> Result<Secret, Fault> {
    let table = value.get_ref().as_table().map(|table| table.iter().collect::<Vec<_>>()).unwrap_or_default();
    let [(key, inner)] = table.as_slice() else {
        return Err((value.span(), format!("{} is wanted here", Shape::Secret.wants())));
    };
    let text = inner.get_ref().as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let secret = match key.get_ref().as_ref() {
        "env" => text.map(Secret::Variable),
        "file" => text.map(Secret::File),
        "cmd" => strings(inner).filter(|words| !words.is_empty()).map(Secret::Command),
        unknown => {
            let near = nearest(unknown, ["env", "file", "cmd"]).unwrap_or("env");
            return Err((key.span(), format!("there is no source `{unknown}`; did you mean `{near}`?")));
        }
    };
    let wanted = if key.get_ref() == "cmd" { "a list of strings: the program and its arguments" } else { "a string" };
    secret.ok_or_else(|| (inner.span(), format!("{wanted} is wanted here")))
}

fn texts(value: &Spanned<DeValue<'_>>) -> Result<Value, Fault> {
    let mut texts = BTreeMap::new();
    for (key, inner) in value.get_ref().as_table().into_iter().flatten() {
        let name = key.get_ref().to_string();
        let text = match inner.get_ref() {
            DeValue::String(text) => Secret::Plain(text.to_string()),
            DeValue::Table(_) => secret(inner)?,
            _ => {
                let wanted = Shape::Secret.wants();
                return Err((inner.span(), format!("{wanted} is wanted for `{name}`")));
            }
        };
        texts.insert(name, text);
    }
    Ok(Value::Texts(texts))
}

fn directories(value: &Spanned<DeValue<'_>>) -> Result<Value, Fault> {
    let mut directories = Vec::new();
    for (key, inner) in value.get_ref().as_table().into_iter().flatten() {
        let name = key.get_ref().as_ref();
        let Some(engine) = ENGINES.iter().find(|engine| **engine == name) else {
            let near = nearest(name, ENGINES.iter().copied()).unwrap_or("sqlite");
            return Err((key.span(), format!("there is no engine `{name}`; did you mean `{near}`?")));
        };
        let path = inner.get_ref().as_str().filter(|path| !path.is_empty());
        let path = path.ok_or_else(|| (inner.span(), "a path is wanted here".to_owned()))?;
        directories.push((Some(*engine), path.to_owned()));
    }
    if directories.is_empty() {
        return Err((value.span(), format!("{} is wanted here", Shape::Directories.wants())));
    }
    Ok(Value::Directories(directories))
}
