//! Every kind of statement that stands alone on MySQL and MariaDB, with what a run that is taken up behind it finds out.
//!
//! `{u}` stands for a prefix of accounts, `{d}` for the database, `{password}` for a password as SET PASSWORD takes it.

/// What is expected after a statement ran.
#[derive(Clone, Copy, PartialEq)]
pub enum After {
    /// Seen to be done.
    Done,
    /// Run again, which is no error and changes nothing.
    Again,
    /// Exit code 7, with these words.
    Unknown(&'static str),
}
use After::{Again, Done, Unknown};

const SERVERS: [&str; 2] = ["MariaDB", "MySQL"];

/// A kind of statement: on which servers, what it needs, itself, and what is said of it after it ran.
pub struct Kind {
    /// The servers that know it.
    pub on: &'static [&'static str],
    pub needs: &'static [&'static str],
    pub sql: &'static str,
    pub after: After,
}

const fn kind(needs: &'static [&'static str], sql: &'static str, after: After) -> Kind {
    Kind { on: &SERVERS, needs, sql, after }
}

const fn mariadb(needs: &'static [&'static str], sql: &'static str, after: After) -> Kind {
    Kind { on: &["MariaDB"], needs, sql, after }
}

const T: &[&str] = &["CREATE TABLE t (a int NOT NULL, b int) ENGINE=InnoDB", "INSERT INTO t VALUES (1, 1), (2, 2)"];
const TWO: &[&str] = &["CREATE TABLE t (a int)", "CREATE TABLE u (a int)", "INSERT INTO t VALUES (1)"];
const PARTITIONS: &[&str] = &[
    "CREATE TABLE p (a int) PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20))",
    "INSERT INTO p VALUES (1), (11)",
    "CREATE TABLE x (a int)",
];
const MYISAM: &[&str] =
    &["CREATE TABLE m (a int, b int, UNIQUE (a)) ENGINE=MyISAM", "INSERT INTO m VALUES (1, 1), (2, 2)"];
const ACCOUNTS: &[&str] = &["CREATE USER '{u}1', '{u}2'"];

