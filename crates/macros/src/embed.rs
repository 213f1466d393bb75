//! Reads a directory, says all that is wrong with it, and packs it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftlock_script::{
    Dialect, Difference, Digest, Directives, Directory, FileFlaw, Files, FilesError, LOCK_FILE, Layout, LoadError,
    MANIFEST, Manifest, ManifestError, Memory, Migrations, Pack, Packed, Script, SplitError, Survey, from_root,
};

/// A compiler that says more than this about one directory is read by nobody.
const MOST_MESSAGES: usize = 50;

/// What goes into the program.
#[derive(Debug)]
pub(crate) struct Embedded {
    /// For `Migrations::embedded`.
    pub(crate) bytes: Vec<u8>,
    /// The manifest that it was held against.
    pub(crate) manifest: Option<PathBuf>,
}

/// A directory of a package. Messages have its files' paths as they are seen from a folder.
///
/// # Errors
/// All that is wrong with it, by file.
pub(crate) fn embed(
    package: &Path,
    seen_from: &Path,
    path: &str,
    layout: Option<Layout>,
) -> Result<Embedded, Vec<String>> {
    let shown = |path: &Path| path.strip_prefix(seen_from).unwrap_or(path).display().to_string().replace('\\', "/");
    let place = package.join(path);
    let directory = Directory::new(&place).shown_as(shown(&place));
    let read = Read::new(&directory).map_err(|error| vec![error.to_string()])?;
    let read = Arc::new(read);

    let mut flaws = Vec::new();
    let layout = match Migrations::survey(Arc::clone(&read) as Arc<dyn Files>, layout) {
        Ok(survey) => {
            let layout = survey.migrations.layout();
            flaws.extend(flaw_of_lock(&survey.migrations));
            flaws.extend(flaws_of(survey));
            layout
        }
        Err(error) => return Err(told(error.flaws())),
    };
    let root = root_of(&place, package);
    let manifest = Manifest::read(&root).unwrap_or_else(|error| {
        flaws.push(match error {
            ManifestError::Content { path, reason } => FileFlaw::whole(
                shown(Path::new(&path)),
                format!("{reason}; write it anew with `driftlock manifest write`"),
            ),
            other => FileFlaw::whole("", other.to_string()),
        });
        None
    });
    let manifest = manifest.map(|manifest| (manifest, from_root(&root, &directory, "")));
    if let Some((manifest, prefix)) = &manifest {
        flaws.extend(differences(&read, manifest, &root, prefix));
    }
    if !flaws.is_empty() {
        return Err(told(flaws));
    }

    let is_carried = |name: &str| !name.split('/').any(|part| part == "seeds");
    let mut contents = Vec::new();
    for (name, digest) in read.digests.iter().filter(|(name, _)| is_carried(name)) {
        let bytes = read.read(name).map_err(|error| vec![error.to_string()])?;
        let line = manifest.as_ref().and_then(|(manifest, prefix)| manifest.get(&format!("{prefix}{name}")));
        contents.push((name, bytes, *digest, line));
    }
    let files: Vec<Packed<'_>> = contents
        .iter()
        .map(|(name, bytes, digest, line)| Packed { name, bytes, digest: *digest, line: *line })
        .collect();
    let prefix = manifest.as_ref().map(|(_, prefix)| prefix.as_str());
    let pack = Pack { root: path.trim_end_matches('/'), layout, manifest: prefix, files: &files };
    let bytes = pack.to_bytes().map_err(|error| vec![error])?;
    Ok(Embedded { bytes, manifest: manifest.is_some().then(|| root.join(MANIFEST)) })
}

/// The folder that the manifest's paths are from: the nearest above the directory with a configuration or a manifest.
fn root_of(directory: &Path, package: &Path) -> PathBuf {
    let directory = directory.canonicalize().unwrap_or_else(|_| directory.to_path_buf());
    let is_root = |folder: &&Path| folder.join("driftlock.toml").is_file() || folder.join(MANIFEST).is_file();
    directory.ancestors().find(is_root).unwrap_or(package).to_path_buf()
}

/// A directory's files, each read once.
#[derive(Debug)]
struct Read {
    shown: String,
    files: Memory,
    /// All of them, sorted.
    digests: BTreeMap<String, Digest>,
    /// Those that a manifest has lines of.
    in_manifest: Vec<String>,
}

impl Read {
    fn new(directory: &Directory) -> Result<Self, FilesError> {
        let in_manifest = Manifest::files_of(directory)?;
        let lock = directory.exists(LOCK_FILE).then(|| LOCK_FILE.to_owned());
        let names: BTreeSet<String> =
            directory.list()?.into_iter().chain(in_manifest.iter().cloned()).chain(lock).collect();
        let (mut files, mut digests) = (Memory::new(), BTreeMap::new());
        for name in names {
            let bytes = directory.read(&name)?.into_owned();
            digests.insert(name.clone(), Digest::of(&bytes));
            files = files.with(name, bytes);
        }
        Ok(Read { shown: directory.root().to_owned(), files, digests, in_manifest })
    }
}

impl Files for Read {
    fn root(&self) -> &str {
        &self.shown
    }

    fn list(&self) -> Result<Vec<String>, FilesError> {
        self.files.list()
    }

    fn hooks(&self) -> Result<Vec<String>, FilesError> {
        self.files.hooks()
    }

