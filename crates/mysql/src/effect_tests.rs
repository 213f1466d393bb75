//! What each form of statement does to what, as a table.

use super::*;

/// `create table a` in one line.
fn told(sql: &str) -> String {
    let effect = effect(sql);
    let kind = match effect.kind {
        Kind::Create { filled: true, .. } => "fill".to_owned(),
        Kind::Create { once: true, .. } => "once".to_owned(),
        Kind::Create { .. } => "create".to_owned(),
        Kind::Replace { filled } => if filled { "replace and fill" } else { "replace" }.to_owned(),
        Kind::Drop { if_exists } => if if_exists { "drop?" } else { "drop" }.to_owned(),
        Kind::Alter(marks) => {
            let marks: Vec<String> = marks.iter().map(|mark| format!(" ({mark})")).collect();
            format!("alter{}", marks.concat())
        }
        Kind::Rename(pairs) => pairs.iter().map(|(old, new)| format!("{old}>{new}")).collect::<Vec<_>>().join(" "),
        Kind::Insert { rows } => rows.map_or("insert".to_owned(), |rows| format!("insert {rows}")),
        Kind::Change => "change".to_owned(),
        Kind::Empty { whole } => if whole { "empty" } else { "empty some" }.to_owned(),
        Kind::Exchange => "exchange".to_owned(),
        Kind::Restart => "restart".to_owned(),
        Kind::Repeatable => "again".to_owned(),
        Kind::Unknown(_) => "unknown".to_owned(),
    };
    let objects: Vec<String> = effect.objects.iter().map(ToString::to_string).collect();
    format!("{kind} {}", objects.join(", ")).trim_end().to_owned()
}

fn check(table: &[(&str, &str)]) {
    for (sql, expected) in table {
        assert_eq!(told(sql), *expected, "{sql}");
    }
}

#[test]
fn what_is_made() {
    check(&[
        ("CREATE TABLE a (b int)", "create table `a`"),
        ("CREATE TABLE IF NOT EXISTS `d`.`a b` (b int)", "again"),
        ("CREATE TABLE IF NOT EXISTS a SELECT 1", "again"),
        ("CREATE OR REPLACE TABLE a (b int)", "replace table `a`, table `a`"),
        ("CREATE OR REPLACE TABLE d.a SELECT 1", "replace and fill table `d.a`, table `d.a`"),
        ("CREATE TABLE a AS SELECT 1", "fill table `a`"),
        ("CREATE TABLE a LIKE b", "create table `a`"),
        ("CREATE TABLE a (b int) PARTITION BY RANGE (b) (PARTITION p VALUES LESS THAN (5))", "create table `a`"),
        ("CREATE UNIQUE INDEX i USING BTREE ON d.a (b)", "alter (index `i`) table `d.a`"),
        ("CREATE OR REPLACE INDEX i ON a (b)", "again"),
        ("CREATE INDEX IF NOT EXISTS i ON a (b)", "again"),
        ("CREATE ALGORITHM=MERGE DEFINER=`x`@`%` SQL SECURITY INVOKER VIEW v AS SELECT 1", "create view `v`"),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", "again"),
        ("CREATE DEFINER = CURRENT_USER TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET @x = 1", "create trigger `t`"),
        ("CREATE OR REPLACE PROCEDURE p() SELECT 1", "again"),
        ("CREATE AGGREGATE FUNCTION f() RETURNS int RETURN 1", "create function `f`"),
        ("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1", "create event `e`"),
        ("CREATE EVENT e ON SCHEDULE AT NOW() DO SELECT 1", "once event `e`"),
        ("CREATE EVENT IF NOT EXISTS e ON SCHEDULE AT NOW() ON COMPLETION NOT PRESERVE DO SELECT 1", "once event `e`"),
        ("CREATE EVENT e ON SCHEDULE AT NOW() ON COMPLETION PRESERVE DO SELECT 1", "create event `e`"),
        ("CREATE EVENT e ON SCHEDULE AT NOW() DISABLE DO SELECT 1", "create event `e`"),
        ("CREATE SEQUENCE s", "create sequence `s`"),
        ("CREATE OR REPLACE SEQUENCE s", "replace sequence `s`, table `s`"),
        ("CREATE DEFINER=`a`@`b` PACKAGE p AS FUNCTION f RETURN int; END", "create package `p`"),
        ("CREATE PACKAGE BODY d.p AS END", "create package body `d.p`"),
        ("CREATE DATABASE d", "create database `d`"),
        ("CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'h')", "create server `s`"),
        ("INSTALL PLUGIN p SONAME 'p.so'", "create plugin `p`"),
        ("INSTALL PLUGIN IF NOT EXISTS p SONAME 'p.so'", "again"),
        ("INSTALL SONAME 'x'", "unknown"),
    ]);
}

