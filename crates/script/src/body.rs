//! The body of a script: which parts of a file run, by which rule, with which values put in.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::{Dialect, DirectiveError, Options, SplitError, Statement, position, split_with};

/// Where the values come from that a layout puts into its scripts. Its `Debug` shows none of them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Values {
    /// Values by the names that scripts know them by (Flyway's `${name}`).
    pub placeholders: BTreeMap<String, String>,
    /// The variables of the process (goose's ENVSUB).
    pub environment: BTreeMap<String, String>,
    /// Names of placeholders whose values are never shown or recorded.
    pub secrets: BTreeSet<String>,
}

impl std::fmt::Debug for Values {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&String> = self.placeholders.keys().collect();
        f.debug_struct("Values").field("placeholders", &names).finish_non_exhaustive()
    }
}

/// What is known of a database that scripts may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    /// Who is logged in.
    pub user: String,
    /// The database's name.
    pub database: String,
    /// The schema in which things are made that name none.
    pub schema: String,
    /// The environment's name.
    pub environment: String,
}

/// Names that stand in for what isn't known without a database.
impl Default for Whereabouts {
    fn default() -> Self {
        let name = |name: &str| name.to_owned();
        Whereabouts {
            user: name("user"),
            database: name("database"),
            schema: name("schema"),
            environment: name("environment"),
        }
    }
}

impl Values {
    /// With the values that Flyway itself gives to scripts (`${flyway:user}`), where nobody has given others.
    #[must_use]
    pub fn with_flyways_own(mut self, facts: &Whereabouts) -> Self {
        let own = [
            ("flyway:user", facts.user.as_str()),
            ("flyway:database", &facts.database),
            ("flyway:defaultSchema", &facts.schema),
            ("flyway:environment", &facts.environment),
            ("flyway:table", "flyway_schema_history"),
        ];
        for (name, value) in own {
            self.placeholders.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
        self
    }
}

/// What runs of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body {
    text: String,
    sections: Vec<Section>,
    /// What ends statements in place of `;`.
    delimiter: Option<String>,
    /// The file's text before values were put in, where some were.
    original: Option<String>,
    edits: Vec<Edit>,
    values: BTreeMap<String, String>,
    /// Those of them that are never shown.
    secrets: Vec<String>,
    session: &'static [&'static str],
}

/// A stretch of a body. No statement reaches over its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Where it is in the body's text, in bytes.
    pub span: Range<usize>,
    /// Each of its statements is committed on its own, with a journal.
    pub no_transaction: bool,
}

/// Text that takes the place of a stretch of the file's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Replacement {
    /// The stretch, in bytes.
    pub(crate) range: Range<usize>,
    /// What takes its place.
    pub(crate) text: String,
    /// The name of the value that this is; `None` where the layout only has another way to write something.
    pub(crate) name: Option<String>,
}

/// A stretch that was replaced: where what took its place begins in the body's text and in the file's, and how long it is in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Edit {
    at: usize,
    length: usize,
    from: usize,
    replaced: usize,
}

impl Body {
    /// The whole of a text runs, as a transaction where it can.
    #[must_use]
    pub fn whole(text: String) -> Self {
        let sections = vec![Section { span: 0..text.len(), no_transaction: false }];
        Body { text, sections, ..Body::default() }
    }

    /// These stretches of a text run, in this order.
    pub(crate) fn of_sections(text: String, sections: Vec<Section>) -> Self {
        Body { text, sections, ..Body::default() }
    }

    /// With every statement on its own, or not.
    pub(crate) fn no_transaction(mut self, no_transaction: bool) -> Self {
        for section in &mut self.sections {
            section.no_transaction |= no_transaction;
        }
        self
    }

