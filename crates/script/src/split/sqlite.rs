//! SQLite's statements: `;` ends them, and in CREATE TRIGGER only the one after `; END`, as `sqlite3_complete()` has it.

use super::reader::Reader;
use super::{SplitError, Statement};
use crate::token::{Form, Token, TokenKind};

/// What has been read of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing yet, or EXPLAIN.
    Start,
    /// CREATE, TEMP: a trigger is still possible.
    Create,
    /// The statement ends at the next `;`.
    Plain,
    /// CREATE TRIGGER, before its body.
    Header,
    /// In the body that began at this offset.
    Body { begin: usize, last: Last },
}

/// The last token in a body. A CASE's END never stands behind a `;`, a trigger's always does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Other,
    Semicolon,
    End,
}

impl State {
    fn after(self, token: &Token<'_>, after_point: bool) -> Self {
        let any = |words: &[&str]| words.iter().any(|word| token.is(word));
        match self {
            Self::Start if any(&["CREATE"]) => Self::Create,
            Self::Start if any(&["EXPLAIN", "QUERY", "PLAN"]) => Self::Start,
            Self::Create if any(&["TEMP", "TEMPORARY"]) => Self::Create,
            Self::Create if any(&["TRIGGER"]) => Self::Header,
            Self::Start | Self::Create | Self::Plain => Self::Plain,
            // `new.begin` is a column.
            Self::Header if any(&["BEGIN"]) && !after_point => Self::Body { begin: token.start, last: Last::Semicolon },
            Self::Header => Self::Header,
            Self::Body { begin, last } => {
                let last = match last {
                    _ if token.text == ";" => Last::Semicolon,
                    Last::Semicolon if any(&["END"]) => Last::End,
                    _ => Last::Other,
                };
                Self::Body { begin, last }
            }
        }
    }

    /// Whether a `;` here belongs to the statement.
    fn holds(self) -> bool {
        matches!(self, Self::Body { last, .. } if last != Last::End)
    }
}

/// The next statement.
pub(super) fn next(reader: &mut Reader<'_>) -> Result<Option<Statement>, SplitError> {
    let mut state = State::Start;
    let mut after_point = false;
    while let Some(lexeme) = reader.next()? {
        let token = lexeme.token;
        if (token.text == ";" && !state.holds()) || lexeme.form == Form::Delimiter {
            if let Some(statement) = reader.finish() {
                return Ok(Some(statement));
            }
            state = State::Start;
            continue;
        }
        // The program takes such a line for a comment.
        if reader.at_start() && token.text.starts_with('#') && reader.begins_line(token.start) {
            reader.skip_to(reader.line_from(token.start).1);
            continue;
        }
        if reader.at_start() && token.text.starts_with('.') {
            let command = reader.command_at(token.start);
            let message = format!(
                "`{command}` is a command of the sqlite3 program, which the engine doesn't know: replace it by SQL, or remove it"
            );
            return Err(reader.error(token.start, message));
        }
        state = state.after(&token, after_point);
        after_point = token.kind == TokenKind::Punctuation && token.text == ".";
        reader.take(&lexeme);
        if state == State::Plain {
            reader.take_dull(&mut 0);
        }
    }
    match state {
        State::Body { begin, last } if last != Last::End => Err(reader.error(
            begin,
            "this trigger's body is never closed: add `END;` after the last statement in it, which needs its own `;`"
                .to_owned(),
        )),
        _ => Ok(reader.finish()),
    }
}
