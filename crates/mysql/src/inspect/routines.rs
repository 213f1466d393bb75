//! Functions, procedures and events.

use std::collections::BTreeMap;

use driftlock_database::Error;
use driftlock_schema::{Attributes, Code, Name, Object, Value};
use driftlock_script::{Dialect, significant};

use super::{Found, Reader};
use crate::definer::Own;
use crate::normal::normal;
use crate::wire::{TextRow, text};

/// A body, by its normal form.
pub(super) fn code(body: &str, sql_mode: &str) -> Code {
    Code::new(body, &normal(body, sql_mode))
}

/// What a routine, a trigger or an event keeps of the session that made it.
pub(super) fn session(said: &mut Attributes, found: &Found, [mode, client, connection, database]: [&str; 4]) {
    said.set("sql_mode", mode);
    said.set_some("character_set_client", Some(client).filter(|charset| *charset != "utf8mb4"));
    said.set_some("collation_connection", Some(connection).filter(|collation| *collation != "utf8mb4_general_ci"));
    said.set_some("database_collation", Some(database).filter(|collation| *collation != found.collation));
}

pub(super) async fn read(reader: &mut Reader<'_>, found: &mut Found, own: &Own) -> Result<(), Error> {
    let sql = format!(
        "SELECT SPECIFIC_NAME, ROUTINE_TYPE, ROUTINE_DEFINITION, DTD_IDENTIFIER, CHARACTER_SET_NAME, COLLATION_NAME, IS_DETERMINISTIC, \
         SQL_DATA_ACCESS, SECURITY_TYPE, ROUTINE_COMMENT, DEFINER, SQL_MODE, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, \
         DATABASE_COLLATION, ROUTINE_BODY FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {}",
        reader.here
    );
    let rows = reader.rows(&sql).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "SELECT SPECIFIC_NAME, ROUTINE_TYPE, PARAMETER_MODE, PARAMETER_NAME, DTD_IDENTIFIER, COLLATION_NAME, ORDINAL_POSITION \
         FROM information_schema.PARAMETERS WHERE SPECIFIC_SCHEMA = {} AND ORDINAL_POSITION > 0 \
         ORDER BY SPECIFIC_NAME, ROUTINE_TYPE, ORDINAL_POSITION",
        reader.here
    );
    let parameters = reader.rows(&sql).await?;
    let same = |one: &TextRow, other: &TextRow| text(one, 0) == text(other, 0) && text(one, 1) == text(other, 1);
    let parameters: BTreeMap<(&str, &str), &[TextRow]> =
        parameters.chunk_by(same).map(|rows| ((text(&rows[0], 0), text(&rows[0], 1)), rows)).collect();
    for row in &rows {
        let name = text(row, 0);
        let kind = match text(row, 1) {
            "FUNCTION" => "function",
            "PROCEDURE" => "procedure",
            other => {
                let reason = format!("a {} is kept as one text, with what is in it", other.to_ascii_lowercase());
                found.unmodelled("package", name, reason);
                continue;
            }
        };
        if text(row, 15) != "SQL" {
            found.unmodelled(kind, name, format!("it is written in {}", text(row, 15)));
            continue;
        }
        let Some(body) = row.get(2).and_then(Option::as_deref) else {
            found.incomplete.insert(format!(
                "the body of {kind} {name} may not be read: grant SELECT on mysql.proc (MariaDB) or SHOW_ROUTINE (MySQL), or log in as its definer"
            ));
            continue;
        };
        let mode = text(row, 11);
        if mode.split(',').any(|mode| mode == "ORACLE") {
            found.unmodelled(kind, name, "it is written in the language of sql_mode=ORACLE");
            continue;
        }
        let body = reader.whole(body, [text(row, 1), name], 2, 1).await?;
        if let Some(reason) = unspeakable(reader, text(row, 12), &body) {
            found.unmodelled(kind, name, reason);
            continue;
        }
        let listed = parameters.get(&(name, text(row, 1))).copied().unwrap_or_default();
        let routine = routine(kind, row, listed, found, own, &body);
        found.objects.push(routine);
    }
    Ok(())
}

/// Why a body can't be made again: MySQL takes letters of another charset from a client that speaks it, and from nobody else.
pub(super) fn unspeakable(reader: &Reader<'_>, charset: &str, body: &str) -> Option<String> {
    let is = !reader.product.is_mariadb && !charset.starts_with("utf8") && !body.is_ascii();
    is.then(|| format!("it was made by a client that spoke {charset}, and has letters that aren't ASCII"))
}

/// MySQL's libraries: functions in other languages than SQL have their code there.
pub(super) async fn libraries(reader: &mut Reader<'_>, found: &mut Found) -> Result<(), Error> {
    if !reader.product.has_libraries() {
        return Ok(());
    }
    let sql = format!(
        "SELECT LIBRARY_NAME, LANGUAGE FROM information_schema.LIBRARIES WHERE LIBRARY_SCHEMA = {}",
        reader.here
    );
    for row in reader.rows(&sql).await? {
        found.unmodelled("library", text(&row, 0), format!("it is written in {}", text(&row, 1)));
    }
    Ok(())
}

