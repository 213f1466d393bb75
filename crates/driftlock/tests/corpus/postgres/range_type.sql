-- case: made
CREATE TYPE r AS RANGE (SUBTYPE = float8);

-- case: another subtype
CREATE TYPE r AS RANGE (SUBTYPE = text);

-- case: collation
CREATE TYPE r AS RANGE (SUBTYPE = text, COLLATION = "C");

-- case: operator class
CREATE TYPE r AS RANGE (SUBTYPE = text, SUBTYPE_OPCLASS = text_pattern_ops);

-- case: difference
CREATE TYPE r AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi);

-- case: named multirange (since 14)
CREATE SCHEMA s;
CREATE TYPE r AS RANGE (SUBTYPE = float8, MULTIRANGE_TYPE_NAME = s.many);

-- case: range in its name
CREATE TYPE myrange AS RANGE (SUBTYPE = float8);

-- case: commented
CREATE TYPE r AS RANGE (SUBTYPE = float8);
COMMENT ON TYPE r IS 'what';

-- case: owned by another
CREATE TYPE r AS RANGE (SUBTYPE = float8);
ALTER TYPE r OWNER TO pg_monitor;

-- case: granted on
CREATE TYPE r AS RANGE (SUBTYPE = float8);
GRANT USAGE ON TYPE r TO pg_monitor;
