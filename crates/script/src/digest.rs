//! What a file's text is, in 32 bytes and in 4.
//!
//! Digests are of a normal form of the text: without a byte order mark, with CRLF as LF. So a checkout on another
//! system is the same migration. Nothing else is normalised: every other byte counts.

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
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut sha256 = Sha256::new();
        let mut crc32 = crc32fast::Hasher::new();
        let mut rest = bytes;
        // Almost no file has a CRLF: then this is one pass over the whole of it.
        while let Some(at) = find_crlf(rest) {
            sha256.update(&rest[..at]);
            crc32.update(&rest[..at]);
            rest = &rest[at + 1..];
        }
        sha256.update(rest);
        crc32.update(rest);
        Digest { sha256: sha256.finalize().into(), crc32: crc32.finalize() }
    }

    /// SHA-256, 64 hexadecimal digits.
    #[must_use]
    pub fn sha256(&self) -> String {
        hex(&self.sha256)
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
}
