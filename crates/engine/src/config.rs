//! The configuration: `driftlock.toml`, `DRIFTLOCK_*` variables and options, each going before the one before it.
//!
//! ```
//! use driftlock_engine::{Config, Overrides, Variables};
//!
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("driftlock.toml"), "[env.dev]\nurl = 'sqlite://shop.db'\nlock_wait = '10s'\n")?;
//! let variables: Variables = [("DRIFTLOCK_LOCK_WAIT", "1min")].into_iter().collect();
//! let settings = Config::load(folder.path(), variables, &Overrides::default())?.target()?;
//! assert_eq!(settings.environment.as_ref().map(|name| name.value.as_str()), Some("dev"));
//! let lock_wait = settings.lock_wait.as_ref().expect("it is set");
//! assert_eq!((lock_wait.value.as_secs(), lock_wait.origin.to_string()), (60, "DRIFTLOCK_LOCK_WAIT".to_owned()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod file;
mod hooks;
mod keys;
mod origin;
mod paths;
mod secret;
mod settings;
mod shown;

use std::path::{Path, PathBuf};

pub use error::ConfigError;
pub use hooks::HookSetting;
pub use origin::{Origin, Setting};
pub use secret::{Secret, Variables};
pub use settings::{MigrationDirectory, OnDrift, Settings, is_protected_name};
pub use shown::ShownSetting;

use crate::nearest::{meant, nearest};
use error::Wrong;
use file::{File, Layer};
use keys::{KEYS, OTHER_VARIABLES, Shape, Value};

/// What the command line, or a program, says beside file and variables.
///
/// Its `Debug` shows which keys are set and not what to: a URL may be among them.
#[derive(Clone, Default)]
pub struct Overrides {
    /// The configuration file to use instead of the nearest (`--config`).
    pub config: Option<PathBuf>,
    /// The environment (`--env`).
    pub environment: Option<String>,
    values: Vec<(&'static str, String, String)>,
}

impl Overrides {
    /// Sets a key, such as `lock_wait`, as it would be written in a variable; `flag` is what messages call it.
    ///
    /// A key that driftlock doesn't know is an error of [`Config::load`].
    pub fn set(&mut self, key: &'static str, flag: &str, text: impl Into<String>) {
        self.values.push((key, flag.to_owned(), text.into()));
    }
}

impl std::fmt::Debug for Overrides {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let keys: Vec<&str> = self.values.iter().map(|(key, ..)| *key).collect();
        f.debug_struct("Overrides")
            .field("config", &self.config)
            .field("environment", &self.environment)
            .field("keys", &keys)
            .finish()
    }
}

/// Everything that was configured, before an environment is chosen.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder of the configuration file; without one, the working directory.
    root: PathBuf,
    /// The working directory.
    folder: PathBuf,
    file: Option<File>,
    /// As people see the file's path.
    shown: String,
    variables: Variables,
    by_variables: Layer,
    by_flags: Layer,
    named: Option<Setting<String>>,
}

impl Config {
    /// Reads file, variables and overrides. The file is looked for from `folder` upward, unless the overrides or
    /// `DRIFTLOCK_CONFIG` name one, or give URL and directory and no environment: these stand in for a configuration.
    ///
    /// # Errors
    /// A file that can't be read, an unknown key or variable, a value that isn't what its key wants.
    pub fn load(folder: &Path, variables: Variables, overrides: &Overrides) -> Result<Self, ConfigError> {
        let by_variables = read_variables(&variables)?;
        let by_flags = read_flags(overrides)?;
        let named = match (&overrides.environment, variables.get("DRIFTLOCK_ENV")) {
            (Some(name), _) => Some(Setting { value: name.clone(), origin: Origin::Flag("--env".to_owned()) }),
            (None, Some(name)) => {
                Some(Setting { value: name.to_owned(), origin: Origin::Variable("DRIFTLOCK_ENV".to_owned()) })
            }
            (None, None) => None,
        };
        let given = |key| by_flags.contains_key(key) || by_variables.contains_key(key);
        let asked_for = match (&overrides.config, variables.get("DRIFTLOCK_CONFIG")) {
            (Some(path), _) => Some(path.clone()),
            (None, Some(path)) => Some(PathBuf::from(path)),
            (None, None) => None,
        };
        let path = match asked_for {
            Some(path) => Some(folder.join(path)),
            None if given("url") && given("migrations") && named.is_none() => None,
            None => file::find(folder),
        };
        let shown = path.as_deref().map(|path| paths::shown(path, folder)).unwrap_or_default();
        let file = path.as_deref().map(|path| file::read(path, &shown)).transpose()?;
        let root = path.as_deref().and_then(Path::parent).map_or_else(|| folder.to_owned(), Path::to_owned);
        let config = Config { root, folder: folder.to_owned(), file, shown, variables, by_variables, by_flags, named };
        config.check_names()?;
        Ok(config)
    }

