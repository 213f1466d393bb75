//! Whether the catalogs are still what they were at a moment.
//!
//! The functions that print definitions see the newest catalogs, not those of the transaction that asks: what they said holds when no row has come
//! to the catalogs since that transaction's moment, and none has gone. Where no transaction of the whole server ended between two snapshots, that
//! goes without looking. Else each catalog is asked for how many rows it has, and for one that the first snapshot doesn't see.

use driftlock_database::Error;

use crate::marks;
use crate::session::only_row;
use crate::sql::Values;
use crate::wire::ResultSet;

/// A snapshot, as the server prints it: `xmin:xmax:xip,…`.
pub(super) const SNAPSHOT: &str = "SELECT pg_catalog.pg_current_snapshot()::text";

/// Asks for a moment: the snapshot, and how many rows each catalog has.
pub(super) fn question(major: u32) -> String {
    let counts: Vec<String> =
        marks::names(major).map(|name| format!("(SELECT count(*) FROM pg_catalog.{name})")).collect();
    format!("SELECT pg_catalog.pg_current_snapshot()::text, pg_catalog.concat_ws(' ', {})", counts.join(", "))
}

/// What the catalogs were at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    snapshot: String,
    counts: String,
}

impl Moment {
    /// Reads the answer to [`question`].
    pub(super) fn read(answer: Option<&ResultSet>) -> Result<Self, Error> {
        let row = answer.and_then(|answer| answer.rows.first()).map(Values);
        let row = row.ok_or_else(|| Error::Protocol("the server doesn't say what it sees".to_owned()))?;
        Ok(Moment { snapshot: row.text(0)?, counts: row.text(1)? })
    }

    /// Whether no transaction can have ended between the two: none was under way, and none has ended since.
    pub(super) fn is_still(&self, snapshot: &str) -> bool {
        let mut ends = self.snapshot.split(':');
        ends.next() == ends.next() && self.snapshot == snapshot
    }

    /// Of a snapshot alone.
    pub(super) fn of(snapshot: String) -> Self {
        Moment { snapshot, counts: String::new() }
    }

    /// Whether some transaction hadn't ended yet.
    pub(super) fn is_anything_under_way(&self) -> bool {
        self.snapshot.split(':').nth(2).is_some_and(|these| !these.is_empty())
    }

    /// Of the transactions that it doesn't see, in SQL: the first of those that come, and those that were under way.
    pub(super) fn unseen(&self) -> (String, String) {
        let mut parts = self.snapshot.split(':').skip(1);
        // Rows have the lower half of a transaction's number.
        let number = |text: &str| text.parse::<u64>().unwrap_or(0) & u64::from(u32::MAX);
        let next = parts.next().map_or(0, number);
        let under_way: Vec<String> =
            parts.next().unwrap_or_default().split(',').map(|it| number(it).to_string()).collect();
        (format!("'{next}'::pg_catalog.xid"), format!("'{{{}}}'::pg_catalog.xid[]", under_way.join(",")))
    }

    /// Asks how many rows each catalog has, and for each whether it has some that this moment doesn't see.
    pub(super) fn question_after(&self, major: u32) -> String {
        let (next, under_way) = self.unseen();
        let is_new = is_new("c", &next, Some(&under_way));
        let catalogs: Vec<String> = marks::names(major)
            .map(|name| {
                format!(
                    "(SELECT pg_catalog.concat(count(*), CASE WHEN count(*) FILTER (WHERE {is_new}) > 0 THEN ' new' END) FROM pg_catalog.{name} c)"
                )
            })
            .collect();
        format!("SELECT pg_catalog.concat_ws(' ', {})", catalogs.join(", "))
    }

    /// Whether the answer to [`question_after`](Self::question_after) says that nothing has changed.
    pub(super) fn holds(&self, answer: &[ResultSet]) -> Result<bool, Error> {
        only_row(answer).map_or(Ok(false), |row| Ok(row.text(0)? == self.counts))
    }
}

/// Whether a row was written by a transaction that a moment doesn't see, in SQL: by what [`Moment::unseen`] says.
pub(super) fn is_new(row: &str, next: &str, under_way: Option<&str>) -> String {
    // A row that was frozen long ago may bear a number that would be in the future by now.
    let came =
        format!("pg_catalog.age({row}.xmin) <= (SELECT pg_catalog.age({next})) AND pg_catalog.age({row}.xmin) >= 0");
    match under_way {
        Some(under_way) => format!("{came} OR {row}.xmin = ANY ({under_way})"),
        None => came,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(snapshot: &str) -> Moment {
        Moment::of(snapshot.to_owned())
    }

    #[test]
    fn only_a_server_on_which_nothing_ended_is_still() {
        assert!(moment("730:730:").is_still("730:730:"));
        assert!(!moment("730:730:").is_still("730:731:"));
        // One that was under way may have ended after.
        assert!(!moment("730:732:730").is_still("730:732:730"));
    }

    #[test]
    fn numbers_of_transactions_are_cut_as_rows_have_them() {
        let question = moment("4294967300:4294967303:4294967300,4294967301").question_after(15);
        assert!(question.contains("age('7'::pg_catalog.xid)"), "{question}");
        assert!(question.contains("ANY ('{4,5}'::pg_catalog.xid[])"), "{question}");
    }
}
