//! Text search: configurations, dictionaries, parsers, templates.

use driftlock_database::CreateError;
use driftlock_schema::{Object, Schema, Value};

use super::facets::Defaults;
use super::{Rank, Steps, needed, qualified};
use crate::sql::identifier;

pub(super) fn template(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    functions(object, steps, "TEMPLATE", &["init", "lexize"]);
    Ok(())
}

pub(super) fn parser(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    // The token function is called otherwise in SQL.
    functions(object, steps, "PARSER", &["start", "token", "end", "headline", "lextypes"]);
    Ok(())
}

fn functions(object: &Object, steps: &mut Steps, kind: &str, functions: &[&str]) {
    let (id, words) = (object.id(), format!("TEXT SEARCH {kind} {}", qualified(&object.name)));
    let option = |function: &&str| {
        let option = if *function == "token" { "GETTOKEN".to_owned() } else { function.to_uppercase() };
        Some(format!("{option} = {}", object.attributes.text(function)?))
    };
    let options: Vec<String> = functions.iter().filter_map(option).collect();
    steps.add(&id, Rank::Function, format!("CREATE {words} ({})", options.join(", "))).requires(&object.requires);
    steps.comment(&id, &words, &object.attributes);
}

pub(super) fn dictionary(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, words, say) =
        (object.id(), format!("TEXT SEARCH DICTIONARY {}", qualified(&object.name)), &object.attributes);
    let options = say.text("options").map(|options| format!(", {options}")).unwrap_or_default();
    let sql = format!("CREATE {words} (TEMPLATE = {}{options})", needed(object, "template")?);
    steps.add(&id, Rank::Function, sql).requires(&object.requires);
    steps.facets(&id, &words, say, Defaults::OwnerAlone);
    Ok(())
}

pub(super) fn configuration(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, words, say) =
        (object.id(), format!("TEXT SEARCH CONFIGURATION {}", qualified(&object.name)), &object.attributes);
    let sql = format!("CREATE {words} (PARSER = {})", needed(object, "parser")?);
    steps.add(&id, Rank::Function, sql).requires(&object.requires);
    if let Some(Value::Map(mappings)) = say.get("mappings") {
        for (token, dictionaries) in mappings {
            let token = identifier(token);
            let sql = format!("ALTER {words} ADD MAPPING FOR {token} WITH {dictionaries}");
            let undo = format!("ALTER {words} DROP MAPPING FOR {token}");
            steps.add(&id, Rank::Function, sql).says(format!("mapping for {token}"), undo);
        }
    }
    steps.facets(&id, &words, say, Defaults::OwnerAlone);
    Ok(())
}
