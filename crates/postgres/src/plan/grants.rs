//! Who may do what: the difference.

use std::collections::{BTreeMap, BTreeSet};

use driftlock_schema::{Object, SELF, Schema, Value};

use crate::create::facets::{Defaults, On, role};
use crate::create::steps::Granted;
use crate::inspect::PUBLIC;
use crate::sql::identifier;

/// What somebody may do, and which of it they may grant on: by grantee, and by grantor where that isn't the owner.
type Held = BTreeMap<(String, Option<String>), (BTreeSet<String>, BTreeSet<String>)>;

/// What may be granted on something, by how grants call it.
fn everything(on: &On) -> &'static [&'static str] {
    if on.column.is_some() {
        return &[];
    }
    match on.words.split(' ').next().unwrap_or_default() {
        "TABLE" => &["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"],
        "SEQUENCE" => &["SELECT", "UPDATE", "USAGE"],
        "FUNCTION" | "PROCEDURE" | "ROUTINE" => &["EXECUTE"],
        "SCHEMA" => &["USAGE", "CREATE"],
        _ => &["USAGE"],
    }
}

/// What everybody may do by default.
fn of_everybody(granted: &Granted) -> &'static [&'static str] {
    match granted.defaults {
        Defaults::PublicToo => everything(&granted.on),
        Defaults::OwnerAlone => &[],
    }
}

fn set(items: &[&str]) -> BTreeSet<String> {
    items.iter().map(|it| (*it).to_owned()).collect()
}

/// All that is held, defaults too.
fn held(granted: &Granted) -> Held {
    let mut held = Held::new();
    let (all, public) = (everything(&granted.on), of_everybody(granted));
    if !all.is_empty() {
        held.insert((granted.owner.clone(), None), (set(all), BTreeSet::new()));
    }
    if !public.is_empty() {
        held.insert((PUBLIC.to_owned(), None), (set(public), BTreeSet::new()));
    }
    said(&granted.grants, &mut held);
    held
}

/// What a list says.
fn said(list: &[Value], held: &mut Held) {
    for item in list {
        let text = |key: &str| item.get(key).and_then(Value::as_text).map(str::to_owned);
        let names = |key: &str| -> BTreeSet<String> {
            let items = item.get(key).map(Value::items).unwrap_or_default();
            items.iter().filter_map(Value::as_text).map(str::to_owned).collect()
        };
        let Some(grantee) = text("grantee") else { continue };
        held.insert((grantee, text("grantor")), (names("privileges"), names("grantable")));
    }
}

/// As the server has it when the owner becomes another: what was the one's is the other's.
fn handed_over(held: Held, from: &str, to: &str) -> Held {
    let mut after = Held::new();
    for ((grantee, grantor), (all, grantable)) in held {
        let grantee = if grantee == from { to.to_owned() } else { grantee };
        let grantor = grantor.filter(|grantor| grantor != to);
        let entry = after.entry((grantee, grantor)).or_default();
        entry.0.extend(all);
        entry.1.extend(grantable);
    }
    after
}

/// The statements from what is granted to what should be.
pub(super) fn difference(old: &Granted, new: &Granted) -> Vec<String> {
    let before = handed_over(held(old), &old.owner, &new.owner);
    statements(before, &held(new), &new.on, &new.owner)
}

/// The statements for something that was just made, where default privileges have their say.
pub(super) fn of_new(schema: &Schema, new: &Granted) -> Vec<String> {
    let mut made = new.clone();
    made.grants = Vec::new();
    made.owner = SELF.to_owned();
    let mut before = held(&made);
    let class = match new.on.words.split(' ').next().unwrap_or_default() {
        _ if new.on.column.is_some() => None,
        "TABLE" => Some("tables"),
        "SEQUENCE" => Some("sequences"),
        "FUNCTION" | "PROCEDURE" | "ROUTINE" => Some("functions"),
        "TYPE" | "DOMAIN" => Some("types"),
        "SCHEMA" => Some("schemas"),
        _ => None,
    };
    if let Some(class) = class {
        let of = |within: Option<&str>| {
            schema.objects().find(|object| {
                object.kind == *"default_privileges"
                    && object.name.name == class
                    && object.name.schema.as_deref() == within
                    && object.name.signature.as_deref().unwrap_or(SELF) == SELF
            })
        };
        if let Some(everywhere) = of(None) {
            said(everywhere.attributes.list("grants"), &mut before);
        }
        let within = new.object.name.schema.as_deref();
        if let Some(inside) = within.and_then(|within| of(Some(within))) {
            let mut more = Held::new();
            said(inside.attributes.list("grants"), &mut more);
            for (who, (all, grantable)) in more {
                let entry = before.entry(who).or_default();
                entry.0.extend(all);
                entry.1.extend(grantable);
            }
        }
    }
    statements(handed_over(before, SELF, &new.owner), &held(new), &new.on, &new.owner)
}

