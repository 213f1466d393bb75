//! The class of each form of statement, as a table.

use super::*;

/// `T`ransactional, `A`lone, `S`ession, `O`paque, `B`egin, `C`ommit, ta`K`en out, `F`orbidden; then `l`eaves and `r`eads
/// state, loses `d`ata.
fn shorthand(sql: &str) -> String {
    let classified = classify(sql);
    let mut text = match classified.class {
        Class::Transactional => "T",
        Class::Alone => "A",
        Class::Session => "S",
        Class::Copy => "copy",
        Class::Opaque => "O",
        Class::Begin => "B",
        Class::Commit => "C",
        Class::TakenOut(_) => "K",
        Class::Database { act, .. } => match act {
            DatabaseAct::Create => "make",
            DatabaseAct::Drop => "drop",
            DatabaseAct::Choose => "use",
        },
        Class::Forbidden(_) => "F",
    }
    .to_owned();
    for (trait_, letter) in
        [(classified.leaves_state, 'l'), (classified.reads_state, 'r'), (classified.loses_data, 'd')]
    {
        if trait_ {
            text.push(letter);
        }
    }
    text
}

fn check(table: &[(&str, &str)]) {
    for (sql, expected) in table {
        assert_eq!(shorthand(sql), *expected, "{sql}");
    }
}

#[test]
fn statements_that_share_a_transaction() {
    check(&[
        ("INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 2", "T"),
        ("insert into t select 1", "T"),
        ("UPDATE t SET a = 1", "Td"),
        ("DELETE FROM t", "Td"),
        ("REPLACE INTO t VALUES (1)", "Td"),
        ("SELECT 1", "T"),
        ("(SELECT 1) UNION (SELECT 2)", "T"),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "T"),
        ("WITH x AS (SELECT 1) DELETE FROM t", "Td"),
        ("VALUES (1)", "T"),
        ("DO 1", "T"),
        ("SAVEPOINT a", "T"),
        ("ROLLBACK TO a", "T"),
        ("ROLLBACK WORK TO SAVEPOINT a", "T"),
        ("RELEASE SAVEPOINT a", "T"),
        ("LOAD DATA INFILE 'a' INTO TABLE t", "T"),
        ("LOAD DATA INFILE 'a' REPLACE INTO TABLE t", "Td"),
        ("SHOW TABLES", "T"),
        ("EXPLAIN DELETE FROM t", "T"),
        ("ANALYZE UPDATE t SET a = 1", "Td"),
        ("CREATE TEMPORARY TABLE t (a int)", "Tl"),
        ("CREATE OR REPLACE TEMPORARY TABLE t (a int)", "Tl"),
        ("DROP TEMPORARY TABLE t", "Tl"),
        ("SET STATEMENT max_statement_time = 1 FOR UPDATE t SET a = 1", "Td"),
    ]);
}

#[test]
fn statements_that_commit_by_themselves() {
    check(&[
        ("CREATE TABLE t (a int)", "A"),
        ("CREATE OR REPLACE TABLE t (a int)", "Ad"),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", "A"),
        ("CREATE INDEX i ON t (a)", "A"),
        ("/*!50001 CREATE TABLE t (a int) */", "A"),
        ("CREATE USER a@'%'", "A"),
        ("DROP TABLE t", "Ad"),
        ("DROP DATABASE d", "dropd"),
        ("/*!40000 DROP DATABASE IF EXISTS `d`*/", "dropd"),
        ("CREATE DATABASE /*!32312 IF NOT EXISTS*/ `d` /*!40100 DEFAULT CHARACTER SET utf8mb4 */", "make"),
        ("CREATE OR REPLACE SCHEMA d", "dropd"),
        ("DROP SCHEMA d", "dropd"),
        ("DROP INDEX i ON t", "A"),
        ("DROP VIEW v", "A"),
        ("DROP TRIGGER x", "A"),
        ("DROP PROCEDURE p", "A"),
        ("TRUNCATE t", "Ad"),
        ("TRUNCATE TABLE t", "Ad"),
        ("RENAME TABLE a TO b", "A"),
        ("GRANT SELECT ON *.* TO a", "A"),
        ("GRANT SELECT ON *.* TO ann@'%'", "A"),
        ("REVOKE SELECT ON *.* FROM a", "A"),
        ("ANALYZE TABLE t", "A"),
        ("ANALYZE LOCAL TABLE t", "A"),
        ("OPTIMIZE TABLE t", "A"),
        ("FLUSH PRIVILEGES", "A"),
        ("LOAD INDEX INTO CACHE t", "A"),
        ("INSTALL PLUGIN a SONAME 'a.so'", "A"),
        ("SET PASSWORD = 'x'", "A"),
        ("SET GLOBAL max_connections = 5", "A"),
        ("SET @@GLOBAL.max_connections = 5", "A"),
        ("SET sql_mode = '', GLOBAL max_connections = 5", "A"),
        ("SET PERSIST max_connections = 5", "A"),
        ("SET GLOBAL TRANSACTION READ ONLY", "A"),
        ("START REPLICA", "A"),
        ("CREATE PROCEDURE p() BEGIN SELECT RELEASE_LOCK('a') INTO @x; DELETE FROM t; END", "A"),
        ("CREATE DEFINER=`a`@`%` TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET @n = LAST_INSERT_ID()", "A"),
    ]);
}

