//! dbmate's files: `{digits}{anything}.sql`, both ways in one file between `-- migrate:up` and `-- migrate:down`. The version is
//! the digits as text, and files run in the order of their names (amacneil/dbmate, `FindMigrations`).

use super::numbered::stem;
use super::{Context, Facts, FileName, Part};
use crate::{Body, BodyError, Version};

pub(super) fn read_name(file: &str) -> Result<FileName, &'static str> {
    let stem = stem(file)?;
    let digits = stem.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return Err("it doesn't begin with a number");
    }
    let (version, name) = stem.split_at(digits);
    Ok(FileName::new(Version::by_file(version), name.strip_prefix('_').unwrap_or(name), Part::Both))
}

pub(super) fn facts(_text: &[u8]) -> Facts {
    Facts::default()
}

pub(super) fn body(text: String, _context: &Context<'_>) -> Result<Body, BodyError> {
    Ok(Body::whole(text))
}
