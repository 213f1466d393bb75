//! What a kind of object can be changed in while it stays what it is, and what only a new one has.

use std::collections::BTreeMap;

use driftlock_database::PlanError;
use driftlock_schema::{Attributes, Object, Value};

use super::drop;
use crate::create::{Rank, qualified};
use crate::sql::{identifier, literal};

/// How an object becomes another.
pub(super) enum Change {
    /// By these statements, one after another. What is said beside it (owner, comment, grants, states) isn't in them.
    Altered(Vec<(Rank, String)>),
    /// By one that is made anew.
    Remade,
}

/// What differs beside owner, grants and comments.
pub(super) fn differing<'a>(old: &'a Attributes, new: &'a Attributes) -> Vec<&'a str> {
    let mut names: Vec<&str> = old.iter().chain(new.iter()).map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| {
        let is_beside = matches!(*name, "owner" | "grants") || *name == "comment" || name.ends_with("_comment");
        !is_beside && old.get(name) != new.get(name)
    });
    names
}

/// What an object says of itself, from one to the other. `sql` is the statement that makes the new one.
pub(super) fn change(old: &Object, new: &Object, sql: &str) -> Result<Change, PlanError> {
    let names = differing(&old.attributes, &new.attributes);
    let words = drop::words(new).unwrap_or_default();
    let only = |these: &[&str]| names.iter().all(|name| these.contains(name));
    let replaced = || Change::Altered(vec![(Rank::Function, sql.replacen("CREATE ", "CREATE OR REPLACE ", 1))]);
    let remade_unless_same = || if names.is_empty() { Change::Altered(Vec::new()) } else { Change::Remade };
    Ok(match new.kind.as_str() {
        "table" | "foreign_table" => table(old, new, &names),
        "view" => view(old, new, &names, sql),
        "materialized_view" if only(&["options", "tablespace", "access_method"]) => {
            let mut statements = Vec::new();
            settings(&words, old, new, &names, &mut statements);
            Change::Altered(statements)
        }
        "sequence" => sequence(old, new, &names),
        "enum" => labels(old, new),
        "domain" => domain(new, &names),
        "composite_type" => composite(old, new),
        "function" | "procedure" if names.is_empty() => Change::Altered(Vec::new()),
        "function" | "procedure" if keeps_its_callers(old, new) => replaced(),
        "aggregate" if names.is_empty() => Change::Altered(Vec::new()),
        "aggregate"
            if !names.iter().any(|it| {
                matches!(*it, "arguments" | "state_type" | "final_function" | "hypothetical" | "final_extra")
            }) =>
        {
            replaced()
        }
        "language" if names.is_empty() => Change::Altered(Vec::new()),
        "language" => replaced(),
        "transform" if names.is_empty() => Change::Altered(Vec::new()),
        "transform" => replaced(),
        "extension" if only(&["version", "schema"]) => {
            let mut statements = Vec::new();
            for name in &names {
                let value = new.attributes.text(name).unwrap_or_default();
                statements.push(match *name {
                    "version" => (Rank::Extension, format!("ALTER {words} UPDATE TO {}", literal(value))),
                    _ => (Rank::Extension, format!("ALTER {words} SET SCHEMA {}", identifier(value))),
                });
            }
            Change::Altered(statements)
        }
        "event_trigger" if only(&["enabled"]) => Change::Altered(Vec::new()),
        "statistics" if only(&["target"]) => Change::Altered(Vec::new()),
        "text_search_configuration" if only(&["mappings"]) => Change::Altered(Vec::new()),
        "text_search_dictionary" if only(&["options"]) => {
            match (old.attributes.text("options"), new.attributes.text("options")) {
                (None, Some(options)) => Change::Altered(vec![(Rank::Function, format!("ALTER {words} ({options})"))]),
                (None, None) => Change::Altered(Vec::new()),
                _ => Change::Remade,
            }
        }
        "operator" if only(&["restrict", "join"]) => {
            let set =
                |name: &&str| format!("{} = {}", name.to_uppercase(), new.attributes.text(name).unwrap_or("NONE"));
            let sets: Vec<String> = names.iter().map(set).collect();
            Change::Altered(if sets.is_empty() {
                Vec::new()
            } else {
                vec![(Rank::Function, format!("ALTER {words} SET ({})", sets.join(", ")))]
            })
        }
        "server" if only(&["version", "options"]) => {
            let mut sql = String::new();
            if names.contains(&"version") {
                let version = new.attributes.text("version");
                sql.push_str(&format!(" VERSION {}", version.map_or_else(|| "NULL".to_owned(), literal)));
            }
            sql.push_str(&foreign_options(old.attributes.get("options"), new.attributes.get("options")));
            Change::Altered(if sql.is_empty() {
                Vec::new()
            } else {
                vec![(Rank::Function, format!("ALTER {words}{sql}"))]
            })
        }
        "foreign_data_wrapper" => {
            let mut sql = String::new();
            for (name, word) in [("handler", "HANDLER"), ("validator", "VALIDATOR")] {
                if names.contains(&name) {
                    match new.attributes.text(name) {
                        Some(function) => sql.push_str(&format!(" {word} {function}")),
                        None => sql.push_str(&format!(" NO {word}")),
                    }
                }
            }
            sql.push_str(&foreign_options(old.attributes.get("options"), new.attributes.get("options")));
            Change::Altered(if sql.is_empty() {
                Vec::new()
            } else {
                vec![(Rank::Function, format!("ALTER {words}{sql}"))]
            })
        }
        "user_mapping" => {
            let sql = foreign_options(old.attributes.get("options"), new.attributes.get("options"));
            Change::Altered(if sql.is_empty() {
                Vec::new()
            } else {
                vec![(Rank::Function, format!("ALTER {words}{sql}"))]
            })
        }
        "publication" => publication(old, new, &names, sql),
        "schema" | "default_privileges" => Change::Altered(Vec::new()),
        _ => remade_unless_same(),
    })
}

