//! Which migrations there will be, in which order, and under which versions.

use super::{ConvertError, is_version};
use crate::origins::stamp;
use crate::{Migration, Migrations, Role, Version};

/// A migration and where it comes to stand.
pub(super) struct Place<'a> {
    pub(super) migration: &'a Migration,
    pub(super) version: Version,
    /// The version that it had, where the new one doesn't tell by its digits.
    pub(super) was: Option<String>,
}

/// Places all migrations; with what a person should know.
pub(super) fn places(migrations: &Migrations) -> Result<(Vec<Place<'_>>, Vec<String>), ConvertError> {
    let mut notes = Vec::new();
    let shown = |migration: &Migration| migrations.display(&migration.up);
    let list = migrations.list();
    let first = list.iter().find(|migration| is_version(migration)).map(|migration| &migration.version);
    let is_begun = |migration: &Migration| first.is_some_and(|first| *first <= migration.version);
    let baselines = || list.iter().filter(|migration| migration.role == Role::Baseline);
    for baseline in baselines().filter(|baseline| is_begun(baseline)) {
        notes.push(format!(
            "{}: left out: the versions that it stands for are all there, and new databases run those",
            shown(baseline)
        ));
    }
    let beginnings: Vec<&Migration> = baselines().filter(|baseline| !is_begun(baseline)).collect();
    match beginnings.as_slice() {
        [] => {}
        [only] => notes.push(format!(
            "{}: now a version like any other; a database that began before it must be told with `driftlock baseline`",
            shown(only)
        )),
        several => return Err(ConvertError::Baselines(several.iter().map(|migration| shown(migration)).collect())),
    }
    let run = |migration: &&Migration| is_version(migration) || beginnings.contains(migration);
    let versioned: Vec<&Migration> = list.iter().filter(run).collect();
    for migration in versioned.iter().filter(|migration| migration.role == Role::Unordered) {
        notes.push(format!(
            "{}: it ran wherever it was missing; now it is refused behind later versions, unless with `--out-of-order`",
            shown(migration)
        ));
    }
    let stamps = by_digits(&versioned).unwrap_or_else(|| by_position(versioned.len()));
    let mut places = Vec::new();
    for (migration, stamp_of) in versioned.iter().zip(&stamps) {
        let version = migration.version.as_str();
        let tells = stamp(version).as_ref() == Some(stamp_of);
        if !tells && version.contains([' ', '\t', ',', '\r', '\n']) {
            return Err(ConvertError::Version { file: shown(migration), version: version.to_owned() });
        }
        let was = (!tells).then(|| version.to_owned());
        places.push(Place { migration, version: Version::text(stamp_of.as_str()), was });
    }
    let mut last = stamps.last().cloned().unwrap_or_else(|| "00000000-000000".to_owned());
    for migration in list.iter().filter(|migration| migration.role == Role::Repeatable) {
        last = next(&last);
        places.push(Place { migration, version: Version::text(last.as_str()), was: None });
        notes.push(format!(
            "{}: now the version {last}, which runs once: a change to it is a new migration",
            shown(migration)
        ));
    }
    Ok((places, notes))
}

/// The versions' own digits, where these keep them in order: all of them, or, of longer ones, those of a timestamp.
fn by_digits(versioned: &[&Migration]) -> Option<Vec<String>> {
    let of = |migration: &&Migration| {
        let version = migration.version.as_str();
        let is_number = version.bytes().all(|byte| byte.is_ascii_digit());
        stamp(version).or_else(|| if is_number { stamp(version.get(..14)?) } else { None })
    };
    let stamps: Vec<String> = versioned.iter().map(of).collect::<Option<_>>()?;
    stamps.windows(2).all(|pair| pair[0] < pair[1]).then_some(stamps)
}

fn by_position(count: usize) -> Vec<String> {
    (1..=count).filter_map(|number| stamp(&number.to_string())).collect()
}

/// The version behind one.
fn next(stamp_before: &str) -> String {
    let digits: u64 = stamp_before.replace('-', "").parse().unwrap_or_default();
    stamp(&(digits + 1).to_string()).unwrap_or_else(|| format!("{stamp_before}0"))
}
