//! refinery's files: `V{number}__{name}.sql`, and `U` for those that may come late. There is no way down. Migrations in Rust have
//! the same names and end in `.rs`.

use super::numbered::signed;
use super::{FileName, Part, Role};
use crate::Version;

pub(super) fn read_name(file: &str) -> Result<FileName, &'static str> {
    let file = file.rsplit('/').next().unwrap_or(file);
    let (stem, code) = match (file.strip_suffix(".sql"), file.strip_suffix(".rs")) {
        (Some(stem), _) => (stem, false),
        (_, Some(stem)) => (stem, true),
        _ => return Err("it doesn't end in `.sql`"),
    };
    let (version, name) = stem.split_once("__").ok_or("it has no `__` between its version and its name")?;
    let digits = version.strip_prefix(['V', 'U']).ok_or("it doesn't begin with `V` or `U`")?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("its version is no number");
    }
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return Err("its name has other characters than letters, digits and `_`");
    }
    let mut name = FileName::new(Version::number(signed(digits)?), name, Part::Up);
    if code {
        name.role = Role::Code("Rust");
    }
    Ok(name)
}
