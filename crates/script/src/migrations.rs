//! A directory's migrations: which versions there are, with which scripts.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

use crate::embedded::Embedded;
use crate::files::{is_code, is_other_half, is_sql};
use crate::hooks::{self, Found, HookFile};
use crate::layout::{Context, Facts, recognise};
use crate::pairing::{Named, Paired, pair};
use crate::{
    Body, BodyError, Dialect, Digest, Files, FilesError, Layout, LongScript, Manifest, Memory, Part, Role, SplitError,
    TextError, Values, Version, as_its_client_reads, decode, decode_script, redacted_line,
};

/// All migrations of a set of files, in the order of their layout.
///
/// ```
/// use driftlock_script::{Memory, Migrations};
///
/// let files = Memory::new()
///     .with("20240520-143022_user_schema_create_v1.up.sql", "CREATE TABLE users (id integer);")
///     .with("20240520-143022_user_schema_create_v1.down.sql", "DROP TABLE users;");
/// let migrations = Migrations::load(std::sync::Arc::new(files), None)?;
/// let first = &migrations.list()[0];
/// assert_eq!((first.version.as_str(), first.name.as_str()), ("20240520-143022", "user_schema_create_v1"));
/// assert!(first.down.is_some());
/// # Ok::<(), driftlock_script::LoadError>(())
/// ```
#[derive(Debug)]
pub struct Migrations {
    content: Content,
    values: Option<Arc<Values>>,
}

/// Where they are, or will be when somebody asks.
#[derive(Debug)]
enum Content {
    Loaded(Arc<Loaded>),
    Embedded(&'static [u8], OnceLock<Arc<Loaded>>),
}

#[derive(Debug)]
struct Loaded {
    files: Arc<dyn Files>,
    layout: Layout,
    notes: Vec<String>,
    list: Vec<Migration>,
    hooks: Vec<HookFile>,
    /// What the program carries of the manifest, and what that puts before the names of these files.
    manifest: Option<(Manifest, String)>,
    /// Why there are none, where what the program carries can't be read.
    damage: Option<LoadError>,
}

/// One version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its version.
    pub version: Version,
    /// Its name: what the file's name says beside version and direction.
    pub name: String,
    /// What it is to the order in which things run.
    pub role: Role,
    /// The script that makes the change.
    pub up: Script,
    /// The script that undoes it, where there is one. It may be in the same file.
    pub down: Option<Script>,
}

/// One file, or one way in it, by name and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// The file's name, relative to its root.
    pub file: String,
    /// What the whole file held when the migrations were loaded.
    pub digest: Digest,
    /// Which way of the file it is: never [`Part::Both`].
    pub part: Part,
}

/// Migrations as far as files make such, and all that is wrong with how they are put together.
#[derive(Debug, Clone)]
pub struct Survey {
    /// What is well; its scripts' bodies are not looked at yet.
    pub migrations: Migrations,
    /// Scripts that belong to no migration: of a version that is there twice, or without a way up.
    pub strays: Vec<Script>,
    /// What is wrong.
    pub flaws: Vec<LoadError>,
}

