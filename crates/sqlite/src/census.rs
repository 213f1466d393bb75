//! SQLite's own account of a database: what its PRAGMAs say of every table, index and view, and the clauses that only the statements in
//! `sqlite_schema` have, word by word.
//!
//! It judges the [inspector](crate::inspect) and shares no reading of SQL with it. What it leaves out, and why, is in `docs/census.md`.

mod clauses;
mod spelling;

use std::collections::{BTreeMap, HashMap, HashSet};

use driftlock_database::{Census, CensusKey};
use driftlock_schema::{Id, Name};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::error::Fault;
use clauses::Clauses;
use spelling::Spelling;

/// Takes the account.
pub(crate) fn take(connection: &Connection) -> Result<Census, Fault> {
    crate::inspect::snapshot(connection, |connection| {
        let mut taking = Taking { connection, census: Census::default(), ids: HashMap::new() };
        taking.database()?;
        taking.everything()?;
        Ok(taking.census)
    })
}

/// A statement of `sqlite_schema`.
struct Statement {
    kind: String,
    name: String,
    table: String,
    sql: String,
}

struct Taking<'c> {
    connection: &'c Connection,
    census: Census,
    /// What there is, by its name in lower case.
    ids: HashMap<String, Id>,
}

impl Taking<'_> {
    fn say(&mut self, id: &Id, about: impl Into<String>, what: String) {
        self.census.entries.insert(CensusKey::new(id.clone(), about), what);
    }

    /// A file that isn't there yet says nothing, so what every new one says isn't said either.
    fn database(&mut self) -> Result<(), Fault> {
        for (pragma, usual) in [("encoding", "UTF-8"), ("application_id", "0")] {
            let value = self.ask(&format!("SELECT * FROM pragma_{pragma}"), "")?.concat().join(" ");
            if value != usual {
                self.say(&Id::new("database", Name::new("main")), pragma, value);
            }
        }
        Ok(())
    }

    fn everything(&mut self) -> Result<(), Fault> {
        let mut statements = Vec::new();
        for row in self.ask("SELECT type, name, tbl_name, sql FROM main.sqlite_master WHERE sql IS NOT NULL", "")? {
            let [kind, name, table, sql] = <[String; 4]>::try_from(row).unwrap_or_default();
            if kind == "table" && !is_own(&name) {
                self.census.tables.push(name.clone());
            }
            statements.push(Statement { kind, name, table, sql });
        }
        let mut names = HashSet::new();
        let list = "SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main'";
        let mut columns: BTreeMap<String, Result<Vec<Vec<String>>, String>> = BTreeMap::new();
        for row in self.ask(list, "")? {
            let [name, kind, without_rowid, strict] = <[String; 4]>::try_from(row).unwrap_or_default();
            if is_own(&name) || kind == "shadow" {
                continue;
            }
            let kind = match kind.as_str() {
                "virtual" => "virtual_table",
                "view" => "view",
                _ => "table",
            };
            let id = Id::new(kind, Name::new(name.clone()));
            self.say(&id, "", format!("without rowid {without_rowid}, strict {strict}"));
            let xinfo = "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1, 'main') ORDER BY cid";
            let found = self.ask(xinfo, &name).map_err(|fault| fault.tell("", &crate::url::Place::Memory).to_string());
            names.insert(name.to_lowercase());
            for column in found.iter().flatten().filter_map(|column| column.first()) {
                names.insert(column.to_ascii_lowercase());
            }
            self.ids.insert(name.to_ascii_lowercase(), id);
            columns.insert(name.to_ascii_lowercase(), found);
        }
        let everywhere = Spelling::everywhere(&names);
        for statement in &statements {
            if is_own(&statement.name) {
                continue;
            }
            let key = statement.table.to_ascii_lowercase();
            let (Some(id), Some(columns)) = (self.ids.get(&key).cloned(), columns.get(&key)) else { continue };
            match (statement.kind.as_str(), id.kind.as_str()) {
                ("table", "table") => self.table(&id, statement, columns)?,
                ("index", _) => self.index(&id, statement, columns)?,
                ("trigger", _) => {
                    let what = clauses::trigger(&statement.sql, &everywhere);
                    self.say(&id, format!("trigger {}", statement.name), what);
                }
                _ => {
                    let what = everywhere.statement(&statement.sql);
                    self.say(&id, "columns", names_of(columns, &statement.sql));
                    self.say(&id, "statement", what);
                }
            }
        }
        Ok(())
    }

    fn table(
        &mut self,
        id: &Id,
        statement: &Statement,
        columns: &Result<Vec<Vec<String>>, String>,
    ) -> Result<(), Fault> {
        let columns = columns.as_ref().map_or(&[][..], Vec::as_slice);
        let own: HashSet<String> = columns
            .iter()
            .filter_map(|column| column.first())
            .map(|name| name.to_ascii_lowercase())
            .chain([statement.name.to_ascii_lowercase()])
            .collect();
        let spelling = Spelling::within(&own);
        let clauses = Clauses::of(&statement.sql, &spelling);
        let order: Vec<&str> = columns.iter().filter_map(|column| column.first()).map(String::as_str).collect();
        self.say(id, CensusKey::COLUMN_ORDER, order.join(", "));
        for column in columns {
            let [name, kind, not_null, default, key, hidden] =
                <[String; 6]>::try_from(column.clone()).unwrap_or_default();
            let (kind, default) = (spelling::data_type(&kind), spelling::default(&default));
            let said = clauses.of_column(&name);
            let what =
                format!("type {kind}, not null {not_null}, default {default}, key {key}, hidden {hidden}, {said}");
            self.say(id, format!("column {name}"), what);
        }
        self.say(id, "constraints", clauses.constraints());
        let keys = "SELECT \"from\", \"table\", \"to\", on_update, on_delete, match, id, seq FROM pragma_foreign_key_list(?1, 'main') ORDER BY id, seq";
        let mut foreign: BTreeMap<String, String> = BTreeMap::new();
        for row in self.ask(keys, &statement.name)? {
            let [from, table, to, update, delete, how, number, _] = <[String; 8]>::try_from(row).unwrap_or_default();
            let pair = format!("{} to {} ", from.to_ascii_lowercase(), to.to_ascii_lowercase());
            let key = foreign.entry(number).or_insert_with(|| {
                format!("{} on update {update} on delete {delete} match {how}: ", table.to_ascii_lowercase())
            });
            key.push_str(&pair);
        }
        let mut foreign: Vec<String> = foreign.into_values().collect();
        foreign.sort();
        self.say(id, "foreign keys", foreign.join("\n"));
        let mut own = Vec::new();
        for row in
            self.ask("SELECT name, \"unique\", origin, partial FROM pragma_index_list(?1, 'main')", &statement.name)?
        {
            let [name, unique, origin, _] = <[String; 4]>::try_from(row).unwrap_or_default();
            if origin != "c" {
                own.push(format!("unique {unique}, origin {origin}: {}", self.keys(&name, &[])?));
            }
        }
        own.sort();
        self.say(id, "indexes of constraints", own.join("\n"));
        Ok(())
    }

    fn index(
        &mut self,
        id: &Id,
        statement: &Statement,
        columns: &Result<Vec<Vec<String>>, String>,
    ) -> Result<(), Fault> {
        let own: HashSet<String> = columns
            .iter()
            .flatten()
            .filter_map(|column| column.first())
            .map(|name| name.to_ascii_lowercase())
            .chain([statement.table.to_ascii_lowercase()])
            .collect();
        let (expressions, condition) = clauses::index(&statement.sql, &Spelling::within(&own));
        let listed = "SELECT \"unique\", origin, partial FROM pragma_index_list(?1, 'main') WHERE name = ?2";
        let mut select = self.connection.prepare_cached(listed)?;
        let mut rows = select.query([&statement.table, &statement.name])?;
        let mut what = String::new();
        while let Some(row) = rows.next()? {
            let (unique, partial): (i64, i64) = (row.get(0)?, row.get(2)?);
            what = format!(
                "unique {unique}, partial {partial}: {} where {condition}",
                self.keys(&statement.name, &expressions)?
            );
        }
        drop(rows);
        drop(select);
        self.say(id, format!("index {}", statement.name), what);
        Ok(())
    }

    /// The columns of an index, with what its statement says of those that are expressions.
    fn keys(&self, name: &str, expressions: &[String]) -> Result<String, Fault> {
        let xinfo = "SELECT seqno, name, \"desc\", coll FROM pragma_index_xinfo(?1, 'main') WHERE key ORDER BY seqno";
        let mut said = Vec::new();
        for (at, row) in self.ask(xinfo, name)?.into_iter().enumerate() {
            let [_, name, descends, collation] = <[String; 4]>::try_from(row).unwrap_or_default();
            let of = match (name.as_str(), expressions.get(at)) {
                ("", Some(expression)) => expression.clone(),
                (name, _) => name.to_ascii_lowercase(),
            };
            said.push(format!("{of} desc {descends} collate {}", collation.to_ascii_uppercase()));
        }
        Ok(said.join(", "))
    }

    /// The rows of a question about one thing, as texts; what is null is empty.
    fn ask(&self, question: &str, about: &str) -> Result<Vec<Vec<String>>, Fault> {
        let mut select = self.connection.prepare_cached(question)?;
        let width = select.column_count();
        let mut rows = if select.parameter_count() == 0 { select.query([])? } else { select.query([about])? };
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let text = |at| {
                Ok(match row.get_ref(at)? {
                    ValueRef::Null => String::new(),
                    ValueRef::Integer(number) => number.to_string(),
                    ValueRef::Real(number) => number.to_string(),
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                })
            };
            found.push((0..width).map(text).collect::<Result<_, rusqlite::Error>>()?);
        }
        Ok(found)
    }
}

/// `sqlite_sequence`, `sqlite_stat1`, …: these names are SQLite's.
fn is_own(name: &str) -> bool {
    name.to_ascii_lowercase().starts_with("sqlite_")
}

/// The columns of a view or a virtual table. One that nobody gave a name is called by the text of its expression: that is spelling.
fn names_of(columns: &Result<Vec<Vec<String>>, String>, sql: &str) -> String {
    let columns = match columns {
        Ok(columns) => columns,
        Err(error) => return format!("can't be told: {error}"),
    };
    let name = |column: &Vec<String>| column.first().map(|name| spelling::name_in(name, sql)).unwrap_or_default();
    columns.iter().map(name).collect::<Vec<_>>().join(", ")
}
