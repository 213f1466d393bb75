//! Atlas's files: `{version}_{name}.sql` or `{version}.sql`, in the order of their names, with `atlas.sum` beside them. There is no
//! way down.

use std::collections::BTreeMap;

use super::numbered::stem;
use super::{Context, Facts, FileName, Part, SumError};
use crate::{Body, BodyError, Version};

pub(super) fn read_name(file: &str) -> Result<FileName, &'static str> {
    let stem = stem(file)?;
    let (version, name) = stem.split_once('_').unwrap_or((stem, ""));
    if version.is_empty() {
        return Err("it has no version before `_`");
    }
    Ok(FileName::new(Version::by_file(version), name, Part::Up))
}

pub(super) fn facts(_text: &[u8]) -> Facts {
    Facts::default()
}

pub(super) fn body(text: String, _context: &Context<'_>) -> Result<Body, BodyError> {
    Ok(Body::whole(text))
}

pub(super) fn verify(_files: &BTreeMap<String, Vec<u8>>, _sum: &[u8]) -> Result<(), SumError> {
    Ok(())
}
