//! The line that moves: which file, which statement, how many rows, for how long.

use std::time::{Duration, Instant};

use crate::width;

/// What the line says now. It is put together each time that it is drawn, for the width that the terminal has then.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    /// When that began.
    pub(super) since: Instant,
    /// `[2/7] `
    pub(super) before: String,
    /// What gives room first.
    pub(super) what: String,
    /// It is a path, and not a text.
    pub(super) is_path: bool,
    /// What more there is, from the most important on; the last go first where there is no room.
    pub(super) after: Vec<String>,
}

impl Shown {
    /// No wider than `room`.
    pub(super) fn text(&self, room: usize) -> String {
        text(self, self.since.elapsed(), room)
    }
}

/// No wider than `room`: the time stays, then what is known most, then as much of the path as possible.
fn text(shown: &Shown, elapsed: Duration, room: usize) -> String {
    let mut after: Vec<&str> = shown.after.iter().map(String::as_str).collect();
    loop {
        let end = after.iter().map(|it| format!("{it}, ")).collect::<String>() + &clock(elapsed);
        let left = room.checked_sub(width::of(&shown.before) + width::of(&end) + 2);
        // Of a path, so much should be left that a version can be told.
        match left.filter(|left| *left >= width::of(&shown.what).min(24)) {
            Some(left) => {
                let cut = if shown.is_path { width::cut_path } else { width::cut };
                return format!("{}{}  {end}", shown.before, cut(&shown.what, left));
            }
            None if after.pop().is_none() => {
                return width::cut(&format!("{}{}", shown.before, shown.what), room);
            }
            None => {}
        }
    }
}

/// `12 s`, `3 min 05 s`, `2 h 07 min`.
fn clock(elapsed: Duration) -> String {
    match elapsed.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// `1 row`, `1,234,567 rows`.
pub(super) fn rows(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{text} {}", if number == 1 { "row" } else { "rows" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(what: &str) -> Shown {
        Shown {
            since: Instant::now(),
            before: "[2/7] ".to_owned(),
            what: what.to_owned(),
            is_path: true,
            after: vec!["statement 3 of 120".to_owned(), rows(4211)],
        }
    }

    #[test]
    fn says_what_there_is_room_for() {
        let shown = shown("services/billing/migrations/20240219-084500_order_backfill_total_v1.up.sql");
        let line = |room| text(&shown, Duration::from_secs(63), room);
        assert_eq!(
            line(197),
            "[2/7] services/billing/migrations/20240219-084500_order_backfill_total_v1.up.sql  statement 3 of 120, 4,211 rows, 1 min 03 s"
        );
        assert_eq!(line(77), "[2/7] 20240219-0845…tal_v1.up.sql  statement 3 of 120, 4,211 rows, 1 min 03 s");
        assert_eq!(line(62), "[2/7] 20240219-084…l_v1.up.sql  statement 3 of 120, 1 min 03 s");
        assert_eq!(line(47), "[2/7] 20240219-08450…otal_v1.up.sql  1 min 03 s");
        assert_eq!(line(20), "[2/7] services/bill…");
        for room in 0..200 {
            assert!(width::of(&line(room)) <= room.max(1), "{room}: {}", line(room));
        }
    }

    #[test]
    fn letters_of_two_columns_fit_too() {
        let shown = shown("移行/表を作成する_データを移す_索引を作る_制約を加える.up.sql");
        for room in 0..120 {
            let line = text(&shown, Duration::ZERO, room);
            assert!(width::of(&line) <= room.max(1), "{room}: {line}");
        }
    }

    #[test]
    fn numbers_and_times_for_people() {
        assert_eq!((rows(1), rows(999), rows(1_234_567)), ("1 row".into(), "999 rows".into(), "1,234,567 rows".into()));
        let clock = |seconds| clock(Duration::from_secs(seconds));
        assert_eq!((clock(59), clock(61), clock(7620)), ("59 s".into(), "1 min 01 s".into(), "2 h 07 min".into()));
    }
}
