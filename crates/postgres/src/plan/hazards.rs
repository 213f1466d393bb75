//! What steps may do to rows and to those who work meanwhile.

use driftlock_database::{Hazard, Step};
use driftlock_schema::{Object, Part, Value};

use super::casts::{bare, length, offenders};
use crate::create::qualified;
use crate::sql::identifier;

const GONE: [Hazard; 3] = [Hazard::DataLoss, Hazard::BreaksRunningCode, Hazard::NotReversible];

/// The lock that a statement takes on a relation, and what that means for others.
fn locked(mut step: Step, table: &Object, lock: &str) -> Step {
    step.locks.push(format!("{lock} on {}", table.name));
    match lock {
        "AccessExclusiveLock" => step.hazards([Hazard::BlocksReads, Hazard::BlocksWrites]),
        "ShareLock" | "ShareRowExclusiveLock" => step.hazards([Hazard::BlocksWrites]),
        _ => step,
    }
}

/// An object goes.
pub(super) fn dropped(object: &Object, step: Step) -> Step {
    match object.kind.as_str() {
        "table" => locked(step.hazards(GONE), object, "AccessExclusiveLock"),
        "sequence" => step.hazards(GONE),
        "foreign_table" | "view" | "materialized_view" => {
            locked(step.hazards([Hazard::BreaksRunningCode]), object, "AccessExclusiveLock")
        }
        "extension" => step.hazards(GONE).hazards([Hazard::NeedsPrivileges]),
        "function" | "procedure" | "aggregate" | "enum" | "domain" | "composite_type" | "range_type" | "schema" => {
            step.hazards([Hazard::BreaksRunningCode])
        }
        _ => step,
    }
}

/// A column goes. What is computed can be computed again.
pub(super) fn dropped_column(table: &Object, column: &Part, step: Step) -> Step {
    let is_computed = column.attributes.get("generated").is_some();
    let has_rows = table.kind == *"table";
    let step = if is_computed || !has_rows { step.hazards([Hazard::BreaksRunningCode]) } else { step.hazards(GONE) };
    locked(step, table, "AccessExclusiveLock")
}

/// A column comes.
pub(super) fn added_column(table: &Object, column: &Part, step: Step) -> Step {
    let say = &column.attributes;
    let mut step = locked(step, table, "AccessExclusiveLock");
    let default = say.text("default");
    let is_computed = say.get("generated").is_some() && !say.flag("virtual");
    if is_computed || say.get("identity").is_some() || default.is_some_and(is_volatile) {
        step = step.hazards([Hazard::Rewrite]);
    }
    if say.flag("not_null") && default.is_none() && say.get("generated").is_none() && say.get("identity").is_none() {
        step = step.offenders(format!("SELECT * FROM {}", qualified(&table.name)));
    }
    step
}

/// Whether a default is another one for every row, as far as its text tells.
fn is_volatile(default: &str) -> bool {
    let default = default.to_lowercase();
    ["nextval(", "random(", "uuid", "clock_timestamp(", "timeofday("].iter().any(|word| default.contains(word))
        || (default.contains('(') && default.contains('.'))
}

/// A column of another type.
pub(super) fn retyped(table: &Object, old: &Part, new: &Part, step: Step) -> Step {
    let kind = |part: &Part| part.attributes.text("type").unwrap_or_default().to_owned();
    let (before, after) = (kind(old), kind(new));
    let mut step = locked(step, table, "AccessExclusiveLock").hazards([Hazard::BreaksRunningCode]);
    if !keeps_bytes(&before, &after) {
        step = step.hazards([Hazard::Rewrite]);
    }
    if is_lossy(&before, &after) {
        step = step.hazards([Hazard::DataLoss, Hazard::NotReversible]);
    }
    if can_fail(&before, &after) {
        step = match offenders(table, &new.name, &before, &after) {
            Some(query) => step.offenders(query),
            None => step.hazards([Hazard::CanFailOnRows]),
        };
    }
    step
}

fn is_text(kind: &str) -> bool {
    matches!(bare(kind), "text" | "character varying" | "character")
}

