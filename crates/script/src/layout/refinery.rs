//! refinery's files: `V{number}__{name}.sql`, and `U` for those that may come late. There is no way down. Migrations in Rust have
//! the same names and end in `.rs`.
//!
//! The rules are those of refinery 0.10 (rust-db/refinery, `refinery_core/src/util.rs` and `runner.rs`). It has no marks in scripts:
//! every one is a transaction, without a way out of it.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::numbered::signed;
use super::{FileName, Part, Role};
use crate::Version;

pub(super) fn read_name(file: &str) -> Result<FileName, &'static str> {
    // refinery looks into folders too.
    let file = file.rsplit('/').next().unwrap_or(file);
    let (stem, code) = match (file.strip_suffix(".sql"), file.strip_suffix(".rs")) {
        (Some(stem), _) => (stem, false),
        (_, Some(stem)) => (stem, true),
        _ => return Err("it doesn't end in `.sql`"),
    };
    let (version, name) = stem.split_once("__").ok_or("it has no `__` between its version and its name")?;
    let late = version.starts_with('U');
    let digits = version.strip_prefix(['V', 'U']).ok_or("it doesn't begin with `V` or `U`")?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("its version is no number");
    }
    if name.is_empty() || !name.chars().all(is_of_a_word) {
        return Err("its name has other characters than letters, digits and `_`");
    }
    let role = match (code, late) {
        (true, _) => Role::Code("Rust"),
        (false, true) => Role::Unordered,
        (false, false) => Role::Versioned,
    };
    Ok(FileName { role, ..FileName::new(Version::number(signed(digits)?), name, Part::Up) })
}

/// What `\w` of its regular expression is, but for digits that nobody types; accents may stand apart from their letters, as some
/// file systems have them.
fn is_of_a_word(c: char) -> bool {
    c.is_alphabetic() || c.is_ascii_digit() || c == '_' || ('\u{300}'..='\u{36f}').contains(&c)
}

/// A version as refinery keeps it: the column of its history says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefineryVersion {
    /// `int4`, what it is unless asked.
    Int4(i32),
    /// `int8`, with its feature `int8-versions`.
    Int8(i64),
}

/// refinery's checksum of a migration: SipHash-1-3 with keys of zero over its name (what stands behind `__`), its version and its
/// text, as `refinery_schema_history.checksum` holds it in decimals.
///
/// The text is the file's own, to the byte: with its byte order mark and its line ends.
///
/// Source: rust-db/refinery, `refinery_core/src/runner.rs`; a string is hashed as its bytes and 0xff, a number as its bytes, the
/// lowest first.
///
/// ```
/// use driftlock_script::{RefineryVersion, refinery_checksum};
///
/// let sum = refinery_checksum("initial", RefineryVersion::Int4(1), "CREATE TABLE persons (id int);");
/// assert_eq!(sum, 2686532623648937061);
/// ```
#[must_use]
pub fn refinery_checksum(name: &str, version: RefineryVersion, sql: &str) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write(name.as_bytes());
    hasher.write(&[0xff]);
    match version {
        RefineryVersion::Int4(version) => hasher.write(&version.to_le_bytes()),
        RefineryVersion::Int8(version) => hasher.write(&version.to_le_bytes()),
    }
    hasher.write(sql.as_bytes());
    hasher.write(&[0xff]);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_names_that_refinery_reads() {
        let cases = [
            ("V1__initial.sql", Some(("1", "initial", Role::Versioned))),
            ("V007__bond.sql", Some(("7", "bond", Role::Versioned))),
            ("sub/V20240504090343__ä_b.sql", Some(("20240504090343", "ä_b", Role::Versioned))),
            ("V1__e\u{301}.sql", Some(("1", "e\u{301}", Role::Versioned))),
            ("U0__merge_out_of_order.sql", Some(("0", "merge_out_of_order", Role::Unordered))),
            ("V3__add_brand.rs", Some(("3", "add_brand", Role::Code("Rust")))),
            ("V1.2__a.sql", None),
            ("|1__a.sql", None),
            ("v1__a.sql", None),
            ("V1__.sql", None),
            ("V1_a.sql", None),
            ("V1__a.b.sql", None),
            ("V1__a b.sql", None),
            ("V1__a-b.sql", None),
            ("V1__½.sql", None),
            ("V1__a.SQL", None),
            ("V9223372036854775808__a.sql", None),
        ];
        for (file, expected) in cases {
            let got = read_name(file).ok();
            let got = got.as_ref().map(|name| (name.version.as_str(), name.name.as_str(), name.role));
            assert_eq!(got, expected, "{file}");
        }
    }

    #[test]
    fn the_checksum_is_what_refinery_computes() {
        // Each by refinery-core 0.10.1, without and with `int8-versions`.
        let cases = [
            ("initial", 1, "CREATE TABLE persons (id int);", 2_686_532_623_648_937_061, 13_933_610_082_772_382_928),
            ("merge_out_of_order", 0, "", 266_651_078_988_518_056, 10_985_595_567_267_810_190),
            ("max", i32::MAX, "x", 6_761_851_326_766_334_308, 17_473_159_196_352_737_633),
            ("bond", 7, "-- \u{feff}\n", 7_681_953_440_789_538_286, 5_495_468_619_178_695_672),
            ("e\u{301}", 1, "x", 18_020_245_758_611_877_571, 4_388_767_534_001_003_865),
        ];
        for (name, version, sql, int4, int8) in cases {
            assert_eq!(refinery_checksum(name, RefineryVersion::Int4(version), sql), int4, "{name}");
            assert_eq!(refinery_checksum(name, RefineryVersion::Int8(version.into()), sql), int8, "{name}");
        }
        let long = RefineryVersion::Int8(20_240_504_090_343);
        assert_eq!(refinery_checksum("ä_b", long, "SELECT 'é';\r\n"), 13_972_597_817_162_726_214);
    }
}
