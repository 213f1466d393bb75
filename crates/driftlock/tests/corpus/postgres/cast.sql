CREATE TYPE c AS (a integer);
CREATE FUNCTION f(c) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1.a';

-- case: made
CREATE CAST (c AS integer) WITH FUNCTION f(c);

-- case: assignment
CREATE CAST (c AS integer) WITH FUNCTION f(c) AS ASSIGNMENT;

-- case: implicit
CREATE CAST (c AS integer) WITH FUNCTION f(c) AS IMPLICIT;

-- case: in and out
CREATE CAST (c AS integer) WITH INOUT;

-- case: without function
CREATE TYPE e AS (a integer);
CREATE DOMAIN o AS integer;
CREATE CAST (int8 AS xid8) WITHOUT FUNCTION;

-- case: commented
CREATE CAST (c AS integer) WITH FUNCTION f(c);
COMMENT ON CAST (c AS integer) IS 'what';
