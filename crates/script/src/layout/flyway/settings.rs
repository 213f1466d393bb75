//! What `V1__a.sql.conf` says of how `V1__a.sql` runs (`SqlScriptMetadata.java`): lines of `key=value`, as Java's properties are.

use super::placeholders::Placeholders;
use crate::BodyError;
use crate::layout::Context;

/// How a script runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) execute_in_transaction: bool,
    pub(super) placeholder_replacement: bool,
}

impl Settings {
    /// # Errors
    /// For a key that isn't known or can't be followed, and a value that is none.
    pub(super) fn read(context: &Context<'_>, placeholders: &Placeholders<'_>) -> Result<Self, BodyError> {
        let variable = |name: &str| match context.values.environment.get(name) {
            None => Ok(true),
            Some(text) => flag(text).ok_or_else(|| {
                BodyError::script(
                    "",
                    0,
                    format!("the variable {name} is neither `true` nor `false`; set it to one of them"),
                )
            }),
        };
        let mut settings = Settings {
            execute_in_transaction: variable("FLYWAY_EXECUTE_IN_TRANSACTION")?,
            placeholder_replacement: variable("FLYWAY_PLACEHOLDER_REPLACEMENT")?,
        };
        let Some(text) = context.settings else { return Ok(settings) };
        let mut start = 0;
        for line in text.split_inclusive(['\n', '\r']) {
            let at = start + line.len() - line.trim_start().len();
            start += line.len();
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', '!']) {
                continue;
            }
            settings.take(line, placeholders.prefix).map_err(|message| BodyError::settings(text, at, message))?;
        }
        Ok(settings)
    }

    fn take(&mut self, line: &str, prefix: &str) -> Result<(), String> {
        if line.contains(prefix) {
            return Err(format!("a placeholder in this file isn't followed: write its value in place of {prefix}…"));
        }
        if line.ends_with('\\') {
            return Err("a line that goes on in the next isn't followed: write it as one".to_owned());
        }
        let (key, value) = line.split_at(line.find(['=', ':', ' ', '\t', '\u{c}']).unwrap_or(line.len()));
        let value = value.trim_start();
        let value = value.strip_prefix(['=', ':']).unwrap_or(value).trim_start();
        let wanted = || format!("`{key}` wants `true` or `false`, and this is `{value}`");
        match key {
            "executeInTransaction" => self.execute_in_transaction = flag(value).ok_or_else(wanted)?,
            "placeholderReplacement" => self.placeholder_replacement = flag(value).ok_or_else(wanted)?,
            "encoding" if matches!(value.to_ascii_lowercase().as_str(), "utf-8" | "utf8") => {}
            "encoding" => {
                return Err(format!(
                    "scripts are read as UTF-8: save the script so, and write `encoding=UTF-8` in place of `{value}`"
                ));
            }
            "shouldExecute" if value == "true" => {}
            "shouldExecute" => {
                return Err("`shouldExecute` isn't followed: a version either runs or it isn't there; take out this line, or move the script away".to_owned());
            }
            _ => {
                return Err(format!(
                    "unknown key `{key}`; there are `executeInTransaction`, `placeholderReplacement` and `encoding`"
                ));
            }
        }
        Ok(())
    }
}

fn flag(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Part, Values};

    fn read(text: &str) -> Result<(bool, bool), String> {
        let values = Values::default();
        let context = Context { file: "V1__a.sql", part: Part::Up, settings: Some(text), values: &values };
        match Settings::read(&context, &Placeholders::of(&context).unwrap()) {
            Ok(settings) => Ok((settings.execute_in_transaction, settings.placeholder_replacement)),
            Err(BodyError::Settings(error)) => Err(format!("{}:{}: {}", error.line, error.column, error.message)),
            Err(BodyError::Script(error)) => panic!("{error}"),
        }
    }

    #[test]
    fn reads_what_flyway_reads() {
        // Each by flyway-core 13.12's `SqlScriptMetadata`.
        let cases = [
            ("", (true, true)),
            ("executeInTransaction=false", (false, true)),
            ("executeInTransaction = FALSE", (false, true)),
            ("executeInTransaction:false", (false, true)),
            ("executeInTransaction false", (false, true)),
            ("executeInTransaction=true\r\nexecuteInTransaction=false\r\n", (false, true)),
            ("# c\n! d\n\nplaceholderReplacement=false\nencoding=UTF-8", (true, false)),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), Ok(expected), "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_followed_is_an_error_by_name() {
        for (text, expected) in [
            ("\nfoo=1", "2:1: unknown key `foo`"),
            ("flyway.executeInTransaction=false", "1:1: unknown key `flyway.executeInTransaction`"),
            ("executeInTransaction=no", "1:1: `executeInTransaction` wants `true` or `false`, and this is `no`"),
            ("executeInTransaction", "1:1: `executeInTransaction` wants"),
            ("executeInTransaction=false # no", "1:1: `executeInTransaction` wants"),
            ("# a\r\n  encoding=latin1", "2:3: scripts are read as UTF-8"),
            ("shouldExecute=${flyway:environment}==prod", "1:1: a placeholder in this file"),
            ("shouldExecute=false", "1:1: `shouldExecute` isn't followed"),
            ("executeInTrans\\\naction=false", "1:1: a line that goes on"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(expected), "{text:?}: {error}");
        }
    }
}
