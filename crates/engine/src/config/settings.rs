//! The settings of one environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use driftlock_database::{ConnectOptions, DatabaseUrl, Holder, OwnTables, Pooler};
use driftlock_schema::Filter;
use driftlock_script::{Layout, Values};

use super::error::Wrong;
use super::file::Layer;
use super::hooks::HookSetting;
use super::keys::{ENGINES, Value};
use super::{Config, ConfigError, Origin, Secret, Setting, Variables, paths};
use crate::{Hook, Options, Provenance, Rollback};

/// What happens when a database isn't what its migrations say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDrift {
    /// It is told.
    #[default]
    WarnOnly,
    /// Nothing runs.
    Abort,
    /// It is put right where that loses nothing.
    AutoRepair,
}

/// A directory of migrations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationDirectory {
    /// The engine whose dialect it has; `None` where it is for all.
    pub engine: Option<&'static str>,
    /// Where it is.
    pub path: PathBuf,
    /// Its path as people see it.
    pub shown: String,
    /// Where it was configured.
    pub origin: Origin,
}

/// The settings of one environment, or of none. What nobody set and the engine has a default for is `None`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The environment's name.
    pub environment: Option<Setting<String>>,
    /// Where the database is.
    pub url: Option<Setting<Secret>>,
    /// Where the migrations are: one directory for all engines, or one for each that is named.
    pub migrations: Vec<MigrationDirectory>,
    /// How the migration files are named.
    pub layout: Option<Setting<Layout>>,
    /// Doubts are refused instead of told.
    pub protected: Setting<bool>,
    /// What `down` and `redo` may do.
    pub rollback: Setting<Rollback>,
    /// The role that everything runs as.
    pub set_role: Option<Setting<String>>,
    /// What a connection pooler in the way is known to do.
    pub pooler: Setting<Pooler>,
    /// The schema of driftlock's own tables.
    pub tables_schema: Option<Setting<String>>,
    /// What the names of driftlock's own tables begin with.
    pub tables_prefix: Option<Setting<String>>,
    /// How long to wait for another run to end.
    pub lock_wait: Option<Setting<Duration>>,
    /// How long a statement may wait for a lock of the database's.
    pub lock_timeout: Option<Setting<Duration>>,
    /// How long `CREATE INDEX CONCURRENTLY` and its like may wait for other transactions.
    pub concurrent_timeout: Option<Setting<Duration>>,
    /// How long a statement may run.
    pub statement_timeout: Option<Setting<Duration>>,
    /// How long connecting may take.
    pub connect_timeout: Option<Setting<Duration>>,
    /// How often a transaction that waited too long for a lock is tried.
    pub attempts: Option<Setting<u32>>,
    /// Who and where goes as a comment behind each statement.
    pub comment_statements: Setting<bool>,
    /// What of the events goes into the log: `silent`, `error`, `warn`, `info` or `debug`. Read by the command line.
    pub log_level: Option<Setting<String>>,
    /// How lines of the log look: `text` or `json`. Read by the command line.
    pub log_format: Option<Setting<String>>,
    /// The file that the log is appended to. Read by the command line.
    pub log_file: Option<Setting<PathBuf>>,
    /// From how long on a statement is slow.
    pub slow: Option<Setting<Duration>>,
    /// Pending versions below the highest applied one run too.
    pub out_of_order: Setting<bool>,
    /// A program that uses the library may migrate when it starts: read by the library's guard.
    pub auto_migrate: Setting<bool>,
    /// What happens on drift: read by `check`, `guard` and `up` once they compare schemas.
    pub on_drift: Setting<OnDrift>,
    /// A server on which scratch databases may be made.
    pub shadow_url: Option<Setting<Secret>>,
    /// What is no part of a schema, as rules of a [`Filter`].
    pub ignore: Setting<Vec<String>>,
    /// Names of tables that are left out too.
    pub exclude_tables: Setting<Vec<String>>,
    /// The commands that run around migrations in this environment, in the order of the file.
    pub hooks: Vec<HookSetting>,
    /// What is put into scripts where their layout has places for it, by name.
    pub placeholders: BTreeMap<String, Setting<Secret>>,
    root: PathBuf,
    folder: PathBuf,
    variables: Variables,
}

/// Whether an environment of this name is protected when nothing else is said of it.
#[must_use]
pub fn is_protected_name(name: &str) -> bool {
    matches!(name, "prod" | "production")
}

pub(super) fn default_directory() -> Setting<Value> {
    Setting::default(Value::Directories(vec![(None, "migrations".to_owned())]))
}

/// The layers of an environment, asked by key.
struct Lookup<'a>(Vec<&'a Layer>);

