//! The chain through the history: an edited, removed or inserted row shows.
//!
//! A row's chain is the SHA-256, in hexadecimal, of the chain of the row before it (empty for the first) and then of each of the
//! row's fields, in the order of the table's columns from `sequence` to `error`: a line feed, then `-` where the field is
//! NULL, else its length in bytes, a colon and its text. Numbers are decimal, times are `2026-11-22T09:30:00.123456Z`, and
//! `rollback_sql` is represented by the SHA-256 of its text. Against one who may write both tables this is a hint and no more: he
//! can compute a new chain as well.

use driftlock_database::{Fence, HistoryRow};
use driftlock_script::raw_sha256;

use crate::Finding;

/// The chain of a row, given that of the row before it. The row's own `chain` is not looked at.
#[must_use]
pub fn link(previous: &str, row: &HistoryRow) -> String {
    let HistoryRow {
        sequence,
        attempt,
        version,
        name,
        direction,
        state,
        sha256,
        crc32,
        rollback_sql,
        expected,
        started_at,
        ended_at,
        duration_ms,
        applied_by,
        os_user,
        host,
        environment,
        route,
        git_commit,
        git_author,
        ci_job,
        ci_url,
        tool_version,
        reason,
        error,
        chain: _,
    } = row;
    let fields: [Option<String>; 25] = [
        Some(sequence.to_string()),
        Some(attempt.clone()),
        Some(version.clone()),
        Some(name.clone()),
        Some(direction.as_str().to_owned()),
        Some(state.as_str().to_owned()),
        sha256.clone(),
        crc32.clone(),
        rollback_sql.as_ref().map(|sql| raw_sha256(sql.as_bytes())),
        expected.clone(),
        Some(started_at.to_string()),
        ended_at.map(|at| at.to_string()),
        duration_ms.map(|millis| millis.to_string()),
        Some(applied_by.clone()),
        Some(os_user.clone()),
        Some(host.clone()),
        Some(environment.clone()),
        route.clone(),
        Some(git_commit.clone()),
        Some(git_author.clone()),
        Some(ci_job.clone()),
        ci_url.clone(),
        Some(tool_version.clone()),
        reason.clone(),
        error.clone(),
    ];
    let mut text = previous.to_owned();
    for field in fields {
        match field {
            None => text.push_str("\n-"),
            Some(field) => {
                text.push('\n');
                text.push_str(&field.len().to_string());
                text.push(':');
                text.push_str(&field);
            }
        }
    }
    raw_sha256(text.as_bytes())
}

/// Follows the chain from the first row to the fence, and says what is wrong with the first row that isn't as it was written.
pub(crate) fn verify(rows: &[HistoryRow], fence: &Fence) -> Result<(), Box<Finding>> {
    let mut previous = "";
    for (at, (row, sequence)) in rows.iter().zip(1..).enumerate() {
        if row.sequence != sequence || !fits(previous, row, sequence) {
            return Err(Box::new(broken(rows, at, fence)));
        }
        previous = &row.chain;
    }
    end(rows, fence).map_or(Ok(()), |finding| Err(Box::new(finding)))
}

/// Whether a row was written with this sequence behind a row with that chain.
fn fits(previous: &str, row: &HistoryRow, sequence: i64) -> bool {
    if row.sequence == sequence {
        link(previous, row) == row.chain
    } else {
        link(previous, &HistoryRow { sequence, ..row.clone() }) == row.chain
    }
}

