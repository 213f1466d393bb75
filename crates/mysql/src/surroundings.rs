//! What is in a database that driftlock has never migrated.

use std::collections::BTreeMap;

use driftlock_database::{Error, OwnTables, Surroundings};

use crate::parse::quote;
use crate::tables::literal;
use crate::wire::{Wire, text};

/// Tables that may be another tool's history, in lower case.
const SUSPECTS: [&str; 15] = [
    "schema_migrations",
    "goose_db_version",
    "flyway_schema_history",
    "schema_version",
    "_sqlx_migrations",
    "refinery_schema_history",
    "__diesel_schema_migrations",
    "atlas_schema_revisions",
    "databasechangelog",
    "migrations",
    "seaql_migrations",
    "_prisma_migrations",
    "alembic_version",
    "django_migrations",
    "knex_migrations",
];

/// The tool whose history a table with these columns is.
fn tool(table: &str, columns: &[String]) -> Option<&'static str> {
    let has = |name: &str| columns.iter().any(|column| column == name);
    Some(match table {
        "schema_migrations" if has("version") && has("dirty") => "golang-migrate",
        "schema_migrations" if has("version") && columns.len() == 1 => "dbmate",
        "goose_db_version" if has("version_id") => "goose",
        "flyway_schema_history" | "schema_version" if has("installed_rank") => "Flyway",
        "_sqlx_migrations" => "sqlx",
        "refinery_schema_history" => "refinery",
        "__diesel_schema_migrations" => "Diesel",
        "atlas_schema_revisions" => "Atlas",
        "databasechangelog" => "Liquibase",
        "migrations" if has("id") && columns.len() == 1 => "gormigrate",
        "migrations" if has("migration") && has("batch") => "Laravel",
        "seaql_migrations" => "SeaORM",
        "_prisma_migrations" => "Prisma",
        "alembic_version" if has("version_num") => "Alembic",
        "django_migrations" => "Django",
        "knex_migrations" => "Knex",
        _ => return None,
    })
}

/// Looks at the catalog.
pub(crate) async fn look(wire: &mut Wire, database: &str, tables: &OwnTables) -> Result<Surroundings, Error> {
    let here = literal(database);
    let suspects: Vec<String> = SUSPECTS.iter().map(|name| format!("'{name}'")).collect();
    // Atlas keeps its history in a database of that name, if the connection isn't bound to one.
    let sql = format!(
        "SELECT TABLE_SCHEMA = {here}, TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS \
         WHERE (TABLE_SCHEMA = {here} AND LOWER(TABLE_NAME) IN ({})) \
         OR (TABLE_SCHEMA = 'atlas_schema_revisions' AND TABLE_NAME = 'atlas_schema_revisions') \
         ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION",
        suspects.join(", ")
    );
    let mut columns: BTreeMap<String, (String, Vec<String>)> = BTreeMap::new();
    for row in wire.rows(&sql).await? {
        let table = text(&row, 2);
        let shown = if text(&row, 0) == "1" { table.to_owned() } else { format!("{}.{table}", text(&row, 1)) };
        let entry = columns.entry(shown).or_insert_with(|| (table.to_ascii_lowercase(), Vec::new()));
        entry.1.push(text(&row, 3).to_ascii_lowercase());
    }
    let foreign_histories =
        columns.into_iter().filter_map(|(shown, (table, columns))| Some((tool(&table, &columns)?, shown))).collect();

    let own = [tables.history(), tables.journal(), tables.fence()].map(|name| literal(&name)).join(", ");
    let sql = format!(
        "SELECT (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = {here} AND TABLE_NAME NOT IN ({own})) \
         + (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {here}) LIMIT 1"
    );
    let row = wire.row(&sql).await?.unwrap_or_default();
    let objects = text(&row, 0)
        .parse()
        .map_err(|_| Error::Protocol(format!("the server couldn't count what is in {}", quote(database))))?;
    Ok(Surroundings { foreign_histories, objects })
}

#[cfg(test)]
mod tests {
    use super::tool;

    #[test]
    fn tells_tools_apart_by_their_columns() {
        let told = |table: &str, columns: &[&str]| {
            tool(table, &columns.iter().map(|column| (*column).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(told("schema_migrations", &["version", "dirty"]), Some("golang-migrate"));
        assert_eq!(told("schema_migrations", &["version"]), Some("dbmate"));
        assert_eq!(told("schema_migrations", &["version", "inserted_at"]), None);
        assert_eq!(told("migrations", &["id"]), Some("gormigrate"));
        assert_eq!(told("migrations", &["id", "birds"]), None);
    }
}
