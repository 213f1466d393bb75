//! What is in a database that driftlock doesn't know yet.

use driftlock_database::{Error, OwnTables, Surroundings};

use crate::session::PostgresSession;
use crate::sql::{Values, literal};

/// Tables of other tools: the table's name, columns that it has, and whether these are all of them.
const FOREIGN: &[(&str, &str, &[&str], bool)] = &[
    ("golang-migrate", "schema_migrations", &["version", "dirty"], true),
    ("dbmate", "schema_migrations", &["version"], true),
    ("goose", "goose_db_version", &["version_id", "is_applied"], false),
    ("flyway", "flyway_schema_history", &["installed_rank", "version", "checksum"], false),
    ("sqlx", "_sqlx_migrations", &["version", "checksum"], false),
    ("refinery", "refinery_schema_history", &["version", "checksum"], false),
    ("diesel", "__diesel_schema_migrations", &["version", "run_on"], false),
    ("atlas", "atlas_schema_revisions", &["version", "hash"], false),
    ("liquibase", "databasechangelog", &["id", "author", "filename"], false),
    ("gormigrate", "migrations", &["id"], true),
    ("seaorm", "seaql_migrations", &["version", "applied_at"], false),
    ("prisma", "_prisma_migrations", &["id", "checksum", "migration_name"], false),
    ("alembic", "alembic_version", &["version_num"], true),
    ("django", "django_migrations", &["app", "name", "applied"], false),
];

/// Whose history a table is.
fn tool(table: &str, columns: &[&str]) -> Option<&'static str> {
    FOREIGN
        .iter()
        .find(|(_, name, wanted, all)| {
            *name == table
                && wanted.iter().all(|column| columns.contains(column))
                && (!all || wanted.len() == columns.len())
        })
        .map(|(tool, ..)| *tool)
}

pub(crate) async fn look(session: &mut PostgresSession, tables: &OwnTables) -> Result<Surroundings, Error> {
    let mut names: Vec<String> = FOREIGN.iter().map(|(_, table, ..)| literal(table)).collect();
    names.dedup();
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
        if let Some(tool) = tool(&table, &columns) {
            let name = if schema == "public" { table } else { format!("{schema}.{table}") };
            out.foreign_histories.push((tool, name));
        }
    }
    if let Some(row) = results.get(1).and_then(|result| result.rows.first()) {
        out.objects = Values(row).number(0)?.unsigned_abs();
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::tool;

    #[test]
    fn tells_tools_apart() {
        assert_eq!(tool("schema_migrations", &["version", "dirty"]), Some("golang-migrate"));
        assert_eq!(tool("schema_migrations", &["version"]), Some("dbmate"));
        assert_eq!(tool("schema_migrations", &["version", "inserted_at"]), None);
        assert_eq!(tool("migrations", &["id"]), Some("gormigrate"));
        assert_eq!(tool("migrations", &["id", "name"]), None);
        assert_eq!(
            tool("flyway_schema_history", &["installed_rank", "version", "description", "checksum"]),
            Some("flyway")
        );
    }
}
