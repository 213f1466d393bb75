//! Which files make one migration, and what is wrong where they make none.

use std::collections::BTreeMap;

use crate::layout::Facts;
use crate::{Digest, FileName, Files, Layout, LoadError, Migration, Part, Role, Script, Version};

/// A script's name in the directory, and what it says.
pub(crate) struct Named<'a> {
    /// The file's name.
    pub(crate) file: &'a str,
    /// What it says.
    pub(crate) name: FileName,
}

/// A version's scripts before they are paired.
#[derive(Default)]
struct Pair {
    up: Option<(Script, String, Role)>,
    down: Option<(Script, String)>,
}

/// What becomes of files when they are put together.
#[derive(Default)]
pub(crate) struct Paired {
    /// What is well put together, by rising version.
    pub(crate) list: Vec<Migration>,
    /// Scripts that belong to no migration.
    pub(crate) strays: Vec<Script>,
    /// What is wrong.
    pub(crate) flaws: Vec<LoadError>,
    /// What a person should know of the others.
    pub(crate) notes: Vec<String>,
}

/// Puts files together that have one version.
pub(crate) fn pair(files: &dyn Files, layout: Layout, named: Vec<Named<'_>>, contents: Vec<(Digest, Facts)>) -> Paired {
    let mut paired = Paired::default();
    let mut versions: BTreeMap<Version, Pair> = BTreeMap::new();
    for (Named { file, name }, (digest, facts)) in named.into_iter().zip(contents) {
        let script = |part| Script { file: file.to_owned(), digest, part };
        let mut twice = |first: &str, stray: Script| {
            paired.flaws.push(LoadError::Duplicate {
                version: name.version.clone(),
                first: files.display(first),
                second: files.display(file),
            });
            paired.strays.push(stray);
        };
        let pair = versions.entry(name.version.clone()).or_default();
        if name.part != Part::Down {
            if let Some((first, ..)) = &pair.up {
                twice(&first.file, script(Part::Up));
                continue;
            }
            let role = if facts.is_baseline { Role::Baseline } else { name.role };
            pair.up = Some((script(Part::Up), name.name.clone(), role));
        }
        if name.part == Part::Down || (name.part == Part::Both && facts.has_down) {
            if let Some((first, _)) = &pair.down {
                twice(&first.file, script(Part::Down));
                continue;
            }
            pair.down = Some((script(Part::Down), name.name.clone()));
        }
    }
    for (version, Pair { up, down }) in versions {
        let (up, name, role) = match (up, down.as_ref()) {
            (Some(up), _) => up,
            (None, Some((down, _))) => {
                let file = files.display(&down.file);
                if layout.leaves_out_lone_downs() {
                    paired.notes.push(format!("`{file}` has no up script of its version, so it never runs"));
                } else {
                    paired.flaws.push(LoadError::DownWithoutUp { file, version });
                    paired.strays.push(down.clone());
                }
                continue;
            }
            (None, None) => continue,
        };
        // Other tools put together what has one version, whatever else its files are called.
        if layout == Layout::Driftlock
            && let Some((down, _)) = down.as_ref().filter(|(_, of_down)| *of_down != name)
        {
            let (up, down) = (files.display(&up.file), files.display(&down.file));
            paired.flaws.push(LoadError::NamesDiffer { up, down });
        }
        paired.list.push(Migration { version, name, role, up, down: down.map(|(down, _)| down) });
    }
    let twice = spelt_twice(files, &paired.list);
    paired.flaws.extend(twice);
    paired
}

/// `1` and `001` are two versions to a runner that takes them as text, and one to everybody who reads them.
fn spelt_twice(files: &dyn Files, list: &[Migration]) -> Vec<LoadError> {
    let mut seen: BTreeMap<u64, &Migration> = BTreeMap::new();
    let mut twice = Vec::new();
    for migration in list {
        let Some(number) = migration.version.as_number() else { continue };
        if let Some(first) = seen.insert(number, migration) {
            twice.push(LoadError::Duplicate {
                version: migration.version.clone(),
                first: files.display(&first.up.file),
                second: files.display(&migration.up.file),
            });
        }
    }
    twice
}
