//! Functions, procedures and aggregates.

use driftlock_database::CreateError;
use driftlock_schema::{Object, Schema, Value};

use super::facets::Defaults;
use super::{Rank, Steps, needed, qualified};
use crate::sql::{identifier, literal};

pub(super) fn routine(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, say) = (object.id(), &object.attributes);
    let kind = if object.kind == "procedure" { "PROCEDURE" } else { "FUNCTION" };
    let name = qualified(&object.name);
    let arguments: Vec<String> = say.list("arguments").iter().map(argument).collect();
    let mut sql = format!("CREATE {kind} {name} ({})", arguments.join(", "));
    if let Some(returns) = say.text("returns") {
        sql.push_str(&format!(" RETURNS {returns}"));
    }
    sql.push_str(&format!(" LANGUAGE {}", identifier(say.text("language").unwrap_or("sql"))));
    let transforms: Vec<String> =
        say.list("transforms").iter().filter_map(Value::as_text).map(|kind| format!("FOR TYPE {kind}")).collect();
    if !transforms.is_empty() {
        sql.push_str(&format!(" TRANSFORM {}", transforms.join(", ")));
    }
    for (flag, word) in [
        ("window", "WINDOW"),
        ("strict", "STRICT"),
        ("security_definer", "SECURITY DEFINER"),
        ("leakproof", "LEAKPROOF"),
    ] {
        if say.flag(flag) {
            sql.push_str(&format!(" {word}"));
        }
    }
    sql.extend(say.text("volatility").map(|volatility| format!(" {}", volatility.to_uppercase())));
    for (attribute, word) in [("parallel", "PARALLEL"), ("cost", "COST"), ("rows", "ROWS")] {
        sql.extend(say.text(attribute).map(|value| format!(" {word} {value}")));
    }
    // It is named without its types.
    sql.extend(
        say.text("support").map(|function| format!(" SUPPORT {}", function.split('(').next().unwrap_or(function))),
    );
    if let Some(Value::Map(settings)) = say.get("settings") {
        for (name, value) in settings {
            sql.push_str(&setting(name, &value.to_string()));
        }
    }
    match (say.text("sql_body"), say.text("library"), say.text("body")) {
        (Some(body), ..) => sql.push_str(&format!(" {body}")),
        (_, Some(library), symbol) => {
            sql.push_str(&format!(" AS {}, {}", literal(library), literal(symbol.unwrap_or_default())));
        }
        (_, _, Some(body)) => sql.push_str(&format!(" AS {}", literal(body))),
        _ => return Err(CreateError::new(id, "it has no body")),
    }
    steps.add(&id, Rank::Function, sql).requires(&object.requires);
    let signature = object.name.signature.as_deref().unwrap_or_default();
    steps.facets(&id, &format!("{kind} {name}({signature})"), say, Defaults::PublicToo);
    Ok(())
}

fn argument(argument: &Value) -> String {
    let text = |key: &str| argument.get(key).and_then(Value::as_text);
    let mut sql = String::new();
    sql.extend(text("mode").map(|mode| format!("{} ", mode.to_uppercase())));
    sql.extend(text("name").map(|name| format!("{} ", identifier(name))));
    sql.push_str(text("type").unwrap_or_default());
    sql.extend(text("default").map(|default| format!(" DEFAULT {default}")));
    sql
}

/// The settings that are lists of names: the catalog has them as they are written in SQL.
const LISTS: &[&str] = &[
    "search_path",
    "temp_tablespaces",
    "session_preload_libraries",
    "shared_preload_libraries",
    "local_preload_libraries",
    "unix_socket_directories",
    "createrole_self_grant",
];

/// A setting of a function, or a database.
pub(crate) fn setting(name: &str, value: &str) -> String {
    let quoted: Vec<String> = name.split('.').map(identifier).collect();
    let value = if LISTS.contains(&name) {
        names(value).iter().map(|name| literal(name)).collect::<Vec<_>>().join(", ")
    } else {
        literal(value)
    };
    format!(" SET {} TO {value}", quoted.join("."))
}

/// The names of a list as SQL writes one.
fn names(list: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut letters = list.chars().peekable();
    let mut quoted = false;
    while let Some(letter) = letters.next() {
        let last = names.len() - 1;
        match letter {
            '"' if quoted && letters.next_if_eq(&'"').is_some() => names[last].push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => names.push(String::new()),
            ' ' if !quoted => {}
            letter => names[last].push(letter),
        }
    }
    names
}

pub(super) fn aggregate(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, name, say) = (object.id(), qualified(&object.name), &object.attributes);
    let arguments = say.text("arguments").unwrap_or("*");
    let mut options = vec![
        format!("SFUNC = {}", needed(object, "state_function")?),
        format!("STYPE = {}", needed(object, "state_type")?),
    ];
    for (attribute, option) in [
        ("final_function", "FINALFUNC"),
        ("combine_function", "COMBINEFUNC"),
        ("serialize_function", "SERIALFUNC"),
        ("deserialize_function", "DESERIALFUNC"),
        ("moving_state_function", "MSFUNC"),
        ("moving_inverse_function", "MINVFUNC"),
        ("moving_state_type", "MSTYPE"),
        ("moving_final_function", "MFINALFUNC"),
        ("parallel", "PARALLEL"),
        ("final_modify", "FINALFUNC_MODIFY"),
        ("moving_final_modify", "MFINALFUNC_MODIFY"),
    ] {
        options.extend(say.text(attribute).map(|value| format!("{option} = {value}")));
    }
    for (attribute, option) in [("state_size", "SSPACE"), ("moving_state_size", "MSSPACE")] {
        options.extend(say.number(attribute).map(|value| format!("{option} = {value}")));
    }
    for (attribute, option) in [("initial", "INITCOND"), ("moving_initial", "MINITCOND")] {
        options.extend(say.text(attribute).map(|value| format!("{option} = {}", literal(value))));
    }
    options.extend(say.text("sort_operator").map(|operator| format!("SORTOP = OPERATOR({operator})")));
    for (flag, option) in [
        ("final_extra", "FINALFUNC_EXTRA"),
        ("moving_final_extra", "MFINALFUNC_EXTRA"),
        ("hypothetical", "HYPOTHETICAL"),
    ] {
        if say.flag(flag) {
            options.push(option.to_owned());
        }
    }
    let sql = format!("CREATE AGGREGATE {name} ({arguments}) ({})", options.join(", "));
    steps.add(&id, Rank::Function, sql).requires(&object.requires);
    let words = format!("AGGREGATE {name}({arguments})");
    if let Some(owner) = say.text("owner") {
        steps.owner(&id, &words, owner);
    }
    steps.comment(&id, &words, say);
    // To grants it is a function.
    let signature = object.name.signature.as_deref().unwrap_or_default();
    steps.grants(&id, &format!("FUNCTION {name}({signature})"), say, Defaults::PublicToo);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::setting;

    #[test]
    fn lists_of_names_are_taken_apart() {
        assert_eq!(
            setting("search_path", "public, \"A \"\"b\"\"\", pg_temp"),
            " SET \"search_path\" TO 'public', 'A \"b\"', 'pg_temp'"
        );
        assert_eq!(setting("search_path", "\"\""), " SET \"search_path\" TO ''");
        assert_eq!(setting("my.own", "a, b"), " SET \"my\".\"own\" TO 'a, b'");
    }
}
