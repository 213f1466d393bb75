//! Migrations that a second run of any statement would show.

use crate::target::{Engine, Target};

/// How a directory's files run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    /// Each file is one transaction.
    Transactional,
    /// Each file is journalled.
    Journalled,
}

pub(crate) const MODES: [Mode; 2] = [Mode::Transactional, Mode::Journalled];

/// Made by hand before the first run, so that MySQL's files without DDL have something to work on.
const BEFORE: &str = "CREATE TABLE a (id integer PRIMARY KEY, n integer NOT NULL)";

/// Writes three files and makes what they need.
pub(crate) fn prepare(target: &Target, mode: Mode) {
    target.query(BEFORE);
    for (number, text) in (1..).zip(files(target.engine, mode)) {
        target.migration(number, text);
    }
}

/// Hooks, beside the files.
pub(crate) fn add_hooks(target: &Target, mode: Mode) {
    target.query("CREATE TABLE hooked (what varchar(40) NOT NULL, times integer NOT NULL, PRIMARY KEY (what, times))");
    std::fs::create_dir(target.migrations().join("hooks")).unwrap();
    for (event, text) in hooks(mode) {
        target.file(&format!("hooks/{event}.sql"), text);
    }
}

/// What is in a migration's transaction is there once; what isn't, and may run again, says so.
fn hooks(mode: Mode) -> [(&'static str, &'static str); 4] {
    // A second one is another row, and one more than an uninterrupted run leaves.
    let once =
        "INSERT INTO hooked SELECT ${driftlock:version}, count(*) FROM hooked WHERE what = ${driftlock:version};\n";
    let again = "INSERT INTO hooked SELECT 'before', 1 FROM (SELECT 1 AS one) o WHERE NOT EXISTS (SELECT 1 FROM hooked WHERE what = 'before');\n";
    let nothing = "UPDATE hooked SET times = times + 0;\nSELECT 1;\n";
    let before_each = if mode == Mode::Transactional { once } else { again };
    [("before_migrate", again), ("before_each", before_each), ("after_each", once), ("after_migrate", nothing)]
}

fn files(engine: Engine, mode: Mode) -> [&'static str; 3] {
    match (mode, engine) {
        (Mode::Transactional, Engine::MySql) => [
            "INSERT INTO a VALUES (1, 1), (2, 2);\nUPDATE a SET n = n + 10;\n",
            "INSERT INTO a VALUES (3, 3);\nUPDATE a SET n = n * 2;\nDELETE FROM a WHERE id = 1;\n",
            "UPDATE a SET n = n + 5;\nINSERT INTO a SELECT id + 10, n FROM a;\n",
        ],
        (Mode::Transactional, _) => [
            "INSERT INTO a VALUES (1, 1), (2, 2);\nCREATE TABLE b (id integer PRIMARY KEY);\nUPDATE a SET n = n + 10;\n",
            "CREATE TABLE c AS SELECT id, n FROM a;\nUPDATE a SET n = n * 2;\nALTER TABLE b ADD COLUMN x integer;\nDROP TABLE c;\n",
            "INSERT INTO b SELECT id, n FROM a;\nCREATE INDEX b_x ON b (x);\nUPDATE b SET x = x + 5;\n",
        ],
        (Mode::Journalled, Engine::MySql) => [
            "CREATE TABLE b (id int PRIMARY KEY, n int NOT NULL);\nINSERT INTO b VALUES (1, 1), (2, 2);\nCREATE TABLE d AS SELECT id FROM b;\n",
            "ALTER TABLE b ADD COLUMN c int NOT NULL DEFAULT 5, ADD INDEX b_n (n);\nUPDATE b SET n = n + 10;\nINSERT INTO a SELECT id, n FROM b;\n\
             CREATE INDEX b_c ON b (c);\nRENAME TABLE d TO e, b TO f;\nUPDATE f SET n = n * 2;\nDROP TABLE e;\n",
            "CREATE OR REPLACE VIEW v AS SELECT id FROM f;\nINSERT INTO f VALUES (9, 9, 9);\nCREATE PROCEDURE p() SELECT 1;\n\
             ALTER TABLE a CHANGE n m bigint NOT NULL;\nUPDATE a SET m = m + 1;\nTRUNCATE TABLE f;\n",
        ],
        (Mode::Journalled, Engine::Postgres) => [
            "-- driftlock: no-transaction\nCREATE TABLE b (id int PRIMARY KEY, n int NOT NULL);\nINSERT INTO b VALUES (1, 1), (2, 2);\n\
             CREATE INDEX CONCURRENTLY b_n ON b (n);\n",
            "UPDATE b SET n = n + 10;\nCREATE INDEX CONCURRENTLY b_id_n ON b (id, n);\nINSERT INTO a SELECT id, n FROM b;\n\
             DROP INDEX CONCURRENTLY b_n;\nUPDATE a SET n = n * 2;\nREINDEX INDEX CONCURRENTLY b_id_n;\nVACUUM b;\n",
            "INSERT INTO b VALUES (3, 3);\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS b_u ON b (id, n);\n\
             UPDATE b SET n = n + 1;\nALTER TABLE b ADD COLUMN c int;\n",
        ],
        (Mode::Journalled, Engine::Sqlite) => [
            "-- driftlock: no-transaction\nCREATE TABLE b (id integer PRIMARY KEY, n integer NOT NULL);\nVACUUM;\nINSERT INTO b VALUES (1, 1), (2, 2);\n",
            "UPDATE b SET n = n + 10;\nVACUUM;\nINSERT INTO a SELECT id, n FROM b;\nVACUUM;\nUPDATE a SET n = n * 2;\n",
            "ALTER TABLE b ADD COLUMN c integer;\nVACUUM;\nUPDATE b SET n = n + 1;\n",
        ],
    }
}

