//! Layouts: how a directory names its files and what their scripts say. One file each beside this one.

mod atlas;
mod dbmate;
mod diesel;
mod flyway;
mod golang_migrate;
mod goose;
mod lines;
mod new;
mod numbered;
mod ours;
mod recognise;
mod refinery;
mod sqlx;

use std::collections::BTreeMap;

pub use atlas::{AtlasSum, atlas_partial_hashes};
pub use flyway::flyway_checksum;
pub(crate) use flyway::is_code as is_flyway_code;
pub use new::{NewFiles, NewFilesError, NewScript, NewScripts};
pub(crate) use recognise::{Ambiguous, recognise};
pub use refinery::{RefineryVersion, refinery_checksum};

pub(crate) use sqlx::NO_TRANSACTION as SQLX_NO_TRANSACTION;

use crate::{Body, BodyError, Dialect, Values, Version};

/// How a directory names its files, in which order its versions stand, and which marks its scripts bear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Layout {
    /// `20240520-143022_user_schema_add_index_v1.up.sql`: driftlock's own.
    Driftlock,
    /// `000001_create_users.up.sql`: golang-migrate's; versions are numbers.
    GolangMigrate,
    /// `00001_create_users.sql` with `-- +goose Up` and `-- +goose Down`.
    Goose,
    /// `20240520143022_create_users.sql` with `-- migrate:up` and `-- migrate:down`: dbmate's.
    Dbmate,
    /// `V1__create_users.sql`, `R__views.sql`, `B5__all.sql`, `U1__create_users.sql`: Flyway's.
    Flyway,
    /// `V1__create_users.sql`: refinery's.
    Refinery,
    /// `2024-05-20-143022_create_users/up.sql` and `down.sql`: Diesel's.
    Diesel,
    /// `20240520143022_create_users.sql` beside an `atlas.sum`.
    Atlas,
    /// `20240520143022_create_users.sql`, or a pair of `.up.sql` and `.down.sql`: sqlx's.
    Sqlx,
}

/// Which script of its migration a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The way up.
    Up,
    /// The way down.
    Down,
    /// It holds both ways.
    Both,
}

/// What a migration is to the order in which things run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Role {
    /// A version that runs once.
    #[default]
    Versioned,
    /// A version that runs once, and may come when later ones are applied already.
    Unordered,
    /// It runs behind all versions, and again whenever its file changes.
    Repeatable,
    /// It stands for all versions up to its own, on a database that has none of them; elsewhere it doesn't run.
    Baseline,
    /// It is written in a programming language (this one), and driftlock can't run it.
    Code(&'static str),
}

/// What a file's name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// Its migration's version.
    pub version: Version,
    /// Its migration's name.
    pub name: String,
    /// Which script it is.
    pub part: Part,
    /// What its migration is.
    pub role: Role,
}

impl FileName {
    fn new(version: Version, name: &str, part: Part) -> Self {
        FileName { version, name: name.to_owned(), part, role: Role::Versioned }
    }
}

/// What a layout needs beside a file's text to say what runs of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    /// The file's name, from the directory.
    pub(crate) file: &'a str,
    /// Which way it is to go.
    pub(crate) part: Part,
    /// The text of the file that changes how this one runs, where there is one.
    pub(crate) settings: Option<&'a str>,
    /// What may be put into it.
    pub(crate) values: &'a Values,
}

/// What a layout must know of a file's text before anything is planned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// It has a way down in it.
    pub(crate) has_down: bool,
    /// It stands for all versions up to its own.
    pub(crate) is_baseline: bool,
}

