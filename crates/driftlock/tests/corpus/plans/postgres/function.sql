CREATE TABLE t (id int PRIMARY KEY, n text);
-- case: another body
-- from:
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT a';
CREATE VIEW v AS SELECT f(id) AS f FROM t;
-- to:
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql STRICT IMMUTABLE COST 7 SET work_mem = '8MB' AS 'SELECT a + 1';
CREATE VIEW v AS SELECT f(id) AS f FROM t;
COMMENT ON FUNCTION f(int) IS 'about f';
REVOKE ALL ON FUNCTION f(int) FROM PUBLIC;
-- case: another result
-- from:
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a';
CREATE VIEW v AS SELECT f(id) AS f FROM t;
CREATE INDEX i ON t (f(id));
ALTER TABLE t ADD CONSTRAINT c CHECK (f(id) > 0), ADD COLUMN g int GENERATED ALWAYS AS (f(id)) STORED;
CREATE POLICY p ON t USING (f(id) > 1);
-- to:
CREATE FUNCTION f(a int) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT a::bigint';
CREATE VIEW v AS SELECT f(id) AS f FROM t;
CREATE INDEX i ON t (f(id));
ALTER TABLE t ADD CONSTRAINT c CHECK (f(id) > 0), ADD COLUMN g int GENERATED ALWAYS AS (f(id)) STORED;
CREATE POLICY p ON t USING (f(id) > 1);
-- case: names of arguments
-- from:
CREATE FUNCTION f(a int, b int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- to:
CREATE FUNCTION f(c int, b int) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- case: procedure and function
-- from:
CREATE PROCEDURE f(a int) LANGUAGE sql AS 'SELECT 1';
-- to:
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
-- case: each speaks of the other
-- from:
-- to:
CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN g(); END';
CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT f()';
-- case: body of the standard
-- from:
CREATE FUNCTION f() RETURNS text BEGIN ATOMIC SELECT n FROM t; END;
-- to:
ALTER TABLE t ALTER n TYPE varchar(9);
CREATE FUNCTION f() RETURNS text BEGIN ATOMIC SELECT n FROM t; END;
-- case: rows of a table
-- from:
CREATE FUNCTION f() RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM t';
-- to:
ALTER TABLE t ADD COLUMN x int;
CREATE FUNCTION f() RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM t';
-- case: aggregate
-- from:
CREATE AGGREGATE a(int) (SFUNC = int4pl, STYPE = int);
-- to:
CREATE AGGREGATE a(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', PARALLEL = safe);
