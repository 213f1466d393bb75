//! Publications.

use driftlock_database::CreateError;
use driftlock_schema::{Object, Schema, Value};

use super::facets::Defaults;
use super::{Rank, Steps, qualified};
use crate::sql::{identifier, literal};

pub(super) fn publication(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, name, say) = (object.id(), qualified(&object.name), &object.attributes);
    let words = format!("PUBLICATION {name}");
    let mut sql = format!("CREATE {words}");
    let table = |table: &Value| {
        let text = |key: &str| table.get(key).and_then(Value::as_text);
        let mut sql = format!("TABLE ONLY {}", text("table").unwrap_or_default());
        let columns = table.get("columns").map(Value::items).unwrap_or_default();
        if !columns.is_empty() {
            let columns: Vec<String> = columns.iter().filter_map(Value::as_text).map(identifier).collect();
            sql.push_str(&format!(" ({})", columns.join(", ")));
        }
        sql.extend(text("where").map(|rows| format!(" WHERE ({rows})")));
        sql
    };
    let schema = |schema: &Value| format!("TABLES IN SCHEMA {}", identifier(schema.as_text().unwrap_or_default()));
    // Before 15 the word TABLE stands once, before all.
    let tables: Vec<String> = say
        .list("tables")
        .iter()
        .map(table)
        .enumerate()
        .map(|(at, sql)| if at == 0 { sql } else { sql.trim_start_matches("TABLE ").to_owned() })
        .collect();
    let all: Vec<String> = tables.into_iter().chain(say.list("schemas").iter().map(schema)).collect();
    if say.flag("all_tables") {
        sql.push_str(" FOR ALL TABLES");
    } else if !all.is_empty() {
        sql.push_str(&format!(" FOR {}", all.join(", ")));
    }
    let mut options = Vec::new();
    if say.get("publish").is_some() {
        let publish: Vec<&str> = say.list("publish").iter().filter_map(Value::as_text).collect();
        options.push(format!("publish = {}", literal(&publish.join(", "))));
    }
    if say.flag("via_root") {
        options.push("publish_via_partition_root = true".to_owned());
    }
    options.extend(say.text("generated_columns").map(|which| format!("publish_generated_columns = {which}")));
    if !options.is_empty() {
        sql.push_str(&format!(" WITH ({})", options.join(", ")));
    }
    let schemas: Vec<_> = say
        .list("schemas")
        .iter()
        .filter_map(Value::as_text)
        .map(|schema| driftlock_schema::Id::new("schema", driftlock_schema::Name::new(schema)))
        .collect();
    steps.add(&id, Rank::Publication, sql).requires(&object.requires).requires(&schemas);
    steps.facets(&id, &words, say, Defaults::OwnerAlone);
    Ok(())
}
