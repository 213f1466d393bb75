-- case: made
CREATE OPERATOR FAMILY f USING btree;

-- case: an operator
CREATE OPERATOR FAMILY f USING btree;
ALTER OPERATOR FAMILY f USING btree ADD OPERATOR 1 < (integer, bigint);

-- case: a function
CREATE OPERATOR FAMILY f USING btree;
ALTER OPERATOR FAMILY f USING btree ADD FUNCTION 1 (integer, bigint) btint48cmp(integer, bigint);

-- case: of hashes
CREATE OPERATOR FAMILY f USING hash;

-- case: commented
CREATE OPERATOR FAMILY f USING btree;
COMMENT ON OPERATOR FAMILY f USING btree IS 'what';

-- case: owned by another
CREATE OPERATOR FAMILY f USING btree;
ALTER OPERATOR FAMILY f USING btree OWNER TO pg_monitor;