/// The difference of options as foreign objects have them.
pub(super) fn foreign_options(old: Option<&Value>, new: Option<&Value>) -> String {
    let changes: Vec<String> = option_changes(old, new)
        .into_iter()
        .map(|(name, before, after)| match (before, after) {
            (_, None) => format!("DROP {}", identifier(&name)),
            (false, Some(value)) => format!("ADD {} {}", identifier(&name), literal(&value)),
            (true, Some(value)) => format!("SET {} {}", identifier(&name), literal(&value)),
        })
        .collect();
    if changes.is_empty() { String::new() } else { format!(" OPTIONS ({})", changes.join(", ")) }
}

/// The options that aren't the same: name, whether it was there, what it should be.
fn option_changes(old: Option<&Value>, new: Option<&Value>) -> Vec<(String, bool, Option<String>)> {
    let empty = BTreeMap::new();
    let map = |value: Option<&Value>| match value {
        Some(Value::Map(map)) => map.clone(),
        _ => empty.clone(),
    };
    let (old, new) = (map(old), map(new));
    let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| (name.clone(), old.contains_key(name), new.get(name).map(ToString::to_string)))
        .collect()
}

/// The difference of options as in `WITH (…)`, as what follows `ALTER TABLE name`.
pub(super) fn option_statements(old: Option<&Value>, new: Option<&Value>) -> Vec<String> {
    let changes = option_changes(old, new);
    let name = |name: &str| name.split('.').map(identifier).collect::<Vec<_>>().join(".");
    let set: Vec<String> = changes
        .iter()
        .filter_map(|(option, _, after)| Some(format!("{} = {}", name(option), literal(after.as_ref()?))))
        .collect();
    let reset: Vec<String> =
        changes.iter().filter(|(_, _, after)| after.is_none()).map(|(option, ..)| name(option)).collect();
    let mut statements = Vec::new();
    if !reset.is_empty() {
        statements.push(format!("RESET ({})", reset.join(", ")));
    }
    if !set.is_empty() {
        statements.push(format!("SET ({})", set.join(", ")));
    }
    statements
}

