//! Statements of a long script that only bring rows: they stay in the file until they run.
//!
//! A dump of a hundred megabytes is a few statements that make tables and very many that fill them. What fills one table without
//! anything else between is planned as one statement, [`Rows`]; when its turn comes, the file is read again, piece by piece.

use std::borrow::Cow;
use std::fs::File;

use driftlock_database::{Classified, CopySource};
use driftlock_script::{
    Dialect, FilesError, LongScript, Pieces, PiecesError, Statement, TokenKind, as_its_client_reads, only_in_rows,
    tokens,
};
use sha2::{Digest as _, Sha256};

/// Statements that follow each other in a long file and bring rows into one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rows {
    /// How many of the file's statements stand before them.
    pub first: u64,
    /// How many they are.
    pub count: u64,
    /// SHA-256 over their texts, in hexadecimal digits.
    pub sha256: String,
}

/// What such a run of statements comes to while they are read.
pub(crate) struct RowsDigest(Sha256);

impl RowsDigest {
    pub(crate) fn new() -> Self {
        RowsDigest(Sha256::new())
    }

    pub(crate) fn take(&mut self, sql: &str) {
        self.0.update(sql.as_bytes());
        self.0.update([0]);
    }

    pub(crate) fn finish(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What a statement begins with, where it does nothing but bring rows into a table: up to its rows, and the same for all of a run.
pub(crate) fn head<'a>(sql: &'a str, dialect: Dialect, classified: &Classified) -> Option<&'a str> {
    if !classified.class.is_transactional()
        || classified.leaves_state
        || classified.reads_state
        || classified.loses_data
    {
        return None;
    }
    let mut significant =
        tokens(sql, dialect).filter(|token| !matches!(token.kind, TokenKind::Space | TokenKind::Comment));
    let first = significant.next()?;
    if !first.is("INSERT") && !first.is("REPLACE") {
        return None;
    }
    let ends = significant.take(32).find(|token| token.is("VALUES") || token.is("SELECT") || token.text == "(")?;
    Some(sql[..ends.start].trim_end())
}

/// Whether a statement begins as others of a run do, to the letter, with values behind it.
pub(crate) fn is_like(sql: &str, head: &str) -> bool {
    let rest = sql.strip_prefix(head).map(str::trim_start);
    rest.is_some_and(|rest| {
        rest.starts_with('(') || rest.get(..6).is_some_and(|word| word.eq_ignore_ascii_case("VALUES"))
    })
}

/// A way through a long script's statements.
pub(crate) struct Cursor {
    pieces: Pieces<File>,
    piece: String,
    statements: std::vec::IntoIter<Statement>,
    /// The number of the next statement, from 0.
    next: u64,
    dialect: Dialect,
}

/// A statement on the way.
pub(crate) struct Passed {
    pub(crate) statement: Statement,
    pub(crate) sql: String,
}

impl Cursor {
    pub(crate) fn new(script: &LongScript, dialect: Dialect) -> Result<Self, FilesError> {
        let pieces = script.pieces(dialect)?;
        Ok(Cursor { pieces, piece: String::new(), statements: Vec::new().into_iter(), next: 0, dialect })
    }

    /// The number of the next statement, from 0.
    pub(crate) fn at(&self) -> u64 {
        self.next
    }

    /// The text in front of the file's first statement, when that has been passed and nothing else.
    pub(crate) fn head(&self, first: &Statement) -> &str {
        &self.piece[..first.span.start]
    }

    /// The next statement, as its client would send it.
    pub(crate) fn next(&mut self) -> Result<Option<Passed>, PiecesError> {
        let statement = loop {
            match self.statements.next() {
                Some(statement) => break statement,
                None => match self.pieces.next()? {
                    Some(piece) => {
                        self.piece = piece.text;
                        self.statements = piece.statements.into_iter();
                    }
                    None => return Ok(None),
                },
            }
        };
        self.next += 1;
        let sql = as_its_client_reads(statement.text(&self.piece).to_owned(), self.dialect);
        Ok(Some(Passed { statement, sql }))
    }

    /// Goes over statements up to this one.
    pub(crate) fn skip_to(&mut self, number: u64) -> Result<(), PiecesError> {
        while self.next < number {
            if self.next()?.is_none() {
                break;
            }
        }
        Ok(())
    }
}

/// Whether bytes that are no text are only where a dump has them: in the strings of rows.
pub(crate) fn bytes_are_in_rows(sql: &str, dialect: Dialect) -> bool {
    dialect != Dialect::MySql || !sql.as_bytes().contains(&0xf4) || only_in_rows(sql)
}

/// The data of a COPY in a long script.
#[derive(Debug)]
pub(crate) struct DataInFile<'a> {
    pub(crate) script: &'a LongScript,
    pub(crate) range: std::ops::Range<u64>,
}

impl CopySource for DataInFile<'_> {
    fn open(&self) -> std::io::Result<Box<dyn std::io::Read + Send>> {
        Ok(Box::new(self.script.range(&self.range)?))
    }
}

/// Line and column of a byte of a statement's text, given where the statement begins, and the text of that line of it.
pub(crate) fn place_in(statement: &Statement, sql: &str, offset: usize) -> (u32, u32, String) {
    let before = &sql.as_bytes()[..offset.min(sql.len())];
    let breaks = before.iter().filter(|&&byte| byte == b'\n').count();
    let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let columns = String::from_utf8_lossy(&before[start..]).chars().count();
    let text = sql[start..].lines().next().unwrap_or_default();
    let (columns, breaks) = (u32::try_from(columns).unwrap_or(u32::MAX), u32::try_from(breaks).unwrap_or(u32::MAX));
    let column = if breaks == 0 { statement.column.saturating_add(columns) } else { columns.saturating_add(1) };
    // A line of rows may be a megabyte.
    let text: Cow<'_, str> = match text.char_indices().nth(400) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    };
    (statement.line.saturating_add(breaks), column, text.into_owned())
}
