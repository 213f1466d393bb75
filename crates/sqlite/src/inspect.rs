//! Reads the schema of a database: `sqlite_schema` in one go, and the statements in it by SQLite's grammar.
//!
//! No PRAGMA is asked for each table: what they tell, the statements tell. That the reading is right is for the [census](crate::census) to say.

mod code;
mod cursor;
mod expression;
mod index;
mod table;

use std::cell::{Cell, OnceCell};
use std::collections::{HashMap, HashSet};

use driftlock_database::{Inspection, Unmodelled};
use driftlock_schema::{Id, Name, Object, Part, Schema, Value};
use driftlock_script::{Dialect, Token, significant};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::error::Fault;
use cursor::{Cursor, Unread};
use expression::Scope;

/// A row of `sqlite_schema`.
struct Row {
    kind: Kind,
    name: String,
    /// The table or view that it belongs to.
    table: String,
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

/// What was read before of statements, so that only others are read anew.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    /// Tables and views by their names, beside their statements.
    objects: HashMap<String, (String, Object)>,
    /// Indexes and triggers by their names, beside their statements and those of what they belong to.
    parts: HashMap<(Kind, String), (String, String, Part)>,
}

impl Memo {
    fn object(&self, row: &Row) -> Option<Object> {
        let (sql, object) = self.objects.get(&row.name)?;
        (row.sql.as_ref() == Ok(sql)).then(|| object.clone())
    }

    fn part(&self, row: &Row, owner: &Row) -> Option<Part> {
        let (sql, of, part) = self.parts.get(&(row.kind, row.name.clone()))?;
        (row.sql.as_ref() == Ok(sql) && owner.sql.as_ref() == Ok(of)).then(|| part.clone())
    }

    fn keep_object(&mut self, row: &Row, object: &Object) {
        if let Ok(sql) = &row.sql {
            self.objects.insert(row.name.clone(), (sql.clone(), object.clone()));
        }
    }

    fn keep_part(&mut self, row: &Row, owner: &Row, part: &Part) {
        if let (Ok(sql), Ok(of)) = (&row.sql, &owner.sql) {
            self.parts.insert((row.kind, row.name.clone()), (sql.clone(), of.clone(), part.clone()));
        }
    }
}

/// Reads everything.
pub(crate) fn take(connection: &Connection) -> Result<Inspection, Fault> {
    snapshot(connection, |connection| read(connection, None))
}

/// Reads everything, and of the statements only those that are others than before.
pub(crate) fn take_again(connection: &Connection, memo: &mut Memo) -> Result<Inspection, Fault> {
    snapshot(connection, |connection| read(connection, Some(memo)))
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

fn read(connection: &Connection, memo: Option<&mut Memo>) -> Result<Inspection, Fault> {
    let rows = rows(connection)?;
    let virtuals = virtuals(connection, &rows.tables)?;
    let mut inspection = assemble(&rows, &virtuals, memo);
    inspection.schema.extend(settings(connection)?);
    Ok(inspection)
}

/// All that SQLite didn't make by itself.
#[derive(Default)]
struct Rows {
    tables: Vec<Row>,
    views: Vec<Row>,
    /// Indexes and triggers.
    belongings: Vec<Row>,
}

fn rows(connection: &Connection) -> Result<Rows, Fault> {
    let mut select = connection.prepare("SELECT type, name, tbl_name, sql FROM main.sqlite_master")?;
    let mut found = select.raw_query();
    let mut rows = Rows::default();
    while let Some(row) = found.next()? {
        let sql = match row.get_ref(3)? {
            // SQLite's own, made for a constraint.
            ValueRef::Null => continue,
            ValueRef::Text(bytes) => std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| "it isn't UTF-8"),
            _ => Err("it is no text"),
        };
        let named = |at: usize| -> Result<String, Fault> {
            let bytes = row.get_ref(at)?.as_bytes_or_null().ok().flatten().unwrap_or_default();
            Ok(String::from_utf8_lossy(bytes).into_owned())
        };
        let kind = match row.get_ref(0)? {
            ValueRef::Text(b"table") => Kind::Table,
            ValueRef::Text(b"index") => Kind::Index,
            ValueRef::Text(b"view") => Kind::View,
            ValueRef::Text(b"trigger") => Kind::Trigger,
            _ => continue,
        };
        let (name, table) = (named(1)?, named(2)?);
        if !is_own(&name) {
            let into = match kind {
                Kind::Table => &mut rows.tables,
                Kind::View => &mut rows.views,
                Kind::Index | Kind::Trigger => &mut rows.belongings,
            };
            into.push(Row { kind, name, table, sql });
        }
    }
    Ok(rows)
}

/// `sqlite_sequence`, `sqlite_stat1`, …: these names are SQLite's.
fn is_own(name: &str) -> bool {
    name.as_bytes().get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"sqlite_"))
}

/// How SQLite begins the statement of a virtual table, however it was written.
const VIRTUAL: &str = "CREATE VIRTUAL TABLE";

/// What is known of virtual tables.
#[derive(Default)]
struct Virtuals {
    /// Tables in which they keep what is theirs.
    shadows: HashSet<String>,
    /// The modules that this SQLite has.
    modules: HashSet<String>,
}

