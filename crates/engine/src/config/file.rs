//! Reads `driftlock.toml` into layers of settings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use driftlock_script::position;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Wrong;
use super::hooks::{self, HookSetting};
use super::keys::{KEYS, Place, Value};
use super::{ConfigError, Origin, Setting};
use crate::nearest::nearest;

/// The file's name.
pub(super) const FILE: &str = "driftlock.toml";

/// Settings by key.
pub(super) type Layer = BTreeMap<&'static str, Setting<Value>>;

/// A configuration file, read.
#[derive(Debug, Clone, Default)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) top: Layer,
    pub(super) environments: BTreeMap<String, Layer>,
    pub(super) hooks: Vec<HookSetting>,
}

/// The nearest `driftlock.toml` at or above a folder.
pub(super) fn find(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().map(|folder| folder.join(FILE)).find(|path| path.is_file())
}

/// Reads a configuration file. `shown` is its path as people see it.
pub(super) fn read(path: &Path, shown: &str) -> Result<File, ConfigError> {
    let unreadable = |reason: String| ConfigError::new(Wrong::Unreadable, None, format!("{shown}: {reason}"));
    let bytes = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let text = driftlock_script::decode(&bytes).map_err(|error| unreadable(error.to_string()))?;
    let mut file = parse(text, shown)?;
    file.path = path.to_owned();
    Ok(file)
}

fn parse(text: &str, shown: &str) -> Result<File, ConfigError> {
    let reader = Reader { text, shown };
    let document = DeTable::parse(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        ConfigError::new(Wrong::Syntax, reader.origin(offset), error.message().trim().replace('\n', ", "))
    })?;
    let mut file = File::default();
    for (key, value) in in_order(document.get_ref()) {
        if key.get_ref() == "env" {
            reader.environments(value, &mut file.environments)?;
        } else if key.get_ref() == "hook" {
            reader.hooks(value, &mut file.hooks)?;
        } else {
            reader.entry("", key, value, Place::Top, &mut file.top)?;
        }
    }
    Ok(file)
}

type Entry<'a, 'i> = (&'a Spanned<std::borrow::Cow<'i, str>>, &'a Spanned<DeValue<'i>>);

/// A table's entries as they stand in the file, so that the first mistake is told first.
fn in_order<'a, 'i>(table: &'a DeTable<'i>) -> Vec<Entry<'a, 'i>> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

struct Reader<'a> {
    text: &'a str,
    shown: &'a str,
}

