//! What the three splitters share: reading lexemes, growing the statement that is open, and errors.

use std::ops::Range;

use super::place::Places;
use super::strings::Settings;
use super::{SplitError, Statement};
use crate::Dialect;
use crate::token::{Form, Lexeme, Lexer, Token, TokenKind};

/// Reads a file lexeme by lexeme and gathers its statements.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) file: &'a str,
    pub(super) lexer: Lexer<'a>,
    dialect: Dialect,
    places: Places<'a>,
    statements: Vec<Statement>,
    /// The statement that has begun.
    open: Option<Range<usize>>,
    /// Where the executable comment begins that is open.
    executable: Option<usize>,
    /// How the script's own settings have strings read.
    settings: Settings,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a str, dialect: Dialect) -> Self {
        Self {
            file,
            lexer: Lexer::new(file, dialect),
            dialect,
            places: Places::new(file),
            statements: Vec::new(),
            open: None,
            executable: None,
            settings: Settings::new(dialect),
        }
    }

    /// The next token that means something, or a delimiter.
    pub(super) fn next(&mut self) -> Result<Option<Lexeme<'a>>, SplitError> {
        while let Some(lexeme) = self.lexer.next() {
            match lexeme.form {
                Form::Unclosed => return Err(self.unclosed(lexeme.token)),
                Form::ExecutableOpens => {
                    self.executable.get_or_insert(lexeme.token.start);
                }
                Form::ExecutableCloses => {
                    self.executable = None;
                    if let Some(open) = &mut self.open {
                        open.end = lexeme.end();
                    }
                }
                Form::Plain | Form::Delimiter if lexeme.is_significant() => return Ok(Some(lexeme)),
                Form::Plain | Form::Delimiter => {}
            }
        }
        match self.executable {
            Some(start) => Err(self
                .error(start, "this executable comment is never closed: add its `*/`, or remove its `/*!`".to_owned())),
            None => Ok(None),
        }
    }

    /// Whether no statement has begun.
    pub(super) fn at_start(&self) -> bool {
        self.open.is_none()
    }

    /// Whether the last lexeme stands in an executable comment.
    pub(super) fn in_executable(&self) -> bool {
        self.executable.is_some()
    }

    /// Takes a token into the open statement, or begins one with it: at the mark of the executable comment around it.
    pub(super) fn take(&mut self, lexeme: &Lexeme<'_>) {
        match &mut self.open {
            Some(open) => open.end = lexeme.end(),
            None => self.open = Some(self.executable.unwrap_or(lexeme.token.start)..lexeme.end()),
        }
    }

    /// Ends the open statement, if there is one.
    pub(super) fn finish(&mut self, copy_data: Option<Range<usize>>) {
        if let Some(span) = self.open.take() {
            let (line, column) = self.places.of(span.start);
            self.lexer.set_strings(self.settings.after(&self.file[span.clone()]));
            self.statements.push(Statement { span, line, column, copy_data });
        }
    }

    /// Takes the rest of the line from an offset on as a statement.
    pub(super) fn take_line(&mut self, start: usize) {
        let line = self.line_from(start);
        self.lexer.skip_to(start + line.len());
        self.open = Some(start..start + line.trim_end().len());
        self.finish(None);
    }

    /// The statements, at the end of the file.
    pub(super) fn into_statements(mut self) -> Vec<Statement> {
        self.finish(None);
        self.statements
    }

    /// The rest of the line from an offset on, without its line break.
    pub(super) fn line_from(&self, at: usize) -> &'a str {
        let rest = &self.file[at..];
        let line = rest.split_once('\n').map_or(rest, |(line, _)| line);
        line.strip_suffix('\r').unwrap_or(line)
    }

    /// The first word of a text: a client command, for messages.
    pub(super) fn first_word(line: &str) -> &str {
        line.split_whitespace().next().unwrap_or(line)
    }

    pub(super) fn error(&mut self, offset: usize, message: String) -> SplitError {
        let (line, column) = self.places.of(offset);
        SplitError { message, offset, line, column }
    }

    fn unclosed(&mut self, token: Token<'_>) -> SplitError {
        let message = match token.kind {
            TokenKind::Comment if self.dialect == Dialect::Postgres => {
                "this comment is never closed: add its `*/` (on PostgreSQL comments nest: each `/*` inside needs one too)"
                    .to_owned()
            }
            TokenKind::Comment => "this comment is never closed: add its `*/`".to_owned(),
            _ => {
                let closing = closing_mark(token.text);
                let doubled = if closing.len() == 1 && closing != "]" {
                    format!(" (a {closing} inside is written twice: {closing}{closing})")
                } else {
                    String::new()
                };
                let what = if token.kind == TokenKind::String { "string" } else { "quoted name" };
                format!("this {what} is never closed: add its `{closing}`{doubled}")
            }
        };
        self.error(token.start, message)
    }
}

/// What would close a quoted token that is open.
fn closing_mark(text: &str) -> &str {
    if let Some(rest) = text.strip_prefix('$') {
        let tag = rest.find('$').map_or(text.len(), |end| end + 2);
        return &text[..tag];
    }
    match text.find(['\'', '"', '`', '[']) {
        Some(at) if text[at..].starts_with('[') => "]",
        Some(at) => &text[at..=at],
        None => text,
    }
}