/// Whether no row has to be written anew: <https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES>.
fn keeps_bytes(before: &str, after: &str) -> bool {
    let is_wider = match (length(before), length(after)) {
        (_, None) => true,
        (Some(before), Some(after)) => before <= after,
        (None, Some(_)) => false,
    };
    let varying = |kind: &str| matches!(bare(kind), "text" | "character varying");
    before == after
        || (varying(before) && varying(after) && is_wider)
        || (bare(before) == "numeric" && bare(after) == "numeric" && length(after).is_none())
        || (bare(before) == "cidr" && bare(after) == "inet")
}

/// How much a type of numbers holds.
fn room(kind: &str) -> Option<u32> {
    Some(match bare(kind) {
        "smallint" => 1,
        "integer" => 2,
        "bigint" => 3,
        "numeric" => 5,
        _ => return None,
    })
}

/// Whether values may come out as others.
fn is_lossy(before: &str, after: &str) -> bool {
    let is_float = |kind: &str| matches!(bare(kind), "real" | "double precision");
    let is_whole = |kind: &str| matches!(bare(kind), "smallint" | "integer" | "bigint");
    match (bare(before), bare(after)) {
        _ if before == after => false,
        (_, "text" | "character varying") => false,
        _ if is_text(before) && is_text(after) => bare(after) == "character",
        ("numeric", "numeric") => after.contains('('),
        ("numeric", _) if is_whole(after) => true,
        ("real", "double precision") => false,
        _ if is_float(before) || is_float(after) => true,
        _ if is_whole(before) && is_whole(after) => false,
        _ if is_whole(before) && bare(after) == "numeric" => false,
        (_, "boolean") => true,
        ("timestamp without time zone" | "timestamp with time zone", "date") => true,
        ("jsonb" | "json", "jsonb") => true,
        ("boolean", _) => false,
        _ if is_text(before) => true,
        _ => false,
    }
}

fn can_fail(before: &str, after: &str) -> bool {
    if before == after || keeps_bytes(before, after) {
        return before == after;
    }
    match (room(before), room(after)) {
        (Some(before), Some(now)) => before > now || after.contains('('),
        _ => !matches!(after, "text" | "character varying"),
    }
}

pub(super) fn identity_dropped(step: Step) -> Step {
    step.hazards([Hazard::BreaksRunningCode])
}

/// A column takes no more nulls.
pub(super) fn set_not_null(table: &Object, column: &Part, step: Step) -> Step {
    let query = format!("SELECT * FROM {} WHERE {} IS NULL", qualified(&table.name), identifier(&column.name));
    locked(step, table, "AccessExclusiveLock").hazards([Hazard::Scan]).offenders(query)
}

/// An object that stays is changed.
pub(super) fn altered(object: &Object, step: Step) -> Step {
    let sql = &step.sql;
    if object.kind == *"table"
        && (sql.contains(" SET LOGGED") || sql.contains(" SET UNLOGGED") || sql.contains(" SET ACCESS METHOD"))
    {
        return locked(step, object, "AccessExclusiveLock").hazards([Hazard::Rewrite]);
    }
    if object.kind == *"composite_type" && sql.contains(" DROP ATTRIBUTE ") {
        return step.hazards(GONE);
    }
    if object.kind == *"enum" {
        return step.hazards([Hazard::NotReversible]);
    }
    step
}

pub(super) fn detached(step: Step) -> Step {
    step.hazards([Hazard::BreaksRunningCode])
}

pub(super) fn attached(step: Step) -> Step {
    step.hazards([Hazard::Scan, Hazard::CanFailOnRows])
}

/// A part goes.
pub(super) fn part_dropped(table: &Object, part: &Part, step: Step) -> Step {
    match part.kind.as_str() {
        "policy" | "rule" | "trigger" => step,
        _ if table.kind == *"domain" => step,
        _ => locked(step, table, "AccessExclusiveLock"),
    }
}

