//! What was measured, for people: a table for the terminal, the same in Markdown and a picture of it.

use std::time::Duration;

use super::measure::{Judged, Outcome, Times};
use crate::fail::Result;

/// A row that was measured, or why it wasn't.
pub(super) struct Line {
    pub(super) name: &'static str,
    /// What is measured, in a few words.
    pub(super) what: String,
    pub(super) outcome: Result<Outcome>,
    /// How much of the machine others used just before.
    pub(super) others: Option<f64>,
}

/// All rows, and what stands below them.
pub(super) struct Report {
    pub(super) lines: Vec<Line>,
    /// What a reader must know: the machine, versions, what is missing.
    pub(super) notes: Vec<String>,
}

const HEADER: [&str; 8] = ["row", "ours", "theirs", "median", "minima", "bar", "others", ""];

impl Report {
    /// Two tables, aligned: ours against the bars, then everybody's times.
    pub(super) fn text(&self) -> String {
        let mut text = aligned(&self.cells());
        if let Some(peers) = self.peers() {
            text.push_str("\nthe same work by others\n");
            text.push_str(&aligned(&peers));
        }
        for note in self.notes() {
            text.push_str(&format!("{note}\n"));
        }
        text
    }

    /// The same as a page.
    pub(super) fn markdown(&self) -> String {
        let mut text = String::from(
            "# What it costs\n\nWritten by `cargo xtask bench --save`; each row is measured in one run, in turn with its reference.\n\n\
             ![Each row against its bar](results.svg)\n\n",
        );
        let mut cells = self.cells();
        for (cells, line) in cells.iter_mut().skip(1).zip(&self.lines) {
            cells.insert(1, line.what.clone());
        }
        cells[0].insert(1, "what, and against what".to_owned());
        text.push_str(&piped(&cells));
        text.push_str(
            "\n*theirs* is the reference, the bar is held against the ratio with a star, and *others* is how much of the machine somebody else used just before \
             the row.\n",
        );
        if let Some(peers) = self.peers() {
            text.push_str("\n## The same work by others\n\nThe same statements in files of their own kind, on the same servers, in the same rounds.\n\n");
            text.push_str(&piped(&peers));
        }
        text.push('\n');
        for note in self.notes() {
            text.push_str(&format!("- {note}\n"));
        }
        text
    }

