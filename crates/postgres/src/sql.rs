//! Texts and names inside SQL, and values out of it.

use driftlock_database::{Error, OwnTables};
use tokio_postgres::SimpleQueryRow;

/// A string literal that means the same whatever `standard_conforming_strings` says. A column of text can't hold a
/// NUL character: the replacement character stands in for it.
pub(crate) fn literal(text: &str) -> String {
    let text = text.replace('\0', "\u{fffd}").replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", text.replace('\\', "\\\\")) } else { format!("'{text}'") }
}

/// The same, or `NULL`.
pub(crate) fn optional(text: Option<&str>) -> String {
    text.map_or_else(|| "NULL".to_owned(), literal)
}

/// A quoted identifier.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('\0', "\u{fffd}").replace('"', "\"\""))
}

/// The own tables' names, quoted and qualified.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    /// Unquoted.
    pub(crate) schema: String,
    pub(crate) history: String,
    pub(crate) journal: String,
    pub(crate) fence: String,
}

impl Names {
    pub(crate) fn of(tables: &OwnTables) -> Self {
        let schema = tables.schema.clone().unwrap_or_else(|| "public".to_owned());
        let full = |name: String| format!("{}.{}", identifier(&schema), identifier(&name));
        Names { history: full(tables.history()), journal: full(tables.journal()), fence: full(tables.fence()), schema }
    }

    /// The own tables can't be used: why, and which settings put them elsewhere.
    pub(crate) fn unusable(&self, reason: &str) -> Error {
        Error::OwnTables {
            place: format!("schema \"{}\"", self.schema),
            reason: format!(
                "{reason}; `tables.schema` and `tables.prefix` in driftlock.toml (`--tables-schema`, `--tables-prefix`) put them elsewhere"
            ),
        }
    }
}

/// One row's values, by position.
pub(crate) struct Values<'a>(pub(crate) &'a SimpleQueryRow);

impl Values<'_> {
    pub(crate) fn optional(&self, at: usize) -> Result<Option<&str>, Error> {
        self.0.try_get(at).map_err(|error| Error::Protocol(format!("{} can't be read: {error}", self.column(at))))
    }

    pub(crate) fn text(&self, at: usize) -> Result<String, Error> {
        self.maybe(at)?.ok_or_else(|| self.null(at))
    }

    fn null(&self, at: usize) -> Error {
        Error::Protocol(format!("{} is null, which driftlock never writes", self.column(at)))
    }

    pub(crate) fn maybe(&self, at: usize) -> Result<Option<String>, Error> {
        Ok(self.optional(at)?.map(str::to_owned))
    }

    pub(crate) fn number(&self, at: usize) -> Result<i64, Error> {
        self.parsed(at, |text| text.parse().ok())
    }

    pub(crate) fn maybe_number(&self, at: usize) -> Result<Option<i64>, Error> {
        if self.optional(at)?.is_none() { Ok(None) } else { self.number(at).map(Some) }
    }

    /// PostgreSQL's boolean.
    pub(crate) fn yes(&self, at: usize) -> Result<bool, Error> {
        Ok(self.optional(at)? == Some("t"))
    }

    pub(crate) fn parsed<T>(&self, at: usize, parse: impl Fn(&str) -> Option<T>) -> Result<T, Error> {
        let text = self.optional(at)?.ok_or_else(|| self.null(at))?;
        parse(text)
            .ok_or_else(|| Error::Protocol(format!("`{text}` in {} is nothing that driftlock writes", self.column(at))))
    }

    fn column(&self, at: usize) -> String {
        self.0
            .columns()
            .get(at)
            .map_or_else(|| format!("column {}", at + 1), |column| format!("column {}", column.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes() {
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\'b"), "E'a\\\\''b'");
        assert_eq!(literal("a\0b"), "'a\u{fffd}b'");
        assert_eq!(identifier("a\"b"), "\"a\"\"b\"");
        let names = Names::of(&OwnTables { schema: Some("Ops".to_owned()), prefix: "dl_".to_owned() });
        assert_eq!(names.history, "\"Ops\".\"dl_history\"");
    }
}