    /// The settings for work on a database: those of the environment that is named, else of the default one, else of the only one.
    ///
    /// # Errors
    /// When it isn't clear which environment is meant, and when it would be a protected one that nobody named.
    pub fn target(&self) -> Result<Settings, ConfigError> {
        let environment = self.choose()?;
        Settings::resolve(self, environment)
    }

    /// The settings for work on the files alone: as [`target`](Self::target), and without an environment where it isn't clear which.
    ///
    /// # Errors
    /// When an environment is named that there isn't.
    pub fn project(&self) -> Result<Settings, ConfigError> {
        let environment = if self.named.is_some() { self.named.clone() } else { self.choose().ok().flatten() };
        Settings::resolve(self, environment)
    }

    /// The configuration file, where there is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_ref().map(|file| file.path.as_path())
    }

    /// The same, as people see it: from the working directory.
    #[must_use]
    pub fn shown_file(&self) -> Option<&str> {
        self.file.as_ref().map(|_| self.shown.as_str())
    }

    /// The folder of the configuration file; without one, the working directory. The manifest is below it.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The variables that it was read with.
    #[must_use]
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// Every migration directory that is configured, for whichever engine and environment; each once.
    #[must_use]
    pub fn directories(&self) -> Vec<MigrationDirectory> {
        let mut layers: Vec<&Layer> = vec![&self.by_flags, &self.by_variables];
        let overridden = layers.iter().any(|layer| layer.contains_key("migrations"));
        if let Some(file) = self.file.as_ref().filter(|_| !overridden) {
            layers.push(&file.top);
            layers.extend(file.environments.values());
        }
        let mut all: Vec<MigrationDirectory> = Vec::new();
        for layer in layers {
            for directory in layer.get("migrations").map(|it| self.places(it)).unwrap_or_default() {
                if !all.iter().any(|other| other.path == directory.path) {
                    all.push(directory);
                }
            }
        }
        if all.is_empty() {
            all = self.places(&settings::default_directory());
        }
        all
    }

    /// The names of the environments in the configuration file.
    pub fn environments(&self) -> impl Iterator<Item = &str> {
        self.file.iter().flat_map(|file| file.environments.keys().map(String::as_str))
    }

    /// Whether all environments that are named somewhere are there.
    fn check_names(&self) -> Result<(), ConfigError> {
        if self.file.is_none() {
            return Ok(());
        }
        let default = self.text("default_env");
        let hooks = self.file.iter().flat_map(|file| &file.hooks);
        let of_hooks: Vec<Setting<String>> = hooks
            .flat_map(|hook| {
                hook.environments.iter().map(|it| Setting { value: it.clone(), origin: hook.origin.clone() })
            })
            .collect();
        for name in self.named.iter().chain(&default).chain(&of_hooks) {
            if !self.environments().any(|environment| environment == name.value) {
                let message = match self.environments().next() {
                    Some(_) => {
                        let meant = meant(&name.value, self.environments());
                        format!("there is no environment `{}` in {}; {meant}", name.value, self.shown)
                    }
                    None => format!(
                        "there is no environment `{0}` in {1}: it has none; add `[env.{0}]`",
                        name.value, self.shown
                    ),
                };
                return Err(ConfigError::new(Wrong::Environment, name.origin.clone(), message));
            }
        }
        Ok(())
    }

    fn choose(&self) -> Result<Option<Setting<String>>, ConfigError> {
        // A URL that stands above the file's is some other database than that of any environment in it.
        let elsewhere = self.by_flags.contains_key("url") || self.by_variables.contains_key("url");
        if self.named.is_some() || self.file.is_none() || elsewhere {
            return Ok(self.named.clone());
        }
        let chosen = match self.text("default_env") {
            Some(name) => name,
            None => match self.environments().collect::<Vec<_>>().as_slice() {
                [] => return Ok(None),
                [only] => Setting::default((*only).to_owned()),
                several => {
                    let message = format!(
                        "{} has several environments and no `default_env`; name one with `--env`: {}",
                        self.shown,
                        several.join(", ")
                    );
                    return Err(ConfigError::new(Wrong::Environment, None, message));
                }
            },
        };
        if Settings::resolve(self, Some(chosen.clone()))?.protected.value {
            let name = &chosen.value;
            let message = format!(
                "the environment `{name}` is protected, and a protected one is never chosen by default; name it: `--env {name}`"
            );
            let origin = Some(chosen.origin).filter(|origin| *origin != Origin::Default);
            return Err(ConfigError::new(Wrong::Environment, origin, message));
        }
        Ok(Some(chosen))
    }

    /// A key of the top level, flags and variables before the file.
    fn text(&self, key: &str) -> Option<Setting<String>> {
        let top = self.file.as_ref().map(|file| &file.top);
        let found =
            [Some(&self.by_flags), Some(&self.by_variables), top].into_iter().flatten().find_map(|it| it.get(key))?;
        match &found.value {
            Value::Text(text) => Some(Setting { value: text.clone(), origin: found.origin.clone() }),
            _ => None,
        }
    }

    /// The hooks that run in an environment.
    fn hooks_of(&self, environment: Option<&str>) -> Vec<HookSetting> {
        let all = self.file.iter().flat_map(|file| &file.hooks);
        all.filter(|hook| hook.is_for(environment)).cloned().collect()
    }

    /// The layers of an environment, the one that goes before all others first.
    fn layers(&self, environment: Option<&str>) -> Vec<&Layer> {
        let mut layers = vec![&self.by_flags, &self.by_variables];
        if let Some(file) = &self.file {
            layers.extend(environment.and_then(|name| file.environments.get(name)));
            layers.push(&file.top);
        }
        layers
    }

    /// Where the directories of a value are: those of the file from its folder, all others from the working directory.
    fn places(&self, setting: &Setting<Value>) -> Vec<MigrationDirectory> {
        let Value::Directories(directories) = &setting.value else { return Vec::new() };
        let base =
            if matches!(setting.origin, Origin::File { .. } | Origin::Default) { &self.root } else { &self.folder };
        directories
            .iter()
            .map(|(engine, path)| {
                let path = paths::clean(&base.join(path));
                let shown = paths::shown(&path, &self.folder);
                MigrationDirectory { engine: *engine, path, shown, origin: setting.origin.clone() }
            })
            .collect()
    }
}

