//! All that can be known of migrations from their files alone, without a database.

use std::sync::Arc;

use driftlock_database::{Direction, Engine};
use driftlock_script::{
    Directory, FileFlaw, Files, Layout, LoadError, Migration, Migrations, Part, Role, Script, Survey, Values,
};

use crate::plan::{Source, Text};
use crate::{Error, Place, PlannedMigration};

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

/// Reads every file of a directory as `up` and `down` would, and says all that is wrong, not just the first. `values` may be put into
/// scripts.
///
/// # Errors
/// When the directory can't be read, or several layouts fit it. A file that can't be read is a flaw.
pub fn validate(
    engine: &dyn Engine,
    directory: &Directory,
    layout: Option<Layout>,
    values: Values,
) -> Result<Validation, LoadError> {
    let Survey { migrations, strays, flaws: found } = Migrations::survey(Arc::new(directory.clone()), layout)?;
    let migrations = migrations.with_values(values);
    let layout = migrations.layout();
    let names = directory.list()?;
    let fit = names.iter().filter(|name| layout.read_name(name).is_ok()).count();
    let strangers = |error: &LoadError| if let LoadError::NoLayout { files, .. } = error { files.len() } else { 0 };
    let strangers: usize = found.iter().map(strangers).sum();
    let mut flaws: Vec<Flaw> = found.into_iter().flat_map(flaws_of).collect();
    let mut notes: Vec<String> = migrations.notes().to_vec();
    for migration in migrations.list() {
        for script in std::iter::once(&migration.up).chain(&migration.down) {
            flaws.extend(flaws_in(engine, &migrations, script));
        }
        notes.extend(note(&migrations, migration));
    }
    for stray in &strays {
        flaws.extend(flaws_in(engine, &migrations, stray));
    }
    flaws.extend(crate::hooks::problems(engine, &migrations).into_iter().flat_map(|error| match error {
        Error::Load(error) => flaws_of(error),
        Error::Script(place) => vec![Flaw { code: "DL0301", place: *place }],
        other => vec![Flaw {
            code: other.code(),
            place: Place { file: String::new(), line: 0, column: 0, text: String::new(), message: other.to_string() },
        }],
    }));
    flaws.sort_by(|a, b| (&a.place.file, a.place.line).cmp(&(&b.place.file, b.place.line)));
    // What is wrong with a file, whichever way it goes, is said once.
    flaws.dedup();
    Ok(Validation { layout, migrations: migrations.list().len(), files: (fit + strangers, fit), flaws, notes })
}

/// What a person should know of a migration that is well.
fn note(migrations: &Migrations, migration: &Migration) -> Option<String> {
    // Where no migration of a layout has one, it is no news that this one hasn't.
    let may_have_down = !matches!(migrations.layout(), Layout::Atlas | Layout::Refinery);
    (migration.down.is_none() && migration.role == Role::Versioned && may_have_down)
        .then(|| format!("{}: it has no down script, so `down` can't undo it", migrations.display(&migration.up)))
}

/// What is wrong with how files are put together, each file's by itself.
fn flaws_of(error: LoadError) -> Vec<Flaw> {
    let code = error.code();
    let place = |FileFlaw { file, line, column, text, message }| Place { file, line, column, text, message };
    error.flaws().into_iter().map(|flaw| Flaw { code, place: place(flaw) }).collect()
}

/// What is wrong inside of one script.
fn flaws_in(engine: &dyn Engine, migrations: &Migrations, script: &Script) -> Vec<Flaw> {
    let text = match migrations.long(script) {
        Ok(Some(long)) => Ok(Text::Long(long)),
        Ok(None) => migrations.body(script, engine.dialect()).map(Text::Held),
        Err(error) => Err(error),
    };
    let text = match text {
        Ok(text) => text,
        Err(error) => return flaws_of(error),
    };
    let Ok(name) = migrations.layout().read_name(&script.file) else { return Vec::new() };
    let source = Source {
        version: name.version,
        name: name.name,
        file: migrations.display(script),
        direction: if script.part == Part::Down { Direction::Down } else { Direction::Up },
        digest: Some(script.digest),
        rollback_sql: None,
        text,
    };
    match PlannedMigration::new(engine, source, None) {
        Ok(_) => Vec::new(),
        Err(places) => places.into_iter().map(|place| Flaw { code: "DL0301", place }).collect(),
    }
}