/// A part is changed where it stands.
pub(super) fn part_altered(table: &Object, part: &Part, step: Step) -> Step {
    if step.sql.contains(" VALIDATE ") { fails_on_rows(table, part, step.hazards([Hazard::Scan])) } else { step }
}

/// A part comes to what is there already.
pub(super) fn part_made(old: &Object, table: &Object, part: &Part, step: Step) -> Step {
    let say = &part.attributes;
    // What holds for the same values holds again.
    let held = old.part(part.kind.as_str(), &part.name).is_some_and(|it| it.attributes == *say);
    match part.kind.as_str() {
        "index" => {
            let step = locked(step, table, "ShareLock").hazards([Hazard::Scan]);
            if say.flag("unique") && !held { fails_on_rows(table, part, step) } else { step }
        }
        "primary_key" | "unique" | "exclusion" => {
            let step = locked(step, table, "AccessExclusiveLock").hazards([Hazard::Scan]);
            if held { step } else { fails_on_rows(table, part, step) }
        }
        "check" | "foreign_key" if !say.flag("not_valid") && !say.flag("not_enforced") => {
            let lock = if part.kind == *"check" { "AccessExclusiveLock" } else { "ShareRowExclusiveLock" };
            let step = if table.kind == *"domain" { step } else { locked(step, table, lock) };
            let step = step.hazards([Hazard::Scan]);
            if held { step } else { fails_on_rows(table, part, step) }
        }
        _ => step,
    }
}

/// With the query for the rows that don't fit.
fn fails_on_rows(table: &Object, part: &Part, step: Step) -> Step {
    let (say, name) = (&part.attributes, qualified(&table.name));
    if table.kind == *"domain" {
        return step.hazards([Hazard::CanFailOnRows]);
    }
    let plain = |list: &str| -> Vec<String> {
        let text = |item: &Value| {
            let name = item.as_text().or_else(|| item.get("column").and_then(Value::as_text)).map(identifier);
            name.or_else(|| item.get("expression").and_then(Value::as_text).map(str::to_owned))
        };
        say.list(list).iter().filter_map(text).collect()
    };
    match part.kind.as_str() {
        "check" => {
            let expression = say.text("expression").unwrap_or("true");
            step.offenders(format!("SELECT * FROM {name} WHERE NOT ({expression})"))
        }
        "primary_key" => {
            // It takes no nulls either.
            let columns = plain("columns");
            let null: Vec<String> = columns.iter().map(|column| format!("{column} IS NULL")).collect();
            let (list, null) = (columns.join(", "), null.join(" OR "));
            step.offenders(format!(
                "SELECT {list}, pg_catalog.count(*) FROM {name} GROUP BY {list} HAVING pg_catalog.count(*) > 1 OR {null}"
            ))
        }
        "unique" | "index" => {
            let columns = plain("columns");
            let list = columns.join(", ");
            let not_null: Vec<String> = columns.iter().map(|column| format!("{column} IS NOT NULL")).collect();
            let within = say.text("where").map_or_else(String::new, |it| format!("({it}) AND "));
            step.offenders(format!(
                "SELECT {list}, pg_catalog.count(*) FROM {name} WHERE {within}{} GROUP BY {list} HAVING pg_catalog.count(*) > 1",
                not_null.join(" AND ")
            ))
        }
        "foreign_key" => {
            let (own, theirs) = (plain("columns"), plain("referenced_columns"));
            let target =
                say.get("references").map(|it| qualified(&crate::create::relations::name_of(it))).unwrap_or_default();
            let joined: Vec<String> =
                own.iter().zip(&theirs).map(|(own, theirs)| format!("o.{own} = r.{theirs}")).collect();
            let not_null: Vec<String> = own.iter().map(|column| format!("o.{column} IS NOT NULL")).collect();
            step.offenders(format!(
                "SELECT o.* FROM {name} o WHERE {} AND NOT EXISTS (SELECT FROM {target} r WHERE {})",
                not_null.join(" AND "),
                joined.join(" AND ")
            ))
        }
        _ => step.hazards([Hazard::CanFailOnRows]),
    }
}
