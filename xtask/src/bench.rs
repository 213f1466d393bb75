//! `cargo xtask bench`: the release build against the engines' own clients, as ratios measured in one run.

mod bed;
mod cold;
mod embed;
mod machine;
mod measure;
mod migrate;
mod peers;
mod read;
mod report;
mod small;

use std::fs;
use std::path::{Path, PathBuf};

use crate::fail::{Context, Failure, Result};
use crate::install::Cache;
use crate::process::{self, Errors, Interrupt};
use crate::servers::{Durability, Life, Servers};
use crate::setup;
use crate::workspace::{Workspace, cargo};

use bed::Bed;
use machine::Machine;
use measure::Outcome;
use migrate::{Engine, reads_history};
use report::{Line, Report};

/// What was asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) only: Vec<String>,
    pub(crate) pairs: Option<usize>,
    pub(crate) cold: bool,
    pub(crate) save: bool,
    pub(crate) alone: bool,
    pub(crate) binary: Option<PathBuf>,
    pub(crate) list: bool,
}

/// One row of the table: what is measured, and the bar that it must not pass.
struct Row {
    name: &'static str,
    bar: f64,
    work: Work,
}

/// What a row does.
enum Work {
    /// `up` where so many files are applied already.
    Idle(Engine, usize),
    /// `up` of so many one-table files into a new database.
    Fresh(Engine, usize),
    /// `inspect` of so many tables.
    Inspect(Engine, usize),
    /// `check --database` of so many tables that didn't change.
    Drift(Engine, usize),
    /// `diff` of two databases with so many tables, without the reading.
    Diff(Engine, usize),
    /// `lock` of so many one-table files.
    Lock(Engine, usize),
    /// `manifest verify` of so many files.
    Hash(usize),
    /// `--version`, in milliseconds.
    Version,
    /// The binary, in megabytes.
    Size,
    /// A debug build of a program that carries so many files, of which one was touched.
    Embed(usize),
    /// A release build from nothing.
    Cold,
}

/// The bars are those of the design, each with the machine's own speed divided out.
const ROWS: [Row; 31] = [
    Row { name: "idle-100-postgres", bar: 0.9, work: Work::Idle(Engine::Postgres, 100) },
    Row { name: "idle-100-mariadb", bar: 0.6, work: Work::Idle(Engine::MariaDb, 100) },
    Row { name: "idle-100-sqlite", bar: 2.0, work: Work::Idle(Engine::Sqlite, 100) },
    Row { name: "idle-1000-postgres", bar: 1.2, work: Work::Idle(Engine::Postgres, 1000) },
    Row { name: "idle-1000-mariadb", bar: 1.5, work: Work::Idle(Engine::MariaDb, 1000) },
    Row { name: "idle-1000-sqlite", bar: 1.5, work: Work::Idle(Engine::Sqlite, 1000) },
    Row { name: "fresh-1000-postgres", bar: 1.05, work: Work::Fresh(Engine::Postgres, 1000) },
    Row { name: "fresh-300-mariadb", bar: 1.5, work: Work::Fresh(Engine::MariaDb, 300) },
    Row { name: "fresh-1000-sqlite", bar: 1.0, work: Work::Fresh(Engine::Sqlite, 1000) },
    Row { name: "inspect-100-postgres", bar: 0.5, work: Work::Inspect(Engine::Postgres, 100) },
    Row { name: "inspect-100-mariadb", bar: 0.3, work: Work::Inspect(Engine::MariaDb, 100) },
    Row { name: "inspect-100-sqlite", bar: 2.0, work: Work::Inspect(Engine::Sqlite, 100) },
    Row { name: "inspect-1000-postgres", bar: 0.5, work: Work::Inspect(Engine::Postgres, 1000) },
    Row { name: "inspect-1000-mariadb", bar: 0.3, work: Work::Inspect(Engine::MariaDb, 1000) },
    Row { name: "inspect-1000-sqlite", bar: 2.0, work: Work::Inspect(Engine::Sqlite, 1000) },
    Row { name: "inspect-10000-postgres", bar: 0.5, work: Work::Inspect(Engine::Postgres, 10_000) },
    Row { name: "inspect-10000-mariadb", bar: 0.3, work: Work::Inspect(Engine::MariaDb, 10_000) },
    Row { name: "inspect-10000-sqlite", bar: 2.0, work: Work::Inspect(Engine::Sqlite, 10_000) },
    Row { name: "drift-10000-postgres", bar: 0.3, work: Work::Drift(Engine::Postgres, 10_000) },
    Row { name: "drift-10000-sqlite", bar: 0.3, work: Work::Drift(Engine::Sqlite, 10_000) },
    Row { name: "diff-10000-postgres", bar: 0.05, work: Work::Diff(Engine::Postgres, 10_000) },
    Row { name: "diff-10000-mariadb", bar: 0.05, work: Work::Diff(Engine::MariaDb, 10_000) },
    Row { name: "diff-10000-sqlite", bar: 0.05, work: Work::Diff(Engine::Sqlite, 10_000) },
    Row { name: "lock-1000-postgres", bar: 2.0, work: Work::Lock(Engine::Postgres, 1000) },
    Row { name: "lock-300-mariadb", bar: 2.0, work: Work::Lock(Engine::MariaDb, 300) },
    Row { name: "lock-1000-sqlite", bar: 2.0, work: Work::Lock(Engine::Sqlite, 1000) },
    Row { name: "hash-10000", bar: 1.5, work: Work::Hash(10_000) },
    Row { name: "version", bar: 5.0, work: Work::Version },
    Row { name: "binary-size", bar: 15.0, work: Work::Size },
    Row { name: "embed-rebuild", bar: 2.5, work: Work::Embed(1000) },
    Row { name: "cold-build", bar: 2.5, work: Work::Cold },
];

