//! goose's files: `{version}_{name}.sql`, both ways in one file between `-- +goose Up` and `-- +goose Down`. The version is a
//! positive signed 64-bit number (pressly/goose, `NumericComponent`). Migrations in Go have the same names and end in `.go`.

use super::numbered::{digits_and_name, signed};
use super::{Context, Facts, FileName, Part, Role};
use crate::{Body, BodyError, Version};

pub(super) fn read_name(file: &str) -> Result<FileName, &'static str> {
    let go = file.strip_suffix(".go").filter(|stem| !stem.ends_with("_test"));
    let as_sql = go.map(|stem| format!("{stem}.sql"));
    let (digits, name) = digits_and_name(as_sql.as_deref().unwrap_or(file))?;
    let number = signed(digits)?;
    if number == 0 {
        return Err("its version is 0, and goose's begin with 1");
    }
    let mut name = FileName::new(Version::number(number), name, Part::Both);
    if go.is_some() {
        name.role = Role::Code("Go");
    }
    Ok(name)
}

pub(super) fn facts(_text: &[u8]) -> Facts {
    Facts::default()
}

pub(super) fn body(text: String, _context: &Context<'_>) -> Result<Body, BodyError> {
    Ok(Body::whole(text))
}
