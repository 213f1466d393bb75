//! The arguments that all commands share.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Args, Parser, ValueEnum, ValueHint};

use crate::commands::Command;

/// Takes SQL migrations to SQLite, PostgreSQL, MySQL and MariaDB, exactly once
#[derive(Debug, Parser)]
#[command(
    name = "driftlock",
    version,
    disable_help_subcommand = true,
    override_usage = "driftlock [OPTIONS] <COMMAND>",
    after_help = "\
Options: --env NAME, or --url URL and --dir PATH; --format json; -q; -V
Example: driftlock up --url sqlite://shop.db --dir migrations
More in: driftlock --help, driftlock COMMAND -h, driftlock COMMAND --help",
    after_long_help = "\
Examples:
  driftlock init                              begin a project
  driftlock new user add_email                make the two files of a migration
  driftlock up                                apply what is pending
  driftlock status --env staging              what is applied where
  driftlock up --url sqlite://a.db --dir sql  the same, without a configuration

driftlock.toml is found from the working directory upward; a DRIFTLOCK_* variable overrides a
value of it, and an option overrides both. NO_COLOR, CLICOLOR and CLICOLOR_FORCE are obeyed.

Exit codes:
  0         done, or in agreement
  1         failed: SQL, network, disk
  2         usage: options, configuration, names of files
  3         a difference was found
  4         refused: a policy, another environment, another tool's database, …
  5         the lock was not obtained in time
  6         files, manifest and history disagree
  7         the outcome of an interrupted statement is unknown
  130, 143  after SIGINT, SIGTERM, cleaned up"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

