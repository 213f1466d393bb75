use driftlock_database::{Class, DatabaseAct};

use super::classify;

fn short(class: &Class) -> String {
    let word = match class {
        Class::Transactional => "tx",
        Class::Alone => "alone",
        Class::Session => "session",
        Class::Copy => "copy",
        Class::Begin => "begin",
        Class::Commit => "commit",
        Class::Forbidden(why) => {
            assert!(!why.is_empty());
            "no"
        }
        Class::Database { name, act } => {
            return match act {
                DatabaseAct::Create => format!("make {name}"),
                DatabaseAct::Drop => format!("drop {name}"),
                DatabaseAct::Choose => format!("choose {name}"),
            };
        }
        Class::Opaque | Class::TakenOut(_) => "?",
    };
    word.to_owned()
}

#[test]
fn classes() {
    for (class, sql) in [
        ("tx", "CREATE TABLE a (x int)"),
        ("tx", "create index i on t (x)"),
        ("tx", "CREATE INDEX concurrently_named ON t (x)"),
        ("alone", "CREATE INDEX CONCURRENTLY ON t (x)"),
        ("alone", "create /* x */ unique index concurrently if not exists i on t (x)"),
        ("alone", "DROP INDEX CONCURRENTLY i"),
        ("tx", "DROP INDEX i"),
        ("tx", "REINDEX TABLE t"),
        ("alone", "REINDEX TABLE CONCURRENTLY t"),
        ("alone", "REINDEX (VERBOSE, CONCURRENTLY) INDEX i"),
        ("tx", "REINDEX (CONCURRENTLY false) INDEX i"),
        ("alone", "REINDEX SCHEMA s"),
        ("alone", "REINDEX (VERBOSE) DATABASE d"),
        ("alone", "VACUUM FULL t"),
        ("make d", "CREATE DATABASE D"),
        ("make D", "CREATE DATABASE \"D\" WITH TEMPLATE = template0"),
        ("choose d", "\\connect d"),
        ("choose a d", "\\connect -reuse-previous=on \"dbname='a d'\""),
        ("choose D", "\\c \"D\""),
        ("choose d", "\\c d;"),
        ("no", "\\connect - bob"),
        ("no", "\\connect d bob"),
        ("no", "\\connect \"host=h dbname=d\""),
        ("drop d", "DROP DATABASE IF EXISTS d"),
        ("alone", "CREATE TABLESPACE s LOCATION '/x'"),
        ("alone", "DROP TABLESPACE s"),
        ("alone", "ALTER SYSTEM SET work_mem = '8MB'"),
        ("alone", "ALTER DATABASE d SET TABLESPACE s"),
        ("tx", "ALTER DATABASE d SET work_mem = '8MB'"),
        ("alone", "CLUSTER"),
        ("alone", "CLUSTER VERBOSE"),
        ("tx", "CLUSTER t USING i"),
        ("alone", "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p"),
        ("alone", "DROP SUBSCRIPTION s"),
        ("alone", "ALTER SUBSCRIPTION s REFRESH PUBLICATION"),
        ("tx", "ALTER SUBSCRIPTION s DISABLE"),
        ("alone", "ALTER TABLE t DETACH PARTITION p CONCURRENTLY"),
        ("tx", "ALTER TABLE t DETACH PARTITION p FINALIZE"),
        ("tx", "ALTER TYPE mood ADD VALUE 'ok'"),
        ("session", "SET search_path = x"),
        ("session", "SET SESSION AUTHORIZATION bob"),
        ("session", "SET ROLE bob"),
        ("session", "SET client_encoding = 'UTF8'"),
        ("session", "SET NAMES 'utf-8'"),
        ("no", "SET client_encoding TO 'LATIN1'"),
        ("no", "SET NAMES 'latin1'"),
        ("tx", "SET LOCAL search_path = x"),
        ("tx", "SET CONSTRAINTS ALL DEFERRED"),
        ("tx", "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"),
        ("session", "RESET ALL"),
        ("session", "DISCARD TEMP"),
        ("no", "DISCARD ALL"),
        ("session", "LISTEN x"),
        ("session", "UNLISTEN *"),
        ("session", "PREPARE p AS SELECT 1"),
        ("no", "PREPARE TRANSACTION 'x'"),
        ("no", "COMMIT PREPARED 'x'"),
        ("no", "ROLLBACK PREPARED 'x'"),
        ("session", "DEALLOCATE p"),
        ("session", "LOAD 'x'"),
        ("session", "SELECT pg_catalog.set_config('search_path', '', false)"),
        ("session", "select set_config('search_path', '', false)"),
        ("tx", "SELECT set_config('search_path', '', true)"),
        ("tx", "SELECT set_config('search_path', '', false), 1"),
        ("tx", "SELECT set_config(name, '', false) FROM t"),
        ("no", "SELECT pg_advisory_unlock_all()"),
        ("tx", "SELECT 1"),
        ("begin", "BEGIN ISOLATION LEVEL SERIALIZABLE"),
        ("begin", "START TRANSACTION"),
        ("commit", "COMMIT"),
        ("commit", "END WORK"),
        ("no", "COMMIT AND CHAIN"),
        ("no", "ROLLBACK"),
        ("no", "ABORT WORK"),
        ("tx", "ROLLBACK TO SAVEPOINT a"),
        ("tx", "ROLLBACK WORK TO a"),
        ("tx", "SAVEPOINT a"),
        ("tx", "RELEASE a"),
        ("copy", "COPY t (a, b) FROM stdin"),
        ("copy", "COPY public.t FROM STDIN WITH (FORMAT csv)"),
        ("tx", "COPY t FROM '/tmp/x'"),
        ("no", "COPY (SELECT * FROM t) TO STDOUT"),
        ("tx", "COPY (SELECT stdin FROM stdin) TO '/tmp/x'"),
        ("tx", "EXECUTE p(1)"),
        ("tx", "CALL p()"),
        ("tx", "DO $$ BEGIN PERFORM 1; END $$"),
        ("tx", "-- only a comment"),
        ("tx", ""),
    ] {
        assert_eq!(short(&classify(sql).class), class, "{sql}");
    }
}