#[test]
fn what_is_changed() {
    check(&[
        ("ALTER TABLE a ADD b int, DROP c", "alter (column `b`) (column `c`) table `a`"),
        ("ALTER TABLE a WAIT 5 ADD b int", "alter (column `b`) table `a`"),
        ("ALTER TABLE a MODIFY b bigint", "again"),
        ("ALTER TABLE a ADD INDEX (b)", "alter table `a`"),
        ("ALTER TABLE a ADD b int, RENAME TO c", "0>1 table `a`, table `c`"),
        ("ALTER TABLE a RENAME COLUMN b TO c", "alter (column `b`) (column `c`) table `a`"),
        ("ALTER TABLE a RENAME b", "0>1 table `a`, table `b`"),
        ("ALTER TABLE a EXCHANGE PARTITION p WITH TABLE b", "exchange table `a`, table `b`"),
        ("ALTER TABLE a TRUNCATE PARTITION p", "empty some table `a`"),
        ("ALTER TABLE a DISCARD TABLESPACE", "exchange table `a`"),
        ("ALTER TABLE a IMPORT PARTITION p TABLESPACE", "exchange table `a`"),
        ("SET STATEMENT lock_wait_timeout = 1 FOR ALTER TABLE a ADD b int", "alter (column `b`) table `a`"),
        ("ALTER DEFINER = x@y VIEW v AS SELECT 1", "again"),
        ("ALTER PROCEDURE p COMMENT 'x'", "again"),
        ("ALTER EVENT e DISABLE", "alter event `e`"),
        ("ALTER EVENT e RENAME TO f", "0>1 event `e`, event `f`"),
        ("ALTER SEQUENCE s INCREMENT BY 2", "again"),
        ("ALTER SEQUENCE IF EXISTS s RESTART 7", "restart sequence `s`"),
        ("ALTER DATABASE CHARACTER SET utf8mb4", "again"),
        ("RENAME TABLE a TO b, c TO a", "0>1 2>0 table `a`, table `b`, table `c`"),
        (
            "RENAME TABLE a TO t, b TO a, t TO b",
            "0>1 2>0 1>2 table `a`, table `t`, table `b`, table `a`, table `t`, table `b`",
        ),
        ("RENAME USER a TO 'b'@'%', c TO d", "0>1 2>3 account a, account 'b'@'%', account c, account d"),
    ]);
}

#[test]
fn what_goes() {
    check(&[
        ("DROP TABLE a, d.b", "drop table `a`, table `d.b`"),
        ("DROP TABLE IF EXISTS a CASCADE", "drop? table `a`"),
        ("DROP INDEX i ON a", "alter (index `i`) table `a`"),
        ("DROP INDEX `PRIMARY` ON a", "alter (primary key) table `a`"),
        ("DROP INDEX IF EXISTS i ON a", "again"),
        ("DROP VIEW v, w", "drop view `v`, view `w`"),
        ("DROP PACKAGE IF EXISTS p", "drop? package `p`"),
        ("DROP DATABASE d", "drop database `d`"),
        ("DROP SERVER s", "drop server `s`"),
        ("UNINSTALL PLUGIN p", "drop plugin `p`"),
        ("TRUNCATE a", "empty table `a`"),
        ("TRUNCATE TABLE d.a", "empty table `d.a`"),
    ]);
}

