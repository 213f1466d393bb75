//! Foreign keys.
//!
//! On MariaDB the standard's catalogs make the server open every table, twice. InnoDB's own, which alone has foreign keys, are read instead where
//! the login may (`PROCESS`).

use std::collections::{BTreeMap, BTreeSet};

use driftlock_database::Error;
use driftlock_schema::{Id, Name, Part};

use super::{Found, Reader};
use crate::wire::{TextRow, text};

struct ForeignKey {
    table: String,
    name: String,
    columns: Vec<String>,
    /// The database, where it is another one.
    database: Option<String>,
    references: String,
    referenced: Vec<String>,
    on_delete: &'static str,
    on_update: &'static str,
}

pub(super) async fn read(reader: &mut Reader<'_>, found: &mut Found) -> Result<(), Error> {
    if found.tables.is_empty() {
        return Ok(());
    }
    let quick = if reader.product.is_mariadb { of_innodb(reader).await? } else { None };
    let keys = match quick {
        Some(keys) => keys,
        None => of_the_standard(reader).await?,
    };
    for key in keys {
        let Some(table) = found.tables.get_mut(&key.table) else { continue };
        let mut part = Part::new("foreign_key", key.name).with("columns", key.columns);
        if key.database.is_none() && key.references != key.table {
            part.requires.push(Id::new("table", Name::new(&key.references)));
        }
        let said = &mut part.attributes;
        said.set("references", key.references);
        said.set_some("references_database", key.database);
        said.set("referenced_columns", key.referenced);
        said.set_some("on_delete", Some(key.on_delete).filter(|action| *action != "restrict"));
        said.set_some("on_update", Some(key.on_update).filter(|action| *action != "restrict"));
        table.parts.push(part);
    }
    Ok(())
}