/// Every kind, in the order of the page that tells of them.
pub const KINDS: &[Kind] = &[
    kind(&[], "CREATE TABLE t (a int NOT NULL AUTO_INCREMENT PRIMARY KEY)", Done),
    kind(&[], "CREATE TABLE IF NOT EXISTS t (a int)", Again),
    kind(T, "CREATE TABLE c LIKE t", Done),
    kind(T, "CREATE TABLE c SELECT a FROM t", Done),
    kind(T, "CREATE TABLE IF NOT EXISTS t SELECT 3 AS a, 3 AS b", Again),
    mariadb(T, "CREATE OR REPLACE TABLE t (a int NOT NULL, b int) ENGINE=InnoDB", Done),
    mariadb(T, "CREATE OR REPLACE TABLE t (z int)", Done),
    mariadb(T, "CREATE OR REPLACE TABLE t SELECT 9 AS nine", Done),
    mariadb(MYISAM, "CREATE OR REPLACE TABLE m (z int) ENGINE=MyISAM", Done),
    kind(T, "ALTER TABLE t ADD c int, ADD INDEX i (b), DROP COLUMN a", Done),
    kind(T, "ALTER TABLE t ADD PRIMARY KEY (a)", Done),
    kind(T, "ALTER TABLE t ADD INDEX (b)", Done),
    kind(T, "ALTER TABLE t CHANGE b c bigint, ALGORITHM=COPY", Done),
    kind(T, "ALTER TABLE t RENAME COLUMN b TO c", Done),
    kind(T, "ALTER TABLE t MODIFY b bigint COMMENT 'x'", Again),
    kind(T, "ALTER TABLE t CONVERT TO CHARACTER SET latin1", Again),
    kind(T, "ALTER TABLE t ENGINE=MyISAM", Again),
    kind(T, "ALTER TABLE t FORCE", Again),
    kind(T, "ALTER TABLE t ORDER BY b", Again),
    kind(T, "ALTER TABLE t COMMENT 'x', AUTO_INCREMENT=7", Again),
    mariadb(T, "ALTER TABLE t ADD COLUMN IF NOT EXISTS c int", Again),
    kind(T, "ALTER TABLE t RENAME TO w, ADD c int", Done),
    kind(T, "CREATE INDEX i ON t (b)", Done),
    kind(&["CREATE TABLE t (a int, INDEX i (a))"], "DROP INDEX i ON t", Done),
    kind(PARTITIONS, "ALTER TABLE p ADD PARTITION (PARTITION p2 VALUES LESS THAN (30))", Done),
    kind(PARTITIONS, "ALTER TABLE p DROP PARTITION p0", Done),
    kind(
        PARTITIONS,
        "ALTER TABLE p REORGANIZE PARTITION p0 INTO (PARTITION n0 VALUES LESS THAN (5), PARTITION n1 VALUES LESS THAN (10))",
        Done,
    ),
    kind(PARTITIONS, "ALTER TABLE p REMOVE PARTITIONING", Done),
    kind(PARTITIONS, "ALTER TABLE p ANALYZE PARTITION p0", Again),
    kind(PARTITIONS, "ALTER TABLE p TRUNCATE PARTITION p0", Done),
    kind(PARTITIONS, "ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE x", Done),
    kind(T, "ALTER TABLE t DISCARD TABLESPACE", Done),
    kind(T, "RENAME TABLE t TO w", Done),
    kind(TWO, "RENAME TABLE t TO v, u TO t", Done),
    kind(TWO, "RENAME TABLE t TO w, u TO t, w TO u", Done),
    kind(T, "DROP TABLE t", Done),
    kind(TWO, "DROP TABLE t, u", Done),
    kind(TWO, "DROP TABLE IF EXISTS t, u", Done),
    kind(T, "TRUNCATE t", Again),
    kind(MYISAM, "TRUNCATE TABLE m", Again),
    kind(T, "CREATE VIEW v AS SELECT a FROM t", Done),
    kind(T, "CREATE OR REPLACE VIEW v AS SELECT a FROM t", Again),
    kind(&["CREATE VIEW v AS SELECT 1 AS a"], "ALTER VIEW v AS SELECT 2 AS b", Again),
    kind(&["CREATE VIEW v AS SELECT 1 AS a", "CREATE VIEW w AS SELECT 1 AS a"], "DROP VIEW v, w", Done),
    kind(T, "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.b = 1", Done),
    mariadb(T, "CREATE OR REPLACE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.b = 1", Again),
    kind(
        &["CREATE TABLE t (a int)", "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1"],
        "DROP TRIGGER x",
        Done,
    ),
    kind(&[], "CREATE PROCEDURE f() SELECT 1", Done),
    mariadb(&[], "CREATE OR REPLACE PROCEDURE f() SELECT 1", Again),
    kind(&["CREATE PROCEDURE f() SELECT 1"], "ALTER PROCEDURE f COMMENT 'x'", Again),
    kind(&["CREATE PROCEDURE f() SELECT 1"], "DROP PROCEDURE f", Done),
    kind(&[], "CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1", Done),
    kind(&["CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1"], "DROP FUNCTION f", Done),
    kind(&[], "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1", Done),
    kind(&[], "CREATE EVENT e ON SCHEDULE AT '2037-01-01 00:00:00' DISABLE DO SELECT 1", Done),
    kind(&["CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1"], "ALTER EVENT e COMMENT 'x'", Done),
    kind(&["CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1"], "ALTER EVENT e RENAME TO g", Done),
    kind(&["CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1"], "DROP EVENT e", Done),
    mariadb(&[], "CREATE SEQUENCE s", Done),
    mariadb(&["CREATE SEQUENCE s", "DO NEXTVAL(s)"], "CREATE OR REPLACE SEQUENCE s", Done),
    mariadb(&["CREATE SEQUENCE s"], "ALTER SEQUENCE s INCREMENT BY 5", Again),
    mariadb(&["CREATE SEQUENCE s"], "ALTER SEQUENCE s RESTART 500", Unknown("the next value of sequence `s`")),
    mariadb(&["CREATE SEQUENCE s"], "DROP SEQUENCE s", Done),
    kind(&[], "CREATE DATABASE {u}_d", Done),
    kind(&["CREATE DATABASE {u}_d"], "ALTER DATABASE {u}_d CHARACTER SET latin1", Again),
    kind(&["CREATE DATABASE {u}_d", "CREATE TABLE {u}_d.t (a int)"], "DROP DATABASE {u}_d", Done),
    kind(&[], "CREATE USER '{u}1' IDENTIFIED BY 'Pw-1-long', '{u}2' IDENTIFIED BY 'Pw-2-long'", Done),
    mariadb(ACCOUNTS, "CREATE OR REPLACE USER '{u}1'", Again),
    kind(ACCOUNTS, "ALTER USER '{u}1' IDENTIFIED BY 'Pw-1-long'", Again),
    kind(ACCOUNTS, "SET PASSWORD FOR '{u}1' = {password}", Again),
    kind(ACCOUNTS, "RENAME USER '{u}1' TO '{u}3'", Done),
    kind(ACCOUNTS, "DROP USER '{u}1', '{u}2'", Done),
    kind(&[], "CREATE ROLE '{u}r'", Done),
    kind(&["CREATE ROLE '{u}r'", "CREATE USER '{u}1'"], "GRANT '{u}r' TO '{u}1'", Again),
    kind(&["CREATE ROLE '{u}r'", "CREATE USER '{u}1'", "GRANT '{u}r' TO '{u}1'"], "REVOKE '{u}r' FROM '{u}1'", Done),
    kind(ACCOUNTS, "GRANT SELECT ON {d}.* TO '{u}1', '{u}2'", Again),
    kind(
        &["CREATE USER '{u}1', '{u}2'", "GRANT SELECT ON {d}.* TO '{u}1', '{u}2'"],
        "REVOKE SELECT ON {d}.* FROM '{u}1', '{u}2'",
        Done,
    ),
    kind(&["CREATE ROLE '{u}r'"], "DROP ROLE '{u}r'", Done),
    kind(&[], "CREATE SERVER {u}_s FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1')", Done),
    kind(&["CREATE SERVER {u}_s FOREIGN DATA WRAPPER mysql OPTIONS (HOST '127.0.0.1')"], "DROP SERVER {u}_s", Done),
    kind(MYISAM, "INSERT INTO m VALUES (3, 3), (4, 4)", Done),
    kind(MYISAM, "INSERT INTO m VALUES (1, 1) ON DUPLICATE KEY UPDATE b = b + 1", Unknown("knows no transactions")),
    kind(MYISAM, "INSERT IGNORE INTO m VALUES (2, 2), (3, 3)", Unknown("has now 3 rows")),
    kind(MYISAM, "REPLACE INTO m VALUES (1, 5), (9, 9)", Unknown("knows no transactions")),
    kind(MYISAM, "UPDATE m SET b = b + 1", Unknown("knows no transactions")),
    kind(MYISAM, "DELETE FROM m WHERE a = 1", Unknown("knows no transactions")),
    kind(T, "ANALYZE TABLE t", Again),
    kind(T, "OPTIMIZE TABLE t", Again),
    kind(&[], "FLUSH TABLES", Again),
    kind(&[], "SET GLOBAL max_connect_errors = 1234", Again),
    kind(&["CREATE PROCEDURE f() SELECT 1"], "CALL f()", Unknown("a routine or a prepared statement")),
];
