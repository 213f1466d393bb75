//! Flyway's files: `V{version}__{description}.sql`, `U` for the way down, `R__` for what runs again when it changes, `B` for what
//! stands for all versions up to its own.

use super::{Context, FileName, Part, Role};
use crate::{Body, BodyError, Version};

pub(super) fn read_name(file: &str) -> Result<FileName, &'static str> {
    // Flyway looks into folders too.
    let file = file.rsplit('/').next().unwrap_or(file);
    let stem = file.strip_suffix(".sql").ok_or("it doesn't end in `.sql`")?;
    let (version, name) = stem.split_once("__").ok_or("it has no `__` between its version and its description")?;
    if name.is_empty() {
        return Err("it has no description behind `__`");
    }
    let (prefix, version) = version.split_at_checked(1).ok_or("it doesn't begin with `V`, `U`, `R` or `B`")?;
    let versioned = |baseline| {
        Version::numbers(&version.replace('_', "."), baseline)
            .ok_or("its version isn't numbers with `.` or `_` between them")
    };
    let (version, part, role) = match prefix {
        "V" => (versioned(false)?, Part::Up, Role::Versioned),
        "U" => (versioned(false)?, Part::Down, Role::Versioned),
        "B" => (versioned(true)?, Part::Up, Role::Baseline),
        "R" if version.is_empty() => (Version::repeatable(name), Part::Up, Role::Repeatable),
        "R" => return Err("a repeatable migration has no version: `R__` and a description"),
        _ => return Err("it doesn't begin with `V`, `U`, `R` or `B`"),
    };
    Ok(FileName { role, ..FileName::new(version, name, part) })
}

/// A version as the history has it.
pub(super) fn version(text: &str) -> Version {
    if let Some(name) = text.strip_prefix("R__") {
        return Version::repeatable(name);
    }
    let (text, baseline) = text.strip_prefix('B').map_or((text, false), |text| (text, true));
    Version::numbers(&text.replace('_', "."), baseline).unwrap_or_else(|| Version::text(text))
}

pub(super) fn body(text: String, _context: &Context<'_>) -> Result<Body, BodyError> {
    Ok(Body::whole(text))
}
