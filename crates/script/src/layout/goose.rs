//! goose's files: `{version}_{name}.sql`, both ways in one file between `-- +goose Up` and `-- +goose Down`. The version is a
//! positive signed 64-bit number (pressly/goose, `NumericComponent`). Migrations in Go have the same names and end in `.go`.
//!
//! goose reads line by line (`internal/sqlparser/parser.go`, v3.29.0): a statement is what it gathers up to a line that ends in
//! `;`, or between StatementBegin and StatementEnd. Which lines it takes, leaves out and refuses is its own rule here; what is a
//! statement inside of that is ours, which cuts nowhere inside a quote or a body.

mod envsub;

use std::borrow::Cow;

use super::lines::{Line, lines};
use super::numbered::{digits_and_name, signed};
use super::{Context, Facts, FileName, Part, Role};
use crate::body::Replacement;
use crate::{Body, BodyError, Section, Version};

pub(super) fn read_name(file: &str) -> Result<FileName, &'static str> {
    let go = file.strip_suffix(".go").filter(|stem| !stem.ends_with("_test"));
    let as_sql = go.map(|stem| format!("{stem}.sql"));
    let (digits, name) = digits_and_name(as_sql.as_deref().unwrap_or(file))?;
    let number = signed(digits)?;
    if number == 0 {
        return Err("its version is 0, and goose's begin with 1");
    }
    let mut name = FileName::new(Version::number(number), name, Part::Both);
    if go.is_some() {
        name.role = Role::Code("Go");
    }
    Ok(name)
}

pub(super) fn facts(text: &[u8]) -> Facts {
    let is_down = |line: &[u8]| annotation(&String::from_utf8_lossy(line)) == Some(Ok(Annotation::Down));
    let comments = text.split(|&byte| byte == b'\n').filter(|line| line.starts_with(b"--"));
    Facts { has_down: comments.into_iter().any(is_down), ..Facts::default() }
}

pub(super) fn body(text: String, context: &Context<'_>) -> Result<Body, BodyError> {
    let mut reader = Reader::new(&text, context);
    for line in lines(&text) {
        reader.read(&line)?;
    }
    let Script { sections, replacements, no_transaction } = reader.end()?;
    Ok(Body::of_sections(text, sections).replace(replacements).no_transaction(no_transaction))
}

/// What a comment with `+goose` in it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Annotation {
    Up,
    Down,
    StatementBegin,
    StatementEnd,
    NoTransaction,
    EnvsubOn,
    EnvsubOff,
}

const ANNOTATIONS: &[(&str, Annotation)] = &[
    ("Up", Annotation::Up),
    ("Down", Annotation::Down),
    ("StatementBegin", Annotation::StatementBegin),
    ("StatementEnd", Annotation::StatementEnd),
    ("NO TRANSACTION", Annotation::NoTransaction),
    ("ENVSUB ON", Annotation::EnvsubOn),
    ("ENVSUB OFF", Annotation::EnvsubOff),
];

/// Reads a line as an annotation (goose's `extractAnnotation`): `None` where it is none, an error where goose refuses it.
fn annotation(line: &str) -> Option<Result<Annotation, String>> {
    if !line.trim_start().starts_with("--") || !line.contains("+goose") {
        return None;
    }
    if line.starts_with([' ', '\t']) {
        return Some(Err("an annotation of goose begins its line: remove the blanks in front of it".to_owned()));
    }
    let command = line.replace("--", "").replacen("+goose", "", 1);
    let command = command.trim();
    let found = ANNOTATIONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(command));
    Some(found.map(|(_, annotation)| *annotation).ok_or_else(|| {
        let known: Vec<String> = ANNOTATIONS.iter().map(|(name, _)| format!("`{name}`")).collect();
        format!(
            "goose knows no annotation `{command}`, and refuses comments with `+goose` in them: there are {}",
            known.join(", ")
        )
    }))
}

/// Where in the file goose is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In front of `Up`.
    Start,
    /// In a way, where lines end statements.
    Way(Part),
    /// Behind a StatementBegin at this byte.
    Begun(Part, usize),
    /// Behind a StatementEnd that had no statement in front of it.
    Ended(Part),
}

impl State {
    fn part(self) -> Part {
        match self {
            State::Start => Part::Up,
            State::Way(part) | State::Begun(part, _) | State::Ended(part) => part,
        }
    }
}

/// What a file says for one way.
struct Script {
    sections: Vec<Section>,
    replacements: Vec<Replacement>,
    no_transaction: bool,
}