/// Measures; whether every row could be measured and kept to its bar.
pub(crate) fn run(options: &Options, interrupt: &Interrupt) -> Result<bool> {
    if options.list {
        for row in &ROWS {
            println!("{}", row.name);
        }
        return Ok(true);
    }
    let is_wanted = |row: &&Row| {
        let named = options.only.iter().any(|part| row.name.contains(part.as_str()));
        let is_cold = matches!(row.work, Work::Cold);
        (named || options.only.is_empty()) && (!is_cold || options.cold)
    };
    let rows: Vec<&Row> = ROWS.iter().filter(is_wanted).collect();
    if rows.is_empty() {
        return Err(Failure::new("no row has such a name (`bench --list` has them; `cold-build` wants --cold)"));
    }

    let workspace = Workspace::load()?;
    let tools = setup::setup()?;
    let binary = match &options.binary {
        // Rows run it in folders of their own.
        Some(binary) => binary.canonicalize().context(binary.display())?,
        None => build(&workspace, interrupt)?,
    };
    let servers = Servers::start(&tools, Durability::Default, Life::WithUs, interrupt)?;
    let cache = Cache::new(&workspace.target, interrupt);
    let has_peers = !options.alone && rows.iter().any(|row| matches!(row.work, Work::Idle(..) | Work::Fresh(..)));
    let (peers, missing) = if has_peers { peers::install(&cache) } else { Default::default() };
    let mut notes = vec![Machine::look().to_string()];
    notes.extend(peers.iter().map(|peer| format!("{} {}", peer.kind.name, peer.version)));
    notes.extend(missing);
    let bed = Bed::new(&tools, &servers, binary, peers, interrupt)?;

    let mut lines = Vec::new();
    let mut is_good = true;
    for row in rows {
        interrupt.check()?;
        eprintln!("measuring {} …", row.name);
        let others = machine::others();
        let outcome = measure(row, &bed, &workspace, options.pairs);
        interrupt.check()?;
        is_good &= outcome.as_ref().is_ok_and(Outcome::is_kept);
        lines.push(Line { name: row.name, what: row.work.describe(), outcome, others });
    }
    let report = Report { lines, notes };
    print!("{}", report.text());
    if options.save {
        save(&workspace.root.join("bench"), &report)?;
    }
    Ok(is_good)
}