/// Files that make no migrations. Names are as people see them, with their root.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// A file or folder can't be read.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// Files whose names fit no layout, or not the one of the others.
    #[error(
        "{} no name of the {layout} layout ({}), such as `{}`; rename or move {}",
        if files.len() == 1 { format!("`{}` has", files[0].0) } else { format!("{} files have", files.len()) },
        files.iter().take(5).map(|(file, why)| format!("`{file}`: {why}")).collect::<Vec<_>>().join("; "),
        layout.example(),
        if files.len() == 1 { "it" } else { "them" }
    )]
    NoLayout {
        /// The layout that was asked for, or that most files have.
        layout: Layout,
        /// The files and why they don't fit.
        files: Vec<(String, &'static str)>,
    },
    /// Several layouts fit the files, and would run different things.
    #[error(
        "the files fit the layouts {}, which would run different things: `{file}` {why}; say which it is with `--layout` or `layout = \"…\"`",
        layouts.iter().map(|layout| layout.name()).collect::<Vec<_>>().join(" and ")
    )]
    Ambiguous {
        /// The layouts that fit.
        layouts: Vec<Layout>,
        /// A file in which they differ.
        file: String,
        /// How.
        why: &'static str,
    },
    /// The directory's own record of its files doesn't fit them.
    #[error("{file}:{line}: {message}")]
    Sum {
        /// The record.
        file: String,
        /// Its line, from 1.
        line: u32,
        /// What differs and what to do.
        message: String,
    },
    /// A script bears marks of its layout that can't be followed, or wants values that are missing.
    #[error("{file}:{}:{}: {error}", error.line, error.column)]
    Body {
        /// The file.
        file: String,
        /// What is wrong, and where in the file.
        error: SplitError,
        /// The text of that line.
        line: String,
    },
    /// A migration is written in a programming language.
    #[error(
        "`{file}` is a migration in {language}, which driftlock can't run: write it in SQL, or run it with its own tool and take that over with `driftlock adopt`"
    )]
    Code {
        /// The file.
        file: String,
        /// The language.
        language: &'static str,
    },
    /// Two scripts of one version and direction.
    #[error("version {version} is there twice: `{first}` and `{second}`; give one of them another version")]
    Duplicate {
        /// The version.
        version: Version,
        /// One file.
        first: String,
        /// The other.
        second: String,
    },
    /// A down script whose version has no up script.
    #[error("`{file}` has no up script: there is no other file of version {version}; add it or remove this one")]
    DownWithoutUp {
        /// The down script.
        file: String,
        /// Its version.
        version: Version,
    },
    /// Up and down of one version bear different names.
    #[error("`{up}` and `{down}` are of one version but bear different names; rename one of them")]
    NamesDiffer {
        /// The up script.
        up: String,
        /// The down script.
        down: String,
    },
    /// SQL files in the folder of the hooks that no hook is called like.
    #[error("{}", files.iter().map(|(file, why)| format!("`{file}`: {why}")).collect::<Vec<_>>().join("; "))]
    Hook {
        /// The files, and what is wrong with each.
        files: Vec<(String, String)>,
    },
    /// A script is no text.
    #[error("{file}:{}:{}: {error}", error.line, error.column)]
    Text {
        /// The file.
        file: String,
        /// What is wrong with it.
        error: TextError,
    },
    /// A script changed between two looks at it.
    #[error("`{file}` changed while it was being worked with; run the command again")]
    Changed {
        /// The file.
        file: String,
    },
}

impl LoadError {
    /// A stable code for scripts and searches.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            LoadError::Files(_) => "DL0101",
            LoadError::NoLayout { .. } => "DL0102",
            LoadError::Duplicate { .. } => "DL0103",
            LoadError::DownWithoutUp { .. } => "DL0104",
            LoadError::NamesDiffer { .. } => "DL0105",
            LoadError::Text { .. } => "DL0106",
            LoadError::Changed { .. } => "DL0107",
            LoadError::Ambiguous { .. } => "DL0108",
            LoadError::Sum { .. } => "DL0109",
            LoadError::Body { .. } => "DL0111",
            LoadError::Code { .. } => "DL0112",
            LoadError::Hook { .. } => "DL0113",
        }
    }
}

