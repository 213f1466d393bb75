CREATE TABLE t (a integer PRIMARY KEY, b text);
CREATE SCHEMA "S s";
CREATE TABLE "S s"."T t" (a integer PRIMARY KEY);

-- case: made
CREATE PUBLICATION p;

-- case: a table
CREATE PUBLICATION p FOR TABLE t;

-- case: two tables
CREATE PUBLICATION p FOR TABLE t, "S s"."T t";

-- case: columns (since 15)
CREATE PUBLICATION p FOR TABLE t (a);

-- case: rows (since 15)
CREATE PUBLICATION p FOR TABLE t WHERE (a > 5);

-- case: a schema (since 15)
CREATE PUBLICATION p FOR TABLES IN SCHEMA "S s";

-- case: a schema and a table (since 15)
CREATE PUBLICATION p FOR TABLES IN SCHEMA "S s", TABLE t;

-- case: everything
CREATE PUBLICATION p FOR ALL TABLES;

-- case: inserts alone
CREATE PUBLICATION p WITH (publish = 'insert, delete');

-- case: nothing is published
CREATE PUBLICATION p WITH (publish = '');

-- case: through the root
CREATE PUBLICATION p WITH (publish_via_partition_root);

-- case: commented
CREATE PUBLICATION p;
COMMENT ON PUBLICATION p IS 'what';

-- case: owned by another
CREATE PUBLICATION p;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO pg_monitor', current_database()); END $$;
ALTER PUBLICATION p OWNER TO pg_monitor;