impl Lookup<'_> {
    fn get<T>(&self, key: &str, take: impl Fn(&Value) -> Option<T>) -> Option<Setting<T>> {
        let found = self.0.iter().find_map(|layer| layer.get(key))?;
        take(&found.value).map(|value| Setting { value, origin: found.origin.clone() })
    }

    fn text(&self, key: &str) -> Option<Setting<String>> {
        self.get(key, |value| if let Value::Text(text) = value { Some(text.clone()) } else { None })
    }

    fn flag(&self, key: &str, default: bool) -> Setting<bool> {
        self.get(key, |value| if let Value::Flag(flag) = value { Some(*flag) } else { None })
            .unwrap_or(Setting::default(default))
    }

    fn duration(&self, key: &str) -> Option<Setting<Duration>> {
        self.get(key, |value| if let Value::Duration(duration) = value { Some(*duration) } else { None })
    }

    /// Of every layer, name by name.
    fn texts(&self, key: &str) -> BTreeMap<String, Setting<Secret>> {
        let mut all = BTreeMap::new();
        for Setting { value, origin } in self.0.iter().rev().filter_map(|layer| layer.get(key)) {
            let Value::Texts(texts) = value else { continue };
            let text = |(name, text): (&String, &Secret)| {
                (name.clone(), Setting { value: text.clone(), origin: origin.clone() })
            };
            all.extend(texts.iter().map(text));
        }
        all
    }

    fn secret(&self, key: &str) -> Option<Setting<Secret>> {
        self.get(key, |value| if let Value::Secret(secret) = value { Some(secret.clone()) } else { None })
    }
}

impl Settings {
    pub(super) fn resolve(config: &Config, environment: Option<Setting<String>>) -> Result<Self, ConfigError> {
        let name = environment.as_ref().map(|name| name.value.as_str());
        let of = Lookup(config.layers(name));
        let protected = of.flag("protected", name.is_some_and(is_protected_name));
        let rollback = match of.text("rollback") {
            Some(setting) => setting.map(|text| match text.as_str() {
                "approved" => Rollback::Approved,
                "deny" => Rollback::Deny,
                _ => Rollback::Allow,
            }),
            None => Setting::default(if protected.value { Rollback::Approved } else { Rollback::Allow }),
        };
        let migrations = of
            .get("migrations", |value| Some(value.clone()))
            .map_or_else(|| config.places(&default_directory()), |setting| config.places(&setting));
        let list = |value: &Value| if let Value::List(list) = value { Some(list.clone()) } else { None };
        let prefix = of.text("tables.prefix");
        for (setting, what) in [(&prefix, "prefix"), (&of.text("tables.schema"), "schema")] {
            if let Some(setting) = setting.as_ref().filter(|it| !is_plain(&it.value)) {
                let message = format!(
                    "the {what} of the own tables wants letters, digits and `_`, beginning with a letter or `_`"
                );
                return Err(ConfigError::new(Wrong::Value, setting.origin.clone(), message));
            }
        }
        Ok(Settings {
            url: of.secret("url"),
            migrations,
            layout: of.get("layout", |value| if let Value::Layout(layout) = value { Some(*layout) } else { None }),
            rollback,
            set_role: of.text("set_role"),
            pooler: of.text("pooler").map_or(Setting::default(Pooler::Detect), |it| it.map(|_| Pooler::Session)),
            tables_schema: of.text("tables.schema"),
            tables_prefix: prefix,
            lock_wait: of.duration("lock_wait"),
            lock_timeout: of.duration("lock_timeout"),
            concurrent_timeout: of.duration("concurrent_timeout"),
            statement_timeout: of.duration("statement_timeout"),
            connect_timeout: of.duration("connect_timeout"),
            attempts: of.get("attempts", |value| if let Value::Count(count) = value { Some(*count) } else { None }),
            comment_statements: of.flag("comment_statements", false),
            log_level: of.text("log_level"),
            log_format: of.text("log_format"),
            log_file: of.text("log_file").map(|setting| {
                // One in the file is from where the file is; `join` leaves an absolute path as it is.
                let in_file = matches!(setting.origin, Origin::File { .. });
                setting.map(|path| if in_file { config.root.join(path) } else { PathBuf::from(path) })
            }),
            slow: of.duration("slow"),
            out_of_order: of.flag("out_of_order", false),
            auto_migrate: of.flag("auto_migrate", false),
            on_drift: of.text("on_drift").map_or(Setting::default(OnDrift::WarnOnly), |setting| {
                setting.map(|text| match text.as_str() {
                    "abort" => OnDrift::Abort,
                    "auto-repair" => OnDrift::AutoRepair,
                    _ => OnDrift::WarnOnly,
                })
            }),
            shadow_url: of.secret("shadow_url"),
            placeholders: of.texts("placeholders"),
            hooks: config.hooks_of(name),
            ignore: of.get("ignore", list).unwrap_or(Setting::default(Vec::new())),
            exclude_tables: of.get("exclude_tables", list).unwrap_or(Setting::default(Vec::new())),
            protected,
            environment,
            root: config.root.clone(),
            folder: config.folder.clone(),
            variables: config.variables.clone(),
        })
    }

