//! Splits a script into statements.
//!
//! What stands between two statements is white space, comments, terminators, the lines of `DELIMITER` and
//! `\restrict`, and the data of a COPY; nothing else is left out.

mod mysql;
mod mysql_body;
mod place;
mod postgres;
mod reader;
mod sqlite;
mod strings;

use std::ops::Range;

use crate::Dialect;

/// One statement of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Where its text is in the file, in bytes: from its first token to its last, without terminator.
    pub span: Range<usize>,
    /// The line on which it begins, from 1.
    pub line: u32,
    /// The column at which it begins, in characters, from 1.
    pub column: u32,
    /// For `COPY … FROM stdin`: where its data's lines are, without the final `\.`.
    pub copy_data: Option<Range<usize>>,
}

impl Statement {
    /// Its text, given the file that it was split from.
    #[must_use]
    pub fn text<'a>(&self, file: &'a str) -> &'a str {
        &file[self.span.clone()]
    }
}

/// A file that can't be split.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SplitError {
    /// What is wrong and what to do.
    pub message: String,
    /// Where it begins: a byte offset in the file.
    pub offset: usize,
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
    match dialect {
        Dialect::Postgres => postgres::split(file),
        Dialect::MySql => mysql::split(file),
        Dialect::Sqlite => sqlite::split(file),
    }
}
