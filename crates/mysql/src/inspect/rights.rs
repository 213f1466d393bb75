//! What a login may not see: these servers leave it out without a word.

use super::{Found, Reader};

pub(super) fn look(reader: &Reader<'_>, found: &mut Found) {
    let (grants, database) = (&reader.grants, &reader.database);
    let lacks = |right: &str| !grants.missing(database, None, &[right]).is_empty();
    let mut say = |right: &str, what: &str| {
        found.incomplete.insert(format!("{what} that this login may not see: grant {right} on the database"));
    };
    if lacks("SELECT") {
        say("SELECT", "there may be tables, views and columns");
    }
    if lacks("TRIGGER") {
        say("TRIGGER", "there may be triggers");
    }
    if lacks("EVENT") {
        say("EVENT", "there may be events");
    }
    let sees_routines = ["EXECUTE", "ALTER ROUTINE", "CREATE ROUTINE", "SHOW CREATE ROUTINE", "SHOW_ROUTINE"];
    let reads_proc = grants.missing("mysql", Some("proc"), &["SELECT"]).is_empty();
    if sees_routines.iter().all(|right| lacks(right)) && !reads_proc {
        say("EXECUTE", "there may be routines");
    }
}