/// What became of the first row that doesn't follow the one before it. Every guess is proved by a chain that fits, so that who edits
/// one row isn't said to have removed another.
fn broken(rows: &[HistoryRow], at: usize, fence: &Fence) -> Finding {
    let row = &rows[at];
    let sequence = number(at + 1);
    let chain_of = |before: usize| before.checked_sub(1).map_or("", |before| rows[before].chain.as_str());
    let previous = chain_of(at);
    let next = rows.get(at + 1);
    let belongs_here = rows.iter().skip(at + 1).position(|other| fits(previous, other, sequence)).map(|by| at + 1 + by);
    let about = |row: &HistoryRow, what: String| Finding::tampered(Some(row.sequence), Some(&row.version), &what);

    if row.sequence < sequence {
        return about(row, format!("{} was put in or renumbered: sequences rise from 1", named(row)));
    }
    if row.sequence > sequence {
        let behind = at.checked_sub(1).map(|before| format!(" behind {}", named(&rows[before]))).unwrap_or_default();
        let renumbered = belongs_here.or_else(|| fits(previous, row, sequence).then_some(at)).map(|at| &rows[at]);
        return match renumbered {
            Some(row) => about(row, format!("{} was renumbered: it was row {sequence}", named(row))),
            None => Finding::tampered(Some(sequence), None, &format!("row {sequence} was removed{behind}")),
        };
    }
    if sequence > fence.head && previous == fence.head_chain {
        return about(row, format!("{} was put in: {}", named(row), last_known(fence)));
    }
    // Put in by one who computed its chain: then it is the row behind it that doesn't fit.
    if let Some(before) = at.checked_sub(1)
        && fits(chain_of(before), row, sequence - 1)
    {
        let row = &rows[before];
        return about(row, format!("{} was put in: row {sequence} was written in its place", named(row)));
    }
    if let Some(other) = belongs_here {
        let before_other = if other == at + 1 { rows[other].chain.as_str() } else { chain_of(other) };
        return if fits(before_other, row, rows[other].sequence) {
            about(row, format!("{} and row {} were exchanged", named(row), rows[other].sequence))
        } else {
            about(row, format!("{} was put in: row {} was written in its place", named(row), rows[other].sequence))
        };
    }
    // That it is whole with what follows tells that only its fields, or only its chain, are not what they were.
    let is_last = next.is_none() && fence.head == sequence;
    let is_followed = |chain: &str| match next {
        Some(next) => fits(chain, next, next.sequence),
        None => is_last && chain == fence.head_chain,
    };
    if is_followed(&row.chain) {
        let or = at
            .checked_sub(1)
            .map(|before| format!(" (or row {} was, by one who computed its chain anew)", rows[before].sequence));
        return about(row, format!("{} was edited{}", named(row), or.unwrap_or_default()));
    }
    if is_followed(&link(previous, row)) {
        return about(row, format!("the chain of {} was edited", named(row)));
    }
    // Rows are gone and those behind them were renumbered: they are whole where they were.
    let gone = (fence.head - number(rows.len())).max(1);
    let was_behind = |gone: i64| next.is_some_and(|next| fits(&row.chain, next, next.sequence + gone));
    if was_behind(gone) || (next.is_none() && fence.head > sequence && row.chain == fence.head_chain) {
        let what = format!("row {sequence} was removed, and the rows behind it were renumbered");
        return Finding::tampered(Some(sequence), None, &what);
    }
    about(row, format!("{} and what follows it were edited", named(row)))
}

/// What the fence says against rows that are whole among themselves.
fn end(rows: &[HistoryRow], fence: &Fence) -> Option<Finding> {
    let last = rows.last();
    let (count, chain) = (number(rows.len()), last.map_or("", |row| row.chain.as_str()));
    if fence.head == count && fence.head_chain == chain {
        return None;
    }
    let of_fence = |what: &str| Some(Finding::tampered(None, None, what));
    if fence.token == 0 {
        // No row was ever written without a token.
        return of_fence(&format!("the fence's row was removed or made anew, and the history has {count} rows"));
    }
    if fence.head_chain == chain {
        return of_fence(&format!("the fence's head was edited: it says {}, and the last row is {count}", fence.head));
    }
    if fence.head > count {
        let behind = last.map(|row| format!(" behind {}", named(row))).unwrap_or_default();
        let what = format!("row {} was removed{behind}: {}", count + 1, last_known(fence));
        return Some(Finding::tampered(Some(count + 1), None, &what));
    }
    let put_in = usize::try_from(fence.head).ok().and_then(|head| {
        let known = head.checked_sub(1).map_or("", |at| rows.get(at).map_or("", |row| row.chain.as_str()));
        rows.get(head).filter(|_| known == fence.head_chain)
    });
    if let Some(row) = put_in {
        let what = format!("{} was put in: {}", named(row), last_known(fence));
        return Some(Finding::tampered(Some(row.sequence), Some(&row.version), &what));
    }
    match last {
        Some(row) if fence.head == count => {
            let what = format!(
                "{} isn't the one that the fence knows as the last, or the fence's head_chain was edited",
                named(row)
            );
            Some(Finding::tampered(Some(row.sequence), Some(&row.version), &what))
        }
        _ => of_fence(&format!(
            "the fence was edited: it says {} with a chain that no row has, and the last row is {count}",
            fence.head
        )),
    }
}