    /// The database's URL, fetched anew at every call. `None` when nobody gave one.
    ///
    /// A relative path of a SQLite file is one from the configuration's folder, where the URL comes from there.
    ///
    /// # Errors
    /// When a secret can't be had, or is no URL.
    pub fn database_url(&self) -> Result<Option<DatabaseUrl>, ConfigError> {
        let Some(Setting { value, origin }) = &self.url else { return Ok(None) };
        let text = value.fetch(origin, &self.root, &self.variables)?;
        let mut url = DatabaseUrl::parse(&text)
            .map_err(|error| ConfigError::new(Wrong::Value, origin.clone(), error.to_string()))?;
        let is_file = matches!(url.scheme.as_str(), "sqlite" | "sqlite3" | "file");
        let in_file = matches!(origin, Origin::File { .. });
        let path = Path::new(&url.path);
        if is_file && in_file && path.is_relative() && !matches!(url.path.as_str(), "" | ":memory:") {
            let path = paths::clean(&self.root.join(path));
            url.path = if self.root == self.folder {
                // Messages say the path as it was written.
                paths::shown(&path, &self.folder)
            } else {
                path.display().to_string()
            };
        }
        Ok(Some(url))
    }

    /// What may be put into scripts: the placeholders, fetched anew at every call, and the variables of the process.
    ///
    /// # Errors
    /// When a secret can't be had.
    pub fn values(&self) -> Result<Values, ConfigError> {
        let fetch = |(name, Setting { value, origin }): (&String, &Setting<Secret>)| {
            let text = match value {
                // Nothing is a value too, where it was written down.
                Secret::Plain(text) => text.clone(),
                elsewhere => elsewhere.fetch(origin, &self.root, &self.variables)?,
            };
            Ok((name.clone(), text))
        };
        let placeholders = self.placeholders.iter().map(fetch).collect::<Result<_, ConfigError>>()?;
        Ok(Values { placeholders, ..self.plain_values() })
    }

    /// The same where no secret can be asked for and no database is at hand: their names stand in for their values.
    #[must_use]
    pub fn plain_values(&self) -> Values {
        let text = |(name, Setting { value, .. }): (&String, &Setting<Secret>)| match value {
            Secret::Plain(text) => (name.clone(), text.clone()),
            _ => (name.clone(), name.clone()),
        };
        let is_secret = |(name, setting): (&String, &Setting<Secret>)| {
            (!matches!(setting.value, Secret::Plain(_))).then(|| name.clone())
        };
        Values {
            placeholders: self.placeholders.iter().map(text).collect(),
            environment: self.variables.all().map(|(name, text)| (name.to_owned(), text.to_owned())).collect(),
            secrets: self.placeholders.iter().filter_map(is_secret).collect(),
        }
    }

    /// The directory of migrations for an engine, by its name (`sqlite`, `postgres`, `mysql`).
    ///
    /// # Errors
    /// When there are directories for other engines only.
    pub fn directory(&self, engine: &str) -> Result<&MigrationDirectory, ConfigError> {
        let fits = |directory: &&MigrationDirectory| directory.engine.is_none_or(|name| name == engine);
        self.migrations.iter().find(fits).ok_or_else(|| {
            let origin = self.migrations.first().map(|directory| directory.origin.clone());
            let known = self.migrations.iter().filter_map(|directory| directory.engine).collect::<Vec<_>>().join(", ");
            let message = if ENGINES.contains(&engine) {
                format!("`migrations` has no directory for {engine}, only for {known}; add `{engine} = \"…\"`")
            } else {
                format!("`migrations` has no directory for {engine}, only for {known}; name one with `--dir`")
            };
            ConfigError::new(Wrong::Value, origin, message)
        })
    }

    /// The server on which scratch databases may be made, fetched anew at every call. `None` when nobody named one.
    ///
    /// # Errors
    /// When a secret can't be had, or is no URL.
    pub fn shadow_database_url(&self) -> Result<Option<DatabaseUrl>, ConfigError> {
        let Some(Setting { value, origin }) = &self.shadow_url else { return Ok(None) };
        let text = value.fetch(origin, &self.root, &self.variables)?;
        let url = DatabaseUrl::parse(&text)
            .map_err(|error| ConfigError::new(Wrong::Value, origin.clone(), error.to_string()))?;
        Ok(Some(url))
    }