/// `None` where the login may not ask, or the server is of a version that keeps them elsewhere.
async fn of_innodb(reader: &mut Reader<'_>) -> Result<Option<Vec<ForeignKey>>, Error> {
    // Names are in the charset of files there, and so are compared and decoded by the server.
    let folder = format!("CONCAT(CAST(CONVERT({} USING filename) AS BINARY), '/')", reader.here);
    let condition = format!("LEFT(CAST(FOR_NAME AS BINARY), LENGTH({folder})) = {folder}");
    let sql = format!(
        "SELECT f.ID, f.FOR_NAME, f.REF_NAME, f.TYPE, c.FOR_COL_NAME, c.REF_COL_NAME, f.N_COLS \
         FROM (SELECT * FROM information_schema.INNODB_SYS_FOREIGN WHERE {condition}) f \
         JOIN information_schema.INNODB_SYS_FOREIGN_COLS c ON c.ID = f.ID ORDER BY f.ID, c.POS"
    );
    // Without the right it is an error in some versions, and no rows with a warning in others.
    let may = reader.rows("SELECT 1 FROM information_schema.INNODB_SYS_TABLES LIMIT 1").await;
    if !may.is_ok_and(|rows| !rows.is_empty()) {
        return Ok(None);
    }
    let rows = match reader.rows(&sql).await {
        Ok(rows) => rows,
        Err(Error::Server(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let names = decoded(reader, &rows).await?;
    let place = |name: &str| {
        let (database, table) = name.split_once('/')?;
        Some((names.get(database)?.clone(), names.get(table)?.clone()))
    };
    let mut keys = Vec::new();
    for key in rows.chunk_by(|one, other| text(one, 0) == text(other, 0)) {
        let first = &key[0];
        let (Some((_, table)), Some((database, references))) = (place(text(first, 1)), place(text(first, 2))) else {
            return Ok(None);
        };
        if reader.only.as_ref().is_some_and(|only| !only.contains(&table)) {
            continue;
        }
        let Ok(kind) = text(first, 3).parse::<u32>() else { return Ok(None) };
        if text(first, 6) != key.len().to_string() {
            return Ok(None);
        }
        // The name is unique in its database, or in its table, which then stands before it.
        let name = text(first, 0).split_once('/').map_or("", |(_, name)| name);
        let name = name.rsplit_once('\u{ff}').map_or(name, |(_, name)| name);
        let action = |cascade: u32, set_null: u32, none: u32| match kind {
            kind if kind & cascade != 0 => "cascade",
            kind if kind & set_null != 0 => "set null",
            kind if kind & none != 0 => "no action",
            _ => "restrict",
        };
        keys.push(ForeignKey {
            table,
            name: name.to_owned(),
            columns: key.iter().map(|row| text(row, 4).to_owned()).collect(),
            database: (database != reader.database).then_some(database),
            references,
            referenced: key.iter().map(|row| text(row, 5).to_owned()).collect(),
            on_delete: action(1, 2, 16),
            on_update: action(4, 8, 32),
        });
    }
    Ok(Some(keys))
}

/// The names of databases and tables by those of their files.
async fn decoded(reader: &mut Reader<'_>, rows: &[TextRow]) -> Result<BTreeMap<String, String>, Error> {
    let pieces = rows.iter().flat_map(|row| [text(row, 1), text(row, 2)]).flat_map(|name| name.splitn(2, '/'));
    let (odd, plain): (BTreeSet<&str>, BTreeSet<&str>) = pieces.partition(|piece| piece.contains('@'));
    let mut names: BTreeMap<String, String> =
        plain.into_iter().map(|name| (name.to_owned(), name.to_owned())).collect();
    if odd.is_empty() {
        return Ok(names);
    }
    let hex = |text: &str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    let sql: Vec<String> =
        odd.iter().map(|piece| format!("SELECT CONVERT(_filename X'{}' USING utf8mb4)", hex(piece))).collect();
    let found = reader.rows(&sql.join(" UNION ALL ")).await?;
    names.extend(odd.into_iter().zip(&found).map(|(piece, row)| (piece.to_owned(), text(row, 0).to_owned())));
    Ok(names)
}

async fn of_the_standard(reader: &mut Reader<'_>) -> Result<Vec<ForeignKey>, Error> {
    let sql = format!(
        "SELECT TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME \
         FROM information_schema.KEY_COLUMN_USAGE WHERE {} AND REFERENCED_TABLE_NAME IS NOT NULL \
         ORDER BY TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION",
        reader.within("TABLE_SCHEMA", "TABLE_NAME")
    );
    let columns = reader.rows(&sql).await?;
    if columns.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT TABLE_NAME, CONSTRAINT_NAME, DELETE_RULE, UPDATE_RULE FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE {}",
        reader.within("CONSTRAINT_SCHEMA", "TABLE_NAME")
    );
    let rules = reader.rows(&sql).await?;
    let rules: BTreeMap<(&str, &str), &TextRow> = rules.iter().map(|row| ((text(row, 0), text(row, 1)), row)).collect();
    let same = |one: &TextRow, other: &TextRow| text(one, 0) == text(other, 0) && text(one, 1) == text(other, 1);
    let keys = columns.chunk_by(same).map(|key| {
        let first = &key[0];
        let rule = rules.get(&(text(first, 0), text(first, 1)));
        let action = |at: usize| match rule.map(|row| text(row, at)) {
            Some("CASCADE") => "cascade",
            Some("SET NULL") => "set null",
            Some("SET DEFAULT") => "set default",
            Some("NO ACTION") => "no action",
            _ => "restrict",
        };
        ForeignKey {
            table: text(first, 0).to_owned(),
            name: text(first, 1).to_owned(),
            columns: key.iter().map(|row| text(row, 2).to_owned()).collect(),
            database: Some(text(first, 3)).filter(|database| *database != reader.database).map(str::to_owned),
            references: text(first, 4).to_owned(),
            referenced: key.iter().map(|row| text(row, 5).to_owned()).collect(),
            on_delete: action(2),
            on_update: action(3),
        }
    });
    Ok(keys.collect())
}
