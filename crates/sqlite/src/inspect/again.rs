//! Reads again what has other statements than it had, and what hangs on it.
//!
//! A table or view is read of its own statement, of those of its indexes and triggers, and of the tables that its foreign keys name. Where a reading
//! depends on more (what is in double quotes and a name of nothing is a string), or something could not be read, everything is read.

use std::collections::{HashSet, VecDeque};

use driftlock_database::Inspection;
use driftlock_schema::{Id, Name, Object};
use rusqlite::Connection;

use super::{Kind, Row, Seen, Virtuals, assemble, each_row, settings, snapshot, virtuals};
use crate::error::Fault;

/// The statements that were read last, and what became of them.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    rows: Vec<Row>,
    virtuals: Virtuals,
    /// Where it can be built on.
    last: Option<Inspection>,
}

/// See [`Session::inspect_again`](driftlock_database::Session::inspect_again).
pub(crate) fn take_again(connection: &Connection, memory: &mut Memory) -> Result<Inspection, Fault> {
    // What fails in the midst leaves nothing to build on.
    let before = std::mem::take(memory);
    let (now, inspection) = snapshot(connection, |connection| renewed(connection, before))?;
    *memory = now;
    Ok(inspection)
}

fn renewed(connection: &Connection, before: Memory) -> Result<(Memory, Inspection), Fault> {
    let changes = Changes::since(connection, before.rows)?;
    let virtuals = virtuals(connection, &changes.rows)?;
    let last = before.last.filter(|_| virtuals == before.virtuals);
    let known = last.and_then(|last| in_part(last, &changes, &virtuals));
    let (mut inspection, stands_alone) = known.map_or_else(
        || {
            let (inspection, asked) = assemble(&changes.rows, &virtuals, |_| true, &|_| None);
            (inspection, !asked)
        },
        |inspection| (inspection, true),
    );
    inspection.schema.remove(&Id::new("database", Name::new("main")));
    inspection.schema.extend(settings(connection)?);
    let last = (stands_alone && inspection.unmodelled.is_empty()).then(|| inspection.clone());
    Ok((Memory { rows: changes.rows, virtuals, last }, inspection))
}

/// The last reading with what has changed since; nothing where more than that has to be read.
fn in_part(last: Inspection, changes: &Changes, virtuals: &Virtuals) -> Option<Inspection> {
    let is_changed = |named: &str| changes.owners.contains(&named.to_ascii_lowercase());
    let mut these = changes.owners.clone();
    for table in last.schema.of_kind("table") {
        let mut parents = table.parts_of("foreign_key").filter_map(|key| key.attributes.text("references"));
        if parents.any(is_changed) {
            these.insert(table.name.name.to_ascii_lowercase());
        }
    }
    let name_of = |owner: &str| {
        let is_it = |row: &&Row| row.kind == Kind::Table && row.owner == owner;
        changes.rows.iter().find(is_it).map(|row| row.name.as_str())
    };
    let elsewhere = |owner: &str| -> Option<&Object> {
        last.schema.get(&Id::new("table", Name::new(name_of(owner)?))).filter(|_| !these.contains(owner))
    };
    let (read, asked) = assemble(&changes.rows, virtuals, |owner| these.contains(owner), &elsewhere);
    if asked {
        return None;
    }
    let mut inspection = Inspection { unmodelled: read.unmodelled, ..last };
    for name in &changes.gone {
        for kind in ["table", "view", "virtual_table"] {
            inspection.schema.remove(&Id::new(kind, Name::new(name.as_str())));
        }
    }
    inspection.schema.extend(read.schema.objects().cloned());
    Some(inspection)
}

/// What became of rows.
struct Changes {
    /// All as they are now.
    rows: Vec<Row>,
    /// The tables and views of those that came, went or say something else.
    owners: HashSet<String>,
    /// The names of those that went or say something else.
    gone: Vec<String>,
}

impl Changes {
    fn since(connection: &Connection, before: Vec<Row>) -> Result<Self, Fault> {
        let mut changes =
            Changes { rows: Vec::with_capacity(before.len() + 1), owners: HashSet::new(), gone: Vec::new() };
        let mut before = VecDeque::from(before);
        each_row(connection, |seen| changes.see(seen, &mut before))?;
        before.into_iter().for_each(|row| changes.gone(row));
        Ok(changes)
    }

    /// Rows come in the order in which they came before: what is between two of them and doesn't come has gone.
    fn see(&mut self, seen: Seen<'_>, before: &mut VecDeque<Row>) {
        let is_it = |row: &Row| row.kind == seen.kind && row.name == seen.name;
        let at = before.iter().position(is_it);
        before.drain(..at.unwrap_or(0)).for_each(|row| self.gone(row));
        match at.and_then(|_| before.pop_front()) {
            Some(row) if row.sql.as_deref().map_err(|why| *why) == seen.sql && row.is_of(&seen) => self.rows.push(row),
            other => {
                other.into_iter().for_each(|row| self.gone(row));
                let row = Row::from(seen);
                self.owners.insert(row.owner.clone());
                self.rows.push(row);
            }
        }
    }

    fn gone(&mut self, row: Row) {
        self.owners.insert(row.owner);
        self.gone.push(row.name);
    }
}

impl Row {
    /// Whether it is of the same table or view as another of its kind and name.
    fn is_of(&self, seen: &Seen<'_>) -> bool {
        matches!(self.kind, Kind::Table | Kind::View) || self.owner.eq_ignore_ascii_case(&seen.table)
    }
}