fn statements(before: Held, after: &Held, on: &On, owner: &str) -> Vec<String> {
    let mut away = Vec::new();
    let mut here = Vec::new();
    let who: BTreeSet<&(String, Option<String>)> = before.keys().chain(after.keys()).collect();
    let list = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let nothing = (BTreeSet::new(), BTreeSet::new());
    // What others granted on comes after what they were granted, and goes before.
    for key in who {
        let (grantee, grantor) = key;
        let (had, could_grant) = before.get(key).unwrap_or(&nothing);
        let (has, can_grant) = after.get(key).unwrap_or(&nothing);
        let to = role(grantee);
        let lost: BTreeSet<String> = had.difference(has).cloned().collect();
        let bound: BTreeSet<String> =
            could_grant.difference(can_grant).filter(|it| !lost.contains(*it)).cloned().collect();
        let freed: BTreeSet<String> = can_grant.difference(could_grant).cloned().collect();
        let gained: BTreeSet<String> = has.difference(had).filter(|it| !freed.contains(*it)).cloned().collect();
        let mut taken = Vec::new();
        let mut given = Vec::new();
        if !lost.is_empty() {
            taken.push(format!("REVOKE {} FROM {to}", on.sql(&list(&lost))));
        }
        if !bound.is_empty() {
            taken.push(format!("REVOKE GRANT OPTION FOR {} FROM {to}", on.sql(&list(&bound))));
        }
        if !gained.is_empty() {
            given.push(format!("GRANT {} TO {to}", on.sql(&list(&gained))));
        }
        if !freed.is_empty() {
            given.push(format!("GRANT {} TO {to} WITH GRANT OPTION", on.sql(&list(&freed))));
        }
        // A grant is the owner's, whoever makes it; another's is only that one's to make.
        let by = grantor.as_deref().filter(|by| *by != SELF && *by != owner);
        for (statements, all) in [(taken, &mut away), (given, &mut here)] {
            if statements.is_empty() {
                continue;
            }
            let as_other: Vec<String> = match by {
                Some(by) => {
                    [vec![format!("SET ROLE {}", role(by))], statements, vec!["RESET ROLE".to_owned()]].concat()
                }
                None => statements,
            };
            all.push((grantor.is_some(), as_other));
        }
    }
    away.sort_by_key(|(is_on, _)| !is_on);
    here.sort_by_key(|(is_on, _)| *is_on);
    away.into_iter().chain(here).flat_map(|(_, statements)| statements).collect()
}

/// The statements that change what is granted on what will be made.
pub(super) fn of_defaults(either: &Object, old: Option<&Object>, new: Option<&Object>) -> Vec<String> {
    let owner = either.name.signature.as_deref().unwrap_or(SELF);
    let class = either.name.name.to_uppercase();
    let mut alter = "ALTER DEFAULT PRIVILEGES".to_owned();
    if owner != SELF {
        alter.push_str(&format!(" FOR ROLE {}", role(owner)));
    }
    let within = either.name.schema.as_deref();
    if let Some(schema) = within {
        alter.push_str(&format!(" IN SCHEMA {}", identifier(schema)));
    }
    let on = On { column: None, words: class.clone() };
    let held_by = |object: Option<&Object>| {
        let mut held = Held::new();
        if within.is_none() {
            let of = |words: &str| On { column: None, words: words.to_owned() };
            let (all, public) = match class.as_str() {
                "TABLES" => (everything(&of("TABLE")), false),
                "SEQUENCES" => (everything(&of("SEQUENCE")), false),
                "FUNCTIONS" => (everything(&of("FUNCTION")), true),
                "SCHEMAS" => (everything(&of("SCHEMA")), false),
                "LARGE OBJECTS" => (&["SELECT", "UPDATE"] as &[&str], false),
                _ => (everything(&of("TYPE")), true),
            };
            held.insert((owner.to_owned(), None), (set(all), BTreeSet::new()));
            if public {
                held.insert((PUBLIC.to_owned(), None), (set(all), BTreeSet::new()));
            }
        }
        if let Some(object) = object {
            said(object.attributes.list("grants"), &mut held);
        }
        held
    };
    let changes = statements(held_by(old), &held_by(new), &on, owner);
    changes.into_iter().map(|sql| format!("{alter} {sql}")).collect()
}
