//! Times of those who do the same work in turn.

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::fail::{Context, Failure, Result};
use crate::process::Interrupt;

/// What a row came to.
pub(super) enum Outcome {
    /// Times of work done in turn, and what the bar is held against.
    Times { times: Times, judged: Judged, bar: f64 },
    /// One number with its unit.
    Plain { value: f64, unit: &'static str, bar: f64 },
}

/// Times by round: ours, those of the reference, and those of other runners that do the same.
#[derive(Debug, Default)]
pub(super) struct Times {
    pub(super) ours: Vec<Duration>,
    pub(super) theirs: Vec<Duration>,
    /// A peer that fails is measured no further; the bar is not held against it.
    pub(super) peers: Vec<(&'static str, Result<Vec<Duration>>)>,
}

/// Which ratio the bar is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judged {
    /// That of the medians.
    Medians,
    /// That of the minima: for long runs, whose median tells the machine's mood.
    Minima,
}

impl Outcome {
    /// What the bar is held against.
    pub(super) fn value(&self) -> f64 {
        match self {
            Outcome::Times { times, judged, .. } => times.ratio(*judged),
            Outcome::Plain { value, .. } => *value,
        }
    }

    /// The bar.
    pub(super) fn bar(&self) -> f64 {
        match self {
            Outcome::Times { bar, .. } | Outcome::Plain { bar, .. } => *bar,
        }
    }

    /// Whether the bar was kept.
    pub(super) fn is_kept(&self) -> bool {
        self.value() <= self.bar()
    }
}

impl Times {
    /// Ours by theirs.
    pub(super) fn ratio(&self, judged: Judged) -> f64 {
        judged.of(&self.ours) / judged.of(&self.theirs)
    }
}

impl Judged {
    /// In milliseconds.
    pub(super) fn of(self, times: &[Duration]) -> f64 {
        let milliseconds = times.iter().map(|time| time.as_secs_f64() * 1000.0);
        match self {
            Judged::Medians => median(milliseconds),
            Judged::Minima => milliseconds.min_by(f64::total_cmp).unwrap_or(f64::NAN),
        }
    }
}

/// One who does a row's work once, and how long that took.
pub(super) type Work<'a> = Box<dyn FnMut() -> Result<Duration> + 'a>;

/// Some of them take minutes for what takes us seconds, and no bar hangs on them.
const PEER_ROUNDS: usize = 3;

/// Lets all do the work in turn, peers in the first rounds; each round begins with another one. One round before them is not counted.
pub(super) fn in_turn<'a>(
    rounds: usize,
    interrupt: &Interrupt,
    ours: impl FnMut() -> Result<Duration> + 'a,
    theirs: impl FnMut() -> Result<Duration> + 'a,
    peers: Vec<(&'static str, Work<'a>)>,
) -> Result<Times> {
    let mut works: Vec<Work<'a>> = vec![Box::new(ours), Box::new(theirs)];
    let (names, more): (Vec<&'static str>, Vec<Work<'a>>) = peers.into_iter().unzip();
    works.extend(more);
    let mut times: Vec<Result<Vec<Duration>>> = works.iter().map(|_| Ok(Vec::with_capacity(rounds))).collect();
    for round in 0..=rounds {
        for turn in 0..works.len() {
            interrupt.check()?;
            let who = (round + turn) % works.len();
            let Ok(known) = &mut times[who] else { continue };
            if who >= 2 && known.len() == PEER_ROUNDS {
                continue;
            }
            match works[who]() {
                Ok(time) if round > 0 => known.push(time),
                Ok(_) => {}
                // Without us, or without the reference, there is no row.
                Err(failure) if who < 2 => return Err(failure),
                Err(failure) => times[who] = Err(failure),
            }
        }
    }
    let mut times = times.into_iter();
    let mut next = || times.next().unwrap_or_else(|| Ok(Vec::new()));
    let (ours, theirs) = (next()?, next()?);
    Ok(Times { ours, theirs, peers: names.into_iter().zip(times).collect() })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_minima() {
        assert!((median([3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median([4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        let times = |millis: [u64; 3]| millis.map(Duration::from_millis).to_vec();
        let times = Times { ours: times([10, 30, 20]), theirs: times([20, 20, 5]), peers: Vec::new() };
        assert!((times.ratio(Judged::Medians) - 1.0).abs() < 1e-9);
        assert!((times.ratio(Judged::Minima) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn turns_change_their_order_and_the_first_round_is_not_counted() {
        let order = std::cell::RefCell::new(String::new());
        let step = |mark: char| {
            order.borrow_mut().push(mark);
            if mark == 'x' { Err(Failure::new("it broke")) } else { Ok(Duration::from_millis(1)) }
        };
        let peers: Vec<(&str, Work<'_>)> = vec![("p", Box::new(|| step('p'))), ("x", Box::new(|| step('x')))];
        let times = in_turn(5, &Interrupt::default(), || step('o'), || step('t'), peers).unwrap();
        assert_eq!((times.ours.len(), times.theirs.len()), (5, 5));
        assert_eq!(times.peers[0].1.as_ref().map(Vec::len).ok(), Some(PEER_ROUNDS));
        assert!(times.peers[1].1.is_err(), "a peer that fails is said to have failed");
        assert_eq!(order.into_inner(), "otpx".to_owned() + "tpo" + "pot" + "otp" + "ot" + "to");
        assert!(in_turn(1, &Interrupt::default(), || step2(false), || step2(true), Vec::new()).is_err());
    }

    fn step2(fails: bool) -> Result<Duration> {
        if fails { Err(Failure::new("it broke")) } else { Ok(Duration::ZERO) }
    }

    #[test]
    fn a_command_that_fails_is_an_error_with_its_words() {
        let failure = time(Command::new("sh").args(["-c", "echo no >&2; exit 3"]), None).unwrap_err().to_string();
        assert!(failure.contains("no") && failure.contains('3'), "{failure}");
        assert!(time(&mut Command::new("true"), None).unwrap() < Duration::from_secs(10));
    }
}
