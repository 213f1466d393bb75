//! From bytes to text, and from a byte's place to a line and a column.

use crate::Dialect;

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
    /// It is in some other encoding, or holds bytes that are in none.
    pub(crate) is_other: bool,
}

/// The text of a script: UTF-8, without a byte order mark. Line ends stay as they are.
///
/// # Errors
/// UTF-16 (named as such), bytes that are not UTF-8, and NUL bytes, which no engine takes.
pub fn decode(bytes: &[u8]) -> Result<&str, TextError> {
    let at = |message: String, line, column| TextError { message, line, column, is_other: false };
    for (mark, name) in [(&b"\xff\xfe"[..], "UTF-16 (little endian)"), (b"\xfe\xff", "UTF-16 (big endian)")] {
        if bytes.starts_with(mark) {
            return Err(at(format!("the file is {name}; save it as UTF-8"), 1, 1));
        }
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        let (line, column) = position(&valid, valid.len());
        let byte = bytes[error.valid_up_to()];
        let message = format!("the file is not UTF-8: byte 0x{byte:02x}; save it as UTF-8");
        TextError { message, line, column, is_other: true }
    })?;
    if let Some(offset) = text.find('\0') {
        let (line, column) = position(text, offset);
        return Err(at("the file has a NUL byte, which no engine takes in SQL; remove it".to_owned(), line, column));
    }
    Ok(text)
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
