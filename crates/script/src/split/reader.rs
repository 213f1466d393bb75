//! What the three splitters share: reading lexemes, growing the statement that is open, and errors.

use std::ops::Range;
use std::sync::Arc;

use super::place::{Place, Places};
use super::splitter::Settings;
use super::{SplitError, Statement};
use crate::Dialect;
use crate::token::{Form, Lexeme, Lexer, Token, TokenKind};

/// A part of a file's text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window<'a> {
    pub(super) text: &'a str,
    /// The file begins with it.
    pub(super) first: bool,
    /// The file ends with it.
    pub(super) last: bool,
    /// Where it begins in the file.
    pub(super) offset: u64,
    /// The same as a line and a column.
    pub(super) place: Place,
}

/// Reads a window lexeme by lexeme and grows a statement of them.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) settings: &'a mut Settings,
    lexer: Lexer<'a>,
    last: bool,
    offset: u64,
    places: Places<'a>,
    /// Up to here, everything is read for good: no statement is open.
    done: usize,
    /// The statement that has begun.
    open: Option<Range<usize>>,
    /// Where the executable comment begins that is open.
    executable: Option<usize>,
    /// As many parentheses are open, where that matters: to a delimiter that the caller has named.
    parentheses: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(window: Window<'a>, settings: &'a mut Settings) -> Self {
        let Window { text, first, last, offset, place } = window;
        let mut lexer = Lexer::new(text, settings.dialect);
        if !first {
            lexer = lexer.continuing();
        }
        lexer.set_delimiter(settings.delimiter.clone());
        lexer.set_quoting(settings.session.quoting());
        Self {
            text,
            settings,
            lexer,
            last,
            offset,
            places: Places::new(text, first, place),
            done: 0,
            open: None,
            executable: None,
            parentheses: 0,
        }
    }

    /// Whether all that was read would be read so whatever follows the window.
    pub(super) fn is_certain(&self) -> bool {
        self.last || !self.lexer.reached()
    }

    /// How far the window is read for good, and the place there.
    pub(super) fn progress(mut self) -> (usize, Place) {
        let place = self.places.of(self.done);
        (self.done, place)
    }

    /// The next token that means something, or a delimiter.
    pub(super) fn next(&mut self) -> Result<Option<Lexeme<'a>>, SplitError> {
        loop {
            if self.open.is_none() && self.executable.is_none() && self.is_certain() {
                self.done = self.lexer.at();
            }
            let Some(mut lexeme) = self.lexer.next() else { break };
            if self.settings.delimiter_of_caller {
                self.count_parentheses(&mut lexeme);
            }
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

    /// A delimiter that the caller has named ends nothing in parentheses.
    fn count_parentheses(&mut self, lexeme: &mut Lexeme<'_>) {
        match (lexeme.form, lexeme.token.text) {
            (Form::Delimiter, _) if self.parentheses > 0 => {
                lexeme.form = Form::Plain;
                lexeme.token.kind = TokenKind::Space;
            }
            (Form::Plain, "(") => self.parentheses += 1,
            (Form::Plain, ")") => self.parentheses = self.parentheses.saturating_sub(1),
            _ => {}
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

    /// Takes all that follows in the open statement up to the next token that may matter in one without a body.
    pub(super) fn take_dull(&mut self, parentheses: &mut usize) {
        if let Some(open) = &mut self.open
            && let Some(end) = self.lexer.skip_dull(parentheses)
        {
            open.end = end;
        }
    }

    /// Ends the open statement, if there is one.
    pub(super) fn finish(&mut self) -> Option<Statement> {
        if self.is_certain() {
            self.done = self.lexer.at();
        }
        self.parentheses = 0;
        let span = self.open.take()?;
        let Place { line, column } = self.places.of(span.start);
        Some(Statement { span, line, column, copy_data: None })
    }

    /// Takes the rest of the line from an offset on as a statement.
    pub(super) fn take_line(&mut self, start: usize) -> Option<Statement> {
        let (line, next) = self.line_from(start);
        self.skip_to(next);
        self.open = Some(start..start + line.trim_end().len());
        self.finish()
    }

    /// Goes on at another place: over a line that isn't SQL.
    pub(super) fn skip_to(&mut self, at: usize) {
        self.lexer.skip_to(at);
    }

    /// Goes back to where the open statement ended before this lexeme, if there is a line break between them.
    pub(super) fn back_to_line_end(&mut self, lexeme: &Lexeme<'_>) -> bool {
        let Some(Range { end, .. }) = self.open else { return false };
        let goes_on_in_comment = self.executable.is_some_and(|start| start < end);
        if goes_on_in_comment || !self.text[end..lexeme.token.start].contains('\n') {
            return false;
        }
        self.executable = None;
        self.skip_to(end);
        true
    }

    /// Whether the text goes on with this at an offset.
    pub(super) fn goes_on_with(&self, at: usize, mark: &str) -> bool {
        self.lexer.starts_with(at, mark)
    }

    /// Whether an offset is where a line begins.
    pub(super) fn begins_line(&mut self, at: usize) -> bool {
        self.places.of(at).column == 1
    }

    /// What comes next may be quoted with dollars, as in MySQL's routines of another language.
    pub(super) fn expect_dollar_quote(&mut self) {
        self.lexer.expect_dollar_quote();
    }

    /// Follows a statement that is finished, which may change how quotes are read.
    pub(super) fn follow(&mut self, statement: &Statement) {
        self.settings.session.follow(statement.text(self.text));
        self.lexer.set_quoting(self.settings.session.quoting());
    }

    /// From here on, this ends a statement too; `None` for `;` alone.
    pub(super) fn set_delimiter(&mut self, delimiter: Option<Arc<str>>) {
        if self.is_certain() {
            self.settings.delimiter.clone_from(&delimiter);
            self.settings.delimiter_of_caller = false;
            self.lexer.set_delimiter(delimiter);
        }
    }

    /// The rest of the line from an offset on, without its line break, and where the next line begins.
    pub(super) fn line_from(&self, at: usize) -> (&'a str, usize) {
        let end = self.lexer.line_end(at);
        let line = &self.text[at..end];
        (line.strip_suffix('\r').unwrap_or(line), self.text.len().min(end + 1))
    }

    /// The command of a client program that stands here, for messages.
    pub(super) fn command_at(&self, at: usize) -> &'a str {
        let (line, _) = self.line_from(at);
        line.split_whitespace().next().unwrap_or(line)
    }

    /// Where an offset of the window is in the file.
    pub(super) fn in_file(&self, at: usize) -> u64 {
        self.offset + at as u64
    }

    pub(super) fn error(&mut self, at: usize, message: String) -> SplitError {
        let Place { line, column } = self.places.of(at);
        SplitError { message, offset: self.in_file(at), line, column }
    }

    fn unclosed(&mut self, token: Token<'_>) -> SplitError {
        let message = match token.kind {
            TokenKind::Comment if self.settings.dialect == Dialect::Postgres => {
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
