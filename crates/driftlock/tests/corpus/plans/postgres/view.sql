CREATE TABLE t (id int, n text);
-- case: one more column at the end
-- from:
CREATE VIEW v AS SELECT id FROM t;
CREATE VIEW w AS SELECT id FROM v;
-- to:
CREATE VIEW v AS SELECT id, n FROM t;
CREATE VIEW w AS SELECT id, n FROM v;
-- case: options
-- from:
CREATE VIEW v WITH (security_barrier = true) AS SELECT id FROM t WHERE id > 1;
-- to:
CREATE VIEW v WITH (security_invoker = true) AS SELECT id FROM t WHERE id > 1 WITH CHECK OPTION;
-- case: another column, with what is made of it
-- from:
CREATE VIEW v AS SELECT id AS a, n FROM t;
CREATE VIEW w AS SELECT n FROM v;
CREATE FUNCTION f() RETURNS SETOF v LANGUAGE sql AS 'SELECT * FROM v';
GRANT SELECT ON w TO PUBLIC;
-- to:
CREATE VIEW v AS SELECT id AS b, n FROM t;
CREATE VIEW w AS SELECT n FROM v;
CREATE FUNCTION f() RETURNS SETOF v LANGUAGE sql AS 'SELECT * FROM v';
GRANT SELECT ON w TO PUBLIC;
-- case: triggers, rules and defaults
CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
-- from:
CREATE VIEW v AS SELECT id FROM t;
-- to:
CREATE VIEW v AS SELECT id FROM t;
CREATE TRIGGER g INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION g();
CREATE RULE r AS ON DELETE TO v DO INSTEAD NOTHING;
ALTER VIEW v ALTER id SET DEFAULT 3;
COMMENT ON COLUMN v.id IS 'about id';
-- case: a circle
-- from:
-- to:
CREATE VIEW v AS SELECT 1 AS a;
CREATE VIEW w AS SELECT a FROM v;
CREATE OR REPLACE VIEW v AS SELECT (SELECT count(*)::int FROM pg_class) AS a;
-- case: materialized
-- from:
CREATE MATERIALIZED VIEW m AS SELECT id FROM t;
CREATE UNIQUE INDEX mi ON m (id);
COMMENT ON MATERIALIZED VIEW m IS 'about m';
-- to:
CREATE MATERIALIZED VIEW m WITH (fillfactor = 50) AS SELECT id, n FROM t;
CREATE UNIQUE INDEX mi ON m (id);
COMMENT ON MATERIALIZED VIEW m IS 'about m';
-- case: materialized, options
-- from:
CREATE MATERIALIZED VIEW m AS SELECT id FROM t;
-- to:
CREATE MATERIALIZED VIEW m WITH (fillfactor = 50) AS SELECT id FROM t;
CREATE INDEX mi ON m (id);
ALTER MATERIALIZED VIEW m CLUSTER ON mi;