impl Reader<'_> {
    fn origin(&self, offset: usize) -> Origin {
        let (line, column) = position(self.text, offset);
        Origin::File { path: self.shown.to_owned(), line, column }
    }

    fn environments(
        &self,
        value: &Spanned<DeValue<'_>>,
        environments: &mut BTreeMap<String, Layer>,
    ) -> Result<(), ConfigError> {
        let wrong = |offset: usize, message: String| ConfigError::new(Wrong::Value, self.origin(offset), message);
        let Some(table) = value.get_ref().as_table() else {
            return Err(wrong(
                value.span().start,
                "`env` holds environments: write `[env.dev]` and its keys below".to_owned(),
            ));
        };
        for (name, value) in in_order(table) {
            let Some(section) = value.get_ref().as_table() else {
                let known = KEYS.iter().any(|key| key.name == name.get_ref());
                let name = name.get_ref();
                let message = if known {
                    format!("`{name}` is a key of an environment: write `[env.dev]` above it")
                } else {
                    format!("an environment is a table: write `[env.{name}]` and its keys below")
                };
                return Err(wrong(value.span().start, message));
            };
            // `unknown` is what the history says where nobody named the environment.
            if name.get_ref().trim().is_empty() || name.get_ref() == crate::provenance::UNKNOWN {
                let message = format!("`{}` can't be an environment's name; give it another", name.get_ref());
                return Err(wrong(name.span().start, message));
            }
            let mut layer = Layer::new();
            for (key, value) in in_order(section) {
                self.entry("", key, value, Place::Environment, &mut layer)?;
            }
            environments.insert(name.get_ref().to_string(), layer);
        }
        Ok(())
    }

    fn hooks(&self, value: &Spanned<DeValue<'_>>, hooks: &mut Vec<HookSetting>) -> Result<(), ConfigError> {
        let Some(array) = value.get_ref().as_array() else {
            let message = "hooks are a list: write `[[hook]]` and the keys of one below";
            return Err(ConfigError::new(Wrong::Value, self.origin(value.span().start), message));
        };
        for value in array.iter() {
            let hook = hooks::read(value, self.origin(value.span().start)).map_err(|(at, unknown, message)| {
                let wrong = if unknown { Wrong::UnknownKey } else { Wrong::Value };
                ConfigError::new(wrong, self.origin(at), message)
            })?;
            hooks.push(hook);
        }
        Ok(())
    }

    fn entry(
        &self,
        prefix: &str,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        place: Place,
        layer: &mut Layer,
    ) -> Result<(), ConfigError> {
        let name = format!("{prefix}{}", key.get_ref());
        let inside = format!("{name}.");
        if KEYS.iter().any(|known| known.name.starts_with(&inside)) {
            let Some(table) = value.get_ref().as_table() else {
                let keys: Vec<&str> = KEYS.iter().filter_map(|known| known.name.strip_prefix(&inside)).collect();
                let message = format!("`{name}` is a table with the keys {}", keys.join(" and "));
                return Err(ConfigError::new(Wrong::Value, self.origin(value.span().start), message));
            };
            for (key, value) in in_order(table) {
                self.entry(&inside, key, value, place, layer)?;
            }
            return Ok(());
        }
        let fits = |of: Place| of == place || of == Place::Both;
        let Some(known) = KEYS.iter().find(|known| known.name == name) else {
            let candidates = KEYS.iter().filter(|known| fits(known.place)).map(|known| known.name);
            let candidates = candidates.chain((place == Place::Top).then_some(["env", "hook"]).into_iter().flatten());
            let near = nearest(&name, candidates).unwrap_or("env");
            let message = format!("unknown key `{name}`; did you mean `{near}`?");
            return Err(ConfigError::new(Wrong::UnknownKey, self.origin(key.span().start), message));
        };
        if !fits(known.place) {
            let message = match known.place {
                Place::Environment => format!("`{name}` is a key of an environment: write it below `[env.NAME]`"),
                _ => format!("`{name}` is a key of the top level: write it above the first `[env.NAME]`"),
            };
            return Err(ConfigError::new(Wrong::UnknownKey, self.origin(key.span().start), message));
        }
        let value_of = known.shape.read(value).map_err(|(span, message)| {
            ConfigError::new(Wrong::Value, self.origin(span.start), format!("`{name}`: {message}"))
        })?;
        let origin = self.origin(value.span().start);
        layer.insert(known.name, Setting { value: value_of, origin });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        parse(text, "driftlock.toml").unwrap_err().to_string()
    }

    #[test]
    fn every_value_knows_where_it_stands() {
        let file = parse(
            "layout = \"driftlock\"\n[env.dev]\nurl = { env = \"X\" }\n  lock_wait = \"5s\"\n",
            "c/driftlock.toml",
        )
        .unwrap();
        assert_eq!(file.top["layout"].origin.to_string(), "c/driftlock.toml:1:10");
        let dev = &file.environments["dev"];
        assert_eq!(dev["url"].origin.to_string(), "c/driftlock.toml:3:7");
        assert_eq!(dev["lock_wait"].origin.to_string(), "c/driftlock.toml:4:15");
    }

    #[test]
    fn mistakes_are_told_with_their_place_and_what_was_meant() {
        let cases = [
            ("migration = 'a'", "driftlock.toml:1:1: unknown key `migration`; did you mean `migrations`?"),
            (
                "[env.dev]\nurl = 'x'\nprotectd = true",
                "driftlock.toml:3:1: unknown key `protectd`; did you mean `protected`?",
            ),
            ("[tables]\nprefx = 'x'", "driftlock.toml:2:1: unknown key `tables.prefx`; did you mean `tables.prefix`?"),
            ("url = 'x'", "driftlock.toml:1:1: `url` is a key of an environment: write it below `[env.NAME]`"),
            (
                "[env.a]\ndefault_env = 'x'",
                "driftlock.toml:2:1: `default_env` is a key of the top level: write it above the first `[env.NAME]`",
            ),
            (
                "lock_wait = 5",
                "driftlock.toml:1:13: `lock_wait`: a duration in quotes, such as \"5s\" is wanted here, and this is an integer",
            ),
            (
                "lock_wait = '5'",
                "driftlock.toml:1:13: `lock_wait`: `5` is no duration; write `500ms`, `5s`, `2min`, `1h`, or `0` for no limit",
            ),
            (
                "attempts = 0",
                "driftlock.toml:1:12: `attempts`: `0` is not what is wanted here: a number from 1 to 1000",
            ),
            (
                "[env.a]\nrollback = 'no'",
                "driftlock.toml:2:12: `rollback`: `no` is not what is wanted here: \"allow\" or \"approved\" or \"deny\"",
            ),
            (
                "[env.a]\nurl = { evn = 'X' }",
                "driftlock.toml:2:9: `url`: there is no source `evn`; did you mean `env`?",
            ),
            (
                "[env.a]\nurl = { cmd = 'X' }",
                "driftlock.toml:2:15: `url`: a list of strings: the program and its arguments is wanted here",
            ),
            (
                "migrations = { postgresql = 'x' }",
                "driftlock.toml:1:16: `migrations`: there is no engine `postgresql`; did you mean `postgres`?",
            ),
            (
                "ignore = ['a', 1]",
                "driftlock.toml:1:10: `ignore`: a list of strings, such as [\"table:partman_*\"] is wanted here, and this is an array",
            ),
            ("tables = 'x'", "driftlock.toml:1:10: `tables` is a table with the keys schema and prefix"),
            ("[env]\nurl = 'x'", "driftlock.toml:2:7: `url` is a key of an environment: write `[env.dev]` above it"),
            (
                "[[hook]]\non = 'before_migrat'",
                "driftlock.toml:2:6: `on`: there is no event `before_migrat`; did you mean `before_migrate`?",
            ),
            (
                "[[hook]]\non = 'after_each'\ncomand = ['x']",
                "driftlock.toml:3:1: unknown key `comand` of a hook; did you mean `command`?",
            ),
            (
                "[[hook]]\non = 'after_each'\ncommand = 'rm -rf x'",
                "driftlock.toml:3:11: `command`: a list of strings: the program and its arguments (no shell is between) is wanted here",
            ),
            (
                "[[hook]]\ncommand = ['x']",
                "driftlock.toml:1:1: a hook wants to know when: add `on = \"before_migrate\"` or another event",
            ),
            (
                "[[hook]]\non = 'on_error'",
                "driftlock.toml:1:1: a hook wants a command: add `command = [\"PROGRAM\", \"ARGUMENT\"]`",
            ),
            (
                "[hook]\non = 'on_error'",
                "driftlock.toml:1:1: hooks are a list: write `[[hook]]` and the keys of one below",
            ),
            ("[[hooks]]\non = 'on_error'", "driftlock.toml:1:3: unknown key `hooks`; did you mean `hook`?"),
            (
                "[env.unknown]\nurl = 'x'",
                "driftlock.toml:1:6: `unknown` can't be an environment's name; give it another",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(message(text), expected, "{text}");
        }
        assert!(message("a = 1\na = 2").starts_with("driftlock.toml:2:1: "), "{}", message("a = 1\na = 2"));
        assert!(message("migrations = \"a").starts_with("driftlock.toml:1:"), "{}", message("migrations = \"a"));
    }

    #[test]
    fn no_message_holds_a_secret() {
        for text in [
            "[env.a]\nurl = ['postgres://u:s3cret@h/d']",
            "url = 's3cret'",
            "[env.a]\nurl = { env = ['s3cret'] }",
            "[env.a]\nurl = 's3cret",
        ] {
            assert!(!message(text).contains("s3cret"), "{}", message(text));
        }
    }
}