/// Options, where it lies, how it is kept.
fn settings(words: &str, old: &Object, new: &Object, names: &[&str], statements: &mut Vec<(Rank, String)>) {
    if names.contains(&"options") {
        let changes = option_statements(old.attributes.get("options"), new.attributes.get("options"));
        statements.extend(changes.into_iter().map(|change| (Rank::Column, format!("ALTER {words} {change}"))));
    }
    if names.contains(&"access_method") {
        let method = identifier(new.attributes.text("access_method").unwrap_or("heap"));
        statements.push((Rank::Column, format!("ALTER {words} SET ACCESS METHOD {method}")));
    }
    if names.contains(&"tablespace") {
        let space = identifier(new.attributes.text("tablespace").unwrap_or("pg_default"));
        statements.push((Rank::Column, format!("ALTER {words} SET TABLESPACE {space}")));
    }
}

fn table(old: &Object, new: &Object, names: &[&str]) -> Change {
    let is_partitioned = new.attributes.get("partition_by").is_some();
    if names.contains(&"partition_by") || names.contains(&"server") || (is_partitioned && names.contains(&"unlogged")) {
        return Change::Remade;
    }
    let words = drop::words(new).unwrap_or_default();
    let mut statements = Vec::new();
    settings(&words, old, new, names, &mut statements);
    if names.contains(&"unlogged") {
        let how = if new.attributes.flag("unlogged") { "UNLOGGED" } else { "LOGGED" };
        statements.push((Rank::Column, format!("ALTER {words} SET {how}")));
    }
    if names.contains(&"of_type") {
        let how = new.attributes.text("of_type").map_or_else(|| "NOT OF".to_owned(), |of| format!("OF {of}"));
        statements.push((Rank::Column, format!("ALTER {words} {how}")));
    }
    if names.contains(&"foreign_options") {
        let options = foreign_options(old.attributes.get("foreign_options"), new.attributes.get("foreign_options"));
        statements.push((Rank::Column, format!("ALTER {words}{options}")));
    }
    Change::Altered(statements)
}

fn view(old: &Object, new: &Object, names: &[&str], sql: &str) -> Change {
    let mut after = new.parts_of("column");
    let is_kept = old.parts_of("column").all(|column| {
        after.next().is_some_and(|there| {
            there.name == column.name
                && there.attributes.get("type") == column.attributes.get("type")
                && there.attributes.get("collation") == column.attributes.get("collation")
        })
    });
    if !is_kept {
        return Change::Remade;
    }
    if names.contains(&"definition") {
        let sql = sql.replacen("CREATE ", "CREATE OR REPLACE ", 1);
        return Change::Altered(vec![(Rank::View, sql)]);
    }
    let words = drop::words(new).unwrap_or_default();
    let changes = option_statements(old.attributes.get("options"), new.attributes.get("options"));
    Change::Altered(changes.into_iter().map(|change| (Rank::View, format!("ALTER {words} {change}"))).collect())
}

/// Whether `CREATE OR REPLACE` takes the one for the other: <https://www.postgresql.org/docs/current/sql-createfunction.html>.
fn keeps_its_callers(old: &Object, new: &Object) -> bool {
    let (one, other) = (&old.attributes, &new.attributes);
    if one.get("returns") != other.get("returns") || one.flag("window") != other.flag("window") {
        return false;
    }
    let (before, after) = (one.list("arguments"), other.list("arguments"));
    before.len() == after.len()
        && before.iter().zip(after).all(|(before, after)| {
            let kept_name = before.get("name").is_none() || before.get("name") == after.get("name");
            let kept_default = before.get("default").is_none() || after.get("default").is_some();
            kept_name && kept_default && ["type", "mode"].iter().all(|key| before.get(key) == after.get(key))
        })
}

/// What a sequence has where nothing is said.
struct Bounds {
    increment: i64,
    minimum: i64,
    maximum: i64,
    start: i64,
}

impl Bounds {
    fn of(say: &Attributes, data_type: &str) -> Self {
        let (least, most) = match data_type {
            "smallint" => (i64::from(i16::MIN), i64::from(i16::MAX)),
            "integer" => (i64::from(i32::MIN), i64::from(i32::MAX)),
            _ => (i64::MIN, i64::MAX),
        };
        let increment = say.number("increment").unwrap_or(1);
        let (low, high) = if increment > 0 { (1, most) } else { (least, -1) };
        let (minimum, maximum) = (say.number("minimum").unwrap_or(low), say.number("maximum").unwrap_or(high));
        let usual = if increment > 0 { minimum } else { maximum };
        Bounds { increment, minimum, maximum, start: say.number("start").unwrap_or(usual) }
    }
}

