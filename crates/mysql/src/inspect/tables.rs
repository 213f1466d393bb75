//! The database itself, its tables and its sequences.

use std::collections::BTreeMap;

use driftlock_database::Error;
use driftlock_schema::{Name, Object, Value};

use super::{Found, Reader};
use crate::parse::quote;
use crate::tables::literal;
use crate::wire::text;

/// Engines whose tables are all that the catalog says of them. Others keep a server's address, a union of tables, a file's form beside.
const ENGINES: [&str; 9] = ["InnoDB", "MyISAM", "Aria", "MEMORY", "CSV", "ARCHIVE", "BLACKHOLE", "ROCKSDB", "TokuDB"];

/// The database: its collation, and on MariaDB its comment.
pub(super) async fn database(reader: &mut Reader<'_>, found: &mut Found) -> Result<(), Error> {
    let comment = if reader.product.is_mariadb { "SCHEMA_COMMENT" } else { "''" };
    let sql = format!(
        "SELECT DEFAULT_COLLATION_NAME, {comment} FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {}",
        reader.here
    );
    let rows = reader.rows(&sql).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    found.collation = text(row, 0).to_owned();
    let mut database = Object::new("database", Name::new("")).with("collation", text(row, 0));
    database.attributes.set_some("comment", Some(text(row, 1)).filter(|comment| !comment.is_empty()));
    found.objects.push(database);
    Ok(())
}

pub(super) async fn read(reader: &mut Reader<'_>, found: &mut Found) -> Result<(), Error> {
    let sql = format!(
        "SELECT TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_COLLATION, CREATE_OPTIONS, TABLE_COMMENT, VERSION \
         FROM information_schema.TABLES WHERE {}",
        reader.within("TABLE_SCHEMA", "TABLE_NAME")
    );
    for row in reader.rows(&sql).await? {
        let (name, engine, comment) = (text(&row, 0), text(&row, 2), text(&row, 5));
        match text(&row, 1) {
            "VIEW" => {
                found.views.insert(name.to_owned(), false);
            }
            "SEQUENCE" => {
                let mut sequence = Object::new("sequence", Name::new(name)).with("engine", engine);
                sequence.attributes.set_some("comment", Some(comment).filter(|comment| !comment.is_empty()));
                found.sequences.insert(name.to_owned(), sequence);
            }
            "TEMPORARY" => {}
            _ if engine.is_empty() => {
                let reason = format!("the server can't open it: {comment}");
                found.unmodelled("table", name, reason);
            }
            _ if !ENGINES.iter().any(|known| known.eq_ignore_ascii_case(engine)) => {
                let reason = format!("tables of the engine {engine} are more than the catalog says of them");
                found.unmodelled("table", name, reason);
            }
            "BASE TABLE" | "SYSTEM VERSIONED" => {
                let mut table =
                    Object::new("table", Name::new(name)).with("engine", engine).with("collation", text(&row, 3));
                table.attributes.set_flag("versioned", text(&row, 1) == "SYSTEM VERSIONED");
                let options = text(&row, 4);
                let mut pairs: Vec<(String, String)> = super::text::options(options);
                // Whether it is loaded into the second engine by now.
                pairs.retain(|(name, _)| name != "secondary_load");
                if !pairs.is_empty() {
                    table.attributes.set("options", Value::map(pairs));
                }
                if options.split(' ').any(|word| word == "partitioned") {
                    found.shown.insert(name.to_owned());
                }
                table.attributes.set_some("comment", Some(comment).filter(|comment| !comment.is_empty()));
                // A definition of format 10 has no room for expressions.
                if text(&row, 6) != "10" {
                    found.expressive.insert(name.to_owned());
                }
                found.tables.insert(name.to_owned(), table);
            }
            kind => {
                let reason = format!("the server calls it a {kind}");
                found.unmodelled("table", name, reason);
            }
        }
    }
    Ok(())
}

/// Files of MySQL's that several tables share: they are the server's, and InnoDB alone says which tables lie in them, to those who may ask.
pub(super) async fn tablespaces(reader: &mut Reader<'_>, found: &mut Found) -> Result<(), Error> {
    if reader.product.is_mariadb || !reader.grants.missing("", None, &["PROCESS"]).is_empty() {
        return Ok(());
    }
    // Names are those of files there.
    let folder = literal(&format!("{}/", in_a_path(&reader.database)));
    let here = format!("LEFT(t.NAME, CHAR_LENGTH({folder})) = {folder}");
    let sql = format!(
        "SELECT DISTINCT s.NAME FROM information_schema.INNODB_TABLES t JOIN information_schema.INNODB_TABLESPACES s ON s.SPACE = t.SPACE \
         WHERE t.SPACE_TYPE = 'General' AND {here} \
         UNION SELECT DISTINCT 'innodb_system' FROM information_schema.INNODB_TABLES t WHERE t.SPACE_TYPE = 'System' AND {here}"
    );
    for row in reader.rows(&sql).await? {
        found.unmodelled(
            "tablespace",
            text(&row, 0),
            "tables lie in it; it is the server's, and where they lie isn't compared",
        );
    }
    Ok(())
}

/// A name as it stands in a path: what isn't a letter of ASCII, a digit or an underscore is told by its number.
fn in_a_path(name: &str) -> String {
    let mut path = String::new();
    for letter in name.chars() {
        match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => path.push(letter),
            letter => path.push_str(&format!("@{:04x}", u32::from(letter))),
        }
    }
    path
}

/// What sequences say of themselves: one question about all.
pub(super) async fn sequences(reader: &mut Reader<'_>, found: &mut Found) -> Result<(), Error> {
    if found.sequences.is_empty() {
        return Ok(());
    }
    let database = quote(&reader.database);
    let of = |name: &String| {
        format!(
            "SELECT {} AS name, start_value, increment, minimum_value, maximum_value, cache_size, cycle_option FROM {database}.{}",
            literal(name),
            quote(name)
        )
    };
    let sql: Vec<String> = found.sequences.keys().map(of).collect();
    let rows = match reader.rows(&sql.join(" UNION ALL ")).await {
        Ok(rows) => rows,
        Err(Error::Server(error)) => {
            found.incomplete.insert(format!("sequences can't be read ({}): grant SELECT", error.message));
            found.sequences.clear();
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let rows: BTreeMap<&str, _> = rows.iter().map(|row| (text(row, 0), row)).collect();
    for (name, sequence) in &mut found.sequences {
        let Some(row) = rows.get(name.as_str()) else { continue };
        for (at, attribute) in [(1, "start"), (2, "increment"), (3, "minimum"), (4, "maximum"), (5, "cache")] {
            let value = text(row, at);
            let value = value.parse::<i64>().map_or_else(|_| Value::from(value), Value::from);
            sequence.attributes.set(attribute, value);
        }
        sequence.attributes.set_flag("cycle", text(row, 6) == "1");
    }
    Ok(())
}
