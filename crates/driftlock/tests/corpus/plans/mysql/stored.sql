-- case: views that read each other
CREATE TABLE t (a int, b int);
-- from:
CREATE VIEW z AS SELECT a FROM t;
CREATE VIEW y AS SELECT a FROM z;
CREATE VIEW x AS SELECT a FROM t;
-- to:
CREATE VIEW x AS SELECT a, b FROM t;
CREATE VIEW y AS SELECT a, b FROM x;
CREATE VIEW a AS SELECT a, b FROM y;
CREATE VIEW z AS SELECT a, b FROM a;

-- case: a view of a column that goes
-- from:
CREATE TABLE t (a int, b int);
CREATE VIEW v AS SELECT a, b FROM t;
-- to:
CREATE TABLE t (a int, c int);
CREATE VIEW v AS SELECT a, c FROM t;

-- case: a view that becomes a table
CREATE TABLE t (a int);
-- from:
CREATE VIEW v AS SELECT a FROM t;
-- to:
CREATE TABLE v (a int);

-- case: a view that calls a function
CREATE TABLE t (a int);
-- from:
CREATE FUNCTION f(x int) RETURNS int DETERMINISTIC RETURN x + 1;
CREATE VIEW v AS SELECT f(a) AS a FROM t;
-- to:
CREATE FUNCTION f(x bigint) RETURNS bigint DETERMINISTIC RETURN x + 2;
CREATE FUNCTION g(x int) RETURNS int DETERMINISTIC RETURN x + 1;
CREATE VIEW v AS SELECT f(g(a)) AS a FROM t;

-- case: triggers in another order
CREATE TABLE t (a int);
-- from:
CREATE TRIGGER one BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1;
CREATE TRIGGER two BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 2;
CREATE TRIGGER three BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 3;
-- to:
CREATE TRIGGER three BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 3;
CREATE TRIGGER new BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 4;
CREATE TRIGGER one BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1;
CREATE TRIGGER two BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 2;

-- case: a trigger of a column that comes, and one that moves to another table
-- from:
CREATE TABLE t (a int);
CREATE TABLE u (a int);
CREATE TRIGGER moves BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1;
-- to:
CREATE TABLE t (a int, b int);
CREATE TABLE u (a int);
CREATE TRIGGER moves BEFORE INSERT ON u FOR EACH ROW SET NEW.a = 1;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.b = NEW.a;

-- case: the database's collation, and a routine that keeps the one it was made with
-- from:
CREATE PROCEDURE p() SELECT 'a';
-- to:
CREATE PROCEDURE p() SELECT 'a';
ALTER DATABASE COLLATE utf8mb4_unicode_ci;
CREATE TABLE t (a varchar(20));

-- case: an event
-- from:
CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2035-01-01 00:00:00' DISABLE COMMENT 'e' DO DO 1;
-- to:
CREATE EVENT e ON SCHEDULE EVERY 2 DAY STARTS '2035-01-01 00:00:00' ENDS '2036-01-01 00:00:00' ON COMPLETION PRESERVE ENABLE DO DO 2;
