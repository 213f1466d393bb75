//! Other tools' own records of what they applied: how their tables are known, and what is in them as text.

/// A table in which another tool keeps what it applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignHistory {
    /// The tool, as its users write it (`golang-migrate`, `Flyway`).
    pub tool: &'static str,
    /// The table, with its schema or database where that isn't the usual one.
    pub table: String,
}

/// The rows of such a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ForeignRows {
    /// The columns' names, in lower case.
    pub columns: Vec<String>,
    /// Each row's values as the engine writes them as text, times without a zone in UTC, bytes as `\x` and hexadecimal digits.
    pub rows: Vec<Vec<Option<String>>>,
}

impl ForeignRows {
    /// A row's value in a column; `None` where it is NULL or there is no such column.
    #[must_use]
    pub fn get<'a>(&self, row: &'a [Option<String>], column: &str) -> Option<&'a str> {
        let at = self.columns.iter().position(|name| name == column)?;
        row.get(at)?.as_deref()
    }
}

/// How a tool's table is known.
struct Mark {
    tool: &'static str,
    tables: &'static [&'static str],
    /// Columns that it has.
    columns: &'static [&'static str],
    /// It has no others.
    only: bool,
}

const fn mark(
    tool: &'static str,
    tables: &'static [&'static str],
    columns: &'static [&'static str],
    only: bool,
) -> Mark {
    Mark { tool, tables, columns, only }
}

const MARKS: &[Mark] = &[
    mark("golang-migrate", &["schema_migrations"], &["version", "dirty"], true),
    mark("dbmate", &["schema_migrations"], &["version"], true),
    mark("goose", &["goose_db_version"], &["version_id", "is_applied"], false),
    mark("Flyway", &["flyway_schema_history", "schema_version"], &["installed_rank", "version", "checksum"], false),
    mark("sqlx", &["_sqlx_migrations"], &["version", "checksum", "success"], false),
    mark("refinery", &["refinery_schema_history"], &["version", "applied_on", "checksum"], false),
    mark("Diesel", &["__diesel_schema_migrations"], &["version", "run_on"], true),
    mark("Atlas", &["atlas_schema_revisions"], &["version", "hash", "executed_at"], false),
    mark("gormigrate", &["migrations"], &["id"], true),
    mark("Liquibase", &["databasechangelog"], &["id", "author", "filename"], false),
    mark("Laravel", &["migrations"], &["migration", "batch"], false),
    mark("SeaORM", &["seaql_migrations"], &["version", "applied_at"], false),
    mark("Prisma", &["_prisma_migrations"], &["id", "checksum", "migration_name"], false),
    mark("Alembic", &["alembic_version"], &["version_num"], true),
    mark("Django", &["django_migrations"], &["app", "name", "applied"], false),
    mark("Knex", &["knex_migrations"], &["name", "batch"], false),
];

/// The tool whose record a table is, by its name and its columns; both in any case.
#[must_use]
pub fn foreign_tool(table: &str, columns: &[&str]) -> Option<&'static str> {
    let named = |mark: &&Mark| mark.tables.iter().any(|name| name.eq_ignore_ascii_case(table));
    MARKS.iter().filter(named).find(|mark| fits(mark, columns)).map(|mark| mark.tool)
}

/// The tool that has such columns in its table, whatever the table's name.
#[must_use]
pub fn foreign_tool_by_columns(columns: &[&str]) -> Option<&'static str> {
    MARKS.iter().find(|mark| fits(mark, columns)).map(|mark| mark.tool)
}

/// The names that such tables have, in lower case.
pub fn foreign_tables() -> impl Iterator<Item = &'static str> {
    MARKS.iter().flat_map(|mark| mark.tables.iter().copied())
}

fn fits(mark: &Mark, columns: &[&str]) -> bool {
    let has = |wanted: &&&str| columns.iter().any(|column| column.eq_ignore_ascii_case(wanted));
    mark.columns.iter().filter(has).count() == mark.columns.len() && (!mark.only || mark.columns.len() == columns.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_tools_apart_by_their_columns() {
        assert_eq!(foreign_tool("schema_migrations", &["version", "dirty"]), Some("golang-migrate"));
        assert_eq!(foreign_tool("schema_migrations", &["version"]), Some("dbmate"));
        assert_eq!(foreign_tool("schema_migrations", &["version", "inserted_at"]), None, "Ecto's");
        assert_eq!(foreign_tool("migrations", &["ID"]), Some("gormigrate"));
        assert_eq!(foreign_tool("migrations", &["id", "migration", "batch"]), Some("Laravel"));
        assert_eq!(foreign_tool("migrations", &["id", "birds"]), None);
        assert_eq!(foreign_tool("DATABASECHANGELOG", &["ID", "AUTHOR", "FILENAME", "MD5SUM"]), Some("Liquibase"));
        assert_eq!(foreign_tool_by_columns(&["id", "version_id", "is_applied", "tstamp"]), Some("goose"));
        let rows = ForeignRows { columns: vec!["a".into(), "b".into()], rows: vec![vec![None, Some("1".into())]] };
        assert_eq!((rows.get(&rows.rows[0], "b"), rows.get(&rows.rows[0], "a")), (Some("1"), None));
    }
}
