CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w;
CREATE SERVER s2 FOREIGN DATA WRAPPER w;

-- case: made
CREATE FOREIGN TABLE f (a integer) SERVER s;

-- case: another server
CREATE FOREIGN TABLE f (a integer) SERVER s2;

-- case: options
CREATE FOREIGN TABLE f (a integer) SERVER s OPTIONS (table_name 't', "Odd o" 'it''s');

-- case: column options
CREATE FOREIGN TABLE f (a integer OPTIONS (column_name 'b')) SERVER s;

-- case: not null
CREATE FOREIGN TABLE f (a integer NOT NULL) SERVER s;

-- case: default
CREATE FOREIGN TABLE f (a integer DEFAULT 5) SERVER s;

-- case: commented
CREATE FOREIGN TABLE f (a integer) SERVER s;
COMMENT ON FOREIGN TABLE f IS 'what';

-- case: commented column
CREATE FOREIGN TABLE f (a integer) SERVER s;
COMMENT ON COLUMN f.a IS 'what';

-- case: granted on
CREATE FOREIGN TABLE f (a integer) SERVER s;
GRANT SELECT ON f TO pg_monitor;

-- case: owned by another
CREATE FOREIGN TABLE f (a integer) SERVER s;
ALTER FOREIGN TABLE f OWNER TO pg_monitor;