#[test]
fn rows_of_tables_without_transactions() {
    check(&[
        ("INSERT INTO d.a (b, c) VALUES (1, (2)), (3, 4)", "insert 2 table `d.a`"),
        ("INSERT a VALUES ()", "insert 1 table `a`"),
        ("INSERT IGNORE INTO a VALUES (1)", "insert table `a`"),
        ("INSERT INTO a SELECT * FROM b", "insert table `a`"),
        ("INSERT INTO a VALUES (1) ON DUPLICATE KEY UPDATE b = b + 1", "change table `a`"),
        ("REPLACE INTO a VALUES (1)", "change table `a`"),
        ("UPDATE a SET b = b + 1, c = 2", "change table `a`"),
        ("UPDATE a, b SET a.c = 1", "unknown"),
        ("UPDATE a JOIN b USING (c) SET a.d = 1", "unknown"),
        ("DELETE FROM a WHERE b IN (1, 2)", "change table `a`"),
        ("DELETE QUICK FROM a", "change table `a`"),
        ("DELETE a FROM a JOIN b", "unknown"),
        ("DELETE FROM a USING a JOIN b", "unknown"),
        ("LOAD DATA INFILE 'f' INTO TABLE a", "change table `a`"),
        ("LOAD INDEX INTO CACHE a", "again"),
    ]);
}

#[test]
fn accounts_and_the_server() {
    check(&[
        ("CREATE USER 'ann'@'%' IDENTIFIED BY 'x'", "create account 'ann'@'%'"),
        ("CREATE USER a IDENTIFIED BY 'x', b@h DEFAULT ROLE r, s", "create account a, account b@h"),
        ("CREATE USER a IDENTIFIED WITH caching_sha2_password BY RANDOM PASSWORD, b", "create account a, account b"),
        ("CREATE USER IF NOT EXISTS a, b", "again"),
        ("CREATE OR REPLACE USER a", "again"),
        ("CREATE ROLE r, s", "create role r, role s"),
        ("CREATE ROLE r WITH ADMIN ann", "create role r"),
        ("DROP USER a, 'b'@'%'", "drop account a, account 'b'@'%'"),
        ("DROP ROLE IF EXISTS r", "drop? role r"),
        ("ALTER USER a IDENTIFIED BY 'x'", "again"),
        ("ALTER USER a IDENTIFIED BY 'x' RETAIN CURRENT PASSWORD", "unknown"),
        ("SET PASSWORD FOR a = 'x'", "again"),
        ("SET PASSWORD FOR a TO RANDOM", "unknown"),
        ("SET DEFAULT ROLE r FOR a", "again"),
        ("GRANT SELECT ON *.* TO a, b", "again"),
        ("GRANT r TO a", "again"),
        ("REVOKE SELECT ON *.* FROM 'a'@'h', b", "alter account 'a'@'h', account b"),
        ("REVOKE ALL PRIVILEGES, GRANT OPTION FROM a", "alter account a"),
        ("REVOKE IF EXISTS SELECT ON *.* FROM a", "again"),
        ("SET GLOBAL max_connections = 100", "again"),
        ("SET GLOBAL max_connections = @@GLOBAL.max_connections + 1", "unknown"),
        ("SET PERSIST sql_mode = CONCAT('a', 'b')", "unknown"),
        ("FLUSH PRIVILEGES", "again"),
        ("OPTIMIZE TABLE a", "again"),
        ("ANALYZE TABLE a", "again"),
        ("ANALYZE UPDATE a SET b = 1", "change table `a`"),
        ("CALL p()", "unknown"),
        ("RESET MASTER", "unknown"),
    ]);
}
