//! Checks, of tables and of columns.

use driftlock_database::Error;
use driftlock_schema::Part;

use super::columns::unescaped;
use super::text::without_database;
use super::{Found, Reader};
use crate::parse::quote;
use crate::tables::literal;
use crate::wire::text;

pub(super) async fn read(reader: &mut Reader<'_>, found: &mut Found) -> Result<(), Error> {
    if reader.product.is_mariadb { of_mariadb(reader, found).await } else { of_mysql(reader, found).await }
}

async fn of_mariadb(reader: &mut Reader<'_>, found: &mut Found) -> Result<(), Error> {
    if found.expressive.is_empty() {
        return Ok(());
    }
    let mut condition = reader.within("CONSTRAINT_SCHEMA", "TABLE_NAME");
    // The server has to open each table: those that can't have checks are left out, where they are worth a list.
    if reader.only.is_none() && found.expressive.len() < found.tables.len() / 2 {
        let names: Vec<String> = found.expressive.iter().map(|name| literal(name)).collect();
        condition = format!("{condition} AND TABLE_NAME IN ({})", names.join(", "));
    }
    let sql = format!(
        "SELECT TABLE_NAME, CONSTRAINT_NAME, LEVEL, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE {condition}"
    );
    for row in reader.rows(&sql).await? {
        let Some(table) = found.tables.get_mut(text(&row, 0)) else { continue };
        if text(&row, 3).contains('?') {
            found.shown.insert(table.name.name.clone());
        }
        let (name, clause) = (text(&row, 1), text(&row, 3));
        let clause = without_database(clause, &reader.database)
            .map_or_else(|()| clause.to_owned(), std::borrow::Cow::into_owned);
        if text(&row, 2) != "Column" {
            if is_period(&clause) {
                found.shown.insert(table.name.name.clone());
            }
            table.parts.push(Part::new("check", name).with("expression", clause));
            continue;
        }
        let column = table.parts.iter_mut().find(|part| part.kind == "column" && part.name == name);
        let Some(column) = column else {
            // The check of a column that was renamed keeps the column's old name.
            found.shown.insert(table.name.name.clone());
            continue;
        };
        set_check(column, table.attributes.text("collation"), clause);
    }
    Ok(())
}

/// The check of a column, which is nothing but its type where that is JSON.
pub(super) fn set_check(column: &mut Part, table_collation: Option<&str>, clause: String) {
    let of_json = clause == format!("json_valid({})", quote(&column.name));
    if of_json && is_json(column, table_collation) {
        column.attributes.set("type", "json");
        column.attributes.remove("collation");
    } else {
        column.attributes.set("check", clause);
    }
}

/// MariaDB's JSON is a LONGTEXT of this collation with a check.
fn is_json(column: &Part, table_collation: Option<&str>) -> bool {
    let collation = column.attributes.text("collation").or(table_collation);
    column.attributes.text("type") == Some("longtext") && collation == Some("utf8mb4_bin")
}

/// `` `a` < `b` ``: a period of a table's looks like this, or a check that somebody wrote.
fn is_period(clause: &str) -> bool {
    let tokens = crate::parse::words(clause);
    matches!(tokens[..], [_, sign, _] if sign.text == "<")
}

async fn of_mysql(reader: &mut Reader<'_>, found: &mut Found) -> Result<(), Error> {
    let sql = format!(
        "SELECT t.TABLE_NAME, t.CONSTRAINT_NAME, c.CHECK_CLAUSE, t.ENFORCED FROM information_schema.TABLE_CONSTRAINTS t \
         JOIN information_schema.CHECK_CONSTRAINTS c ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA \
         AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME WHERE t.CONSTRAINT_TYPE = 'CHECK' AND {}",
        reader.within("t.TABLE_SCHEMA", "t.TABLE_NAME")
    );
    for row in reader.rows(&sql).await? {
        let Some(table) = found.tables.get_mut(text(&row, 0)) else { continue };
        let mut check = Part::new("check", text(&row, 1)).with("expression", unescaped(text(&row, 2)));
        check.attributes.set_flag("not_enforced", text(&row, 3) == "NO");
        table.parts.push(check);
    }
    Ok(())
}