fn routine(kind: &'static str, row: &TextRow, parameters: &[TextRow], found: &Found, own: &Own, body: &str) -> Object {
    let mut routine = Object::new(kind, Name::new(text(row, 0)));
    let said = &mut routine.attributes;
    if !parameters.is_empty() {
        said.set("parameters", parameters.iter().map(parameter).collect::<Vec<_>>());
    }
    if kind == "function" {
        said.set("returns", text(row, 3));
        said.set_some("returns_collation", Some(text(row, 5)).filter(|collation| !collation.is_empty()));
        said.set_flag("aggregate", is_aggregate(body));
    }
    let mode = text(row, 11);
    said.set("body", code(body, mode));
    said.set_flag("deterministic", text(row, 6) == "YES");
    let access = text(row, 7).to_ascii_lowercase();
    said.set_some("data_access", Some(access).filter(|access| access != "contains sql"));
    said.set_some("security", (text(row, 8) != "DEFINER").then(|| text(row, 8).to_ascii_lowercase()));
    said.set_some("comment", Some(text(row, 9)).filter(|comment| !comment.is_empty()));
    said.set("definer", own.name(text(row, 10)));
    session(said, found, [mode, text(row, 12), text(row, 13), text(row, 14)]);
    routine
}

/// `{name, type, mode, collation}`; the mode where it isn't `in`.
fn parameter(row: &TextRow) -> Value {
    let mut pairs = vec![("name", text(row, 3).to_owned()), ("type", text(row, 4).to_owned())];
    if !matches!(text(row, 2), "IN" | "") {
        pairs.push(("mode", text(row, 2).to_ascii_lowercase()));
    }
    if !text(row, 5).is_empty() {
        pairs.push(("collation", text(row, 5).to_owned()));
    }
    Value::map(pairs)
}

/// Whether a function is an aggregate: its body takes row by row, which no other's can.
fn is_aggregate(body: &str) -> bool {
    let tokens: Vec<_> = significant(body, Dialect::MySql).collect();
    tokens.windows(3).any(|row| row[0].is("FETCH") && row[1].is("GROUP") && row[2].is("NEXT"))
}

pub(super) async fn events(reader: &mut Reader<'_>, found: &mut Found, own: &Own) -> Result<(), Error> {
    // Where nobody says when an event starts, it starts when it is made, by its own clock. Where the server doesn't know that clock, it is some
    // quarters of an hour from the one that is read by.
    let by_itself = |moment: &str| {
        let apart = format!("TIMESTAMPDIFF(SECOND, {moment}, STARTS)");
        format!(
            "COALESCE(ABS(TIMESTAMPDIFF(SECOND, CONVERT_TZ({moment}, '+00:00', TIME_ZONE), STARTS)) <= 1, \
             ABS({apart}) <= 50400 AND MOD({apart}, 900) = 0)"
        )
    };
    let sql = format!(
        "SELECT EVENT_NAME, DEFINER, TIME_ZONE, EVENT_DEFINITION, EXECUTE_AT, INTERVAL_VALUE, INTERVAL_FIELD, SQL_MODE, STARTS, ENDS, \
         STATUS, ON_COMPLETION, EVENT_COMMENT, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, DATABASE_COLLATION, \
         {} OR {}, \
         COALESCE(EXECUTE_AT, ENDS) < NOW() - INTERVAL 1 DAY AND ON_COMPLETION = 'NOT PRESERVE' \
         FROM information_schema.EVENTS WHERE EVENT_SCHEMA = {}",
        by_itself("CREATED"),
        by_itself("LAST_ALTERED"),
        reader.here
    );
    for row in reader.rows(&sql).await? {
        let name = text(&row, 0);
        if text(&row, 17) == "1" {
            found.unmodelled("event", name, "its time is over, and it isn't kept: the server makes no such event");
            continue;
        }
        let body = reader.whole(text(&row, 3), ["EVENT", name], 3, 1).await?;
        if let Some(reason) = unspeakable(reader, text(&row, 13), &body) {
            found.unmodelled("event", name, reason);
            continue;
        }
        let event = event(&row, found, own, &body);
        found.objects.push(event);
    }
    Ok(())
}

fn event(row: &TextRow, found: &Found, own: &Own, body: &str) -> Object {
    let mut event = Object::new("event", Name::new(text(row, 0)));
    let said = &mut event.attributes;
    let mode = text(row, 7);
    said.set("body", code(body, mode));
    said.set_some("at", Some(text(row, 4)).filter(|at| !at.is_empty()));
    if !text(row, 5).is_empty() {
        said.set("every", format!("{} {}", text(row, 5), text(row, 6)));
    }
    let by_itself = text(row, 16) == "1";
    said.set_some("starts", Some(text(row, 8)).filter(|starts| !starts.is_empty() && !by_itself));
    said.set_some("ends", Some(text(row, 9)).filter(|ends| !ends.is_empty()));
    let status = match text(row, 10) {
        "ENABLED" => None,
        "DISABLED" => Some("disabled"),
        _ => Some("disabled on replicas"),
    };
    said.set_some("status", status);
    said.set_flag("preserve", text(row, 11) == "PRESERVE");
    said.set_some("time_zone", Some(text(row, 2)).filter(|zone| *zone != "SYSTEM"));
    said.set_some("comment", Some(text(row, 12)).filter(|comment| !comment.is_empty()));
    said.set("definer", own.name(text(row, 1)));
    session(said, found, [mode, text(row, 13), text(row, 14), text(row, 15)]);
    event
}
