//! What is in a database that driftlock doesn't know yet.

use driftlock_database::{Error, ForeignHistory, ForeignRows, OwnTables, Surroundings, foreign_tables, foreign_tool};

use crate::session::PostgresSession;
use crate::sql::{Values, identifier, literal};

pub(crate) async fn look(session: &mut PostgresSession, tables: &OwnTables) -> Result<Surroundings, Error> {
    let names: Vec<String> = foreign_tables().map(literal).collect();
    let own_schema = literal(tables.schema.as_deref().unwrap_or("public"));
    let own = [tables.history(), tables.journal(), tables.fence()].map(|name| literal(&name)).join(", ");
    // Not the system's, and not what belongs to an extension.
    let users = |namespace: &str, catalog: &str, oid: &str| {
        format!(
            "{namespace} !~ '^pg_' AND {namespace} <> 'information_schema' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d \
             WHERE d.classid = 'pg_catalog.{catalog}'::pg_catalog.regclass AND d.objid = {oid} AND d.deptype = 'e')"
        )
    };
    let of_class = users("n.nspname", "pg_class", "c.oid");
    let of_proc = users("n.nspname", "pg_proc", "p.oid");
    let of_type = users("n.nspname", "pg_type", "t.oid");
    let foreign = format!(
        "SELECT n.nspname, c.relname, pg_catalog.string_agg(a.attname, ',' ORDER BY a.attnum) FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid \
         WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND c.relname IN ({}) AND {of_class} \
         GROUP BY n.nspname, c.relname ORDER BY 1, 2",
        names.join(", ")
    );
    let count = format!(
        "SELECT (SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT (n.nspname = {own_schema} AND c.relname IN ({own})) AND {of_class}) \
         + (SELECT count(*) FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE {of_proc}) \
         + (SELECT count(*) FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace \
         WHERE t.typtype IN ('e', 'd', 'r') AND {of_type})"
    );
    let results = session.ask(&format!("{foreign}; {count}")).await?;
    let mut out = Surroundings::default();
    for row in results.first().map(|result| result.rows.as_slice()).unwrap_or_default() {
        let row = Values(row);
        let (schema, table, columns) = (row.text(0)?, row.text(1)?, row.text(2)?);
        let columns: Vec<&str> = columns.split(',').collect();
        if let Some(tool) = foreign_tool(&table, &columns) {
            let table = if schema == "public" { table } else { format!("{schema}.{table}") };
            out.foreign_histories.push(ForeignHistory { tool, table });
        }
    }
    if let Some(row) = results.get(1).and_then(|result| result.rows.first()) {
        out.objects = Values(row).number(0)?.unsigned_abs();
    }
    Ok(out)
}

/// The databases whose names begin so and to which nobody is connected.
pub(crate) async fn unused_databases(session: &mut PostgresSession, prefix: &str) -> Result<Vec<String>, Error> {
    let sql = format!(
        "SELECT d.datname FROM pg_catalog.pg_database d WHERE pg_catalog.starts_with(d.datname, {}) AND NOT EXISTS \
         (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid) ORDER BY 1",
        literal(prefix)
    );
    let results = session.ask(&sql).await?;
    let rows = results.first().map(|result| result.rows.as_slice()).unwrap_or_default();
    rows.iter().map(|row| Values(row).text(0)).collect()
}

/// The rows of another tool's table, with times as UTC.
pub(crate) async fn foreign_rows(session: &mut PostgresSession, table: &str) -> Result<ForeignRows, Error> {
    let (schema, table) = table.split_once('.').unwrap_or(("public", table));
    let sql = format!(
        "SET LOCAL TimeZone = 'UTC'; SET LOCAL bytea_output = 'hex'; SET LOCAL DateStyle = 'ISO'; SELECT * FROM {}.{}",
        identifier(schema),
        identifier(table)
    );
    // One message is one transaction: the settings end with it.
    let rows = session.ask(&sql).await?.pop().map(|result| result.rows).unwrap_or_default();
    let columns = rows.first().map(|row| row.columns().iter().map(|column| column.name().to_lowercase()).collect());
    Ok(ForeignRows {
        columns: columns.unwrap_or_default(),
        rows: rows.iter().map(|row| (0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()).collect(),
    })
}
