//! golang-migrate's pairs: `{version}_{title}.up.sql` and `.down.sql`. The rule is its own
//! `^([0-9]+)_(.*)\.(down|up)\.(.*)$` with the version as an unsigned 64-bit number
//! (golang-migrate/migrate, `source/parse.go`).

use super::numbered::digits_and_name;
use super::{FileName, Part};
use crate::Version;

pub(super) fn read_name(file: &str) -> Result<FileName, &'static str> {
    let (digits, name) = digits_and_name(file)?;
    let (name, part) = match (name.strip_suffix(".up"), name.strip_suffix(".down")) {
        (Some(name), _) => (name, Part::Up),
        (_, Some(name)) => (name, Part::Down),
        _ => return Err("it ends neither in `.up.sql` nor in `.down.sql`"),
    };
    let number = digits.parse().map_err(|_| "its version is larger than 18446744073709551615")?;
    Ok(FileName::new(Version::number(number), name, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names() {
        let cases = [
            ("1_init.up.sql", Some(("1", "init", Part::Up))),
            ("000001_init.down.sql", Some(("1", "init", Part::Down))),
            ("20240101000300_a_b.up.sql", Some(("20240101000300", "a_b", Part::Up))),
            ("1_.up.sql", Some(("1", "", Part::Up))),
            ("1_init.sql", None),
            ("99999999999999999999999_init.up.sql", None),
            ("init.up.sql", None),
            ("-1_init.up.sql", None),
        ];
        for (file, expected) in cases {
            let got = read_name(file).ok();
            let got = got.as_ref().map(|name| (name.version.as_str(), name.name.as_str(), name.part));
            assert_eq!(got, expected, "{file}");
        }
    }

    #[test]
    fn compares_versions_as_numbers() {
        let version = |file| read_name(file).unwrap().version;
        assert!(version("2_a.up.sql") < version("10_b.up.sql"));
        assert_eq!(version("1_a.up.sql"), version("001_b.up.sql"));
    }
}
