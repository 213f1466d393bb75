//! Reads the schema of a database: `sqlite_schema` in one go, and the statements in it by SQLite's grammar.
//!
//! No PRAGMA is asked for each table: what they tell, the statements tell. That the reading is right is for the [census](crate::census) to say.

mod again;
mod code;
mod cursor;
mod expression;
mod index;
mod table;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use driftlock_database::{Inspection, Unmodelled};
use driftlock_schema::{Id, Name, Object, Part, Schema, Value};
use driftlock_script::{Dialect, Token, significant};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::error::Fault;
pub(crate) use again::{Memory, take_again};
use cursor::{Cursor, Unread};
use expression::Scope;

/// A row of `sqlite_schema`.
#[derive(Debug)]
struct Row {
    kind: Kind,
    name: String,
    /// The table or view that it is, or belongs to, in lower case.
    owner: String,
    /// The statement, or why it can't be read.
    sql: Result<String, &'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Table,
    Index,
    View,
    Trigger,
}

/// Reads everything.
pub(crate) fn take(connection: &Connection) -> Result<Inspection, Fault> {
    snapshot(connection, |connection| {
        let mut rows = Vec::new();
        each_row(connection, |row| rows.push(row.into()))?;
        let virtuals = virtuals(connection, &rows)?;
        let (mut inspection, _) = assemble(&rows, &virtuals, |_| true, &|_| None);
        inspection.schema.extend(settings(connection)?);
        Ok(inspection)
    })
}

/// One state of the database for several questions.
pub(crate) fn snapshot<T>(
    connection: &Connection,
    body: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    if !connection.is_autocommit() {
        return body(connection);
    }
    let transaction = connection.unchecked_transaction()?;
    let result = body(&transaction)?;
    transaction.commit()?;
    Ok(result)
}

/// A row while it is looked at.
struct Seen<'r> {
    kind: Kind,
    name: Cow<'r, str>,
    table: Cow<'r, str>,
    sql: Result<&'r str, &'static str>,
}

impl From<Seen<'_>> for Row {
    fn from(seen: Seen<'_>) -> Self {
        let owner = if matches!(seen.kind, Kind::Table | Kind::View) { &seen.name } else { &seen.table };
        let owner = owner.to_ascii_lowercase();
        Row { kind: seen.kind, owner, name: seen.name.into_owned(), sql: seen.sql.map(str::to_owned) }
    }
}

/// Goes over all that SQLite didn't make by itself.
fn each_row(connection: &Connection, mut see: impl FnMut(Seen<'_>)) -> Result<(), Fault> {
    let mut select = connection.prepare("SELECT type, name, tbl_name, sql FROM main.sqlite_master")?;
    let mut found = select.raw_query();
    while let Some(row) = found.next()? {
        let sql = match row.get_ref(3)? {
            // SQLite's own, made for a constraint.
            ValueRef::Null => continue,
            ValueRef::Text(bytes) => std::str::from_utf8(bytes).map_err(|_| "it isn't UTF-8"),
            _ => Err("it is no text"),
        };
        let kind = match row.get_ref(0)? {
            ValueRef::Text(b"table") => Kind::Table,
            ValueRef::Text(b"index") => Kind::Index,
            ValueRef::Text(b"view") => Kind::View,
            ValueRef::Text(b"trigger") => Kind::Trigger,
            _ => continue,
        };
        let named = |at: usize| -> Result<Cow<'_, str>, Fault> {
            Ok(String::from_utf8_lossy(row.get_ref(at)?.as_bytes_or_null().ok().flatten().unwrap_or_default()))
        };
        let (name, table) = (named(1)?, named(2)?);
        if !is_own(&name) {
            see(Seen { kind, name, table, sql });
        }
    }
    Ok(())
}

/// `sqlite_sequence`, `sqlite_stat1`, …: these names are SQLite's.
fn is_own(name: &str) -> bool {
    name.as_bytes().get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"sqlite_"))
}

/// How SQLite begins the statement of a virtual table, however it was written.
const VIRTUAL: &str = "CREATE VIRTUAL TABLE";

/// What is known of virtual tables.
#[derive(Debug, Default, PartialEq, Eq)]
struct Virtuals {
    /// Tables in which they keep what is theirs.
    shadows: HashSet<String>,
    /// The modules that this SQLite has.
    modules: HashSet<String>,
}

