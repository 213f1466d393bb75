//! Lines and columns, for offsets that mostly rise.

/// Walks through a text once, however many places are asked for.
#[derive(Debug)]
pub(super) struct Places<'a> {
    text: &'a str,
    at: usize,
    line: u32,
    column: u32,
}

impl<'a> Places<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, line: 1, column: 1 }
    }

    /// The line and the column (in characters) of an offset, both from 1. A byte order mark is no character.
    pub(super) fn of(&mut self, offset: usize) -> (u32, u32) {
        if offset < self.at {
            *self = Self::new(self.text);
        }
        let mut passed = &self.text[self.at..offset];
        if self.at == 0 {
            passed = passed.strip_prefix('\u{feff}').unwrap_or(passed);
        }
        for byte in passed.bytes() {
            if byte == b'\n' {
                self.line = self.line.saturating_add(1);
                self.column = 1;
            } else if byte & 0xc0 != 0x80 {
                // The first byte of a character.
                self.column = self.column.saturating_add(1);
            }
        }
        self.at = offset;
        (self.line, self.column)
    }
}
