//! The checksum that Flyway keeps of a migration.

/// Flyway's checksum of a migration's text: the CRC-32 of its UTF-8 without line breaks and without a byte order mark, as the
/// signed number that `flyway_schema_history.checksum` holds.
///
/// The text is the file's own for versioned and baseline migrations. For a repeatable one it is that with its placeholders
/// replaced, unless they aren't ([`Body::text`](crate::Body::text) is the right one either way).
///
/// Source: flyway/flyway, `ChecksumCalculator.java` and `SqlMigrationResolver.java`.
///
/// ```
/// use driftlock_script::flyway_checksum;
///
/// assert_eq!(flyway_checksum("SELECT 1;\r\n"), 78787420);
/// assert_eq!(flyway_checksum("SELECT 1;"), 78787420);
/// ```
#[must_use]
pub fn flyway_checksum(text: &str) -> i32 {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut crc = crc32fast::Hasher::new();
    for line in text.as_bytes().split(|byte| matches!(byte, b'\n' | b'\r')) {
        crc.update(line);
    }
    crc.finalize().cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_what_flyway_computes() {
        // Each by flyway-core 13.12's `ChecksumCalculator`.
        let cases = [
            ("", 0),
            ("\n", 0),
            ("SELECT 1;", 78_787_420),
            ("SELECT 1;\n", 78_787_420),
            ("\u{feff}SELECT 1;", 78_787_420),
            ("SELECT\r\n1;\r\n", -713_821_291),
            ("a\rb", -1_635_563_411),
            ("\n\u{feff}x", 1_540_412_666),
            ("-- remove after release\nDROP TABLE audit_log;", 948_889_115),
            ("CREATE TABLE ä (id int);\n\n  -- 😀\n", 1_453_693_167),
            ("a\n\n\nb\u{2028}c\u{85}d\u{b}f\u{c}g", 491_352_613),
        ];
        for (text, expected) in cases {
            assert_eq!(flyway_checksum(text), expected, "{text:?}");
        }
    }
}