    /// With statements that its layout's runner sends when it connects.
    pub(crate) fn session(mut self, session: &'static [&'static str]) -> Self {
        self.session = session;
        self
    }

    /// With another end of statements than `;`.
    pub(crate) fn delimiter(mut self, delimiter: Option<String>) -> Self {
        self.delimiter = delimiter;
        self
    }

    /// Puts values in: for each range of the text, in rising order, the name and the value that takes its place.
    pub(crate) fn substitute(self, values: Vec<(Range<usize>, String, String)>) -> Self {
        let replacements =
            values.into_iter().map(|(range, name, text)| Replacement { range, text, name: Some(name) }).collect();
        self.replace(replacements)
    }

    /// Puts other text in place of stretches of the text, in rising order. No section begins or ends inside of one.
    pub(crate) fn replace(mut self, replacements: Vec<Replacement>) -> Self {
        if replacements.is_empty() {
            return self;
        }
        let original = std::mem::take(&mut self.text);
        let mut from = 0;
        for Replacement { range, text, name } in replacements {
            self.text.push_str(&original[from..range.start]);
            self.edits.push(Edit { at: self.text.len(), length: text.len(), from: range.start, replaced: range.len() });
            self.text.push_str(&text);
            from = range.end;
            if let Some(name) = name {
                self.values.insert(name, text);
            }
        }
        self.text.push_str(&original[from..]);
        for section in &mut self.sections {
            section.span = moved(&self.edits, section.span.start)..moved(&self.edits, section.span.end);
        }
        self.original = Some(original);
        self
    }

    /// Keeps the values of these names, in any case, out of what is recorded.
    pub(crate) fn hide(mut self, names: &BTreeSet<String>) -> Self {
        let is_hidden = |name: &str| names.iter().any(|hidden| hidden.eq_ignore_ascii_case(name));
        for (_, value) in self.values.iter_mut().filter(|(name, _)| is_hidden(name)) {
            self.secrets.push(std::mem::replace(value, "***".to_owned()));
        }
        self.secrets.retain(|secret| !secret.trim().is_empty());
        self
    }

    /// The values that were put in and are never shown.
    #[must_use]
    pub fn secrets(&self) -> Vec<&str> {
        self.secrets.iter().map(String::as_str).collect()
    }

    /// The text that statements are parts of.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Gives the text away, when its statements are known.
    #[must_use]
    pub fn into_text(self) -> String {
        self.text
    }

    /// The stretches that run, in order.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// What its layout's runner says to the server when it connects, and what thus holds for the script unless it says otherwise:
    /// statements that set the session, and nothing else.
    #[must_use]
    pub fn session_statements(&self) -> &'static [&'static str] {
        self.session
    }

    /// The values that were put in, by name, as they may be shown.
    #[must_use]
    pub fn values(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    /// The same as a script that needs nothing else: what sets its session, and its sections, under a directive where one of them asks that its statements be
    /// committed on their own.
    #[must_use]
    pub fn standalone(&self) -> String {
        let directive = if self.sections.iter().any(|section| section.no_transaction) {
            "-- driftlock: no-transaction\n"
        } else {
            ""
        };
        let mut script = directive.to_owned();
        script.extend(self.session.iter().map(|sql| format!("{sql};\n")));
        let head = script.len();
        for section in &self.sections {
            append(&mut script, head, &self.text[section.span.clone()]);
        }
        script
    }

    /// All that runs, with what stands in front of it: where directives are looked for.
    #[must_use]
    pub fn head(&self) -> &str {
        match (self.sections.first(), self.sections.last()) {
            (Some(first), Some(last)) => &self.text[first.span.start..last.span.end],
            _ => "",
        }
    }

    /// Where [`head`](Self::head) begins in the text.
    #[must_use]
    pub fn head_start(&self) -> usize {
        self.sections.first().map_or(0, |first| first.span.start)
    }

    /// The text of a line of the file, from 1.
    #[must_use]
    pub fn line(&self, line: u32) -> &str {
        let index = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
        self.file().lines().nth(index).unwrap_or_default()
    }

    /// The statements of each section, in order, each with whether its section asks that it be committed on its own. Spans are of [`text`](Self::text), lines and columns of the file.
    ///
    /// # Errors
    /// As [`split`](crate::split).
    pub fn statements(&self, dialect: Dialect) -> Result<Vec<(Statement, bool)>, SplitError> {
        let mut all = Vec::new();
        let is_whole = self.edits.is_empty() && self.sections.first().is_some_and(|first| first.span.start == 0);
        let mut lines = Lines::new(self.file());
        for (number, section) in self.sections.iter().enumerate() {
            let base = section.span.start;
            let mut place = |offset: usize| lines.of(self.in_file(offset));
            let options = Options { delimiter: self.delimiter.as_deref() };
            let statements = split_with(&self.text[section.span.clone()], dialect, &options).map_err(|error| {
                let offset = usize::try_from(error.offset).unwrap_or(usize::MAX);
                body_error(self.file(), self.in_file(base.saturating_add(offset)), error.message)
            })?;
            for mut statement in statements {
                if !(is_whole && number == 0) {
                    statement.span = statement.span.start + base..statement.span.end + base;
                    statement.copy_data =
                        statement.copy_data.map(|data| data.start + base as u64..data.end + base as u64);
                    (statement.line, statement.column) = place(statement.span.start);
                }
                all.push((statement, section.no_transaction));
            }
        }
        Ok(all)
    }

    /// Line and column in the file of a byte of the text.
    #[must_use]
    pub fn position(&self, offset: usize) -> (u32, u32) {
        position(self.file(), self.in_file(offset))
    }

    /// The text as the file has it.
    fn file(&self) -> &str {
        self.original.as_deref().unwrap_or(&self.text)
    }

    /// Where a byte of the text is in the file; one of a value that was put in is where the value's name begins.
    fn in_file(&self, offset: usize) -> usize {
        let behind = self.edits.partition_point(|edit| edit.at <= offset);
        match behind.checked_sub(1).map(|at| self.edits[at]) {
            None => offset,
            Some(edit) if offset < edit.at + edit.length => edit.from,
            Some(edit) => edit.from + edit.replaced + (offset - edit.at - edit.length),
        }
    }
}

/// A directive that can't be followed, as what is wrong with a body.
pub(crate) fn directive_error(error: DirectiveError) -> SplitError {
    let DirectiveError { message, offset, line, column } = error;
    SplitError { message, offset: offset as u64, line, column }
}

