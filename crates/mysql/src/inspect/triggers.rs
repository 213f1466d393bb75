//! Triggers, which are parts of their tables.

use std::collections::BTreeMap;

use driftlock_database::Error;
use driftlock_schema::Part;

use super::routines::{code, session, unspeakable};
use super::{Found, Reader};
use crate::definer::Own;
use crate::wire::text;

pub(super) async fn read(reader: &mut Reader<'_>, found: &mut Found, own: &Own) -> Result<(), Error> {
    let sql = format!(
        "SELECT EVENT_OBJECT_TABLE, TRIGGER_NAME, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER, ACTION_STATEMENT, DEFINER, SQL_MODE, \
         CHARACTER_SET_CLIENT, COLLATION_CONNECTION, DATABASE_COLLATION FROM information_schema.TRIGGERS WHERE {}",
        // By this name of it MariaDB opens no other database's.
        reader.within("EVENT_OBJECT_SCHEMA", "EVENT_OBJECT_TABLE")
    );
    let rows = reader.rows(&sql).await?;
    let mut several: BTreeMap<[&str; 3], usize> = BTreeMap::new();
    for row in &rows {
        *several.entry([text(row, 0), text(row, 2), text(row, 3)]).or_default() += 1;
    }
    for row in &rows {
        let mut trigger = Part::new("trigger", text(row, 1));
        let said = &mut trigger.attributes;
        said.set("timing", text(row, 2).to_ascii_lowercase());
        said.set("event", text(row, 3).to_ascii_lowercase());
        if several[&[text(row, 0), text(row, 2), text(row, 3)]] > 1 {
            said.set_some("position", text(row, 4).parse::<i64>().ok());
        }
        let mode = text(row, 7);
        let body = reader.whole(text(row, 5), ["TRIGGER", text(row, 1)], 2, 1).await?;
        if let Some(reason) = unspeakable(reader, text(row, 8), &body) {
            found.unmodelled("trigger", text(row, 1), reason);
            continue;
        }
        said.set("body", code(&body, mode));
        said.set("definer", own.name(text(row, 6)));
        session(said, found, [mode, text(row, 8), text(row, 9), text(row, 10)]);
        if let Some(table) = found.tables.get_mut(text(row, 0)) {
            table.parts.push(trigger);
        }
    }
    Ok(())
}
