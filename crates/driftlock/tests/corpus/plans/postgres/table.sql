CREATE TABLE other (id int PRIMARY KEY);
-- case: added and dropped
-- from:
-- to:
CREATE TABLE t (id int PRIMARY KEY, o int REFERENCES other);
CREATE INDEX ON t (o);
COMMENT ON TABLE t IS 'about t';
GRANT SELECT ON t TO PUBLIC;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
-- rows back:
INSERT INTO t VALUES (1, NULL);
SELECT count(*)::text FROM t;
-- case: options
-- from:
CREATE TABLE t (id int) WITH (fillfactor = 70, toast.autovacuum_enabled = off);
-- to:
CREATE TABLE t (id int) WITH (fillfactor = 80, autovacuum_enabled = off);
-- case: unlogged
-- from:
CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY, n serial);
-- to:
CREATE UNLOGGED TABLE t (id int GENERATED ALWAYS AS IDENTITY, n serial);
-- case: security and replica identity
-- from:
CREATE TABLE t (id int NOT NULL UNIQUE);
-- to:
CREATE TABLE t (id int NOT NULL UNIQUE);
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
ALTER TABLE t FORCE ROW LEVEL SECURITY;
ALTER TABLE t REPLICA IDENTITY FULL;
-- case: replica identity by an index, cluster
-- from:
CREATE TABLE t (id int NOT NULL);
CREATE UNIQUE INDEX i ON t (id);
-- to:
CREATE TABLE t (id int NOT NULL);
CREATE UNIQUE INDEX i ON t (id);
ALTER TABLE t REPLICA IDENTITY USING INDEX i;
ALTER TABLE t CLUSTER ON i;
-- case: owner and grants
-- from:
CREATE TABLE t (id int);
GRANT SELECT, INSERT ON t TO pg_monitor;
-- to:
CREATE TABLE t (id int);
ALTER TABLE t OWNER TO pg_read_all_data;
GRANT SELECT ON t TO pg_monitor WITH GRANT OPTION;
REVOKE DELETE ON t FROM pg_read_all_data;
-- case: circle of foreign keys
-- from:
-- to:
CREATE TABLE a (id int PRIMARY KEY, b int);
CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);
ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b;
-- case: in place of a view
-- from:
CREATE VIEW t AS SELECT id FROM other;
-- to:
CREATE TABLE t (id int);
-- case: inherits
-- from:
CREATE TABLE p (id int, n text DEFAULT 'a');
CREATE TABLE c (x int) INHERITS (p);
-- to:
CREATE TABLE p (id bigint, n text DEFAULT 'b', m int NOT NULL DEFAULT 3, CHECK (id > 0));
CREATE TABLE c (x int) INHERITS (p);
-- rows:
INSERT INTO c VALUES (1, 'x', 2);
SELECT id::text || n || x::text FROM p JOIN c USING (id, n);
-- case: inherits, and says otherwise
-- from:
CREATE TABLE p (id int, n text DEFAULT 'a');
CREATE TABLE c (x int) INHERITS (p);
ALTER TABLE c ALTER n SET DEFAULT 'c';
-- to:
CREATE TABLE p (id int, n text DEFAULT 'b');
CREATE TABLE c (x int) INHERITS (p);
ALTER TABLE c ALTER n SET DEFAULT 'd';
-- case: of a type
CREATE TYPE ty AS (a int, b text);
-- from:
CREATE TABLE t (a int, b text);
-- to:
CREATE TABLE t OF ty;
-- case: made anew, as it is partitioned
-- from:
CREATE TABLE t (id int PRIMARY KEY);
CREATE VIEW v AS SELECT id FROM t;
CREATE TABLE u (t int REFERENCES t);
-- to:
CREATE TABLE t (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE VIEW v AS SELECT id FROM t;
CREATE TABLE u (t int REFERENCES t);
