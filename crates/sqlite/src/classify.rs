//! What one statement of SQLite is, from its words alone.

use driftlock_database::{Class, Classified};
use driftlock_script::{Dialect, Token, TokenKind, significant};

use crate::error::identifier;

/// What a statement is to a runner.
pub(crate) fn classify(sql: &str) -> Classified {
    let head = head(sql);
    let Some(first) = head.first() else {
        return Classified::plain(Class::Transactional);
    };
    let plain = Classified::plain;
    let is = |at: usize, word: &str| head.get(at).is_some_and(|token| token.is(word));
    match first.text.to_ascii_uppercase().as_str() {
        "BEGIN" => plain(Class::Begin),
        "COMMIT" | "END" => plain(Class::Commit),
        "ROLLBACK" if head.iter().any(|token| token.is("TO")) => plain(Class::Transactional),
        "ROLLBACK" => plain(Class::Forbidden(
            "a script that rolls back would be recorded as applied without what it did: take the ROLLBACK out, \
             or go back to a savepoint of the script's own with ROLLBACK TO"
                .to_owned(),
        )),
        "VACUUM" => plain(Class::Alone),
        "ATTACH" | "DETACH" => plain(Class::Session),
        "PRAGMA" => pragma(&head),
        "DROP" => Classified { loses_data: is(1, "TABLE"), ..plain(Class::Transactional) },
        "ALTER" => Classified { loses_data: drops_column(&head), ..plain(Class::Transactional) },
        "CREATE" => Classified { leaves_state: is_temporary(&head), ..plain(Class::Transactional) },
        "INSERT" | "REPLACE" | "UPDATE" | "DELETE" | "WITH" | "SELECT" | "VALUES" => {
            let (loses_data, reads_state) = data(sql);
            Classified { loses_data, reads_state, ..plain(Class::Transactional) }
        }
        _ => plain(Class::Transactional),
    }
}

/// What running a statement can do beside its work: told apart cheaply, for every statement that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Traits {
    /// It can change the session, so that the next `reset` has something to put back.
    pub(crate) touches: bool,
    /// It can leave rows whose foreign keys point nowhere, since foreign keys are off.
    pub(crate) may_violate: bool,
    /// SQLite counts the rows that it changes.
    pub(crate) changes_rows: bool,
}

/// See [`Traits`].
pub(crate) fn traits(sql: &str) -> Traits {
    let head = head(sql);
    let is = |at: usize, word: &str| head.get(at).is_some_and(|token| token.is(word));
    let any = |words: &[&str]| words.iter().any(|word| is(0, word));
    Traits {
        touches: any(&["PRAGMA", "ATTACH", "DETACH"]) || (is(0, "CREATE") && is_temporary(&head)),
        // New tables are empty, and CREATE TABLE … AS has no foreign keys. The index that goes may be a foreign key's.
        may_violate: any(&["INSERT", "REPLACE", "UPDATE", "DELETE", "WITH", "ALTER"])
            || (is(0, "DROP") && !is(1, "VIEW") && !is(1, "TRIGGER")),
        changes_rows: any(&["INSERT", "REPLACE", "UPDATE", "DELETE", "WITH"]),
    }
}

/// The path that `VACUUM … INTO 'path'` writes, where it is written as a literal.
pub(crate) fn vacuum_target(sql: &str) -> Option<String> {
    let head = head(sql);
    if !head.first()?.is("VACUUM") {
        return None;
    }
    let into = head.iter().position(|token| token.is("INTO"))?;
    head.get(into + 1).filter(|token| token.kind == TokenKind::String).and_then(identifier)
}

/// The first words of a statement: enough to tell its kind, however long it is.
pub(crate) fn head(sql: &str) -> Vec<Token<'_>> {
    significant(sql, Dialect::Sqlite).take(12).collect()
}

/// PRAGMAs that change the file and must stand outside of a transaction to do anything, or to be allowed at all.
const ALONE: &[&str] = &["journal_mode", "auto_vacuum", "page_size", "wal_checkpoint"];

