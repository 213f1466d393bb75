//! Checksums that other runners keep of their files.

use sha2::{Digest as _, Sha384};

/// What sqlx keeps in the column `checksum` of its table: the SHA-384 of a file's bytes as they are, with their ends of lines and
/// byte order mark (launchbadge/sqlx, `sqlx-core/src/migrate/migration.rs`: `checksum`).
#[must_use]
pub fn sqlx_checksum(bytes: &[u8]) -> [u8; 48] {
    Sha384::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_bytes_as_they_are() {
        let hex = |bytes: &[u8]| sqlx_checksum(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        // As `sha384sum` has it.
        assert_eq!(
            hex(b"SELECT 1;\n"),
            "24454095d8d7876ca8e842f34296ca645c83e0f7b50f048c99db4b2ff4da659267afc4ef3e994f3d74e18c741165d931"
        );
        assert_ne!(hex(b"SELECT 1;\r\n"), hex(b"SELECT 1;\n"));
    }
}
