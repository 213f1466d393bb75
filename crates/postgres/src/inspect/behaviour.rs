//! What happens beside what a statement says: triggers, rules, policies.

use driftlock_database::Error;
use driftlock_schema::{Part, Value};

use super::grants::PUBLIC;
use super::reading::{Reading, numbers, oid};
use super::{Address, Source, catalog};
use crate::sql::Values;

pub(super) const TRIGGERS: Source = Source {
    sql: |_| {
        "SELECT t.oid, t.tgrelid, t.tgname, t.tgtype, t.tgenabled, f.nspname, p.proname, pg_catalog.encode(t.tgargs, 'hex'), t.tgattr::text, \
         t.tgdeferrable, t.tginitdeferred, t.tgoldtable, t.tgnewtable, t.tgconstraint <> 0, r.relname, s.nspname, \
         CASE WHEN t.tgqual IS NOT NULL THEN pg_catalog.pg_get_triggerdef(t.oid, false) END, t.tgparentid, y.tgenabled, t.tgconstraint \
         FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid JOIN pg_catalog.pg_namespace f ON f.oid = p.pronamespace \
         LEFT JOIN pg_catalog.pg_class r ON r.oid = t.tgconstrrelid LEFT JOIN pg_catalog.pg_namespace s ON s.oid = r.relnamespace \
         LEFT JOIN pg_catalog.pg_trigger y ON y.oid = t.tgparentid \
         WHERE (NOT t.tgisinternal OR t.tgparentid <> 0 AND NOT y.tgisinternal) AND {users} AND {in t.tgrelid pg_trigger} ORDER BY t.oid"
            .to_owned()
    },
    read: trigger,
};

fn trigger(reading: &mut Reading, row: Values<'_>) -> Result<(), Error> {
    let (table, bits) = (oid(&row, 1)?, row.number(3)?);
    let mut part = Part::new("trigger", row.text(2)?);
    let say = &mut part.attributes;
    let enabled = row.optional(4)?;
    if row.optional(17)? != Some("0") {
        // A partition has it from its parent; here is what isn't so there.
        if enabled == row.optional(18)? {
            return Ok(());
        }
        say.set("inherited", true);
        say.set("enabled", state(enabled).unwrap_or("origin"));
        reading.part(Address::new(catalog::CLASS, table), Address::read(catalog::TRIGGER, &row, 0)?, part);
        return Ok(());
    }
    say.set_some("enabled", state(enabled));
    let timing = if bits & 64 != 0 {
        "instead of"
    } else if bits & 2 != 0 {
        "before"
    } else {
        "after"
    };
    say.set("timing", timing);
    let events = [(4, "insert"), (8, "delete"), (16, "update"), (32, "truncate")];
    let events: Vec<&str> = events.into_iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| name).collect();
    say.set("events", events);
    let columns = reading.column_names(table, &numbers(row.optional(8)?));
    say.set_some("columns", (!columns.is_empty()).then_some(columns));
    say.set_flag("for_each_row", bits & 1 != 0);
    say.set("function", Value::map([("schema", row.text(5)?), ("name", row.text(6)?)]));
    let arguments = arguments(&row.text(7)?);
    say.set_some("arguments", (!arguments.is_empty()).then_some(arguments));
    say.set_some("when", row.optional(16)?.and_then(condition));
    say.set_some("old_table", row.maybe(11)?);
    say.set_some("new_table", row.maybe(12)?);
    say.set_flag("constraint", row.yes(13)?);
    say.set_flag("deferrable", row.yes(9)?);
    say.set_flag("initially_deferred", row.yes(10)?);
    if let Some(from) = row.maybe(14)? {
        say.set("from", Value::map([("schema", row.text(15)?), ("table", from)]));
    }
    let at = Address::read(catalog::TRIGGER, &row, 0)?;
    if reading.part(Address::new(catalog::CLASS, table), at, part) && row.yes(13)? {
        reading.alias(Address::read(catalog::CONSTRAINT, &row, 19)?, at);
    }
    Ok(())
}

/// When a trigger or a rule fires, where that isn't whenever the session's own statements do.
fn state(letter: Option<&str>) -> Option<&'static str> {
    match letter {
        Some("D") => Some("disabled"),
        Some("R") => Some("replica"),
        Some("A") => Some("always"),
        _ => None,
    }
}

/// A trigger's arguments, out of bytes in which each ends with a zero.
fn arguments(hex: &str) -> Vec<String> {
    let bytes: Vec<u8> = (0..hex.len() / 2)
        .filter_map(|at| hex.get(at * 2..at * 2 + 2).and_then(|byte| u8::from_str_radix(byte, 16).ok()))
        .collect();
    let mut parts: Vec<String> =
        bytes.split(|byte| *byte == 0).map(|it| String::from_utf8_lossy(it).into_owned()).collect();
    parts.pop();
    parts
}

/// A trigger's condition, which is printed in its definition alone.
fn condition(definition: &str) -> Option<String> {
    let begin = ["FOR EACH ROW WHEN (", "FOR EACH STATEMENT WHEN ("];
    let start = begin.iter().filter_map(|it| definition.find(it).map(|at| at + it.len())).min()?;
    let end = definition.rfind(") EXECUTE FUNCTION ")?;
    definition.get(start..end).map(str::to_owned)
}

pub(super) const RULES: Source = Source {
    sql: |_| {
        "SELECT r.oid, r.ev_class, r.rulename, r.ev_enabled, pg_catalog.pg_get_ruledef(r.oid, false) FROM pg_catalog.pg_rewrite r \
         JOIN pg_catalog.pg_class c ON c.oid = r.ev_class JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE r.rulename <> '_RETURN' AND {users} AND {in r.ev_class pg_rewrite}"
            .to_owned()
    },
    read: |reading, row| {
        let mut part = Part::new("rule", row.text(2)?);
        part.attributes.set_some("enabled", state(row.optional(3)?));
        part.attributes.set("definition", row.text(4)?.trim_end_matches(';').to_owned());
        reading.part(Address::read(catalog::CLASS, &row, 1)?, Address::read(catalog::REWRITE, &row, 0)?, part);
        Ok(())
    },
};

pub(super) const POLICIES: Source = Source {
    sql: |_| {
        "SELECT p.oid, p.polrelid, p.polname, p.polpermissive, p.polcmd, p.polroles::text, pg_catalog.pg_get_expr(p.polqual, p.polrelid), \
         pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE {users} AND {in p.polrelid pg_policy}"
            .to_owned()
    },
    read: |reading, row| {
        let mut part = Part::new("policy", row.text(2)?);
        let say = &mut part.attributes;
        say.set_flag("restrictive", !row.yes(3)?);
        let command = match row.optional(4)? {
            Some("r") => Some("select"),
            Some("a") => Some("insert"),
            Some("w") => Some("update"),
            Some("d") => Some("delete"),
            _ => None,
        };
        say.set_some("command", command);
        let mut roles: Vec<String> = (numbers::<u32>(row.optional(5)?).into_iter())
            .map(|role| if role == 0 { PUBLIC.to_owned() } else { reading.role_name(role) })
            .collect();
        roles.sort();
        roles.dedup();
        say.set_some("roles", (roles != [PUBLIC]).then_some(roles));
        say.set_some("using", row.maybe(6)?);
        say.set_some("check", row.maybe(7)?);
        reading.part(Address::read(catalog::CLASS, &row, 1)?, Address::read(catalog::POLICY, &row, 0)?, part);
        Ok(())
    },
};