fn named(row: &HistoryRow) -> String {
    format!("row {} (version {}, {} {})", row.sequence, row.version, row.direction.as_str(), row.state.as_str())
}

fn last_known(fence: &Fence) -> String {
    format!("the last that the fence knows is row {}", fence.head)
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use driftlock_database::{Direction, State, Timestamp};

    use super::*;

    fn row(sequence: i64) -> HistoryRow {
        HistoryRow {
            sequence,
            attempt: format!("a{sequence}"),
            version: "1".into(),
            name: "n".into(),
            direction: Direction::Up,
            state: State::Done,
            sha256: Some("s".into()),
            crc32: None,
            rollback_sql: Some("DROP TABLE a".into()),
            expected: None,
            started_at: Timestamp::from_micros(1),
            ended_at: Some(Timestamp::from_micros(2)),
            duration_ms: Some(0),
            applied_by: "u".into(),
            os_user: "o".into(),
            host: "h".into(),
            environment: "unknown".into(),
            route: None,
            git_commit: "unknown".into(),
            git_author: "ci-runner".into(),
            ci_job: "unknown".into(),
            ci_url: None,
            tool_version: "0".into(),
            reason: None,
            error: None,
            chain: String::new(),
        }
    }

    fn chained(count: i64) -> (Vec<HistoryRow>, Fence) {
        let mut previous = String::new();
        let rows: Vec<HistoryRow> = (1..=count)
            .map(|sequence| {
                let mut row = row(sequence);
                row.chain = link(&previous, &row);
                previous.clone_from(&row.chain);
                row
            })
            .collect();
        (rows, Fence { token: 1, head: count, head_chain: previous, environment: None, format: 1 })
    }

    /// Sequence of the row that is named, and a part of what is said.
    fn found(rows: &[HistoryRow], fence: &Fence) -> Option<(Option<i64>, String)> {
        verify(rows, fence).err().map(|finding| (finding.row, finding.message))
    }

    #[test]
    fn the_first_changed_row_is_named() {
        let (rows, fence) = chained(5);
        assert_eq!(found(&rows, &fence), None);
        assert_eq!(found(&[], &chained(0).1), None);
        type Edit = fn(&mut Vec<HistoryRow>, &mut Fence);
        let edits: [(&str, Edit, Option<i64>, &str); 25] = [
            (
                "field",
                |rows, _| rows[2].git_author = "someone".into(),
                Some(3),
                "row 3 (version 1, up done) was edited",
            ),
            ("rollback", |rows, _| rows[2].rollback_sql = Some("DROP TABLE b".into()), Some(3), "was edited"),
            ("null", |rows, _| rows[2].sha256 = None, Some(3), "was edited"),
            (
                "between fields",
                |rows, _| {
                    rows[1].version = String::new();
                    rows[1].name = "1n".into();
                },
                Some(2),
                "was edited",
            ),
            ("first", |rows, _| rows[0].name = "x".into(), Some(1), "was edited"),
            ("last", |rows, _| rows[4].name = "x".into(), Some(5), "was edited"),
            ("chain", |rows, _| rows[2].chain = "0".repeat(64), Some(3), "the chain of row 3"),
            ("last chain", |rows, _| rows[4].chain = "0".repeat(64), Some(5), "the chain of row 5"),
            (
                "sequence",
                |rows, _| {
                    rows[1].sequence = 99;
                    rows.sort_by_key(|row| row.sequence);
                },
                Some(99),
                "it was row 2",
            ),
            ("last sequence", |rows, _| rows[4].sequence = 7, Some(7), "it was row 5"),
            (
                "negative sequence",
                |rows, _| {
                    rows[1].sequence = -2;
                    rows.sort_by_key(|row| row.sequence);
                },
                Some(-2),
                "put in or renumbered",
            ),
            ("first removed", |rows, _| drop(rows.remove(0)), Some(1), "row 1 was removed"),
            ("middle removed", |rows, _| drop(rows.remove(2)), Some(3), "row 3 was removed behind row 2"),
            ("last removed", |rows, _| drop(rows.pop()), Some(5), "row 5 was removed behind row 4"),
            ("all removed", |rows, _| rows.clear(), Some(1), "row 1 was removed"),
            (
                "removed and renumbered",
                |rows, _| {
                    rows.remove(2);
                    rows.iter_mut().zip(1..).for_each(|(row, sequence)| row.sequence = sequence);
                },
                Some(3),
                "row 3 was removed, and the rows behind it were renumbered",
            ),
            (
                "one before the last removed and renumbered",
                |rows, _| {
                    rows.remove(3);
                    rows[3].sequence = 4;
                },
                Some(4),
                "row 4 was removed, and",
            ),
            (
                "put in",
                |rows, _| {
                    rows.insert(2, row(3));
                    rows.iter_mut().zip(1..).for_each(|(row, sequence)| row.sequence = sequence);
                },
                Some(3),
                "was put in",
            ),
            (
                "put in with a chain",
                |rows, _| {
                    let mut new = row(3);
                    new.chain = link(&rows[1].chain, &new);
                    rows.insert(2, new);
                    rows.iter_mut().zip(1..).for_each(|(row, sequence)| row.sequence = sequence);
                },
                Some(3),
                "was put in",
            ),
            (
                "put in behind",
                |rows, _| rows.push(row(6)),
                Some(6),
                "was put in: the last that the fence knows is row 5",
            ),
            (
                "put in behind with a chain",
                |rows, _| {
                    let mut new = row(6);
                    new.chain = link(&rows[4].chain, &new);
                    rows.push(new);
                },
                Some(6),
                "was put in: the last that the fence knows is row 5",
            ),
            (
                "exchanged",
                |rows, _| {
                    (rows[1].sequence, rows[3].sequence) = (4, 2);
                    rows.swap(1, 3);
                },
                Some(2),
                "row 2 (version 1, up done) and row 4 were exchanged",
            ),
            ("head", |_, fence| fence.head = 4, None, "the fence's head was edited: it says 4, and the last row is 5"),
            ("head_chain", |_, fence| fence.head_chain = "x".into(), Some(5), "head_chain was edited"),
            ("fence", |_, fence| *fence = Fence::untaken(), None, "the fence's row was removed"),
        ];
        for (what, edit, row, part) in edits {
            let (mut rows, mut fence) = (rows.clone(), fence.clone());
            edit(&mut rows, &mut fence);
            let found = found(&rows, &fence).unwrap_or_else(|| panic!("{what} is not seen"));
            assert!(found.0 == row && found.1.contains(part), "{what}: {found:?}");
        }
    }

    #[test]
    fn neighbours_that_were_exchanged_are_both_named() {
        let (mut rows, fence) = chained(4);
        rows.swap(1, 2);
        (rows[1].sequence, rows[2].sequence) = (2, 3);
        let found = found(&rows, &fence).unwrap();
        assert!(found.0 == Some(2) && found.1.contains("and row 3 were exchanged"), "{found:?}");
    }

    #[test]
    fn a_row_whose_chain_was_computed_anew_is_named_beside_the_next() {
        let (mut rows, fence) = chained(4);
        rows[1].name = "x".into();
        rows[1].chain = link(&rows[0].chain, &rows[1]);
        let found = found(&rows, &fence).unwrap();
        assert!(found.0 == Some(3) && found.1.contains("or row 2 was"), "{found:?}");
    }
}
