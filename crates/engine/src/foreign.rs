//! Other tools' histories: what each says was applied, read from its own table. A file a tool beside this one.

mod atlas;
mod checksum;
mod dbmate;
mod diesel;
mod flyway;
mod golang_migrate;
mod goose;
mod gormigrate;
mod refinery;
mod sqlx;

use std::time::Duration;

pub(crate) use checksum::Checksums;
use driftlock_database::{ForeignRows, Timestamp};
use driftlock_script::Layout;

/// A tool whose history driftlock can take over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Tool {
    GolangMigrate,
    Goose,
    Flyway,
    Dbmate,
    Sqlx,
    Refinery,
    Diesel,
    Atlas,
    Gormigrate,
}

/// What a tool's table says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    /// What was applied, in the order in which it was.
    pub(crate) entries: Vec<TakenEntry>,
    /// What it says is half-done or failed: which version, and what to do about it.
    pub(crate) unfinished: Vec<String>,
    /// What a person should know.
    pub(crate) notes: Vec<String>,
}

/// One version that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TakenEntry {
    pub(crate) which: Which,
    /// Its name, where the table has it.
    pub(crate) name: Option<String>,
    /// When, where the table says so.
    pub(crate) at: Option<Timestamp>,
    pub(crate) duration: Option<Duration>,
    pub(crate) checksum: Option<Checksum>,
    /// Who, where the table says so.
    pub(crate) by: Option<String>,
}

/// Which migrations an entry is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Which {
    /// The one of this version, as its layout writes it.
    Version(String),
    /// All up to this version, and this one.
    UpTo(String),
    /// One that was known by a name that need not be a file's version.
    Named(String),
}

/// A checksum as a tool keeps it of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Checksum {
    /// Flyway's CRC-32.
    Flyway(i32),
    /// sqlx's SHA-384, in hexadecimal digits.
    Sqlx(String),
    /// refinery's SipHash.
    Refinery(u64),
    /// Atlas's running SHA-256, in base 64.
    Atlas(String),
}

impl Which {
    fn version(text: impl Into<String>) -> Self {
        Which::Version(text.into())
    }
}

impl TakenEntry {
    fn of(which: Which) -> Self {
        TakenEntry { which, name: None, at: None, duration: None, checksum: None, by: None }
    }
}

impl Tool {
    pub(crate) const ALL: &'static [Tool] = &[
        Tool::GolangMigrate,
        Tool::Goose,
        Tool::Flyway,
        Tool::Dbmate,
        Tool::Sqlx,
        Tool::Refinery,
        Tool::Diesel,
        Tool::Atlas,
        Tool::Gormigrate,
    ];

    /// As its users write it, and as [`driftlock_database::foreign_tool`] does.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Tool::GolangMigrate => "golang-migrate",
            Tool::Goose => "goose",
            Tool::Flyway => "Flyway",
            Tool::Dbmate => "dbmate",
            Tool::Sqlx => "sqlx",
            Tool::Refinery => "refinery",
            Tool::Diesel => "Diesel",
            Tool::Atlas => "Atlas",
            Tool::Gormigrate => "gormigrate",
        }
    }

    /// Reads a name in any case.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Tool::ALL.iter().copied().find(|tool| tool.name().eq_ignore_ascii_case(name))
    }

    /// The layout that its files have; `None` for a tool that has no files.
    pub(crate) fn layout(self) -> Option<Layout> {
        Layout::parse(&self.name().to_lowercase())
    }

    /// What its table says was applied. Errors are about a table that isn't what the tool makes.
    pub(crate) fn read(self, rows: &ForeignRows) -> Result<Taken, String> {
        match self {
            Tool::GolangMigrate => golang_migrate::read(rows),
            Tool::Goose => goose::read(rows),
            Tool::Flyway => flyway::read(rows),
            Tool::Dbmate => dbmate::read(rows),
            Tool::Sqlx => sqlx::read(rows),
            Tool::Refinery => refinery::read(rows),
            Tool::Diesel => diesel::read(rows),
            Tool::Atlas => atlas::read(rows),
            Tool::Gormigrate => gormigrate::read(rows),
        }
    }
}