impl Migrations {
    /// Reads the names and hashes the contents of all files. Their texts are not kept.
    ///
    /// Without a `layout` it is the one that the names fit, and where several do, the one whose marks the files bear.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn load(files: Arc<dyn Files>, layout: Option<Layout>) -> Result<Self, LoadError> {
        Loaded::load(files, layout).map(Migrations::from)
    }

    /// Those that a program carries, in the bytes that [`Pack::to_bytes`](crate::Pack::to_bytes) made. They are read when they are asked for;
    /// [`check`](Self::check) says whether they could be.
    #[must_use]
    pub const fn embedded(bytes: &'static [u8]) -> Self {
        Migrations { content: Content::Embedded(bytes, OnceLock::new()), values: None }
    }

    /// Whether they could be read from the program that carries them. Where not, there are none.
    ///
    /// # Errors
    /// When it is damaged, or another version of driftlock made it.
    pub fn check(&self) -> Result<(), LoadError> {
        self.loaded().damage.clone().map_or(Ok(()), Err)
    }

    /// What the program carries of their manifest, where there is one: its lines of these files, and what they have before the names.
    #[must_use]
    pub fn manifest(&self) -> Option<(&Manifest, &str)> {
        self.loaded().manifest.as_ref().map(|(manifest, prefix)| (manifest, prefix.as_str()))
    }

    fn loaded(&self) -> &Arc<Loaded> {
        match &self.content {
            Content::Loaded(loaded) => loaded,
            Content::Embedded(bytes, loaded) => loaded.get_or_init(|| Arc::new(Loaded::unpack(bytes))),
        }
    }

    /// As [`load`](Self::load), but goes on where something is wrong, and says all that is.
    ///
    /// # Errors
    /// Where the files can't be listed, or several layouts fit them.
    pub fn survey(files: Arc<dyn Files>, layout: Option<Layout>) -> Result<Survey, LoadError> {
        let names = files.list()?;
        let (layout, mut notes) = chosen(files.as_ref(), layout, &names)?;
        let (mut named, strangers) = read_names(files.as_ref(), layout, &names);
        let mut flaws: Vec<LoadError> = strangers.into_iter().collect();
        named.retain(|named| match files.read(named.file) {
            Ok(_) => true,
            Err(error) => {
                flaws.push(error.into());
                false
            }
        });
        let scripts: Vec<&str> = named.iter().map(|named| named.file).collect();
        let contents = match read(files.as_ref(), layout, &names, &scripts) {
            Err(error @ LoadError::Sum { .. }) => {
                flaws.push(error);
                let without: Vec<String> =
                    names.iter().filter(|name| Some(name.as_str()) != layout.sum()).cloned().collect();
                read(files.as_ref(), layout, &without, &scripts)?
            }
            contents => contents?,
        };
        let paired = pair(files.as_ref(), layout, named, contents);
        flaws.extend(paired.flaws);
        notes.extend(paired.notes);
        let Found { hooks, strangers } = hooks::find(&files, layout)?;
        flaws.extend((!strangers.is_empty()).then_some(LoadError::Hook { files: strangers }));
        let migrations = Loaded { files, layout, notes, list: paired.list, hooks, manifest: None, damage: None };
        Ok(Survey { migrations: migrations.into(), strays: paired.strays, flaws })
    }

    /// With the values that its layout may put into scripts.
    #[must_use]
    pub fn with_values(mut self, values: Values) -> Self {
        self.values = Some(Arc::new(values));
        self
    }

    /// The values that its layout may put into scripts.
    #[must_use]
    pub fn values(&self) -> &Values {
        static NONE: LazyLock<Values> = LazyLock::new(Values::default);
        self.values.as_deref().unwrap_or(&NONE)
    }

    /// What a person should know of how the layout was chosen, and of files that it leaves out.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.loaded().notes
    }

    /// Every migration, by rising version.
    #[must_use]
    pub fn list(&self) -> &[Migration] {
        &self.loaded().list
    }

    /// The hooks that are SQL files, in the order in which they run.
    #[must_use]
    pub fn hooks(&self) -> &[HookFile] {
        &self.loaded().hooks
    }

    /// The text of a hook for a server of this dialect.
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub fn hook_text(&self, hook: &HookFile, dialect: Dialect) -> Result<String, LoadError> {
        let script = Script { file: hook.file.clone(), digest: hook.digest, part: Part::Up };
        Ok(as_its_client_reads(self.text_to_run(&script, dialect)?, dialect))
    }

    /// The migration of a version.
    #[must_use]
    pub fn find(&self, version: &Version) -> Option<&Migration> {
        let list = self.list();
        list.binary_search_by(|migration| migration.version.cmp(version)).ok().map(|at| &list[at])
    }

    /// Whether the names of all files fit a layout too.
    #[must_use]
    pub fn fits(&self, layout: Layout) -> bool {
        let scripts = self.list().iter().flat_map(|migration| std::iter::once(&migration.up).chain(&migration.down));
        scripts.into_iter().all(|script| layout.read_name(&script.file).is_ok())
    }

    /// The layout that the files have.
    #[must_use]
    pub fn layout(&self) -> Layout {
        self.loaded().layout
    }

    /// Where the files come from.
    #[must_use]
    pub fn files(&self) -> &dyn Files {
        self.loaded().files.as_ref()
    }

    /// A script's name as people see it.
    #[must_use]
    pub fn display(&self, script: &Script) -> String {
        self.files().display(&script.file)
    }

    /// The text of a script's file.
    ///
    /// # Errors
    /// When it can't be read, is no text, or is no longer what it was when it was hashed.
    pub fn text(&self, script: &Script) -> Result<String, LoadError> {
        // Of the dialects that want nothing but text.
        self.text_to_run(script, Dialect::Postgres)
    }

    /// A script's text for a server of this dialect; see [`decode_script`].
    ///
    /// # Errors
    /// As [`text`](Self::text).
    pub fn text_to_run(&self, script: &Script, dialect: Dialect) -> Result<String, LoadError> {
        let bytes = self.files().read(&script.file)?;
        if Digest::of(&bytes) != script.digest {
            return Err(LoadError::Changed { file: self.display(script) });
        }
        decode_script(&bytes, dialect)
            .map(Cow::into_owned)
            .map_err(|error| LoadError::Text { file: self.display(script), error })
    }

    /// A script that is too long to be held, where it is one. What is in it isn't looked at.
    ///
    /// # Errors
    /// When the file can't be read, or is no longer what it was when it was hashed.
    pub fn long(&self, script: &Script) -> Result<Option<LongScript>, LoadError> {
        let Some(path) = self.files().path(&script.file) else { return Ok(None) };
        let long = LongScript::new(&path, self.display(script), script.digest, self.layout())?;
        if long.is_some() && self.files().digest(&script.file)? != script.digest {
            return Err(LoadError::Changed { file: self.display(script) });
        }
        Ok(long)
    }

    /// What runs of a script on a server of this dialect, with its values put in.
    ///
    /// # Errors
    /// As [`text`](Self::text); for marks of the layout that can't be followed, values that are missing, and migrations that are
    /// written in a programming language.
    pub fn body(&self, script: &Script, dialect: Dialect) -> Result<Body, LoadError> {
        if let Ok(Role::Code(language)) = self.layout().read_name(&script.file).map(|name| name.role) {
            return Err(LoadError::Code { file: self.display(script), language });
        }
        let text = as_its_client_reads(self.text_to_run(script, dialect)?, dialect);
        let settings = match self.layout().settings_of(&script.file) {
            Some(file) if self.files().exists(&file) => Some((self.settings(&file)?, file)),
            _ => None,
        };
        let context = Context {
            file: &script.file,
            part: script.part,
            settings: settings.as_ref().map(|(text, _)| text.as_str()),
            values: self.values(),
        };
        let line_of = |text: &str, error: &SplitError| {
            let at = usize::try_from(error.line).unwrap_or(1).saturating_sub(1);
            redacted_line(text.lines().nth(at).unwrap_or_default(), text, dialect)
        };
        let lines = text.clone();
        let body = self.layout().body(text, &context);
        let with = |body: Body| body.hide(&self.values().secrets).session(self.layout().session(dialect));
        body.map(with).map_err(|error| match (error, settings) {
            (BodyError::Script(error), _) => {
                LoadError::Body { file: self.display(script), line: line_of(&lines, &error), error }
            }
            (BodyError::Settings(error), Some((text, file))) => {
                LoadError::Body { file: self.files().display(&file), line: line_of(&text, &error), error }
            }
            (BodyError::Settings(error), None) => {
                LoadError::Body { file: self.display(script), line: String::new(), error }
            }
        })
    }

    fn settings(&self, file: &str) -> Result<String, LoadError> {
        let bytes = self.files().read(file)?;
        decode(&bytes).map(str::to_owned).map_err(|error| LoadError::Text { file: self.files().display(file), error })
    }
}

