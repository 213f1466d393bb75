//! Statistics over several columns, or over expressions.

use driftlock_schema::{Name, Object, Value};

use super::grants::elements;
use super::reading::{numbers, oid};
use super::{Address, Source, catalog, since};

pub(super) const STATISTICS: Source = Source {
    sql: |major| {
        let expressions = since(major, 14, "pg_catalog.pg_get_statisticsobjdef_expressions(s.oid)::text", "NULL::text");
        format!(
            "SELECT s.oid, n.nspname, s.stxname, s.stxowner, s.stxrelid, r.nspname, c.relname, s.stxkeys::text, s.stxkind::text, \
             nullif(s.stxstattarget, -1), {expressions} FROM pg_catalog.pg_statistic_ext s \
             JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace JOIN pg_catalog.pg_class c ON c.oid = s.stxrelid \
             JOIN pg_catalog.pg_namespace r ON r.oid = c.relnamespace WHERE {{users}}"
        )
    },
    read: |reading, row| {
        let mut object = Object::new("statistics", Name::within(row.text(1)?, row.text(2)?));
        let say = &mut object.attributes;
        say.set_some("owner", reading.owner(oid(&row, 3)?));
        say.set("table", Value::map([("schema", row.text(5)?), ("table", row.text(6)?)]));
        let columns = reading.column_names(oid(&row, 4)?, &numbers(row.optional(7)?));
        let expressions = elements(row.optional(10)?.unwrap_or("{}"));
        let kinds = kinds(row.optional(8)?.unwrap_or_default());
        // Of one expression alone there is but one kind.
        let usual = if columns.is_empty() && expressions.len() == 1 { 0 } else { ALL.len() };
        say.set_some("kinds", (kinds.len() != usual).then_some(kinds));
        say.set_some("columns", (!columns.is_empty()).then_some(columns));
        say.set_some("expressions", (!expressions.is_empty()).then_some(expressions));
        say.set_some("target", row.maybe_number(9)?);
        reading.object(Address::read(catalog::STATISTICS, &row, 0)?, object);
        Ok(())
    },
};

const ALL: [(&str, &str); 3] = [("d", "ndistinct"), ("f", "dependencies"), ("m", "mcv")];

fn kinds(letters: &str) -> Vec<&'static str> {
    let letters = elements(letters);
    ALL.iter().filter(|(letter, _)| letters.iter().any(|it| it == letter)).map(|(_, name)| *name).collect()
}
