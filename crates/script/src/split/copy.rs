//! The data of COPY … FROM stdin: the lines up to one that is `\.` alone, or up to the end of the file, as psql has it.

use memchr::{memmem, memrchr};

/// Goes through data that comes bit by bit.
#[derive(Debug)]
pub(super) struct CopyData {
    /// Whether a line begins here.
    at_line_start: bool,
}

/// What a bit of text has of the data.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rows {
    /// As many bytes are data, and more may follow.
    Some(usize),
    /// As many bytes are data, and then it ends; the text goes on behind as many bytes.
    Last { rows: usize, behind: usize },
}

impl CopyData {
    /// At the first line of the data.
    pub(super) fn new() -> Self {
        Self { at_line_start: true }
    }

    /// Goes through the next bit, of which it leaves what may be the beginning of the last line; `last` where the file ends
    /// with it.
    pub(super) fn read(&mut self, text: &str, last: bool) -> Rows {
        let bytes = text.as_bytes();
        for at in memmem::find_iter(bytes, b"\\.") {
            let begins = if at == 0 { self.at_line_start } else { bytes[at - 1] == b'\n' };
            if !begins {
                continue;
            }
            let behind = match &bytes[at + 2..] {
                [b'\n', ..] => at + 3,
                [b'\r', b'\n', ..] => at + 4,
                [] | [b'\r'] if last => bytes.len(),
                _ => continue,
            };
            return Rows::Last { rows: at, behind };
        }
        if last {
            return Rows::Last { rows: bytes.len(), behind: bytes.len() };
        }
        let line = memrchr(b'\n', bytes).map_or(0, |line_break| line_break + 1);
        let begins = line > 0 || self.at_line_start;
        if begins && matches!(&bytes[line..], b"" | b"\\" | b"\\." | b"\\.\r") {
            self.at_line_start = true;
            Rows::Some(line)
        } else {
            self.at_line_start = false;
            Rows::Some(bytes.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_end_however_the_data_is_cut() {
        for (data, rows) in [
            ("a\n\\.\nb", 2),
            ("\\.\nb", 0),
            ("a\\.\n\\.\r\nb", 4),
            ("\\.x\n\\\\.\n \\.\n\\.", 12),
            ("a\n\\.\r", 2),
            ("a\n\\.\rb\n\\.\n", 7),
            ("a\n\\", 3),
            ("", 0),
        ] {
            for cut in 1..data.len() + 1 {
                let mut copy = CopyData::new();
                let (mut at, mut until) = (0, 0);
                let found = loop {
                    until = (until + cut).min(data.len());
                    match copy.read(&data[at..until], until == data.len()) {
                        Rows::Some(rows) => at += rows,
                        Rows::Last { rows, .. } => break at + rows,
                    }
                };
                assert_eq!(found, rows, "{data:?} by {cut}");
            }
        }
    }
}
