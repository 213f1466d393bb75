//! The options of the commands that read schemas.

use clap::Args;
use driftlock::database::ColumnOrder;
use driftlock::schema::{Filter, Rule};
use driftlock::script::Renaming;
use driftlock::{Config, Engine, Overrides, Settings, Sources};

use crate::arguments::Global;
use crate::error::CommandError;
use crate::setup::configure_with;

/// The options of a command that reads schemas which may have to be made first.
#[derive(Debug, Args)]
pub(crate) struct SchemaOptions {
    #[command(flatten)]
    pub(crate) filter: FilterOptions,
    #[command(flatten)]
    pub(crate) engine: EngineOption,
    #[command(flatten)]
    pub(crate) shadow: ShadowOption,
}

impl SchemaOptions {
    /// The configuration, with what these say.
    pub(crate) fn config(&self, global: &Global) -> Result<Config, CommandError> {
        configure_with(global, |overrides| self.shadow.set(overrides))
    }
}

/// What of a schema is looked at.
#[derive(Debug, Args)]
pub(crate) struct FilterOptions {
    /// Only what a rule means, such as 'table:shop_*'
    #[arg(long, value_name = "RULE", hide_short_help = true)]
    include: Vec<String>,
    /// Not what a rule means, as `ignore` of driftlock.toml
    #[arg(long, value_name = "RULE")]
    exclude: Vec<String>,
}

impl FilterOptions {
    /// The one filter: that of the configuration, with what the options say.
    pub(crate) fn filter(&self, settings: &Settings) -> Result<Filter, CommandError> {
        let rule = |option: &str, text: &String| {
            text.parse::<Rule>().map_err(|error| CommandError::usage(format!("{option}: {error}")))
        };
        let mut filter = settings.filter()?;
        for text in &self.include {
            filter = filter.include(rule("--include", text)?);
        }
        for text in &self.exclude {
            filter = filter.exclude(rule("--exclude", text)?);
        }
        Ok(filter)
    }
}

/// What the way from a schema to another keeps, and what it changes.
#[derive(Debug, Args)]
pub(crate) struct WayOptions {
    /// Has another name there: 'table:old=new', 'table:t.old=new', 'index:t.old=new'
    #[arg(long, value_name = "KIND:OLD=NEW", hide_short_help = true)]
    rename: Vec<String>,
    /// Put columns into the other order too: on SQLite by making the table anew; PostgreSQL can't
    #[arg(long, hide_short_help = true)]
    column_order: bool,
}

impl WayOptions {
    /// Says so to what compares.
    pub(crate) fn set(&self, sources: Sources) -> Result<Sources, CommandError> {
        let read =
            |text: &String| text.parse::<Renaming>().map_err(|error| CommandError::usage(format!("--rename: {error}")));
        let renames = self.rename.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let order = if self.column_order { ColumnOrder::Planned } else { ColumnOrder::Told };
        Ok(sources.renames(renames).column_order(order))
    }
}

/// Whose rules statements follow.
#[derive(Debug, Args)]
pub(crate) struct EngineOption {
    /// Of what doesn't tell: sqlite, postgres or mysql
    #[arg(long, value_name = "ENGINE", hide_short_help = true)]
    engine: Option<String>,
}

impl EngineOption {
    /// The engine, where one is named.
    pub(crate) fn engine(&self) -> Result<Option<&'static dyn Engine>, CommandError> {
        self.engine.as_deref().map(crate::setup::engine_named).transpose()
    }
}

/// Where scratch databases are made.
#[derive(Debug, Args)]
pub(crate) struct ShadowOption {
    /// A server on which scratch databases may be made and dropped
    #[arg(long, value_name = "URL", hide_short_help = true)]
    shadow_url: Option<String>,
}

impl ShadowOption {
    /// Says so to the configuration.
    pub(crate) fn set(&self, overrides: &mut Overrides) {
        if let Some(url) = &self.shadow_url {
            overrides.set("shadow_url", "--shadow-url", url);
        }
    }
}
