//! Statistics over several columns, or over expressions.

use driftlock_database::CreateError;
use driftlock_schema::{Object, Schema, Value};

use super::facets::Defaults;
use super::relations::name_of;
use super::{Rank, Steps, qualified};
use crate::sql::identifier;

pub(super) fn statistics(_: &Schema, object: &Object, steps: &mut Steps) -> Result<(), CreateError> {
    let (id, name, say) = (object.id(), qualified(&object.name), &object.attributes);
    let texts = |key: &str| say.list(key).iter().filter_map(Value::as_text);
    let kinds: Vec<&str> = texts("kinds").collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(" ({})", kinds.join(", ")) };
    let what: Vec<String> =
        texts("columns").map(identifier).chain(texts("expressions").map(|it| format!("({it})"))).collect();
    let table = say.get("table").map(|it| qualified(&name_of(it))).unwrap_or_default();
    let sql = format!("CREATE STATISTICS {name}{kinds} ON {} FROM {table}", what.join(", "));
    steps.add(&id, Rank::Behaviour, sql).requires(&object.requires);
    steps.facets(&id, &format!("STATISTICS {name}"), say, Defaults::OwnerAlone);
    if let Some(target) = say.number("target") {
        let sql = |target: i64| format!("ALTER STATISTICS {name} SET STATISTICS {target}");
        steps.add(&id, Rank::State, sql(target)).says("target", sql(-1));
    }
    Ok(())
}
