//! Reads the schema of a database, by `information_schema`, in a number of questions that doesn't grow with it.
//!
//! These servers have no snapshot of their catalog. A reading stands when the server began no statement meanwhile that changes an object, and was
//! in the midst of none, or else when a second one says the same.
//!
//! What a question costs is what it makes the server open. On MariaDB a definition alone is three times as fast as the table with its engine,
//! so that columns that need the engine (`CREATE_OPTIONS`, the method of an index, checks) are asked in as few questions as can be, and not for
//! tables that can't have them.

mod columns;
mod constraints;
mod foreign_keys;
mod indexes;
mod rights;
mod routines;
mod settings;
mod shown;
mod tables;
pub(crate) mod text;
mod triggers;
mod views;

use std::collections::{BTreeMap, BTreeSet};

use driftlock_database::{Error, Inspection, Unmodelled};
use driftlock_schema::{Id, Name, Object, Schema};

use crate::connect::Product;
use crate::definer::Own;
use crate::grants::Grants;
use crate::parse::quote;
use crate::session::MySqlSession;
use crate::tables::literal;
use crate::wire::{TextRow, Wire, text};

pub(crate) use self::settings::Settings;

/// So often a database is read that changes while it is read.
const ATTEMPTS: u32 = 6;

/// Reads everything.
pub(crate) async fn take(session: &mut MySqlSession) -> Result<Inspection, Error> {
    steadily(session, None).await
}

/// Reads the tables again that were touched, what came and went, and all that belongs to no table.
pub(crate) async fn again(
    session: &mut MySqlSession,
    before: &Inspection,
    touched: Option<&[String]>,
) -> Result<Inspection, Error> {
    match touched {
        Some(touched) if before.incomplete.is_empty() => steadily(session, Some((before, touched))).await,
        _ => take(session).await,
    }
}

async fn steadily(session: &mut MySqlSession, known: Option<(&Inspection, &[String])>) -> Result<Inspection, Error> {
    let (product, database) = (session.product(), session.database().to_owned());
    let wire = &mut session.wire;
    let settings = Settings::fix(wire).await?;
    let inspection = until_steady(wire, product, &database, known).await;
    settings.put_back(wire).await?;
    inspection
}

async fn until_steady(
    wire: &mut Wire,
    product: Product,
    database: &str,
    known: Option<(&Inspection, &[String])>,
) -> Result<Inspection, Error> {
    let grants = crate::doctor::grants(wire, product).await?;
    let sees_all = grants.missing("", None, &["PROCESS"]).is_empty();
    let mut marks = Marks::read(wire, sees_all).await?;
    let mut last: Option<Inspection> = None;
    for _ in 0..ATTEMPTS {
        let read = match known {
            Some((before, touched)) => read_again(wire, product, &grants, database, before, touched).await,
            None => read(wire, product, &grants, database, None).await,
        };
        let now = Marks::read(wire, sees_all).await?;
        let was_quiet = !marks.in_the_midst && marks.begun == now.begun;
        match read {
            Ok(read) => {
                if was_quiet || last.as_ref() == Some(&read) {
                    return Ok(read);
                }
                last = Some(read);
            }
            // Something was dropped between two questions.
            Err(Error::Server(_)) if !was_quiet => last = None,
            Err(error) => return Err(error),
        }
        marks = now;
    }
    Err(Error::Unfit(format!(
        "the database was read {ATTEMPTS} times, and each time it changed meanwhile: somebody is making or altering tables all the time. Try \
         again when they have done"
    )))
}

/// By what it is seen that a schema may have changed.
struct Marks {
    /// How many statements of each kind that changes one were begun on the server.
    begun: Vec<TextRow>,
    /// Whether such a statement may be running.
    in_the_midst: bool,
}

impl Marks {
    /// A login with PROCESS sees what others run, others how many do.
    async fn read(wire: &mut Wire, sees_all: bool) -> Result<Self, Error> {
        let running = if sees_all {
            "SELECT COUNT(*) > 0 FROM information_schema.PROCESSLIST WHERE COMMAND = 'Query' AND ID <> CONNECTION_ID() \
             AND INFO REGEXP '(^|[^a-z])(ALTER|CREATE|DROP|RENAME|TRUNCATE|OPTIMIZE|EXECUTE)[^a-z]'"
        } else {
            "SHOW GLOBAL STATUS LIKE 'Threads_running'"
        };
        let row = wire.row(running).await?.unwrap_or_default();
        let in_the_midst = if sees_all { text(&row, 0) != "0" } else { text(&row, 1) != "1" };
        let begun =
            wire.rows("SHOW GLOBAL STATUS WHERE Variable_name REGEXP '^Com_(alter|create|drop|rename)_'").await?;
        Ok(Marks { begun, in_the_midst })
    }
}

/// What asks the catalog.
struct Reader<'w> {
    wire: &'w mut Wire,
    product: Product,
    /// The database's name.
    database: String,
    /// The name as SQL.
    here: String,
    /// What the login may do.
    grants: &'w Grants,
    /// The tables that are asked for, where it isn't all.
    only: Option<BTreeSet<String>>,
}

