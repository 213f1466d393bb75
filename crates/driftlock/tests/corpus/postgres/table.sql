CREATE TYPE pair AS (id integer, other text);
-- case: made
CREATE TABLE t (id integer);
-- case: same: spelled otherwise
create  table public."t" ( id INT4 );
-- case: unlogged
CREATE UNLOGGED TABLE t (id integer);
-- case: options
CREATE TABLE t (id integer) WITH (fillfactor = 70, autovacuum_enabled = false);
-- case: toast options
CREATE TABLE t (id integer, body text) WITH (toast.autovacuum_enabled = false);
-- case: row security
CREATE TABLE t (id integer);
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
-- case: forced row security
CREATE TABLE t (id integer);
ALTER TABLE t FORCE ROW LEVEL SECURITY;
-- case: full replica identity
CREATE TABLE t (id integer);
ALTER TABLE t REPLICA IDENTITY FULL;
-- case: no replica identity
CREATE TABLE t (id integer);
ALTER TABLE t REPLICA IDENTITY NOTHING;
-- case: replica identity by an index
CREATE TABLE t (id integer NOT NULL UNIQUE);
ALTER TABLE t REPLICA IDENTITY USING INDEX t_id_key;
-- case: of a type
CREATE TABLE t OF pair (id WITH OPTIONS NOT NULL DEFAULT 3);
-- case: owner
CREATE TABLE t (id integer);
ALTER TABLE t OWNER TO pg_monitor;
-- case: grants
CREATE TABLE t (id integer);
GRANT SELECT, INSERT ON t TO pg_monitor;
GRANT SELECT ON t TO PUBLIC;
-- case: a right of the owner's taken away
CREATE TABLE t (id integer);
REVOKE DELETE ON t FROM CURRENT_USER;
-- case: granted on
CREATE TABLE t (id integer);
GRANT SELECT ON t TO pg_monitor WITH GRANT OPTION;
SET ROLE pg_monitor;
GRANT SELECT ON public.t TO pg_read_all_stats;
RESET ROLE;
-- case: comment
CREATE TABLE t (id integer);
COMMENT ON TABLE t IS 'rows';
-- case: without columns
CREATE TABLE t ();
-- case: odd names
CREATE TABLE "T.able ""x""" ("Select" integer, "🦀 a.b" text, "id""" integer PRIMARY KEY);
CREATE INDEX "in.dex" ON "T.able ""x""" ("🦀 a.b" DESC);
-- case: the longest names
CREATE TABLE tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt1 (cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc1 serial, x integer GENERATED ALWAYS AS IDENTITY);
-- case: a comment on the type of its rows
CREATE TABLE "t. t" (id integer);
CREATE TABLE t (id integer);
COMMENT ON TYPE t IS 'rows';
COMMENT ON TYPE "t. t" IS 'rows';