/// The difference of two sequences' options, as ALTER SEQUENCE has them. `with` begins each one: `SET` in an identity column.
pub(super) fn sequence_options(old: &Attributes, new: &Attributes, types: (&str, &str), with: &str) -> Vec<String> {
    let (before, after) = (Bounds::of(old, types.0), Bounds::of(new, types.1));
    let mut options = Vec::new();
    if before.increment != after.increment {
        options.push(format!("{with}INCREMENT BY {}", after.increment));
    }
    let is_retyped = types.0 != types.1;
    if before.minimum != after.minimum || is_retyped {
        options.push(match new.number("minimum") {
            Some(minimum) => format!("{with}MINVALUE {minimum}"),
            None => format!("{with}NO MINVALUE"),
        });
    }
    if before.maximum != after.maximum || is_retyped {
        options.push(match new.number("maximum") {
            Some(maximum) => format!("{with}MAXVALUE {maximum}"),
            None => format!("{with}NO MAXVALUE"),
        });
    }
    if before.start != after.start {
        options.push(format!("{with}START WITH {}", after.start));
    }
    if old.get("cache") != new.get("cache") {
        options.push(format!("{with}CACHE {}", new.number("cache").unwrap_or(1)));
    }
    if old.flag("cycle") != new.flag("cycle") {
        options.push(format!("{with}{}", if new.flag("cycle") { "CYCLE" } else { "NO CYCLE" }));
    }
    options
}

/// How the position of a sequence comes between new bounds, where that of one that was never used isn't.
pub(super) enum Position {
    Stays,
    /// By this statement, before.
    Moved(String),
    /// By this option: nothing within both bounds is there.
    Restarted(String),
}

pub(super) fn into_bounds(name: &str, old: &Attributes, new: &Attributes, types: (&str, &str)) -> Position {
    let (before, after) = (Bounds::of(old, types.0), Bounds::of(new, types.1));
    let (function, bound) = if before.start < after.minimum {
        ("greatest", after.minimum)
    } else if before.start > after.maximum {
        ("least", after.maximum)
    } else {
        return Position::Stays;
    };
    if bound < before.minimum || bound > before.maximum {
        return Position::Restarted(format!("RESTART WITH {}", after.start));
    }
    Position::Moved(format!(
        "SELECT pg_catalog.setval({}, {function}(last_value, {bound}), is_called AND last_value = {function}(last_value, {bound})) FROM {name}",
        literal(name)
    ))
}

fn sequence(old: &Object, new: &Object, names: &[&str]) -> Change {
    let name = qualified(&new.name);
    let (one, other) = (&old.attributes, &new.attributes);
    let types = (one.text("type").unwrap_or("bigint"), other.text("type").unwrap_or("bigint"));
    let mut options = sequence_options(one, other, types, "");
    let mut statements = Vec::new();
    if !options.is_empty() {
        match into_bounds(&name, one, other, types) {
            Position::Stays => {}
            Position::Moved(sql) => statements.push((Rank::Sequence, sql)),
            Position::Restarted(option) => options.push(option),
        }
    }
    if types.0 != types.1 {
        options.insert(0, format!("AS {}", types.1));
    }
    if !options.is_empty() {
        statements.push((Rank::Sequence, format!("ALTER SEQUENCE {name} {}", options.join(" "))));
    }
    if names.contains(&"unlogged") {
        let how = if other.flag("unlogged") { "UNLOGGED" } else { "LOGGED" };
        statements.push((Rank::Sequence, format!("ALTER SEQUENCE {name} SET {how}")));
    }
    Change::Altered(statements)
}

/// New labels are put where they belong; none goes.
fn labels(old: &Object, new: &Object) -> Change {
    let text = |object: &Object| -> Vec<String> {
        object.attributes.list("labels").iter().filter_map(Value::as_text).map(str::to_owned).collect()
    };
    let (mut have, want) = (text(old), text(new));
    let kept: Vec<&String> = want.iter().filter(|label| have.contains(label)).collect();
    if kept.len() != have.len() || !kept.iter().zip(&have).all(|(one, other)| *one == other) {
        return Change::Remade;
    }
    let name = qualified(&new.name);
    let mut statements = Vec::new();
    for (at, label) in want.iter().enumerate() {
        if have.contains(label) {
            continue;
        }
        let place = match at.checked_sub(1).and_then(|before| want.get(before)) {
            _ if at == have.len() => String::new(),
            Some(before) => format!(" AFTER {}", literal(before)),
            None => have.first().map_or_else(String::new, |first| format!(" BEFORE {}", literal(first))),
        };
        statements.push((Rank::Type, format!("ALTER TYPE {name} ADD VALUE {}{place}", literal(label))));
        have.insert(at.min(have.len()), label.clone());
    }
    Change::Altered(statements)
}

