//! Two directories held against each other: both are replayed on a shadow, and the engine says what came of each.

use std::collections::{BTreeMap, BTreeSet};

use driftlock_database::{Census, ForeignRows};
use driftlock_schema::{Filter, Id, Name};
use driftlock_script::{Dialect, Migrations, Token, TokenKind, significant};

use crate::versions::replay;
use crate::{Database, Error, Shadow};

/// What came of a replay of two directories.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replay {
    /// The server's product and version.
    pub server: String,
    /// How many objects were compared.
    pub objects: usize,
    /// How many tables' rows were compared.
    pub tables: usize,
    /// What differs: each an object, or the rows of a table.
    pub differences: Vec<String>,
    /// Tables whose rows differ between two replays of the first directory already (`now()`, `random()`).
    pub unsteady: Vec<String>,
}

/// What there is after a replay.
struct Made {
    server: String,
    census: Census,
    rows: BTreeMap<String, Vec<Vec<Option<String>>>>,
}

impl Shadow {
    /// Replays two directories, each in a database of its own that is dropped again, and compares what came of them: all objects by the
    /// engine's own account, and the rows of all tables.
    ///
    /// # Errors
    /// When a database can't be made or dropped, and when a migration fails.
    pub async fn compare(&self, first: &Migrations, second: &Migrations) -> Result<Replay, Error> {
        let (one, other) = (self.replay(first).await?, self.replay(second).await?);
        let mut differences: Vec<String> =
            one.census.differences(&other.census).iter().map(|(key, ..)| shown(&key.object)).collect();
        let differing = |one: &Made, other: &Made| -> Vec<String> {
            let rows = one.rows.iter().filter(|(table, rows)| other.rows.get(*table).is_some_and(|it| it != *rows));
            rows.map(|(table, _)| table.clone()).collect()
        };
        let mut unsteady = differing(&one, &other);
        if !unsteady.is_empty() {
            let again = self.replay(first).await?;
            let steady = |table: &String| !differing(&one, &again).contains(table);
            differences.extend(unsteady.iter().filter(|table| steady(table)).map(|table| format!("rows of {table}")));
            unsteady.retain(|table| !steady(table));
        }
        differences.sort();
        differences.dedup();
        let objects = one.census.entries.keys().map(|key| &key.object).filter(|id| id.kind != "database");
        let objects: BTreeSet<&Id> = objects.collect();
        let objects = objects.len();
        let tables = one.rows.len() - unsteady.len();
        Ok(Replay { server: one.server, objects, tables, differences, unsteady })
    }

    /// In a database of its own, which is dropped whatever happens.
    async fn replay(&self, migrations: &Migrations) -> Result<Made, Error> {
        let scratch = self.database(None).await?;
        let db = &scratch.database;
        let made = match replay(db, migrations, None, &self.cancellation).await {
            Ok(()) => made(db).await,
            Err(error) => Err(error),
        };
        scratch.end(made).await
    }
}

/// `table b`
fn shown(id: &Id) -> String {
    format!("{} {}", id.kind.words(), id.name)
}

/// Everything but the own tables, definers too.
fn everything() -> Filter {
    let definers = "facet:definers".parse().into_iter();
    definers.fold(Filter::new(), Filter::include)
}

async fn made(db: &Database) -> Result<Made, Error> {
    let census = db.census(&everything()).await?;
    let own = db.own_tables();
    let is_own = |table: &String| {
        let named =
            |name: &Name| name.schema.iter().chain([&name.name]).map(String::as_str).collect::<Vec<_>>().join(".");
        own.iter().any(|id| named(&id.name) == *table)
    };
    let mut inner = db.in_use().await;
    let session = inner.session.as_mut();
    let server = session.server().version.clone();
    let mut rows = BTreeMap::new();
    for table in census.tables.iter().filter(|table| !is_own(table)) {
        let ForeignRows { rows: mut of_table, .. } = session.foreign_rows(table).await?;
        of_table.sort();
        rows.insert(table.clone(), of_table);
    }
    Ok(Made { server, census, rows })
}