impl Clone for Migrations {
    /// Cheap: what was read is shared.
    fn clone(&self) -> Self {
        Migrations { content: Content::Loaded(Arc::clone(self.loaded())), values: self.values.clone() }
    }
}

impl From<Loaded> for Migrations {
    fn from(loaded: Loaded) -> Self {
        Migrations { content: Content::Loaded(Arc::new(loaded)), values: None }
    }
}

impl Loaded {
    fn load(files: Arc<dyn Files>, layout: Option<Layout>) -> Result<Self, LoadError> {
        let names = files.list()?;
        let (layout, mut notes) = chosen(files.as_ref(), layout, &names)?;
        let (named, strangers) = read_names(files.as_ref(), layout, &names);
        if let Some(strangers) = strangers {
            return Err(strangers);
        }
        let scripts: Vec<&str> = named.iter().map(|named| named.file).collect();
        let contents = read(files.as_ref(), layout, &names, &scripts)?;
        let Paired { list, flaws, notes: told, .. } = pair(files.as_ref(), layout, named, contents);
        notes.extend(told);
        match flaws.into_iter().next() {
            Some(flaw) => Err(flaw),
            None => {
                let Found { hooks, strangers } = hooks::find(&files, layout)?;
                if !strangers.is_empty() {
                    return Err(LoadError::Hook { files: strangers });
                }
                Ok(Loaded { files, layout, notes, list, hooks, manifest: None, damage: None })
            }
        }
    }

