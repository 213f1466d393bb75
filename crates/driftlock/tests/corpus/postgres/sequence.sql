CREATE TABLE t (id integer);
-- case: made
CREATE SEQUENCE s;
-- case: same: spelled otherwise
create sequence public."s" as INT8 minvalue 1 no cycle;
-- case: smallint
CREATE SEQUENCE s AS smallint;
-- case: increment
CREATE SEQUENCE s INCREMENT 5;
-- case: falls
CREATE SEQUENCE s INCREMENT -1;
-- case: minimum
CREATE SEQUENCE s MINVALUE 0 START 1;
-- case: maximum
CREATE SEQUENCE s MAXVALUE 100;
-- case: start
CREATE SEQUENCE s START 7;
-- case: cache
CREATE SEQUENCE s CACHE 20;
-- case: cycle
CREATE SEQUENCE s CYCLE;
-- case: unlogged (since 15)
CREATE UNLOGGED SEQUENCE s;
-- case: owned
CREATE SEQUENCE s OWNED BY t.id;
-- case: owner
CREATE SEQUENCE s;
ALTER SEQUENCE s OWNER TO pg_monitor;
-- case: grants
CREATE SEQUENCE s;
GRANT USAGE ON SEQUENCE s TO pg_monitor;
-- case: comment
CREATE SEQUENCE s;
COMMENT ON SEQUENCE s IS 'numbers';
