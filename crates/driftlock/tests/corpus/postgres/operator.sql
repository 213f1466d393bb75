-- case: made
CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq);

-- case: another function
CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4ne);

-- case: one side
CREATE OPERATOR === (RIGHTARG = integer, FUNCTION = int4abs);

-- case: other types
CREATE OPERATOR === (LEFTARG = bigint, RIGHTARG = integer, FUNCTION = int84eq);

-- case: its own commutator
CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq, COMMUTATOR = ===);

-- case: negator
CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq, NEGATOR = !==);
CREATE OPERATOR !== (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4ne, NEGATOR = ===);

-- case: negator that nobody defined
CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq, NEGATOR = !==);

-- case: restrict
CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq, RESTRICT = eqsel);

-- case: join
CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq, JOIN = eqjoinsel);

-- case: hashes
CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq, COMMUTATOR = ===, HASHES);

-- case: merges
CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq, COMMUTATOR = ===, MERGES);

-- case: in another schema
CREATE SCHEMA "S s";
CREATE OPERATOR "S s".=== (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq);

-- case: commented
CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq);
COMMENT ON OPERATOR === (integer, integer) IS 'what';

-- case: owned by another
CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq);
ALTER OPERATOR === (integer, integer) OWNER TO pg_monitor;