/// Reads a file line by line in goose's steps.
struct Reader<'a> {
    file: &'a str,
    context: &'a Context<'a>,
    state: State,
    envsub: bool,
    /// Lines have been gathered since the last statement ended: comments belong to it now.
    gathers: bool,
    /// Where in those lines something other than blanks begins.
    first: Option<usize>,
    /// Where the open section of the way that is asked for begins.
    open: Option<usize>,
    script: Script,
}

impl<'a> Reader<'a> {
    fn new(file: &'a str, context: &'a Context<'a>) -> Self {
        Reader {
            file,
            context,
            state: State::Start,
            envsub: false,
            gathers: false,
            first: None,
            // Only comments can stand in front of Up, driftlock's directives among them.
            open: (context.part == Part::Up).then_some(0),
            script: Script { sections: Vec::new(), replacements: Vec::new(), no_transaction: false },
        }
    }

    /// Whether lines are of the way that is asked for.
    fn runs(&self) -> bool {
        self.state.part() == self.context.part
    }

    fn read(&mut self, line: &Line<'_>) -> Result<(), BodyError> {
        match annotation(line.text) {
            Some(found) => {
                let annotation = found.map_err(|message| self.error(line.start, message))?;
                self.annotated(annotation, line)
            }
            None if self.state == State::Start && line.text.trim().is_empty() => Ok(()),
            None if !self.gathers && (line.text.is_empty() || line.text.trim_start().starts_with("--")) => {
                self.leave_out(line);
                Ok(())
            }
            None => self.gather(line),
        }
    }

    fn annotated(&mut self, annotation: Annotation, line: &Line<'_>) -> Result<(), BodyError> {
        match (annotation, self.state) {
            (Annotation::NoTransaction | Annotation::EnvsubOn | Annotation::EnvsubOff, _) => {
                self.leave_out(line);
                match annotation {
                    Annotation::NoTransaction => self.script.no_transaction = true,
                    _ => self.envsub = annotation == Annotation::EnvsubOn,
                }
            }
            (Annotation::Up, State::Start) => {
                self.leave_out(line);
                self.state = State::Way(Part::Up);
            }
            (Annotation::Down, State::Way(Part::Up) | State::Ended(Part::Up)) => {
                self.finished()?;
                self.close(line.start);
                self.state = State::Way(Part::Down);
                self.open = self.runs().then_some(line.next);
            }
            (Annotation::StatementBegin, State::Way(part) | State::Ended(part)) => {
                if self.first.is_some() {
                    // What goose has gathered is the beginning of the statement that this begins.
                    self.leave_out(line);
                } else {
                    self.cut(line);
                }
                self.state = State::Begun(part, line.start);
            }
            (Annotation::StatementEnd, State::Begun(part, _)) => {
                self.cut(line);
                self.state = if self.gathers { State::Way(part) } else { State::Ended(part) };
                (self.gathers, self.first) = (false, None);
            }
            (_, State::Begun(_, begin)) => return Err(self.unended(begin, line)),
            (Annotation::Up, _) => {
                let message = "goose takes one `-- +goose Up` a file, before `-- +goose Down`: put these statements under the first one";
                return Err(self.error(line.start, message));
            }
            (Annotation::Down, State::Start) => return Err(self.error(line.start, NO_UP)),
            (Annotation::Down, _) => {
                let message = "goose takes one `-- +goose Down` a file: put these statements under the first one";
                return Err(self.error(line.start, message));
            }
            (Annotation::StatementBegin, State::Start) => return Err(self.error(line.start, NO_UP)),
            (Annotation::StatementEnd, _) => {
                return Err(
                    self.error(line.start, "this StatementEnd has no `-- +goose StatementBegin` in front of it")
                );
            }
        }
        Ok(())
    }

    /// A line of a statement.
    fn gather(&mut self, line: &Line<'_>) -> Result<(), BodyError> {
        let runs = self.runs();
        if let State::Ended(part) = self.state {
            if !runs {
                return Ok(());
            }
            // goose takes the line for the statement that wasn't there.
            if !line.text.trim().is_empty() {
                let message = "goose would leave out this line: the StatementBegin and StatementEnd before it have no statement between them; remove them";
                return Err(self.error(line.start, message));
            }
            self.state = State::Way(part);
            return Ok(());
        }
        let text = if self.envsub { self.expand(line, runs)? } else { Cow::Borrowed(line.text) };
        if self.state == State::Start {
            return Err(self.error(line.start, NO_UP));
        }
        if !runs {
            (self.gathers, self.first) = (false, None);
            return Ok(());
        }
        let end = line.start + line.text.len();
        if self.file[end..line.next].starts_with('\r') {
            self.replace(end..end + 1);
        }
        self.gathers = true;
        if !text.trim().is_empty() {
            let blanks = line.text.len() - line.text.trim_start().len();
            self.first.get_or_insert(line.start + blanks);
        }
        if matches!(self.state, State::Way(_)) && ends_statement(&text) {
            (self.gathers, self.first) = (false, None);
        }
        Ok(())
    }