impl Layout {
    /// Every layout, in the order in which they are tried.
    pub const ALL: &'static [Layout] = &[
        Layout::Driftlock,
        Layout::GolangMigrate,
        Layout::Goose,
        Layout::Dbmate,
        Layout::Flyway,
        Layout::Refinery,
        Layout::Diesel,
        Layout::Atlas,
        Layout::Sqlx,
    ];

    /// As `--layout` and the configuration name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Layout::Driftlock => "driftlock",
            Layout::GolangMigrate => "golang-migrate",
            Layout::Goose => "goose",
            Layout::Dbmate => "dbmate",
            Layout::Flyway => "flyway",
            Layout::Refinery => "refinery",
            Layout::Diesel => "diesel",
            Layout::Atlas => "atlas",
            Layout::Sqlx => "sqlx",
        }
    }

    /// Reads what [`name`](Self::name) gives.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Layout::ALL.iter().copied().find(|layout| layout.name() == name)
    }

    /// How its files are called, for messages.
    #[must_use]
    pub fn example(self) -> &'static str {
        match self {
            Layout::Driftlock => "20240520-143022_user_schema_add_index_v1.up.sql",
            Layout::GolangMigrate => "000001_create_users.up.sql",
            Layout::Goose => "00001_create_users.sql",
            Layout::Dbmate | Layout::Atlas | Layout::Sqlx => "20240520143022_create_users.sql",
            Layout::Flyway => "V1.2__create_users.sql",
            Layout::Refinery => "V1__create_users.sql",
            Layout::Diesel => "2024-05-20-143022_create_users/up.sql",
        }
    }

    /// What a file's name says in this layout.
    ///
    /// # Errors
    /// Why the name is none of this layout's.
    pub fn read_name(self, file: &str) -> Result<FileName, &'static str> {
        match self {
            Layout::Driftlock => ours::read_name(file),
            Layout::GolangMigrate => golang_migrate::read_name(file),
            Layout::Goose => goose::read_name(file),
            Layout::Dbmate => dbmate::read_name(file),
            Layout::Flyway => flyway::read_name(file),
            Layout::Refinery => refinery::read_name(file),
            Layout::Diesel => diesel::read_name(file),
            Layout::Atlas => atlas::read_name(file),
            Layout::Sqlx => sqlx::read_name(file),
        }
    }

    /// A version as the history has it, with this layout's order.
    #[must_use]
    pub fn version(self, text: &str) -> Version {
        let number = || text.parse().map_or_else(|_| Version::text(text), Version::number);
        match self {
            Layout::Driftlock => Version::text(text),
            Layout::GolangMigrate | Layout::Goose | Layout::Sqlx | Layout::Refinery => number(),
            Layout::Dbmate | Layout::Atlas => Version::by_file(text),
            Layout::Flyway => flyway::version(text),
            Layout::Diesel => Version::text(text.replace('-', "")),
        }
    }

    /// What runs of a file's text.
    ///
    /// # Errors
    /// For marks of the layout that can't be followed, and values that are missing.
    pub(crate) fn body(self, text: String, context: &Context<'_>) -> Result<Body, BodyError> {
        match self {
            Layout::Driftlock | Layout::GolangMigrate | Layout::Refinery => Ok(Body::whole(text)),
            Layout::Goose => goose::body(text, context),
            Layout::Dbmate => dbmate::body(text, context),
            Layout::Flyway => flyway::body(text, context),
            Layout::Diesel => diesel::body(text, context),
            Layout::Atlas => atlas::body(text, context),
            Layout::Sqlx => sqlx::body(text, context),
        }
    }

    /// What its runner says to the server when it connects, where that changes what scripts do: to sqlx `||` joins texts on MySQL,
    /// and times without a zone are UTC's to it and to Diesel (launchbadge/sqlx, `sqlx-mysql/src/options/connect.rs`,
    /// `sqlx-postgres/src/connection/establish.rs`, 0.9.0; diesel-rs/diesel, `set_config_options`, 2.3).
    pub(crate) fn session(self, dialect: Dialect) -> &'static [&'static str] {
        match (self, dialect) {
            (Layout::Sqlx, Dialect::MySql) => &[
                "SET sql_mode = CONCAT(@@sql_mode, ',PIPES_AS_CONCAT,NO_ENGINE_SUBSTITUTION,IGNORE_SPACE')",
                "SET time_zone = '+00:00'",
            ],
            (Layout::Diesel, Dialect::MySql) => &["SET time_zone = '+00:00'"],
            (Layout::Sqlx | Layout::Diesel, Dialect::Postgres) => &["SET TIME ZONE 'UTC'"],
            _ => &[],
        }
    }

    /// What must be known of a file's text when it is loaded; `None` where its name says all.
    pub(crate) fn facts(self) -> Option<fn(&[u8]) -> Facts> {
        match self {
            Layout::Goose => Some(goose::facts),
            Layout::Dbmate => Some(dbmate::facts),
            Layout::Atlas => Some(atlas::facts),
            _ => None,
        }
    }

    /// Whether a down script without its up script is no version: these runners pass over it on the way up, and directories live with
    /// such a slip for years (launchbadge/sqlx, `sqlx-core/src/migrate/migrator.rs`; golang-migrate/migrate, `migrate.go`). Flyway's
    /// open edition doesn't even read the names of undo scripts.
    pub(crate) fn leaves_out_lone_downs(self) -> bool {
        matches!(self, Layout::GolangMigrate | Layout::Sqlx | Layout::Flyway)
    }

    /// The file that changes how a script runs, where this layout has such: it may not be there.
    pub(crate) fn settings_of(self, file: &str) -> Option<String> {
        match self {
            Layout::Flyway => Some(format!("{file}.conf")),
            Layout::Diesel => file.rsplit_once('/').map(|(folder, _)| format!("{folder}/metadata.toml")),
            _ => None,
        }
    }

    /// Holds the files against the layout's own record of them, where it keeps one in the directory.
    ///
    /// # Errors
    /// The record's file, its line from 1, and what differs.
    pub(crate) fn verify(self, files: &BTreeMap<String, Vec<u8>>, sum: &[u8]) -> Result<(), SumError> {
        match self {
            Layout::Atlas => atlas::verify(files, sum),
            _ => Ok(()),
        }
    }

    /// The directory's own record of its files, where this layout has such.
    pub(crate) fn sum(self) -> Option<&'static str> {
        (self == Layout::Atlas).then_some(ATLAS_SUM)
    }
}

/// What Atlas calls its record of a directory.
pub const ATLAS_SUM: &str = atlas::SUM;

/// A directory's own record doesn't fit its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SumError {
    /// The line in the record, from 1.
    pub(crate) line: u32,
    /// What differs, and what to do.
    pub(crate) message: String,
}

impl std::fmt::Display for Layout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
