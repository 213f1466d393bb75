//! Columns.

use driftlock_database::Error;
use driftlock_schema::{Attributes, Part};

use super::text::{string, without_database};
use super::{Found, Reader};
use crate::parse::quote;
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
    let mut lossy = Vec::new();
    for row in reader.rows(&sql).await? {
        let name = text(&row, 0);
        if let Some(has_columns) = found.views.get_mut(name) {
            *has_columns = true;
        }
        let Some(table) = found.tables.get_mut(name) else { continue };
        has_geometry |= mariadb && GEOMETRY.contains(&text(&row, 10));
        let collation = table.attributes.text("collation").unwrap_or_default();
        if mariadb && [4, 7].iter().any(|at| text(&row, *at).contains('?')) {
            found.shown.insert(name.to_owned());
        }
        // MySQL's catalog loses letters of four bytes, and bytes behind a zero.
        let default = text(&row, 4);
        if !mariadb
            && !text(&row, 6).contains("DEFAULT_GENERATED")
            && (default.contains('?') || default.starts_with("0x"))
        {
            found.shown.insert(name.to_owned());
        }
        if !mariadb
            && row.get(4).is_some_and(Option::is_none)
            && may_lack_default(text(&row, 3) == "NO", text(&row, 10))
        {
            found.shown.insert(name.to_owned());
        }
        // Of a column that is never NULL the row that isn't there has another default.
        if mariadb && text(&row, 3) == "YES" && text(&row, 4).starts_with('\'') && is_lossy(text(&row, 4)) {
            lossy.push([name.to_owned(), text(&row, 1).to_owned(), text(&row, 10).to_owned()]);
        }
        let column = if mariadb { of_mariadb(&row, &reader.database) } else { of_mysql(&row) };
        table.parts.push(with_rest(column, &row, collation));
    }
    if !lossy.is_empty() {
        defaults(reader, found, &lossy).await?;
    }
    if has_geometry {
        reference_systems(reader, found).await?;
    }
    Ok(())
}

/// Whether a column for which the catalog of MySQL has no default may have none at all (`ALTER COLUMN … DROP DEFAULT`), where others have NULL: an
/// INSERT has to name it then. Of texts and blobs `SHOW CREATE TABLE` doesn't tell, either.
pub(super) fn may_lack_default(not_null: bool, kind: &str) -> bool {
    !not_null && !kind.ends_with("text") && !kind.ends_with("blob")
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
            without_database(default, database).map_or_else(|()| default.to_owned(), std::borrow::Cow::into_owned)
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
    said.set_flag("not_secondary", extra.contains("NOT SECONDARY"));
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

/// MySQL prints expressions with apostrophes and backslashes escaped once more, and with each byte of UTF-8 for a letter of its own.
pub(super) fn unescaped(text: &str) -> String {
    let bytes: Option<Vec<u8>> = text.chars().map(|letter| u8::try_from(letter).ok()).collect();
    let letters = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let text = letters.as_deref().unwrap_or(text);
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

/// Whether a default may be another than it is printed: the catalog has marks for letters of four bytes, and for bytes that are no letters.
fn is_lossy(printed: &str) -> bool {
    printed.contains(['?', '\u{fffd}'])
}

/// Defaults by their bytes: one question about all of these columns.
async fn defaults(reader: &mut Reader<'_>, found: &mut Found, columns: &[[String; 3]]) -> Result<(), Error> {
    let of = |[table, column, kind]: &[String; 3]| {
        let default = format!("DEFAULT(t.{})", quote(column));
        let default = if is_binary(kind) { default } else { format!("CONVERT({default} USING utf8mb4)") };
        // Of a row that isn't there.
        format!(
            "SELECT HEX({default}) FROM (SELECT 1) one LEFT JOIN {}.{} t ON FALSE",
            quote(&reader.database),
            quote(table)
        )
    };
    let sql: Vec<String> = columns.iter().map(of).collect();
    let rows = match reader.rows(&sql.join(" UNION ALL ")).await {
        Ok(rows) => rows,
        Err(Error::Server(_)) => {
            found.incomplete.insert("defaults with other than usual letters can't be read: grant SELECT".to_owned());
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    for ([table, column, kind], row) in columns.iter().zip(&rows) {
        let Some(table) = found.tables.get_mut(table) else { continue };
        let Some(part) = table.parts.iter_mut().find(|part| part.kind == "column" && part.name == *column) else {
            continue;
        };
        let Some(bytes) = bytes(text(row, 0)) else { continue };
        match String::from_utf8(bytes) {
            Ok(said) if !is_binary(kind) && !said.chars().any(char::is_control) => {
                part.attributes.set("default", string(&said));
            }
            _ if is_binary(kind) => part.attributes.set("default", format!("x'{}'", text(row, 0).to_ascii_lowercase())),
            _ => {}
        }
    }
    Ok(())
}

/// Bytes by their digits.
pub(super) fn bytes(digits: &str) -> Option<Vec<u8>> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect()
}

pub(super) fn is_binary(kind: &str) -> bool {
    kind.ends_with("binary") || kind.ends_with("blob") || kind == "bit"
}

/// The reference systems of MariaDB's geometry columns, which nothing else tells.
async fn reference_systems(reader: &mut Reader<'_>, found: &mut Found) -> Result<(), Error> {
    let sql = format!(
        "SELECT G_TABLE_NAME, G_GEOMETRY_COLUMN, SRID FROM information_schema.GEOMETRY_COLUMNS WHERE F_TABLE_SCHEMA = {} AND {} AND SRID <> 0",
        reader.here,
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
