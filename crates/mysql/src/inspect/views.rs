//! Views.

use driftlock_database::Error;
use driftlock_schema::{Id, Name, Object};

use super::routines::unspeakable;
use super::text::{named, without_database};
use super::{Found, Reader};
use crate::definer::Own;
use crate::parse::{identifier, words};
use crate::wire::text;

pub(super) async fn read(reader: &mut Reader<'_>, found: &mut Found, own: &Own) -> Result<(), Error> {
    if found.views.is_empty() {
        return Ok(());
    }
    let algorithm = if reader.product.is_mariadb { "ALGORITHM" } else { "NULL" };
    let sql = format!(
        "SELECT TABLE_NAME, VIEW_DEFINITION, CHECK_OPTION, DEFINER, SECURITY_TYPE, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, {algorithm} \
         FROM information_schema.VIEWS WHERE {}",
        reader.within("TABLE_SCHEMA", "TABLE_NAME")
    );
    for row in reader.rows(&sql).await? {
        let (name, definition) = (text(&row, 0), text(&row, 1));
        if definition.is_empty() {
            found.incomplete.insert("the definitions of views may not be read: grant SHOW VIEW and SELECT".to_owned());
            continue;
        }
        if !found.views.get(name).copied().unwrap_or_default() {
            found.unmodelled(
                "view",
                name,
                "it refers to a table, column or function that isn't there, or its definer may not use it",
            );
            continue;
        }
        let mut algorithm = text(&row, 7).to_owned();
        let mut columns = Vec::new();
        if !reader.product.is_mariadb {
            // MySQL says how a view is computed, and of what kind it is, in SHOW CREATE VIEW alone.
            let Some(shown) = reader.shown("VIEW", name, 1).await? else {
                found.incomplete.insert("views may not be shown whole: grant SHOW VIEW and SELECT".to_owned());
                continue;
            };
            let head = head(&shown);
            if head.is_of_json {
                found.unmodelled("view", name, "it makes JSON of tables, and takes it in (a duality view)");
                continue;
            }
            algorithm = head.algorithm;
            columns = head.columns;
        }
        let used = named(definition, &reader.database);
        if let Some(database) = used.elsewhere {
            found.unmodelled("view", name, format!("it reaches into the database {database}"));
            continue;
        }
        let Ok(definition) = without_database(definition, &reader.database) else {
            found.unmodelled("view", name, "it calls a table by the name of the database");
            continue;
        };
        // There the database stands before no name, where it is the session's own.
        let width = if reader.product.is_mariadb { 4 } else { 1 };
        let definition = reader.whole(&definition, ["VIEW", name], 1, width).await?;
        if let Some(reason) = unspeakable(reader, text(&row, 5), &definition) {
            found.unmodelled("view", name, reason);
            continue;
        }
        let mut view = Object::new("view", Name::new(name)).with("definition", definition);
        let said = &mut view.attributes;
        if !columns.is_empty() {
            said.set("columns", columns);
        }
        said.set_some("check_option", Some(text(&row, 2)).filter(|it| *it != "NONE").map(str::to_ascii_lowercase));
        said.set("definer", own.name(text(&row, 3)));
        said.set_some("security", (text(&row, 4) != "DEFINER").then(|| text(&row, 4).to_ascii_lowercase()));
        said.set_some("character_set_client", Some(text(&row, 5)).filter(|charset| *charset != "utf8mb4"));
        said.set_some("collation_connection", Some(text(&row, 6)).filter(|it| *it != "utf8mb4_general_ci"));
        said.set_some("algorithm", Some(algorithm.to_ascii_lowercase()).filter(|it| it != "undefined"));
        for relation in used.relations.into_iter().filter(|relation| relation != name) {
            let kind = match () {
                () if found.views.contains_key(&relation) => "view",
                () if found.sequences.contains_key(&relation) => "sequence",
                () => "table",
            };
            view.requires.push(Id::new(kind, Name::new(relation)));
        }
        view.requires.extend(used.functions.into_iter().map(|function| Id::new("function", Name::new(function))));
        found.objects.push(view);
    }
    without_what_they_need(found);
    Ok(())
}

/// What stands before the name in SHOW CREATE VIEW and nowhere else.
struct Head {
    algorithm: String,
    is_of_json: bool,
    /// The names of its columns, where they were given: MariaDB puts them into the definition.
    columns: Vec<String>,
}

/// `` CREATE ALGORITHM=MERGE DEFINER=`ann`@`%` SQL SECURITY DEFINER JSON RELATIONAL DUALITY VIEW `v` AS … ``
fn head(sql: &str) -> Head {
    let tokens = words(sql);
    let end = tokens.iter().position(|token| token.is("AS")).unwrap_or(tokens.len());
    let at = tokens[..end].iter().position(|token| token.is("ALGORITHM"));
    Head {
        algorithm: at.and_then(|at| tokens.get(at + 2)).map_or("undefined", |token| token.text).to_owned(),
        columns: tokens[..end]
            .iter()
            .position(|token| token.text == "(")
            .map(|open| tokens[open..end].iter().filter_map(identifier).collect())
            .unwrap_or_default(),
        is_of_json: tokens[..end].iter().any(|token| token.is("DUALITY")),
    }
}

/// A view that reads what has no place in a schema has none itself: it could not be made.
fn without_what_they_need(found: &mut Found) {
    loop {
        let missing = |id: &Id| found.unmodelled.iter().any(|it| it.object.name == id.name);
        let reads = |view: &Object| view.requires.iter().find(|id| missing(id)).cloned();
        let Some((at, needed)) = found.objects.iter().enumerate().find_map(|(at, object)| Some((at, reads(object)?)))
        else {
            return;
        };
        let view = found.objects.swap_remove(at);
        found.unmodelled("view", &view.name.name, format!("it reads {needed}, which has no place in a schema itself"));
    }
}
