//! PostgreSQL's statements, as psql finds them: `;` ends them unless it stands in parentheses or in a body of BEGIN ATOMIC.

use std::ops::Range;

use super::reader::Reader;
use super::{SplitError, Statement};
use crate::Dialect;
use crate::token::{Token, TokenKind};

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

pub(super) fn split(file: &str) -> Result<Vec<Statement>, SplitError> {
    let mut reader = Reader::new(file, Dialect::Postgres);
    let mut state = State::default();
    while let Some(lexeme) = reader.next()? {
        let token = lexeme.token;
        if token.text == ";" && state.parentheses == 0 && state.open.is_empty() {
            let data = if state.copies { Some(skip_copy_data(&mut reader, lexeme.end())?) } else { None };
            reader.finish(data);
            state = State::default();
        } else if token.text == "\\" {
            skip_meta_command(&mut reader, token.start)?;
        } else {
            reader.take(&lexeme);
            state.take(token);
        }
    }
    // Parentheses that are open aren't our concern: as from psql, the server gets the rest and says so.
    match state.open.last() {
        Some(&start) => Err(reader
            .error(start, "this is never closed: a body of BEGIN ATOMIC and each CASE in it needs its END".to_owned())),
        None => {
            if state.copies {
                reader.finish(Some(file.len()..file.len()));
            }
            Ok(reader.into_statements())
        }
    }
}

/// Goes on behind the data of a COPY whose `;` ends at this offset, and says where the data is.
fn skip_copy_data(reader: &mut Reader<'_>, after: usize) -> Result<Range<usize>, SplitError> {
    let file = reader.file;
    let line = reader.line_from(after);
    let rest = line.trim_start();
    if !(rest.is_empty() || rest.starts_with("--")) {
        let offset = after + line.len() - rest.len();
        return Err(reader.error(
            offset,
            "the data of COPY … FROM stdin begins on the next line: move this behind the line `\\.` that ends the data"
                .to_owned(),
        ));
    }
    let start = file[after..].find('\n').map_or(file.len(), |line_break| after + line_break + 1);
    let mut at = start;
    for line in file[start..].split_inclusive('\n') {
        let end = at + line.len();
        let line = line.strip_suffix('\n').unwrap_or(line);
        if line.strip_suffix('\r').unwrap_or(line) == "\\." {
            reader.lexer.skip_to(end);
            return Ok(start..at);
        }
        at = end;
    }
    // psql takes the end of the file for the end of the data.
    reader.lexer.skip_to(file.len());
    Ok(start..file.len())
}

/// Goes on behind a line that newer versions of pg_dump write and that means nothing here; a `\connect` is a statement; any
/// other command of psql is an error. Outside of quotes a backslash is never SQL.
fn skip_meta_command(reader: &mut Reader<'_>, start: usize) -> Result<(), SplitError> {
    let line = reader.line_from(start);
    let command = Reader::first_word(line);
    if reader.at_start() && matches!(command, "\\restrict" | "\\unrestrict") {
        reader.lexer.skip_to(start + line.len());
        return Ok(());
    }
    if reader.at_start() && matches!(command, "\\connect" | "\\c") && line.trim_end().len() > command.len() {
        // `pg_dump --create` writes it. Whether it goes where the session is already, whoever runs the file knows.
        reader.take_line(start);
        return Ok(());
    }
    let advice = match command.trim_start_matches('\\').trim_end_matches('+') {
        "." => "it ends the data of COPY … FROM stdin, and there is no such COPY before it; remove it",
        "i" | "ir" | "include" | "include_relative" => "put the statements of that file here",
        "c" | "connect" => "a migration runs on one database, which the URL names; remove it",
        "copy" => "write COPY … FROM stdin; with the data in the lines after it, and a line `\\.`",
        "gexec" => "write a DO block that runs the results with EXECUTE",
        "g" | "gx" | "gdesc" | "gset" | "crosstabview" | "watch" => "end the statement with `;`",
        "if" | "elif" | "else" | "endif" => "write a DO block with IF",
        _ => "replace it by SQL, or remove it",
    };
    let message = format!("`{command}` is a command of psql, which the server doesn't know: {advice}");
    Err(reader.error(start, message))
}
