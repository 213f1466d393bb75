-- case: made
CREATE OPERATOR CLASS c FOR TYPE integer USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(integer);

-- case: another method
CREATE OPERATOR CLASS c FOR TYPE integer USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(integer, integer);

-- case: fewer operators
CREATE OPERATOR CLASS c FOR TYPE integer USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, FUNCTION 1 btint4cmp(integer, integer);

-- case: another function
CREATE OPERATOR CLASS c FOR TYPE integer USING hash AS OPERATOR 1 =, FUNCTION 1 hashchar("char");

-- case: default
CREATE TYPE e AS (a integer);
CREATE OPERATOR CLASS c DEFAULT FOR TYPE point USING hash AS OPERATOR 1 ~=(point, point), FUNCTION 1 hashint4(integer);

-- case: family
CREATE OPERATOR FAMILY "Fam y" USING hash;
CREATE OPERATOR CLASS c FOR TYPE integer USING hash FAMILY "Fam y" AS OPERATOR 1 =, FUNCTION 1 hashint4(integer);

-- case: storage
CREATE OPERATOR CLASS c FOR TYPE point USING gist AS STORAGE box;

-- case: order by
CREATE OPERATOR CLASS c FOR TYPE point USING gist AS OPERATOR 15 <->(point, point) FOR ORDER BY float_ops;

-- case: commented
CREATE OPERATOR CLASS c FOR TYPE integer USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(integer);
COMMENT ON OPERATOR CLASS c USING hash IS 'what';

-- case: owned by another
CREATE OPERATOR CLASS c FOR TYPE integer USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(integer);
ALTER OPERATOR CLASS c USING hash OWNER TO pg_monitor;
