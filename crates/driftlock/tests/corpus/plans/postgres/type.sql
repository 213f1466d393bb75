-- case: enum with more values
-- from:
CREATE TYPE e AS ENUM ('b', 'd');
CREATE TABLE t (a e DEFAULT 'b');
-- to:
CREATE TYPE e AS ENUM ('a', 'b', 'c', 'd', 'e');
CREATE TABLE t (a e DEFAULT 'c');
-- case: enum, values in another order
-- from:
CREATE TYPE e AS ENUM ('a', 'b');
CREATE TABLE t (a e DEFAULT 'a', l e[], CHECK (a <> 'b'));
CREATE VIEW v AS SELECT a FROM t;
CREATE FUNCTION f(e) RETURNS e LANGUAGE sql AS 'SELECT $1';
-- to:
CREATE TYPE e AS ENUM ('b', 'a');
CREATE TABLE t (a e DEFAULT 'a', l e[], CHECK (a <> 'b'));
CREATE VIEW v AS SELECT a FROM t;
CREATE FUNCTION f(e) RETURNS e LANGUAGE sql AS 'SELECT $1';
-- rows:
INSERT INTO t VALUES ('a', '{a,b}');
SELECT a::text || l::text FROM t;
-- case: domain
-- from:
CREATE DOMAIN d AS int DEFAULT 1 CHECK (VALUE > 0);
CREATE TABLE t (a d);
-- to:
CREATE DOMAIN d AS int DEFAULT 2 NOT NULL CONSTRAINT other CHECK (VALUE > 1);
CREATE TABLE t (a d);
COMMENT ON DOMAIN d IS 'about d';
COMMENT ON CONSTRAINT other ON DOMAIN d IS 'about other';
-- case: domain of another type
-- from:
CREATE DOMAIN d AS int;
CREATE TABLE t (a d);
CREATE VIEW v AS SELECT a FROM t;
-- to:
CREATE DOMAIN d AS text;
CREATE TABLE t (a d);
CREATE VIEW v AS SELECT a FROM t;
-- rows:
INSERT INTO t VALUES (5);
SELECT a::text FROM t;
-- case: composite
-- from:
CREATE TYPE c AS (a int, b text);
CREATE FUNCTION f(c) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- to:
CREATE TYPE c AS (a bigint, x text COLLATE "C");
CREATE FUNCTION f(c) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- case: range
-- from:
CREATE TYPE r AS RANGE (subtype = int);
CREATE TABLE t (a int);
-- to:
CREATE TYPE r AS RANGE (subtype = bigint);
CREATE TABLE t (a int, b r);
-- case: collation
-- from:
CREATE COLLATION l (provider = libc, locale = 'C');
CREATE TABLE t (a text COLLATE l);
-- to:
CREATE COLLATION l (provider = libc, locale = 'POSIX');
CREATE TABLE t (a text COLLATE l);
-- case: gone with what has it
-- from:
CREATE TYPE e AS ENUM ('a');
CREATE DOMAIN d AS e;
CREATE TYPE c AS (d d);
CREATE TABLE t (a e, b d, c c, x int);
-- to:
CREATE TABLE t (x int);
