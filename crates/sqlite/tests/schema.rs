//! Schemas read, made again and read again.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::collections::BTreeMap;

use common::*;
use driftlock_database::{Engine as _, Inspection, Reach, Session};
use driftlock_schema::{Id, Name, Object, Part, Schema, Value};
use driftlock_script::{Dialect, Token, TokenKind, significant};
use driftlock_sqlite::Sqlite;
use proptest::prelude::*;

async fn runs(session: &mut dyn Session, sql: &str) {
    run(session, &[sql]).await.unwrap_or_else(|error| panic!("{}: {sql}", error.error));
}

/// What is read of a database in memory in which these ran.
async fn read(statements: &[String]) -> Inspection {
    let mut session = connect("sqlite::memory:").await.unwrap();
    for sql in statements {
        runs(&mut *session, sql).await;
    }
    session.inspect().await.unwrap()
}

fn creations(schema: &Schema) -> Vec<String> {
    Sqlite.create(schema).unwrap().into_iter().map(|creation| creation.sql).collect()
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[tokio::test]
async fn a_missing_file_is_an_empty_schema_and_is_not_made() {
    let place = Place::new();
    let mut session = place.session().await;
    let inspection = session.inspect().await.unwrap();
    assert!(inspection.schema.is_empty() && inspection.unmodelled.is_empty());
    assert_eq!(session.inspect_again(&inspection, Reach::Anything).await.unwrap(), inspection);
    assert_eq!(session.change_marks().await.unwrap(), None);
    assert!(session.census().await.unwrap().entries.is_empty());
    assert!(!place.file.exists());
}

/// Reads again after each statement, and says how often that was done in part. `name` stands where something is said of a name that may be none.
async fn read_again_and_again(name: &str) -> usize {
    let mut in_part = 0;
    let mut session = connect("sqlite::memory:").await.unwrap();
    let mut before = session.inspect().await.unwrap();
    for sql in [
        "CREATE TABLE a (id integer PRIMARY KEY, \"Name\" text)",
        "CREATE TABLE b (a REFERENCES A (ID), c REFERENCES Nobody (X))",
        "CREATE INDEX i ON a (name)",
        &format!("CREATE VIEW v AS SELECT Name, {name} FROM a"),
        &format!("CREATE TRIGGER r AFTER INSERT ON a BEGIN DELETE FROM b WHERE a = NEW.id OR c = {name}; END"),
        "ALTER TABLE a ADD COLUMN \"Nobody\" int",
        "ALTER TABLE b RENAME COLUMN c TO d",
        "DROP TABLE a",
        "CREATE TABLE \"A\" (\"ID\" integer PRIMARY KEY, name text COLLATE nocase)",
        "CREATE INDEX i ON a (name)",
        "CREATE TABLE nobody (x PRIMARY KEY)",
        "ALTER TABLE nobody RENAME TO somebody",
        "DROP INDEX i",
        "CREATE VIRTUAL TABLE s USING fts5(body)",
        "CREATE UNIQUE INDEX i ON a (name COLLATE nocase)",
        "DROP VIEW v",
        "CREATE TABLE v (x)",
        "PRAGMA application_id = 5",
    ] {
        runs(&mut *session, sql).await;
        let again = session.inspect_again(&before, Reach::Anything).await.unwrap();
        let anew = session.inspect().await.unwrap();
        assert_eq!(again, anew, "after {sql}");
        assert_ne!(again.schema.fingerprint(), before.schema.fingerprint(), "after {sql}");
        let is_kept =
            |(id, object): (&Id, &Object)| before.schema.get(id).is_some_and(|before| std::ptr::eq(before, object));
        in_part += usize::from(again.schema.iter().any(is_kept));
        before = again;
    }
    in_part
}

#[tokio::test]
async fn reading_again_is_reading() {
    assert!(read_again_and_again("'a text'").await > 10, "what didn't change is what it was, and not only like it");
    // What is in double quotes is a name or a string: that depends on all that there is.
    assert!(read_again_and_again("\"Nobody\"").await > 0);
}

#[tokio::test]
async fn what_is_not_understood_is_named_and_the_rest_is_read() {
    let place = Place::new();
    let raw = place.raw();
    raw.execute_batch(
        "CREATE TABLE a (x); CREATE VIRTUAL TABLE s USING fts5(body); CREATE INDEX i ON a (x);
         PRAGMA writable_schema = ON;
         UPDATE sqlite_master SET sql = 'CREATE VIRTUAL TABLE s USING nobody(body)' WHERE name = 's';",
    )
    .unwrap();
    drop(raw);
    let mut session = place.session().await;
    let inspection = session.inspect().await.unwrap();
    let unmodelled: Vec<String> =
        inspection.unmodelled.iter().map(|it| format!("{}: {}", it.object, it.reason)).collect();
    assert_eq!(
        unmodelled,
        [
            "virtual_table:s: this SQLite has no module `nobody`, so that neither it nor the tables that it keeps can be told"
        ]
    );
    assert!(inspection.schema.get(&"table:a".parse().unwrap()).is_some());
    assert!(session.census().await.unwrap().entries.keys().any(|key| key.object.to_string() == "virtual_table:s"));
}

#[tokio::test]
async fn marks_change_with_the_schema_alone() {
    let place = Place::new();
    let mut session = place.session().await;
    runs(&mut *session, "CREATE TABLE a (x)").await;
    let first = session.change_marks().await.unwrap().unwrap();
    assert_eq!(session.change_marks().await.unwrap().unwrap(), first);
    assert_eq!(place.session().await.change_marks().await.unwrap().unwrap(), first, "another session sees the same");
    runs(&mut *session, "INSERT INTO a VALUES (1)").await;
    assert_eq!(session.change_marks().await.unwrap().unwrap(), first, "rows are no schema");
    let backup = place.dir.path().join("backup.db");
    std::fs::copy(&place.file, &backup).unwrap();

    runs(&mut *session, "CREATE TABLE b (x)").await;
    let second = session.change_marks().await.unwrap().unwrap();
    assert_eq!(second.database, first.database);
    assert_ne!(second.marks, first.marks);
    session.close().await;

    // Put back and changed otherwise, as often: the schema's number is the same, the schema isn't.
    std::fs::copy(&backup, &place.file).unwrap();
    let mut session = place.session().await;
    runs(&mut *session, "CREATE TABLE c (x)").await;
    assert_ne!(session.change_marks().await.unwrap().unwrap(), second);
    session.close().await;

    // Another file at the same place.
    std::fs::remove_file(&place.file).unwrap();
    std::fs::copy(&backup, &place.file).unwrap();
    let third = place.session().await.change_marks().await.unwrap().unwrap();
    assert_eq!(third, first, "and in it is what was there then");
    let mut memory = connect("sqlite::memory:").await.unwrap();
    assert_eq!(memory.change_marks().await.unwrap(), None);
}

#[tokio::test]
async fn a_vacuum_and_a_dump_change_nothing() {
    let place = Place::new();
    let mut session = place.session().await;
    for sql in [
        "CREATE TABLE a (id integer PRIMARY KEY AUTOINCREMENT, \"Name\" text DEFAULT 'x' CHECK (Name <> ''))",
        "CREATE INDEX i ON a (name DESC) WHERE id > 0",
        "INSERT INTO a DEFAULT VALUES",
        "ANALYZE",
    ] {
        runs(&mut *session, sql).await;
    }
    let before = (session.inspect().await.unwrap(), session.census().await.unwrap());
    for sql in ["PRAGMA page_size = 16384", "PRAGMA auto_vacuum = 1", "VACUUM", "PRAGMA user_version = 3"] {
        runs(&mut *session, sql).await;
    }
    assert_eq!((session.inspect().await.unwrap(), session.census().await.unwrap()), before);
    let dumped: Vec<String> = {
        let raw = place.raw();
        let mut select = raw
            .prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' ORDER BY rowid")
            .unwrap();
        select.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(read(&dumped).await, before.0);
}

const NAMES: &[&str] =
    &["a", "B", "c d", "select", "key", "Größe", "x\"y", "o'k", "CamelCase", "_1", "🐟", "[b]", "end"];
const TYPES: &[&str] = &[
    "integer",
    "int",
    "text",
    "varchar(20)",
    "decimal(10,2)",
    "unsigned big int",
    "int[]",
    "select it",
    "numeric(+5,-2)",
];
const DEFAULTS: &[&str] =
    &["5", "-5", "'x'", "'it''s'", "NULL", "TRUE", "CURRENT_TIMESTAMP", "X'00FF'", "abs(-1) + 2", "1.5e+3"];
const CONFLICTS: &[&str] = &["rollback", "fail", "ignore", "replace"];
const ACTIONS: &[&str] = &["set null", "set default", "cascade", "restrict"];

/// A name as the normal form of an expression has it.
fn spelled(name: &str) -> String {
    if ["a", "B", "Größe", "CamelCase", "_1", "🐟"].contains(&name) {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

fn some<T: std::fmt::Debug + Clone + 'static>(of: &'static [T]) -> impl Strategy<Value = Option<T>> {
    proptest::option::of(proptest::sample::select(of))
}

#[derive(Debug, Clone)]
struct Column {
    kind: Option<&'static str>,
    not_null: Option<Option<&'static str>>,
    name_of_not_null: bool,
    default: Option<&'static str>,
    collation: Option<&'static str>,
    generated: bool,
    stored: bool,
}

fn column() -> impl Strategy<Value = Column> {
    let collation = some(&["NOCASE", "RTRIM"]);
    let not_null = proptest::option::of(some(CONFLICTS));
    (some(TYPES), not_null, any::<bool>(), some(DEFAULTS), collation, proptest::bool::weighted(0.2), any::<bool>())
        .prop_map(|(kind, not_null, name_of_not_null, default, collation, generated, stored)| Column {
            kind,
            not_null,
            name_of_not_null,
            default,
            collation,
            generated,
            stored,
        })
}

#[derive(Debug, Clone)]
struct Constraint {
    kind: u8,
    columns: Vec<usize>,
    name: Option<&'static str>,
    conflict: Option<&'static str>,
    descends: bool,
    action: Option<&'static str>,
    deferred: Option<bool>,
}

fn constraint() -> impl Strategy<Value = Constraint> {
    let columns = proptest::sample::subsequence((0..5).collect::<Vec<usize>>(), 1..4);
    (0..6_u8, columns, some(NAMES), some(CONFLICTS), any::<bool>(), some(ACTIONS), proptest::option::of(any::<bool>()))
        .prop_map(|(kind, columns, name, conflict, descends, action, deferred)| Constraint {
            kind,
            columns,
            name,
            conflict,
            descends,
            action,
            deferred,
        })
}

prop_compose! {
    /// A table as it is read: what is at its default is absent.
    fn table()(
        name in proptest::sample::select(NAMES),
        names in proptest::sample::subsequence(NAMES.to_vec(), 1..6),
        columns in proptest::collection::vec(column(), 6),
        constraints in proptest::collection::vec(constraint(), 0..6),
        without_rowid in any::<bool>(),
    ) -> Object {
        let mut table = Object::new("table", Name::new(name));
        for (at, (name, column)) in names.iter().zip(&columns).enumerate() {
            let mut part = Part::new("column", *name);
            part.attributes.set_some("type", column.kind);
            if let Some(conflict) = column.not_null {
                part.attributes.set("not_null", true);
                part.attributes.set_some("not_null_conflict", conflict);
                part.attributes.set_some("not_null_name", column.name_of_not_null.then_some("n n"));
            }
            part.attributes.set_some("collation", column.collation);
            if at > 0 && column.generated {
                part.attributes.set("generated", format!("{} || -1", spelled(names[0])));
                part.attributes.set_flag("stored", column.stored);
            } else {
                part.attributes.set_some("default", column.default);
            }
            table.parts.push(part);
        }
        let real: Vec<Part> = table.parts.iter().filter(|part| part.attributes.get("generated").is_none()).cloned().collect();
        let mut parts: BTreeMap<(&str, String), Part> = BTreeMap::new();
        for constraint in constraints {
            let real: Vec<&Part> = constraint.columns.iter().filter_map(|at| real.get(*at)).collect();
            if real.is_empty() {
                continue;
            }
            let named: Vec<&str> = real.iter().map(|part| part.name.as_str()).collect();
            let is_integer = real.len() == 1 && real[0].attributes.text("type") == Some("integer");
            let mut keys: Vec<Value> = named.iter().map(|name| Value::from(*name)).collect();
            if constraint.descends {
                keys[0] = Value::map([("name", named[0]), ("order", "desc")]);
            }
            let mut part = Part::new("check", named.join(", "));
            let kind = match constraint.kind {
                0 => "primary_key",
                1 => "unique",
                2 => "check",
                3 => "foreign_key",
                _ => "index",
            };
            part.kind = kind.into();
            match kind {
                "primary_key" | "unique" => {
                    if is_integer && kind == "primary_key" && !without_rowid && constraint.conflict.is_none() && !constraint.descends {
                        part.attributes.set_flag("autoincrement", constraint.action.is_some());
                    }
                    part.attributes.set("columns", keys);
                    // Two keys of the same columns may not do two things.
                    part.attributes.set_some("conflict", constraint.conflict.map(|_| "fail"));
                }
                "check" => {
                    let expression = format!("{} > -1 AND length({}) <> 'X''y'", spelled(named[0]), spelled(named[0]));
                    part.name = expression.clone();
                    part.attributes.set("expression", expression);
                }
                "foreign_key" => {
                    part.attributes.set("columns", named.clone());
                    part.attributes.set("references", "no one");
                    if constraint.descends {
                        part.attributes.set("referenced_columns", named.iter().map(|name| name.to_ascii_lowercase()).collect::<Vec<_>>());
                    }
                    part.attributes.set_some("on_delete", constraint.action);
                    part.attributes.set_some("on_update", constraint.action);
                    if let Some(deferred) = constraint.deferred {
                        part.attributes.set("deferrable", true);
                        part.attributes.set_flag("initially_deferred", deferred);
                    }
                }
                _ => {
                    if constraint.deferred.is_some() {
                        keys.push(Value::map([("expression", format!("lower({})", spelled(named[0])))]));
                        part.attributes.set("where", format!("{} IS NOT NULL", spelled(named[0])));
                    }
                    part.attributes.set("columns", keys);
                    part.attributes.set_flag("unique", constraint.conflict.is_some());
                    part.name = format!("i {}", named.join(" "));
                }
            }
            if let (Some(name), true) = (constraint.name, kind != "index") {
                part.name = name.to_owned();
                part.attributes.set("constraint", name);
            }
            // One primary key there is at most, and no two parts of a kind and name.
            let key = if kind == "primary_key" { String::new() } else { part.name.clone() };
            parts.entry((kind, key)).or_insert(part);
        }
        table.attributes.set_flag("without_rowid", without_rowid && parts.keys().any(|(kind, _)| *kind == "primary_key"));
        if table.attributes.flag("without_rowid") {
            for part in parts.values_mut().filter(|part| part.kind == "primary_key") {
                part.attributes.remove("autoincrement");
            }
        }
        table.parts.extend(parts.into_values());
        let mut trigger = Part::new("trigger", "t r").with("event", "update").with("columns", vec![names[0]]);
        let body = format!("DELETE FROM \"x\" WHERE y = NEW.{} AND z = 'Z';", spelled(names[0]));
        trigger.attributes.set("body", driftlock_schema::Code::new(body, ""));
        table.parts.push(trigger);
        table
    }
}

/// The body of a trigger is equal by its normal form, which is the adapter's: here by its letters.
fn by_letters(mut schema: Schema) -> Schema {
    let objects: Vec<Object> = schema.objects().cloned().collect();
    for mut object in objects {
        for part in object.parts.iter_mut().filter(|part| part.kind == "trigger") {
            let text = part.attributes.text("body").unwrap_or_default().to_owned();
            part.attributes.set("body", text);
        }
        schema.insert(object);
    }
    schema
}

/// The same statement in another spelling, decided by these numbers.
fn spelled_otherwise(sql: &str, dice: &[u8]) -> String {
    let tokens: Vec<Token<'_>> = significant(sql, Dialect::Sqlite).collect();
    let mut text = String::new();
    let mut end = 0;
    for (at, token) in tokens.iter().enumerate() {
        let die = dice[at % dice.len()].wrapping_add(u8::try_from(at % 251).unwrap());
        let joined = at > 0
            && end == token.start
            && token.kind == TokenKind::Punctuation
            && tokens[at - 1].kind == TokenKind::Punctuation;
        if at > 0 && !joined {
            text.push_str([" ", "\n\t", " /* it's \" */ ", " -- ) ; `\n"][usize::from(die % 4)]);
        }
        end = token.start + token.text.len();
        let inside = token.text.get(1..token.text.len().saturating_sub(1)).unwrap_or_default();
        let is_double = token.kind == TokenKind::QuotedIdentifier
            && token.text.starts_with('"')
            && !inside.contains(['"', '`', ']']);
        match (token.kind, die / 4 % 4) {
            (TokenKind::Word, 0) => text.push_str(&token.text.to_ascii_uppercase()),
            (TokenKind::Word, 1) => text.push_str(&token.text.to_ascii_lowercase()),
            (TokenKind::QuotedIdentifier, 1) if is_double => text.push_str(&format!("[{inside}]")),
            (TokenKind::QuotedIdentifier, 2) if is_double => text.push_str(&format!("`{inside}`")),
            _ => text.push_str(token.text),
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_table_that_is_made_is_read_as_it_was(table in table()) {
        let mut schema = Schema::new("sqlite");
        schema.insert(table);
        let statements = creations(&schema);
        let inspection = wait(read(&statements));
        prop_assert!(inspection.unmodelled.is_empty(), "{:?}", inspection.unmodelled);
        prop_assert_eq!(by_letters(inspection.schema), by_letters(schema), "{:?}", statements);
    }

    #[test]
    fn a_spelling_changes_nothing(table in table(), dice in proptest::collection::vec(any::<u8>(), 1..40)) {
        let mut schema = Schema::new("sqlite");
        schema.insert(table);
        let statements = creations(&schema);
        let otherwise: Vec<String> = statements.iter().map(|sql| spelled_otherwise(sql, &dice)).collect();
        let (here, there) = wait(async { (read(&statements).await, read(&otherwise).await) });
        prop_assert_eq!(here.schema.fingerprint(), there.schema.fingerprint(), "{:#?}\n{:#?}", statements, otherwise);
    }

    /// Whatever stands in a statement: it is read or named, and nothing panics.
    #[test]
    fn nothing_in_a_statement_panics(words in proptest::collection::vec(proptest::sample::select(WORDS), 0..20)) {
        let place = Place::new();
        let raw = place.raw();
        raw.execute_batch("CREATE TABLE a (x); CREATE VIEW v AS SELECT 1; CREATE INDEX i ON a (x);
            CREATE TRIGGER r INSERT ON a BEGIN SELECT 1; END; PRAGMA writable_schema = ON;").unwrap();
        let words = words.join(" ");
        for head in ["CREATE TABLE a", "CREATE VIEW v", "CREATE INDEX i ON a", "CREATE TRIGGER r"] {
            raw.execute("UPDATE sqlite_master SET sql = ?1 WHERE sql LIKE ?2", [format!("{head} {words}"), format!("{head}%")]).unwrap();
        }
        drop(raw);
        wait(async {
            let mut session = place.session().await;
            // SQLite itself may refuse the file.
            if let Ok(inspection) = session.inspect().await {
                assert!(inspection.schema.len() + inspection.unmodelled.len() >= 2);
                let _ = session.census().await;
            }
        });
    }
}

const WORDS: &[&str] = &[
    "(",
    ")",
    ",",
    "x",
    "\"",
    "'",
    "[",
    "`",
    "\"x\"",
    "CHECK",
    "PRIMARY",
    "KEY",
    "NOT",
    "NULL",
    "DEFAULT",
    "-",
    "1",
    "AS",
    "SELECT",
    "BEGIN",
    "END",
    "WHEN",
    "UPDATE",
    "OF",
    "ON",
    "CONFLICT",
    "REFERENCES",
    "GENERATED",
    "ALWAYS",
    "COLLATE",
    "DESC",
    "AUTOINCREMENT",
    "WITHOUT",
    "ROWID",
    "é",
    "--",
    "/*",
    ".",
    ";",
    "CONSTRAINT",
    "FOREIGN",
    "UNIQUE",
    "DEFERRABLE",
];
