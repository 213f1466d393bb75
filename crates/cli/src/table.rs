//! Rows under a header: aligned everywhere, cut to the terminal's width on a terminal alone.

use crate::width;

/// A column's header and its ways.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    title: &'static str,
    to_the_right: bool,
    /// Whether it gives room on a narrow terminal.
    gives: bool,
}

impl Column {
    /// Texts.
    pub(crate) const fn text(title: &'static str) -> Self {
        Column { title, to_the_right: false, gives: false }
    }

    /// Texts that are cut where the terminal is too narrow.
    pub(crate) const fn long(title: &'static str) -> Self {
        Column { title, to_the_right: false, gives: true }
    }

    /// Numbers.
    pub(crate) const fn number(title: &'static str) -> Self {
        Column { title, to_the_right: true, gives: false }
    }
}

/// What stands between two columns.
const GAP: &str = "  ";
/// A column that gave all it had still shows something.
const LEAST: usize = 8;

/// The lines of the header and of each row. `room` is the terminal's width; without one nothing is cut.
pub(crate) fn lines<const N: usize>(columns: [Column; N], rows: &[[String; N]], room: Option<usize>) -> Vec<String> {
    let head = columns.map(|column| column.title.to_owned());
    let mut widths: [usize; N] =
        std::array::from_fn(|at| rows.iter().chain([&head]).map(|row| width::of(&row[at])).max().unwrap_or_default());
    if let Some(room) = room {
        fit(columns, &mut widths, room);
    }
    std::iter::once(&head)
        .chain(rows)
        .map(|row| {
            let cells = columns.iter().zip(row).zip(widths);
            let cells: Vec<String> = cells
                .map(|((column, cell), width)| {
                    let cell = if room.is_some() { width::cut(cell, width) } else { cell.clone() };
                    width::padded(&cell, width, column.to_the_right)
                })
                .collect();
            cells.join(GAP).trim_end().to_owned()
        })
        .collect()
}

/// Takes from the widest column that gives, until the line fits or nothing is left to take.
fn fit<const N: usize>(columns: [Column; N], widths: &mut [usize; N], room: usize) {
    let gaps = GAP.len() * N.saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > room {
        let giving = (0..N).filter(|at| columns[*at].gives && widths[*at] > LEAST);
        match giving.max_by_key(|at| widths[*at]) {
            Some(widest) => widths[widest] -= 1,
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] = [Column::number("row"), Column::long("name"), Column::text("state")];

    fn shown(room: Option<usize>) -> Vec<String> {
        let row = |number: &str, name: &str, state: &str| [number.to_owned(), name.to_owned(), state.to_owned()];
        lines(COLUMNS, &[row("9", "表を作成する", "applied"), row("10", "customer_create_table_v1", "")], room)
    }

    #[test]
    fn aligns_by_columns_and_cuts_nothing_in_a_pipe() {
        assert_eq!(
            shown(None),
            [
                "row  name                      state",
                "  9  表を作成する              applied",
                " 10  customer_create_table_v1"
            ]
        );
    }

    #[test]
    fn fits_a_terminal() {
        assert_eq!(
            shown(Some(30)),
            ["row  name              state", "  9  表を作成する      applied", " 10  customer_create…"]
        );
        for room in 22..60 {
            assert!(shown(Some(room)).iter().all(|line| width::of(line) <= room), "{room}");
        }
        // Too narrow for anything: what tells most stays.
        assert_eq!(shown(Some(4))[1], "  9  表を作…   applied");
    }
}
