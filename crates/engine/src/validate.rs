//! All that can be known of migrations from their files alone, without a database.

use std::collections::BTreeMap;

use driftlock_database::{Direction, Engine};
use driftlock_script::{Digest, Directory, Files, FilesError, Layout, Part, Version, decode_script};

use crate::plan::Source;
use crate::{Place, PlannedMigration};

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// A stable code for scripts and searches.
    pub code: &'static str,
    /// Where, with what is to be said of it. The line is 0 where it is about the file as a whole.
    pub place: Place,
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.place.line == 0 {
            return write!(f, "{}: {}", self.place.file, self.place.message);
        }
        self.place.fmt(f)
    }
}

/// What [`validate`] found.
#[derive(Debug, Clone)]
pub struct Validation {
    /// The layout that was asked for, or that most files have.
    pub layout: Layout,
    /// How many versions there are.
    pub migrations: usize,
    /// How many files there are, and how many of them have a name of the layout.
    pub files: (usize, usize),
    /// All that stands against running them.
    pub flaws: Vec<Flaw>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// A version's files.
#[derive(Default)]
struct Scripts<'a> {
    up: Vec<(&'a str, String)>,
    down: Vec<(&'a str, String)>,
}

/// Reads every file of a directory as `up` and `down` would, and says all that is wrong, not just the first.
///
/// # Errors
/// When the directory can't be read. A file that can't be read is a flaw.
pub fn validate(engine: &dyn Engine, directory: &Directory, layout: Option<Layout>) -> Result<Validation, FilesError> {
    let names = directory.list()?;
    let fitting = |layout: Layout| names.iter().filter(|name| layout.read_name(name).is_ok()).count();
    let layout = layout.unwrap_or_else(|| {
        // Of those that fit equally many, the first.
        Layout::ALL.iter().copied().rev().max_by_key(|layout| fitting(*layout)).unwrap_or(Layout::Driftlock)
    });
    let mut flaws = Vec::new();
    let mut versions: BTreeMap<Version, Scripts<'_>> = BTreeMap::new();
    for file in &names {
        match layout.read_name(file) {
            Ok(name) => {
                let scripts = versions.entry(name.version).or_default();
                let list = if name.part == Part::Up { &mut scripts.up } else { &mut scripts.down };
                list.push((file, name.name));
            }
            Err(why) => flaws.push(whole(
                "DL0102",
                directory.display(file),
                format!(
                    "it has no name of the {layout} layout, such as `{}`: {why}; rename or move it",
                    layout.example()
                ),
            )),
        }
    }
    let mut notes = Vec::new();
    for (version, scripts) in &versions {
        pairing(directory, version, scripts, &mut flaws);
        let parts =
            scripts.up.iter().map(|it| (it, Direction::Up)).chain(scripts.down.iter().map(|it| (it, Direction::Down)));
        for ((file, name), direction) in parts {
            let source = (version.clone(), name.clone(), direction);
            flaws.extend(script(engine, directory, file, source));
        }
        if let ([(file, _)], []) = (scripts.up.as_slice(), scripts.down.as_slice()) {
            notes.push(format!("{}: it has no down script, so `down` can't undo it", directory.display(file)));
        }
    }
    flaws.sort_by(|a, b| (&a.place.file, a.place.line).cmp(&(&b.place.file, b.place.line)));
    let fit = fitting(layout);
    Ok(Validation { layout, migrations: versions.len(), files: (names.len(), fit), flaws, notes })
}

/// Whether a version has one up script, at most one down script, and one name.
fn pairing(directory: &Directory, version: &Version, scripts: &Scripts<'_>, flaws: &mut Vec<Flaw>) {
    for list in [&scripts.up, &scripts.down] {
        if let [(first, _), others @ ..] = list.as_slice() {
            for (other, _) in others {
                let message = format!(
                    "version {version} is there already: `{}`; give one of them another version",
                    directory.display(first)
                );
                flaws.push(whole("DL0103", directory.display(other), message));
            }
        }
    }
    let Some((down, name_of_down)) = scripts.down.first() else { return };
    match scripts.up.first() {
        None => {
            let message =
                format!("it has no up script: there is no other file of version {version}; add it or remove this one");
            flaws.push(whole("DL0104", directory.display(down), message));
        }
        Some((up, name)) if name != name_of_down => {
            let message =
                format!("it bears another name than its up script `{}`; rename one of them", directory.display(up));
            flaws.push(whole("DL0105", directory.display(down), message));
        }
        Some(_) => {}
    }
}

/// What is wrong inside of one file.
fn script(
    engine: &dyn Engine,
    directory: &Directory,
    file: &str,
    (version, name, direction): (Version, String, Direction),
) -> Vec<Flaw> {
    let shown = directory.display(file);
    let bytes = match directory.read(file) {
        Ok(bytes) => bytes,
        Err(error) => return vec![whole("DL0101", shown, error.reason)],
    };
    let text = match decode_script(&bytes, engine.dialect()) {
        Ok(text) => text.into_owned(),
        Err(error) => {
            let place = Place {
                file: shown,
                line: error.line,
                column: error.column,
                text: String::new(),
                message: error.message,
            };
            return vec![Flaw { code: "DL0106", place }];
        }
    };
    let digest = Some(Digest::of(&bytes));
    let source = Source { version, name, file: shown, direction, digest, rollback_sql: None, text };
    match PlannedMigration::new(engine, source, None) {
        Ok(_) => Vec::new(),
        Err(places) => places.into_iter().map(|place| Flaw { code: "DL0301", place }).collect(),
    }
}

fn whole(code: &'static str, file: String, message: String) -> Flaw {
    Flaw { code, place: Place { file, line: 0, column: 0, text: String::new(), message } }
}
