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

/// Follows the chain from the first row to the fence.
pub(crate) fn verify(rows: &[HistoryRow], fence: &Fence) -> Result<(), Box<Finding>> {
    let tampered = |what: String| Box::new(Finding::tampered(&what));
    let mut previous = String::new();
    for (row, sequence) in rows.iter().zip(1..) {
        if row.sequence != sequence {
            return Err(tampered(format!("row {sequence} is missing")));
        }
        if link(&previous, row) != row.chain {
            return Err(tampered(format!(
                "row {sequence} (version {}, {} {}) was edited, or a row before it was exchanged",
                row.version,
                row.direction.as_str(),
                row.state.as_str()
            )));
        }
        previous.clone_from(&row.chain);
    }
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    if fence.head != count {
        return Err(tampered(format!("it has {count} rows and the fence counts {}", fence.head)));
    }
    if fence.head_chain != previous {
        return Err(tampered("its last row is not the one that the fence knows".to_owned()));
    }
    Ok(())
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

    #[test]
    fn every_change_shows() {
        let (rows, fence) = chained(3);
        assert_eq!(verify(&rows, &fence), Ok(()));
        assert_eq!(verify(&[], &chained(0).1), Ok(()));
        type Edit = fn(&mut Vec<HistoryRow>);
        let edits: [(&str, Edit); 7] = [
            ("edited field", |rows| rows[1].git_author = "someone".into()),
            ("edited rollback", |rows| rows[1].rollback_sql = Some("DROP TABLE b".into())),
            ("nulled field", |rows| rows[1].sha256 = None),
            ("first removed", |rows| drop(rows.remove(0))),
            ("last removed", |rows| drop(rows.pop())),
            ("moved text between fields", |rows| {
                rows[1].version = String::new();
                rows[1].name = "1n".into();
            }),
            ("inserted", |rows| {
                let mut row = row(4);
                row.chain = link(&rows[2].chain, &row);
                rows.push(row);
            }),
        ];
        for (what, edit) in edits {
            let mut rows = rows.clone();
            edit(&mut rows);
            assert!(verify(&rows, &fence).is_err(), "{what}");
        }
    }
}
