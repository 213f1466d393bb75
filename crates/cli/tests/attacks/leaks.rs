//! A script can't leak: what it does to its session reaches neither its own record nor the next file.

use crate::target::{Engine, Target};

/// Files that each try to spoil the next, a probe after each, and what the probe must find.
fn spoil(engine: Engine, spoilers: &[&str], tables: &str, probe: &str, expected: &[&str]) {
    let target = Target::new(engine);
    target.migration(1, tables);
    for (spoiler, number) in spoilers.iter().zip((2..).step_by(2)) {
        let spoiler = spoiler.replace("{db}", target.database());
        target.migration(number, &spoiler);
        target.migration(number + 1, &format!("INSERT INTO probe SELECT {probe};"));
    }
    target.run(&["up"]).expect(0);
    let rows = target.query("SELECT * FROM probe");
    assert_eq!(rows.len(), spoilers.len());
    for (row, spoiler) in rows.iter().zip(spoilers) {
        assert_eq!(*row, expected.join("|").replace("{db}", target.database()), "{engine:?} after: {spoiler}");
    }
    let files = 1 + 2 * spoilers.len();
    assert_eq!(target.history("state = 'done'"), files.to_string());
    target.run(&["up"]).expect(0);
}

#[test]
fn postgres_settings_roles_and_transactions() {
    spoil(
        Engine::Postgres,
        &[
            "SET search_path = pg_catalog;",
            "SELECT set_config('search_path', '', false);",
            "SELECT pg_catalog.set_config('search_path', '', false);\nCREATE TABLE public.x1 (id int);",
            "DO $$ BEGIN PERFORM set_config('search_path', 'information_schema', false); END $$;",
            "CREATE ROLE {db}_a;\nSET ROLE {db}_a;",
            "SET SESSION AUTHORIZATION {db}_a;",
            "SET default_transaction_read_only = on;",
            "SET statement_timeout = 1;",
            "SET lock_timeout = 1;",
            "SET session_replication_role = replica;",
            "SET standard_conforming_strings = off;",
            "SET client_min_messages = error;",
            "BEGIN;\nCREATE TABLE x2 (id int);\nCOMMIT;",
            "BEGIN;\nCREATE TABLE x3 (id int);\nCOMMIT;\nBEGIN;\nSET search_path = pg_catalog;\nCREATE TABLE public.x4 (id int);\nCOMMIT;",
            "SET search_path = pg_catalog;\nCREATE INDEX CONCURRENTLY x2_id ON public.x2 (id);\nSET ROLE {db}_a;",
            "CREATE TEMP TABLE probe (a int);",
            "PREPARE p AS SELECT 1;\nDECLARE c CURSOR WITH HOLD FOR SELECT 1;",
            "SET TimeZone = 'Asia/Tokyo';\nSET DateStyle = 'German';",
            "SET SESSION AUTHORIZATION DEFAULT;\nDROP ROLE {db}_a;",
        ],
        "CREATE TABLE probe (path text, who text, cur text, ro text, st text, lt text, rep text, scs text, tz text);",
        "current_setting('search_path') AS path, CAST(session_user AS text) AS who, CAST(current_user AS text) AS cur,
           current_setting('default_transaction_read_only') AS ro, current_setting('statement_timeout') AS st, current_setting('lock_timeout') AS lt,
           current_setting('session_replication_role') AS rep, current_setting('standard_conforming_strings') AS scs, current_setting('TimeZone') <> 'Asia/Tokyo' AS tz",
        &["\"$user\", public", "driftlock", "driftlock", "off", "0", "5s", "origin", "on", "true"],
    );
}

#[test]
fn mysql_settings_databases_and_transactions() {
    spoil(
        Engine::MySql,
        &[
            "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES';",
            "SET SESSION sql_mode = '';\nINSERT INTO sink VALUES (1);",
            "SET foreign_key_checks = 0;\nSET unique_checks = 0;",
            "/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;\nINSERT INTO sink VALUES (2);",
            "USE {db};\nINSERT INTO sink VALUES (7);",
            "SET autocommit = 0;\nINSERT INTO {db}.sink VALUES (3);",
            "SET NAMES latin1;",
            "SET sql_safe_updates = 1, sql_select_limit = 1;",
            "SET SESSION TRANSACTION READ ONLY;",
            "START TRANSACTION;\nINSERT INTO sink VALUES (4);\nCOMMIT;",
            "START TRANSACTION;\nINSERT INTO sink VALUES (5);\nCOMMIT;\nINSERT INTO sink VALUES (6);",
            "SET lock_wait_timeout = 1;\nCREATE TABLE x1 (id int);",
            "SET time_zone = '+09:00';",
        ],
        "CREATE TABLE sink (id int);
         CREATE TABLE probe (db text, mode_ok int, fk int, uc int, ac int, cs text, safe int, tz text);",
        "database() AS db, @@sql_mode = @@global.sql_mode AS mode_ok, @@foreign_key_checks AS fk, @@unique_checks AS uc,
           @@autocommit AS ac, @@character_set_client AS cs, @@sql_safe_updates AS safe, @@time_zone AS tz",
        &["{db}", "1", "1", "1", "1", "utf8mb4", "0", "SYSTEM"],
    );
}

#[test]
fn sqlite_pragmas_and_attached_databases() {
    spoil(
        Engine::Sqlite,
        &[
            "PRAGMA foreign_keys = ON;",
            "PRAGMA recursive_triggers = ON;",
            "PRAGMA query_only = ON;",
            "PRAGMA writable_schema = ON;",
            "ATTACH ':memory:' AS other;\nCREATE TABLE other.t (id int);",
            "BEGIN;\nCREATE TABLE x1 (id int);\nCOMMIT;",
            "BEGIN;\nCREATE TABLE x2 (id int);\nCOMMIT;\nBEGIN;\nCREATE TABLE x3 (id int);\nCOMMIT;",
            "PRAGMA foreign_keys = OFF;\nBEGIN TRANSACTION;\nCREATE TABLE x4 (id int);\nCOMMIT;",
            "CREATE TEMP TABLE state_now (a);\nINSERT INTO state_now VALUES (9);",
            "VACUUM;",
        ],
        "CREATE TABLE probe (fk, rt, qo, ws, dbs, temps);",
        "(SELECT foreign_keys FROM pragma_foreign_keys), (SELECT recursive_triggers FROM pragma_recursive_triggers),
           (SELECT query_only FROM pragma_query_only), (SELECT writable_schema FROM pragma_writable_schema),
           (SELECT count(*) FROM pragma_database_list WHERE name NOT IN ('main', 'temp')), (SELECT count(*) FROM temp.sqlite_schema)",
        &["0", "0", "0", "0", "0", "0"],
    );
}