/// What every command takes. Without these, `driftlock.toml` and `DRIFTLOCK_*` variables say it.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// The database: sqlite://shop.db, postgres://me@host/db, …
    #[arg(long, global = true, value_name = "URL", help_heading = "Where")]
    pub(crate) url: Option<String>,
    /// The directory of the migrations
    #[arg(long, global = true, value_name = "PATH", help_heading = "Where", value_hint = ValueHint::DirPath)]
    pub(crate) dir: Option<String>,
    /// The environment of driftlock.toml
    #[arg(long, global = true, value_name = "NAME", help_heading = "Where")]
    pub(crate) env: Option<String>,
    /// The configuration file, instead of the nearest driftlock.toml
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        help_heading = "Where",
        hide_short_help = true,
        value_hint = ValueHint::FilePath
    )]
    pub(crate) config: Option<PathBuf>,
    /// Whose layout the files have, where they don't tell: driftlock, goose, flyway, …
    #[arg(long, global = true, value_name = "NAME", help_heading = "Where", hide_short_help = true)]
    pub(crate) layout: Option<String>,

    /// What is put into scripts at a place of this name; more than one may be given
    #[arg(
        long = "placeholder",
        global = true,
        value_name = "NAME=VALUE",
        help_heading = "How to run",
        hide_short_help = true
    )]
    pub(crate) placeholders: Vec<String>,

    /// How to print results
    #[arg(
        long,
        global = true,
        value_parser = Format::everywhere(),
        default_value = "text",
        help_heading = "Output",
        hide_possible_values = true,
        value_name = "text|json"
    )]
    pub(crate) format: Format,
    /// Say nothing but errors and what was asked for
    #[arg(long, short, global = true, help_heading = "Output", hide_short_help = true)]
    pub(crate) quiet: bool,
    /// No progress line on a terminal
    #[arg(long, global = true, help_heading = "Output", hide_short_help = true)]
    pub(crate) no_progress: bool,
    /// Colours: auto, always or never
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "auto",
        help_heading = "Output",
        hide_short_help = true,
        hide_possible_values = true,
        value_name = "WHEN"
    )]
    pub(crate) color: Color,

    /// What goes into the log: silent, error, warn, info or debug
    #[arg(long, global = true, value_name = "LEVEL", help_heading = "Log", hide_short_help = true)]
    pub(crate) log_level: Option<String>,
    /// How lines of the log look: text or json
    #[arg(long, global = true, value_name = "text|json", help_heading = "Log", hide_short_help = true)]
    pub(crate) log_format: Option<String>,
    /// Append the log to this file, instead of writing it to stderr
    #[arg(long, global = true, value_name = "PATH", help_heading = "Log", hide_short_help = true)]
    pub(crate) log_file: Option<String>,
    /// Mark statements in the log, as warnings, that take this long or longer, such as 1s
    #[arg(long, global = true, value_name = "DURATION", help_heading = "Log", hide_short_help = true)]
    pub(crate) slow: Option<String>,

    /// How long to wait for another run to end, such as 30s
    #[arg(long, global = true, value_name = "DURATION", help_heading = "How to run", hide_short_help = true)]
    pub(crate) lock_wait: Option<String>,
    /// End what a killed run left running on the server, instead of waiting for it; a run that
    /// may be alive is never ended. On SQLite nothing is left running
    #[arg(long, global = true, help_heading = "How to run", hide_short_help = true, action = ArgAction::SetTrue)]
    pub(crate) take_over: bool,
    /// How long a statement may wait for a lock of the database's
    #[arg(long, global = true, value_name = "DURATION", help_heading = "How to run", hide_short_help = true)]
    pub(crate) lock_timeout: Option<String>,
    /// How long CREATE INDEX CONCURRENTLY and its like may wait for other transactions
    #[arg(long, global = true, value_name = "DURATION", help_heading = "How to run", hide_short_help = true)]
    pub(crate) concurrent_timeout: Option<String>,
    /// How long a statement may run
    #[arg(long, global = true, value_name = "DURATION", help_heading = "How to run", hide_short_help = true)]
    pub(crate) statement_timeout: Option<String>,
    /// How long connecting may take
    #[arg(long, global = true, value_name = "DURATION", help_heading = "How to run", hide_short_help = true)]
    pub(crate) connect_timeout: Option<String>,
    /// How often a transaction that waited too long for a lock is tried
    #[arg(long, global = true, value_name = "N", help_heading = "How to run", hide_short_help = true)]
    pub(crate) attempts: Option<String>,
    /// Run everything as this role, so that objects belong to it
    #[arg(long, global = true, value_name = "ROLE", help_heading = "How to run", hide_short_help = true)]
    pub(crate) set_role: Option<String>,
    /// What a connection pooler in the way does: session
    #[arg(long, global = true, value_name = "KIND", help_heading = "How to run", hide_short_help = true)]
    pub(crate) pooler: Option<String>,
    /// The schema of driftlock's own tables
    #[arg(long, global = true, value_name = "SCHEMA", help_heading = "How to run", hide_short_help = true)]
    pub(crate) tables_schema: Option<String>,
    /// What the names of driftlock's own tables begin with
    #[arg(long, global = true, value_name = "PREFIX", help_heading = "How to run", hide_short_help = true)]
    pub(crate) tables_prefix: Option<String>,
    /// Run pending versions that are older than what is applied
    #[arg(long, global = true, help_heading = "How to run", hide_short_help = true, action = ArgAction::SetTrue)]
    pub(crate) out_of_order: bool,
    /// Put who and where as a comment behind each statement
    #[arg(long, global = true, help_heading = "How to run", hide_short_help = true, action = ArgAction::SetTrue)]
    pub(crate) comment_statements: bool,

    /// Why, for the history
    #[arg(long, global = true, value_name = "TEXT", help_heading = "For the history", hide_short_help = true)]
    pub(crate) reason: Option<String>,
    /// The commit that the files are of
    #[arg(long, global = true, value_name = "SHA", help_heading = "For the history", hide_short_help = true)]
    pub(crate) git_commit: Option<String>,
    /// The commit's author
    #[arg(long, global = true, value_name = "NAME", help_heading = "For the history", hide_short_help = true)]
    pub(crate) git_author: Option<String>,
    /// The CI job's id
    #[arg(long, global = true, value_name = "ID", help_heading = "For the history", hide_short_help = true)]
    pub(crate) ci_job: Option<String>,
    /// The CI job's address
    #[arg(long, global = true, value_name = "URL", help_heading = "For the history", hide_short_help = true)]
    pub(crate) ci_url: Option<String>,
    /// The route, instead of <commit>_<environment>
    #[arg(long, global = true, value_name = "TEXT", help_heading = "For the history", hide_short_help = true)]
    pub(crate) route: Option<String>,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Table,
    Json,
    Csv,
    Sql,
    Mermaid,
}

impl Format {
    /// What every command takes. One that takes more has an option of the same name for itself.
    fn everywhere() -> impl TypedValueParser<Value = Format> {
        Self::among(&["text", "json"])
    }

    /// Of these alone.
    pub(crate) fn among(names: &'static [&'static str]) -> impl TypedValueParser<Value = Format> {
        PossibleValuesParser::new(names).map(|text| Format::from_str(&text, false).unwrap_or(Format::Text))
    }
}

/// When output is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// Tells the streams. `auto` leaves it to the terminal and to `NO_COLOR`.
    pub(crate) fn write_global(self) {
        match self {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// Which versions `up`, `down` and `redo` are about.
#[derive(Debug, Args)]
pub(crate) struct Range {
    /// At most so many versions
    #[arg(long, value_name = "N")]
    pub(crate) steps: Option<usize>,
    /// Print what would run, and run nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}