/// PRAGMAs of the connection that SQLite refuses inside of a transaction, or that only cost or save time.
const SESSION: &[&str] = &[
    "analysis_limit",
    "busy_timeout",
    "cache_size",
    "cache_spill",
    "checkpoint_fullfsync",
    "data_store_directory",
    "fullfsync",
    "hard_heap_limit",
    "journal_size_limit",
    "locking_mode",
    "mmap_size",
    "shrink_memory",
    "soft_heap_limit",
    "synchronous",
    "temp_store",
    "temp_store_directory",
    "threads",
    "wal_autocheckpoint",
];

/// PRAGMAs of the connection that change what statements after them mean. They work inside of a transaction, and must stay
/// there: SQLite documents procedures that switch `writable_schema` on and off in the midst of one.
const MEANING: &[&str] = &[
    "automatic_index",
    "case_sensitive_like",
    "cell_size_check",
    "count_changes",
    "empty_result_callbacks",
    "full_column_names",
    "ignore_check_constraints",
    "legacy_alter_table",
    "max_page_count",
    "query_only",
    "read_uncommitted",
    "recursive_triggers",
    "reverse_unordered_selects",
    "secure_delete",
    "short_column_names",
    "trusted_schema",
    "writable_schema",
];

fn pragma(head: &[Token<'_>]) -> Classified {
    let plain = Classified::plain;
    // PRAGMA [schema .] name [= value | (value)]
    let name_at = if head.get(2).is_some_and(|token| token.text == ".") { 3 } else { 1 };
    let Some(name) = head.get(name_at).and_then(identifier) else { return plain(Class::Transactional) };
    let name = name.to_ascii_lowercase();
    let has_value = head.get(name_at + 1).is_some_and(|token| matches!(token.text, "=" | "("));
    match name.as_str() {
        "foreign_keys" if has_value => plain(Class::TakenOut(
            "`PRAGMA foreign_keys` does nothing inside a transaction; foreign keys are off while migrations run, \
             and `foreign_key_check` is asked before the commit",
        )),
        "journal_mode"
            if head[name_at..].iter().any(|token| {
                identifier(token).is_some_and(|value| ["off", "memory"].contains(&value.to_ascii_lowercase().as_str()))
            }) =>
        {
            plain(Class::TakenOut(
                "`PRAGMA journal_mode = OFF` or `MEMORY` leaves nothing that a failed file could be rolled back with, and a crash \
                 damages the database",
            ))
        }
        // These act without a value.
        "wal_checkpoint" => plain(Class::Alone),
        "shrink_memory" => plain(Class::Session),
        name if has_value && ALONE.contains(&name) => plain(Class::Alone),
        name if has_value && SESSION.contains(&name) => plain(Class::Session),
        // A resume behind it would go on without it.
        name if has_value && MEANING.contains(&name) => {
            Classified { leaves_state: true, ..plain(Class::Transactional) }
        }
        // What is only read, what is written into the file with the transaction (user_version, application_id), what
        // ends with it (defer_foreign_keys), and what SQLite doesn't know and passes over.
        _ => plain(Class::Transactional),
    }
}

/// `CREATE TEMP …`, or `CREATE … temp.name`.
fn is_temporary(head: &[Token<'_>]) -> bool {
    if head.get(1).is_some_and(|token| token.is("TEMP") || token.is("TEMPORARY")) {
        return true;
    }
    head.iter()
        .zip(head.iter().skip(1))
        .take_while(|(token, _)| !matches!(token.text, "(") && !token.is("AS") && !token.is("ON"))
        .any(|(token, next)| {
            next.text == "." && identifier(token).is_some_and(|name| name.eq_ignore_ascii_case("temp"))
        })
}

/// `ALTER TABLE [schema .] name DROP [COLUMN] column`, which isn't `DROP CONSTRAINT`.
fn drops_column(head: &[Token<'_>]) -> bool {
    let name_at = if head.get(3).is_some_and(|token| token.text == ".") { 4 } else { 2 };
    head.get(name_at + 1).is_some_and(|token| token.is("DROP"))
        && !head.get(name_at + 2).is_some_and(|token| token.is("CONSTRAINT"))
}

/// Of a statement on rows: whether it can overwrite or delete some, and whether it reads what an earlier statement
/// left in the session.
fn data(sql: &str) -> (bool, bool) {
    let mut loses = false;
    let mut reads = false;
    let mut depth = 0_usize;
    let mut previous: Option<Token<'_>> = None;
    for token in significant(sql, Dialect::Sqlite) {
        match token.text {
            "(" => {
                // A function's name stands right before its parenthesis.
                reads |= previous.is_some_and(|name| {
                    ["last_insert_rowid", "changes", "total_changes"].iter().any(|function| name.is(function))
                });
                depth += 1;
            }
            ")" => depth = depth.saturating_sub(1),
            // DELETE FROM, UPDATE t, INSERT OR REPLACE, REPLACE INTO and ON CONFLICT DO UPDATE stand outside of parentheses.
            _ if depth == 0 => {
                loses |= token.is("DELETE")
                    || token.is("UPDATE")
                    || (token.is("REPLACE") && previous.is_none_or(|word| word.is("OR") || word.text == ")"));
            }
            _ => {}
        }
        previous = Some(token);
    }
    (loses, reads)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_statement_has_its_class() {
        use Class::{Alone, Begin, Commit, Session, Transactional};
        for (sql, class) in [
            ("CREATE TABLE t (a)", Transactional),
            ("-- only a comment", Transactional),
            ("", Transactional),
            ("/* a */ select 1", Transactional),
            ("EXPLAIN DELETE FROM t", Transactional),
            ("ANALYZE", Transactional),
            ("REINDEX t", Transactional),
            ("BEGIN IMMEDIATE", Begin),
            ("commit", Commit),
            ("END TRANSACTION", Commit),
            ("SAVEPOINT a", Transactional),
            ("RELEASE a", Transactional),
            ("ROLLBACK TRANSACTION TO SAVEPOINT a", Transactional),
            ("VACUUM", Alone),
            ("VACUUM main INTO 'copy.db'", Alone),
            ("ATTACH 'b.db' AS b", Session),
            ("DETACH b", Session),
            ("PRAGMA journal_mode = WAL", Alone),
            ("PRAGMA main.journal_mode(WAL)", Alone),
            ("PRAGMA journal_mode", Transactional),
            ("PRAGMA wal_checkpoint", Alone),
            ("PRAGMA wal_checkpoint(TRUNCATE)", Alone),
            ("PRAGMA auto_vacuum=2", Alone),
            ("PRAGMA synchronous = OFF", Session),
            ("PRAGMA user_version = 7", Transactional),
            ("PRAGMA application_id = 7", Transactional),
            ("PRAGMA defer_foreign_keys = ON", Transactional),
            ("PRAGMA table_info(t)", Transactional),
            ("PRAGMA foreign_keys", Transactional),
            ("PRAGMA \"Temp_Store\" = 2", Session),
            ("PRAGMA case_sensitive_like(1)", Transactional),
        ] {
            assert_eq!(classify(sql).class, class, "{sql}");
        }
        for sql in ["PRAGMA journal_mode=OFF", "pragma main . journal_mode ('Memory')"] {
            assert!(matches!(classify(sql).class, Class::TakenOut(why) if why.contains("rolled back")), "{sql}");
        }
        for sql in ["PRAGMA foreign_keys=OFF", "pragma main . foreign_keys (1)"] {
            assert!(matches!(classify(sql).class, Class::TakenOut(why) if why.contains("transaction")), "{sql}");
        }
        for sql in ["ROLLBACK", "rollback transaction"] {
            assert!(matches!(classify(sql).class, Class::Forbidden(why) if why.contains("ROLLBACK TO")), "{sql}");
        }
    }

    #[test]
    fn knows_what_loses_data() {
        for (sql, loses) in [
            ("DROP TABLE t", true),
            ("DROP INDEX i", false),
            ("DROP VIEW v", false),
            ("DROP TRIGGER d", false),
            ("ALTER TABLE t DROP COLUMN a", true),
            ("ALTER TABLE main.\"t\" DROP a", true),
            ("ALTER TABLE t DROP CONSTRAINT c", false),
            ("ALTER TABLE drop_me RENAME COLUMN a TO drop_it", false),
            ("ALTER TABLE t ADD COLUMN a DEFAULT 'DROP'", false),
            ("DELETE FROM t", true),
            ("UPDATE t SET a = 1", true),
            ("REPLACE INTO t VALUES (1)", true),
            ("INSERT OR REPLACE INTO t VALUES (1)", true),
            ("INSERT INTO t VALUES ('DELETE', replace('a', 'b', 'c'))", false),
            ("INSERT INTO t SELECT replace(a, 'b', 'c') FROM s", false),
            ("INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2", true),
            ("INSERT INTO t VALUES (1) ON CONFLICT (a) DO NOTHING", false),
            ("WITH x AS (SELECT 1) DELETE FROM t", true),
            ("WITH x AS (SELECT 1) SELECT * FROM x", false),
            ("WITH x AS (SELECT 1) REPLACE INTO t SELECT * FROM x", true),
            ("CREATE TRIGGER d AFTER INSERT ON t BEGIN DELETE FROM t; END", false),
            ("SELECT 1", false),
        ] {
            assert_eq!(classify(sql).loses_data, loses, "{sql}");
        }
    }

    #[test]
    fn knows_what_the_session_keeps() {
        for (sql, leaves) in [
            ("CREATE TEMP TABLE t (a)", true),
            ("CREATE TEMPORARY VIEW v AS SELECT 1", true),
            ("CREATE TABLE temp.t (a)", true),
            ("CREATE TABLE IF NOT EXISTS \"temp\".t (a)", true),
            ("CREATE TABLE t (temp)", false),
            ("CREATE VIEW v AS SELECT temp.a FROM temp", false),
            ("CREATE TABLE main.t (a)", false),
        ] {
            assert_eq!(classify(sql).leaves_state, leaves, "{sql}");
            assert_eq!(traits(sql).touches, leaves, "{sql}");
        }
        assert!(classify("PRAGMA \"Writable_Schema\" = 1").leaves_state);
        assert!(!classify("PRAGMA writable_schema").leaves_state);
        for (sql, reads) in [
            ("INSERT INTO t VALUES (last_insert_rowid())", true),
            ("UPDATE t SET a = changes ()", true),
            ("INSERT INTO t (changes) VALUES (1)", false),
            ("CREATE TRIGGER d AFTER INSERT ON t BEGIN INSERT INTO s VALUES (last_insert_rowid()); END", false),
        ] {
            assert_eq!(classify(sql).reads_state, reads, "{sql}");
        }
    }

    #[test]
    fn tells_apart_what_can_break_a_foreign_key() {
        for (sql, may) in [
            ("CREATE TABLE t (a REFERENCES u)", false),
            ("CREATE INDEX i ON t (a)", false),
            ("SELECT 1", false),
            ("DROP VIEW v", false),
            ("DROP INDEX i", true),
            ("DROP TABLE t", true),
            ("ALTER TABLE t ADD COLUMN a DEFAULT 1 REFERENCES u", true),
            ("INSERT INTO t VALUES (1)", true),
            ("WITH x AS (SELECT 1) DELETE FROM t", true),
        ] {
            assert_eq!(traits(sql).may_violate, may, "{sql}");
        }
    }

    #[test]
    fn finds_the_file_that_vacuum_writes() {
        assert_eq!(vacuum_target("VACUUM main INTO 'it''s.db'").as_deref(), Some("it's.db"));
        assert_eq!(vacuum_target("VACUUM"), None);
    }
}