fn virtuals(connection: &Connection, tables: &[Row]) -> Result<Virtuals, Fault> {
    if !tables.iter().any(|row| row.sql.as_ref().is_ok_and(|sql| sql.starts_with(VIRTUAL))) {
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

/// Tables or views with the rows that they are read of, by their names in lower case.
type Owners<'r> = HashMap<String, (&'r Row, Object)>;

/// Reads the statements: tables first, as all else depends on them.
fn assemble(rows: &Rows, virtuals: &Virtuals, mut memo: Option<&mut Memo>) -> Inspection {
    let mut unmodelled = Vec::new();
    let mut tables: Owners<'_> = HashMap::with_capacity(rows.tables.len());
    for row in &rows.tables {
        let key = row.name.to_ascii_lowercase();
        if virtuals.shadows.contains(&key) {
            continue;
        }
        let known = memo.as_deref().and_then(|memo| memo.object(row));
        let is_new = known.is_none();
        match known.map_or_else(|| table(row, virtuals), Ok) {
            Ok(object) => {
                if let (Some(memo), true) = (&mut memo, is_new) {
                    memo.keep_object(row, &object);
                }
                tables.insert(key, (row, object));
            }
            Err(reason) => unmodelled.push(named(row, reason)),
        }
    }
    let mut views: Owners<'_> = HashMap::with_capacity(rows.views.len());
    // What is in double quotes and no name of anything is a string. That is seldom asked, and what was read with the answer isn't remembered.
    let all = OnceCell::new();
    let asked = Cell::new(false);
    let mut belongings: Vec<(String, Part)> = Vec::with_capacity(rows.belongings.len());
    {
        let is_name = |name: &str| {
            asked.set(true);
            all.get_or_init(|| names(&tables, &rows.views)).contains(name)
        };
        let scope = Scope::Anywhere { names: &is_name };
        for row in &rows.views {
            let known = memo.as_deref().and_then(|memo| memo.object(row));
            let is_new = known.is_none();
            asked.set(false);
            match known.map_or_else(|| view(row, scope), Ok) {
                Ok(object) => {
                    if let (Some(memo), true) = (&mut memo, is_new && !asked.get()) {
                        memo.keep_object(row, &object);
                    }
                    views.insert(row.name.to_ascii_lowercase(), (row, object));
                }
                Err(reason) => unmodelled.push(named(row, reason)),
            }
        }
        for row in &rows.belongings {
            let key = row.table.to_ascii_lowercase();
            if virtuals.shadows.contains(&key) {
                continue;
            }
            let Some((owner, object)) = tables.get(&key).or_else(|| views.get(&key)) else {
                unmodelled.push(named(row, "what it belongs to could not be read".to_owned()));
                continue;
            };
            let known = memo.as_deref().and_then(|memo| memo.part(row, owner));
            let is_new = known.is_none();
            asked.set(false);
            match known.map_or_else(|| part(row, object, scope), Ok) {
                Ok(part) => {
                    if let (Some(memo), true) = (&mut memo, is_new && !asked.get()) {
                        memo.keep_part(row, owner, &part);
                    }
                    belongings.push((key, part));
                }
                Err(reason) => unmodelled.push(named(row, reason)),
            }
        }
    }
    for (key, part) in belongings {
        if let Some((_, object)) = tables.get_mut(&key).or_else(|| views.get_mut(&key)) {
            object.parts.push(part);
        }
    }
    resolve(&mut tables);
    let mut schema = Schema::new("sqlite");
    schema.extend(tables.into_values().chain(views.into_values()).map(|(_, object)| object));
    unmodelled.sort();
    Inspection { schema, unmodelled, incomplete: Vec::new() }
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
fn names(tables: &Owners<'_>, views: &[Row]) -> HashSet<String> {
    let parts = tables.values().flat_map(|(_, table)| table.parts_of("column"));
    let columns = parts.map(|part| part.name.to_ascii_lowercase());
    tables.keys().cloned().chain(views.iter().map(|row| row.name.to_ascii_lowercase())).chain(columns).collect()
}

/// The tokens of a row's statement, and the statement.
fn statement(row: &Row) -> Result<(Vec<Token<'_>>, &str), Unread> {
    let sql = row.sql.as_ref().map_err(|reason| format!("its statement can't be read: {reason}"))?;
    Ok((significant(sql, Dialect::Sqlite).collect(), sql))
}

fn table(row: &Row, virtuals: &Virtuals) -> Result<Object, Unread> {
    let (tokens, sql) = statement(row)?;
    let mut cursor = Cursor::new(&tokens);
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

fn view(row: &Row, scope: Scope<'_>) -> Result<Object, Unread> {
    let (tokens, sql) = statement(row)?;
    let mut cursor = Cursor::new(&tokens);
    cursor.expect("CREATE")?;
    cursor.expect("VIEW")?;
    code::view(&mut cursor, sql, &row.name, scope)
}

fn part(row: &Row, owner: &Object, scope: Scope<'_>) -> Result<Part, Unread> {
    let (tokens, sql) = statement(row)?;
    let mut cursor = Cursor::new(&tokens);
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
fn resolve(tables: &mut Owners<'_>) {
    let mut resolved: Vec<(String, usize, String, Option<Vec<String>>)> = Vec::new();
    for (key, (_, table)) in tables.iter() {
        for (at, part) in table.parts.iter().enumerate().filter(|(_, part)| part.kind == "foreign_key") {
            let named = part.attributes.text("references").unwrap_or_default();
            let parent = tables.get(&named.to_ascii_lowercase()).map(|(_, parent)| parent);
            let declared = parent.map_or_else(|| named.to_ascii_lowercase(), |parent| parent.name.name.clone());
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
                resolved.push((key.clone(), at, declared, columns));
            }
        }
    }
    for (key, at, table, columns) in resolved {
        let Some(part) = tables.get_mut(&key).and_then(|(_, object)| object.parts.get_mut(at)) else { continue };
        part.attributes.set("references", table);
        part.attributes.set_some("referenced_columns", columns);
    }
}