#[test]
fn alter_table_loses_what_it_drops_or_narrows() {
    for (change, expected) in [
        ("ADD COLUMN a int, ADD INDEX (a)", "A"),
        ("DROP COLUMN a", "Ad"),
        ("DROP a", "Ad"),
        ("ADD b int, DROP a", "Ad"),
        ("DROP INDEX a, DROP FOREIGN KEY f, DROP PRIMARY KEY, DROP CONSTRAINT c", "A"),
        ("ALTER a DROP DEFAULT", "A"),
        ("MODIFY a tinyint", "Ad"),
        ("CHANGE a b tinyint", "Ad"),
        ("CONVERT TO CHARACTER SET latin1", "Ad"),
        ("DROP PARTITION p", "Ad"),
        ("TRUNCATE PARTITION p", "Ad"),
        ("RENAME TO b", "A"),
        ("ADD c enum('a','DROP'), ENGINE=InnoDB", "A"),
    ] {
        for head in ["ALTER TABLE t", "ALTER TABLE IF EXISTS `d`.`t`", "ALTER ONLINE TABLE t"] {
            assert_eq!(shorthand(&format!("{head} {change}")), expected, "{head} {change}");
        }
    }
}

#[test]
fn session_statements() {
    check(&[
        ("SET NAMES latin1", "S"),
        ("SET sql_mode = ''", "S"),
        ("SET SESSION sql_mode = 'ANSI', foreign_key_checks = 0", "S"),
        ("SET @@session.sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES')", "S"),
        ("SET autocommit = 0", "S"),
        ("SET SESSION TRANSACTION READ ONLY", "S"),
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "S"),
        ("SET ROLE app", "S"),
        ("SET @x = 5, @y := 'a'", "S"),
        ("/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */", "S"),
        ("/*!40101 SET SQL_MODE=@OLD_SQL_MODE */", "S"),
        ("SET @x = (SELECT max(a) FROM t)", "Sl"),
        ("SET @x = NOW()", "Sl"),
        ("SET @x = LAST_INSERT_ID()", "Slr"),
        ("USE other", "use"),
        ("PREPARE s FROM 'SELECT 1'", "S"),
        ("DEALLOCATE PREPARE s", "S"),
        ("DROP PREPARE s", "S"),
        ("SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5'", "K"),
    ]);
}

#[test]
fn state_that_queries_leave_and_read() {
    check(&[
        ("SELECT a INTO @a FROM t", "Tl"),
        ("SELECT a, b INTO @a, @b FROM t", "Tl"),
        ("SELECT a FROM t INTO @`A`", "Tl"),
        ("SELECT @n := @n + 1 FROM t", "Tl"),
        ("SELECT @n := @m + 1 FROM t", "Tlr"),
        ("INSERT INTO t VALUES (LAST_INSERT_ID())", "Tr"),
        ("SELECT ROW_COUNT()", "Tr"),
        ("INSERT INTO t VALUES (@x)", "Tr"),
        ("SELECT @@version", "T"),
        ("SELECT 'LAST_INSERT_ID()', last_insert_id FROM t", "T"),
        ("GET DIAGNOSTICS @n = NUMBER", "Tlr"),
    ]);
}

#[test]
fn what_nobody_can_know_and_what_is_not_sent() {
    check(&[
        ("CALL p()", "Old"),
        ("EXECUTE s", "Old"),
        ("EXECUTE IMMEDIATE 'DROP TABLE t'", "Old"),
        ("HANDLER t OPEN", "Old"),
        ("BEGIN NOT ATOMIC DELETE FROM t; END", "Old"),
        ("IF 1 THEN DELETE FROM t; END IF", "Old"),
        ("SELECT 1 INTO OUTFILE '/tmp/a'", "O"),
        ("BEGIN", "B"),
        ("BEGIN WORK", "B"),
        ("START TRANSACTION", "B"),
        ("START TRANSACTION WITH CONSISTENT SNAPSHOT", "B"),
        ("COMMIT", "C"),
        ("COMMIT WORK AND NO CHAIN NO RELEASE", "C"),
        ("COMMIT AND CHAIN", "F"),
        ("COMMIT RELEASE", "F"),
        ("ROLLBACK", "F"),
        ("XA START 'a'", "F"),
        ("LOCK TABLES t WRITE", "K"),
        ("UNLOCK TABLES", "K"),
        ("-- nothing", "K"),
        ("LOCK INSTANCE FOR BACKUP", "F"),
        ("BACKUP STAGE START", "F"),
        ("FLUSH TABLES WITH READ LOCK", "F"),
        ("FLUSH TABLES t FOR EXPORT", "F"),
        ("LOAD DATA LOCAL INFILE 'a' INTO TABLE t", "F"),
        ("KILL 5", "F"),
        ("SHUTDOWN", "F"),
        ("SELECT RELEASE_LOCK('a')", "F"),
        ("DO release_all_locks()", "F"),
        ("SET @x = RELEASE_LOCK('a')", "F"),
        ("SELECT 'RELEASE_LOCK()'", "T"),
    ]);
}
