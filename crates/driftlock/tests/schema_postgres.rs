//! What is read of postgres, proved by the engine's own account.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "postgres")]

mod common;

use driftlock::database::Reach;
use driftlock::schema::{Facets, Id, Object, compare};

use common::{postgres, proving};

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_and_attribute_of_the_corpus_is_proved_and_needed() {
    proving::hold("postgres", proving::corpus("postgres")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_of_other_tools_are_proved() {
    // A subscription reaches another server, and its connection string may hold a password: it is named as unmodelled.
    let mut known = vec![("pg-delta/subscription-operations--drop", "subscriptions aren't modelled")];
    if proving::Server::of("postgres").await.major < 14 {
        let at_time_zone = "sqldef/psqldef/tests_datatypes/AtTimeZoneDefaultEquivalentToTimezoneFunction";
        known.push((at_time_zone, "both are one function there, and printed alike"));
    }
    proving::conform("postgres", "postgres.jsonl", &known).await;
}

/// Statements of every kind that a reading in parts may meet; `{}` is a small number, each time another. Some fail, by what is there.
const STATEMENTS: &[&str] = &[
    "CREATE TABLE t{} (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n text DEFAULT 'x', CHECK (n <> ''))",
    "CREATE TABLE t{} (id serial PRIMARY KEY, other int REFERENCES t{}, UNIQUE (other, id))",
    "CREATE TABLE t{} (LIKE t{} INCLUDING ALL)",
    "CREATE TABLE t{} () INHERITS (t{})",
    "CREATE TABLE p{} (id int, n text) PARTITION BY RANGE (id)",
    "CREATE TABLE q{} PARTITION OF p{} FOR VALUES FROM ({}) TO (9)",
    "CREATE INDEX ON p{} (id)",
    "ALTER TABLE p{} ADD PRIMARY KEY (id)",
    "ALTER TABLE p{} DETACH PARTITION q{}",
    "ALTER TABLE t{} ADD COLUMN c{} int NOT NULL DEFAULT 1",
    "ALTER TABLE t{} DROP COLUMN c{} CASCADE",
    "ALTER TABLE t{} RENAME COLUMN n TO c{}",
    "ALTER TABLE t{} RENAME COLUMN id TO c{}",
    "ALTER TABLE t{} RENAME TO t{}",
    "ALTER TABLE t{} ALTER COLUMN n SET STORAGE EXTERNAL",
    "ALTER TABLE t{} ALTER COLUMN n DROP DEFAULT",
    "ALTER TABLE t{} ALTER COLUMN n SET DEFAULT 'y'",
    "ALTER TABLE t{} ALTER COLUMN n TYPE varchar(40)",
    "ALTER TABLE t{} ADD CONSTRAINT k{} CHECK (id > 0)",
    "ALTER TABLE t{} ADD CONSTRAINT f{} FOREIGN KEY (id) REFERENCES t{}",
    "ALTER TABLE t{} DROP CONSTRAINT k{}",
    "ALTER TABLE t{} DROP CONSTRAINT f{}",
    "ALTER TABLE t{} SET (fillfactor = 70, toast.autovacuum_enabled = off)",
    "ALTER TABLE t{} ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE t{} SET SCHEMA s1",
    "ALTER TABLE s1.t{} SET SCHEMA public",
    "ALTER TABLE t{} REPLICA IDENTITY FULL",
    "ALTER TABLE t{} DISABLE TRIGGER ALL",
    "ALTER TABLE t{} CLUSTER ON t{}_pkey",
    "ALTER TABLE t{} INHERIT t{}",
    "ALTER TABLE t{} NO INHERIT t{}",
    "ALTER SEQUENCE t{}_id_seq INCREMENT 2",
    "ALTER SEQUENCE t{}_id_seq OWNED BY NONE",
    "ALTER INDEX t{}_pkey RENAME TO i{}",
    "CREATE INDEX i{} ON t{} (n COLLATE \"C\" DESC, (lower(n))) WHERE id > 3",
    "CREATE STATISTICS st{} ON id, n FROM t{}",
    "CREATE VIEW v{} AS SELECT * FROM t{}",
    "CREATE OR REPLACE VIEW v{} AS SELECT id, n FROM t{}",
    "CREATE VIEW v{} AS SELECT v.id FROM v{} v JOIN t{} t ON t.id = v.id",
    "CREATE MATERIALIZED VIEW m{} AS SELECT id FROM t{}",
    "CREATE RULE r{} AS ON DELETE TO t{} DO INSTEAD NOTHING",
    "CREATE POLICY y{} ON t{} USING (id IN (SELECT id FROM t{}))",
    "DROP POLICY y{} ON t{}",
    "CREATE FUNCTION g{}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE TRIGGER g{} BEFORE INSERT ON t{} FOR EACH ROW EXECUTE FUNCTION g{}()",
    "ALTER TABLE t{} DISABLE TRIGGER g{}",
    "DROP TRIGGER g{} ON t{}",
    "CREATE TYPE e{} AS ENUM ('a', 'b')",
    "ALTER TYPE e{} ADD VALUE 'c'",
    "CREATE TYPE o{} AS (a int, b text)",
    "ALTER TYPE o{} ADD ATTRIBUTE c int",
    "CREATE DOMAIN d{} AS int CHECK (VALUE > 0)",
    "CREATE TABLE t{} (id d{}, n e{})",
    "COMMENT ON TABLE t{} IS 'about {}'",
    "COMMENT ON TABLE t{} IS NULL",
    "COMMENT ON COLUMN t{}.n IS 'about {}'",
    "COMMENT ON CONSTRAINT k{} ON t{} IS 'about {}'",
    "COMMENT ON INDEX i{} IS 'about {}'",
    "GRANT SELECT ON t{} TO PUBLIC",
    "GRANT UPDATE (n) ON t{} TO PUBLIC",
    "REVOKE ALL ON t{} FROM PUBLIC",
    "ALTER TABLE t{} OWNER TO pg_monitor",
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
    "CREATE PUBLICATION b{} FOR TABLE t{}",
    "DROP VIEW v{} CASCADE",
    "DROP TABLE t{}",
    "DROP TABLE t{} CASCADE",
    "DROP TABLE q{}",
    "DROP INDEX i{}",
    "DROP FUNCTION g{}() CASCADE",
    "DROP TYPE e{} CASCADE",
    "INSERT INTO t{} DEFAULT VALUES",
    "ANALYZE",
];

/// What is there at first.
const AT_FIRST: &[&str] = &[
    "CREATE TABLE t0 (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n text DEFAULT 'x', c1 int, CONSTRAINT k1 CHECK (id > 0))",
    "CREATE TABLE t1 (id serial PRIMARY KEY, n text, c2 int, CONSTRAINT f1 FOREIGN KEY (c2) REFERENCES t0)",
    "CREATE VIEW v0 AS SELECT id, n FROM t0",
    "CREATE TABLE p0 (id int, n text) PARTITION BY RANGE (id)",
    "CREATE TABLE q0 PARTITION OF p0 FOR VALUES FROM (0) TO (9)",
    "CREATE SCHEMA s1",
    "CREATE FUNCTION g1() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
];

#[tokio::test(flavor = "multi_thread")]
async fn reading_again_what_changed_says_what_reading_everything_says() {
    let at_first: Vec<String> = AT_FIRST.iter().map(|sql| (*sql).to_owned()).collect();
    let mut in_parts = 0;
    for seed in [1, 2, 3] {
        let database = proving::database("postgres", &at_first).await.unwrap();
        let mut session = proving::session(&database.url).await;
        let mut state: u64 = seed;
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % below
        };
        let mut before = session.inspect().await.unwrap();
        let mut ran = Vec::new();
        let client = postgres(&database.url).await;
        while ran.len() < 40 {
            let all = AT_FIRST.len() + STATEMENTS.len();
            let mut sql = AT_FIRST.iter().chain(STATEMENTS).nth(next(all)).unwrap().to_string();
            while sql.contains("{}") {
                sql = sql.replacen("{}", &next(2).to_string(), 1);
            }
            if client.batch_execute(&sql).await.is_err() {
                continue;
            }
            let is_of_tables = sql
                .split(' ')
                .nth(1)
                .is_some_and(|word| ["TABLE", "INDEX", "VIEW", "TRIGGER", "POLICY"].contains(&word));
            let reach = match is_of_tables && seed > 1 && !sql.starts_with("COMMENT") {
                true if sql.starts_with("CREATE") && !sql.contains("OR REPLACE") => Reach::Additions(&[]),
                true => Reach::Tables(&[]),
                false => Reach::Anything,
            };
            ran.push(sql);
            let again = session.inspect_again(&before, reach).await.unwrap();
            let whole = session.inspect().await.unwrap();
            if again != whole {
                let differences = compare(&whole.schema, &again.schema, Facets::ALL);
                panic!("seed {seed}, after\n{}:\n{differences:#?}\n{again:#?}\n{whole:#?}", ran.join(";\n"));
            }
            // What wasn't read again is what it was, and not only like it.
            let kept =
                |(id, object): (&Id, &Object)| before.schema.get(id).is_some_and(|before| std::ptr::eq(before, object));
            in_parts += usize::from(again.schema != before.schema && again.schema.iter().any(kept));
            before = again;
        }
        session.close().await;
    }
    assert!(in_parts > 30, "only {in_parts} readings were of parts");
}
