-- case: made
CREATE AGGREGATE g (integer) (SFUNC = int4pl, STYPE = integer);

-- case: another function
CREATE AGGREGATE g (integer) (SFUNC = int4mi, STYPE = integer);

-- case: another state
CREATE AGGREGATE g (integer) (SFUNC = int84pl, STYPE = bigint, INITCOND = '0');

-- case: initial value
CREATE AGGREGATE g (integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');

-- case: size of state
CREATE AGGREGATE g (integer) (SFUNC = int4pl, STYPE = integer, SSPACE = 40);

-- case: final function
CREATE AGGREGATE g (integer) (SFUNC = int4pl, STYPE = integer, FINALFUNC = int4abs);

-- case: final function that writes
CREATE AGGREGATE g (integer) (SFUNC = int4pl, STYPE = integer, FINALFUNC = int4abs, FINALFUNC_MODIFY = READ_WRITE);

-- case: final function with more
CREATE FUNCTION ff(integer, integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';
CREATE AGGREGATE g (integer) (SFUNC = int4pl, STYPE = integer, FINALFUNC = ff, FINALFUNC_EXTRA);

-- case: combine
CREATE AGGREGATE g (integer) (SFUNC = int4pl, STYPE = integer, COMBINEFUNC = int4pl);

-- case: serialized
CREATE AGGREGATE g (numeric) (SFUNC = numeric_avg_accum, STYPE = internal, FINALFUNC = numeric_avg, COMBINEFUNC = numeric_avg_combine, SERIALFUNC = numeric_avg_serialize, DESERIALFUNC = numeric_avg_deserialize);

-- case: moving
CREATE AGGREGATE g (integer) (SFUNC = int4pl, STYPE = integer, MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = integer);

-- case: moving with all
CREATE FUNCTION ff(integer, integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';
CREATE AGGREGATE g (integer) (SFUNC = int4pl, STYPE = integer, MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = integer, MSSPACE = 50, MINITCOND = '1', MFINALFUNC = ff, MFINALFUNC_EXTRA, MFINALFUNC_MODIFY = SHAREABLE);

-- case: sort operator
CREATE AGGREGATE g (integer) (SFUNC = int4larger, STYPE = integer, SORTOP = >);

-- case: parallel
CREATE AGGREGATE g (integer) (SFUNC = int4pl, STYPE = integer, PARALLEL = SAFE);

-- case: of anything
CREATE FUNCTION one(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT $1 + 1';
CREATE AGGREGATE g (*) (SFUNC = one, STYPE = bigint, INITCOND = '0');

-- case: ordered set
CREATE AGGREGATE g (float8 ORDER BY float8) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_cont_float8_final);

-- case: hypothetical set
CREATE AGGREGATE g (VARIADIC "any" ORDER BY VARIADIC "any") (SFUNC = ordered_set_transition_multi, STYPE = internal, FINALFUNC = rank_final, FINALFUNC_EXTRA, HYPOTHETICAL);

-- case: named argument
CREATE AGGREGATE g ("A b" integer) (SFUNC = int4pl, STYPE = integer);

-- case: commented
CREATE AGGREGATE g (integer) (SFUNC = int4pl, STYPE = integer);
COMMENT ON AGGREGATE g (integer) IS 'what';

-- case: owned by another
CREATE AGGREGATE g (integer) (SFUNC = int4pl, STYPE = integer);
ALTER AGGREGATE g (integer) OWNER TO pg_monitor;

-- case: not for everybody
CREATE AGGREGATE g (integer) (SFUNC = int4pl, STYPE = integer);
REVOKE ALL ON FUNCTION g (integer) FROM public;
