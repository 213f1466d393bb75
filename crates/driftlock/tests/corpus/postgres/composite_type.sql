-- case: made
CREATE TYPE c AS (a integer, b text);

-- case: other order
CREATE TYPE c AS (b text, a integer);

-- case: another type
CREATE TYPE c AS (a bigint, b text);

-- case: collation
CREATE TYPE c AS (a integer, b text COLLATE "C");

-- case: nothing in it
CREATE TYPE c AS ();

-- case: same: a field that is gone
CREATE TYPE c AS (a integer, x integer, b text);
ALTER TYPE c DROP ATTRIBUTE x;

-- case: of another one
CREATE TYPE z AS (x integer);
CREATE TYPE c AS (a z, b z[]);

-- case: commented
CREATE TYPE c AS (a integer, b text);
COMMENT ON TYPE c IS 'what';

-- case: commented field
CREATE TYPE c AS (a integer, b text);
COMMENT ON COLUMN c.b IS 'what';

-- case: owned by another
CREATE TYPE c AS (a integer, b text);
ALTER TYPE c OWNER TO pg_monitor;

-- case: not for everybody
CREATE TYPE c AS (a integer, b text);
REVOKE ALL ON TYPE c FROM public;
