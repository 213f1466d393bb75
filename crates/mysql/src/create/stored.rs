//! What is kept as a text: views, routines, triggers and events, and the session in which each is made.

use driftlock_database::CreateError;
use driftlock_schema::{Attributes, Object, Part, Value};

use super::needed;
use crate::definer::account;
use crate::inspect::text::string;
use crate::parse::quote;

/// A statement that the server is to take for one of a client that speaks another charset: in letters that all of them have in common, and turned
/// into that charset by the server itself. MariaDB can do that; of MySQL's no such text gets here.
pub(super) fn spoken(sql: &str) -> String {
    let hex: String = sql.bytes().map(|byte| format!("{byte:02X}")).collect();
    format!("EXECUTE IMMEDIATE CONVERT(X'{hex}' USING utf8mb4)")
}

pub(crate) fn definer(said: &Attributes) -> String {
    said.text("definer").map(|definer| format!(" DEFINER={}", account(definer))).unwrap_or_default()
}

pub(crate) fn view(view: &Object) -> Result<String, CreateError> {
    let said = &view.attributes;
    let mut sql = "CREATE".to_owned();
    if let Some(algorithm) = said.text("algorithm") {
        sql.push_str(&format!(" ALGORITHM={}", algorithm.to_ascii_uppercase()));
    }
    sql.push_str(&definer(said));
    if let Some(security) = said.text("security") {
        sql.push_str(&format!(" SQL SECURITY {}", security.to_ascii_uppercase()));
    }
    let columns: Vec<String> = said.list("columns").iter().map(|name| quote(&name.to_string())).collect();
    let columns = if columns.is_empty() { String::new() } else { format!(" ({})", columns.join(", ")) };
    sql.push_str(&format!(" VIEW {}{columns} AS {}", quote(&view.name.name), needed(&view.id(), said, "definition")?));
    if let Some(check) = said.text("check_option") {
        sql.push_str(&format!(" WITH {} CHECK OPTION", check.to_ascii_uppercase()));
    }
    Ok(sql)
}

pub(crate) fn routine(routine: &Object) -> Result<String, CreateError> {
    let (id, said) = (routine.id(), &routine.attributes);
    let is_function = routine.kind == "function";
    let aggregate = if said.flag("aggregate") { " AGGREGATE" } else { "" };
    let word = if is_function { "FUNCTION" } else { "PROCEDURE" };
    let parameters: Vec<String> = said.list("parameters").iter().map(|it| parameter(it, is_function)).collect();
    let mut sql =
        format!("CREATE{}{aggregate} {word} {}({})", definer(said), quote(&routine.name.name), parameters.join(", "));
    if is_function {
        let collation = said.text("returns_collation").map(with_charset).unwrap_or_default();
        sql.push_str(&format!(" RETURNS {}{collation}", needed(&id, said, "returns")?));
    }
    if said.flag("deterministic") {
        sql.push_str(" DETERMINISTIC");
    }
    if let Some(access) = said.text("data_access") {
        sql.push_str(&format!(" {}", access.to_ascii_uppercase()));
    }
    if let Some(security) = said.text("security") {
        sql.push_str(&format!(" SQL SECURITY {}", security.to_ascii_uppercase()));
    }
    if let Some(comment) = said.text("comment") {
        sql.push_str(&format!(" COMMENT {}", string(comment)));
    }
    Ok(format!("{sql}\n{}", needed(&id, said, "body")?))
}

fn parameter(said: &Value, is_function: bool) -> String {
    let text = |key: &str| said.get(key).and_then(Value::as_text).unwrap_or_default();
    let mode = match text("mode") {
        _ if is_function => String::new(),
        "" => "IN ".to_owned(),
        mode => format!("{} ", mode.to_ascii_uppercase()),
    };
    let collation = if text("collation").is_empty() { String::new() } else { with_charset(text("collation")) };
    format!("{mode}{} {}{collation}", quote(text("name")), text("type"))
}

/// The charset before the collation: some servers don't take the second alone here.
fn with_charset(collation: &str) -> String {
    let charset = collation.split('_').next().unwrap_or(collation);
    format!(" CHARSET {charset} COLLATE {collation}")
}

/// In the order in which they fire.
pub(crate) fn triggers(table: &Object) -> Vec<&Part> {
    let mut triggers: Vec<&Part> = table.parts_of("trigger").collect();
    triggers.sort_by_key(|trigger| trigger.attributes.number("position"));
    triggers
}

pub(crate) fn trigger(table: &Object, trigger: &Part) -> Result<String, CreateError> {
    let (id, said) = (table.id(), &trigger.attributes);
    Ok(format!(
        "CREATE{} TRIGGER {} {} {} ON {} FOR EACH ROW {}",
        definer(said),
        quote(&trigger.name),
        needed(&id, said, "timing")?.to_ascii_uppercase(),
        needed(&id, said, "event")?.to_ascii_uppercase(),
        quote(&table.name.name),
        needed(&id, said, "body")?
    ))
}

pub(crate) fn event(event: &Object) -> Result<String, CreateError> {
    let (id, said) = (event.id(), &event.attributes);
    let mut sql = format!("CREATE{} EVENT {} ON SCHEDULE{}", definer(said), quote(&event.name.name), schedule(event)?);
    sql.push_str(completion(event));
    sql.push_str(status(event));
    if let Some(comment) = said.text("comment") {
        sql.push_str(&format!(" COMMENT {}", string(comment)));
    }
    Ok(format!("{sql} DO {}", needed(&id, said, "body")?))
}

/// What becomes of an event whose time is over.
pub(crate) fn completion(event: &Object) -> &'static str {
    if event.attributes.flag("preserve") { " ON COMPLETION PRESERVE" } else { " ON COMPLETION NOT PRESERVE" }
}

/// Whether an event runs.
pub(crate) fn status(event: &Object) -> &'static str {
    match event.attributes.text("status") {
        None => " ENABLE",
        Some("disabled") => " DISABLE",
        Some(_) => " DISABLE ON SLAVE",
    }
}

/// When an event runs.
pub(crate) fn schedule(event: &Object) -> Result<String, CreateError> {
    let said = &event.attributes;
    let mut sql = match said.text("at") {
        Some(at) => format!(" AT {}", string(at)),
        None => format!(" EVERY {}", needed(&event.id(), said, "every")?),
    };
    for (attribute, word) in [("starts", "STARTS"), ("ends", "ENDS")] {
        if let Some(moment) = said.text(attribute) {
            sql.push_str(&format!(" {word} {}", string(moment)));
        }
    }
    Ok(sql)
}
