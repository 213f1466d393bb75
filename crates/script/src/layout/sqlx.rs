//! sqlx's files: `{version}_{name}.sql`, or a pair of `.up.sql` and `.down.sql`. The version is a signed 64-bit number
//! (launchbadge/sqlx, `sqlx-core/src/migrate/source.rs`, 0.9.0).

use super::numbered::{digits_and_name, signed};
use super::{Context, FileName, Part};
use crate::{Body, BodyError, Version};

/// What opts out of the transaction.
pub(crate) const NO_TRANSACTION: &str = "-- no-transaction";

pub(super) fn read_name(file: &str) -> Result<FileName, &'static str> {
    let (digits, name) = digits_and_name(file)?;
    let (name, part) = match (name.strip_suffix(".up"), name.strip_suffix(".down")) {
        (Some(name), _) => (name, Part::Up),
        (_, Some(name)) => (name, Part::Down),
        _ => (name, Part::Up),
    };
    Ok(FileName::new(Version::number(signed(digits)?), name, part))
}

/// The whole file runs. What opts out of the transaction are the first bytes of the file, and nothing else.
pub(super) fn body(text: String, _context: &Context<'_>) -> Result<Body, BodyError> {
    let no_transaction = text.starts_with(NO_TRANSACTION);
    Ok(Body::whole(text).no_transaction(no_transaction))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Values;

    #[test]
    fn reads_names() {
        let cases = [
            ("1_init.sql", Some(("1", "init", Part::Up))),
            ("0_init.sql", Some(("0", "init", Part::Up))),
            ("20240520143022_a_b.up.sql", Some(("20240520143022", "a_b", Part::Up))),
            ("001_init.down.sql", Some(("1", "init", Part::Down))),
            ("1_up.sql", Some(("1", "up", Part::Up))),
            ("1_a.down.up.sql", Some(("1", "a.down", Part::Up))),
            ("1_.down.sql", Some(("1", "", Part::Down))),
            ("9223372036854775808_a.sql", None),
            ("-1_a.sql", None),
            ("1.sql", None),
            ("a_1.sql", None),
            ("1_a.txt", None),
            ("a/1_a.sql", None),
        ];
        for (file, expected) in cases {
            let got = read_name(file).ok();
            let got = got.as_ref().map(|name| (name.version.as_str(), name.name.as_str(), name.part));
            assert_eq!(got, expected, "{file}");
        }
    }

    #[test]
    fn the_first_bytes_opt_out() {
        let cases = [
            ("-- no-transaction\nA;", true),
            ("-- no-transaction", true),
            ("-- no-transactions\r\nA;", true),
            ("--no-transaction\nA;", false),
            ("\n-- no-transaction\nA;", false),
            ("-- a\n-- no-transaction\nA;", false),
            ("A;", false),
            ("", false),
        ];
        for (text, expected) in cases {
            let context = Context { file: "1_a.sql", part: Part::Up, settings: None, values: &Values::default() };
            let body = body(text.to_owned(), &context).unwrap();
            assert!(body.sections().iter().all(|section| section.no_transaction == expected), "{text}");
            assert_eq!((body.text(), body.head()), (text, text));
        }
    }
}