fn virtuals(connection: &Connection, rows: &[Row]) -> Result<Virtuals, Fault> {
    if !rows.iter().any(|row| row.sql.as_ref().is_ok_and(|sql| sql.starts_with(VIRTUAL))) {
        return Ok(Virtuals::default());
    }
    let names = |query: &str| -> Result<HashSet<String>, Fault> {
        Ok(connection.prepare(query)?.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<_, _>>()?)
    };
    Ok(Virtuals {
        shadows: names("SELECT lower(name) FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'")?,
        modules: names("SELECT lower(name) FROM pragma_module_list")?,
    })
}

/// What the file itself says, where it isn't what every file says.
fn settings(connection: &Connection) -> Result<Option<Object>, Fault> {
    let encoding: String = connection.query_row("PRAGMA main.encoding", [], |row| row.get(0))?;
    let application: i64 = connection.query_row("PRAGMA main.application_id", [], |row| row.get(0))?;
    let mut settings = Object::new("database", Name::new("main"));
    if encoding != "UTF-8" {
        settings.attributes.set("encoding", encoding);
    }
    if application != 0 {
        settings.attributes.set("application_id", application);
    }
    Ok((!settings.attributes.is_empty()).then_some(settings))
}

/// Tables or views by their names in lower case.
type Owners<'r> = HashMap<&'r str, Object>;

/// Reads the statements of what is taken, by the name of the table or view: tables first, as all else depends on them. `elsewhere` knows tables that
/// aren't. Says too whether what else there is in the database made a difference.
fn assemble<'s>(
    rows: &[Row],
    virtuals: &Virtuals,
    takes: impl Fn(&str) -> bool,
    elsewhere: &dyn Fn(&str) -> Option<&'s Object>,
) -> (Inspection, bool) {
    let takes = |owner: &str| takes(owner) && !virtuals.shadows.contains(owner);
    let of = |kinds: &'static [Kind]| rows.iter().filter(|row| kinds.contains(&row.kind) && takes(&row.owner));
    let mut unmodelled = Vec::new();
    let mut tokens = Vec::new();
    let mut tables: Owners<'_> = HashMap::new();
    for row in of(&[Kind::Table]) {
        match table(row, &mut tokens, virtuals) {
            Ok(object) => drop(tables.insert(&row.owner, object)),
            Err(reason) => unmodelled.push(named(row, reason)),
        }
    }
    let mut views: Owners<'_> = HashMap::new();
    // What is in double quotes and no name of anything is a string. That is seldom asked.
    let all = OnceCell::new();
    let mut belongings: Vec<(&str, Part)> = Vec::new();
    {
        let is_name = |name: &str| all.get_or_init(|| names(&tables, rows)).contains(name);
        let scope = Scope::Anywhere { names: &is_name };
        for row in of(&[Kind::View]) {
            match view(row, &mut tokens, scope) {
                Ok(object) => drop(views.insert(&row.owner, object)),
                Err(reason) => unmodelled.push(named(row, reason)),
            }
        }
        for row in of(&[Kind::Index, Kind::Trigger]) {
            let key = row.owner.as_str();
            let Some(object) = tables.get(key).or_else(|| views.get(key)) else {
                unmodelled.push(named(row, "what it belongs to could not be read".to_owned()));
                continue;
            };
            match part(row, &mut tokens, object, scope) {
                Ok(part) => belongings.push((key, part)),
                Err(reason) => unmodelled.push(named(row, reason)),
            }
        }
    }
    for (key, part) in belongings {
        if let Some(object) = tables.get_mut(key).or_else(|| views.get_mut(key)) {
            object.parts.push(part);
        }
    }
    resolve(&mut tables, elsewhere);
    let mut schema = Schema::new("sqlite");
    schema.extend(tables.into_values().chain(views.into_values()));
    unmodelled.sort();
    (Inspection { schema, unmodelled, incomplete: Vec::new() }, all.get().is_some())
}

/// What has no place in the schema, and why.
fn named(row: &Row, reason: Unread) -> Unmodelled {
    let kind = match row.kind {
        Kind::Table => "table",
        Kind::Index => "index",
        Kind::View => "view",
        Kind::Trigger => "trigger",
    };
    let is_virtual = row.sql.as_ref().is_ok_and(|sql| sql.starts_with(VIRTUAL));
    let kind = if is_virtual { "virtual_table" } else { kind };
    Unmodelled { object: Id::new(kind, Name::new(row.name.as_str())), reason }
}

