//! What has rows.

use driftlock_database::CreateError;
use driftlock_schema::{Object, Schema, Value};

use super::facets::Defaults;
use super::{Rank, Steps, columns, qualified};
use crate::sql::{identifier, literal};

pub(super) fn table(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, name, say) = (object.id(), qualified(&object.name), &object.attributes);
    let columns: Vec<String> = object.parts_of("column").map(columns::definition).collect();
    let unlogged = if say.flag("unlogged") { "UNLOGGED " } else { "" };
    let is_foreign = object.kind == "foreign_table";
    let foreign = if is_foreign { "FOREIGN " } else { "" };
    let mut sql = format!("CREATE {foreign}{unlogged}TABLE {name} ({})", columns.join(", "));
    if is_foreign {
        sql.push_str(&super::foreign::of_table(object)?);
    }
    if let Some(options) = options(say.get("options")) {
        sql.push_str(&format!(" WITH ({options})"));
    }
    let required = object.parts_of("column").flat_map(|column| columns::required(column));
    steps.add(&id, Rank::Table, sql).requires(&object.requires).requires(required);
    steps.facets(&id, &format!("TABLE {name}"), say, Defaults::OwnerAlone);
    for column in object.parts_of("column") {
        columns::steps(&id, &name, column, steps);
    }
    Ok(())
}

/// Options as in `WITH (…)`.
pub(super) fn options(options: Option<&Value>) -> Option<String> {
    let Some(Value::Map(map)) = options else { return None };
    let option = |(name, value): (&String, &Value)| {
        let name: Vec<String> = name.split('.').map(identifier).collect();
        format!("{} = {}", name.join("."), literal(&value.to_string()))
    };
    Some(map.iter().map(option).collect::<Vec<_>>().join(", "))
}
