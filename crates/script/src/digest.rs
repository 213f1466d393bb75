//! What a file's text is, in 32 bytes and in 4.
//!
//! Digests are of a normal form of the text: without a byte order mark, with CRLF as LF. So a checkout on another
//! system is the same migration. Nothing else is normalised: every other byte counts.

use std::io::{ErrorKind, Read};

use sha2::{Digest as _, Sha256};

/// SHA-256 and CRC-32 of one text in its normal form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest {
    sha256: [u8; 32],
    crc32: u32,
}

impl Digest {
    /// Of a file's bytes, brought to the normal form first.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::default();
        hasher.update(bytes.strip_prefix(BOM).unwrap_or(bytes));
        hasher.finish()
    }

    /// The same, of what a reader gives, through a buffer: however long it is, no more of it is in memory than that.
    ///
    /// # Errors
    /// The reader's.
    pub fn read(mut reader: impl Read, buffer: &mut [u8]) -> std::io::Result<Self> {
        let mut hasher = Hasher::default();
        let mut is_first = true;
        // What stays in the buffer's front: a CR whose LF may come with the next read.
        let mut kept = 0;
        loop {
            let mut end = kept;
            let mut is_last = false;
            while end < buffer.len() {
                match reader.read(&mut buffer[end..]) {
                    Ok(0) => {
                        is_last = true;
                        break;
                    }
                    Ok(count) => end += count,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            let chunk = &buffer[..end];
            let chunk = if is_first { chunk.strip_prefix(BOM).unwrap_or(chunk) } else { chunk };
            is_first = false;
            kept = usize::from(!is_last && chunk.ends_with(b"\r"));
            hasher.update(&chunk[..chunk.len() - kept]);
            if is_last {
                return Ok(hasher.finish());
            }
            buffer[0] = b'\r';
        }
    }

    /// SHA-256, 64 hexadecimal digits.
    #[must_use]
    pub fn sha256(&self) -> String {
        hex(&self.sha256)
    }

    /// From what [`sha256`](Self::sha256) and [`crc32`](Self::crc32) gave.
    pub(crate) fn from_hex(sha256: &str, crc32: &str) -> Option<Self> {
        let mut digest = Digest { sha256: [0; 32], crc32: u32::from_str_radix(crc32, 16).ok()? };
        for (byte, pair) in digest.sha256.iter_mut().zip(sha256.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        // Whatever was too short, too long or written otherwise.
        (digest.sha256() == sha256 && digest.crc32() == crc32).then_some(digest)
    }

    /// Whether this is the SHA-256, in hexadecimal digits of either case.
    #[must_use]
    pub fn is_sha256(&self, hex: &str) -> bool {
        let digit = |byte: u8| char::from(byte).to_digit(16);
        hex.len() == 64
            && hex.as_bytes().chunks_exact(2).zip(self.sha256).all(|(pair, byte)| {
                digit(pair[0]).zip(digit(pair[1])).is_some_and(|(high, low)| high * 16 + low == u32::from(byte))
            })
    }

    /// Whether this is the CRC-32, in hexadecimal digits of either case.
    #[must_use]
    pub fn is_crc32(&self, hex: &str) -> bool {
        hex.len() == 8 && u32::from_str_radix(hex, 16) == Ok(self.crc32)
    }

    /// CRC-32 (the one of zlib and gzip), 8 hexadecimal digits.
    #[must_use]
    pub fn crc32(&self) -> String {
        format!("{:08x}", self.crc32)
    }
}

/// SHA-256 of bytes as they are, 64 hexadecimal digits.
#[must_use]
pub fn raw_sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

const BOM: &[u8] = b"\xef\xbb\xbf";

#[derive(Default)]
struct Hasher {
    sha256: Sha256,
    crc32: crc32fast::Hasher,
}

impl Hasher {
    /// Takes a piece of text. A CR at its end is one by itself.
    fn update(&mut self, mut rest: &[u8]) {
        // Almost no file has a CRLF: then this is one pass over the whole of it.
        while let Some(at) = find_crlf(rest) {
            self.sha256.update(&rest[..at]);
            self.crc32.update(&rest[..at]);
            rest = &rest[at + 1..];
        }
        self.sha256.update(rest);
        self.crc32.update(rest);
    }

    fn finish(self) -> Digest {
        Digest { sha256: self.sha256.finalize().into(), crc32: self.crc32.finalize() }
    }
}

fn find_crlf(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|&byte| byte == b'\r') {
        if bytes.get(from + at + 1) == Some(&b'\n') {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_published_vectors() {
        let digest = Digest::of(b"123456789");
        assert_eq!(digest.crc32(), "cbf43926");
        assert_eq!(digest.sha256(), "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225");
        assert!(digest.is_sha256(&digest.sha256()) && digest.is_crc32("CBF43926"));
        assert!(!digest.is_sha256(&raw_sha256(b"")) && !digest.is_sha256("") && !digest.is_crc32("cbf43927"));
        assert_eq!(raw_sha256(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    #[test]
    fn line_endings_and_bom_make_no_difference_but_line_breaks_do() {
        let plain = Digest::of(b"-- a\nDROP TABLE x;\n");
        assert_eq!(Digest::of(b"-- a\r\nDROP TABLE x;\r\n"), plain);
        assert_eq!(Digest::of(b"\xef\xbb\xbf-- a\nDROP TABLE x;\n"), plain);
        assert_ne!(Digest::of(b"-- a DROP TABLE x;\n"), plain);
        assert_ne!(Digest::of(b"-- a\rDROP TABLE x;\n"), plain, "a lone CR is no line end");
        assert_eq!(Digest::of(b"a\r\r\nb").sha256(), raw_sha256(b"a\r\nb"), "one CR of two goes");
    }

    #[test]
    fn is_the_same_through_every_buffer() {
        for text in
            [&b""[..], b"\xef\xbb\xbf", b"\xef\xbb\xbfa\r\nb\r\r\nc\r", b"\r", b"\r\n", b"ab\r\n\r\ncd", b"\xef\xbb"]
        {
            for length in 4..12 {
                let mut buffer = vec![0; length];
                let read = Digest::read(text, &mut buffer).unwrap();
                assert_eq!(read, Digest::of(text), "{text:?} through {length}");
            }
        }
    }
}