#[test]
fn losses() {
    for (loses, sql) in [
        (true, "DROP TABLE a"),
        (true, "DROP SCHEMA s"),
        (true, "DROP DATABASE d"),
        (true, "DROP OWNED BY bob"),
        (true, "DROP TYPE t CASCADE"),
        (true, "DROP VIEW v CASCADE"),
        (false, "DROP VIEW v"),
        (false, "DROP INDEX i"),
        (false, "DROP FUNCTION f(int)"),
        (false, "DROP TYPE t"),
        (true, "ALTER TABLE a DROP COLUMN b"),
        (true, "ALTER TABLE a DROP b"),
        (true, "ALTER TABLE a ADD c int, DROP \"b\""),
        (true, "ALTER TABLE a ALTER COLUMN b TYPE int"),
        (true, "ALTER TABLE a ALTER b SET DATA TYPE int"),
        (false, "ALTER TABLE a DROP CONSTRAINT c"),
        (false, "ALTER TABLE a ALTER b DROP NOT NULL"),
        (false, "ALTER TABLE a ALTER b DROP DEFAULT"),
        (false, "ALTER TABLE a ADD COLUMN type text"),
        (false, "ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (x) REFERENCES b ON DELETE CASCADE"),
        (true, "ALTER TYPE t DROP ATTRIBUTE a"),
        (true, "TRUNCATE a"),
        (true, "DELETE FROM a"),
        (true, "UPDATE a SET b = 1"),
        (true, "MERGE INTO a USING b ON true WHEN MATCHED THEN DELETE"),
        (true, "WITH x AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM x"),
        (false, "WITH x AS (SELECT 1) SELECT * FROM x FOR UPDATE"),
        (false, "INSERT INTO a VALUES ('DELETE FROM a')"),
        (true, "INSERT INTO a VALUES (1) ON CONFLICT (x) DO UPDATE SET y = 1"),
        (false, "INSERT INTO a VALUES (1) ON CONFLICT DO NOTHING"),
        (true, "EXPLAIN ANALYZE DELETE FROM a"),
        (false, "EXPLAIN DELETE FROM a"),
        (true, "DO $$ BEGIN END $$"),
        (true, "CALL p()"),
        (false, "SELECT setval('s', 1)"),
        (false, "CREATE TABLE a (x int REFERENCES b ON DELETE CASCADE)"),
        (false, "CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW EXECUTE FUNCTION f()"),
    ] {
        assert_eq!(classify(sql).loses_data, loses, "{sql}");
    }
}

#[test]
fn session_state() {
    for (leaves, sql) in [
        (true, "CREATE TEMP TABLE a (x int)"),
        (true, "CREATE TEMPORARY VIEW v AS SELECT 1"),
        (true, "CREATE OR REPLACE TEMP VIEW v AS SELECT 1"),
        (true, "CREATE LOCAL TEMP TABLE a (x int)"),
        (true, "SELECT 1 AS x INTO TEMP a"),
        (true, "DECLARE c CURSOR WITH HOLD FOR SELECT 1"),
        (false, "DECLARE c CURSOR FOR SELECT 1"),
        (false, "CREATE TABLE a (temp int)"),
        // Run again before a resume, so that nothing is missing then.
        (false, "PREPARE p AS SELECT 1"),
    ] {
        assert_eq!(classify(sql).leaves_state, leaves, "{sql}");
    }
    assert!(classify("INSERT INTO b VALUES (currval('s'))").reads_state);
    assert!(classify("SELECT lastval()").reads_state);
    assert!(!classify("INSERT INTO b VALUES (nextval('s'))").reads_state);
}