    fn read(&self, name: &str) -> Result<Cow<'_, [u8]>, FilesError> {
        self.files.read(name)
    }

    fn exists(&self, name: &str) -> bool {
        self.digests.contains_key(name)
    }

    fn digest(&self, name: &str) -> Result<Digest, FilesError> {
        self.digests.get(name).copied().map_or_else(|| self.files.digest(name), Ok)
    }
}

/// What is wrong with the lock file, where there is one: it was edited, or is of other files.
fn flaw_of_lock(migrations: &Migrations) -> Option<FileFlaw> {
    let file = migrations.files().display(LOCK_FILE);
    let lock = match migrations.lock_file() {
        Ok(lock) => lock?,
        Err(error) => {
            let whole = || FileFlaw::whole(file.clone(), error.to_string());
            return Some(error.place().map_or_else(whole, |(line, column, reason)| FileFlaw {
                file: file.clone(),
                line,
                column,
                text: String::new(),
                message: format!("{reason}; `driftlock lock` writes it anew"),
            }));
        }
    };
    let why = match lock.stale(migrations) {
        Ok(stale) => stale?.to_string(),
        Err(error) => error.to_string(),
    };
    Some(FileFlaw::whole(file, format!("it is stale: {why}; `driftlock lock` writes it anew")))
}

/// What is wrong with how the files are put together, and inside of them.
fn flaws_of(survey: Survey) -> Vec<FileFlaw> {
    let Survey { migrations, strays, flaws } = survey;
    let mut flaws: Vec<FileFlaw> = flaws.into_iter().flat_map(LoadError::flaws).collect();
    let ways = migrations.list().iter().flat_map(|migration| std::iter::once(&migration.up).chain(&migration.down));
    for script in ways.chain(&strays) {
        flaws.extend(flaws_in(&migrations, script));
    }
    flaws
}

/// What is wrong inside of a script, whichever engine it is for: where one of them can read it, nothing is.
fn flaws_in(migrations: &Migrations, script: &Script) -> Vec<FileFlaw> {
    let mut flaws = Vec::new();
    for dialect in [Dialect::Postgres, Dialect::MySql, Dialect::Sqlite] {
        match flaws_for(migrations, script, dialect) {
            found if found.is_empty() => return found,
            found if flaws.is_empty() => flaws = found,
            _ => {}
        }
    }
    flaws
}

fn flaws_for(migrations: &Migrations, script: &Script, dialect: Dialect) -> Vec<FileFlaw> {
    let file = migrations.display(script);
    let body = match migrations.body(script, dialect) {
        Ok(body) => body,
        // These wait for values that only the program has when it runs.
        Err(LoadError::Body { .. }) if matches!(migrations.layout(), Layout::Flyway | Layout::Goose) => {
            return Vec::new();
        }
        Err(error) => return error.flaws(),
    };
    let directives = Directives::read(body.head(), dialect).err().map(|error| {
        let (line, column) = body.position(body.head_start() + error.offset);
        SplitError { message: error.message, offset: 0, line, column }
    });
    let statements = body.statements(dialect).err();
    let flaw = |error: SplitError| {
        let line = body.line(error.line).to_owned();
        FileFlaw::at(file.clone(), error, line)
    };
    directives.into_iter().chain(statements).map(flaw).collect()
}

/// How the files differ from their lines in the manifest. Those of other directories are not this program's.
fn differences(read: &Read, manifest: &Manifest, root: &Path, prefix: &str) -> Vec<FileFlaw> {
    let mut flaws = Vec::new();
    let mut tell = |file: String, difference: Difference| {
        let what = match difference {
            Difference::FileMissing => "restore it from git, or, if it was never applied",
            Difference::Edited | Difference::LineMissing => "if that is meant",
        };
        flaws.push(FileFlaw::whole(
            file,
            format!("{difference}; {what}, write the manifest anew with `driftlock manifest write`"),
        ));
    };
    for name in &read.in_manifest {
        let Some(digest) = read.digests.get(name) else { continue };
        match manifest.get(&format!("{prefix}{name}")) {
            None => tell(read.display(name), Difference::LineMissing),
            Some(line) if Manifest::fits(line, digest, || read.read(name).ok().map(Cow::into_owned)) => {}
            Some(_) => tell(read.display(name), Difference::Edited),
        }
    }
    for (path, _) in manifest.entries() {
        let Some(name) = path.strip_prefix(prefix) else { continue };
        if !read.digests.contains_key(name) && !root.join(path).exists() {
            tell(read.display(name), Difference::FileMissing);
        }
    }
    flaws
}

/// As the compiler says it: by file and line, and what is wrong with a file once, whichever way it goes.
fn told(mut flaws: Vec<FileFlaw>) -> Vec<String> {
    flaws.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    let mut messages: Vec<String> = flaws.iter().map(message).collect();
    messages.dedup();
    if let Some(more) = messages.len().checked_sub(MOST_MESSAGES).filter(|more| *more > 0) {
        messages.truncate(MOST_MESSAGES);
        messages.push(format!("and {more} more; `driftlock validate` says them all"));
    }
    messages
}

fn message(flaw: &FileFlaw) -> String {
    if flaw.text.is_empty() {
        return flaw.to_string();
    }
    // The line and its place are shown as rustc shows its own.
    let margin = " ".repeat(flaw.line.to_string().len());
    let column = usize::try_from(flaw.column).unwrap_or(1).saturating_sub(1);
    format!("{flaw}\n{margin} |\n{} | {}\n{margin} | {}^", flaw.line, flaw.text, " ".repeat(column))
}
