//! What is kept as a text: views, routines, triggers and events, and the session in which each is made.

use driftlock_database::CreateError;
use driftlock_schema::{Attributes, Id, Object, Part, Value};

use super::needed;
use crate::definer::account;
use crate::inspect::text::string;
use crate::parse::quote;

/// The session's settings that go into what it makes, as they are now.
pub(super) struct Session {
    /// The database's collation, where it is known.
    collation: Option<String>,
    now: [String; 5],
}

const NAMES: [&str; 4] = ["sql_mode", "character_set_client", "collation_connection", "time_zone"];
const BEGIN: [&str; 4] = ["NO_ENGINE_SUBSTITUTION", "utf8mb4", "utf8mb4_general_ci", "SYSTEM"];

impl Session {
    pub(super) fn new(collation: Option<&str>) -> Self {
        let [mode, client, connection, _] = BEGIN.map(str::to_owned);
        let now = [mode, client, connection, "+00:00".to_owned(), collation.unwrap_or_default().to_owned()];
        Session { collation: collation.map(str::to_owned), now }
    }

    /// A statement in the session that it was first made in.
    pub(super) fn make(&mut self, object: &Id, said: &Attributes, sql: String, add: &mut impl FnMut(&Id, String)) {
        let charset = said.text("character_set_client").unwrap_or("utf8mb4");
        let sql = if charset.starts_with("utf8") || sql.is_ascii() { sql } else { spoken(&sql) };
        for (at, name) in NAMES.into_iter().enumerate() {
            let wanted = said.text(name).unwrap_or(BEGIN[at]).to_owned();
            if self.now[at] != wanted {
                add(object, format!("SET SESSION {name} = {}", string(&wanted)));
                self.now[at] = wanted;
            }
        }
        if let Some(own) = &self.collation {
            let wanted = said.text("database_collation").unwrap_or(own);
            if self.now[4] != wanted {
                add(object, format!("ALTER DATABASE COLLATE {wanted}"));
                self.now[4] = wanted.to_owned();
            }
        }
        add(object, sql);
    }

    /// Puts back what outlives the session, or would make it misread what comes.
    pub(super) fn end(self, database: &Id, add: &mut impl FnMut(&Id, String)) {
        if let Some(own) = self.collation.filter(|own| *own != self.now[4]) {
            add(database, format!("ALTER DATABASE COLLATE {own}"));
        }
        if self.now[1] != BEGIN[1] {
            add(database, format!("SET SESSION character_set_client = {}", BEGIN[1]));
        }
    }
}

/// A statement that the server is to take for one of a client that speaks another charset: in letters that all of them have in common, and turned
/// into that charset by the server itself. MariaDB can do that; of MySQL's no such text gets here.
fn spoken(sql: &str) -> String {
    let hex: String = sql.bytes().map(|byte| format!("{byte:02X}")).collect();
    format!("EXECUTE IMMEDIATE CONVERT(X'{hex}' USING utf8mb4)")
}

fn definer(said: &Attributes) -> String {
    said.text("definer").map(|definer| format!(" DEFINER={}", account(definer))).unwrap_or_default()
}

pub(super) fn view(view: &Object) -> Result<String, CreateError> {
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

pub(super) fn routine(routine: &Object) -> Result<String, CreateError> {
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
pub(super) fn triggers(table: &Object) -> Vec<&Part> {
    let mut triggers: Vec<&Part> = table.parts_of("trigger").collect();
    triggers.sort_by_key(|trigger| trigger.attributes.number("position"));
    triggers
}

pub(super) fn trigger(table: &Object, trigger: &Part) -> Result<String, CreateError> {
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

pub(super) fn event(event: &Object) -> Result<String, CreateError> {
    let (id, said) = (event.id(), &event.attributes);
    let mut sql = format!("CREATE{} EVENT {} ON SCHEDULE", definer(said), quote(&event.name.name));
    match said.text("at") {
        Some(at) => sql.push_str(&format!(" AT {}", string(at))),
        None => sql.push_str(&format!(" EVERY {}", needed(&id, said, "every")?)),
    }
    for (attribute, word) in [("starts", "STARTS"), ("ends", "ENDS")] {
        if let Some(moment) = said.text(attribute) {
            sql.push_str(&format!(" {word} {}", string(moment)));
        }
    }
    sql.push_str(if said.flag("preserve") { " ON COMPLETION PRESERVE" } else { " ON COMPLETION NOT PRESERVE" });
    match said.text("status") {
        None => sql.push_str(" ENABLE"),
        Some("disabled") => sql.push_str(" DISABLE"),
        Some(_) => sql.push_str(" DISABLE ON SLAVE"),
    }
    if let Some(comment) = said.text("comment") {
        sql.push_str(&format!(" COMMENT {}", string(comment)));
    }
    Ok(format!("{sql} DO {}", needed(&id, said, "body")?))
}
