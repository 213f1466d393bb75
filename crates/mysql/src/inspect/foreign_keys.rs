//! Foreign keys.
//!
//! On MariaDB the standard's catalogs make the server open every table, twice. InnoDB's own, which alone has foreign keys, are read instead where
//! the login may (`PROCESS`).

use std::collections::{BTreeMap, BTreeSet};

use driftlock_database::Error;
use driftlock_schema::{Id, Name, Part};

use super::{Found, Reader};
use crate::wire::{TextRow, text};

/// So many tables are few.
const FEW: usize = 16;

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
    let default = if reader.product.is_mariadb { "restrict" } else { "no action" };
    // InnoDB's have no index: of a few tables the standard's are told sooner than all that the server has.
    let are_few = reader.only.as_ref().is_some_and(|only| only.len() <= FEW);
    let quick = if reader.product.is_mariadb && !are_few { of_innodb(reader).await? } else { None };
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
        said.set_some("on_delete", Some(key.on_delete).filter(|action| *action != default));
        said.set_some("on_update", Some(key.on_update).filter(|action| *action != default));
        table.parts.push(part);
    }
    Ok(())
}

/// `None` where the login may not ask, or the server is of a version that keeps them elsewhere.
async fn of_innodb(reader: &mut Reader<'_>) -> Result<Option<Vec<ForeignKey>>, Error> {
    // Names are in the charset of files there, and so are compared and decoded by the server.
    let folder = format!("CONCAT(CAST(CONVERT({} USING filename) AS BINARY), '/')", reader.here);
    let of = |column: &str| format!("LEFT(CAST({column} AS BINARY), LENGTH({folder})) = {folder}");
    let sql = format!(
        "SELECT ID, FOR_NAME, REF_NAME, TYPE, N_COLS FROM information_schema.INNODB_SYS_FOREIGN WHERE {}",
        of("FOR_NAME")
    );
    // Joined here: the server would compare every row with every other.
    let columns = format!(
        "SELECT ID, FOR_COL_NAME, REF_COL_NAME FROM information_schema.INNODB_SYS_FOREIGN_COLS WHERE {} ORDER BY ID, POS",
        of("ID")
    );
    // Without the right on all that the server has, there are no rows and a warning.
    if !reader.grants.missing("", None, &["PROCESS"]).is_empty() {
        return Ok(None);
    }
    let rows = match reader.rows(&sql).await {
        Ok(rows) => rows,
        Err(Error::Server(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let columns = reader.rows(&columns).await?;
    let columns: BTreeMap<&str, &[TextRow]> =
        columns.chunk_by(|one, other| text(one, 0) == text(other, 0)).map(|key| (text(&key[0], 0), key)).collect();
    let names = decoded(reader, &rows).await?;
    let place = |name: &str| {
        let (database, table) = name.split_once('/')?;
        Some((names.get(database)?.clone(), names.get(table)?.clone()))
    };
    let mut keys = Vec::new();
    for first in &rows {
        let key = columns.get(text(first, 0)).copied().unwrap_or_default();
        let (Some((_, table)), Some((database, references))) = (place(text(first, 1)), place(text(first, 2))) else {
            return Ok(None);
        };
        if reader.only.as_ref().is_some_and(|only| !only.contains(&table)) {
            continue;
        }
        let Ok(kind) = text(first, 3).parse::<u32>() else { return Ok(None) };
        if text(first, 4) != key.len().to_string() {
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
            columns: key.iter().map(|row| text(row, 1).to_owned()).collect(),
            database: (database != reader.database).then_some(database),
            references,
            referenced: key.iter().map(|row| text(row, 2).to_owned()).collect(),
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