    /// What of a database is looked at, by `ignore` and `exclude_tables`: the one filter of every command.
    ///
    /// # Errors
    /// A rule that means nothing.
    pub fn filter(&self) -> Result<Filter, ConfigError> {
        let mut filter = Filter::new();
        for (key, setting, kind) in [("ignore", &self.ignore, ""), ("exclude_tables", &self.exclude_tables, "table:")] {
            for text in &setting.value {
                let wrong = |error: driftlock_schema::RuleError| {
                    ConfigError::new(Wrong::Value, setting.origin.clone(), format!("`{key}`: {error}"))
                };
                filter = filter.exclude(format!("{kind}{text}").parse().map_err(wrong)?);
            }
        }
        Ok(filter)
    }

    /// How to run, by these settings. The environment is the one that `provenance` names: where none was chosen, a pipeline may have
    /// said it.
    #[must_use]
    pub fn options(&self, provenance: &Provenance) -> Options {
        let default = Options::default();
        let named = provenance.named_environment();
        // Nobody said a word of protection or undoing: then the pipeline's name for the environment counts as ours would.
        let by_name = self.protected.origin == Origin::Default && named.is_some_and(is_protected_name);
        let protected = self.protected.value || by_name;
        let rollback =
            if protected && self.rollback.origin == Origin::Default { Rollback::Approved } else { self.rollback.value };
        let value =
            |setting: &Option<Setting<Duration>>, default| setting.as_ref().map_or(default, |setting| setting.value);
        Options {
            environment: named.map(str::to_owned),
            protected,
            rollback,
            out_of_order: self.out_of_order.value,
            lock_wait: value(&self.lock_wait, default.lock_wait),
            lock_timeout: value(&self.lock_timeout, default.lock_timeout),
            concurrent_timeout: value(&self.concurrent_timeout, default.concurrent_timeout),
            statement_timeout: value(&self.statement_timeout, default.statement_timeout),
            attempts: self.attempts.as_ref().map_or(default.attempts, |attempts| attempts.value),
            comment_statements: self.comment_statements.value,
            slow: self.slow.as_ref().map(|slow| slow.value),
            on_drift: self.on_drift.value,
            ..default
        }
    }

    /// How to connect, by these settings.
    #[must_use]
    pub fn connect_options(&self, provenance: &Provenance) -> ConnectOptions {
        let default = ConnectOptions::default();
        ConnectOptions {
            connect_timeout: self.connect_timeout.as_ref().map_or(default.connect_timeout, |it| it.value),
            set_role: self.set_role.as_ref().map(|role| role.value.clone()),
            pooler: self.pooler.value,
            holder: Holder {
                pid: Some(std::process::id()),
                host: Some(provenance.host.clone()),
                user: Some(provenance.os_user.clone()),
                ..Holder::default()
            },
        }
    }

    /// The commands that run around migrations, from the folder of the configuration. `url` is for those that ask for it.
    #[must_use]
    pub fn command_hooks(&self, url: Option<&str>) -> Vec<Hook> {
        self.hooks.iter().map(|hook| hook.hook(&self.root, url)).collect()
    }

    /// The URL as it was given, with its password, where a hook asks for it; fetched anew at every call.
    ///
    /// # Errors
    /// When a secret can't be had, or is no URL.
    pub fn url_for_hooks(&self) -> Result<Option<String>, ConfigError> {
        let Some(Setting { value, origin }) = self.url.as_ref().filter(|_| !self.hooks.is_empty()) else {
            return Ok(None);
        };
        let text = value.fetch(origin, &self.root, &self.variables)?;
        // A relative path of a file means another one where the command runs.
        let path = self.database_url()?.map(|url| (url.path, url.scheme));
        Ok(Some(match (path, text.split_once(':')) {
            (Some((path, scheme)), Some((_, rest))) if scheme.starts_with("sqlite") && !rest.contains(":memory:") => {
                let query = rest.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
                format!("{scheme}://{}{query}", self.folder.join(path).display())
            }
            _ => text,
        }))
    }

    /// Where driftlock's own tables are.
    #[must_use]
    pub fn own_tables(&self) -> OwnTables {
        let mut tables = OwnTables::default();
        if let Some(schema) = &self.tables_schema {
            tables.schema = Some(schema.value.clone());
        }
        if let Some(prefix) = &self.tables_prefix {
            tables.prefix.clone_from(&prefix.value);
        }
        tables
    }
}

/// Whether a name needs no quotes on any engine.
fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
