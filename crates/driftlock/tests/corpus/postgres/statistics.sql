CREATE TABLE t (a integer, b integer, c text);
CREATE TABLE u (a integer, b integer, c text);
-- case: made
CREATE STATISTICS s ON a, b FROM t;
-- case: same: spelled otherwise
create statistics public.s (mcv, ndistinct, dependencies) on "b", a from public.t;
-- case: kinds
CREATE STATISTICS s (mcv) ON a, b FROM t;
-- case: columns
CREATE STATISTICS s ON a, c FROM t;
-- case: expressions (since 14)
CREATE STATISTICS s ON a, (b + 1), lower(c) FROM t;
-- case: one expression (since 14)
CREATE STATISTICS s ON (b + 1) FROM t;
-- case: table
CREATE STATISTICS s ON a, b FROM u;
-- case: target
CREATE STATISTICS s ON a, b FROM t;
ALTER STATISTICS s SET STATISTICS 300;
-- case: owner
CREATE STATISTICS s ON a, b FROM t;
ALTER STATISTICS s OWNER TO pg_monitor;
-- case: comment
CREATE STATISTICS s ON a, b FROM t;
COMMENT ON STATISTICS s IS 'both';
