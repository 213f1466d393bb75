//! Layouts: how a directory names its files. One file each beside this one.

mod golang_migrate;
mod ours;

use crate::Version;

/// How a directory names its files, and in which order its versions stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Layout {
    /// `20240520-143022_user_schema_add_index_v1.up.sql`: driftlock's own.
    Driftlock,
    /// `000001_create_users.up.sql`: golang-migrate's; versions are numbers.
    GolangMigrate,
}

/// Which script of its migration a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The way up.
    Up,
    /// The way down.
    Down,
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
}

impl Layout {
    /// Every layout, in the order in which they are tried.
    pub const ALL: &'static [Layout] = &[Layout::Driftlock, Layout::GolangMigrate];

    /// As `--layout` and the configuration name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Layout::Driftlock => "driftlock",
            Layout::GolangMigrate => "golang-migrate",
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
        }
    }

    /// A version as the history has it, with this layout's order.
    #[must_use]
    pub fn version(self, text: &str) -> Version {
        match self {
            Layout::GolangMigrate => text.parse().map_or_else(|_| Version::text(text), Version::number),
            Layout::Driftlock => Version::text(text),
        }
    }
}

impl std::fmt::Display for Layout {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