    /// The line with its variables' values, which are kept where the line runs. goose looks into the other way's lines too.
    fn expand(&mut self, line: &Line<'_>, runs: bool) -> Result<Cow<'static, str>, BodyError> {
        let expanded = envsub::expand(line.text, &self.context.values.environment, runs)
            .map_err(|fault| self.error(line.start + fault.at, fault.message))?;
        if runs {
            let moved = expanded
                .replacements
                .into_iter()
                .map(|put| Replacement { range: put.range.start + line.start..put.range.end + line.start, ..put });
            self.script.replacements.extend(moved);
        }
        Ok(Cow::Owned(expanded.line))
    }

    /// Leaves out a line that goose doesn't send: from the middle of a statement, and where it is no comment to every engine.
    fn leave_out(&mut self, line: &Line<'_>) {
        if self.runs() && (self.first.is_some() || !line.says_nothing()) {
            self.replace(line.start..line.next);
        }
    }

    fn replace(&mut self, range: std::ops::Range<usize>) {
        self.script.replacements.push(Replacement { range, text: String::new(), name: None });
    }

    /// Ends the open section in front of a line, and begins another behind it.
    fn cut(&mut self, line: &Line<'_>) {
        if self.runs() {
            self.close(line.start);
            self.open = Some(line.next);
        }
    }

    /// Ends the open section of the way that is asked for.
    fn close(&mut self, end: usize) {
        if let Some(start) = self.open.take().filter(|&start| start < end) {
            self.script.sections.push(Section { span: start..end, no_transaction: false });
        }
    }

    fn end(mut self) -> Result<Script, BodyError> {
        match self.state {
            State::Start => return Err(self.error(0, NO_UP)),
            State::Begun(_, begin) => {
                let message = "this StatementBegin is never ended: add `-- +goose StatementEnd`";
                return Err(self.error(begin, message));
            }
            State::Way(_) | State::Ended(_) => {}
        }
        self.finished()?;
        self.close(self.file.len());
        Ok(self.script)
    }

    /// goose refuses a way whose last line ends no statement. It looks at the way down only when it is to run, so directories have such
    /// files that were applied long ago: there the end of the way ends the statement.
    fn finished(&self) -> Result<(), BodyError> {
        match self.first.filter(|_| self.context.part == Part::Up) {
            Some(first) => Err(self.error(
                first,
                "goose finds no end of the statement that it takes to begin here, and refuses the file: the last line of a way must end in `;` (a `-- comment` may follow)",
            )),
            None => Ok(()),
        }
    }

    fn unended(&self, begin: usize, line: &Line<'_>) -> BodyError {
        let (number, _) = crate::position(self.file, line.start);
        let message = format!(
            "this StatementBegin has no `-- +goose StatementEnd` before line {number} (`{}`): add it",
            line.text.trim()
        );
        self.error(begin, message)
    }

    fn error(&self, offset: usize, message: impl Into<String>) -> BodyError {
        BodyError::script(self.file, offset, message)
    }
}

const NO_UP: &str = "goose wants `-- +goose Up` on a line of its own before anything but comments: add it";

/// Whether a line ends a statement: its last word in front of a `-- comment` ends in `;` (goose's `endsWithSemicolon`).
fn ends_statement(line: &str) -> bool {
    line.split_whitespace().take_while(|word| !word.starts_with("--")).last().is_some_and(|word| word.ends_with(';'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dialect, Values};

    fn read(file: &str, part: Part) -> Result<Body, BodyError> {
        let environment =
            [("A", "foo"), ("B", "x;\ny")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let values = Values { environment, ..Values::default() };
        body(file.to_owned(), &Context { file: "1_a.sql", part, settings: None, values: &values })
    }

    /// The statements of a way, and of each whether it is committed on its own, as `!`.
    fn statements(file: &str, part: Part, dialect: Dialect) -> Vec<String> {
        let body = read(file, part).unwrap_or_else(|error| panic!("{file}: {error:?}"));
        let statements = body.statements(dialect).unwrap_or_else(|error| panic!("{file}: {error:?}"));
        let text = |(statement, alone): &(crate::Statement, bool)| {
            format!("{}{}", if *alone { "!" } else { "" }, statement.text(body.text()))
        };
        statements.iter().map(text).collect()
    }

    #[test]
    fn reads_annotations() {
        let cases = [
            ("-- +goose Up", Some(Annotation::Up)),
            ("-- +goose   UP \t", Some(Annotation::Up)),
            ("--+goose down", Some(Annotation::Down)),
            ("-- Up +goose", Some(Annotation::Up)),
            ("-- +goose statementbegin", Some(Annotation::StatementBegin)),
            ("-- +goose StatementEnd --", Some(Annotation::StatementEnd)),
            ("-- +goose NO TRANSACTION", Some(Annotation::NoTransaction)),
            ("-- +goose envsub on", Some(Annotation::EnvsubOn)),
            ("-- +goose ENVSUB OFF", Some(Annotation::EnvsubOff)),
            ("-- +goose", None),
            ("-- +goose Up now", None),
            ("-- +goose NO  TRANSACTION", None),
            ("-- +goose +goose Up", None),
            (" -- +goose Up", None),
            ("\t-- +goose Up", None),
        ];
        for (line, expected) in cases {
            assert_eq!(annotation(line).unwrap().ok(), expected, "{line}");
        }
        for line in ["", "--", "-- goose Up", "SELECT 1; -- +goose Up", "/* -- +goose Up */"] {
            assert_eq!(annotation(line), None, "{line}");
        }
    }

    /// A case: a file, what runs on the way up, what on the way down.
    type Case = (&'static str, &'static [&'static str], &'static [&'static str]);

    #[test]
    fn runs_what_goose_runs() {
        let cases: &[Case] = &[
            ("-- +goose Up", &[], &[]),
            ("-- a\n\n-- +goose Up\n-- b\nA;\nB; C; -- c\n-- +goose Down\nD;\n", &["A", "B", "C"], &["D"]),
            ("-- +goose Up\nA;\n-- +goose Down\n-- +goose NO TRANSACTION\nB;", &["!A"], &["!B"]),
            // A region ends its statement, and only it may lack the end.
            (
                "-- +goose Up\n-- +goose StatementBegin\nA\n-- +goose StatementEnd\n-- +goose StatementBegin\nB;\nC\n-- +goose StatementEnd\nD;\n-- +goose Down\n-- +goose StatementBegin\nE\n-- +goose StatementEnd",
                &["A", "B", "C", "D"],
                &["E"],
            ),
            // goose goes on with what it has gathered, and doesn't send its annotations.
            ("-- +goose Up\nA\n-- +goose StatementBegin\nB;\n-- +goose StatementEnd\n", &["A\nB"], &[]),
            ("-- +goose Up\nA '\n-- +goose NO TRANSACTION\nb';\n", &["!A '\nb'"], &[]),
            ("-- +goose Up\n-- +goose StatementBegin\n-- a\n\n-- +goose StatementEnd\n \nA;\n", &["A"], &[]),
            // The way that isn't asked for may lack its end.
            ("-- +goose Up\nA;\n-- +goose Down\n-- +goose StatementBegin\n-- +goose StatementEnd\n", &["A"], &[]),
            // The way down was written long ago: what goose refuses when it is to run can't be mended in an applied file.
            ("-- +goose Up\nA;\n-- +goose Down\nB;\nC\n", &["A"], &["B", "C"]),
            // Line ends are goose's own.
            ("-- +goose Up\r\nA 'b\r\n\r\nc\rd';\r\n-- +goose Down\r\nE;\r\n", &["A 'b\n\nc\rd'"], &["E"]),
            ("-- +goose ENVSUB ON\n-- +goose Up\nA $A\n;\n-- +goose ENVSUB OFF\nB $A;\n", &["A foo", "B $A"], &[]),
            // A value may end a statement; a line that begins with a comment isn't looked at.
            ("-- +goose Up\n-- +goose ENVSUB ON\n-- $1\nA $B;\n-- +goose Down\nA\n-- $A\n;", &["A x", "y"], &["A"]),
            ("-- +goose Up\nA $$\n-- +goose ENVSUB ON\n${A}\n-- +goose ENVSUB OFF\n$$;", &["A $$\nfoo\n$$"], &[]),
        ];
        for (file, up, down) in cases {
            assert_eq!(statements(file, Part::Up, Dialect::Postgres), *up, "{file}");
            assert_eq!(statements(file, Part::Down, Dialect::Postgres), *down, "{file}");
            assert_eq!(facts(file.as_bytes()).has_down, file.contains("Down"), "{file}");
        }
    }

    /// To MySQL `--a` is no comment; goose doesn't send such lines where they stand between statements.
    #[test]
    fn leaves_out_comments_that_are_none_to_mysql() {
        let file = "--a\n--+goose Up\n--b\nA;\n--c\nB\n--d\n;\n--+goose Down\n--e\nC;\n";
        assert_eq!(statements(file, Part::Up, Dialect::MySql), ["A", "B\n--d"]);
        assert_eq!(statements(file, Part::Down, Dialect::MySql), ["C"]);
        let body = read(file, Part::Up).unwrap();
        let lines: Vec<u32> = body.statements(Dialect::MySql).unwrap().iter().map(|(found, _)| found.line).collect();
        assert_eq!(lines, [4, 6]);
    }

    #[test]
    fn a_head_may_have_directives() {
        let file =
            "-- driftlock: lock-timeout=2s\n-- +goose Up\nA;\n-- +goose Down\n-- driftlock: no-transaction\nB;\n";
        let head = |part| read(file, part).unwrap().head().to_owned();
        assert!(head(Part::Up).starts_with("-- driftlock") && head(Part::Down).starts_with("-- driftlock"));
    }

    #[test]
    fn says_where_and_why_not() {
        let cases = [
            ("", 1, 1, "wants `-- +goose Up`"),
            ("-- a\n", 1, 1, "wants `-- +goose Up`"),
            ("-- a\nA;\n-- +goose Up", 2, 1, "wants `-- +goose Up`"),
            ("/* a */\n-- +goose Up", 1, 1, "wants `-- +goose Up`"),
            ("-- +goose Down\nA;", 1, 1, "wants `-- +goose Up`"),
            ("-- +goose StatementBegin\nA;", 1, 1, "wants `-- +goose Up`"),
            ("-- +goose Up\n-- +goose Up", 2, 1, "one `-- +goose Up` a file"),
            ("-- +goose Up\n-- +goose Down\n-- +goose Up", 3, 1, "one `-- +goose Up` a file"),
            ("-- +goose Up\n-- +goose Down\n-- +goose Down", 3, 1, "one `-- +goose Down` a file"),
            ("-- +goose Up\n  -- +goose Down", 2, 1, "begins its line"),
            ("-- +goose Up\n-- +goose Dwon", 2, 1, "no annotation `Dwon`"),
            ("-- +goose Up\n-- see the +goose docs", 2, 1, "no annotation `see the  docs`"),
            ("-- +goose Up\nA;\n  é\nC\n-- +goose Down", 3, 3, "finds no end"),
            ("-- +goose Up\nA; /* a */\n", 2, 1, "finds no end"),
            ("-- +goose Up\n-- +goose StatementBegin\nA;", 2, 1, "never ended"),
            ("-- +goose Up\n-- +goose StatementBegin\n-- +goose Down", 2, 1, "before line 3 (`-- +goose Down`)"),
            ("-- +goose Up\n-- +goose StatementBegin\nA;\n-- +goose StatementBegin", 2, 1, "before line 4"),
            ("-- +goose Up\n-- +goose StatementEnd", 2, 1, "no `-- +goose StatementBegin`"),
            ("-- +goose Up\n-- +goose StatementBegin\n-- +goose StatementEnd\n\nA;", 5, 1, "leave out this line"),
            ("-- +goose Up\n-- +goose ENVSUB ON\nA ${U};", 3, 3, "`U` isn't set"),
            ("-- +goose Up\n-- +goose ENVSUB ON\n-- +goose Down\nA ${U?};", 4, 3, "`U` isn't set"),
        ];
        for (file, line, column, part) in cases {
            let Err(BodyError::Script(error)) = read(file, Part::Up) else {
                panic!("{file}: {:?}", read(file, Part::Up))
            };
            assert!((error.line, error.column) == (line, column) && error.message.contains(part), "{file}: {error:?}");
        }
        assert!(read("-- +goose Up\nA\n-- +goose Down\nB;", Part::Down).is_ok(), "it is only asked for the way down");
        assert!(read("-- +goose Up\n-- +goose ENVSUB ON\n-- +goose Down\nA ${U};", Part::Up).is_ok());
    }
}
