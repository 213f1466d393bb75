//! What a project that another tool or framework has begun says of its migrations and its database.
//!
//! ```
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join(".env"), "DATABASE_URL=postgres://shop:s3cret@localhost/shop\n")?;
//! std::fs::create_dir_all(folder.path().join("db/migrations"))?;
//! let up = "-- migrate:up\nCREATE TABLE a (id int);\n-- migrate:down\nDROP TABLE a;\n";
//! std::fs::write(folder.path().join("db/migrations/20240501090100_a.sql"), up)?;
//!
//! let proposal = driftlock_engine::propose(folder.path(), None);
//! assert_eq!(proposal.tool, Some("dbmate"));
//! assert_eq!(proposal.directory.as_ref().map(|it| it.value.as_str()), Some("db/migrations"));
//! let url = &proposal.environments[0].url;
//! assert_eq!(format!("{:?} ({})", url.value, url.origin), "the environment variable `DATABASE_URL` (.env:1:1)");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Only what these tools read themselves is read. A password that stands in one of their files is neither kept nor shown: what
//! is proposed then is a variable to hold the URL.

mod address;
mod atlas;
mod diesel;
mod dotenv;
mod flyway;
mod goose;
mod hcl;
mod properties;
mod refinery;
mod sqlx;
mod toml_file;

use std::path::Path;

use driftlock_script::{Directory, Files, Layout, LoadError, Migrations};

use crate::{Origin, Secret, Setting};
use address::Address;
use dotenv::Dotenv;

/// What is proposed for a project, each with where it comes from.
#[derive(Debug, Clone, Default)]
pub struct Proposal {
    /// The tool that was found, as its users write it.
    pub tool: Option<&'static str>,
    /// Where the migrations are, from the project's folder.
    pub directory: Option<Setting<String>>,
    /// How they are named, where that isn't driftlock's own.
    pub layout: Option<Setting<Layout>>,
    /// The environments, that of daily work first.
    pub environments: Vec<ProposedEnvironment>,
    /// The engine's name, where an URL tells.
    pub engine: Option<&'static str>,
    /// What is put into scripts at places of these names.
    pub placeholders: Vec<(String, Setting<Secret>)>,
    /// The tool's own table, where it isn't called as usual.
    pub table: Option<Setting<String>>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// An environment and its database.
#[derive(Debug, Clone)]
pub struct ProposedEnvironment {
    /// Its name.
    pub name: String,
    /// Where its database is; never a text with a password.
    pub url: Setting<Secret>,
}

/// What one tool's configuration says.
#[derive(Debug, Default)]
struct Trace {
    tool: &'static str,
    layout: Option<Layout>,
    directory: Option<Setting<String>>,
    /// Databases by environment.
    databases: Vec<(String, Setting<Address>)>,
    placeholders: Vec<(String, Setting<Secret>)>,
    table: Option<Setting<String>>,
    notes: Vec<String>,
}

/// Reads what one tool's files say, if they are there.
type Reader = fn(&Path, &Dotenv, &mut Vec<String>) -> Option<Trace>;

/// Where migrations are by custom, the first that has some.
const USUAL: &[&str] = &[
    "migrations",
    "db/migrations",
    "db/migration",
    "database/migrations",
    "sql/migrations",
    "src/main/resources/db/migration",
    "src/migrations",
    "internal/migrations",
    "sql",
];

/// Looks at a project's folder, and writes nothing. What can't be read is a note. `directory` is where the migrations are, where
/// somebody says it.
#[must_use]
pub fn propose(root: &Path, directory: Option<&str>) -> Proposal {
    let mut notes = Vec::new();
    let dotenv = Dotenv::read(root, &mut notes);
    let readers: [Reader; 6] = [flyway::read, atlas::read, diesel::read, sqlx::read, refinery::read, goose::read];
    let mut traces: Vec<Trace> = readers.iter().filter_map(|read| read(root, &dotenv, &mut notes)).collect();
    traces.extend(dbmate(&dotenv));
    // Of several tools, the one whose directory has files.
    let at = traces.iter().position(|trace| trace.directory.as_ref().is_some_and(|it| has_scripts(root, &it.value)));
    let chosen = (!traces.is_empty()).then(|| traces.remove(at.unwrap_or(0)));
    for other in &traces {
        notes.push(format!("{}'s configuration is here too, and nothing of it was taken", other.tool));
    }
    let mut proposal = Proposal::default();
    let mut trace = chosen.unwrap_or_default();
    if let Some(path) = directory {
        trace.directory = Some(Setting { value: tidy(path), origin: Origin::Flag("--dir".to_owned()) });
    }
    proposal.tool = Some(trace.tool).filter(|tool| !tool.is_empty());
    files(root, &trace, &mut proposal, &mut notes);
    databases(trace.databases, &dotenv, &mut proposal, &mut notes);
    proposal.placeholders = trace.placeholders;
    proposal.table = trace.table;
    notes.extend(trace.notes);
    notes.dedup();
    proposal.notes = notes;
    proposal
}

/// dbmate has no file of its own: its variables, or its directory's name, tell (amacneil/dbmate, `main.go`, 2.28).
fn dbmate(dotenv: &Dotenv) -> Option<Trace> {
    let directory = dotenv.get("DBMATE_MIGRATIONS_DIR");
    let table = dotenv.get("DBMATE_MIGRATIONS_TABLE");
    if directory.is_none() && table.is_none() {
        return None;
    }
    let usual = || Setting::default("db/migrations".to_owned());
    Some(Trace {
        tool: "dbmate",
        layout: Some(Layout::Dbmate),
        directory: Some(directory.map_or_else(usual, |it| it.map(|path| tidy(&path)))),
        table: table.filter(|it| it.value != "schema_migrations"),
        ..Trace::default()
    })
}

/// `./db/migrations/` as driftlock writes it.
fn tidy(path: &str) -> String {
    let path = path.trim().trim_end_matches('/');
    let path = path.strip_prefix("./").unwrap_or(path);
    if path.is_empty() { ".".to_owned() } else { path.to_owned() }
}

fn has_scripts(root: &Path, path: &str) -> bool {
    Directory::new(root.join(path)).list().is_ok_and(|files| files.iter().any(|file| file.ends_with(".sql")))
}

/// Which directory and layout.
fn files(root: &Path, trace: &Trace, proposal: &mut Proposal, notes: &mut Vec<String>) {
    proposal.directory.clone_from(&trace.directory);
    if proposal.directory.is_none() {
        let mut found = USUAL.iter().filter(|path| has_scripts(root, path));
        proposal.directory = found.next().map(|path| Setting::default((*path).to_owned()));
        for other in found {
            notes.push(format!("there are SQL files in {other} too; `--dir {other}` takes those"));
        }
    }
    let Some(directory) = &proposal.directory else { return };
    if !has_scripts(root, &directory.value) {
        proposal.layout = trace.layout.map(|layout| Setting { value: layout, origin: directory.origin.clone() });
        return;
    }
    // The names may fit several: then the configuration tells whose they are.
    let files = std::sync::Arc::new(Directory::new(root.join(&directory.value)).shown_as(&*directory.value));
    let seen = match Migrations::load(files.clone(), None) {
        Ok(loaded) => Some(loaded.layout()),
        Err(LoadError::Ambiguous { layouts, .. }) => trace.layout.filter(|layout| layouts.contains(layout)),
        Err(error) => {
            let stated = trace.layout.filter(|layout| Migrations::load(files, Some(*layout)).is_ok());
            if stated.is_none() {
                notes.push(error.to_string());
            }
            stated
        }
    };
    let layout = match (trace.layout, seen) {
        (Some(stated), Some(seen)) if stated != seen => {
            let fits = Migrations::load(std::sync::Arc::new(Directory::new(root.join(&directory.value))), Some(stated));
            Some(if fits.is_ok() { stated } else { seen })
        }
        (stated, seen) => seen.or(stated),
    };
    if let Some(layout) = layout.filter(|layout| *layout != Layout::Driftlock) {
        let told = trace.layout == Some(layout) && matches!(directory.origin, Origin::File { .. });
        let origin = if told { directory.origin.clone() } else { Origin::Default };
        proposal.layout = Some(Setting { value: layout, origin });
        if proposal.tool.is_none() {
            proposal.tool = Some(tool_of(layout));
        }
    }
}

fn tool_of(layout: Layout) -> &'static str {
    let named = crate::foreign::Tool::ALL.iter().find(|tool| tool.layout() == Some(layout));
    named.map_or(layout.name(), |tool| tool.name())
}

