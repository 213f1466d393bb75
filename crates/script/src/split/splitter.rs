//! The statements of a text that comes window by window.

use std::sync::Arc;

use super::conforming::Conforming;
use super::copy::{CopyData, Rows};
use super::place::Place;
use super::reader::{Reader, Window};
use super::sql_mode::SqlMode;
use super::{Options, SplitError, Statement, mysql, postgres, sqlite};
use crate::Dialect;
use crate::token::Quoting;

/// What a script has settled for the statements that follow.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) dialect: Dialect,
    /// What ends a statement beside `;`. Where there is such a thing, it alone ends a MySQL statement that has a body: that is
    /// what it is for.
    pub(super) delimiter: Option<Arc<str>>,
    /// It isn't of a DELIMITER line: it ends nothing in parentheses, as Atlas has it.
    pub(super) delimiter_of_caller: bool,
    pub(super) session: Session,
}

/// What the statements so far have made of the session, as far as it matters to quotes.
#[derive(Debug)]
pub(super) enum Session {
    Postgres(Conforming),
    MySql(SqlMode),
    Sqlite,
}

impl Session {
    fn new(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Postgres => Self::Postgres(Conforming::new()),
            Dialect::MySql => Self::MySql(SqlMode::new()),
            Dialect::Sqlite => Self::Sqlite,
        }
    }

    /// How the next statement's quotes are read.
    pub(super) fn quoting(&self) -> Quoting {
        match self {
            Self::Postgres(conforming) => conforming.quoting(),
            Self::MySql(mode) => mode.quoting(),
            Self::Sqlite => Quoting::usual(Dialect::Sqlite),
        }
    }

    /// Follows a statement, which may change that.
    pub(super) fn follow(&mut self, statement: &str) {
        match self {
            Self::Postgres(conforming) => conforming.follow(statement),
            Self::MySql(mode) => mode.follow(statement),
            Self::Sqlite => {}
        }
    }
}

/// Splits a text window by window. Between two windows it remembers what holds between two statements, and no more: a
/// statement that a window doesn't hold whole is read again in the next one.
#[derive(Debug)]
pub(super) struct Splitter {
    settings: Settings,
    /// Where the next window begins in the file.
    offset: u64,
    place: Place,
    /// It is the first one.
    first: bool,
    /// The next window begins in the data of a COPY.
    copying: Option<CopyData>,
}

/// Why a window gives no more.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The rest of it can't be told without what follows, or it has no rest.
    Window,
    /// The data of the last statement begins.
    CopyData,
}

/// How far a window was read.
#[derive(Debug)]
pub(super) struct Progress {
    /// The next window begins behind as many bytes of this one.
    pub(super) read: usize,
    pub(super) stop: Stop,
}

/// What a window has of the data of a COPY.
#[derive(Debug)]
pub(super) struct Skimmed {
    pub(super) read: usize,
    /// Where the data ends in the file, if it ends in this window.
    pub(super) end: Option<u64>,
}

impl Splitter {
    /// At the beginning of a file's text, which stands at this offset of the file.
    pub(super) fn new(dialect: Dialect, options: &Options<'_>, offset: u64) -> Self {
        let delimiter = options.delimiter.filter(|delimiter| !delimiter.is_empty() && *delimiter != ";");
        Self {
            settings: Settings {
                dialect,
                delimiter: delimiter.map(Arc::from),
                delimiter_of_caller: delimiter.is_some(),
                session: Session::new(dialect),
            },
            offset,
            place: Place::START,
            first: true,
            copying: None,
        }
    }

    /// Where the next window begins in the file.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The place behind a text, given that it begins where the next window does.
    pub(super) fn place_behind(&self, text: &str) -> Place {
        let mark = if self.first { text.strip_prefix('\u{feff}') } else { None };
        self.place.behind(mark.unwrap_or(text))
    }

    /// Adds the statements that end in a window, with spans in it. With the `last` window the file ends.
    ///
    /// # Errors
    /// Never for what the next window may put right.
    pub(super) fn read(
        &mut self,
        window: &str,
        last: bool,
        statements: &mut Vec<Statement>,
    ) -> Result<Progress, SplitError> {
        let window = Window { text: window, first: self.first, last, offset: self.offset, place: self.place };
        let mut reader = Reader::new(window, &mut self.settings);
        let mut stop = Stop::Window;
        while stop == Stop::Window {
            let found = match reader.settings.dialect {
                Dialect::Postgres => postgres::next(&mut reader),
                Dialect::MySql => mysql::next(&mut reader),
                Dialect::Sqlite => sqlite::next(&mut reader),
            };
            if !reader.is_certain() {
                break;
            }
            let Some(statement) = found? else { break };
            reader.follow(&statement);
            if statement.copy_data.is_some() {
                stop = Stop::CopyData;
                self.copying = Some(CopyData::new());
            }
            statements.push(statement);
        }
        let (read, place) = reader.progress();
        self.move_by(read, place);
        Ok(Progress { read, stop })
    }

    /// Goes over the data of a COPY, as far as the window has it.
    pub(super) fn skim(&mut self, window: &str, last: bool) -> Skimmed {
        let Some(copying) = &mut self.copying else { return Skimmed { read: 0, end: Some(self.offset) } };
        let (read, end) = match copying.read(window, last) {
            Rows::Some(rows) => (rows, None),
            Rows::Last { rows, behind } => {
                self.copying = None;
                (behind, Some(self.offset + rows as u64))
            }
        };
        self.move_by(read, self.place.behind(&window[..read]));
        Skimmed { read, end }
    }

    fn move_by(&mut self, bytes: usize, place: Place) {
        self.first &= bytes == 0;
        self.offset += bytes as u64;
        self.place = place;
    }
}