    /// From the bytes that a program carries. Its layout was told when they were packed.
    fn unpack(bytes: &'static [u8]) -> Self {
        let unpacked = Embedded::new(bytes).map_err(LoadError::from).and_then(|files| {
            let (layout, manifest) = (files.layout(), files.manifest());
            Ok(Loaded { manifest, ..Loaded::load(Arc::new(files), layout)? })
        });
        unpacked.unwrap_or_else(|damage| Loaded {
            files: Arc::new(Memory::new()),
            layout: Layout::Driftlock,
            notes: Vec::new(),
            list: Vec::new(),
            hooks: Vec::new(),
            manifest: None,
            damage: Some(damage),
        })
    }
}

/// The layout that was asked for, or that the files have, and what a person should know of the choice.
fn chosen(files: &dyn Files, layout: Option<Layout>, names: &[String]) -> Result<(Layout, Vec<String>), LoadError> {
    if let Some(layout) = layout {
        return Ok((layout, Vec::new()));
    }
    match recognise(files, names)? {
        Ok(recognised) => Ok((recognised.layout, recognised.note.into_iter().collect())),
        Err(crate::layout::Ambiguous { layouts, file, why }) => Err(LoadError::Ambiguous { layouts, file, why }),
    }
}

impl Layout {
    /// The layout that files have; `None` where there is no script among them.
    ///
    /// # Errors
    /// Where they can't be read, or several layouts fit them that would run different things.
    pub fn of(files: &dyn Files) -> Result<Option<Self>, LoadError> {
        let names = files.list()?;
        if !names.iter().any(|name| is_sql(name) || is_code(name)) {
            return Ok(None);
        }
        chosen(files, None, &names).map(|(layout, _)| Some(layout))
    }
}

/// The files that are migrations of a layout, and the error about those that have no name of it.
fn read_names<'a>(files: &dyn Files, layout: Layout, names: &'a [String]) -> (Vec<Named<'a>>, Option<LoadError>) {
    let mut strangers = Vec::new();
    let mut named = Vec::new();
    let is_pair = |name: &str| layout == Layout::GolangMigrate && is_other_half(name);
    for file in names.iter().filter(|name| is_sql(name) || is_code(name) || is_pair(name)) {
        match layout.read_name(file) {
            Ok(name) => named.push(Named { file, name }),
            // Programs that are no migrations of this layout are somebody's own business.
            Err(_) if is_code(file) => {}
            Err(why) => strangers.push((files.display(file), why)),
        }
    }
    let strangers = (!strangers.is_empty()).then_some(LoadError::NoLayout { layout, files: strangers });
    (named, strangers)
}