/// The names of all tables, views and columns, in lower case.
fn names(tables: &Owners<'_>, rows: &[Row]) -> HashSet<String> {
    let parts = tables.values().flat_map(|table| table.parts_of("column"));
    let columns = parts.map(|part| part.name.to_ascii_lowercase());
    let views = rows.iter().filter(|row| row.kind == Kind::View).map(|row| row.owner.clone());
    tables.keys().map(|&key| key.to_owned()).chain(views).chain(columns).collect()
}

/// The tokens of a row's statement, in place of those of another, and the statement.
fn statement<'r>(row: &'r Row, tokens: &mut Vec<Token<'r>>) -> Result<&'r str, Unread> {
    let sql = row.sql.as_ref().map_err(|reason| format!("its statement can't be read: {reason}"))?;
    tokens.clear();
    tokens.extend(significant(sql, Dialect::Sqlite));
    Ok(sql)
}

fn table<'r>(row: &'r Row, tokens: &mut Vec<Token<'r>>, virtuals: &Virtuals) -> Result<Object, Unread> {
    let sql = statement(row, tokens)?;
    let mut cursor = Cursor::new(tokens);
    cursor.expect("CREATE")?;
    if !cursor.eat("VIRTUAL") {
        cursor.expect("TABLE")?;
        return table::read(&mut cursor, &row.name);
    }
    cursor.expect("TABLE")?;
    let object = code::virtual_table(&mut cursor, sql, &row.name)?;
    let module = object.attributes.text("module").unwrap_or_default();
    if virtuals.modules.contains(module) {
        return Ok(object);
    }
    Err(format!("this SQLite has no module `{module}`, so that neither it nor the tables that it keeps can be told"))
}

fn view<'r>(row: &'r Row, tokens: &mut Vec<Token<'r>>, scope: Scope<'_>) -> Result<Object, Unread> {
    let sql = statement(row, tokens)?;
    let mut cursor = Cursor::new(tokens);
    cursor.expect("CREATE")?;
    cursor.expect("VIEW")?;
    code::view(&mut cursor, sql, &row.name, scope)
}

fn part<'r>(row: &'r Row, tokens: &mut Vec<Token<'r>>, owner: &Object, scope: Scope<'_>) -> Result<Part, Unread> {
    let sql = statement(row, tokens)?;
    let mut cursor = Cursor::new(tokens);
    cursor.expect("CREATE")?;
    if row.kind == Kind::Trigger {
        cursor.expect("TRIGGER")?;
        return code::trigger(&mut cursor, sql, &row.name, &owner.parts, scope);
    }
    let is_unique = cursor.eat("UNIQUE");
    cursor.expect("INDEX")?;
    index::read(&mut cursor, &row.name, is_unique, owner)
}

/// Has foreign keys name tables and columns as those were declared: in another case they are the same. What isn't there is named in lower case.
fn resolve<'s>(tables: &mut Owners<'_>, elsewhere: &dyn Fn(&str) -> Option<&'s Object>) {
    let mut resolved: Vec<(&str, usize, String, Option<Vec<String>>)> = Vec::new();
    for (key, table) in tables.iter() {
        for (at, part) in table.parts.iter().enumerate().filter(|(_, part)| part.kind == "foreign_key") {
            let named = part.attributes.text("references").unwrap_or_default();
            let lower = named.to_ascii_lowercase();
            let parent = tables.get(lower.as_str()).or_else(|| elsewhere(&lower));
            let declared = parent.map_or(lower, |parent| parent.name.name.clone());
            let columns = part.attributes.get("referenced_columns").map(Value::items).map(|columns| {
                let column = |column: &Value| {
                    let named = column.as_text().unwrap_or_default();
                    let mut all = parent.into_iter().flat_map(|parent| parent.parts_of("column"));
                    let found = all.find(|part| part.name.eq_ignore_ascii_case(named));
                    found.map_or_else(|| named.to_ascii_lowercase(), |part| part.name.clone())
                };
                columns.iter().map(column).collect::<Vec<String>>()
            });
            let is_same = |columns: &[String]| {
                let said = part.attributes.list("referenced_columns");
                columns.iter().zip(said).all(|(one, other)| other.as_text() == Some(one))
            };
            if declared != named || columns.as_deref().is_some_and(|columns| !is_same(columns)) {
                resolved.push((key, at, declared, columns));
            }
        }
    }
    for (key, at, table, columns) in resolved {
        let Some(part) = tables.get_mut(key).and_then(|object| object.parts.get_mut(at)) else { continue };
        part.attributes.set("references", table);
        part.attributes.set_some("referenced_columns", columns);
    }
}
