//! A tool's TOML file, asked by path.

use std::path::Path;

use driftlock_script::position;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::read_text;
use crate::{Origin, Setting};

/// A file, read whole; it is parsed anew at every question, which are few.
pub(super) struct TomlFile {
    name: String,
    text: String,
}

impl TomlFile {
    /// `None` where it isn't there, or where it is no TOML: that is a note.
    pub(super) fn read(root: &Path, name: &str, notes: &mut Vec<String>) -> Option<Self> {
        let text = read_text(root, name, notes)?;
        let file = TomlFile { name: name.to_owned(), text };
        if let Err(error) = DeTable::parse(&file.text) {
            let at = file.origin(error.span().map_or(0, |span| span.start));
            // The parser's message may quote what stands there, which may be a password.
            notes.push(format!("{at}: this is no TOML, and nothing of {name} was taken"));
            return None;
        }
        Some(file)
    }

    fn origin(&self, offset: usize) -> Origin {
        let (line, column) = position(&self.text, offset);
        Origin::File { path: self.name.clone(), line, column }
    }

    fn find<T>(&self, path: &[&str], take: impl FnOnce(&Spanned<DeValue<'_>>) -> Option<T>) -> Option<T> {
        let document = DeTable::parse(&self.text).ok()?;
        let (last, tables) = path.split_last()?;
        let mut table = document.get_ref();
        for name in tables {
            table = table.iter().find(|(key, _)| key.get_ref() == name)?.1.get_ref().as_table()?;
        }
        take(table.iter().find(|(key, _)| key.get_ref() == last)?.1)
    }

    /// A string, or a number as text.
    pub(super) fn text(&self, path: &[&str]) -> Option<Setting<String>> {
        self.find(path, |value| {
            let text = match value.get_ref() {
                DeValue::String(text) => text.to_string(),
                DeValue::Integer(number) => number.to_string(),
                _ => return None,
            };
            Some(Setting { value: text, origin: self.origin(value.span().start) })
        })
    }

    /// A list of strings, or one string.
    pub(super) fn list(&self, path: &[&str]) -> Option<Setting<Vec<String>>> {
        self.find(path, |value| {
            let texts = match value.get_ref() {
                DeValue::String(text) => vec![text.to_string()],
                DeValue::Array(values) => {
                    values.iter().filter_map(|it| it.get_ref().as_str().map(str::to_owned)).collect()
                }
                _ => return None,
            };
            Some(Setting { value: texts, origin: self.origin(value.span().start) })
        })
    }

    /// The names in a table, in the file's order.
    pub(super) fn names(&self, path: &[&str]) -> Vec<String> {
        let names = self.find(path, |value| {
            let mut keys: Vec<_> = value
                .get_ref()
                .as_table()?
                .iter()
                .map(|(key, _)| (key.span().start, key.get_ref().to_string()))
                .collect();
            keys.sort_unstable();
            Some(keys.into_iter().map(|(_, key)| key).collect())
        });
        names.unwrap_or_default()
    }
}
