CREATE TABLE t (a integer PRIMARY KEY, b text);
-- case: made
CREATE VIEW v AS SELECT a, b FROM t;
-- case: same: spelled otherwise
create view public.v as select T.a, T."b" from public.t;
-- case: definition
CREATE VIEW v AS SELECT a, b FROM t WHERE a > 0;
-- case: names of columns
CREATE VIEW v (x, y) AS SELECT a, b FROM t;
-- case: a type
CREATE VIEW v AS SELECT a::bigint, b FROM t;
-- case: by a key
CREATE VIEW v AS SELECT a, b FROM t GROUP BY a;
-- case: security barrier
CREATE VIEW v WITH (security_barrier) AS SELECT a, b FROM t;
-- case: security invoker (since 15)
CREATE VIEW v WITH (security_invoker = true) AS SELECT a, b FROM t;
-- case: check option
CREATE VIEW v AS SELECT a, b FROM t WITH LOCAL CHECK OPTION;
-- case: default of a column
CREATE VIEW v AS SELECT a, b FROM t;
ALTER VIEW v ALTER a SET DEFAULT 4;
-- case: of a view
CREATE VIEW z AS SELECT a, b FROM t;
CREATE VIEW v AS SELECT a, b FROM z;
-- case: recursive
CREATE RECURSIVE VIEW v (a, b) AS SELECT 1, 'x'::text UNION ALL SELECT a + 1, b FROM v WHERE a < 9;
-- case: of each other
CREATE VIEW v AS SELECT 1 AS a, NULL::text COLLATE "C" AS b;
CREATE VIEW w AS SELECT a, b FROM v;
CREATE OR REPLACE VIEW v AS SELECT a, b FROM w;
-- case: owner
CREATE VIEW v AS SELECT a, b FROM t;
ALTER VIEW v OWNER TO pg_monitor;
-- case: grants
CREATE VIEW v AS SELECT a, b FROM t;
GRANT SELECT ON v TO PUBLIC;
-- case: comment
CREATE VIEW v AS SELECT a, b FROM t;
COMMENT ON VIEW v IS 'seen';
COMMENT ON COLUMN v.a IS 'first';
-- case: a trigger
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE VIEW v AS SELECT a, b FROM t;
CREATE TRIGGER g INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION note();
-- case: a comment on the type of its rows
CREATE VIEW v AS SELECT 1 AS a;
COMMENT ON TYPE v IS 'rows';
