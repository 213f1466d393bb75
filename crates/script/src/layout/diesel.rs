//! Diesel's folders: `{version}_{name}/up.sql` and `down.sql`, with a `metadata.toml` where it doesn't run as a transaction. The
//! version is what stands before the first `_`, without dashes, and is compared as text.

use super::{Context, FileName, Part};
use crate::{Body, BodyError, Version};

pub(super) fn read_name(file: &str) -> Result<FileName, &'static str> {
    let (folder, file) = file.rsplit_once('/').ok_or("it is in no folder of its own")?;
    if folder.contains('/') {
        return Err("its folder is inside another one");
    }
    let part = match file {
        "up.sql" => Part::Up,
        "down.sql" => Part::Down,
        _ => return Err("it is neither `up.sql` nor `down.sql`"),
    };
    let (version, name) = folder.split_once('_').unwrap_or((folder, ""));
    let version = version.replace('-', "");
    if version.is_empty() {
        return Err("its folder's name has no version before `_`");
    }
    Ok(FileName::new(Version::text(version), name, part))
}

pub(super) fn body(text: String, _context: &Context<'_>) -> Result<Body, BodyError> {
    Ok(Body::whole(text))
}
