-- case: made
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a';

-- case: same: another spelling of its body
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS $$ select a /* a */ $$;

-- case: another body
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a + 1';

-- case: another type
CREATE FUNCTION f(a bigint) RETURNS integer LANGUAGE sql AS 'SELECT 1';

-- case: another name of its argument
CREATE FUNCTION f("A b" integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';

-- case: no name of its argument
CREATE FUNCTION f(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';

-- case: default
CREATE FUNCTION f(a integer DEFAULT 1) RETURNS integer LANGUAGE sql AS 'SELECT a';

-- case: default before an out argument
CREATE FUNCTION f(a integer DEFAULT 1, OUT b integer) LANGUAGE sql AS 'SELECT a';

-- case: in and out
CREATE FUNCTION f(INOUT a integer) LANGUAGE sql AS 'SELECT a';

-- case: variadic
CREATE FUNCTION f(VARIADIC a integer[]) RETURNS integer LANGUAGE sql AS 'SELECT 1';

-- case: returns a set
CREATE FUNCTION f(a integer) RETURNS SETOF integer LANGUAGE sql AS 'SELECT a';

-- case: returns a table
CREATE FUNCTION f(a integer) RETURNS TABLE (b integer, c text) LANGUAGE sql AS 'SELECT 1, ''''';

-- case: rows
CREATE FUNCTION f(a integer) RETURNS SETOF integer LANGUAGE sql ROWS 7 AS 'SELECT a';

-- case: cost
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql COST 7 AS 'SELECT a';

-- case: immutable
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT a';

-- case: stable
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql STABLE AS 'SELECT a';

-- case: strict
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql STRICT AS 'SELECT a';

-- case: security definer
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT a';

-- case: leakproof
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql LEAKPROOF AS 'SELECT a';

-- case: parallel safe
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql PARALLEL SAFE AS 'SELECT a';

-- case: parallel restricted
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql PARALLEL RESTRICTED AS 'SELECT a';

-- case: settings
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql SET search_path = public, "Odd, one", pg_temp SET work_mem = '8MB' AS 'SELECT a';

-- case: empty search path
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql SET search_path = '' AS 'SELECT a';

-- case: plpgsql
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN a; END';

-- case: internal
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE internal AS 'int4abs';

-- case: c
CREATE FUNCTION f() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';

-- case: window
CREATE FUNCTION f() RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number';

-- case: support
CREATE FUNCTION f(a integer, b integer) RETURNS SETOF integer LANGUAGE internal STRICT SUPPORT generate_series_int4_support AS 'generate_series_int4';

-- case: body of SQL (since 14)
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT a; SELECT a + 1; END;

-- case: body that is an expression (since 14)
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql RETURN a;

-- case: body of SQL that asks a table (since 14)
CREATE TABLE t (a integer);
CREATE FUNCTION f(x integer) RETURNS SETOF t LANGUAGE sql BEGIN ATOMIC SELECT * FROM t WHERE a = x; END;

-- case: body that names what isn't there
SET check_function_bodies = off;
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a FROM nowhere';

-- case: two of a name
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a';
CREATE FUNCTION f(a text, "b c" numeric(10, 2)) RETURNS integer LANGUAGE sql AS 'SELECT 1';

-- case: an odd name
CREATE SCHEMA "Odd. schema";
CREATE TYPE "Odd. schema"."Odd, type" AS ENUM ('a');
CREATE FUNCTION "Odd. schema"."f(""x"")"(a "Odd. schema"."Odd, type"[]) RETURNS integer LANGUAGE sql AS 'SELECT 1';
COMMENT ON FUNCTION "Odd. schema"."f(""x"")" IS 'what';

-- case: commented
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a';
COMMENT ON FUNCTION f IS 'what';

-- case: owned by another
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a';
ALTER FUNCTION f OWNER TO pg_monitor;

-- case: not for everybody
CREATE FUNCTION f(a integer) RETURNS integer LANGUAGE sql AS 'SELECT a';
REVOKE ALL ON FUNCTION f FROM public;
GRANT EXECUTE ON FUNCTION f TO pg_monitor WITH GRANT OPTION;
