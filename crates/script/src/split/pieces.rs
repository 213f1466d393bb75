//! Statements of a file that is too long for the memory.

use std::io::{self, Read};

use super::splitter::{Splitter, Stop};
use super::{Options, SplitError, Statement, end_data};
use crate::Dialect;
use crate::text::{Decoder, Fault, TextError};

/// How much text is held at once, unless one statement is longer.
const WINDOW: usize = 1 << 20;

/// A part of a file, with the statements that begin and end in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its text. The data of a COPY is in no piece.
    pub text: String,
    /// Where its text begins: a byte offset in the file.
    pub offset: u64,
    /// Its statements, at least one, with spans in its text and places in the file.
    pub statements: Vec<Statement>,
}

/// A file whose statements can't be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PiecesError {
    /// It can't be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// It is no text.
    #[error(transparent)]
    Text(#[from] TextError),
    /// It can't be split.
    #[error(transparent)]
    Split(#[from] SplitError),
}

/// Splits a file piece by piece: the statements are those of [`split`](super::split), in memory for about a megabyte of text
/// or one longer statement.
///
/// ```
/// use driftlock_script::{Dialect, Options, Pieces};
///
/// let file = "SELECT 1;\nCOPY t FROM stdin;\n1\n2\n\\.\nSELECT 2;\n".as_bytes();
/// let mut pieces = Pieces::new(file, Dialect::Postgres, &Options::default());
/// let first = pieces.next()?.unwrap();
/// assert_eq!(first.statements[1].text(&first.text), "COPY t FROM stdin");
/// assert_eq!(first.statements[1].copy_data, Some(29..33));
/// let second = pieces.next()?.unwrap();
/// assert_eq!(second.statements[0].text(&second.text), "SELECT 2");
/// assert_eq!(second.statements[0].line, 6);
/// assert_eq!(pieces.next()?, None);
/// # Ok::<(), driftlock_script::PiecesError>(())
/// ```
#[derive(Debug)]
pub struct Pieces<R> {
    decoder: Decoder<R>,
    splitter: Splitter,
    window: usize,
    /// What is read of the file.
    text: String,
    /// Of this, what has been split.
    done: usize,
    /// As much more must be here for another look to be worth it.
    wanted: usize,
}

impl<R: Read> Pieces<R> {
    /// At the beginning of a file. It is read in large portions: no buffer is needed.
    pub fn new(file: R, dialect: Dialect, options: &Options<'_>) -> Self {
        Self {
            decoder: Decoder::new(file),
            splitter: Splitter::new(dialect, options, 0),
            window: WINDOW,
            text: String::new(),
            done: 0,
            wanted: WINDOW,
        }
    }

    /// The same, where strings of rows may hold any bytes, as in dumps of MySQL: see [`decode_script`](crate::decode_script). Whether they
    /// are in rows alone is for the caller to look at, statement by statement.
    #[must_use]
    pub fn with_rows_of_bytes(mut self, may: bool) -> Self {
        self.decoder.keep_bytes(may);
        self
    }

    /// The same, holding about as many bytes of text at once.
    #[must_use]
    pub fn window(mut self, bytes: usize) -> Self {
        self.window = bytes.max(1);
        self.wanted = self.window;
        self
    }

    /// The next piece; `None` where the file ends. After an error there is nothing to be had.
    ///
    /// # Errors
    /// As of [`decode`](crate::decode) and [`split`](super::split), as soon as the file is read so far; and where it can't be
    /// read. The data of a COPY is held to be text too.
    #[expect(clippy::should_implement_trait, reason = "what can fail in three ways is no iterator")]
    pub fn next(&mut self) -> Result<Option<Piece>, PiecesError> {
        loop {
            self.fill(self.wanted)?;
            let last = self.decoder.is_at_end();
            let offset = self.splitter.offset();
            let mut statements = Vec::new();
            let progress = self.splitter.read(&self.text[self.done..], last, &mut statements)?;
            let start = self.done;
            self.done += progress.read;
            self.wanted = match progress.stop {
                // Twice what is left, so that a long statement isn't read again and again as the window grows.
                Stop::Window => self.window.max(2 * (self.text.len() - self.done)),
                Stop::CopyData => 0,
            };
            if !statements.is_empty() {
                let text = self.give(start);
                if progress.stop == Stop::CopyData {
                    end_data(&mut statements, self.skim()?);
                }
                return Ok(Some(Piece { text, offset, statements }));
            }
            if last {
                return Ok(None);
            }
        }
    }

    /// The text from there to what isn't split yet: itself where it is most of what is read, which a copy would double.
    fn give(&mut self, start: usize) -> String {
        if start > 0 || self.done < self.text.len() / 2 {
            return self.text[start..self.done].to_owned();
        }
        let rest = self.text.split_off(self.done);
        self.done = 0;
        std::mem::replace(&mut self.text, rest)
    }

    /// Goes over the data of a COPY and says where it ends.
    fn skim(&mut self) -> Result<u64, PiecesError> {
        loop {
            let skimmed = self.splitter.skim(&self.text[self.done..], self.decoder.is_at_end());
            self.done += skimmed.read;
            if let Some(end) = skimmed.end {
                return Ok(end);
            }
            self.fill(self.window + self.text.len() - self.done)?;
        }
    }

    /// Reads on until as many bytes of text are here that are not split yet, or the file ends.
    fn fill(&mut self, wanted: usize) -> Result<(), PiecesError> {
        if self.text.len() - self.done >= wanted || self.decoder.is_at_end() {
            return Ok(());
        }
        self.text.drain(..self.done);
        self.done = 0;
        // What one long statement took isn't kept for the short ones behind it.
        self.text.shrink_to(2 * wanted);
        self.text.reserve_exact(wanted.saturating_sub(self.text.len()));
        self.decoder.read(&mut self.text, wanted).map_err(|fault| match fault {
            Fault::Read(error) => error.into(),
            Fault::Text(message) => {
                let place = self.splitter.place_behind(&self.text);
                TextError { message, line: place.line, column: place.column }.into()
            }
        })
    }
}
