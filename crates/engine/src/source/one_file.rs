//! Statements from anywhere, as a directory of one migration: so they are split, judged and run as every migration is.

use std::borrow::Cow;
use std::sync::Arc;

use driftlock_script::{Files, FilesError, Layout, LoadError, Migrations};

/// More statements than this are no single transaction: a server would run out of locks.
const MOST: usize = 1000;

/// The name that it has among migrations; nobody sees it.
const NAME: &str = "00000000-000000_schema.up.sql";

#[derive(Debug)]
struct OneFile {
    shown: String,
    bytes: Vec<u8>,
}

/// Statements, which messages say to be in a file of this name.
pub(super) fn migrations(shown: &str, mut bytes: Vec<u8>) -> Result<Migrations, LoadError> {
    if bytes.iter().filter(|byte| **byte == b';').count() > MOST {
        // On the first line, so that the others keep their numbers.
        let directive = b"/* driftlock: no-transaction */ ";
        let at = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        bytes.splice(at..at, directive.iter().copied());
    }
    Migrations::load(Arc::new(OneFile { shown: shown.to_owned(), bytes }), Some(Layout::Driftlock))
}

impl Files for OneFile {
    fn root(&self) -> &str {
        ""
    }

    fn list(&self) -> Result<Vec<String>, FilesError> {
        Ok(vec![NAME.to_owned()])
    }

    fn hooks(&self) -> Result<Vec<String>, FilesError> {
        Ok(Vec::new())
    }

    fn read(&self, _: &str) -> Result<Cow<'_, [u8]>, FilesError> {
        Ok(Cow::Borrowed(&self.bytes))
    }

    fn display(&self, _: &str) -> String {
        self.shown.clone()
    }
}