fn domain(new: &Object, names: &[&str]) -> Change {
    if names.iter().any(|name| !matches!(*name, "default" | "not_null" | "not_null_name")) {
        return Change::Remade;
    }
    let alter = format!("ALTER DOMAIN {}", qualified(&new.name));
    let mut statements = Vec::new();
    if names.contains(&"default") {
        let how = new
            .attributes
            .text("default")
            .map_or_else(|| "DROP DEFAULT".to_owned(), |default| format!("SET DEFAULT {default}"));
        statements.push((Rank::Type, format!("{alter} {how}")));
    }
    if names.contains(&"not_null") {
        let how = if new.attributes.flag("not_null") { "SET" } else { "DROP" };
        statements.push((Rank::Type, format!("{alter} {how} NOT NULL")));
    }
    Change::Altered(statements)
}

/// Fields come and go; those that stay keep their order.
fn composite(old: &Object, new: &Object) -> Change {
    let alter = format!("ALTER TYPE {}", qualified(&new.name));
    let mut actions = Vec::new();
    for field in old.parts_of("column").filter(|field| new.part("column", &field.name).is_none()) {
        actions.push(format!("DROP ATTRIBUTE {} CASCADE", identifier(&field.name)));
    }
    for field in new.parts_of("column") {
        let say = &field.attributes;
        let collation = say.text("collation").map(|it| format!(" COLLATE {it}")).unwrap_or_default();
        let kind = say.text("type").unwrap_or_default();
        let name = identifier(&field.name);
        match old.part("column", &field.name) {
            None => actions.push(format!("ADD ATTRIBUTE {name} {kind}{collation} CASCADE")),
            Some(before) if !differing(&before.attributes, say).is_empty() => {
                actions.push(format!("ALTER ATTRIBUTE {name} TYPE {kind}{collation} CASCADE"));
            }
            Some(_) => {}
        }
    }
    Change::Altered(actions.into_iter().map(|action| (Rank::Type, format!("{alter} {action}"))).collect())
}

fn publication(old: &Object, new: &Object, names: &[&str], sql: &str) -> Change {
    if names.contains(&"all_tables") {
        return Change::Remade;
    }
    let alter = format!("ALTER PUBLICATION {}", qualified(&new.name));
    let mut statements = Vec::new();
    let say = &new.attributes;
    let mut options = Vec::new();
    if names.contains(&"publish") {
        let publish: Vec<&str> = say.list("publish").iter().filter_map(Value::as_text).collect();
        let publish = if say.get("publish").is_some() {
            publish.join(", ")
        } else {
            "insert, update, delete, truncate".to_owned()
        };
        options.push(format!("publish = {}", literal(&publish)));
    }
    if names.contains(&"via_root") {
        options.push(format!("publish_via_partition_root = {}", say.flag("via_root")));
    }
    if names.contains(&"generated_columns") {
        options.push(format!("publish_generated_columns = {}", say.text("generated_columns").unwrap_or("none")));
    }
    if !options.is_empty() {
        statements.push((Rank::Publication, format!("{alter} SET ({})", options.join(", "))));
    }
    if names.contains(&"tables") || names.contains(&"schemas") {
        let what =
            sql.split_once(" FOR ").map(|(_, rest)| rest.rsplit_once(" WITH (publish").map_or(rest, |(what, _)| what));
        match what {
            Some(what) => statements.push((Rank::Publication, format!("{alter} SET {what}"))),
            None => {
                let is_empty = old.attributes.list("tables").is_empty() && old.attributes.list("schemas").is_empty();
                if !is_empty {
                    return Change::Remade;
                }
            }
        }
    }
    Change::Altered(statements)
}