/// Appends a section to a script whose head is so many bytes long.
pub(crate) fn append(script: &mut String, head: usize, section: &str) {
    // A section's end may be all that ends its last statement; a `;` too many does no harm.
    let last = script.trim_ascii_end().rsplit('\n').next().unwrap_or_default();
    let is_ended = last.ends_with(';') && !last.contains("--") && !last.contains('#');
    if script.len() > head && !is_ended {
        script.push_str(if script.ends_with('\n') { ";\n" } else { "\n;\n" });
    }
    script.push_str(section);
}

/// A file that can't be followed: the script, or the file that changes how it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// A place in the script.
    Script(SplitError),
    /// A place in the other file.
    Settings(SplitError),
}

impl BodyError {
    /// About a place in a script.
    pub(crate) fn script(text: &str, offset: usize, message: impl Into<String>) -> Self {
        BodyError::Script(body_error(text, offset, message))
    }

    /// About a place in the file that changes how it runs.
    pub(crate) fn settings(text: &str, offset: usize, message: impl Into<String>) -> Self {
        BodyError::Settings(body_error(text, offset, message))
    }
}

/// Where a byte of the file, which is none of a name that was replaced, is in the text.
fn moved(edits: &[Edit], offset: usize) -> usize {
    let before = edits.partition_point(|edit| edit.from + edit.replaced <= offset);
    match before.checked_sub(1).map(|at| edits[at]) {
        None => offset,
        Some(edit) => edit.at + edit.length + (offset - edit.from - edit.replaced),
    }
}

/// Lines and columns of rising offsets, in one pass over the text.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    column: u32,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        Lines { text, at: 0, line: 1, column: 1 }
    }

    fn of(&mut self, offset: usize) -> (u32, u32) {
        for character in self.text[self.at..offset.max(self.at)].chars() {
            if character == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.at = offset.max(self.at);
        (self.line, self.column)
    }
}

/// An error about a place in a text.
fn body_error(text: &str, offset: usize, message: impl Into<String>) -> SplitError {
    let (line, column) = position(text, offset);
    SplitError { message: message.into(), offset: offset as u64, line, column }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_of_the_file_whatever_was_put_in() {
        let file = "-- up\nSELECT ${a};\n  SELECT '${b}' || 'x'; SELECT é;\n-- down\nSELECT 9;";
        let at = |part: &str| file.find(part).unwrap();
        let up = Section { span: 6..at("-- down"), no_transaction: true };
        let put = |name: &str, value: &str| {
            let start = at(&format!("${{{name}}}"));
            (start..start + 4, name.to_owned(), value.to_owned())
        };
        let body = Body::of_sections(file.to_owned(), vec![up]).substitute(vec![put("a", "1,\n2"), put("b", "")]);
        let statements = body.statements(Dialect::Postgres).unwrap();
        let found: Vec<(&str, u32, u32, bool)> = statements
            .iter()
            .map(|(statement, alone)| (statement.text(body.text()), statement.line, statement.column, *alone))
            .collect();
        assert_eq!(found, [("SELECT 1,\n2", 2, 1, true), ("SELECT '' || 'x'", 3, 3, true), ("SELECT é", 3, 25, true),]);
        let place = |part: &str| body.position(body.text().find(part).unwrap());
        assert_eq!(place(",\n2"), (2, 8), "a value is where its name is");
        assert_eq!(place("|| 'x'"), (3, 17));
        let way = Section { span: 0..file.len(), no_transaction: false };
        let gone = Replacement { range: 6..at("  SELECT"), text: String::new(), name: None };
        let body = Body::of_sections(file.to_owned(), vec![way]).replace(vec![gone]);
        assert_eq!((body.text().len(), body.values().len()), (file.len() - 13, 0));
        assert_eq!((body.position(5), body.position(6)), ((1, 6), (3, 1)));
        let quote = Body::of_sections("a\n'".to_owned(), vec![Section { span: 2..3, no_transaction: false }]);
        let error = quote.statements(Dialect::Sqlite).unwrap_err();
        assert_eq!((error.line, error.column, error.offset), (2, 1, 2));
    }

    #[test]
    fn sections_stay_apart_in_one_script() {
        let file = "-- a\nDROP TABLE b\n-- c\nDROP TABLE d;\n-- e\nDROP TABLE f";
        let section = |part: &str| {
            let start = file.find(part).unwrap();
            Section { span: start..start + part.len(), no_transaction: part.ends_with('f') }
        };
        let sections = vec![section("DROP TABLE b\n"), section("DROP TABLE d;\n"), section("DROP TABLE f")];
        let body = Body::of_sections(file.to_owned(), sections);
        let script = body.standalone();
        assert_eq!(script, "-- driftlock: no-transaction\nDROP TABLE b\n;\nDROP TABLE d;\nDROP TABLE f");
        assert_eq!(
            crate::split(&script, Dialect::Postgres).unwrap().len(),
            body.statements(Dialect::Postgres).unwrap().len()
        );
    }
}
