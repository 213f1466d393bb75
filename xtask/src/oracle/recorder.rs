//! Where a runner works, and what is kept of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::fail::{Context, Failure, Result};

use super::engine::{Bed, Database, Engine};
use crate::install::{failure_of, output_of};

/// One runner on one engine.
pub(crate) struct Recorder<'a> {
    pub(crate) engine: Engine,
    /// The runner's program, or the folder of ours that runs it.
    pub(crate) program: PathBuf,
    bed: &'a Bed<'a>,
    work: PathBuf,
    kept: PathBuf,
    recordings: Vec<Value>,
    dumps: Vec<(PathBuf, String)>,
    values: Map<String, Value>,
}

/// What a dump is of.
pub(crate) struct State<'a> {
    /// The runner's own table, qualified where it isn't in the connection's own schema, and what orders its rows.
    pub(crate) table: &'a str,
    pub(crate) order: &'a str,
    /// Versions as the table has them.
    pub(crate) applied: &'a [String],
    pub(crate) pending: &'a [String],
    /// What else there is to know: the version that failed, the directory if it is another.
    pub(crate) more: Value,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(bed: &'a Bed<'a>, engine: Engine, program: PathBuf, folder: &Path) -> Result<Self> {
        let (work, kept) = (folder.join("work"), folder.join("kept"));
        for folder in [&work, &kept] {
            fs::create_dir_all(folder).context(folder.display())?;
        }
        Ok(Recorder { engine, program, bed, work, kept, recordings: Vec::new(), dumps: Vec::new(), values: Map::new() })
    }

    /// An empty database.
    pub(crate) fn database(&self) -> Result<Database<'a>> {
        Database::create(self.bed, self.engine, &self.work)
    }

    /// A path in the runner's working directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.work.join(name)
    }

    /// The runner, in its working directory.
    pub(crate) fn runner(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.work).args(arguments);
        command
    }

    /// Runs something that has to succeed.
    pub(crate) fn run(&self, command: &mut Command) -> Result<String> {
        output_of(command.current_dir(&self.work), self.bed.interrupt)
    }

    /// Runs something that has to fail; the last line that it says.
    pub(crate) fn run_to_fail(&self, command: &mut Command) -> Result<String> {
        let output = failure_of(command.current_dir(&self.work), self.bed.interrupt)?;
        Ok(output.trim_end().lines().last().unwrap_or_default().trim().to_owned())
    }

    /// Files and folders that a command makes right below a folder, in order.
    pub(crate) fn made_by(&self, command: &mut Command, folder: &str) -> Result<Vec<PathBuf>> {
        let folder = self.path(folder);
        fs::create_dir_all(&folder).context(folder.display())?;
        let before = list(&folder)?;
        let output = self.run(command)?;
        let made: Vec<PathBuf> = list(&folder)?.difference(&before).cloned().collect();
        match made.is_empty() {
            true => Err(Failure::new(format!("{command:?} made no file in {}:\n{output}", folder.display()))),
            false => Ok(made),
        }
    }

    /// Keeps a directory of migrations as it is.
    pub(crate) fn keep(&self, name: &str) -> Result<()> {
        copy(&self.path(name), &self.kept.join(name))
    }

    /// Keeps what differs in a directory that was copied from another: to be laid over it.
    pub(crate) fn keep_difference(&self, name: &str, from: &str) -> Result<()> {
        let kept = self.kept.join(name);
        fs::create_dir_all(&kept).context(kept.display())?;
        for path in list(&self.path(name))? {
            let file = path.file_name().unwrap_or_default();
            let original = self.path(from).join(file);
            if path.is_dir() {
                let below = Path::new(name).join(file);
                self.keep_difference(&below.to_string_lossy(), &Path::new(from).join(file).to_string_lossy())?;
            } else if fs::read(&path).ok() != fs::read(&original).ok() {
                fs::copy(&path, kept.join(file)).context(path.display())?;
            }
        }
        // A folder without a difference is none.
        let _ = fs::remove_dir(&kept);
        Ok(())
    }

    /// A second directory of migrations, made from a first.
    pub(crate) fn copy(&self, from: &str, to: &str) -> Result<()> {
        copy(&self.path(from), &self.path(to))
    }

    /// Values that scripts of this directory take from outside.
    pub(crate) fn value(&mut self, name: &str, value: &str) {
        self.values.insert(name.to_owned(), value.into());
    }

    /// Dumps a database as `NAME.sql`.
    pub(crate) fn record(&mut self, name: &str, database: &Database<'_>, state: State<'_>) -> Result<()> {
        let file = format!("{name}.sql");
        let path = self.kept.join(&file);
        let dump = database.dump()?;
        fs::write(&path, &dump).context(path.display())?;
        let mut recording = json!({
            "file": file,
            "table": state.table,
            "applied": state.applied,
            "pending": state.pending,
        });
        if let (Value::Object(recording), Value::Object(more)) = (&mut recording, state.more) {
            recording.extend(more);
        }
        recording["rows"] = database.rows(state.table, state.order)?.into();
        self.recordings.push(recording);
        self.dumps.push((path, dump));
        Ok(())
    }

    /// Puts everything in the place of the last recording.
    pub(crate) fn finish(self, tool: &str, version: &str, output: &Path) -> Result<()> {
        // What can't be loaded into an empty database and dumped as it was is of no use to a test.
        for (path, dump) in &self.dumps {
            let database = self.database()?;
            database.load(path)?;
            if database.dump()? != *dump {
                return Err(Failure::new(format!("{} loaded and dumped again is another dump", path.display())));
            }
        }
        let first = self.recordings.first().ok_or_else(|| Failure::new("nothing was recorded"))?;
        let engine_version = self.database()?.version()?;
        let notes = json!({
            "tool": tool,
            "version": version,
            "engine": self.engine.name(),
            "engine_version": engine_version,
            "table": first["table"],
            "applied": first["applied"],
            "pending": first["pending"],
            "values": self.values,
            "recordings": self.recordings,
        });
        let file = self.kept.join("notes.json");
        let text = serde_json::to_string_pretty(&notes).context("notes.json")? + "\n";
        fs::write(&file, text).context(file.display())?;
        if output.exists() {
            fs::remove_dir_all(output).context(output.display())?;
        }
        copy(&self.kept, output)
    }
}

