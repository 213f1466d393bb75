//! Columns.

use driftlock_database::Error;
use driftlock_schema::{Attributes, Part};

use super::text::{string, without_database};
use super::{Found, Reader};
use crate::wire::{TextRow, text};

pub(super) async fn read(reader: &mut Reader<'_>, found: &mut Found) -> Result<(), Error> {
    let mariadb = reader.product.is_mariadb;
    let (srid, order) = if mariadb { ("NULL", "") } else { ("SRS_ID", " ORDER BY TABLE_NAME, ORDINAL_POSITION") };
    let sql = format!(
        "SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, COLLATION_NAME, EXTRA, GENERATION_EXPRESSION, \
         COLUMN_COMMENT, {srid}, DATA_TYPE FROM information_schema.COLUMNS WHERE {}{order}",
        reader.within("TABLE_SCHEMA", "TABLE_NAME")
    );
    let mut has_geometry = false;
    for row in reader.rows(&sql).await? {
        let name = text(&row, 0);
        if let Some(has_columns) = found.views.get_mut(name) {
            *has_columns = true;
        }
        let Some(table) = found.tables.get_mut(name) else { continue };
        has_geometry |= mariadb && GEOMETRY.contains(&text(&row, 10));
        let collation = table.attributes.text("collation").unwrap_or_default();
        let column = if mariadb { of_mariadb(&row, &reader.database) } else { of_mysql(&row) };
        table.parts.push(with_rest(column, &row, collation));
    }
    if has_geometry {
        reference_systems(reader, found).await?;
    }
    Ok(())
}

const GEOMETRY: [&str; 8] = [
    "geometry",
    "point",
    "linestring",
    "polygon",
    "multipoint",
    "multilinestring",
    "multipolygon",
    "geometrycollection",
];

/// What both products say alike.
fn with_rest(mut column: Part, row: &TextRow, table_collation: &str) -> Part {
    let said = &mut column.attributes;
    let collation = Some(text(row, 5)).filter(|collation| !collation.is_empty() && *collation != table_collation);
    said.set_some("collation", collation);
    let extra = text(row, 6);
    said.set_flag("auto_increment", extra.contains("auto_increment"));
    said.set_flag("invisible", extra.contains("INVISIBLE"));
    let on_update = extra.find("on update ").map(|at| &extra[at + "on update ".len()..]);
    let on_update = on_update.map(|rest| rest.split([',', ' ']).next().unwrap_or(rest));
    said.set_some("on_update", on_update.map(str::to_ascii_lowercase));
    said.set_some("comment", Some(text(row, 8)).filter(|comment| !comment.is_empty()));
    column
}

/// `row` says it in MariaDB's words: a default is SQL as it stands.
fn of_mariadb(row: &TextRow, database: &str) -> Part {
    let mut column = Part::new("column", text(row, 1));
    let said = &mut column.attributes;
    let written = text(row, 2);
    // `varchar(20) /*M!100301 COMPRESSED*/`
    let (kind, more) = written.split_once(" /*").unwrap_or((written, ""));
    said.set("type", kind);
    said.set_flag("compressed", more.contains("COMPRESSED"));
    let extra = text(row, 6);
    let expression = text(row, 7);
    if extra.contains("GENERATED") && matches!(expression, "ROW START" | "ROW END") {
        said.set("row", expression["ROW ".len()..].to_ascii_lowercase());
        return column;
    }
    said.set_flag("not_null", text(row, 3) == "NO");
    said.set_flag("unversioned", extra.contains("WITHOUT SYSTEM VERSIONING"));
    if extra.contains("GENERATED") {
        generated(said, expression, extra);
    } else {
        let default = row.get(4).and_then(Option::as_deref).filter(|default| *default != "NULL");
        let default = default.map(|default| {
            without_database(default, database).map_or_else(|()| default.to_owned(), |it| it.into_owned())
        });
        said.set_some("default", default);
    }
    column
}

/// `row` says it in MySQL's words: a default is a text without quotes, and SQL where `EXTRA` says so.
fn of_mysql(row: &TextRow) -> Part {
    let mut column = Part::new("column", text(row, 1)).with("type", text(row, 2));
    let said = &mut column.attributes;
    let extra = text(row, 6);
    said.set_flag("not_null", text(row, 3) == "NO");
    said.set_some("srid", text(row, 9).parse::<i64>().ok());
    if extra.contains("GENERATED") && !extra.contains("DEFAULT_GENERATED") {
        generated(said, &unescaped(text(row, 7)), extra);
        return column;
    }
    let Some(default) = row.get(4).and_then(Option::as_deref) else { return column };
    let kind = text(row, 10);
    let default = if extra.contains("DEFAULT_GENERATED") {
        let now = default.to_ascii_lowercase();
        if now.starts_with("current_timestamp") { now } else { format!("({})", unescaped(default)) }
    } else if default.to_ascii_lowercase().starts_with("current_timestamp") && matches!(kind, "timestamp" | "datetime")
    {
        default.to_ascii_lowercase()
    } else if NUMBERS.contains(&kind) || (kind == "bit" && default.starts_with("b'")) {
        default.to_owned()
    } else if let Some(digits) = default.strip_prefix("0x").filter(|_| kind.ends_with("binary")) {
        format!("0x{digits}")
    } else {
        string(default)
    };
    said.set("default", default);
    column
}

const NUMBERS: [&str; 8] = ["tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double"];

fn generated(said: &mut Attributes, expression: &str, extra: &str) {
    said.set("generated", expression);
    said.set_flag("stored", extra.contains("STORED"));
}

/// MySQL prints expressions with apostrophes and backslashes escaped once more.
pub(super) fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => plain.extend(letters.next()),
            letter => plain.push(letter),
        }
    }
    plain
}

/// The reference systems of MariaDB's geometry columns, which nothing else tells.
async fn reference_systems(reader: &mut Reader<'_>, found: &mut Found) -> Result<(), Error> {
    let sql = format!(
        "SELECT G_TABLE_NAME, G_GEOMETRY_COLUMN, SRID FROM information_schema.GEOMETRY_COLUMNS WHERE {} AND SRID <> 0",
        reader.within("G_TABLE_SCHEMA", "G_TABLE_NAME")
    );
    for row in reader.rows(&sql).await? {
        let Some(table) = found.tables.get_mut(text(&row, 0)) else { continue };
        // The catalog has no name for the column in some versions, where there is but one.
        let named = |part: &&mut Part| part.kind == "column" && part.name == text(&row, 1);
        if let Some(column) = table.parts.iter_mut().find(named) {
            column.attributes.set_some("srid", text(&row, 2).parse::<i64>().ok());
        }
    }
    Ok(())
}
