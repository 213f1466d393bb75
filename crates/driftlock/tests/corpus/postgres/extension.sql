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

-- case: a column of its type, and an index with its operators
CREATE EXTENSION citext SCHEMA s;
CREATE TABLE t (a s.citext);
CREATE DOMAIN d AS s.citext;
