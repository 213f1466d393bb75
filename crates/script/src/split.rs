//! Splits a script into statements.
//!
//! What stands between two statements is white space, comments, terminators, the lines of `DELIMITER` and
//! `\restrict`, for SQLite those that begin with `#`, and the data of a COPY; nothing else is left out.

mod conforming;
mod copy;
mod mysql;
mod mysql_body;
mod pieces;
mod place;
mod postgres;
mod reader;
mod splitter;
mod sql_mode;
mod sqlite;

use std::ops::Range;

use crate::Dialect;
use splitter::{Splitter, Stop};

pub use pieces::{Piece, Pieces, PiecesError};

/// One statement of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Where its text is, in bytes of the text that was split (a file's, or a [`Piece`]'s): from its first token to its last,
    /// without terminator.
    pub span: Range<usize>,
    /// The line of the file on which it begins, from 1.
    pub line: u32,
    /// The column at which it begins, in characters, from 1.
    pub column: u32,
    /// For `COPY … FROM stdin`: where its data's lines are, without the final `\.`, in bytes of the file (which for a
    /// [`Piece`] counts a byte order mark).
    pub copy_data: Option<Range<u64>>,
}

impl Statement {
    /// Its text, given the text that it was split from.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> &'a str {
        &text[self.span.clone()]
    }

    /// The data of a COPY, given the whole text that [`split`] got.
    #[must_use]
    pub fn data<'a>(&self, file: &'a str) -> Option<&'a str> {
        let data = self.copy_data.as_ref()?;
        file.get(usize::try_from(data.start).ok()?..usize::try_from(data.end).ok()?)
    }
}

/// How a file is split beyond its dialect.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options<'a> {
    /// What ends a statement beside `;`, outside of quotes, comments and parentheses: as a `DELIMITER` line on MySQL has it, but for any
    /// dialect and with white space if need be, such as `"\n\n\n"`. It ends what has a body on MySQL alone.
    pub delimiter: Option<&'a str>,
}

/// A file that can't be split.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SplitError {
    /// What is wrong and what to do.
    pub message: String,
    /// Where it begins: a byte offset in the file.
    pub offset: u64,
    /// The same as a line, from 1.
    pub line: u32,
    /// The same as a column, in characters, from 1.
    pub column: u32,
}

/// Splits a file into its statements.
///
/// A terminator is needed between statements, and not after the last one. Comments before a statement aren't part of
/// it; MySQL's `/*! … */` are no comments.
///
/// # Errors
/// For a quote, comment or body that is never closed, and for client commands that no server understands.
pub fn split(file: &str, dialect: Dialect) -> Result<Vec<Statement>, SplitError> {
    split_with(file, dialect, &Options::default())
}

/// Splits a file into its statements, as the options say.
///
/// # Errors
/// As [`split`].
pub fn split_with(file: &str, dialect: Dialect, options: &Options<'_>) -> Result<Vec<Statement>, SplitError> {
    let mut splitter = Splitter::new(dialect, options, 0);
    let mut statements = Vec::new();
    let mut at = 0;
    loop {
        let first = statements.len();
        let progress = splitter.read(&file[at..], true, &mut statements)?;
        for statement in &mut statements[first..] {
            statement.span = statement.span.start + at..statement.span.end + at;
        }
        if progress.stop == Stop::Window {
            return Ok(statements);
        }
        at += progress.read;
        let skimmed = splitter.skim(&file[at..], true);
        at += skimmed.read;
        if let Some(end) = skimmed.end {
            end_data(&mut statements, end);
        }
    }
}

/// Says where the data of the last statement, a COPY, ends.
fn end_data(statements: &mut [Statement], end: u64) {
    if let Some(data) = statements.last_mut().and_then(|last| last.copy_data.as_mut()) {
        data.end = end;
    }
}
