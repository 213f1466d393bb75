//! Times in pairs, and what is said of them.

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::fail::{Context, Failure, Result};
use crate::process::Interrupt;

/// What a row came to.
pub(super) enum Outcome {
    /// Times of ours and theirs, run in turn, and what the bar is held against.
    Pairs { pairs: Vec<(Duration, Duration)>, judged: Judged, bar: f64 },
    /// One number with its unit.
    Plain { value: f64, unit: &'static str, bar: f64 },
}

/// Which ratio the bar is held against.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Judged {
    /// That of the medians.
    Medians,
    /// That of the minima: for long runs, whose median tells the machine's mood.
    Minima,
}

impl Outcome {
    /// Whether the bar was kept.
    pub(super) fn is_kept(&self) -> bool {
        let (value, bar) = match self {
            Outcome::Pairs { pairs, judged: Judged::Medians, bar } => (median_ratio(pairs), bar),
            Outcome::Pairs { pairs, judged: Judged::Minima, bar } => (minima_ratio(pairs), bar),
            Outcome::Plain { value, bar, .. } => (*value, bar),
        };
        value <= *bar
    }
}

/// Runs ours and theirs in turn; every second pair begins with the other one. One pair before it is not counted.
pub(super) fn in_pairs(
    pairs: usize,
    interrupt: &Interrupt,
    mut ours: impl FnMut() -> Result<Duration>,
    mut theirs: impl FnMut() -> Result<Duration>,
) -> Result<Vec<(Duration, Duration)>> {
    let mut times = Vec::with_capacity(pairs);
    for pair in 0..=pairs {
        interrupt.check()?;
        let both = if pair % 2 == 0 {
            let first = ours()?;
            (first, theirs()?)
        } else {
            let first = theirs()?;
            (ours()?, first)
        };
        if pair > 0 {
            times.push(both);
        }
    }
    Ok(times)
}

/// How long a command takes, from its start to its end. One that fails is an error with its last words.
pub(super) fn time(command: &mut Command, input: Option<&std::path::Path>) -> Result<Duration> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut errors = tempfile::tempfile().context("can't make a temporary file")?;
    let stdin = match input {
        None => Stdio::null(),
        Some(path) => File::open(path).context(path.display())?.into(),
    };
    command.stdin(stdin).stdout(Stdio::null()).stderr(errors.try_clone().context("can't duplicate a file")?);
    let start = Instant::now();
    let status = command.status().context(format_args!("can't start {program}"))?;
    let elapsed = start.elapsed();
    if status.success() {
        return Ok(elapsed);
    }
    let mut words = String::new();
    let _ = std::io::Seek::rewind(&mut errors).and_then(|()| std::io::Read::read_to_string(&mut errors, &mut words));
    Err(Failure::new(format!("{program} ended with {status}: {}", words.trim())))
}

/// The middle one, or the mean of the two in the middle.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    match (values.len(), values.len() / 2) {
        (0, _) => f64::NAN,
        (length, middle) if length % 2 == 1 => values[middle],
        (_, middle) => f64::midpoint(values[middle - 1], values[middle]),
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn median_ratio(pairs: &[(Duration, Duration)]) -> f64 {
    median(pairs.iter().map(|(ours, _)| milliseconds(*ours)))
        / median(pairs.iter().map(|(_, theirs)| milliseconds(*theirs)))
}

fn minima_ratio(pairs: &[(Duration, Duration)]) -> f64 {
    let (ours, theirs) = minima(pairs);
    ours / theirs
}

fn minima(pairs: &[(Duration, Duration)]) -> (f64, f64) {
    let least = |times: &mut dyn Iterator<Item = Duration>| times.min().map_or(f64::NAN, milliseconds);
    (least(&mut pairs.iter().map(|pair| pair.0)), least(&mut pairs.iter().map(|pair| pair.1)))
}