/// The first statement that works on more than the database it runs in: a scratch database would not keep it from the rest of its
/// server. With its file and line.
///
/// # Errors
/// As [`Migrations::body`].
pub fn reaches_past(migrations: &Migrations, dialect: Dialect) -> Result<Option<String>, Error> {
    for migration in migrations.list() {
        let body = migrations.body(&migration.up, dialect)?;
        let Ok(statements) = body.statements(dialect) else { continue };
        for (statement, _) in &statements {
            let tokens: Vec<Token<'_>> = significant(statement.text(body.text()), dialect).collect();
            if is_past(&tokens, dialect) {
                return Ok(Some(format!("{}:{}", migrations.display(&migration.up), statement.line)));
            }
        }
    }
    Ok(None)
}

/// What belongs to a server and not to a database.
const OF_THE_SERVER: &[&str] = &[
    "ROLE",
    "USER",
    "GROUP",
    "DATABASE",
    "SCHEMA",
    "TABLESPACE",
    "SUBSCRIPTION",
    "SYSTEM",
    "SERVER",
    "LOGFILE",
    "INSTANCE",
    "LANGUAGE",
];

/// What stands in front of a table's name.
const IN_FRONT_OF_NAMES: &[&str] = &[
    "TABLE",
    "INTO",
    "FROM",
    "UPDATE",
    "JOIN",
    "VIEW",
    "TRIGGER",
    "PROCEDURE",
    "FUNCTION",
    "EVENT",
    "EXISTS",
    "REFERENCES",
    "CALL",
    "TABLES",
    "TO",
];

/// Functions with a FROM of their own, behind which a column may stand.
const WITH_FROM: &[&str] = &["EXTRACT", "SUBSTRING", "SUBSTR", "MID", "TRIM"];

