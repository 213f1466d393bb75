CREATE TABLE t (a integer PRIMARY KEY, b text);
-- case: made
CREATE MATERIALIZED VIEW v AS SELECT a, b FROM t;
-- case: same: spelled otherwise
create materialized view public.v as select "a", t.b from t with data;
-- case: definition
CREATE MATERIALIZED VIEW v AS SELECT a, b FROM t WHERE a > 0;
-- case: not populated
CREATE MATERIALIZED VIEW v AS SELECT a, b FROM t WITH NO DATA;
-- case: options
CREATE MATERIALIZED VIEW v WITH (fillfactor = 50) AS SELECT a, b FROM t;
-- case: index
CREATE MATERIALIZED VIEW v AS SELECT a, b FROM t;
CREATE UNIQUE INDEX i ON v (a);
-- case: clustered
CREATE MATERIALIZED VIEW v AS SELECT a, b FROM t;
CREATE INDEX i ON v (a);
ALTER MATERIALIZED VIEW v CLUSTER ON i;
-- case: statistics of a column
CREATE MATERIALIZED VIEW v AS SELECT a, b FROM t;
ALTER MATERIALIZED VIEW v ALTER a SET STATISTICS 7;
-- case: of each other's
CREATE MATERIALIZED VIEW z AS SELECT a, b FROM t;
CREATE MATERIALIZED VIEW v AS SELECT a, b FROM z;
-- case: owner
CREATE MATERIALIZED VIEW v AS SELECT a, b FROM t;
ALTER MATERIALIZED VIEW v OWNER TO pg_monitor;
-- case: grants
CREATE MATERIALIZED VIEW v AS SELECT a, b FROM t;
GRANT SELECT ON v TO PUBLIC;
-- case: comment
CREATE MATERIALIZED VIEW v AS SELECT a, b FROM t;
COMMENT ON MATERIALIZED VIEW v IS 'kept';