/// A fourth file with a statement that takes some seconds: what to look for on the server while it runs.
pub(crate) fn add_slow(target: &Target, mode: Mode) -> &'static str {
    let (text, mark) = match (mode, target.engine) {
        (Mode::Transactional, Engine::Postgres) => {
            ("UPDATE a SET n = n + 7;\nSELECT pg_sleep(2);\nUPDATE a SET n = n + 7;\n", "SELECT pg_sleep%")
        }
        (Mode::Transactional, Engine::MySql) => (
            "UPDATE a SET n = n + 7;\nINSERT INTO a VALUES (50, SLEEP(2));\nUPDATE a SET n = n + 7;\n",
            "INSERT INTO a VALUES (50%",
        ),
        (Mode::Journalled, Engine::Postgres) => (
            "UPDATE a SET n = n + 7;\nCREATE INDEX CONCURRENTLY a_slow ON a (slowly(n));\nUPDATE a SET n = n + 7;\n",
            "CREATE INDEX CONCURRENTLY a_slow%",
        ),
        (Mode::Journalled, Engine::MySql) => (
            // Without a table in it MySQL says of one that was cancelled that it is done, and gives SLEEP the value 1.
            "UPDATE a SET m = m + 7;\nCREATE TABLE slow AS SELECT x FROM (SELECT 1 AS x UNION SELECT 2) t WHERE SLEEP(1) = 0;\nUPDATE a SET m = m + 7;\n",
            "CREATE TABLE slow%",
        ),
        (Mode::Transactional, Engine::Sqlite) => (
            "UPDATE a SET n = n + 7;\n\
             INSERT INTO a SELECT 50, max(n) FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 8000000) SELECT n FROM c);\n\
             UPDATE a SET n = n + 7;\n",
            "",
        ),
        (Mode::Journalled, Engine::Sqlite) => (
            "UPDATE a SET n = n + 7;\nVACUUM;\n\
             INSERT INTO a SELECT 50, max(n) FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 8000000) SELECT n FROM c);\n\
             VACUUM;\nUPDATE a SET n = n + 7;\n",
            "",
        ),
    };
    if mode == Mode::Journalled && target.engine == Engine::Postgres {
        target.query(
            "CREATE FUNCTION slowly(n integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE \
             AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN n; END $$",
        );
    }
    target.migration(4, text);
    mark
}