fn is_past(tokens: &[Token<'_>], dialect: Dialect) -> bool {
    let is = |at: usize, words: &[&str]| tokens.get(at).is_some_and(|token| words.iter().any(|word| token.is(word)));
    if is(0, &["ATTACH"]) || (is(0, &["VACUUM"]) && tokens.iter().any(|token| token.is("INTO"))) {
        return true;
    }
    // A schema of PostgreSQL's is in its database.
    let of_the_server = |word: &&&str| dialect == Dialect::MySql || !["SCHEMA", "LANGUAGE", "SERVER"].contains(*word);
    let of_the_server: Vec<&str> = OF_THE_SERVER.iter().filter(of_the_server).copied().collect();
    // Without a name it is the database in hand.
    let is_of_this_one = dialect == Dialect::MySql
        && is(0, &["ALTER"])
        && is(1, &["DATABASE", "SCHEMA"])
        && (is(2, &["COLLATE", "CHARACTER", "DEFAULT"])
            || (is(2, &["COMMENT"]) && !tokens.get(3).is_some_and(|token| token.kind == TokenKind::Word)));
    if is_of_this_one {
        return false;
    }
    if is(0, &["CREATE", "ALTER", "DROP", "RENAME", "COMMENT", "REASSIGN"])
        && (1..=4).any(|at| is(at, &of_the_server) && !is(at, &["ON"]))
    {
        return true;
    }
    if dialect != Dialect::MySql {
        // A grant on nothing is one of roles.
        return is(0, &["GRANT", "REVOKE"]) && !tokens.iter().any(|token| token.is("ON"));
    }
    let of_mysql =
        ["GRANT", "REVOKE", "USE", "INSTALL", "UNINSTALL", "FLUSH", "PURGE", "RESET", "CHANGE", "KILL", "SHUTDOWN"];
    let is_name = |token: &Token<'_>| matches!(token.kind, TokenKind::Word | TokenKind::QuotedIdentifier);
    let first_on = (0..tokens.len()).find(|at| is(*at, &["ON"]));
    let has_on = (1..6).any(|at| is(at, &["INDEX", "TRIGGER"])) && is(0, &["CREATE", "DROP"]);
    let is_in_front = |at: usize| {
        // A column stands behind ON in a join, behind UPDATE of a duplicate key, behind FROM in some functions.
        (is(at, IN_FRONT_OF_NAMES) && !is_of_columns(tokens, at))
            || (has_on && first_on == Some(at))
            || (tokens[at].text == "," && is(0, &["DROP", "RENAME", "LOCK", "TRUNCATE", "OPTIMIZE", "REPAIR"]))
    };
    let is_qualified = |at: usize| {
        is_in_front(at)
            && tokens.get(at + 1).is_some_and(is_name)
            && tokens.get(at + 2).is_some_and(|token| token.text == ".")
    };
    is(0, &of_mysql)
        || (is(0, &["SET"]) && tokens.iter().any(|token| token.is("GLOBAL") || token.text.starts_with("@@global")))
        || (0..tokens.len()).any(is_qualified)
}

/// Whether a word that stands in front of tables has a column behind it here.
fn is_of_columns(tokens: &[Token<'_>], at: usize) -> bool {
    if tokens[at].is("UPDATE") {
        return at > 0 && tokens[at - 1].is("KEY");
    }
    if !tokens[at].is("FROM") {
        return false;
    }
    // The parenthesis that it is in.
    let mut depth = 0;
    for open in (1..at).rev() {
        match tokens[open].text {
            ")" => depth += 1,
            "(" if depth == 0 => {
                let function = &tokens[open - 1];
                return WITH_FROM.iter().any(|name| function.is(name)) && !tokens[open + 1].is("SELECT");
            }
            "(" => depth -= 1,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_would_leave_its_database() {
        let cases: &[(Dialect, &str, bool)] = &[
            (Dialect::Sqlite, "ATTACH 'b.db' AS b", true),
            (Dialect::Sqlite, "VACUUM INTO 'b.db'", true),
            (Dialect::Sqlite, "VACUUM", false),
            (Dialect::Sqlite, "CREATE TABLE main.a (id int)", false),
            (Dialect::Postgres, "CREATE ROLE r", true),
            (Dialect::Postgres, "GRANT a TO b", true),
            (Dialect::Postgres, "GRANT SELECT ON a TO b", false),
            (Dialect::Postgres, "CREATE SCHEMA s", false),
            (Dialect::Postgres, "INSERT INTO s.t VALUES (1)", false),
            (Dialect::Postgres, "ALTER SYSTEM SET a = 1", true),
            (Dialect::Postgres, "CREATE SUBSCRIPTION s CONNECTION ''", true),
            (Dialect::MySql, "CREATE TABLE a (id int)", false),
            (Dialect::MySql, "CREATE TABLE IF NOT EXISTS shop.a (id int)", true),
            (Dialect::MySql, "INSERT INTO `shop`.`a` VALUES (1)", true),
            (Dialect::MySql, "SELECT a.id FROM a", false),
            (Dialect::MySql, "UPDATE a JOIN b ON b.a = a.id SET a.x = b.x", false),
            (Dialect::MySql, "CREATE VIEW v AS SELECT 1 FROM a JOIN b ON a.id = b.id", false),
            (Dialect::MySql, "SELECT EXTRACT(YEAR FROM a.at) FROM a", false),
            (Dialect::MySql, "SELECT EXTRACT(YEAR FROM (SELECT 1 FROM shop.a)) FROM a", true),
            (Dialect::MySql, "DELETE a.* FROM a JOIN b ON a.id = b.id", false),
            (Dialect::MySql, "DELETE a.* FROM shop.a", true),
            (Dialect::MySql, "INSERT INTO a VALUES (1) ON DUPLICATE KEY UPDATE a.n = a.n + 1", false),
            (Dialect::MySql, "CREATE INDEX i ON shop.a (id)", true),
            (Dialect::MySql, "CREATE TRIGGER t AFTER INSERT ON shop.a FOR EACH ROW SET @a = 1", true),
            (
                Dialect::MySql,
                "CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW UPDATE b JOIN c ON c.i = b.i SET b.x = 1",
                false,
            ),
            (Dialect::MySql, "DROP TABLE a, shop.b", true),
            (Dialect::MySql, "ALTER DATABASE COLLATE latin1_swedish_ci", false),
            (Dialect::MySql, "ALTER DATABASE COMMENT = 'x'", false),
            (Dialect::MySql, "ALTER DATABASE shop COLLATE latin1_swedish_ci", true),
            (Dialect::MySql, "ALTER DATABASE comment COLLATE latin1_swedish_ci", true),
            (Dialect::MySql, "CREATE USER u", true),
            (Dialect::MySql, "GRANT ALL ON a TO u", true),
            (Dialect::MySql, "SET GLOBAL a = 1", true),
            (Dialect::MySql, "USE shop", true),
        ];
        for (dialect, sql, expected) in cases {
            let tokens: Vec<Token<'_>> = significant(sql, *dialect).collect();
            assert_eq!(is_past(&tokens, *dialect), *expected, "{sql}");
        }
    }
}