    /// Each row as a bar that ends at its ratio; the line is what it may reach.
    pub(super) fn svg(&self) -> String {
        const LEFT: f64 = 170.0;
        const UNIT: f64 = 200.0;
        const STEP: f64 = 24.0;
        const FURTHEST: f64 = 2.4;
        let rows: Vec<(&str, &Outcome)> =
            self.lines.iter().filter_map(|line| Some((line.name, line.outcome.as_ref().ok()?))).collect();
        let height = STEP * f64::from(u32::try_from(rows.len()).unwrap_or(0)) + 60.0;
        let width = LEFT + UNIT * FURTHEST + 130.0;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
             <style>text {{ fill: #444 }} .bar {{ stroke: #444 }} .peer {{ fill: none; stroke: #777 }}\n\
             @media (prefers-color-scheme: dark) {{ text {{ fill: #ccc }} .bar {{ stroke: #ccc }} .peer {{ stroke: #aaa }} }}</style>\n"
        );
        let end = height - 34.0;
        for ((name, outcome), number) in rows.iter().zip(0u32..) {
            let y = STEP * f64::from(number) + 8.0;
            let (value, bar) = (outcome.value(), outcome.bar());
            let length = (value / bar).min(FURTHEST) * UNIT;
            let colour = if outcome.is_kept() { "#3a9d5d" } else { "#d9822b" };
            let middle = y + 12.0;
            svg.push_str(&format!(
                "<text x=\"{:.0}\" y=\"{middle:.0}\" text-anchor=\"end\">{name}</text><rect x=\"{LEFT}\" y=\"{y}\" width=\"{length:.1}\" height=\"15\" fill=\"{colour}\"/>\
                 <text x=\"{:.0}\" y=\"{middle:.0}\">{}</text>\n",
                LEFT - 8.0,
                LEFT + UNIT * FURTHEST + 14.0,
                words(outcome)
            ));
            for (peer, ratio) in peers_of(outcome) {
                let at = (ratio / bar).min(FURTHEST);
                let x = LEFT + at * UNIT;
                let mark = initials(peer);
                svg.push_str(&format!(
                    "<circle class=\"peer\" cx=\"{x:.1}\" cy=\"{:.1}\" r=\"7.5\"><title>{peer}: {ratio:.2}</title></circle>\
                     <text x=\"{x:.1}\" y=\"{:.1}\" font-size=\"8\" text-anchor=\"middle\">{mark}</text>\n",
                    y + 7.5,
                    y + 10.5
                ));
            }
        }
        svg.push_str(&format!(
            "<line class=\"bar\" x1=\"{0}\" y1=\"2\" x2=\"{0}\" y2=\"{end}\"/><text x=\"{0}\" y=\"{1}\" text-anchor=\"middle\">the bar</text>\n\
             <text x=\"{LEFT}\" y=\"{2}\" font-size=\"10\">filled: driftlock; circles: db dbmate, go goose, gm golang-migrate; what stands at the edge lies beyond it</text>\n</svg>\n",
            LEFT + UNIT,
            end + 12.0,
            end + 28.0
        ));
        svg
    }

    fn notes(&self) -> impl Iterator<Item = String> {
        let failed = self.lines.iter().filter_map(|line| {
            let failure = line.outcome.as_ref().err()?;
            Some(format!("{}: {failure}", line.name))
        });
        let peers = self.lines.iter().filter_map(|line| match &line.outcome {
            Ok(Outcome::Times { times, .. }) => Some((line.name, &times.peers)),
            _ => None,
        });
        let peers = peers.flat_map(|(row, peers)| {
            peers.iter().filter_map(move |(name, times)| Some(format!("{row}: {name}: {}", times.as_ref().err()?)))
        });
        failed.chain(peers).chain(self.notes.iter().cloned())
    }

    fn cells(&self) -> Vec<Vec<String>> {
        let header = HEADER.map(str::to_owned).to_vec();
        std::iter::once(header).chain(self.lines.iter().map(cells)).collect()
    }

    /// Rows with a peer: everybody's times, in milliseconds.
    fn peers(&self) -> Option<Vec<Vec<String>>> {
        let rows: Vec<(&str, &Times, Judged)> = self
            .lines
            .iter()
            .filter_map(|line| match &line.outcome {
                Ok(Outcome::Times { times, judged, .. }) if !times.peers.is_empty() => {
                    Some((line.name, times, *judged))
                }
                _ => None,
            })
            .collect();
        let names: Vec<&str> = rows.first()?.1.peers.iter().map(|(name, _)| *name).collect();
        let mut table = vec![["row", "driftlock", "client"].iter().chain(&names).map(|it| (*it).to_owned()).collect()];
        for (row, times, judged) in rows {
            let shown = |times: &[Duration]| format!("{:.1} ms", judged.of(times));
            let mut cells = vec![row.to_owned(), shown(&times.ours), shown(&times.theirs)];
            cells.extend(times.peers.iter().map(|(_, times)| match times {
                Ok(times) => shown(times),
                Err(_) => "failed".to_owned(),
            }));
            table.push(cells);
        }
        Some(table)
    }
}

/// `db` for dbmate, `gm` for golang-migrate.
fn initials(name: &str) -> String {
    match name.split_once('-') {
        Some((first, second)) => first.chars().take(1).chain(second.chars().take(1)).collect(),
        None => name.chars().take(2).collect(),
    }
}

/// A peer's ratios to the reference.
fn peers_of(outcome: &Outcome) -> Vec<(&'static str, f64)> {
    let Outcome::Times { times, judged, .. } = outcome else { return Vec::new() };
    let theirs = judged.of(&times.theirs);
    times.peers.iter().filter_map(|(name, of)| Some((*name, judged.of(of.as_ref().ok()?) / theirs))).collect()
}

/// `0.57 of 0.9`
fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Plain { value, unit, bar } => format!("{value:.1} of {bar} {unit}"),
        Outcome::Times { bar, .. } => format!("{:.2} of {bar}", outcome.value()),
    }
}

fn cells(line: &Line) -> Vec<String> {
    let others = line.others.map(|others| format!("{:.0} %", others * 100.0)).unwrap_or_default();
    let verdict = match &line.outcome {
        Ok(outcome) if outcome.is_kept() => "ok",
        Ok(_) => "MISSED",
        Err(_) => "not measured",
    };
    let name = line.name.to_owned();
    let nothing = String::new;
    let [ours, theirs, median, minima, bar] = match &line.outcome {
        Err(_) => std::array::from_fn(|_| nothing()),
        Ok(Outcome::Plain { value, unit, bar }) => {
            [format!("{value:.1} {unit}"), nothing(), nothing(), nothing(), format!("{bar} {unit}")]
        }
        Ok(Outcome::Times { times, judged, bar }) => {
            // The times shown are those that the bar is held against, and its ratio has a star.
            let star = |which| if *judged == which { "*" } else { " " };
            let ratio = |which| format!("{:.2}{}", times.ratio(which), star(which));
            [
                format!("{:.1} ms", judged.of(&times.ours)),
                format!("{:.1} ms", judged.of(&times.theirs)),
                ratio(Judged::Medians),
                ratio(Judged::Minima),
                format!("{bar} ×"),
            ]
        }
    };
    vec![name, ours, theirs, median, minima, bar, others, verdict.to_owned()]
}

/// The first column to the left, the last one as it is, numbers to the right.
fn aligned(cells: &[Vec<String>]) -> String {
    let columns = cells.first().map_or(0, Vec::len);
    let width = |column: usize| cells.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in cells {
        let mut padded = String::new();
        for (at, (cell, width)) in line.iter().zip(&widths).enumerate() {
            match at {
                0 => padded.push_str(&format!("{cell:<width$}")),
                _ if cells[0][at].is_empty() => padded.push_str(&format!("  {cell}")),
                _ => padded.push_str(&format!("  {cell:>width$}")),
            }
        }
        text.push_str(padded.trim_end());
        text.push('\n');
    }
    text
}

fn piped(cells: &[Vec<String>]) -> String {
    let mut text = String::new();
    for (number, line) in cells.iter().enumerate() {
        let cells: Vec<&str> = line.iter().map(|cell| cell.trim()).collect();
        text.push_str(&format!("| {} |\n", cells.join(" | ")));
        if number == 0 {
            text.push_str(&format!("|{}\n", " --- |".repeat(line.len())));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fail::Failure;

    fn times(ours: u64, theirs: u64, peers: Vec<(&'static str, Result<Vec<Duration>>)>) -> Times {
        let one = |millis| vec![Duration::from_millis(millis)];
        Times { ours: one(ours), theirs: one(theirs), peers }
    }

    fn report() -> Report {
        let line = |name, outcome| Line { name, what: format!("what {name} is"), outcome, others: Some(0.25) };
        let peers = vec![("goose", Ok(vec![Duration::from_millis(30)])), ("dbmate", Err(Failure::new("it crashed")))];
        let kept = Outcome::Times { times: times(10, 20, Vec::new()), judged: Judged::Medians, bar: 0.5 };
        let missed = Outcome::Times { times: times(11, 20, peers), judged: Judged::Minima, bar: 0.5 };
        Report {
            lines: vec![
                line("a", Ok(kept)),
                line("bb", Ok(missed)),
                line("c", Ok(Outcome::Plain { value: 4.2, unit: "ms", bar: 5.0 })),
                line("d", Err(Failure::new("it broke"))),
            ],
            notes: vec!["a machine".to_owned()],
        }
    }

    #[test]
    fn a_table_says_which_bar_was_missed() {
        let wanted = "\
row     ours   theirs  median  minima    bar  others
a    10.0 ms  20.0 ms   0.50*   0.50   0.5 ×    25 %  ok
bb   11.0 ms  20.0 ms   0.55    0.55*  0.5 ×    25 %  MISSED
c     4.2 ms                            5 ms    25 %  ok
d                                               25 %  not measured

the same work by others
row  driftlock   client    goose  dbmate
bb     11.0 ms  20.0 ms  30.0 ms  failed
d: it broke
bb: dbmate: it crashed
a machine
";
        assert_eq!(report().text(), wanted);
    }

    #[test]
    fn the_page_and_the_picture_have_every_row() {
        let page = report().markdown();
        assert!(
            page.contains("| bb | what bb is | 11.0 ms | 20.0 ms | 0.55 | 0.55* | 0.5 × | 25 % | MISSED |\n"),
            "{page}"
        );
        assert!(page.contains("| row | driftlock | client | goose | dbmate |\n| --- |"), "{page}");
        assert!(page.ends_with("- d: it broke\n- bb: dbmate: it crashed\n- a machine\n"), "{page}");
        let picture = report().svg();
        for part in ["0.50 of 0.5", "0.55 of 0.5", "4.2 of 5 ms", "<title>goose: 1.50</title>", "the bar"] {
            assert!(picture.contains(part), "{part} in {picture}");
        }
        assert_eq!(picture.matches("<rect").count(), 3, "{picture}");
    }
}
