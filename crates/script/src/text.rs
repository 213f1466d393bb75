//! From bytes to text, and from a byte's place to a line and a column.

use std::io::{self, Read};

use memchr::memchr;

use crate::Dialect;
use crate::bytes::kept;

/// Bytes that are no text a script can be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TextError {
    /// What is wrong and what to do.
    pub message: String,
    /// Where, as a line from 1.
    pub line: u32,
    /// Where, as a column in characters from 1.
    pub column: u32,
}

/// The text of a script: UTF-8, without a byte order mark. Line ends stay as they are.
///
/// # Errors
/// UTF-16 (named as such), bytes that are not UTF-8, and NUL bytes, which no engine takes.
pub fn decode(bytes: &[u8]) -> Result<&str, TextError> {
    let at = |message: String, (line, column)| TextError { message, line, column };
    if let Some(message) = other_encoding(bytes) {
        return Err(at(message, (1, 1)));
    }
    let bytes = bytes.strip_prefix(MARK).unwrap_or(bytes);
    let (text, wrong) = longest_text(bytes);
    if let Some(message) = wrong {
        return Err(at(message, position(text, text.len())));
    }
    match bytes.get(text.len()) {
        Some(&byte) => Err(at(not_utf8(byte), position(text, text.len()))),
        None => Ok(text),
    }
}

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a file that begins so is no UTF-8, where its mark says it.
pub(crate) fn other_encoding(bytes: &[u8]) -> Option<String> {
    let marks = [(b"\xff\xfe", "UTF-16 (little endian)"), (b"\xfe\xff", "UTF-16 (big endian)")];
    let (_, name) = marks.into_iter().find(|(mark, _)| bytes.starts_with(*mark))?;
    Some(format!("the file is {name}; save it as UTF-8"))
}

fn not_utf8(byte: u8) -> String {
    format!("the file is not UTF-8: byte 0x{byte:02x}; save it as UTF-8")
}

const NUL: &str = "the file has a NUL byte, which no engine takes in SQL; remove it";

/// How many bytes at the end are the beginning of a character.
fn unfinished(bytes: &[u8]) -> usize {
    let last = bytes.utf8_chunks().last().map_or(&[][..], |chunk| chunk.invalid());
    // A chunk's end that no further byte could make a character is three bytes at most, and is told apart by its error.
    match std::str::from_utf8(last) {
        Err(error) if error.error_len().is_none() && bytes.ends_with(last) => last.len(),
        _ => 0,
    }
}

/// The text that bytes begin with, and what is wrong behind it, if that is known: they may end within a character.
fn longest_text(bytes: &[u8]) -> (&str, Option<String>) {
    let (text, wrong) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let (valid, rest) = bytes.split_at(error.valid_up_to());
            // Valid up to there: nothing is replaced by this.
            (std::str::from_utf8(valid).unwrap_or_default(), error.error_len().map(|_| not_utf8(rest[0])))
        }
    };
    match memchr(0, text.as_bytes()) {
        Some(nul) => (&text[..nul], Some(NUL.to_owned())),
        None => (text, wrong),
    }
}

/// Reads a text bit by bit, and holds it to what [`decode`] does. A byte order mark is left in it, so that its bytes are
/// those of the file.
#[derive(Debug)]
pub(crate) struct Decoder<R> {
    reader: R,
    /// What is read and not given yet: the beginning of a character, or of the file.
    rest: Vec<u8>,
    at_start: bool,
    at_end: bool,
    /// Bytes that are no text become stand-ins; see [`bytes`](crate::bytes).
    keeps_bytes: bool,
}

/// Why a file can't be read on.
#[derive(Debug)]
pub(crate) enum Fault {
    Read(io::Error),
    /// What follows the text that was given is none.
    Text(String),
}

/// How much is read at once.
const PORTION: usize = 1 << 16;

impl<R: Read> Decoder<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self { reader, rest: Vec::new(), at_start: true, at_end: false, keeps_bytes: false }
    }

    /// The same, where any bytes may be in a string.
    pub(crate) fn keep_bytes(&mut self, keep: bool) {
        self.keeps_bytes = keep;
    }

    /// Whether the text that was given ends with the file.
    pub(crate) fn is_at_end(&self) -> bool {
        self.at_end
    }

    /// Adds to a text until it has as many bytes (and up to a portion more), or the file ends.
    pub(crate) fn read(&mut self, text: &mut String, wanted: usize) -> Result<(), Fault> {
        while !self.at_end && text.len() < wanted {
            let most = PORTION.min(wanted - text.len()) as u64;
            match self.reader.by_ref().take(most).read_to_end(&mut self.rest) {
                Ok(read) => self.at_end = read == 0,
                Err(error) => return Err(Fault::Read(error)),
            }
            if self.at_start && self.rest.len() < 2 && !self.at_end {
                continue;
            }
            if let Some(message) = other_encoding(&self.rest).filter(|_| self.at_start) {
                return Err(Fault::Text(message));
            }
            self.at_start = false;
            if self.keeps_bytes {
                if let Some(nul) = memchr(0, &self.rest) {
                    text.push_str(&kept(&self.rest[..nul]));
                    return Err(Fault::Text(NUL.to_owned()));
                }
                // What may be the beginning of a character waits for the rest of it.
                let waits = if self.at_end { 0 } else { unfinished(&self.rest) };
                let given = self.rest.len() - waits;
                text.push_str(&kept(&self.rest[..given]));
                drop(self.rest.drain(..given));
                continue;
            }
            let (valid, wrong) = longest_text(&self.rest);
            text.push_str(valid);
            let given = valid.len();
            match (wrong, self.rest.get(given)) {
                (Some(message), _) => return Err(Fault::Text(message)),
                (None, Some(&byte)) if self.at_end => return Err(Fault::Text(not_utf8(byte))),
                _ => drop(self.rest.drain(..given)),
            }
        }
        Ok(())
    }
}

/// A script's text with the line ends that the engine's own client would send: `mysql` and `sqlite3` make one character of CR and
/// LF, in strings too, `psql` leaves them. Lines and columns stay what they are.
#[must_use]
pub fn as_its_client_reads(text: String, dialect: Dialect) -> String {
    if dialect == Dialect::Postgres || !text.contains("\r\n") { text } else { text.replace("\r\n", "\n") }
}

/// Line and column of a byte offset, both from 1, the column in characters.
#[must_use]
pub fn position(text: &str, offset: usize) -> (u32, u32) {
    let before = &text.as_bytes()[..offset.min(text.len())];
    let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
    let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let column = 1 + String::from_utf8_lossy(&before[start..]).chars().count();
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_no_text_and_where() {
        assert_eq!(decode(b"\xef\xbb\xbfSELECT 1"), Ok("SELECT 1"));
        assert!(decode(b"\xff\xfeS\0").unwrap_err().message.contains("UTF-16"));
        let error = decode("ä\nöx\u{0}".as_bytes()).unwrap_err();
        assert_eq!((error.line, error.column), (2, 3));
        let error = decode(b"a\nbc\xe9d").unwrap_err();
        assert_eq!((error.line, error.column), (2, 3));
        assert!(error.message.contains("0xe9"));
    }
}
