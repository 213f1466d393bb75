CREATE SCHEMA s;

-- case: made
CREATE EXTENSION citext;

-- case: in another schema
CREATE EXTENSION citext SCHEMA s;

-- case: an older version
CREATE EXTENSION citext VERSION '1.4';

-- case: another one
CREATE EXTENSION hstore;

-- case: commented otherwise
CREATE EXTENSION citext;
COMMENT ON EXTENSION citext IS 'mine';

-- case: without its comment
CREATE EXTENSION citext;
COMMENT ON EXTENSION citext IS NULL;

-- case: a column of its type, and an index with its operators
CREATE EXTENSION citext SCHEMA s;
CREATE TABLE t (a s.citext);
CREATE DOMAIN d AS s.citext;
-- case: something granted on what it brought (unmodelled grants function s.citext_eq(s.citext,s.citext) of citext)
CREATE EXTENSION citext SCHEMA s;
GRANT EXECUTE ON FUNCTION s.citext_eq(s.citext, s.citext) TO pg_monitor;
-- case: a trigger on its table (unmodelled trigger a)
CREATE EXTENSION citext;
CREATE TABLE s.t (a integer);
ALTER EXTENSION citext ADD TABLE s.t;
CREATE FUNCTION s.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER a BEFORE INSERT ON s.t FOR EACH ROW EXECUTE FUNCTION s.f();
