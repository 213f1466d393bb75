//! PostgreSQL's statements, as psql finds them: `;` ends them unless it stands in parentheses or in a body of BEGIN ATOMIC.

use super::reader::Reader;
use super::{SplitError, Statement};
use crate::Dialect;
use crate::token::{Form, Lexer, Token, TokenKind};

/// What has been read of a statement.
#[derive(Debug, Default)]
struct State<'a> {
    /// Its first words: CREATE OR REPLACE FUNCTION is the longest beginning that matters.
    head: Vec<&'a str>,
    parentheses: usize,
    /// What waits for its END: where the body's BEGIN and each CASE in it stand.
    open: Vec<usize>,
    /// The token before.
    last: Option<Token<'a>>,
    /// It is COPY … FROM STDIN.
    copies: bool,
}

impl<'a> State<'a> {
    fn head_is(&self, words: &[&str]) -> bool {
        self.head.len() >= words.len()
            && self.head.iter().zip(words).all(|(word, expected)| word.eq_ignore_ascii_case(expected))
    }

    fn is_routine(&self) -> bool {
        [&["CREATE", "FUNCTION"][..], &["CREATE", "PROCEDURE"]].into_iter().any(|words| self.head_is(words))
            || [&["CREATE", "OR", "REPLACE", "FUNCTION"][..], &["CREATE", "OR", "REPLACE", "PROCEDURE"]]
                .into_iter()
                .any(|words| self.head_is(words))
    }

    /// Whether it has neither a body nor data, whatever follows.
    fn is_plain(&self) -> bool {
        let is = |word: Option<&&str>, words: &[&str]| {
            word.is_some_and(|word| words.iter().any(|other| word.eq_ignore_ascii_case(other)))
        };
        match self.head.first() {
            first if is(first, &["CREATE"]) => {
                self.head.len() > 1 && !is(self.head.get(1), &["OR", "FUNCTION", "PROCEDURE"])
            }
            first => first.is_some() && !is(first, &["COPY"]),
        }
    }

    fn take(&mut self, token: Token<'a>) {
        let last = self.last.replace(token);
        let last_is = |word: &str| last.is_some_and(|last| last.is(word));
        match (token.kind, token.text) {
            // No CASE reaches over a `;`.
            (TokenKind::Punctuation, ";") if self.parentheses == 0 => self.open.truncate(1),
            (TokenKind::Punctuation, "(") => self.parentheses += 1,
            (TokenKind::Punctuation, ")") => self.parentheses = self.parentheses.saturating_sub(1),
            (TokenKind::Word, text) => {
                if self.head.len() < 4 {
                    self.head.push(text);
                }
                // In parentheses a CASE has its END too; and `x AS end`, `x.end` are names.
                let is_name = last_is("AS") || last.is_some_and(|last| last.text == ".");
                if self.parentheses > 0 || is_name {
                    return;
                }
                if self.open.is_empty() {
                    if token.is("ATOMIC") && last_is("BEGIN") && self.is_routine() {
                        self.open.push(last.map_or(token.start, |begin| begin.start));
                    } else if token.is("STDIN") && last_is("FROM") && self.head_is(&["COPY"]) {
                        self.copies = true;
                    }
                } else if token.is("CASE") {
                    self.open.push(token.start);
                } else if token.is("END") {
                    self.open.pop();
                }
            }
            _ => {}
        }
    }
}

/// The next statement.
pub(super) fn next(reader: &mut Reader<'_>) -> Result<Option<Statement>, SplitError> {
    let mut state = State::default();
    while let Some(lexeme) = reader.next()? {
        let token = lexeme.token;
        let ends = token.text == ";" && state.parentheses == 0 && state.open.is_empty();
        if ends || lexeme.form == Form::Delimiter {
            if state.copies {
                return copy(reader, lexeme.end());
            }
            if let Some(statement) = reader.finish() {
                return Ok(Some(statement));
            }
            state = State::default();
        } else if token.text == "\\" {
            if let Some(statement) = meta_command(reader, token.start)? {
                return Ok(Some(statement));
            }
        } else {
            reader.take(&lexeme);
            state.take(token);
            if state.is_plain() {
                reader.take_dull(&mut state.parentheses);
            }
        }
    }
    // Parentheses that are open aren't our concern: as from psql, the server gets the rest and says so.
    match state.open.last() {
        Some(&start) => Err(reader
            .error(start, "this is never closed: a body of BEGIN ATOMIC and each CASE in it needs its END".to_owned())),
        None if state.copies => copy(reader, reader.text.len()),
        None => Ok(reader.finish()),
    }
}

/// Ends a COPY whose terminator ends here, and goes on to the first line of its data.
fn copy(reader: &mut Reader<'_>, after: usize) -> Result<Option<Statement>, SplitError> {
    // A delimiter may be a line break.
    let (line, next) = if reader.text[..after].ends_with('\n') { ("", after) } else { reader.line_from(after) };
    let mut behind = Lexer::new(line, Dialect::Postgres).continuing();
    if let Some(lexeme) = behind.find(|lexeme| lexeme.is_significant() || lexeme.form == Form::Unclosed) {
        let message =
            "the data of COPY … FROM stdin begins on the next line: move this behind the line `\\.` that ends the data";
        return Err(reader.error(after + lexeme.token.start, message.to_owned()));
    }
    reader.skip_to(next);
    let data = reader.in_file(next);
    Ok(reader.finish().map(|statement| Statement { copy_data: Some(data..data), ..statement }))
}

/// Goes on behind a line that newer versions of pg_dump write and that means nothing here; a `\connect` is a statement; any
/// other command of psql is an error. Outside of quotes a backslash is never SQL.
fn meta_command(reader: &mut Reader<'_>, start: usize) -> Result<Option<Statement>, SplitError> {
    let command = reader.command_at(start);
    if reader.at_start() && matches!(command, "\\restrict" | "\\unrestrict") {
        reader.skip_to(reader.line_from(start).1);
        return Ok(None);
    }
    if reader.at_start()
        && matches!(command, "\\connect" | "\\c")
        && reader.line_from(start).0.trim_end().len() > command.len()
    {
        // `pg_dump --create` writes it. Whether it goes where the session is already, whoever runs the file knows.
        return Ok(reader.take_line(start));
    }
    let advice = match command.trim_start_matches('\\').trim_end_matches('+') {
        "." => "it ends the data of COPY … FROM stdin, and there is no such COPY before it; remove it",
        "i" | "ir" | "include" | "include_relative" => "put the statements of that file here",
        "c" | "connect" => "a migration runs on one database, which the URL names; remove it",
        "copy" => "write COPY … FROM stdin; with the data in the lines after it, and a line `\\.`",
        "gexec" => "write a DO block that runs the results with EXECUTE",
        command if command.starts_with(';') => "write `;` without the backslash",
        "g" | "gx" | "gdesc" | "gset" | "crosstabview" | "watch" => "end the statement with `;`",
        "if" | "elif" | "else" | "endif" => "write a DO block with IF",
        _ => "replace it by SQL, or remove it",
    };
    let message = format!("`{command}` is a command of psql, which the server doesn't know: {advice}");
    Err(reader.error(start, message))
}
