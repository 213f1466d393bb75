//! Which objects a statement that stands alone names, and what it does to them, from its text.

use driftlock_script::{Token, TokenKind};

use crate::parse::{Cursor, Name, words};

/// An object of which the server gives an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Object {
    /// `SHOW CREATE TABLE`, `… VIEW` and so on: the keyword and the name.
    Named(&'static str, Name),
    /// A table with the number of its rows.
    Rows(Name),
    /// `SHOW CREATE DATABASE` and the tables in it.
    Database(String),
    /// `SHOW GRANTS` of an account, as written.
    Grants(String),
}

impl std::fmt::Display for Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Object::Named(kind, name) => write!(f, "{} `{name}`", kind.to_ascii_lowercase()),
            Object::Rows(name) => write!(f, "table `{name}`"),
            Object::Database(name) => write!(f, "database `{name}`"),
            Object::Grants(account) => write!(f, "account {account}"),
        }
    }
}

/// What a statement does to the objects that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// They are there afterwards.
    Create {
        /// Filled from a query, which isn't one step on every server.
        filled: bool,
    },
    /// They are gone afterwards.
    Drop,
    /// Any difference is its whole effect.
    Alter,
    /// The first name of each pair is gone, the second is there.
    Rename(Vec<(Name, Name)>),
    /// Rows are added to it, so many where the statement says so.
    Insert {
        /// How many, where they are written out and none can be left out.
        rows: Option<u64>,
    },
    /// Running it again ends the same; nothing needs to be known.
    Repeatable,
    /// Nobody can tell, and why.
    Unknown(&'static str),
}

/// A statement's effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) kind: Kind,
    pub(crate) objects: Vec<Object>,
    /// `IF EXISTS`, `IF NOT EXISTS`, `OR REPLACE`: running it again is no error and ends the same.
    pub(crate) repeatable: bool,
}

impl Effect {
    fn new(kind: Kind, objects: Vec<Object>) -> Self {
        Effect { kind, objects, repeatable: false }
    }

    fn unknown(why: &'static str) -> Self {
        Effect::new(Kind::Unknown(why), Vec::new())
    }
}

const NO_ACCOUNT: &str = "the server gives no account of what this statement changes";

/// Reads a statement's effect.
pub(crate) fn effect(sql: &str) -> Effect {
    let tokens = words(sql);
    read(sql, &tokens).unwrap_or_else(|| Effect::unknown(NO_ACCOUNT))
}

