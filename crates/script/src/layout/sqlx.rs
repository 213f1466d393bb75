//! sqlx's files: `{version}_{name}.sql`, or a pair of `.up.sql` and `.down.sql`. The version is a signed 64-bit number.

use super::numbered::{digits_and_name, signed};
use super::{Context, FileName, Part};
use crate::{Body, BodyError, Version};

pub(super) fn read_name(file: &str) -> Result<FileName, &'static str> {
    let (digits, name) = digits_and_name(file)?;
    let (name, part) = match (name.strip_suffix(".up"), name.strip_suffix(".down")) {
        (Some(name), _) => (name, Part::Up),
        (_, Some(name)) => (name, Part::Down),
        _ => (name, Part::Up),
    };
    Ok(FileName::new(Version::number(signed(digits)?), name, part))
}

pub(super) fn body(text: String, _context: &Context<'_>) -> Result<Body, BodyError> {
    Ok(Body::whole(text))
}
