-- case: made
CREATE PROCEDURE p(a integer) LANGUAGE plpgsql AS 'BEGIN END';

-- case: same: another spelling
create procedure p(in a int) language plpgsql as $$begin /* nothing */ end$$;

-- case: another body
CREATE PROCEDURE p(a integer) LANGUAGE plpgsql AS 'BEGIN COMMIT; END';

-- case: sql
CREATE PROCEDURE p(a integer) LANGUAGE sql AS 'SELECT 1';

-- case: body of SQL (since 14)
CREATE PROCEDURE p(a integer) BEGIN ATOMIC SELECT a; END;

-- case: in and out (since 14)
CREATE PROCEDURE p(INOUT a integer, OUT b text) LANGUAGE plpgsql AS 'BEGIN END';

-- case: default
CREATE PROCEDURE p(a integer DEFAULT 5) LANGUAGE plpgsql AS 'BEGIN END';

-- case: security definer
CREATE PROCEDURE p(a integer) LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN END';

-- case: settings
CREATE PROCEDURE p(a integer) LANGUAGE plpgsql SET search_path = public AS 'BEGIN END';

-- case: commented
CREATE PROCEDURE p(a integer) LANGUAGE plpgsql AS 'BEGIN END';
COMMENT ON PROCEDURE p IS 'what';

-- case: owned by another
CREATE PROCEDURE p(a integer) LANGUAGE plpgsql AS 'BEGIN END';
ALTER PROCEDURE p OWNER TO pg_monitor;

-- case: not for everybody
CREATE PROCEDURE p(a integer) LANGUAGE plpgsql AS 'BEGIN END';
REVOKE ALL ON PROCEDURE p FROM public;