/// All rows, for people.
pub(super) fn table(rows: &[(&str, Result<Outcome>)]) -> String {
    let header = ["row", "ours", "theirs", "median", "minima", "bar", ""];
    let mut lines = vec![header.map(str::to_owned)];
    let mut reasons = String::new();
    for (name, outcome) in rows {
        lines.push(match outcome {
            Err(failure) => {
                reasons.push_str(&format!("{name}: {failure}\n"));
                [name, "", "", "", "", "", "not measured"].map(str::to_owned)
            }
            Ok(outcome) => line(name, outcome),
        });
    }
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 7] = std::array::from_fn(width);
    let mut text = String::new();
    for line in &lines {
        // The name to the left, numbers to the right.
        let mut padded = format!("{:<1$}", line[0], widths[0]);
        for (cell, width) in line.iter().zip(widths).skip(1).take(5) {
            padded.push_str(&format!("  {cell:>width$}"));
        }
        text.push_str(format!("{padded}  {}", line[6]).trim_end());
        text.push('\n');
    }
    text + &reasons
}

fn line(name: &str, outcome: &Outcome) -> [String; 7] {
    let verdict = if outcome.is_kept() { "ok" } else { "MISSED" };
    match outcome {
        Outcome::Plain { value, unit, bar } => [
            name.to_owned(),
            format!("{value:.1} {unit}"),
            String::new(),
            String::new(),
            String::new(),
            format!("{bar} {unit}"),
            verdict.to_owned(),
        ],
        Outcome::Pairs { pairs, judged, bar } => {
            // The times shown are those that the bar is held against, and its ratio has a star.
            let (ours, theirs) = match judged {
                Judged::Minima => minima(pairs),
                Judged::Medians => (
                    median(pairs.iter().map(|pair| milliseconds(pair.0))),
                    median(pairs.iter().map(|pair| milliseconds(pair.1))),
                ),
            };
            let star = |which| if *judged == which { "*" } else { " " };
            [
                name.to_owned(),
                format!("{ours:.1} ms"),
                format!("{theirs:.1} ms"),
                format!("{:.2}{}", median_ratio(pairs), star(Judged::Medians)),
                format!("{:.2}{}", minima_ratio(pairs), star(Judged::Minima)),
                format!("{bar} ×"),
                verdict.to_owned(),
            ]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(times: &[(u64, u64)]) -> Vec<(Duration, Duration)> {
        times.iter().map(|(a, b)| (Duration::from_millis(*a), Duration::from_millis(*b))).collect()
    }

    #[test]
    fn medians_and_minima() {
        assert!((median([3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median([4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        let pairs = pairs(&[(10, 20), (30, 20), (20, 10)]);
        assert!((median_ratio(&pairs) - 1.0).abs() < 1e-9);
        assert!((minima_ratio(&pairs) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn pairs_change_their_order_and_the_first_is_not_counted() {
        let order = std::cell::RefCell::new(String::new());
        let step = |mark: char| {
            order.borrow_mut().push(mark);
            Ok(Duration::from_millis(1))
        };
        let times = in_pairs(3, &Interrupt::default(), || step('o'), || step('t')).unwrap();
        assert_eq!(times.len(), 3);
        assert_eq!(order.into_inner(), "ottoot".to_owned() + "to");
    }

    #[test]
    fn a_table_says_which_bar_was_missed() {
        let rows = [
            ("a", Ok(Outcome::Pairs { pairs: pairs(&[(10, 20)]), judged: Judged::Medians, bar: 0.5 })),
            ("bb", Ok(Outcome::Pairs { pairs: pairs(&[(11, 20)]), judged: Judged::Minima, bar: 0.5 })),
            ("c", Ok(Outcome::Plain { value: 4.2, unit: "ms", bar: 5.0 })),
            ("d", Err(Failure::new("it broke"))),
        ];
        let wanted = "\
row     ours   theirs  median  minima    bar
a    10.0 ms  20.0 ms   0.50*   0.50   0.5 ×  ok
bb   11.0 ms  20.0 ms   0.55    0.55*  0.5 ×  MISSED
c     4.2 ms                            5 ms  ok
d                                             not measured
d: it broke
";
        assert_eq!(table(&rows), wanted);
    }

    #[test]
    fn a_command_that_fails_is_an_error_with_its_words() {
        let failure = time(Command::new("sh").args(["-c", "echo no >&2; exit 3"]), None).unwrap_err().to_string();
        assert!(failure.contains("no") && failure.contains('3'), "{failure}");
        assert!(time(&mut Command::new("true"), None).unwrap() < Duration::from_secs(10));
    }
}
