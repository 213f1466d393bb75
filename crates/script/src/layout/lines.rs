//! What layouts share that read a file line by line.

/// A line: its text without `\n` or `\r\n`, where it begins, and where the next one does.
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    pub(super) start: usize,
    pub(super) next: usize,
}

impl Line<'_> {
    /// Whether it is blank, or a comment to every engine: to MySQL `--a` is none.
    pub(super) fn says_nothing(&self) -> bool {
        let text = self.text.trim_start();
        let comment = text.strip_prefix("--");
        text.is_empty() || comment.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    }
}

pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        let line = line.strip_suffix('\n').unwrap_or(line);
        Line { text: line.strip_suffix('\r').unwrap_or(line), start, next: at }
    })
}
