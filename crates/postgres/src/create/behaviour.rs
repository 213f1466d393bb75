//! Triggers, rules, policies.

use driftlock_schema::{Id, Name, Object, Part, Value};

use super::constraints::timing;
use super::facets::role;
use super::relations::name_of;
use super::steps::Key;
use super::{Rank, Steps, qualified};
use crate::sql::{identifier, literal};

pub(super) fn trigger(object: &Object, part: &Part, steps: &mut Steps) {
    let (id, table, say) = (object.id(), qualified(&object.name), &part.attributes);
    let name = identifier(&part.name);
    if !say.flag("inherited") {
        let texts = |key: &str| -> Vec<&str> { say.list(key).iter().filter_map(Value::as_text).collect() };
        let columns: Vec<String> = texts("columns").into_iter().map(identifier).collect();
        let events: Vec<String> = (texts("events").iter())
            .map(|event| match *event {
                "update" if !columns.is_empty() => format!("UPDATE OF {}", columns.join(", ")),
                event => event.to_uppercase(),
            })
            .collect();
        let constraint = if say.flag("constraint") { "CONSTRAINT " } else { "" };
        let when = say.text("timing").unwrap_or("after").to_uppercase();
        let mut sql = format!("CREATE {constraint}TRIGGER {name} {when} {} ON {table}", events.join(" OR "));
        if let Some(from) = say.get("from") {
            sql.push_str(&format!(" FROM {}", qualified(&name_of(from))));
        }
        sql.push_str(timing(say));
        let transition = [("old_table", "OLD"), ("new_table", "NEW")];
        let transition: Vec<String> = (transition.iter())
            .filter_map(|(key, word)| say.text(key).map(|name| format!("{word} TABLE AS {}", identifier(name))))
            .collect();
        if !transition.is_empty() {
            sql.push_str(&format!(" REFERENCING {}", transition.join(" ")));
        }
        sql.push_str(if say.flag("for_each_row") { " FOR EACH ROW" } else { " FOR EACH STATEMENT" });
        if let Some(condition) = say.text("when") {
            sql.push_str(&format!(" WHEN ({condition})"));
        }
        let function = say.get("function");
        let text = |key: &str| function.and_then(|it| it.get(key)).and_then(Value::as_text).unwrap_or_default();
        let arguments: Vec<String> = texts("arguments").into_iter().map(literal).collect();
        let function = qualified(&Name::within(text("schema"), text("name")));
        sql.push_str(&format!(" EXECUTE FUNCTION {function}({})", arguments.join(", ")));
        steps.part(&id, part, Rank::Behaviour, sql);
        steps.comment(&id, &format!("TRIGGER {name} ON {table}"), say);
    }
    if let Some(state) = say.text("enabled") {
        let sql = format!("ALTER TABLE {table} {} TRIGGER {name}", state_words(state));
        let undo = format!("ALTER TABLE {table} ENABLE TRIGGER {name}");
        let added = steps.add(&id, Rank::State, sql).says("state", undo).after(Key::part(&id, "trigger", &part.name));
        if let (true, Some(parent)) = (say.flag("inherited"), object.attributes.get("partition_of")) {
            added.after(Key::part(&Id::new("table", name_of(parent)), "trigger", &part.name));
        }
    }
}

fn state_words(state: &str) -> &'static str {
    match state {
        "disabled" => "DISABLE",
        "replica" => "ENABLE REPLICA",
        "always" => "ENABLE ALWAYS",
        _ => "ENABLE",
    }
}

pub(super) fn rule(object: &Object, part: &Part, steps: &mut Steps) {
    let (id, table, name) = (object.id(), qualified(&object.name), identifier(&part.name));
    steps.part(&id, part, Rank::Behaviour, part.attributes.text("definition").unwrap_or_default());
    steps.comment(&id, &format!("RULE {name} ON {table}"), &part.attributes);
    if let Some(state) = part.attributes.text("enabled") {
        let sql = format!("ALTER TABLE {table} {} RULE {name}", state_words(state));
        let undo = format!("ALTER TABLE {table} ENABLE RULE {name}");
        steps.add(&id, Rank::State, sql).says("state", undo).after(Key::part(&id, "rule", &part.name));
    }
}

pub(super) fn policy(object: &Object, part: &Part, steps: &mut Steps) {
    let (id, table, say) = (object.id(), qualified(&object.name), &part.attributes);
    let name = identifier(&part.name);
    let mut sql = format!("CREATE POLICY {name} ON {table}");
    if say.flag("restrictive") {
        sql.push_str(" AS RESTRICTIVE");
    }
    if let Some(command) = say.text("command") {
        sql.push_str(&format!(" FOR {}", command.to_uppercase()));
    }
    let roles: Vec<String> = say.list("roles").iter().filter_map(Value::as_text).map(role).collect();
    if !roles.is_empty() {
        sql.push_str(&format!(" TO {}", roles.join(", ")));
    }
    if let Some(condition) = say.text("using") {
        sql.push_str(&format!(" USING ({condition})"));
    }
    if let Some(condition) = say.text("check") {
        sql.push_str(&format!(" WITH CHECK ({condition})"));
    }
    steps.part(&id, part, Rank::Behaviour, sql);
    steps.comment(&id, &format!("POLICY {name} ON {table}"), say);
}
