//! Flyway's placeholders: `${name}`, anywhere in a script, comments and strings too.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::layout::Context;
use crate::{BodyError, Values};

/// Where values come from, and by which marks their places are found.
pub(super) struct Placeholders<'a> {
    pub(super) prefix: &'a str,
    suffix: &'a str,
    /// By their names in lower case: Flyway makes no difference.
    values: BTreeMap<String, String>,
    file: &'a str,
}

/// What a variable of Flyway's own is called, before the placeholder's name.
const VARIABLE: &str = "FLYWAY_PLACEHOLDERS_";

impl<'a> Placeholders<'a> {
    /// # Errors
    /// What is wrong with a variable.
    pub(super) fn of(context: &Context<'a>) -> Result<Self, String> {
        let mark = |variable: &str, default| match context.values.environment.get(variable).map(String::as_str) {
            Some("") => Err(format!("the variable {variable} is empty; Flyway wants a text in it")),
            given => Ok(given.unwrap_or(default)),
        };
        // What stands between `flyway` and the name of a value of Flyway's own.
        let separator = mark("FLYWAY_PLACEHOLDER_SEPARATOR", ":")?;
        Ok(Placeholders {
            prefix: mark("FLYWAY_PLACEHOLDER_PREFIX", "${")?,
            suffix: mark("FLYWAY_PLACEHOLDER_SUFFIX", "}")?,
            values: by_name(context.values, separator, context.file),
            file: context.file,
        })
    }

    /// Every placeholder in a text: where it is, what it is called and what goes there.
    ///
    /// # Errors
    /// At the first one that has no value, or no end.
    pub(super) fn find(&self, text: &str) -> Result<Vec<(Range<usize>, String, String)>, BodyError> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(start) = next(text, at, self.prefix) {
            let inside = start + self.prefix.len();
            let Some(length) = text[inside..].find(self.suffix) else {
                let message =
                    format!("{} begins a placeholder that no {} ends{}", self.prefix, self.suffix, self.or_else());
                return Err(BodyError::script(text, start, message));
            };
            let name = &text[inside..inside + length];
            at = inside + length + self.suffix.len();
            match self.values.get(&name.to_lowercase()) {
                Some(value) => found.push((start..at, name.to_owned(), value.clone())),
                None => return Err(BodyError::script(text, start, self.missing(name))),
            }
        }
        Ok(found)
    }

    fn missing(&self, name: &str) -> String {
        let (prefix, suffix) = (self.prefix, self.suffix);
        if name.chars().count() > 64 || name.chars().any(char::is_control) {
            return format!(
                "what stands between {prefix} and the next {suffix} is no placeholder's name{}",
                self.or_else()
            );
        }
        let plain = |allowed: &dyn Fn(char) -> bool| !name.is_empty() && name.chars().all(allowed);
        let key = if plain(&|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
            name.to_owned()
        } else {
            format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
        };
        let variable = if plain(&|c| c.is_ascii_alphanumeric() || c == '_') {
            format!(", or with the variable {VARIABLE}{}", name.to_uppercase())
        } else {
            String::new()
        };
        format!(
            "there is no value for {prefix}{name}{suffix}: give it with `placeholders = {{ {key} = \"…\" }}` in driftlock.toml or with `--placeholder '{name}=…'`{variable}{}",
            self.or_else()
        )
    }

    /// What to do with what is no placeholder at all.
    fn or_else(&self) -> String {
        let file = super::base(self.file);
        format!("; where it is meant as it stands, write `placeholderReplacement=false` into `{file}.conf`")
    }
}

/// The values by their names in lower case. What Flyway knows by itself comes before what was given, and that before variables.
fn by_name(values: &Values, separator: &str, file: &str) -> BTreeMap<String, String> {
    let lower = |(name, value): (&str, &String)| (name.to_lowercase(), value.clone());
    let variables = values.environment.iter().filter_map(|(name, value)| Some((name.strip_prefix(VARIABLE)?, value)));
    let given = values.placeholders.iter().map(|(name, value)| (name.as_str(), value));
    let mut all: BTreeMap<String, String> = variables.map(lower).chain(given.map(lower)).collect();
    all.insert(format!("flyway{separator}filename").to_lowercase(), file_name(file));
    all
}

/// The script's name as Flyway has it: without the `__` that nothing stands behind.
fn file_name(file: &str) -> String {
    let file = super::base(file);
    match file.rsplit_once('.') {
        Some((stem, suffix)) if stem.find("__") == Some(stem.len().wrapping_sub(2)) => {
            format!("{}.{suffix}", &stem[..stem.len() - 2])
        }
        _ => file.to_owned(),
    }
}