/// One row, by the names of its columns.
struct Row<'a> {
    rows: &'a ForeignRows,
    row: &'a [Option<String>],
}

fn each(rows: &ForeignRows) -> impl Iterator<Item = Row<'_>> {
    rows.rows.iter().map(move |row| Row { rows, row })
}

impl<'a> Row<'a> {
    fn get(&self, column: &str) -> Option<&'a str> {
        self.rows.get(self.row, column)
    }

    fn text(&self, column: &str) -> Result<&'a str, String> {
        self.get(column).ok_or_else(|| format!("a row has no `{column}`"))
    }

    fn number(&self, column: &str) -> Result<i64, String> {
        let text = self.text(column)?;
        text.parse().map_err(|_| format!("`{text}` in the column `{column}` is no number"))
    }

    /// Truth as the engines print it.
    fn flag(&self, column: &str) -> Result<bool, String> {
        match self.text(column)? {
            "t" | "true" | "TRUE" | "1" | "\\x01" => Ok(true),
            "f" | "false" | "FALSE" | "0" | "\\x00" => Ok(false),
            other => Err(format!("`{other}` in the column `{column}` is neither true nor false")),
        }
    }

    fn time(&self, column: &str) -> Option<Timestamp> {
        self.get(column).and_then(time)
    }

    fn nanoseconds(&self, column: &str) -> Option<Duration> {
        let number: i64 = self.get(column)?.parse().ok()?;
        u64::try_from(number).ok().map(Duration::from_nanos)
    }
}

/// A time as a tool or its driver writes it: ISO 8601 in the main, with a blank or a `T`, with or without an offset.
fn time(text: &str) -> Option<Timestamp> {
    Timestamp::parse_with_offset(text).or_else(|| go_time(text)).or_else(|| Timestamp::parse(text)).or_else(|| {
        // SQLite's drivers keep milliseconds since 1970, or seconds.
        let number: i64 = text.parse().ok()?;
        let micros =
            if number > 100_000_000_000 { number.checked_mul(1_000)? } else { number.checked_mul(1_000_000)? };
        Some(Timestamp::from_micros(micros))
    })
}

/// Go prints times as `2024-05-01 09:01:00.123 +0000 UTC`, with `m=+0.1` of its monotonic clock behind.
fn go_time(text: &str) -> Option<Timestamp> {
    let mut words = text.split_whitespace();
    let (date, clock, offset) = (words.next()?, words.next()?, words.next()?);
    Timestamp::parse_with_offset(&format!("{date}T{clock}{}:{}", offset.get(..3)?, offset.get(3..5)?))
}

#[cfg(test)]
fn rows(columns: &[&str], rows: &[&[Option<&str>]]) -> ForeignRows {
    ForeignRows {
        columns: columns.iter().map(|it| (*it).to_owned()).collect(),
        rows: rows.iter().map(|row| row.iter().map(|value| value.map(str::to_owned)).collect()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_times_as_tools_write_them() {
        let expected = Some(Timestamp::from_micros(1_714_554_060_500_000));
        for text in [
            "2024-05-01 09:01:00.5",
            "2024-05-01T09:01:00.5Z",
            "2024-05-01 09:01:00.5+00",
            "2024-05-01T11:01:00.5+02:00",
            "2024-05-01 11:01:00.5+02:00",
            "2024-05-01 09:01:00.5 +0000 UTC",
            "2024-05-01 11:01:00.5 +0200 CEST m=+0.012",
            "1714554060500",
        ] {
            assert_eq!(time(text), expected, "{text}");
        }
        assert_eq!(time("yesterday"), None);
        for tool in Tool::ALL {
            assert_eq!(Tool::parse(&tool.name().to_uppercase()), Some(*tool));
            assert_eq!(tool.layout().is_none(), *tool == Tool::Gormigrate);
        }
    }
}
