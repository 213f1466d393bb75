//! Every kind of statement that stands alone on PostgreSQL, with what a run that is taken up behind it finds out.
//!
//! `{u}` stands for a prefix of what belongs to the whole server, `{d}` for the database.

/// What is expected after a statement ran.
#[derive(Clone, Copy, PartialEq)]
pub enum After {
    /// Seen to be done.
    Done,
    /// Run again, which is no error and changes nothing.
    Again,
    /// Exit code 7, with these words, before it ran too.
    Unknown(&'static str),
}
use After::{Again, Done, Unknown};

/// A kind of statement: what it needs, itself, and what is said of it after it ran.
pub struct Kind {
    pub needs: &'static [&'static str],
    pub sql: &'static str,
    pub after: After,
}

const fn kind(needs: &'static [&'static str], sql: &'static str, after: After) -> Kind {
    Kind { needs, sql, after }
}

const T: &[&str] = &["CREATE TABLE t (a int)", "INSERT INTO t VALUES (1), (2)"];
const INDEXED: &[&str] = &["CREATE TABLE t (a int)", "CREATE INDEX i ON t (a)"];
const PARTITIONS: &[&str] = &[
    "CREATE TABLE p (a int PRIMARY KEY) PARTITION BY RANGE (a)",
    "CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10)",
];
const TABLESPACES: &str = "ALTER DATABASE {d} SET allow_in_place_tablespaces = on";
const SUBSCRIPTION: &[&str] =
    &["CREATE SUBSCRIPTION {u}_s CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE)"];
const WITHOUT_ACCOUNT: &str = "no account of what this statement changes";

/// Every kind, in the order of the page that tells of them.
pub const KINDS: &[Kind] = &[
    kind(T, "CREATE INDEX CONCURRENTLY i ON t (a)", Done),
    kind(T, "CREATE INDEX CONCURRENTLY ON t (a)", Done),
    kind(T, "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)", Done),
    kind(INDEXED, "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)", Again),
    kind(INDEXED, "DROP INDEX CONCURRENTLY i", Done),
    kind(INDEXED, "DROP INDEX CONCURRENTLY IF EXISTS i", Again),
    kind(INDEXED, "REINDEX INDEX CONCURRENTLY i", Again),
    kind(INDEXED, "REINDEX (CONCURRENTLY) TABLE t", Again),
    kind(INDEXED, "REINDEX SCHEMA CONCURRENTLY public", Again),
    kind(INDEXED, "REINDEX SCHEMA public", Again),
    kind(PARTITIONS, "REINDEX TABLE p", Again),
    kind(PARTITIONS, "CLUSTER p USING p_pkey", Again),
    kind(PARTITIONS, "ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY", Done),
    kind(T, "VACUUM t", Again),
    kind(T, "VACUUM (FULL, ANALYZE) t", Again),
    kind(&[], "CLUSTER", Again),
    kind(&[], "ALTER SYSTEM RESET log_min_duration_statement", Again),
    kind(&[TABLESPACES], "CREATE TABLESPACE {u}_t LOCATION ''", Done),
    kind(
        &[TABLESPACES, "SET allow_in_place_tablespaces = on", "CREATE TABLESPACE {u}_t LOCATION ''"],
        "DROP TABLESPACE {u}_t",
        Done,
    ),
    kind(
        &[],
        "CREATE SUBSCRIPTION {u}_s CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE)",
        Done,
    ),
    kind(SUBSCRIPTION, "ALTER SUBSCRIPTION {u}_s ADD PUBLICATION q WITH (refresh = false)", Done),
    kind(SUBSCRIPTION, "DROP SUBSCRIPTION {u}_s", Done),
    kind(&["CREATE PROCEDURE f() LANGUAGE plpgsql AS 'BEGIN COMMIT; END'"], "CALL f()", Unknown(WITHOUT_ACCOUNT)),
    kind(&[], "DO 'BEGIN COMMIT; END'", Unknown(WITHOUT_ACCOUNT)),
];
