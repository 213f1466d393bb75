//! Scripts that are too long to be held: a dump of a hundred megabytes is read piece by piece as it runs.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Take};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::{Dialect, Digest, FilesError, Layout, Options, Pieces};

/// Longer than what people write, shorter than what one minds to hold.
const LONG: u64 = 8 << 20;

/// A script that stays in its file.
#[derive(Debug, Clone)]
pub struct LongScript {
    path: PathBuf,
    shown: String,
    digest: Digest,
    layout: Layout,
    no_transaction: bool,
}

impl LongScript {
    /// A file of this layout, where it is long and all of it runs as it stands: a layout that puts values in, or parts files into
    /// sections, has its files held.
    pub(crate) fn new(path: &Path, shown: String, digest: Digest, layout: Layout) -> Result<Option<Self>, FilesError> {
        if !matches!(layout, Layout::Driftlock | Layout::GolangMigrate | Layout::Refinery | Layout::Sqlx) {
            return Ok(None);
        }
        let error = |error: io::Error| FilesError { path: shown.clone(), reason: error.to_string() };
        if std::fs::metadata(path).map_err(error)?.len() < LONG {
            return Ok(None);
        }
        let mut head = Vec::new();
        File::open(path).and_then(|file| file.take(64).read_to_end(&mut head)).map_err(error)?;
        let no_transaction = layout == Layout::Sqlx && head.starts_with(crate::layout::SQLX_NO_TRANSACTION.as_bytes());
        Ok(Some(LongScript { path: path.to_owned(), shown, digest, layout, no_transaction }))
    }

    /// Whether its layout has each of its statements committed on its own.
    #[must_use]
    pub fn no_transaction(&self) -> bool {
        self.no_transaction
    }

    /// As [`Body::session_statements`](crate::Body::session_statements).
    #[must_use]
    pub fn session_statements(&self, dialect: Dialect) -> &'static [&'static str] {
        self.layout.session(dialect)
    }

    /// Whether the file still holds what it did when the migrations were loaded.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn is_unchanged(&self) -> Result<bool, FilesError> {
        let read = File::open(&self.path).and_then(|file| Digest::read(file, &mut vec![0; 1 << 16]));
        Ok(read.map_err(|error| self.error(&error))? == self.digest)
    }

    /// Its statements, from the first on.
    ///
    /// # Errors
    /// When the file can't be opened.
    pub fn pieces(&self, dialect: Dialect) -> Result<Pieces<File>, FilesError> {
        let file = File::open(&self.path).map_err(|error| self.error(&error))?;
        Ok(Pieces::new(file, dialect, &Options::default()).with_rows_of_bytes(dialect == Dialect::MySql))
    }

    /// The bytes of a range: the data of a COPY.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn range(&self, range: &Range<u64>) -> io::Result<Take<File>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(range.start))?;
        Ok(file.take(range.end.saturating_sub(range.start)))
    }

    fn error(&self, error: &io::Error) -> FilesError {
        FilesError { path: self.shown.clone(), reason: error.to_string() }
    }
}