fn list(folder: &Path) -> Result<BTreeSet<PathBuf>> {
    let entries = fs::read_dir(folder).context(folder.display())?;
    let mut paths = BTreeSet::new();
    for entry in entries {
        let entry = entry.context(folder.display())?;
        // Diesel leaves a lock file.
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            paths.insert(entry.path());
        }
    }
    Ok(paths)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).context(to.display())?;
    for path in list(from)? {
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target).context(target.display())?;
        }
    }
    Ok(())
}

/// The fixed time of a version, so that recordings don't differ by the day they are made: `20240501090100` and so on.
pub(crate) fn stamp(step: usize) -> String {
    format!("2024050109{:02}00", step + 1)
}

/// Gives a file or folder that a runner named by the clock (`20260102030405_x.sql`) the fixed time of its version.
pub(crate) fn restamp(path: &Path, step: usize) -> Result<PathBuf> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let digits = name.bytes().take_while(u8::is_ascii_digit).count();
    if digits != 14 {
        return Err(Failure::new(format!("{name} doesn't begin with a time of 14 digits")));
    }
    let renamed = path.with_file_name(stamp(step) + &name[digits..]);
    fs::rename(path, &renamed).context(path.display())?;
    Ok(renamed)
}

/// Replaces text that must be there, in a file that a runner made.
pub(crate) fn replace(file: &Path, from: &str, to: &str) -> Result<()> {
    let text = fs::read_to_string(file).context(file.display())?;
    if !text.contains(from) {
        return Err(Failure::new(format!("{} has no {from:?}:\n{text}", file.display())));
    }
    fs::write(file, text.replacen(from, to, 1)).context(file.display())
}

/// Appends to a file that a runner made, which may be empty.
pub(crate) fn append(file: &Path, text: &str) -> Result<()> {
    let before = fs::read_to_string(file).context(file.display())?;
    fs::write(file, before + text + "\n").context(file.display())
}
