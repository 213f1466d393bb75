//! Lines and columns, for offsets that mostly rise.

use memchr::{memchr_iter, memrchr};

/// A line and a column (in characters), both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

impl Place {
    /// Where a file begins.
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    /// The place behind a text that begins here.
    pub(crate) fn behind(self, text: &str) -> Self {
        let bytes = text.as_bytes();
        let (line, first, rest) = match memrchr(b'\n', bytes) {
            Some(last) => {
                let lines = u32::try_from(memchr_iter(b'\n', bytes).count()).unwrap_or(u32::MAX);
                (self.line.saturating_add(lines), 1, &text[last + 1..])
            }
            None => (self.line, self.column, text),
        };
        Self { line, column: first.saturating_add(u32::try_from(rest.chars().count()).unwrap_or(u32::MAX)) }
    }
}

/// Walks through a text once, however many places are asked for.
#[derive(Debug)]
pub(super) struct Places<'a> {
    text: &'a str,
    first: bool,
    start: Place,
    at: usize,
    place: Place,
}

impl<'a> Places<'a> {
    /// For a text that begins at this place, and is the `first` of its file.
    pub(super) fn new(text: &'a str, first: bool, start: Place) -> Self {
        Self { text, first, start, at: 0, place: start }
    }

    /// The place of an offset. A byte order mark at the beginning of a file is no character.
    pub(super) fn of(&mut self, offset: usize) -> Place {
        if offset < self.at {
            *self = Self::new(self.text, self.first, self.start);
        }
        let mut passed = &self.text[self.at..offset];
        if self.at == 0 && self.first {
            passed = passed.strip_prefix('\u{feff}').unwrap_or(passed);
        }
        self.place = self.place.behind(passed);
        self.at = offset;
        self.place
    }
}
