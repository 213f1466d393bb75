//! What is in a database that driftlock has not migrated yet.

use driftlock_database::Surroundings;
use rusqlite::Connection;

use crate::error::Fault;
use crate::tables::Tables;

/// History tables of other tools: the tool, its table, the columns that it must have, and the only number of columns
/// that it can have, where the name alone is anybody's.
const HISTORIES: &[(&str, &str, &[&str], Option<usize>)] = &[
    ("golang-migrate", "schema_migrations", &["version", "dirty"], None),
    ("dbmate", "schema_migrations", &["version"], Some(1)),
    ("goose", "goose_db_version", &["version_id", "is_applied"], None),
    ("Flyway", "flyway_schema_history", &["installed_rank", "checksum"], None),
    ("sqlx", "_sqlx_migrations", &["version", "checksum"], None),
    ("refinery", "refinery_schema_history", &["version", "checksum"], None),
    ("Diesel", "__diesel_schema_migrations", &["version"], None),
    ("Atlas", "atlas_schema_revisions", &["version", "hash"], None),
    ("Liquibase", "DATABASECHANGELOG", &["id", "md5sum"], None),
    ("gormigrate", "migrations", &["id"], Some(1)),
    ("SeaORM", "seaql_migrations", &["version"], None),
    ("Prisma", "_prisma_migrations", &["migration_name", "checksum"], None),
    ("Alembic", "alembic_version", &["version_num"], None),
    ("Django", "django_migrations", &["app", "name"], None),
];

/// Looks at the names of tables, and at the columns of those that may be a history.
pub(crate) fn look(connection: &Connection, tables: &Tables) -> Result<Surroundings, Fault> {
    let own = tables.plain_names();
    let mut objects = connection.prepare(
        "SELECT type, name FROM main.sqlite_master \
         WHERE type IN ('table', 'view', 'trigger') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )?;
    let mut rows = objects.raw_query();
    let mut found = Surroundings::default();
    while let Some(row) = rows.next()? {
        let (kind, name): (String, String) = (row.get(0)?, row.get(1)?);
        if own.iter().any(|own| own.eq_ignore_ascii_case(&name)) {
            continue;
        }
        found.objects += 1;
        if kind != "table" || !HISTORIES.iter().any(|(_, table, ..)| table.eq_ignore_ascii_case(&name)) {
            continue;
        }
        let columns: Vec<String> = connection
            .prepare("SELECT name FROM pragma_table_info(?1, 'main')")?
            .query_map([&name], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let has = |column: &&str| columns.iter().any(|name| name.eq_ignore_ascii_case(column));
        let tool = HISTORIES.iter().find(|(_, table, wanted, count)| {
            table.eq_ignore_ascii_case(&name)
                && wanted.iter().all(has)
                && count.is_none_or(|count| columns.len() == count)
        });
        if let Some((tool, ..)) = tool {
            found.foreign_histories.push((tool, name));
        }
    }
    Ok(found)
}