impl Reader<'_> {
    async fn rows(&mut self, sql: &str) -> Result<Vec<TextRow>, Error> {
        self.wire.rows(sql).await
    }

    /// What `SHOW CREATE` says of an object in this column, where it says something.
    async fn shown(&mut self, kind: &str, name: &str, column: usize) -> Result<Option<String>, Error> {
        let sql = format!("SHOW CREATE {kind} {}.{}", quote(&self.database), quote(name));
        match self.wire.row(&sql).await {
            Ok(row) => Ok(row.and_then(|row| row.into_iter().nth(column)).flatten()),
            Err(Error::Server(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A text as the catalog has it, or as `SHOW CREATE` does where the catalog may have lost letters of it.
    async fn whole(&mut self, text: &str, object: [&str; 2], column: usize, width: usize) -> Result<String, Error> {
        if !text.contains('?') {
            return Ok(text.to_owned());
        }
        let shown = self.shown(object[0], object[1], column).await?;
        Ok(shown.and_then(|shown| text::mended(text, &shown, width)).unwrap_or_else(|| text.to_owned()))
    }

    /// The condition of a question about tables: in this database, and of the tables that are asked for.
    fn within(&self, schema: &str, table: &str) -> String {
        let here = format!("{schema} = {}", self.here);
        match &self.only {
            None => here,
            Some(tables) if tables.is_empty() => "FALSE".to_owned(),
            Some(tables) => {
                let tables: Vec<String> = tables.iter().map(|table| literal(table)).collect();
                format!("{here} AND {table} IN ({})", tables.join(", "))
            }
        }
    }
}

/// What was found until now.
#[derive(Default)]
struct Found {
    /// Tables by name.
    tables: BTreeMap<String, Object>,
    /// Views by name: whether the server can tell their columns.
    views: BTreeMap<String, bool>,
    /// Sequences by name, with their comments.
    sequences: BTreeMap<String, Object>,
    /// All others.
    objects: Vec<Object>,
    unmodelled: Vec<Unmodelled>,
    incomplete: BTreeSet<String>,
    /// Tables of which SHOW CREATE alone tells something: periods, partitions, parsers.
    shown: BTreeSet<String>,
    /// Tables that may have expressions, by their definition's format.
    expressive: BTreeSet<String>,
    /// The collation of the database.
    collation: String,
}

impl Found {
    fn unmodelled(&mut self, kind: &'static str, name: &str, reason: impl Into<String>) {
        self.unmodelled.push(Unmodelled { object: Id::new(kind, Name::new(name)), reason: reason.into() });
    }
}

async fn read(
    wire: &mut Wire,
    product: Product,
    grants: &Grants,
    database: &str,
    only: Option<BTreeSet<String>>,
) -> Result<Inspection, Error> {
    let mut reader = Reader { wire, product, database: database.to_owned(), here: literal(database), grants, only };
    let mut found = Found::default();
    let own = Own::read(reader.wire, database).await?;
    tables::database(&mut reader, &mut found).await?;
    tables::read(&mut reader, &mut found).await?;
    columns::read(&mut reader, &mut found).await?;
    indexes::read(&mut reader, &mut found).await?;
    constraints::read(&mut reader, &mut found).await?;
    foreign_keys::read(&mut reader, &mut found).await?;
    shown::read(&mut reader, &mut found).await?;
    tables::tablespaces(&mut reader, &mut found).await?;
    tables::sequences(&mut reader, &mut found).await?;
    triggers::read(&mut reader, &mut found, &own).await?;
    routines::read(&mut reader, &mut found, &own).await?;
    routines::libraries(&mut reader, &mut found).await?;
    routines::events(&mut reader, &mut found, &own).await?;
    views::read(&mut reader, &mut found, &own).await?;
    rights::look(&reader, &mut found);
    Ok(whole(found))
}

fn whole(found: Found) -> Inspection {
    let mut schema = Schema::new("mysql");
    schema.extend(found.tables.into_values());
    schema.extend(found.sequences.into_values());
    schema.extend(found.objects);
    let mut unmodelled = found.unmodelled;
    unmodelled.sort();
    unmodelled.dedup();
    Inspection { schema, unmodelled, incomplete: found.incomplete.into_iter().collect() }
}

/// Reads what was touched, what came, and what refers to something that went; the rest is as it was.
async fn read_again(
    wire: &mut Wire,
    product: Product,
    grants: &Grants,
    database: &str,
    before: &Inspection,
    touched: &[String],
) -> Result<Inspection, Error> {
    let sql = format!("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {}", literal(database));
    let names: BTreeSet<String> = wire.rows(&sql).await?.iter().map(|row| text(row, 0).to_owned()).collect();
    let of_tables = ["table", "view", "sequence"];
    let is_relation = |id: &Id| of_tables.iter().any(|kind| id.kind == *kind);
    let known: BTreeSet<&str> =
        before.schema.iter().map(|(id, _)| id).filter(|id| is_relation(id)).map(|id| id.name.name.as_str()).collect();
    let gone: BTreeSet<&str> = known.iter().filter(|name| !names.contains(**name)).copied().collect();
    let mut only: BTreeSet<String> = names.iter().filter(|name| !known.contains(name.as_str())).cloned().collect();
    only.extend(touched.iter().filter(|name| names.contains(*name)).cloned());
    // A view says another thing when what it reads changes; it can be altered by no other way than by name, but become invalid by any.
    only.extend(before.schema.of_kind("view").map(|view| view.name.name.clone()).filter(|name| names.contains(name)));
    for table in before.schema.of_kind("table") {
        let of_touched = |id: &Id| gone.contains(id.name.name.as_str()) || touched.contains(&id.name.name);
        if names.contains(&table.name.name) && table.parts.iter().flat_map(|part| &part.requires).any(of_touched) {
            only.insert(table.name.name.clone());
        }
    }
    let mut inspection = read(wire, product, grants, database, Some(only.clone())).await?;
    let stays = |id: &Id| is_relation(id) && names.contains(&id.name.name) && !only.contains(&id.name.name);
    let kept: Vec<Object> = before.schema.objects().filter(|object| stays(&object.id())).cloned().collect();
    inspection.schema.extend(kept);
    inspection.unmodelled.extend(before.unmodelled.iter().filter(|it| stays(&it.object)).cloned());
    inspection.unmodelled.sort();
    inspection.unmodelled.dedup();
    Ok(inspection)
}
