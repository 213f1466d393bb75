//! Rows of binary data in a script: mysqldump and mariadb-dump, unless told `--hex-blob`, write a BLOB's bytes as they are into a
//! string, and the file is no UTF-8.
//!
//! Everything here works on text. So each byte that isn't part of a character is kept as one of 128 private characters, which
//! stand for the bytes 0x80 to 0xff, until the statement is sent. Those characters themselves are kept byte by byte, so that
//! nothing is ever mistaken for something else.

use std::borrow::Cow;

use crate::text::{TextError, decode, other_encoding};
use crate::{Dialect, TokenKind, split, tokens};

/// The character that stands for byte 0x80: the last 128 characters of Unicode's last plane, which is nobody's.
const FIRST: u32 = 0x0010_ff80;

fn stands_for(character: char) -> Option<u8> {
    u32::from(character).checked_sub(FIRST).and_then(|byte| u8::try_from(byte + 0x80).ok())
}

fn stand_in(byte: u8) -> char {
    char::from_u32(FIRST + u32::from(byte & 0x7f)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// The text of a script of this dialect. On MySQL the strings of INSERT and REPLACE may hold any bytes; [`to_bytes`] gives them back.
///
/// # Errors
/// As [`decode`].
pub fn decode_script(bytes: &[u8], dialect: Dialect) -> Result<Cow<'_, str>, TextError> {
    let strict = decode(bytes);
    if dialect != Dialect::MySql {
        return strict.map(Cow::Borrowed);
    }
    match strict {
        Ok(text) if !text.contains(|character| stands_for(character).is_some()) => Ok(Cow::Borrowed(text)),
        Ok(text) => Ok(Cow::Owned(kept(text.as_bytes()))),
        Err(error) if other_encoding(bytes).is_none() && std::str::from_utf8(bytes).is_err() => {
            let text = kept(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
            if !text.contains('\0') && only_in_rows(&text) { Ok(Cow::Owned(text)) } else { Err(error) }
        }
        Err(error) => Err(error),
    }
}

/// A statement's text as it is sent.
#[must_use]
pub fn to_bytes(text: &str) -> Cow<'_, [u8]> {
    // The first byte of a stand-in begins few characters, none of them common.
    if !text.as_bytes().contains(&0xf4) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match stands_for(character) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(bytes)
}

/// Bytes as text: what is a character stays one, all else becomes stand-ins.
pub(crate) fn kept(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 2);
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if stands_for(character).is_some() {
                text.extend(character.encode_utf8(&mut [0; 4]).bytes().map(stand_in));
            } else {
                text.push(character);
            }
        }
        text.extend(chunk.invalid().iter().copied().map(stand_in));
    }
    text
}

/// Whether every stand-in is inside a string of a statement that brings rows. Elsewhere such bytes are a file in another encoding.
#[must_use]
pub fn only_in_rows(text: &str) -> bool {
    let strange =
        |part: &str| part.as_bytes().contains(&0xf4) && part.contains(|character| stands_for(character).is_some());
    let Ok(statements) = split(text, Dialect::MySql) else { return false };
    let mut end = 0;
    statements.iter().all(|statement| {
        let gap = &text[end..statement.span.start];
        end = statement.span.end;
        let sql = statement.text(text);
        if strange(gap) || !strange(sql) {
            return !strange(gap);
        }
        let mut significant =
            tokens(sql, Dialect::MySql).filter(|token| !matches!(token.kind, TokenKind::Space | TokenKind::Comment));
        let brings_rows = significant.next().is_some_and(|first| first.is("INSERT") || first.is("REPLACE"));
        brings_rows && tokens(sql, Dialect::MySql).all(|token| token.kind == TokenKind::String || !strange(token.text))
    }) && !strange(&text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_may_hold_any_bytes_and_give_them_back() {
        let every: Vec<u8> = (1..=255).filter(|byte| !b"'\\".contains(byte)).collect();
        let file =
            [b"INSERT INTO t VALUES (_binary '", &every[..], "', 'ä\u{10ff80}\u{10ffff}😀');".as_bytes()].concat();
        let text = decode_script(&file, Dialect::MySql).unwrap();
        assert_eq!(split(&text, Dialect::MySql).unwrap().len(), 1);
        assert_eq!(to_bytes(&text), file);
        assert!(decode_script(&file, Dialect::Postgres).is_err());
    }

    #[test]
    fn a_file_in_another_encoding_is_none() {
        for file in [
            &b"SELECT '\xe9'"[..],
            b"-- \xe9\nSELECT 1",
            b"INSERT INTO \xe9 VALUES (1)",
            b"INSERT INTO t VALUES ('\xe9\0')",
        ] {
            let error = decode_script(file, Dialect::MySql).unwrap_err();
            assert!(error.message.contains("UTF-8"), "{error}");
        }
    }

    #[test]
    fn plain_text_is_borrowed() {
        assert!(matches!(decode_script("SELECT 'ä'".as_bytes(), Dialect::MySql), Ok(Cow::Borrowed(_))));
        assert!(matches!(to_bytes("SELECT 'ä'"), Cow::Borrowed(_)));
    }
}
