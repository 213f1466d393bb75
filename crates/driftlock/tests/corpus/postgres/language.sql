CREATE FUNCTION h() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE FUNCTION i(internal) RETURNS void LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_inline_handler';
CREATE FUNCTION v(oid) RETURNS void LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_validator';

-- case: made
CREATE LANGUAGE l HANDLER h;

-- case: trusted
CREATE TRUSTED LANGUAGE l HANDLER h;

-- case: inline
CREATE LANGUAGE l HANDLER h INLINE i;

-- case: validator
CREATE LANGUAGE l HANDLER h VALIDATOR v;

-- case: commented
CREATE LANGUAGE l HANDLER h;
COMMENT ON LANGUAGE l IS 'what';

-- case: owned by another
CREATE LANGUAGE l HANDLER h;
ALTER LANGUAGE l OWNER TO pg_monitor;

-- case: granted on
CREATE TRUSTED LANGUAGE l HANDLER h;
REVOKE ALL ON LANGUAGE l FROM public;
GRANT USAGE ON LANGUAGE l TO pg_monitor;

-- case: a function in it
CREATE LANGUAGE l HANDLER h INLINE i VALIDATOR v;
CREATE FUNCTION f() RETURNS void LANGUAGE l AS 'BEGIN END';
