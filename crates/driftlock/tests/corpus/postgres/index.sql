CREATE TABLE t (a integer NOT NULL, b text, c varchar(9), d name, p point, j jsonb, v tsvector);
-- case: made
CREATE INDEX i ON t (a);
-- case: same: spelled otherwise
create index "i" on public.t using btree (a asc nulls last);
-- case: name
CREATE INDEX ON t (a);
-- case: columns
CREATE INDEX i ON t (b, a);
-- case: unique
CREATE UNIQUE INDEX i ON t (a);
-- case: unique of nulls (since 15)
CREATE UNIQUE INDEX i ON t (a) NULLS NOT DISTINCT;
-- case: falling
CREATE INDEX i ON t (a DESC);
-- case: nulls first
CREATE INDEX i ON t (a NULLS FIRST);
-- case: falling, nulls last
CREATE INDEX i ON t (a DESC NULLS LAST);
-- case: method
CREATE INDEX i ON t USING hash (a);
-- case: expression
CREATE INDEX i ON t ((a + 1), lower(b));
-- case: statistics of an expression
CREATE INDEX i ON t ((a + 1));
ALTER INDEX i ALTER COLUMN 1 SET STATISTICS 300;
-- case: collation
CREATE INDEX i ON t (b COLLATE "C");
-- case: collation of an expression
CREATE INDEX i ON t (lower(b) COLLATE "C");
-- case: operator class
CREATE INDEX i ON t (b text_pattern_ops);
-- case: operator class of another type
CREATE INDEX i ON t (c bpchar_ops);
-- case: options of an operator class
CREATE INDEX i ON t USING gist (v tsvector_ops (siglen = 100));
-- case: include
CREATE INDEX i ON t (a) INCLUDE (b);
-- case: condition
CREATE INDEX i ON t (a) WHERE b IS NOT NULL;
-- case: options
CREATE INDEX i ON t (a) WITH (fillfactor = 50, deduplicate_items = off);
-- case: clustered
CREATE INDEX i ON t (a);
ALTER TABLE t CLUSTER ON i;
-- case: replica identity
CREATE UNIQUE INDEX i ON t (a);
ALTER TABLE t REPLICA IDENTITY USING INDEX i;
-- case: comment
CREATE INDEX i ON t (a);
COMMENT ON INDEX i IS 'fast';
-- case: not valid
CREATE INDEX i ON t (a);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass;