/// What files hold: their digests, and what their layout must know of them.
fn read(
    files: &dyn Files,
    layout: Layout,
    names: &[String],
    scripts: &[&str],
) -> Result<Vec<(Digest, Facts)>, LoadError> {
    let sum = layout.sum().filter(|sum| names.iter().any(|name| name == sum));
    let Some(facts) = layout.facts() else {
        return Ok(hash(files, scripts)?.into_iter().map(|digest| (digest, Facts::default())).collect());
    };
    let mut contents = Vec::new();
    let mut texts = BTreeMap::new();
    for name in scripts {
        let bytes = files.read(name)?;
        contents.push((Digest::of(&bytes), facts(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes))));
        if sum.is_some() {
            texts.insert((*name).to_owned(), bytes.into_owned());
        }
    }
    if let Some(sum) = sum {
        layout.verify(&texts, &files.read(sum)?).map_err(|error| LoadError::Sum {
            file: files.display(sum),
            line: error.line,
            message: error.message,
        })?;
    }
    Ok(contents)
}

/// Beside a connection that is being made there is time for about so many; a second thread would take it from that.
const WORTH_A_THREAD: usize = 512;

/// More threads than this only wait for the disk; fewer cores than threads do no harm.
const MOST_THREADS: usize = 4;

/// The digests of files, in their order; by several threads where there are many.
pub(crate) fn hash(files: &dyn Files, names: &[&str]) -> Result<Vec<Digest>, FilesError> {
    let all =
        |names: &[&str]| -> Result<Vec<Digest>, FilesError> { names.iter().map(|name| files.digest(name)).collect() };
    let threads = (names.len() / WORTH_A_THREAD).clamp(1, MOST_THREADS);
    let share = names.len().div_ceil(threads);
    let (own, rest) = names.split_at(share.min(names.len()));
    std::thread::scope(|scope| {
        let workers: Vec<_> = rest.chunks(share.max(1)).map(|names| scope.spawn(move || all(names))).collect();
        let mut digests = all(own)?;
        for worker in workers {
            digests.extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(digests)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(names: &[&str]) -> Result<Migrations, LoadError> {
        let files = names.iter().fold(Memory::new(), |files, name| files.with(*name, *name));
        Migrations::load(Arc::new(files), None)
    }

    fn message(names: &[&str]) -> String {
        load(names).unwrap_err().to_string()
    }

    #[test]
    fn orders_by_the_layouts_own_order() {
        let migrations = load(&["10_b.up.sql", "2_a.up.sql", "2_a.down.sql", "100_c.up.sql"]).unwrap();
        assert_eq!(migrations.layout(), Layout::GolangMigrate);
        let versions: Vec<_> = migrations.list().iter().map(|m| m.version.as_str()).collect();
        assert_eq!(versions, ["2", "10", "100"]);
        assert_eq!(migrations.find(&Version::number(10)).unwrap().up.file, "10_b.up.sql");
        assert!(migrations.list()[0].down.is_some() && migrations.list()[1].down.is_none());
    }

    #[test]
    fn a_lone_down_script_stops_no_directory_whose_runner_passes_over_it() {
        let names = ["1_a.up.sql", "1_a.down.sql", "2_b.down.sql", "3_b.up.sql"];
        let migrations = load(&names).unwrap();
        let versions: Vec<_> = migrations.list().iter().map(|m| m.version.as_str()).collect();
        assert_eq!(versions, ["1", "3"]);
        assert_eq!(migrations.list()[1].down, None);
        let told = "`2_b.down.sql` has no up script of its version, so it never runs";
        assert!(migrations.notes().iter().any(|note| note == told), "{:?}", migrations.notes());
        let files = Memory::new().with("V3__c.sql", "").with("U1__a.sql", "");
        let migrations = Migrations::load(Arc::new(files), Some(Layout::Flyway)).unwrap();
        assert_eq!((migrations.list().len(), migrations.notes().len()), (1, 1));
    }

    #[test]
    fn names_the_files_of_every_mistake() {
        assert_eq!(
            message(&["1_a.up.sql", "001_b.up.sql"]),
            "version 1 is there twice: `001_b.up.sql` and `1_a.up.sql`; give one of them another version"
        );
        assert_eq!(
            message(&["20240520-143022_a.up.sql", "20240520-143023_b.down.sql"]),
            "`20240520-143023_b.down.sql` has no up script: there is no other file of version 20240520-143023; add it or remove this one"
        );
        assert!(message(&["20240520-143022_a.up.sql", "20240520-143022_b.down.sql"]).contains("different names"));
        assert!(message(&["20240520-143022_a.up.sql", "20240520-143022_a.sql"]).contains("twice"));
        let text = message(&["20240520-143022_a.up.sql", "fix.sql", "20240521_b.sql"]);
        assert!(
            text.contains("`fix.sql`") && text.contains("`20240521_b.sql`") && text.contains("driftlock layout"),
            "{text}"
        );
        assert!(message(&["1_a.up.sql", "99999999999999999999_b.up.sql"]).contains("larger than"));
        // golang-migrate runs whatever follows the direction.
        assert!(message(&["1_a.up.sql", "2_b.up.txt"]).contains("`2_b.up.txt`: it doesn't end in `.sql`"));
        assert!(load(&["1_a.sql", "2_b.up.txt", "notes.up.txt"]).is_ok(), "no other layout does");
        assert!(message(&["a.sql"]).starts_with("`a.sql` has no name of the driftlock layout"));
    }

    #[test]
    fn flyway_pairs_by_version_and_runs_what_it_would_run() {
        let load = |names: &[&str]| {
            let files = names.iter().fold(Memory::new(), |files, name| files.with(*name, "SELECT 1;"));
            Migrations::load(Arc::new(files), Some(Layout::Flyway))
        };
        let migrations =
            load(&["V1__a.sql", "db/V1_10__c.sql", "V1.2__b.sql", "U1.2__back.sql", "R__view1.sql", "R__view_2.sql"])
                .unwrap();
        let found: Vec<_> =
            migrations.list().iter().map(|it| (it.version.as_str(), &*it.name, it.down.is_some())).collect();
        assert_eq!(
            found,
            [
                ("1", "a", false),
                ("1.2", "b", true),
                ("1.10", "c", false),
                ("R__view_2", "view_2", false),
                ("R__view1", "view1", false)
            ]
        );
        for twice in [["V1__a.sql", "V01__b.sql"], ["V1__a.sql", "V1.0__b.sql"], ["R__a_b.sql", "R__a b.sql"]] {
            assert!(matches!(load(&twice), Err(LoadError::Duplicate { .. })), "{twice:?}");
        }
        let code = load(&["V1__a.sql", "V2__b.java"]).unwrap();
        assert!(matches!(
            code.body(&code.list()[1].up, Dialect::Postgres),
            Err(LoadError::Code { language: "Java", .. })
        ));
        let callback = load(&["V1__a.sql", "afterMigrate.sql"]).unwrap_err().to_string();
        assert!(callback.contains("`afterMigrate.sql`: it is a callback"), "{callback}");
    }

    #[test]
    fn a_flyway_settings_file_is_named_where_it_cannot_be_followed() {
        let files = Memory::new().with("V1__a.sql", "SELECT 1;").with("V1__a.sql.conf", "# a\nexecuteInTx=false\n");
        let migrations = Migrations::load(Arc::new(files), None).unwrap();
        let error = migrations.body(&migrations.list()[0].up, Dialect::Postgres).unwrap_err();
        assert!(error.to_string().starts_with("V1__a.sql.conf:2:1: unknown key `executeInTx`"), "{error}");
        assert!(matches!(error, LoadError::Body { line, .. } if line == "executeInTx=false"));
    }

    #[test]
    fn reads_again_only_what_is_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1_a.up.sql");
        std::fs::write(&path, "SELECT 1;").unwrap();
        let migrations = Migrations::load(Arc::new(crate::Directory::new(folder.path())), None).unwrap();
        let up = &migrations.list()[0].up;
        assert_eq!(migrations.text(up).unwrap(), "SELECT 1;");
        std::fs::write(&path, "SELECT 2;").unwrap();
        assert!(matches!(migrations.text(up), Err(LoadError::Changed { .. })));
    }

    #[test]
    fn hashes_many_files_in_order() {
        let names: Vec<String> = (0..2000).map(|n| format!("{n}_a.up.sql")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let migrations = load(&names).unwrap();
        for migration in migrations.list() {
            assert_eq!(migration.up.digest, Digest::of(migration.up.file.as_bytes()));
        }
    }
}
