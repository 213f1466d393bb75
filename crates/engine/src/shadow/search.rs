//! Where a shadow lives: the first place that applies.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use driftlock_database::{ConnectOptions, DatabaseUrl, Engine, OwnTables};
use driftlock_script::Migrations;
use tokio::sync::Mutex;

use super::{Place, Server, Shadow};
use crate::config::Origin;
use crate::{Cancellation, ConfigError, Error, Provenance, Settings, reaches_past};

/// Looks for a place where scratch databases may be made. The first that applies is taken: a server that was named for it, memory, the server of a named
/// environment that isn't protected, a throwaway server from binaries on this machine.
///
/// Scripts that work on more than their database are replayed on a throwaway server alone.
#[derive(Debug, Clone)]
pub struct ShadowSearch {
    engine: &'static dyn Engine,
    server: Option<(DatabaseUrl, ConnectOptions)>,
    environment: Result<(DatabaseUrl, ConnectOptions), String>,
    /// The first statement that works on more than its own database.
    past: Option<String>,
    /// What the database is called elsewhere.
    name: Option<String>,
    tables: OwnTables,
    cancellation: Cancellation,
}

impl ShadowSearch {
    pub(super) fn new(engine: &'static dyn Engine) -> Self {
        ShadowSearch {
            engine,
            server: None,
            environment: Err("no environment is named".to_owned()),
            past: None,
            name: None,
            tables: OwnTables::default(),
            cancellation: Cancellation::new(),
        }
    }

    /// A server on which databases may be made.
    #[must_use]
    pub fn server(mut self, url: DatabaseUrl, options: ConnectOptions) -> Self {
        self.server = Some((url, options));
        self
    }

    /// The database of a named environment that isn't protected: scratch databases may be made on its server, and are like it.
    #[must_use]
    pub fn environment(mut self, url: DatabaseUrl, options: ConnectOptions) -> Self {
        self.environment = Ok((url, options));
        self
    }

    /// Why no environment's server may be taken.
    #[must_use]
    pub fn no_environment(mut self, reason: impl Into<String>) -> Self {
        self.environment = Err(reason.into());
        self
    }

    /// What is going to be replayed. Scripts that work on more than their database are kept from every server that anybody else uses.
    ///
    /// # Errors
    /// When a script can't be read.
    pub fn scripts(mut self, migrations: &Migrations) -> Result<Self, Error> {
        self.past = self.past.or(reaches_past(migrations, self.engine.dialect())?);
        Ok(self)
    }

    /// The same, where it is known already: the place of the first statement that works on more than its own database.
    #[must_use]
    pub fn reaches_past(mut self, place: Option<String>) -> Self {
        self.past = self.past.or(place);
        self
    }

    /// What the database is called: where scripts work on more than it, its scratch database has this name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into()).filter(|name| !name.is_empty());
        self
    }

    /// As [`Shadow::tables`].
    #[must_use]
    pub fn tables(mut self, tables: OwnTables) -> Self {
        self.tables = tables;
        self
    }

    /// As [`Shadow::cancellation`].
    #[must_use]
    pub fn cancellation(mut self, cancellation: Cancellation) -> Self {
        self.cancellation = cancellation;
        self
    }

    /// Takes the first place that applies. A throwaway server is started here.
    ///
    /// # Errors
    /// [`Error::NoShadow`] when there is none; when a throwaway server doesn't start.
    pub async fn find(self) -> Result<Shadow, Error> {
        let place = self.place().await?;
        Ok(Shadow::at(self.engine, place).tables(self.tables).cancellation(self.cancellation))
    }

    async fn place(&self) -> Result<Place, Error> {
        if let Some(past) = &self.past {
            let none = || Error::NoShadow(no_place_for_scripts(self.engine, past));
            let throwaway = self.engine.throwaway().await?.ok_or_else(none)?;
            let name = self.name.clone().unwrap_or_else(|| "shadow".to_owned());
            return Ok(Place::Own { name, first: Arc::new(Mutex::new(Some(throwaway))) });
        }
        // In memory nothing has to be cleaned up, whatever else was named.
        if let Some(url) = self.engine.scratch() {
            return Ok(Place::Memory(url));
        }
        if let Some((url, options)) = &self.server {
            return Ok(Place::Server(Arc::new(Server::new(self.engine, url.clone(), options.clone()))));
        }
        let reason = match &self.environment {
            Ok((url, options)) => {
                let (url, options) = (url.clone(), options.clone());
                let is_swept = AtomicBool::new(false);
                return Ok(Place::Server(Arc::new(Server { url, options, is_target: true, _guard: None, is_swept })));
            }
            Err(reason) => reason,
        };
        let no_throwaway = match self.engine.throwaway().await {
            Ok(Some(throwaway)) => {
                return Ok(Place::Server(Arc::new(Server::throwaway(self.engine, throwaway))));
            }
            Ok(None) => format!("no {} was found", programs(self.engine)),
            Err(error) => error.to_string(),
        };
        Err(Error::NoShadow(no_place(self.engine, reason, &no_throwaway)))
    }
}

