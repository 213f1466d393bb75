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

use driftlock_database::{Error, Inspection, Reach, Unmodelled};
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
    let (product, database) = (session.product(), session.database().to_owned());
    session.known = None;
    let wire = &mut session.wire;
    let settings = Settings::fix(wire).await?;
    let inspection = until_steady(wire, product, &database).await;
    settings.put_back(wire).await?;
    inspection
}

/// Reads the tables again that were touched, what came and went, and what hangs on them. It isn't looked for what others do meanwhile.
pub(crate) async fn again(
    session: &mut MySqlSession,
    before: &Inspection,
    reach: Reach<'_>,
) -> Result<Inspection, Error> {
    // A trigger that has no place in the schema isn't known by its table.
    let has_triggers = before.unmodelled.iter().any(|it| it.object.kind == "trigger");
    let Some(touched) = reach.tables().filter(|_| before.incomplete.is_empty() && !has_triggers) else {
        return take(session).await;
    };
    let (product, database) = (session.product(), session.database().to_owned());
    let wire = &mut session.wire;
    let settings = Settings::fix(wire).await?;
    let known = session.known.take();
    let read = async {
        // Who migrates meanwhile is this very session; to ask the history each time takes longer the longer it is.
        let known = match known {
            Some(known) => known,
            None => {
                Known { own: Own::read(wire, &database).await?, grants: crate::doctor::grants(wire, product).await? }
            }
        };
        let inspection = read_again(wire, product, &database, &known, before, touched).await?;
        Ok::<_, Error>((known, inspection))
    }
    .await;
    settings.put_back(wire).await?;
    let (known, inspection) = read?;
    session.known = Some(known).filter(|known| known.own.is_recorded);
    Ok(inspection)
}

/// What stays the same while a session migrates, and reads again what it touched: a statement about rights touches anything.
pub(crate) struct Known {
    own: Own,
    grants: Grants,
}

async fn until_steady(wire: &mut Wire, product: Product, database: &str) -> Result<Inspection, Error> {
    let grants = crate::doctor::grants(wire, product).await?;
    let sees_all = grants.missing("", None, &["PROCESS"]).is_empty();
    let mut marks = Marks::read(wire, sees_all).await?;
    let mut last: Option<Inspection> = None;
    let mut refused = None;
    for _ in 0..ATTEMPTS {
        let read = read(wire, product, &grants, database).await;
        let now = Marks::read(wire, sees_all).await?;
        let was_quiet = !marks.in_the_midst && marks.begun == now.begun;
        match read {
            Ok(read) => {
                if was_quiet || last.as_ref() == Some(&read) {
                    return Ok(read);
                }
                (last, refused) = (Some(read), None);
            }
            // Something may have been dropped between two questions.
            Err(Error::Server(error)) if !was_quiet => (last, refused) = (None, Some(error)),
            Err(error) => return Err(error),
        }
        marks = now;
    }
    if let Some(error) = refused {
        return Err(Error::Server(error));
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
            format!(
                "SELECT COUNT(*) > 0 FROM {} WHERE COMMAND = 'Query' AND ID <> CONNECTION_ID() \
                 AND INFO REGEXP '(^|[^a-z])(ALTER|CREATE|DROP|RENAME|TRUNCATE|OPTIMIZE|EXECUTE)[^a-z]'",
                wire.processes
            )
        } else {
            "SHOW GLOBAL STATUS LIKE 'Threads_running'".to_owned()
        };
        let row = wire.row(&running).await?.unwrap_or_default();
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
    /// Tables of which SHOW CREATE alone tells something: periods, partitions, parsers, blocks.
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

async fn read(wire: &mut Wire, product: Product, grants: &Grants, database: &str) -> Result<Inspection, Error> {
    let mut reader =
        Reader { wire, product, database: database.to_owned(), here: literal(database), grants, only: None };
    let mut found = Found::default();
    let own = Own::read(reader.wire, database).await?;
    tables::database(&mut reader, &mut found).await?;
    relations(&mut reader, &mut found, &own).await?;
    routines::read(&mut reader, &mut found, &own).await?;
    routines::libraries(&mut reader, &mut found).await?;
    routines::events(&mut reader, &mut found, &own).await?;
    views::read(&mut reader, &mut found, &own).await?;
    tables::not_read(&mut reader, &mut found).await?;
    rights::look(&reader, &mut found);
    Ok(whole(found))
}

/// Tables with their parts, and sequences. Of views that they are there.
async fn relations(reader: &mut Reader<'_>, found: &mut Found, own: &Own) -> Result<(), Error> {
    tables::read(reader, found).await?;
    columns::read(reader, found).await?;
    indexes::read(reader, found).await?;
    constraints::read(reader, found).await?;
    foreign_keys::read(reader, found).await?;
    shown::read(reader, found).await?;
    tables::sequences(reader, found).await?;
    triggers::read(reader, found, own).await
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
    database: &str,
    Known { own, grants }: &Known,
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
        if table.parts.iter().flat_map(|part| &part.requires).any(of_touched) && names.contains(&table.name.name) {
            only.insert(table.name.name.clone());
        }
    }
    let stays = |id: &Id| !is_relation(id) || (names.contains(&id.name.name) && !only.contains(&id.name.name));
    let database_says = before.schema.get(&Id::new("database", Name::new("")));
    let mut found = Found {
        collation: database_says.and_then(|it| it.attributes.text("collation")).unwrap_or_default().to_owned(),
        unmodelled: before
            .unmodelled
            .iter()
            .filter(|it| stays(&it.object) && !tables::NOT_READ.iter().any(|kind| it.object.kind == *kind))
            .cloned()
            .collect(),
        ..Found::default()
    };
    let here = literal(database);
    let mut reader = Reader { wire, product, database: database.to_owned(), here, grants, only: Some(only.clone()) };
    relations(&mut reader, &mut found, own).await?;
    views::read(&mut reader, &mut found, own).await?;
    tables::not_read(&mut reader, &mut found).await?;
    rights::look(&reader, &mut found);
    let read = whole(found);
    // What stays is what it was, and not only like it.
    let mut schema = before.schema.clone();
    schema.retain(|object| stays(&object.id()));
    schema.extend(read.schema.objects().cloned());
    Ok(Inspection { schema, ..read })
}