fn read(sql: &str, tokens: &[Token<'_>]) -> Option<Effect> {
    let mut cursor = Cursor::new(tokens);
    let first = cursor.next()?;
    match first.text.to_ascii_uppercase().as_str() {
        "CREATE" => create(sql, tokens, cursor),
        "ALTER" => alter(cursor),
        "DROP" => drop(sql, cursor),
        "RENAME" => rename(cursor),
        "INSERT" => {
            let (table, rows) = crate::rows::insert(tokens)?;
            Some(Effect::new(Kind::Insert { rows }, vec![Object::Rows(table)]))
        }
        // What it would write again it replaces again.
        "REPLACE" => Some(Effect::new(Kind::Repeatable, Vec::new())),
        "TRUNCATE" | "ANALYZE" | "OPTIMIZE" | "CHECK" | "REPAIR" | "FLUSH" | "CACHE" | "LOAD" | "GRANT" | "SET" => {
            Some(Effect::new(Kind::Repeatable, Vec::new()))
        }
        "REVOKE" => {
            cursor.eat_until("FROM").then_some(())?;
            let account = account(sql, cursor)?;
            Some(Effect::new(Kind::Alter, vec![Object::Grants(account)]))
        }
        "CALL" | "EXECUTE" | "BEGIN" => {
            Some(Effect::unknown("what a routine or a prepared statement does, and how far it came, nobody can tell"))
        }
        _ => None,
    }
}

/// The keyword after `CREATE`, `ALTER` and `DROP`, as `SHOW CREATE` wants it.
fn kind_of(cursor: &mut Cursor<'_, '_>) -> Option<&'static str> {
    const KINDS: [&str; 8] = ["TABLE", "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "SEQUENCE", "PACKAGE"];
    let kind = KINDS.into_iter().find(|kind| cursor.at(kind));
    if kind.is_some() {
        cursor.next();
        if kind == Some("PACKAGE") && cursor.eat(&["BODY"]) {
            return Some("PACKAGE BODY");
        }
    } else if cursor.eat(&["TABLES"]) {
        return Some("TABLE");
    }
    kind
}

fn create(sql: &str, tokens: &[Token<'_>], mut cursor: Cursor<'_, '_>) -> Option<Effect> {
    let mut repeatable = cursor.eat(&["OR", "REPLACE"]);
    // Over `ALGORITHM = MERGE DEFINER = ann@'%' SQL SECURITY INVOKER`, `AGGREGATE`, `UNIQUE`, …
    const KINDS: [&str; 13] = [
        "TABLE",
        "VIEW",
        "TRIGGER",
        "PROCEDURE",
        "FUNCTION",
        "EVENT",
        "SEQUENCE",
        "PACKAGE",
        "DATABASE",
        "SCHEMA",
        "INDEX",
        "USER",
        "ROLE",
    ];
    while cursor.peek().is_some() && !KINDS.iter().any(|kind| cursor.at(kind)) {
        cursor.next();
    }
    let create = |objects, filled, repeatable| Effect { repeatable, ..Effect::new(Kind::Create { filled }, objects) };
    if cursor.eat(&["INDEX"]) {
        repeatable |= cursor.eat(&["IF", "NOT", "EXISTS"]);
        cursor.eat_until("ON").then_some(())?;
        let table = Object::Named("TABLE", cursor.name()?);
        return Some(Effect { repeatable, ..Effect::new(Kind::Alter, vec![table]) });
    }
    if cursor.eat_any(&["DATABASE", "SCHEMA"]) {
        repeatable |= cursor.eat(&["IF", "NOT", "EXISTS"]);
        return Some(create(vec![Object::Database(cursor.name()?.name)], false, repeatable));
    }
    if cursor.eat_any(&["USER", "ROLE"]) {
        repeatable |= cursor.eat(&["IF", "NOT", "EXISTS"]);
        return Some(create(vec![Object::Grants(account(sql, cursor)?)], false, repeatable));
    }
    let kind = kind_of(&mut cursor)?;
    repeatable |= cursor.eat(&["IF", "NOT", "EXISTS"]);
    let object = Object::Named(kind, cursor.name()?);
    let filled = kind == "TABLE"
        && tokens.iter().any(|token| token.is("SELECT") || token.is("VALUES") && !is_partition_bound(tokens, token));
    Some(create(vec![object], filled, repeatable))
}

/// `VALUES LESS THAN (…)`, `VALUES IN (…)` of a partition.
fn is_partition_bound(tokens: &[Token<'_>], values: &Token<'_>) -> bool {
    let next = tokens.iter().find(|token| token.start > values.start);
    next.is_some_and(|token| token.is("LESS") || token.is("IN"))
}

fn alter(mut cursor: Cursor<'_, '_>) -> Option<Effect> {
    cursor.eat_any(&["ONLINE", "OFFLINE"]);
    cursor.eat(&["IGNORE"]);
    if cursor.eat_any(&["USER", "INSTANCE"]) {
        return Some(Effect::new(Kind::Repeatable, Vec::new()));
    }
    if cursor.eat_any(&["DATABASE", "SCHEMA"]) {
        // Sets properties, so that a second time is as good as the first; the name may be missing.
        return Some(Effect::new(Kind::Repeatable, Vec::new()));
    }
    while cursor.peek().is_some()
        && !["TABLE", "VIEW", "PROCEDURE", "FUNCTION", "EVENT", "SEQUENCE"].iter().any(|kind| cursor.at(kind))
    {
        cursor.next();
    }
    let kind = kind_of(&mut cursor)?;
    let repeatable = cursor.eat(&["IF", "EXISTS"]);
    let name = cursor.name()?;
    if kind == "TABLE" {
        for part in crate::parse::parts(cursor.rest()) {
            let mut part = Cursor::new(part);
            if part.eat(&["EXCHANGE", "PARTITION"]) {
                return Some(Effect::unknown(
                    "EXCHANGE PARTITION swaps rows, which the definitions of the tables don't show",
                ));
            }
            if part.eat(&["DISCARD"]) || part.eat(&["IMPORT"]) {
                return Some(Effect::unknown("the definition of a table doesn't show whether its tablespace is there"));
            }
        }
    }
    let object = Object::Named(kind, name.clone());
    if matches!(kind, "TABLE" | "EVENT")
        && let Some(new) = renamed_to(cursor, kind)
    {
        let objects = vec![object, Object::Named(kind, new.clone())];
        return Some(Effect { repeatable, ..Effect::new(Kind::Rename(vec![(name, new)]), objects) });
    }
    Some(Effect { repeatable, ..Effect::new(Kind::Alter, vec![object]) })
}

/// `RENAME [TO | AS | =] name` among the changes of an ALTER.
fn renamed_to(cursor: Cursor<'_, '_>, kind: &str) -> Option<Name> {
    let parts = if kind == "EVENT" { vec![cursor.rest()] } else { crate::parse::parts(cursor.rest()) };
    parts.into_iter().find_map(|part| {
        let at = part.iter().position(|token| token.is("RENAME"))?;
        let mut change = Cursor::new(&part[at + 1..]);
        if ["COLUMN", "INDEX", "KEY", "CONSTRAINT"].iter().any(|word| change.at(word)) {
            return None;
        }
        if !change.eat_any(&["TO", "AS"]) {
            change.eat(&["="]);
        }
        change.name()
    })
}

fn drop(sql: &str, mut cursor: Cursor<'_, '_>) -> Option<Effect> {
    let drop = |objects, repeatable| Effect { repeatable, ..Effect::new(Kind::Drop, objects) };
    if cursor.eat(&["INDEX"]) {
        let repeatable = cursor.eat(&["IF", "EXISTS"]);
        cursor.eat_until("ON").then_some(())?;
        let table = Object::Named("TABLE", cursor.name()?);
        return Some(Effect { repeatable, ..Effect::new(Kind::Alter, vec![table]) });
    }
    if cursor.eat_any(&["DATABASE", "SCHEMA"]) {
        // Table by table: what is left over is dropped by running it again.
        let if_exists = cursor.eat(&["IF", "EXISTS"]);
        return Some(drop(vec![Object::Database(cursor.name()?.name)], if_exists));
    }
    if cursor.eat_any(&["USER", "ROLE"]) {
        let if_exists = cursor.eat(&["IF", "EXISTS"]);
        return Some(drop(vec![Object::Grants(account(sql, cursor)?)], if_exists));
    }
    let kind = kind_of(&mut cursor)?;
    let if_exists = cursor.eat(&["IF", "EXISTS"]);
    let objects = cursor.names()?.into_iter().map(|name| Object::Named(kind, name)).collect();
    Some(drop(objects, if_exists))
}

fn rename(mut cursor: Cursor<'_, '_>) -> Option<Effect> {
    cursor.eat_any(&["TABLE", "TABLES"]).then_some(())?;
    let repeatable = cursor.eat(&["IF", "EXISTS"]);
    let mut pairs = Vec::new();
    loop {
        let old = cursor.name()?;
        if cursor.eat(&["WAIT"]) || cursor.eat(&["NOWAIT"]) {
            cursor.eat_until("TO").then_some(())?;
        } else if !cursor.eat(&["TO"]) {
            return None;
        }
        pairs.push((old, cursor.name()?));
        if !cursor.eat(&[","]) {
            break;
        }
    }
    let mut objects: Vec<Object> = Vec::new();
    for name in pairs.iter().flat_map(|(old, new)| [old, new]) {
        let object = Object::Named("TABLE", name.clone());
        if !objects.contains(&object) {
            objects.push(object);
        }
    }
    Some(Effect { repeatable, ..Effect::new(Kind::Rename(pairs), objects) })
}

/// One account as it is written (`'ann'@'%'`, `ann`), if there is only one.
fn account(sql: &str, mut cursor: Cursor<'_, '_>) -> Option<String> {
    let first = cursor.next()?;
    if !matches!(first.kind, TokenKind::Word | TokenKind::String | TokenKind::QuotedIdentifier) {
        return None;
    }
    let mut end = first.start + first.text.len();
    if let Some(host) = cursor.peek().filter(|token| token.kind == TokenKind::Variable && token.start == end) {
        end = host.start + host.text.len();
        cursor.next();
    }
    if cursor.rest().iter().any(|token| token.text == ",") {
        return None;
    }
    Some(sql[first.start..end].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `create table a` in one line, `?` where it is repeatable.
    fn told(sql: &str) -> String {
        let effect = effect(sql);
        let kind = match effect.kind {
            Kind::Create { filled } => if filled { "fill" } else { "create" }.to_owned(),
            Kind::Drop => "drop".to_owned(),
            Kind::Alter => "alter".to_owned(),
            Kind::Rename(pairs) => pairs.iter().map(|(old, new)| format!("{old}>{new}")).collect::<Vec<_>>().join(" "),
            Kind::Insert { rows } => rows.map_or("insert".to_owned(), |rows| format!("insert {rows}")),
            Kind::Repeatable => "repeatable".to_owned(),
            Kind::Unknown(_) => "unknown".to_owned(),
        };
        let objects: Vec<String> = effect.objects.iter().map(ToString::to_string).collect();
        format!("{kind}{} {}", if effect.repeatable { "?" } else { "" }, objects.join(", ")).trim_end().to_owned()
    }

    #[test]
    fn reads_what_each_statement_does() {
        for (sql, expected) in [
            ("CREATE TABLE a (b int)", "create table `a`"),
            ("CREATE TABLE IF NOT EXISTS `d`.`a b` (b int)", "create? table `d.a b`"),
            ("CREATE OR REPLACE TABLE a (b int)", "create? table `a`"),
            ("CREATE TABLE a AS SELECT 1", "fill table `a`"),
            ("CREATE TABLE a (b int) PARTITION BY RANGE (b) (PARTITION p VALUES LESS THAN (5))", "create table `a`"),
            ("CREATE UNIQUE INDEX i USING BTREE ON d.a (b)", "alter table `d.a`"),
            ("CREATE ALGORITHM=MERGE DEFINER=`x`@`%` SQL SECURITY INVOKER VIEW v AS SELECT 1", "create view `v`"),
            (
                "CREATE DEFINER = CURRENT_USER TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET @x = 1",
                "create trigger `t`",
            ),
            ("CREATE AGGREGATE FUNCTION f() RETURNS int RETURN 1", "create function `f`"),
            ("CREATE SEQUENCE s", "create sequence `s`"),
            ("CREATE DEFINER=`a`@`b` PACKAGE p AS FUNCTION f RETURN int; END", "create package `p`"),
            ("CREATE PACKAGE BODY d.p AS END", "create package body `d.p`"),
            ("DROP PACKAGE IF EXISTS p", "drop? package `p`"),
            ("CREATE DATABASE d", "create database `d`"),
            ("CREATE USER 'ann'@'%' IDENTIFIED BY 'x'", "create account 'ann'@'%'"),
            ("CREATE USER a, b", "unknown"),
            ("ALTER TABLE a ADD b int, DROP c", "alter table `a`"),
            ("ALTER TABLE a ADD b int, RENAME TO c", "a>c table `a`, table `c`"),
            ("ALTER TABLE a RENAME COLUMN b TO c", "alter table `a`"),
            ("ALTER TABLE a RENAME b", "a>b table `a`, table `b`"),
            ("ALTER TABLE a EXCHANGE PARTITION p WITH TABLE b", "unknown"),
            ("ALTER DEFINER = x@y VIEW v AS SELECT 1", "alter view `v`"),
            ("ALTER DATABASE CHARACTER SET utf8mb4", "repeatable"),
            ("DROP TABLE a, d.b", "drop table `a`, table `d.b`"),
            ("DROP TABLE IF EXISTS a CASCADE", "drop? table `a`"),
            ("DROP INDEX i ON a", "alter table `a`"),
            ("DROP VIEW v", "drop view `v`"),
            ("DROP DATABASE d", "drop database `d`"),
            ("RENAME TABLE a TO b, c TO a", "a>b c>a table `a`, table `b`, table `c`"),
            ("TRUNCATE a", "repeatable"),
            ("INSERT INTO d.a (b, c) VALUES (1, (2)), (3, 4)", "insert 2 table `d.a`"),
            ("INSERT a VALUES ()", "insert 1 table `a`"),
            ("INSERT IGNORE INTO a VALUES (1)", "insert table `a`"),
            ("INSERT INTO a SELECT * FROM b", "insert table `a`"),
            ("INSERT INTO a VALUES (1) ON DUPLICATE KEY UPDATE b = (2)", "insert table `a`"),
            ("REPLACE INTO a VALUES (1)", "repeatable"),
            ("GRANT SELECT ON *.* TO a", "repeatable"),
            ("REVOKE SELECT ON *.* FROM 'a'@'h'", "alter account 'a'@'h'"),
            ("INSTALL SONAME 'x'", "unknown"),
            ("CALL p()", "unknown"),
        ] {
            assert_eq!(told(sql), expected, "{sql}");
        }
    }
}
