//! What hooks are told, put into their SQL as literals: `${driftlock:version}` becomes `'20240520-143022'`.

use std::ops::Range;

use crate::{Body, Dialect, SplitError, Token, TokenKind, position, tokens};

/// What begins a place for a value.
const PREFIX: &str = "${driftlock:";

/// A value that a hook may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookValue {
    /// A text: it is put in as a string literal.
    Text(String),
    /// A condition: `TRUE` or `FALSE`.
    Flag(bool),
    /// There is none here: `NULL`.
    None,
}

impl Body {
    /// The text of a hook with these values in their places, each as a literal of its own: outside of strings, and in PostgreSQL's
    /// bodies between dollars. What a value holds can't end its literal.
    ///
    /// # Errors
    /// At a place of no known name, without an end, or inside of a string or a name, where a literal can't stand.
    pub fn of_hook(text: String, dialect: Dialect, values: &[(&'static str, HookValue)]) -> Result<Self, SplitError> {
        let mut found = Vec::new();
        if text.contains(PREFIX) {
            Filler { text: &text, dialect, values, found: &mut found }.fill(0..text.len())?;
        }
        Ok(Body::whole(text).substitute(found))
    }
}

struct Filler<'a> {
    text: &'a str,
    dialect: Dialect,
    values: &'a [(&'static str, HookValue)],
    found: &'a mut Vec<(Range<usize>, String, String)>,
}

impl<'a> Filler<'a> {
    fn fill(&mut self, within: Range<usize>) -> Result<(), SplitError> {
        let text = self.text;
        for token in tokens(&text[within.clone()], self.dialect) {
            let start = within.start + token.start;
            if token.kind == TokenKind::Comment {
                continue;
            }
            if let Some(body) = dollar_body(&token).filter(|_| self.dialect == Dialect::Postgres) {
                self.fill(start + body.start..start + body.end)?;
            } else if matches!(token.kind, TokenKind::String | TokenKind::QuotedIdentifier) {
                if let Some(at) = token.text.find(PREFIX) {
                    let message = "the value is put in as a literal with its own quotes: take it out of these";
                    return Err(self.error(start + at, message.to_owned()));
                }
            } else if text[start..within.end].starts_with(PREFIX) {
                self.place(start, within.end)?;
            } else if token.text.len() > 1
                && token.text.ends_with('$')
                && text[start + token.text.len() - 1..].starts_with(PREFIX)
            {
                return Err(self.error(start, format!("a space is missing before `{PREFIX}`")));
            }
        }
        Ok(())
    }

    fn place(&mut self, start: usize, end: usize) -> Result<(), SplitError> {
        let inside = start + PREFIX.len();
        let name = self.text[inside..end].split('}').next().unwrap_or_default();
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_name || !self.text[inside + name.len()..end].starts_with('}') {
            return Err(self.error(start, format!("`{PREFIX}` wants a name and `}}` behind it")));
        }
        let Some((_, value)) = self.values.iter().find(|(known, _)| *known == name) else {
            let known: Vec<&str> = self.values.iter().map(|(name, _)| *name).collect();
            return Err(self.error(start, format!("hooks are told no `{name}`; there are {}", known.join(", "))));
        };
        let range = start..inside + name.len() + 1;
        self.found.push((range, name.to_owned(), literal(value, self.dialect)));
        Ok(())
    }

    fn error(&self, offset: usize, message: String) -> SplitError {
        let (line, column) = position(self.text, offset);
        SplitError { message, offset: u64::try_from(offset).unwrap_or(u64::MAX), line, column }
    }
}

/// What stands between the dollars of `$tag$ … $tag$`.
fn dollar_body(token: &Token<'_>) -> Option<Range<usize>> {
    if token.kind != TokenKind::String || !token.text.starts_with('$') {
        return None;
    }
    let tag = token.text[1..].find('$')? + 2;
    (token.text.len() >= 2 * tag).then(|| tag..token.text.len() - tag)
}

/// A literal that means the same whatever the session says of backslashes.
fn literal(value: &HookValue, dialect: Dialect) -> String {
    let text = match value {
        HookValue::None => return "NULL".to_owned(),
        HookValue::Flag(true) => return "TRUE".to_owned(),
        HookValue::Flag(false) => return "FALSE".to_owned(),
        HookValue::Text(text) => text.replace('\0', ""),
    };
    match dialect {
        Dialect::Postgres if text.contains('\\') => format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''")),
        Dialect::MySql if text.contains('\\') => {
            let digits: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
            format!("_utf8mb4 0x{digits}")
        }
        _ => format!("'{}'", text.replace('\'', "''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Dialect::{MySql, Postgres, Sqlite};

    fn filled(text: &str, dialect: Dialect) -> Result<String, SplitError> {
        let values = [
            ("version", HookValue::Text("1".to_owned())),
            ("name", HookValue::Text("it's \\ it".to_owned())),
            ("tables_complete", HookValue::Flag(true)),
            ("error", HookValue::None),
        ];
        Body::of_hook(text.to_owned(), dialect, &values).map(|body| body.text().to_owned())
    }

    #[test]
    fn values_are_literals_of_their_own() {
        for dialect in [Postgres, MySql, Sqlite] {
            let text =
                "SELECT ${driftlock:version}, ${driftlock:error},${driftlock:tables_complete} -- ${driftlock:x}\n";
            assert_eq!(filled(text, dialect).unwrap(), "SELECT '1', NULL,TRUE -- ${driftlock:x}\n", "{dialect:?}");
            assert_eq!(
                filled("SELECT '${x}', ${y}", dialect).unwrap(),
                "SELECT '${x}', ${y}",
                "others' are left alone"
            );
        }
        let name = "SELECT ${driftlock:name}";
        assert_eq!(filled(name, Postgres).unwrap(), "SELECT E'it''s \\\\ it'");
        assert_eq!(filled(name, MySql).unwrap(), "SELECT _utf8mb4 0x69742773205c206974");
        assert_eq!(filled(name, Sqlite).unwrap(), "SELECT 'it''s \\ it'");
        let block = "DO $x$ BEGIN PERFORM f(${driftlock:version}, $y$ ${driftlock:version} $y$); END $x$";
        assert_eq!(filled(block, Postgres).unwrap(), "DO $x$ BEGIN PERFORM f('1', $y$ '1' $y$); END $x$");
    }

    #[test]
    fn a_place_that_takes_no_literal_is_an_error_there() {
        for dialect in [Postgres, MySql, Sqlite] {
            for (text, column, part) in [
                ("SELECT '${driftlock:version}'", 9, "take it out"),
                ("SELECT \"a${driftlock:version}\"", 10, "take it out"),
                ("SELECT ${driftlock:vershion}", 8, "no `vershion`; there are version, name"),
                ("SELECT ${driftlock:version", 8, "`}` behind it"),
                ("SELECT ${driftlock:a b}", 8, "`}` behind it"),
            ] {
                let error = filled(text, dialect).unwrap_err();
                assert_eq!((error.line, error.column), (1, column), "{dialect:?} {text}: {error}");
                assert!(error.message.contains(part), "{error}");
            }
        }
        assert!(filled("DO $$ BEGIN EXECUTE 'x ${driftlock:version}'; END $$", Postgres).is_err());
    }
}