/// The keys that variables set.
fn read_variables(variables: &Variables) -> Result<Layer, ConfigError> {
    let names: Vec<(String, &keys::Key)> = KEYS
        .iter()
        .filter(|key| !matches!(key.shape, Shape::List | Shape::Texts))
        .map(|key| (key.variable(), key))
        .collect();
    let mut layer = Layer::new();
    for (name, text) in variables.iter().filter(|(name, _)| name.starts_with("DRIFTLOCK_")) {
        let origin = Origin::Variable(name.to_owned());
        if let Some((_, key)) = names.iter().find(|(known, _)| known == name) {
            let value =
                key.shape.parse(text).map_err(|message| ConfigError::new(Wrong::Value, origin.clone(), message))?;
            layer.insert(key.name, Setting { value, origin });
        } else if name.starts_with(crate::hooks::VARIABLES) {
            // A hook's command may call driftlock: what it was told itself sets nothing.
        } else if !OTHER_VARIABLES.contains(&name) {
            let known = names.iter().map(|(known, _)| known.as_str()).chain(OTHER_VARIABLES.iter().copied());
            let near = nearest(name, known).unwrap_or("DRIFTLOCK_ENV");
            let message = format!("unknown environment variable; did you mean `{near}`?");
            return Err(ConfigError::new(Wrong::UnknownKey, origin, message));
        }
    }
    Ok(layer)
}

/// The keys that options set.
fn read_flags(overrides: &Overrides) -> Result<Layer, ConfigError> {
    let mut layer = Layer::new();
    for (name, flag, text) in &overrides.values {
        let origin = Origin::Flag(flag.clone());
        let Some(key) = KEYS.iter().find(|key| key.name == *name) else {
            let near = nearest(name, KEYS.iter().map(|key| key.name)).unwrap_or("url");
            let message = format!("unknown key `{name}`; did you mean `{near}`?");
            return Err(ConfigError::new(Wrong::UnknownKey, origin, message));
        };
        let value = key.shape.parse(text).map_err(|message| ConfigError::new(Wrong::Value, origin.clone(), message))?;
        match (layer.get_mut(key.name).map(|setting| &mut setting.value), value) {
            (Some(Value::Texts(texts)), Value::Texts(more)) => texts.extend(more),
            (_, value) => {
                layer.insert(key.name, Setting { value, origin });
            }
        }
    }
    Ok(layer)
}

#[cfg(test)]
mod tests;
