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

/// The database: its collation, on MariaDB its comment, and on MySQL whether it is encrypted by default.
pub(super) async fn database(reader: &mut Reader<'_>, found: &mut Found) -> Result<(), Error> {
    let comment = if reader.product.is_mariadb { "SCHEMA_COMMENT" } else { "''" };
    let encryption = if reader.product.encrypts_databases() { "DEFAULT_ENCRYPTION" } else { "'NO'" };
    let options = if reader.product.has_extensions() {
        format!("(SELECT OPTIONS FROM information_schema.SCHEMATA_EXTENSIONS e WHERE e.SCHEMA_NAME = {})", reader.here)
    } else {
        "''".to_owned()
    };
    let sql = format!(
        "SELECT DEFAULT_COLLATION_NAME, {comment}, {encryption}, {options} FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {}",
        reader.here
    );
    let rows = reader.rows(&sql).await?;
    let Some(row) = rows.first() else { return Ok(()) };
    found.collation = text(row, 0).to_owned();
    let mut database = Object::new("database", Name::new("")).with("collation", text(row, 0));
    database.attributes.set_some("comment", Some(text(row, 1)).filter(|comment| !comment.is_empty()));
    database.attributes.set_flag("encrypted", text(row, 2) == "YES");
    found.objects.push(database);
    if text(row, 3).contains("READ ONLY=1") {
        found.unmodelled("database", "", "it is read only, which is a state of it and no part of its schema");
    }
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
                let is_aria = engine.eq_ignore_ascii_case("Aria");
                if is_aria || options.split(' ').any(|word| word == "partitioned") {
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

/// What it is called that [`not_read`] names.
pub(super) const NOT_READ: [&str; 2] = ["tablespace", "engine_attribute"];

/// What stands in `SHOW CREATE TABLE` of MySQL's tables and isn't read, by the names of those that have it: in which files they lie, which InnoDB alone
/// says, to those who may ask; and words for other engines.
pub(super) async fn not_read(reader: &mut Reader<'_>, found: &mut Found) -> Result<(), Error> {
    if !reader.product.has_extensions() {
        return Ok(());
    }
    if reader.grants.missing("", None, &["PROCESS"]).is_empty() {
        // Names are those of files there.
        let folder = literal(&format!("{}/", in_a_path(&reader.database)));
        let here = |name: &str| format!("LEFT({name}, CHAR_LENGTH({folder})) = {folder}");
        let own = format!("SUBSTR(s.NAME, CHAR_LENGTH({folder}) + 1)");
        let sql = format!(
            "SELECT DISTINCT s.NAME, 'shared' FROM information_schema.INNODB_TABLES t \
               JOIN information_schema.INNODB_TABLESPACES s ON s.SPACE = t.SPACE WHERE t.SPACE_TYPE = 'General' AND {0} \
             UNION SELECT DISTINCT 'innodb_system', 'shared' FROM information_schema.INNODB_TABLES t WHERE t.SPACE_TYPE = 'System' AND {0} \
             UNION SELECT {own}, 'grows' FROM information_schema.INNODB_TABLESPACES s \
               WHERE s.SPACE_TYPE = 'Single' AND s.AUTOEXTEND_SIZE > 0 AND {1} \
             UNION SELECT {own}, 'elsewhere' FROM information_schema.INNODB_TABLESPACES s \
               JOIN information_schema.INNODB_DATAFILES f ON f.SPACE = s.SPACE \
               WHERE s.SPACE_TYPE = 'Single' AND f.PATH NOT LIKE './%' AND {1}",
            here("t.NAME"),
            here("s.NAME")
        );
        for row in reader.rows(&sql).await? {
            let reason = match text(&row, 1) {
                "shared" => "tables lie in it; it is the server's, and where they lie isn't compared",
                "grows" => "by how much it grows at a time (AUTOEXTEND_SIZE) isn't compared",
                _ => "it lies in a directory of its own (DATA DIRECTORY), which isn't compared",
            };
            found.unmodelled(NOT_READ[0], text(&row, 0), reason);
        }
    }
    let of = |place: &str, of_schema: &str| {
        format!(
            "SELECT TABLE_NAME FROM information_schema.{place} \
             WHERE {of_schema} = {} AND (ENGINE_ATTRIBUTE IS NOT NULL OR SECONDARY_ENGINE_ATTRIBUTE IS NOT NULL)",
            reader.here
        )
    };
    let sql = [
        of("TABLES_EXTENSIONS", "TABLE_SCHEMA"),
        of("COLUMNS_EXTENSIONS", "TABLE_SCHEMA"),
        of("TABLE_CONSTRAINTS_EXTENSIONS", "CONSTRAINT_SCHEMA"),
    ];
    for row in reader.rows(&sql.join(" UNION ")).await? {
        // A view's columns are said to have what those of its tables have.
        if found.views.contains_key(text(&row, 0)) {
            continue;
        }
        let reason = "its words for an engine (ENGINE_ATTRIBUTE, SECONDARY_ENGINE_ATTRIBUTE) aren't compared";
        found.unmodelled(NOT_READ[1], text(&row, 0), reason);
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