/// Where the prefix is, from a place on, as Flyway's reader finds it: where the prefix begins but doesn't go on, the character that
/// differs is passed by too. So `$${name}` is no placeholder, and `$$${name}` is.
fn next(text: &str, mut at: usize, prefix: &str) -> Option<usize> {
    let first = prefix.chars().next()?;
    loop {
        let start = at + text[at..].find(first)?;
        let mut end = start;
        for (wanted, got) in prefix.chars().zip(text[start..].chars()) {
            end += got.len_utf8();
            if wanted != got {
                break;
            }
        }
        if &text[start..end] == prefix {
            return Some(start);
        }
        at = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Body, Part};

    fn put_in(prefix: &str, suffix: &str, text: &str) -> Result<String, String> {
        let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let values = Values {
            placeholders: map(&[("Name", "V"), ("empty", ""), ("x.y", "dot"), ("rec", "${name}"), ("sp ace", "S")]),
            environment: map(&[
                ("FLYWAY_PLACEHOLDER_PREFIX", prefix),
                ("FLYWAY_PLACEHOLDER_SUFFIX", suffix),
                ("FLYWAY_PLACEHOLDERS_FROM_OUTSIDE", "E"),
                ("FLYWAY_PLACEHOLDERS_NAME", "not this"),
            ]),
            ..Values::default()
        };
        let context = Context { file: "V1__a.sql", part: Part::Up, settings: None, values: &values };
        let found = Placeholders::of(&context).unwrap().find(text).map_err(|error| match error {
            BodyError::Script(error) => format!("{}:{}: {}", error.line, error.column, error.message),
            BodyError::Settings(error) => panic!("{error}"),
        })?;
        Ok(Body::whole(text.to_owned()).substitute(found).into_text())
    }

    #[test]
    fn replaces_what_flyway_replaces() {
        // Each by flyway-core 13.12's `PlaceholderReplacingReader`, but for the variable.
        let cases = [
            ("${", "}", "a ${name} b", "a V b"),
            ("${", "}", "$${name}", "$${name}"),
            ("${", "}", "$$${name}", "$$V"),
            ("${", "}", "$a$${name}$a$", "$a$${name}$a$"),
            ("${", "}", "${NAME}${name}", "VV"),
            ("${", "}", "'${name}' -- ${name}\n/* ${name} */", "'V' -- V\n/* V */"),
            ("${", "}", "${empty}${name}${empty}", "V"),
            ("${", "}", "${x.y}", "dot"),
            ("${", "}", "${rec}", "${name}"),
            ("${", "}", "${sp ace}", "S"),
            ("${", "}", "a$", "a$"),
            ("${", "}", "$ü$${name", "$ü$${name"),
            ("#[[", "]]", "#[[name]]", "V"),
            ("#[[", "]]", "##[[name]]", "##[[name]]"),
            ("#[[", "]]", "#[#[[name]]", "#[#[[name]]"),
            ("$$", "$$", "$$name$$", "V"),
            ("$$", "$$", "x$y$$name$$", "x$yV"),
            ("@", "@", "@name@", "V"),
            ("${", "}", "${from_outside}", "E"),
        ];
        for (prefix, suffix, text, expected) in cases {
            assert_eq!(put_in(prefix, suffix, text).as_deref(), Ok(expected), "{prefix} {text}");
        }
    }

    #[test]
    fn a_value_that_is_missing_is_told_at_its_place_with_the_ways_to_give_it() {
        let cases = [
            (
                "a\n ${nope}",
                "2:2: there is no value for ${nope}: give it with `placeholders = { nope = \"…\" }` in driftlock.toml or with `--placeholder 'nope=…'`, or with the variable FLYWAY_PLACEHOLDERS_NOPE; where it is meant as it stands, write `placeholderReplacement=false` into `V1__a.sql.conf`",
            ),
            ("${}", "1:1: there is no value for ${}: give it with `placeholders = { \"\" = \"…\" }`"),
            (
                "${flyway:user}",
                "1:1: there is no value for ${flyway:user}: give it with `placeholders = { \"flyway:user\" = \"…\" }`",
            ),
            ("${", "1:1: ${ begins a placeholder that no } ends"),
            ("x ${na", "1:3: ${ begins a placeholder that no } ends"),
            ("${na\nme}", "1:1: what stands between ${ and the next } is no placeholder's name"),
        ];
        for (text, expected) in cases {
            let error = put_in("${", "}", text).unwrap_err();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    #[test]
    fn the_files_name_is_flyways() {
        for (file, expected) in
            [("a/V1__x.sql", "V1__x.sql"), ("V1__.sql", "V1.sql"), ("R.sql", "R.sql"), ("V1__a__.sql", "V1__a__.sql")]
        {
            assert_eq!(file_name(file), expected);
        }
    }
}