impl Work {
    fn describe(&self) -> String {
        match self {
            Work::Idle(engine, files) => {
                let client = if reads_history(*engine, *files) { "reading the history" } else { "`select 1`" };
                format!("`up` with nothing to do, {files} files, {}; the client's {client}", engine.product())
            }
            Work::Fresh(engine, files) => format!(
                "`up` of {files} one-table files, {}; the same statements, transactions and one insert each in one client session",
                engine.product()
            ),
            Work::Inspect(engine, tables) => {
                let dump = match engine {
                    Engine::Postgres => "pg_dump --schema-only",
                    Engine::MariaDb => "mariadb-dump --no-data --skip-lock-tables",
                    Engine::Sqlite => ".schema",
                };
                format!("`inspect` of {tables} tables, {}; `{dump}`", engine.product())
            }
            Work::Drift(engine, tables) => {
                format!(
                    "`check --database` of {tables} tables that didn't change, {}; `inspect` of them",
                    engine.product()
                )
            }
            Work::Diff(engine, tables) => format!(
                "comparing two schemas of {tables} tables with 100 differences and planning the way, {}; `inspect` of one",
                engine.product()
            ),
            Work::Lock(engine, files) => {
                format!("`lock` of {files} one-table files, {}; `up` of them", engine.product())
            }
            Work::Hash(files) => format!("`manifest verify` of {files} files; `sha256sum` of them"),
            Work::Version => "`--version`".to_owned(),
            Work::Size => "the binary".to_owned(),
            Work::Embed(files) => {
                format!("a warm rebuild of a program that carries {files} files, one of them touched; of one without")
            }
            Work::Cold => "a release build from nothing; a program of the three drivers alone".to_owned(),
        }
    }
}

fn save(folder: &Path, report: &Report) -> Result<()> {
    fs::create_dir_all(folder).context(folder.display())?;
    for (name, text) in [("README.md", report.markdown()), ("results.svg", report.svg())] {
        let file = folder.join(name);
        fs::write(&file, text).context(file.display())?;
        eprintln!("wrote {}", file.display());
    }
    Ok(())
}

fn measure(row: &Row, bed: &Bed<'_>, workspace: &Workspace, pairs: Option<usize>) -> Result<Outcome> {
    let bar = row.bar;
    match row.work {
        Work::Idle(engine, files) => migrate::idle(bed, engine, files, bar, pairs.unwrap_or(20)),
        Work::Fresh(engine, files) => migrate::fresh(bed, engine, files, bar, pairs.unwrap_or(10)),
        Work::Inspect(engine, tables) => read::inspect(bed, engine, tables, bar, pairs.unwrap_or(5)),
        Work::Drift(engine, tables) => read::drift(bed, engine, tables, bar, pairs.unwrap_or(5)),
        Work::Diff(engine, tables) => read::diff(bed, engine, tables, bar, pairs.unwrap_or(5)),
        Work::Lock(engine, files) => read::lock(bed, engine, files, bar, pairs.unwrap_or(5)),
        Work::Hash(files) => small::hash(bed, files, bar, pairs.unwrap_or(20)),
        Work::Version => small::version(bed, bar),
        Work::Size => small::size(bed, bar),
        Work::Embed(files) => embed::rebuild(bed, workspace, files, bar, pairs.unwrap_or(10)),
        Work::Cold => cold::build(workspace, bar, bed.interrupt),
    }
}

/// The release build of the command line tool.
fn build(workspace: &Workspace, interrupt: &Interrupt) -> Result<PathBuf> {
    eprintln!("building the release …");
    let mut command = cargo();
    command.current_dir(&workspace.root).args(["build", "--release", "--locked", "--package", "driftlock-cli"]);
    let deadline = std::time::Duration::from_secs(60 * 60);
    let built = process::run(&mut command, Errors::Shown, deadline, interrupt)?;
    if !built.status.success() {
        return Err(Failure::new("the release doesn't build; cargo's messages are above"));
    }
    Ok(workspace.target.join("release/driftlock"))
}
