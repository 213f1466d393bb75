//! How much room there is, and making texts fit it.

use std::io::IsTerminal;

use terminal_size::{Width, terminal_size_of};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How many columns text has.
pub(crate) fn of(text: &str) -> usize {
    text.width()
}

/// The columns of the terminal that stdout is; `None` where it is none, and whoever reads it gets all there is.
pub(crate) fn of_stdout() -> Option<usize> {
    let stdout = std::io::stdout();
    stdout.is_terminal().then(|| terminal_size_of(&stdout)).flatten().map(|(Width(columns), _)| columns.into())
}

/// The columns of the terminal that stderr is.
pub(crate) fn of_stderr() -> usize {
    terminal_size_of(std::io::stderr()).map_or(80, |(Width(columns), _)| columns.into())
}

/// Filled up with spaces, on the right or on the left.
pub(crate) fn padded(text: &str, width: usize, to_the_right: bool) -> String {
    let missing = " ".repeat(width.saturating_sub(of(text)));
    if to_the_right { format!("{missing}{text}") } else { format!("{text}{missing}") }
}

/// No wider than this, with `…` for an end that is cut off.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if of(text) <= width { text.to_owned() } else { format!("{}…", head(text, width.saturating_sub(1))) }
}

/// No wider than this. What tells one path from another is its name, which goes last; of a name, both ends tell.
pub(crate) fn cut_path(path: &str, width: usize) -> String {
    if of(path) <= width {
        return path.to_owned();
    }
    let Some((folders, name)) = path.rsplit_once('/') else { return cut_in_the_middle(path, width) };
    let first = folders.split('/').next().unwrap_or_default();
    let shorter = [format!("{first}/…/{name}"), format!("…/{name}")];
    shorter.into_iter().find(|it| of(it) <= width).unwrap_or_else(|| cut_in_the_middle(name, width))
}

fn cut_in_the_middle(text: &str, width: usize) -> String {
    if of(text) <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(1);
    let end: String = head(&text.chars().rev().collect::<String>(), room / 2).chars().rev().collect();
    format!("{}…{end}", head(text, room - room / 2))
}

/// As much of the beginning as has room.
fn head(text: &str, width: usize) -> &str {
    let mut used = 0;
    for (at, letter) in text.char_indices() {
        used += letter.width().unwrap_or(0);
        if used > width {
            return &text[..at];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_by_columns() {
        assert_eq!(cut("migration", 9), "migration");
        assert_eq!(cut("migration", 5), "migr…");
        // Two columns a letter: a half one is none.
        assert_eq!(cut("表を作成する", 6), "表を…");
        assert_eq!((cut("x", 0), cut("", 0)), ("…".to_owned(), String::new()));
        assert_eq!(padded("表", 4, false), "表  ");
        assert_eq!(padded("12", 4, true), "  12");
    }

    #[test]
    fn cuts_paths_in_the_middle() {
        let path = "services/billing/db/migrations/20240219-084500_order_backfill_total_v1.up.sql";
        for (width, shown) in [
            (80, path),
            (60, "services/…/20240219-084500_order_backfill_total_v1.up.sql"),
            (50, "…/20240219-084500_order_backfill_total_v1.up.sql"),
            (30, "20240219-084500…al_v1.up.sql"),
        ] {
            let cut = cut_path(path, width);
            assert!(of(&cut) <= width, "{cut}");
            if width != 30 {
                assert_eq!(cut, shown);
            }
        }
        assert_eq!(cut_path("20240219-084500_order.up.sql", 15), "2024021….up.sql");
        assert_eq!(cut_path("表/を作成する.sql", 9), "を作….sql");
    }
}