impl Settings {
    /// Looks for a place for scratch databases of an engine, by these settings: the server that they name, else that of the environment, where it is
    /// named, isn't protected, and is of the same engine. A URL without an environment is no licence to make databases on its server.
    ///
    /// # Errors
    /// When the URL of the named server can't be had, or is of another engine.
    pub fn shadow(&self, engine: &'static dyn Engine, provenance: &Provenance) -> Result<ShadowSearch, Error> {
        let search = Shadow::search(engine).tables(self.own_tables());
        let options = self.connect_options(provenance);
        let is_of = |url: &DatabaseUrl| engine.schemes().contains(&url.scheme.as_str());
        if let Some(url) = self.shadow_database_url().map_err(wrong)? {
            let is_file = self.shadow_url.as_ref().is_some_and(|it| matches!(it.origin, Origin::File { .. }));
            if is_of(&url) {
                // Roles and poolers are the target's.
                let options = ConnectOptions { set_role: None, ..options };
                return Ok(search.server(url, options));
            }
            if !is_file {
                let message = format!(
                    "the shadow is of {}, and what it is for is of {}: name a server of the same engine with `--shadow-url`",
                    url.scheme,
                    engine.name()
                );
                return Err(Error::Usage(message));
            }
        }
        if engine.scratch().is_some() {
            return Ok(search);
        }
        let Some(name) = self.environment.as_ref().map(|name| &name.value) else {
            let reason = if self.url.is_some() { "a URL alone is no licence for that" } else { "none is named" };
            return Ok(search.no_environment(reason));
        };
        if self.options(provenance).protected {
            return Ok(search.no_environment(format!("`{name}` is protected")));
        }
        match self.database_url() {
            Ok(Some(url)) if is_of(&url) => Ok(search.name(url.path.clone()).environment(url, options)),
            Ok(Some(url)) => Ok(search.no_environment(format!("`{name}` is of {}", url.scheme))),
            Ok(None) => Ok(search.no_environment(format!("`{name}` has no URL"))),
            Err(error) => Ok(search.no_environment(format!("`{name}`: {error}"))),
        }
    }
}

fn wrong(error: ConfigError) -> Error {
    Error::Usage(error.to_string())
}

fn programs(engine: &dyn Engine) -> &'static str {
    if engine.name() == "postgres" { "`initdb` and `postgres`" } else { "`mariadbd`, or `mysqld`" }
}

fn no_place(engine: &dyn Engine, reason: &str, no_throwaway: &str) -> String {
    format!(
        "there is no place for a scratch database of {0}. The first of these is taken: a server that is named for it (`--shadow-url URL`, `shadow_url` in \
         driftlock.toml, or DRIFTLOCK_SHADOW_URL); memory (only SQLite has that); the server of a named environment that isn't protected ({reason}; \
         `--env NAME` names one); a throwaway server from the binaries on this machine ({no_throwaway})",
        engine.name(),
    )
}

fn no_place_for_scripts(engine: &dyn Engine, past: &str) -> String {
    match engine.scratch() {
        Some(_) => format!(
            "{past} works on more than its own database, which no scratch database keeps it from: it isn't replayed"
        ),
        None => format!(
            "{past} works on more than its own database: it is replayed on a throwaway server alone, from the binaries on this machine, and no {} was found",
            programs(engine)
        ),
    }
}

/// There were binaries when the search began.
pub(super) fn no_binaries(engine: &dyn Engine) -> Error {
    Error::NoShadow(format!("a throwaway server can't be started any more: no {} was found", programs(engine)))
}