/// Which environments with which databases.
fn databases(
    mut found: Vec<(String, Setting<Address>)>,
    dotenv: &Dotenv,
    proposal: &mut Proposal,
    notes: &mut Vec<String>,
) {
    if found.is_empty()
        && let Some((name, text)) = dotenv.database()
    {
        let origin = text.origin.clone();
        found.push(("dev".to_owned(), Setting { value: Address::in_variable(&name, &text.value), origin }));
    }
    // What isn't protected comes first: the first one is chosen by default.
    found.sort_by_key(|(name, _)| crate::is_protected_name(name));
    for (name, Setting { value, origin }) in found {
        let variable = variable_of(&name);
        if let Some((secret, engine)) = value.propose(&variable, &origin, notes) {
            proposal.engine = proposal.engine.or(engine);
            let url = Setting { value: secret, origin };
            proposal.environments.push(ProposedEnvironment { name, url });
        }
    }
}

/// The variable that holds an environment's URL where nothing else is said.
#[must_use]
pub fn variable_of(environment: &str) -> String {
    if environment == "dev" {
        return "DATABASE_URL".to_owned();
    }
    let sign = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    format!("{}_URL", environment.chars().map(sign).collect::<String>())
}

/// Reads one of a project's files. `None` where there is none; one that can't be read is a note.
fn read_text(root: &Path, name: &str, notes: &mut Vec<String>) -> Option<String> {
    let bytes = match std::fs::read(root.join(name)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            notes.push(format!("{name} can't be read ({error}), and nothing of it was taken"));
            return None;
        }
    };
    match driftlock_script::decode(&bytes) {
        Ok(text) => Some(text.to_owned()),
        Err(_) => {
            notes.push(format!("{name} is no UTF-8 text, and nothing of it was taken"));
            None
        }
    }
}

fn at_line(path: &str, line: usize) -> Origin {
    Origin::File { path: path.to_owned(), line: u32::try_from(line).unwrap_or(u32::MAX), column: 1 }
}
